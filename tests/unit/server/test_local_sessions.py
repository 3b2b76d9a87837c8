"""Sessions that one server knows: no transaction for them, global on need, or never."""

import random

import pytest
from tests.unit.server.world import Client, World

from speckeeper.server.learner_server import LearnerServer
from speckeeper.server.learners import LearnersGate
from speckeeper.server.reasons import CloseReason
from speckeeper.server.server import Server
from speckeeper.server.settings import ServerSettings
from speckeeper.tree.datatree import DataTree
from speckeeper.wire.codes import CreateFlag, ErrorCode, OpCode
from speckeeper.wire.quorum import PacketType, QuorumPacket
from speckeeper.wire.quorum_data import decode_forwarded, encode_revalidate
from speckeeper.wire.records import OPEN_ACL_UNSAFE
from speckeeper.wire.requests import CreateRequest, MultiRequest, SetDataRequest
from speckeeper.wire.txns import ErrorTxn, Txn, decode_txn, encode_txn
from speckeeper.zab.effects import FromLearner

EPHEMERAL = int(CreateFlag.EPHEMERAL)
LOCAL = {"local_sessions_enabled": True}
UPGRADED = {**LOCAL, "local_sessions_upgrading_enabled": True}


def create(path: str, flags: int = 0) -> CreateRequest:
    return CreateRequest(path, b"", OPEN_ACL_UNSAFE, flags)


def kinds(world: World) -> list[tuple[int, int]]:
    """Type and client of what waits to be logged."""
    headers = [decode_txn(entry).header for _, entry in world.pending()]
    return [(header.type, header.client_id) for header in headers]


class TestAtTheLeader:
    def test_opens_writes_and_closes_without_transactions_of_its_own(self) -> None:
        world = World(**LOCAL)
        client = world.client()
        assert kinds(world) == []
        client.send(OpCode.CREATE, create("/a"))
        client.send(OpCode.CLOSE_SESSION, body=b"")
        assert kinds(world) == [(OpCode.CREATE, client.session.session_id)]
        assert client.frames() == []  # the end waits for its turn
        world.persist()
        assert [reply.err for reply in client.frames()] == [0, 0]
        assert client.closed is CloseReason.CLIENT_CLOSED_SESSION
        assert world.tree.sessions == {}
        assert "/a" in world.tree.nodes

    def test_silent_one_expires_without_a_transaction(self) -> None:
        world = World(**LOCAL)
        client = world.client(timeout_ms=4000)
        assert world.tick(4000) == []
        client.call(OpCode.PING, body=b"", xid=-2)
        assert world.tick(4000) == []
        assert world.tick(4000) == [client.session.session_id]
        assert kinds(world) == []
        assert client.closed is CloseReason.SESSION_EXPIRED
        gone = world.client(session_id=client.session.session_id, password=client.session.password)
        assert gone.session.session_id == 0

    def test_goes_on_on_another_connection(self) -> None:
        world = World(**LOCAL)
        client = world.client()
        session = client.session
        again = world.client(session_id=session.session_id, password=session.password)
        assert again.session.session_id == session.session_id
        assert client.closed is CloseReason.CLIENT_RECONNECT
        assert again.create("/a").err == 0

    def test_ephemeral_is_refused(self) -> None:
        world = World(**LOCAL)
        client = world.client()
        assert client.create("/e", flags=EPHEMERAL).err == ErrorCode.EPHEMERAL_ON_LOCAL_SESSION
        ops = ((OpCode.CREATE, create("/a")), (OpCode.CREATE, create("/e", EPHEMERAL)))
        reply = client.call(OpCode.MULTI, MultiRequest(ops))
        assert int(ErrorCode.EPHEMERAL_ON_LOCAL_SESSION).to_bytes(4, "big", signed=True) in (
            reply.body
        )
        assert world.tree.nodes.keys() & {"/a", "/e"} == set()

    @pytest.mark.parametrize("in_a_multi", [False, True])
    def test_ephemeral_makes_it_global(self, in_a_multi: bool) -> None:
        world = World(**UPGRADED)
        client = world.client(timeout_ms=4000)
        session_id = client.session.session_id
        request = create("/e", EPHEMERAL)
        if in_a_multi:
            ops = ((OpCode.CREATE, create("/a")), (OpCode.CREATE, request))
            client.send(OpCode.MULTI, MultiRequest(ops))
        else:
            client.send(OpCode.CREATE, request)
        client.send(OpCode.CREATE, create("/b"))
        assert kinds(world) == [
            (OpCode.CREATE_SESSION, session_id),
            (OpCode.MULTI if in_a_multi else OpCode.CREATE, session_id),
            (OpCode.CREATE, session_id),
        ]
        world.persist()
        assert [reply.err for reply in client.frames()] == [0, 0]
        assert world.tree.sessions == {session_id: 4000}
        assert world.server.core.local_sessions.by_id == {}
        assert world.tree.ephemerals == {session_id: {"/e"}}
        assert world.tick(6001) == [session_id]  # by a transaction, like any other
        world.persist()
        assert "/e" not in world.tree.nodes


