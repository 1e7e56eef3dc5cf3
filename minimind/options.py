"""Settings declared once: one dataclass field gives the form, the check, job.json, CLI help and docs."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from minimind.errors import BadInput

_KEY = "option"


@dataclass(frozen=True, kw_only=True)
class Option:
    """What is known about one setting besides its name, type and default.

    Attributes:
        label: a noun for the form, English msgid.
        help: one sentence under the field, English msgid.
        minimum, maximum: inclusive bounds of a number.
        choices: the allowed values, in the order that a form shows them.
        choice_labels: what a form calls them (English msgids), same order; empty = the values themselves.
        unit: what the number counts, English msgid ("steps", "tokens").
        advanced: hidden in the simple form.
        expert_name: the field's standard term, shown in a tooltip when the label differs.
    """

    label: str
    help: str = ""
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[Any, ...] = ()
    choice_labels: tuple[str, ...] = ()
    unit: str = ""
    advanced: bool = False
    expert_name: str = ""


def option(
    default: Any,
    label: str,
    help: str = "",
    *,
    minimum: float | None = None,
    maximum: float | None = None,
    choices: Sequence[Any] = (),
    choice_labels: Sequence[str] = (),
    unit: str = "",
    advanced: bool = False,
    expert_name: str = "",
) -> Any:
    """A dataclass field that carries an `Option`. Lists and dicts are copied for each instance."""
    described = Option(
        label=label,
        help=help,
        minimum=minimum,
        maximum=maximum,
        choices=tuple(choices),
        choice_labels=tuple(choice_labels),
        unit=unit,
        advanced=advanced,
        expert_name=expert_name,
    )
    if isinstance(default, list | dict):
        return field(default_factory=lambda: json.loads(json.dumps(default)), metadata={_KEY: described})
    return field(default=default, metadata={_KEY: described})


@dataclass(frozen=True, kw_only=True)
class OptionField:
    """One setting of a settings class: name, type, default and its `Option`."""

    name: str
    type: Any
    default: Any
    option: Option


def options_of(settings_class: type) -> list[OptionField]:
    """Every field of a settings dataclass that was declared with `option`, in order."""
    hints = get_type_hints(settings_class)
    found = []
    for item in dataclasses.fields(settings_class):
        described = item.metadata.get(_KEY)
        if described is None:
            continue
        default = item.default
        if item.default_factory is not dataclasses.MISSING:
            default = item.default_factory()
        found.append(OptionField(name=item.name, type=hints[item.name], default=default, option=described))
    return found


def problem_of(described: OptionField, value: Any) -> str | None:
    """One sentence that says why `value` cannot be this setting, or None when it can."""
    name, opt = described.name, described.option
    if value is None and type(None) in get_args(described.type):
        return None
    if opt.choices and value not in opt.choices:
        return f"{name} must be one of {', '.join(map(str, opt.choices))}, not {value!r}"
    wanted = _plain_types(described.type)
    if isinstance(value, bool) and bool not in wanted:
        return f"{name} must be a number, not {value}"
    if not isinstance(value, tuple(wanted)):
        return f"{name} must be {' or '.join(t.__name__ for t in wanted)}, not {value!r}"
    if isinstance(value, int | float) and not isinstance(value, bool):
        if value != value or value in (float("inf"), float("-inf")):
            return f"{name} must be a finite number, not {value}"
        if opt.minimum is not None and value < opt.minimum:
            return f"{name} must be at least {opt.minimum:g}, not {value:g}"
        if opt.maximum is not None and value > opt.maximum:
            return f"{name} must be at most {opt.maximum:g}, not {value:g}"
    return None


def _plain_types(hint: Any) -> list[type]:
    parts = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
    plain = [get_origin(part) or part for part in parts if part is not type(None)]
    return [*plain, int] if float in plain else plain


def build(settings_class: type, values: dict[str, Any]) -> Any:
    """A settings object from plain values.

    Raises:
        BadInput: names the first unknown key or value out of bounds.
    """
    known = {item.name: item for item in options_of(settings_class)}
    for name, value in values.items():
        if name not in known:
            raise BadInput(
                f"unknown setting {name!r}; known settings are {', '.join(sorted(known))}",
                code="unknown_setting",
            )
        problem = problem_of(known[name], value)
        if problem:
            raise BadInput(problem, code="bad_setting", setting=name)
    return settings_class(**values)


def parse_value(described: OptionField, text: str) -> Any:
    """What `--set name=text` means for this setting.

    Raises:
        BadInput: the text is no such value.
    """
    wanted = _plain_types(described.type)
    try:
        if bool in wanted:
            return {
                "true": True,
                "1": True,
                "yes": True,
                "on": True,
                "false": False,
                "0": False,
                "no": False,
                "off": False,
            }[text.lower()]
        if list in wanted or dict in wanted:
            value = json.loads(text)
            if not isinstance(value, tuple(wanted)):
                raise ValueError
            return value
        if text == "auto" and type(None) in get_args(described.type):
            return None
        if int in wanted and float not in wanted:
            return int(text)
        if float in wanted:
            return float(text)
        return text
    except (KeyError, ValueError, RecursionError) as error:
        raise BadInput(
            f"{described.name} cannot be {text!r}: it must be {' or '.join(t.__name__ for t in wanted)}",
            code="bad_setting",
            setting=described.name,
        ) from error


def parse_pairs(settings_class: type, pairs: Sequence[str]) -> dict[str, Any]:
    """Values from `--set key=value` strings, checked against the settings class.

    Raises:
        BadInput: a pair without `=`, an unknown key, a value out of bounds.
    """
    known = {item.name: item for item in options_of(settings_class)}
    values: dict[str, Any] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals:
            raise BadInput(f"--set {pair!r} has no '='; write --set key=value", code="bad_setting")
        if name not in known:
            raise BadInput(
                f"--set {name}: unknown setting; known settings are {', '.join(sorted(known))}",
                code="unknown_setting",
            )
        values[name] = parse_value(known[name], text)
    build(settings_class, values)
    return values
