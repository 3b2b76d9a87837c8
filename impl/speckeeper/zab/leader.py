"""Leading: what happens to a leader, and which action that leads to.

The actions are in ``leader_actions.py``; here are packets, connections, the disk and time.

Source: ZooKeeper ``Leader.lead``, ``LearnerHandler.run``.
"""

from __future__ import annotations

from collections.abc import Sequence

from speckeeper.wire.errors import WireError
from speckeeper.wire.quorum import PacketType, QuorumPacket
from speckeeper.wire.quorum_data import (
    LAST_EPOCH,
    PROTOCOL_VERSION,
    decode_epoch,
    decode_learner_info,
)
from speckeeper.zab.effects import (
    Close,
    Durable,
    Entry,
    FromLearner,
    Link,
    PersistAcceptedEpoch,
    PersistCurrentEpoch,
    ReadLog,
)
from speckeeper.zab.leader_bulk import LeaderInBulk
from speckeeper.zab.learner_handler import LearnerHandler
from speckeeper.zab.state import FORWARDING, Stage, ZabState
from speckeeper.zab.sync import NeedLog, sync_follower

_COUNTER = 0xFFFFFFFF
_NEVER = 1 << 62
_ACK = PacketType.ACK
_REQUEST = PacketType.REQUEST
_new = tuple.__new__  # makes a NamedTuple in half the time of its own constructor
_FIRST = (PacketType.FOLLOWERINFO, PacketType.OBSERVERINFO)


