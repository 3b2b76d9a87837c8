"""What each kind of request is answered, malformed ones included (reference sections 3, 4.1, 5)."""

import struct
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.server.world import World, framed

from speckeeper.server.reasons import CloseReason
from speckeeper.tree.policy import Policy
from speckeeper.wire.codes import ErrorCode, OpCode
from speckeeper.wire.records import ACL, ANYONE, OPEN_ACL_UNSAFE, Id
from speckeeper.wire.replies import (
    Create2Result,
    ErrorResult,
    GetChildrenResult,
    SetDataResult,
    decode_acl_reply,
    decode_children2_reply,
    decode_children_reply,
    decode_client_infos,
    decode_create2_reply,
    decode_data_reply,
    decode_multi_reply,
    decode_stat,
)
from speckeeper.wire.requests import (
    CheckVersionRequest,
    CreateRequest,
    CreateSessionRequest,
    DeleteRequest,
    ExistsRequest,
    GetACLRequest,
    GetAllChildrenNumberRequest,
    GetChildrenRequest,
    GetDataRequest,
    GetEphemeralsRequest,
    MultiRequest,
    ReconfigRequest,
    SetACLRequest,
    SetDataRequest,
    SyncRequest,
)
from speckeeper.wire.txns import decode_txn

NO_BODY = b""


def last_zxid(world):
    return world.tree.last_processed_zxid


# -- one of each


def test_create_answers_the_path_and_its_own_zxid(world):
    client = world.client()

    reply = client.create("/a", b"data")

    assert (reply.xid, reply.zxid, reply.err) == (client.last_xid, last_zxid(world), 0)
    assert reply.reader.ustring() == "/a"
    assert world.tree.nodes["/a"].data == b"data"


@pytest.mark.parametrize(
    ("op", "flags", "ttl"),
    [(OpCode.CREATE2, 0, -1), (OpCode.CREATE_CONTAINER, 4, -1), (OpCode.CREATE_TTL, 5, 1000)],
)
def test_the_other_creates_answer_path_and_stat(op, flags, ttl):
    world = World(policy=Policy(extended_types_enabled=True))
    client = world.client()

    reply = client.call(op, CreateRequest("/a", b"xyz", OPEN_ACL_UNSAFE, flags, ttl))

    path, stat = decode_create2_reply(reply.reader)
    assert (path, stat.data_length, stat.czxid) == ("/a", 3, reply.zxid)


def test_sequential_create_answers_the_final_path(world):
    reply = world.client().create("/a-", flags=2)

    assert reply.reader.ustring() == "/a-0000000000"  # /zookeeper was no transaction


def test_delete_answers_no_body(world):
    client = world.client()
    client.create("/a")

    reply = client.call(OpCode.DELETE, DeleteRequest("/a", 0))

    assert (reply.err, reply.body) == (0, b"")
    assert "/a" not in world.tree.nodes


def test_set_data_answers_the_stat(world):
    client = world.client()
    client.create("/a")

    stat = decode_stat(client.set("/a", b"new").reader)

    assert (stat.version, stat.data_length, stat.mzxid) == (1, 3, last_zxid(world))


def test_set_acl_and_get_acl(world):
    client = world.client()
    client.create("/a")
    acl = (ACL(31, ANYONE), ACL(1, Id("digest", "bob:hash")))

    stat = decode_stat(client.call(OpCode.SET_ACL, SetACLRequest("/a", acl, 0)).reader)
    shown, _ = decode_acl_reply(client.call(OpCode.GET_ACL, GetACLRequest("/a")).reader)

    assert stat.aversion == 1
    assert shown == acl


def test_get_data_and_exists(world):
    client = world.client()
    client.create("/a", b"data")

    data, stat = decode_data_reply(client.call(OpCode.GET_DATA, GetDataRequest("/a", False)).reader)
    exists = decode_stat(client.call(OpCode.EXISTS, ExistsRequest("/a", False)).reader)

    assert data == b"data"
    assert stat == exists == world.tree.nodes["/a"].stat()


