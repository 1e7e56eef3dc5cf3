"""Between our shape and Hugging Face's config.json: plain dictionaries in both directions."""

from __future__ import annotations

from typing import Any

from minimind.errors import BadInput
from minimind.text import _

# ours → theirs, the same in Llama, Qwen3 and Qwen3-MoE
NAMES = {
    "dim": "hidden_size",
    "num_layers": "num_hidden_layers",
    "num_heads": "num_attention_heads",
    "num_kv_heads": "num_key_value_heads",
    "head_dim": "head_dim",
    "ffn_dim": "intermediate_size",
    "vocab_size": "vocab_size",
    "norm_eps": "rms_norm_eps",
    "max_positions": "max_position_embeddings",
    "tie_embeddings": "tie_word_embeddings",
}
# what those configurations leave out when it has its default
DEFAULTS: dict[str, Any] = {"rms_norm_eps": 1e-6, "tie_word_embeddings": False}
# no stock class has ungated shared experts beside a plain router under these tensor names
OWN_MODEL_TYPE = "minimind_moe"
# settings that change the computation in a way that is not implemented here: (key, harmless values)
UNSUPPORTED: tuple[tuple[str, tuple[Any, ...]], ...] = (
    ("hidden_act", (None, "silu", "swish")),
    ("attention_bias", (None, False)),
    ("mlp_bias", (None, False)),
    ("use_sliding_window", (None, False)),
    ("quantization_config", (None,)),
    ("partial_rotary_factor", (None, 1, 1.0)),
    ("mlp_only_layers", (None, [])),
    ("decoder_sparse_step", (None, 1)),
)


def stock(own_fields: dict[str, Any]) -> dict[str, Any]:
    """config.json for other tools.

    Dense shapes are Llama, with q/k norm Qwen3; experts with q/k norm and none shared are Qwen3-MoE. Other
    experts get a model type of their own: a tool that does not know it says so instead of computing nonsense.
    """
    moe, qk_norm = own_fields["num_experts"] > 0, own_fields["qk_norm"]
    if moe:
        fits = qk_norm and own_fields["num_shared_experts"] == 0
        model_type, architecture = ("qwen3_moe", "Qwen3MoeForCausalLM") if fits else (OWN_MODEL_TYPE, "")
    else:
        model_type, architecture = ("qwen3", "Qwen3ForCausalLM") if qk_norm else ("llama", "LlamaForCausalLM")
    value: dict[str, Any] = {
        "architectures": [architecture or "MiniMindMoeForCausalLM"],
        "model_type": model_type,
        **{theirs: own_fields[ours] for ours, theirs in NAMES.items()},
        "hidden_act": "silu",
        "attention_bias": False,
        # releases of transformers before 5 read the first, later ones the second
        "rope_theta": own_fields["rope_theta"],
        "rope_parameters": {"rope_type": "default", "rope_theta": own_fields["rope_theta"]},
        "initializer_range": 0.02,
        "use_cache": True,
        "dtype": "float32",
    }
    if moe:
        value |= {
            "moe_intermediate_size": own_fields["ffn_dim"],
            "num_experts": own_fields["num_experts"],
            "num_experts_per_tok": own_fields["experts_per_token"],
            "norm_topk_prob": own_fields["normalize_routing"],
            "router_aux_loss_coef": own_fields["balance_alpha"],
            "decoder_sparse_step": 1,
            "mlp_only_layers": [],
        }
        if model_type == OWN_MODEL_TYPE:
            value["num_shared_experts"] = own_fields["num_shared_experts"]
    else:
        value["mlp_bias"] = False
    return value


def own(value: dict[str, Any], where: str) -> dict[str, Any]:
    """The fields of our shape from somebody else's config.json; bounds are checked by the caller.

    Raises:
        BadInput: another kind of model, or a setting that would change the numbers.
    """
    model_type = value.get("model_type")
    if model_type not in ("llama", "qwen3", "qwen3_moe"):
        raise BadInput(
            _(
                "{where}: model type {type} cannot be used here; it takes llama, qwen3 or qwen3_moe, "
                "or a folder made by this program"
            ).format(where=where, type=model_type)
        )
    for key, harmless in UNSUPPORTED:
        if value.get(key) not in harmless:
            raise _refused(where, key, value[key])
    layer_types = value.get("layer_types")
    if layer_types is not None and (
        not isinstance(layer_types, list) or any(kind != "full_attention" for kind in layer_types)
    ):
        raise _refused(where, "layer_types", layer_types)
    fields = {ours: value.get(theirs, DEFAULTS.get(theirs)) for ours, theirs in NAMES.items()}
    fields["num_kv_heads"] = fields["num_kv_heads"] or fields["num_heads"]
    fields["head_dim"] = fields["head_dim"] or 0
    fields["rope_theta"] = _rope_theta(value, where)
    fields["qk_norm"] = model_type != "llama"
    fields["family"] = model_type
    if model_type == "qwen3_moe":
        fields |= {
            "ffn_dim": value.get("moe_intermediate_size"),
            # later releases of transformers write num_local_experts
            "num_experts": value.get("num_experts", value.get("num_local_experts")),
            "experts_per_token": value.get("num_experts_per_tok"),
            "normalize_routing": value.get("norm_topk_prob", False),
            "balance": "row",
            "balance_alpha": value.get("router_aux_loss_coef", 0.0),
        }
    return fields


def _rope_theta(value: dict[str, Any], where: str) -> Any:
    """Base of the rotary frequencies; any scaling of them is refused, it would change the numbers."""
    parameters = value.get("rope_parameters") or {}
    scaling = value.get("rope_scaling") or {}
    for key, item in (("rope_parameters", parameters), ("rope_scaling", scaling)):
        if not isinstance(item, dict) or item.get("rope_type", item.get("type", "default")) != "default":
            raise _refused(where, key, item)
    return parameters.get("rope_theta", value.get("rope_theta", 10_000.0))


def _refused(where: str, key: str, value: Any) -> BadInput:
    return BadInput(
        _("{where}: {key} = {value} is not supported, the model's answers would be wrong").format(
            where=where, key=key, value=repr(value)[:80]
        )
    )
