"""What keeps a plan from starting, or should be known before it starts: a sentence, where, what to do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from minimind.job import DataFile
from minimind.methods import StartsFrom
from minimind.methods.method import TrainSettings
from minimind.options import OptionField, options_of, problem_of
from minimind.presets import PRESETS
from minimind.text import _, ngettext
from studio.planning.route import Severity, Step
from studio.planning.shape import in_words

if TYPE_CHECKING:
    from studio.planning.run_plan import RunPlan

MAX_WEIGHT = 1000.0
MAX_PROMPTS = 3
# fewer held-out documents than this and their loss jumps from one measurement to the next
FEW_HELDOUT = 16
# fewer updates than this and a model has hardly left its random beginning
FEW_STEPS = 50
# more than a tenth of the rows wrong: the file is probably not what the person thinks it is
MANY_SKIPPED = 0.1


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One thing that is wrong or missing.

    Attributes:
        step, field: where it is mended; `field` is what the step's page can focus.
        code: which problem, for buttons that mend it.
        sentence: what happened, where, what to do, in the person's language.
        action: a few words for the start button.
        severity: whether the run can start with it.
    """

    step: Step
    field: str
    code: str
    sentence: str
    action: str
    severity: Severity


def find(plan: RunPlan) -> list[Problem]:
    """Everything, in the order of the steps; what forbids starting comes first within a step."""
    found = [*_what(plan), *model_problems(plan), *_data(plan), *_settings(plan), *disk_problems(plan)]
    return sorted(found, key=lambda item: ([*Step].index(item.step), item.severity is Severity.WARNING))


# -- what and model ------------------------------------------------------------------------------------


def _what(plan: RunPlan) -> Iterator[Problem]:
    name = plan.choices.method
    if name is None:
        yield Problem(
            step=Step.WHAT,
            field="method",
            code="no_method",
            sentence=_("Choose what to do: pretrain a new model, or tune one for chat."),
            action=_("Choose what to do"),
            severity=Severity.MISSING,
        )
    elif plan.method is None:
        yield Problem(
            step=Step.WHAT,
            field="method",
            code="unknown_method",
            sentence=_("This version does not know the method “{name}”; choose another one.").format(
                name=name
            ),
            action=_("Choose what to do"),
            severity=Severity.ERROR,
        )


def _model_problem(code: str, sentence: str, action: str, severity: Severity) -> Problem:
    return Problem(
        step=Step.MODEL, field="model", code=code, sentence=sentence, action=action, severity=severity
    )


def model_problems(plan: RunPlan) -> Iterator[Problem]:
    """What is wrong with the model, or with the memory it needs."""
    preset, checkpoint = plan.choices.preset, plan.choices.checkpoint
    choose = _("Choose a model")
    if preset is None and checkpoint is None:
        sentence = _("Choose a model size or a run to start from.")
        yield _model_problem("no_model", sentence, choose, Severity.MISSING)
    elif preset is not None and preset not in PRESETS:
        sentence = _("There is no model size “{name}” in this version; choose another one.")
        yield _model_problem("unknown_preset", sentence.format(name=preset), choose, Severity.ERROR)
    elif checkpoint is not None and plan.start_point is None:
        sentence = _("The run {run} or its checkpoint is gone; choose another model.").format(run=checkpoint)
        yield _model_problem("no_checkpoint", sentence, choose, Severity.ERROR)
    elif plan.start_point is not None and plan.start_point.fault:
        yield _model_problem("bad_checkpoint", plan.start_point.fault, choose, Severity.ERROR)
    elif plan.shape_fault:
        yield _model_problem("bad_shape", in_words(plan.shape_fault), _("Correct the shape"), Severity.ERROR)
    elif preset is not None and plan.method is not None and plan.method.starts_from is StartsFrom.CHECKPOINT:
        sentence = _("A new model has learned nothing yet; it answers better if it is pretrained first.")
        yield _model_problem("untrained", sentence, _("Choose a trained model"), Severity.WARNING)
    yield from _memory(plan)


