"""A window without files, processes or hardware: for tests of pages and of the window itself."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject

from minimind.doctor import Finding
from minimind.hardware import GpuSample, HardwareSample
from studio.paths import Paths
from studio.preferences import PreferencesFile
from studio.services.project_service import ProjectService
from studio.services.system_service import SystemService
from studio.ui.appearance import Appearance
from studio.ui.memory import WindowMemory
from studio.ui.navigator import Navigator
from studio.ui.pages.table import Tools
from tests.studio.ui.fake_runs import FakeRunService

GB = 2**30
CARD = GpuSample(
    index=0,
    name="NVIDIA GeForce RTX 3090",
    utilisation_percent=97.0,
    memory_used_bytes=int(9.8 * GB),
    memory_total_bytes=24 * GB,
    temperature_c=71.0,
)
FINDINGS = (
    Finding(
        code="driver_old",
        severity="warning",
        noun="Driver",
        fact="Driver 535 is too old for PyTorch 2.13.",
        consequence="Training uses the CPU.",
        advice="Install a newer driver.",
        command="sudo apt-get install -y nvidia-driver",
    ),
    Finding(code="card", severity="ok", noun="Graphics card", fact="NVIDIA GeForce RTX 3090, 24 GB."),
    Finding(code="extra_gguf", severity="note", noun="Optional parts", fact="llama-cpp-python is missing."),
    Finding(code="disk", severity="ok", noun="Disk", fact="412 GB are free."),
)


def sample(*, card: bool = True) -> HardwareSample:
    """The machine at one moment."""
    return HardwareSample(
        t=0.0,
        cpu_percent=34.0,
        ram_used_bytes=5 * GB,
        ram_total_bytes=16 * GB,
        gpus=(CARD,) if card else (),
    )


class FakeRuns(FakeRunService):
    """With a project that can be changed."""

    def __init__(self) -> None:
        super().__init__()
        self.chosen = "First model"

    @property
    def project(self) -> str:
        return self.chosen

    def set_project(self, name: str) -> None:
        self.chosen = name


class FakeProjects(ProjectService):
    """Without files: what is made or renamed is so at once."""

    def __init__(self) -> None:
        QObject.__init__(self)
        self._names = {"First model": "First model", "Novels": "Novels"}

    def look(self) -> None:
        pass

    def create(self, name: str) -> None:
        self._names[name] = name
        self.changed.emit()
        self.made.emit(name)

    def rename(self, folder: str, name: str) -> None:
        before, self._names[folder] = self.name(folder), name
        self.changed.emit()
        self.renamed.emit(folder, before, name)

    def close(self) -> None:
        pass


class FakeSystem(SystemService):
    """Knows what a test tells it."""

    def __init__(self) -> None:
        QObject.__init__(self)
        self.found: list[Finding] | None = list(FINDINGS)
        self.now: HardwareSample | None = sample()
        self.rechecks = 0

    def latest(self) -> HardwareSample | None:
        return self.now

    def findings(self) -> list[Finding] | None:
        return self.found

    def recheck(self) -> None:
        self.rechecks += 1

    def close(self) -> None:
        pass


def make_tools(appearance: Appearance, folder: Path, runs: FakeRuns | None = None) -> Tools:
    """What pages need, in a folder of the test."""
    return Tools(
        appearance=appearance,
        navigator=Navigator(),
        preferences=PreferencesFile(folder / "preferences.json"),
        memory=WindowMemory(folder / "window.json"),
        paths=Paths(projects=folder / "projects", home=folder / "home", cache=folder / "cache"),
        projects=FakeProjects(),
        runs=runs or FakeRuns(),
        system=FakeSystem(),
    )
