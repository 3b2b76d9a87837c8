"""DiskPace: when the event loop may wait for the disk."""

from speckeeper.storage.disk_pace import (
    FAST_S,
    LONGEST_PAUSE_S,
    PATIENCE,
    SHORTEST_PAUSE_S,
    STALL_S,
    DiskPace,
)

FAST, SLOW = FAST_S / 2, 2 * FAST_S
MOMENT_S = 0.001


def test_a_fast_disk_is_waited_for_however_often() -> None:
    pace = DiskPace()
    for number in range(1000):
        assert pace.may_wait(float(number))
        pace.waited(SLOW if number % PATIENCE else FAST, float(number))


def test_a_slow_disk_is_left_alone_after_a_few_syncs() -> None:
    pace, now = DiskPace(), 10.0
    for _ in range(PATIENCE):
        assert pace.may_wait(now)
        pace.waited(SLOW, now)
    assert not pace.may_wait(now)
    assert not pace.may_wait(now + SHORTEST_PAUSE_S - MOMENT_S)
    assert pace.may_wait(now + SHORTEST_PAUSE_S)


def test_one_stall_is_enough() -> None:
    pace = DiskPace()
    pace.waited(STALL_S, 10.0)
    assert not pace.may_wait(10.0)


def test_the_pauses_grow_while_the_disk_is_slow_and_the_tries_cost_one_sync_each() -> None:
    pace, now, pauses = DiskPace(), 10.0, []
    pace.waited(STALL_S, now)
    for _ in range(10):
        start = now
        while not pace.may_wait(now):
            now += 0.5
        pauses.append(now - start)
        pace.waited(SLOW, now)
    assert pauses == [1, 2, 4, 8, *[LONGEST_PAUSE_S] * 6]


def test_a_disk_that_is_fast_again_has_all_its_credit_back() -> None:
    pace = DiskPace()
    pace.waited(STALL_S, 10.0)
    pace.waited(FAST, 20.0)
    for _ in range(PATIENCE - 1):
        pace.waited(SLOW, 20.0)
    assert pace.may_wait(20.0)
    pace.waited(SLOW, 20.0)
    assert not pace.may_wait(20.0 + SHORTEST_PAUSE_S - MOMENT_S)
    assert pace.may_wait(20.0 + SHORTEST_PAUSE_S)
