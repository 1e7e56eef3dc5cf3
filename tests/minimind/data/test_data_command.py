"""`python -m minimind data` and `tokenizer`: exit status, one line on stderr, the JSON that scripts read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from minimind.cli import main
from minimind.files import MANIFEST
from minimind.tokenizer.tokenizer import Tokenizer

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def three(tmp_path: Path) -> Path:
    path = tmp_path / "three.jsonl"
    path.write_text('{"text": "a"}\n{"txt": "b"}\n\n{"text": "c"}\n', "utf-8")
    return path


def last_json(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(capsys.readouterr().out.splitlines()[-1])
    return value


def test_check(three: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "check", str(three), "--json"]) == 0
    found = last_json(capsys)
    assert (found["kind"], found["encoding"]) == ("text", "utf-8")
    assert (found["rows"], found["usable"], found["skipped"]) == (3, 2, 1)
    assert found["problems"] == [
        {
            "line": 2,
            "message": 'there is no "text" and no "conversations"; the row has "txt"',
            "code": "no_known_key",
        }
    ]
    assert main(["data", "check", str(three)]) == 0
    assert "three.jsonl, line 2: there is no" in capsys.readouterr().out


@pytest.mark.parametrize("content", ["", '{"txt": 1}\n', "\x00\x01\x02\x03"])
def test_check_of_a_useless_file(tmp_path: Path, content: str, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text(content, "utf-8")
    assert main(["data", "check", str(path), "--json"]) == 2
    captured = capsys.readouterr()
    assert captured.err.count("\n") == 1
    assert "bad.jsonl" in captured.err
    assert json.loads(captured.out.splitlines()[-1])["usable"] == 0


def test_check_of_several(three: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = tmp_path / "other.txt"
    other.write_text("words", "utf-8")
    assert main(["data", "check", str(three), str(other), "--json"]) == 0
    found = last_json(capsys)
    assert (found["kind"], found["rows"], found["usable"], len(found["files"])) == ("text", 4, 3, 2)
    assert found["problems"][0]["file"] == str(three)
    assert main(["data", "check", str(three), str(tmp_path / "none"), "--json"]) == 2


def test_stats_prepare_preview_convert(
    three: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["data", "prepare", str(three), "--json"]) == 0
    assert last_json(capsys)["documents"] == 2
    assert main(["data", "stats", str(three), "--json"]) == 0
    assert last_json(capsys)["tokens"] == 6
    assert main(["data", "preview", str(three), "--json", "--row", "2"]) == 0
    (row,) = last_json(capsys)["rows"]
    assert (row["line"], [piece["text"] for piece in row["pieces"]]) == (
        4,
        ["<|im_start|>", "c", "<|im_end|>"],
    )
    assert main(["data", "convert", str(three), "--out", str(tmp_path / "out.jsonl")]) == 0
    assert (tmp_path / "out.jsonl").read_text("utf-8") == '{"text": "a"}\n{"text": "c"}\n'
    capsys.readouterr()
    for action in ("stats", "prepare", "preview"):
        assert main(["data", action, str(three)]) == 0
        assert capsys.readouterr().out
        assert main(["data", action, str(tmp_path / "none")]) == 2
        assert capsys.readouterr().err.count("\n") == 1


def test_preview_marks_what_is_trained(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "chat.jsonl"
    path.write_text(json.dumps({"question": "q", "answer": "a"}), "utf-8")
    assert main(["data", "preview", str(path)]) == 0
    shown = capsys.readouterr().out
    assert "<|im_start|>assistant\n⟦<think>\n\n</think>\n\na<|im_end|>⟧" in shown


def test_train_a_tokenizer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = [str(ROOT / "assets/sample" / name) for name in ("pretrain.jsonl", "chat.jsonl")]
    command = ["tokenizer", "train", "--data", *data, "--vocab-size", "800", "--json", "--out"]
    assert main([*command, str(tmp_path / "a" / "b")]) == 0
    found = last_json(capsys)
    assert found["vocab_size"] == 800
    assert (
        main(
            ["tokenizer", "train", "--data", *data[::-1], "--vocab-size", "800", "--out", str(tmp_path / "c")]
        )
        == 0
    )
    for name in ("tokenizer.json", "tokenizer_config.json"):
        assert (tmp_path / "a" / "b" / name).read_bytes() == (tmp_path / "c" / name).read_bytes()
    tokenizer = Tokenizer.load(tmp_path / "c")
    assert tokenizer.hash == found["hash"]
    assert (tokenizer.bos_id, tokenizer.eos_id, tokenizer.pad_id, len(tokenizer.added_tokens)) == (
        1,
        2,
        0,
        36,
    )
    capsys.readouterr()
    for wrong, word in (
        (["--vocab-size", "800"], "exists already"),
        (["--vocab-size", "10"], "outside"),
        (["--vocab-size", "90000", "--out", str(tmp_path / "d")], "Give more text"),
        (["--data", str(tmp_path / "none"), "--out", str(tmp_path / "d")], "no such file"),
    ):
        assert main(["tokenizer", "train", "--data", *data, "--out", str(tmp_path / "c"), *wrong]) == 2
        error = capsys.readouterr().err
        assert word in error
        assert error.count("\n") == 1
    assert not (tmp_path / "d").exists()


def test_a_share_of_too_much_text_is_enough(tmp_path: Path) -> None:
    from minimind.tokenizer.train import train_tokenizer

    path = tmp_path / "a.jsonl"
    path.write_text("".join(f'{{"text": "词 word {n} 重复 again"}}\n' for n in range(3000)), "utf-8")
    whole = train_tokenizer([path], tmp_path / "whole", vocab_size=310)
    part = train_tokenizer([path], tmp_path / "part", vocab_size=310, sample_bytes=30_000)
    assert whole.texts == 3000
    assert 300 < part.texts < 1500


def test_the_bundled_tokenizer_is_what_training_gives(shared_data: Path, tmp_path: Path) -> None:
    """The command that made it, in one test of about half a minute: the same bytes."""
    names = ("pretrain_zh", "pretrain_en", "sft_zh", "sft_en")
    data = [str(shared_data / f"{name}.jsonl") for name in names]
    assert main(["tokenizer", "train", "--data", *data, "--out", str(tmp_path / "again")]) == 0
    for path in (ROOT / "assets" / "tokenizer").iterdir():
        assert (tmp_path / "again" / path.name).read_bytes() == path.read_bytes()
    assert (ROOT / "assets" / "tokenizer" / MANIFEST).exists()


@pytest.mark.parametrize("name", ["pretrain.jsonl", "chat.jsonl"])
def test_no_row_of_the_sample_is_skipped(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "check", str(ROOT / "assets" / "sample" / name), "--json"]) == 0
    found = last_json(capsys)
    assert found["usable"] == found["rows"] > 5000
