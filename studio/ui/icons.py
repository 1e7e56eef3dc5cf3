"""Lucide icons, tinted: the same SVG in every colour of the theme, sharp at every device ratio."""

from __future__ import annotations

import hashlib
from pathlib import Path

from PySide6.QtCore import QByteArray, QRectF, QSize, Qt
from PySide6.QtGui import QGuiApplication, QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from minimind.assets import ASSETS
from minimind.files import replace_bytes

# what the stylesheet needs as files: name → (icon, token, stroke)
_STYLE_FILES = {
    "chevron-down": ("chevron-down", "text2", 2.0),
    "chevron-up": ("chevron-up", "text2", 2.0),
    "chevron-down-off": ("chevron-down", "text_disabled", 2.0),
    "check-on": ("check", "on_accent", 3.0),
    "minus-on": ("minus", "on_accent", 3.0),
    "dot-on": ("dot", "on_accent", 2.0),
}
_DOT = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="24" height="24" viewBox="0 0 24 24">'
    '<circle cx="12" cy="12" r="4.5" fill="currentColor"/></svg>'
)


class Icons:
    """Reads SVGs once, renders them per colour, size and device ratio, and keeps what it rendered."""

    def __init__(self, folder: Path = ASSETS / "icons") -> None:
        self._folder = folder
        self._sources: dict[str, str] = {}
        self._pixmaps: dict[tuple[str, str, int, float, int], QPixmap] = {}

    def svg(self, name: str, colour: str, stroke: float = 2.0) -> bytes:
        """An icon's SVG in one colour.

        Raises:
            FileNotFoundError: no such icon in assets/icons.
        """
        source = self._sources.get(name)
        if source is None:
            source = _DOT if name == "dot" else (self._folder / f"{name}.svg").read_text("utf-8")
            self._sources[name] = source
        tinted = source.replace("currentColor", colour)
        return tinted.replace('stroke-width="2"', f'stroke-width="{stroke:g}"').encode()

    def pixmap(
        self, name: str, colour: str, size: int = 16, ratio: float | None = None, *, gap: int = 0
    ) -> QPixmap:
        """An icon as a picture.

        Args:
            name: file name in assets/icons without ending.
            colour: what a token holds.
            size: edge in device-independent pixels; from 18 on the stroke is 1.75 instead of 2.
            ratio: device pixels per pixel; None takes the screen's.
            gap: empty pixels to the right, where Qt leaves too little between icon and text.
        """
        ratio = ratio or _ratio()
        key = (name, colour, size, ratio, gap)
        found = self._pixmaps.get(key)
        if found is None:
            found = self._render(name, colour, size, ratio, gap)
            self._pixmaps[key] = found
        return found

    def icon(self, name: str, colours: dict[str, str], size: int = 16, *, gap: int = 0) -> QIcon:
        """An icon for a button.

        Args:
            name: file name in assets/icons without ending.
            colours: `normal`, and where they differ `active` (under the pointer), `on` (checked), `disabled`.
            size: edge in pixels.
            gap: empty pixels between icon and text beyond Qt's own.
        """
        made = QIcon()
        normal = colours["normal"]
        for mode, state, colour in (
            (QIcon.Mode.Normal, QIcon.State.Off, normal),
            (QIcon.Mode.Active, QIcon.State.Off, colours.get("active", normal)),
            (QIcon.Mode.Normal, QIcon.State.On, colours.get("on", normal)),
            (QIcon.Mode.Active, QIcon.State.On, colours.get("on", normal)),
            (QIcon.Mode.Disabled, QIcon.State.Off, colours.get("disabled", normal)),
        ):
            for ratio in {1.0, _ratio()}:
                made.addPixmap(self.pixmap(name, colour, size, ratio, gap=gap), mode, state)
        return made

    def write_style_files(self, folder: Path, tokens: dict[str, str]) -> Path:
        """Put the tinted SVGs that the stylesheet refers to into a folder below `folder`.

        Returns:
            The folder to give to the stylesheet; its name changes with the content.
        """
        files = {
            f"{name}.svg": self.svg(icon, tokens[token], stroke)
            for name, (icon, token, stroke) in _STYLE_FILES.items()
        }
        digest = hashlib.sha256(b"".join(files.values())).hexdigest()[:12]
        target = folder / f"icons-{digest}"
        target.mkdir(parents=True, exist_ok=True)
        for file_name, content in files.items():
            if not (target / file_name).exists():
                replace_bytes(target / file_name, content, sync=False)
        return target

    def _render(self, name: str, colour: str, size: int, ratio: float, gap: int) -> QPixmap:
        stroke = 2.0 if size < 18 else 1.75
        renderer = QSvgRenderer(QByteArray(self.svg(name, colour, stroke)))
        pixmap = QPixmap(QSize(round((size + gap) * ratio), round(size * ratio)))
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        renderer.render(painter, QRectF(0, 0, size * ratio, size * ratio))
        painter.end()
        pixmap.setDevicePixelRatio(ratio)
        return pixmap


def _ratio() -> float:
    application = QGuiApplication.instance()
    return application.devicePixelRatio() if isinstance(application, QGuiApplication) else 1.0
