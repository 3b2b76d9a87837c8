"""What a leader does: agree on an epoch, give the learners its history, then propose and commit.

Handlers and attributes are named as in spec/Zab.tla, and in its order; when each of them is due is
in ``leader.py``. A learner is named by its link, for a server that connects again is another
connection with the same id; quorums are counted by id.

Source: ZooKeeper ``Leader``, ``LearnerHandler``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from speckeeper.wire.quorum import PacketType, QuorumPacket
from speckeeper.wire.quorum_config import QuorumConfig, encode_config
from speckeeper.wire.quorum_data import (
    NO_EPOCH,
    PROTOCOL_VERSION,
    encode_epoch,
)
from speckeeper.zab.actions import Trace, action
from speckeeper.zab.effects import (
    Close,
    Link,
    SendSnapshot,
    Synced,
)
from speckeeper.zab.learner_handler import LearnerHandler
from speckeeper.zab.membership import Membership
from speckeeper.zab.quorums import quorums_of
from speckeeper.zab.reconfig import config_of, encode_leader
from speckeeper.zab.state import Stage, ZabState
from speckeeper.zab.sync import SyncPlan

if TYPE_CHECKING:
    from speckeeper.zab.peer import Peer

_UPTODATE = QuorumPacket(PacketType.UPTODATE, -1)

_new = tuple.__new__  # makes a NamedTuple in half the time of its own constructor


class Proposal:
    """A transaction on its way, and who has made it durable."""

    __slots__ = ("ack_set", "entry", "packet")

    def __init__(self, entry: bytes, packet: QuorumPacket) -> None:
        self.entry = entry
        self.packet = packet
        self.ack_set: set[int] = set()


class LeaderActions:
    """State and actions of one time of leading."""

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
        self.allowed_to_commit = True
        """False behind a reconfiguration that makes another server the leader."""
        self._reconfigs: dict[int, QuorumConfig] = {}
        """Those under way, by zxid; ZooKeeper allows one at a time."""
        self._formerly: tuple[int, Membership] | None = None
        """What was in force when proposals up to a zxid were made, ahead of a reconfiguration."""
        self._accepted = 0
        self._newest: dict[int, int] = {}
        """By server the number of the newest connection on which it was heard."""
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
            peer.set_last_seen_config(membership.active._replace(version=self.last_proposed))
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

    # -- synchronization

    @action("LeaderPersistCurrentEpoch")
    def leader_persist_current_epoch(self) -> None:
        """Our history is that of the epoch, and the disk says so."""
        peer = self._peer
        peer.current_epoch = self.new_epoch
        peer.zab_state = ZabState.SYNCHRONIZATION
        self._wait_until_ms = peer.now_ms + self._init_ms
        self.ackld_recv.add(self._id)

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
        text = encode_config(peer.membership.newest)
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
        if zxid == self.new_epoch << 32 and handler.server_id in self._peer.membership.voters:
            self.ackld_recv.add(handler.server_id)
        if self._broadcasting:
            self._send_uptodate(handler)

    @action("LeaderStartServing")
    def leader_start_serving(self) -> None:
        """All of our history is committed; serve, and let those serve that have it."""
        peer = self._peer
        peer.last_committed = peer.last_zxid
        # A reconfiguration that was under way is finished by this epoch (ZOOKEEPER-1324).
        self._activate(peer.membership.newest, self.ackld_recv, self.new_epoch << 32)
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
        packet = _new(QuorumPacket, (PacketType.PROPOSAL, zxid, entry, None))
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
        if proposal is None or not self.allowed_to_commit:
            return
        membership = self._peer.membership
        if self._formerly is not None:
            membership = self._in_force_for(zxid)
        if server_id not in membership.voters:
            return
        proposal.ack_set.add(server_id)
        if len(proposal.ack_set) < membership.least:
            return
        # In order: a later one can have its quorum already if an earlier one lost acknowledgements
        # to a learner that was synchronized anew.
        if self._peer.pending[0][0] == zxid:
            while proposal is not None and membership.has_all_quorums(proposal.ack_set):
                self._commit(zxid, proposal)
                zxid += 1
                proposal = self.outstanding_proposals.get(zxid) if self.allowed_to_commit else None
                membership = self._in_force_for(zxid)

    def _commit(self, zxid: int, proposal: Proposal) -> None:
        peer = self._peer
        del self.outstanding_proposals[zxid]
        if zxid in self._reconfigs:
            self._commit_and_activate(zxid, proposal)
            return
        commit = _new(QuorumPacket, (PacketType.COMMIT, zxid, None, None))
        for link in self._forwarding:
            peer.send(link, commit)
        if self._observing:
            inform = QuorumPacket(PacketType.INFORM, zxid, proposal.entry)
            for link in self._observing:
                peer.send(link, inform)
        self._delivered(zxid)

    def _delivered(self, zxid: int) -> None:
        self._peer.deliver_pending()
        if self._pending_syncs:
            for link_or_none, token in self._pending_syncs.pop(zxid, ()):
                self._send_sync(link_or_none, token)

    def _send_sync(self, link: Link | None, token: int) -> None:
        if link is None:
            self._peer.out.append(Synced(token))
        elif link in self.handler:
            self._peer.send(link, QuorumPacket(PacketType.SYNC, 0))

    # -- reconfiguration

    def leader_process_reconfig(self, zxid: int, entry: bytes) -> None:
        """Propose a configuration.

        It, and what follows until it is committed, needs a quorum of the one in force too; what was
        proposed before needs no other.
        """
        peer = self._peer
        config = config_of(entry)
        if self.outstanding_proposals:
            self._formerly = zxid - 1, peer.membership
        peer.set_last_seen_config(config)
        self._reconfigs[zxid] = config
        self.leader_process_request(zxid, entry)

    def _commit_and_activate(self, zxid: int, proposal: Proposal) -> None:
        """Let a committed configuration come into force here, then at all that follow."""
        peer = self._peer
        config = self._reconfigs.pop(zxid)
        self._formerly = None
        designated = self._activate(config, proposal.ack_set, zxid)
        data = encode_leader(designated)
        commit = QuorumPacket(PacketType.COMMITANDACTIVATE, zxid, data)
        for link in self._forwarding:
            peer.send(link, commit)
        inform = QuorumPacket(PacketType.INFORMANDACTIVATE, zxid, data + proposal.entry)
        for link in self._observing:
            peer.send(link, inform)
        self._delivered(zxid)

    def _activate(self, config: QuorumConfig, acknowledged: set[int], zxid: int) -> int:
        """Let a configuration come into force; return who is to lead in it."""
        peer = self._peer
        designated = self._designated_leader(config, acknowledged, zxid)
        peer.process_reconfig(config, designated, zxid)
        if designated != self._id:
            # Its followers leave by themselves: that way a quorum has been told.
            self.allowed_to_commit = False
        return designated

    def _designated_leader(self, config: QuorumConfig, acknowledged: set[int], zxid: int) -> int:
        """Return who is to lead: we, if we vote at the same address, else who has most of it.

        Source: ``Leader.getDesignatedLeader``.
        """
        there, here = config.server(self._id), self._peer.membership.active.server(self._id)
        if not self._peer.settings.reconfig_enabled or (
            there is not None
            and not there.observer
            and (here is None or here.endpoints == there.endpoints)
        ):
            return self._id
        candidates = (acknowledged & config.voters) - {self._id}
        while candidates:
            zxid += 1
            proposal = self.outstanding_proposals.get(zxid)
            more = set() if proposal is None else candidates & proposal.ack_set
            if not more:
                break
            candidates = more
        return min(candidates, default=self._id)

    def _in_force_for(self, zxid: int) -> Membership:
        """Return in which configurations a proposal is counted."""
        formerly = self._formerly
        if formerly is not None and zxid <= formerly[0]:
            return formerly[1]
        return self._peer.membership

    def is_quorum_synced(self, config: QuorumConfig) -> bool:
        """Whether a quorum of a configuration follows us and is up to date.

        Observers do not count, even if they are to vote (``Leader.isQuorumSynced``): they get no
        proposals. Nor does one that still follows, and has yet to hear that it is an observer now.
        """
        observes = self._peer.membership.observes
        synced = {
            handler.server_id
            for handler in self._forwarding.values()
            if self._tick <= handler.tick_of_next_ack_deadline and not observes(handler.server_id)
        }
        return quorums_of(config).is_quorum((synced | {self._id}) & config.voters)

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

    def _forget(self, handler: LearnerHandler) -> None:
        self.handler.pop(handler.link, None)
        self._forwarding.pop(handler.link, None)
        self._observing.pop(handler.link, None)
