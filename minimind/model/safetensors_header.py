"""The header of a safetensors file, read with hard limits before any library or memory touches the file.

Imports no torch. The format: 8 bytes little-endian length, that many bytes of JSON, then the tensors' bytes.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from minimind.errors import BadInput
from minimind.text import _

MAX_HEADER_BYTES = 8 << 20
FLOAT_BYTES = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2}


@dataclass(frozen=True, kw_only=True)
class TensorEntry:
    """What a header says about one tensor."""

    dtype: str
    shape: tuple[int, ...]


def damaged(path: Path, reason: str) -> BadInput:
    """The sentence for a file that cannot be trusted, with what to do."""
    return BadInput(
        _("{path} is damaged ({reason}); use another checkpoint, or copy or download it again").format(
            path=path, reason=reason
        ),
        code="damaged_file",
        path=str(path),
    )


def read_header(path: Path) -> dict[str, TensorEntry]:
    """Names, dtypes and shapes of the tensors in a file.

    Raises:
        BadInput: not readable, not a safetensors file, too large a header, or entries that do not add up.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            if size < 8 or length > min(MAX_HEADER_BYTES, size - 8):
                raise damaged(path, _("its header does not fit"))
            value = json.loads(file.read(length))
    except OSError as error:
        raise BadInput(
            _("{path} cannot be read: {reason}").format(path=path, reason=error.strerror or error)
        ) from None
    except (ValueError, RecursionError):
        raise damaged(path, _("its header is not JSON")) from None
    if not isinstance(value, dict):
        raise damaged(path, _("its header is not JSON"))
    entries = {
        name: _entry(path, name, item, room=size - 8 - length)
        for name, item in value.items()
        if name != "__metadata__"
    }
    _check_ranges(path, value, entries, room=size - 8 - length)
    return entries


def _entry(path: Path, name: str, item: Any, *, room: int) -> TensorEntry:
    fault = damaged(path, _("the entry of {name} is not valid").format(name=name[:80]))
    if not isinstance(item, dict):
        raise fault
    dtype = item.get("dtype")
    shape, offsets = _whole_numbers(item.get("shape")), _whole_numbers(item.get("data_offsets"))
    if not isinstance(dtype, str) or shape is None or offsets is None or len(offsets) != 2:
        raise fault
    begin, end = offsets
    if not begin <= end <= room:
        raise fault
    if dtype in FLOAT_BYTES and math.prod(shape) * FLOAT_BYTES[dtype] != end - begin:
        raise fault
    return TensorEntry(dtype=dtype, shape=shape)


def _whole_numbers(value: Any) -> tuple[int, ...] | None:
    if isinstance(value, list) and all(type(item) is int and 0 <= item < 1 << 62 for item in value):
        return tuple(value)
    return None


def _check_ranges(path: Path, value: dict[str, Any], entries: dict[str, TensorEntry], *, room: int) -> None:
    """The tensors must fill the file without holes or overlap, as the format demands."""
    end = 0
    for begin, stop in sorted(tuple(value[name]["data_offsets"]) for name in entries):
        if begin != end:
            raise damaged(path, _("its tensors overlap or leave holes"))
        end = stop
    if end != room:
        raise damaged(path, _("its length is not what the header says"))
