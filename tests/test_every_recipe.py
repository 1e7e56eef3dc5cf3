"""What every recipe must keep, whoever adds it: words in both languages, files that are there, a chain."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from minimind.data.formats import open_source
from minimind.data.rows import Row
from minimind.job import JobSpec, parse_data
from minimind.methods import METHODS
from minimind.methods.method import StartsFrom
from minimind.options import build
from minimind.pipeline.stages import stage_job, stages_of
from minimind.presets import PRESETS
from minimind.recipes import RECIPES, Recipe, job_for
from minimind.run_folder import RunFolder

PO = Path(__file__).resolve().parents[1] / "assets" / "locale" / "zh" / "LC_MESSAGES" / "minimind.po"


@pytest.fixture(params=sorted(RECIPES))
def recipe(request: pytest.FixtureRequest) -> Recipe:
    return RECIPES[request.param]


def test_its_words_are_there_in_both_languages(recipe: Recipe) -> None:
    with PO.open("rb") as file:
        catalog = read_po(file)
    for text in (recipe.title, recipe.summary):
        message = catalog.get(text)
        assert text
        assert message is not None
        assert message.string
    assert recipe.summary.endswith(".")
    assert not recipe.title.endswith(".")


def test_it_is_known_by_its_name_and_names_a_preset(recipe: Recipe) -> None:
    assert RECIPES[recipe.name] is recipe
    assert recipe.model in PRESETS


def test_its_stages_have_names_of_their_own_and_settings_that_the_method_takes(recipe: Recipe) -> None:
    assert len({stage.name for stage in recipe.stages}) == len(recipe.stages)
    for stage in recipe.stages:
        build(METHODS[stage.method].settings, dict(stage.settings))
        # without an end of its own a stage would take as long as the data is
        assert stage.budget.steps or stage.budget.minutes or stage.budget.epochs


def test_its_stages_chain(recipe: Recipe) -> None:
    """The first begins with what random weights can learn, the others with a checkpoint."""
    methods = [METHODS[stage.method] for stage in recipe.stages]
    assert methods[0].starts_from is StartsFrom.SCRATCH
    assert all(method.starts_from is StartsFrom.CHECKPOINT for method in methods[1:])


def test_its_files_are_there_and_each_stage_can_use_them(recipe: Recipe) -> None:
    if recipe.data_dir is None:
        pytest.skip("brings no data")
    for stage in recipe.stages:
        assert stage.data
        for text in stage.data:
            path = Path(parse_data(str(recipe.data_dir / text)).path)
            rows = (item for item in open_source(path, needs=METHODS[stage.method].needs.kind))
            assert isinstance(next(rows), Row)


def test_its_job_survives_the_disk_and_makes_the_job_of_each_stage(recipe: Recipe, tmp_path: Path) -> None:
    if recipe.data_dir is None:
        pytest.skip("brings no data")
    job = job_for(recipe.name, model="tiny", seed=3)
    folder = RunFolder(tmp_path / job.run_id)
    folder.path.mkdir()
    job.save(folder.job_file)
    assert JobSpec.load(folder.job_file) == JobSpec.from_dict(json.loads(json.dumps(job.to_dict())))
    before = None
    for stage in stages_of(folder, job):
        made = stage_job(job, stage, parent=folder, before=before, changes={})
        assert made.seed == 3
        if before is None:
            assert made.model.preset == "tiny"
        else:
            assert made.model.checkpoint == str(before.folder.path)
        before = stage
