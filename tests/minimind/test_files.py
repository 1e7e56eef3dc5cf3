from __future__ import annotations

import errno
import json
import os
import resource
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from minimind import files
from minimind.files import (
    MANIFEST,
    DamagedFolder,
    LineAppender,
    close_torn_tail,
    fsync_folder,
    read_json,
    read_lines,
    remove_folder,
    replace_bytes,
    replace_json,
    replace_stream,
    replace_text,
    sha256_file,
    sweep,
    verify_folder,
    write_file,
    write_folder,
)


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


# -- replacing a file -----------------------------------------------------------------------------

WAYS = {
    "bytes": lambda path: replace_bytes(path, b"new"),
    "heartbeat": lambda path: replace_bytes(path, b"new", sync=False),
    "text": lambda path: replace_text(path, "new"),
    "stream": lambda path: replace_stream(path, [b"n", b"ew"]),
    "fill": lambda path: write_file(path, lambda temporary: temporary.write_bytes(b"new")),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_replaced_file_has_the_new_content_and_nothing_is_left(tmp_path, way):
    path = tmp_path / "f"
    WAYS[way](path)
    assert path.read_bytes() == b"new"
    assert path.stat().st_mode & 0o777 == 0o644
    path.write_bytes(b"old")
    path.chmod(0o600)
    WAYS[way](path)
    assert path.read_bytes() == b"new"
    assert path.stat().st_mode & 0o777 == 0o600
    assert left(tmp_path) == ["f"]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("fault", ["eio", "enospc"])
def test_a_fault_leaves_the_old_content_and_nothing_else(tmp_path, monkeypatch, way, fault):
    path = tmp_path / "f"
    path.write_bytes(b"old")
    monkeypatch.setenv("MINIMIND_FAILPOINTS", f"replace.before_rename={fault}")
    with pytest.raises(OSError):
        WAYS[way](path)
    assert path.read_bytes() == b"old"
    assert left(tmp_path) == ["f"]


@pytest.mark.parametrize("way", sorted(WAYS.keys() - {"heartbeat"}))
def test_an_fsync_that_fails_is_not_taken_for_success(tmp_path, monkeypatch, way):
    path = tmp_path / "f"
    path.write_bytes(b"old")

    def fail(fd: int) -> None:
        raise OSError(errno.EIO, "the disk")

    monkeypatch.setattr(files.os, "fsync", fail)
    with pytest.raises(OSError, match="the disk"):
        WAYS[way](path)
    assert path.read_bytes() == b"old"
    assert left(tmp_path) == ["f"]


def test_the_order_of_write_sync_rename_sync(tmp_path, monkeypatch):
    calls = []
    fsync, replace = os.fsync, os.replace

    def on_fsync(fd: int) -> None:
        calls.append("folder" if os.path.isdir(f"/proc/self/fd/{fd}") else "file")
        fsync(fd)

    def on_replace(source, target) -> None:
        calls.append("rename")
        replace(source, target)

    monkeypatch.setattr(files.os, "fsync", on_fsync)
    monkeypatch.setattr(files.os, "replace", on_replace)
    replace_text(tmp_path / "f", "x")
    assert calls == ["file", "rename", "folder"]


def test_a_stream_that_breaks_changes_nothing(tmp_path):
    path = tmp_path / "f"
    path.write_bytes(b"old")

    def broken():
        yield b"half"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        replace_stream(path, broken())
    assert path.read_bytes() == b"old"
    assert left(tmp_path) == ["f"]


def test_a_big_file_clears_what_a_killed_attempt_left(tmp_path):
    (tmp_path / ".f.gguf.abc.tmp").write_bytes(b"half")
    (tmp_path / ".other.abc.tmp").write_bytes(b"half")
    write_file(tmp_path / "f.gguf", lambda path: path.write_bytes(b"whole"))
    assert left(tmp_path) == [".other.abc.tmp", "f.gguf"]


WRITER = """
import sys
from pathlib import Path
from minimind.files import replace_json
for number in range(10**9):
    replace_json(Path(sys.argv[1]), {"number": number, "more": "x" * (number % 5000)}, sync=False)
"""


def test_a_reader_sees_the_old_or_the_new_and_a_killed_writer_leaves_one_of_them(tmp_path):
    path = tmp_path / "state.json"
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(path)])
    seen = set()
    while len(seen) < 300:
        if path.exists():
            value = read_json(path)
            assert value is not None
            seen.add(value["number"])
    writer.kill()
    writer.wait()
    assert read_json(path) is not None


def test_no_room_is_an_error_and_not_a_torn_file(tmp_path):
    path = tmp_path / "f"
    path.write_bytes(b"old")
    code = (
        "import resource, sys; from pathlib import Path; from minimind.files import NO_ROOM, replace_bytes\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "try: replace_bytes(Path(sys.argv[1]), b'x' * 5000)\n"
        "except OSError as error: print(error.errno in NO_ROOM)\n"
    )
    told = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "True"
    assert path.read_bytes() == b"old"
    assert left(tmp_path) == ["f"]


