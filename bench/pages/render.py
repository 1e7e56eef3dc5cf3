"""Goes through the scenes, takes the pictures, and lays them out on one page for the eye."""

from __future__ import annotations

import html
import shutil
import tempfile
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtWidgets import QApplication

from bench.pages.real_run import RealRuns
from bench.pages.scenes import Scene
from bench.pages.stage import Stage
from bench.pages.worlds import Worlds

_STYLE = """body { font: 14px sans-serif; margin: 24px; background: #888; color: #fff }
figure { display: inline-block; margin: 0 12px 12px 0; vertical-align: top }
img { width: 480px; display: block } figcaption { padding: 4px 0 }"""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which variants of each scene."""

    languages: tuple[str, ...] = ("zh", "en")
    themes: tuple[str, ...] = ("light", "dark")
    sizes: tuple[tuple[int, int], ...] = ((1024, 640), (1440, 900))
    text_size: int = 100


def render(folder: Path, scenes: Sequence[Scene], runs: RealRuns, wanted: Wanted) -> list[str]:
    """Write `<scene>-<language>-<theme>-<width>x<height>.png` for each and an index.html.

    Returns:
        Names of the scenes that could not be reached.
    """
    application = QApplication.instance() or QApplication(["pages"])
    assert isinstance(application, QApplication)
    application.setQuitOnLastWindowClosed(False)
    application.setCursorFlashTime(0)
    failed = []
    with tempfile.TemporaryDirectory(prefix="pages-") as work:
        worlds = Worlds(Path(work) / "worlds", runs)
        for scene in scenes:
            began = time.monotonic()
            for language in wanted.languages:
                try:
                    _take(application, folder, Path(work) / "scene", worlds, scene, wanted, language)
                except Exception:
                    traceback.print_exc()
                    failed.append(f"{scene.name} ({language})")
            print(f"{scene.name}: {time.monotonic() - began:.1f} s", flush=True)
    write_index(folder)
    for name in failed:
        print(f"not reached: {name}")
    return failed


def _take(
    application: QApplication,
    folder: Path,
    home: Path,
    worlds: Worlds,
    scene: Scene,
    wanted: Wanted,
    language: str,
) -> None:
    shutil.rmtree(home, ignore_errors=True)
    worlds.fresh(scene.world, language, home / "projects")
    theme, size = wanted.themes[0], wanted.sizes[0]
    stage = Stage(
        application,
        home / "home",
        home / "projects",
        language=language,
        theme=theme,
        size=size,
        facts=scene.facts,
    )
    try:
        stage.dress(theme=theme, size=size, text_size=wanted.text_size)
        scene.reach(stage)
        for size in wanted.sizes:
            for theme in wanted.themes:
                stage.dress(theme=theme, size=size, text_size=wanted.text_size)
                name = f"{scene.name}-{language}-{theme}-{size[0]}x{size[1]}.png"
                stage.picture().save(str(folder / name))
    finally:
        stage.close()


def write_index(folder: Path) -> None:
    """All pictures of a folder, a row a scene."""
    rows: dict[str, list[str]] = {}
    for file in sorted(folder.glob("*.png")):
        scene = file.stem.rsplit("-", 3)[0]
        rows.setdefault(scene, []).append(file.name)
    parts = [f"<!doctype html><meta charset=utf-8><title>MiniMind Studio</title><style>{_STYLE}</style>"]
    for scene, names in rows.items():
        parts.append(f"<h2>{html.escape(scene)}</h2>")
        for name in names:
            caption = html.escape(name.removeprefix(scene + "-").removesuffix(".png"))
            parts.append(
                f"<figure><a href='{name}'><img loading=lazy src='{name}'></a>"
                f"<figcaption>{caption}</figcaption></figure>"
            )
    (folder / "index.html").write_text("\n".join(parts), "utf-8")
