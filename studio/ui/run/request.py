"""The saved job as rows: what was asked for, never what a form says now. No Qt here."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from minimind.job import JobSpec
from minimind.methods import METHODS
from minimind.options import OptionField, options_of
from minimind.text import _
from studio.ui import format as fmt
from studio.ui.run.words import method_title


@dataclass(frozen=True, kw_only=True)
class SettingRow:
    """One line: what, its value, whether a person changed it, and what it does."""

    label: str
    value: str
    changed: bool = False
    tip: str = ""


def setting_rows(job: JobSpec) -> list[SettingRow]:
    """What the run was asked to do, in the order of the wizard; changed settings are marked."""
    rows = [
        SettingRow(label=_("Method"), value=method_title(job.method) or job.kind),
        SettingRow(label=_("Model"), value=job.model.preset or job.model.checkpoint or fmt.UNKNOWN),
    ]
    for file in job.data:
        weight = "" if file.weight == 1 else f" × {fmt.number(file.weight)}"
        rows.append(SettingRow(label=_("Data"), value=Path(file.path).name + weight, tip=file.path))
    held = Path(job.val_data).name if job.val_data else _("1% of the data, set aside")
    rows.append(SettingRow(label=_("Held-out text"), value=held, tip=job.val_data or ""))
    rows += [
        SettingRow(label=_("Length"), value=_length(job)),
        SettingRow(
            label=_("Device"), value=_("automatic") if job.hardware.device == "auto" else job.hardware.device
        ),
        SettingRow(label=_("Seed"), value=str(job.seed)),
    ]
    method = METHODS.get(job.method)
    for item in options_of(method.settings) if method else ():
        rows.append(_setting(item, job.settings))
    return rows


def _setting(item: OptionField, settings: dict[str, Any]) -> SettingRow:
    changed = item.name in settings and settings[item.name] != item.default
    value = settings.get(item.name, item.default)
    text = _value(item, value)
    unit = _(item.option.unit) if item.option.unit and isinstance(value, int | float) else ""
    tip = _(item.option.help)
    if item.option.expert_name:
        tip = f"{item.option.expert_name}\n{tip}"
    return SettingRow(label=_(item.option.label), value=f"{text} {unit}".strip(), changed=changed, tip=tip)


def _value(item: OptionField, value: Any) -> str:
    option = item.option
    if value is None:
        return _("automatic")
    if option.choices and option.choice_labels and value in option.choices:
        return _(option.choice_labels[option.choices.index(value)])
    if isinstance(value, list):
        return _(", ").join(str(part) for part in value) or fmt.UNKNOWN
    if isinstance(value, bool):
        return _("on") if value else _("off")
    return fmt.number(value)


def _length(job: JobSpec) -> str:
    budget = job.budget
    if budget.steps is not None:
        return fmt.steps(budget.steps)
    if budget.minutes is not None:
        return fmt.duration(60 * budget.minutes)
    passes = 1.0 if budget.epochs is None else budget.epochs
    return _("{n} passes").format(n=fmt.number(passes)) if passes != 1 else _("one pass")