def test_null_data_is_answered_as_null(world):
    client = world.client()
    client.create("/a", None)

    data, stat = decode_data_reply(client.call(OpCode.GET_DATA, GetDataRequest("/a", False)).reader)

    assert data is None
    assert stat.data_length == 0


def test_children_in_all_three_ways(world):
    client = world.client()
    for path in ("/a", "/a/x", "/a/y", "/a/y/z"):
        client.create(path)
    request = GetChildrenRequest("/a", False)

    names = decode_children_reply(client.call(OpCode.GET_CHILDREN, request).reader)
    names2, stat = decode_children2_reply(client.call(OpCode.GET_CHILDREN2, request).reader)
    number = client.call(OpCode.GET_ALL_CHILDREN_NUMBER, GetAllChildrenNumberRequest("/a"))
    everything = client.call(OpCode.GET_ALL_CHILDREN_NUMBER, GetAllChildrenNumberRequest("/"))

    assert sorted(names) == sorted(names2) == ["x", "y"]
    assert stat.num_children == 2
    assert number.reader.int() == 3
    assert everything.reader.int() == 7  # the four above and three system nodes


def test_ephemerals_of_the_asking_session_by_prefix(world):
    client, other = world.client(), world.client()
    for path in ("/a", "/ab", "/c"):
        client.create(path, flags=1)
    other.create("/abc", flags=1)

    def ask(prefix):
        reply = client.call(OpCode.GET_EPHEMERALS, GetEphemeralsRequest(prefix))
        return decode_children_reply(reply.reader)

    assert ask("/a") == ["/a", "/ab"]
    assert ask("/") == ask("") == ask(None) == ["/a", "/ab", "/c"]


def test_who_am_i_starts_with_the_address(world):
    client = world.client()

    (info,) = decode_client_infos(client.call(OpCode.WHO_AM_I, body=NO_BODY).reader)

    assert info == ("ip", "10.0.0.1")


def test_sync_echoes_the_path_and_a_null(world):
    client = world.client()

    assert client.call(OpCode.SYNC, SyncRequest("/any")).reader.ustring() == "/any"
    assert client.call(OpCode.SYNC, SyncRequest(None)).reader.ustring() is None


def test_ping_is_answered_with_its_own_xid_whatever_was_sent(world):
    client = world.client()

    assert client.call(OpCode.PING, body=NO_BODY, xid=-2).xid == -2
    reply = client.call(OpCode.PING, body=NO_BODY, xid=9)

    assert (reply.xid, reply.zxid, reply.err) == (-2, last_zxid(world), 0)


def test_reconfig_is_disabled_or_unimplemented_on_a_standalone_server(world):
    request = ReconfigRequest(None, None, "server.1=a:1:2", -1)
    enabled = World(policy=Policy(reconfig_enabled=True))

    assert world.client().call(OpCode.RECONFIG, request).err == ErrorCode.RECONFIG_DISABLED
    client = enabled.client()
    assert client.call(OpCode.RECONFIG, request).err == ErrorCode.UNIMPLEMENTED
    assert client.closed is None


def test_delete_container_is_open_to_clients(world):
    client = world.client()
    client.call(OpCode.CREATE_CONTAINER, CreateRequest("/c", b"", OPEN_ACL_UNSAFE, 4))

    reply = client.call(OpCode.DELETE_CONTAINER, DeleteRequest("/c"))

    assert (reply.err, reply.body) == (0, b"")


def test_a_client_that_asks_for_a_session_again_gets_a_connect_response(world):
    # FinalRequestProcessor answers createSession by finishSessionInit, whoever asked for it
    client = world.client()

    client.send(OpCode.CREATE_SESSION, CreateSessionRequest(9000))
    world.persist()

    (payload,) = client.take()
    assert len(payload) == 37
    assert world.tree.sessions[client.session.session_id] == 9000


