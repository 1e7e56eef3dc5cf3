"""Pretraining: predict the next token of plain text. Everything that the model knows begins here."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from minimind.methods.method import LossParts, Needs, StartsFrom, TrainSettings
from minimind.text import N_

if TYPE_CHECKING:
    from minimind.data.batch import Batch
    from minimind.model.transformer import Transformer


class Pretrain:
    """Next-token cross-entropy over every token but the first of each document."""

    name: ClassVar[str] = "pretrain"
    title: ClassVar[str] = N_("Pretrain")
    summary: ClassVar[str] = N_(
        "From nothing: it learns to go on writing. Chat tuning afterwards makes it answer."
    )
    icon: ClassVar[str] = "sprout"
    settings: ClassVar[type[TrainSettings]] = TrainSettings
    needs: ClassVar[Needs] = Needs.TEXT
    starts_from: ClassVar[StartsFrom] = StartsFrom.SCRATCH
    improves: ClassVar[tuple[str, str]] = ("val_loss", "min")
    base_lr: ClassVar[dict[str, float]] = {"adamw": 3e-3, "muon": 3e-3}

    def count(self, batch: Batch) -> int:
        """Labelled tokens."""
        return batch.num_labels

    def loss(self, model: Transformer, batch: Batch) -> LossParts:
        """Cross-entropy in nats, summed over the labelled tokens; the logits never exist all at once."""
        from minimind.losses import linear_cross_entropy

        states = model(batch)
        total, count = linear_cross_entropy(
            states.hidden_ND,
            model.head_weight,
            batch.labels_N,
            batch.weights_N,
            labelled_L=batch.labelled_L,
        )
        return LossParts(
            sum=total, count=count, balance_sum=states.balance_sum, balance_count=states.balance_count
        )
