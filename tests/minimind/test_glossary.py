from __future__ import annotations

import re

import pytest

from minimind import text
from minimind.glossary import BY_NAME, TERMS, find
from minimind.glossary.term import Term
from minimind.methods import METHODS
from minimind.options import options_of

KEYS = [term.key for term in TERMS]


def test_every_name_means_one_word() -> None:
    names = [name for term in TERMS for name in (term.key, *term.names)]
    assert len(names) == len(set(names)) == len(BY_NAME)
    assert find("grad_accum") is find("micro_batch")
    assert find("nobody") is None


def test_every_option_of_every_method_has_a_word() -> None:
    options = {field.name for method in METHODS.values() for field in options_of(method.settings)}
    assert [name for name in sorted(options) if find(name) is None] == []


@pytest.mark.parametrize("term", TERMS, ids=KEYS)
def test_what_to_read_next_exists(term: Term) -> None:
    assert set(term.also) <= set(KEYS) - {term.key}


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("term", TERMS, ids=KEYS)
def test_each_word_is_explained_in_one_to_three_sentences(
    term: Term, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text, "_translations", text._translations)
    monkeypatch.setattr(text, "_language", text.language())
    text.set_language(language)
    said = text._(term.text)
    sentences = re.findall(r"[.。](?=\s|$|[一-鿿“A-Z])", said)
    assert 1 <= len(sentences) <= 3
    assert (said != term.text) == (language == "zh")
    # no two words look the same in the list
    words = [text._(other.word) for other in TERMS]
    assert words.count(text._(term.word)) == 1
