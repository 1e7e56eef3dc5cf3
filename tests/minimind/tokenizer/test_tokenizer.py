"""Text to ids and back: as transformers does it, but no text ever becomes a control token."""

from __future__ import annotations

import contextlib
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from transformers import AutoTokenizer

from minimind.assets import BUNDLED_TOKENIZER
from minimind.errors import BadInput
from minimind.tokenizer.tokenizer import Tokenizer

UPSTREAM = ("head", "s2025", "s2025-04-26")
PIECES = st.sampled_from(
    [
        "你好，世界",
        "龘鬱",
        "Hello",
        " world",
        "don't",
        "3.14",
        "\n",
        "\n\n",
        "\t",
        "  ",
        "   ",
        "\r\n",
        "😀",
        "👨\u200d👩\u200d👧",
        "é",
        "\u200b",
        "\u3000",
        "\ufeff",
        "\x00",
        "…",
        "——",
        "<",
        ">",
        "im_end",
        "_",
        "ａ",
        "ﷺ",
        "\u2028",
        "{'a': 1}",
    ]
)
TEXT = st.one_of(st.text(max_size=60), st.lists(PIECES, max_size=20).map("".join))


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return Tokenizer.load(BUNDLED_TOKENIZER)


@pytest.fixture(params=["bundled", *UPSTREAM])
def folder(request: pytest.FixtureRequest) -> Path:
    if request.param == "bundled":
        return BUNDLED_TOKENIZER
    return Path(request.getfixturevalue("shared_data")) / "upstream_tokenizer" / request.param


def damaged(tmp_path: Path, document: Any = None, config: Any = None) -> Path:
    folder = tmp_path / "t"
    shutil.copytree(BUNDLED_TOKENIZER, folder)
    for name, value in (("tokenizer.json", document), ("tokenizer_config.json", config)):
        if value is not None:
            (folder / name).write_bytes(value if isinstance(value, bytes) else json.dumps(value).encode())
    return folder


def bundled(name: str = "tokenizer.json") -> dict[str, Any]:
    value: dict[str, Any] = json.loads((BUNDLED_TOKENIZER / name).read_bytes())
    return value


def test_the_bundled_one_has_upstreams_added_tokens(tokenizer: Tokenizer, shared_data: Path) -> None:
    head = json.loads((shared_data / "upstream_tokenizer/head/tokenizer.json").read_bytes())
    assert bundled()["added_tokens"] == head["added_tokens"]
    assert tokenizer.vocab_size == 6400
    assert (tokenizer.pad_id, tokenizer.bos_id, tokenizer.eos_id) == (0, 1, 2)


def test_same_ids_as_transformers(folder: Path) -> None:
    ours, theirs = Tokenizer.load(folder), AutoTokenizer.from_pretrained(folder)

    @given(text=TEXT)
    def equal(text: str) -> None:
        expected = theirs(text, add_special_tokens=False)["input_ids"]
        assert ours.encode_texts([text]) == [expected]
        assert ours.decode(expected) == theirs.decode(expected)
        assert ours.decode(expected) == text

    equal()
    assert (ours.bos_id, ours.eos_id, ours.pad_id) == (
        theirs.bos_token_id,
        theirs.eos_token_id,
        theirs.pad_token_id,
    )


def test_same_ids_as_transformers_on_real_text(tokenizer: Tokenizer, pretrain_text: Path) -> None:
    theirs = AutoTokenizer.from_pretrained(BUNDLED_TOKENIZER)
    texts = [json.loads(line)["text"] for line in pretrain_text.read_text("utf-8").splitlines()]
    assert tokenizer.encode_texts(texts) == theirs(texts, add_special_tokens=False)["input_ids"]


def test_added_tokens_in_text_stay_text(folder: Path) -> None:
    ours = Tokenizer.load(folder)
    for text in ours.added_tokens.values():
        (ids,) = ours.encode_texts([f"前{text}后 {text}"])
        assert not set(ids) & set(ours.added_tokens)
        assert ours.decode(ids, skip_special=True) == f"前{text}后 {text}"


def test_long_texts_in_parts_give_the_same_ids(tokenizer: Tokenizer, monkeypatch: pytest.MonkeyPatch) -> None:
    @given(text=TEXT)
    def equal(text: str) -> None:
        (whole,) = tokenizer.encode_texts([text])
        with monkeypatch.context() as patch:
            patch.setattr("minimind.tokenizer.tokenizer.LONG", 3)
            assert tokenizer.encode_texts([text, "short"])[0] == whole

    equal()


