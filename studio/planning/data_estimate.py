"""What a data file means for a run on this computer: how long one pass takes, and in rows of which length."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from minimind.data.count import FileCount
from minimind.data.facts import FileFacts, combine
from minimind.device import Device
from minimind.job import Budget, JobSpec, ModelRef
from minimind.plan import predict, sequence_length
from minimind.presets import PRESETS
from studio.planning.situation import Situation

# so many lengths stand for all
_LENGTHS = 200
METHODS = {"text": "pretrain", "chat": "sft"}


@dataclass(frozen=True, kw_only=True)
class PassEstimate:
    """One pass over a file with the preset that is recommended here; seconds None: no device."""

    preset: str
    seq_len: int
    seconds: float | None


def pass_estimate(count: FileCount, devices: Sequence[Device]) -> PassEstimate | None:
    """Predict one pass; None for rows that no method here learns from."""
    if count.kind not in METHODS or not count.usable:
        return None
    preset = Situation(devices=tuple(devices)).preset
    config = PRESETS[preset].config
    job = JobSpec(
        run_id="pass",
        method=METHODS[count.kind],
        model=ModelRef(preset=preset),
        data=(),
        budget=Budget(epochs=1),
    )
    seq_len = sequence_length(job, config)
    if not devices:
        return PassEstimate(preset=preset, seq_len=seq_len, seconds=None)
    lengths = tuple(count.percentile((index + 0.5) / _LENGTHS) for index in range(_LENGTHS))
    facts = FileFacts(tokens=count.tokens, documents=count.usable, lengths=lengths, exact=True)
    data = combine([(facts, 1.0)], seq_len=seq_len, has_val_data=False)
    seconds = predict(job, config, data, devices[0], cny_per_hour=0.0).seconds
    return PassEstimate(preset=preset, seq_len=seq_len, seconds=seconds)
