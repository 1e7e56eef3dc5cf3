"""The service around the worker, and the session that the page shows."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from minimind.methods import METHODS
from minimind.run_state import RunState
from studio.preferences import PreferencesFile
from studio.services.chat_book import ChatBook
from studio.services.chat_files import ChatFiles, ChatMessage, worker_messages
from studio.services.chat_service import ChatService, place_for
from studio.services.chat_session import ChatSession
from tests.helpers.checkpoints import make_run as make_real_run
from tests.studio.ui.fake_runs import FakeRunService, make_run
from tests.studio.ui.fake_tools import FakeRuns

FAKE = (sys.executable, str(Path(__file__).resolve().parents[2] / "helpers" / "fake_chat_worker.py"))
SPEECH = {"temperature": 0.8, "top_p": 0.9, "max_new_tokens": 64, "system": "", "think": False}


@pytest.fixture
def service(qtbot: QtBot) -> Iterator[ChatService]:
    made = ChatService(worker=FAKE)
    yield made
    made.close()
    qtbot.waitUntil(lambda: not made.children())


@pytest.fixture
def runs(qtbot: QtBot) -> FakeRunService:
    return FakeRunService()


@pytest.fixture
def session(service: ChatService, runs: FakeRunService, tmp_path: Path) -> Iterator[ChatSession]:
    book = ChatBook()
    made = ChatSession(
        service=service,
        book=book,
        runs=runs,
        preferences=PreferencesFile(tmp_path / "p.json"),
        projects=tmp_path / "projects",
    )
    made.open_project()
    yield made
    book.close()


def ready(qtbot: QtBot, session: ChatSession, path: str = "/models/chat") -> None:
    session.choose(session.shelf.at(path))
    qtbot.waitUntil(lambda: session.status == "ready")


def say(qtbot: QtBot, session: ChatSession, text: str, **changes: object) -> None:
    session.send(text, SPEECH | changes)
    qtbot.waitUntil(lambda: session.status == "ready")


def texts(session: ChatSession) -> list[str]:
    assert session.conversation is not None
    return [message.content for message in session.conversation.messages]


# -- service -----------------------------------------------------------------------------------------


def test_load_ask_finish(qtbot: QtBot, service: ChatService) -> None:
    with qtbot.waitSignal(service.loaded):
        service.load("/m", device="cpu", threads=2)
    assert service.info is not None
    assert service.info["threads"] == 2
    heard: list[str] = []
    service.token.connect(lambda text, _channel, _tokens: heard.append(text))
    with qtbot.waitSignal(service.finished) as finished:
        service.ask([{"role": "user", "content": "hi"}])
    assert "".join(heard) == "echo: hi (1)"
    assert finished.args[0]["reason"] == "end"
    assert not service.is_answering


def test_stop_ends_a_long_answer(qtbot: QtBot, service: ChatService) -> None:
    service.load("/m", device="cpu", threads=1)
    with qtbot.waitSignal(service.token):
        service.ask([{"role": "user", "content": "long"}])
    with qtbot.waitSignal(service.finished) as finished:
        service.stop()
    assert finished.args[0]["reason"] == "stopped"


def test_a_death_is_told_and_the_next_load_starts_another(qtbot: QtBot, service: ChatService) -> None:
    service.load("/m", device="cpu", threads=1)
    with qtbot.waitSignal(service.died):
        service.ask([{"role": "user", "content": "die"}])
    assert "the end" in service.last_words
    with qtbot.waitSignal(service.loaded):
        service.reload()


def test_a_program_that_does_not_exist_is_a_death(qtbot: QtBot) -> None:
    service = ChatService(worker=("/no/such/program",))
    with qtbot.waitSignal(service.died):
        service.load("/m", device="cpu", threads=1)


def test_another_model_in_the_middle_of_an_answer(qtbot: QtBot, service: ChatService) -> None:
    service.load("/m", device="cpu", threads=1)
    with qtbot.waitSignal(service.token):
        service.ask([{"role": "user", "content": "long"}])
    with qtbot.waitSignal(service.loaded) as loaded:
        service.load("/other", device="cpu", threads=1)
    assert loaded.args[0]["path"] == "/other"
    assert not service.is_answering


def test_the_real_worker_answers(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    run = make_real_run(tmp_path / "run")
    service = ChatService()
    with qtbot.waitSignal(service.loaded, timeout=120_000):
        service.load(str(run.path), device="cpu", threads=1)
    with qtbot.waitSignal(service.finished, timeout=60_000) as finished:
        service.ask([{"role": "user", "content": "你好"}], temperature=0.9, max_new_tokens=5)
    assert 0 <= finished.args[0]["tokens"] <= 5
    service.close()
    qtbot.waitUntil(lambda: not service.children(), timeout=10_000)


# -- where it computes -------------------------------------------------------------------------------


def test_training_comes_first() -> None:
    on_card = make_run(RunState.RUNNING).record
    on_cpu = make_run(RunState.RUNNING, card=False).record
    assert place_for([], chat_on_gpu=False).device == "auto"
    assert place_for([on_card], chat_on_gpu=False).device == "cpu"
    assert place_for([on_card], chat_on_gpu=True).device == "auto"
    assert place_for([on_cpu], chat_on_gpu=False).threads == 1
    other = replace(on_cpu, kind="export")
    assert place_for([other], chat_on_gpu=False) == place_for([], chat_on_gpu=False)
    # a pipeline stands for its stages among the active runs
    assert place_for([replace(on_card, kind="pipeline")], chat_on_gpu=False).device == "cpu"
    both = place_for([on_card, on_cpu], chat_on_gpu=False)
    assert (both.device, both.threads) == ("cpu", 1)


# -- session -----------------------------------------------------------------------------------------


def test_a_conversation_grows_and_is_written(qtbot: QtBot, session: ChatSession) -> None:
    ready(qtbot, session)
    say(qtbot, session, "one")
    say(qtbot, session, "two", system="be kind")
    assert texts(session) == ["one", "echo: one (1)", "two", "echo: two (4)"]
    files = ChatFiles(session.project_folder)
    qtbot.waitUntil(lambda: len((files.read(session.chat_id) or session.conversation).messages) == 4)
    written = files.read(session.chat_id)
    assert written is not None
    assert written.messages[1].stats["tokens_per_s"] == 151.0
    assert written.settings["system"] == "be kind"
    assert session.used == (213, 2048)


def test_again_replaces_an_answer_and_what_followed(qtbot: QtBot, session: ChatSession) -> None:
    ready(qtbot, session)
    say(qtbot, session, "one")
    say(qtbot, session, "two")
    session.again(1, SPEECH)
    qtbot.waitUntil(lambda: session.status == "ready")
    assert texts(session) == ["one", "echo: one (1)"]


def test_a_branch_leaves_the_other_as_it_was(qtbot: QtBot, session: ChatSession) -> None:
    ready(qtbot, session)
    say(qtbot, session, "one")
    say(qtbot, session, "two")
    first = session.chat_id
    session.branch(1)
    assert session.chat_id != first
    assert texts(session) == ["one", "echo: one (1)"]
    say(qtbot, session, "three")
    session.open_chat(first)
    assert texts(session)[-2:] == ["two", "echo: two (3)"]


def test_thoughts_are_kept_apart(qtbot: QtBot, session: ChatSession) -> None:
    ready(qtbot, session)
    say(qtbot, session, "one", think=True)
    assert session.conversation is not None
    answer = session.conversation.messages[1]
    assert (answer.thought, answer.stats["thought_s"]) == ("hm, let me see", 0.9)
    assert worker_messages(session.conversation, "s")[2]["reasoning_content"] == "hm, let me see"


def test_a_base_model_goes_on_writing(qtbot: QtBot, session: ChatSession) -> None:
    ready(qtbot, session, "/models/base")
    assert session.is_base
    say(qtbot, session, "spring", system="be kind")
    assert session.conversation is not None
    assert [message.role for message in session.conversation.messages] == ["user", "continuation"]


def test_a_failure_leaves_the_question(qtbot: QtBot, session: ChatSession) -> None:
    ready(qtbot, session)
    say(qtbot, session, "fail")
    assert session.error == "Memory ran out."
    assert texts(session) == ["fail"]


def test_a_death_in_the_middle_keeps_everything(qtbot: QtBot, session: ChatSession) -> None:
    ready(qtbot, session)
    say(qtbot, session, "one")
    session.send("die", SPEECH)
    qtbot.waitUntil(lambda: session.status == "died")
    assert texts(session) == ["one", "echo: one (1)", "die"]
    session.reload()
    qtbot.waitUntil(lambda: session.status == "ready")
    say(qtbot, session, "two")
    assert texts(session)[-1] == "echo: two (4)"


def test_leaving_in_the_middle_keeps_the_beginning(qtbot: QtBot, session: ChatSession) -> None:
    ready(qtbot, session)
    session.send("long", SPEECH)
    qtbot.waitUntil(lambda: "and so on" in session.content)
    first = session.chat_id
    session.new_chat()
    assert session.status == "ready"
    say(qtbot, session, "other")
    assert texts(session) == ["other", "echo: other (1)"]
    session.open_chat(first)
    assert texts(session)[1].startswith("echo: long (1) and so on")


def test_a_model_that_cannot_be_loaded_says_why(qtbot: QtBot, session: ChatSession) -> None:
    session.choose(session.shelf.at("/models/bad"))
    qtbot.waitUntil(lambda: session.status == "failed")
    assert "damaged" in session.error


def test_a_run_on_the_card_moves_the_chat_to_the_processor(
    qtbot: QtBot, session: ChatSession, runs: FakeRunService
) -> None:
    ready(qtbot, session)
    runs.put(make_run(RunState.RUNNING))
    qtbot.waitUntil(
        lambda: session.status == "ready" and bool(session.info) and session.info["device"] == "cpu"
    )
    busy = session.busy_with
    assert busy is not None
    assert (busy[0].name, busy[1]) == ("第一次预训练", "gpu")
    runs.change("20261124-1524-pretrain-3f2a", state=RunState.FINISHED)
    qtbot.waitUntil(lambda: session.busy_with is None)


def test_a_newer_checkpoint_is_offered(qtbot: QtBot, session: ChatSession, runs: FakeRunService) -> None:
    runs.put(make_run(RunState.FINISHED, step=1200, run_id="a"))
    model = session.models()[0]
    session.choose(model)
    qtbot.waitUntil(lambda: session.status == "ready")
    assert (model.step, session.newer) == (1000, None)
    runs.grow("a", 400)
    assert session.newer is not None
    assert session.newer.step == 1500


def test_a_checkpoint_that_was_there_already_is_no_news(
    qtbot: QtBot, session: ChatSession, runs: FakeRunService
) -> None:
    runs.put(make_run(RunState.FINISHED, step=1200, run_id="a"))
    runs.change("a", checkpoints=(500, 1000, 1500), best_checkpoint=500, last_checkpoint=1500)
    best, newest = session.models()
    assert (best.step, best.best, newest.step, newest.newest) == (500, True, 1500, True)
    session.choose(best)
    assert session.newer is None
    runs.change("a", checkpoints=(500, 1000, 1500, 2000), last_checkpoint=2000)
    assert session.newer is not None
    assert session.newer.step == 2000


def test_nobody_calls_the_only_checkpoint_best_that_was_not_measured(
    session: ChatSession, runs: FakeRunService
) -> None:
    runs.put(make_run(RunState.FINISHED, step=1200, run_id="a"))
    runs.change("a", checkpoints=(500,), best_checkpoint=None, last_checkpoint=500)
    (model,) = session.models()
    assert (model.best, model.newest) == (False, True)


def test_a_run_without_a_name_is_called_by_what_it_is(session: ChatSession, runs: FakeRunService) -> None:
    runs.put(make_run(RunState.FINISHED, step=1200, run_id="20261124-x", name="20261124-x"))
    assert session.models()[0].label == f"{METHODS['pretrain'].title} · minimind2-small"


def test_a_pipeline_means_its_last_stage(session: ChatSession, runs: FakeRunService) -> None:
    runs.put(make_run(RunState.FINISHED, step=0, run_id="p", kind="pipeline"))
    runs.change("p", folder=Path("/projects/p/runs/p"), checkpoints=())
    for stage, name in ((1, "pretrain"), (2, "sft")):
        run = make_run(RunState.FINISHED, step=1200, run_id=f"p-{stage}-{name}", name=name)
        runs.put(run)
        folder = Path(f"/projects/p/runs/p-{stage}-{name}")
        runs.change(run.record.run_id, folder=folder, parent="p", stage=stage)
    assert session.shelf.at("/projects/p/runs/p").run_id == "p-2-sft"


def test_a_question_may_be_asked_while_the_model_loads(qtbot: QtBot, session: ChatSession) -> None:
    session.choose(session.shelf.at("/models/chat"))
    session.send("one", SPEECH)
    assert (session.status, session.waiting, texts(session)) == ("loading", True, ["one"])
    session.send("two", SPEECH)
    qtbot.waitUntil(lambda: session.status == "ready")
    assert texts(session) == ["one", "echo: one (1)"]
    assert not session.waiting


def test_a_question_that_waits_can_be_taken_back(qtbot: QtBot, session: ChatSession) -> None:
    session.choose(session.shelf.at("/models/chat"))
    session.send("one", SPEECH)
    session.stop()
    qtbot.waitUntil(lambda: session.status == "ready")
    assert texts(session) == ["one"]


def test_a_question_that_waits_for_a_damaged_model_stays(qtbot: QtBot, session: ChatSession) -> None:
    session.choose(session.shelf.at("/models/bad"))
    session.send("one", SPEECH)
    qtbot.waitUntil(lambda: session.status == "failed")
    assert (texts(session), session.waiting) == (["one"], False)


def test_an_exported_file_appears_among_the_models(
    qtbot: QtBot, session: ChatSession, runs: FakeRunService
) -> None:
    folder = session.project_folder / "exports"
    folder.mkdir(parents=True)
    (folder / "mine.gguf").write_bytes(b"GGUF")
    with qtbot.waitSignal(session.changed):
        runs.runs_changed.emit()
    qtbot.waitUntil(lambda: [model.label for model in session.models()] == ["mine"])


def test_delete_and_undo(qtbot: QtBot, session: ChatSession) -> None:
    ready(qtbot, session)
    say(qtbot, session, "one")
    chat_id = session.chat_id
    session.delete(chat_id)
    assert session.conversations() == []
    assert session.conversation is None
    session.restore(chat_id)
    assert [chat.chat_id for chat in session.conversations()] == [chat_id]


def test_conversations_come_back_after_a_restart(
    qtbot: QtBot, session: ChatSession, service: ChatService, runs: FakeRunService, tmp_path: Path
) -> None:
    ready(qtbot, session)
    say(qtbot, session, "one")
    session.rename(session.chat_id, "first words")
    files = ChatFiles(session.project_folder)
    qtbot.waitUntil(lambda: bool(files.read_all()) and files.read_all()[0].title == "first words")
    book = ChatBook()
    again = ChatSession(
        service=service,
        book=book,
        runs=runs,
        preferences=PreferencesFile(tmp_path / "p.json"),
        projects=tmp_path / "projects",
    )
    again.open_project()
    qtbot.waitUntil(lambda: len(again.conversations()) == 1)
    assert again.conversations("words")[0].shown_title == "first words"
    assert again.conversations("nothing like it") == []
    book.close()


def test_another_project_has_its_own_conversations(
    qtbot: QtBot, service: ChatService, tmp_path: Path
) -> None:
    runs, book = FakeRuns(), ChatBook()
    session = ChatSession(
        service=service,
        book=book,
        runs=runs,
        preferences=PreferencesFile(tmp_path / "p.json"),
        projects=tmp_path / "projects",
    )
    session.open_project()
    ready(qtbot, session)
    say(qtbot, session, "one")
    first = session.chat_id
    runs.set_project("Novels")
    runs.runs_changed.emit()
    assert (session.chat_id, session.conversations()) == ("", [])
    say(qtbot, session, "two")
    runs.set_project("First model")
    runs.runs_changed.emit()
    qtbot.waitUntil(lambda: [chat.chat_id for chat in session.conversations()] == [first])
    book.close()


def test_a_disk_that_refuses_is_told(qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "chats").write_text("in the way")
    book = ChatBook()
    book.open_project(tmp_path / "project")
    with qtbot.waitSignal(book.problem) as problem:
        chat_id = book.create()
        book.add(chat_id, ChatMessage(role="user", content="hi"))
    assert "project" in problem.args[0]
    book.close()


def test_many_changed_runs_are_looked_at_once(
    qtbot: QtBot, session: ChatSession, runs: FakeRunService, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[int] = []
    real = session.shelf.models
    monkeypatch.setattr(session.shelf, "models", lambda: (looks.append(1), real())[1])
    for number in range(50):
        runs.run_changed.emit(f"r{number}")
    qtbot.waitUntil(lambda: bool(looks))
    assert len(looks) == 1
