"""How long a member took from one phase to the next."""

from speckeeper.server.phase_times import PhaseTimes
from speckeeper.server.stats import Distribution, Summary
from speckeeper.wire.election import ServerState
from speckeeper.zab.state import ZabState

LOOKING, FOLLOWING, LEADING, OBSERVING = (
    ServerState.LOOKING,
    ServerState.FOLLOWING,
    ServerState.LEADING,
    ServerState.OBSERVING,
)
ELECTION, DISCOVERY, SYNCHRONIZATION, BROADCAST = ZabState


def values(summary: Summary) -> tuple[int, int]:
    return summary.count, summary.total


def test_follower_then_leader() -> None:
    times = PhaseTimes(1000)
    times.enter(FOLLOWING, DISCOVERY, 1200)
    times.enter(LOOKING, ELECTION, 1300)  # the leader was gone
    times.enter(FOLLOWING, DISCOVERY, 1500)
    times.enter(FOLLOWING, SYNCHRONIZATION, 1510)
    times.enter(FOLLOWING, BROADCAST, 1550)
    assert values(times.election) == (2, 200 + 200)
    assert values(times.follower_sync) == (1, 40)
    assert values(times.unavailable) == (1, 550)
    assert values(times.leader_unavailable) == (0, 0)
    times.enter(LOOKING, ELECTION, 5000)
    times.enter(LEADING, DISCOVERY, 5003)
    times.enter(LEADING, SYNCHRONIZATION, 5010)
    times.enter(LEADING, BROADCAST, 5020)
    assert values(times.election) == (3, 403)
    assert values(times.unavailable) == (2, 570)
    assert values(times.leader_unavailable) == (1, 20)
    assert values(times.follower_sync) == (1, 40)
    times.reset()
    assert values(times.unavailable) == (0, 0)


def test_observer_has_no_part_in_elections() -> None:
    times = PhaseTimes(0)
    times.enter(OBSERVING, DISCOVERY, 10)
    times.enter(OBSERVING, SYNCHRONIZATION, 20)
    times.enter(OBSERVING, BROADCAST, 50)
    assert values(times.election) == (0, 0)
    assert values(times.observer_sync) == (1, 30)
    assert values(times.unavailable) == (1, 50)


def test_values_of_two_distributions() -> None:
    one, other = Distribution(), Distribution()
    one.add(3, 2)
    other.add(1)
    both = one.plus(other)
    assert (both.count, both.total, both.min, both.max) == (3, 7, 1, 3)
    assert both.quantile(0.5) == 3
    nothing = Distribution().plus(Distribution())
    assert (nothing.count, nothing.min, nothing.max) == (0, 0, 0)
