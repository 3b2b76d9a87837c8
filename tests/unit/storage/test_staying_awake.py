"""StayingAwake: the quicker way to wait for a sync, as far as is known."""

import random

import pytest

from speckeeper.storage.staying_awake import LEARNING, STEP_S, TRY_EVERY, StayingAwake


def _play(
    it: StayingAwake,
    rng: random.Random,
    times_us: tuple[float, float],
    syncs: int,
    held_up: float = 0.05,
) -> int:
    """Have so many syncs; return how many of them were waited for awake.

    ``times_us``: of one awake, of one asleep; ``held_up``: how many of those asleep take 4 ms more.
    """
    count = 0
    for _ in range(syncs):
        awake = it.next_awake()
        count += awake
        often = 0.05 if awake else held_up
        held_up_s = 0.004 if rng.random() < often else 0.0
        it.waited(awake, rng.gauss(times_us[not awake], 10) * STEP_S + held_up_s)
    return count


def test_the_quicker_way_is_found_and_found_again_when_it_changes() -> None:
    it, rng = StayingAwake(), random.Random(1)
    learning, long = 3000, 20_000
    for times_us in ((75, 95), (115, 95), (400, 300), (300, 400)):
        _play(it, rng, times_us, learning * 10)
        count = _play(it, rng, times_us, long)
        others = long - count if times_us[0] < times_us[1] else count
        assert others < 1.5 * long / TRY_EVERY


def test_who_is_held_up_often_is_slow_whatever_the_others_take() -> None:
    it, rng = StayingAwake(), random.Random(2)
    _play(it, rng, (120, 70), 3000, held_up=0.4)
    assert _play(it, rng, (120, 70), 3000, held_up=0.4) > 2800


@pytest.mark.parametrize(("awake_us", "asleep_us"), [(70, 110), (110, 70)])
def test_a_trial_is_enough_to_know_how_long_a_sync_takes(awake_us: int, asleep_us: int) -> None:
    it, rng = StayingAwake(), random.Random(3)
    assert it.typical_s == 0
    _play(it, rng, (awake_us, asleep_us), 64)
    assert 50e-6 < it.typical_s < 100e-6


def test_the_other_way_is_tried_now_and_then() -> None:
    it = StayingAwake()
    assert [it.next_awake() for _ in range(LEARNING)] == [False, True] * (LEARNING // 2)
    rest = [it.next_awake() for _ in range(2 * TRY_EVERY - LEARNING)]
    assert [index for index, awake in enumerate(rest) if not awake] == [
        TRY_EVERY - LEARNING - 1,
        2 * TRY_EVERY - LEARNING - 1,
    ]


def test_where_it_is_not_possible_nobody_stays_awake() -> None:
    it = StayingAwake(possible=False)
    for _ in range(3 * TRY_EVERY):
        assert it.next_awake() is False
        it.waited(False, 90e-6)
    assert 80e-6 < it.typical_s < 100e-6
