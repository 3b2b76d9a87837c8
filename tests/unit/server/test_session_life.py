"""Sessions of clients: kept alive, expired, closed (reference section 9)."""

from tests.unit.server.world import World, framed

from speckeeper.server.connection import State
from speckeeper.server.reasons import CloseReason
from speckeeper.tree.datatree import DataTree
from speckeeper.wire.codes import OpCode
from speckeeper.wire.requests import CreateRequest, ExistsRequest
from speckeeper.wire.txns import decode_txn


def test_a_silent_session_expires_with_its_nodes_and_its_connection(world):
    client = world.client(timeout_ms=4000)
    client.create("/e", flags=1)

    assert world.tick(4000) == []
    assert world.tick(2001) == [client.session.session_id]
    assert "/e" in world.tree.nodes  # until the closeSession transaction is applied
    ((_, entry),) = world.pending()
    world.persist()

    header = decode_txn(entry).header
    assert (header.type, header.client_id, header.cxid) == (
        OpCode.CLOSE_SESSION,
        client.session.session_id,
        0,
    )
    assert "/e" not in world.tree.nodes
    assert client.closed is CloseReason.SESSION_EXPIRED
    assert world.server.stats.sessions_expired == 1
    assert world.tree.sessions == {}


def test_any_request_keeps_a_session_alive(world):
    pinging, reading = world.client(timeout_ms=4000), world.client(timeout_ms=4000)

    for _ in range(10):
        world.tick(2000)
        pinging.call(OpCode.PING, body=b"", xid=-2)
        reading.call(OpCode.EXISTS, ExistsRequest("/", False))

    assert len(world.server.sessions.by_id) == 2


def test_half_a_frame_keeps_no_session_alive(world):
    client = world.client(timeout_ms=4000)
    for _ in range(2):
        client.feed(b"\0\0\0\x40partial"[:3])
        assert world.tick(3000) in ([], [client.session.session_id])

    assert client.connection.session.closing


def test_a_request_too_late_is_dropped(world):
    client = world.client(timeout_ms=4000)
    world.tick(6001)

    client.send(OpCode.CREATE, CreateRequest("/late", b"", (), 0))
    client.send(OpCode.EXISTS, ExistsRequest("/", False))
    world.persist()

    assert client.take() == []
    assert client.closed is CloseReason.SESSION_EXPIRED


def test_closing_a_session_is_answered_and_then_ends_the_connection(world):
    client = world.client()
    client.create("/e", flags=1)

    reply = client.call(OpCode.CLOSE_SESSION, body=b"")

    assert (reply.xid, reply.err, reply.body) == (client.last_xid, 0, b"")
    assert reply.zxid == world.tree.last_processed_zxid
    assert client.closed is CloseReason.CLIENT_CLOSED_SESSION
    assert "/e" not in world.tree.nodes
    assert world.server.sessions.by_id == {}


def test_a_session_outlives_its_connection(world):
    client = world.client()
    client.create("/e", flags=1)
    session = client.session

    world.server.disconnect(client.connection, CloseReason.CLIENT_CLOSED_CONNECTION)
    again = world.stranger().connect(session_id=session.session_id, password=session.password)

    assert again.welcome().session_id == session.session_id
    assert "/e" in world.tree.nodes


def test_the_connection_that_lost_its_session_cannot_end_it(world):
    old = world.client()
    session = old.session
    new = world.stranger().connect(session_id=session.session_id, password=session.password)
    new.welcome()

    world.server.disconnect(old.connection, CloseReason.CLIENT_RECONNECT)

    assert new.create("/a").err == 0
    assert world.server.sessions.by_id[session.session_id].connection is new.connection


def test_sessions_of_a_loaded_tree_get_their_full_timeout():
    tree = DataTree()
    tree.sessions.update({5: 4000, 6: 30_000})
    world = World(tree)

    assert world.tick(4000) == []
    assert world.tick(2000) == [5]


def test_an_operator_can_close_a_session(world):
    client = world.client()

    world.server.session_ops.close(client.session.session_id, world.now_ms)
    world.persist()

    assert client.closed is CloseReason.SESSION_EXPIRED
    assert world.tree.sessions == {}


def test_nothing_happens_to_a_connection_after_its_end(world):
    client = world.client()
    client.feed(framed(b""))
    assert client.closed is CloseReason.MALFORMED_FRAME

    client.feed(client.frame(OpCode.CREATE, CreateRequest("/a", b"", (), 0)))
    world.server.disconnect(client.connection, CloseReason.IO_ERROR)
    world.server.disconnect(client.connection, CloseReason.IO_ERROR)

    assert world.pending() == []
    assert client.connection.state == State.CLOSED
    assert world.server.stats.closed == {CloseReason.MALFORMED_FRAME: 1}
    assert world.server.core.connections == {}


def test_the_cons_numbers_follow_the_requests(world):
    client = world.client()
    client.create("/a")
    for _ in range(3):
        client.send(OpCode.EXISTS, ExistsRequest("/a", False))
    client.send(OpCode.PING, body=b"", xid=-2)

    connection = client.connection
    assert connection.packets_received == 6
    assert connection.packets_sent == 6
    assert (connection.last_cxid, connection.last_op) == (client.last_xid + 2 + 4, OpCode.PING)
    assert connection.last_zxid == world.tree.last_processed_zxid
    stats = world.server.stats
    assert stats.ops[OpCode.EXISTS] == 3
    assert stats.packets_received == stats.packets_sent == 6


def test_write_latency_runs_from_arrival_to_reply(world):
    client = world.client()

    client.send(OpCode.CREATE, CreateRequest("/a", b"", (), 0))
    world.now_ms += 7
    world.persist()

    assert client.connection.last_latency_ms == 7
    assert world.server.stats.update_latency.max == 7
