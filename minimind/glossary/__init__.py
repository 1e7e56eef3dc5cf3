"""The words of the program, each explained to somebody who is learning: one table for every place that asks.

A word is one entry in one of the `words_of_…` files. Options find their word by their own name.
"""

from __future__ import annotations

from minimind.glossary import words_of_learning, words_of_models, words_of_runs
from minimind.glossary.term import Term

TERMS = (*words_of_learning.TERMS, *words_of_models.TERMS, *words_of_runs.TERMS)
BY_NAME = {name: term for term in TERMS for name in (term.key, *term.names)}


def find(name: str) -> Term | None:
    """The word for an option, metric or key of that name, None where there is none."""
    return BY_NAME.get(name)