class Leader(LeaderInBulk):
    """One time of leading. ``deadline_ms``: when :meth:`tick` is due."""

    @property
    def deadline_ms(self) -> int:
        """When something is due if nothing else happens."""
        due_ms = self._next_half_tick_ms if self._broadcasting else self._wait_until_ms
        if not self._peer.is_idle:
            due_ms = _NEVER  # an epoch is being written, and nobody leaves meanwhile
        for handler in self.handler.values():
            due_ms = min(due_ms, handler.deadline_ms)
        return due_ms

    # -- inputs

    def start(self) -> None:
        """Begin with our own accepted epoch, the first that is known."""
        self.zab_turn_to_leading()
        self._choose_epoch()

    def learner_connected(self, link: Link) -> None:
        """Somebody connected."""
        settings = self._peer.settings
        self._accepted += 1
        self.handler[link] = LearnerHandler(
            link,
            self._peer.now_ms + self._init_ms,
            self._tick + settings.init_limit + settings.sync_limit,
            number=self._accepted,
        )

    def disconnected(self, link: Link) -> None:
        """A learner is gone."""
        handler = self.handler.get(link)
        if handler is not None:
            self.leader_remove_learner(handler)

    def heard(self, link: Link) -> None:
        """A learner is alive."""
        handler = self.handler.get(link)
        if handler is not None:
            self._rearm(handler)

    def receive(self, link: Link, packet: QuorumPacket) -> None:
        """Take in a packet of a learner."""
        handler = self.handler.get(link)
        if handler is None:
            return
        self._rearm(handler)
        try:
            self._receive(handler, packet)
        except WireError as error:
            self._drop(handler, f"bad {packet.type.name}: {error}")

    def receive_all(self, link: Link, packets: Sequence[QuorumPacket]) -> None:
        """Take in packets of a learner, in their order.

        Nearly all that a follower sends are acknowledgements; where nobody wants to be told of each
        step, those that follow each other are counted together.
        """
        handler = self.handler.get(link)
        peer = self._peer
        if handler is None:
            return
        quick = handler.stage is Stage.UPTODATE and peer.bulk and peer.trace is None
        if quick:
            self._rearm(handler)
            handler.tick_of_next_ack_deadline = self._tick + peer.settings.sync_limit
        acks: list[int] = []
        for packet in packets:
            if quick and packet[0] is _ACK:
                acks.append(packet[1])
                continue
            if acks:
                self._process_acks(handler, acks)
                acks = []
            if quick and packet[0] is _REQUEST:
                peer.out.append(_new(FromLearner, (link, handler.server_id, packet)))
                continue
            self.receive(link, packet)
            if peer.closing or link not in self.handler:
                return
        if acks:
            self._process_acks(handler, acks)

    def persisted(self, effect: Durable) -> None:
        """Go on after an epoch is durable."""
        if isinstance(effect, PersistAcceptedEpoch):
            self.leader_persist_accepted_epoch()
            self._finish_election()
        elif isinstance(effect, PersistCurrentEpoch):
            self.leader_persist_current_epoch()
            self._start_serving()

    def log_persisted(self, zxid: int) -> None:
        """Our own log has got further."""
        upto = min(zxid, self.last_proposed)
        if self._broadcasting and self._next_own_ack <= upto:
            if self._peer.bulk and self._peer.trace is None:
                zxids, self._next_own_ack = range(self._next_own_ack, upto + 1), upto + 1
                self._count_acks(self._id, zxids)
            else:
                self.leader_log_flushed(upto)

    def log_read(self, link: Link, entries: tuple[Entry, ...] | None) -> None:
        """The log that a learner needs was read."""
        handler = self.handler.get(link)
        if handler is not None and handler.reading_log:
            handler.reading_log = False
            self._sync(handler, entries or ())

    def propose(self, zxid: int, entry: bytes) -> None:
        """Take the next transaction of our own server."""
        if not self._broadcasting:
            return
        assert zxid == self.last_proposed + 1, "zxids are given one after the other"
        if zxid & _COUNTER == _COUNTER:
            # The next one would be of another epoch, which an election has to begin.
            self.leader_shutdown("the counter of zxids is used up, a new epoch is needed")
            return
        self.leader_process_request(zxid, entry)

    def propose_all(self, entries: Sequence[Entry]) -> None:
        """Take the next transactions of our own server."""
        last = self.last_proposed + len(entries)
        used_up = (last ^ self.last_proposed) & ~_COUNTER or last & _COUNTER == _COUNTER
        if self._peer.handles_in_bulk and self._broadcasting and entries and not used_up:
            assert entries[0][0] == self.last_proposed + 1, "zxids are given one after the other"
            assert entries[-1][0] == last, "zxids are given one after the other"
            self._process_requests(entries)
            return
        for zxid, entry in entries:
            if not self._peer.closing:
                self.propose(zxid, entry)

    def reconfigure(self, zxid: int, entry: bytes) -> None:
        """Take a reconfiguration of our own server as its next transaction."""
        if self._broadcasting and zxid & _COUNTER != _COUNTER:
            assert zxid == self.last_proposed + 1, "zxids are given one after the other"
            self.leader_process_reconfig(zxid, entry)
        else:
            self.propose(zxid, entry)

    def process_sync(self, link: Link | None, token: int) -> None:
        """Answer a ``sync`` when all that is proposed now is committed."""
        if self.outstanding_proposals:
            self._pending_syncs.setdefault(self.last_proposed, []).append((link, token))
        else:
            self._send_sync(link, token)

    def to_learner(self, link: Link, packet: QuorumPacket) -> None:
        """Send a learner something that our server answers."""
        if link in self.handler:
            self._peer.send(link, packet)

    def tick(self) -> None:
        """Do what is due: give up silent learners, or leading, and let everybody hear of us."""
        now_ms = self._peer.now_ms
        for handler in [*self.handler.values()]:
            if now_ms >= handler.deadline_ms:
                self._drop(handler, f"nothing came in time after {handler.stage.name}")
        if not self._broadcasting:
            if now_ms >= self._wait_until_ms and self._peer.is_idle:
                self.leader_shutdown(self._why_no_quorum())
        elif now_ms >= self._next_half_tick_ms:
            # From now, not from when it was due: a server that was stopped for a while must not
            # count the time as silence of its learners.
            self._next_half_tick_ms = now_ms + self._half_tick_ms
            self._count_half_tick()

    # -- guards: which action has become possible

    def _why_no_quorum(self) -> str:
        if self.new_epoch > LAST_EPOCH:
            return f"epoch {LAST_EPOCH} is accepted, and there is none after it"
        return f"no quorum of learners in time in {self._peer.zab_state.name}"

    def _choose_epoch(self) -> None:
        """Ask for the durable step if a quorum is there, and an epoch is left."""
        if self.new_epoch > LAST_EPOCH:
            return
        if not self._epoch_chosen and self._quorum(self.cepoch_recv):
            self._epoch_chosen = True
            self._peer.persist(PersistAcceptedEpoch(self.new_epoch))

    def _finish_election(self) -> None:
        """With a quorum of promises the epoch has started, with our history."""
        if not self._election_finished and self._quorum(self.acke_recv):
            self._election_finished = True
            self._peer.persist(PersistCurrentEpoch(self.new_epoch))
        if self._election_finished:
            for handler in [*self.handler.values()]:
                if handler.stage is Stage.ACKEPOCH and not handler.reading_log:
                    self._sync(handler, None)

    def _sync(self, handler: LearnerHandler, txn_log: tuple[Entry, ...] | None) -> None:
        """Choose how to bring a learner up to date; for some the log has to be read first."""
        peer = self._peer
        settings = peer.settings
        plan = sync_follower(
            handler.peer_last_zxid,
            peer.last_processed,
            peer.committed_log.entries,
            txn_log,
            settings.txn_log_sync,
            settings.force_snapshot_sync,
        )
        if isinstance(plan, NeedLog):
            handler.reading_log = True
            peer.out.append(ReadLog(handler.link, handler.peer_last_zxid))
        else:
            self.leader_sync_follower(handler, plan)

    def _start_serving(self) -> None:
        """With a quorum of them the epoch is established."""
        if self._peer.zab_state is not ZabState.SYNCHRONIZATION:
            return
        if self._id in self.ackld_recv and self._all_quorums(self.ackld_recv):
            self.leader_start_serving()

    def _drop(self, handler: LearnerHandler, reason: str) -> None:
        self._peer.out.append(Close(handler.link, f"server {handler.server_id}: {reason}"))
        self.leader_remove_learner(handler)

    # -- packets and ticks

    def _receive(self, handler: LearnerHandler, packet: QuorumPacket) -> None:
        kind, stage = packet.type, handler.stage
        if stage is Stage.UPTODATE:
            self._receive_steadily(handler, packet)
        elif stage is Stage.CONNECTED and kind in _FIRST:
            self._identify(handler, packet)
        elif stage is Stage.LEADERINFO and kind is PacketType.ACKEPOCH:
            self.leader_process_ackepoch(handler, decode_epoch(packet.data), packet.zxid)
            self._finish_election()
        elif stage is Stage.NEWLEADER and kind is PacketType.ACK:
            self.leader_process_ackld(handler, packet.zxid)
            self._start_serving()
        else:
            self._drop(handler, f"{kind.name} came after {stage.name}")

    def _receive_steadily(self, handler: LearnerHandler, packet: QuorumPacket) -> None:
        handler.tick_of_next_ack_deadline = self._tick + self._peer.settings.sync_limit
        if packet.type is PacketType.ACK:
            self.leader_process_ack(handler, packet.zxid)
        elif packet.type is not PacketType.PING or packet.data:
            self._peer.out.append(FromLearner(handler.link, handler.server_id, packet))

    def _identify(self, handler: LearnerHandler, packet: QuorumPacket) -> None:
        info = decode_learner_info(packet.data or b"")
        if info.server_id == self._id:
            self._drop(handler, f"it says that it is server {self._id}, which is the leader")
            return
        if handler.number < self._newest.get(info.server_id, 0):
            # What a server said first may come last, also when its newer connection is gone, and
            # must not end the one that it uses.
            self._drop(handler, f"server {info.server_id} has connected anew")
            return
        self._newest[info.server_id] = handler.number
        self._replace_older(info.server_id)
        handler.server_id = info.server_id
        handler.observer = packet.type is PacketType.OBSERVERINFO
        if info.protocol_version < PROTOCOL_VERSION:
            self._drop(handler, "it speaks the protocol of ZooKeeper 3.3, which is not served")
        elif info.config_version > self._peer.membership.active.version:
            self._drop(handler, "its configuration is newer than the leader's")
        elif packet.zxid >> 32 >= LAST_EPOCH:
            # Not followed: one server with a damaged file must not use up the epochs of all.
            self._drop(handler, f"it has accepted epoch {LAST_EPOCH}, and there is none after it")
        else:
            self.leader_process_followerinfo(handler, packet.zxid >> 32)
            self._choose_epoch()

    def _replace_older(self, server_id: int) -> None:
        """Hear nothing more on earlier connections of a server that has connected anew.

        Nothing orders two connections: an ACK that was still on its way on the old one would count
        for a proposal that the server has been made to forget on the new one.
        """
        for older in [h for h in self.handler.values() if h.server_id == server_id]:
            self._drop(older, "it has connected anew")

    def _count_half_tick(self) -> None:
        """Count a tick every second time, ask whether a quorum is there, and send PINGs."""
        peer = self._peer
        if not self._tick_skip:
            self._tick += 1
            synced = {self._id}
            for handler in self.handler.values():
                if self._tick <= handler.tick_of_next_ack_deadline:
                    synced.add(handler.server_id)
            if not self._all_quorums(synced):
                self.leader_shutdown(f"not enough learners in time, only {sorted(synced)}")
                return
        self._tick_skip = not self._tick_skip
        ping = QuorumPacket(PacketType.PING, self.last_proposed)
        for handler in [*self.handler.values()]:
            if handler.stage not in FORWARDING:
                continue
            if handler.sync_limit_check.check(peer.now_ms, self._sync_ms):
                peer.send(handler.link, ping)
            else:
                self._drop(handler, "a proposal was not acknowledged in time")
