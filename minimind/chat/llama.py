"""llama.cpp through llama-cpp-python, an optional package: the only module that touches it."""

from __future__ import annotations

import ctypes
import importlib.util
import itertools
import logging
import re
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from minimind.errors import BadInput
from minimind.text import _

PACKAGE = "llama-cpp-python"
_FILE_TYPES = {"Q4_K_M": 15, "Q5_K_M": 17, "Q6_K": 18}
_CONTROL, _USER_DEFINED = 1 << 3, 1 << 4
_STORED = {
    "0": "F32",
    "1": "F16",
    "2": "Q4_0",
    "7": "Q8_0",
    "15": "Q4_K_M",
    "17": "Q5_K_M",
    "18": "Q6_K",
    "32": "BF16",
}
_F32 = 0


def installed() -> bool:
    """Whether the optional package is there; does not import it."""
    return importlib.util.find_spec("llama_cpp") is not None


def install_command() -> str:
    """What to type to get it, for this interpreter."""
    return shlex.join([sys.executable, "-m", "pip", "install", PACKAGE])


def missing(what: str) -> str:
    """One sentence for somebody who asked for `what` without having the package."""
    return _("{what} needs {package}, which is not installed; install it with: {command}").format(
        what=what, package=PACKAGE, command=install_command()
    )


def _library(what: str) -> Any:
    if not installed():
        raise BadInput(missing(what), code="needs_llama")
    import llama_cpp

    return llama_cpp


def quantize(source: Path, target: Path, storage: str, *, threads: int = 2) -> None:
    """Make a K-quant from an F32 or F16 file.

    Raises:
        BadInput: the package is missing.
        OSError: llama.cpp could not do it (no room, mostly).
    """
    library = _library(storage)
    _quiet()
    parameters = library.llama_model_quantize_default_params()
    parameters.ftype = _FILE_TYPES[storage]
    parameters.nthread = threads
    code = library.llama_model_quantize(str(source).encode(), str(target).encode(), ctypes.byref(parameters))
    if code != 0:
        raise OSError(f"llama.cpp could not make {target.name} as {storage} (code {code})")


def _quiet() -> None:
    # the package maps llama.cpp's levels one off, so that warnings pass as errors; what matters raises
    logging.getLogger("llama-cpp-python").setLevel(logging.CRITICAL + 1)


