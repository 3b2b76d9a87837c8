"""Recorded conversations with bytes changed: the server and its other clients go on."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.server.world import World, framed

from speckeeper.tree.policy import Policy
from speckeeper.wire.codes import OpCode
from speckeeper.wire.handshake import ConnectRequest, encode_connect_request
from speckeeper.wire.records import OPEN_ACL_UNSAFE
from speckeeper.wire.requests import (
    AddWatchRequest,
    AuthRequest,
    CheckVersionRequest,
    CreateRequest,
    DeleteRequest,
    ExistsRequest,
    GetACLRequest,
    GetAllChildrenNumberRequest,
    GetChildrenRequest,
    GetDataRequest,
    GetEphemeralsRequest,
    MultiRequest,
    RemoveWatchesRequest,
    SaslRequest,
    SetACLRequest,
    SetDataRequest,
    SetWatchesRequest,
    SyncRequest,
)

CREATE = CreateRequest("/a", b"data", OPEN_ACL_UNSAFE, 0)
CONVERSATION = [
    (OpCode.AUTH, AuthRequest(0, "digest", b"bob:secret")),
    (OpCode.CREATE, CREATE),
    (OpCode.CREATE2, CREATE._replace(path="/a/b", flags=3)),
    (OpCode.CREATE_TTL, CREATE._replace(path="/t", flags=5, ttl=1000)),
    (OpCode.CREATE_CONTAINER, CREATE._replace(path="/c", flags=4)),
    (OpCode.SET_WATCHES2, SetWatchesRequest(1, ("/a",), ("/x",), ("/a",), ("/a",), ("/",))),
    (OpCode.ADD_WATCH, AddWatchRequest("/a", 1)),
    (OpCode.EXISTS, ExistsRequest("/a", True)),
    (OpCode.GET_DATA, GetDataRequest("/a", True)),
    (OpCode.GET_CHILDREN, GetChildrenRequest("/a", True)),
    (OpCode.GET_CHILDREN2, GetChildrenRequest("/", False)),
    (OpCode.GET_ACL, GetACLRequest("/a")),
    (OpCode.GET_EPHEMERALS, GetEphemeralsRequest("/")),
    (OpCode.GET_ALL_CHILDREN_NUMBER, GetAllChildrenNumberRequest("/")),
    (OpCode.SET_DATA, SetDataRequest("/a", b"more", 0)),
    (OpCode.SET_ACL, SetACLRequest("/a", OPEN_ACL_UNSAFE, 0)),
    (
        OpCode.MULTI,
        MultiRequest(
            (
                (OpCode.CHECK, CheckVersionRequest("/a", 1)),
                (OpCode.CREATE, CREATE._replace(path="/m")),
                (OpCode.DELETE, DeleteRequest("/m", 0)),
            )
        ),
    ),
    (OpCode.MULTI_READ, MultiRequest(((OpCode.GET_DATA, GetDataRequest("/a", False)),))),
    (OpCode.SYNC, SyncRequest("/")),
    (OpCode.SASL, SaslRequest(b"token")),
    (OpCode.REMOVE_WATCHES, RemoveWatchesRequest("/a", 3)),
    (OpCode.DELETE, DeleteRequest("/t", -1)),
]


def recorded():
    """Return what a client sends in a whole life, handshake to closeSession."""
    frames = World().stranger()
    hello = framed(encode_connect_request(ConnectRequest(0, 0, 9000, 0, bytes(16), False)))
    sent = [frames.frame(op, record) for op, record in CONVERSATION]
    sent += [frames.frame(OpCode.WHO_AM_I, body=b""), frames.frame(OpCode.PING, body=b"", xid=-2)]
    return hello + b"".join(sent) + frames.frame(OpCode.CLOSE_SESSION, body=b"")


RECORDED = recorded()
EDITS = st.lists(
    st.tuples(
        st.sampled_from(["replace", "insert", "delete"]),
        st.integers(0, len(RECORDED) - 1),
        st.one_of(st.binary(min_size=1, max_size=4), st.sampled_from([b"\xff" * 4, b"\x7f\xff"])),
    ),
    max_size=6,
)


def edited(edits):
    data = bytearray(RECORDED)
    for kind, position, value in edits:
        if kind == "replace":
            data[position : position + len(value)] = value
        elif kind == "insert":
            data[position:position] = value
        else:
            del data[position : position + len(value)]
    return bytes(data)


def world_of():
    return World(policy=Policy(extended_types_enabled=True))


def test_the_unchanged_conversation_succeeds():
    world = world_of()
    client = world.stranger()

    client.feed(RECORDED)
    while world.pending() or world.server.backlog:
        world.persist()
        world.server.take_turns(world.now_ms)

    assert len(client.take()) > len(CONVERSATION)
    assert world.tree.sessions == {}
    assert "/a" in world.tree.nodes


@settings(max_examples=300)
@given(EDITS, st.lists(st.integers(0, len(RECORDED)), max_size=4))
def test_a_changed_conversation_harms_nobody(edits, cuts):
    world = world_of()
    client, other = world.stranger(), world.client()
    data = edited(edits)
    edges = [0, *sorted(cut for cut in cuts if cut < len(data)), len(data)]

    for start, end in pairwise(edges):
        client.feed(data[start:end])
        world.persist()
    while world.pending() or world.server.backlog:
        world.persist()
        world.server.take_turns(world.now_ms)

    client.take()
    assert other.create("/alive").err == 0
    world.tick(60_000)
    world.persist()
    world.server.session_ops.close(other.session.session_id, world.now_ms)
    world.persist()
    assert not world.tree.ephemerals
    assert not world.server.pipeline.queue
