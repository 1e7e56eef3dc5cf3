from __future__ import annotations

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minimind import __version__
from minimind.errors import BadInput
from minimind.job import (
    VERSION,
    Budget,
    DataFile,
    Hardware,
    JobSpec,
    ModelRef,
    new_run_id,
    parse_data,
)


def full_job() -> JobSpec:
    return JobSpec(
        run_id="r",
        method="sft",
        model=ModelRef(checkpoint="/p/runs/q"),
        data=(DataFile(path="/数据/a.jsonl", weight=0.5), DataFile(path="/b.jsonl")),
        val_data="/v.jsonl",
        tokenizer="/t",
        settings={"lr": 0.001, "sample_prompts": ["春"]},
        budget=Budget(minutes=3.5),
        hardware=Hardware(device="cuda:1", nproc=2),
        seed=7,
        work={"x": [1]},
        created=5.0,
    )


@pytest.mark.parametrize("job", [full_job(), JobSpec(run_id="r", created=1.0)])
def test_a_job_survives_its_file(tmp_path, job):
    job.save(tmp_path / "job.json")
    assert JobSpec.load(tmp_path / "job.json") == job
    value = json.loads((tmp_path / "job.json").read_bytes())
    assert (value["v"], value["program"]) == (VERSION, __version__)


def test_what_a_later_program_added_is_left_aside(tmp_path):
    value = full_job().to_dict()
    value["later"] = 1
    value["hardware"]["colour"] = "red"
    (tmp_path / "job.json").write_text(json.dumps(value))
    assert JobSpec.load(tmp_path / "job.json") == full_job()


def test_a_job_of_a_later_version_is_refused(tmp_path):
    value = {**full_job().to_dict(), "v": VERSION + 1}
    (tmp_path / "job.json").write_text(json.dumps(value))
    with pytest.raises(BadInput, match="newer version") as caught:
        JobSpec.load(tmp_path / "job.json")
    assert caught.value.code == "newer_job"


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "{}", '{"v": "1"}', '{"v": 1}', '{"v": 1, "run_id": "r", "data": 3}']
)
def test_what_is_no_job_is_one_sentence(tmp_path, content):
    path = tmp_path / "job.json"
    path.write_text(content)
    with pytest.raises(BadInput) as caught:
        JobSpec.load(path)
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)


def test_no_file_is_one_sentence(tmp_path):
    with pytest.raises(BadInput, match="run folder"):
        JobSpec.load(tmp_path / "job.json")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
_FIELDS = sorted(JobSpec.__dataclass_fields__)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(_FIELDS), json_values))
def test_any_object_is_a_job_or_one_sentence(tmp_path_factory, value):
    path = tmp_path_factory.mktemp("job") / "job.json"
    path.write_text(json.dumps({"v": 1, "run_id": "r", **value}))
    try:
        job = JobSpec.load(path)
    except BadInput:
        return
    assert isinstance(job.model, ModelRef)
    assert isinstance(job.budget, Budget)
    assert isinstance(job.hardware, Hardware)
    assert isinstance(job.settings, dict)
    assert all(isinstance(item, DataFile) and isinstance(item.path, str) for item in job.data)
    for name in ("run_id", "kind", "method"):
        assert isinstance(getattr(job, name), str)
    assert isinstance(job.work, dict)
    assert isinstance(job.created, int | float)


def test_a_copy_with_changes_leaves_the_first_alone():
    job = full_job()
    assert job.with_changes(seed=8).seed == 8
    assert job.seed == 7


@pytest.mark.parametrize("label", ["sft-mini", "预训练", "a/b\\c..d", "x" * 200, ""])
def test_a_run_id_is_a_folder_name_and_never_taken(label):
    ids = {new_run_id(label) for _ in range(20)}
    assert len(ids) == 20
    for name in ids:
        assert re.fullmatch(r"\d{8}-\d{4}-[a-z0-9-]{1,40}-[0-9a-f]{4}", name)


@pytest.mark.parametrize(
    ("text", "path", "weight"),
    [
        ("a.jsonl", "a.jsonl", 1.0),
        ("a.jsonl:2", "a.jsonl", 2.0),
        ("a.jsonl:.5", "a.jsonl", 0.5),
        ("a.jsonl:1e-1", "a.jsonl", 0.1),
        ("C:\\a.jsonl", "C:\\a.jsonl", 1.0),
        ("a:b.jsonl:3", "a:b.jsonl", 3.0),
        ("dir:name", "dir:name", 1.0),
    ],
)
def test_data_with_a_weight(text, path, weight):
    assert parse_data(text) == DataFile(path=path, weight=weight)


def test_a_file_whose_name_ends_like_a_weight(tmp_path):
    path = tmp_path / "data:2"
    path.write_text("")
    assert parse_data(str(path)) == DataFile(path=str(path))


@pytest.mark.parametrize("weight", ["0", "-1", "1001", "1.2.3"])
def test_a_weight_that_is_none(weight):
    with pytest.raises(BadInput, match="weight"):
        parse_data(f"a.jsonl:{weight}")
