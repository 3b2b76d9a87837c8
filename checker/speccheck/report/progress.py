"""How a long run is getting on: a live line on a terminal, now and then a plain one elsewhere."""

import time
from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import NamedTuple

from rich.console import Console
from rich.live import Live
from rich.text import Text

from speccheck.explore.result import Result

_SECONDS_BETWEEN_PLAIN_LINES = 10.0
_WINDOW = 30


class Sample(NamedTuple):
    """Counts at a moment of a run."""

    seconds: float
    generated: int
    distinct: int
    queued: int


def estimate(first: Sample, last: Sample) -> str:
    """Return how the queue develops between two moments, and what follows if that stays so.

    A breadth-first search does not know how many states there are. Known is how many new ones the
    states explored lately have led to: ``r`` each. With r below 1 the queue runs dry after
    queue / (1 - r) more; with 1 or more it grows, and no end is in sight. As a rule r falls
    towards the end, so the time given is more often too long than too short.
    """
    explored = (last.distinct - last.queued) - (first.distinct - first.queued)
    seconds = last.seconds - first.seconds
    if explored <= 0 or seconds <= 0:
        return ""
    ratio = (last.distinct - first.distinct) / explored
    if ratio >= 1:
        return f"queue growing, {ratio:.2f} new states for each explored"
    left = last.queued / (1 - ratio) * seconds / explored
    return f"queue shrinking, about {_duration(left)} left at {ratio:.2f} new states for each"


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    if seconds < 5400:
        return f"{round(seconds / 60)} min"
    return f"{seconds / 3600:.1f} h"


class Progress:
    """Shows what a run is at; call it with the result so far. A context manager.

    ``at_once``: the first plain line comes with the first thing there is to say.
    """

    def __init__(
        self,
        console: Console,
        clock: Callable[[], float] = time.monotonic,
        *,
        at_once: bool = False,
    ) -> None:
        self._console = console
        self._clock = clock
        self._began = clock()
        self._samples: deque[Sample] = deque(maxlen=_WINDOW)
        self._live: Live | None = None
        self._told = self._began
        self._head_start = _SECONDS_BETWEEN_PLAIN_LINES if at_once else 0.0

    def __enter__(self) -> "Progress":
        self._began = self._clock()
        self._told = self._began - self._head_start
        if self._console.is_terminal:
            self._live = Live(console=self._console, transient=True, auto_refresh=False)
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def __call__(self, result: Result) -> None:
        """Show the counts of a run that is under way."""
        now = self._clock()
        sample = Sample(now - self._began, result.generated, result.distinct, result.queued)
        self._samples.append(sample)
        self.say(self._line(result, sample))

    def note(self, line: str) -> None:
        """Print a line that stays."""
        self._console.print(line, soft_wrap=True, markup=False, highlight=False)

    def say(self, line: str) -> None:
        """Show a line: at once on a terminal, elsewhere if the last one was some time ago."""
        now = self._clock()
        if self._live is not None:
            self._live.update(Text(line, overflow="ellipsis", no_wrap=True), refresh=True)
        elif now - self._told >= _SECONDS_BETWEEN_PLAIN_LINES:
            self._told = now
            self._console.print(line, soft_wrap=True, markup=False, highlight=False)

    def _line(self, result: Result, sample: Sample) -> str:
        first = self._samples[0]
        lately = sample.seconds - first.seconds
        rate = 0.0
        if lately > 0:
            rate = (sample.generated - first.generated) / lately
        elif sample.seconds > 0:
            rate = sample.generated / sample.seconds
        parts = [f"{_duration(sample.seconds)}: {sample.generated:,} states, {rate:,.0f}/s"]
        if result.mode == "simulate":
            parts.append(f"{result.traces:,} behaviours")
            return ", ".join(parts)
        parts.append(
            f"{sample.distinct:,} distinct, depth {result.depth}, {sample.queued:,} queued"
        )
        if result.mode == "bfs":
            parts.append(estimate(first, sample))
        return "; ".join(part for part in parts if part)
