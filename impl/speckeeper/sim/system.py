"""The simulated ensemble as ``speccheck`` hunts in it and replays on it: plain data in and out.

Named in pyproject.toml as an entry point of the group ``speccheck.systems``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from speckeeper.sim import strategies
from speckeeper.sim.bugs import BUGS, about
from speckeeper.sim.costs import measure
from speckeeper.sim.histories import Histories
from speckeeper.sim.recording import Recording
from speckeeper.sim.schedule import Schedule, draw_schedule, read_schedule
from speckeeper.sim.simpler import simpler
from speckeeper.sim.start import read_start
from speckeeper.sim.stepwise.course import LedCourse
from speckeeper.sim.stepwise.ensemble import Ensemble
from speckeeper.sim.stepwise.names import Names
from speckeeper.sim.stepwise.world import LedWorld
from speckeeper.sim.violation import Violation
from speckeeper.sim.world import World

_FEWEST, _MOST = 1, 9

_COURSES: dict[str, Callable[[Names], Ensemble]] = {
    "core": partial(Ensemble, told_to_serve=True),
    "world": partial(LedWorld, told_to_serve=True),
}


class SimulatedEnsemble:
    """See ``System`` of speccheck for what each method is asked for."""

    @property
    def bugs(self) -> Mapping[str, str]:
        """The mistakes that can be put in, each with a line about it."""
        return {name: about(name) for name in BUGS}

    @property
    def strategies(self) -> Mapping[str, str]:
        """Other ways to do what the protocol does, which break nothing, each with a line."""
        return {name: strategies.about(name) for name in strategies.STRATEGIES}

    def costs(self, strategy: str | None) -> dict[str, dict[str, float]]:
        """Return what elections and writes cost, with a bug or a strategy put in.

        Raises ValueError if it breaks a rule before that is known.
        """
        try:
            return {what: cost._asdict() for what, cost in measure(strategy).items()}
        except Violation as error:
            raise ValueError(str(error)) from None

    def draw(self, seed: int, servers: int | None) -> dict[str, Any]:
        """Return the schedule of a seed, if wanted for so many voters."""
        if servers is not None and not _FEWEST <= servers <= _MOST:
            raise ValueError(f"{servers} voters: {_FEWEST} to {_MOST} can be simulated")
        return draw_schedule(seed, servers).as_plain()

    def draw_from(self, seed: int, start: Mapping[str, Any]) -> dict[str, Any]:
        """Return the schedule of a seed that begins with what ``start`` says of disks."""
        read = read_start(start)
        return draw_schedule(seed, len(read.servers))._replace(start=read).as_plain()

    def run(
        self, schedule: dict[str, Any], bug: str | None, log: Callable[[str], None] | None
    ) -> dict[str, Any]:
        """Run a schedule."""
        return self._run(read_schedule(schedule), bug, log)

    def observe(
        self,
        schedule: dict[str, Any],
        bug: str | None,
        log: Callable[[str], None] | None,
        *,
        traces: bool,
        histories: Path | None,
    ) -> dict[str, Any]:
        """Run a schedule, and record what servers do, and what clients see. Raises OSError."""
        read = read_schedule(schedule)
        recording = Recording() if traces else None
        watched = Histories(histories) if histories is not None else None
        try:
            found = self._run(read, bug, log, recording, watched)
            if watched is not None:
                watched.close(found["figures"]["virtual_ms"])
        finally:
            if watched is not None:
                watched.close(0)  # does nothing if it has been closed
        options = read.options
        return {
            **found,
            "traces": {} if recording is None else recording.kept(),
            # What an administrator changes is no client's, and in no specification of the tree.
            "settings": None
            if options.reconfig
            else {"localSessionsEnabled": options.local_sessions},
        }

    def _run(
        self,
        read: Schedule,
        bug: str | None,
        log: Callable[[str], None] | None,
        recording: Recording | None = None,
        histories: Histories | None = None,
    ) -> dict[str, Any]:
        with strategies.running(bug):
            report = World(read, recording, log, histories).run()
        figures = {
            "virtual_ms": report.virtual_ms,
            "faults": sum(report.faults.values()),
            "committed": report.committed,
            "epochs": report.epochs,
            **report.faults,
        }
        return {"violation": report.violation, "figures": figures}

    def record(self, schedule: dict[str, Any], bug: str | None, folder: Path) -> None:
        """Run a schedule once more, and leave what its servers record in a folder.

        Raises OSError where nothing can be written.
        """
        read = read_schedule(schedule)
        recording = Recording(folder)
        try:
            with strategies.running(bug):
                World(read, recording).run()
        finally:
            recording.close()

    def simpler(self, schedule: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Yield schedules that are easier to think of."""
        return (each.as_plain() for each in simpler(read_schedule(schedule)))

    def with_chance(self, schedule: dict[str, Any], number: int) -> dict[str, Any]:
        """Return a schedule with other delays, but the same faults."""
        return {**schedule, "chance": number}

    def story(self, schedule: dict[str, Any]) -> Iterator[str]:
        """Tell a schedule."""
        return read_schedule(schedule).lines()

    @property
    def courses(self) -> Mapping[str, str]:
        """What can be led through a behaviour of spec/Zab.tla."""
        return {
            "core": "real cores, with a network and disks that do as they are told",
            "world": "whole servers of the simulated world, with its links, files and judge",
        }

    def begin(self, course: str, initial: Mapping[str, Any], bug: str | None) -> LedCourse:
        """Start servers in an initial state of the specification."""
        return LedCourse(_COURSES[course], initial, bug)


SYSTEM = SimulatedEnsemble()