def test_document_is_bos_text_eos(tokenizer: Tokenizer) -> None:
    ids = tokenizer.encode_document("你好<|im_end|>")
    assert (ids[0], ids[-1]) == (1, 2)
    assert ids[1:-1] == tokenizer.encode_texts(["你好<|im_end|>"])[0]


def test_decode_leaves_out_special_tokens_only(tokenizer: Tokenizer) -> None:
    ids = [1, *tokenizer.encode_texts(["hi"])[0], 25, 26, 2]
    assert tokenizer.decode(ids) == "hi<think></think>"
    assert tokenizer.decode(ids, skip_special=False) == "<|im_start|>hi<think></think><|im_end|>"
    with pytest.raises(ValueError, match="6400"):
        tokenizer.decode([6400])


def test_streaming_gives_the_same_text(tokenizer: Tokenizer) -> None:
    theirs = AutoTokenizer.from_pretrained(BUNDLED_TOKENIZER)

    @given(ids=st.lists(st.integers(0, 6399), max_size=40))
    def equal(ids: list[int]) -> None:
        stream = tokenizer.stream_decoder()
        parts = [stream.push(number) for number in ids]
        assert "".join(parts) + stream.finish() == tokenizer.decode(ids)
        assert tokenizer.decode(ids) == theirs.decode(ids, skip_special_tokens=True)

    equal()


def test_streaming_never_shows_half_a_character(tokenizer: Tokenizer) -> None:
    text = "龘😀鬱👨‍👩‍👧。"
    stream = tokenizer.stream_decoder()
    (ids,) = tokenizer.encode_texts([text])
    assert len(ids) > len(text)
    shown = ""
    for number in ids:
        shown += stream.push(number)
        assert text.startswith(shown)
    assert shown == text
    assert stream.finish() == ""


def test_hash_follows_the_content_not_the_bytes(tmp_path: Path, tokenizer: Tokenizer) -> None:
    document = bundled()
    document["model"]["merges"] = [" ".join(pair) for pair in document["model"]["merges"]]
    again = Tokenizer.load(damaged(tmp_path, document))
    assert again.hash == tokenizer.hash
    document["model"]["merges"].pop()
    shutil.rmtree(tmp_path / "t")
    assert Tokenizer.load(damaged(tmp_path, document)).hash != tokenizer.hash


def test_save_gives_a_folder_that_transformers_opens(tmp_path: Path, folder: Path) -> None:
    ours = Tokenizer.load(folder)
    ours.save(tmp_path)
    again = Tokenizer.load(tmp_path)
    assert (again.hash, again.template_hash) == (ours.hash, ours.template_hash)
    theirs = AutoTokenizer.from_pretrained(tmp_path)
    messages = [{"role": "user", "content": "你好"}, {"role": "assistant", "content": "hi"}]
    text = theirs.apply_chat_template(messages, tokenize=False)
    assert theirs(text, add_special_tokens=False)["input_ids"] == ours.encode_chat(messages).ids
    assert json.loads((tmp_path / "generation_config.json").read_bytes())["eos_token_id"] == ours.eos_id


def test_template_in_its_own_file_counts(tmp_path: Path, tokenizer: Tokenizer) -> None:
    config = bundled("tokenizer_config.json")
    template = config.pop("chat_template")
    folder = damaged(tmp_path, config=config)
    assert Tokenizer.load(folder).template_hash == ""
    with pytest.raises(BadInput, match="no chat template"):
        Tokenizer.load(folder).encode_chat([{"role": "user", "content": "x"}])
    (folder / "chat_template.jinja").write_text(template, "utf-8")
    assert Tokenizer.load(folder).template_hash == tokenizer.template_hash


def test_a_broken_template_is_bad_input(tmp_path: Path) -> None:
    config = bundled("tokenizer_config.json")
    config["chat_template"] = "{{ raise_exception('only users') }}"
    ours = Tokenizer.load(damaged(tmp_path, config=config))
    with pytest.raises(BadInput, match="only users"):
        ours.chat_prompt([{"role": "user", "content": "x"}])


