"""Opening the index: WAL, one connection, versions, damage. Known errors are sentences, the rest are bugs."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import sqlite_utils

from minimind.files import failpoint
from minimind.lock import FileLock, Held
from minimind.text import N_, _
from studio.store.schema import MIGRATIONS

# what is not our fault, by SQLite's primary result code
_KNOWN = {
    sqlite3.SQLITE_FULL: N_("The disk is full, so the list of runs is not up to date. Free some space."),
    sqlite3.SQLITE_IOERR: N_("The disk does not take the index of runs ({path}). The runs are not touched."),
    sqlite3.SQLITE_READONLY: N_("The index of runs may not be written: {path}"),
    sqlite3.SQLITE_CANTOPEN: N_("The index of runs cannot be opened: {path}"),
    sqlite3.SQLITE_PERM: N_("The index of runs may not be written: {path}"),
    sqlite3.SQLITE_BUSY: N_("Another program holds the index of runs: {path}"),
    sqlite3.SQLITE_LOCKED: N_("Another program holds the index of runs: {path}"),
}
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


class StoreError(Exception):
    """Base of what this package raises."""


class KnownError(StoreError):
    """The world is in the way (disk full, held by another program): the message is for a person."""


class DamagedError(StoreError):
    """The index is damaged; it has to be set aside and built anew."""


class BugError(StoreError):
    """A mistake of ours; the message is for the log."""


@contextlib.contextmanager
def translating(path: Path) -> Iterator[None]:
    """Turn SQLite's errors into the three of this module."""
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in _DAMAGED:
            raise DamagedError(str(error)) from error
        if code in _KNOWN:
            raise KnownError(_(_KNOWN[code]).format(path=path)) from error
        raise BugError(f"{type(error).__name__}: {error}") from error


class Database:
    """The open index. Belongs to the thread that opened it.

    Attributes:
        sql: the sqlite-utils database, in autocommit; write inside `transaction()` only.
        notice: a sentence for the person when the index had to be built anew, else "".
    """

    def __init__(self, path: Path, *, migrations: Sequence[Sequence[str]] = MIGRATIONS) -> None:
        """
        Raises:
            KnownError: it cannot be opened or made, or another window holds it.
        """
        self.path = path
        self.notice = ""
        self._migrations = migrations
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._lock = FileLock(path.with_name(f"{path.name}.lock")).acquire()
        except Held as error:
            raise KnownError(_(_KNOWN[sqlite3.SQLITE_BUSY]).format(path=path)) from error
        except OSError as error:
            raise KnownError(_(_KNOWN[sqlite3.SQLITE_CANTOPEN]).format(path=path)) from error
        try:
            self.sql = self._open_or_rebuild()
        except BaseException:
            self._lock.release()
            raise

    def close(self) -> None:
        """Close; the write-ahead log goes into the file."""
        with contextlib.suppress(sqlite3.Error):
            self.sql.close()
        self._lock.release()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All of the block or none of it.

        Raises:
            KnownError, DamagedError, BugError: nothing has changed.
        """
        connection: sqlite3.Connection = self.sql.conn
        with translating(self.path):
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                failpoint("store.before_commit")
                connection.execute("COMMIT")
            except BaseException:
                # a full disk may have ended it already
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def rebuild(self) -> None:
        """Set a damaged index aside in the middle of the work and go on with an empty one."""
        with contextlib.suppress(sqlite3.Error):
            self.sql.close()
        self._set_aside("damaged")
        self.notice = _("The index of runs was damaged and has been built anew; nothing is lost.")
        self.sql = self._open()

    # -- opening -------------------------------------------------------------------------------

    def _open_or_rebuild(self) -> sqlite_utils.Database:
        try:
            return self._open()
        except DamagedError:
            self._set_aside("damaged")
            self.notice = _("The index of runs was damaged and has been built anew; nothing is lost.")
        except _Newer:
            self._set_aside("newer")
            self.notice = _(
                "The index of runs came from a newer version of the program; it was set aside and built anew."
            )
        return self._open()

    def _open(self) -> sqlite_utils.Database:
        with translating(self.path):
            connection = sqlite3.connect(self.path, timeout=5.0, isolation_level=None)
        try:
            with translating(self.path):
                for pragma in ("journal_mode = WAL", "synchronous = NORMAL", "foreign_keys = ON"):
                    connection.execute(f"PRAGMA {pragma}")
                if connection.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
                    raise DamagedError("quick_check")
                self._migrate(connection)
        except BaseException:
            connection.close()
            raise
        return sqlite_utils.Database(connection)

    def _migrate(self, connection: sqlite3.Connection) -> None:
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version > len(self._migrations):
            raise _Newer
        for number in range(version, len(self._migrations)):
            # no executescript: it commits first, and a kill would leave half a version behind
            connection.execute("BEGIN IMMEDIATE")
            try:
                for statement in self._migrations[number]:
                    connection.execute(statement)
                    failpoint("migrate.after_statement")
                connection.execute(f"PRAGMA user_version = {number + 1}")
                connection.execute("COMMIT")
            except sqlite3.Error as error:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_ERROR:
                    # tables that are not what their version number says: somebody else's file
                    raise DamagedError(str(error)) from error
                raise

    def _set_aside(self, reason: str) -> None:
        stamp = time.strftime("%Y%m%d-%H%M%S")
        try:
            for suffix in ("", "-wal", "-shm"):
                part = Path(f"{self.path}{suffix}")
                if part.exists():
                    os.replace(part, part.with_name(f"{self.path.name}.{reason}-{stamp}{suffix}"))
        except OSError as error:
            raise KnownError(_(_KNOWN[sqlite3.SQLITE_CANTOPEN]).format(path=self.path)) from error


class _Newer(Exception):  # noqa: N818
    """Written by a later version."""
