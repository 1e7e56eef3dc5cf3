"""Reading a tokenizer that somebody else wrote: everything is checked here, before the Rust library sees it.

The library panics on some inputs and loops on others (regular expressions with back-tracking), so only
byte-level BPE with pre-tokenizers that are known is let through.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from minimind.errors import BadInput
from minimind.text import _
from minimind.tokenizer.sandbox import MAX_TEMPLATE

MAX_JSON = 20 << 20
MAX_CONFIG = 2 << 20
MAX_ADDED = 10_000
# the pre-tokenizers of Qwen 2 and Llama 3; GPT-2's is ByteLevel's own
KNOWN_REGEX = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
    r"|\s+(?!\S)|\s+",
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
    r"|\s+(?!\S)|\s+",
)
NORMALIZERS = {"NFC", "NFD", "NFKC", "NFKD", "Lowercase", "Sequence"}


@dataclass(frozen=True, kw_only=True)
class Spec:
    """What a tokenizer folder says, checked.

    Attributes:
        vocab: token text to id, in the byte alphabet, added tokens left out unless they are single bytes.
        merges: pairs, in order.
        added: (id, text, special), by id.
        size: ids go from 0 to size - 1.
        normalizer, pre_tokenizer: as in tokenizer.json, of known kinds only.
        bos, eos, pad: texts of added tokens.
        template: the chat template, or None.
        tokenizer_json, config: the file's bytes and the settings as they were found.
    """

    vocab: dict[str, int]
    merges: list[tuple[str, str]]
    added: list[tuple[int, str, bool]]
    size: int
    normalizer: dict[str, Any] | None
    pre_tokenizer: dict[str, Any]
    ignore_merges: bool
    bos: str
    eos: str
    pad: str
    template: str | None
    tokenizer_json: bytes
    config: dict[str, Any]


@cache
def byte_alphabet() -> dict[str, int]:
    """GPT-2's printable stand-in for each byte, character to byte."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    table = {chr(byte): byte for byte in printable}
    others = [byte for byte in range(256) if byte not in set(printable)]
    table.update({chr(256 + index): byte for index, byte in enumerate(others)})
    return table


def read_folder(folder: Path) -> Spec:
    """Read tokenizer.json, tokenizer_config.json and chat_template.jinja.

    Raises:
        BadInput: missing, too large, damaged, or of a kind that is not read here.
    """
    path = folder / "tokenizer.json"
    raw = _bytes(path, MAX_JSON)
    document = _object(raw, path)
    config_path = folder / "tokenizer_config.json"
    config = _object(_bytes(config_path, MAX_CONFIG), config_path) if config_path.exists() else {}
    model = document.get("model")
    if not isinstance(model, dict) or model.get("type", "BPE") != "BPE" or "merges" not in model:
        raise _other_kind(path)
    full = _vocab(model, path)
    added = _added(document, full, path)
    vocab, merges = _without_added(full, _merges(model, path), {text for _id, text, _special in added})
    _check_merges(vocab, merges, path)
    _check_ids(full, added, path)
    bos, eos, pad = _special_names(config, [text for _id, text, _special in added], config_path)
    return Spec(
        vocab=vocab,
        merges=merges,
        added=added,
        size=len(set(full.values()) | {number for number, _text, _special in added}),
        normalizer=_normalizer(document.get("normalizer"), path),
        pre_tokenizer=_pre_tokenizer(document.get("pre_tokenizer"), path),
        ignore_merges=model.get("ignore_merges") is True,
        bos=bos,
        eos=eos,
        pad=pad,
        template=_template(folder, config),
        tokenizer_json=raw,
        config=config,
    )


def _bytes(path: Path, cap: int) -> bytes:
    try:
        if path.stat().st_size > cap:
            raise _damaged(path, _("it is larger than {size} MB").format(size=cap >> 20))
        return path.read_bytes()
    except OSError as error:
        raise BadInput(
            _("{file} cannot be read: {reason}.").format(file=path, reason=error.strerror),
            code="no_tokenizer",
        ) from error