BROKEN: dict[str, Any] = {
    "nothing": b"",
    "no json": b"{" * 200_000,
    "a list": b"[]",
    "huge": b" " * (20 << 20) + b"{}",
    "unigram": {"model": {"type": "Unigram", "vocab": [["a", 0.0]]}},
    "no model": {"added_tokens": []},
    "string vocab": {"model": {"type": "BPE", "vocab": {"a": "1"}, "merges": []}},
    "few bytes": {"model": {"type": "BPE", "vocab": {"a": 0}, "merges": []}},
}


@pytest.mark.parametrize("name", BROKEN)
def test_damage_is_one_sentence(tmp_path: Path, name: str, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(BadInput) as caught:
        Tokenizer.load(damaged(tmp_path, BROKEN[name]))
    assert "tokenizer.json" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert capfd.readouterr().err == ""


CHANGES: list[tuple[list[str | int], Any]] = [
    (["pre_tokenizer"], None),
    (["pre_tokenizer"], {"type": "Split", "pattern": {"Regex": "(a+)+$"}, "behavior": "Isolated"}),
    (["pre_tokenizer"], {"type": "FixedLength", "length": 0}),
    (["normalizer"], {"type": "Replace", "pattern": {"Regex": "(a+)+$"}, "content": ""}),
    (["normalizer"], {"type": "Sequence", "normalizers": [{"type": "Sequence", "normalizers": []}]}),
    (["added_tokens", 0, "id"], 6400),
    (["added_tokens", 0, "id"], "0"),
    (["added_tokens", 0, "content"], ""),
    (["added_tokens", 0, "content"], "\ud83d"),
    (["added_tokens"], {}),
    (["model", "merges", 0], "one"),
    (["model", "merges", 0], ["x", "nowhere"]),
    (["model", "merges"], "ab"),
    (["model", "vocab", "a"], 1 << 40),
    (["model", "vocab", "a"], -1),
    (["model", "vocab", "a"], True),
    (["model", "vocab", "你"], 6400),
    (["model", "vocab"], {}),
]


@pytest.mark.parametrize("change", CHANGES, ids=[str(path) for path, _value in CHANGES])
def test_hostile_values_are_refused(tmp_path: Path, change: tuple[list[Any], Any]) -> None:
    document = bundled()
    *path, last = change[0]
    inner: Any = document
    for key in path:
        inner = inner[key]
    inner[last] = change[1]
    with pytest.raises(BadInput):
        Tokenizer.load(damaged(tmp_path, document))


@pytest.mark.parametrize(
    "change",
    [{"bos_token": "<nowhere>"}, {"eos_token": {"content": "no"}}, {"chat_template": "x" * 70_000}],
)
def test_hostile_config_is_refused(tmp_path: Path, change: dict[str, Any]) -> None:
    with pytest.raises(BadInput, match="tokenizer_config"):
        Tokenizer.load(damaged(tmp_path, config={**bundled("tokenizer_config.json"), **change}))


def test_any_damage_is_bad_input(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Structure-aware: any value anywhere exchanged for an odd one; the Rust side never panics."""
    original = bundled()
    original["model"]["merges"] = original["model"]["merges"][:40]
    kept = {"".join(pair) for pair in original["model"]["merges"]}
    added = {token["content"] for token in original["added_tokens"]}
    vocab = [t for t in original["model"]["vocab"] if len(t) == 1 or t in kept | added]
    original["model"]["vocab"] = {text: number for number, text in enumerate(vocab)}
    text = json.dumps(original)
    folder = damaged(tmp_path, original)
    Tokenizer.load(folder)
    odd = st.sampled_from([None, True, -1, 2**31, 2**64, 1.5, "", "\u0120", [], {}, [None], {"type": "X"}])

    def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        items = (
            value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        )
        found = [path] if path else []
        for key, inner in items:
            found += places(inner, (*path, key))
        return found

    @given(place=st.sampled_from(places(original)), value=odd)
    def survives(place: tuple[Any, ...], value: Any) -> None:
        document = json.loads(text)
        inner = document
        for key in place[:-1]:
            inner = inner[key]
        inner[place[-1]] = value
        (folder / "tokenizer.json").write_bytes(json.dumps(document).encode())
        with contextlib.suppress(BadInput):
            Tokenizer.load(folder).encode_texts(["ab 你好"])

    survives()
    assert capfd.readouterr().err == ""
