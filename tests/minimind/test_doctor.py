from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from minimind import doctor, machine, remedy, text
from minimind.cli import main
from minimind.doctor import SEVERITIES, Finding, judge, report_line, suggestions
from minimind.machine import Facts, TorchFacts
from minimind.nvml import GPU_PROBLEMS, Card, Cards, GpuProblem

ROOT = Path(__file__).resolve().parents[2]
GIB = 2**30

CPU_TORCH = TorchFacts(version="2.13.0+cpu")
CUDA_TORCH = TorchFacts(
    version="2.13.0", cuda="13.0", architectures=("sm_75", "sm_80", "sm_86", "sm_90", "sm_120")
)
WORKING_TORCH = replace(CUDA_TORCH, available=True, devices=("NVIDIA GeForce RTX 3090",))
CARD = Card(
    index=0,
    name="NVIDIA GeForce RTX 3090",
    memory_total_bytes=24 * GIB,
    memory_free_bytes=23 * GIB,
    compute_capability=(8, 6),
)
NEW_DRIVER = Cards(cards=(CARD,), driver="580.82.07", cuda=(13, 0))
OLD_DRIVER = Cards(cards=(CARD,), driver="535.183.01", cuda=(12, 2))
NO_DRIVER = Cards(problem=GpuProblem(code="no_driver"))
HEALTHY = Facts(
    python=(3, 11, 2),
    executable="/home/me/my studio/.venv/bin/python",
    distribution=("debian",),
    torch=CPU_TORCH,
    cards=NO_DRIVER,
    cpu_bf16=True,
    compiler="c++ 12.2.0",
    extras={"llama-cpp-python": "0.3.36"},
    disk_free_bytes=80_000_000_000,
    ram_free_bytes=20 * GIB,
    ram_total_bytes=24 * GIB,
    chinese_font=True,
)
PYTHON = "'/home/me/my studio/.venv/bin/python' -m pip install"
CUDA_COMMAND = f"{PYTHON} --force-reinstall 'torch>=2.10,<2.14'"
LEGACY_COMMAND = f"{PYTHON} --force-reinstall --index-url {remedy.LEGACY_INDEX} 'torch>=2.10,<2.14'"


def finding(facts: Facts, code: str) -> Finding:
    found = [f for f in judge(facts) if f.code == code]
    assert len(found) == 1, [f.code for f in judge(facts)]
    return found[0]


def test_a_healthy_machine_gets_no_suggestion() -> None:
    findings = judge(HEALTHY)
    assert suggestions(findings) == []
    assert {f.code for f in findings} >= {
        "no_card",
        "torch",
        "precision",
        "compiler",
        "disk",
        "ram",
        "font",
        "python",
    }
    assert finding(HEALTHY, "no_card").consequence == "Training uses the CPU."


def test_findings_come_by_seriousness() -> None:
    facts = replace(HEALTHY, torch=TorchFacts(), disk_free_bytes=2_000_000_000, compiler="")
    order = [SEVERITIES.index(f.severity) for f in judge(facts)]
    assert order == sorted(order)
    assert judge(facts)[0].code == "torch_missing"
    assert [f.code for f in suggestions(judge(facts))] == ["torch_missing", "disk_low"]


def test_a_driver_too_old_for_torch_is_mended_by_another_torch() -> None:
    facts = replace(
        HEALTHY, cards=OLD_DRIVER, torch=replace(CUDA_TORCH, reason="The NVIDIA driver is too old")
    )
    found = finding(facts, "driver_too_old")
    assert found.severity == "warning"
    assert found.fact == "Driver 535 is too old for PyTorch 2.13."
    assert found.consequence == "Training would use the CPU."
    assert found.command == LEGACY_COMMAND


def test_a_driver_of_cuda_11_needs_a_newer_driver() -> None:
    cards = replace(OLD_DRIVER, driver="470.256.02", cuda=(11, 4))
    found = finding(replace(HEALTHY, cards=cards, torch=CUDA_TORCH), "driver_too_old")
    assert (found.advice, found.command) == ("Install a newer driver.", "")


@pytest.mark.parametrize(
    ("cards", "command"), [(NEW_DRIVER, CUDA_COMMAND), (OLD_DRIVER, LEGACY_COMMAND)], ids=["new", "old"]
)
def test_a_processor_build_beside_a_card_is_replaced(cards: Cards, command: str) -> None:
    assert finding(replace(HEALTHY, cards=cards), "torch_cpu_build").command == command


