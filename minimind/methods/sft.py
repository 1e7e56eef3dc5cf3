"""Supervised fine-tuning on conversations: the same loss, but only on what the assistant says."""

from __future__ import annotations

from typing import ClassVar

from minimind.methods.method import Needs, StartsFrom
from minimind.methods.pretrain import Pretrain
from minimind.text import N_


class SFT(Pretrain):
    """Next-token cross-entropy over the assistant's tokens, through the token that ends its turn."""

    name: ClassVar[str] = "sft"
    title: ClassVar[str] = N_("Chat tuning (SFT)")
    summary: ClassVar[str] = N_(
        "From a pretrained model to one that answers: it learns the assistant's side of chats."
    )
    icon: ClassVar[str] = "message-circle"
    needs: ClassVar[Needs] = Needs.CHAT
    starts_from: ClassVar[StartsFrom] = StartsFrom.CHECKPOINT
    base_lr: ClassVar[dict[str, float]] = {"adamw": 5e-4, "muon": 5e-4}
