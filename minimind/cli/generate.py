"""`generate`: let a checkpoint write."""

from __future__ import annotations

import argparse
import math
import sys

from minimind.cli import print_json
from minimind.cli.speaking import add_checkpoint, refuse_adapters
from minimind.errors import BadInput

_BESIDE_PROMPT = 512


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `generate`."""
    add_checkpoint(parser)
    parser.add_argument("--prompt", required=True)
    parser.add_argument("--raw", action="store_true", help="no chat template, nothing before the prompt")
    parser.add_argument("--max-new-tokens", type=int, default=256)
    parser.add_argument("--temperature", type=float, default=0.85, help="0 is greedy")
    parser.add_argument("--top-p", type=float, default=0.9)
    parser.add_argument("--seed", type=int, default=42)


def run(options: argparse.Namespace) -> int:
    """Write to stdout as it comes, or all of it at once with --json."""
    refuse_adapters(options)
    _check(options)
    from minimind.chat.engine import Sampling, open_engine

    engine = open_engine(
        options.checkpoint,
        device=options.device,
        precision=options.precision,
        # a byte-level token is at least a byte, so this is always enough
        context=len(options.prompt.encode("utf-8", "replace")) + _BESIDE_PROMPT + options.max_new_tokens,
    )
    try:
        if options.raw:
            ids = engine.raw_prompt(options.prompt, begin=False)
        else:
            ids = engine.chat_prompt([{"role": "user", "content": options.prompt}], think=False)
        sampling = Sampling(
            max_new_tokens=options.max_new_tokens,
            temperature=options.temperature,
            top_p=options.top_p,
            seed=options.seed,
        )
        decoder, parts = engine.decoder(), []
        for token in engine.stream(ids, sampling, lambda: False):
            parts.append(decoder.push(token))
            if not options.json:
                print(parts[-1], end="", flush=True)
        parts.append(decoder.finish())
    finally:
        engine.close()
    if options.json:
        print_json({"text": "".join(parts)})
    else:
        print(parts[-1], file=sys.stdout)
    return 0


def _check(options: argparse.Namespace) -> None:
    if options.max_new_tokens < 1:
        raise BadInput(f"--max-new-tokens must be at least 1, not {options.max_new_tokens}")
    if not (math.isfinite(options.temperature) and options.temperature >= 0):
        raise BadInput(f"--temperature must be 0 or more, not {options.temperature}")
    if not 0 < options.top_p <= 1:
        raise BadInput(f"--top-p must be above 0 and at most 1, not {options.top_p}")
    if not 0 <= options.seed < 1 << 63:
        raise BadInput(f"--seed must be between 0 and 2^63 - 1, not {options.seed}")
    if not options.prompt:
        raise BadInput("--prompt is empty")
