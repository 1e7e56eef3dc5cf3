"""Lines of a log as far as somebody has looked at them: asked for in pages, forgotten again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal

from studio.jobs.log_file import LogPage
from studio.services.run_reader import RunReader

PAGE = 400
# what a person can have in sight and has just scrolled by
_PAGES_KEPT = 8


@dataclass(frozen=True, kw_only=True)
class _Asked:
    """Names an answer; one for another run is of no use any more."""

    owner: int
    run_id: str
    page: int


@dataclass(frozen=True, kw_only=True)
class _Stretch:
    """Names the answer to `fetch`."""

    owner: int
    run_id: str


class LogLines(QObject):
    """Answers from memory and asks for what it does not have.

    Signals:
        changed: lines arrived, or there are more of them.
        fetched(str): the text that `fetch` asked for.
    """

    changed = Signal()
    fetched = Signal(str)

    def __init__(self, runs: RunReader, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._runs = runs
        self._run_id = ""
        self.total = 0
        self._pages: OrderedDict[int, tuple[str, ...]] = OrderedDict()
        self._waiting: set[int] = set()
        runs.log_ready.connect(self._on_ready)

    def watch(self, run_id: str) -> None:
        """Another run's log; nothing is known of it."""
        if run_id != self._run_id:
            self._run_id, self.total = run_id, 0
            self._pages.clear()
            self._waiting.clear()
            self.changed.emit()

    def look_for_more(self) -> None:
        """Ask for the last page: it says how many lines there are now."""
        if self._run_id:
            self._ask(max(0, self.total - 1) // PAGE)

    def line(self, number: int) -> str | None:
        """A line; None while it is on its way."""
        page = self._pages.get(number // PAGE)
        if page is None:
            if 0 <= number < self.total:
                self._ask(number // PAGE)
            return None
        at = number % PAGE
        return page[at] if at < len(page) else None

    def known(self, first: int, last: int) -> Iterator[str]:
        """The lines from `first` to `last` that are in memory."""
        for number in range(first, last):
            page = self._pages.get(number // PAGE)
            if page is not None and number % PAGE < len(page):
                yield page[number % PAGE]

    def fetch(self, first: int, count: int) -> None:
        """Ask for a stretch of any length as one text; `fetched` follows."""
        self._runs.request_log(
            self._run_id, first, count, token=_Stretch(owner=id(self), run_id=self._run_id)
        )

    def _ask(self, page: int) -> None:
        if page not in self._waiting:
            self._waiting.add(page)
            token = _Asked(owner=id(self), run_id=self._run_id, page=page)
            self._runs.request_log(self._run_id, page * PAGE, PAGE, token=token)

    def _on_ready(self, token: object, answer: LogPage) -> None:
        if isinstance(token, _Stretch) and token == _Stretch(owner=id(self), run_id=self._run_id):
            self.fetched.emit("\n".join(answer.lines))
        if not isinstance(token, _Asked) or (token.owner, token.run_id) != (id(self), self._run_id):
            return
        self._waiting.discard(token.page)
        before = self.total, self._pages.get(token.page)
        if answer.total < self.total:
            # another file than before
            self._pages.clear()
        elif answer.total > self.total and self.total % PAGE:
            # the page that was the last one has grown
            self._pages.pop(self.total // PAGE, None)
        self.total = answer.total
        self._pages[token.page] = answer.lines
        self._pages.move_to_end(token.page)
        while len(self._pages) > _PAGES_KEPT:
            self._pages.popitem(last=False)
        if before != (self.total, answer.lines):
            self.changed.emit()