def _memory(plan: RunPlan) -> Iterator[Problem]:
    estimate = plan.estimate()
    if estimate is None or estimate.peak_memory_bytes <= estimate.device.free_bytes:
        return
    need, free, total = estimate.peak_memory_bytes, estimate.device.free_bytes, estimate.device.memory_bytes
    too_much = need > total
    given = [name for name in ("micro_batch", "seq_len") if plan.choices.settings.get(name) is not None]
    device = _("this computer") if estimate.device.kind == "cpu" else estimate.device.name
    have = _size(1024, total if too_much else free)
    sentence = (
        _("This run needs about {need} of memory; {device} has {have}.")
        if too_much
        else _("This run needs about {need} of memory and only {have} are free now; close other programs.")
    ).format(need=_size(1024, need), have=have, device=device)
    yield Problem(
        step=Step.SETTINGS if given else Step.MODEL,
        field=given[0] if given else "model",
        code="no_memory" if too_much else "tight_memory",
        sentence=sentence,
        action=_("Choose a smaller model") if not given else _("Needs less memory"),
        severity=Severity.ERROR if too_much else Severity.WARNING,
    )


# -- data ----------------------------------------------------------------------------------------------


def _data_problem(path: str, code: str, sentence: str, action: str, severity: Severity) -> Problem:
    return Problem(
        step=Step.DATA, field=f"file:{path}", code=code, sentence=sentence, action=action, severity=severity
    )


def _data(plan: RunPlan) -> Iterator[Problem]:
    files = plan.choices.data
    if not files:
        yield Problem(
            step=Step.DATA,
            field="data",
            code="no_data",
            sentence=_("Choose at least one data file, or take the sample that comes with the program."),
            action=_("Choose a data file"),
            severity=Severity.MISSING,
        )
    seen: set[str] = set()
    for file in files:
        if file.path in seen:
            sentence = _("{file} is in the list twice; raise its weight instead.").format(
                file=name_of(file.path)
            )
            yield _data_problem(file.path, "twice", sentence, _("Remove the double file"), Severity.ERROR)
        seen.add(file.path)
        yield from _weight(file)
        yield from file_problems(plan, file.path)
    held_out = plan.choices.val_data
    if held_out is not None:
        yield from file_problems(plan, held_out)
        if held_out in seen:
            sentence = _("{file} is training and held-out file at once, so the held-out loss says nothing.")
            yield _data_problem(
                held_out,
                "same_file",
                sentence.format(file=name_of(held_out)),
                _("Change the held-out file"),
                Severity.WARNING,
            )
    elif files and plan.data is not None and plan.data.complete:
        yield from _heldout_size(plan.data.heldout_documents)


def _weight(file: DataFile) -> Iterator[Problem]:
    if 0 < file.weight <= MAX_WEIGHT:
        return
    yield Problem(
        step=Step.DATA,
        field=f"weight:{file.path}",
        code="bad_weight",
        sentence=_("The weight of {file} must be above 0 and at most 1,000.").format(file=name_of(file.path)),
        action=_("Correct the weight"),
        severity=Severity.ERROR,
    )


def file_problems(plan: RunPlan, path: str) -> Iterator[Problem]:
    """What is wrong with one file."""
    check = plan.files.get(path)
    name = name_of(path)
    if check is None or check.is_reading:
        yield _data_problem(
            path,
            "reading",
            _("{file} is still being read.").format(file=name),
            _("Reading the data…"),
            Severity.MISSING,
        )
    elif check.fault:
        yield _data_problem(
            path, check.code or "bad_file", check.fault, _("Choose another file"), Severity.ERROR
        )
    elif check.stopped:
        sentence = _("{file} was not read to its end; the run itself will check it.").format(file=name)
        yield _data_problem(path, "unchecked", sentence, _("Check the data"), Severity.WARNING)
    elif check.skipped > MANY_SKIPPED * check.rows:
        sentence = _(
            "{file}: {skipped} of {rows} rows cannot be used and will be skipped; is it the right file?"
        )
        sentence = sentence.format(file=name, skipped=f"{check.skipped:,}", rows=f"{check.rows:,}")
        yield _data_problem(path, "many_skipped", sentence, _("Look at the skipped rows"), Severity.WARNING)


