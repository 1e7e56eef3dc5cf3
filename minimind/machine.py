"""Facts about this machine and this installation, gathered without importing torch.

What only torch can tell comes from a child process, `python -m minimind.machine --torch-facts`: a broken
torch, or one that hangs in a driver, is then a fact like any other. `minimind.doctor` judges the facts.
"""

from __future__ import annotations

import contextlib
import dataclasses
import importlib.metadata
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from minimind import device, hardware, nvml
from minimind.files import free_bytes

# the distributions that an extra brings, of those extras that something here uses
EXTRAS = {
    "gguf": ("llama-cpp-python",),
}
CHINESE_FONTS = re.compile(r"cjk|wqy|wenquan|droidsansfallback|sourcehan|simsun|simhei|msyh|uming|ukai", re.I)
PCI_DISPLAY, PCI_NVIDIA = "0x03", "0x10de"


@dataclass(frozen=True, kw_only=True)
class TorchFacts:
    """What the installed torch says of itself.

    Attributes:
        version: empty when torch is not installed.
        error: why it could not be imported or asked; empty when all went well.
        cuda: the CUDA that it was built for, e.g. 13.0; empty for a processor build.
        available: a card can be used now; reason: what torch said when not.
        devices: names of the cards in torch's order.
        architectures: what its kernels were compiled for, e.g. sm_86, compute_120.
        mps: Apple's graphics can be used.
    """

    version: str = ""
    error: str = ""
    cuda: str = ""
    available: bool = False
    reason: str = ""
    devices: tuple[str, ...] = ()
    architectures: tuple[str, ...] = ()
    mps: bool = False


@dataclass(frozen=True, kw_only=True)
class Facts:
    """Everything that `minimind.doctor` judges; plain values, so that a test can make up any machine.

    Attributes:
        python: version as (major, minor, micro); executable: the interpreter of this installation.
        root: commands need no sudo.
        system: Linux, Darwin or Windows; distribution: the ID and ID_LIKE words of /etc/os-release.
        pci_card: there is an NVIDIA card on the bus, whatever the driver says.
        visible_devices: CUDA_VISIBLE_DEVICES, None when not set.
        compiler: what `c++ --version` prints first; empty without one.
        extras: version of each distribution of EXTRAS that is installed.
        disk_free_bytes: on the disk that holds `folder`.
        chinese_font: None where nobody can tell.
    """

    python: tuple[int, int, int] = (3, 11, 0)
    executable: str = "python3"
    root: bool = False
    system: str = "Linux"
    distribution: tuple[str, ...] = ()
    torch: TorchFacts = field(default_factory=TorchFacts)
    cards: nvml.Cards = field(default_factory=nvml.Cards)
    pci_card: bool = False
    visible_devices: str | None = None
    cpu_name: str = ""
    cpu_threads: int = 1
    cpu_bf16: bool = False
    compiler: str = ""
    extras: dict[str, str] = field(default_factory=dict)
    folder: str = "."
    disk_free_bytes: int = 0
    ram_free_bytes: int = 0
    ram_total_bytes: int = 0
    ram_limited: bool = False
    chinese_font: bool | None = None


def gather(
    folder: Path | None = None, *, timeout_s: float = 120, early: Callable[[Facts], object] | None = None
) -> Facts:
    """Look at everything once; a few seconds, nearly all of them torch's import in its own process.

    Args:
        folder: where runs will be written, for the disk; None is the current folder.
        timeout_s: how long torch may take to answer.
        early: called with all but what torch knows, before it is asked.
    """
    where = folder or Path.cwd()
    processor = device.cpu()
    used, total = hardware.memory()
    limit = hardware.container_limit_bytes()
    facts = Facts(
        python=sys.version_info[:3],
        executable=sys.executable,
        root=hasattr(os, "geteuid") and os.geteuid() == 0,
        system=platform.system(),
        distribution=_distribution(Path("/etc/os-release")),
        cards=nvml.cards(),
        pci_card=_pci_card(Path("/sys/bus/pci/devices")),
        visible_devices=os.environ.get("CUDA_VISIBLE_DEVICES"),
        cpu_name=processor.name,
        cpu_threads=device.physical_threads(),
        cpu_bf16=processor.bf16,
        compiler=_compiler(),
        extras={name: version for names in EXTRAS.values() for name in names if (version := installed(name))},
        folder=str(where),
        disk_free_bytes=free_bytes(where.absolute()),
        ram_free_bytes=total - used,
        ram_total_bytes=total,
        ram_limited=limit is not None and limit == total,
        chinese_font=_chinese_font(),
    )
    if early is not None:
        early(facts)
    return replace(facts, torch=ask_torch(timeout_s=timeout_s))


