"""Finds what makes people fail, says what follows and names the one command that mends it.

`minimind.machine.gather` collects the facts (seconds, a child process for torch); `judge` turns them into
sentences in the language of now (at once, pure), so that a switched language needs no second look.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from minimind import remedy
from minimind.machine import EXTRAS, Facts, gather
from minimind.text import _, language

SEVERITIES = ("error", "warning", "note", "ok")
DISK_FULL_BYTES, DISK_LOW_BYTES = 1_000_000_000, 5_000_000_000
RAM_LOW_BYTES = 3 * 2**29


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that was looked at, in the language in which it was judged.

    Attributes:
        code: the same in every language.
        severity: ok, note (good to know), warning (something works less well), error (training fails).
        noun: what it is about; fact: what was found; consequence: what follows, may be empty.
        advice: the one thing to do, may be empty; command: the same for a shell, may be empty.
    """

    code: str
    severity: str
    noun: str
    fact: str
    consequence: str = ""
    advice: str = ""
    command: str = ""


def examine(folder: Path | None = None, *, timeout_s: float = 120) -> list[Finding]:
    """Look at this machine and this installation: findings, the most serious first.

    Args:
        folder: where runs will be written; None is the current folder.
        timeout_s: how long torch may take to answer in its child process.
    """
    return judge(gather(folder, timeout_s=timeout_s))


def judge(facts: Facts) -> list[Finding]:
    """Findings from facts, sorted by seriousness, then in the order in which they are looked at."""
    parts = (_card, _torch, _precision, _compiler, _extras, _disk, _memory, _font, _python)
    found = [finding for part in parts for finding in part(facts)]
    return sorted(found, key=lambda finding: SEVERITIES.index(finding.severity))


def judge_early(facts: Facts) -> list[Finding]:
    """What can be said before torch has answered, in the order of `judge`."""
    parts = (_compiler, _extras, _disk, _memory, _font, _python)
    found = [finding for part in parts for finding in part(facts)]
    return sorted(found, key=lambda finding: SEVERITIES.index(finding.severity))


def suggestions(findings: list[Finding]) -> list[Finding]:
    """Those that a person should act on: the number in the status bar."""
    return [finding for finding in findings if finding.severity in ("error", "warning")]


def report_line(finding: Finding) -> str:
    """One finding as text: a mark, noun and fact, then what follows and what to do, indented."""
    marks = {"error": "✗", "warning": "!", "note": "·", "ok": "✓"}
    head = _("{noun}: {fact}").format(noun=finding.noun, fact=finding.fact)
    lines = [f"{marks[finding.severity]} {head}"]
    # sentences follow each other without a space in Chinese
    rest = ("" if language() == "zh" else " ").join(filter(None, [finding.consequence, finding.advice]))
    lines += [f"  {part}" for part in (rest, f"$ {finding.command}" if finding.command else "") if part]
    return "\n".join(lines)


# -- graphics card and torch ----------------------------------------------------------------------


def _card(facts: Facts) -> Iterator[Finding]:
    noun = _("Graphics card")
    problem = facts.cards.problem
    for card in facts.cards.cards:
        memory = _ram(card.memory_total_bytes) if card.memory_total_bytes else "—"
        fact = _("{card}, {memory}, driver {driver}.").format(
            card=card.name, memory=memory, driver=facts.cards.driver or "—"
        )
        yield Finding(code="card", severity="ok", noun=noun, fact=fact)
    if facts.cards.cards:
        return
    if facts.torch.available or facts.torch.mps:
        name = ", ".join(facts.torch.devices) or "Apple MPS"
        yield Finding(code="card", severity="ok", noun=noun, fact=f"{name}.")
    elif problem is None or (problem.code == "no_driver" and not facts.pci_card):
        yield Finding(
            code="no_card",
            severity="note",
            noun=noun,
            fact=_("There is no NVIDIA card."),
            consequence=_("Training uses the CPU."),
        )
    else:
        yield _driver_problem(facts, noun)


