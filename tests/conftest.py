"""Fixtures for every test: offscreen Qt, real data where it lies, homes that are thrown away."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

from minimind.text import set_language

# the same examples on every machine, and no failure because a machine is slow
settings.register_profile("project", deadline=None, derandomize=True, max_examples=200)
settings.load_profile("project")
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.pop("MINIMIND_LANG", None)

ROOT = Path(__file__).resolve().parents[1]
# MINIMIND_SHARED points elsewhere or, when empty, makes the tests use the bundled sample only
SHARED = Path(os.environ.get("MINIMIND_SHARED") or ROOT.parent / "shared") / "data"
HAS_SHARED = os.environ.get("MINIMIND_SHARED", "unset") != "" and SHARED.is_dir()


@pytest.fixture(autouse=True)
def _own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test touches the caches, preferences or projects of the person who runs it."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("STUDIO_HOME", str(home))
    monkeypatch.setenv("MINIMIND_CACHE", str(home / "cache"))
    # a window that an earlier test opened in Chinese has no say here
    set_language("en")


@pytest.fixture
def shared_data() -> Path:
    """The folder of real data; the test is skipped where it is not."""
    if not HAS_SHARED:
        pytest.skip("no shared/data here")
    return SHARED


def _rows(source: Path, target: Path, count: int) -> Path:
    with source.open("rb") as lines, target.open("wb") as out:
        for _, line in zip(range(count), lines, strict=False):
            out.write(line)
    return target


@pytest.fixture
def pretrain_text(tmp_path: Path) -> Path:
    """A few hundred {"text"} rows: real ones where they are, else the bundled sample."""
    source = SHARED / "pretrain_zh.jsonl" if HAS_SHARED else ROOT / "assets" / "sample" / "pretrain.jsonl"
    return _rows(source, tmp_path / "pretrain.jsonl", 600)


@pytest.fixture
def chat_rows(tmp_path: Path) -> Path:
    """A few hundred {"conversations"} rows: real ones where they are, else the bundled sample."""
    source = SHARED / "sft_zh.jsonl" if HAS_SHARED else ROOT / "assets" / "sample" / "chat.jsonl"
    return _rows(source, tmp_path / "chat.jsonl", 400)
