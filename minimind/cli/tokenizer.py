"""`tokenizer train`: learn a tokenizer from data files."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from minimind.cli import print_json
from minimind.text import _


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `tokenizer`."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True, parser_class=type(parser))
    train = actions.add_parser("train", help="learn a byte-level BPE tokenizer from data files")
    train.add_argument("--data", nargs="+", required=True, metavar="FILE", help="data files of any kind")
    train.add_argument("--vocab-size", type=int, default=6400, metavar="N", help="ids in all (6400)")
    train.add_argument("--out", required=True, metavar="FOLDER", help="a folder that does not exist yet")
    train.add_argument(
        "--sample-mb", type=int, default=32, metavar="MB", help="text to learn from at most (32)"
    )
    train.add_argument("--json", action="store_true", help="end with one JSON object")


def run(options: argparse.Namespace) -> int:
    """Train and say what came out."""
    from minimind.tokenizer.train import train_tokenizer

    def progress(done: int, total: int) -> None:
        if sys.stderr.isatty():
            print(f"\r{done / max(1, total):4.0%}", end="" if done < total else "\n", file=sys.stderr)

    result = train_tokenizer(
        [Path(name) for name in options.data],
        Path(options.out),
        vocab_size=options.vocab_size,
        sample_bytes=max(1, options.sample_mb) << 20,
        progress=progress,
    )
    if options.json:
        print_json(
            {
                "folder": str(result.folder.resolve()),
                "vocab_size": result.vocab_size,
                "hash": result.hash,
                "characters_per_token": result.characters_per_token,
                "texts": result.texts,
                "text_bytes": result.text_bytes,
            }
        )
    else:
        print(
            _("{folder}: {size} ids, {ratio} characters a token").format(
                folder=result.folder, size=result.vocab_size, ratio=result.characters_per_token
            )
        )
    return 0
