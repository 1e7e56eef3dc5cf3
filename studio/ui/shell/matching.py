"""What the palette finds for a few letters: no Qt, so that every promise can be tested.

A query is cut into words; each word has to be found in an entry. A word that stands in the title as it is
counts more than one whose letters only follow each other there; the beginning of a word counts more than
its middle. Chinese needs no pinyin: 新训 finds 新建训练.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

Span = tuple[int, int]
# how well a word of the query was found; the greater the better
_WHOLE, _BEGINNING, _WORD, _INSIDE, _ELSEWHERE, _SCATTERED = 60, 50, 40, 30, 20, 10


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One line of the palette.

    Attributes:
        key: the same at every start, for the memory of what was used.
        title: translated.
        group: what kind of thing it is, translated: a page, a run, a command.
        words: other texts by which it is found: its English name, tags, a run's id.
        keys: its shortcut as on key caps, or empty.
        icon: name of an icon.
        do: does it.
    """

    key: str
    title: str
    group: str = ""
    words: tuple[str, ...] = ()
    keys: str = ""
    icon: str = ""
    do: Callable[[], object] = field(compare=False, default=lambda: None)


@dataclass(frozen=True, kw_only=True)
class Match:
    """An entry that was found; `spans` are the parts of its title to be marked, in order, apart."""

    entry: Entry
    score: int
    spans: tuple[Span, ...] = ()


def folded(text: str) -> str:
    """Text without case and without width, letter by letter: as long as the text itself."""
    return "".join(_folded_letter(letter) for letter in text)


def _folded_letter(letter: str) -> str:
    plain = unicodedata.normalize("NFKC", letter).casefold()
    return plain if len(plain) == 1 else letter.lower() if len(letter.lower()) == 1 else letter


def rank(entries: Sequence[Entry], query: str, recent: Sequence[str] = ()) -> list[Match]:
    """Entries in which every word of the query is found, the best first.

    Args:
        entries: in the order in which they are offered when nothing says otherwise.
        query: as typed; empty finds everything.
        recent: keys of what was used, the last first; breaks ties, and is all that counts without a query.
    """
    words = folded(query).split()
    age = {key: place for place, key in enumerate(recent)}
    found = [match for entry in entries if (match := _match(entry, words)) is not None]
    return sorted(found, key=lambda match: (-match.score, age.get(match.entry.key, len(age))))


def _match(entry: Entry, words: Sequence[str]) -> Match | None:
    title = folded(entry.title)
    others = [folded(text) for text in (*entry.words, entry.group)]
    score, marked = 0, set[int]()
    for word in words:
        points, places = _in_title(title, word)
        if points < _ELSEWHERE and any(word in other for other in others):
            points, places = _ELSEWHERE, ()
        if not points:
            return None
        score += points
        marked.update(places)
    return Match(entry=entry, score=score, spans=_spans(marked))


def _in_title(title: str, word: str) -> tuple[int, Sequence[int]]:
    at = title.find(word)
    if at >= 0:
        begins = _find_beginning(title, word)
        at = begins if begins >= 0 else at
        places = range(at, at + len(word))
        if title == word:
            return _WHOLE, places
        return (_BEGINNING if at == 0 else _WORD if begins >= 0 else _INSIDE), places
    scattered = _scattered(title, word)
    return (_SCATTERED, scattered) if scattered else (0, ())


def _find_beginning(title: str, word: str) -> int:
    at = title.find(word)
    while at > 0 and title[at - 1].isalnum():
        at = title.find(word, at + 1)
    return at


def _scattered(title: str, word: str) -> list[int]:
    places: list[int] = []
    for letter in word:
        at = title.find(letter, places[-1] + 1 if places else 0)
        if at < 0:
            return []
        places.append(at)
    return places


def _spans(places: set[int]) -> tuple[Span, ...]:
    spans: list[Span] = []
    for place in sorted(places):
        if spans and spans[-1][1] == place:
            spans[-1] = (spans[-1][0], place + 1)
        else:
            spans.append((place, place + 1))
    return tuple(spans)
