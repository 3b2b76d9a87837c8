"""Runs of the simulator that are judged by what they recorded alone: its own judge sleeps."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import NamedTuple

from speccheck.conform.history.verdict import Divergence
from speccheck.conform.hunted import history_verdict, trace_verdict
from speccheck.conform.judge import Fault
from speckeeper.sim import strategies
from speckeeper.sim.histories import Histories
from speckeeper.sim.recording import Recording
from speckeeper.sim.schedule import draw_schedule
from speckeeper.sim.world import World


class Alone(NamedTuple):
    """What the specifications reject of a run, and the error that ended it, if one did."""

    trace: Fault | None
    history: Divergence | None
    error: str | None


def run_alone(seed: int, bug: str | None, servers: int | None = None) -> Alone:
    """Run a seed with a bug, and judge what was recorded of it."""
    schedule = draw_schedule(seed, servers)
    error: str | None = None
    with tempfile.TemporaryDirectory() as folder:
        recording, histories = Recording(), Histories(Path(folder))
        with strategies.running(bug):
            world = World(schedule, recording, None, histories, blind=True)
            try:
                world.run()
            except Exception as found:  # noqa: BLE001  (a server of a wrong make; it ends there)
                error = type(found).__name__
        histories.close(world.clock.now_ms)
        traces = trace_verdict(recording.kept())
        settings = {"localSessionsEnabled": schedule.options.local_sessions}
        seen = history_verdict(Path(folder), settings)
    return Alone(None if traces is None else traces.fault, seen.divergence, error)
