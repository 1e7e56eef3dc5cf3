from __future__ import annotations

import pytest

from minimind.run_state import ACTIVE, FINAL, TRANSITIONS, RunState

# every move that there is, as the design says it
EDGES = {
    ("queued", "starting"),
    ("queued", "stopped"),
    ("starting", "running"),
    ("starting", "failed"),
    ("starting", "lost"),
    ("running", "paused"),
    ("paused", "running"),
    *((state, end) for state in ("running", "paused") for end in ("stopping", "finished", "failed", "lost")),
    *(("stopping", end) for end in ("stopped", "finished", "failed", "lost")),
    *((state, "starting") for state in ("stopped", "failed", "lost")),
}


@pytest.mark.parametrize("before", RunState)
@pytest.mark.parametrize("after", RunState)
def test_every_edge_and_no_other(before, after):
    assert before.may_become(after) == ((before.value, after.value) in EDGES)


def test_the_table_knows_every_state():
    assert set(TRANSITIONS) == set(RunState)
    assert ACTIVE | FINAL | {RunState.QUEUED} == set(RunState)
    assert not ACTIVE & FINAL


@pytest.mark.parametrize("state", RunState)
def test_what_a_state_allows(state):
    assert state.is_active == (state.value in ("starting", "running", "paused", "stopping"))
    assert state.is_final == (state.value in ("stopped", "finished", "failed", "lost"))
    assert state.can_resume == (state.value in ("stopped", "failed", "lost"))


@pytest.mark.parametrize("state", RunState)
def test_every_state_but_finished_leads_on(state):
    assert bool(TRANSITIONS[state]) == (state is not RunState.FINISHED)
