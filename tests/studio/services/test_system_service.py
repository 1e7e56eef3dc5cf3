from __future__ import annotations

import logging

import pytest

from minimind.machine import Facts
from minimind.text import language, set_language
from studio.services import system_service
from studio.services.system_service import SystemService


@pytest.fixture
def gathered(monkeypatch):
    """What the examination finds, without asking torch; counts how often."""
    calls = []

    def gather(folder, **options) -> Facts:
        calls.append(folder)
        return Facts()

    monkeypatch.setattr(system_service, "gather", gather)
    return calls


@pytest.fixture
def service(qtbot, gathered, tmp_path):
    made = SystemService(folder=tmp_path, interval_s=0.01)
    yield made
    made.close()


def test_it_samples(qtbot, service):
    qtbot.waitUntil(lambda: service.latest() is not None)
    with qtbot.waitSignal(service.sampled) as told:
        pass
    assert told.args[0].ram_total_bytes > 0
    assert service.latest() is not None


def test_it_examines_at_once_and_again_when_asked(qtbot, service, gathered, tmp_path):
    qtbot.waitUntil(lambda: service.findings() is not None)
    assert service.findings() != []
    with qtbot.waitSignal(service.doctor_changed, check_params_cb=lambda _: len(gathered) == 2) as told:
        service.recheck()
        service.recheck()
    assert told.args[0] == service.findings()
    assert gathered == [tmp_path, tmp_path]


def test_findings_speak_the_language_of_now(qtbot, service):
    qtbot.waitUntil(lambda: service.facts is not None)
    before = language()
    english = [finding.code for finding in service.findings()]
    set_language("zh")
    try:
        assert [finding.code for finding in service.findings()] == english
    finally:
        set_language(before)


def test_an_examination_that_fails_can_be_asked_again(qtbot, monkeypatch, caplog):
    def broken(folder, **options) -> Facts:
        raise RuntimeError("no such machine")

    monkeypatch.setattr(system_service, "gather", broken)
    with caplog.at_level(logging.ERROR):
        made = SystemService(interval_s=0.01)
        qtbot.waitUntil(lambda: "no such machine" in caplog.text)
        assert made.findings() is None
        monkeypatch.setattr(system_service, "gather", lambda folder, **options: Facts())
        qtbot.waitUntil(lambda: not made._examining)
        with qtbot.waitSignal(made.doctor_changed):
            made.recheck()
    made.close()