def test_a_session_asked_for_again_lives_for_the_new_timeout_until_the_next_request(world):
    longer, shorter = world.client(timeout_ms=6000), world.client(timeout_ms=6000)
    for client, timeout_ms in ((longer, 18_000), (shorter, 2000)):
        client.send(OpCode.CREATE_SESSION, CreateSessionRequest(timeout_ms))
        world.persist()

    assert world.tick(4001) == [shorter.session.session_id]
    assert world.tick(13_000) == []
    longer.send(OpCode.EXISTS, ExistsRequest("/", False))
    assert world.tick(6000) == []
    assert world.tick(2000) == [longer.session.session_id]


# -- multi


def test_multi_answers_one_result_for_each_part(world):
    client = world.client()
    parts = (
        (OpCode.CREATE2, CreateRequest("/a", b"", OPEN_ACL_UNSAFE, 0)),
        (OpCode.SET_DATA, SetDataRequest("/a", b"x", 0)),
        (OpCode.CHECK, CheckVersionRequest("/a", 1)),
    )

    reply = client.call(OpCode.MULTI, MultiRequest(parts))

    created, written, _ = decode_multi_reply(reply.reader)
    assert reply.err == 0
    assert isinstance(created, Create2Result)
    assert isinstance(written, SetDataResult)
    assert created.stat.czxid == written.stat.mzxid == reply.zxid


def test_a_failed_multi_says_so_in_its_body_only(world):
    client = world.client()
    parts = (
        (OpCode.CREATE, CreateRequest("/a", b"", OPEN_ACL_UNSAFE, 0)),
        (OpCode.DELETE, DeleteRequest("/none", -1)),
        (OpCode.SET_DATA, SetDataRequest("/a", b"x", 0)),
    )

    reply = client.call(OpCode.MULTI, MultiRequest(parts))

    assert reply.err == 0
    assert decode_multi_reply(reply.reader) == (
        ErrorResult(0),
        ErrorResult(ErrorCode.NO_NODE),
        ErrorResult(ErrorCode.RUNTIME_INCONSISTENCY),
    )
    assert "/a" not in world.tree.nodes


def test_an_empty_multi_is_answered_by_its_end(world):
    reply = world.client().call(OpCode.MULTI, MultiRequest(()))

    assert decode_multi_reply(reply.reader) == ()


def test_multi_read_answers_each_part_for_itself_and_sets_no_watch(world):
    client = world.client()
    client.create("/a")
    parts = (
        (OpCode.GET_CHILDREN, GetChildrenRequest("/a", True)),
        (OpCode.GET_DATA, GetDataRequest("/none", True)),
    )

    reply = client.call(OpCode.MULTI_READ, MultiRequest(parts))

    assert decode_multi_reply(reply.reader) == (
        GetChildrenResult(()),
        ErrorResult(ErrorCode.NO_NODE),
    )
    assert len(world.server.watches) == 0


@pytest.mark.parametrize(
    ("op", "part"),
    [
        (OpCode.MULTI_READ, (OpCode.DELETE, DeleteRequest("/a", -1))),
        (OpCode.MULTI, (OpCode.GET_DATA, GetDataRequest("/zookeeper", False))),
    ],
)
def test_reads_in_a_multi_and_writes_in_a_multi_read_are_marshalling_errors(world, op, part):
    reply = world.client().call(op, MultiRequest((part,)))

    assert reply.err == ErrorCode.MARSHALLING_ERROR


# -- refusals


def test_a_refused_write_takes_a_zxid_and_is_logged(world):
    client = world.client()
    before = last_zxid(world)

    client.send(OpCode.DELETE, DeleteRequest("/none", -1))
    ((zxid, entry),) = world.pending()
    world.persist()
    (reply,) = client.frames()

    assert zxid == before + 1 == reply.zxid
    assert decode_txn(entry).header.type == OpCode.ERROR
    assert (reply.err, reply.body) == (ErrorCode.NO_NODE, b"")


