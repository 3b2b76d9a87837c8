"""The server of a member of an ensemble, as its core asks for it: none, a leader's, a learner's.

Sans I/O: carries out the effects of the core that concern the tree and the server, and says what
the core has to be told of what clients and learners ask. Two drivers use it, ``net/member.py`` on
sockets and ``sim/node.py`` under virtual time.

Source: ZooKeeper ``QuorumPeer`` (makeLeader, makeFollower, makeObserver).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from speckeeper.server.learner_server import LearnerServer
from speckeeper.server.learners import LearnersGate
from speckeeper.server.member_counts import MemberCounts
from speckeeper.server.ordinary_writes import ReplyAhead
from speckeeper.server.pipeline import Random
from speckeeper.server.read_only_server import ReadOnlyServer
from speckeeper.server.reconfig import Ensemble, Reconfigurer
from speckeeper.server.server import Server
from speckeeper.server.settings import ServerSettings
from speckeeper.server.stats import Distribution
from speckeeper.tree.apply import apply
from speckeeper.tree.datatree import DataTree
from speckeeper.wire.election import ServerState
from speckeeper.wire.jute import LONG
from speckeeper.wire.quorum import PacketType
from speckeeper.wire.quorum_config import QuorumConfig, encode_config
from speckeeper.wire.quorum_data import decode_revalidated
from speckeeper.wire.txns import decode_txn
from speckeeper.zab import effects, inputs
from speckeeper.zab.effects import Entry

# Of the serialized header: session, cxid, zxid, then the time.
_TXN_TIME, _TXN_TIME_OFFSET = LONG, 20


def _shared_out(settings: ServerSettings, voters: int) -> ServerSettings:
    """Give a voter its share of ``globalOutstandingLimit`` (``getGlobalOutstandingLimit``)."""
    limit = settings.global_outstanding_limit // (voters - 1 if voters > 2 else 1)
    return replace(settings, global_outstanding_limit=limit)


def _apart(appends: Sequence[Entry], reconfigs: Sequence[int]) -> Iterator[inputs.Input]:
    """Yield transactions to propose, and reconfigurations among them as what they are."""
    ordinary: list[Entry] = []
    for zxid, entry in appends:
        if zxid not in reconfigs:
            ordinary.append((zxid, entry))
            continue
        if ordinary:
            yield inputs.ProposeAll(ordinary)
            ordinary = []
        yield inputs.Reconfigure(zxid, entry)
    if ordinary:
        yield inputs.ProposeAll(ordinary)


class MemberServer:
    """``server``: the request pipeline while this member serves, ``role`` in which role it does.

    ``tree``: what gives the tree of now; a snapshot of the leader's replaces it.
    """

    def __init__(self, settings: ServerSettings, tree: Callable[[], DataTree]) -> None:
        self.settings = settings
        self.counts = MemberCounts()
        self.server: Server | None = None
        self.role: ServerState | None = None
        self.ensemble: Ensemble | None = None
        """What a leader's server asks about the ensemble; without it reconfig is refused."""
        self._tree = tree
        self._gate: LearnersGate | None = None
        self._ahead: ReplyAhead | None = None

    # -- effects of the core

    def serve(
        self, effect: effects.Serve, config: QuorumConfig, now_ms: int, wall_ms: int, rng: Random
    ) -> Server:
        """Begin to serve; return the server of this time."""
        tree = self._begin(config, now_ms, wall_ms)
        self.role = effect.role
        settings = self.settings
        if effect.role is not ServerState.OBSERVING:
            settings = _shared_out(settings, len(config.voters))
        server: Server
        if effect.role is ServerState.LEADING:
            tree.last_processed_zxid = effect.zxid
            server = Server(settings, tree, now_ms, wall_ms, rng)
            server.pipeline.zxid = effect.zxid
            self._gate = LearnersGate(server)
            if self.ensemble is not None:
                pipeline = server.pipeline
                pipeline.view.reconfigure = Reconfigurer(
                    self.ensemble,
                    lambda: bool(pipeline.reconfigs),
                    settings.policy.standalone_enabled,
                ).prepare
        else:
            server = LearnerServer(settings, tree, now_ms, wall_ms, rng)
        self.server = server
        return server

    def serve_read_only(
        self, config: QuorumConfig, now_ms: int, wall_ms: int, rng: Random
    ) -> Server:
        """Begin to serve readers, without a leader; return the server of this time."""
        tree = self._begin(config, now_ms, wall_ms)
        self.server = ReadOnlyServer(self.settings, tree, now_ms, wall_ms, rng)
        return self.server

    @property
    def read_only(self) -> bool:
        """Whether only readers are served, for there is no leader."""
        return self.server is not None and self.role is None

    def _begin(self, config: QuorumConfig, now_ms: int, wall_ms: int) -> DataTree:
        tree = self._tree()
        self.counts.serving_since_ms = now_ms
        tree.set_config(encode_config(config), config.version, wall_ms)
        return tree

    def stop(self) -> None:
        """Serve nobody."""
        self.server = self.role = self._gate = self._ahead = None

    def replay(self, effect: effects.Replay) -> None:
        """Let the tree have a transaction while nobody is served."""
        apply(self._tree(), decode_txn(effect.entry))

    def deliver(self, effect: effects.Deliver, now_ms: int) -> None:
        """Apply a committed transaction, and answer whoever asked for it here."""
        self.deliver_all((effect,), now_ms)

    def deliver_all(self, deliveries: Sequence[Entry], now_ms: int) -> None:
        """Do the same for transactions that follow each other."""
        server, counts = self.server, self.counts
        if isinstance(server, LearnerServer):
            counts.commits_received += len(deliveries)
            self._time(deliveries, now_ms, server, counts.commit_propagation_latency)
            server.deliver_all(deliveries, now_ms)
        elif server is not None:
            counts.commits += len(deliveries)
            self._time(deliveries, now_ms, server, counts.quorum_ack_latency)
            server.committed(deliveries[-1][0], now_ms)
        else:
            for _, entry in deliveries:
                apply(self._tree(), decode_txn(entry))

    def make_ready(self, zxid: int, entry: bytes) -> None:
        """Make ready what a client that is alone is told when a transaction is committed.

        To be called while the others are waited for, with the only one that is under way.
        """
        server = self.server
        if isinstance(server, LearnerServer):
            self._ahead = server.reply_ahead_of(zxid, entry)
        else:
            self._ahead = None if server is None else server.reply_ahead()

    def take_ready(self, zxid: int) -> ReplyAhead | None:
        """Take out the reply of a transaction that is committed, if it was made ready and holds.

        It is to be sent, and the transaction delivered, before anything else happens.
        """
        ahead, self._ahead = self._ahead, None
        server = self.server
        if ahead is None or ahead.zxid != zxid or server is None or not server.still_holds(ahead):
            return None
        server.sent_ahead(ahead)
        return ahead

    def _time(
        self,
        deliveries: Sequence[Entry],
        now_ms: int,
        server: Server,
        latency: Distribution,
    ) -> None:
        """Enter how old transactions are; another server's clock may be ahead of ours."""
        wall_ms = now_ms + server.pipeline.wall_offset_ms
        add, time_of = latency.add, _TXN_TIME.unpack_from
        if len(deliveries) == 1:
            age_ms = wall_ms - time_of(deliveries[0][1], _TXN_TIME_OFFSET)[0]
            if age_ms >= 0:
                add(age_ms)
            return
        ages_ms = Counter([wall_ms - time_of(e, _TXN_TIME_OFFSET)[0] for _, e in deliveries])
        for age_ms, times in ages_ms.items():
            if age_ms >= 0:
                add(age_ms, times)

    def from_leader(self, effect: effects.FromLeader, now_ms: int) -> None:
        """Take an answer of the leader. Raises WireError for data that does not decode."""
        server, packet = self.server, effect.packet
        if not isinstance(server, LearnerServer):
            return
        if packet.type is PacketType.SYNC:
            server.synced(now_ms)
        else:
            session_id, valid = decode_revalidated(packet.data)
            server.revalidated(session_id, valid, now_ms)

    def from_learner(self, effect: effects.FromLearner, now_ms: int) -> inputs.Input | None:
        """Do what a learner asks; return what the core has to be told, after this step.

        Raises WireError for data that does not decode.
        """
        if self._gate is None:
            return None
        self.counts.revalidations += effect.packet.type is PacketType.REVALIDATE
        return self._gate.take(effect, now_ms)

    # -- what the core is to be told

    def take_inputs(self) -> list[inputs.Input]:
        """Take out what the server has for the ensemble: transactions, requests to the leader."""
        server = self.server
        if isinstance(server, LearnerServer):
            requests = server.take_requests()
            return [inputs.ToLeaderAll(requests)] if requests else []
        if server is None or not server.pipeline.appends:
            return []
        appends = server.take_appends()
        self.counts.proposed(appends)
        reconfigs = server.pipeline.reconfigs
        if not reconfigs:
            return [inputs.ProposeAll(appends)]
        server.pipeline.reconfigs = []
        return [*_apart(appends, reconfigs)]

    def take_touched(self, now_ms: int) -> dict[int, int]:
        """Return a learner's sessions to tell the leader of with the answer to its PING."""
        server = self.server
        return server.take_touched(now_ms) if isinstance(server, LearnerServer) else {}
