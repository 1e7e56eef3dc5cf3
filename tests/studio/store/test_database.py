from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from studio.store.database import BugError, DamagedError, Database, KnownError
from studio.store.schema import MIGRATIONS


def open_at(path: Path, **options) -> Database:
    database = Database(path, **options)
    assert database.sql.conn.execute("SELECT count(*) FROM runs").fetchone()
    return database


def add_run(database: Database, name: str) -> None:
    with database.transaction() as connection:
        connection.execute("INSERT INTO runs (folder, run_id) VALUES (?, ?)", (f"p/runs/{name}", name))


def names(database: Database) -> list[str]:
    return [row[0] for row in database.sql.execute("SELECT run_id FROM runs ORDER BY run_id")]


def test_it_opens_in_wal_mode_with_foreign_keys(tmp_path):
    database = open_at(tmp_path / "a" / "studio.db")
    ask = database.sql.conn.execute
    assert ask("PRAGMA journal_mode").fetchone()[0] == "wal"
    assert ask("PRAGMA synchronous").fetchone()[0] == 1
    assert ask("PRAGMA foreign_keys").fetchone()[0] == 1
    assert ask("PRAGMA user_version").fetchone()[0] == len(MIGRATIONS)
    assert database.notice == ""
    database.close()


def test_what_was_written_is_there_again(tmp_path):
    database = open_at(tmp_path / "studio.db")
    add_run(database, "one")
    database.close()
    database = open_at(tmp_path / "studio.db")
    assert names(database) == ["one"]
    database.close()


def test_a_failed_transaction_leaves_nothing(tmp_path):
    database = open_at(tmp_path / "studio.db")

    def insert_and_fail() -> None:
        with database.transaction() as connection:
            connection.execute("INSERT INTO runs (folder, run_id) VALUES ('a', 'a')")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        insert_and_fail()
    assert names(database) == []
    add_run(database, "after")
    assert names(database) == ["after"]
    database.close()


def test_a_second_window_is_told(tmp_path):
    database = open_at(tmp_path / "studio.db")
    with pytest.raises(KnownError, match="Another program holds"):
        Database(tmp_path / "studio.db")
    database.close()
    open_at(tmp_path / "studio.db").close()


