from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from minimind import hardware, nvml
from minimind.hardware import (
    GpuSample,
    HardwareReader,
    HardwareSample,
    HardwareSampler,
    container_limit_bytes,
    parse_line,
)
from tests.helpers.fake_driver import build_fake_driver

NOT_SUPPORTED, NO_PERMISSION, DRIVER_NOT_LOADED, GPU_IS_LOST, MISMATCH, UNKNOWN = 3, 4, 9, 15, 18, 999

SAMPLE = HardwareSample(
    t=1763980000.25,
    step=12,
    cpu_percent=37.5,
    ram_used_bytes=9 << 30,
    ram_total_bytes=24 << 30,
    rss_bytes=1 << 30,
    gpus=(
        GpuSample(index=0, name="显卡 0", utilisation_percent=97, memory_used_bytes=3, power_w=342.5),
        GpuSample(index=1, name="B"),
    ),
)


def test_a_line_is_one_json_object_and_comes_back_equal() -> None:
    line = SAMPLE.to_line()
    assert b"\n" not in line
    assert json.loads(line)["gpus"][1] == {"index": 1, "name": "B"}
    assert parse_line(line) == SAMPLE


def test_first_sample_of_a_reader_leaves_processor_load_open_and_still_parses() -> None:
    first = HardwareSample(t=1.0, cpu_percent=None, ram_used_bytes=1, ram_total_bytes=2)
    assert b"cpu_percent" not in first.to_line()
    assert parse_line(first.to_line()) == first


def test_fields_of_a_later_version_are_skipped() -> None:
    value = json.loads(SAMPLE.to_line()) | {"v": 2, "fan_rpm": 3}
    value["gpus"][0]["fan_percent"] = 40
    assert parse_line(json.dumps(value)) == SAMPLE


DAMAGED = [
    b"",
    b"{",
    b"[]",
    b"null",
    b"\xff\xfe",
    b'{"t":1}',
    b'{"t":1,"ram_used_bytes":1,"ram_total_bytes":1,"gpus":3}',
    b'{"t":"x","cpu_percent":1,"ram_used_bytes":1,"ram_total_bytes":2}',
    b"[" * 100_000,
]


@pytest.mark.parametrize("line", DAMAGED)
def test_damaged_lines_are_none(line: bytes) -> None:
    assert parse_line(line) is None


def test_a_reader_measures_this_process() -> None:
    reader = HardwareReader(process=os.getpid())
    first = reader.sample()
    sum(range(2_000_000))  # so that the processor's tick counters have moved
    second = reader.sample(step=3)
    reader.close()
    assert first.cpu_percent is None
    assert second.cpu_percent is None or 0 <= second.cpu_percent <= 100
    assert second.step == 3
    assert 0 < second.ram_used_bytes < second.ram_total_bytes
    assert second.rss_bytes is not None
    assert 1 << 20 < second.rss_bytes < second.ram_total_bytes


def test_a_process_that_is_gone_has_no_memory() -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    reader = HardwareReader(process=gone.pid)
    assert reader.sample().rss_bytes is None


def test_the_least_limit_of_the_containers_counts(tmp_path: Path) -> None:
    inner = tmp_path / "sys/fs/cgroup/docker/abc"
    inner.mkdir(parents=True)
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "proc/self/cgroup").write_text("0::/docker/abc\n")
    assert container_limit_bytes(tmp_path) is None
    (inner / "memory.max").write_text("max\n")
    assert container_limit_bytes(tmp_path) is None
    (inner.parent / "memory.max").write_text("4096\n")
    assert container_limit_bytes(tmp_path) == 4096
    (inner / "memory.max").write_text("8192\n")
    assert container_limit_bytes(tmp_path) == 4096


def run_sampler(sampler: HardwareSampler, beats: int, seen: list[HardwareSample]) -> None:
    enough = threading.Event()
    sampler._on_sample = lambda sample: (seen.append(sample), len(seen) >= beats and enough.set())
    sampler.start()
    assert enough.wait(30)
    sampler.stop(30)
    assert not sampler.is_alive()


