"""The worker is made ready before somebody asks for it."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from minimind.run_state import RunState
from studio.services.chat_service import ChatService
from studio.services.chat_warmer import ChatWarmer
from tests.studio.ui.fake_runs import FakeRunService, make_run


class Recorder(ChatService):
    def __init__(self) -> None:
        super().__init__()
        self.calls: list[str] = []

    def warm(self) -> None:
        self.calls.append("warm")

    def unload(self) -> None:
        self.calls.append("unload")


@pytest.fixture
def service(qtbot: QtBot) -> Recorder:
    return Recorder()


def test_it_is_warm_once_when_a_training_comes_to_its_end(qtbot: QtBot, service: Recorder) -> None:
    runs = FakeRunService()
    warmer = ChatWarmer(runs, service)
    runs.put(make_run(RunState.RUNNING, run_id="a"))
    runs.change("a", eta_s=300.0)
    assert service.calls == []
    runs.change("a", eta_s=12.0)
    runs.change("a", eta_s=8.0)
    assert service.calls == ["warm"]
    warmer._idle.timeout.emit()
    assert service.calls == ["warm", "unload"]


@pytest.mark.parametrize(
    "changes", [{"kind": "export", "eta_s": 1.0}, {"state": RunState.PAUSED, "eta_s": 1.0}, {"eta_s": None}]
)
def test_other_runs_do_not_warm_it(qtbot: QtBot, service: Recorder, changes: dict[str, object]) -> None:
    runs = FakeRunService()
    warmer = ChatWarmer(runs, service)
    runs.put(make_run(RunState.STARTING, run_id="a"))
    runs.change("a", **changes)
    assert service.calls == []
    warmer.deleteLater()
