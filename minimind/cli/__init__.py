"""The command line: a table of verbs, one file each; nothing heavy is imported before a verb is chosen."""

from __future__ import annotations

import argparse
import json
import os
import sys
from importlib import import_module
from typing import Any, NoReturn

from minimind import __version__
from minimind.errors import BadInput
from minimind.events import clean

# verb → one line of help; the module of the same name has add_arguments(parser) and run(options)
VERBS = {
    "train": "train a model, or carry out a run folder",
    "run": "carry out any run folder by its kind",
    "control": "pause, resume, stop, save or sample a running job",
    "pipeline": "carry out a recipe: one training after the other",
    "plan": "predict memory, time and cost of a training; writes nothing",
    "doctor": "check what this machine can do and what is missing",
    "tokenizer": "train a tokenizer",
    "data": "check, preview, measure, convert and prepare data files",
    "new": "a checkpoint with random weights",
    "generate": "let a checkpoint write",
    "logits": "logits of given token ids",
    "loss": "loss of a checkpoint on a data file",
    "export": "write a checkpoint in another program's format",
    "chat-worker": "talk over stdin and stdout, for the studio",
}


class OneLineParser(argparse.ArgumentParser):
    """A mistake is one line on stderr and exit status 2."""

    def error(self, message: str) -> NoReturn:
        """Instead of the usage text."""
        print(f"{self.prog}: {' '.join(message.split())}", file=sys.stderr)
        raise SystemExit(2)


def main(arguments: list[str] | None = None) -> int:
    """Run one verb.

    Returns:
        0 done, or stopped on request · 1 failed · 2 bad input, told in one line on stderr.
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    parser = OneLineParser(prog="minimind", description="Train, serve and export small language models.")
    parser.add_argument("--version", action="version", version=__version__)
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True, parser_class=OneLineParser)
    chosen = arguments[0] if arguments else ""
    for verb, text in VERBS.items():
        sub = verbs.add_parser(verb, help=text, description=text)
        if verb == chosen:
            _module(verb).add_arguments(sub)
    options = parser.parse_args(arguments)
    try:
        return int(_module(options.verb).run(options))
    except BadInput as error:
        print(f"minimind {options.verb}: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        # whoever read our output has gone; keep the interpreter from complaining at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        print(f"minimind {options.verb}: interrupted", file=sys.stderr)
        return 1
    except OSError as error:
        # a full disk, a folder without permission: nobody's bug
        print(f"minimind {options.verb}: {_sentence_of(error)}", file=sys.stderr)
        return 1


def _sentence_of(error: OSError) -> str:
    what = error.strerror or str(error) or type(error).__name__
    return " ".join(f"{error.filename}: {what}".split() if error.filename else what.split())


def _module(verb: str) -> Any:
    return import_module(f"minimind.cli.{verb.replace('-', '_')}")


def print_json(values: dict[str, Any]) -> None:
    """The last line of stdout with `--json`; what is not a number becomes null."""
    print(json.dumps(clean(values), ensure_ascii=False, allow_nan=False), flush=True)