@pytest.mark.parametrize("content", [b"this is no database", b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_damaged_file_is_set_aside(tmp_path, content):
    path = tmp_path / "studio.db"
    path.write_bytes(content)
    database = open_at(path)
    assert "damaged" in database.notice
    aside = list(tmp_path.glob("studio.db.damaged-*"))
    assert [file.read_bytes() for file in aside] == [content]
    database.close()
    database = open_at(path)
    assert database.notice == ""
    database.close()


def test_damage_in_the_middle_is_found_at_open(tmp_path):
    path = tmp_path / "studio.db"
    database = open_at(path)
    for number in range(300):
        add_run(database, f"run-{number:04d}")
    database.close()
    content = bytearray(path.read_bytes())
    for page in range(1, len(content) // 4096):
        content[page * 4096 : page * 4096 + 200] = b"\x5a" * 200
    path.write_bytes(content)
    database = open_at(path)
    assert "damaged" in database.notice
    assert names(database) == []
    database.close()


def test_an_index_of_a_newer_version_is_set_aside_whole(tmp_path):
    path = tmp_path / "studio.db"
    database = open_at(path)
    add_run(database, "old")
    database.close()
    with sqlite3.connect(path) as connection:
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 5}")
    connection.close()
    database = open_at(path)
    assert "newer" in database.notice
    assert names(database) == []
    (aside,) = tmp_path.glob("studio.db.newer-*")
    kept = sqlite3.connect(aside)
    assert kept.execute("SELECT run_id FROM runs").fetchall() == [("old",)]
    kept.close()
    database.close()


def test_tables_that_are_not_ours_are_set_aside(tmp_path):
    path = tmp_path / "studio.db"
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE runs (something TEXT)")
    other.commit()
    other.close()
    database = open_at(path)
    assert "damaged" in database.notice
    database.close()


def test_a_later_version_migrates_and_keeps_what_there_is(tmp_path):
    path = tmp_path / "studio.db"
    database = open_at(path)
    add_run(database, "one")
    database.close()
    later = (*MIGRATIONS, ("ALTER TABLE runs ADD COLUMN colour TEXT NOT NULL DEFAULT 'red'",))
    database = open_at(path, migrations=later)
    assert database.notice == ""
    assert database.sql.execute("SELECT run_id, colour FROM runs").fetchall() == [("one", "red")]
    database.close()


_MIGRATE = """
import sys
from pathlib import Path
from studio.store.database import Database
from studio.store.schema import MIGRATIONS
fresh = ("CREATE TABLE b (x INTEGER)", "INSERT INTO b VALUES (1)", "CREATE TABLE c (x INTEGER)")
later = (*MIGRATIONS, fresh)
Database(Path(sys.argv[1]), migrations=later).close()
"""


@pytest.mark.parametrize("statement", [1, 2, 3])
def test_a_migration_killed_at_any_statement_is_whole_or_absent(tmp_path, statement):
    path = tmp_path / "studio.db"
    database = open_at(path)
    add_run(database, "one")
    database.close()
    command = [sys.executable, "-c", _MIGRATE, str(path)]
    environment = {**os.environ, "MINIMIND_FAILPOINTS": f"migrate.after_statement@{statement}=kill"}
    assert subprocess.run(command, env=environment, check=False).returncode == -signal.SIGKILL
    check = sqlite3.connect(path)
    tables = {row[0] for row in check.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert check.execute("PRAGMA user_version").fetchone()[0] == len(MIGRATIONS)
    assert not {"b", "c"} & tables
    check.close()
    assert subprocess.run(command, check=True).returncode == 0
    check = sqlite3.connect(path)
    assert check.execute("SELECT x FROM b").fetchall() == [(1,)]
    assert check.execute("SELECT run_id FROM runs").fetchall() == [("one",)]
    check.close()


def test_a_full_disk_is_a_sentence_and_changes_nothing(tmp_path):
    database = open_at(tmp_path / "studio.db")
    add_run(database, "before")
    pages = database.sql.execute("PRAGMA page_count").fetchone()[0]
    database.sql.execute(f"PRAGMA max_page_count = {pages}").fetchone()
    rows = [(f"p/runs/{number}", str(number)) for number in range(2000)]
    with pytest.raises(KnownError, match="disk is full"), database.transaction() as connection:
        connection.executemany("INSERT INTO runs (folder, run_id) VALUES (?, ?)", rows)
    assert names(database) == ["before"]
    database.sql.execute("PRAGMA max_page_count = 100000").fetchone()
    add_run(database, "later")
    assert names(database) == ["before", "later"]
    database.close()


def test_a_place_that_is_no_folder_is_a_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(KnownError, match="cannot be opened"):
        Database(tmp_path / "file" / "studio.db")


def test_our_own_mistakes_are_bugs(tmp_path):
    database = open_at(tmp_path / "studio.db")
    with pytest.raises(BugError), database.transaction() as connection:
        connection.execute("SELECT nonsense")
    database.close()


def test_rebuild_in_the_middle_of_the_work(tmp_path):
    database = open_at(tmp_path / "studio.db")
    add_run(database, "one")
    database.rebuild()
    assert names(database) == []
    assert "damaged" in database.notice
    assert list(tmp_path.glob("studio.db.damaged-*"))
    database.close()


def test_damage_during_the_work_is_told_apart(tmp_path):
    database = open_at(tmp_path / "studio.db")
    for number in range(300):
        add_run(database, f"run-{number:04d}")
    database.sql.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    path = tmp_path / "studio.db"
    size = path.stat().st_size
    # another file descriptor would drop the locks: overwrite through a child
    code = f"f = open({str(path)!r}, 'r+b'); f.seek(4096); f.write(b'\\x5a' * ({size} - 4096))"
    subprocess.run([sys.executable, "-c", code], check=True)
    database.sql.execute("PRAGMA cache_size = 0").fetchone()
    with pytest.raises(DamagedError), database.transaction() as connection:
        connection.execute("DELETE FROM runs")
    database.close()
