#!/usr/bin/env bash
# Installs MiniMind Studio into .venv beside this file, then does what was asked.
#
#   bash setup.sh            install, then open the studio
#   bash setup.sh test       install what the tests need too (g++, Xvfb, extras), then run all checks
#   bash setup.sh install    install only
#
# Nothing outside this folder changes, except Debian packages that are missing; each step says what it loads.
#   PYTHON=/path/to/python3  use this Python (3.11 or newer)
#   MINIMIND_TORCH=cpu|cuda  which PyTorch build to take; by default a card decides
#   MINIMIND_LANG=en|zh      the language of these messages
set -euo pipefail
# A link or a path with spaces leads here as well.
cd -P -- "$(dirname -- "${BASH_SOURCE[0]}")"

readonly ROOT=$PWD VENV=.venv
readonly PY=$VENV/bin/python STAMP=$VENV/minimind-stamp UNFINISHED=$VENV/minimind-unfinished
readonly CPU_INDEX=https://download.pytorch.org/whl/cpu
# Qt needs the first six even without a screen; libqxcb needs the others to open a window.
readonly QT_LIBRARIES="libegl1 libgl1 libglib2.0-0 libfontconfig1 libxkbcommon0 libdbus-1-3 \
libxcb-cursor0 libxkbcommon-x11-0 libxcb-icccm4 libxcb-keysyms1 libxcb-shape0"
readonly CHINESE_FONT=fonts-wqy-microhei
# one a line: the path of a Python may hold spaces
readonly PYTHONS=$'python3.11\npython3\npython3.12\npython3.13\npython3.14'
readonly WITHOUT_WINDOW=".venv/bin/python -m minimind train --method pretrain --model mini \
--data assets/sample/pretrain.jsonl --minutes 2 --out projects/first/runs/first"
readonly TEST_TOOLS="g++ xvfb xauth xdotool openbox imagemagick"

case ${MINIMIND_LANG:-${LC_ALL:-${LC_MESSAGES:-${LANG:-}}}} in zh*) CHINESE=1 ;; *) CHINESE= ;; esac

text() { if [ -n "$CHINESE" ]; then printf '%s' "$2"; else printf '%s' "$1"; fi; }
say() { printf '\n==> %s\n' "$(text "$1" "$2")"; }
note() { printf '    %s\n' "$(text "$1" "$2")"; }
stop() {
    printf '\n%s\n' "$(text "$1" "$2")" >&2
    exit 1
}

# --- system packages ---------------------------------------------------------------------------------------

has_package() {
    # Debian 13 and Ubuntu 24.04 renamed some libraries: libglib2.0-0 became libglib2.0-0t64.
    dpkg-query -W -f='${db:Status-Status}\n' "$1" 2>/dev/null | grep -qx installed ||
        dpkg-query -W -f='${db:Status-Status}\n' "$1t64" 2>/dev/null | grep -qx installed
}

has_chinese_font() {
    if command -v fc-list >/dev/null; then
        [ -n "$(fc-list :lang=zh file 2>/dev/null)" ]
    else
        has_package "$CHINESE_FONT" || has_package fonts-noto-cjk
    fi
}

new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

find_python() {
    local name
    local IFS=$'\n'
    for name in ${PYTHON:-$PYTHONS}; do
        if command -v "$name" >/dev/null && new_enough "$name"; then
            # not the one of an activated .venv, which may be about to go
            "$name" -c 'import sys; print(getattr(sys, "_base_executable", sys.executable))'
            return
        fi
    done
}

