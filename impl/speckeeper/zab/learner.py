"""Learning from a leader, as a follower or an observer: promise, synchronize, then log and ack.

Handlers and attributes are named as in spec/Zab.tla; an observer takes the same steps as a
follower, without a voice in any quorum. While the disk works on something that the next packet
must find done, packets wait (``_held``), as ZooKeeper's thread does not read then.

Order of the durable steps at NEWLEADER: history first (log or snapshot), then currentEpoch, then
the ACK (ZOOKEEPER-2845, 3911, 4643, 4646, 4785).

Source: ZooKeeper ``Learner``, ``Follower``, ``Observer``, ``FollowerZooKeeperServer``.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from speckeeper.wire.election import ServerState
from speckeeper.wire.errors import WireError
from speckeeper.wire.quorum import PacketType, QuorumPacket
from speckeeper.wire.quorum_config import decode_config
from speckeeper.wire.quorum_data import (
    NO_EPOCH,
    PROTOCOL_VERSION,
    LearnerInfo,
    encode_epoch,
    encode_learner_info,
    encode_touched,
)
from speckeeper.zab.actions import Trace, action
from speckeeper.zab.effects import (
    ConnectToLeader,
    Durable,
    Entry,
    FromLeader,
    InstallSnapshot,
    Link,
    PersistAcceptedEpoch,
    PersistCurrentEpoch,
    TakeSnapshot,
    TruncateLog,
)
from speckeeper.zab.state import Stage, ZabState

if TYPE_CHECKING:
    from speckeeper.zab.peer import Peer

_NEVER = 1 << 62
_COUNTER = 0xFFFFFFFF
_AHEAD_OF_ALL = 1
"""The zxid that a learner names which wants a snapshot: no log of an ensemble has it."""
_SYNC_MESSAGES = (PacketType.DIFF, PacketType.TRUNC, PacketType.SNAP)


class Learner:
    """One time of learning. ``deadline_ms``: when :meth:`tick` is due."""

    def __init__(self, peer: Peer) -> None:
        self._peer = peer
        self._observer = peer.state is ServerState.OBSERVING
        self.leader = peer.election.current_vote.proposal.leader
        self.link: Link | None = None
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

    @property
    def awaits_connection(self) -> bool:
        """Whether the connection to the leader has not been made yet."""
        return self.link is None

    # -- inputs

    def start(self) -> None:
        """Begin: find the leader."""
        self.zab_turn_to_following()
        self._peer.out.append(ConnectToLeader(self.leader, self._peer.settings.connect_ms))

    def connect_failed(self) -> None:
        """The leader cannot be reached."""
        if self.link is None:
            self.follower_shutdown(f"server {self.leader} could not be connected to")

    def disconnected(self, link: Link) -> None:
        """The connection is gone."""
        if link == self.link:
            self.follower_shutdown("the connection to the leader is gone")

    def heard(self, link: Link) -> None:
        """The leader is alive."""
        if link == self.link and not self._busy_with_disk:
            self._rearm()

    def receive(self, link: Link, packet: QuorumPacket) -> None:
        """Take in a packet of the leader."""
        if link == self.link:
            self._held.append(packet)
            self._go_on()

    def receive_all(self, link: Link, packets: Sequence[QuorumPacket]) -> None:
        """Take in packets of the leader, in their order."""
        if link == self.link:
            self._held.extend(packets)
            self._go_on()

    def snapshot_received(self, link: Link) -> None:
        """The snapshot behind SNAP is there: let it be the tree."""
        if link == self.link and self._sync_zxid is not None:
            self._peer.database_runs_ahead()
            self._peer.persist(InstallSnapshot(link, self._sync_zxid))
            self._sync_zxid = None
            self.deadline_ms = _NEVER

    def connected(self, link: Link) -> None:
        """The connection to the leader is there."""
        self.link = link
        self._rearm()
        self.connect_and_follower_send_followerinfo()

    def persisted(self, effect: Durable) -> None:
        """Go on after something is done on the disk."""
        self._busy = False
        self._rearm()
        if isinstance(effect, PersistAcceptedEpoch):
            self.follower_persist_accepted_epoch()
        elif isinstance(effect, TakeSnapshot):
            self.follower_take_snapshot()
            self._persist_current_epoch()
        elif isinstance(effect, PersistCurrentEpoch):
            self.follower_persist_current_epoch()
        else:
            self.follower_process_sync_message()
        self._go_on()

    def log_persisted(self, zxid: int) -> None:
        """Our log has got further."""
        self.follower_log_flushed(zxid)
        if self.learner_stage is Stage.NEWLEADER and self._waits_for_log:
            self._persist_current_epoch()

    def to_leader(self, packet: QuorumPacket) -> None:
        """Send the leader something that our server asks."""
        if self.link is not None and self._peer.zab_state is ZabState.BROADCAST:
            self._peer.send(self.link, packet)

    def tick(self) -> None:
        """Give up a silent leader."""
        if self._peer.now_ms >= self.deadline_ms:
            self.follower_shutdown("the leader is silent")

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

    def _begin_sync(self, packet: QuorumPacket) -> None:
        """Go back, or begin anew, as DIFF, TRUNC or SNAP say; the last two take the disk's time."""
        self.sync_mode = packet.type
        if self._wants_snapshot and packet.type is not PacketType.SNAP:
            self.follower_shutdown(f"{packet.type.name} came where a snapshot is needed")
            return
        diff = packet.type is PacketType.DIFF
        self.last_queued = self._peer.last_zxid if diff else packet.zxid
        if packet.type is PacketType.TRUNC:
            self._peer.database_runs_ahead()
            self._wait_for_disk(TruncateLog(packet.zxid))
        elif packet.type is PacketType.SNAP:
            self._busy = True
            self._sync_zxid = packet.zxid
        else:
            self.follower_process_sync_message()

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
        self._wait_for_disk(PersistCurrentEpoch(self.new_epoch))

    @action("FollowerPersistCurrentEpoch")
    def follower_persist_current_epoch(self) -> None:
        """History and epoch are durable: say so."""
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

    # -- broadcast

    @action("FollowerProcessPROPOSAL")
    def follower_process_proposal(self, zxid: int, entry: bytes) -> None:
        """Log a proposal; its ACK follows when it is durable."""
        self._log(zxid, entry)

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

    @property
    def _busy_with_disk(self) -> bool:
        return self._busy and self._sync_zxid is None

    def _rearm(self) -> None:
        self.deadline_ms = _NEVER if self.link is None else self._peer.now_ms + self._limit_ms

    def _go_on(self) -> None:
        """Handle the packets there are, until the disk is needed."""
        peer = self._peer
        while self._held and not self._busy and not peer.closing:
            self._rearm()
            packet = self._held.popleft()
            try:
                if self.learner_stage is Stage.UPTODATE:
                    self._process_packet(packet)
                elif self.learner_stage in (Stage.SYNC, Stage.ACKLD):
                    self._sync_with_leader(packet)
                else:
                    self._register_with_leader(packet)
            except WireError as error:
                self.follower_shutdown(f"bad {packet.type.name}: {error}")
        if self._busy_with_disk:
            self.deadline_ms = _NEVER  # it is the disk that we wait for, not the leader

    def _register_with_leader(self, packet: QuorumPacket) -> None:
        """Take LEADERINFO, then how we are to be synchronized."""
        kind, stage = packet.type, self.learner_stage
        if stage is Stage.FOLLOWERINFO and kind is PacketType.LEADERINFO:
            self.follower_process_leaderinfo(packet.zxid >> 32)
        elif stage is Stage.ACKEPOCH and kind in _SYNC_MESSAGES:
            self._begin_sync(packet)
        else:
            self.follower_shutdown(f"{kind.name} came after {stage.name}")

    def _sync_with_leader(self, packet: QuorumPacket) -> None:
        """Take the packets between DIFF, TRUNC or SNAP and UPTODATE."""
        kind = packet.type
        if kind is PacketType.PROPOSAL:
            self._propose_in_sync(packet.zxid, packet.data or b"")
        elif kind is PacketType.COMMIT:
            self._commit_in_sync(packet.zxid)
        elif kind is PacketType.INFORM:
            self._propose_in_sync(packet.zxid, packet.data or b"")
            if not self._peer.closing:
                self._commit_in_sync(packet.zxid)
        elif kind is PacketType.NEWLEADER and self.learner_stage is Stage.SYNC:
            self._take_newleader(packet)
        elif kind is PacketType.UPTODATE and self.learner_stage is Stage.ACKLD:
            self.follower_process_uptodate()
        elif kind is not PacketType.PING:
            self.follower_shutdown(f"{kind.name} came after {self.learner_stage.name}")

    def _is_in_snapshot(self, zxid: int) -> bool:
        """Whether the snapshot has it already: the leader went on while it was sending."""
        return self.sync_mode is PacketType.SNAP and zxid <= self._peer.last_processed

    def _propose_in_sync(self, zxid: int, entry: bytes) -> None:
        last = self.last_queued
        if self._is_in_snapshot(zxid):
            return
        # enforceContinuousProposal: only a new epoch may begin elsewhere, and it begins with 1.
        if zxid == last + 1 or (zxid >> 32 > last >> 32 and zxid & _COUNTER == 1):
            self.follower_process_proposal_in_sync(zxid, entry)
        else:
            self._peer.leader_with_gap = self.leader
            self.follower_shutdown(f"proposal {zxid:#x} after {last:#x}: there is a gap")

    def _commit_in_sync(self, zxid: int) -> None:
        if self._is_in_snapshot(zxid):
            return
        waiting = len(self.packets_committed)
        if waiting < len(self.packets_not_logged) and self.packets_not_logged[waiting][0] == zxid:
            self.follower_process_commit_in_sync(zxid)
        else:
            self.follower_shutdown(f"commit of {zxid:#x}, which is not the next proposal")

    def _take_newleader(self, packet: QuorumPacket) -> None:
        peer = self._peer
        if packet.zxid >> 32 != self.new_epoch:
            self.follower_shutdown(f"NEWLEADER of {packet.zxid:#x} in epoch {self.new_epoch}")
            return
        if packet.data is not None and len(packet.data) > 1:
            peer.membership = peer.membership.seen(decode_config(packet.data))
        self.follower_process_newleader()
        if self._waits_for_log:
            self._persist_current_epoch()

    def _process_packet(self, packet: QuorumPacket) -> None:
        """Take what comes after UPTODATE."""
        kind, zxid = packet.type, packet.zxid
        if kind is PacketType.PROPOSAL and not self._observer:
            if zxid > self._peer.last_zxid:
                self.follower_process_proposal(zxid, packet.data or b"")
        elif kind is PacketType.COMMIT and not self._observer:
            self._commit(zxid)
        elif kind is PacketType.INFORM and self._observer:
            if zxid > self._peer.last_zxid:
                self.observer_process_inform(zxid, packet.data or b"")
        elif kind is PacketType.PING:
            touched = self._peer.touched
            self._send(PacketType.PING, zxid, encode_touched(touched.items()))
            touched.clear()
        elif kind in (PacketType.REVALIDATE, PacketType.SYNC):
            self._peer.out.append(FromLeader(packet))

    def _commit(self, zxid: int) -> None:
        pending = self._peer.pending
        if not pending:
            return  # ZooKeeper warns and goes on
        if pending[0][0] == zxid:
            self.follower_process_commit(zxid)
        else:
            self.follower_shutdown(f"commit of {zxid:#x}, but {pending[0][0]:#x} is next")
