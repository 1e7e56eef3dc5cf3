"""How the window stood: size, page, splitters, columns, filters; comes back at the next start."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from minimind.files import read_json, replace_json


class WindowMemory:
    """A small table of JSON values in a file; losing it loses no work, so it is written without sync."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._values: dict[str, Any] = read_json(path) or {}
        self._dirty = False

    def get(self, key: str, default: Any = None) -> Any:
        """What was remembered; `default` too when its type is another one (a file of an older program)."""
        value = self._values.get(key, default)
        if default is not None and not isinstance(value, type(default)):
            return default
        return value

    def set(self, key: str, value: Any) -> None:
        """Remember a JSON value; `save` brings it to disk."""
        if self._values.get(key) != value:
            self._values[key] = value
            self._dirty = True

    def save(self) -> None:
        """Write if anything changed; a disk that refuses is no reason to trouble anybody."""
        if not self._dirty:
            return
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            replace_json(self._path, self._values, sync=False)
        except (OSError, ValueError):
            return
        self._dirty = False
