"""Checkpoints through PyTorch, with keys and values kept from one turn to the next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from minimind.chat.engine import THINK_VARIABLE, Decoder, ModelInfo, Sampling, Stop, check_fits, common_prefix
from minimind.device import physical_threads
from minimind.errors import BadInput
from minimind.export.source import label_of, method_of, seq_len_of
from minimind.methods import METHODS, Needs
from minimind.model import checkpoint, sampling
from minimind.model.transformer import Transformer
from minimind.text import _
from minimind.tokenizer.tokenizer import Tokenizer
from minimind.training.precision import DTYPES

_PIECE = 256


class TorchEngine:
    """One loaded checkpoint; the conversation so far stays in its cache."""

    def __init__(self, path: Path, *, device: str, threads: int, precision: str, context: int) -> None:
        """Load a checkpoint.

        Raises:
            BadInput: no checkpoint, a damaged one, or a device that is not there.
        """
        from minimind.training.setup import choose_device

        chosen = choose_device(device)
        threads = threads or physical_threads()
        precision = chosen.precision(precision)
        torch.set_num_threads(threads)
        # float32 means float32: the shortened format of newer cards changes the third digit
        torch.set_float32_matmul_precision("highest")
        loaded = checkpoint.load(path, device=chosen.label, dtype=DTYPES[precision])
        folder = loaded.folder
        self._model = loaded.model.requires_grad_(False)
        self._tokenizer = Tokenizer.load(loaded.tokenizer_folder) if loaded.tokenizer_folder else None
        config = self._model.config
        self.vocab_size = config.vocab_size
        self._cache: sampling.KVCache | None = None
        self._past: list[int] = []
        method = method_of(folder)
        template = self._tokenizer.chat_template if self._tokenizer else None
        self.info = ModelInfo(
            path=str(folder.resolve()),
            engine="torch",
            label=label_of(folder),
            method=method,
            is_base=template is None or (method in METHODS and METHODS[method].needs is Needs.TEXT),
            can_think=THINK_VARIABLE in (template or ""),
            seq_len=seq_len_of(folder),
            context=min(context, config.max_positions),
            parameters=sum(parameter.numel() for parameter in self._model.parameters()),
            device=chosen.label,
            threads=threads,
            precision=precision,
        )

    @property
    def model(self) -> Transformer:
        """The network itself, in evaluation mode."""
        return self._model

    @property
    def tokenizer(self) -> Tokenizer:
        """The checkpoint's own.

        Raises:
            BadInput: it has none.
        """
        if self._tokenizer is None:
            raise BadInput(
                _("{path} has no tokenizer, so it cannot read text; only logits of ids can be had").format(
                    path=self.info.path
                ),
                code="no_tokenizer",
            )
        return self._tokenizer

    def chat_prompt(self, messages: Sequence[dict[str, Any]], *, think: bool) -> list[int]:
        """The template renders to pieces; between its tokens everything is plain text."""
        return self.tokenizer.chat_prompt(list(messages), open_thinking=think)

    def raw_prompt(self, text: str, *, begin: bool) -> list[int]:
        """Plain text, after the token that begins a document if asked."""
        ids = self.tokenizer.encode_texts([text])[0]
        return [self.tokenizer.bos_id, *ids] if begin else ids

    @torch.inference_mode()
    def stream(self, ids: Sequence[int], wanted: Sampling, stop: Stop) -> Iterator[int]:
        """New ids; what the last call left in the cache and is the same is not computed again.

        Raises:
            BadInput: the prompt is empty or longer than the context.
        """
        check_fits(ids, self.info.context)
        model, eos_id = self._model, self.tokenizer.eos_id
        random = torch.Generator().manual_seed(wanted.seed)
        hidden_D: torch.Tensor | None = None
        self._make_room(len(ids) + wanted.max_new_tokens)
        self._keep(min(common_prefix(self._past, ids), len(ids) - 1))
        while len(self._past) < len(ids):
            if stop():
                return
            hidden_D = self._feed(ids[len(self._past) : len(self._past) + _PIECE])
        fresh: list[int] = []
        for _number in range(min(wanted.max_new_tokens, self.info.context - len(ids))):
            if stop():
                return
            if fresh:
                hidden_D = self._feed(fresh)
            assert hidden_D is not None
            chosen = sampling.choose(
                sampling.head(model, hidden_D),
                temperature=wanted.temperature,
                top_p=wanted.top_p,
                generator=random,
            )
            if chosen == eos_id:
                return
            yield chosen
            fresh = [chosen]

    def _make_room(self, tokens: int) -> None:
        """A cache for so many tokens; doubled when it grows, so that a conversation seldom starts over."""
        tokens = min(tokens, self.info.context)
        if self._cache is not None and self._cache.capacity >= tokens:
            return
        self._past = []
        self._cache = sampling.KVCache(
            self._model.config,
            capacity=min(1 << (tokens - 1).bit_length(), self.info.context),
            device=self._model.device,
            dtype=self._model.compute_dtype(),
        )

    def _keep(self, count: int) -> None:
        assert self._cache is not None
        self._cache.lengths_B.fill_(count)
        self._past = self._past[:count]

    def _feed(self, ids: Sequence[int]) -> torch.Tensor:
        assert self._cache is not None
        hidden_D = sampling.prefill(self._model, ids, self._cache)
        self._past += ids
        return hidden_D

    def decoder(self) -> Decoder:
        """Bytes to text, special tokens left out."""
        return self.tokenizer.stream_decoder()

    def logits(self, ids: Sequence[int]) -> npt.NDArray[np.float32]:
        """Logits after every token."""
        found: npt.NDArray[np.float32] = sampling.logits(self._model, ids).cpu().numpy()
        return found

    def set_threads(self, count: int) -> None:
        """From the next token on."""
        torch.set_num_threads(count)

    def close(self) -> None:
        """Give the memory back."""
        self._cache = None
