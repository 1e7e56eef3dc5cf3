"""setup.sh with everything around it faked: no package is installed, no network is asked."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
TOOLS = ("awk", "bash", "cat", "chmod", "cp", "cut", "dirname", "env", "grep", "ldd", "ln", "mkdir", "mktemp")
TOOLS += ("mv", "printf", "rm", "sed", "sh", "tail", "tee", "tr", "uname")
LIBRARIES = ["libegl1", "libgl1", "libglib2.0-0", "libfontconfig1", "libxkbcommon0", "libdbus-1-3"]
TEST_TOOLS = ["g++", "xvfb", "xauth", "xdotool", "openbox", "imagemagick"]

# `-m venv` makes a folder with a copy of this script as its python; pip and the tools write down their calls
PYTHON = """#!/bin/bash
log() { printf '%s\\n' "$*" >>"$FAKE/log"; }
case "$1 $2" in
    "-m venv") log "venv $3"; mkdir -p "$3/bin"; cp "$0" "$3/bin/python"
               printf '#!/bin/bash\\nexec "$FAKE/bin/answer" lint-imports\\n' >"$3/bin/lint-imports"
               chmod +x "$3/bin/lint-imports" ;;
    "-m pip") shift 2; log "pip $*"; [ ! -e "$FAKE/pip-fails" ] || exit 1
              [ ! -e "$FAKE/pip-is-killed" ] || kill -9 $PPID ;;
    "-m "*) shift; log "$* OMP=$OMP_NUM_THREADS QT=$QT_QPA_PLATFORM SHARED=${MINIMIND_SHARED-unset}"
            exec "$FAKE/bin/answer" "$1" ;;
    "-c "*) case $2 in
                *_base_executable*) echo "$0" ;;
                *ensurepip*) [ ! -e "$FAKE/no-ensurepip" ] ;;
                *urllib*) [ -e "$FAKE/index-answers" ] ;;
                *'m.version("torch")'*) grep -qs "pip install.* torch" "$FAKE/log" ;;
                *'import pip, sys'*) [ ! -e "$FAKE/old-pip" ] ;;
                *'import pip'*) [ ! -e "$FAKE/no-pip" ] ;;
                *) exec "$REAL_PYTHON" "$@" ;;
            esac ;;
    "- ") cat >/dev/null ;;
    *) log "$*"; exec "$FAKE/bin/answer" "$1" ;;