def test_json_that_is_none(tmp_path):
    path = tmp_path / "f.json"
    assert read_json(path) is None
    for content in (b"", b"[]", b"{", b"\xff", b'"x"', b"[" * 100_000):
        path.write_bytes(content)
        assert read_json(path) is None
    replace_json(path, {"名": 1})
    assert read_json(path) == {"名": 1}
    with pytest.raises(ValueError):
        replace_json(path, {"x": float("nan")})
    assert read_json(path) == {"名": 1}


def test_windows_tries_again_while_somebody_reads(tmp_path, monkeypatch):
    """The branch, not the system: a scanner holds the target for three tries."""
    tries, replace = [], os.replace

    def held(source, target) -> None:
        tries.append(1)
        if len(tries) < 4:
            raise PermissionError
        replace(source, target)

    monkeypatch.setattr(files.os, "replace", held)
    with pytest.raises(PermissionError):
        replace_text(tmp_path / "f", "x")
    assert len(tries) == 1
    tries.clear()
    monkeypatch.setattr(files.time, "sleep", lambda seconds: None)
    source = tmp_path / "source"
    source.write_text("x")
    monkeypatch.setattr(files.os, "name", "nt")
    try:
        files._replace(source, tmp_path / "f")
    finally:
        monkeypatch.undo()
    assert (tmp_path / "f").read_text() == "x"


# -- a folder that appears whole ------------------------------------------------------------------


def fill(folder: Path) -> None:
    (folder / "a.bin").write_bytes(b"aaaa")
    (folder / "b.json").write_text("{}")


def test_a_folder_vouches_for_its_files(tmp_path):
    target = tmp_path / "step-1"
    write_folder(target, fill)
    assert left(tmp_path) == ["step-1"]
    assert left(target) == ["a.bin", "b.json", MANIFEST]
    assert verify_folder(target)
    manifest = json.loads((target / MANIFEST).read_bytes())
    assert manifest["files"]["a.bin"] == {"size": 4, "sha256": sha256_file(target / "a.bin")}


@pytest.mark.parametrize("name", ["a.bin", "b.json"])
def test_a_flipped_bit_a_cut_and_a_missing_file_are_found(tmp_path, name):
    target = tmp_path / "step-1"
    write_folder(target, fill)
    path = target / name
    good = path.read_bytes()
    for place in range(len(good)):
        bad = bytearray(good)
        bad[place] ^= 1
        path.write_bytes(bad)
        with pytest.raises(DamagedFolder, match="sha256"):
            verify_folder(target)
        assert verify_folder(target, hashes=False)
        assert verify_folder(target, names={"none"})
    path.write_bytes(good[:-1])
    with pytest.raises(DamagedFolder, match="size"):
        verify_folder(target, hashes=False)
    path.unlink()
    with pytest.raises(DamagedFolder, match="missing") as caught:
        verify_folder(target)
    assert caught.value.path == path


@pytest.mark.parametrize("content", ["", "[]", '{"files": []}', '{"files": {"a.bin": 3}}'])
def test_a_manifest_that_is_none_is_damage(tmp_path, content):
    target = tmp_path / "step-1"
    write_folder(target, fill)
    (target / MANIFEST).write_text(content)
    with pytest.raises(DamagedFolder):
        verify_folder(target)


def test_a_folder_from_elsewhere_is_unverified(tmp_path):
    assert not verify_folder(tmp_path)


def test_a_manifest_cannot_point_outside(tmp_path):
    target = tmp_path / "step-1"
    write_folder(target, fill)
    (tmp_path / "secret").write_text("x")
    replace_json(target / MANIFEST, {"v": 1, "files": {"../secret": {"size": 1, "sha256": "0"}}})
    with pytest.raises(DamagedFolder, match="missing"):
        verify_folder(target)


@pytest.mark.parametrize("point", ["folder.after_fill", "folder.before_rename"])
def test_a_fault_before_the_rename_leaves_no_folder(tmp_path, monkeypatch, point):
    monkeypatch.setenv("MINIMIND_FAILPOINTS", f"{point}=enospc")
    with pytest.raises(OSError, match="No space"):
        write_folder(tmp_path / "step-1", fill)
    assert left(tmp_path) == []


