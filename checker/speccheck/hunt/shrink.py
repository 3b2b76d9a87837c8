"""From a schedule that breaks a rule to a short one that breaks the same rule.

First faults are left out, by delta debugging: half of them, a quarter, ... down to each one alone
(Zeller and Hildebrandt, "Simplifying and isolating failure-inducing input", 2002, the part that
removes). Then the system says what would be simpler still, and whatever breaks the rule too is
taken; then faults once more.

Without a fault everything after it is a little different, and what takes a certain meeting of
messages may not come about any more. So in a second round each candidate is tried several times,
with what is left to chance drawn anew. What is found depends on nothing but the schedule, as long
as the time is not over.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from speccheck.hunt.runner import Runner
from speccheck.hunt.system import Schedule, System
from speccheck.hunt.task import Outcome, Task

_CHANCES = 8
"""How often a candidate is tried in the second round."""


class Step(NamedTuple):
    """How far shrinking is."""

    tried: int
    faults: int


class Shrunk(NamedTuple):
    """A schedule that breaks the rule, as short as it became."""

    schedule: Schedule
    tried: int
    finished: bool
    """Whether nothing was left to try when it ended."""


@dataclass
class Shrinker:
    """Shrinks one failing task. ``rule`` is what it breaks."""

    system: System
    task: Task
    rule: str
    runner: Runner
    deadline: float
    tell: Callable[[Step], None] = lambda step: None
    clock: Callable[[], float] = time.monotonic
    tried: int = 0
    chances: range = range(0)
    _best: Schedule = field(default_factory=dict)

    def shrink(self, schedule: Schedule) -> Shrunk:
        """Shrink as long as there is something to leave out, and time. Raises Unusable.

        Ctrl-C ends it with what it has.
        """
        self._best = schedule
        try:
            for self.chances in (range(0), range(1, _CHANCES + 1)):
                self._leave_faults_out()
                while self._take(self.system.simpler(self._best)):
                    self._leave_faults_out()
        except KeyboardInterrupt:
            return Shrunk(self._best, self.tried, finished=False)
        return Shrunk(self._best, self.tried, not self._over)

    @property
    def _over(self) -> bool:
        return self.clock() >= self.deadline

    def _leave_faults_out(self) -> None:
        """Leave out faults until none can be left out alone."""
        size = len(self._best["faults"])
        while size:
            if self._take(_leaving_out(self._best, size)):
                size = min(size, len(self._best["faults"]))
            else:
                size //= 2

    def _take(self, candidates: Iterable[Schedule]) -> bool:
        """Take the first of several that breaks the rule; return whether there is one."""
        sent: list[Schedule] = []
        failing: list[Outcome] = []

        def tasks() -> Iterator[Task]:
            for candidate in self._drawn_anew(candidates):
                if failing or self._over:
                    return
                sent.append(candidate)
                yield self.task._replace(schedule=candidate, number=len(sent) - 1)

        for outcome in self.runner.outcomes(tasks()):
            self.tried += 1
            if outcome.rule == self.rule:
                failing.append(outcome)
            self.tell(Step(self.tried, len(self._best["faults"])))
        if failing:
            self._best = sent[min(outcome.number for outcome in failing)]
        return bool(failing)

    def _drawn_anew(self, candidates: Iterable[Schedule]) -> Iterator[Schedule]:
        for candidate in candidates:
            if not self.chances:
                yield candidate
            for number in self.chances:
                yield self.system.with_chance(candidate, number)


def _leaving_out(schedule: Schedule, size: int) -> Iterator[Schedule]:
    """Yield it without each ``size`` faults in a row, the last ones first."""
    faults = schedule["faults"]
    for end in range(len(faults), 0, -size):
        kept = faults[: max(end - size, 0)] + faults[end:]
        yield {**schedule, "faults": kept}
