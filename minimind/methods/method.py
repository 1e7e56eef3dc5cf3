"""What a training method is, and the settings that all of them share."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from minimind.options import option
from minimind.text import N_

if TYPE_CHECKING:
    import torch

    from minimind.data.batch import Batch
    from minimind.data.rows import Kind
    from minimind.model.transformer import Transformer


class Needs(StrEnum):
    """The kind of rows that a method learns from."""

    TEXT = "text"
    CHAT = "chat"
    PREFERENCES = "preferences"
    PROMPTS = "prompts"

    @property
    def kind(self) -> Kind:
        """The word that data files use for it."""
        return self.value


class StartsFrom(StrEnum):
    """What a method usually begins with; `--model PRESET` starts any method from random weights."""

    SCRATCH = "scratch"
    CHECKPOINT = "checkpoint"


@dataclass(frozen=True, kw_only=True)
class TrainSettings:
    """Settings of every method. `None` means automatic: `minimind.plan` decides, the attempt records it."""

    seq_len: int | None = option(
        None,
        N_("Sequence length"),
        N_("How many tokens the model sees at once while it learns. Longer costs more memory."),
        minimum=8,
        maximum=32_768,
        unit=N_("tokens"),
        expert_name="seq_len",
    )
    lr: float | None = option(
        None,
        N_("Learning rate"),
        N_("How far each step moves the weights. Too high and the loss jumps, too low and it crawls."),
        minimum=1e-9,
        maximum=0.1,
        expert_name="learning rate",
    )
    tokens_per_step: int | None = option(
        None,
        N_("Tokens per step"),
        N_("How many tokens one update looks at. Small runs want many small steps."),
        minimum=8,
        maximum=1 << 24,
        unit=N_("tokens"),
        advanced=True,
        expert_name="batch size",
    )
    save_every: int | None = option(
        None,
        N_("Save every"),
        N_("A checkpoint at this interval, so that little is lost if something happens. 0: only at the end."),
        minimum=0,
        unit=N_("steps"),
    )
    eval_every: int | None = option(
        None,
        N_("Measure held-out loss every"),
        N_("How often it is tested on text that it never learns from. 0: only at the end."),
        minimum=0,
        unit=N_("steps"),
        advanced=True,
    )
    sample_every: int | None = option(
        None,
        N_("Let it speak every"),
        N_("How often it continues the sample prompts. 0: never."),
        minimum=0,
        unit=N_("steps"),
    )
    sample_prompts: list[str] | None = option(
        None,
        N_("Sample prompts"),
        N_("Up to three beginnings that it continues now and then, so that you can hear it learn."),
    )
    micro_batch: int | None = option(
        None,
        N_("Micro-batch"),
        N_("Rows computed at once. More is faster on a graphics card and needs more memory."),
        minimum=1,
        maximum=4096,
        unit=N_("rows"),
        advanced=True,
        expert_name="micro-batch",
    )
    precision: str = option(
        "auto",
        N_("Precision"),
        N_("Short numbers are faster where the device supports them; weights are always kept in full."),
        choices=("auto", "float32", "bf16", "fp16"),
        choice_labels=(N_("automatic"), "float32", "bf16", "fp16"),
        advanced=True,
    )
    compile: str = option(
        "auto",
        N_("Compile"),
        N_("Translates the model into faster code first; pays in runs of some length."),
        choices=("auto", "on", "off"),
        choice_labels=(N_("automatic"), N_("on"), N_("off")),
        advanced=True,
        expert_name="torch.compile",
    )
    optimizer: str = option(
        "auto",
        N_("Optimizer"),
        N_("The rule that turns gradients into steps."),
        choices=("auto", "adamw", "muon"),
        choice_labels=(N_("automatic"), "AdamW", "Muon"),
        advanced=True,
    )
    recipe: str = option(
        "auto",
        N_("Recipe"),
        N_("The studio's own, or the one that MiniMind upstream uses."),
        choices=("auto", "upstream"),
        choice_labels=(N_("automatic"), "MiniMind"),
        advanced=True,
    )
    warmup_steps: int | None = option(
        None,
        N_("Warm-up"),
        N_("The learning rate rises over these first steps."),
        minimum=0,
        unit=N_("steps"),
        advanced=True,
        expert_name="warmup",
    )
    decay: float = option(
        0.4,
        N_("Decay"),
        N_("The share of the run, at its end, over which the learning rate falls to nothing."),
        minimum=0.0,
        maximum=1.0,
        advanced=True,
        expert_name="warm-up-stable-decay",
    )
    weight_decay: float = option(
        0.1,
        N_("Weight decay"),
        N_("Pulls weights towards zero a little at each step."),
        minimum=0.0,
        maximum=1.0,
        advanced=True,
    )
    clip: float = option(
        1.0,
        N_("Gradient clipping"),
        N_("Longer gradients are cut to this length, so that one bad batch does no harm. 0: off."),
        minimum=0.0,
        maximum=1000.0,
        advanced=True,
        expert_name="gradient clipping",
    )
    log_every: int | None = option(
        None,
        N_("Log every"),
        N_("A point of the curve at this interval."),
        minimum=1,
        unit=N_("steps"),
        advanced=True,
    )
    keep_checkpoints: int = option(
        2,
        N_("Checkpoints kept"),
        N_("The newest ones; the best one stays too."),
        minimum=2,
        maximum=1000,
        advanced=True,
    )


@dataclass(frozen=True, kw_only=True)
class LossParts:
    """The loss of one micro-batch before it is divided.

    Attributes:
        sum: scalar tensor with gradient, summed over the method's unit.
        count: how many units (labelled tokens, pairs, …); the loop divides by the count of the whole step.
        balance_sum, balance_count: the experts' balance loss over its own unit (documents or rows).
        extras: name → (sum, count), further curves.
    """

    sum: torch.Tensor
    count: int
    balance_sum: torch.Tensor | None = None
    balance_count: int = 0
    extras: dict[str, tuple[Any, Any]] | None = None


class Method(Protocol):
    """How to train: what the loss is and what it needs. The loop owns everything else."""

    name: ClassVar[str]
    title: ClassVar[str]
    summary: ClassVar[str]
    icon: ClassVar[str]
    settings: ClassVar[type[TrainSettings]]
    needs: ClassVar[Needs]
    starts_from: ClassVar[StartsFrom]
    # the metric that decides which checkpoint is the best one, and which way is better
    improves: ClassVar[tuple[str, str]]
    # learning rates by optimizer, before scaling with the model's width
    base_lr: ClassVar[dict[str, float]]

    def count(self, batch: Batch) -> int:
        """Units in a micro-batch, known on the host before the first backward."""
        ...

    def loss(self, model: Transformer, batch: Batch) -> LossParts:
        """The loss of one micro-batch, with gradient."""
        ...
