"""Order and durability: replies follow requests, and no write is answered before it is durable.

Reference sections 3 and 8; ZooKeeper's guarantees of a connection: FIFO, and reading one's writes.
"""

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.server.world import World

from speckeeper.server.reasons import CloseReason
from speckeeper.wire.codes import OpCode
from speckeeper.wire.replies import decode_data_reply
from speckeeper.wire.requests import (
    CreateRequest,
    ExistsRequest,
    GetDataRequest,
    SetDataRequest,
    SyncRequest,
)
from speckeeper.wire.txns import decode_txn

GET_A = GetDataRequest("/a", False)


def test_a_write_is_answered_and_seen_by_others_only_when_durable(world):
    writer, reader = world.client(), world.client()
    writer.create("/a", b"old")

    writer.send(OpCode.SET_DATA, SetDataRequest("/a", b"new", -1))
    reader.send(OpCode.GET_DATA, GET_A)

    assert writer.take() == []
    (early,) = reader.frames()
    assert decode_data_reply(early.reader)[0] == b"old"
    world.persist()
    assert len(writer.take()) == 1
    assert decode_data_reply(reader.call(OpCode.GET_DATA, GET_A).reader)[0] == b"new"


def test_a_client_reads_its_own_writes(world):
    client = world.client()
    client.create("/a", b"old")

    client.send(OpCode.SET_DATA, SetDataRequest("/a", b"new", -1))
    client.send(OpCode.GET_DATA, GET_A)

    assert client.take() == []
    world.persist()
    written, read = client.frames()
    assert written.zxid == read.zxid
    assert decode_data_reply(read.reader)[0] == b"new"


def test_writes_are_logged_in_zxid_order_and_applied_one_by_one(world):
    one, two = world.client(), world.client()
    one.create("/a", b"")
    first = world.tree.last_processed_zxid + 1
    one.send(OpCode.SET_DATA, SetDataRequest("/a", b"1", -1))
    two.send(OpCode.SET_DATA, SetDataRequest("/a", b"2", -1))
    one.send(OpCode.SET_DATA, SetDataRequest("/a", b"3", -1))

    assert [zxid for zxid, _ in world.pending()] == [first, first + 1, first + 2]
    world.persist(first)
    assert world.tree.nodes["/a"].data == b"1"
    world.persist(first + 1)

    assert world.tree.nodes["/a"].data == b"2"
    assert (len(one.take()), len(two.take())) == (1, 1)
    world.persist()
    assert world.tree.nodes["/a"].data == b"3"


def test_a_write_is_judged_by_the_writes_ahead_of_it(world):
    client = world.client()
    client.send(OpCode.CREATE, CreateRequest("/a", b"", (), 0))  # refused: no ACL
    client.send(OpCode.SET_DATA, SetDataRequest("/a", b"", 0))
    for version in (0, 1, 1):
        client.send(OpCode.SET_DATA, SetDataRequest("/zookeeper", b"", version))

    world.persist()

    assert [reply.err for reply in client.frames()] == [-114, -101, 0, 0, -103]


def test_sync_waits_for_the_writes_of_others(world):
    writer, other = world.client(), world.client()
    writer.create("/a", b"old")
    writer.send(OpCode.SET_DATA, SetDataRequest("/a", b"new", -1))

    other.send(OpCode.SYNC, SyncRequest("/"))
    other.send(OpCode.GET_DATA, GET_A)

    assert other.take() == []
    world.persist()
    synced, read = other.frames()
    assert synced.reader.ustring() == "/"
    assert decode_data_reply(read.reader)[0] == b"new"


def test_a_ping_waits_for_the_writes_ahead_of_it(world):
    client = world.client()
    client.send(OpCode.SET_DATA, SetDataRequest("/zookeeper", b"", -1))
    client.send(OpCode.PING, body=b"", xid=-2)

    assert client.take() == []
    world.persist()

    assert [reply.xid for reply in client.frames()] == [1, -2]


