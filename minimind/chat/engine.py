"""What can be talked to: one interface over PyTorch checkpoints and GGUF files, and the choice of one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from minimind.errors import BadInput
from minimind.text import _

if TYPE_CHECKING:
    from minimind.tokenizer.tokenizer import Tokenizer

# longer contexts are possible but cost memory for each token and nobody trained small models on them
CONTEXT = 2048

# the variable with which MiniMind's templates leave a thought open
THINK_VARIABLE = "open_thinking"

Stop = Callable[[], bool]


@dataclass(frozen=True, kw_only=True)
class Sampling:
    """How the next token is chosen.

    Attributes:
        max_new_tokens: at most so many.
        temperature: 0 = always the likeliest.
        top_p: probability that the candidates must reach together.
        seed: the same words again for the same question.
    """

    max_new_tokens: int = 512
    temperature: float = 0.85
    top_p: float = 0.9
    seed: int = 0


@dataclass(frozen=True, kw_only=True)
class ModelInfo:
    """What was loaded.

    Attributes:
        path: the folder or file itself.
        engine: torch or gguf.
        label: what people call it.
        method: how it was trained, "" when nobody knows.
        is_base: it continues text and has not learnt to answer.
        can_think: its template can open a thought before the answer.
        seq_len: tokens in a row while it was trained, 0 when nobody knows.
        context: tokens that fit.
        parameters: numbers in it, 0 when not known.
        device, threads, precision: where and how it computes.
    """

    path: str
    engine: str
    label: str
    method: str
    is_base: bool
    can_think: bool
    seq_len: int
    context: int
    parameters: int
    device: str
    threads: int
    precision: str

    def to_dict(self) -> dict[str, Any]:
        """For the worker's `loaded` line."""
        return asdict(self)


class Decoder(Protocol):
    """Ids to text as they come."""

    def push(self, number: int, /) -> str:
        """The text that this id completes."""

    def finish(self) -> str:
        """What was still waiting."""


class Engine(Protocol):
    """A loaded model."""

    info: ModelInfo
    vocab_size: int

    @property
    def tokenizer(self) -> Tokenizer:
        """Ours, for reading data files.

        Raises:
            BadInput: it has none, or one that is not read here.
        """

    def chat_prompt(self, messages: Sequence[dict[str, Any]], *, think: bool) -> list[int]:
        """The ids after which the answer begins; nothing that a person wrote becomes a control token."""

    def raw_prompt(self, text: str, *, begin: bool) -> list[int]:
        """The ids of text to continue, after the token that begins a document if asked."""

    def stream(self, ids: Sequence[int], sampling: Sampling, stop: Stop) -> Iterator[int]:
        """New ids, one after the other, until the model ends, the limit, the context, or `stop`.

        What the model ends with is not given out. `stop` is asked before each token and within long prompts.
        """

    def decoder(self) -> Decoder:
        """A fresh one; special tokens are left out."""

    def logits(self, ids: Sequence[int]) -> npt.NDArray[np.float32]:
        """(len(ids), vocabulary), in float32."""

    def set_threads(self, count: int) -> None:
        """Of the processor, from the next token on."""

    def close(self) -> None:
        """Give the memory back."""


def open_engine(
    checkpoint: str,
    *,
    device: str = "auto",
    threads: int = 0,
    precision: str = "float32",
    context: int = CONTEXT,
    exact: bool = False,
) -> Engine:
    """Load a checkpoint or a GGUF file.

    Args:
        checkpoint: run folder, step folder, Hugging Face folder or .gguf file.
        device: auto, cpu, cuda, cuda:N, mps.
        threads: of the processor; 0 = as many as pay.
        precision: float32, bf16, fp16, or auto: what the device gains from. GGUF files have their own.
        context: tokens to make room for; at most what the model was made for.
        exact: for `logits`: keep every position, in float32 throughout.

    Raises:
        BadInput: it cannot be loaded; says what to do.
    """
    path = Path(checkpoint).expanduser()
    if not path.exists():
        raise BadInput(_("{path} is not there").format(path=checkpoint))
    if path.is_file():
        from minimind.chat.gguf_engine import GGUFEngine

        return GGUFEngine(path, device=device, threads=threads, context=context, exact=exact)
    from minimind.chat.torch_engine import TorchEngine

    return TorchEngine(path, device=device, threads=threads, precision=precision, context=context)


def common_prefix(a: Sequence[int], b: Sequence[int]) -> int:
    """How many ids at the start are the same."""
    count = 0
    for x, y in zip(a, b, strict=False):
        if x != y:
            break
        count += 1
    return count


def check_fits(ids: Sequence[int], context: int) -> None:
    """Refuse a prompt that leaves no room for a single token.

    Raises:
        BadInput: it is empty or too long.
    """
    if not ids:
        raise BadInput(_("The prompt is empty; there is nothing to go on from."), code="empty_prompt")
    if len(ids) >= context:
        raise BadInput(
            _("The prompt has {count} tokens, the model can hold {limit}; make it shorter.").format(
                count=f"{len(ids):,}", limit=f"{context:,}"
            ),
            code="too_long",
        )
