"""What an attempt was made of: without the same of each, bits may differ after a resume."""

from __future__ import annotations

import os
import platform
import time
from typing import TYPE_CHECKING, Any

import torch

from minimind import __version__
from minimind.data.cache import TokenCache
from minimind.device import Device
from minimind.files import replace_json
from minimind.job import JobSpec
from minimind.model.transformer import Transformer
from minimind.tokenizer.tokenizer import Tokenizer
from minimind.training.report import Report
from minimind.training.snapshot import Snapshot

if TYPE_CHECKING:
    from minimind.training.setup import Session


def facts_of(
    job: JobSpec, device: Device, caches: list[TokenCache], tokenizer: Tokenizer, model: Transformer
) -> dict[str, Any]:
    """What an attempt must record: without the same of each, bits may differ."""
    return {
        "attempt": {
            "device": device.label,
            "device_kind": device.kind,
            "device_name": device.name,
            "threads": torch.get_num_threads() if device.kind == "cpu" else 0,
            "nproc": job.hardware.nproc,
            "instructions": torch.backends.cpu.get_cpu_capability(),
            "torch": torch.__version__,
            "attention": model.attention_variant,
        },
        "data": [
            {
                "path": item.path,
                "weight": item.weight,
                "sha256": cache.content_hash,
                "tokens": cache.num_tokens,
            }
            for item, cache in zip(job.data, caches, strict=True)
        ],
        "tokenizer": tokenizer.hash,
        "seed": job.seed,
        "method": job.method,
    }


def record_attempt(session: Session, report: Report, overrides: dict[str, Any]) -> None:
    """Write `attempts/NNN.json`."""
    report.folder.attempts.mkdir(exist_ok=True)
    replace_json(
        report.folder.attempt_file(report.attempt),
        {
            "v": 1,
            "number": report.attempt,
            "started": time.time(),
            "pid": os.getpid(),
            "from_step": session.progress.step,
            "device": session.facts["attempt"]["device"],
            "dtype": session.plan.precision,
            "threads": session.facts["attempt"]["threads"],
            "nproc": session.facts["attempt"]["nproc"],
            "micro_batch": session.plan.micro_batch,
            "versions": {
                "minimind": __version__,
                "python": platform.python_version(),
                "torch": torch.__version__,
            },
            "overrides": overrides,
            "plan": session.plan.to_dict(),
            **session.facts,
        },
    )


def differences(session: Session, resume: Snapshot) -> list[str]:
    """Names of what keeps this attempt from being bit-identical with the one before."""
    before, now = resume.content["attempt"], session.facts["attempt"]
    names = ("device_kind", "device_name", "threads", "nproc", "instructions", "torch", "attention")
    found = [name for name in names if before.get(name) != now[name]]
    if resume.plan.micro_batch != session.plan.micro_batch:
        found.append("micro_batch")
    if resume.plan.precision != session.plan.precision:
        found.append("precision")
    if resume.plan.compile != session.plan.compile:
        found.append("compile")
    return found
