"""The arguments that `train` and `plan` share, and the job that they describe."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from minimind.data.formats import open_source
from minimind.data.rows import Row
from minimind.errors import BadInput
from minimind.job import Budget, Hardware, JobSpec, ModelRef, new_run_id, parse_data
from minimind.methods import METHODS, Method, method_named
from minimind.options import build, parse_pairs
from minimind.presets import PRESETS, shaped


def add_job_arguments(parser: argparse.ArgumentParser) -> None:
    """Everything that describes a training, except where it is written."""
    parser.add_argument("--method", help=", ".join(METHODS))
    parser.add_argument("--model", help="a preset (random weights) or a checkpoint")
    parser.add_argument(
        "--shape",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="with a preset: another dim, num_layers, num_heads, num_kv_heads, ffn_dim …",
    )
    parser.add_argument("--data", nargs="+", action="extend", default=[], metavar="FILE[:WEIGHT]")
    parser.add_argument("--val-data", metavar="FILE", help="held-out file; else some documents are held out")
    parser.add_argument("--tokenizer", metavar="FOLDER", help="instead of the bundled one")
    parser.add_argument("--steps", type=int)
    parser.add_argument("--epochs", type=float)
    parser.add_argument("--minutes", type=float)
    parser.add_argument("--seq-len", type=int)
    parser.add_argument("--tokens-per-step", type=int)
    parser.add_argument("--lr", type=float)
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:N, mps")
    parser.add_argument("--nproc", type=int, default=1)
    parser.add_argument("--seed", type=int, help="42 unless given")
    parser.add_argument("--set", dest="pairs", action="append", default=[], metavar="KEY=VALUE")


def job_of(options: argparse.Namespace) -> JobSpec:
    """The job that the arguments describe, paths made absolute, every value checked.

    Raises:
        BadInput: names the argument and what to do.
    """
    for name in ("method", "model", "data"):
        if not getattr(options, name):
            raise BadInput(f"--{name} is missing")
    method = method_named(options.method)
    settings = settings_of(method, options)
    if options.nproc != 1:
        raise BadInput(f"--nproc {options.nproc}: this version trains in one process; leave it out")
    data = tuple(parse_data(text) for text in options.data)
    for path in (*(item.path for item in data), *([options.val_data] if options.val_data else [])):
        check_usable(Path(path), method)
    if options.tokenizer and not Path(options.tokenizer).is_dir():
        raise BadInput(f"--tokenizer {options.tokenizer} is not a folder")
    return JobSpec(
        run_id=new_run_id(f"{options.method}-{Path(options.model).name}"),
        method=options.method,
        model=model_of(options.model, shape_of(options.shape)),
        data=tuple(type(item)(path=_absolute(item.path), weight=item.weight) for item in data),
        val_data=_absolute(options.val_data) if options.val_data else None,
        tokenizer=_absolute(options.tokenizer) if options.tokenizer else None,
        settings=settings,
        budget=budget_of(options),
        hardware=Hardware(device=options.device, nproc=options.nproc),
        seed=_seed(options.seed),
    )


def settings_of(method: type[Method], options: argparse.Namespace) -> dict[str, Any]:
    """Values from the flags and `--set`, checked against the method's settings."""
    values = parse_pairs(method.settings, options.pairs)
    for name in ("seq_len", "tokens_per_step", "lr"):
        if getattr(options, name) is not None:
            values[name] = getattr(options, name)
    build(method.settings, values)
    return values


def budget_of(options: argparse.Namespace) -> Budget:
    """The one of --steps, --epochs, --minutes that was given.

    Raises:
        BadInput: two of them, or a value that is no positive number.
    """
    given = {name: getattr(options, name) for name in ("steps", "epochs", "minutes")}
    given = {name: value for name, value in given.items() if value is not None}
    if len(given) > 1:
        raise BadInput(
            f"give one of --steps, --epochs, --minutes, not {' and '.join('--' + n for n in given)}"
        )
    for name, value in given.items():
        if not 0 < value < 1e9:
            raise BadInput(f"--{name} must be a positive number, not {value}")
    return Budget(**given)


def shape_of(pairs: Sequence[str]) -> dict[str, Any] | None:
    """What `--shape` says, as `ModelRef.shape` holds it.

    Raises:
        BadInput: no KEY=VALUE.
    """
    found: dict[str, Any] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals:
            raise BadInput(f"--shape {pair} must be KEY=VALUE, for example dim=320")
        try:
            found[name] = json.loads(text)
        except ValueError:
            found[name] = text
    return found or None


def model_of(text: str, shape: dict[str, Any] | None = None) -> ModelRef:
    """A preset by its name, with another shape if asked for, else a checkpoint by its path.

    Raises:
        BadInput: it is neither, or the shape does not fit together.
    """
    if text in PRESETS:
        shaped(text, shape)
        return ModelRef(preset=text, shape=shape)
    if shape:
        raise BadInput(f"--shape goes with a preset ({', '.join(PRESETS)}), not with --model {text}")
    if not Path(text).exists():
        raise BadInput(f"--model {text} is neither a preset ({', '.join(PRESETS)}) nor a folder that exists")
    return ModelRef(checkpoint=_absolute(text))


def check_usable(path: Path, method: type[Method]) -> None:
    """Look for one row that the method can use, before anything is written.

    Raises:
        BadInput: there is none, or the file cannot be read.
    """
    first: str | None = None
    for item in open_source(path, needs=method.needs.kind):
        if isinstance(item, Row):
            return
        first = first or f"line {item.line}: {item.message}"
    reason = f"; {first}" if first else ""
    raise BadInput(f"{path} has no row that {method.name} can use{reason}", code="no_usable_row")


def _seed(value: int | None) -> int:
    if value is None:
        return 42
    if not 0 <= value < 2**63:
        raise BadInput(f"--seed must be a whole number from 0 to 2**63 - 1, not {value}")
    return value


def _absolute(path: str) -> str:
    return str(Path(path).absolute())