WRITES = [
    OpCode.CREATE,
    OpCode.CREATE2,
    OpCode.CREATE_CONTAINER,
    OpCode.CREATE_TTL,
    OpCode.DELETE,
    OpCode.DELETE_CONTAINER,
    OpCode.SET_DATA,
    OpCode.SET_ACL,
    OpCode.MULTI,
    OpCode.RECONFIG,
    OpCode.CREATE_SESSION,
]
READS = [
    OpCode.EXISTS,
    OpCode.GET_DATA,
    OpCode.GET_ACL,
    OpCode.GET_CHILDREN,
    OpCode.GET_CHILDREN2,
    OpCode.GET_ALL_CHILDREN_NUMBER,
    OpCode.GET_EPHEMERALS,
    OpCode.MULTI_READ,
    OpCode.SET_WATCHES,
    OpCode.SET_WATCHES2,
    OpCode.ADD_WATCH,
    OpCode.CHECK_WATCHES,
    OpCode.REMOVE_WATCHES,
    OpCode.SYNC,
]


@pytest.mark.parametrize("op", WRITES)
def test_a_malformed_write_is_a_logged_error_and_the_connection_lives(world, op):
    client = world.client()
    before = last_zxid(world)

    reply = client.call(op, body=b"\0\0\0")

    assert (reply.err, reply.zxid, reply.body) == (ErrorCode.MARSHALLING_ERROR, before + 1, b"")
    assert client.closed is None


@pytest.mark.parametrize("op", READS)
def test_a_malformed_read_is_an_error_and_the_connection_lives(world, op):
    client = world.client()
    before = last_zxid(world)

    reply = client.call(op, body=b"\0\0\0")

    assert (reply.err, reply.zxid, reply.body) == (ErrorCode.MARSHALLING_ERROR, before, b"")
    assert client.closed is None


@pytest.mark.parametrize("op", [OpCode.AUTH, OpCode.SASL])
def test_malformed_auth_and_sasl_end_the_connection(world, op):
    client = world.client()

    client.send(op, body=b"\0\0\0")

    assert client.take() == []
    assert client.closed is CloseReason.MALFORMED_FRAME


@pytest.mark.parametrize("op", [OpCode.NOTIFICATION, OpCode.CHECK, OpCode.ERROR, 10, 23, 99, 200])
def test_an_unknown_opcode_is_unimplemented_and_ends_the_connection(world, op):
    client = world.client()

    client.send(op, body=b"anything", xid=7)
    client.send(OpCode.PING, body=NO_BODY, xid=-2)

    (reply,) = client.frames()
    assert (reply.xid, reply.zxid, reply.err) == (7, -1, ErrorCode.UNIMPLEMENTED)
    assert client.closed is CloseReason.UNKNOWN_OPCODE


@pytest.mark.parametrize("size", range(8))
def test_a_frame_too_short_for_a_header_ends_the_connection(world, size):
    client = world.client()

    client.feed(framed(b"\0" * size))

    assert client.closed is CloseReason.MALFORMED_FRAME
    assert client.take() == []


@pytest.mark.parametrize("length", [-1, -(2**31), 2**31 - 1, 1001])
def test_a_frame_longer_than_jute_max_buffer_ends_the_connection(length):
    world = World(jute_max_buffer=1000)
    client = world.client()

    client.feed(struct.pack(">i", length))

    assert client.closed is CloseReason.FRAME_LENGTH


def test_a_whole_frame_that_is_too_long_ends_the_connection_as_well():
    world = World(jute_max_buffer=1000)
    client = world.client()

    client.send(OpCode.CREATE, CreateRequest("/a", bytes(1000), OPEN_ACL_UNSAFE, 0))

    assert client.closed is CloseReason.FRAME_LENGTH
    assert world.pending() == []


def test_a_frame_of_exactly_jute_max_buffer_is_fine():
    world = World(jute_max_buffer=1000)
    client = world.client()
    empty = len(client.frame(OpCode.CREATE, CreateRequest("/a", b"", OPEN_ACL_UNSAFE, 0))) - 4

    reply = client.create("/a", bytes(1000 - empty))

    assert reply.err == 0


def test_bytes_behind_a_body_are_ignored_and_do_not_spoil_later_replies(world):
    client = world.client()
    client.create("/a", b"1")
    body = b"\0\0\0\2/a\0"

    first = client.call(OpCode.GET_DATA, body=body + b"junk")
    client.set("/a", b"2")
    second = client.call(OpCode.GET_DATA, body=body + b"junk")

    assert decode_data_reply(first.reader)[0] == b"1"
    assert decode_data_reply(second.reader)[0] == b"2"


