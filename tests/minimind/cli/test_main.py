"""What every verb does with what goes wrong: one line, an exit status, no traceback."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from minimind.cli import doctor, main
from tests.helpers.checkpoints import make_checkpoint


@pytest.mark.parametrize(
    ("raised", "words"),
    [
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "weights"), "weights: No space left"),
        (PermissionError(errno.EACCES, "Permission denied"), "Permission denied"),
        (KeyboardInterrupt(), "interrupted"),
    ],
)
def test_a_failing_machine_is_one_line(
    raised: BaseException, words: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(options: Any) -> int:
        raise raised

    monkeypatch.setattr(doctor, "run", fail)
    assert main(["doctor"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"minimind doctor: {words}")
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (["generate", "CK", "--prompt", "x", "--seed", "-1"], "--seed"),
        (["generate", "CK", "--prompt", "x", "--seed", "9" * 30], "--seed"),
        (["loss", "CK", "--data", "D", "--seq-len", "1"], "--seq-len must be at least 2, not 1"),
        (["loss", "CK", "--data", "D", "--seq-len", "9999999"], "--seq-len 9999999 is more than the"),
        (["data", "convert", "D", "--out", "absent/out.jsonl"], "absent/out.jsonl"),
        (["tokenizer", "train", "--data", "D", "--vocab-size", "300", "--out", "D/tok"], "D/tok"),
    ],
)
def test_bad_input_is_one_line_and_leaves_nothing(
    change: list[str],
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    make_checkpoint(tmp_path / "CK")
    (tmp_path / "D").write_text('{"text": "one two three one two three one two three"}\n' * 3)
    before = sorted(tmp_path.rglob("*"))
    assert main(change) == 2
    err = capsys.readouterr().err
    assert words in err
    assert err.count("\n") == 1
    assert sorted(tmp_path.rglob("*")) == before
