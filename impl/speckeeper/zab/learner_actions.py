"""What a follower or an observer does: promise, synchronize, then log and acknowledge.

Handlers and attributes are named as in spec/Zab.tla, and in its order; which packet leads to which
is in ``learner.py``. An observer takes the same steps as a follower, without a voice in any quorum.

Order of the durable steps at NEWLEADER: history first (log or snapshot), then currentEpoch, then
the ACK (ZOOKEEPER-2845, 3911, 4643, 4646, 4785).

Source: ZooKeeper ``Learner``, ``Follower``, ``Observer``, ``FollowerZooKeeperServer``.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from speckeeper.wire.election import ServerState
from speckeeper.wire.quorum import PacketType, QuorumPacket
from speckeeper.wire.quorum_config import QuorumConfig
from speckeeper.wire.quorum_data import (
    NO_EPOCH,
    PROTOCOL_VERSION,
    LearnerInfo,
    encode_epoch,
    encode_learner_info,
)
from speckeeper.zab.actions import Trace, action
from speckeeper.zab.effects import (
    Durable,
    Entry,
    Link,
    PersistAcceptedEpoch,
    PersistCurrentEpoch,
    TakeSnapshot,
)
from speckeeper.zab.reconfig import config_of, is_reconfig
from speckeeper.zab.state import Stage, ZabState

if TYPE_CHECKING:
    from speckeeper.zab.peer import Peer

_NEVER = 1 << 62
_COUNTER = 0xFFFFFFFF
_AHEAD_OF_ALL = 1
"""The zxid that a learner names which wants a snapshot: no log of an ensemble has it."""


class LearnerActions:
    """State and actions of one time of learning."""

    def __init__(self, peer: Peer) -> None:
        self._peer = peer
        self._observer = peer.state is ServerState.OBSERVING
        self.leader = peer.election.current_vote.proposal.leader
        self.link: Link | None = None
        self._link_is_gone = False
        self.learner_stage = Stage.NONE
        self.sync_mode: PacketType | None = None
        self.new_epoch = 0
        self.packets_not_logged: deque[Entry] = deque()
        self.packets_committed: deque[int] = deque()
        self.last_queued = 0
        self.deadline_ms = _NEVER
        self._limit_ms = peer.settings.init_ms
        self._busy = False
        self._held: deque[QuorumPacket] = deque()
        self._sync_zxid: int | None = None  # of a SNAP whose snapshot is on its way
        self._next_ack: deque[int] = deque()
        self._reconfig_enabled = peer.settings.reconfig_enabled
        self._newleader_config: QuorumConfig | None = None
        # Apache's leaders have a gap in what they remember after a DIFF that they were sent
        # themselves. What they have left out they have all the same, and a snapshot has it.
        self._wants_snapshot = peer.leader_with_gap == self.leader
        peer.leader_with_gap = None

    @property
    def trace(self) -> Trace | None:
        """Where steps are told."""
        return self._peer.trace

    def variables(self) -> dict[str, Any]:
        """Return the variables of the specification."""
        return self._peer.variables()

    @action("FollowerShutdown")
    def follower_shutdown(self, reason: str) -> None:
        """Give up learning."""
        self._leave_role(reason)

    # -- discovery

    @action("ZabTurnToFollowing")
    def zab_turn_to_following(self) -> None:
        """Take the server that was elected for the leader; whether it is, it has to say."""
        self._peer.zab_state = ZabState.DISCOVERY

    @action("ConnectAndFollowerSendFOLLOWERINFO")
    def connect_and_follower_send_followerinfo(self) -> None:
        """Say who we are and what epoch we have accepted."""
        peer = self._peer
        self.learner_stage = Stage.FOLLOWERINFO
        kind = PacketType.OBSERVERINFO if self._observer else PacketType.FOLLOWERINFO
        version = peer.membership.active.version
        info = LearnerInfo(peer.settings.server_id, PROTOCOL_VERSION, version)
        self._send(kind, peer.accepted_epoch << 32, encode_learner_info(info))

    @action("FollowerProcessLEADERINFO")
    def follower_process_leaderinfo(self, epoch: int) -> None:
        """Promise the leader's epoch, if it is not below one that we have promised."""
        peer = self._peer
        if epoch < peer.accepted_epoch:
            self._leave_role(f"epoch {epoch} is below the accepted {peer.accepted_epoch}")
            return
        self.new_epoch = epoch
        if epoch == peer.accepted_epoch:
            self._send_ackepoch(NO_EPOCH)
        else:
            self.learner_stage = Stage.LEADERINFO
            self._wait_for_disk(PersistAcceptedEpoch(epoch))

    @action("FollowerPersistAcceptedEpoch")
    def follower_persist_accepted_epoch(self) -> None:
        """The promise is durable: give it."""
        self._peer.accepted_epoch = self.new_epoch
        self._send_ackepoch(self._peer.current_epoch)

    def _send_ackepoch(self, epoch: int) -> None:
        peer = self._peer
        self.learner_stage = Stage.ACKEPOCH
        peer.zab_state = ZabState.SYNCHRONIZATION
        zxid = peer.last_zxid
        if self._wants_snapshot:
            zxid = min(zxid, _AHEAD_OF_ALL)
        self._send(PacketType.ACKEPOCH, zxid, encode_epoch(epoch))

    # -- synchronization

    @action("FollowerProcessSyncMessage")
    def follower_process_sync_message(self) -> None:
        """Our history, or the tree at least, ends where the leader's packets will go on."""
        self.learner_stage = Stage.SYNC

    @property
    def _snapshot_needed(self) -> bool:
        """Whether a snapshot will make the synchronization durable, rather than the log."""
        return self.sync_mode is not PacketType.DIFF and self.learner_stage is Stage.SYNC

    @action("FollowerProcessPROPOSALInSync")
    def follower_process_proposal_in_sync(self, zxid: int, entry: bytes) -> None:
        """Keep a proposal until its commit, or NEWLEADER, or UPTODATE."""
        self.last_queued = zxid
        self._see_config(entry)
        self.packets_not_logged.append((zxid, entry))

    @action("FollowerProcessCOMMITInSync")
    def follower_process_commit_in_sync(self, zxid: int) -> None:
        """Note a commit, or let the tree have it where a snapshot will make it durable."""
        if self._snapshot_needed:
            self._peer.replay(*self.packets_not_logged.popleft())
        else:
            self.packets_committed.append(zxid)

    @action("FollowerProcessNEWLEADER")
    def follower_process_newleader(self) -> None:
        """We have the history of the epoch: log what is not in the log yet."""
        peer = self._peer
        snapshot_needed = self._snapshot_needed
        self.learner_stage = Stage.NEWLEADER
        if snapshot_needed:
            self._wait_for_disk(TakeSnapshot(peer.last_processed))
            return
        for _ in range(len(self.packets_committed)):
            zxid, entry = self.packets_not_logged.popleft()
            peer.log(zxid, entry)
            peer.replay(zxid, entry)
        self.packets_committed.clear()
        self._busy = True

    @property
    def _waits_for_log(self) -> bool:
        """Whether the log was the last thing to be waited for ahead of currentEpoch."""
        return self._peer.log_is_durable and self._peer.is_idle

    @action("FollowerTakeSnapshot")
    def follower_take_snapshot(self) -> None:
        """The tree is on the disk."""

    def _persist_current_epoch(self) -> None:
        """Have the epoch written, unless the disk lacks its history: then it must not claim it."""
        if self._peer.is_ahead_of_disk:
            self._busy = False
            self.follower_persist_current_epoch()
        else:
            self._wait_for_disk(PersistCurrentEpoch(self.new_epoch))

    @action("FollowerPersistCurrentEpoch")
    def follower_persist_current_epoch(self) -> None:
        """History and epoch are durable, but where no log is kept: say so."""
        peer = self._peer
        peer.current_epoch = self.new_epoch
        self.learner_stage = Stage.ACKLD
        self.sync_mode = None
        self._limit_ms = peer.settings.sync_ms
        self._rearm()
        self._send(PacketType.ACK, self.new_epoch << 32)

    @action("FollowerProcessUPTODATE")
    def follower_process_uptodate(self) -> None:
        """A quorum has the history: serve; log what came meanwhile, and apply what is committed.

        The second ACK means nothing to the leader, but it is what it reads next.
        """
        peer = self._peer
        if self._newleader_config is not None and self._activate_newleader_config():
            self._leave_role("changes proposed in reconfig")
            return
        self.learner_stage = Stage.UPTODATE
        self._send(PacketType.ACK, self.new_epoch << 32)
        peer.election.update_election_vote(self.new_epoch)
        peer.last_committed = peer.last_processed
        for zxid, entry in self.packets_not_logged:
            self._log(zxid, entry)
        self.packets_not_logged.clear()
        for _ in range(len(self.packets_committed)):
            peer.deliver_pending()
        self.packets_committed.clear()
        peer.serve(peer.last_processed)

    def _activate_newleader_config(self) -> bool:
        """Let the configuration of NEWLEADER come into force; return whether our role ends.

        Not one that is still being proposed in this epoch: it is committed nowhere yet, and its
        COMMITANDACTIVATE will follow. (ZooKeeper's learner takes it all the same.)
        """
        config = self._newleader_config
        assert config is not None
        version = config.version
        committed = self._peer.last_processed
        if self.packets_committed:
            committed = max(committed, self.packets_committed[-1])
        if version >> 32 >= self.new_epoch and version & _COUNTER and version > committed:
            return False
        return self._peer.process_reconfig(config)

    # -- broadcast

    @action("FollowerProcessPROPOSAL")
    def follower_process_proposal(self, zxid: int, entry: bytes) -> None:
        """Log a proposal; its ACK follows when it is durable."""
        self._see_config(entry)
        self._log(zxid, entry)

    def _see_config(self, entry: bytes) -> None:
        """Know of the configuration that is proposed before its transaction is in the log."""
        if self._reconfig_enabled and is_reconfig(entry):
            self._peer.set_last_seen_config(config_of(entry))

    def follower_process_commitandactivate(self, zxid: int, entry: bytes, leader: int) -> None:
        """Let a configuration come into force, apply it, and leave if our role ends with it."""
        leaves = self._peer.process_reconfig(config_of(entry), leader, zxid)
        self._peer.deliver_pending()
        if leaves:
            self._leave_role("changes proposed in reconfig")

    def observer_process_informandactivate(self, zxid: int, entry: bytes, leader: int) -> None:
        """Do the same with a transaction that we have not seen before."""
        leaves = self._peer.process_reconfig(config_of(entry), leader, zxid)
        self._log(zxid, entry)
        self._peer.deliver_pending()
        if leaves:
            self._leave_role("changes proposed in reconfig")

    def _log(self, zxid: int, entry: bytes) -> None:
        self.last_queued = zxid
        self._peer.append(zxid, entry)
        if not self._observer:
            self._next_ack.append(zxid)

    @action("FollowerLogFlushed")
    def follower_log_flushed(self, upto: int) -> None:
        """Transactions are durable: acknowledge each that was proposed since UPTODATE."""
        while self._next_ack and self._next_ack[0] <= upto:
            self._send(PacketType.ACK, self._next_ack.popleft())

    @action("FollowerProcessCOMMIT")
    def follower_process_commit(self, zxid: int) -> None:
        """Apply the oldest proposal."""
        self._peer.deliver_pending()

    @action("ObserverProcessINFORM")
    def observer_process_inform(self, zxid: int, entry: bytes) -> None:
        """Log and apply a committed transaction."""
        self._log(zxid, entry)
        self._peer.deliver_pending()

    # -- inside

    def _send(self, kind: PacketType, zxid: int, data: bytes | None = None) -> None:
        assert self.link is not None
        self._peer.send(self.link, QuorumPacket(kind, zxid, data))

    def _leave_role(self, reason: str) -> None:
        self._peer.shutdown([] if self.link is None else [self.link], reason)

    def _wait_for_disk(self, effect: Durable) -> None:
        self._busy = True
        self._peer.persist(effect)

    def _rearm(self) -> None:
        self.deadline_ms = _NEVER if self.link is None else self._peer.now_ms + self._limit_ms
