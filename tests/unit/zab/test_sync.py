"""The choice of DIFF, TRUNC or SNAP: the cases of LearnerHandler.syncFollower, one by one."""

import pytest

from speckeeper.wire.quorum import PacketType
from speckeeper.zab.effects import Entry
from speckeeper.zab.sync import NeedLog, SyncPlan, sync_follower

DIFF, TRUNC, SNAP = PacketType.DIFF, PacketType.TRUNC, PacketType.SNAP


def z(epoch: int, counter: int) -> int:
    return epoch << 32 | counter


def entries(*zxids: int) -> list[Entry]:
    return [(zxid, b"%x" % zxid) for zxid in zxids]


WINDOW = entries(z(1, 4), z(1, 5), z(1, 6), z(2, 1), z(2, 2))
LAST = z(2, 2)
LOG = entries(*(z(1, n) for n in range(1, 7)), z(2, 1))


def plan(peer: int, log: list[Entry] | None = None, last: int = LAST) -> SyncPlan | NeedLog:
    return sync_follower(peer, last, WINDOW, log)


def summary(found: SyncPlan | NeedLog) -> tuple[PacketType, int, list[int], int]:
    assert isinstance(found, SyncPlan)
    return found.kind, found.zxid, [zxid for zxid, _ in found.entries], found.upto


@pytest.mark.parametrize(
    ("peer", "expected"),
    [
        (LAST, (DIFF, LAST, [], LAST)),  # up to date
        (z(2, 3), (TRUNC, LAST, [], LAST)),  # ahead of what is committed
        (z(1, 6), (DIFF, LAST, [z(2, 1), z(2, 2)], LAST)),  # in the window
        (z(1, 4), (DIFF, LAST, [z(1, 5), z(1, 6), z(2, 1), z(2, 2)], LAST)),
        (z(2, 0), (DIFF, LAST, [z(2, 1), z(2, 2)], LAST)),  # has the epoch and nothing of it
        (z(1, 7), (SNAP, LAST, [], LAST)),  # its last is unknown, and the next of another epoch
        (z(3, 0), (SNAP, LAST, [], LAST)),  # an empty epoch that we do not know
    ],
)
def test_without_the_log(peer: int, expected: tuple[PacketType, int, list[int], int]) -> None:
    assert summary(plan(peer)) == expected


def test_unknown_transaction_is_cut_off_within_an_epoch() -> None:
    window = entries(z(1, 4), z(1, 6))
    found = sync_follower(z(1, 5), z(1, 6), window, None)
    assert summary(found) == (TRUNC, z(1, 4), [z(1, 6)], z(1, 6))


def test_log_is_asked_for_and_used() -> None:
    assert plan(z(1, 2)) == NeedLog()
    rest = [z(1, 3), z(1, 4), z(1, 5), z(1, 6), z(2, 1), z(2, 2)]
    assert summary(plan(z(1, 2), LOG)) == (DIFF, LAST, rest, LAST)


@pytest.mark.parametrize(
    "log",
    [
        [],  # it does not reach back
        LOG[2:],  # it begins behind the peer
        LOG[:2],  # a gap between it and the window
    ],
)
def test_log_that_does_not_help(log: list[Entry]) -> None:
    assert summary(plan(z(1, 2), log)) == (SNAP, LAST, [], LAST)


def test_settings() -> None:
    assert summary(sync_follower(z(1, 2), LAST, WINDOW, None, log_sync=False))[0] is SNAP
    assert summary(sync_follower(LAST, LAST, WINDOW, None, force_snapshot=True))[0] is SNAP


def test_empty_window_stands_for_what_is_processed() -> None:
    assert summary(sync_follower(z(1, 1), z(1, 1), [], None)) == (DIFF, z(1, 1), [], z(1, 1))
    assert summary(sync_follower(z(1, 2), z(1, 1), [], None))[:2] == (TRUNC, z(1, 1))
    assert sync_follower(0, z(1, 1), [], None) == NeedLog()


def test_leader_of_an_empty_epoch() -> None:
    """It counts as (2, 0) without having a transaction of it: see Leader.startZkServer."""
    window = WINDOW[:3]
    assert summary(sync_follower(z(1, 6), z(2, 0), window, None)) == (DIFF, z(1, 6), [], z(1, 6))
    assert summary(sync_follower(z(1, 4), z(2, 0), window, None))[:2] == (DIFF, z(1, 6))