missing_packages() {
    local python=$1 package
    if [ -z "$python" ]; then
        echo python3 python3-venv
    elif [[ $python == /usr/bin/* ]] && ! "$python" -c 'import venv, ensurepip' 2>/dev/null; then
        "$python" -c 'import sys; print("python{}.{}-venv".format(*sys.version_info))'
    fi
    for package in $QT_LIBRARIES ${TESTS:+$TEST_TOOLS}; do
        has_package "$package" || echo "$package"
    done
    has_chinese_font || echo "$CHINESE_FONT"
}

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

install_packages() {
    local packages
    # word splitting is wanted: these are package names
    # shellcheck disable=SC2046
    packages=$(printf '%s ' $(missing_packages "$1"))
    [ -n "${packages// /}" ] || return 0
    if [ "$(id -u)" != 0 ] && ! command -v sudo >/dev/null; then
        stop "Debian packages are missing and there is no sudo here; an administrator must run: apt-get install -y --no-install-recommends $packages" \
            "缺少系统软件包，这里又没有 sudo；需要管理员运行：apt-get install -y --no-install-recommends $packages"
    fi
    say "Debian packages that are missing: $packages" "缺少这些 Debian 软件包：$packages"
    if [ -n "${TESTS:-}" ]; then
        note "g++, Xvfb, xdotool, openbox and imagemagick are for the tests only." \
            "其中 g++、Xvfb、xdotool、openbox、imagemagick 只有测试用得到。"
    fi
    note "First the list of packages (about 10 MB)." "先取软件包列表（约 10 MB）。"
    # another repository of this machine may be broken; that must not end it here
    as_root apt-get update -qq ||
        note "The list could not be read completely; going on with what is there." "列表没有取全，先用现有的。"
    # shellcheck disable=SC2086
    note "Downloading and installing, about $(download_size $packages)." "现在下载并安装，约 $(download_size $packages)。"
    # shellcheck disable=SC2086
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
        -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 $packages >"$LOG" 2>&1 || {
        tail -n 15 "$LOG" >&2
        stop "apt-get could not install these packages; the lines above say why." \
            "apt-get 没能装好这些软件包，原因在上面几行。"
    }
}

download_size() {
    apt-get -qq --print-uris install --no-install-recommends "$@" 2>/dev/null |
        awk '{ sum += $3 } END { printf "%d MB", sum / 1e6 + 1 }'
}

system_packages() {
    if command -v apt-get >/dev/null && command -v dpkg-query >/dev/null; then
        install_packages "$1"
    elif [ "$(uname -s)" = Linux ]; then
        say "This is no Debian or Ubuntu: install what is missing yourself; going on with the Python part." \
            "这里不是 Debian 或 Ubuntu：缺的系统库要自己装，先继续安装 Python 部分。"
        note "What Debian calls them: $QT_LIBRARIES, and a Chinese font, e.g. $CHINESE_FONT." \
            "它们在 Debian 里的名字：$QT_LIBRARIES，再加一个中文字体，例如 $CHINESE_FONT。"
        if [ -n "${TESTS:-}" ]; then
            note "For the tests also: $TEST_TOOLS." "测试还需要：$TEST_TOOLS。"
        fi
    fi
}

# --- the virtual environment -------------------------------------------------------------------------------

venv_is_whole() {
    # a moved folder has a .venv that still points to its old place
    [ ! -e "$UNFINISHED" ] && [ "$(cat "$VENV/minimind-place" 2>/dev/null)" = "$ROOT" ] &&
        new_enough "$PY" && "$PY" -c 'import pip' 2>/dev/null
}

make_venv() {
    if venv_is_whole; then return; fi
    if [ -e "$VENV" ]; then
        say "The folder .venv is incomplete or was moved: making it anew." ".venv 不完整或被移动过：重新建一个。"
        rm -rf -- "$VENV"
    else
        say "Making .venv with $1 (nothing is downloaded)." "用 $1 建立 .venv（不用下载）。"
    fi
    "$1" -m venv "$VENV"
    printf '%s\n' "$ROOT" >"$VENV/minimind-place"
}

has_nvidia_card() {
    local file
    if [ -e /dev/nvidia0 ] || command -v nvidia-smi >/dev/null || [ -e /usr/lib/wsl/lib/nvidia-smi ]; then
        return 0
    fi
    for file in /sys/bus/pci/devices/*/vendor; do
        # 0x10de is NVIDIA; classes 0x03… are display controllers, an HDMI sound device is none
        if grep -qs 0x10de "$file" && grep -qs '^0x03' "${file%vendor}class"; then return 0; fi
    done
    return 1
}

answers() {
    "$PY" -c 'import sys, urllib.request as u; u.urlopen(u.Request(sys.argv[1], method="HEAD"), timeout=4)' \
        "$1" 2>/dev/null
}

pip_install() {
    local quiet=
    [ -t 1 ] || quiet=-q
    : >"$UNFINISHED"
    # pip undoes what it began when it fails; only a killed pip leaves the mark and so a new .venv
    trap 'exit 130' INT TERM
    # setuptools warns about editable installs as such, to people who can do nothing about it
    PYTHONWARNINGS=ignore "$PY" -m pip install $quiet --disable-pip-version-check "$@" || {
        rm -f "$UNFINISHED"
        stop "pip could not install this; the lines above say why. Run the same command again to go on." \
            "pip 没能装好，原因在上面几行。再运行一次同样的命令就会接着装。"
    }
    rm -f "$UNFINISHED"
    trap - INT TERM
}

install_torch() {
    local wanted
    wanted=$("$PY" -c 'import tomllib
print(next(d for d in tomllib.load(open("pyproject.toml", "rb"))["project"]["dependencies"] if d.startswith("torch")))')
    if "$PY" -c 'import importlib.metadata as m; m.version("torch")' 2>/dev/null; then return; fi
    local choice=${MINIMIND_TORCH:-}
    if [ "$(uname -sm)" != "Linux x86_64" ]; then
        say "Installing PyTorch (about 100 to 300 MB)." "安装 PyTorch（约 100 到 300 MB）。"
    elif [ "$choice" = cuda ] || { [ -z "$choice" ] && has_nvidia_card; }; then
        say "Installing PyTorch for NVIDIA cards (about 2.7 GB)." "安装支持 NVIDIA 显卡的 PyTorch（约 2.7 GB）。"
    elif answers "$CPU_INDEX/torch/"; then
        say "No NVIDIA card here: installing PyTorch for the processor (about 200 MB)." \
            "没有 NVIDIA 显卡：安装只用处理器的 PyTorch（约 200 MB）。"
        pip_install "$wanted" --extra-index-url "$CPU_INDEX"
        return
    else
        say "No NVIDIA card here, but the place of the small PyTorch build does not answer: taking the one that pip finds (200 MB, or up to 2.7 GB)." \
            "没有 NVIDIA 显卡，但小的 PyTorch 下载点没有回应：用 pip 找到的版本（200 MB，最多 2.7 GB）。"
    fi
    pip_install "$wanted"
}

stamp() {
    # what is installed depends on this file and on the extras; the rest of the tree is used in place
    "$PY" -c 'import hashlib, sys
print(sys.argv[1], hashlib.sha256(open("pyproject.toml", "rb").read()).hexdigest())' "$1"
}

install_python_packages() {
    local extras=$1
    if grep -qsxF "$(stamp "$extras")" "$STAMP"; then return; fi
    pip_upgrade
    install_torch
    if [ "$extras" = test ]; then
        say "Installing the window (Qt, about 80 MB), the engine's parts (30 MB) and the test tools (60 MB)." \
            "安装界面（Qt，约 80 MB）、训练部件（30 MB）和测试工具（60 MB）。"
        note "llama-cpp-python is built from source here (77 MB, 3 to 5 minutes on two cores); pip keeps the result." \
            "llama-cpp-python 要在本机编译（77 MB，双核约 3 到 5 分钟），pip 会留着编译结果。"
        # a wheel for this family of processors, not for this one only: pip's cache may be shared
        CMAKE_ARGS=${CMAKE_ARGS:--DGGML_NATIVE=OFF} pip_install -e '.[gguf,dev]'
    else
        say "Installing the window (Qt, about 80 MB) and the engine's parts (about 30 MB)." \
            "安装界面（Qt，约 80 MB）和训练部件（约 30 MB）。"
        pip_install -e .
    fi
    # whoever has the test tools has the rest as well
    { stamp run; if [ "$extras" = test ]; then stamp test; fi; } >"$STAMP"
}

pip_upgrade() {
    if ! "$PY" -c 'import pip, sys; sys.exit(int(pip.__version__.split(".")[0]) < 24)'; then
        say "A newer pip for .venv (2 MB)." "给 .venv 换上较新的 pip（2 MB）。"
        pip_install --upgrade pip
    fi
}

check_window() {
    # found here with a sentence, instead of by Qt with a misleading one
    local missing
    missing=$("$PY" - <<'CODE'
import pathlib, re, subprocess, PySide6
plugins = pathlib.Path(PySide6.__file__).parent / "Qt" / "plugins" / "platforms"
libraries = [p for n in ("libqxcb.so", "libqoffscreen.so") if (p := plugins / n).exists()]
lines = subprocess.run(["ldd", *libraries], capture_output=True, text=True).stdout if libraries else ""
print(" ".join(sorted(set(re.findall(r"(\S+) => not found", lines)))))
CODE
    ) || missing=
    if [ -n "$missing" ]; then
        note "The window needs these libraries, which are not there: $missing" "界面还缺这些系统库：$missing"
    fi
}

install() {
    local python
    python=$(find_python)
    system_packages "$python"
    python=$(find_python)
    [ -n "$python" ] || stop "Python 3.11 or newer is needed and was not found; set PYTHON=/path/to/python3 and run this again." \
        "需要 Python 3.11 或更新的版本，这里没有找到；用 PYTHON=/路径/python3 指定后再运行一次。"
    make_venv "$python"
    install_python_packages "$1"
    check_window
}

# --- what to do afterwards ---------------------------------------------------------------------------------

open_studio() {
    if [ "$(uname -s)" = Linux ] && [ -z "${DISPLAY:-}${WAYLAND_DISPLAY:-}${QT_QPA_PLATFORM:-}" ]; then
        say "Installed. There is no display here, so the window cannot open; the same without a window:" \
            "装好了。这里没有显示器，打不开窗口；不用窗口也能做同样的事："
        note "$WITHOUT_WINDOW" "$WITHOUT_WINDOW"
        return 0
    fi
    rm -f "$LOG"
    say "Opening the studio. Next time: .venv/bin/python main.py" "正在打开。下次用：.venv/bin/python main.py"
    exec "$PY" main.py
}

FAILED=()

check() {
    local name=$1
    shift
    say "$name: $*" "$name：$*"
    "$@" || FAILED+=("$name ($?)")
}

run_pytest() {
    # its exit status counts, not its words: a crash at the end prints "passed" too, and 5 means no test ran
    # a file stays in one process: its costly fixtures are made once
    "$PY" -m pytest -n auto --maxprocesses 4 --dist loadfile "$@" 2>&1 | tee "$LOG"
}

run_tests() {
    # tiny models are slower with more threads than one
    export OMP_NUM_THREADS=${OMP_NUM_THREADS:-1} QT_QPA_PLATFORM=offscreen
    local closing
    check "ruff" "$PY" -m ruff check .
    check "ruff format" "$PY" -m ruff format --check .
    check "mypy" "$PY" -m mypy
    check "import rules" "$VENV/bin/lint-imports"
    check "translations" "$PY" assets/locale/update.py --check
    check "pytest" run_pytest
    closing=$(tail -n 1 "$LOG")
    if [ -d ../shared/data ]; then
        # the run above used the large data beside this folder; everybody else has the bundled sample only
        MINIMIND_SHARED='' check "pytest with the bundled sample" run_pytest -m e2e
        tail -n 1 "$LOG"
    fi
    say "Result" "结果"
    if [ ${#FAILED[@]} -gt 0 ]; then printf '    failed: %s\n' "${FAILED[@]}"; fi
    printf '%s\n' "$closing"
    [ ${#FAILED[@]} -eq 0 ]
}

main() {
    case ${1:-open} in
        open | install | test) ;;
        *) stop "usage: bash setup.sh [test | install]" "用法：bash setup.sh [test | install]" ;;
    esac
    if [ "${1:-}" = test ]; then TESTS=1; fi
    LOG=$(mktemp)
    trap 'rm -f "$LOG"' EXIT
    if [ "${1:-}" = test ]; then install test; else install run; fi
    case ${1:-open} in
        open) open_studio ;;
        test) run_tests ;;
        install) say "Installed. To open the studio: .venv/bin/python main.py" "装好了。打开界面：.venv/bin/python main.py" ;;
    esac
}

main "$@"
