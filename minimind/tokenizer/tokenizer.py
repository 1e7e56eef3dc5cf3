"""The tokenizer that everything uses: one way from text to ids, in which no text becomes a control token."""

from __future__ import annotations

import codecs
import hashlib
import itertools
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import tokenizers
import tokenizers.models

from minimind.errors import BadInput
from minimind.files import replace_bytes
from minimind.text import _
from minimind.tokenizer.chat import ChatTemplate, Stretch
from minimind.tokenizer.conversation import Conversation, ConversationProblem, Message
from minimind.tokenizer.loading import Spec, byte_alphabet, read_folder
from minimind.tokenizer.sandbox import TemplateFailed

LONG = 1 << 20
_WORD_END = re.compile(r"[^\W_](?=[\s,.;:!?，。；：！？、])")


@dataclass(frozen=True, kw_only=True)
class EncodedChat:
    """A conversation as ids; `spans` are the [start, end) of ids that are trained, in order."""

    ids: list[int]
    spans: list[tuple[int, int]]

    @property
    def mask(self) -> list[bool]:
        """True for every id that is trained."""
        mask = [False] * len(self.ids)
        for start, end in self.spans:
            mask[start:end] = [True] * (end - start)
        return mask


class Tokenizer:
    """Byte-level BPE with a chat template. Make one with `load`.

    Attributes:
        vocab_size: ids are below it.
        bos_id, eos_id, pad_id: ids of the tokens that begin, end and fill.
        special_ids: ids that `decode` leaves out.
        added_tokens: id to text of every token that is no piece of text.
        hash: hex digest of all that decides the ids of a text.
    """

    def __init__(self, spec: Spec) -> None:
        self._spec = spec
        # a twin without a single added token: whatever a person typed, it can only become text
        self._plain = tokenizers.Tokenizer.from_str(json.dumps(_twin(spec)))
        # without the cache of words: Chinese phrases hardly repeat, and threads wait for each other at it
        self._plain.model = tokenizers.models.BPE(
            spec.vocab, spec.merges, cache_capacity=0, ignore_merges=spec.ignore_merges
        )
        self.vocab_size = spec.size
        self.added_tokens = {number: text for number, text, _special in spec.added}
        by_text = {text: number for number, text in self.added_tokens.items()}
        self.bos_id, self.eos_id, self.pad_id = by_text[spec.bos], by_text[spec.eos], by_text[spec.pad]
        self.special_ids = frozenset(number for number, _text, special in spec.added if special)
        self.hash = _content_hash(spec)

    @classmethod
    def load(cls, folder: Path) -> Tokenizer:
        """Read a folder with tokenizer.json and tokenizer_config.json: a tokenizer's, or a checkpoint.

        Raises:
            BadInput: missing, damaged, or of a kind that is not read here.
        """
        spec = read_folder(folder)
        try:
            return cls(spec)
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # the Rust side panics with a BaseException of its own
            message = _("{file} is no tokenizer that can be used: {reason}.")
            first = (str(error).splitlines() or [type(error).__name__])[0]
            raise BadInput(
                message.format(file=folder / "tokenizer.json", reason=first), code="bad_tokenizer"
            ) from error

    @property
    def template_hash(self) -> str:
        """Hex digest of the chat template; empty when there is none."""
        return self._chat.hash if self._spec.template is not None else ""

    @property
    def chat_template(self) -> str | None:
        """The Jinja source of the chat template."""
        return self._spec.template

    # --- text -----------------------------------------------------------------------------------------

    def encode_texts(self, texts: Sequence[str]) -> list[list[int]]:
        """Ids of each text, in parallel; look-alikes of control tokens stay text.

        A text of millions of characters is encoded in parts, since the library takes 200 bytes a character;
        parts end where every pre-tokenizer that is read here ends a word, so the ids are the same.
        """
        if all(len(text) <= LONG for text in texts):
            return [encoding.ids for encoding in self.encode_batch(texts)]
        return [[n for part in _parts(text) for n in self.encode_batch([part])[0].ids] for text in texts]

    def encode_batch(self, texts: Sequence[str]) -> list[tokenizers.Encoding]:
        """As `encode_texts`, for who needs no lists; texts must be valid Unicode."""
        return self._plain.encode_batch_fast(texts, add_special_tokens=False)

    def encode_document(self, text: str) -> list[int]:
        """bos + text + eos: a document as it is trained."""
        return [self.bos_id, *self.encode_texts([text])[0], self.eos_id]

    def decode(self, ids: Iterable[int], skip_special: bool = True) -> str:
        """Text of ids in one go; bytes that are no UTF-8 become U+FFFD.

        Raises:
            ValueError: an id outside of the vocabulary.
        """
        left_out = self.special_ids if skip_special else frozenset()
        return b"".join(self.token_bytes(i) for i in ids if i not in left_out).decode("utf-8", "replace")

    def stream_decoder(self, skip_special: bool = True) -> StreamDecoder:
        """Decode id by id, for text that grows while somebody looks at it."""
        return StreamDecoder(self, skip_special=skip_special)

    def token_bytes(self, number: int) -> bytes:
        """The bytes that a token stands for.

        Raises:
            ValueError: no such id.
        """
        if not 0 <= number < self.vocab_size:
            raise ValueError(f"id {number} is outside of the vocabulary of {self.vocab_size}")
        return self._bytes[number]

    @cached_property
    def _bytes(self) -> list[bytes]:
        alphabet = byte_alphabet()
        table = [b""] * self.vocab_size
        for text, number in self._spec.vocab.items():
            table[number] = bytes(alphabet[character] for character in text)
        for number, text in self.added_tokens.items():
            table[number] = text.encode()
        return table

    # --- conversations --------------------------------------------------------------------------------

    def encode_chat(self, messages: list[Message], tools: list[Any] | None = None) -> EncodedChat:
        """A conversation as it is trained: the template's pieces, and which ids count.

        Args:
            messages: {"role", "content"} and so on, as `conversation.normalise` gives them.
            tools: what may be called.

        Raises:
            ConversationProblem: the template refuses it.
            BadInput: there is no template, or it cannot be rendered at all.
        """
        (result,) = self.encode_chats([Conversation(messages=messages, tools=tools)])
        if isinstance(result, ConversationProblem):
            raise result
        return result

    def encode_chats(self, conversations: Sequence[Conversation]) -> list[EncodedChat | ConversationProblem]:
        """Many conversations at once, their stretches encoded in parallel.

        Raises:
            BadInput: there is no template, or it cannot be rendered at all.
        """
        cut = self._cut(conversations, add_generation_prompt=False)
        return self._encode_stretches(cut)

    def chat_prompt(
        self, messages: list[Message], tools: list[Any] | None = None, open_thinking: bool = False
    ) -> list[int]:
        """The ids after which the assistant's answer begins.

        Args:
            messages: the conversation so far.
            tools: what may be called.
            open_thinking: let the model think first; templates without think blocks do not mind.

        Raises:
            BadInput: there is no template, or it refuses the conversation.
        """
        cut = self._cut(
            [Conversation(messages=messages, tools=tools)],
            add_generation_prompt=True,
            open_thinking=open_thinking,
        )
        (result,) = self._encode_stretches(cut)
        if isinstance(result, ConversationProblem):
            raise _template_failed(str(result.params.get("reason", result.code)))
        return result.ids

    @cached_property
    def _chat(self) -> ChatTemplate:
        spec = self._spec
        if spec.template is None:
            raise BadInput(
                _("This tokenizer has no chat template, so conversations cannot be read with it."),
                code="no_template",
            )
        try:
            return ChatTemplate(
                spec.template,
                [(number, text) for number, text, _special in spec.added],
                bos=spec.bos,
                eos=spec.eos,
            )
        except TemplateFailed as failed:
            raise _template_failed(failed.reason) from failed

    def _cut(
        self, conversations: Sequence[Conversation], **arguments: Any
    ) -> list[list[Stretch] | ConversationProblem]:
        names = self._spec
        try:
            return self._chat.cut(
                conversations,
                bos_token=names.bos,
                eos_token=names.eos,
                pad_token=names.pad,
                **arguments,
            )
        except TemplateFailed as failed:
            raise _template_failed(failed.reason) from failed

    def _encode_stretches(
        self, cut: list[list[Stretch] | ConversationProblem]
    ) -> list[EncodedChat | ConversationProblem]:
        """Encode many conversations in two calls: with offsets only where a mask needs them."""
        whole = [s for c in cut if isinstance(c, list) for s in c if s.token is None]
        split = [s.text for s in whole if _needs_offsets(s)]
        # most stretches are the template's own, such as a line feed: each text is encoded once
        fast = list({s.text: None for s in whole if not _needs_offsets(s)})
        with_offsets = iter(self._plain.encode_batch(split, add_special_tokens=False))
        encoded = self._plain.encode_batch_fast(fast, add_special_tokens=False)
        ids = {text: encoding.ids for text, encoding in zip(fast, encoded, strict=True)}
        return [c if isinstance(c, ConversationProblem) else _assemble(c, with_offsets, ids) for c in cut]

    # --- files ----------------------------------------------------------------------------------------

    def files(self) -> dict[str, bytes]:
        """The files of a folder that transformers opens: what was loaded, the template in the config."""
        config = dict(self._spec.config)
        config.setdefault("tokenizer_class", "PreTrainedTokenizerFast")
        config.update(bos_token=self._spec.bos, eos_token=self._spec.eos, pad_token=self._spec.pad)
        if self._spec.template is not None:
            config["chat_template"] = self._spec.template
        generation = {"bos_token_id": self.bos_id, "eos_token_id": self.eos_id, "pad_token_id": self.pad_id}
        return {
            "tokenizer.json": self._spec.tokenizer_json,
            "tokenizer_config.json": _json_bytes(config),
            "generation_config.json": _json_bytes(generation),
        }

    def save(self, folder: Path) -> None:
        """Write `files()` into an existing folder.

        Raises:
            OSError: no room, or the disk failed.
        """
        for name, content in self.files().items():
            replace_bytes(folder / name, content)


