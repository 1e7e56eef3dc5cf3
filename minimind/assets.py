"""Where the files that come with the program lie."""

from __future__ import annotations

from pathlib import Path

ASSETS = Path(__file__).resolve().parent.parent / "assets"
BUNDLED_TOKENIZER = ASSETS / "tokenizer"
SAMPLE = ASSETS / "sample"
