"""The verbs that compute with a checkpoint: generate, logits, loss, new, export."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from minimind.chat import llama
from minimind.cli import main
from minimind.model import checkpoint, sampling
from minimind.tokenizer.tokenizer import Tokenizer
from tests.helpers.checkpoints import make_checkpoint

CPU = ("--device", "cpu")


class Shell:
    """`minimind …` in this process."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def json(self, *arguments: object) -> dict[str, Any]:
        assert main([*map(str, arguments), "--json"]) == 0
        return dict(json.loads(self._capsys.readouterr().out.splitlines()[-1]))

    def refused(self, *arguments: object) -> str:
        try:
            status = main([*map(str, arguments)])
        except SystemExit as left:
            status = int(left.code or 0)
        out, err = self._capsys.readouterr()
        assert (status, out) == (2, "")
        assert err.count("\n") == 1
        return err


@pytest.fixture
def shell(capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(capsys)


# -- generate ----------------------------------------------------------------------------------------


def test_raw_generate_is_greedy_and_puts_nothing_before_the_prompt(tmp_path: Path, shell: Shell) -> None:
    folder = make_checkpoint(tmp_path / "ck")
    tokenizer = Tokenizer.load(folder)
    ids = tokenizer.encode_texts(["春天来了"])[0]
    new = list(
        sampling.generate(checkpoint.load(folder).model, ids, max_new_tokens=20, eos_id=tokenizer.eos_id)
    )
    found = shell.json(
        "generate", folder, "--prompt", "春天来了", "--raw", "--max-new-tokens", 20, "--temperature", 0, *CPU
    )
    assert found == {"text": tokenizer.decode(new)}


def test_a_prompt_goes_through_the_template(tmp_path: Path, shell: Shell) -> None:
    folder = make_checkpoint(tmp_path / "ck")
    tokenizer = Tokenizer.load(folder)
    ids = tokenizer.chat_prompt([{"role": "user", "content": "你好<|im_end|>"}])
    new = list(
        sampling.generate(checkpoint.load(folder).model, ids, max_new_tokens=8, eos_id=tokenizer.eos_id)
    )
    found = shell.json(
        "generate", folder, "--prompt", "你好<|im_end|>", "--max-new-tokens", 8, "--temperature", 0, *CPU
    )
    assert found == {"text": tokenizer.decode(new)}


def test_a_seed_gives_the_same_words(tmp_path: Path, shell: Shell) -> None:
    folder = make_checkpoint(tmp_path / "ck")

    def words(seed: int) -> str:
        return str(
            shell.json("generate", folder, "--prompt", "你", "--max-new-tokens", 10, "--seed", seed, *CPU)
        )

    assert words(1) == words(1) != words(2)


def test_words_are_printed_as_they_come(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = make_checkpoint(tmp_path / "ck")
    arguments = ["generate", str(folder), "--prompt", "你", "--max-new-tokens", "10", *CPU]
    assert main(arguments) == 0
    text = capsys.readouterr().out
    assert main([*arguments, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["text"] + "\n" == text


@pytest.mark.parametrize(
    "wrong",
    [
        ("--prompt", ""),
        ("--max-new-tokens", "0"),
        ("--temperature", "-1"),
        ("--temperature", "nan"),
        ("--top-p", "0"),
        ("--top-p", "1.5"),
        ("--adapter", "x"),
        ("--precision", "int8"),
    ],
)
def test_values_that_make_no_sense_are_named(tmp_path: Path, shell: Shell, wrong: tuple[str, str]) -> None:
    assert wrong[0] in shell.refused("generate", tmp_path, "--prompt", "a", *wrong)


# -- logits ------------------------------------------------------------------------------------------


def test_logits_are_written_as_they_are(tmp_path: Path, shell: Shell) -> None:
    folder, ids = make_checkpoint(tmp_path / "ck"), [1, 300, 5, 5, 2]
    found = shell.json("logits", folder, "--tokens", "1,300,5,5,2", "--out", tmp_path / "a.npy", *CPU)
    numbers = np.load(tmp_path / "a.npy")
    assert found["shape"] == [5, 6400]
    assert numbers.dtype == np.float32
    assert np.array_equal(numbers, sampling.logits(checkpoint.load(folder).model, ids).numpy())


@pytest.mark.gguf
@pytest.mark.skipif(not llama.installed(), reason="llama-cpp-python is not installed")
def test_a_gguf_file_has_the_same_logits(tmp_path: Path, shell: Shell) -> None:
    folder = make_checkpoint(tmp_path / "ck")
    shell.json("export", "gguf", folder, tmp_path / "m.gguf", "--dtype", "f32")
    for name, source in (("a", folder), ("b", tmp_path / "m.gguf")):
        shell.json("logits", source, "--tokens", "1,300,5", "--out", tmp_path / f"{name}.npy", *CPU)
    difference = np.load(tmp_path / "a.npy") - np.load(tmp_path / "b.npy")
    assert np.abs(difference).max() < 1e-3


@pytest.mark.parametrize("tokens", ["", "1,x", "-1", "1,6400"])
def test_ids_that_make_no_sense_are_named(tmp_path: Path, shell: Shell, tokens: str) -> None:
    folder = make_checkpoint(tmp_path / "ck")
    assert "--tokens" in shell.refused("logits", folder, f"--tokens={tokens}", "--out", tmp_path / "a.npy")
    assert not (tmp_path / "a.npy").exists()


# -- loss --------------------------------------------------------------------------------------------


def by_hand(folder: Path, texts: list[str], window: int) -> tuple[float, int, int]:
    """Each document alone, every token but bos once, windows that overlap by one."""
    tokenizer, model = Tokenizer.load(folder), checkpoint.load(folder).model
    nats, tokens = 0.0, 0
    for text in texts:
        ids = tokenizer.encode_document(text)
        for start in range(0, len(ids) - 1, window - 1):
            part = ids[start : start + window]
            logits = sampling.logits(model, part).double()
            nats -= float(logits.log_softmax(-1)[range(len(part) - 1), part[1:]].sum())
            tokens += len(part) - 1
    return nats / tokens, tokens, sum(len(text.encode()) for text in texts)


TEXTS = ["春天来了，公园里的花都开了。" * 4, "Once upon a time 🌱", "短"]


@pytest.fixture
def text_file(tmp_path: Path) -> Path:
    path = tmp_path / "texts.jsonl"
    path.write_text("".join(json.dumps({"text": text}) + "\n" for text in TEXTS), "utf-8")
    return path


def test_loss_is_what_a_hand_reckons(tmp_path: Path, shell: Shell, text_file: Path) -> None:
    folder = make_checkpoint(tmp_path / "ck")
    found = shell.json("loss", folder, "--data", text_file, "--seq-len", 16, *CPU)
    nats, tokens, size = by_hand(folder, TEXTS, 16)
    assert (found["tokens"], found["bytes"]) == (tokens, size)
    assert found["nats_per_token"] == pytest.approx(nats, rel=1e-5)
    assert found["bits_per_byte"] == pytest.approx(nats * tokens / np.log(2) / size, rel=1e-5)


@pytest.mark.gguf
@pytest.mark.skipif(not llama.installed(), reason="llama-cpp-python is not installed")
def test_a_gguf_file_has_the_same_loss(tmp_path: Path, shell: Shell, text_file: Path) -> None:
    folder = make_checkpoint(tmp_path / "ck")
    shell.json("export", "gguf", folder, tmp_path / "m.gguf", "--dtype", "f32")
    ours = shell.json("loss", folder, "--data", text_file, *CPU)
    theirs = shell.json("loss", tmp_path / "m.gguf", "--data", text_file)
    assert (theirs["tokens"], theirs["bytes"]) == (ours["tokens"], ours["bytes"])
    assert theirs["nats_per_token"] == pytest.approx(ours["nats_per_token"], rel=1e-4)


@pytest.mark.gguf
@pytest.mark.skipif(not llama.installed(), reason="llama-cpp-python is not installed")
def test_conversations_count_the_answers(tmp_path: Path, shell: Shell, chat_rows: Path) -> None:
    rows = tmp_path / "chat.jsonl"
    rows.write_bytes(b"".join(chat_rows.read_bytes().splitlines(keepends=True)[:8]))
    folder = make_checkpoint(tmp_path / "ck")
    shell.json("export", "gguf", folder, tmp_path / "m.gguf", "--dtype", "f32")
    ours = shell.json("loss", folder, "--data", rows, "--seq-len", 256, *CPU)
    theirs = shell.json("loss", tmp_path / "m.gguf", "--data", rows, "--seq-len", 256)
    assert ours["tokens"] == theirs["tokens"] > 0
    assert theirs["nats_per_token"] == pytest.approx(ours["nats_per_token"], rel=1e-4)


def test_loss_names_the_file_that_is_not_there(tmp_path: Path, shell: Shell) -> None:
    assert "gone.jsonl" in shell.refused("loss", tmp_path, "--data", tmp_path / "gone.jsonl")


# -- new ---------------------------------------------------------------------------------------------


def test_new_is_decided_by_its_seed(tmp_path: Path, shell: Shell) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        assert shell.json("new", "tiny", tmp_path / name, "--seed", seed)["parameters"] == 508_224
    weights = [(tmp_path / name / "model.safetensors").read_bytes() for name in "abc"]
    assert weights[0] == weights[1] != weights[2]


def test_new_refuses_what_is_there_and_what_it_does_not_know(tmp_path: Path, shell: Shell) -> None:
    (tmp_path / "letter.txt").write_text("dear")
    assert "exists" in shell.refused("new", "tiny", tmp_path)
    assert "huge" in shell.refused("new", "huge", tmp_path / "x")
    assert "nowhere" in shell.refused("new", "tiny", tmp_path / "x", "--tokenizer", tmp_path / "nowhere")
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


# -- export ------------------------------------------------------------------------------------------


def test_export_tells_what_it_wrote(tmp_path: Path, shell: Shell) -> None:
    folder = make_checkpoint(tmp_path / "ck")
    found = shell.json("export", "gguf", folder, tmp_path, "--quant", "Q8_0")
    assert found["path"] == str(tmp_path / "ck-Q8_0.gguf")
    assert Path(found["path"]).stat().st_size == found["size_bytes"]


def test_export_refuses_in_one_line_and_leaves_nothing(tmp_path: Path, shell: Shell) -> None:
    folder = make_checkpoint(tmp_path / "ck")
    assert "Q9" in shell.refused("export", "gguf", folder, tmp_path / "new" / "m.gguf", "--quant", "Q9")
    assert "onnx" in shell.refused("export", "onnx", folder, tmp_path / "m")
    assert [path.name for path in tmp_path.iterdir()] == ["ck"]