def test_a_card_that_the_build_has_no_code_for() -> None:
    pascal = replace(CARD, name="NVIDIA GeForce GTX 1080", compute_capability=(6, 1))
    facts = replace(HEALTHY, cards=replace(NEW_DRIVER, cards=(pascal,)), torch=WORKING_TORCH)
    found = finding(facts, "card_too_old")
    assert found.fact == "PyTorch 2.13 has no code for NVIDIA GeForce GTX 1080."
    assert found.command == LEGACY_COMMAND


@pytest.mark.parametrize("capability", [(8, 9), (7, 5), (9, 0), (12, 0), (12, 1)])
def test_machine_code_runs_on_later_cards_of_its_major_version(capability: tuple[int, int]) -> None:
    card = replace(CARD, compute_capability=capability)
    facts = replace(HEALTHY, cards=replace(NEW_DRIVER, cards=(card,)), torch=WORKING_TORCH)
    assert finding(facts, "torch").severity == "ok"


def test_portable_code_runs_on_any_later_card_and_no_earlier_one() -> None:
    later, earlier = replace(CARD, compute_capability=(13, 0)), replace(CARD, compute_capability=(6, 1))
    assert not remedy.has_code_for(later, ("sm_90", "sm_120"))
    assert remedy.has_code_for(later, ("sm_90", "compute_120"))
    assert not remedy.has_code_for(earlier, ("sm_90", "compute_120"))
    assert remedy.has_code_for(replace(CARD, compute_capability=(9, 0)), ("sm_90a", "weird"))


@pytest.mark.parametrize(
    ("value", "reason", "code"),
    [
        ("", "", "cards_hidden"),
        ("-1", "No CUDA GPUs are available", "cards_hidden"),
        ("0", "CUDA unknown error", "torch_no_card"),
        (None, "CUDA unknown error.", "torch_no_card"),
    ],
)
def test_hidden_cards_are_told_from_broken_ones(value: str | None, reason: str, code: str) -> None:
    torch = replace(CUDA_TORCH, reason=reason)
    found = finding(replace(HEALTHY, cards=NEW_DRIVER, torch=torch, visible_devices=value), code)
    assert found.severity == "warning"
    assert found.command in ("unset CUDA_VISIBLE_DEVICES", "sudo reboot")
    assert ".." not in found.fact


def test_a_working_card_is_named_with_memory_and_driver() -> None:
    facts = replace(HEALTHY, cards=NEW_DRIVER, torch=WORKING_TORCH)
    assert finding(facts, "card").fact == "NVIDIA GeForce RTX 3090, 24 GB, driver 580.82.07."
    assert finding(facts, "precision").fact == "bf16 on this card."
    assert suggestions(judge(facts)) == []


def test_a_turing_card_computes_in_float16() -> None:
    card = replace(CARD, compute_capability=(7, 5))
    facts = replace(HEALTHY, cards=replace(NEW_DRIVER, cards=(card,)), torch=WORKING_TORCH)
    assert "float16" in finding(facts, "precision").fact


@pytest.mark.parametrize(
    ("distribution", "command"),
    [
        (("debian",), "sudo apt-get install -y nvidia-driver"),
        (("ubuntu", "debian"), "sudo ubuntu-drivers install"),
        (("linuxmint", "ubuntu", "debian"), "sudo apt-get install -y nvidia-driver"),
        (("fedora",), "sudo dnf install -y akmod-nvidia"),
        (("nixos",), ""),
    ],
)
def test_a_card_without_driver_names_the_distributions_command(
    distribution: tuple[str, ...], command: str
) -> None:
    facts = replace(HEALTHY, pci_card=True, distribution=distribution)
    found = finding(facts, "no_driver")
    assert found.severity == "warning"
    assert found.command == command
    assert "no_card" not in {f.code for f in judge(facts)}


@pytest.mark.parametrize("code", sorted(set(GPU_PROBLEMS) - {"no_driver"}))
def test_every_state_of_the_driver_has_advice(code: str) -> None:
    found = finding(replace(HEALTHY, cards=Cards(problem=GpuProblem(code=code, reason="x"))), code)
    assert found.severity == "warning"
    assert found.advice
    assert found.command