def _heldout_size(documents: int) -> Iterator[Problem]:
    if documents >= FEW_HELDOUT:
        return
    if documents:
        sentence = ngettext(
            "Only {n} document can be held out, so the held-out loss will jump about.",
            "Only {n} documents can be held out, so the held-out loss will jump about.",
            documents,
        ).format(n=documents)
    else:
        sentence = _("Too few documents to hold some out, so there will be no held-out loss.")
    yield Problem(
        step=Step.DATA,
        field="val_data",
        code="few_heldout" if documents else "no_heldout",
        sentence=sentence,
        action=_("Add more data"),
        severity=Severity.WARNING,
    )


def name_of(path: str) -> str:
    """The file's name without its folder."""
    return Path(path).name or path


# -- settings ------------------------------------------------------------------------------------------


def setting_problem(described: OptionField, value: Any) -> tuple[str, str] | None:
    """(sentence, words for the button) for a value that cannot be this setting, None when it can."""
    if problem_of(described, value) is None:
        return None
    option, label = described.option, _(described.option.label)
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if number and option.minimum is not None and value < option.minimum:
        return (
            _("{label} must be at least {limit}.").format(label=label, limit=f"{option.minimum:g}"),
            _("{label}: at least {limit}").format(label=label, limit=f"{option.minimum:g}"),
        )
    if number and option.maximum is not None and value > option.maximum:
        return (
            _("{label} must be at most {limit}.").format(label=label, limit=f"{option.maximum:g}"),
            _("{label}: at most {limit}").format(label=label, limit=f"{option.maximum:g}"),
        )
    wanted = get_args(described.type) or (described.type,)
    whole = int in wanted and float not in wanted
    if whole or float in wanted:
        sentence = _("{label} must be a whole number.") if whole else _("{label} must be a number.")
    else:
        sentence = _("{label} cannot have this value.")
    return sentence.format(label=label), _("Correct: {label}").format(label=label)


def _setting(field: str, sentence: str, action: str, code: str = "bad_setting") -> Problem:
    return Problem(
        step=Step.SETTINGS, field=field, code=code, sentence=sentence, action=action, severity=Severity.ERROR
    )


def _settings(plan: RunPlan) -> Iterator[Problem]:
    settings_class = plan.method.settings if plan.method else TrainSettings
    known = {item.name: item for item in options_of(settings_class)}
    faulty = bool(plan.unreadable)
    for name, why in plan.unreadable.items():
        own = {"budget": _("Length of training"), "seed": _("Seed")}
        label = _(known[name].option.label) if name in known else own.get(name, name)
        action = _("{label}: {problem}").format(label=label, problem=why[:1].lower() + why[1:])
        yield _setting(name, _("{problem}.").format(problem=why), action)
    for name, value in plan.choices.settings.items():
        if name not in known:
            sentence = _("This method has no setting “{name}”; it will be left out.").format(name=name)
            yield _setting(name, sentence, _("Reset: {label}").format(label=name), "unknown_setting")
            faulty = True
            continue
        problem = setting_problem(known[name], value) or _more(plan, name, value)
        if problem:
            yield _setting(name, *problem)
            faulty = True
    yield from _length(plan)
    yield from _few_steps(plan)
    yield from _device(plan)
    # whatever the engine refuses beyond the bounds of single settings; silent when those explain it already
    if plan.refusal and not faulty and _budget_problem(plan) is None:
        yield _setting("", plan.refusal, _("Correct the settings"), "refused")


