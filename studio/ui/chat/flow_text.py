"""Text that flows with the page: as high as its lines, selectable, never scrolling by itself."""

from __future__ import annotations

import re
from typing import Any

from PySide6.QtCore import QMimeData, QSize, Qt, QUrl
from PySide6.QtGui import (
    QFont,
    QFontMetrics,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextFormat,
    QWheelEvent,
)
from PySide6.QtWidgets import QFrame, QSizePolicy, QTextBrowser, QWidget

from studio.ui.appearance import Appearance

CURSOR = "\u258d"
# pixels between paragraphs, and before what a list says
_AIR, _INDENT = 6, 26
_CODE = QTextFormat.Property.BlockCodeFence.value
_FENCE = re.compile(r"^\s*(```|~~~)")
_PLAIN_LINE = re.compile(r"^(?!\s*([-*+>#|]|\d+[.)])\s).*\S.*$")


class FlowText(QTextBrowser):
    """Markdown or plain text of one role.

    Nothing in the text can reach out: pictures are not loaded and links do not open.
    """

    def __init__(
        self, appearance: Appearance, *, role: str = "reading", tone: str = "1", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._appearance = appearance
        self._role = role
        self._text, self._markdown, self._writing = "", False, False
        self.setProperty("plain", True)
        self.setProperty("role", role)
        self.setProperty("tone", tone)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setOpenLinks(False)
        self.setUndoRedoEnabled(False)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        # the message around it has a menu of its own
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)
        self.document().setDocumentMargin(0)
        self.document().setIndentWidth(_INDENT)
        self.document().documentLayout().documentSizeChanged.connect(self._fit)
        appearance.changed.connect(self._render)

    def set_text(self, text: str, *, markdown: bool = False, writing: bool = False) -> None:
        """Show text; `writing` puts a block after it, as if a pen stood there."""
        if (text, markdown, writing) != (self._text, self._markdown, self._writing):
            self._text, self._markdown, self._writing = text, markdown, writing
            self._render()

    def text(self) -> str:
        """As it was given."""
        return self._text

    def selected(self) -> str:
        """What a person has marked, without the pen."""
        return self.textCursor().selection().toPlainText().replace(CURSOR, "")

    def natural_width(self) -> int:
        """Pixels that the longest line would take."""
        metrics = QFontMetrics(self._appearance.font(self._role))
        return max((metrics.horizontalAdvance(line) for line in self._text.splitlines()), default=0) + 4

    def sizeHint(self) -> QSize:
        return QSize(self.natural_width(), self.height())

    def minimumSizeHint(self) -> QSize:
        return QSize(40, self._appearance.line_height(self._role))

    def _render(self) -> None:
        document, marked = self.document(), (self.textCursor().anchor(), self.textCursor().position())
        if self._markdown:
            document.setMarkdown(as_markdown(self._text), QTextDocument.MarkdownFeature.MarkdownNoHTML)
        else:
            document.setPlainText(self._text)
        cursor = QTextCursor(document)
        cursor.select(QTextCursor.SelectionType.Document)
        block = QTextBlockFormat()
        height = self._appearance.line_height(self._role)
        block.setLineHeight(height, QTextBlockFormat.LineHeightTypes.MinimumHeight.value)
        cursor.mergeBlockFormat(block)
        if self._markdown:
            self._space_blocks()
            self._thin_bold()
        # Qt puts all the room of a line above its letters: half of it belongs below
        spare = (height - QFontMetrics(self._appearance.font(self._role)).height()) // 2
        frame = document.rootFrame()
        margins = frame.frameFormat()
        margins.setTopMargin(-spare)
        margins.setBottomMargin(spare)
        frame.setFrameFormat(margins)
        if self._writing:
            cursor.movePosition(QTextCursor.MoveOperation.End)
            pen = QTextCharFormat()
            pen.setForeground(self._appearance.color("accent"))
            cursor.insertText(CURSOR, pen)
        self._mark_again(marked)
        self._fit()

    def _space_blocks(self) -> None:
        """Air between paragraphs, code on a ground of its own."""
        document = self.document()
        block = document.begin()
        while block.isValid():
            after = block.next()
            shape = QTextBlockFormat()
            if block.blockFormat().hasProperty(_CODE):
                shape.setBackground(self._appearance.color("sunken"))
                # Qt leaves the room above a line of a fixed pitch unpainted
                shape.setLineHeight(0, QTextBlockFormat.LineHeightTypes.SingleHeight.value)
                if after.isValid() and not after.blockFormat().hasProperty(_CODE):
                    shape.setBottomMargin(_AIR)
            elif after.isValid() and (block.textList() is None or after.textList() is not block.textList()):
                shape.setBottomMargin(_AIR)
            QTextCursor(block).mergeBlockFormat(shape)
            block = after

    def _thin_bold(self) -> None:
        """The boldest face there is is the half bold one; at a higher weight Qt draws its letters twice."""
        document, spans = self.document(), []
        block = document.begin()
        while block.isValid():
            part = block.begin()
            while not part.atEnd():
                fragment = part.fragment()
                if fragment.charFormat().fontWeight() > QFont.Weight.DemiBold:
                    spans.append((fragment.position(), fragment.length()))
                part += 1
            block = block.next()
        half = QTextCharFormat()
        half.setFontWeight(QFont.Weight.DemiBold)
        for position, length in spans:
            cursor = QTextCursor(document)
            cursor.setPosition(position)
            cursor.setPosition(position + length, QTextCursor.MoveMode.KeepAnchor)
            cursor.mergeCharFormat(half)

    def _mark_again(self, before: tuple[int, int]) -> None:
        """What was marked stays marked while text is written on."""
        begin, end = sorted(before)
        if begin < end < self.document().characterCount():
            cursor = self.textCursor()
            cursor.setPosition(begin)
            cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
            self.setTextCursor(cursor)

    def _fit(self, *_size: Any) -> None:
        least = self._appearance.line_height(self._role)
        height = max(least, round(self.document().size().height()))
        if height != self.height():
            self.setFixedHeight(height)

    def loadResource(self, kind: int, name: QUrl | str) -> Any:
        """Nothing is fetched, from nowhere."""
        return None

    def createMimeDataFromSelection(self) -> QMimeData:
        """Copies are plain text, without the pen."""
        data = QMimeData()
        data.setText(self.selected())
        return data

    def wheelEvent(self, event: QWheelEvent) -> None:
        # the page scrolls, not the paragraph
        event.ignore()


def as_markdown(text: str) -> str:
    """Models end lines where they mean it, Markdown joins them: keep the ends outside of code."""
    lines, fenced = text.split("\n"), False
    for index, line in enumerate(lines[:-1]):
        if _FENCE.match(line):
            fenced = not fenced
        elif not fenced and _PLAIN_LINE.match(line) and lines[index + 1].strip():
            lines[index] = line.rstrip() + "  "
    return "\n".join(lines)
