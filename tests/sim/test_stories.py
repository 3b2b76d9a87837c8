"""Small stories of an ensemble: who is sent what after having been away."""

from functools import partial
from typing import Any

import pytest

from speckeeper.sim.disk import Latency
from speckeeper.sim.network import Delays
from speckeeper.sim.node import Node
from speckeeper.sim.options import Options
from speckeeper.sim.schedule import Schedule
from speckeeper.sim.world import World
from speckeeper.zab.actions import Trace
from speckeeper.zab.peer import Peer

QUIET = Options(delays=Delays(slow_share=0), latency=Latency(stall_share=0))


class Story:
    """A world whose synchronizations are written down: (leader, learner, DIFF/TRUNC/SNAP)."""

    def __init__(self, options: Options = QUIET, seed: int = 1) -> None:
        self.syncs: list[tuple[int, int, str]] = []
        schedule = Schedule(seed, options)
        self.world = World(schedule, self._told_by)
        self.world.start()
        self.world.settle(10_000)

    def _told_by(self, peer: Peer) -> Trace:
        return partial(self._note, peer.settings.server_id)

    def _note(self, sid: int, action: str, args: tuple[Any, ...]) -> None:
        if action == "LeaderSyncFollower":
            self.syncs.append((sid, args[0].server_id, args[1].kind.name))

    def write(self, count: int = 1) -> None:
        for _ in range(count):
            assert self.world.write() is not None

    def settle(self, count: int) -> None:
        """Wait until everybody has so many transactions."""
        world = self.world
        end_ms = world.clock.now_ms + 10_000
        assert world.clock.run_until(
            end_ms, lambda: len(world.judge.order) == count and world.settled()
        )

    def pass_ms(self, time_ms: int) -> None:
        self.world.clock.run_until(self.world.clock.now_ms + time_ms)

    @property
    def leader(self) -> Node:
        leader = self.world.leader()
        assert leader is not None
        return leader

    def follower(self) -> Node:
        return next(n for n in self.world.nodes.values() if n is not self.leader)


def test_first_leader_is_the_highest_id_and_sends_empty_diffs() -> None:
    story = Story()
    assert story.leader.id == 3
    assert sorted(story.syncs) == [(3, 1, "DIFF"), (3, 2, "DIFF")]


@pytest.mark.parametrize(("window", "away", "kind"), [
    (500, 20, "DIFF"),  # from the committed log
    (2, 5, "DIFF"),  # from the log on the disk, which is short beside a snapshot
    (2, 20, "SNAP"),  # it is not
])  # fmt: skip
def test_late_follower(window: int, away: int, kind: str) -> None:
    story = Story(QUIET._replace(commit_log_count=window))
    story.write(60)
    story.settle(60)
    story.leader.checkpoint()
    story.pass_ms(500)
    late = story.follower()
    story.world.crash(late)
    story.write(away)
    story.pass_ms(500)
    story.syncs.clear()
    late.start()
    story.settle(60 + away)
    assert story.syncs == [(story.leader.id, late.id, kind)]


@pytest.mark.parametrize(("more", "kind"), [(0, "TRUNC"), (1, "SNAP")])
def test_leader_that_logged_alone_forgets_it(more: int, kind: str) -> None:
    """Cut back if nothing followed; where a newer epoch did, ZooKeeper sends a snapshot."""
    story = Story()
    story.write(3)
    story.settle(3)
    old = story.leader
    for node in story.world.nodes.values():
        if node is not old:
            story.world.network.cut(old.id, node.id)
            story.world.network.cut(node.id, old.id)
    story.write(4)
    story.pass_ms(3000)
    assert story.leader is not old
    story.write(more)
    story.syncs.clear()
    assert old.disk.end & 0xFFFFFFFF == 7
    story.world.calm()
    assert (story.leader.id, old.id, kind) in story.syncs
    assert story.world.judge.applied_by(old) == len(story.world.judge.order) == 4 + more


def test_crash_of_all_loses_nothing() -> None:
    story = Story()
    story.write(10)
    story.settle(10)
    for node in story.world.nodes.values():
        story.world.crash(node)
    story.world.calm()
    assert len(story.world.judge.order) == 11


def test_observer_has_no_voice() -> None:
    """With one voter of three and an observer, nobody leads."""
    story = Story(QUIET._replace(observers=1))
    assert story.world.nodes[4].serving is not None
    story.write(2)
    story.settle(2)
    for sid in (1, 2):
        story.world.crash(story.world.nodes[sid])
    story.pass_ms(5000)
    assert story.world.leader() is None
    story.world.nodes[1].start()
    story.world.clock.run_until(
        story.world.clock.now_ms + 10_000, lambda: bool(story.world.leader())
    )
    assert story.world.leader() is not None


@pytest.mark.parametrize("voters", [1, 2, 5])
def test_other_sizes(voters: int) -> None:
    story = Story(QUIET._replace(voters=voters))
    story.write(3)
    story.settle(3)


def test_used_up_counters_begin_a_new_epoch() -> None:
    """The last counter of an epoch is given to nobody (ZOOKEEPER-1277; spec/Zxids.tla)."""
    story = Story()
    story.write(2)
    story.settle(2)
    leader = story.leader
    assert leader.part.server is not None
    epoch = leader.part.server.pipeline.zxid >> 32
    assert leader.peer is not None
    assert leader.peer.leader is not None
    # As after four billion transactions.
    last = epoch << 32 | 0xFFFFFFFE
    leader.part.server.pipeline.zxid = leader.peer.leader.last_proposed = last - 1
    leader.peer.leader._next_own_ack = last
    story.write()
    story.settle(3)
    assert story.world.judge.order[-1] == last

    assert story.world.write() == epoch << 32 | 0xFFFFFFFF
    assert leader.serving is None
    story.settle(3)
    story.write()
    story.settle(4)
    assert story.world.judge.order[-1] == (epoch + 1) << 32 | 1
