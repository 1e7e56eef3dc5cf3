"""The named model shapes. One line here gives the wizard card, the CLI name, the estimate and the tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from minimind.errors import BadInput
from minimind.model.config import ModelConfig
from minimind.text import N_, _


@dataclass(frozen=True, kw_only=True)
class Preset:
    """A shape with a name.

    Attributes:
        name: as on the command line.
        title: by outcome, English msgid.
        summary: one sentence for the card, English msgid.
        config: the shape.
        seq_len: recommended row length in tokens.
    """

    name: str
    title: str
    summary: str
    config: ModelConfig
    seq_len: int = 512

    @property
    def family(self) -> str:
        """Whose recipe it follows: minimind2, v1 or minimind3."""
        return self.config.family


def _minimind2(dim: int, num_layers: int, ffn_dim: int, num_heads: int = 8) -> ModelConfig:
    return ModelConfig(dim=dim, num_layers=num_layers, num_heads=num_heads, num_kv_heads=2, ffn_dim=ffn_dim)


def _experts(base: ModelConfig, *, alpha: float) -> ModelConfig:
    """Four routed experts, two a token, one shared; balanced within each document."""
    fields = base.to_dict() | {
        "num_experts": 4,
        "experts_per_token": 2,
        "num_shared_experts": 1,
        "balance": "document",
        "balance_alpha": alpha,
    }
    return ModelConfig(**fields)


def _v1(dim: int, num_layers: int, ffn_dim: int) -> ModelConfig:
    return ModelConfig(
        dim=dim,
        num_layers=num_layers,
        num_heads=16,
        num_kv_heads=8,
        ffn_dim=ffn_dim,
        rope_theta=1e4,
        family="v1",
    )


_MINIMIND3 = ModelConfig(
    dim=768,
    num_layers=8,
    num_heads=8,
    num_kv_heads=4,
    ffn_dim=2432,
    norm_eps=1e-6,
    qk_norm=True,
    family="minimind3",
)
_MINIMIND3_MOE = ModelConfig(
    **_MINIMIND3.to_dict()
    | {"num_experts": 4, "experts_per_token": 1, "balance": "row", "balance_alpha": 5e-4}
)

PRESETS: dict[str, Preset] = {
    preset.name: preset
    for preset in (
        Preset(
            name="tiny",
            title=N_("Trial"),
            summary=N_("Learns letters and common words in a minute: to see that everything works."),
            config=_minimind2(64, 2, 192, num_heads=4),
            seq_len=256,
        ),
        Preset(
            name="mini",
            title=N_("First model"),
            summary=N_("A first model on any machine, without a graphics card too."),
            config=_minimind2(256, 6, 704),
        ),
        Preset(
            name="minimind2-small",
            title=N_("Small talk"),
            summary=N_("The smallest MiniMind2: short conversations after two hours on a graphics card."),
            config=_minimind2(512, 8, 1408),
        ),
        Preset(
            name="minimind2",
            title=N_("Decent chat"),
            summary=N_("Four times the size of the small one: knows more, writes more coherently."),
            config=_minimind2(768, 16, 2048),
        ),
        Preset(
            name="minimind2-moe",
            title=N_("Experts"),
            summary=N_("Four experts, two per token: more knowledge for the same computation per token."),
            config=_experts(_minimind2(640, 8, 1728), alpha=0.1),
        ),
        Preset(
            name="minimind3",
            title=N_("Newest recipe"),
            summary=N_("MiniMind3: wide and shallow, with normalised queries and keys; trains steadily."),
            config=_MINIMIND3,
        ),
        Preset(
            name="minimind3-moe",
            title=N_("Newest recipe, experts"),
            summary=N_("MiniMind3 with four experts, one per token: 198M parameters, 64M at work."),
            config=_MINIMIND3_MOE,
        ),
        Preset(
            name="minimind-v1-small",
            title=N_("First generation, small"),
            summary=N_("The shape of 2024, to go on with old weights or to compare."),
            config=_v1(512, 8, 1408),
        ),
        Preset(
            name="minimind-v1",
            title=N_("First generation"),
            summary=N_("The large shape of 2024, to go on with old weights or to compare."),
            config=_v1(768, 16, 2048),
        ),
        Preset(
            name="minimind-v1-moe",
            title=N_("First generation, experts"),
            summary=N_("The shape of 2024 with experts, to go on with old weights or to compare."),
            config=_experts(_v1(512, 8, 1408), alpha=0.01),
        ),
    )
}


def shaped(name: str, shape: Mapping[str, Any] | None) -> ModelConfig:
    """The shape of a preset with some of its numbers changed; heads share the width anew.

    Raises:
        BadInput: no such preset, an unknown number, or numbers that do not fit together.
    """
    fields = preset(name).config.to_dict()
    if shape and {"dim", "num_heads"} & shape.keys():
        fields["head_dim"] = 0
    return ModelConfig.from_dict({**fields, **(shape or {})}, where=_("shape"))


def preset(name: str) -> Preset:
    """The preset of that name.

    Raises:
        BadInput: there is none; the message lists those there are.
    """
    try:
        return PRESETS[name]
    except KeyError:
        raise BadInput(
            _("{name} is no model preset; there are: {names}").format(name=name, names=", ".join(PRESETS))
        ) from None
