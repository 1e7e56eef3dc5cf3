"""Training a tokenizer: byte-level BPE (Sennrich et al. 2016, over bytes as in GPT-2) from data files."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer as RustTokenizer
from tokenizers import models, pre_tokenizers, trainers

from minimind.data.formats import Source, open_source
from minimind.data.problems import Problem, no_usable_row
from minimind.data.rows import Row
from minimind.errors import BadInput
from minimind.files import replace_bytes, write_folder
from minimind.text import _
from minimind.tokenizer.template import TEMPLATE
from minimind.tokenizer.tokenizer import Tokenizer

VOCAB_SIZE = 6400
SMALLEST_VOCAB, LARGEST_VOCAB = 300, 200_000
# the trainer keeps each different stretch of letters with its places: about 65 bytes a byte of Chinese text
SAMPLE_BYTES = 32 << 20
MODEL_MAX_LENGTH = 32_768

# MiniMind's added tokens of today, by id: control tokens, then those that are part of what a model says
VISION_AUDIO = [
    *(f"<|{name}_{side}|>" for name in ("object_ref", "box", "quad", "vision") for side in ("start", "end")),
    *("<|vision_pad|>", "<|image_pad|>", "<|video_pad|>"),
    *("<|audio_start|>", "<|audio_end|>", "<|audio_pad|>"),
    *("<tts_pad>", "<tts_text_bos>", "<tts_text_eod>", "<tts_text_bos_single>"),
]
SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", *VISION_AUDIO]
SPOKEN = [
    *(f"<{slash}{name}>" for name in ("tool_call", "tool_response", "think") for slash in ("", "/")),
    *(f"<|buffer{number}|>" for number in range(1, 10)),
]


@dataclass(frozen=True, kw_only=True)
class TrainedTokenizer:
    """What came out: `characters_per_token` is measured on (at most 2 MB of) the text it was trained on."""

    folder: Path
    vocab_size: int
    hash: str
    characters_per_token: float
    texts: int
    text_bytes: int


def train_tokenizer(
    files: Sequence[Path],
    out: Path,
    *,
    vocab_size: int = VOCAB_SIZE,
    sample_bytes: int = SAMPLE_BYTES,
    progress: Callable[[int, int], None] | None = None,
) -> TrainedTokenizer:
    """Learn merges from the texts of data files and write a tokenizer folder.

    The same files give the same bytes, whatever their order and the number of threads. Of more than
    `sample_bytes` of files a share is taken, text by text, chosen by a hash of the text.

    Args:
        files: data files of any kind that `minimind.data.formats` reads.
        out: a folder that does not exist yet.
        vocab_size: ids in all, the 36 added tokens and the 256 bytes included.
        progress: called with bytes read and bytes in all.

    Raises:
        BadInput: a file cannot be used, `out` exists, or the text is too little for so many ids.
        OSError: no room.
    """
    if not SMALLEST_VOCAB <= vocab_size <= LARGEST_VOCAB:
        raise BadInput(
            _("--vocab-size {size} is outside of {low} to {high}.").format(
                size=vocab_size, low=SMALLEST_VOCAB, high=LARGEST_VOCAB
            )
        )
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise BadInput(_("{folder} exists already; choose another folder for --out.").format(folder=out))
    sources = [open_source(path) for path in files]
    reader = _Reader(sources, sample_bytes, progress)
    vocab, merges = _learn(reader, vocab_size)
    if reader.texts == 0:
        source = sources[0]
        first = next((item for item in source if isinstance(item, Problem)), None)
        raise no_usable_row(source.path, None, first)
    if len(vocab) < vocab_size:
        raise BadInput(
            _("The text repeats itself too little for {size} ids; it gives {found}.").format(
                size=vocab_size, found=len(vocab)
            )
            + " "
            + _("Give more text, or --vocab-size {found}.").format(found=len(vocab)),
            code="too_little_text",
        )
    return _write(out, vocab, merges, reader)


class _Reader:
    """The texts of all sources, a share of them when they are too large, in batches; counts as it goes."""

    def __init__(
        self, sources: Sequence[Source], sample_bytes: int, progress: Callable[[int, int], None] | None
    ) -> None:
        self._sources = sources
        self._total = sum(source.size for source in sources)
        self._share = min(1.0, sample_bytes / max(1, self._total))
        self._progress = progress
        self.texts = self.text_bytes = 0
        self.first: list[str] = []
        self._first_bytes = 0

    def __iter__(self) -> Iterator[list[str]]:
        batch: list[str] = []
        before = 0
        for source in self._sources:
            for text in self._chosen(source):
                batch.append(text)
                if len(batch) == 1024:
                    yield batch
                    batch = []
                    if self._progress:
                        self._progress(before + source.position, self._total)
            before += source.size
        yield batch
        if self._progress:
            self._progress(self._total, self._total)

    def _chosen(self, source: Source) -> Iterator[str]:
        for row in source:
            for text in texts_of(row) if isinstance(row, Row) else ():
                encoded = text.encode()
                if self._share < 1 and not _falls_in(encoded, self._share):
                    continue
                self.texts += 1
                self.text_bytes += len(encoded)
                if self._first_bytes < 2 << 20:
                    self.first.append(text)
                    self._first_bytes += len(encoded)
                yield text


def texts_of(row: Row) -> Iterator[str]:
    """Every text of a row: the text itself, or what each message says."""
    if row.conversation is None:
        yield row.text
        return
    for conversation in (row.conversation, row.rejected):
        for message in conversation.messages if conversation else ():
            if message["content"]:
                yield message["content"]


def _falls_in(encoded: bytes, share: float) -> bool:
    return int.from_bytes(blake2b(encoded, digest_size=8).digest(), "big") < share * 2**64


def _learn(batches: Iterable[list[str]], vocab_size: int) -> tuple[dict[str, int], list[Any]]:
    rust = RustTokenizer(models.BPE())
    rust.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        min_frequency=2,
        special_tokens=[*SPECIAL, *SPOKEN],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    rust.train_from_iterator(batches, trainer=trainer)
    model = json.loads(rust.to_str())["model"]
    return model["vocab"], model["merges"]


def _write(out: Path, vocab: dict[str, int], merges: list[Any], reader: _Reader) -> TrainedTokenizer:
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        if out.exists():
            out.rmdir()  # it is empty
    except OSError as error:
        raise BadInput(
            _("{folder} cannot be written: {reason}").format(folder=out, reason=error.strerror)
        ) from error

    def fill(folder: Path) -> None:
        for name, value in (
            ("tokenizer.json", _document(vocab, merges)),
            ("tokenizer_config.json", _config()),
        ):
            replace_bytes(folder / name, (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode())

    write_folder(out, fill)
    tokenizer = Tokenizer.load(out)
    characters = sum(len(text) for text in reader.first)
    tokens = sum(len(encoding) for encoding in tokenizer.encode_batch(reader.first))
    return TrainedTokenizer(
        folder=out,
        vocab_size=tokenizer.vocab_size,
        hash=tokenizer.hash,
        characters_per_token=round(characters / max(1, tokens), 3),
        texts=reader.texts,
        text_bytes=reader.text_bytes,
    )


def _added_tokens() -> list[dict[str, Any]]:
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False}
    return [
        {"id": number, "content": text, **flags, "special": text in SPECIAL}
        for number, text in enumerate([*SPECIAL, *SPOKEN])
    ]


def _document(vocab: dict[str, int], merges: list[Any]) -> dict[str, Any]:
    byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": _added_tokens(),
        "normalizer": None,
        "pre_tokenizer": byte_level,
        "post_processor": None,
        "decoder": {**byte_level, "add_prefix_space": True},
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": None,
            "continuing_subword_prefix": None,
            "end_of_word_suffix": None,
            "fuse_unk": False,
            "byte_fallback": False,
            "ignore_merges": False,
            "vocab": dict(sorted(vocab.items(), key=lambda item: item[1])),
            "merges": merges,
        },
    }


def _config() -> dict[str, Any]:
    tokens = {str(entry.pop("id")): entry for entry in _added_tokens()}
    return {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": MODEL_MAX_LENGTH,
        "add_bos_token": False,
        "add_eos_token": False,
        "add_prefix_space": False,
        "clean_up_tokenization_spaces": False,
        "spaces_between_special_tokens": False,
        "bos_token": "<|im_start|>",
        "eos_token": "<|im_end|>",
        "pad_token": "<|endoftext|>",
        "unk_token": "<|endoftext|>",
        "additional_special_tokens": SPECIAL[1:],
        "added_tokens_decoder": tokens,
        "chat_template": TEMPLATE,
    }
