"""The engine over PyTorch: the same words as `sampling.generate`, whatever the cache holds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from minimind.chat.engine import Engine, Sampling, open_engine
from minimind.errors import BadInput
from minimind.model import checkpoint, sampling
from tests.helpers.checkpoints import TINY_QK, make_checkpoint, make_run

GREEDY = Sampling(max_new_tokens=20, temperature=0.0)


def words(engine: Engine, ids: list[int], wanted: Sampling = GREEDY) -> list[int]:
    return list(engine.stream(ids, wanted, lambda: False))


def test_greedy_words_are_those_of_generate(tmp_path: Path) -> None:
    folder = make_checkpoint(tmp_path / "ck", TINY_QK)
    expected = list(sampling.generate(checkpoint.load(folder).model, [1, 50, 60], max_new_tokens=20))
    assert words(open_engine(str(folder), device="cpu", threads=1), [1, 50, 60]) == expected


def test_what_the_cache_holds_changes_nothing(tmp_path: Path) -> None:
    folder = str(make_checkpoint(tmp_path / "ck"))
    engine = open_engine(folder, device="cpu", threads=1)
    first = words(engine, [1, 50, 60])
    for ids in ([1, 50, 60, *first, 70], [1, 50], [9], [1, 50, 60]):
        assert words(engine, ids) == words(open_engine(folder, device="cpu", threads=1), ids)


def test_a_conversation_outgrows_its_first_cache(tmp_path: Path) -> None:
    folder = str(make_checkpoint(tmp_path / "ck"))
    engine = open_engine(folder, device="cpu", threads=1, context=256)
    words(engine, [1] * 10)
    long = [1 + index % 50 for index in range(200)]
    assert words(engine, long) == words(open_engine(folder, device="cpu", threads=1), long)


def test_the_context_ends_it(tmp_path: Path) -> None:
    engine = open_engine(str(make_checkpoint(tmp_path / "ck")), device="cpu", threads=1, context=32)
    ids = [1 + index for index in range(20)]
    assert len(words(engine, ids, Sampling(max_new_tokens=100, temperature=0.0))) <= 12
    with pytest.raises(BadInput, match="40 tokens"):
        words(engine, [1] * 40)


def test_stop_is_heard_before_every_token(tmp_path: Path) -> None:
    engine = open_engine(str(make_checkpoint(tmp_path / "ck")), device="cpu", threads=1)
    heard: list[int] = []

    def stop() -> bool:
        heard.append(1)
        return len(heard) > 4

    assert len(list(engine.stream([1, 2, 3], GREEDY, stop))) == 3


def test_base_models_are_told_from_chat_models(tmp_path: Path) -> None:
    base = open_engine(str(make_run(tmp_path / "a", method="pretrain").path), device="cpu", threads=1).info
    chat = open_engine(str(make_run(tmp_path / "b", method="sft").path), device="cpu", threads=1).info
    assert (base.is_base, base.label, base.method) == (True, "a", "pretrain")
    assert (chat.is_base, chat.engine, chat.precision) == (False, "torch", "float32")


def test_without_a_tokenizer_only_logits_work(tmp_path: Path) -> None:
    folder = make_checkpoint(tmp_path / "ck")
    for name in ("tokenizer.json", "tokenizer_config.json", "manifest.json"):
        (folder / name).unlink()
    engine = open_engine(str(folder), device="cpu", threads=1)
    logits = engine.logits([1, 2, 3])
    assert (logits.shape, logits.dtype) == ((3, 6400), np.float32)
    with pytest.raises(BadInput, match="no tokenizer"):
        engine.raw_prompt("hello", begin=True)


def test_bf16_speaks_nearly_the_same(tmp_path: Path) -> None:
    folder = str(make_checkpoint(tmp_path / "ck"))
    short = open_engine(folder, device="cpu", threads=1, precision="bf16")
    assert short.info.precision == "bf16"
    exact = open_engine(folder, device="cpu", threads=1)
    ids = list(range(1, 60))
    a, b = short.logits(ids), exact.logits(ids)
    assert np.corrcoef(a.ravel(), b.ravel())[0, 1] > 0.999


def test_a_missing_checkpoint_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="nowhere"):
        open_engine(str(tmp_path / "nowhere"))