@pytest.mark.parametrize(
    ("point", "there"), [("folder.after_fill", 0), ("folder.before_rename", 0), ("folder.after_rename", 1)]
)
def test_a_kill_leaves_a_whole_folder_or_a_temporary_one(tmp_path, point, there):
    code = (
        "import sys; from pathlib import Path; from minimind.files import write_folder\n"
        "write_folder(Path(sys.argv[1]), lambda f: (f / 'a.bin').write_bytes(b'aaaa'))"
    )
    target = tmp_path / "step-1"
    environment = {**os.environ, "MINIMIND_FAILPOINTS": f"{point}=kill"}
    done = subprocess.run([sys.executable, "-c", code, str(target)], env=environment, check=False)
    assert done.returncode == -signal.SIGKILL
    assert target.exists() == bool(there)
    if there:
        assert verify_folder(target)
    sweep(tmp_path)
    assert left(tmp_path) == (["step-1"] if there else [])
    if not there:
        write_folder(target, fill)
        assert verify_folder(target)


def test_removing_goes_out_of_sight_first(tmp_path, monkeypatch):
    target = tmp_path / "step-1"
    write_folder(target, fill)
    remove_folder(tmp_path / "absent")
    monkeypatch.setattr(files.shutil, "rmtree", lambda *a, **k: None)
    remove_folder(target)
    assert [name.startswith(".trash-step-1") for name in left(tmp_path)] == [True]
    monkeypatch.undo()
    sweep(tmp_path)
    assert left(tmp_path) == []


# -- lines ----------------------------------------------------------------------------------------


def test_lines_are_appended_whole(tmp_path):
    path = tmp_path / "lines"
    lines = LineAppender(path)
    lines.append(b"one")
    lines.append("二".encode())
    lines.sync()
    lines.close()
    assert list(read_lines(path)) == [b"one", "二".encode()]
    assert list(read_lines(tmp_path / "absent")) == []


def test_a_torn_tail_cut_at_every_byte_never_joins_two_lines(tmp_path):
    content = b'{"a":1}\n{"b":2}\n{"c":3}\n'
    path = tmp_path / "lines"
    for cut in range(len(content) + 1):
        path.write_bytes(content[:cut])
        lines = LineAppender(path)
        lines.append(b'{"d":4}')
        lines.close()
        whole = content[:cut].split(b"\n")[:-1]
        assert list(read_lines(path)) == [*whole, b'{"d":4}']


def test_a_long_torn_tail_is_found(tmp_path):
    path = tmp_path / "lines"
    path.write_bytes(b"one\n" + b"x" * 200_000)
    close_torn_tail(path)
    assert path.read_bytes() == b"one\n"
    path.write_bytes(b"x" * 200_000)
    close_torn_tail(path)
    assert path.read_bytes() == b""
    close_torn_tail(tmp_path / "absent")


def test_an_overlong_line_is_left_out(tmp_path):
    path = tmp_path / "lines"
    path.write_bytes(b"a\n" + b"x" * 100 + b"\nb\n")
    assert list(read_lines(path, cap=50)) == [b"a", b"b"]


def test_other_line_ends_are_no_line_ends(tmp_path):
    path = tmp_path / "lines"
    path.write_bytes("a\rb\u2028c\u0085\n".encode())
    assert list(read_lines(path)) == ["a\rb\u2028c\u0085".encode()]


def test_a_short_write_is_taken_back(tmp_path):
    """What a quota does: the kernel takes a part of the line."""
    path = tmp_path / "lines"
    code = (
        "import resource, sys; from pathlib import Path; from minimind.files import LineAppender\n"
        "lines = LineAppender(Path(sys.argv[1])); lines.append(b'one')\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (10, resource.RLIM_INFINITY))\n"
        "try: lines.append(b'x' * 100)\n"
        "except OSError as error: print(error.errno)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))\n"
        "lines.append(b'two')\n"
    )
    told = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    assert int(told.stdout) == errno.ENOSPC
    assert list(read_lines(path)) == [b"one", b"two"]
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] != 10


def test_two_threads_do_not_mix_lines(tmp_path):
    path = tmp_path / "lines"
    lines = LineAppender(path)
    threads = [
        threading.Thread(target=lambda c=c: [lines.append(c * 3000) for _ in range(100)])
        for c in (b"a", b"b")
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lines.close()
    assert {bytes({byte}) * len(line) == line for line in read_lines(path) for byte in line[:1]} == {True}
    assert len(list(read_lines(path))) == 200


# -- failpoints -----------------------------------------------------------------------------------


def test_the_nth_hit_fails(monkeypatch):
    monkeypatch.setenv("MINIMIND_FAILPOINTS", "other=eio,mine@3=eio")
    files._hits.clear()
    files.failpoint("mine")
    files.failpoint("mine")
    with pytest.raises(OSError, match="mine"):
        files.failpoint("mine")
    files.failpoint("mine")


def test_folders_are_synced_where_that_exists(tmp_path):
    fsync_folder(tmp_path)
    with pytest.raises(OSError):
        fsync_folder(tmp_path / "absent")