def test_reporting_a_zxid_twice_or_an_old_one_does_nothing(world):
    client = world.client()
    client.create("/a", b"")
    zxid = world.tree.last_processed_zxid

    world.server.persisted(zxid, world.now_ms)
    world.server.persisted(zxid - 1, world.now_ms)

    assert client.take() == []
    assert world.tree.last_processed_zxid == zxid


def test_a_long_batch_is_applied_in_parts(world):
    client = world.client()
    for _ in range(5):
        client.send(OpCode.SET_DATA, SetDataRequest("/zookeeper", b"", -1))
    last = world.pending()[-1][0]

    assert world.server.persisted(last, world.now_ms, 2)
    assert len(client.take()) == 2
    client.send(OpCode.SET_DATA, SetDataRequest("/zookeeper", b"", 5))  # the view is still right
    assert world.server.persisted(last, world.now_ms, 2)
    assert not world.server.persisted(last, world.now_ms, 2)

    assert len(client.take()) == 3
    world.persist()
    assert client.frames()[0].err == 0


def test_a_write_of_a_connection_that_is_gone_still_happens(world):
    client, other = world.client(), world.client()
    client.send(OpCode.SET_DATA, SetDataRequest("/zookeeper", b"late", -1))
    client.send(OpCode.EXISTS, ExistsRequest("/zookeeper", True))
    world.server.disconnect(client.connection, CloseReason.IO_ERROR)

    world.persist()

    assert world.tree.nodes["/zookeeper"].data == b"late"
    assert client.take() == []
    assert len(world.server.watches) == 0  # the read behind it left nothing behind
    assert other.create("/b").err == 0


STEPS = st.one_of(
    st.tuples(st.just("write"), st.integers(0, 2), st.integers(0, 3)),
    st.tuples(st.just("read"), st.integers(0, 2), st.integers(0, 3)),
    st.tuples(st.just("sync"), st.integers(0, 2)),
    st.tuples(st.just("ping"), st.integers(0, 2)),
    st.tuples(st.just("persist"), st.integers(0, 6)),
)


@settings(max_examples=200)
@given(st.lists(STEPS, max_size=40))
def test_replies_come_in_request_order_and_never_before_their_log_entry(steps):
    world = World()
    clients = [world.client() for _ in range(3)]
    for path in range(4):
        clients[0].create(f"/{path}", b"-")
    sent = [[] for _ in clients]  # what each client waits for, oldest first
    written = dict.fromkeys(range(4), b"-")  # what is durable
    value = 0

    def check():
        for client, waiting in zip(clients, sent, strict=True):
            for reply in client.frames():
                xid, kind, path, data = waiting.pop(0)
                assert (reply.xid, reply.err) == (xid, 0)
                if kind == "write":
                    assert written_at[data] <= durable
                    own[client][path] = data
                elif kind == "read":
                    seen = decode_data_reply(reply.reader)[0]
                    assert seen == b"-" or written_at[seen] <= durable
                    mine = own[client].get(path)
                    if mine is not None:  # one's own writes are never missed
                        assert written_at[seen] >= written_at[mine]

    written_at = {}
    own = {client: {} for client in clients}
    durable = world.tree.last_processed_zxid
    for step in [*steps, ("persist", 99)]:
        kind = step[0]
        if kind == "persist":
            entries = list(world.pending())[: step[1]]
            if entries:
                durable = entries[-1][0]
                world.persist(durable)
        else:
            client, waiting = clients[step[1]], sent[step[1]]
            data = path = None
            if kind == "write":
                value += 1
                path, data = step[2], b"%d" % value
                xid = client.send(OpCode.SET_DATA, SetDataRequest(f"/{path}", data, -1))
                written_at[data] = decode_txn(world.pending()[-1][1]).header.zxid
            elif kind == "read":
                path = step[2]
                xid = client.send(OpCode.GET_DATA, GetDataRequest(f"/{path}", False))
            elif kind == "sync":
                xid = client.send(OpCode.SYNC, SyncRequest("/"))
            else:
                client.send(OpCode.PING, body=b"", xid=-2)
                xid = -2
            waiting.append((xid, kind, path, data))
        check()

    assert written  # the naive state is only there to name the paths
    assert all(not waiting for waiting in sent)
    assert not world.server.pipeline.queue