def installed(distribution: str) -> str:
    """Version of an installed distribution, or nothing; looks at metadata only, imports nothing."""
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return ""


def _distribution(file: Path) -> tuple[str, ...]:
    with contextlib.suppress(OSError):
        entries = dict(re.findall(r'^(ID|ID_LIKE)="?([^"\n]*)', file.read_text("utf-8"), re.M))
        return tuple(f"{entries.get('ID', '')} {entries.get('ID_LIKE', '')}".split())
    return ()


def _pci_card(bus: Path) -> bool:
    for place in bus.glob("*"):
        with contextlib.suppress(OSError):
            vendor, kind = (place / "vendor").read_text(), (place / "class").read_text()
            if vendor.strip() == PCI_NVIDIA and kind.startswith(PCI_DISPLAY):
                return True
    return False


def _compiler() -> str:
    # the order in which torch.compile and CMake look
    for name in (os.environ.get("CXX", ""), "c++", "g++", "clang++", "cl"):
        path = shutil.which(name) if name else None
        if path:
            lines = _output([path, "--version"]).splitlines()
            return lines[0].strip() if lines else name
    return ""


def _output(command: list[str], timeout_s: float = 10) -> str:
    try:
        done = subprocess.run(
            command, capture_output=True, stdin=subprocess.DEVNULL, timeout=timeout_s, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.decode("utf-8", "replace")


def _chinese_font() -> bool | None:
    if platform.system() != "Linux":
        return True  # Windows and macOS come with one
    if shutil.which("fc-list"):
        return bool(_output(["fc-list", ":lang=zh", "file"]).strip())
    folders = [Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), Path.home() / ".local/share/fonts"]
    names = [file.name for folder in folders if folder.is_dir() for file in folder.rglob("*.*")]
    # without fontconfig's tools a name is all there is; no font at all is an answer, an unknown one is none
    return any(CHINESE_FONTS.search(name) for name in names) or (None if names else False)


# -- torch, in a process of its own ---------------------------------------------------------------


def ask_torch(*, timeout_s: float = 120) -> TorchFacts:
    """What torch says, from a child process; every way to fail is in `error`."""
    version = installed("torch")
    if not version:
        return TorchFacts()
    command = [sys.executable, "-m", "minimind.machine", "--torch-facts"]
    root = str(Path(__file__).resolve().parent.parent)
    path = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH", "")]))
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=timeout_s,
            check=False,
            env=os.environ | {"PYTHONPATH": path},
        )
    except subprocess.TimeoutExpired:
        return TorchFacts(version=version, error=f"no answer within {timeout_s:.0f} s")
    except OSError as error:
        return TorchFacts(version=version, error=str(error))
    return _read_answer(version, done)


def _read_answer(version: str, done: subprocess.CompletedProcess[bytes]) -> TorchFacts:
    lines = done.stdout.decode("utf-8", "replace").splitlines()
    with contextlib.suppress(ValueError, TypeError, IndexError):
        answer = json.loads(lines[-1])
        value: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in answer.items()}
        return TorchFacts(**value)
    if done.returncode < 0:
        return TorchFacts(version=version, error=f"ended by signal {-done.returncode}")
    errors = done.stderr.decode("utf-8", "replace").strip().splitlines()
    return TorchFacts(version=version, error=errors[-1] if errors else f"exit status {done.returncode}")


def _torch_facts() -> TorchFacts:
    """Runs in the child."""
    try:
        import torch
    except Exception as error:  # a broken installation fails in many ways: ImportError, OSError, RuntimeError
        return TorchFacts(version=installed("torch"), error=f"{type(error).__name__}: {error}")
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        available = torch.cuda.is_available()
        reason = str(heard[-1].message) if heard else ""
        if torch.version.cuda and not available:
            try:
                torch.cuda.init()
            except Exception as error:  # the sentence is what we are after
                reason = str(error)
    count = torch.cuda.device_count() if available else 0
    return TorchFacts(
        version=torch.__version__,
        cuda=torch.version.cuda or "",
        available=available,
        reason=" ".join(reason.split()),
        devices=tuple(torch.cuda.get_device_name(i) for i in range(count)),
        architectures=tuple(torch.cuda.get_arch_list()) if available else _built_for(torch),
        mps=torch.backends.mps.is_available(),
    )


def _built_for(torch: Any) -> tuple[str, ...]:
    # get_arch_list answers nothing while no card can be used; the build's own list is what is wanted then
    try:
        return tuple((torch._C._cuda_getArchFlags() or "").split())
    except AttributeError:
        return ()


if __name__ == "__main__" and sys.argv[1:] == ["--torch-facts"]:
    if hasattr(os, "nice"):
        os.nice(5)  # the window starts at the same time
    print(json.dumps(dataclasses.asdict(_torch_facts())))
