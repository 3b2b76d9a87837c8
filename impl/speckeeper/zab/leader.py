"""Leading: agree on an epoch, give the learners its history, then propose and commit.

Handlers and attributes are named as in spec/Zab.tla. A learner is named by its link, for a server
that connects again is another connection with the same id; quorums are counted by id.

Source: ZooKeeper ``Leader``, ``LearnerHandler``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from speckeeper.wire.errors import WireError
from speckeeper.wire.quorum import PacketType, QuorumPacket
from speckeeper.wire.quorum_config import encode_config
from speckeeper.wire.quorum_data import (
    LAST_EPOCH,
    NO_EPOCH,
    PROTOCOL_VERSION,
    decode_epoch,
    decode_learner_info,
    encode_epoch,
)
from speckeeper.zab.actions import Trace, action
from speckeeper.zab.effects import (
    Close,
    Durable,
    Entry,
    FromLearner,
    Link,
    PersistAcceptedEpoch,
    PersistCurrentEpoch,
    ReadLog,
    SendSnapshot,
    Synced,
)
from speckeeper.zab.learner_handler import LearnerHandler
from speckeeper.zab.state import FORWARDING, Stage, ZabState
from speckeeper.zab.sync import NeedLog, SyncPlan, sync_follower

if TYPE_CHECKING:
    from speckeeper.zab.peer import Peer

_COUNTER = 0xFFFFFFFF
_UPTODATE = QuorumPacket(PacketType.UPTODATE, -1)
_ACK = PacketType.ACK
_FIRST = (PacketType.FOLLOWERINFO, PacketType.OBSERVERINFO)


class Proposal:
    """A transaction on its way, and who has made it durable."""

    __slots__ = ("ack_set", "entry", "packet")

    def __init__(self, entry: bytes, packet: QuorumPacket) -> None:
        self.entry = entry
        self.packet = packet
        self.ack_set: set[int] = set()


class Leader:
    """One time of leading. ``deadline_ms``: when :meth:`tick` is due."""

    def __init__(self, peer: Peer) -> None:
        settings = peer.settings
        self._peer = peer
        self._id = settings.server_id
        self._init_ms = settings.init_ms
        self._sync_ms = settings.sync_ms
        self._half_tick_ms = max(settings.tick_time_ms // 2, 1)
        self.handler: dict[Link, LearnerHandler] = {}
        self.new_epoch = 0
        self.cepoch_recv: set[int] = set()
        self.acke_recv: set[int] = set()
        self.ackld_recv: set[int] = set()
        self.outstanding_proposals: dict[int, Proposal] = {}
        self.last_proposed = -1
        self._forwarding: dict[Link, LearnerHandler] = {}
        self._observing: dict[Link, LearnerHandler] = {}
        self._tick = 0
        self._epoch_chosen = False
        self._promised = False  # the epoch, by ourselves
        self._election_finished = False
        self._state_summary = (peer.current_epoch, peer.last_zxid)
        self._pending_syncs: dict[int, list[tuple[Link | None, int]]] = {}
        self._next_own_ack = -1
        self._tick_skip = True
        self._wait_until_ms = peer.now_ms + self._init_ms
        self._next_half_tick_ms = 0

    @property
    def trace(self) -> Trace | None:
        """Where steps are told."""
        return self._peer.trace

    def variables(self) -> dict[str, Any]:
        """Return the variables of the specification."""
        return self._peer.variables()

    @property
    def deadline_ms(self) -> int:
        """When something is due if nothing else happens."""
        due_ms = self._next_half_tick_ms if self._broadcasting else self._wait_until_ms
        for handler in self.handler.values():
            due_ms = min(due_ms, handler.deadline_ms)
        return due_ms

    @property
    def followers(self) -> list[LearnerHandler]:
        """Who gets every proposal."""
        return [*self._forwarding.values()]

    @property
    def observers(self) -> list[LearnerHandler]:
        """Who is informed of every commit."""
        return [*self._observing.values()]

    @property
    def pending_syncs(self) -> int:
        """How many ``sync`` wait for a commit."""
        return sum(map(len, self._pending_syncs.values()))

    # -- inputs

    def start(self) -> None:
        """Begin with our own accepted epoch, the first that is known."""
        self.zab_turn_to_leading()
        self._choose_epoch()

    def learner_connected(self, link: Link) -> None:
        """Somebody connected."""
        settings = self._peer.settings
        self.handler[link] = LearnerHandler(
            link,
            self._peer.now_ms + self._init_ms,
            self._tick + settings.init_limit + settings.sync_limit,
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
        step they are counted one after the other, without what is the same for all of them.
        """
        handler = self.handler.get(link)
        peer = self._peer
        if handler is None:
            return
        quick = handler.stage is Stage.UPTODATE and peer.trace is None
        if quick:
            self._rearm(handler)
            handler.tick_of_next_ack_deadline = self._tick + peer.settings.sync_limit
        for packet in packets:
            if quick and packet[0] is _ACK:
                handler.sync_limit_check.update_ack(packet[1])
                self._count_ack(handler.server_id, packet[1])
            else:
                self.receive(link, packet)
                if peer.closing:
                    return

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
            if now_ms >= self._wait_until_ms:
                self.leader_shutdown(self._why_no_quorum())
        elif now_ms >= self._next_half_tick_ms:
            # From now, not from when it was due: a server that was stopped for a while must not
            # count the time as silence of its learners.
            self._next_half_tick_ms = now_ms + self._half_tick_ms
            self._count_half_tick()

    @action("LeaderShutdown")
    def leader_shutdown(self, reason: str) -> None:
        """Give up leading."""
        self._peer.shutdown(self.handler, reason)

    @action("LeaderRemoveLearner")
    def leader_remove_learner(self, handler: LearnerHandler) -> None:
        """Forget a connection; what was counted from it stays counted."""
        self._forget(handler)

    # -- discovery

    @action("ZabTurnToLeading")
    def zab_turn_to_leading(self) -> None:
        """Propose an epoch above our own accepted one, until we hear of a higher one."""
        peer = self._peer
        peer.zab_state = ZabState.DISCOVERY
        self.new_epoch = peer.accepted_epoch + 1
        if peer.membership.votes(self._id):
            self.cepoch_recv.add(self._id)

    @action("LeaderProcessFOLLOWERINFO")
    def leader_process_followerinfo(self, handler: LearnerHandler, accepted_epoch: int) -> None:
        """Count a learner's accepted epoch: a new epoch is above all that a quorum accepted."""
        handler.stage = Stage.FOLLOWERINFO
        if not self._epoch_chosen:
            self.new_epoch = max(self.new_epoch, accepted_epoch + 1)
            if self._peer.membership.votes(handler.server_id):
                self.cepoch_recv.add(handler.server_id)
        elif self._promised:
            self._send_leaderinfo(handler)

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

    @action("LeaderPersistAcceptedEpoch")
    def leader_persist_accepted_epoch(self) -> None:
        """We have promised the epoch ourselves: tell it to those that wait for it."""
        peer = self._peer
        peer.accepted_epoch = self.new_epoch
        self._promised = True
        self.acke_recv.add(self._id)
        self.last_proposed = self.new_epoch << 32
        self._next_own_ack = self.last_proposed + 1
        membership = peer.membership
        if membership.active.version == 0 == membership.last_seen.version:
            # The configuration that the ensemble was started with gets a version (Leader.lead).
            named = membership.active._replace(version=self.last_proposed)
            peer.membership = membership.seen(named)
        self._wait_until_ms = peer.now_ms + self._init_ms
        for handler in self.handler.values():
            if handler.stage is Stage.FOLLOWERINFO:
                self._send_leaderinfo(handler)

    def _send_leaderinfo(self, handler: LearnerHandler) -> None:
        handler.stage = Stage.LEADERINFO
        self._rearm(handler)
        data = encode_epoch(PROTOCOL_VERSION)
        packet = QuorumPacket(PacketType.LEADERINFO, self.new_epoch << 32, data)
        self._peer.send(handler.link, packet)

    @action("LeaderProcessACKEPOCH")
    def leader_process_ackepoch(self, handler: LearnerHandler, epoch: int, zxid: int) -> None:
        """Count a promise. A learner whose history is ahead of ours cannot follow us."""
        if not self._election_finished and epoch != NO_EPOCH:
            if (epoch, zxid) > self._state_summary:
                self._peer.out.append(
                    Close(handler.link, f"server {handler.server_id} is ahead of the leader")
                )
                self._forget(handler)
                return
            if zxid != -1 and self._peer.membership.votes(handler.server_id):
                self.acke_recv.add(handler.server_id)
        handler.stage = Stage.ACKEPOCH
        handler.peer_last_zxid = zxid

    def _finish_election(self) -> None:
        """With a quorum of promises the epoch has started, with our history."""
        if not self._election_finished and self._quorum(self.acke_recv):
            self._election_finished = True
            self._peer.persist(PersistCurrentEpoch(self.new_epoch))
        if self._election_finished:
            for handler in [*self.handler.values()]:
                if handler.stage is Stage.ACKEPOCH and not handler.reading_log:
                    self._sync(handler, None)

    # -- synchronization

    @action("LeaderPersistCurrentEpoch")
    def leader_persist_current_epoch(self) -> None:
        """Our history is that of the epoch, and the disk says so."""
        peer = self._peer
        peer.current_epoch = self.new_epoch
        peer.zab_state = ZabState.SYNCHRONIZATION
        self._wait_until_ms = peer.now_ms + self._init_ms
        self.ackld_recv.add(self._id)

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

    @action("LeaderSyncFollower")
    def leader_sync_follower(self, handler: LearnerHandler, plan: SyncPlan) -> None:
        """Send a learner what it lacks of our history; from here on it gets all that is new.

        What it has acknowledged on an earlier connection and is made to forget counts no more.
        """
        peer = self._peer
        link = handler.link
        handler.stage = Stage.NEWLEADER
        self._rearm(handler)
        if plan.kind is PacketType.SNAP:
            peer.out.append(SendSnapshot(link, plan.zxid))
        else:
            peer.send(link, QuorumPacket(plan.kind, plan.zxid))
            peer.diffs_sent += plan.kind is PacketType.DIFF
        for zxid, entry in plan.entries:
            peer.send(link, QuorumPacket(PacketType.PROPOSAL, zxid, entry))
            peer.send(link, QuorumPacket(PacketType.COMMIT, zxid))
        for proposal in self.outstanding_proposals.values():
            proposal.ack_set.discard(handler.server_id)
        self._start_forwarding(handler, plan.upto)
        text = encode_config(peer.membership.last_seen)
        peer.send(link, QuorumPacket(PacketType.NEWLEADER, self.new_epoch << 32, text))

    def _start_forwarding(self, handler: LearnerHandler, last_seen_zxid: int) -> None:
        if handler.observer:
            self._observing[handler.link] = handler
            return
        for zxid, proposal in self.outstanding_proposals.items():
            if zxid > last_seen_zxid:
                self._peer.send(handler.link, proposal.packet)
        self._forwarding[handler.link] = handler

    @action("LeaderProcessACKLD")
    def leader_process_ackld(self, handler: LearnerHandler, zxid: int) -> None:
        """A learner has our history on its disk."""
        handler.stage = Stage.ACKLD
        handler.sync_limit_check.started = True
        if zxid == self.new_epoch << 32 and self._peer.membership.votes(handler.server_id):
            self.ackld_recv.add(handler.server_id)
        if self._broadcasting:
            self._send_uptodate(handler)

    def _start_serving(self) -> None:
        """With a quorum of them the epoch is established."""
        if self._peer.zab_state is not ZabState.SYNCHRONIZATION:
            return
        if self._id in self.ackld_recv and self._all_quorums(self.ackld_recv):
            self.leader_start_serving()

    @action("LeaderStartServing")
    def leader_start_serving(self) -> None:
        """All of our history is committed; serve, and let those serve that have it."""
        peer = self._peer
        peer.last_committed = peer.last_zxid
        # Not a transaction, but what a tree without any of this epoch counts as (startZkServer).
        peer.last_processed = peer.last_zxid = self.new_epoch << 32
        peer.election.update_election_vote(self.new_epoch)
        self._next_half_tick_ms = peer.now_ms + self._half_tick_ms
        peer.serve(self.new_epoch << 32)
        for handler in self.handler.values():
            if handler.stage is Stage.ACKLD:
                self._send_uptodate(handler)

    def _send_uptodate(self, handler: LearnerHandler) -> None:
        handler.stage = Stage.UPTODATE
        self._rearm(handler)
        self._peer.send(handler.link, _UPTODATE)

    # -- broadcast

    @action("LeaderProcessRequest")
    def leader_process_request(self, zxid: int, entry: bytes) -> None:
        """Send a transaction to all that follow, and to our own log."""
        peer = self._peer
        packet = QuorumPacket(PacketType.PROPOSAL, zxid, entry)
        self.last_proposed = zxid
        self.outstanding_proposals[zxid] = Proposal(entry, packet)
        now_ms = peer.now_ms
        for link, handler in self._forwarding.items():
            handler.sync_limit_check.update_proposal(zxid, now_ms)
            peer.send(link, packet)
        peer.append(zxid, entry)

    @action("LeaderLogFlushed")
    def leader_log_flushed(self, upto: int) -> None:
        """Transactions are durable here: that is our own acknowledgement."""
        for zxid in range(self._next_own_ack, upto + 1):
            self._count_ack(self._id, zxid)
        self._next_own_ack = upto + 1

    @action("LeaderProcessACK")
    def leader_process_ack(self, handler: LearnerHandler, zxid: int) -> None:
        """Count an acknowledgement; a quorum of them commits."""
        handler.sync_limit_check.update_ack(zxid)
        self._count_ack(handler.server_id, zxid)

    def _count_ack(self, server_id: int, zxid: int) -> None:
        proposal = self.outstanding_proposals.get(zxid)
        if proposal is None or not self._peer.membership.votes(server_id):
            return
        proposal.ack_set.add(server_id)
        if len(proposal.ack_set) < self._peer.membership.least:
            return
        # In order: a later one can have its quorum already if an earlier one lost acknowledgements
        # to a learner that was synchronized anew.
        if next(iter(self.outstanding_proposals)) == zxid:
            while proposal is not None and self._all_quorums(proposal.ack_set):
                self._commit(zxid, proposal)
                zxid += 1
                proposal = self.outstanding_proposals.get(zxid)

    def _commit(self, zxid: int, proposal: Proposal) -> None:
        peer = self._peer
        del self.outstanding_proposals[zxid]
        commit = QuorumPacket(PacketType.COMMIT, zxid)
        for link in self._forwarding:
            peer.send(link, commit)
        if self._observing:
            inform = QuorumPacket(PacketType.INFORM, zxid, proposal.entry)
            for link in self._observing:
                peer.send(link, inform)
        peer.deliver_pending()
        if self._pending_syncs:
            for link_or_none, token in self._pending_syncs.pop(zxid, ()):
                self._send_sync(link_or_none, token)

    def _send_sync(self, link: Link | None, token: int) -> None:
        if link is None:
            self._peer.out.append(Synced(token))
        elif link in self.handler:
            self._peer.send(link, QuorumPacket(PacketType.SYNC, 0))

    # -- inside

    @property
    def _broadcasting(self) -> bool:
        return self._peer.zab_state is ZabState.BROADCAST

    def _quorum(self, servers: set[int]) -> bool:
        return self._id in servers and self._peer.membership.contains_quorum(servers)

    def _all_quorums(self, servers: set[int]) -> bool:
        return self._peer.membership.has_all_quorums(servers)

    def _rearm(self, handler: LearnerHandler) -> None:
        """Give a learner time anew: initLimit until it is synchronized, then syncLimit."""
        synced = handler.stage is Stage.UPTODATE
        handler.deadline_ms = self._peer.now_ms + (self._sync_ms if synced else self._init_ms)

    def _drop(self, handler: LearnerHandler, reason: str) -> None:
        self._peer.out.append(Close(handler.link, f"server {handler.server_id}: {reason}"))
        self.leader_remove_learner(handler)

    def _forget(self, handler: LearnerHandler) -> None:
        self.handler.pop(handler.link, None)
        self._forwarding.pop(handler.link, None)
        self._observing.pop(handler.link, None)

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
