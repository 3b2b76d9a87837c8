"""Other ways to do what the protocol does, to be put into the core on purpose: no mistakes.

Each replaces methods of the core for as long as the context lasts, in this process only, as
``bugs.py`` does with mistakes. A variant of the specification names the strategy that does as it
does (``spec/variants``, ``@strategy``), so that its rules can be hunted and its cost measured.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from contextlib import contextmanager
from unittest.mock import patch

from speckeeper.sim import judge
from speckeeper.sim.bugs import BUGS, seeded
from speckeeper.sim.server_bugs import Patch
from speckeeper.trace.changes import Changes
from speckeeper.wire.quorum import PacketType
from speckeeper.wire.quorum_config import QuorumConfig
from speckeeper.zab.actions import told_as
from speckeeper.zab.election import FastLeaderElection
from speckeeper.zab.leader import Leader
from speckeeper.zab.learner import Learner
from speckeeper.zab.learner_handler import LearnerHandler
from speckeeper.zab.membership import Membership


def _acknowledge_last(self: Learner, upto: int) -> None:
    """Acknowledge the last of the transactions that are durable, for all of them."""
    last = None
    while self._next_ack and self._next_ack[0] <= upto:
        last = self._next_ack.popleft()
    if last is not None:
        self._send(PacketType.ACK, last)


def _count_up_to(self: Leader, handler: LearnerHandler, zxid: int) -> None:
    """Take an acknowledgement for all that is outstanding up to it."""
    zxids = _outstanding_up_to(self, handler, zxid)
    for one in zxids:
        self._count_ack(handler.server_id, one)


def _count_all_up_to(self: Leader, handler: LearnerHandler, zxids: Sequence[int]) -> None:
    """Take several for the last of them."""
    self._count_acks(handler.server_id, _outstanding_up_to(self, handler, zxids[-1]))


def _outstanding_up_to(self: Leader, handler: LearnerHandler, zxid: int) -> list[int]:
    zxids = [one for one in self.outstanding_proposals if one <= zxid]
    handler.sync_limit_check.update_acks(zxids[0] if zxids else zxid, zxid)
    return zxids


def _told_up_to(self: Changes, zxid: int) -> list[int]:
    """Tell of all that a cumulative acknowledgement counts for."""
    return [one for one in self._proposals if one <= zxid]


def _commit_quorum(self: Membership) -> int:
    """Let half of the voters commit, rounded down, as in spec/variants/FlexibleQuorums.tla."""
    return max(1, len(self.voters) // 2)


def _half_commits(self: Membership, servers: Set[int]) -> bool:
    """Commit with half of the voters, and elect with all that meet them.

    Who can commit leads, so others join it with no more than that to vouch for it.
    """
    return len(servers & self.voters) >= _commit_quorum(self)


def _held_by_half(config: QuorumConfig, servers: Set[int]) -> bool:
    """Ask of disks no more than what commits."""
    return len(servers & config.voters) >= max(1, len(config.voters) // 2)


def _most_start(self: Leader, servers: set[int]) -> bool:
    """Take for an epoch's quorum what meets all that commit, and each other."""
    membership = self._peer.membership
    wanted = len(membership.voters) - _commit_quorum(membership) + 1
    return self._id in servers and len(servers & membership.voters) >= wanted


def _majority_elects(self: FastLeaderElection, supporters: Set[int]) -> bool:
    """Elect with a majority all the same: fewer would elect several at once."""
    return _HAS_ALL_QUORUMS(self._server.membership, supporters)


_HAS_ALL_QUORUMS = Membership.has_all_quorums

STRATEGIES: dict[str, tuple[Patch, ...]] = {
    "cumulative-acks": (
        (Learner, "follower_log_flushed", told_as("FollowerLogFlushed", _acknowledge_last)),
        (Learner, "_acknowledge_all", _acknowledge_last),
        (Leader, "leader_process_ack", told_as("LeaderProcessACK", _count_up_to)),
        (Leader, "_process_acks", _count_all_up_to),
        (Changes, "_acknowledged_by", _told_up_to),
    ),
    "flexible-quorums": (
        (Membership, "has_all_quorums", _half_commits),
        (Membership, "contains_quorum", _half_commits),
        (Membership, "least", property(_commit_quorum, lambda self, value: None)),
        (Leader, "_quorum", _most_start),
        (judge, "_decide", _held_by_half),
        (FastLeaderElection, "_is_elected", _majority_elects),
    ),
}
"""What each strategy replaces."""


def about(name: str) -> str:
    """Return a line about a strategy. Raises KeyError for a name that is none."""
    ((_, _, new), *_) = STRATEGIES[name]
    return str(new.__doc__).partition("\n")[0]


@contextmanager
def running(name: str | None) -> Iterator[None]:
    """Let the core do as a strategy or a bug has it. Raises KeyError for a name that is none."""
    if name is None:
        yield
        return
    if name in BUGS:
        with seeded(name):
            yield
        return
    started = [patch.object(owner, key, new) for owner, key, new in STRATEGIES[name]]
    for each in started:
        each.start()
    try:
        yield
    finally:
        for each in reversed(started):
            each.stop()
