"""Training methods, one file each. METHODS is the one table: a new method is one file and one line here."""

from __future__ import annotations

from minimind.errors import BadInput
from minimind.methods.method import Method, Needs, StartsFrom, TrainSettings
from minimind.methods.pretrain import Pretrain
from minimind.methods.sft import SFT

__all__ = ["METHODS", "Method", "Needs", "StartsFrom", "TrainSettings", "method_named"]

METHODS: dict[str, type[Method]] = {method.name: method for method in (Pretrain, SFT)}


def method_named(name: str) -> type[Method]:
    """The method of that name.

    Raises:
        BadInput: there is none.
    """
    if name not in METHODS:
        raise BadInput(
            f"--method {name!r} is unknown; methods are {', '.join(METHODS)}", code="unknown_method"
        )
    return METHODS[name]
