"""The arguments that verbs which compute with a checkpoint share."""

from __future__ import annotations

import argparse

from minimind.errors import BadInput


def add_checkpoint(parser: argparse.ArgumentParser) -> None:
    """CHECKPOINT, --adapter, --precision, --device, --json."""
    parser.add_argument(
        "checkpoint", help="run folder (best, else last), step folder, Hugging Face folder or .gguf file"
    )
    parser.add_argument("--adapter", action="append", default=[], metavar="FOLDER", help=argparse.SUPPRESS)
    parser.add_argument("--precision", default="float32", choices=("float32", "bf16", "fp16"))
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:N, mps")
    parser.add_argument("--json", action="store_true", help="the result as one line of JSON")


def refuse_adapters(options: argparse.Namespace) -> None:
    """Adapters come with the method that makes them.

    Raises:
        BadInput: one was given.
    """
    if options.adapter:
        raise BadInput(f"--adapter {options.adapter[0]}: this version does not know adapters yet")