def _object(raw: bytes, path: Path) -> dict[str, Any]:
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise _damaged(path, _("it is not JSON")) from error
    if not isinstance(value, dict):
        raise _damaged(path, _("it holds no JSON object"))
    return value


def _damaged(path: Path, reason: str) -> BadInput:
    return BadInput(
        _("{file} is no tokenizer that can be used: {reason}.").format(file=path, reason=reason),
        code="bad_tokenizer",
    )


def _other_kind(path: Path) -> BadInput:
    return _damaged(path, _("only byte-level BPE is read here"))


def _vocab(model: dict[str, Any], path: Path) -> dict[str, int]:
    vocab = model.get("vocab")
    if not isinstance(vocab, dict) or not vocab:
        raise _damaged(path, _("it has no vocabulary"))
    if not all(type(number) is int and text for text, number in vocab.items()):
        raise _damaged(path, _("its vocabulary has an entry without text or number"))
    return vocab


def _added(document: dict[str, Any], vocab: dict[str, int], path: Path) -> list[tuple[int, str, bool]]:
    entries = document.get("added_tokens") or []
    if not isinstance(entries, list) or len(entries) > MAX_ADDED:
        raise _damaged(path, _("its list of added tokens is broken"))
    added = []
    for entry in entries:
        number = entry.get("id") if isinstance(entry, dict) else None
        text = entry.get("content") if isinstance(entry, dict) else None
        # a lone surrogate cannot be written in any text, so such a token could not be used
        if type(number) is not int or not isinstance(text, str) or not text or not _is_text(text):
            raise _damaged(path, _("its list of added tokens is broken"))
        if vocab.get(text, number) != number:
            raise _damaged(path, _("the token {token} has two ids").format(token=text))
        added.append((number, text, entry.get("special") is True))
    if len({text for _id, text, _s in added}) < len(added) or len({n for n, _t, _s in added}) < len(added):
        raise _damaged(path, _("its list of added tokens is broken"))
    return sorted(added)


