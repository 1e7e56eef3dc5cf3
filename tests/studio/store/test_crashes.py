from __future__ import annotations

import os
import random
import shutil
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

from studio.store.database import Database
from tests.helpers.histories import attempt_lines
from tests.helpers.waiting import wait_for

# takes the same lines in again and again as if the file grew, a few at a time
WRITER = """
import sys
from pathlib import Path
from studio.store.database import Database
from studio.store.ingest import ingest_events
from studio.store.runs import Runs
from dataclasses import replace
path, content = Path(sys.argv[1]), Path(sys.argv[2]).read_bytes()
database = Database(path)
runs = Runs(database, path.parent)
row = runs.all()[0]
lines, position = [], 0
for part in content.split(b"\\n")[:-1]:
    lines.append((position, part))
    position += len(part) + 1
at = next((i for i, (start, _) in enumerate(lines) if start == row.events.offset), len(lines))
cursor = row.events
print("up", flush=True)
while at < len(lines):
    batch = lines[at : at + 7]
    at += len(batch)
    after = replace(cursor, offset=lines[at][0] if at < len(lines) else len(content))
    ingest_events(database, row.id, batch, summary=row.summary, before=cursor, after=after)
    cursor = after
database.close()
print("end", flush=True)
"""


def prepared(folder: Path, steps: int) -> tuple[Path, Path, list[int]]:
    """An index with one run, a file to read, and where each of its step lines begins."""
    path, source = folder / "studio.db", folder / "events.jsonl"
    database = Database(path)
    with database.transaction() as connection:
        connection.execute("INSERT INTO runs (id, folder, run_id) VALUES (1, 'a/runs/a', 'a')")
    database.close()
    content = b"".join(attempt_lines(1, 0, steps, 1, 1000.0))
    source.write_bytes(content)
    begins, position = [], 0
    for part in content.split(b"\n")[:-1]:
        if b'"kind": "step"' in part:
            begins.append(position)
        position += len(part) + 1
    return path, source, begins


def agrees(path: Path, begins: list[int]) -> bool:
    """Whether the rows are exactly those of the lines before the stored offset."""
    connection = sqlite3.connect(path)
    try:
        assert connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        offset = connection.execute("SELECT events_offset FROM runs").fetchone()[0]
        steps = [row[0] for row in connection.execute("SELECT step FROM steps ORDER BY step")]
    finally:
        connection.close()
    return steps == list(range(1, 1 + sum(begin < offset for begin in begins)))


def test_a_writer_killed_at_random_moments_never_parts_rows_from_offset(tmp_path):
    seed = random.SystemRandom().randrange(1 << 32)
    dice = random.Random(seed)
    path, source, begins = prepared(tmp_path, 6000)
    kills = 0
    while True:
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path), str(source)], stdout=subprocess.PIPE
        )
        assert writer.stdout is not None
        assert writer.stdout.readline().strip() == b"up"
        threading.Event().wait(dice.uniform(0, 0.1))
        writer.kill()
        writer.wait()
        ended = writer.stdout.read().strip() == b"end"
        writer.stdout.close()
        assert agrees(path, begins), f"seed {seed}, kill {kills}"
        kills += 1
        if ended or kills == 12:
            break
    done = subprocess.run(
        [sys.executable, "-c", WRITER, str(path), str(source)], check=True, capture_output=True
    )
    assert b"end" in done.stdout
    assert agrees(path, begins)
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT count(*) FROM steps").fetchone()[0] == 6000
    connection.close()


def test_a_write_ahead_log_cut_anywhere_gives_whole_batches(tmp_path):
    """As after a power cut: the log ends somewhere, its shared index is gone."""
    path, source, begins = prepared(tmp_path, 300)
    environment = {**os.environ, "MINIMIND_FAILPOINTS": "store.before_commit@40=kill"}
    command = [sys.executable, "-c", WRITER, str(path), str(source)]
    subprocess.run(command, env=environment, check=False, capture_output=True)
    log = Path(f"{path}-wal").read_bytes()
    assert len(log) > 50_000
    copy = tmp_path / "copy" / "studio.db"
    for cut in range(0, len(log), 9973):
        copy.parent.mkdir()
        shutil.copy(path, copy)
        Path(f"{copy}-wal").write_bytes(log[:cut])
        assert agrees(copy, begins), f"cut at {cut}"
        opened = Database(copy)
        assert opened.notice == ""
        opened.close()
        shutil.rmtree(copy.parent)


def test_two_readers_of_one_index_take_turns(tmp_path):
    path, source, begins = prepared(tmp_path, 2000)
    first = subprocess.Popen([sys.executable, "-c", WRITER, str(path), str(source)], stdout=subprocess.PIPE)
    second = subprocess.run(
        [sys.executable, "-c", WRITER, str(path), str(source)], capture_output=True, check=False
    )
    wait_for(lambda: first.poll() is not None)
    assert first.stdout is not None
    first.stdout.close()
    # one of them may have been told that another program holds the index; neither has doubled a row
    assert 0 in (first.returncode, second.returncode)
    assert agrees(path, begins)
