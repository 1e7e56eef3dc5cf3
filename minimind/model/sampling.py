"""Writing text token by token, with the keys and values of everything so far kept in memory.

Shapes: B sequences · T new tokens · C tokens so far · K key/value heads · d head width · V vocabulary.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor

from minimind.data.batch import Batch
from minimind.model.config import ModelConfig
from minimind.model.transformer import Transformer

# a long prompt goes in by pieces, so that its scores never take more than this many rows
_PREFILL = 512


class KVCache:
    """Keys and values of some sequences, allocated once for the longest they may become.

    Attributes:
        lengths_B: int64 on the host, tokens held of each sequence.
        capacity: tokens that fit.
    """

    def __init__(
        self,
        config: ModelConfig,
        *,
        sequences: int = 1,
        capacity: int,
        device: torch.device | str = "cpu",
        dtype: torch.dtype = torch.float32,
    ) -> None:
        shape = (config.num_layers, 2, sequences, config.num_kv_heads, capacity, config.head_dim)
        self._store = torch.zeros(shape, device=device, dtype=dtype)
        self.lengths_B = torch.zeros(sequences, dtype=torch.int64)
        self._span: tuple[int, int] | None = None
        self._end = 0

    @property
    def capacity(self) -> int:
        """Tokens that fit."""
        return self._store.shape[4]

    def view(self, first: int, count: int = 1) -> KVCache:
        """Some of the sequences, sharing the memory: to feed one while the others wait."""
        part = object.__new__(KVCache)
        part._store = self._store[:, :, first : first + count]
        part.lengths_B = self.lengths_B[first : first + count]
        part._span, part._end = None, 0
        return part

    def reset(self) -> None:
        """Forget everything; the memory stays."""
        self.lengths_B.zero_()

    def reserve(self, new: int) -> tuple[Tensor, Tensor | None]:
        """Make room for `new` tokens of every sequence.

        Returns:
            (positions of the new tokens (B, T), who may see what (B, T, C) or None = everything).

        Raises:
            ValueError: more than the capacity.
        """
        device = self._store.device
        before = self.lengths_B.clone()
        self.lengths_B += new
        self._end = int(self.lengths_B.max())
        if self._end > self.capacity:
            raise ValueError(f"{self._end} tokens do not fit into a cache of {self.capacity}")
        alike = bool((before == before[0]).all())
        self._span = (int(before[0]), self._end) if alike else None
        positions_BT = (before[:, None] + torch.arange(new)).to(device)
        if alike and new == 1:
            return positions_BT, None
        columns_C = torch.arange(self._end, device=device)
        return positions_BT, columns_C <= positions_BT[..., None]

    def store(self, layer: int, k_BTKd: Tensor, v_BTKd: Tensor) -> tuple[Tensor, Tensor]:
        """Put the new tokens' keys and values in their places.

        Returns:
            Keys and values of everything so far, views (B, K, C, d).
        """
        for kind, new_BTKd in enumerate((k_BTKd, v_BTKd)):
            held_BKCd = self._store[layer, kind]
            if self._span is not None:
                held_BKCd[:, :, self._span[0] : self._span[1]] = new_BTKd.transpose(1, 2)
                continue
            for row, new_TKd in enumerate(new_BTKd):
                end = int(self.lengths_B[row])
                held_BKCd[row, :, end - new_TKd.shape[0] : end] = new_TKd.transpose(0, 1)
        return self._store[layer, 0, :, :, : self._end], self._store[layer, 1, :, :, : self._end]


def prefill(model: Transformer, ids: Sequence[int], cache: KVCache) -> Tensor:
    """Feed a prompt to a cache of one sequence; the last token's hidden state, float32 (D,)."""
    if not ids:
        raise ValueError("a prompt needs at least one token")
    ids_1T = torch.tensor([list(ids)], device=model.device)
    for piece_1T in ids_1T.split(_PREFILL, dim=1):
        hidden_1TD = model.extend(piece_1T, cache)
    return hidden_1TD[0, -1]


def head(model: Transformer, hidden: Tensor) -> Tensor:
    """Hidden states (..., D) → logits (..., V), float32."""
    weight_VD = model.head_weight
    return torch.nn.functional.linear(hidden.to(weight_VD.dtype), weight_VD).float()


def choose(logits_V: Tensor, *, temperature: float, top_p: float, generator: torch.Generator) -> int:
    """Pick the next token: the likeliest at temperature 0, else by chance among the likeliest.

    Nucleus sampling (Holtzman et al. 2020): the fewest tokens whose probabilities reach `top_p`. Runs on the
    host with the caller's generator, so that a seed means the same on every device and in any company.
    """
    logits_V = logits_V.float().cpu()
    if temperature <= 0.0:
        return int(logits_V.argmax())
    probabilities, order = (logits_V / temperature).softmax(-1).sort(descending=True, stable=True)
    summed = probabilities.double().cumsum(-1)
    kept = int((summed < top_p).sum()) + 1 if top_p < 1.0 else len(summed)
    kept = min(kept, len(summed))
    drawn = torch.rand((), dtype=torch.float64, generator=generator) * summed[kept - 1]
    place = int(torch.searchsorted(summed[:kept], drawn, right=True))
    return int(order[min(place, kept - 1)])


@torch.inference_mode()
def generate(
    model: Transformer,
    ids: Sequence[int],
    *,
    max_new_tokens: int,
    temperature: float = 0.0,
    top_p: float = 1.0,
    generator: torch.Generator | None = None,
    eos_id: int | None = None,
    stop: Callable[[], bool] | None = None,
) -> Iterator[int]:
    """Continue a text.

    Args:
        model: in evaluation mode or not, experts' balance is not looked at.
        ids: the prompt, at least one token.
        max_new_tokens: at most so many; the model's last position ends it too.
        temperature: 0 = always the likeliest.
        top_p: probability that the candidates must reach together.
        generator: on the host; None = seed 0.
        eos_id: ends the text, is not given out.
        stop: asked before every token; True ends it.

    Yields:
        One new id after the other.

    Raises:
        ValueError: the prompt is empty or longer than the model's positions.
    """
    generator = generator or torch.Generator().manual_seed(0)
    capacity = min(len(ids) + max_new_tokens, model.config.max_positions)
    if len(ids) > capacity:
        raise ValueError(f"the prompt has {len(ids)} tokens, the model's limit is {capacity}")
    cache = KVCache(model.config, capacity=capacity, device=model.device, dtype=model.compute_dtype())
    hidden_D = prefill(model, ids, cache)
    for number in range(capacity - len(ids)):
        if stop is not None and stop():
            return
        chosen = choose(head(model, hidden_D), temperature=temperature, top_p=top_p, generator=generator)
        if chosen == eos_id:
            return
        yield chosen
        if number + 1 < capacity - len(ids):
            hidden_D = model.extend(torch.tensor([[chosen]], device=model.device), cache)[0, 0]


@torch.no_grad()
def logits(model: Transformer, ids_T: Sequence[int] | Tensor) -> Tensor:
    """Logits after every token of one text, float32 (T, V); the ids as they are, nothing added."""
    ids = [int(number) for number in ids_T]
    batch = Batch.from_documents([[ids]], len(ids)).to(model.device)
    was_training = model.training
    try:
        return head(model, model.eval()(batch).hidden_ND)
    finally:
        model.train(was_training)
