"""Runs many `python -m minimind …` one after another, each in a process of its own that has torch already.

    python -m tests.end_to_end.many_commands < COMMANDS

One JSON list of arguments a line on stdin; one JSON object {rc, stdout, stderr} a line on stdout.
"""

from __future__ import annotations

import json
import os
import runpy
import sys
import tempfile
import traceback

# loaded once; each command is a fork of this process, else 25 of them would spend their time importing
import torch  # noqa: F401

import minimind.cli.train
import minimind.training.run  # noqa: F401


def run(arguments: list[str]) -> dict[str, object]:
    """One command."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = os.fork()
        if child == 0:
            os.dup2(out.fileno(), 1)
            os.dup2(err.fileno(), 2)
            os._exit(_as_main(arguments))
        _pid, status = os.waitpid(child, 0)
        told = []
        for file in (out, err):
            file.seek(0)
            told.append(file.read().decode("utf-8"))
    return {"rc": os.waitstatus_to_exitcode(status), "stdout": told[0], "stderr": told[1]}


def _as_main(arguments: list[str]) -> int:
    """What the interpreter does with `-m minimind`; its exit status."""
    sys.argv = ["minimind", *arguments]
    code: object = 0
    try:
        runpy.run_module("minimind", run_name="__main__", alter_sys=True)
    except SystemExit as end:
        code = end.code
    except BaseException:
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    return code if isinstance(code, int) else 0 if code is None else 1


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(run(json.loads(line))), flush=True)