def test_a_sampler_appends_whole_lines_and_mends_a_torn_one(tmp_path: Path) -> None:
    path = tmp_path / "hardware.jsonl"
    path.write_bytes(SAMPLE.to_line() + b"\n" + SAMPLE.to_line()[:20])
    seen: list[HardwareSample] = []
    sampler = HardwareSampler(path=path, process=os.getpid(), interval_s=0.001)
    sampler.step = 7
    run_sampler(sampler, 5, seen)
    parsed = [parse_line(line) for line in path.read_bytes().splitlines()]
    assert parsed[0] == SAMPLE
    assert None not in parsed
    assert [s.step for s in parsed[1:] if s] == [7] * (len(parsed) - 1)
    assert len(parsed) - 1 in (len(seen), len(seen) - 1)
    assert sampler.latest == seen[-1]


def test_a_sampler_survives_what_it_cannot_write(tmp_path: Path) -> None:
    seen: list[HardwareSample] = []
    sampler = HardwareSampler(path=tmp_path / "no folder" / "hardware.jsonl", interval_s=0.001)
    run_sampler(sampler, 3, seen)
    assert sampler.failures >= 2
    assert "FileNotFoundError" in sampler.last_error


def test_every_problem_has_a_sentence() -> None:
    for code in nvml.GPU_PROBLEMS:
        sentence = nvml.GpuProblem(code=code, reason="why").message
        assert sentence.endswith(".")
        assert "{" not in sentence


def test_no_driver_is_a_normal_state(monkeypatch: pytest.MonkeyPatch) -> None:
    pynvml = pytest.importorskip("pynvml")

    def missing() -> None:
        raise pynvml.NVMLError(pynvml.NVML_ERROR_LIBRARY_NOT_FOUND)

    monkeypatch.setattr(pynvml, "nvmlInit", missing)
    assert nvml.cards().problem == nvml.GpuProblem(code="no_driver", reason="NVML Shared Library Not Found")
    reader = HardwareReader()
    assert reader.problem is not None
    assert reader.problem.code == "no_driver"
    assert reader.sample().gpus == ()
    assert [device.kind for device in hardware.device_list()] == ["cpu"]


def test_without_nvidia_ml_py_there_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", None)
    problem = nvml.cards().problem
    assert problem is not None
    assert problem.code == "no_pynvml"


# -- the real nvidia-ml-py against a driver library of our own -------------------------------------------


