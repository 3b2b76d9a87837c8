"""Runs made in an executor, with an answer for each: also where a worker dies or says nothing.

A task is sent only when a worker is free. So a worker that dies makes suspects of no more tasks
than there are workers; each of them is then run again, alone, and what dies again has the blame.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, wait
from itertools import islice
from types import TracebackType
from typing import Self

from speccheck.hunt.limit import PATIENCE
from speccheck.hunt.system import Unusable
from speccheck.hunt.task import Outcome, Task, lost, run
from speccheck.hunt.workers import Place

# How much longer than its limit a run may be silent: it may be on its way, or hang in C.
_GRACE_S = 30.0


class Runner:
    """A context manager; what is under way at its end is given up."""

    def __init__(self, where: Place, grace_s: float = _GRACE_S) -> None:
        self.workers = where.workers
        self._where = where
        self._grace_s = grace_s
        self._executor = where.open()
        self._under_way: dict[Future[Outcome], Task] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._give_up()

    def outcomes(self, tasks: Iterable[Task]) -> Iterator[Outcome]:
        """Yield what becomes of each task, in the order in which they end. Raises Unusable.

        Tasks are taken one by one as workers become free; when they run out, the rest is awaited.
        """
        if self._under_way:  # an interrupt has left something behind
            self._renew()
        left = iter(tasks)
        under_way = self._under_way
        while True:
            for task in islice(left, self.workers - len(under_way)):
                self._submit(task)
            if not under_way:
                return
            for future in self._wait():
                outcome = _answer(future, under_way[future])
                if outcome is None:
                    break
                del under_way[future]
                yield outcome
            else:
                continue
            suspects = [*under_way.values()]
            self._renew()
            yield from map(self._alone, suspects)

    def _submit(self, task: Task) -> Future[Outcome]:
        future: Future[Outcome]
        try:
            future = self._executor.submit(run, task)
        except BrokenExecutor as error:
            future = Future()
            future.set_exception(error)
        self._under_way[future] = task
        return future

    def _wait(self) -> list[Future[Outcome]]:
        """Return what has ended, in the order of sending; if nothing does in time, all."""
        limit_s = max(map(self._longest_s, self._under_way.values()))
        done, _ = wait(self._under_way, limit_s, FIRST_COMPLETED)
        return [future for future in self._under_way if future in done or not done]

    def _alone(self, task: Task) -> Outcome:
        """Run a task while no other runs."""
        future = self._submit(task)
        wait((future,), self._longest_s(task))
        outcome = _answer(future, task)
        if outcome is not None:
            del self._under_way[future]
            return outcome
        died = future.done()
        self._renew()
        if died:
            return lost(task, "the process that ran it died, and again when it ran alone")
        return lost(task, f"no answer in {self._longest_s(task):g} s")

    def _longest_s(self, task: Task) -> float:
        return PATIENCE * task.limit_s + self._grace_s

    def _renew(self) -> None:
        self._give_up()
        self._executor = self._where.open()

    def _give_up(self) -> None:
        idle = not self._under_way
        for future in self._under_way:
            future.cancel()
        self._executor.shutdown(wait=idle)
        if not idle:
            self._where.kill()
        self._under_way.clear()


def _answer(future: Future[Outcome], task: Task) -> Outcome | None:
    """Return what a worker answers; None if the workers are in trouble. Raises Unusable."""
    if not future.done():
        return None
    try:
        return future.result()
    except BrokenExecutor:
        return None
    except Unusable:
        raise
    except Exception as error:  # noqa: BLE001 (what a cluster says of a lost worker is its own)
        return lost(task, f"its worker failed: {type(error).__name__}: {error}")
