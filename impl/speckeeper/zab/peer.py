"""The core of one member of an ensemble: election, then leading or learning, then again.

Feed it with :meth:`Peer.step`, carry out what it returns, and call it with ``Tick`` at
``deadline_ms`` at the latest. It does no I/O, and knows the time only from its caller.

What it keeps of the disk's state: ``accepted_epoch`` and ``current_epoch`` (the files of these
names), ``last_zxid`` (where log and snapshot end), ``last_durable`` (what of that would survive
a crash). A role ends only when the epochs, the TRUNC and the snapshots that it has asked of the
disk are done: ZooKeeper's thread writes them itself, and notices nothing meanwhile
(``Learner.registerWithLeader``, ``Learner.syncWithLeader``, ``Leader.getEpochToPropose``). Then the
next election waits for the log, as ZooKeeper's shutdown flushes its queue of requests: a vote must
not be overtaken by writes of an earlier time (ZOOKEEPER-4712).

Source: ZooKeeper ``QuorumPeer`` (run), ``ZKDatabase``.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from speckeeper.wire.election import ServerState
from speckeeper.wire.errors import WireError
from speckeeper.wire.quorum import QuorumPacket
from speckeeper.wire.quorum_config import QuorumConfig
from speckeeper.zab import inputs
from speckeeper.zab.actions import Trace, action
from speckeeper.zab.committed_log import CommittedLog
from speckeeper.zab.effects import (
    Append,
    AppendAll,
    Close,
    Deliver,
    DeliverAll,
    Durable,
    Effect,
    Entry,
    InstallSnapshot,
    Link,
    PersistAcceptedEpoch,
    Reload,
    Replay,
    Send,
    SendAll,
    Serve,
    ServeReadOnly,
    SetConfig,
    SetLastSeenConfig,
    StopServing,
    TakeSnapshot,
    TruncateLog,
)
from speckeeper.zab.election import FastLeaderElection, Proposal, Vote
from speckeeper.zab.leader import Leader
from speckeeper.zab.learner import Learner
from speckeeper.zab.membership import Membership
from speckeeper.zab.reconfig import read_config
from speckeeper.zab.settings import ZabSettings
from speckeeper.zab.state import ZabState

_NEVER = 1 << 62
_COUNTER = 0xFFFFFFFF


_new = tuple.__new__  # makes a NamedTuple in half the time of its own constructor


class Recovered(NamedTuple):
    """What a server has found on its disk. ``entries``: the end of the log, oldest first."""

    accepted_epoch: int
    current_epoch: int
    last_zxid: int
    entries: tuple[Entry, ...] = ()


class Peer:
    """One member. ``trace`` is called with every step if it is set.

    ``bulk``: what comes together may be handled together, and effects be ``SendAll``, ``AppendAll``
    and ``DeliverAll``. It makes no other difference, which a test shows, and is never done while
    there is a trace.
    """

    bulk = False

    def __init__(
        self,
        settings: ZabSettings,
        membership: Membership,
        recovered: Recovered,
        now_ms: int,
        trace: Trace | None = None,
    ) -> None:
        self.settings = settings
        self.membership = membership
        self.trace = trace
        self.now_ms = now_ms
        self.state = ServerState.LOOKING
        self.zab_state = ZabState.ELECTION
        self.accepted_epoch = recovered.accepted_epoch
        self.current_epoch = recovered.current_epoch
        self.last_zxid = recovered.last_zxid
        self.last_durable = recovered.last_zxid
        self.last_processed = recovered.last_zxid
        self.last_committed = 0
        self.pending: deque[Entry] = deque()
        """Logged, or on the way to the log, and not delivered (pendingTxns)."""
        self.committed_log = CommittedLog(settings.commit_log_count, recovered.entries)
        self.touched: dict[int, int] = {}
        """Timeouts by session id, of sessions that a learner has heard of since the last PING."""
        self.out: list[Effect] = []
        self.elections = 0
        self.diffs_sent = 0
        self.leader: Leader | None = None
        self.learner: Learner | None = None
        self.election = FastLeaderElection(self)
        self._appended = recovered.last_zxid
        self._unfinished: list[Durable] = []
        self.leader_with_gap: int | None = None
        """Who has left something out when it synchronized us last."""
        self.closing = False
        """Leading or learning is over, but the log is not written yet, or the tree not loaded."""
        self.keeps_log = True
        """False for an observer that has no log (syncEnabled): its disk has snapshots at most, and
        ends ahead of what it has applied."""
        self.reconfig_state_change = False
        """A reconfiguration has named the leader to follow, or our own role (reconfigFlag)."""
        self._look_at_ms = 0
        self._serving = False
        self._read_only_at_ms = _NEVER
        self._database_is_ahead = False
        self._reloading = False
        self._steps: dict[type[Any], Callable[[Any], None]] = {
            inputs.Start: self._start,
            inputs.NotificationReceived: self._notification,
            inputs.LearnerConnected: self._learner_connected,
            inputs.LeaderConnected: self._leader_connected,
            inputs.ConnectFailed: self._connect_failed,
            inputs.PacketReceived: self._packet,
            inputs.PacketsReceived: self._packets,
            inputs.SnapshotReceived: self._snapshot,
            inputs.Heard: self._heard,
            inputs.Disconnected: self._disconnected,
            inputs.Persisted: self._persisted,
            inputs.TruncationRefused: self._truncation_refused,
            inputs.LogPersisted: self._log_persisted,
            inputs.Reloaded: self._reloaded,
            inputs.LogRead: self._log_read,
            inputs.Propose: self._propose,
            inputs.ProposeAll: self._propose_all,
            inputs.Reconfigure: self._reconfigure,
            inputs.Sync: self._sync,
            inputs.ToLeader: self._to_leader,
            inputs.ToLeaderAll: self._to_leader_all,
            inputs.ToLearner: self._to_learner,
            inputs.Tick: self._tick,
        }

    def step(self, event: inputs.Input, now_ms: int) -> list[Effect]:
        """Take in one thing that happened; return what is to be done, in this order."""
        return self.step_all((event,), now_ms)

    def step_all(self, events: Iterable[inputs.Input], now_ms: int) -> list[Effect]:
        """Take in what happened in this order at one time; return what is to be done for all."""
        self.now_ms = now_ms
        for event in events:
            self._steps[type(event)](event)
            if self.closing or not (self.leader or self.learner):
                self._follow_election()
        out = self.out
        if out:
            self.out = []
        return out

    @property
    def deadline_ms(self) -> int | None:
        """When ``Tick`` is due; None while nothing but the disk is waited for."""
        for part in (self.leader, self.learner):
            if part is not None and not self.closing:
                return part.deadline_ms
        if self.closing:
            return self._look_at_ms if self.now_ms < self._look_at_ms else None
        election_ms = self.election.deadline_ms
        return election_ms if election_ms is None else min(election_ms, self._read_only_at_ms)

    def variables(self) -> dict[str, Any]:
        """Return this server's variables of spec/Zab.tla, by their names there."""
        state = ServerState.LOOKING if self.closing else self.state
        found: dict[str, Any] = {
            "acceptedEpoch": self.accepted_epoch,
            "currentEpoch": self.current_epoch,
            "state": state.name,
            "zabState": self.zab_state.name,
            "lastZxid": self.last_zxid,
            "lastCommitted": self.last_committed,
        }
        leader, learner = self.leader, self.learner
        if leader is not None:
            found |= {
                "newEpoch": leader.new_epoch,
                "handler": {h.server_id: h.stage.name for h in leader.handler.values()},
                "cepochRecv": sorted(leader.cepoch_recv),
                "ackeRecv": sorted(leader.acke_recv),
                "ackldRecv": sorted(leader.ackld_recv),
                "outstandingProposals": {
                    zxid: sorted(proposal.ack_set)
                    for zxid, proposal in leader.outstanding_proposals.items()
                },
            }
        if learner is not None:
            found |= {
                "newEpoch": learner.new_epoch,
                "leader": learner.leader,
                "learnerStage": learner.learner_stage.name,
                "syncMode": learner.sync_mode.name if learner.sync_mode else "NONE",
                "packetsNotLogged": [zxid for zxid, _ in learner.packets_not_logged],
                "packetsCommitted": [*learner.packets_committed],
            }
        return found

    # -- for the roles

    def send(self, link: Link, packet: QuorumPacket) -> None:
        """Send a packet on a link."""
        self.out.append(_new(Send, (link, packet)))

    @property
    def handles_in_bulk(self) -> bool:
        """Whether what has come together is to be handled together."""
        return self.bulk and self.trace is None

    def send_all(self, links: Sequence[Link], packets: Sequence[QuorumPacket]) -> None:
        """Send packets on each of the links."""
        if links:
            self.out.append(_new(SendAll, (links, packets)))

    def log_all(self, entries: Sequence[Entry]) -> None:
        """Write transactions to the log, in their order, if we keep one."""
        self.last_zxid = entries[-1][0]
        if self.keeps_log:
            self.out.append(_new(AppendAll, (entries,)))
            self._appended = self.last_zxid

    def deliver_all(self, entries: Sequence[Entry]) -> None:
        """Apply what were the oldest of the logged transactions: they are committed."""
        self.last_processed = self.last_committed = entries[-1][0]
        self.committed_log.entries.extend(entries)
        self.out.append(_new(DeliverAll, (entries,)))

    def persist(self, effect: Durable) -> None:
        """Ask the disk for something that will be reported."""
        self._unfinished.append(effect)
        self.out.append(effect)

    def log(self, zxid: int, entry: bytes) -> None:
        """Write a transaction to the log, if we keep one."""
        self.last_zxid = zxid
        if self.keeps_log:
            self.out.append(_new(Append, (zxid, entry)))
            self._appended = zxid

    def append(self, zxid: int, entry: bytes) -> None:
        """Log a transaction that is not committed as far as we know."""
        self.log(zxid, entry)
        self.pending.append((zxid, entry))

    def deliver_pending(self) -> None:
        """Apply the oldest of the logged transactions: it is committed."""
        zxid, entry = self.pending.popleft()
        self.last_processed = self.last_committed = zxid
        self.committed_log.add(zxid, entry)
        self.out.append(_new(Deliver, (zxid, entry)))

    def replay(self, zxid: int, entry: bytes) -> None:
        """Let the tree have a transaction that may not be committed; nobody is served now."""
        self.last_processed = zxid
        self.committed_log.add(zxid, entry)
        self.out.append(Replay(zxid, entry))

    @property
    def log_is_durable(self) -> bool:
        """Whether all that was given to the log would survive a crash."""
        return self.last_durable >= self._appended

    def is_durable(self, zxid: int) -> bool:
        """Whether a transaction that was applied is in our own log too.

        A zxid without a counter is where an epoch begins, with a history that is durable.
        """
        return self.last_durable >= zxid or not zxid & _COUNTER

    @property
    def is_ahead_of_disk(self) -> bool:
        """Whether we have transactions that will never be in our log."""
        return self.last_durable < self.last_zxid and not self.keeps_log

    @property
    def is_idle(self) -> bool:
        """Whether nothing but the log is waited for on the disk."""
        return not self._unfinished

    @property
    def accepts_learners(self) -> bool:
        """Whether the quorum port is to be open."""
        return self.leader is not None and not self.closing

    def database_runs_ahead(self) -> None:
        """Say that the tree will have what snapshot and log have not, until a snapshot is taken."""
        self._database_is_ahead = True

    def serve(self, zxid: int) -> None:
        """Serve clients from now on."""
        self.zab_state = ZabState.BROADCAST
        self._serving = True
        self.out.append(Serve(self.state, zxid))

    # -- the configuration

    def set_last_seen_config(self, config: QuorumConfig) -> None:
        """Take note of a configuration that was proposed (setLastSeenQuorumVerifier).

        An older one is taken too: what we have seen was then given up by who leads now.
        """
        if not self.settings.reconfig_enabled:
            return
        if config.version != self.membership.last_seen.version:
            self.membership = self.membership.seen(config)
            self.out.append(SetLastSeenConfig(config))

    def is_quorum_synced(self, config: QuorumConfig) -> bool:
        """Whether we lead, and a quorum of a configuration follows us and is up to date."""
        return self.leader is not None and self.leader.is_quorum_synced(config)

    def process_reconfig(
        self, config: QuorumConfig, suggested_leader: int | None = None, zxid: int = 0
    ) -> bool:
        """Let a configuration come into force, unless it is none newer than the one that is.

        Returns whether we have to leave our role: it is another one, or the leader is. With a
        ``suggested_leader`` the next role is then taken up without an election.
        """
        before = self.membership
        if not self.settings.reconfig_enabled or config.version <= before.active.version:
            return False
        self.membership = before.activated(config)
        self.out.append(SetConfig(config))
        if before.active._replace(version=config.version) == config:
            return False
        server_id = self.settings.server_id
        role_change = before.observes(server_id) != self.membership.observes(server_id)
        leader = self.election.current_vote.proposal.leader
        if suggested_leader is None:
            self.reconfig_state_change = False
            here, there = before.active.server(leader), config.server(leader)
            leader_change = (
                (here is None or there is None)
                or (here.observer or there.observer)
                or here.endpoints != there.endpoints
            )
        else:
            leader_change = suggested_leader != leader
            if leader_change:
                self.election.current_vote = Vote(Proposal(suggested_leader, zxid, -1), -1)
            if role_change or leader_change:
                self.reconfig_state_change = True
        return role_change or leader_change

    def _learn_config(self, text: bytes | None) -> bool:
        """Take a newer configuration that another server's vote came with, while LOOKING.

        Returns whether the election begins anew.
        """
        if (
            not text
            or not self.settings.reconfig_enabled
            or self.state is not ServerState.LOOKING
            or text == self.membership.text
        ):
            return False
        try:
            config = read_config(text)
        except WireError:
            return False
        before = self.membership.active
        if config.version <= before.version:
            return False
        self.process_reconfig(config)
        if before._replace(version=config.version) == config:
            return False
        self.election.zab_timeout()
        self._begin_election()
        return True

    def shutdown(self, links: Iterable[Link], reason: str) -> None:
        """Give up leading or learning; look for a leader when the disk is quiet."""
        if self.closing:
            return
        self.closing = True
        if self.state is ServerState.OBSERVING:
            self._look_at_ms = self.now_ms + self.settings.observer_delay_ms(self.elections)
        self._stop_serving()
        self.out += [Close(link, reason) for link in links]
        self.touched.clear()

    def _stop_serving(self) -> None:
        if self._serving:
            self._serving = False
            self.out.append(StopServing())

    # -- election

    def _start(self, event: inputs.Start) -> None:
        self.election.restart()
        self._begin_election()

    def _begin_election(self) -> None:
        self.elections += 1
        self.reconfig_state_change = False
        if self.settings.read_only_mode:
            self._read_only_at_ms = self.now_ms + self.settings.read_only_delay_ms
        self.election.run()

    def _notification(self, event: inputs.NotificationReceived) -> None:
        if not self._learn_config(event.notification.config):
            self.election.receive(event.server_id, event.notification)

    def _follow_election(self) -> None:
        """Take up the role that an election ended with, or begin the next election."""
        while True:
            if self.closing:
                if not self._disk_is_quiet() or self.now_ms < self._look_at_ms:
                    return
                self._look_again()
            if self.state is ServerState.LOOKING or self.leader or self.learner:
                return
            self._read_only_at_ms = _NEVER
            self._stop_serving()
            self.keeps_log = self.settings.sync_enabled or self.state is not ServerState.OBSERVING
            if self.state is ServerState.LEADING:
                self.leader = Leader(self)
                self.leader.start()
            else:
                self.learner = Learner(self)
                self.learner.start()

    def _disk_is_quiet(self) -> bool:
        if self._unfinished or not self.log_is_durable:
            return False
        if self._database_is_ahead:
            self._database_is_ahead = False
            self._reloading = True
            self.out.append(Reload())
        return not self._reloading

    def _look_again(self) -> None:
        """Let the tree have all of the log (fastForwardDataBase), and hold an election."""
        for zxid, entry in self.pending:
            self.replay(zxid, entry)
        self.pending.clear()
        self.closing = False
        self.leader = self.learner = None
        self.zab_state = ZabState.ELECTION
        if self.reconfig_state_change:
            self._take_designated_role()
            return
        self.election.zab_timeout()
        self._begin_election()

    def _take_designated_role(self) -> None:
        """Lead or learn as the reconfiguration has said (``QuorumPeer.updateServerState``)."""
        self.reconfig_state_change = False
        server_id = self.settings.server_id
        if self.election.current_vote.proposal.leader == server_id:
            self.state = ServerState.LEADING
        elif self.membership.observes(server_id):
            self.state = ServerState.OBSERVING
        else:
            self.state = ServerState.FOLLOWING

    # -- the disk

    def _persisted(self, event: inputs.Persisted) -> None:
        effect = event.effect
        self._unfinished.remove(effect)
        if isinstance(effect, TruncateLog):
            self.committed_log.truncate(effect.zxid)
            self._at(effect.zxid)
        elif isinstance(effect, InstallSnapshot):
            self.committed_log.replace(())
            self.last_processed = effect.zxid
        elif isinstance(effect, TakeSnapshot):
            self._at(effect.zxid)
            self._database_is_ahead = False
        elif isinstance(effect, PersistAcceptedEpoch):
            self.accepted_epoch = effect.epoch
        else:
            self.current_epoch = effect.epoch
        role = self.leader or self.learner
        if role is not None and not self.closing:
            role.persisted(effect)

    def _truncation_refused(self, event: inputs.TruncationRefused) -> None:
        self._unfinished.remove(event.effect)
        if self.learner is not None and not self.closing:
            self.learner.truncation_refused(event.effect.zxid)

    def _at(self, zxid: int) -> None:
        """Tree, log and disk end at a zxid."""
        self.last_zxid = self.last_durable = self._appended = self.last_processed = zxid

    def _log_persisted(self, event: inputs.LogPersisted) -> None:
        self.last_durable = max(self.last_durable, event.zxid)
        role = self.leader or self.learner
        if self.closing:
            self.shutdown_log_flushed(event.zxid)
        elif role is not None:
            role.log_persisted(event.zxid)

    @action("ShutdownLogFlushed")
    def shutdown_log_flushed(self, upto: int) -> None:
        """The log queue of a role that is over is written to its end; nobody is told."""

    def _reloaded(self, event: inputs.Reloaded) -> None:
        self._reloading = False
        self.pending.clear()
        self.committed_log.replace(event.entries)
        self._at(event.zxid)

    # -- what the roles are told

    def _learner_connected(self, event: inputs.LearnerConnected) -> None:
        if self.leader is not None and not self.closing:
            self.leader.learner_connected(event.link)
        else:
            self.out.append(Close(event.link, "not leading"))

    def _leader_connected(self, event: inputs.LeaderConnected) -> None:
        if self.learner is None or self.closing or not self.learner.awaits_connection:
            self.out.append(Close(event.link, "not asked for any more"))
        else:
            self.learner.connected(event.link)

    def _connect_failed(self, event: inputs.ConnectFailed) -> None:
        learner = self.learner
        if learner is not None and not self.closing and learner.leader == event.server_id:
            learner.connect_failed()

    def _packet(self, event: inputs.PacketReceived) -> None:
        role = self.leader or self.learner
        if role is not None and not self.closing:
            role.receive(event.link, event.packet)

    def _packets(self, event: inputs.PacketsReceived) -> None:
        role = self.leader or self.learner
        if role is not None and not self.closing:
            role.receive_all(event.link, event.packets)

    def _snapshot(self, event: inputs.SnapshotReceived) -> None:
        if self.learner is not None and not self.closing:
            self.learner.snapshot_received(event.link)

    def _heard(self, event: inputs.Heard) -> None:
        role = self.leader or self.learner
        if role is not None and not self.closing:
            role.heard(event.link)

    def _disconnected(self, event: inputs.Disconnected) -> None:
        role = self.leader or self.learner
        if role is not None and not self.closing:
            role.disconnected(event.link)

    def _log_read(self, event: inputs.LogRead) -> None:
        if self.leader is not None and not self.closing:
            self.leader.log_read(event.link, event.entries)

    def _propose(self, event: inputs.Propose) -> None:
        if self.leader is not None and not self.closing:
            self.leader.propose(event.zxid, event.entry)

    def _propose_all(self, event: inputs.ProposeAll) -> None:
        if self.leader is not None and not self.closing:
            self.leader.propose_all(event.entries)

    def _reconfigure(self, event: inputs.Reconfigure) -> None:
        if self.leader is not None and not self.closing:
            self.leader.reconfigure(event.zxid, event.entry)

    def _sync(self, event: inputs.Sync) -> None:
        if self.leader is not None and not self.closing:
            self.leader.process_sync(event.link, event.token)

    def _to_leader(self, event: inputs.ToLeader) -> None:
        if self.learner is not None and not self.closing:
            self.learner.to_leader(event.packet)

    def _to_leader_all(self, event: inputs.ToLeaderAll) -> None:
        if self.learner is not None and not self.closing:
            self.learner.to_leader_all(event.packets)

    def _to_learner(self, event: inputs.ToLearner) -> None:
        if self.leader is not None and not self.closing:
            self.leader.to_learner(event.link, event.packet)

    def _tick(self, event: inputs.Tick) -> None:
        role = self.leader or self.learner
        if role is not None:
            if not self.closing:
                role.tick()
            return
        if self.now_ms >= self._read_only_at_ms:
            self._read_only_at_ms = _NEVER
            self._serving = True
            self.out.append(ServeReadOnly())
        if self.election.deadline_ms is not None and self.now_ms >= self.election.deadline_ms:
            self.election.timeout()
