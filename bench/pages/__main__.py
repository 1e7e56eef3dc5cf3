"""Every page in its main states as pictures, from the data of a real run.

    python -m bench.pages FOLDER [--only home,run] [--lang zh,en] [--theme light,dark]
        [--size 1024x640,1440x900] [--text-size 100] [--data TEXT.jsonl --chat CHAT.jsonl]

Carries out a tiny recipe first (half a minute, kept for the next call), then opens the real window for each
scene. FOLDER/index.html shows all pictures side by side.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path


def main() -> int:
    """Parse, train, draw."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", default="", help="pages or scenes, separated by commas")
    parser.add_argument("--lang", default="zh,en")
    parser.add_argument("--theme", default="light,dark")
    parser.add_argument("--size", default="1024x640,1440x900")
    parser.add_argument("--text-size", type=int, default=100, choices=(90, 100, 115, 130))
    parser.add_argument("--data", type=Path, help="text rows to train on instead of the sample")
    parser.add_argument("--chat", type=Path, help="conversations to train on instead of the sample")
    options = parser.parse_args()
    # before Qt: a screen that is large enough, whether or not there is one
    os.environ["QT_QPA_PLATFORM"] = f"offscreen:configfile={_screen(options.folder)}"
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ["QT_LOGGING_RULES"] = "qt.qpa.*=false;*.debug=false"

    from bench.pages.real_run import real_runs
    from bench.pages.render import Wanted, render
    from bench.pages.scenes import chosen

    try:
        scenes = chosen([name for name in options.only.split(",") if name])
    except ValueError as error:
        parser.error(str(error))
    runs = real_runs(text=options.data, chat=options.chat)
    wanted = Wanted(
        languages=tuple(options.lang.split(",")),
        themes=tuple(options.theme.split(",")),
        sizes=tuple(_size(text) for text in options.size.split(",")),
        text_size=options.text_size,
    )
    failed = render(options.folder, scenes, runs, wanted)
    assert "torch" not in sys.modules
    print(f"{options.folder / 'index.html'}")
    return 1 if failed else 0


def _size(text: str) -> tuple[int, int]:
    width, _x, height = text.partition("x")
    return int(width), int(height)


def _screen(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "screen.json"
    file.write_text('{"screens": [{"name": "one", "x": 0, "y": 0, "width": 2560, "height": 1600}]}', "utf-8")
    return file.absolute()


if __name__ == "__main__":
    sys.exit(main())
