from __future__ import annotations

import json
import subprocess
import sys

import pytest

from studio.jobs.queue import Queue, QueueItem


def folders(queue: Queue) -> list[str]:
    return [item.folder for item in queue.items()]


def test_first_in_first_out(tmp_path):
    queue = Queue(tmp_path)
    assert queue.items() == []
    for name in "abc":
        queue.add(QueueItem(folder=name))
    assert folders(queue) == ["a", "b", "c"]
    assert [queue.position(name) for name in "abcd"] == [1, 2, 3, None]
    queue.remove("b")
    queue.remove("never there")
    assert folders(queue) == ["a", "c"]


def test_one_that_waits_keeps_its_place_and_takes_the_new_request(tmp_path):
    queue = Queue(tmp_path)
    queue.add(QueueItem(folder="a"))
    queue.add(QueueItem(folder="b"))
    queue.add(QueueItem(folder="a", resume=True, overrides={"micro_batch": 4}))
    first, _ = queue.items()
    assert (first.folder, first.resume, first.overrides) == ("a", True, {"micro_batch": 4})


def test_start_now_goes_to_the_front(tmp_path):
    queue = Queue(tmp_path)
    for name in "abc":
        queue.add(QueueItem(folder=name))
    queue.put_first("c")
    assert folders(queue) == ["c", "a", "b"]
    assert [item.at_once for item in queue.items()] == [True, False, False]
    queue.put_first("x")
    assert folders(queue) == ["c", "a", "b"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"nonsense",
        b"[]",
        b'{"items": 3}',
        b'{"items": [1, {"folder": 2}, {"folder": "a", "added": "x", "overrides": []}]}',
    ],
)
def test_a_strange_file_is_read_as_far_as_it_goes(tmp_path, content):
    queue = Queue(tmp_path)
    queue.path.write_bytes(content)
    assert folders(queue) == (["a"] if b'"a"' in content else [])
    queue.add(QueueItem(folder="b"))
    assert folders(queue)[-1] == "b"


EDITOR = """
import sys
from pathlib import Path
from studio.jobs.queue import Queue, QueueItem
queue = Queue(Path(sys.argv[1]))
for number in range(60):
    queue.add(QueueItem(folder=f"{sys.argv[2]}{number}"))
    if number % 3 == 0:
        queue.remove(f"{sys.argv[2]}{number}")
"""


def test_two_windows_lose_no_edit(tmp_path):
    editors = [subprocess.Popen([sys.executable, "-c", EDITOR, str(tmp_path), name]) for name in "ab"]
    assert [editor.wait(120) for editor in editors] == [0, 0]
    queue = Queue(tmp_path)
    expected = {f"{name}{number}" for name in "ab" for number in range(60) if number % 3}
    assert set(folders(queue)) == expected
    assert json.loads(queue.path.read_bytes())["rev"] == 2 * (60 + 20)


def test_another_order_keeps_who_is_not_named_behind(tmp_path):
    queue = Queue(tmp_path)
    for name in "abcd":
        queue.add(QueueItem(folder=name, at_once=name == "b"))
    queue.order(["c", "gone", "a"])
    assert [item.folder for item in queue.items()] == ["c", "a", "b", "d"]
    assert [item.at_once for item in queue.items()] == [False, False, True, False]
