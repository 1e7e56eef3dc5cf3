"""How bytes reach the disk: the only module that owns write, sync and rename sequences.

Anything that must survive a crash goes through here: a reader sees the old content or the new one,
never half of it (POSIX rename; see also "Files are hard", and SQLite's atomic commit).
"""

from __future__ import annotations

import contextlib
import errno
import glob
import hashlib
import json
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

if os.name != "nt":
    import fcntl

MANIFEST = "manifest.json"
# what a full disk looks like: quota and RLIMIT_FSIZE report other numbers than ENOSPC
NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class DamagedFolder(Exception):  # noqa: N818
    """A folder whose manifest and content disagree; `path` is the file at fault."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason


def failpoint(name: str) -> None:
    """Fail here on purpose when MINIMIND_FAILPOINTS asks for it: `name@3=kill|eio|enospc|sleep:2`."""
    asked = os.environ.get("MINIMIND_FAILPOINTS")
    if asked:
        _fail_as_asked(name, asked)


_hits: dict[str, int] = {}


def _fail_as_asked(name: str, asked: str) -> None:
    _hits[name] = _hits.get(name, 0) + 1
    for rule in asked.split(","):
        place, _, action = rule.partition("=")
        wanted, _, nth = place.partition("@")
        if wanted != name or (nth and int(nth) != _hits[name]):
            continue
        if action == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        elif action == "enospc":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), name)
        elif action == "eio":
            raise OSError(errno.EIO, os.strerror(errno.EIO), name)
        elif action.startswith("sleep:"):
            time.sleep(float(action[6:]))


def fsync_file(path: Path) -> None:
    """Flush a file that somebody else has written and closed.

    Raises:
        OSError: the disk did not take it; the content must not be trusted.
    """
    # Windows syncs only what is open for writing
    fd = os.open(path, os.O_RDWR if os.name == "nt" else os.O_RDONLY)
    try:
        _sync(fd)
    finally:
        os.close(fd)


def _sync(fd: int) -> None:
    if os.name != "nt" and hasattr(fcntl, "F_FULLFSYNC"):
        # macOS: fsync leaves the data in the drive's cache
        with contextlib.suppress(OSError):
            fcntl.fcntl(fd, fcntl.F_FULLFSYNC)
            return
    os.fsync(fd)


def fsync_folder(path: Path) -> None:
    """Make names in a folder durable; a no-op on Windows, which has no such call."""
    if os.name != "nt":
        fsync_file(path)


@contextlib.contextmanager
def _replacing(path: Path, *, sync: bool = True) -> Iterator[Path]:
    """A temporary file beside `path` that takes its place in one step when the block ends well."""
    fd, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
    os.close(fd)
    temporary = Path(name)
    try:
        yield temporary
        os.chmod(temporary, path.stat().st_mode if path.exists() else 0o644)
        if sync:
            fsync_file(temporary)
        failpoint("replace.before_rename")
        _replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    if sync:
        fsync_folder(path.parent)


def replace_bytes(path: Path, content: bytes, *, sync: bool = True) -> None:
    """Write `content` beside `path`, then put it in its place in one step.

    Args:
        path: the file to replace; its folder must exist.
        content: all of it.
        sync: False for what may be lost in a power cut (heartbeats), never torn.

    Raises:
        OSError: nothing has changed.
    """
    with _replacing(path, sync=sync) as temporary:
        temporary.write_bytes(content)


def _replace(source: Path, target: Path) -> None:
    # on Windows a reader or a scanner that has the target open makes this fail for a moment
    for attempt in range(10):
        try:
            os.replace(source, target)
            return
        except PermissionError:
            if os.name != "nt" or attempt == 9:
                raise
            time.sleep(0.02 * 2**attempt)


def write_file(target: Path, fill: Callable[[Path], None]) -> None:
    """Make a big file appear whole or not at all: `replace_bytes` for what does not fit into memory.

    Args:
        target: the file to make or replace; its folder must exist.
        fill: writes the content to the path that it is given.

    Raises:
        OSError: nothing has changed.
    """
    # what an earlier, killed attempt at the same file left behind
    for stale in target.parent.glob(f".{glob.escape(target.name)}.*.tmp"):
        stale.unlink(missing_ok=True)
    with _replacing(target) as temporary:
        fill(temporary)


def replace_stream(path: Path, chunks: Iterable[bytes]) -> None:
    """`replace_bytes` for content that need not fit in memory; when `chunks` raises, nothing has changed."""
    with _replacing(path) as temporary, temporary.open("wb") as file:
        file.writelines(chunks)


def replace_text(path: Path, text: str, *, sync: bool = True) -> None:
    """`replace_bytes` for UTF-8 text."""
    replace_bytes(path, text.encode("utf-8"), sync=sync)


def replace_json(path: Path, value: Any, *, sync: bool = True) -> None:
    """`replace_bytes` for JSON; NaN and infinity are refused, they are not JSON."""
    text = json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False)
    replace_text(path, text + "\n", sync=sync)


def read_json(path: Path) -> dict[str, Any] | None:
    """The JSON object in a file, or None when it is absent, unreadable or no object."""
    try:
        value = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def sha256_file(path: Path) -> str:
    """Hex digest of a file's content, in bounded memory."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_folder(target: Path, fill: Callable[[Path], None]) -> None:
    """Make a folder appear whole or not at all, with a manifest of sizes and hashes.

    Args:
        target: must not exist; its parent must.
        fill: writes files (no sub-folders) into the temporary folder it is given.

    Raises:
        OSError: no room, or the disk failed; nothing is left behind and nothing else was touched.
    """
    temporary = target.with_name(f"{target.name}.tmp")
    remove_folder(temporary)
    temporary.mkdir()
    try:
        fill(temporary)
        failpoint("folder.after_fill")
        seal_folder(temporary)
        failpoint("folder.before_rename")
        os.rename(temporary, target)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    failpoint("folder.after_rename")
    fsync_folder(target.parent)


