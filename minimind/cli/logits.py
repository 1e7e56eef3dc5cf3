"""`logits`: what a checkpoint expects after each of the given ids."""

from __future__ import annotations

import argparse
import io
from pathlib import Path

from minimind.cli import print_json
from minimind.cli.speaking import add_checkpoint, refuse_adapters
from minimind.errors import BadInput
from minimind.files import replace_bytes


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `logits`."""
    add_checkpoint(parser)
    parser.add_argument("--tokens", required=True, metavar="1,2,3", help="ids, taken as they are")
    parser.add_argument("--out", required=True, metavar="FILE.npy", help="float32 (T, vocabulary)")


def run(options: argparse.Namespace) -> int:
    """Compute and write the file."""
    refuse_adapters(options)
    ids = _ids(options.tokens)
    out = Path(options.out)
    if not out.absolute().parent.is_dir():
        raise BadInput(f"--out {out}: the folder {out.absolute().parent} is not there")
    import numpy as np

    from minimind.chat.engine import open_engine

    engine = open_engine(
        options.checkpoint,
        device=options.device,
        precision=options.precision,
        context=max(len(ids), 32),
        exact=True,
    )
    try:
        if max(ids) >= engine.vocab_size:
            raise BadInput(f"--tokens: {max(ids)} is not below the vocabulary's {engine.vocab_size}")
        if len(ids) > engine.info.context:
            raise BadInput(f"--tokens: {len(ids)} ids, the model can hold {engine.info.context}")
        found = engine.logits(ids)
    finally:
        engine.close()
    content = io.BytesIO()
    np.save(content, found.astype(np.float32, copy=False))
    try:
        replace_bytes(out, content.getvalue())
    except OSError as error:
        raise BadInput(f"--out {out} cannot be written: {error.strerror}") from error
    if options.json:
        print_json({"out": str(out.absolute()), "shape": list(found.shape)})
    return 0


def _ids(text: str) -> list[int]:
    try:
        ids = [int(part) for part in text.split(",")]
    except ValueError as error:
        raise BadInput(f"--tokens {text[:80]!r} is no list of ids; write --tokens 1,2,3") from error
    if min(ids) < 0:
        raise BadInput(f"--tokens: {min(ids)} is negative")
    return ids
