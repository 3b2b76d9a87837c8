"""Known mistakes, to be put into the core on purpose: what the simulator must find.

Each replaces a method of the core for as long as the context lasts, in this process only. The core
itself has no switches. Names and numbers are those of ZooKeeper's issues where there is one.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from typing import Any
from unittest.mock import patch

from speckeeper.sim.server_bugs import SERVER_BUGS, Patch
from speckeeper.storage.member_files import MemberFiles
from speckeeper.storage.snapshot_writer import write_snapshot
from speckeeper.wire.quorum import PacketType, QuorumPacket
from speckeeper.zab.effects import PersistCurrentEpoch, TakeSnapshot
from speckeeper.zab.election import FastLeaderElection, Proposal
from speckeeper.zab.leader import Leader
from speckeeper.zab.learner import Learner
from speckeeper.zab.learner_handler import LearnerHandler
from speckeeper.zab.membership import Membership
from speckeeper.zab.peer import Peer
from speckeeper.zab.state import Stage


def _epoch_before_history(self: Learner) -> None:
    """Persist currentEpoch when NEWLEADER comes, not when the history is durable."""
    _NEWLEADER(self)
    if not any(isinstance(effect, PersistCurrentEpoch) for effect in self._peer._unfinished):
        self._persist_current_epoch()


def _newleader_acked_while_queued(self: Learner) -> bool:
    """Take the log for durable when everything is merely handed to it."""
    return self._peer.is_idle


def _ack_before_durable(self: Learner, zxid: int, entry: bytes) -> None:
    """Acknowledge a proposal when it is handed to the log, not when it is durable."""
    _LOG(self, zxid, entry)
    self.follower_log_flushed(zxid)


def _queue_survives_shutdown(self: Peer) -> bool:
    """Begin the next election while the log is still being written (ZOOKEEPER-4712)."""
    return not self._reloading


def _commit_without_quorum(self: Leader, servers: set[int]) -> bool:
    """Take one acknowledgement for a quorum."""
    return len(servers) >= 1


def _vote_without_epoch(self: FastLeaderElection, new: Proposal, current: Proposal) -> bool:
    """Compare votes by server id alone."""
    return new.leader > current.leader


def _lost_trunc(self: Learner, packet: Any) -> None:
    """Take TRUNC for DIFF."""
    if packet.type is PacketType.TRUNC:
        packet = packet._replace(type=PacketType.DIFF)
    _BEGIN_SYNC(self, packet)


def _served_by_minority(self: Membership, servers: Any) -> bool:
    """Take half of the voters for a quorum."""
    return 2 * len(self.voters & set(servers)) >= len(self.voters) - 1


def _acks_survive_resync(self: Leader, handler: Any, plan: Any) -> None:
    """Count acknowledgements of what a learner has been made to forget."""
    kept = {z: {*p.ack_set} for z, p in self.outstanding_proposals.items()}
    _SYNC_FOLLOWER(self, handler, plan)
    for zxid, ack_set in kept.items():
        self.outstanding_proposals[zxid].ack_set |= ack_set


def _old_connection_heard(self: Leader, server_id: int) -> None:
    """Let a server that has connected anew be heard on its earlier connections too."""


def _uncommitted_served(self: Learner) -> None:
    """Deliver at UPTODATE all that is logged, committed or not."""
    _UPTODATE(self)
    while self._peer.pending:
        self._peer.deliver_pending()


def _snapshot_not_written(self: Learner) -> bool:
    """Let no snapshot follow TRUNC or SNAP: the tree is right, the disk is not."""
    return False


def _sync_before_serving_lost(self: Learner) -> None:
    """Forget the commits that came between NEWLEADER and UPTODATE (ZOOKEEPER-4394)."""
    if self.learner_stage is Stage.ACKLD:
        self.packets_committed.clear()
    _UPTODATE(self)


def _snapshot_in_memory_only(self: Learner) -> None:
    """Acknowledge NEWLEADER while the snapshot that makes it true is still being written."""
    _NEWLEADER(self)
    if any(isinstance(effect, TakeSnapshot) for effect in self._peer._unfinished):
        self._persist_current_epoch()


def _database_retained(self: Peer) -> None:
    """Vote with what was applied, and forget that the log has more."""
    self.pending.clear()
    self.last_zxid = self._appended = self.last_durable = self.last_processed
    _LOOK_AGAIN(self)


def _promise_not_written(self: Learner, epoch: int) -> None:
    """Give a promise that is in memory only."""
    peer = self._peer
    if epoch > peer.accepted_epoch:
        self.new_epoch = peer.accepted_epoch = epoch
        self._send_ackepoch(peer.current_epoch)
    else:
        _LEADERINFO(self, epoch)


def _truncated_in_memory(self: MemberFiles, zxid: int) -> None:
    """Let the disk keep what TRUNC takes away."""
    files = self._files
    kept = deepcopy(files.__dict__)
    _TRUNCATE(self, zxid)
    files.__dict__.update(kept)


def _log_kept_behind_snapshot(self: MemberFiles, zxid: int) -> None:
    """Write the snapshot that follows TRUNC or SNAP, and leave the log of before."""
    write_snapshot(self._files, self._settings, self.tree, zxid)


def _proposals_acked_early(self: Learner) -> None:
    """Log and acknowledge proposals that came ahead of NEWLEADER without waiting (ZK-4685)."""
    _NEWLEADER(self)
    for zxid, entry in self.packets_not_logged:
        self._log(zxid, entry)
    self.packets_not_logged.clear()


def _synced_commits_queued(self: Learner) -> None:
    """Serve while the commits of the synchronization are queued to be applied (ZK-3023)."""
    peer = self._peer
    with patch.object(peer, "replay", lambda zxid, entry: peer.pending.append((zxid, entry))):
        _NEWLEADER(self)


def _queue_applied(self: Learner, packet: QuorumPacket) -> None:
    """Apply what was queued, and go on."""
    peer = self._peer
    while (
        peer.pending and peer.pending[0][0] < peer.last_zxid and peer.pending[0][0] != packet.zxid
    ):
        peer.deliver_pending()
    _PROCESS_PACKET(self, packet)


def _accepted_epochs_ignored(self: Leader, handler: LearnerHandler, accepted_epoch: int) -> None:
    """Lead an epoch that learners may have promised to another leader."""
    _FOLLOWERINFO(self, handler, 0)


def _stale_epoch_accepted(self: Learner, epoch: int) -> None:
    """Follow a leader of an epoch below the one that was promised."""
    if epoch < self._peer.accepted_epoch:
        self.new_epoch = epoch
        self._send_ackepoch(self._peer.current_epoch)
    else:
        _LEADERINFO(self, epoch)


_NEWLEADER = Learner.follower_process_newleader
_LOG = Learner._log
_LEADERINFO = Learner.follower_process_leaderinfo
_LOOK_AGAIN = Peer._look_again
_BEGIN_SYNC = Learner._begin_sync
_SYNC_FOLLOWER = Leader.leader_sync_follower
_UPTODATE = Learner.follower_process_uptodate
_PROCESS_PACKET = Learner._process_packet
_TRUNCATE = MemberFiles.truncate
_FOLLOWERINFO = Leader.leader_process_followerinfo

BUGS: dict[str, tuple[Patch, ...]] = {
    **SERVER_BUGS,
    "ZOOKEEPER-2845": ((Peer, "_look_again", _database_retained),),
    "ZOOKEEPER-3911": ((Learner, "follower_process_newleader", _snapshot_in_memory_only),),
    "ZOOKEEPER-4643": ((Learner, "follower_process_newleader", _epoch_before_history),),
    "ZOOKEEPER-4646": ((Learner, "_waits_for_log", property(_newleader_acked_while_queued)),),
    "ZOOKEEPER-4712": ((Peer, "_disk_is_quiet", _queue_survives_shutdown),),
    "ZOOKEEPER-3023": (
        (Learner, "follower_process_newleader", _synced_commits_queued),
        (Learner, "_process_packet", _queue_applied),
    ),
    "ZOOKEEPER-4685": ((Learner, "follower_process_newleader", _proposals_acked_early),),
    "stale-epoch-accepted": (
        (Learner, "follower_process_leaderinfo", _stale_epoch_accepted),
        (Leader, "leader_process_followerinfo", _accepted_epochs_ignored),
    ),
    "ZOOKEEPER-4394": ((Learner, "follower_process_uptodate", _sync_before_serving_lost),),
    "ack-before-durable": ((Learner, "_log", _ack_before_durable),),
    "acks-survive-resync": ((Leader, "leader_sync_follower", _acks_survive_resync),),
    "commit-without-quorum": ((Leader, "_all_quorums", _commit_without_quorum),),
    "old-connection-heard": ((Leader, "_replace_older", _old_connection_heard),),
    "minority-serves": ((Membership, "has_all_quorums", _served_by_minority),),
    "lost-trunc": ((Learner, "_begin_sync", _lost_trunc),),
    "promise-not-written": ((Learner, "follower_process_leaderinfo", _promise_not_written),),
    "truncated-in-memory": (
        (MemberFiles, "truncate", _truncated_in_memory),
        (MemberFiles, "take_snapshot", _log_kept_behind_snapshot),
    ),
    "snapshot-not-written": ((Learner, "_snapshot_needed", property(_snapshot_not_written)),),
    "uncommitted-served": ((Learner, "follower_process_uptodate", _uncommitted_served),),
    "vote-without-epoch": ((FastLeaderElection, "_total_order_predicate", _vote_without_epoch),),
}
"""What each bug replaces."""


def about(name: str) -> str:
    """Return a line about a bug. Raises KeyError for a name that is none."""
    ((_, _, new), *_) = BUGS[name]
    text = (new.fget if isinstance(new, property) else new).__doc__
    return str(text).partition("\n")[0]


@contextmanager
def seeded(name: str) -> Iterator[None]:
    """Put one bug into the core. Raises KeyError for a name that is none."""
    patches: list[Any] = [
        patch.dict(owner, {key: new}) if isinstance(owner, dict) else patch.object(owner, key, new)
        for owner, key, new in BUGS[name]
    ]
    for each in patches:
        each.start()
    try:
        yield
    finally:
        for each in reversed(patches):
            each.stop()