def _driver_problem(facts: Facts, noun: str) -> Finding:
    problem = facts.cards.problem
    assert problem is not None
    fact, advice, command = problem.message, _("Restart the computer."), remedy.sudo(facts, "reboot")
    if problem.code == "no_driver":
        fact = _("There is an NVIDIA card, but no driver for it.")
        advice = _(
            "Install the driver, then restart the computer. On Debian it is among the non-free packages."
        )
        command = remedy.install(facts, "driver")
        if facts.distribution[:1] == ("ubuntu",):
            command = remedy.sudo(facts, "ubuntu-drivers install")
    elif problem.code == "no_permission":
        advice = _("Let your account use the card, then log in again.")
        command = remedy.sudo(facts, 'usermod -aG video,render "$USER"')
    elif problem.code == "no_pynvml":
        advice, command = _("Install it."), remedy.pip(facts, "nvidia-ml-py")
    return Finding(
        code=problem.code,
        severity="warning",
        noun=noun,
        fact=fact,
        consequence=_("Training would use the CPU."),
        advice=advice,
        command=command,
    )


def _torch(facts: Facts) -> Iterator[Finding]:
    noun, torch = _("Driver and PyTorch"), facts.torch
    if not torch.version or torch.error:
        yield Finding(
            code="torch_broken" if torch.version else "torch_missing",
            severity="error",
            noun=noun,
            fact=_("PyTorch {version} does not start: {reason}.").format(
                version=torch.version, reason=torch.error.rstrip(".")
            )
            if torch.version
            else _("PyTorch is not installed."),
            consequence=_("Nothing can be trained."),
            advice=_("Install it again."),
            command=remedy.pip(facts, "--force-reinstall", remedy.TORCH),
        )
        return
    if not remedy.in_range(torch.version):
        yield Finding(
            code="torch_version",
            severity="warning",
            noun=noun,
            fact=_("PyTorch {version} is not a version that MiniMind Studio was made for.").format(
                version=torch.version
            ),
            advice=_("Install one that fits."),
            command=remedy.pip(facts, remedy.TORCH),
        )
    unusable = _unusable_card(facts, noun)
    if unusable:
        yield unusable
        return
    fact = (
        _("PyTorch {version} computes on the CPU.")
        if not torch.available
        else _("PyTorch {version} uses the card.")
    )
    yield Finding(code="torch", severity="ok", noun=noun, fact=fact.format(version=torch.version))


def _unusable_card(facts: Facts, noun: str) -> Finding | None:
    """A card that NVML sees and torch cannot use, with the reason that can be told apart from here."""
    torch, cards = facts.torch, facts.cards
    if not cards.cards:
        return None
    card = cards.cards[0]
    build = int(torch.cuda.split(".")[0] or 0)
    names = {"version": remedy.short(torch.version), "driver": cards.driver.split(".")[0], "card": card.name}
    advice = _("Install the PyTorch that fits this driver and this card (about 2.7 GB).")
    command = remedy.pip_torch(facts, card)
    if torch.available and torch.architectures and not remedy.has_code_for(card, torch.architectures):
        code, fact = "card_too_old", _("PyTorch {version} has no code for {card}.")
    elif torch.available:
        return None
    elif not torch.cuda:
        code, fact = "torch_cpu_build", _("PyTorch {version} is the build for the CPU; it cannot use {card}.")
    elif cards.cuda and cards.cuda[0] < build:
        code, fact = "driver_too_old", _("Driver {driver} is too old for PyTorch {version}.")
    elif facts.visible_devices is not None and (not torch.reason or "No CUDA GPUs" in torch.reason):
        code, fact = "cards_hidden", _("CUDA_VISIBLE_DEVICES is set to “{value}”, so PyTorch sees no card.")
        advice, command = _("Remove this variable."), "unset CUDA_VISIBLE_DEVICES"
        names["value"] = facts.visible_devices
    else:
        code, fact = "torch_no_card", _("PyTorch {version} cannot use {card}: {reason}.")
        names["reason"] = torch.reason.rstrip(".") or _("it gives no reason")
        advice, command = _("Restart the computer."), remedy.sudo(facts, "reboot")
    if not command:
        advice = _("Install a newer driver.")
    return Finding(
        code=code,
        severity="warning",
        noun=noun,
        fact=fact.format(**names),
        consequence=_("Training would use the CPU."),
        advice=advice,
        command=command,
    )


def _precision(facts: Facts) -> Iterator[Finding]:
    noun = _("Precision")
    if facts.torch.available and facts.cards.cards:
        capability = facts.cards.cards[0].compute_capability
        fact = (
            _("bf16 on this card.")
            if capability is None or capability >= (8, 0)
            else _("float16 on this card, which has no bf16.")
        )
        yield Finding(code="precision", severity="ok", noun=noun, fact=fact)
    elif facts.cpu_bf16:
        fact = _("bf16: this processor computes it about three times as fast as float32.")
        yield Finding(code="precision", severity="ok", noun=noun, fact=fact)
    else:
        fact = _("float32: this processor has no instructions for bf16.")
        yield Finding(code="precision", severity="ok", noun=noun, fact=fact)