def seal_folder(folder: Path) -> None:
    """Sync every file, then write the manifest that vouches for them, then sync the folder."""
    files = {}
    for path in sorted(folder.iterdir()):
        if path.name == MANIFEST:
            continue
        os.chmod(path, 0o644)  # safetensors creates its files readable by the owner alone
        fsync_file(path)
        files[path.name] = {"size": path.stat().st_size, "sha256": sha256_file(path)}
    replace_json(folder / MANIFEST, {"v": 1, "files": files})
    fsync_folder(folder)


def verify_folder(folder: Path, *, names: set[str] | None = None, hashes: bool = True) -> bool:
    """Hold a folder against its manifest.

    Args:
        folder: the sealed folder.
        names: only these files; None means all.
        hashes: False compares sizes only.

    Returns:
        False when there is no manifest: the folder came from elsewhere.

    Raises:
        DamagedFolder: a file is missing, has another size or another hash.
    """
    if not (folder / MANIFEST).exists():
        return False
    manifest = read_json(folder / MANIFEST)
    files = manifest.get("files") if manifest else None
    if not isinstance(files, dict):
        raise DamagedFolder(folder / MANIFEST, "the manifest cannot be read")
    for name, entry in files.items():
        if names is not None and name not in names:
            continue
        path = folder / Path(name).name
        if not path.exists():
            raise DamagedFolder(path, "the file is missing")
        if not isinstance(entry, dict):
            raise DamagedFolder(folder / MANIFEST, f"the entry of {path.name} cannot be read")
        if path.stat().st_size != entry.get("size"):
            raise DamagedFolder(path, "the size is not the one that was written")
        if hashes and sha256_file(path) != entry.get("sha256"):
            raise DamagedFolder(path, "the content is not what was written (sha256)")
    return True


def remove_folder(folder: Path) -> None:
    """Take a folder away: out of sight first, so that a crash leaves no half of it under its name."""
    if not folder.exists():
        return
    trash = folder.with_name(f".trash-{folder.name}-{os.getpid()}")
    shutil.rmtree(trash, ignore_errors=True)
    os.rename(folder, trash)
    shutil.rmtree(trash, ignore_errors=True)


def sweep(folder: Path) -> None:
    """Remove what a crash left behind in a folder: `*.tmp` and `.trash-*`. Call under the lock only."""
    for path in [*folder.glob("*.tmp"), *folder.glob(".trash-*"), *folder.glob(".*.tmp")]:
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


class LineAppender:
    """Appends whole lines: one `write` each, so that a reader never sees two lines mixed.

    A torn last line of a crashed predecessor is cut off first.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        close_torn_tail(path)
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)

    def append(self, line: bytes) -> None:
        """Write one line; the newline is added.

        Raises:
            OSError: the line was not taken; what was written of it has been cut off again.
        """
        whole = line + b"\n"
        written = os.write(self._fd, whole)
        if written < len(whole):
            size = os.fstat(self._fd).st_size
            os.ftruncate(self._fd, size - written)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self.path))

    def sync(self) -> None:
        """Make what was appended durable."""
        _sync(self._fd)

    def close(self) -> None:
        """Close the file; appending afterwards is an error."""
        os.close(self._fd)


def close_torn_tail(path: Path) -> None:
    """Cut a last line without newline off: its writer died while writing it."""
    try:
        with path.open("r+b") as file:
            end = file.seek(0, os.SEEK_END)
            position = end
            while position > 0:
                step = min(65_536, position)
                file.seek(position - step)
                newline = file.read(step).rfind(b"\n")
                if newline >= 0:
                    position = position - step + newline + 1
                    break
                position -= step
            if position < end:
                file.truncate(position)
    except FileNotFoundError:
        return


def read_lines(path: Path, *, cap: int = 1 << 20, start: int = 0) -> Iterator[bytes]:
    """Whole lines of an append-only file from a byte on, split on LF only; a torn last line is left out."""
    with contextlib.suppress(FileNotFoundError), path.open("rb") as file:
        file.seek(start)
        for line in file:
            if not line.endswith(b"\n"):
                return
            if len(line) <= cap:
                yield line[:-1]


def free_bytes(folder: Path) -> int:
    """Room left on the disk that holds `folder` or its nearest existing parent."""
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free