esac
"""
ANSWER = """#!/bin/bash
case $1 in pytest) echo "collected"; echo "===== ${CLOSING:-3 passed} in 0.1s =====" ;; esac
exit "$(cat "$FAKE/status-${1//\\//-}" 2>/dev/null || echo 0)"
"""
FAKES = {
    "apt-get": 'echo "apt-get $*" >>"$FAKE/log"; case $* in *print-uris*) echo "x y 60000000";; esac',
    "dpkg-query": 'case " $(cat "$FAKE/installed") " in *" ${@: -1} "*) echo installed;; *) exit 1;; esac',
    "fc-list": 'cat "$FAKE/fonts"',
    "sudo": 'echo "sudo $1" >>"$FAKE/log"; exec "$@"',
    "id": 'cat "$FAKE/uid"',
    "answer": ANSWER,
    "python3.11": PYTHON,
}


@dataclass
class Machine:
    """A folder with the script, and everything that it would find on a machine."""

    home: Path
    fake: Path

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        base = {
            "PATH": str(self.fake / "bin"),
            "FAKE": str(self.fake),
            "HOME": str(self.fake),
            "REAL_PYTHON": sys.executable,
            "MINIMIND_TORCH": "cpu",
        }
        return subprocess.run(
            ["bash", str(self.home / "setup.sh"), *arguments],
            env=base | environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
        )

    def took(self) -> list[str]:
        """What was called since the last look."""
        log = self.fake / "log"
        lines = log.read_text().splitlines() if log.exists() else []
        log.write_text("")
        return lines

    def say(self, name: str, text: str = "") -> None:
        (self.fake / name).write_text(text)

    def without(self, tool: str) -> None:
        (self.fake / "bin" / tool).unlink()


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    if sys.platform == "win32" or shutil.which("bash") is None:
        pytest.skip("needs bash")
    home, fake = tmp_path / "我的 studio", tmp_path / "fake"
    (fake / "bin").mkdir(parents=True)
    home.mkdir()
    for name in ("setup.sh", "pyproject.toml"):
        shutil.copy(ROOT / name, home / name)
    for tool in TOOLS:
        real = shutil.which(tool)
        if real:
            (fake / "bin" / tool).symlink_to(real)
    for name, body in FAKES.items():
        script = fake / "bin" / name
        script.write_text(body if body.startswith("#!") else f"#!/bin/bash\n{body}\n")
        script.chmod(0o755)
    made = Machine(home, fake)
    made.say("uid", "0")
    made.say("installed")
    made.say("fonts")
    return made


def equip(machine: Machine) -> None:
    """Everything that setup.sh would ask apt for is there already."""
    words = (ROOT / "setup.sh").read_text().split('QT_LIBRARIES="')[1].split('"')[0].replace("\\\n", " ")
    machine.say("installed", " ".join([*words.split(), *TEST_TOOLS]))
    machine.say("fonts", "/usr/share/fonts/wqy.ttc\n")


def test_a_bare_machine_is_told_each_step_and_its_size(machine: Machine) -> None:
    machine.say("old-pip")
    done = machine.run()
    assert done.returncode == 0, done.stderr
    took = machine.took()
    install = next(line for line in took if line.startswith("apt-get install"))
    for package in [*LIBRARIES, "libxcb-cursor0", "fonts-wqy-microhei"]:
        assert package in install.split()
    assert not set(TEST_TOOLS) & set(install.split())
    assert [line.split()[0] for line in took if not line.startswith(("apt-get", "venv"))] == ["pip"] * 3
    assert took[-1].startswith("pip install -q --disable-pip-version-check -e .")
    assert "61 MB" in done.stdout
    assert done.stdout.count("MB") >= 4
    assert "No NVIDIA card" in done.stdout


def test_without_a_display_one_sentence_names_the_command(machine: Machine) -> None:
    equip(machine)
    done = machine.run()
    assert done.returncode == 0
    last = done.stdout.rstrip().splitlines()
    assert "no display here" in last[-2]
    command = shlex.split(last[-1])
    assert command[:4] == [".venv/bin/python", "-m", "minimind", "train"]
    assert "main.py" not in " ".join(machine.took())
    sample = ROOT / command[command.index("--data") + 1]
    assert sample.is_file()


def test_with_a_display_the_studio_opens(machine: Machine) -> None:
    equip(machine)
    done = machine.run(DISPLAY=":0")
    assert machine.took()[-1] == "main.py"
    assert "no display" not in done.stdout
    machine.say("status-main.py", "3")
    assert machine.run(WAYLAND_DISPLAY="wayland-0").returncode == 3


def test_the_second_time_nothing_is_installed(machine: Machine) -> None:
    equip(machine)
    machine.run("install")
    machine.took()
    done = machine.run("install")
    assert done.returncode == 0
    assert machine.took() == []


def test_a_changed_package_description_is_installed(machine: Machine) -> None:
    equip(machine)
    machine.run("install")
    machine.took()
    with (machine.home / "pyproject.toml").open("a") as file:
        file.write("# changed\n")
    machine.run("install")
    assert [line for line in machine.took() if line.endswith("-e .")]


def test_the_tests_after_the_studio_add_the_extras_and_not_the_reverse(machine: Machine) -> None:
    equip(machine)
    machine.run("install")
    machine.took()
    machine.run("test")
    assert [line for line in machine.took() if line.endswith("-e .[gguf,dev]")]
    machine.run("install")
    assert machine.took() == []


@pytest.mark.parametrize("damage", ["marked", "moved", "no python", "no pip", "no venv at all"])
def test_a_broken_venv_is_made_anew(machine: Machine, damage: str) -> None:
    equip(machine)
    machine.run("install")
    venv = machine.home / ".venv"
    (venv / "old").write_text("")
    if damage == "marked":
        (venv / "minimind-unfinished").write_text("")
    elif damage == "moved":
        machine.home = machine.home.rename(machine.home.with_name("moved"))
    elif damage == "no python":
        (venv / "bin/python").unlink()
    elif damage == "no pip":
        machine.say("no-pip")
    else:
        shutil.rmtree(venv)
        venv.write_text("a file")
    machine.took()
    done = machine.run("install")
    assert done.returncode == 0, done.stderr
    assert "venv .venv" in machine.took()
    assert not (machine.home / ".venv/old").exists()
    assert (machine.home / ".venv/bin/python").exists()
    assert "made" in done.stdout or "making it anew" in done.stdout


def test_a_killed_pip_leaves_a_mark_and_a_failed_one_does_not(machine: Machine) -> None:
    equip(machine)
    machine.say("pip-fails")
    done = machine.run("install")
    assert done.returncode == 1
    assert "Run the same command again" in done.stderr
    assert not (machine.home / ".venv/minimind-unfinished").exists()
    (machine.fake / "pip-fails").unlink()
    machine.say("pip-is-killed")
    assert machine.run("install").returncode == -9
    assert (machine.home / ".venv/minimind-unfinished").exists()
    (machine.fake / "pip-is-killed").unlink()
    machine.took()
    assert machine.run("install").returncode == 0
    assert "venv .venv" in machine.took()


def test_a_user_goes_through_sudo(machine: Machine) -> None:
    machine.say("uid", "1000")
    assert machine.run("install").returncode == 0
    took = machine.took()
    assert took.count("sudo apt-get") == 1
    assert took.count("sudo env") == 1


def test_without_root_and_sudo_an_administrator_gets_one_command(machine: Machine) -> None:
    machine.say("uid", "1000")
    machine.without("sudo")
    machine.say("no-ensurepip")
    done = machine.run()
    assert done.returncode == 1
    assert machine.took() == []
    [sentence] = done.stderr.strip().splitlines()
    assert "apt-get install -y --no-install-recommends" in sentence
    assert "libegl1" in sentence
    assert not (machine.home / ".venv").exists()


def test_a_user_without_sudo_who_lacks_nothing_goes_on(machine: Machine) -> None:
    equip(machine)
    machine.say("uid", "1000")
    machine.without("sudo")
    assert machine.run("install").returncode == 0


def test_renamed_libraries_count_as_installed(machine: Machine) -> None:
    equip(machine)
    words = (machine.fake / "installed").read_text().replace("libglib2.0-0", "libglib2.0-0t64")
    machine.say("installed", words)
    machine.run("install")
    assert not [line for line in machine.took() if line.startswith("apt-get")]


def test_another_distribution_is_told_what_is_needed_and_gets_its_venv(machine: Machine) -> None:
    machine.without("apt-get")
    done = machine.run("install")
    assert done.returncode == 0
    assert "no Debian" in done.stdout
    assert "libegl1" in done.stdout
    assert [line for line in machine.took() if line.endswith("-e .")]


def test_no_python_is_one_sentence(machine: Machine) -> None:
    equip(machine)
    machine.without("python3.11")
    done = machine.run("install")
    assert done.returncode == 1
    assert [line for line in machine.took() if line.startswith("apt-get install") and "python3-venv" in line]
    assert "Python 3.11 or newer" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_which_torch(machine: Machine) -> None:
    equip(machine)

    def wanted(**environment: str) -> str:
        shutil.rmtree(machine.home / ".venv", ignore_errors=True)
        machine.took()
        machine.run("install", **environment)
        return next(line for line in machine.took() if "torch>=" in line)

    assert "--extra-index-url" not in wanted()  # the index does not answer
    machine.say("index-answers")
    assert "--extra-index-url" in wanted()
    assert "--extra-index-url" not in wanted(MINIMIND_TORCH="cuda")
    machine.fake.joinpath("bin/nvidia-smi").symlink_to("/bin/true")
    assert "--extra-index-url" not in wanted(MINIMIND_TORCH="")
    assert wanted().count("torch>=2.10,<2.14") == 1


def test_messages_in_chinese(machine: Machine) -> None:
    equip(machine)
    done = machine.run(LANG="zh_CN.UTF-8")
    assert "这里没有显示器" in done.stdout
    assert "==> No " not in done.stdout


def test_an_unknown_word_is_refused(machine: Machine) -> None:
    done = machine.run("tests")
    assert done.returncode == 1
    assert "usage" in done.stderr
    assert machine.took() == []


CHECKS = ["ruff", "mypy", "lint-imports", "assets/locale/update.py", "pytest"]
PYTEST = "pytest -n auto --maxprocesses 4 --dist loadfile"


def test_the_test_command_runs_every_check(machine: Machine) -> None:
    done = machine.run("test")
    assert done.returncode == 0, done.stdout
    took = machine.took()
    install = next(line for line in took if line.startswith("apt-get install"))
    assert set(TEST_TOOLS) < set(install.split())
    tools = [line.split(" OMP=")[0] for line in took if " OMP=" in line]
    assert tools == ["ruff check .", "ruff format --check .", "mypy", PYTEST]
    assert "assets/locale/update.py --check" in took
    assert "OMP=1 QT=offscreen SHARED=unset" in took[-1]
    assert done.stdout.rstrip().splitlines()[-1] == "===== 3 passed in 0.1s ====="
    assert "llama-cpp-python" in done.stdout


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("status", ["1", "5", "134"])
def test_any_check_that_fails_fails_the_command(machine: Machine, check: str, status: str) -> None:
    equip(machine)
    machine.say(f"status-{check.replace('/', '-')}", status)
    done = machine.run("test")
    assert done.returncode == 1
    assert f"({status})" in done.stdout
    assert f"{PYTEST} OMP=1" in "\n".join(machine.took())  # the rest is run all the same
    assert done.stdout.rstrip().splitlines()[-1].startswith("===== 3 passed")


def test_with_large_data_the_end_to_end_tests_run_without_it_too(machine: Machine) -> None:
    equip(machine)
    (machine.home.parent / "shared/data").mkdir(parents=True)
    assert machine.run("test").returncode == 0
    runs = [line for line in machine.took() if line.startswith("pytest")]
    assert runs == [
        f"{PYTEST} OMP=1 QT=offscreen SHARED=unset",
        f"{PYTEST} -m e2e OMP=1 QT=offscreen SHARED=",
    ]


def test_ci_runs_the_second_command_and_nothing_else() -> None:
    lines = (ROOT / ".ci/run").read_text().splitlines()
    code = [line for line in lines if line and not line.startswith("#")]
    assert code[-1] == "exec bash setup.sh test"
    assert len(code) == 3
    assert os.access(ROOT / ".ci/run", os.X_OK)
