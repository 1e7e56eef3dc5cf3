"""Counting a file: the same figures as `check` and the token cache, and places to take reading up again."""

from __future__ import annotations

import json
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minimind.assets import BUNDLED_TOKENIZER
from minimind.data import cache
from minimind.data.count import FileCount, count
from minimind.data.encodings import detect, raw_line
from minimind.data.formats import check, open_source
from minimind.data.rows import Row
from minimind.data.stats import stats_of
from minimind.errors import BadInput
from minimind.tokenizer.tokenizer import Tokenizer


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return Tokenizer.load(BUNDLED_TOKENIZER)


@pytest.mark.parametrize("name", ["pretrain_text", "chat_rows"])
def test_the_figures_are_those_of_the_token_cache(
    name: str, request: pytest.FixtureRequest, tokenizer: Tokenizer
) -> None:
    path: Path = request.getfixturevalue(name)
    found = count(path, tokenizer)
    prepared = cache.prepare(path, tokenizer, needs=found.kind)
    stats = stats_of(prepared)
    assert (found.usable, found.tokens, found.trained) == (stats.documents, stats.tokens, stats.labels)
    assert (found.repeats, found.skipped) == (stats.repeats, prepared.skipped_count)
    assert found.percentile(1.0) == stats.lengths[-1]
    assert found.complete
    assert found.share == 1.0
    assert sum(rows for _length, rows in found.lengths) == found.usable
    assert found.longer_than(0) == found.usable
    assert found.longer_than(found.percentile(1.0)) == 0


def test_every_messy_file_counts_as_check_does(shared_data: Path, tokenizer: Tokenizer) -> None:
    refused = 0
    for path in sorted((shared_data / "messy").iterdir()):
        try:
            report = check(path)
        except BadInput as error:
            refused += 1
            with pytest.raises(BadInput, match="^" + str(error)[:10].replace("(", ".")):
                count(path, tokenizer)
            continue
        found = count(path, tokenizer)
        assert (found.kind, found.rows) == (report.kind, report.rows), path.name
        # `check` does not render the template, which may refuse more rows
        assert found.usable <= report.usable, path.name
        assert {problem.line for problem in report.problems} <= {problem.line for problem in found.problems}
        assert FileCount.from_json(json.loads(json.dumps(found.to_json()))) == found
    assert refused


def test_reading_goes_on_behind_every_place(
    pretrain_text: Path, tokenizer: Tokenizer, tmp_path: Path
) -> None:
    # several megabytes, so that there are several places; a mark at the beginning must not shift them
    big = tmp_path / "big.jsonl"
    big.write_bytes(b"\xef\xbb\xbf" + pretrain_text.read_bytes() * 30)
    found = count(big, tokenizer)
    assert len(found.places) > 3
    source = open_source(big)
    lines = [item.line for item in source if isinstance(item, Row)]
    for number in (1, 2, found.usable // 2, found.usable):
        before, place = found.place_before(number)
        rows = (item for item in source.rows(place) if isinstance(item, Row))
        assert next(islice(rows, number - before - 1, None)).line == lines[number - 1]
        above = found.place_above(lines[number - 1])
        assert above is None or above.line < lines[number - 1]
        assert json.loads(source.raw(lines[number - 1], above))["text"]


def test_repeats_name_both_lines(tmp_path: Path, tokenizer: Tokenizer) -> None:
    path = tmp_path / "twice.jsonl"
    rows = ["one text", "another", "one text", "", "another", "one text"]
    path.write_text("".join(json.dumps({"text": text}) + "\n" for text in rows))
    found = count(path, tokenizer)
    assert [(r.line, r.first_line, r.row) for r in found.repeated] == [(3, 1, 3), (5, 2, 4), (6, 1, 5)]
    assert (found.repeats, found.usable, found.skipped) == (3, 5, 1)


def test_languages_are_told_by_their_letters(tmp_path: Path, tokenizer: Tokenizer) -> None:
    path = tmp_path / "mixed.txt"
    path.write_text("今天天气很好。\n\nThe weather is fine.\n\nпогода\n")
    found = count(path, tokenizer)
    assert found.chinese == 3 * len("今天天气很好")
    assert found.english == len("Theweatherisfine")
    assert found.others == 2 * len("погода")


def test_a_stopped_counting_keeps_what_it_has(
    pretrain_text: Path, tokenizer: Tokenizer, tmp_path: Path
) -> None:
    big = tmp_path / "big.jsonl"
    big.write_bytes(pretrain_text.read_bytes() * 30)
    seen: list[FileCount] = []
    found = count(big, tokenizer, progress=seen.append, cancelled=lambda: len(seen) >= 2)
    assert not found.complete
    assert 0 < found.share < 1
    assert found == seen[-1]
    assert found.usable > seen[0].usable > 0


@given(lines=st.lists(st.binary(max_size=30).map(lambda raw: raw.replace(b"\n", b"")), min_size=1))
def test_a_raw_line_is_never_lost(lines: list[bytes], tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("raw") / "x.jsonl"
    # the first line makes it a text file, whatever follows
    path.write_bytes(b"\n".join([b'{"text": "a"}' * 400, *lines]))
    encoding = detect(path)
    for number, raw in enumerate(lines, 2):
        text = raw_line(path, encoding, number)
        assert text == raw.rstrip(b"\r\n").decode(encoding.codec, "backslashreplace")
