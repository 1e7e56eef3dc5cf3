"""What a person does in several steps: a run from the wizard, and what is on disk afterwards."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from minimind.events import Event, effective, read_events
from minimind.run_folder import RunFolder
from studio.store.records import Run
from studio.ui.wizard.data_row import DataRow
from tests.end_to_end.driver import Person

# short steps: what is watched here is the window, not the model
QUICK = {"Sequence length": "128", "Tokens per step": "1024"}


def pretrain(
    person: Person, file: Path, *, steps: int, name: str, settings: Mapping[str, str] | None = None
) -> Run:
    """New run, from the first card to the start."""
    person.press("Ctrl+N")
    person.click(re.compile(r"^Pretrain\."))
    person.click("Next")
    person.click(re.compile(r"\. tiny\."))
    person.click("Next")
    add_files(person, [file])
    person.click("Next")
    fill_settings(person, steps=steps, name=name, settings=settings)
    person.click("Next")
    return start(person)


def add_files(person: Person, files: Sequence[Path]) -> None:
    """Drop files onto the data step and wait until they were read."""
    page = person.window.current_page()
    person.drop(page.data, list(files))  # type: ignore[attr-defined]
    # a worker looks at what was dropped first
    names = {file.name for file in files}
    person.wait(lambda: names <= {row.name.text() for row in person.all(DataRow)}, "a row for each file")
    wait_until_read(person)


def wait_until_read(person: Person) -> None:
    """The data step has counted everything."""
    person.wait(lambda: not person.sees("Reading") and not person.sees("Waiting…"), "the data to be read")


def fill_settings(
    person: Person, *, steps: int, name: str = "", settings: Mapping[str, str] | None = None
) -> None:
    """Length, name, and fields by their labels."""
    person.click("All settings")
    person.click("steps")
    person.type("Length of training", str(steps))
    if name:
        person.type("Name", name)
    for label, value in {**QUICK, **(settings or {})}.items():
        person.type(label, value)


def start(person: Person) -> Run:
    """The start button; returns the run whose page opens."""
    # a short run on few rows is warned about, and can be started all the same
    person.click(re.compile("^(Start training|Start anyway|Add to queue)$"))
    person.wait(lambda: person.window.current_key == "run", "the run's page")
    return person.run


def events_of(run: Run | Path) -> list[Event]:
    """The events that count."""
    folder = RunFolder(run if isinstance(run, Path) else run.folder)
    return effective(read_events(folder.events_file))


def losses_of(run: Run | Path) -> dict[int, float]:
    """Step → loss as the file has it; fails when a step is there twice or missing."""
    steps = [(e.step, e.fields["loss"]) for e in events_of(run) if e.kind == "step"]
    numbers = [step for step, _loss in steps]
    assert numbers == list(range(1, len(numbers) + 1))
    return {step or 0: loss for step, loss in steps}


def losses_shown(person: Person) -> dict[int, float]:
    """Step → loss as the plot has it."""
    curve = person.curve()
    return {round(x): float(y) for x, y in zip(curve.x, curve.y, strict=True)}


def wait_for_whole_curve(person: Person) -> dict[int, float]:
    """Until the plot shows exactly the points of the file; returns them."""
    run = person.run
    person.wait(lambda: losses_shown(person) == losses_of(run), "the whole curve")
    return losses_shown(person)
