"""A campaign from its first seed to the file with the shortest schedule, told on a console."""

from __future__ import annotations

import shlex
import time
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console

from speccheck.hunt.campaign import Plan, Tally, campaign
from speccheck.hunt.replay import Replay, write_replay
from speccheck.hunt.runner import Runner
from speccheck.hunt.shrink import Shrinker, Shrunk
from speccheck.hunt.system import ObservedSystem, Schedule, System, Unusable, find_system
from speccheck.hunt.task import Outcome, Task, draw, run
from speccheck.report.hunt import as_data, line_of, tell_shrunk, tell_story, tell_tally
from speccheck.report.progress import Progress

VIOLATED, BROKEN, INTERRUPTED = 1, 2, 130


def tell_run(
    console: Console, task: Task, transcript: Path | None, kept: Replay | None = None
) -> int:
    """Make one run in this process and tell it; return the exit code. Raises Unusable."""
    _, system = find_system(task.system)
    assert task.schedule is not None, "what is told has been drawn or read"
    story = story_of(system, task.schedule)
    outcome = run(task._replace(logged=True), transcript)
    tell_story(console, story, outcome, kept)
    if outcome.violation is not None:
        return VIOLATED
    return BROKEN if outcome.problem is not None else 0


def story_of(system: System, schedule: Schedule) -> list[str]:
    """Return a schedule's story. Raises Unusable if it is no schedule of the system's."""
    try:
        return [*system.story(schedule)]
    except ValueError as error:
        raise Unusable(str(error)) from None


class Hunter:
    """Runs a plan, shrinks what it finds, and keeps what :meth:`data` returns."""

    def __init__(self, plan: Plan, system: System, runner: Runner, console: Console) -> None:
        self.plan = plan
        self._system = system
        self._runner = runner
        self._console = console
        self._progress_console = Console(stderr=True)
        self._tally = Tally(0)
        self._kept: Replay | None = None
        self._shrunk: Shrunk | None = None
        self._file: Path | None = None

    def run(self, shrink_s: float, out: Path | None) -> int:
        """Run the seeds and what follows; return the exit code. Raises Unusable."""
        with Progress(self._progress_console, at_once=True) as progress:
            self._tally = campaign(self.plan, self._runner, partial(_tell, progress))
        tally = self._tally
        tell_tally(self._console, self.plan, tally)
        if tally.violations:
            self._follow(tally.violations[0], 0 if tally.interrupted else shrink_s, out)
        if tally.interrupted:
            return INTERRUPTED
        if tally.violations:
            return VIOLATED
        return BROKEN if tally.problems else 0

    def data(self) -> dict[str, Any]:
        """Return all of it as what JSON has."""
        return as_data(self.plan, self._tally, self._kept, self._shrunk, self._file)

    def _follow(self, outcome: Outcome, shrink_s: float, out: Path | None) -> None:
        """Make a violation's schedule as short as the time allows, run it again, and keep it."""
        task = self.plan.task(outcome.seed)
        schedule = drawn = draw(task)
        if shrink_s:
            schedule = self._shrink(task, outcome.rule, drawn, shrink_s)
        (again,) = self._runner.outcomes([task._replace(schedule=schedule, logged=True)])
        tell_story(self._console, story_of(self._system, schedule), again)
        if again.violation is None:
            raise Unusable(f"seed {outcome.seed} did not do the same again: {outcome.violation}")
        plan = self.plan
        self._kept = Replay(plan.system, schedule, plan.bug, again.violation, again.digest)
        self._file = out or Path(f"hunt-{plan.system}-{outcome.seed}.json")
        write_replay(self._file, self._kept)
        self._say("To see it again:")
        parts = ["speccheck hunt --replay", shlex.quote(str(self._file)), *self._judged()]
        self._say(f"    {' '.join(parts)}")
        if plan.start is not None:
            return  # what is on disks has no room in a command
        if {**schedule, "faults": ()} == {**drawn, "faults": ()} and _among(schedule, drawn):
            self._say(f"    {self._by_seed(outcome.seed, schedule)}")

    def _shrink(self, task: Task, rule: str, schedule: Schedule, shrink_s: float) -> Schedule:
        began = time.monotonic()
        with Progress(self._progress_console) as progress:
            shrinker = Shrinker(
                self._system,
                task,
                rule,
                self._runner,
                began + shrink_s,
                lambda s: progress.say(f"Shrinking: {s.faults} faults left after {s.tried} runs"),
            )
            self._shrunk = shrunk = shrinker.shrink(schedule)
        seconds = time.monotonic() - began
        tell_shrunk(self._console, shrunk, len(schedule["faults"]), seconds)
        return shrunk.schedule

    def _by_seed(self, seed: int, schedule: Schedule) -> str:
        parts = ["speccheck hunt", f"--system {self.plan.system}", f"--seed {seed}"]
        if self.plan.servers is not None:
            parts.append(f"--servers {self.plan.servers}")
        if self.plan.bug is not None:
            parts.append(f"--bug {shlex.quote(self.plan.bug)}")
        parts += self._judged()
        numbers = ",".join(str(fault["number"]) for fault in schedule["faults"])
        return " ".join([*parts, f"--only '{numbers}'" if not numbers else f"--only {numbers}"])

    def _judged(self) -> list[str]:
        """Return the options that have the same judged again."""
        plan, is_default = self.plan, self.plan.bug is None and self.plan.start is None
        judges = {"traces": plan.traces, "histories": plan.histories}
        if not isinstance(self._system, ObservedSystem):
            return []
        return [
            f"--{name}" if judge is not None else f"--no-{name}"
            for name, judge in judges.items()
            if (judge is not None) is not is_default
        ]

    def _say(self, line: str) -> None:
        self._console.print(line, markup=False, highlight=False, soft_wrap=True)


def _tell(progress: Progress, tally: Tally, outcome: Outcome) -> None:
    """Tell how far a campaign is, and at once what it finds."""
    if outcome.violation is not None or outcome.problem is not None:
        progress.note(f"Seed {outcome.seed}: {outcome.violation or outcome.problem}")
    progress.say(line_of(tally))


def _among(schedule: Schedule, drawn: Schedule) -> bool:
    """Whether all faults are as they were drawn."""
    return all(fault in drawn["faults"] for fault in schedule["faults"])