class StreamDecoder:
    """Turns ids into text as they come; half a character waits for its other half."""

    def __init__(self, tokenizer: Tokenizer, *, skip_special: bool = True) -> None:
        self._tokenizer = tokenizer
        self._left_out = tokenizer.special_ids if skip_special else frozenset()
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def push(self, number: int) -> str:
        """The text that this id completes, which may be empty."""
        if number in self._left_out:
            return ""
        return self._decoder.decode(self._tokenizer.token_bytes(number))

    def finish(self) -> str:
        """What was still waiting; half a character becomes U+FFFD."""
        return self._decoder.decode(b"", final=True)


def _parts(text: str) -> Iterator[str]:
    """Cut a long text after a letter or digit and before a space or a mark: no word goes on there."""
    start = 0
    while len(text) - start > LONG:
        match = _WORD_END.search(text, start + LONG - 1)
        if match is None:
            break
        yield text[start : match.end()]
        start = match.end()
    yield text[start:]


def _needs_offsets(stretch: Stretch) -> bool:
    return stretch.trained_from is not None and 0 < stretch.trained_from < len(stretch.text)


def _assemble(
    stretches: list[Stretch],
    with_offsets: Iterator[tokenizers.Encoding],
    without: dict[str, list[int]],
) -> EncodedChat:
    ids: list[int] = []
    spans: list[tuple[int, int]] = []
    for stretch in stretches:
        begin = len(ids)
        first = 0 if stretch.trained_from == 0 else None
        if stretch.token is not None:
            ids.append(stretch.token)
        elif _needs_offsets(stretch):
            encoding = next(with_offsets)
            ids += encoding.ids
            assert stretch.trained_from is not None
            first = _first_after(encoding, stretch.trained_from)
        else:
            ids += without[stretch.text]
        if first is not None and begin + first < len(ids):
            if spans and spans[-1][1] == begin + first:
                spans[-1] = (spans[-1][0], len(ids))
            else:
                spans.append((begin + first, len(ids)))
    return EncodedChat(ids=ids, spans=spans)


