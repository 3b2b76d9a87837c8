"""Learning from a leader: what happens to a learner, and which action that leads to.

The actions are in ``learner_actions.py``; here are packets, the connection, the disk and time.
While the disk works on something that the next packet must find done, packets wait (``_held``), as
ZooKeeper's thread does not read then.

Source: ZooKeeper ``Learner.syncWithLeader``, ``Follower.followLeader``, ``Observer.observeLeader``.
"""

from __future__ import annotations

from collections.abc import Sequence

from speckeeper.wire.errors import WireError
from speckeeper.wire.quorum import PacketType, QuorumPacket
from speckeeper.wire.quorum_data import (
    encode_touched,
)
from speckeeper.zab.effects import (
    ConnectToLeader,
    Durable,
    FromLeader,
    InstallSnapshot,
    Link,
    PersistAcceptedEpoch,
    PersistCurrentEpoch,
    TakeSnapshot,
    TruncateLog,
)
from speckeeper.zab.learner_bulk import LearnerInBulk
from speckeeper.zab.reconfig import config_of, decode_leader, read_config
from speckeeper.zab.state import Stage, ZabState

_NEVER = 1 << 62
_COUNTER = 0xFFFFFFFF
_SYNC_MESSAGES = (PacketType.DIFF, PacketType.TRUNC, PacketType.SNAP)


class Learner(LearnerInBulk):
    """One time of learning. ``deadline_ms``: when :meth:`tick` is due."""

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
        """The connection is gone; while the disk works for this role nobody looks."""
        if link == self.link:
            self._link_is_gone = True
            self._leave_without_link()

    def _leave_without_link(self) -> None:
        if self._peer.is_idle and not self._peer.closing:
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
            if not self._link_is_gone:
                self._persist_current_epoch()
        elif isinstance(effect, PersistCurrentEpoch):
            self.follower_persist_current_epoch()
        else:
            self.follower_process_sync_message()
        if self._link_is_gone:
            self._leave_without_link()
        else:
            self._go_on()

    def log_persisted(self, zxid: int) -> None:
        """Our log has got further."""
        if self._peer.handles_in_bulk:
            self._acknowledge_all(zxid)
        else:
            self.follower_log_flushed(zxid)
        if self.learner_stage is Stage.NEWLEADER and self._waits_for_log:
            self._persist_current_epoch()

    def to_leader(self, packet: QuorumPacket) -> None:
        """Send the leader something that our server asks."""
        if self.link is not None and self._peer.zab_state is ZabState.BROADCAST:
            self._peer.send(self.link, packet)

    def to_leader_all(self, packets: Sequence[QuorumPacket]) -> None:
        """Send the leader what our server asks."""
        if self.link is not None and self._peer.zab_state is ZabState.BROADCAST:
            self._peer.send_all((self.link,), packets)

    def tick(self) -> None:
        """Give up a silent leader."""
        if self._peer.now_ms >= self.deadline_ms:
            self.follower_shutdown("the leader is silent")

    # -- packets

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

    def truncation_refused(self, zxid: int) -> None:
        """Leave: the way back is gone from our disk. The next synchronization is to be a snapshot.

        ZooKeeper's learner exits here (``Learner.syncWithLeader``, "Not able to truncate the log").
        """
        self._peer.leader_with_gap = self.leader
        self.follower_shutdown(f"TRUNC to {zxid:#x}, which is not in our history on the disk")

    @property
    def _busy_with_disk(self) -> bool:
        return self._busy and self._sync_zxid is None

    def _go_on(self) -> None:
        """Handle the packets there are, until the disk is needed."""
        peer = self._peer
        in_bulk = peer.bulk and peer.trace is None and not self._observer
        while self._held and not self._busy and not peer.closing:
            self._rearm()
            if in_bulk and self.learner_stage is Stage.UPTODATE:
                self._process_broadcast(self._held)
                if not self._held:
                    break
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
        elif kind is PacketType.COMMITANDACTIVATE:
            self._activate_in_sync(packet.zxid, decode_leader(packet.data)[0])
        elif kind is PacketType.INFORMANDACTIVATE:
            leader, entry = decode_leader(packet.data)
            self._propose_in_sync(packet.zxid, entry)
            if not self._peer.closing:
                self._activate_in_sync(packet.zxid, leader)
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

    def _activate_in_sync(self, zxid: int, leader: int) -> None:
        """Take the commit of a reconfiguration, and leave at once if our role ends with it."""
        if self._is_in_snapshot(zxid):
            return
        waiting = len(self.packets_committed)
        if waiting < len(self.packets_not_logged) and self.packets_not_logged[waiting][0] == zxid:
            config = config_of(self.packets_not_logged[waiting][1])
            if self._peer.process_reconfig(config, leader, zxid):
                self.follower_shutdown("changes proposed in reconfig")
                return
        self._commit_in_sync(zxid)

    def _take_newleader(self, packet: QuorumPacket) -> None:
        peer = self._peer
        if packet.zxid >> 32 != self.new_epoch:
            self.follower_shutdown(f"NEWLEADER of {packet.zxid:#x} in epoch {self.new_epoch}")
            return
        if packet.data is not None and len(packet.data) > 1:
            self._newleader_config = read_config(packet.data)
            peer.set_last_seen_config(self._newleader_config)
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
        elif kind is PacketType.COMMITANDACTIVATE and not self._observer:
            self._commit(zxid, decode_leader(packet.data)[0])
        elif kind is PacketType.INFORMANDACTIVATE and self._observer:
            leader, entry = decode_leader(packet.data)
            if zxid > self._peer.last_zxid:
                self.observer_process_informandactivate(zxid, entry, leader)
        elif kind is PacketType.PING:
            touched = self._peer.touched
            self._send(PacketType.PING, zxid, encode_touched(touched.items()))
            touched.clear()
        elif kind in (PacketType.REVALIDATE, PacketType.SYNC):
            self._peer.out.append(FromLeader(packet))

    def _commit(self, zxid: int, leader: int | None = None) -> None:
        """Take COMMIT, or COMMITANDACTIVATE, which names a ``leader``."""
        pending = self._peer.pending
        if not pending:
            return  # ZooKeeper warns and goes on
        if pending[0][0] == zxid:
            if leader is None:
                self.follower_process_commit(zxid)
            else:
                self.follower_process_commitandactivate(zxid, pending[0][1], leader)
        else:
            self.follower_shutdown(f"commit of {zxid:#x}, but {pending[0][0]:#x} is next")
