"""Every page in its main states: nothing is cut off or lies over something else, all of it is translated."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from bench.pages.real_run import RealRuns, real_runs
from bench.pages.scenes import SCENES, Scene
from bench.pages.worlds import Worlds
from minimind.text import set_language
from tests.helpers.foreign import is_foreign
from tests.studio.ui.scene_kit import Seen, look_at

LookAt = Callable[[Scene, str], Seen]
each_scene = pytest.mark.parametrize("scene", SCENES, ids=[scene.name for scene in SCENES])
each_language = pytest.mark.parametrize("language", ["zh", "en"])


@pytest.fixture(scope="module")
def runs(request: pytest.FixtureRequest) -> RealRuns:
    """A short real training, kept with pytest's own cache."""
    assert request.config.cache is not None
    return real_runs(Path(request.config.cache.mkdir("pages")), share=0.3)


@pytest.fixture(scope="module")
def seen(
    qapp: QApplication, runs: RealRuns, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[Scene, str], Seen]:
    """Looks at a scene, once for all tests of this file."""
    known: dict[tuple[str, str], Seen] = {}
    worlds = Worlds(tmp_path_factory.mktemp("worlds"), runs)

    def look(scene: Scene, language: str) -> Seen:
        key = (scene.name, language)
        if key not in known:
            known[key] = look_at(qapp, tmp_path_factory.mktemp("scene"), worlds, scene, language)
            set_language("en")
        return known[key]

    return look


@each_language
@each_scene
def test_everything_fits(seen: LookAt, scene: Scene, language: str) -> None:
    assert seen(scene, language).faults == []


@each_scene
def test_everything_fits_with_larger_text(seen: LookAt, scene: Scene) -> None:
    assert seen(scene, "en").large_faults == []


@each_language
@each_scene
def test_everything_is_translated(seen: LookAt, scene: Scene, language: str) -> None:
    # the prompts that a run answers by itself are the same in both
    texts = {text for text in seen(scene, language).texts if not text.startswith("春天来了\n")}
    assert texts, "there is something to read"
    if scene.name != "around-glossary":
        # there a word stands beside its name in the other language
        assert sorted(text for text in texts if is_foreign(text, language)) == []
    if language == "en" and scene.page != "data":
        # the data page shows files, whatever their language
        shown = [text.replace("中文", "") for text in texts]
        assert sorted(text for text in shown if re.search(r"[\u4e00-\u9fff]", text)) == []


@each_scene
def test_nothing_is_the_same_in_both_languages(seen: LookAt, scene: Scene) -> None:
    both = seen(scene, "zh").texts & seen(scene, "en").texts
    # a text with Chinese in it that is the same in both is a row of a file
    shown = [text for text in both if not re.search(r"[\u4e00-\u9fff]", text)]
    assert sorted(text for text in shown if has_unknown_words(text)) == []


# what may be the same in both languages, and why
NAMES = {
    "this program, its presets and files": r"MiniMind( Studio)?\d?|mini(mind)?[-\w]*|tiny"
    r"|\S+\.(jsonl|txt|csv|json|gguf)",
    "other programs, formats and makers": r"Python|NVIDIA|GeForce|RTX|AMD|EPYC|Ryzen|Hugging Face"
    r"|GGUF|llama-cpp-python|torch\.compile|JSON Lines|UTF-8|Muon|AdamW|Ollama",
    "keys": r"Ctrl|Shift|Alt|Enter|Esc|Tab|Del",
    "processors and how numbers are stored": r"CPU|GPU|cpu|cuda|bf16|fp16|float32|BF16|RAM",
    "the name of a language in itself": r"English",
    "what experts call it, in tool tips beside the other language": r"batch size|gradient clipping"
    r"|learning rate|micro-batch|seq_len|warm-?up(-stable-decay)?|checkpoint|held-out|epoch|token|step",
    "tags and words that a person typed": r"#?(base|novels|xyz|qqqqq)|state:running",
    "paths": r"(projects)?/[-\w./]*",
    "commands": r"python3 -m .*",
    "file formats": r"CSV|PNG|SVG",
    "roles and fields as they stand in files": r"user|assistant|dim|ffn_dim|num_\w+",
    "what experts write in either language": r"NaN|Top-p",
}
KNOWN = re.compile("|".join(NAMES.values()))


def has_unknown_words(text: str) -> bool:
    """Words of three letters or more that are no name of anything."""
    return re.search(r"[A-Za-z]{3}", KNOWN.sub("", text)) is not None
