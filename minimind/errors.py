"""The one exception for a person's mistake: it becomes one sentence, never a traceback."""

from __future__ import annotations


class BadInput(Exception):  # noqa: N818 - it names what is wrong, like KeyError
    """Something that a person gave cannot be used: says what, where and what to do.

    The command line prints it as one line on stderr and exits 2; the studio shows it as it is.
    """

    def __init__(self, message: str, *, code: str = "bad_input", **params: object) -> None:
        super().__init__(" ".join(message.split()))
        self.code = code
        self.params = params
