"""Shrinking: to the faults that matter, and then to what the system says is simpler."""

import itertools
import time

import pytest

from speccheck.hunt.runner import Runner
from speccheck.hunt.shrink import Shrinker, Shrunk, Step
from speccheck.hunt.system import find_system
from speccheck.hunt.task import Task, draw
from speccheck.hunt.workers import LocalProcesses


def shrink(
    toy: str, workers: int, over_after: int = 10_000, seed: int = 500, rule: str = "Toyness"
) -> Shrunk:
    task = Task(toy, seed, 10)
    ticks = itertools.count()
    with Runner(LocalProcesses(workers)) as runner:
        shrinker = Shrinker(
            find_system(toy)[1], task, rule, runner, over_after, clock=lambda: next(ticks)
        )
        return shrinker.shrink(draw(task))


@pytest.mark.parametrize("workers", [1, 2])
def test_what_matters_is_left(toy: str, workers: int) -> None:
    shrunk = shrink(toy, workers)
    assert shrunk.finished
    faults = [{"number": 3, "length": 1}, {"number": 7, "length": 1}]
    assert shrunk.schedule == {"seed": 500, "servers": 2, "idle": 500, "faults": faults}


def test_chance_is_drawn_anew(toy: str) -> None:
    """What takes luck with few faults is found with them, by one of several tries."""
    shrunk = shrink(toy, 1, seed=600, rule="Luck")
    assert [fault["number"] for fault in shrunk.schedule["faults"]] == [3, 7]
    assert shrunk.schedule["chance"] == 5


def test_interrupt_keeps_what_it_has(toy: str) -> None:
    task = Task(toy, 500, 10)

    def interrupt(step: Step) -> None:
        if step.faults <= 4:
            raise KeyboardInterrupt

    with Runner(LocalProcesses(2)) as runner:
        shrinker = Shrinker(
            find_system(toy)[1], task, "Toyness", runner, time.monotonic() + 60, interrupt
        )
        shrunk = shrinker.shrink(draw(task))
        (again,) = runner.outcomes([task._replace(schedule=shrunk.schedule)])
    assert not shrunk.finished
    assert len(shrunk.schedule["faults"]) <= 4
    assert again.violation == "Toyness: seed 500 fell"


def test_time_can_be_over(toy: str) -> None:
    shrunk = shrink(toy, 1, over_after=12)
    assert not shrunk.finished
    assert shrunk.tried <= 12
    assert {3, 7} <= {fault["number"] for fault in shrunk.schedule["faults"]}


def test_another_rule_is_not_taken(toy: str) -> None:
    task = Task(toy, 500, 10)
    with Runner(LocalProcesses(1)) as runner:
        shrinker = Shrinker(find_system(toy)[1], task, "Order", runner, time.monotonic() + 60)
        schedule = draw(task)
        assert shrinker.shrink(schedule).schedule == schedule