@pytest.fixture(scope="module")
def fake_driver(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = build_fake_driver(tmp_path_factory.mktemp("nvml"))
    if folder is None:
        pytest.skip("no C compiler on Linux, or no nvidia-ml-py: the fake driver cannot be built")
    return folder


def ask_driver(folder: Path, code: str, *answers: str) -> Any:
    """Run `code` in a child that finds the fake driver; it sets `out`."""
    state = folder / "state.txt"
    state.write_text("\n".join(answers) + "\n")
    script = (
        "import json, dataclasses, pathlib, sys\n"
        "from minimind import hardware, nvml\n"
        "answers = pathlib.Path(sys.argv[1])\n"
        f"{code}\n"
        "assert 'torch' not in sys.modules\n"
        "print(json.dumps(out))"
    )
    environment = os.environ | {"LD_LIBRARY_PATH": str(folder), "FAKE_NVML": str(state)}
    done = subprocess.run(
        [sys.executable, "-c", script, state], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


SAMPLE_ONCE = "out = dataclasses.asdict(hardware.sample())"


def test_a_card_is_read_whole(fake_driver: Path) -> None:
    out = ask_driver(fake_driver, SAMPLE_ONCE)
    assert out["gpus"] == [
        {
            "index": 0,
            "name": "NVIDIA GeForce RTX 3090",
            "utilisation_percent": 97,
            "memory_used_bytes": 3 << 30,
            "memory_total_bytes": 24 << 30,
            "temperature_c": 71,
            "power_w": 342.5,
            "power_limit_w": 350.0,
        }
    ]


@pytest.mark.parametrize("error", [NOT_SUPPORTED, NO_PERMISSION, GPU_IS_LOST, UNKNOWN])
def test_what_a_card_does_not_answer_is_none_and_the_rest_is_there(fake_driver: Path, error: int) -> None:
    refused = [f"!{name} {error}" for name in ("memory", "milliwatt", "limit")]
    out = ask_driver(fake_driver, SAMPLE_ONCE, "count 2", *refused)
    for index, card in enumerate(out["gpus"]):
        assert card["index"] == index
        assert card["utilisation_percent"] == 97
        assert card["temperature_c"] == 71
        assert card["memory_total_bytes"] is card["power_w"] is card["power_limit_w"] is None


def test_a_card_lost_in_mid_run_goes_on_as_unknown(fake_driver: Path) -> None:
    code = f"""
reader = hardware.HardwareReader()
before = reader.sample().gpus[0]
questions = "util", "memory", "celsius", "milliwatt", "limit"
answers.write_text("".join(f"!{{q}} {GPU_IS_LOST}\\n" for q in questions))
after = reader.sample().gpus[0]
out = [dataclasses.asdict(before), dataclasses.asdict(after)]
"""
    before, after = ask_driver(fake_driver, code)
    assert before["utilisation_percent"] == 97
    known = {key for key, value in after.items() if value is not None}
    assert known == {"index", "name"}


def test_a_card_without_a_handle_is_still_listed(fake_driver: Path) -> None:
    out = ask_driver(fake_driver, SAMPLE_ONCE, f"!handle {GPU_IS_LOST}")
    assert [card["name"] for card in out["gpus"]] == ["NVIDIA GPU 0"]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (NO_PERMISSION, "no_permission"),
        (DRIVER_NOT_LOADED, "driver_not_loaded"),
        (MISMATCH, "version_mismatch"),
        (UNKNOWN, "nvml_error"),
    ],
)
def test_a_driver_that_does_not_start_is_named(fake_driver: Path, error: int, code: str) -> None:
    out = ask_driver(fake_driver, "out = dataclasses.asdict(nvml.cards())", f"!init {error}")
    assert out["cards"] == []
    assert out["problem"]["code"] == code


def test_cards_and_devices_without_torch(fake_driver: Path) -> None:
    code = "out = [dataclasses.asdict(nvml.cards()), [d.label for d in hardware.device_list()]]"
    found, labels = ask_driver(fake_driver, code, "count 2", "driver 580", "driver_cuda 13000", "cc 61")
    assert found["driver"] == "580.183.01"
    assert found["cuda"] == [13, 0]
    assert found["cards"][1]["compute_capability"] == [6, 1]
    assert found["cards"][1]["memory_free_bytes"] == 21 << 30
    assert labels == ["cuda:0", "cuda:1", "cpu"]


def test_the_doctor_names_the_command_for_a_card_that_this_torch_cannot_use(fake_driver: Path) -> None:
    code = """
from minimind.doctor import judge
from minimind.machine import gather
facts = gather()
out = [facts.torch.available, facts.torch.cuda, [(f.code, f.fact, f.command) for f in judge(facts)]]
"""
    available, cuda, findings = ask_driver(fake_driver, code)
    if available:
        pytest.skip("there is a real card here")
    found = {name: (fact, command) for name, fact, command in findings}
    fact, command = found["driver_too_old" if cuda else "torch_cpu_build"]
    assert "RTX 3090" in fact or "Driver 535" in fact
    # the driver runs CUDA 12.2, so the build that torch publishes for 12.6 is the one
    assert command.endswith("--index-url https://download.pytorch.org/whl/cu126 'torch>=2.10,<2.14'")
