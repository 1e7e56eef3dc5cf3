"""The rules that keep the repository in shape: who imports whom, how long things are, what is translated."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from minimind.events import KINDS
from minimind.export import EXPORTERS
from minimind.messages import MESSAGES
from minimind.methods import METHODS
from minimind.options import options_of
from minimind.presets import PRESETS
from minimind.recipes import RECIPES
from studio.preferences import Preferences
from studio.ui.widgets.pill import STATES

ROOT = Path(__file__).resolve().parents[1]
PO = ROOT / "assets" / "locale" / "zh" / "LC_MESSAGES" / "minimind.po"
MOST_LINES, MOST_FUNCTION_LINES = 400, 80
# longer than the rule allows, with the day's reason; nothing may join them silently
LONGER_FILES: frozenset[str] = frozenset()
LONGER_FUNCTIONS = frozenset({"minimind/training/setup.py:assemble"})
# what the window takes from the engine: it must come without torch
WITHOUT_TORCH = (
    "minimind.cli",
    "minimind.data.catalog",
    "minimind.data.formats",
    "minimind.data.preview",
    "minimind.device",
    "minimind.doctor",
    "minimind.estimate",
    "minimind.events",
    "minimind.export",
    "minimind.files",
    "minimind.hardware",
    "minimind.job",
    "minimind.lock",
    "minimind.messages",
    "minimind.methods",
    "minimind.model.config",
    "minimind.options",
    "minimind.pipeline.stages",
    "minimind.plan",
    "minimind.presets",
    "minimind.recipes",
    "minimind.run_folder",
    "minimind.run_state",
    "minimind.text",
    "minimind.tokenizer",
    "minimind.tokenizer.tokenizer",
)


def sources(*packages: str) -> list[Path]:
    return [ROOT / "main.py", *(path for name in packages for path in sorted((ROOT / name).rglob("*.py")))]


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def imports(path: Path) -> Iterator[str]:
    """Every module that a file imports, inside functions, too."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


# -- who imports whom --------------------------------------------------------------------------------


def test_imports_keep_their_direction() -> None:
    command = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([command, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_only_the_store_speaks_sql() -> None:
    speakers = {
        named(path)
        for path in sources("minimind", "studio")
        for module in imports(path)
        if module.partition(".")[0] in ("sqlite3", "sqlite_utils")
    }
    assert speakers
    assert all(name.startswith("studio/store/") for name in speakers), speakers


def test_the_window_imports_no_torch_anywhere() -> None:
    heavy = ("torch", "transformers", "deepspeed", "llama_cpp")
    found = [(named(p), m) for p in sources("studio") for m in imports(p) if m.partition(".")[0] in heavy]
    assert found == []


def test_what_the_window_takes_from_the_engine_comes_without_torch() -> None:
    there = [name for name in WITHOUT_TORCH if _exists(name)]
    assert len(there) >= len(WITHOUT_TORCH) - 1
    code = f"import sys, {', '.join(there)}; sys.exit('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr or "torch was imported"


def _exists(module: str) -> bool:
    path = ROOT / module.replace(".", "/")
    return path.is_dir() or path.with_suffix(".py").is_file()


# -- how long things are -----------------------------------------------------------------------------


def test_no_file_is_longer_than_400_lines() -> None:
    longer = {named(p) for p in sources("minimind", "studio", "bench") if _lines(p) > MOST_LINES}
    assert longer == LONGER_FILES


def _lines(path: Path) -> int:
    return len(path.read_text("utf-8").splitlines())


def test_no_function_is_longer_than_80_lines() -> None:
    longer = set()
    for path in sources("minimind", "studio", "bench"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef) and _length(node) > MOST_FUNCTION_LINES:
                longer.add(f"{named(path)}:{node.name}")
    assert longer == LONGER_FUNCTIONS


def _length(node: ast.FunctionDef) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


# -- what is translated ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def chinese() -> dict[str, str]:
    """English msgid → zh text."""
    with PO.open("rb") as file:
        catalog = read_po(file)
    found = {}
    for message in catalog:
        first = message.id if isinstance(message.id, str) else message.id[0]
        found[first] = message.string if isinstance(message.string, str) else message.string[0]
    return found


def test_the_catalogue_is_whole_and_compiled() -> None:
    command = [sys.executable, str(ROOT / "assets" / "locale" / "update.py"), "--check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_string_hides_in_an_f_string_where_nobody_collects_it() -> None:
    """Babel reads an f-string as one token: a `_("…")` in it never reaches the catalogue."""
    hidden = []
    for path in sources("minimind", "studio"):
        for outer in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(outer, ast.JoinedStr):
                continue
            for node in ast.walk(outer):
                marked = isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
                if marked and node.func.id in ("_", "N_", "ngettext"):  # type: ignore[attr-defined]
                    literals = [a for a in node.args if isinstance(a, ast.Constant)]  # type: ignore[attr-defined]
                    hidden += [f"{named(path)}:{a.lineno} {a.value!r}" for a in literals]
    assert hidden == []


def declared() -> Iterator[tuple[str, str]]:
    """(what it is, its English text) of everything that is declared once and shown in many places."""
    for code, message in MESSAGES.items():
        yield f"message {code}", message.text
        yield f"advice of {code}", message.advice
    for name, method in METHODS.items():
        yield f"method {name}", method.title
        yield f"method {name}", method.summary
        yield from _of_options(f"setting of {name}", method.settings)
    yield from _of_options("preference", Preferences)
    for name, preset in PRESETS.items():
        yield f"preset {name}", preset.title
        yield f"preset {name}", preset.summary
    for name, recipe in RECIPES.items():
        yield f"recipe {name}", recipe.title
        yield f"recipe {name}", recipe.summary
    for name, exporter in EXPORTERS.items():
        yield f"exporter {name}", exporter.title
        yield f"exporter {name}", exporter.summary
        for storage in exporter.storages:
            yield f"storage {storage.name}", storage.phrase
    for name, look in STATES.items():
        yield f"state {name}", look.word


def _of_options(what: str, settings: type) -> Iterator[tuple[str, str]]:
    for item in options_of(settings):
        option = item.option
        for text in (option.label, option.help, option.unit, *(option.choice_labels or ())):
            yield f"{what}: {item.name}", text


def test_everything_declared_has_a_chinese_text(chinese: dict[str, str]) -> None:
    # names, figures and signs are the same in every language
    words = [(what, text) for what, text in declared() if re.search(r"[a-z]{3}", text)]
    names = {"float32", "AdamW", "Muon", "MiniMind", "English", "Hugging Face"}
    missing = [(what, text) for what, text in words if not chinese.get(text) and text not in names]
    assert len(words) > 100
    assert missing == []


def test_every_code_that_the_engine_says_is_a_known_message() -> None:
    """`warn("code", …)` and `fail("code", …)` with a code that nobody can translate."""
    said = set()
    for path in sources("minimind"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
                first = node.args[0]
                if node.func.attr in ("warn", "fail") and isinstance(first, ast.Constant):
                    said.add(str(first.value))
    assert said
    assert said <= set(MESSAGES), said - set(MESSAGES)


def test_event_kinds_are_those_of_the_format_description() -> None:
    text = (ROOT / "docs" / "FORMATS.md").read_text("utf-8")
    assert [kind for kind in KINDS if f"`{kind}`" not in text] == []
