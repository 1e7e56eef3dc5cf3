"""A second start opens no second window: it brings the first one to the front and ends."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from studio.paths import Paths

ROOT = Path(__file__).resolve().parents[2]


def test_a_second_start_brings_the_first_window_to_the_front(paths: Paths) -> None:
    command = [sys.executable, "-m", "tests.end_to_end.first_window", str(paths.projects)]
    first = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert first.stdout is not None
    assert first.stdin is not None
    try:
        assert first.stdout.readline() == "minimised\n"
        second = subprocess.run(
            [sys.executable, str(ROOT / "main.py"), "--projects", str(paths.projects)],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert (second.returncode, second.stdout, second.stderr) == (0, "", "")
        assert first.stdout.readline() == "in front\n"
        first.stdin.close()
        assert first.stdout.readline() == "closed\n"
        assert first.wait(60) == 0
    finally:
        first.kill()
        first.wait()
        first.stdout.close()


def test_another_projects_folder_is_another_window(paths: Paths, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.end_to_end.first_window", str(paths.projects)]
    first = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert first.stdout is not None
    assert first.stdin is not None
    try:
        assert first.stdout.readline() == "minimised\n"
        other = [
            sys.executable,
            str(ROOT / "main.py"),
            "--projects",
            str(tmp_path / "other"),
            "--first-paint",
        ]
        second = subprocess.run(other, capture_output=True, text=True, timeout=120, check=False)
        assert second.returncode == 0
        assert "first paint after" in second.stdout
        # nobody asked the first one for anything
        first.stdin.close()
        assert first.stdout.readline() == "closed\n"
    finally:
        first.kill()
        first.wait()
        first.stdout.close()