def test_root_needs_no_sudo_and_windows_has_none() -> None:
    facts = replace(HEALTHY, compiler="")
    assert finding(facts, "no_compiler").command == "sudo apt-get install -y g++"
    assert finding(replace(facts, root=True), "no_compiler").command == "apt-get install -y g++"
    assert finding(replace(facts, system="Windows", distribution=()), "no_compiler").command == ""
    assert (
        finding(replace(facts, system="Darwin", distribution=()), "no_compiler").command
        == "xcode-select --install"
    )


def test_a_missing_extra_names_its_command_and_the_compiler_that_it_needs() -> None:
    facts = replace(HEALTHY, extras={})
    assert finding(facts, "no_gguf").command == f"{PYTHON} 'llama-cpp-python>=0.3.16'"
    assert finding(replace(facts, compiler=""), "no_gguf").command == (
        f"sudo apt-get install -y g++ && {PYTHON} 'llama-cpp-python>=0.3.16'"
    )
    assert suggestions(judge(facts)) == []


@pytest.mark.parametrize(
    ("free", "severity"), [(900_000_000, "error"), (4_900_000_000, "warning"), (5_000_000_000, "ok")]
)
def test_little_disk(free: int, severity: str) -> None:
    found = finding(replace(HEALTHY, disk_free_bytes=free), "disk" if severity == "ok" else "disk_low")
    assert found.severity == severity


def test_little_memory_and_a_container() -> None:
    facts = replace(HEALTHY, ram_free_bytes=GIB, ram_total_bytes=2 * GIB, ram_limited=True)
    assert finding(facts, "ram_low").fact == "1.0 GB of 2.0 GB is free. The container allows no more."


def test_no_chinese_font_and_an_unknown_one() -> None:
    missing = finding(replace(HEALTHY, chinese_font=False), "no_font")
    assert missing.command == "sudo apt-get install -y fonts-wqy-microhei"
    assert not [f for f in judge(replace(HEALTHY, chinese_font=None)) if f.noun == "Fonts"]


@pytest.mark.parametrize(
    ("torch", "code"),
    [
        (TorchFacts(), "torch_missing"),
        (TorchFacts(version="2.13.0", error="OSError: libcudart.so.13: cannot open."), "torch_broken"),
        (TorchFacts(version="2.6.0"), "torch_version"),
        (TorchFacts(version="2.14.1"), "torch_version"),
    ],
)
def test_a_torch_that_does_not_do(torch: TorchFacts, code: str) -> None:
    found = finding(replace(HEALTHY, torch=torch), code)
    assert "torch>=2.10,<2.14" in found.command
    assert found in suggestions(judge(replace(HEALTHY, torch=torch)))


def test_requirements_are_those_of_the_package_description() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert remedy.TORCH in project["dependencies"]
    for extra, wanted in remedy.EXTRA_REQUIREMENTS.items():
        assert set(wanted) == set(project["optional-dependencies"][extra])
        assert {name.split(">")[0] for name in wanted} == set(machine.EXTRAS[extra])
    assert remedy.in_range("2.10.1+cu126")
    assert not remedy.in_range("3.0.0")


def every_finding() -> list[Finding]:
    odd = replace(
        HEALTHY, torch=TorchFacts(version="2.6.0", error="x"), extras={}, compiler="", chinese_font=False
    )
    odd = replace(odd, disk_free_bytes=1, ram_free_bytes=1, python=(3, 14, 0), cpu_bf16=False)
    machines = [HEALTHY, odd, replace(odd, torch=TorchFacts()), replace(HEALTHY, pci_card=True)]
    machines += [replace(HEALTHY, torch=TorchFacts(version="2.6.0"))]
    for cards in (OLD_DRIVER, NEW_DRIVER):
        for torch in (CPU_TORCH, CUDA_TORCH, WORKING_TORCH, replace(WORKING_TORCH, architectures=("sm_50",))):
            machines += [replace(HEALTHY, cards=cards, torch=torch, visible_devices=v) for v in (None, "")]
    machines += [replace(HEALTHY, cards=Cards(problem=GpuProblem(code=code))) for code in GPU_PROBLEMS]
    return [f for facts in machines for f in judge(facts)]