def _more(plan: RunPlan, name: str, value: Any) -> tuple[str, str] | None:
    """Bounds that depend on the model, or on what is in a list."""
    if name == "sample_prompts" and isinstance(value, list):
        if len(value) > MAX_PROMPTS:
            return _("At most three sample prompts."), _("At most three sample prompts")
        if not all(isinstance(text, str) and text.strip() for text in value):
            return _("A sample prompt must not be empty."), _("Correct the sample prompts")
    if name == "precision" and value == "fp16" and plan.device is not None and plan.device.kind == "cpu":
        return (
            _("A processor is slow and inexact with fp16; take automatic, bf16 or float32."),
            _("Choose another precision"),
        )
    if name == "seq_len" and plan.config is not None and value > plan.config.max_positions:
        limit = f"{plan.config.max_positions:,}"
        return (
            _("This model places at most {limit} tokens.").format(limit=limit),
            _("Sequence length: at most {limit}").format(limit=limit),
        )
    return None


def _budget_problem(plan: RunPlan) -> tuple[str, str] | None:
    budget = plan.choices.budget
    given = [value for value in (budget.steps, budget.epochs, budget.minutes) if value is not None]
    # minutes beside steps or passes are the most that these may take, as a stage of a recipe has them
    if budget.steps is not None and budget.epochs is not None:
        return _("Give one length: steps, passes or minutes."), _("Correct the length")
    if not all(0 < value < 1e9 for value in given):
        return _("The length of training must be above 0."), _("Length: above 0")
    return None


def _length(plan: RunPlan) -> Iterator[Problem]:
    problem = _budget_problem(plan)
    if problem:
        yield _setting("budget", *problem)
    if not 0 <= plan.choices.seed < 2**63:
        yield _setting("seed", _("The seed must be a whole number from 0 on."), _("Correct the seed"))


def _few_steps(plan: RunPlan) -> Iterator[Problem]:
    estimate = plan.estimate()
    if estimate is None or estimate.steps is None or estimate.steps >= FEW_STEPS:
        return
    sentence = ngettext(
        "Only {n} step: it will hardly learn anything; give it more passes or more data.",
        "Only {n} steps: it will hardly learn anything; give it more passes or more data.",
        estimate.steps,
    )
    yield Problem(
        step=Step.SETTINGS,
        field="budget",
        code="few_steps",
        sentence=sentence.format(n=estimate.steps),
        action=_("Train longer"),
        severity=Severity.WARNING,
    )


def _device(plan: RunPlan) -> Iterator[Problem]:
    if plan.device is None and plan.situation.devices:
        sentence = _("There is no device {name} in this computer; choose another one.")
        yield _setting("device", sentence.format(name=plan.choices.device), _("Choose a device"), "no_device")


# -- review --------------------------------------------------------------------------------------------


def disk_problems(plan: RunPlan) -> Iterator[Problem]:
    """Whether the disk has room."""
    estimate, free, floor = plan.estimate(), plan.situation.disk_free_bytes, plan.situation.disk_floor_bytes
    if estimate is None or free is None or estimate.disk_bytes + floor <= free:
        return
    sentence = _("Only {free} of disk is left; this run needs up to {need}, and {floor} stay free.")
    sentence = sentence.format(
        free=_size(1000, free), need=_size(1000, estimate.disk_bytes), floor=_size(1000, floor)
    )
    yield Problem(
        step=Step.REVIEW,
        field="disk",
        code="no_disk",
        sentence=sentence,
        action=_("Free some disk space"),
        severity=Severity.ERROR,
    )


def _size(base: int, size: float) -> str:
    """Memory counts in powers of 1,024, disks in powers of 1,000; both are written GB, as vendors do."""
    return f"{size / base**3:.1f} GB" if size >= base**3 / 10 else f"{size / base**2:.0f} MB"
