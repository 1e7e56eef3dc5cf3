"""`new`: a checkpoint with random weights, for trying tools."""

from __future__ import annotations

import argparse
from pathlib import Path

from minimind.assets import BUNDLED_TOKENIZER
from minimind.cli import print_json
from minimind.errors import BadInput
from minimind.presets import preset


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `new`."""
    parser.add_argument("preset")
    parser.add_argument("out", help="the folder to make")
    parser.add_argument("--tokenizer", metavar="FOLDER", help="instead of the bundled one")
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--json", action="store_true", help="the result as one line of JSON")


def run(options: argparse.Namespace) -> int:
    """Write the checkpoint folder."""
    shape = preset(options.preset).config
    out, source = Path(options.out).absolute(), Path(options.tokenizer or BUNDLED_TOKENIZER)
    if not 0 <= options.seed < 1 << 63:
        raise BadInput(f"--seed must be between 0 and 2^63 - 1, not {options.seed}")
    from dataclasses import replace

    from minimind.files import write_folder
    from minimind.model import checkpoint
    from minimind.model.transformer import Transformer
    from minimind.tokenizer.tokenizer import Tokenizer

    tokenizer = Tokenizer.load(source)
    config = replace(shape, vocab_size=tokenizer.vocab_size)
    if out.is_dir() and not any(out.iterdir()):
        out.rmdir()
    if out.exists():
        raise BadInput(f"{options.out} exists; choose another name")
    model = Transformer(config).initialise(options.seed)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        write_folder(out, lambda folder: checkpoint.save_weights_into(folder, model, config, source))
    except OSError as error:
        raise BadInput(f"{options.out} cannot be written: {error.strerror}") from error
    if options.json:
        print_json({"path": str(out), "parameters": sum(p.numel() for p in model.parameters())})
    else:
        print(out)
    return 0
