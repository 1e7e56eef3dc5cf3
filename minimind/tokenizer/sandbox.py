"""Rendering chat templates: Jinja's immutable sandbox with limits on size, and a child process on time.

This file is also run as a program (`python -I sandbox.py`): the child that renders templates which came
from elsewhere. So it imports the standard library and jinja2 only, and nothing of this package.
"""

from __future__ import annotations

import contextlib
import datetime
import json
import queue
import signal
import subprocess
import sys
import threading
import weakref
from pathlib import Path
from typing import IO, Any

import jinja2
import jinja2.ext
import jinja2.nodes
import jinja2.parser
import jinja2.sandbox

MAX_TEMPLATE = 64 * 1024
MAX_INPUT_FACTOR, MAX_OUTPUT = (
    8,
    1 << 20,
)  # a rendered conversation may have 8 times its input and 1M characters
TIMEOUT_S = 2.0
CHILD_MEMORY = 1 << 30


class TemplateFailed(Exception):  # noqa: N818
    """A template could not be compiled or did not render: `reason` is what jinja said, on one line."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = " ".join(reason.split())[:200]


class _Generation(jinja2.ext.Extension):
    """`{% generation %}`: a marker that some templates put around answers; it renders its body."""

    tags = {"generation"}  # noqa: RUF012 - jinja's own interface

    def parse(self, parser: jinja2.parser.Parser) -> list[jinja2.nodes.Node]:
        """Keep what is inside."""
        next(parser.stream)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


def _tojson(value: Any, ensure_ascii: bool = False, indent: int | None = None, **options: Any) -> str:
    # jinja's own filter escapes < and > for HTML, which is wrong for text that a model reads
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, **options)


def _raise(message: str) -> None:
    raise jinja2.exceptions.TemplateError(message)


def _now(layout: str) -> str:
    return datetime.datetime.now().strftime(layout)


def compile_template(text: str) -> jinja2.Template:
    """Compile a chat template in the sandbox, with the names that such templates expect.

    Raises:
        TemplateFailed: too long, or not Jinja.
    """
    if len(text.encode("utf-8", "replace")) > MAX_TEMPLATE:
        raise TemplateFailed("the template is longer than 64 kB")
    environment = jinja2.sandbox.ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[_Generation, "jinja2.ext.loopcontrols"]
    )
    environment.filters["tojson"] = _tojson
    environment.globals.update(raise_exception=_raise, strftime_now=_now)
    try:
        return environment.from_string(text)
    except (jinja2.exceptions.TemplateError, RecursionError, ValueError, SyntaxError) as error:
        raise TemplateFailed(str(error) or type(error).__name__) from error


def render(template: jinja2.Template, arguments: dict[str, Any], cap: int = MAX_OUTPUT) -> str:
    """Render once, in this process.

    Args:
        template: from `compile_template`.
        arguments: messages, tools, add_generation_prompt and so on.
        cap: the most characters that may come out.

    Raises:
        TemplateFailed: the template raised, or wrote more than `cap`.
    """
    parts, length = [], 0
    try:
        for part in template.generate(**arguments):
            length += len(part)
            if length > cap:
                raise TemplateFailed("the template writes without end")
            parts.append(part)
    except TemplateFailed:
        raise
    except Exception as error:  # a template is a program of somebody else: it may raise anything
        raise TemplateFailed(str(error) or type(error).__name__) from error
    return "".join(parts)


class ChildRenderer:
    """Renders a foreign template in a child with limits on memory and time; started at the first call."""

    def __init__(self, template: str) -> None:
        self._template = template
        self._child: subprocess.Popen[str] | None = None
        self._lines: queue.Queue[str] = queue.Queue()
        self._lock = threading.Lock()

    def render(self, calls: list[dict[str, Any]], caps: list[int]) -> list[str | TemplateFailed]:
        """Render every call; those that fail are answered with their `TemplateFailed`.

        Raises:
            TemplateFailed: the template ran too long or used too much memory; the child is gone.
        """
        with self._lock:
            child = self._started()
            assert child.stdin is not None
            try:
                child.stdin.write(json.dumps({"calls": calls, "caps": caps}) + "\n")
                child.stdin.flush()
                answer = self._lines.get(timeout=TIMEOUT_S + 0.02 * len(calls))
                results = json.loads(answer)
            except (queue.Empty, OSError, ValueError) as error:
                self.close()
                raise TemplateFailed("the template ran for too long or used too much memory") from error
            return [r["text"] if "text" in r else TemplateFailed(r["error"]) for r in results]

    def close(self) -> None:
        """End the child."""
        if self._child is not None:
            _end(self._child)
            self._child = None

    def _started(self) -> subprocess.Popen[str]:
        if self._child is None:
            self._child = subprocess.Popen(
                [sys.executable, "-I", str(Path(__file__).resolve())],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                encoding="utf-8",
            )
            assert self._child.stdin is not None
            assert self._child.stdout is not None
            self._lines = queue.Queue()
            reader = threading.Thread(target=_pump, args=(self._child.stdout, self._lines), daemon=True)
            reader.start()
            weakref.finalize(self, _end, self._child)
            self._child.stdin.write(json.dumps({"template": self._template}) + "\n")
            with contextlib.suppress(OSError):
                self._child.stdin.flush()
            self._await_ready()
        return self._child

    def _await_ready(self) -> None:
        # starting an interpreter is slow on a busy machine and says nothing about the template
        try:
            self._lines.get(timeout=60)
        except queue.Empty as error:
            self.close()
            raise TemplateFailed("the program that renders templates does not start") from error


def _end(child: subprocess.Popen[str]) -> None:
    child.kill()
    for stream in (child.stdin, child.stdout):
        if stream is not None:
            with contextlib.suppress(OSError, ValueError):
                stream.close()
    child.wait()


def _pump(stream: IO[str], lines: queue.Queue[str]) -> None:
    with contextlib.suppress(ValueError, OSError):
        for line in stream:
            lines.put(line)
    lines.put("")


def _one(template: jinja2.Template | TemplateFailed, call: dict[str, Any], cap: int) -> dict[str, str]:
    try:
        if isinstance(template, TemplateFailed):
            raise template
        return {"text": render(template, call, cap)}
    except TemplateFailed as failed:
        return {"error": failed.reason}


def main() -> None:
    """The child: a template on the first line, then calls to answer, a line each, until stdin ends."""
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (CHILD_MEMORY, CHILD_MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.stdin.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    template: jinja2.Template | TemplateFailed
    try:
        template = compile_template(json.loads(sys.stdin.readline())["template"])
    except TemplateFailed as failed:
        template = failed
    print("ready", flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        if hasattr(signal, "alarm"):
            # should the parent die while a template loops for ever, nobody else would end this process
            signal.alarm(int(TIMEOUT_S + 0.02 * len(request["calls"])) + 2)
        pairs = zip(request["calls"], request["caps"], strict=True)
        print(json.dumps([_one(template, call, cap) for call, cap in pairs]), flush=True)
        if hasattr(signal, "alarm"):
            signal.alarm(0)


if __name__ == "__main__":
    main()
