"""SyncWays: the quickest way to make a group durable, as far as is known."""

import random
from collections import Counter
from math import inf

import pytest

from speckeeper.storage.sync_ways import (
    CHOOSE_EVERY,
    LEARNING,
    TRY,
    TRY_EVERY,
    SyncWays,
    Way,
)

CACHED, DIRECT, AWAKE = Way


def _play(
    it: SyncWays, rng: random.Random, times_us: dict[Way, int], syncs: int, held_up: float = 0.05
) -> Counter[Way]:
    """Have so many syncs; return how often each way was gone.

    ``held_up``: how many of those that are slept through take 4 ms more; awake it is one in twenty.
    The first one after another way takes 200 us more.
    """
    count: Counter[Way] = Counter()
    before = None
    for _ in range(syncs):
        way = it.next()
        count[way] += 1
        late_us = 4000 if rng.random() < (0.05 if way is AWAKE else held_up) else 0
        late_us += 200 if way is not before else 0
        before = way
        it.waited(way, max(rng.gauss(times_us[way] + late_us, 8), 1) * 1e-6)
    return count


def test_the_quickest_way_is_found_and_found_again_when_it_changes() -> None:
    it, rng = SyncWays((CACHED, DIRECT, AWAKE)), random.Random(1)
    for times in ((95, 75, 110), (95, 115, 70), (95, 120, 130), (400, 300, 380)):
        times_us = dict(zip(Way, times, strict=True))
        _play(it, rng, times_us, 50 * TRY_EVERY)
        count = _play(it, rng, times_us, 50 * TRY_EVERY)
        quickest = min(times_us, key=lambda way: times_us[way])
        assert count[quickest] > 0.9 * count.total()
        assert set(count) == set(Way)


def test_a_way_that_has_become_slow_is_left_soon() -> None:
    it, rng = SyncWays((CACHED, DIRECT, AWAKE)), random.Random(4)
    _play(it, rng, {CACHED: 95, DIRECT: 75, AWAKE: 90}, 50 * TRY_EVERY)
    _play(it, rng, {CACHED: 95, DIRECT: 400, AWAKE: 90}, 2 * CHOOSE_EVERY)
    assert DIRECT not in _play(it, rng, {CACHED: 95, DIRECT: 400, AWAKE: 90}, CHOOSE_EVERY)


def test_who_is_held_up_often_is_slow_whatever_the_others_take() -> None:
    it, rng = SyncWays((CACHED, AWAKE)), random.Random(2)
    times_us = {CACHED: 70, AWAKE: 120}
    _play(it, rng, times_us, 50 * TRY_EVERY, held_up=0.4)
    count = _play(it, rng, times_us, 50 * TRY_EVERY, held_up=0.4)
    assert count[AWAKE] > 0.9 * count.total()


@pytest.mark.parametrize("quickest", Way)
def test_a_short_time_is_enough_to_know_how_long_a_sync_takes(quickest: Way) -> None:
    it, rng = SyncWays(tuple(Way)), random.Random(3)
    assert it.typical_s == inf
    times_us = {way: 70 if way is quickest else 110 for way in Way}
    count = _play(it, rng, times_us, 64, held_up=0.0)
    assert 60e-6 < it.typical_s < 90e-6
    assert count[quickest] >= 64 - 2 * LEARNING - 2 * TRY


def test_the_other_ways_are_tried_now_and_then() -> None:
    it = SyncWays((CACHED, DIRECT, AWAKE))
    first = [it.next() for _ in range(3 * LEARNING)]
    assert first == [CACHED] * LEARNING + [DIRECT] * LEARNING + [AWAKE] * LEARNING
    rest = [it.next() for _ in range(2 * TRY_EVERY + TRY - 3 * LEARNING)]
    assert [way for way in rest if way is not CACHED] == [DIRECT] * TRY + [AWAKE] * TRY


def test_the_only_way_is_gone() -> None:
    it = SyncWays((CACHED,))
    for _ in range(3 * TRY_EVERY):
        assert it.next() is CACHED
        it.waited(CACHED, 90e-6)
    assert it.typical_s == 90e-6
