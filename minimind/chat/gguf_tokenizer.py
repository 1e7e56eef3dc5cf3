"""The tokenizer inside a GGUF file as one of ours: for reading data files with it."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from minimind.errors import BadInput
from minimind.text import _
from minimind.tokenizer.loading import KNOWN_REGEX
from minimind.tokenizer.tokenizer import Tokenizer

_CONTROL, _USER_DEFINED = 3, 4
_REGEX = {"qwen2": KNOWN_REGEX[0], "llama-bpe": KNOWN_REGEX[1]}


def read_tokenizer(path: Path) -> Tokenizer:
    """Make the tokenizer that a file describes.

    Raises:
        BadInput: it is of a kind that is not read here, or damaged.
    """
    import gguf

    try:
        fields = {name: field.contents() for name, field in gguf.GGUFReader(path).fields.items()}
    except (OSError, ValueError, KeyError, IndexError) as error:
        raise BadInput(_("{file} is no GGUF file that can be read").format(file=path)) from error
    pre = fields.get("tokenizer.ggml.pre")
    if fields.get("tokenizer.ggml.model") != "gpt2" or pre not in ("gpt-2", *_REGEX):
        raise BadInput(
            _("{file} has a tokenizer of the kind {kind}, with which data files cannot be read here").format(
                file=path, kind=pre or fields.get("tokenizer.ggml.model")
            )
        )
    tokens, kinds = _list(fields, "tokens", path), _list(fields, "token_type", path)
    added = [
        {
            "id": number,
            "content": text,
            "special": kind == _CONTROL,
            "single_word": False,
            "normalized": False,
        }
        for number, (text, kind) in enumerate(zip(tokens, kinds, strict=False))
        if kind in (_CONTROL, _USER_DEFINED)
    ]
    steps: list[dict[str, Any]] = [
        {"type": "ByteLevel", "add_prefix_space": False, "use_regex": pre == "gpt-2"}
    ]
    if pre in _REGEX:
        pattern = {"Regex": _REGEX[str(pre)]}
        steps.insert(0, {"type": "Split", "pattern": pattern, "behavior": "Isolated", "invert": False})
    document = {
        "added_tokens": added,
        "normalizer": None,
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": steps},
        "model": {
            "type": "BPE",
            "vocab": {text: number for number, text in enumerate(tokens)},
            "merges": _list(fields, "merges", path),
        },
    }
    config = {
        f"{name}_token": tokens[number]
        for name, key in (("bos", "bos"), ("eos", "eos"), ("pad", "padding"))
        if isinstance(number := fields.get(f"tokenizer.ggml.{key}_token_id"), int) and number < len(tokens)
    }
    template = fields.get("tokenizer.chat_template")
    if isinstance(template, str):
        config["chat_template"] = template
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "tokenizer.json").write_text(json.dumps(document), "utf-8")
        (folder / "tokenizer_config.json").write_text(json.dumps(config), "utf-8")
        return Tokenizer.load(folder)


def _list(fields: dict[str, Any], name: str, path: Path) -> list[Any]:
    value = fields.get(f"tokenizer.ggml.{name}")
    if not isinstance(value, list):
        raise BadInput(_("{file} is no GGUF file that can be read").format(file=path))
    return value
