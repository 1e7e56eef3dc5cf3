"""`plan`: what a training would need and take. Writes nothing."""

from __future__ import annotations

import argparse
from pathlib import Path

from minimind.cli import print_json
from minimind.cli.job_arguments import add_job_arguments, job_of
from minimind.data import facts
from minimind.estimate import duration
from minimind.methods import method_named
from minimind.plan import predict, sequence_length


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of `train`, without a folder."""
    add_job_arguments(parser)
    parser.add_argument(
        "--out", metavar="RUN_FOLDER", help="taken and left alone, so that a train line can be planned"
    )
    parser.add_argument("--json", action="store_true", help="one line of JSON")


def run(options: argparse.Namespace) -> int:
    """Predict and print."""
    job = job_of(options)
    from minimind.training.setup import choose_device, model_config, open_tokenizer

    tokenizer, _folder = open_tokenizer(job)
    config = model_config(job, tokenizer)
    needs = method_named(job.method).needs.kind
    looks = [(facts.look(Path(item.path), tokenizer, needs), item.weight) for item in job.data]
    data = facts.combine(looks, seq_len=sequence_length(job, config), has_val_data=job.val_data is not None)
    chosen = choose_device(job.hardware.device)
    found = predict(job, config, data, chosen)
    if options.json:
        print_json(found.to_json())
        return 0
    plan, gib = found.resolved, 2**30
    looked = "" if all(look.exact for look, _weight in looks) else " (extrapolated from a look at the data)"
    for label, text in {
        "parameters": f"{found.parameters:,}",
        "device": f"{chosen.name}, {plan.precision}",
        "memory": f"{found.peak_memory_bytes / gib:.2f} GB at most, {chosen.free_bytes / gib:.1f} GB free",
        "time": f"about {duration(found.seconds)}",
        "cost": f"{found.cost_cny:.2f} CNY, {found.kwh:.3f} kWh",
        "steps": f"{found.steps:,} of {plan.tokens_per_step:,} tokens, {found.epochs:.2f} passes",
        "tokens": f"{found.tokens:,}{looked}",
        "micro-batch": f"{plan.micro_batch} rows of {plan.seq_len}",
        "disk": f"up to {found.disk_bytes / 1e9:.2f} GB",
    }.items():
        print(f"{label:<12} {text}")
    return 0
