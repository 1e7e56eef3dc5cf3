"""Which runs belong together: a pipeline and the runs of its stages, as far as their folders are there."""

from __future__ import annotations

from collections.abc import Mapping

from minimind.errors import BadInput
from minimind.job import KIND_PIPELINE
from minimind.pipeline.stages import stages_of
from studio.jobs.entry import Entry
from studio.store.pipelines import with_stages
from studio.store.records import Run
from studio.store.runs import parent_folder


def whole_of(entry: Entry, entries: Mapping[str, Entry]) -> Entry:
    """The pipeline that a run is a stage of, if it is there; else the run itself.

    Args:
        entries: all runs by folder, relative to the projects folder.
    """
    return entries.get(parent_folder(entry.row) or "", entry)


def stages_in(entry: Entry, entries: Mapping[str, Entry]) -> list[Entry]:
    """The runs of a pipeline's stages that there are, in order; none for another run."""
    if entry.row.job is None:
        return []
    try:
        names = [stage.run_id for stage in stages_of(entry.folder, entry.row.job)]
    except BadInput:
        return []  # the pipeline itself will say so when it is started
    folder = entry.row.folder.rpartition("/")[0]
    return [found for name in names if (found := entries.get(f"{folder}/{name}")) is not None]


def as_whole(run: Run, entry: Entry, entries: Mapping[str, Entry]) -> Run:
    """A pipeline's run with the figures of its stages; any other run as it is."""
    if run.kind != KIND_PIPELINE or entry.row.job is None:
        return run
    stages = [stage.published for stage in stages_in(entry, entries)]
    return with_stages(run, entry.row.job, [stage for stage in stages if stage is not None])
