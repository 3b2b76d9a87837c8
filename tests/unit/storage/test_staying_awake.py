"""StayingAwake: the quicker way to wait for a sync, as far as is known."""

import random

from speckeeper.storage.staying_awake import ALONE, STEP_S, TRY_EVERY, StayingAwake


def _alone() -> StayingAwake:
    it = StayingAwake()
    assert [it.next_awake(1) for _ in range(ALONE)] == [None] * ALONE
    return it


def _play(it: StayingAwake, rng: random.Random, awake_s: float, asleep_s: float, syncs: int) -> int:
    """Have so many syncs; return how many of them were waited for awake."""
    count = 0
    for _ in range(syncs):
        awake = it.next_awake(1)
        assert awake is not None
        count += awake
        held_up_s = 0.004 if rng.random() < 0.05 else 0.0
        it.waited(awake, rng.gauss(awake_s if awake else asleep_s, 10 * STEP_S) + held_up_s)
    return count


def test_the_quicker_way_is_found_and_found_again_when_it_changes() -> None:
    it, rng = _alone(), random.Random(1)
    learning, long = 3000, 20_000
    for awake_us, asleep_us in ((75, 90), (105, 90), (400, 300), (300, 400)):
        _play(it, rng, awake_us * STEP_S, asleep_us * STEP_S, learning * 10)
        count = _play(it, rng, awake_us * STEP_S, asleep_us * STEP_S, long)
        others = long - count if awake_us < asleep_us else count
        assert others < 1.5 * long / TRY_EVERY


def test_the_other_way_is_tried_now_and_then() -> None:
    it = _alone()
    for _ in range(2):
        assert [it.next_awake(1) for _ in range(TRY_EVERY)] == [True] * (TRY_EVERY - 1) + [False]


def test_where_transactions_come_together_nobody_stays_awake() -> None:
    it = _alone()
    assert it.next_awake(1)
    assert it.next_awake(2) is None
    assert [it.next_awake(1) for _ in range(ALONE + 1)] == [None] * ALONE + [True]
