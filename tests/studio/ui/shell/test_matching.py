from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.ui.shell.matching import Entry, folded, rank


def entry(title: str, *words: str, group: str = "") -> Entry:
    return Entry(key=title, title=title, words=words, group=group)


def titles(entries: list[Entry], query: str, recent: tuple[str, ...] = ()) -> list[str]:
    return [match.entry.title for match in rank(entries, query, recent)]


PAGES = [
    entry("首页", "Home"),
    entry("训练", "Runs"),
    entry("新建训练", "New run"),
    entry("偏好设置", "Preferences"),
    entry("主题：深色", "Theme: Dark"),
]


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("训练", "训练"),
        ("新训", "新建训练"),
        ("home", "首页"),
        ("NEW run", "新建训练"),
        ("pref", "偏好设置"),
        ("深", "主题：深色"),
        ("dark theme", "主题：深色"),
        ("ＨＯＭＥ", "首页"),
    ],
)
def test_chinese_and_english_find_the_same_line(query: str, first: str) -> None:
    assert titles(PAGES, query)[0] == first


def test_the_whole_goes_before_the_beginning_before_a_word_before_the_middle_before_scattered() -> None:
    lines = ["a rxuxn", "prune", "my run", "run two", "run"]
    assert titles([entry(line) for line in lines], "run") == ["run", "run two", "my run", "prune", "a rxuxn"]


def test_what_was_used_last_stands_first_and_breaks_ties() -> None:
    lines = [entry(line) for line in ("one", "two", "three")]
    assert titles(lines, "", ("three", "two")) == ["three", "two", "one"]
    assert titles([entry("run a"), entry("run b")], "run", ("run b",)) == ["run b", "run a"]
    # but it does not win against a better find
    assert titles([entry("run"), entry("prune")], "run", ("prune",)) == ["run", "prune"]


def test_each_word_has_to_be_found() -> None:
    assert titles(PAGES, "训练 zebra") == []


TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=12)
ENTRIES = st.lists(st.builds(entry, TEXT, TEXT, group=TEXT), max_size=6)


@given(ENTRIES, TEXT)
def test_what_is_found_is_offered_once_and_holds_every_letter(entries: list[Entry], query: str) -> None:
    found = rank(entries, query)
    assert len(found) <= len(entries)
    assert all(any(match.entry is line for line in entries) for match in found)
    for match in found:
        said = folded(" ".join([match.entry.title, *match.entry.words, match.entry.group]))
        assert set("".join(folded(query).split())) <= set(said)


@given(ENTRIES, TEXT, TEXT)
def test_a_longer_query_never_finds_more(entries: list[Entry], query: str, more: str) -> None:
    longer = {id(match.entry) for match in rank(entries, query + more)}
    assert longer <= {id(match.entry) for match in rank(entries, query)}


@given(ENTRIES)
def test_no_query_finds_everything_in_the_order_given(entries: list[Entry]) -> None:
    assert [match.entry for match in rank(entries, "")] == entries


@given(TEXT, st.data())
def test_every_part_of_a_title_finds_it_and_is_what_gets_marked(title: str, data: st.DataObject) -> None:
    words = folded(title).split()
    if not words:
        return
    word = data.draw(st.sampled_from(words))
    start = data.draw(st.integers(0, len(word) - 1))
    part = word[start : data.draw(st.integers(start + 1, len(word)))]
    (match,) = rank([entry(title)], part)
    marked = "".join(folded(title)[a:b] for a, b in match.spans)
    assert marked == part


@given(ENTRIES, TEXT)
def test_marks_lie_in_the_title_apart_and_in_order(entries: list[Entry], query: str) -> None:
    for match in rank(entries, query):
        edges = [edge for span in match.spans for edge in span]
        assert edges == sorted(set(edges))
        assert all(0 <= edge <= len(match.entry.title) for edge in edges)


@given(TEXT)
def test_folding_keeps_the_length(text: str) -> None:
    assert len(folded(text)) == len(text)
