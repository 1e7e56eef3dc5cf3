"""Token caches: what is in them, when they are made anew, and what a crash or a full disk leaves behind."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import threading
from hashlib import blake2b
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from minimind.assets import BUNDLED_TOKENIZER
from minimind.data import cache as cache_module
from minimind.data.cache import Cancelled, TokenCache, cache_root, find, prepare
from minimind.data.formats import open_source
from minimind.data.rows import Row
from minimind.data.stats import stats_of
from minimind.errors import BadInput
from minimind.tokenizer.tokenizer import Tokenizer


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return Tokenizer.load(BUNDLED_TOKENIZER)


def documents(cache: TokenCache) -> list[list[int]]:
    offsets = cache.doc_offsets.tolist()
    return [cache.tokens[a:b].tolist() for a, b in pairwise(offsets)]


def folders() -> list[str]:
    root = cache_root()
    return (
        sorted(p.name for p in root.iterdir() if p.name not in {"locks", "sources"}) if root.exists() else []
    )


def test_text_is_what_the_tokenizer_says(tokenizer: Tokenizer, pretrain_text: Path) -> None:
    cache = prepare(pretrain_text, tokenizer, needs="text")
    rows = [row for row in open_source(pretrain_text) if isinstance(row, Row)]
    assert documents(cache) == [tokenizer.encode_document(row.text) for row in rows]
    assert cache.doc_bytes.tolist() == [len(row.text.encode()) for row in rows]
    assert cache.doc_line.tolist() == [row.line for row in rows]
    hashes = [int.from_bytes(blake2b(row.content, digest_size=8).digest(), "little") for row in rows]
    assert cache.doc_hash.tolist() == hashes
    assert cache.tokens.dtype == np.uint16
    assert cache.span_starts is None
    assert cache.num_labels == cache.num_tokens - cache.documents


def test_chat_is_what_the_tokenizer_says(tokenizer: Tokenizer, chat_rows: Path) -> None:
    cache = prepare(chat_rows, tokenizer, needs="chat")
    rows = [row for row in open_source(chat_rows) if isinstance(row, Row)]
    talks = [row.conversation for row in rows if row.conversation]
    chats = [tokenizer.encode_chat(talk.messages, talk.tools) for talk in talks]
    assert documents(cache) == [chat.ids for chat in chats]
    assert cache.span_starts is not None
    assert cache.span_ends is not None
    begins = cache.doc_offsets[:-1].tolist()
    spans = [(a + o, b + o) for chat, o in zip(chats, begins, strict=True) for a, b in chat.spans]
    assert list(zip(cache.span_starts.tolist(), cache.span_ends.tolist(), strict=True)) == spans
    assert cache.doc_bytes.tolist() == [talk.answer_bytes for talk in talks]
    assert cache.num_labels == sum(b - a for a, b in spans)


def test_batches_do_not_show(tokenizer: Tokenizer, chat_rows: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = prepare(chat_rows, tokenizer, needs="chat")
    monkeypatch.setattr("minimind.data.encode.BATCH_ROWS", 7)
    monkeypatch.setattr(cache_module, "VERSION", 999)
    parts = prepare(chat_rows, tokenizer, needs="chat")
    assert parts.folder != whole.folder
    for name in ("tokens", "doc_offsets", "doc_hash", "doc_bytes", "doc_line", "span_starts", "span_ends"):
        assert getattr(parts, name).tolist() == getattr(whole, name).tolist()


def test_a_wide_vocabulary_takes_four_bytes(tokenizer: Tokenizer, tmp_path: Path) -> None:
    document = json.loads((BUNDLED_TOKENIZER / "tokenizer.json").read_bytes())
    alphabet = [t for t in document["model"]["vocab"] if len(t) == 1]
    more = [a + b for a in alphabet for b in alphabet if a + b not in document["model"]["vocab"]][:60_000]
    for text in more:
        document["model"]["vocab"][text] = len(document["model"]["vocab"])
        document["model"]["merges"].append([text[0], text[1]])
    folder = tmp_path / "wide"
    folder.mkdir()
    tokenizer.save(folder)
    (folder / "tokenizer.json").write_text(json.dumps(document), "utf-8")
    wide = Tokenizer.load(folder)
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "a"}\n', "utf-8")
    assert wide.vocab_size > 1 << 16
    assert prepare(path, wide, needs="text").tokens.dtype == np.uint32


def test_the_second_time_nothing_is_made(
    tokenizer: Tokenizer, pretrain_text: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert find(pretrain_text, tokenizer, needs="text") is None
    first = prepare(pretrain_text, tokenizer, needs="text")

    def fail(*_arguments: object) -> None:
        raise AssertionError("made again")

    monkeypatch.setattr(cache_module, "_make", fail)
    again = prepare(pretrain_text, tokenizer, needs="text")
    assert again.folder == first.folder
    moved = pretrain_text.with_name("elsewhere.jsonl")
    moved.write_bytes(pretrain_text.read_bytes())
    assert prepare(moved, tokenizer, needs="text").folder == first.folder
    found = find(moved, tokenizer, needs="text")
    assert found is not None
    assert found.tokens.tolist() == first.tokens.tolist()


def test_the_key_has_everything_in_it(tokenizer: Tokenizer, tmp_path: Path) -> None:
    row = {
        "text": "a",
        "conversations": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}],
    }
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps(row) + "\n", "utf-8")
    keys = {prepare(path, tokenizer, needs="text").key, prepare(path, tokenizer, needs="chat").key}
    tokenizer.save(tmp_path)
    config = json.loads((tmp_path / "tokenizer_config.json").read_bytes())
    config["chat_template"] = config["chat_template"].replace("'assistant\\n", "'assistant\\n ", 1)
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(config), "utf-8")
    other_template = Tokenizer.load(tmp_path)
    assert prepare(path, other_template, needs="text").key in keys
    config["pad_token"] = "<|buffer1|>"
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(config), "utf-8")
    other_tokenizer = Tokenizer.load(tmp_path)
    keys.add(prepare(path, other_tokenizer, needs="text").key)
    path.write_text(json.dumps(row) + "\n\n", "utf-8")
    keys.add(prepare(path, tokenizer, needs="text").key)
    assert len(keys) == 4


def test_a_changed_file_is_noticed_by_its_time(tokenizer: Tokenizer, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "aa"}\n', "utf-8")
    os.utime(path, (1_000_000, 1_000_000))
    first = prepare(path, tokenizer, needs="text")
    assert prepare(path, tokenizer, needs="text").content_hash == first.content_hash
    path.write_text('{"text": "bb"}\n', "utf-8")
    os.utime(path, (1_000_001, 1_000_001))
    assert prepare(path, tokenizer, needs="text").content_hash != first.content_hash


def test_skipped_rows_are_kept_with_their_lines(tokenizer: Tokenizer, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    lines = ['{"text": "a"}', "x", '{"text": ""}', '{"text": "b"}'] + ['{"txt": 1}'] * 1500
    path.write_text("\n".join(lines), "utf-8")
    for _time in range(2):
        cache = prepare(path, tokenizer, needs="text")
        assert [(p.line, p.code) for p in cache.skipped[:3]] == [
            (2, "not_json"),
            (3, "text_empty"),
            (5, "no_known_key"),
        ]
        assert (cache.documents, cache.skipped_count, len(cache.skipped)) == (2, 1502, 1000)
        assert cache.skipped[0].message.startswith("this is not JSON")


def test_no_usable_row_is_refused_and_leaves_nothing(tokenizer: Tokenizer, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"txt": "a"}\n', "utf-8")
    with pytest.raises(BadInput, match=r"No row of a.jsonl can be used.*Line 1"):
        prepare(path, tokenizer, needs="text")
    assert folders() == []


def test_progress_and_cancel(
    tokenizer: Tokenizer, pretrain_text: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("minimind.data.encode.BATCH_ROWS", 20)
    seen: list[tuple[int, int]] = []
    with pytest.raises(Cancelled):
        prepare(
            pretrain_text,
            tokenizer,
            needs="text",
            progress=lambda done, total: seen.append((done, total)),
            cancelled=lambda: len(seen) >= 2,
        )
    assert folders() == []
    seen.clear()
    prepare(pretrain_text, tokenizer, needs="text", progress=lambda done, total: seen.append((done, total)))
    size = pretrain_text.stat().st_size
    assert seen[-1] == (size, size)
    assert seen == sorted(seen)


def test_a_damaged_cache_is_made_anew(tokenizer: Tokenizer, pretrain_text: Path) -> None:
    first = prepare(pretrain_text, tokenizer, needs="text")
    expected = first.tokens.tolist()
    with (first.folder / "tokens.bin").open("r+b") as file:
        file.truncate(10)
    assert find(pretrain_text, tokenizer, needs="text") is None
    assert prepare(pretrain_text, tokenizer, needs="text").tokens.tolist() == expected
    (first.folder / "doc_line.bin").unlink()
    assert prepare(pretrain_text, tokenizer, needs="text").tokens.tolist() == expected
    (first.folder / "header.json").write_text("{", "utf-8")
    assert prepare(pretrain_text, tokenizer, needs="text").tokens.tolist() == expected


def test_a_full_disk_is_one_sentence(
    tokenizer: Tokenizer, pretrain_text: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache_module, "free_bytes", lambda _folder: 1000)
    with pytest.raises(BadInput, match="no room for the tokens of") as caught:
        prepare(pretrain_text, tokenizer, needs="text")
    assert caught.value.code == "no_room"
    monkeypatch.undo()

    def full(*_arguments: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setenv("MINIMIND_CACHE", str(pretrain_text.parent / "c"))
    monkeypatch.setattr(cache_module._Columns, "append", full)
    with pytest.raises(BadInput, match="no room for the tokens of"):
        prepare(pretrain_text, tokenizer, needs="text")
    assert folders() == []


def test_a_file_that_grows_meanwhile_is_refused(tokenizer: Tokenizer, pretrain_text: Path) -> None:
    def grow(_done: int, _total: int) -> None:
        with pretrain_text.open("ab") as file:
            file.write(b'{"text": "more"}\n')

    with pytest.raises(BadInput, match="changed while it was read"):
        prepare(pretrain_text, tokenizer, needs="text", progress=grow)
    assert folders() == []


def test_two_at_once_make_one(
    tokenizer: Tokenizer, pretrain_text: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Path] = []
    original = cache_module._make

    def counted(folder: Path, *rest: object) -> None:
        made.append(folder)
        original(folder, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(cache_module, "_make", counted)
    found: list[TokenCache] = []
    threads = [
        threading.Thread(target=lambda: found.append(prepare(pretrain_text, tokenizer, needs="text")))
        for _number in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1
    assert len({cache.folder for cache in found}) == 1


def test_a_killed_process_leaves_no_cache_and_no_lock(pretrain_text: Path, tokenizer: Tokenizer) -> None:
    code = (
        "import sys; from pathlib import Path; from minimind.assets import BUNDLED_TOKENIZER;"
        "from minimind.data.cache import prepare; from minimind.tokenizer.tokenizer import Tokenizer;"
        "prepare(Path(sys.argv[1]), Tokenizer.load(BUNDLED_TOKENIZER), needs='text')"
    )
    root = Path(__file__).resolve().parents[3]
    for point in ("folder.after_fill", "folder.before_rename"):
        environment = {**os.environ, "MINIMIND_FAILPOINTS": f"{point}=kill", "PYTHONPATH": str(root)}
        done = subprocess.run([sys.executable, "-c", code, str(pretrain_text)], env=environment, check=False)
        assert done.returncode == -9
        assert find(pretrain_text, tokenizer, needs="text") is None
    assert prepare(pretrain_text, tokenizer, needs="text").documents > 50
    assert len(folders()) == 1


def test_rows_of_other_kinds_have_no_cache(tokenizer: Tokenizer, pretrain_text: Path) -> None:
    with pytest.raises(ValueError, match="preferences"):
        prepare(pretrain_text, tokenizer, needs="preferences")


def test_stats_count(tokenizer: Tokenizer, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "好"}\n{"text": "好"}\n{"text": "' + "长" * 50 + '"}\n', "utf-8")
    cache = prepare(path, tokenizer, needs="text")
    stats = stats_of(cache)
    lengths = np.diff(cache.doc_offsets)
    assert (stats.documents, stats.repeats, stats.text_bytes) == (3, 1, 156)
    assert stats.tokens == lengths.sum()
    assert stats.lengths[-1] == lengths.max()
    assert sum(count for _low, _high, count in stats.histogram) == 3
    for low, high, count in stats.histogram:
        assert count == ((lengths >= low) & (lengths <= high)).sum()
    json.dumps(stats.to_json())


def test_torch_is_not_needed() -> None:
    modules = ["cache", "formats", "packing", "split", "preview", "convert", "stats"]
    code = "import sys\n" + "".join(f"import minimind.data.{name}\n" for name in modules)
    code += "import minimind.tokenizer.train, minimind.cli.data, minimind.cli.tokenizer\n"
    code += "assert 'torch' not in sys.modules and 'platformdirs' not in sys.modules\n"
    root = Path(__file__).resolve().parents[3]
    subprocess.run([sys.executable, "-c", code], cwd=root, check=True)
