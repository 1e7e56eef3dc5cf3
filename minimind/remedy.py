"""The command that mends something on this system: which package program, which build of torch."""

from __future__ import annotations

import shlex

from minimind.machine import Facts
from minimind.nvml import Card

# as in pyproject.toml; a test holds them together
TORCH = "torch>=2.10,<2.14"
EXTRA_REQUIREMENTS = {
    "gguf": ("llama-cpp-python>=0.3.16",),
}
# the builds of torch for drivers and cards that its main build (CUDA 13) has left behind:
# CUDA 12 runs on drivers from 525 on, and 12.6 still has code for Maxwell, Pascal and Volta
LEGACY_INDEX = "https://download.pytorch.org/whl/cu126"
LEGACY_CUDA, LEGACY_CAPABILITY = 12, (5, 0)

INSTALL = {"debian": "apt-get install -y", "fedora": "dnf install -y", "arch": "pacman -S"}
PACKAGES = {
    "compiler": {"debian": "g++", "fedora": "gcc-c++", "arch": "gcc"},
    "font": {
        "debian": "fonts-wqy-microhei",
        "fedora": "google-noto-sans-cjk-fonts",
        "arch": "noto-fonts-cjk",
    },
    "driver": {"debian": "nvidia-driver", "fedora": "akmod-nvidia", "arch": "nvidia"},
}


def sudo(facts: Facts, command: str) -> str:
    """A command for an administrator; empty on Windows, which has no such prefix."""
    if facts.system == "Windows":
        return ""
    return command if facts.root else f"sudo {command}"


def install(facts: Facts, what: str) -> str:
    """The distribution's command for a compiler, a font or a driver; empty where it is not known."""
    if facts.system == "Darwin" and what == "compiler":
        return "xcode-select --install"
    for family, program in INSTALL.items():
        if family in facts.distribution or (family == "debian" and "ubuntu" in facts.distribution):
            return sudo(facts, f"{program} {PACKAGES[what][family]}")
    return ""


def pip(facts: Facts, *arguments: str) -> str:
    """`pip install` for the Python that this program runs in."""
    return shlex.join([facts.executable, "-m", "pip", "install", *arguments])


def in_range(version: str) -> bool:
    """Whether a version of torch is one that TORCH admits."""
    numbers = tuple(int(part) for part in version.split("+")[0].split(".")[:2] if part.isdigit())
    return (2, 10) <= numbers < (2, 14)


def short(version: str) -> str:
    """2.13 for 2.13.0+cpu."""
    return ".".join(version.split("+")[0].split(".")[:2])


def has_code_for(card: Card, architectures: tuple[str, ...]) -> bool:
    """CUDA's rule: machine code runs on later cards of its major version, PTX on any later card."""
    wanted = card.compute_capability
    if wanted is None:
        return True
    for name in architectures:
        kind, _underscore, number = name.partition("_")
        digits = "".join(c for c in number if c.isdigit())
        if not digits:
            continue
        built = (int(digits[:-1] or 0), int(digits[-1]))
        if built <= wanted and (kind == "compute" or built[0] == wanted[0]):
            return True
    return False


def pip_torch(facts: Facts, card: Card) -> str:
    """The command that installs a build for this driver and card; empty when there is none."""
    cuda, capability = facts.cards.cuda, card.compute_capability
    modern = cuda is None or cuda[0] > LEGACY_CUDA
    if modern and (capability is None or capability >= (7, 5)):
        return pip(facts, "--force-reinstall", TORCH)
    old_card = capability is not None and capability < LEGACY_CAPABILITY
    # 12.6 knows no card newer than Hopper
    new_card = capability is not None and capability >= (10, 0)
    if old_card or new_card or (cuda is not None and cuda[0] < LEGACY_CUDA):
        return ""
    return pip(facts, "--force-reinstall", "--index-url", LEGACY_INDEX, TORCH)
