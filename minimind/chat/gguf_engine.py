"""GGUF files through llama.cpp. Imports no torch, so the worker stays small."""

from __future__ import annotations

import codecs
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from minimind.chat import llama
from minimind.chat.engine import THINK_VARIABLE, ModelInfo, Sampling, Stop, check_fits, common_prefix
from minimind.device import physical_threads
from minimind.errors import BadInput
from minimind.text import _
from minimind.tokenizer.chat import ChatTemplate
from minimind.tokenizer.conversation import Conversation, ConversationProblem
from minimind.tokenizer.sandbox import TemplateFailed
from minimind.tokenizer.tokenizer import Tokenizer

_PIECE = 256
# sorting all of a large vocabulary costs more than the model; what lies below these is hardly ever drawn
_CANDIDATES = 4096
_TEMPLATE = "tokenizer.chat_template"


class GGUFEngine:
    """One loaded file; the conversation so far stays in its cache."""

    def __init__(self, path: Path, *, device: str, threads: int, context: int, exact: bool) -> None:
        """Load a file.

        Raises:
            BadInput: no llama-cpp-python, or no file that it can load.
        """
        threads = threads or physical_threads()
        on_card = device.startswith("cuda")
        self._model = model = llama.Model(
            path,
            context=context,
            threads=threads,
            gpu_layers=-1 if on_card else 0,
            every_logit=exact,
            what=_("A GGUF file"),
        )
        self.vocab_size = model.vocab_size
        metadata = model.metadata
        method = metadata.get("minimind.method", "")
        seq_len = metadata.get("minimind.seq_len", "")
        # files of others name one id in eos and end their turns with another
        self._ours = "minimind.method" in metadata
        self._templates: ChatTemplate | None = None
        self.info = ModelInfo(
            path=str(path.resolve()),
            engine="gguf",
            label=metadata.get("general.name") or path.stem,
            method=method,
            is_base=method == "pretrain" or not metadata.get(_TEMPLATE),
            can_think=THINK_VARIABLE in metadata.get(_TEMPLATE, ""),
            seq_len=int(seq_len) if seq_len.isdigit() else 0,
            context=model.context,
            parameters=model.parameters,
            device="cuda" if on_card else "cpu",
            threads=threads,
            precision=model.storage,
        )

    @property
    def tokenizer(self) -> Tokenizer:
        """The file's tokenizer as ours: the same ids, with a loss mask for conversations."""
        from minimind.chat.gguf_tokenizer import read_tokenizer

        return read_tokenizer(Path(self.info.path))

    def chat_prompt(self, messages: Sequence[dict[str, Any]], *, think: bool) -> list[int]:
        """The template renders to pieces; between its tokens everything is plain text.

        Raises:
            BadInput: no template, or it refuses the conversation.
        """
        names = self._model.names()
        try:
            (pieces,) = self._template().cut(
                [Conversation(messages=list(messages))],
                add_generation_prompt=True,
                open_thinking=think,
                **names,
            )
        except TemplateFailed as failed:
            raise _template_failed(failed.reason) from failed
        if isinstance(pieces, ConversationProblem):
            raise _template_failed(str(pieces.params.get("reason", pieces.code)))
        ids: list[int] = []
        for piece in pieces:
            ids += [piece.token] if piece.token is not None else self._model.encode_text(piece.text)
        return ids

    def _template(self) -> ChatTemplate:
        if self._templates is None:
            text = self._model.metadata.get(_TEMPLATE, "")
            if not text:
                raise BadInput(
                    _("This file has no chat template; it can only continue text."), code="no_template"
                )
            names = self._model.names()
            try:
                self._templates = ChatTemplate(
                    text, self._model.added_tokens(), bos=names["bos_token"], eos=names["eos_token"]
                )
            except TemplateFailed as failed:
                raise _template_failed(failed.reason) from failed
        return self._templates

    def raw_prompt(self, text: str, *, begin: bool) -> list[int]:
        """Plain text, after the token that begins a document if asked."""
        ids = self._model.encode_text(text)
        return [self._model.bos_id, *ids] if begin and self._model.bos_id >= 0 else ids

    def stream(self, ids: Sequence[int], sampling: Sampling, stop: Stop) -> Iterator[int]:
        """New ids; what the last call left in the cache and is the same is not computed again.

        Raises:
            BadInput: the prompt is empty or longer than the context.
        """
        check_fits(ids, self._model.context)
        model, random = self._model, np.random.default_rng(sampling.seed)
        model.keep(min(common_prefix(model.past, ids), len(ids) - 1))
        while len(model.past) < len(ids):
            if stop():
                return
            model.feed(ids[len(model.past) : len(model.past) + _PIECE])
        fresh: list[int] = []
        for _number in range(min(sampling.max_new_tokens, model.context - len(ids))):
            if stop():
                return
            model.feed(fresh)
            chosen = choose(model.last_logits(), sampling, random)
            if chosen == model.eos_id or (not self._ours and model.ends(chosen)):
                return
            yield chosen
            fresh = [chosen]

    def decoder(self) -> _Decoder:
        """Bytes to text, special tokens left out."""
        return _Decoder(self._model)

    def logits(self, ids: Sequence[int]) -> npt.NDArray[np.float32]:
        """Logits after every token."""
        return self._model.all_logits(ids)

    def set_threads(self, count: int) -> None:
        """From the next token on."""
        self._model.set_threads(count)

    def close(self) -> None:
        """Give the memory back."""
        self._model.close()


class _Decoder:
    def __init__(self, model: llama.Model) -> None:
        self._model = model
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def push(self, number: int) -> str:
        return self._decoder.decode(self._model.piece(number))

    def finish(self) -> str:
        return self._decoder.decode(b"", final=True)


def choose(logits: npt.NDArray[np.float32], sampling: Sampling, random: np.random.Generator) -> int:
    """Pick the next token: the likeliest at temperature 0, else by chance among the likeliest (nucleus).

    Args:
        logits: (vocabulary,).
        sampling: temperature and top_p.
        random: drawn from once, unless the temperature is 0.
    """
    if sampling.temperature <= 0.0:
        return int(logits.argmax())
    scaled = logits.astype(np.float64) / sampling.temperature
    if len(scaled) > _CANDIDATES * 2:
        candidates = np.argpartition(scaled, -_CANDIDATES)[-_CANDIDATES:]
    else:
        candidates = np.arange(len(scaled))
    order = candidates[np.argsort(-scaled[candidates], kind="stable")]
    weights = np.exp(scaled[order] - scaled[order[0]])
    summed = np.cumsum(weights)
    kept = int(np.searchsorted(summed, sampling.top_p * summed[-1], side="left")) + 1
    kept = min(kept, len(order))
    place = int(np.searchsorted(summed[:kept], random.random() * summed[kept - 1], side="right"))
    return int(order[min(place, kept - 1)])


def _template_failed(reason: str) -> BadInput:
    return BadInput(
        _("The chat template of this file does not work: {reason}").format(reason=reason), code="bad_template"
    )
