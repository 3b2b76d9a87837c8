"""Many seeds, until one breaks a rule or all have been run."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from speccheck.hunt.runner import Runner
from speccheck.hunt.system import VIRTUAL_MS
from speccheck.hunt.task import Outcome, Task


@dataclass(frozen=True)
class Plan:
    """What is to be run."""

    system: str
    seeds: range
    limit_s: float = 30.0
    servers: int | None = None
    bug: str | None = None
    keep_going: bool = False
    traces: str | None = None
    histories: str | None = None
    start: Mapping[str, Any] | None = None
    """All three as in :class:`Task`."""

    def task(self, seed: int) -> Task:
        """Return the run of a seed."""
        return Task(
            self.system,
            seed,
            self.limit_s,
            self.servers,
            self.bug,
            number=seed,
            traces=self.traces,
            histories=self.histories,
            start=self.start,
        )


@dataclass
class Tally:
    """What has been done so far."""

    planned: int
    runs: int = 0
    figures: Counter[str] = field(default_factory=Counter)
    violations: list[Outcome] = field(default_factory=list)
    problems: list[Outcome] = field(default_factory=list)
    seconds: float = 0.0
    processor_s: float = 0.0
    judging_s: float = 0.0
    interrupted: bool = False

    def add(self, outcome: Outcome) -> None:
        """Count a run."""
        self.runs += 1
        self.figures.update(outcome.figures)
        self.processor_s += outcome.processor_s
        self.judging_s += outcome.judging_s
        if outcome.violation is not None:
            self.violations.append(outcome)
        if outcome.problem is not None:
            self.problems.append(outcome)

    @property
    def per_minute(self) -> float:
        """Seeds a minute."""
        return 60 * self.runs / self.seconds if self.seconds else 0.0

    @property
    def virtual_to_real(self) -> float:
        """How many seconds of virtual time have passed in one of real time, on all workers."""
        return self.figures[VIRTUAL_MS] / 1000 / self.seconds if self.seconds else 0.0


def campaign(plan: Plan, runner: Runner, tell: Callable[[Tally, Outcome], None]) -> Tally:
    """Run the seeds in their order; tell of each how it ended. Raises Unusable.

    After a violation no more are begun, unless the plan says so; those under way end. So the first
    violation by seed is the same with any number of workers. Ctrl-C ends it early.
    """
    tally = Tally(len(plan.seeds))
    began = time.monotonic()

    def tasks() -> Iterator[Task]:
        for seed in plan.seeds:
            if tally.violations and not plan.keep_going:
                return
            yield plan.task(seed)

    try:
        for outcome in runner.outcomes(tasks()):
            tally.add(outcome)
            tally.seconds = time.monotonic() - began
            tell(tally, outcome)
    except KeyboardInterrupt:
        tally.interrupted = True
    tally.seconds = time.monotonic() - began
    tally.violations.sort(key=lambda outcome: outcome.seed)
    tally.problems.sort(key=lambda outcome: outcome.seed)
    return tally
