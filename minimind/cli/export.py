"""`export`: a checkpoint in another program's format."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from minimind.cli import print_json
from minimind.errors import BadInput
from minimind.export import EXPORTERS, ExportRequest, exporter_named


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `export`."""
    parser.add_argument("format", choices=sorted(EXPORTERS))
    parser.add_argument("checkpoint", help="run folder (best, else last), step folder or Hugging Face folder")
    parser.add_argument("out", help="gguf: a file, or a folder to put it in; hf: the folder to make")
    parser.add_argument("--dtype", default="", help="f32, f16 or bf16 (gguf: f16, hf: f32)")
    parser.add_argument(
        "--quant", default="", help="gguf: Q8_0, Q4_0; with llama-cpp-python also Q6_K, Q5_K_M, Q4_K_M"
    )
    parser.add_argument("--name", default="", help="what the model is called in the file")
    parser.add_argument("--license", default="", help="identifier of the licence of the weights")
    parser.add_argument("--check", action="store_true", help="load the result and compare what it says")
    parser.add_argument("--adapter", action="append", default=[], metavar="FOLDER", help=argparse.SUPPRESS)
    parser.add_argument("--json", action="store_true", help="the result as one line of JSON")


def run(options: argparse.Namespace) -> int:
    """Export in this process."""
    if options.adapter:
        raise BadInput(f"--adapter {options.adapter[0]}: this version cannot merge adapters yet")
    request = ExportRequest(
        checkpoint=options.checkpoint,
        out=Path(options.out).absolute(),
        dtype=options.dtype,
        quant=options.quant,
        name=options.name,
        licence=options.license,
        check=options.check,
    )
    try:
        result = exporter_named(options.format).export(request, lambda done, total: None)
    except OSError as error:
        print(f"minimind export: {options.out} was not written: {error.strerror or error}", file=sys.stderr)
        return 1
    for note in result.notes:
        print(note, file=sys.stderr)
    if options.json:
        print_json(result.to_dict())
    else:
        print(f"{result.path}  {result.size_bytes / 1e6:.1f} MB  {result.storage}")
        if result.checked:
            print(f"{result.same} of {result.checked} tokens as the checkpoint says them")
    return 0