def test_every_sentence_is_complete_and_has_a_chinese_one() -> None:
    english = every_finding()
    try:
        text.set_language("zh")
        chinese = every_finding()
    finally:
        text.set_language("en")
    assert [f.code for f in english] == [f.code for f in chinese]
    for en, zh in zip(english, chinese, strict=True):
        for part in (en.fact, en.consequence, en.advice):
            assert "{" not in part
            assert "!" not in part
        assert en.command == zh.command
        for part in ("consequence", "advice"):
            assert (getattr(en, part) == getattr(zh, part)) == (not getattr(en, part)), (en.code, part)


def test_a_line_shows_what_to_type() -> None:
    found = Finding(
        code="x", severity="warning", noun="Disk", fact="Full.", advice="Empty it.", command="rm x"
    )
    assert report_line(found) == "! Disk: Full.\n  Empty it.\n  $ rm x"


# -- the facts of this machine ----------------------------------------------------------------------------


def test_torch_is_asked_in_a_child(tmp_path: Path) -> None:
    code = (
        "import json, sys, dataclasses; from minimind import doctor, machine; f = machine.gather();"
        "doctor.judge(f); assert 'torch' not in sys.modules; print(json.dumps(dataclasses.asdict(f)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stderr
    facts = json.loads(done.stdout)
    assert facts["torch"]["version"] == machine.installed("torch")
    assert facts["torch"]["error"] == ""
    assert facts["python"] == list(sys.version_info[:3])
    assert facts["folder"] == str(tmp_path)
    assert 0 < facts["ram_free_bytes"] <= facts["ram_total_bytes"]
    assert facts["disk_free_bytes"] > 0


def test_a_torch_that_hangs_is_a_fact(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(machine, "installed", lambda name: "2.13.0")
    facts = machine.ask_torch(timeout_s=0.001)
    assert facts == TorchFacts(version="2.13.0", error="no answer within 0 s")


@pytest.mark.parametrize(
    ("status", "out", "err", "error"),
    [
        (1, b"", b"Traceback\nImportError: no libc10.so\n", "ImportError: no libc10.so"),
        (-11, b"", b"", "ended by signal 11"),
        (3, b"not json\n", b"", "exit status 3"),
    ],
)
def test_a_torch_that_dies_is_a_fact(status: int, out: bytes, err: bytes, error: str) -> None:
    done = subprocess.CompletedProcess([], status, out, err)
    assert machine._read_answer("2.13.0", done) == TorchFacts(version="2.13.0", error=error)


def test_a_torch_that_cannot_be_imported_answers_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "torch.py").write_text("raise OSError('libcudart.so.13: cannot open shared object file')\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(machine, "installed", lambda name: "2.13.0")
    assert machine.ask_torch().error == "OSError: libcudart.so.13: cannot open shared object file"


def test_a_card_on_the_bus_is_no_sound_device(tmp_path: Path) -> None:
    for name, vendor, kind in (("a", "0x8086", "0x030000"), ("b", "0x10de", "0x040300"), ("c", "", "")):
        (tmp_path / name).mkdir()
        if vendor:
            (tmp_path / name / "vendor").write_text(vendor + "\n")
            (tmp_path / name / "class").write_text(kind + "\n")
    assert not machine._pci_card(tmp_path)
    (tmp_path / "b/class").write_text("0x030200\n")
    assert machine._pci_card(tmp_path)


def test_the_distribution_and_what_it_is_like(tmp_path: Path) -> None:
    file = tmp_path / "os-release"
    assert machine._distribution(file) == ()
    file.write_text('NAME="Linux Mint"\nID=linuxmint\nID_LIKE="ubuntu debian"\nVERSION_ID="22"\n')
    assert machine._distribution(file) == ("linuxmint", "ubuntu", "debian")


def test_command_line(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("minimind.cli.doctor.gather", lambda folder: replace(HEALTHY, disk_free_bytes=1))
    assert main(["doctor", "--json"]) == 1
    value = json.loads(capsys.readouterr().out)
    assert value["suggestions"] == 1
    assert value["findings"][0]["code"] == "disk_low"
    assert value["facts"]["torch"]["version"] == "2.13.0+cpu"
    monkeypatch.setattr("minimind.cli.doctor.gather", lambda folder: HEALTHY)
    assert main(["doctor"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("· Graphics card: There is no NVIDIA card.")
    assert out.rstrip().endswith("System ready")


def test_examine_is_gather_and_judge(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "gather", lambda folder, timeout_s: HEALTHY)
    assert doctor.examine() == judge(HEALTHY)