class Learner(World):
    """A learner's server; the leader is the test, or a server of ours."""

    def __init__(self, **settings: bool) -> None:
        super().__init__(kind=LearnerServer, server_id=2, **settings)
        self.leader = Server(
            ServerSettings(server_id=1, **settings), DataTree(), 0, 0, random.Random(1)
        )
        self.gate = LearnersGate(self.leader)

    def requests(self) -> list[tuple[int, int]]:
        """Operation and session of what is for the leader; it is not lost by this."""
        packets = self.server._forwarding.requests
        found = [decode_forwarded(each.data) for each in packets]
        return [(op, session_id) for session_id, _, op, _ in found]

    def commit(self) -> list[Txn]:
        """Have the leader do it, and deliver what comes of it."""
        for packet in self.server.take_requests():
            self.gate.take(FromLearner(1, 2, packet), self.now_ms)
        txns = []
        for zxid, entry in self.leader.take_appends():
            self.leader.persisted(zxid, self.now_ms)
            txns.append(decode_txn(entry))
            self.server.deliver_all([(zxid, entry)], self.now_ms)
        return txns


class TestAtALearner:
    def test_writes_go_to_the_leader_and_nothing_else(self) -> None:
        world = Learner(**LOCAL)
        client = world.client()
        session_id = client.session.session_id
        client.send(OpCode.CREATE, create("/a"))
        client.send(OpCode.SET_DATA, SetDataRequest("/a", b"x", -1))
        client.send(OpCode.CLOSE_SESSION, body=b"")
        assert world.requests() == [(OpCode.CREATE, session_id), (OpCode.SET_DATA, session_id)]
        world.commit()
        assert [reply.err for reply in client.frames()] == [0, 0, 0]
        assert client.closed is CloseReason.CLIENT_CLOSED_SESSION
        assert world.leader.sessions.by_id == {}

    def test_leader_is_not_told_that_it_lives(self) -> None:
        world = Learner(**UPGRADED)
        client = world.client()
        assert world.server.take_touched(world.now_ms) == {}
        client.send(OpCode.CREATE, create("/e", EPHEMERAL))
        world.commit()
        client.call(OpCode.PING, body=b"", xid=-2)
        assert world.server.take_touched(world.now_ms) == {client.session.session_id: 10_000}

    def test_expires_here(self) -> None:
        world = Learner(**LOCAL)
        client = world.client(timeout_ms=4000)
        assert world.tick(6001) == [client.session.session_id]
        assert client.closed is CloseReason.SESSION_EXPIRED
        assert world.requests() == []

    def test_goes_on_here_without_the_leader(self) -> None:
        world = Learner(**LOCAL)
        session = world.client().session
        again = world.client(session_id=session.session_id, password=session.password)
        assert again.session.session_id == session.session_id

    def test_is_invalid_elsewhere(self) -> None:
        """At the leader, and at another learner, which asks the leader."""
        world = Learner(**LOCAL)
        session = world.client().session
        packet = QuorumPacket(
            PacketType.REVALIDATE, -1, encode_revalidate(session.session_id, 4000)
        )
        answer = world.gate.take(FromLearner(2, 3, packet), 0)
        assert answer.packet.data[8:] == b"\0"
        elsewhere = World(**LOCAL)
        stranger = Client(elsewhere)
        stranger.connect(session_id=session.session_id, password=session.password)
        assert stranger.welcome().session_id == 0

    def test_ephemeral_is_refused_whatever_the_leader_calls_it(self) -> None:
        world = Learner(**LOCAL)
        client = world.client()
        client.send(OpCode.CREATE, create("/e", EPHEMERAL))
        (txn,) = world.commit()
        assert isinstance(txn.record, ErrorTxn)
        assert client.frames()[0].err == ErrorCode.EPHEMERAL_ON_LOCAL_SESSION
        # A leader of Apache's cannot know that the session is a local one.
        client.send(OpCode.CREATE, create("/e", EPHEMERAL))
        world.server.take_requests()
        header = txn.header._replace(zxid=txn.header.zxid + 1, cxid=client.last_xid)
        expired = Txn(header, ErrorTxn(int(ErrorCode.SESSION_EXPIRED)))
        world.server.deliver_all([(expired.header.zxid, encode_txn(expired))], world.now_ms)
        assert client.frames()[0].err == ErrorCode.EPHEMERAL_ON_LOCAL_SESSION

    def test_ephemeral_makes_it_global(self) -> None:
        world = Learner(**UPGRADED)
        client = world.client()
        session_id = client.session.session_id
        client.send(OpCode.CREATE2, create("/e", EPHEMERAL))
        assert world.requests() == [
            (OpCode.CREATE_SESSION, session_id),
            (OpCode.CREATE2, session_id),
        ]
        world.commit()
        assert client.frames()[0].err == 0
        assert world.tree.ephemerals == {session_id: {"/e"}}
        assert world.leader.sessions.by_id[session_id].owner == 1
        assert world.server.core.local_sessions.by_id == {}  # it is the leader that lets it expire
        client.send(OpCode.CLOSE_SESSION, body=b"")
        assert world.requests() == [(OpCode.CLOSE_SESSION, session_id)]
        world.commit()
        assert "/e" not in world.tree.nodes

    def test_late_write_of_a_session_that_is_over_is_no_local_one(self) -> None:
        world = Learner(**UPGRADED)
        client = world.client()
        client.send(OpCode.CREATE, create("/e", EPHEMERAL))
        world.commit()
        client.frames()
        client.send(OpCode.CREATE, create("/late"))
        late = world.server.take_requests()
        world.leader.session_ops.close(client.session.session_id, world.now_ms)  # it expires
        world.commit()
        for packet in late:
            world.gate.take(FromLearner(1, 2, packet), world.now_ms)
        ((_, entry),) = world.leader.take_appends()
        assert decode_txn(entry).record == ErrorTxn(int(ErrorCode.SESSION_EXPIRED))

    def test_leader_without_local_sessions_calls_it_expired(self) -> None:
        world = Learner(**LOCAL)
        client = world.client()
        world.leader.settings = world.leader.core.settings = ServerSettings(server_id=1)
        client.send(OpCode.CREATE, create("/a"))
        world.commit()
        assert client.frames()[0].err == ErrorCode.SESSION_EXPIRED


def test_leader_knows_its_own_expired_ones() -> None:
    """LeaderSessionTracker.checkSession: an id that was given out here, and is not known."""
    world = Learner(**LOCAL)
    own = world.leader.sessions.new_id()
    packet_of = world.client()
    packet_of.send(OpCode.CREATE, create("/a"))
    (packet,) = world.server.take_requests()
    forged = packet._replace(data=own.to_bytes(8, "big", signed=True) + packet.data[8:])
    world.gate.take(FromLearner(1, 2, forged), 0)
    ((_, entry),) = world.leader.take_appends()
    assert decode_txn(entry).record == ErrorTxn(int(ErrorCode.SESSION_EXPIRED))
