"""`loss`: how well a checkpoint expects the text of a data file."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from minimind.cli import print_json
from minimind.cli.speaking import add_checkpoint, refuse_adapters
from minimind.errors import BadInput

if TYPE_CHECKING:
    from minimind.chat.engine import Engine
    from minimind.data.cache import TokenCache
    from minimind.evaluate.heldout import HeldoutLoss

UNKNOWN_SEQ_LEN, LONGEST = 512, 1 << 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `loss`."""
    add_checkpoint(parser)
    parser.add_argument("--data", required=True, metavar="FILE", help="text or conversations")
    parser.add_argument("--seq-len", type=int, help="window in tokens; else what it was trained with")


def run(options: argparse.Namespace) -> int:
    """Measure every document of the file."""
    refuse_adapters(options)
    if options.seq_len is not None and options.seq_len < 2:
        raise BadInput(f"--seq-len must be at least 2, not {options.seq_len}")
    path = Path(options.data)
    if not path.is_file():
        raise BadInput(f"--data {options.data} is not a file")
    from minimind.chat.engine import CONTEXT, open_engine

    engine = open_engine(
        options.checkpoint,
        device=options.device,
        precision=options.precision,
        # a file makes room for all of it when it is loaded, a checkpoint only for what is used
        context=options.seq_len or (CONTEXT if Path(options.checkpoint).is_file() else LONGEST),
        exact=True,
    )
    try:
        seq_len = _seq_len(options, engine)
        cache = _cache(path, engine)
        found = _measure(engine, cache, seq_len)
    finally:
        engine.close()
    if found is None:
        raise BadInput(f"--data {options.data} has no token to predict")
    result = {
        "nats_per_token": found.nats_per_token,
        "bits_per_byte": found.bits_per_byte,
        "tokens": found.tokens,
        "bytes": found.bytes,
    }
    if options.json:
        print_json(result)
    else:
        bits = "" if found.bits_per_byte is None else f"  {found.bits_per_byte:.4f} bits per byte"
        print(f"{found.nats_per_token:.4f} nats per token{bits}  {found.tokens} tokens  {found.bytes} bytes")
    return 0


def _seq_len(options: argparse.Namespace, engine: Engine) -> int:
    context = engine.info.context
    if options.seq_len is None:
        return min(engine.info.seq_len or UNKNOWN_SEQ_LEN, context)
    if options.seq_len > context:
        raise BadInput(f"--seq-len {options.seq_len} is more than the {context} tokens that this model holds")
    return int(options.seq_len)


def _cache(path: Path, engine: Engine) -> TokenCache:
    """The file's tokens; rows that cannot be used are counted on stderr."""
    from minimind.data import formats
    from minimind.data.cache import prepare

    kind = formats.open_source(path).kind
    if kind not in ("text", "chat"):
        raise BadInput(f"--data {path} holds {kind}; this takes text or conversations")
    cache = prepare(path, engine.tokenizer, needs=kind)
    if cache.skipped_count:
        first = cache.skipped[0]
        print(
            f"{path.name}: {cache.skipped_count} rows are skipped; line {first.line}: {first.message}",
            file=sys.stderr,
        )
    return cache


def _measure(engine: Engine, cache: TokenCache, seq_len: int) -> HeldoutLoss | None:
    import numpy as np

    documents = [np.arange(cache.documents)]
    if engine.info.engine == "gguf":
        from minimind.evaluate.heldout_logits import measure_logits

        return measure_logits(engine.logits, [cache], documents, seq_len=seq_len)
    from minimind.chat.torch_engine import TorchEngine
    from minimind.evaluate.heldout import measure

    assert isinstance(engine, TorchEngine)
    # the weights are in the asked precision already
    return measure(engine.model, [cache], documents, seq_len=seq_len)
