"""Which stages a pipeline has, where their run folders lie, and which one comes next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from minimind.errors import BadInput
from minimind.job import KIND_PIPELINE, JobSpec, ModelRef
from minimind.run_folder import RunFolder
from minimind.run_state import RunState

# what may change on resume and holds for every stage that is still to come
_LASTING = ("device", "nproc", "micro_batch")


@dataclass(frozen=True, kw_only=True)
class StageRun:
    """One stage of a pipeline and its place on the disk.

    Attributes:
        number: the first is 1.
        name: as in the recipe.
        folder: the run folder, beside the pipeline's; it need not be there yet.
    """

    number: int
    name: str
    folder: RunFolder

    @property
    def run_id(self) -> str:
        """The name of its folder."""
        return self.folder.path.name

    def status(self) -> RunState | None:
        """What its state.json says: queued when it has not begun, None when there is no folder."""
        if not self.folder.exists():
            return None
        state = self.folder.read_state()
        return RunState.QUEUED if state is None else state.status


def stages_of(folder: RunFolder, job: JobSpec) -> list[StageRun]:
    """The stages of a pipeline in their order; none for a job of another kind.

    Raises:
        BadInput: `work` does not describe stages.
    """
    if job.kind != KIND_PIPELINE:
        return []
    found = job.work.get("stages")
    names = [item.get("name") for item in found if isinstance(item, dict)] if isinstance(found, list) else []
    good = [name for name in names if isinstance(name, str) and name and "/" not in name]
    if not good or len(good) != len(found or ()):
        raise BadInput(f"{folder.job_file} is a pipeline without stages", code="bad_job")
    return [
        StageRun(
            number=number,
            name=name,
            folder=RunFolder(folder.path.with_name(f"{folder.path.name}-{number}-{name}")),
        )
        for number, name in enumerate(good, start=1)
    ]


def next_stage(statuses: Sequence[RunState | None]) -> int | None:
    """Which stage to work on: its index, or None when all is done.

    A stage that has begun proves that those before it were finished, even when somebody has removed their
    folders since: nothing is trained twice.

    Args:
        statuses: of each stage in order; None where there is no folder.
    """
    begun = [index for index, status in enumerate(statuses) if status is not None]
    if not begun:
        return 0
    newest = begun[-1]
    if statuses[newest] is not RunState.FINISHED:
        return newest
    return newest + 1 if newest + 1 < len(statuses) else None


def stage_job(
    pipeline: JobSpec,
    stage: StageRun,
    *,
    parent: RunFolder,
    before: StageRun | None,
    changes: Mapping[str, Any],
) -> JobSpec:
    """The request of one stage.

    Args:
        pipeline: the job of the whole.
        parent: the pipeline's folder.
        before: the stage whose checkpoint it begins with; None: the pipeline's model.
        changes: what resumes of the pipeline have changed (device, nproc, micro_batch).

    Raises:
        BadInput: the description in `work` is no job.
    """
    stages = pipeline.work["stages"]
    description = {
        **stages[stage.number - 1],
        "run_id": stage.run_id,
        "seed": pipeline.seed,
        "tokenizer": pipeline.tokenizer,
        "work": {"pipeline": parent.path.name, "stage": stage.number, "stages": len(stages)},
    }
    try:
        job = JobSpec.from_dict(description)
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        raise BadInput(f"{parent.job_file}: stage {stage.name} is no job: {error}", code="bad_job") from error
    model = pipeline.model if before is None else ModelRef(checkpoint=str(before.folder.path))
    hardware = {name: changes[name] for name in ("device", "nproc") if name in changes}
    settings = dict(job.settings)
    if "micro_batch" in changes:
        settings["micro_batch"] = changes["micro_batch"]
    return job.with_changes(model=model, hardware=replace(pipeline.hardware, **hardware), settings=settings)


def lasting(overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Those of a resume's changes that hold for the stages to come, too: not how long."""
    return {name: overrides[name] for name in _LASTING if overrides.get(name) is not None}
