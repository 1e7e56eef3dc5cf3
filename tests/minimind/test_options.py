from __future__ import annotations

from dataclasses import dataclass

import pytest

from minimind.errors import BadInput
from minimind.options import build, option, options_of, parse_pairs, parse_value, problem_of


@dataclass(frozen=True, kw_only=True)
class Settings:
    steps: int = option(10, "Steps", minimum=1, maximum=100)
    rate: float = option(0.1, "Rate", minimum=0.0, maximum=1.0)
    length: int | None = option(None, "Length", minimum=8)
    mode: str = option("auto", "Mode", choices=("auto", "on"))
    loud: bool = option(False, "Loud")
    words: list[str] | None = option(None, "Words")
    pairs: list[int] = option([1, 2], "Pairs")
    hidden: int = 3


FIELDS = {item.name: item for item in options_of(Settings)}


def test_every_option_is_known_with_its_default_in_order():
    assert list(FIELDS) == ["steps", "rate", "length", "mode", "loud", "words", "pairs"]
    assert FIELDS["steps"].default == 10
    assert FIELDS["pairs"].default == [1, 2]
    assert FIELDS["steps"].option.label == "Steps"


def test_lists_are_not_shared():
    one, other = Settings(), Settings()
    one.pairs.append(3)
    assert other.pairs == [1, 2]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("steps", 1),
        ("steps", 100),
        ("rate", 0),
        ("rate", 1),
        ("rate", 0.5),
        ("length", None),
        ("length", 8),
        ("mode", "on"),
        ("loud", True),
        ("words", []),
        ("words", ["a"]),
        ("words", None),
    ],
)
def test_values_that_fit(name, value):
    assert problem_of(FIELDS[name], value) is None
    assert getattr(build(Settings, {name: value}), name) == value


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("steps", 0, "at least 1"),
        ("steps", 101, "at most 100"),
        ("steps", 1.5, "must be int"),
        ("steps", "5", "must be int"),
        ("steps", True, "must be a number"),
        ("steps", None, "must be int"),
        ("rate", float("nan"), "finite"),
        ("rate", float("inf"), "finite"),
        ("rate", 2, "at most 1"),
        ("length", 7, "at least 8"),
        ("mode", "off", "one of auto, on"),
        ("loud", 1, "must be bool"),
        ("words", "a", "must be list"),
        ("words", {"a": 1}, "must be list"),
    ],
)
def test_values_that_do_not_fit_are_one_sentence_that_names_them(name, value, reason):
    problem = problem_of(FIELDS[name], value)
    assert problem is not None
    assert reason in problem
    assert problem.startswith(name)
    with pytest.raises(BadInput) as caught:
        build(Settings, {name: value})
    assert str(caught.value) == problem


def test_an_unknown_setting_names_the_known_ones():
    with pytest.raises(BadInput, match=r"'step'; known settings are .*steps"):
        build(Settings, {"step": 1})
    with pytest.raises(BadInput, match="unknown setting"):
        build(Settings, {"hidden": 1})


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("steps", "7", 7),
        ("rate", "1e-3", 0.001),
        ("rate", "1", 1.0),
        ("length", "auto", None),
        ("length", "64", 64),
        ("mode", "on", "on"),
        ("loud", "yes", True),
        ("loud", "False", False),
        ("words", '["春", "b"]', ["春", "b"]),
        ("pairs", "[1]", [1]),
    ],
)
def test_text_of_the_command_line(name, text, value):
    assert parse_value(FIELDS[name], text) == value
    assert parse_pairs(Settings, [f"{name}={text}"]) == {name: value}


@pytest.mark.parametrize(
    "pair",
    [
        "steps",
        "steps=",
        "steps=x",
        "steps=1.5",
        "loud=maybe",
        "words=a",
        "words={}",
        "nothing=1",
        "steps=0",
        "rate=nan",
    ],
)
def test_text_that_is_no_value_is_one_sentence(pair):
    with pytest.raises(BadInput) as caught:
        parse_pairs(Settings, [pair])
    assert "\n" not in str(caught.value)
    assert pair.partition("=")[0] in str(caught.value)


def test_the_last_of_two_counts():
    assert parse_pairs(Settings, ["steps=1", "steps=2"]) == {"steps": 2}


def test_an_equals_sign_may_be_part_of_the_value():
    with pytest.raises(BadInput, match="one of auto, on"):
        parse_pairs(Settings, ["mode=a=b"])
