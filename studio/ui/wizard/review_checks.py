"""The check list of the review: memory, data, held-out set, disk, and what else there is to say."""

from __future__ import annotations

from dataclasses import dataclass

from minimind.text import _, ngettext
from studio.planning.problems import Problem
from studio.planning.route import Severity, Step
from studio.planning.run_plan import RunPlan
from studio.ui import format as fmt


@dataclass(frozen=True, kw_only=True)
class Check:
    """One line of the check list; `severity` None means all is well."""

    title: str
    text: str = ""
    severity: Severity | None = None
    link: str = ""
    step: Step = Step.DATA
    field: str = ""


def judge(plan: RunPlan) -> list[Check]:
    """The list, what forbids to start first, what is well last."""
    checks = [_memory(plan), *_data_checks(plan), _held_out(plan), _disk(plan)]
    told = {"no_memory", "tight_memory", "few_heldout", "no_heldout", "no_disk", "no_data", "reading"}
    found = [check for check in checks if check is not None]
    for problem in plan.problems():
        if problem.code not in told and not problem.field.startswith("file:"):
            found.append(_of_problem(problem))
    return sorted(found, key=lambda check: list(Severity).index(check.severity) if check.severity else 9)


def _of_problem(problem: Problem, title: str = "") -> Check:
    return Check(
        title=title or problem.sentence,
        text=problem.sentence if title else "",
        severity=problem.severity,
        link=_("Change"),
        step=problem.step,
        field=problem.field,
    )


def _problem(plan: RunPlan, *codes: str) -> Problem | None:
    return next((problem for problem in plan.problems() if problem.code in codes), None)


def _memory(plan: RunPlan) -> Check | None:
    estimate = plan.estimate()
    if estimate is None:
        return None
    problem = _problem(plan, "no_memory", "tight_memory")
    if problem is not None:
        title = _("Too little memory") if problem.code == "no_memory" else _("Memory is tight")
        return _of_problem(problem, title)
    text = _("about {need} at the peak, {have} free").format(
        need=fmt.memory(estimate.peak_memory_bytes), have=fmt.memory(estimate.device.free_bytes)
    )
    return Check(title=_("Enough memory"), text=text)


def _data_checks(plan: RunPlan) -> list[Check]:
    problems = [p for p in plan.problems() if p.field.startswith("file:") or p.code == "no_data"]
    found = []
    for problem in problems:
        title = _("Reading the data…") if problem.code == "reading" else ""
        found.append(_of_problem(problem, title))
    held = plan.choices.val_data
    reports = [plan.files.get(path) for path, _needs in plan.wanted_files if path != held]
    whole = [check for check in reports if check is not None and check.is_complete]
    if whole and len(whole) == len(reports):
        skipped = sum(check.skipped for check in whole)
        parts = [_("{rows} usable").format(rows=fmt.rows(sum(check.usable for check in whole)))]
        if skipped:
            parts.append(_("{n} skipped").format(n=fmt.exact(skipped)))
        first = next((check.path for check in whole if check.skipped), "")
        found.append(
            Check(
                title=_("Data checked"),
                text=_(", ").join(parts),
                link=_("Show skipped rows") if skipped else "",
                field=f"rows:{first}",
            )
        )
    return found


def _held_out(plan: RunPlan) -> Check | None:
    problem = _problem(plan, "few_heldout", "no_heldout")
    if problem is not None:
        title = _("Small held-out set") if problem.code == "few_heldout" else _("No held-out set")
        return _of_problem(problem, title)
    data = plan.data
    if data is None or not data.heldout_documents:
        return None
    text = ngettext("{n} document held out", "{n} documents held out", data.heldout_documents)
    return Check(title=_("Held-out set"), text=text.format(n=fmt.exact(data.heldout_documents)))


def _disk(plan: RunPlan) -> Check | None:
    problem, estimate = _problem(plan, "no_disk"), plan.estimate()
    if problem is not None:
        return Check(title=_("Too little disk"), text=problem.sentence, severity=problem.severity)
    if estimate is None or plan.situation.disk_free_bytes is None:
        return None
    text = _("at most {need}, {have} free").format(
        need=fmt.file_size(estimate.disk_bytes), have=fmt.file_size(plan.situation.disk_free_bytes)
    )
    return Check(title=_("Enough disk"), text=text)
