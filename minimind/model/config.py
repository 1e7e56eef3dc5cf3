"""The shape of a model: what a preset names, what a checkpoint carries, what config.json says to other tools.

Imports no torch, so that the window can ask for sizes.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, Literal, get_args

from minimind.errors import BadInput
from minimind.model import hf_config
from minimind.text import _

Balance = Literal["none", "document", "row"]

# generous for a home machine, and small enough that a hostile config.json allocates nothing
BOUNDS: dict[str, tuple[float, float]] = {
    "dim": (2, 16_384),
    "num_layers": (1, 256),
    "num_heads": (1, 256),
    "num_kv_heads": (1, 256),
    "head_dim": (2, 1_024),
    "ffn_dim": (1, 131_072),
    "vocab_size": (2, 1_000_000),
    "norm_eps": (0.0, 0.1),
    "rope_theta": (1.0, 1e9),
    "max_positions": (2, 4_194_304),
    "num_experts": (0, 512),
    "experts_per_token": (0, 64),
    "num_shared_experts": (0, 16),
    "balance_alpha": (0.0, 10.0),
}
# each expert of each layer is an object: building too many takes longer than anybody waits
MAX_EXPERT_BLOCKS = 16_384


@dataclass(frozen=True, kw_only=True)
class ModelConfig:
    """A decoder-only transformer: pre-norm RMSNorm, RoPE (rotate-half), grouped query attention, SwiGLU.

    Attributes:
        dim: width of the residual stream.
        num_layers: blocks.
        num_heads, num_kv_heads: query heads, and the key/value heads that groups of them share.
        head_dim: width of a head; 0 stands for dim // num_heads.
        ffn_dim: inner width of the feed-forward block, of each expert where there are experts.
        vocab_size: token ids.
        norm_eps: added to the mean square in RMSNorm.
        rope_theta: base of the rotary frequencies.
        max_positions: longest text in tokens.
        qk_norm: RMSNorm on queries and keys per head, before RoPE.
        tie_embeddings: the output head is the embedding matrix.
        num_experts: routed experts, 0 = a dense feed-forward block.
        experts_per_token: how many of them a token visits.
        num_shared_experts: experts that every token visits, without a gate.
        normalize_routing: the weights of the chosen experts are divided by their sum.
        balance: over what the balance loss of the experts takes its means: a document or a row of seq_len.
        balance_alpha: its factor.
        family: whose recipe the shape follows: minimind2, v1, minimind3, or where it came from.

    Raises:
        ValueError: the numbers do not fit together.
    """

    dim: int
    num_layers: int
    num_heads: int
    num_kv_heads: int
    head_dim: int = 0
    ffn_dim: int
    vocab_size: int = 6400
    norm_eps: float = 1e-5
    rope_theta: float = 1e6
    max_positions: int = 32_768
    qk_norm: bool = False
    tie_embeddings: bool = True
    num_experts: int = 0
    experts_per_token: int = 0
    num_shared_experts: int = 0
    normalize_routing: bool = True
    balance: Balance = "none"
    balance_alpha: float = 0.0
    family: str = "minimind2"

    def __post_init__(self) -> None:
        if self.head_dim == 0 and self.num_heads > 0:
            object.__setattr__(self, "head_dim", self.dim // self.num_heads)
        fault = self._fault()
        if fault:
            raise ValueError(fault)

    def _fault(self) -> str | None:
        for name, (low, high) in BOUNDS.items():
            value = getattr(self, name)
            if not low <= value <= high:
                return _("{name} is {value}, but must lie between {low} and {high}").format(
                    name=name, value=value, low=low, high=high
                )
        if self.num_heads % self.num_kv_heads:
            return _("num_heads ({heads}) must be a multiple of num_kv_heads ({kv_heads})").format(
                heads=self.num_heads, kv_heads=self.num_kv_heads
            )
        if self.head_dim % 2:
            return _("head_dim is {value}, but must be even").format(value=self.head_dim)
        if self.balance not in get_args(Balance):
            return _("balance is {value}, but must be none, document or row").format(value=self.balance)
        if self.num_layers * (self.num_experts + self.num_shared_experts) > MAX_EXPERT_BLOCKS:
            return _("num_experts is {value}, too many for {layers} layers").format(
                value=self.num_experts, layers=self.num_layers
            )
        if not (self.experts_per_token <= self.num_experts and bool(self.experts_per_token) == self.is_moe):
            return _("experts_per_token ({chosen}) must lie between 1 and num_experts ({experts})").format(
                chosen=self.experts_per_token, experts=self.num_experts
            )
        return None

    @property
    def is_moe(self) -> bool:
        """Whether the feed-forward blocks are experts behind a router."""
        return self.num_experts > 0

    def to_dict(self) -> dict[str, Any]:
        """Every field, as job.json, events and the `minimind` part of config.json hold it."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, value: Any, *, where: str = "model") -> ModelConfig:
        """Read `to_dict` again; nothing is allocated before the numbers have been checked.

        Args:
            value: what JSON gave.
            where: file or place, for the message.

        Raises:
            BadInput: an unknown or missing key, a wrong type, a number out of bounds.
        """
        if not isinstance(value, dict):
            raise BadInput(_("{where} does not hold a model's shape").format(where=where))
        fields = {field.name: field for field in dataclasses.fields(cls)}
        for name in value:
            if name not in fields:
                raise BadInput(_("{where}: unknown key {name}").format(where=where, name=name))
        for name, field in fields.items():
            if name not in value and field.default is dataclasses.MISSING:
                raise BadInput(_("{where}: {name} is missing").format(where=where, name=name))
        checked = {name: _typed(name, value[name], fields[name].type, where) for name in value}
        try:
            return cls(**checked)
        except ValueError as error:
            raise BadInput(f"{where}: {error}") from None

    def to_hf(self) -> dict[str, Any]:
        """config.json of a checkpoint folder: a stock class where one computes the same, and our own part."""
        return {**hf_config.stock(self.to_dict()), "minimind": {"v": 1, **self.to_dict()}}

    @classmethod
    def from_hf(cls, value: Any, *, where: str = "config.json") -> ModelConfig:
        """Read config.json: our own part exactly where there is one, else Llama, Qwen3 or Qwen3-MoE.

        Raises:
            BadInput: a model that this implementation cannot express, or damaged numbers.
        """
        if not isinstance(value, dict):
            raise BadInput(_("{where} does not hold a model's shape").format(where=where))
        own = value.get("minimind")
        if isinstance(own, dict):
            return cls.from_dict({name: item for name, item in own.items() if name != "v"}, where=where)
        return cls.from_dict(hf_config.own(value, where), where=where)


def _typed(name: str, value: Any, annotation: Any, where: str) -> Any:
    """A JSON value as the field's type; bool is no int here, and an int will do for a float."""
    kinds: dict[str, tuple[type, ...]] = {"int": (int,), "float": (int, float), "bool": (bool,)}
    kind = kinds.get(str(annotation), (str,))
    fits = isinstance(value, kind) and (bool in kind or not isinstance(value, bool))
    if not fits:
        raise BadInput(
            _("{where}: {name} has the value {value}, which does not fit").format(
                where=where, name=name, value=repr(value)[:80]
            )
        )
    return float(value) if annotation == "float" else value