class Model:
    """A loaded GGUF file with one sequence in its cache.

    Attributes:
        context: how many tokens fit.
        vocab_size: token ids.
        bos_id, eos_id: the ids that begin and end a text, -1 for none.
        parameters: numbers in the model; storage: how they are stored (Q8_0).
        metadata: what the file says about itself, as strings.
        past: the tokens in the cache, in order.
    """

    def __init__(
        self,
        path: Path,
        *,
        context: int,
        threads: int,
        gpu_layers: int = 0,
        every_logit: bool = False,
        what: str = "GGUF",
    ) -> None:
        """Load a file.

        Args:
            path: the file.
            context: tokens to make room for; at most what the model was made for.
            threads: of the processor. One while a CPU run is active: the others' spinning costs 100 times.
            gpu_layers: 0 keeps it on the processor, -1 puts all on the card.
            every_logit: keep logits of every position and an F32 cache, for comparing.
            what: what the person asked for, for the message when the package is missing.

        Raises:
            BadInput: no package, no GGUF file, or one that this llama.cpp cannot load.
        """
        library = _library(what)
        _check_magic(path)
        try:
            self._llama = library.Llama(
                str(path),
                n_ctx=context,
                n_batch=512,
                n_threads=threads,
                n_threads_batch=threads,
                n_gpu_layers=gpu_layers,
                logits_all=every_logit,
                type_k=_F32 if every_logit else None,
                type_v=_F32 if every_logit else None,
                verbose=False,
            )
        except (ValueError, RuntimeError, AssertionError, OSError) as error:
            raise BadInput(
                _("{file} cannot be loaded by llama.cpp; it may be damaged or too new").format(file=path)
            ) from error
        _quiet()
        self._library = library
        self.context: int = self._llama.n_ctx()
        self.vocab_size: int = self._llama.n_vocab()
        self.bos_id: int = self._llama.token_bos()
        self.eos_id: int = self._llama.token_eos()
        self.parameters = int(library.llama_model_n_params(self._llama._model.model))
        self.metadata: dict[str, str] = dict(self._llama.metadata)
        self.past: list[int] = []
        self.storage = _STORED.get(self.metadata.get("general.file_type", ""), "GGUF")
        self._vocabulary = library.llama_model_get_vocab(self._llama._model.model)
        self._added = self._find_added()
        self._user_defined = [
            text for _id, text, attribute in self._added if attribute & _USER_DEFINED and len(text) > 1
        ]

    # -- numbers -------------------------------------------------------------------------------

    def keep(self, count: int) -> None:
        """Forget all but the first `count` tokens."""
        self.past = self.past[:count]
        self._llama.n_tokens = count

    def feed(self, ids: Sequence[int]) -> None:
        """Compute tokens that follow what is in the cache; at most 512 a call keep it interruptible."""
        if ids:
            self._llama.eval(list(ids))
            self.past += ids

    def last_logits(self) -> npt.NDArray[np.float32]:
        """(vocab_size,) of the last token fed; a copy."""
        pointer = self._library.llama_get_logits_ith(self._llama._ctx.ctx, -1)
        return np.ctypeslib.as_array(pointer, shape=(self.vocab_size,)).copy()

    def all_logits(self, ids: Sequence[int]) -> npt.NDArray[np.float32]:
        """(len(ids), vocab_size) of one text; needs `every_logit`."""
        self.keep(0)
        self._llama.reset()
        self.feed(ids)
        return np.array(self._llama.scores[: len(ids)], dtype=np.float32)

    # -- text ----------------------------------------------------------------------------------

    def encode_text(self, text: str) -> list[int]:
        """Ids of text that somebody wrote: nothing in it becomes a control or user-defined token.

        llama.cpp recognises user-defined tokens (`<think>`) even when told not to, so such a look-alike is
        cut where its letters begin: there the pre-tokenizer cuts anyway, so the ids are those of plain text.
        """
        ids: list[int] = []
        for part in _cut(text, self._user_defined):
            ids += self._llama.tokenize(part.encode("utf-8", "replace"), add_bos=False, special=False)
        return ids

    def encode_marked(self, text: str) -> list[int]:
        """Ids of text in which control tokens are meant: pieces of a template."""
        ids: list[int] = self._llama.tokenize(text.encode("utf-8", "replace"), add_bos=False, special=True)
        return ids

    def piece(self, token: int, *, special: bool = False) -> bytes:
        """The bytes of one token; control tokens are empty unless `special`."""
        found: bytes = self._llama.detokenize([token], prev_tokens=[], special=special)
        return found

    def ends(self, token: int) -> bool:
        """Whether the model ends its turn with this token."""
        return bool(self._library.llama_vocab_is_eog(self._vocabulary, token))

    def added_tokens(self) -> list[tuple[int, str]]:
        """(id, text) of every control and user-defined token."""
        return [(number, text) for number, text, _attribute in self._added]

    def names(self) -> dict[str, str]:
        """bos_token and eos_token as templates expect them; the first added token where the file has none."""
        texts = dict(self.added_tokens())
        first = next(iter(texts.values()), "")
        return {
            "bos_token": texts.get(self.bos_id, first),
            "eos_token": texts.get(self.eos_id, first),
        }

    def set_threads(self, count: int) -> None:
        """From the next call on."""
        self._library.llama_set_n_threads(self._llama._ctx.ctx, count, count)

    def _find_added(self) -> list[tuple[int, str, int]]:
        found = []
        for token in range(self.vocab_size):
            attribute = int(self._library.llama_vocab_get_attr(self._vocabulary, token))
            if attribute & (_USER_DEFINED | _CONTROL):
                text = self._library.llama_vocab_get_text(self._vocabulary, token).decode("utf-8", "replace")
                if text:
                    found.append((token, text, attribute))
        return found

    def close(self) -> None:
        """Give the memory back."""
        self._llama.close()


def _cut(text: str, words: list[str]) -> list[str]:
    """Split text so that none of the words stands whole in one part."""
    places = {0, len(text)}
    for word in words:
        letters = re.search(r"(?<=\W)\w", word)
        inside = letters.start() if letters else 1
        start = text.find(word)
        while start >= 0:
            places.add(start + inside)
            start = text.find(word, start + 1)
    edges = sorted(places)
    return [text[a:b] for a, b in itertools.pairwise(edges)]


def is_gguf(path: Path) -> bool:
    """Whether a file begins like a GGUF file.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        return file.read(4) == b"GGUF"


def _check_magic(path: Path) -> None:
    try:
        if is_gguf(path):
            return
    except OSError as error:
        reason = error.strerror or str(error)
        raise BadInput(_("{file} cannot be read: {reason}").format(file=path, reason=reason)) from error
    raise BadInput(_("{file} is no GGUF file").format(file=path))