# -- programs and packages ------------------------------------------------------------------------


def _compiler(facts: Facts) -> Iterator[Finding]:
    noun = _("Compiler")
    if facts.compiler:
        yield Finding(code="compiler", severity="ok", noun=noun, fact=facts.compiler)
        return
    yield Finding(
        code="no_compiler",
        severity="note",
        noun=noun,
        fact=_("There is no C++ compiler."),
        consequence=_("Compiled training and building llama-cpp-python do not work; the rest does."),
        advice=_("Install one if you want these."),
        command=remedy.install(facts, "compiler"),
    )


def _extras(facts: Facts) -> Iterator[Finding]:
    lacking = {
        "gguf": _("No chat with GGUF files and no K-quants such as Q4_K_M."),
    }
    for extra, names in EXTRAS.items():
        noun, name = _("Optional parts"), names[0]
        missing = [n for n in names if n not in facts.extras]
        if not missing:
            fact = f"{name} {facts.extras[name]}"
            yield Finding(code=f"extra_{extra}", severity="ok", noun=noun, fact=fact)
            continue
        command = remedy.pip(facts, *remedy.EXTRA_REQUIREMENTS[extra])
        if not facts.compiler and remedy.install(facts, "compiler"):
            command = f"{remedy.install(facts, 'compiler')} && {command}"
        yield Finding(
            code=f"no_{extra}",
            severity="note",
            noun=noun,
            fact=_("{name} is not installed.").format(name=missing[0]),
            consequence=lacking[extra],
            advice=_("Install it if you want this; it is built on this computer, about five minutes."),
            command=command,
        )


def _python(facts: Facts) -> Iterator[Finding]:
    version = ".".join(map(str, facts.python))
    newer = facts.python[:2] > (3, 11)
    yield Finding(
        code="python_newer" if newer else "python",
        severity="note" if newer else "ok",
        noun="Python",
        fact=f"Python {version}",
        consequence=_("MiniMind Studio is tested with Python 3.11.") if newer else "",
    )


# -- the rest of the machine ----------------------------------------------------------------------


def _disk(facts: Facts) -> Iterator[Finding]:
    free = facts.disk_free_bytes
    low = free < DISK_LOW_BYTES
    yield Finding(
        code="disk_low" if low else "disk",
        severity="error" if free < DISK_FULL_BYTES else "warning" if low else "ok",
        noun=_("Disk"),
        fact=(_("Only {free} of disk is left.") if low else _("{free} free.")).format(free=_gb(free / 1e9)),
        consequence=_("One checkpoint of minimind2-small takes 0.3 GB, and three are kept.") if low else "",
        advice=_("Free some space, or put your projects on another disk.") if low else "",
    )


def _memory(facts: Facts) -> Iterator[Finding]:
    free, total = _ram(facts.ram_free_bytes), _ram(facts.ram_total_bytes)
    low = facts.ram_free_bytes < RAM_LOW_BYTES
    fact = _("{free} of {total} is free.").format(free=free, total=total)
    if facts.ram_limited:
        fact += " " + _("The container allows no more.")
    yield Finding(
        code="ram_low" if low else "ram",
        severity="warning" if low else "ok",
        noun=_("Memory"),
        fact=fact,
        consequence=_("The system may end a training that needs more.") if low else "",
        advice=_("Close other programs, or choose a smaller model.") if low else "",
    )


def _font(facts: Facts) -> Iterator[Finding]:
    if facts.chinese_font is None:
        return
    missing = not facts.chinese_font
    yield Finding(
        code="no_font" if missing else "font",
        severity="warning" if missing else "ok",
        noun=_("Fonts"),
        fact=_("There is no Chinese font.") if missing else _("A Chinese font is there."),
        consequence=_("Chinese text shows as boxes.") if missing else "",
        advice=_("Install one.") if missing else "",
        command=remedy.install(facts, "font") if missing else "",
    )


# -- figures ------------------------------------------------------------------------------------


def _gb(value: float) -> str:
    return f"{value:.1f} GB" if value < 10 else f"{value:.0f} GB"


def _ram(value: int) -> str:
    return _gb(value / 2**30)
