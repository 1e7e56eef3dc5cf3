from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minimind.job import Budget, DataFile
from studio.planning.choices import Choices, Drafts

FULL = Choices(
    method="sft",
    checkpoint="20261124-1524-pretrain-3f2a",
    data=(DataFile(path="/data/对话.jsonl", weight=0.9), DataFile(path="/data/b.jsonl")),
    val_data="/data/held.jsonl",
    settings={"lr": 3e-4, "sample_prompts": ["你好"]},
    budget=Budget(minutes=2.5),
    device="cuda:1",
    seed=7,
    name="第一次",
)


def test_choices_survive_a_json_file() -> None:
    assert Choices.from_dict(json.loads(json.dumps(FULL.to_dict()))) == FULL


def test_a_preset_takes_the_place_of_a_checkpoint_and_back() -> None:
    assert FULL.with_changes(preset="mini").checkpoint is None
    assert FULL.with_changes(preset="mini").with_changes(checkpoint="r").preset is None


def test_a_setting_with_its_default_is_no_change() -> None:
    changed = Choices().with_setting("clip", 0.5, 1.0)
    assert changed.settings == {"clip": 0.5}
    assert changed.with_setting("clip", 1.0, 1.0).settings == {}


def test_other_pages_may_name_files_as_plain_paths() -> None:
    found = Choices.from_dict({"data": ["/a.jsonl", {"path": "/b.jsonl", "weight": 2}]})
    assert found.data == (DataFile(path="/a.jsonl"), DataFile(path="/b.jsonl", weight=2.0))


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(sorted(Choices.__dataclass_fields__)), _json))
def test_a_damaged_draft_never_raises_and_gives_right_types(value: dict[str, object]) -> None:
    found = Choices.from_dict(value)
    assert found.method is None or isinstance(found.method, str)
    assert all(isinstance(file.path, str) and isinstance(file.weight, float) for file in found.data)
    assert isinstance(found.settings, dict)
    assert isinstance(found.seed, int)
    assert Choices.from_dict(found.to_dict()) == found


class TestDrafts:
    def test_the_latest_comes_first_and_discarding_removes_one(self, tmp_path: Path) -> None:
        drafts = Drafts(tmp_path / "drafts")
        assert drafts.all() == []
        first = drafts.save(Choices(method="pretrain"))
        second = drafts.save(FULL)
        for number, draft_id in enumerate((first, second)):
            # the clock may not have moved between two saves
            path = tmp_path / "drafts" / f"{draft_id}.json"
            path.write_text(json.dumps(json.loads(path.read_text()) | {"changed": number}))
        assert [draft.draft_id for draft in drafts.all()] == [second, first]
        assert drafts.all()[0].choices == FULL
        drafts.remove(second)
        assert [draft.draft_id for draft in drafts.all()] == [first]

    def test_saving_under_an_id_replaces_that_draft(self, tmp_path: Path) -> None:
        drafts = Drafts(tmp_path)
        draft_id = drafts.save(Choices(method="pretrain"))
        assert drafts.save(FULL, draft_id) == draft_id
        found = drafts.get(draft_id)
        assert found is not None
        assert found.choices == FULL
        assert len(drafts.all()) == 1

    @pytest.mark.parametrize("content", ["", "[1]", "{", '{"v": 99, "choices": {}}', '{"choices": {}}'])
    def test_damaged_or_newer_drafts_are_left_aside(self, tmp_path: Path, content: str) -> None:
        (tmp_path / "x.json").write_text(content)
        assert Drafts(tmp_path).all() == []

    @pytest.mark.parametrize("draft_id", ["", "../secret", "a/b", "a.b"])
    def test_an_id_cannot_leave_the_folder(self, tmp_path: Path, draft_id: str) -> None:
        (tmp_path / "secret.json").write_text('{"v": 1, "choices": {}}')
        drafts = Drafts(tmp_path / "drafts")
        assert drafts.get(draft_id) is None
        drafts.remove(draft_id)
        assert (tmp_path / "secret.json").exists()
