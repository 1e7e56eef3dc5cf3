from __future__ import annotations

from PySide6.QtGui import QKeySequence

from studio.ui.shell.commands import COMMANDS, PLACE_COMMANDS, key_caps, keys_of, listed


def test_no_two_commands_share_a_key() -> None:
    keys = [QKeySequence(k).toString() for c in (*COMMANDS, *PLACE_COMMANDS) for k in c.keys]
    assert len(keys) == len(set(keys))
    assert all(keys)


def test_what_has_keys_is_in_the_list_of_shortcuts() -> None:
    shown = " ".join(keys for keys, _title in listed())
    for command in COMMANDS:
        assert all(key in shown for key in command.keys[:1]) or command.shown in shown
    assert shown.startswith("Ctrl+1 … 5")


def test_keys_look_as_on_a_keyboard() -> None:
    assert key_caps("Ctrl+Shift+P") == ["Ctrl Shift P"]
    assert key_caps("F1  ?") == ["F1", "?"]
    assert key_caps("Ctrl++") == ["Ctrl +"]
    assert key_caps("") == []
    assert keys_of("preferences") == "Ctrl ,"
    assert keys_of("primary") == "Ctrl Enter"


def test_each_command_does_one_thing() -> None:
    class Recorder:
        def __init__(self) -> None:
            self.calls: list[str] = []

        def __getattr__(self, name: str):
            return lambda *arguments: self.calls.append(" ".join([name, *map(str, arguments)]))

    recorder = Recorder()
    for command in (*COMMANDS, *PLACE_COMMANDS):
        command.do(recorder)  # type: ignore[arg-type]
    assert len(recorder.calls) == len(set(recorder.calls)) == len(COMMANDS) + len(PLACE_COMMANDS)