def _first_after(encoding: tokenizers.Encoding, position: int) -> int:
    """The first token that starts at or after a character: the header before it is a handful of tokens."""
    for index in itertools.count():
        place = encoding.token_to_chars(index) if index < len(encoding) else None
        if place is None or place[0] >= position:
            return index
    raise AssertionError


def _twin(spec: Spec) -> dict[str, Any]:
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [],
        "normalizer": spec.normalizer,
        "pre_tokenizer": spec.pre_tokenizer,
        "post_processor": None,
        "decoder": None,
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": None,
            "continuing_subword_prefix": None,
            "end_of_word_suffix": None,
            "fuse_unk": False,
            "byte_fallback": False,
            "ignore_merges": spec.ignore_merges,
            "vocab": spec.vocab,
            "merges": [list(pair) for pair in spec.merges],
        },
    }


def _content_hash(spec: Spec) -> str:
    """Of the content, not of the bytes: a file that another program wrote anew still counts as the same."""
    twin = _twin(spec)
    content = [
        twin["normalizer"],
        twin["pre_tokenizer"],
        twin["model"],
        spec.added,
        spec.bos,
        spec.eos,
        spec.pad,
    ]
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _template_failed(reason: str) -> BadInput:
    return BadInput(
        _("The chat template of this tokenizer does not work: {reason}").format(reason=reason),
        code="bad_template",
    )


def _json_bytes(value: dict[str, Any]) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=2) + "\n").encode()
