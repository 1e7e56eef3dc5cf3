"""A `libnvidia-ml.so.1` of our own, built from `tests/minimind/fake_nvml.c`."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[1] / "minimind" / "fake_nvml.c"


def build_fake_driver(folder: Path) -> Path | None:
    """Build it into a folder, for LD_LIBRARY_PATH; None where it cannot be built or nothing would call it."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None or not sys.platform.startswith("linux") or importlib.util.find_spec("pynvml") is None:
        return None
    folder.mkdir(parents=True, exist_ok=True)
    library = folder / "libnvidia-ml.so.1"
    command = [compiler, "-shared", "-fPIC", f"-Wl,-soname,{library.name}", "-o", library, SOURCE]
    subprocess.run(command, check=True)
    return folder