def _is_text(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _merges(model: dict[str, Any], path: Path) -> list[tuple[str, str]]:
    raw = model.get("merges")
    if not isinstance(raw, list):
        raise _damaged(path, _("its list of merges is broken"))
    merges = []
    for item in raw:
        pair = item.split(" ") if isinstance(item, str) else item
        if not isinstance(pair, list) or len(pair) != 2 or not all(isinstance(p, str) and p for p in pair):
            raise _damaged(path, _("its list of merges is broken"))
        merges.append((pair[0], pair[1]))
    return merges


def _without_added(
    vocab: dict[str, int], merges: list[tuple[str, str]], added: set[str]
) -> tuple[dict[str, int], list[tuple[str, str]]]:
    """Vocabulary and merges that cannot spell an added token; single bytes stay, else text would be lost."""
    gone = {text for text in added if text in vocab and not (len(text) == 1 and text in byte_alphabet())}
    kept: list[tuple[str, str]] = []
    for left, right in merges:
        if left in gone or right in gone or left + right in gone:
            gone.add(left + right)
        else:
            kept.append((left, right))
    reachable = {left + right for left, right in kept}
    gone -= reachable - added
    return {text: number for text, number in vocab.items() if text not in gone}, kept


def _check_merges(vocab: dict[str, int], merges: list[tuple[str, str]], path: Path) -> None:
    alphabet = byte_alphabet()
    if any(character not in alphabet for text in vocab for character in text):
        raise _other_kind(path)
    if any(character not in vocab for character in alphabet):
        raise _damaged(path, _("its vocabulary lacks some of the 256 bytes"))
    for left, right in merges:
        if left not in vocab or right not in vocab or left + right not in vocab:
            raise _damaged(path, _("a merge uses a token that its vocabulary lacks"))


def _check_ids(vocab: dict[str, int], added: list[tuple[int, str, bool]], path: Path) -> None:
    numbers = list(vocab.values())
    ids = set(numbers) | {number for number, _text, _special in added}
    taken = {text: number for number, text, _special in added}
    by_id = {number: text for text, number in vocab.items()}
    clash = any(by_id.get(number, text) != text for text, number in taken.items())
    if len(set(numbers)) < len(numbers) or min(ids) != 0 or max(ids) != len(ids) - 1 or clash:
        raise _damaged(path, _("its ids have gaps or are given twice"))


def _normalizer(value: Any, path: Path) -> dict[str, Any] | None:
    if value is None:
        return None
    kind = value.get("type") if isinstance(value, dict) else None
    if kind not in NORMALIZERS:
        raise _damaged(path, _("its normalizer {kind} is not read here").format(kind=kind))
    if kind != "Sequence":
        return {"type": kind}
    parts = value.get("normalizers")
    if not isinstance(parts, list) or any(isinstance(p, dict) and p.get("type") == "Sequence" for p in parts):
        raise _damaged(path, _("its normalizer {kind} is not read here").format(kind=kind))
    return {"type": "Sequence", "normalizers": [_normalizer(part, path) for part in parts if part]}


def _pre_tokenizer(value: Any, path: Path) -> dict[str, Any]:
    parts = [value]
    if isinstance(value, dict) and value.get("type") == "Sequence":
        parts = value.get("pretokenizers") or []
    steps = [_pre_step(part, path) for part in parts] if isinstance(parts, list) else []
    if not steps or steps[-1]["type"] != "ByteLevel":
        raise _other_kind(path)
    return steps[0] if len(steps) == 1 else {"type": "Sequence", "pretokenizers": steps}


def _pre_step(part: Any, path: Path) -> dict[str, Any]:
    kind = part.get("type") if isinstance(part, dict) else None
    if kind == "ByteLevel":
        return {
            "type": "ByteLevel",
            "add_prefix_space": part.get("add_prefix_space") is True,
            "trim_offsets": True,
            "use_regex": part.get("use_regex") is not False,
        }
    if kind == "Digits":
        return {"type": "Digits", "individual_digits": part.get("individual_digits") is True}
    pattern = part.get("pattern") if kind == "Split" else None
    regex = pattern.get("Regex") if isinstance(pattern, dict) else None
    if regex in KNOWN_REGEX and part.get("behavior") == "Isolated" and not part.get("invert"):
        return {"type": "Split", "pattern": {"Regex": regex}, "behavior": "Isolated", "invert": False}
    raise _damaged(path, _("its pre-tokenizer {kind} is not read here").format(kind=kind))


def _special_names(config: dict[str, Any], added: list[str], path: Path) -> tuple[str, str, str]:
    def named(key: str) -> str | None:
        value = config.get(key)
        text = value.get("content") if isinstance(value, dict) else value
        if text is not None and text not in added:
            raise _damaged(path, _("its {key} is not among the added tokens").format(key=key))
        return text if isinstance(text, str) else None

    def known(*names: str) -> str | None:
        return next((name for name in names if name in added), None)

    eos = named("eos_token") or known("<|im_end|>", "</s>", "<|endoftext|>")
    if eos is None:
        raise _damaged(path, _("it names no token that ends a text"))
    bos = named("bos_token") or known("<|im_start|>", "<s>") or eos
    return bos, eos, named("pad_token") or known("<|endoftext|>", "<unk>") or eos


def _template(folder: Path, config: dict[str, Any]) -> str | None:
    path = folder / "chat_template.jinja"
    if path.exists():
        return _bytes(path, MAX_TEMPLATE).decode("utf-8", "replace")
    value = config.get("chat_template")
    if isinstance(value, list):  # several named ones
        named = {t.get("name"): t.get("template") for t in value if isinstance(t, dict)}
        value = named.get("default")
    if not isinstance(value, str):
        return None
    if not _is_text(value) or len(value.encode()) > MAX_TEMPLATE:
        raise _damaged(folder / "tokenizer_config.json", _("its chat template is longer than 64 kB"))
    return value
