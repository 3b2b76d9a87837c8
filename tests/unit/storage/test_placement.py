"""Placement: the loop waits for the disk on the processor where that takes least time."""

import os
import random
from collections.abc import Sequence

import pytest

from speckeeper.storage.affinity import ThreadAffinity, thread_affinity
from speckeeper.storage.placement import (
    ALONE,
    BETWEEN_TRIALS,
    LOOK_EVERY,
    MOST_PROCESSORS,
    TRIAL,
    Placement,
)
from speckeeper.storage.sync_ways import Way

WAYS = (Way.CACHED, Way.AWAKE)


class Machine:
    """An Affinity whose processors take different times for a sync."""

    def __init__(self, times_us: Sequence[int]) -> None:
        self.times_us = list(times_us)
        self.here = 0
        self.moves: list[int] = []
        self.allowed = True
        self.rng = random.Random(1)

    def processors(self) -> list[int]:
        return list(range(len(self.times_us)))

    def current(self) -> int:
        return self.here

    def move(self, processor: int) -> bool:
        if self.allowed:
            self.here = processor
            self.moves.append(processor)
        return self.allowed

    def sync(self, placement: Placement, times: int = 1) -> list[int]:
        """Have so many syncs of one transaction; return on which processors they were."""
        on = []
        for _ in range(times):
            way = placement.next_way(1)
            assert way is not None
            on.append(self.here)
            late_us = 25 if way is Way.AWAKE else 0
            took_us = self.rng.gauss(self.times_us[self.here] + late_us, 5)
            placement.waited(way, took_us * 1e-6)
        return on


def _alone(machine: Machine) -> Placement:
    placement = Placement(machine, WAYS)
    assert [placement.next_way(1) for _ in range(ALONE)] == [None] * ALONE
    return placement


@pytest.mark.parametrize("times_us", [(110, 70), (70, 110), (90, 110, 70, 100)])
def test_the_best_processor_is_found_and_kept(times_us: tuple[int, ...]) -> None:
    machine = Machine(times_us)
    placement = _alone(machine)
    best = times_us.index(min(times_us))
    tried = machine.sync(placement, TRIAL * len(times_us))
    assert set(tried) == set(range(len(times_us)))

    on = machine.sync(placement, 3 * BETWEEN_TRIALS)
    assert on[LOOK_EVERY:BETWEEN_TRIALS] == [best] * (BETWEEN_TRIALS - LOOK_EVERY)
    assert set(on) != {best}  # others are tried again
    assert sum(each != best for each in on) < len(on) / 100


def test_another_processor_becomes_the_best() -> None:
    machine = Machine((70, 110))
    placement = _alone(machine)
    assert machine.sync(placement, 3 * TRIAL)[-1] == 0
    machine.times_us = [110, 70]
    on = machine.sync(placement, 3 * BETWEEN_TRIALS)
    assert on[-1] == 1
    assert on.count(1) > BETWEEN_TRIALS


def test_processors_that_are_alike_are_not_changed_for_each_other() -> None:
    machine = Machine((80, 80))
    placement = _alone(machine)
    on = machine.sync(placement, 5 * BETWEEN_TRIALS)
    assert on.count(1) < len(on) / 20


def test_who_was_moved_on_by_the_system_is_moved_back() -> None:
    machine = Machine((70, 110))
    placement = _alone(machine)
    machine.sync(placement, 3 * TRIAL)
    machine.here = 1
    assert machine.sync(placement, LOOK_EVERY + 1)[-1] == 0


def test_nobody_is_moved_where_transactions_come_together() -> None:
    machine = Machine((110, 70))
    placement = _alone(machine)
    assert placement.next_way(1) is not None
    for _ in range(4 * TRIAL):
        assert placement.next_way(2) is None
    assert [placement.next_way(1) for _ in range(ALONE)] == [None] * ALONE
    assert placement.next_way(1) is not None
    assert machine.moves == []


def test_one_that_cannot_be_moved_stays() -> None:
    machine = Machine((110, 70))
    machine.allowed = False
    placement = _alone(machine)
    assert set(machine.sync(placement, 2 * BETWEEN_TRIALS)) == {0}


@pytest.mark.parametrize("machine", [None, Machine((90,))])
def test_with_one_processor_only_the_way_is_chosen(machine: Machine | None) -> None:
    placement = Placement(machine, WAYS)
    ways = [placement.next_way(1) for _ in range(ALONE + 4)]
    assert ways == [None] * ALONE + [WAYS[0]] * 4


def test_no_more_processors_are_tried_than_is_worth_while() -> None:
    machine = Machine([90] * 20)
    placement = _alone(machine)
    on = machine.sync(placement, 2 * BETWEEN_TRIALS)
    assert max(on) == MOST_PROCESSORS - 1


def test_a_thread_is_moved_and_not_bound() -> None:
    affinity = thread_affinity()
    if affinity is None:
        pytest.skip("no affinity on this system")
    allowed = os.sched_getaffinity(0)
    processors = affinity.processors()
    assert set(processors) == allowed
    for processor in processors:
        assert affinity.move(processor)
        assert os.sched_getaffinity(0) == allowed
        assert affinity.current() in allowed
    assert not affinity.move(max(allowed) + 1)
    assert os.sched_getaffinity(0) == allowed


def test_a_system_that_refuses_leaves_the_thread_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    affinity = thread_affinity()
    if affinity is None:
        pytest.skip("no affinity on this system")

    def refuse(process: int, mask: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "sched_setaffinity", refuse)
    assert isinstance(affinity, ThreadAffinity)
    assert not affinity.move(affinity.current())
    monkeypatch.delattr(os, "sched_setaffinity")
    assert thread_affinity() is None
