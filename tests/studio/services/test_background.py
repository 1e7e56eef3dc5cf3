from __future__ import annotations

import logging
import threading

import pytest

from minimind.errors import BadInput
from studio.services.background import LATER, SOON, Worker, sentence_of
from studio.store.database import BugError, KnownError


@pytest.fixture
def worker(qapp):
    made = Worker("test")
    yield made
    made.close()


def test_work_is_done_elsewhere_and_answered_here(qtbot, worker):
    threads = {}
    here = threading.current_thread()

    def work() -> int:
        threads["work"] = threading.current_thread()
        return 7

    def done(answer: int) -> None:
        threads["answer"] = threading.current_thread()
        threads["value"] = answer

    worker.submit(work, done=done)
    qtbot.waitUntil(lambda: "value" in threads)
    assert threads["work"] is not here
    assert threads["answer"] is here
    assert threads["value"] == 7


def test_what_a_person_waits_for_goes_first(qtbot, worker):
    order, gate = [], threading.Event()
    worker.submit(gate.wait)
    worker.submit(lambda: order.append("later"), priority=LATER)
    worker.submit(lambda: order.append("first"), priority=SOON)
    worker.submit(lambda: order.append("second"), priority=SOON)
    gate.set()
    qtbot.waitUntil(lambda: len(order) == 3)
    assert order == ["first", "second", "later"]


def test_a_failure_is_handed_over_and_the_thread_goes_on(qtbot, worker, caplog):
    failures, answers = [], []
    worker.submit(lambda: 1 / 0, done=answers.append, failed=failures.append)
    worker.submit(lambda: 1 / 0)
    worker.submit(lambda: 5, done=answers.append)
    with caplog.at_level(logging.ERROR):
        qtbot.waitUntil(lambda: answers == [5])
    assert [type(error) for error in failures] == [ZeroDivisionError]


def test_only_the_newest_request_of_a_kind_is_done(qtbot, worker):
    gate, calls, answers = threading.Event(), [], []
    worker.submit(gate.wait)
    for number in range(50):

        def work(number: int = number) -> int:
            calls.append(number)
            return number

        worker.submit_newest("curve", work, done=answers.append)
        worker.submit_newest(("other", number), lambda: None, done=lambda _: None)
    gate.set()
    qtbot.waitUntil(lambda: answers == [49])
    assert calls == [49]
    worker.submit_newest("curve", lambda: 50, done=answers.append)
    qtbot.waitUntil(lambda: answers == [49, 50])


def test_after_close_nothing_is_answered(qtbot, worker):
    answers, gate, last = [], threading.Event(), []
    worker.submit(gate.wait)
    worker.submit(lambda: 1, done=answers.append)
    closing = threading.Thread(target=gate.set)
    closing.start()
    worker.close(finish=lambda: last.append(1))
    closing.join()
    worker.submit(lambda: 2, done=answers.append)
    worker.close()
    qtbot.wait(20)
    assert answers == []
    assert last == [1]


def test_what_a_person_reads(caplog):
    assert sentence_of(BadInput("this is wrong")) == "this is wrong"
    assert sentence_of(KnownError("the disk is full")) == "the disk is full"
    assert "No space" in sentence_of(OSError(28, "No space left on device"))
    with caplog.at_level(logging.ERROR):
        text = sentence_of(BugError("secret detail"))
    assert "secret" not in text
    assert "secret detail" in caplog.text