def test_requests_of_a_session_that_is_closing_are_dropped(world):
    client = world.client()
    client.send(OpCode.CLOSE_SESSION, body=NO_BODY)
    client.send(OpCode.EXISTS, ExistsRequest("/", False))
    client.send(OpCode.CREATE, CreateRequest("/a", b"", OPEN_ACL_UNSAFE, 0))

    world.persist()

    (reply,) = client.frames()
    assert reply.err == 0
    assert client.closed is CloseReason.CLIENT_CLOSED_SESSION
    assert "/a" not in world.tree.nodes


@given(st.data())
def test_a_conversation_is_the_same_in_any_pieces(data):
    whole, pieces = World(), World()
    one, other = whole.client(), pieces.client()
    script = b"".join(
        (
            one.frame(OpCode.CREATE, CreateRequest("/a", b"x" * 50, OPEN_ACL_UNSAFE, 0)),
            one.frame(OpCode.GET_DATA, GetDataRequest("/a", False)),
            one.frame(OpCode.GET_DATA, body=b"\0\0\0\x09"),
            one.frame(OpCode.PING, body=NO_BODY, xid=-2),
            one.frame(OpCode.EXISTS, ExistsRequest("/none", True)),
        )
    )
    cuts = data.draw(st.lists(st.integers(0, len(script)), max_size=12))
    edges = sorted({0, len(script), *cuts})

    one.feed(script)
    whole.persist()
    for start, end in pairwise(edges):
        other.feed(script[start:end])
    pieces.persist()

    assert one.take() == other.take()
    assert whole.log == pieces.log


@given(st.integers(-20, 120), st.binary(max_size=60))
def test_no_body_of_any_operation_brings_the_server_down(op, body):
    world = World()
    client, other = world.client(), world.client()

    client.send(op, body=body, xid=5)
    world.persist()

    replies = client.frames() if op != OpCode.CREATE_SESSION else client.take()
    assert len(replies) <= 1 or client.closed is None
    assert other.create("/alive").err == 0


def test_create2_in_a_multi_is_logged_as_create_and_answered_as_create2(world):
    # ZooKeeper 3.8.0 leaves a create2 out when it replays a multi.
    client = world.client()
    request = CreateRequest("/a", b"x", OPEN_ACL_UNSAFE, 0)
    client.send(OpCode.MULTI, MultiRequest(((OpCode.CREATE2, request),)))
    ((_, entry),) = world.pending()
    assert [part.type for part in decode_txn(entry).record.txns] == [OpCode.CREATE]
    world.persist()
    (reply,) = client.frames()
    (result,) = decode_multi_reply(reply.reader)
    assert isinstance(result, Create2Result)
    assert result.path == "/a"


@pytest.mark.parametrize("size", [10, 1000 - 8 - 4 - 2 - 4 - 4, 1000 - 8 - 4 - 2 - 4 - 4 + 1])
def test_a_write_alone_in_its_chunk_is_one_that_came_in_pieces(size):
    seen = []
    for cut in (0, 3, 40):
        world = World(jute_max_buffer=1000)
        client = world.client()
        client.create("/a")
        world.now_ms += 7
        frame = client.frame(OpCode.SET_DATA, SetDataRequest("/a", bytes(size), -1))
        for piece in (frame[:cut], frame[cut:]):
            if piece:
                client.feed(piece)
        entries = len(world.pending())
        world.persist()
        connection, stats = client.connection, world.server.stats
        touched = connection.session and connection.session.touched_ms
        replies = [(reply.xid, reply.zxid, reply.err, reply.body) for reply in client.frames()]
        counted = (stats.packets_received, stats.bytes_received, connection.packets_received)
        seen.append((entries, replies, client.closed, touched, counted))
    assert seen[0] == seen[1] == seen[2]
    assert (seen[0][0] == 0) is (seen[0][2] is CloseReason.FRAME_LENGTH) is (size > 978)
