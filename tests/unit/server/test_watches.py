"""Watch events: who is told what, and in which order to replies (reference section 8)."""

import pytest
from tests.unit.server.world import World

from speckeeper.server.reasons import CloseReason
from speckeeper.wire.codes import ErrorCode, EventType, KeeperState, OpCode
from speckeeper.wire.records import ACL, Id
from speckeeper.wire.requests import (
    AddWatchRequest,
    CheckWatchesRequest,
    CreateRequest,
    DeleteRequest,
    ExistsRequest,
    GetChildrenRequest,
    GetDataRequest,
    MultiRequest,
    RemoveWatchesRequest,
    SetACLRequest,
    SetDataRequest,
    SetWatchesRequest,
)

OPEN = (ACL(31, Id("world", "anyone")),)
CREATED, DELETED = EventType.NODE_CREATED, EventType.NODE_DELETED
DATA, CHILDREN = EventType.NODE_DATA_CHANGED, EventType.NODE_CHILDREN_CHANGED


def told(client):
    """Take the events that came, as (type, path)."""
    frames = client.frames()
    assert all(frame.event is not None for frame in frames), frames
    return [(frame.event.type, frame.event.path) for frame in frames]


def test_an_event_carries_xid_minus_one_the_zxid_of_the_change_and_the_state(world):
    watcher, writer = world.client(), world.client()
    writer.create("/a")
    watcher.call(OpCode.GET_DATA, GetDataRequest("/a", True))

    zxid = writer.set("/a", b"x").zxid
    (event,) = watcher.frames()

    assert (event.xid, event.zxid, event.err) == (-1, zxid, 0)
    assert event.event == (DATA, KeeperState.SYNC_CONNECTED, "/a")


@pytest.mark.parametrize(
    ("read", "change", "events"),
    [
        ((OpCode.EXISTS, "/a/new"), "create", [(CREATED, "/a/new")]),
        ((OpCode.GET_CHILDREN, "/a"), "create", [(CHILDREN, "/a")]),
        ((OpCode.GET_CHILDREN2, "/a"), "delete", [(CHILDREN, "/a")]),
        ((OpCode.GET_DATA, "/a/b"), "set", [(DATA, "/a/b")]),
        ((OpCode.GET_DATA, "/a/b"), "delete", [(DELETED, "/a/b")]),
        ((OpCode.GET_CHILDREN, "/a/b"), "delete", [(DELETED, "/a/b")]),
        ((OpCode.GET_DATA, "/a"), "create", []),
        ((OpCode.GET_DATA, "/a/b"), "acl", []),
    ],
)
def test_what_each_watch_is_told(world, read, change, events):
    watcher, writer = world.client(), world.client()
    for path in ("/a", "/a/b"):
        writer.create(path)
    op, path = read
    watcher.call(op, GetDataRequest(path, True))

    {
        "create": lambda: writer.create("/a/new"),
        "delete": lambda: writer.call(OpCode.DELETE, DeleteRequest("/a/b", -1)),
        "set": lambda: writer.set("/a/b", b"x"),
        "acl": lambda: writer.call(OpCode.SET_ACL, SetACLRequest("/a/b", OPEN, -1)),
    }[change]()

    assert told(watcher) == events


def test_a_standard_watch_fires_once(world):
    watcher, writer = world.client(), world.client()
    writer.create("/a")
    for _ in range(2):
        watcher.call(OpCode.GET_DATA, GetDataRequest("/a", True))

    writer.set("/a", b"1")
    writer.set("/a", b"2")

    assert told(watcher) == [(DATA, "/a")]


def test_data_and_child_watch_of_one_client_are_told_once_of_a_deletion(world):
    client = world.client()
    client.create("/a")
    client.call(OpCode.GET_DATA, GetDataRequest("/a", True))
    client.call(OpCode.GET_CHILDREN, GetChildrenRequest("/a", True))

    client.send(OpCode.DELETE, DeleteRequest("/a", -1))
    world.persist()

    event, reply = client.frames()
    assert event.event[::2] == (DELETED, "/a")
    assert reply.xid > 0  # one's own event comes before one's own reply


def test_get_data_and_children_watch_only_what_is_there(world):
    client = world.client()
    client.call(OpCode.GET_DATA, GetDataRequest("/none", True))
    client.call(OpCode.GET_CHILDREN, GetChildrenRequest("/none", True))
    assert len(world.server.watches) == 0

    client.call(OpCode.EXISTS, ExistsRequest("/none", True))

    assert len(world.server.watches) == 1


def test_the_event_precedes_any_reply_that_shows_the_change(world):
    watcher, writer = world.client(), world.client()
    writer.create("/a", b"old")
    watcher.call(OpCode.GET_DATA, GetDataRequest("/a", True))

    # The watcher's own write is ahead, so its read waits while the other's change is applied.
    watcher.send(OpCode.SET_DATA, SetDataRequest("/zookeeper", b"", -1))
    writer.send(OpCode.SET_DATA, SetDataRequest("/a", b"new", -1))
    watcher.send(OpCode.GET_DATA, GetDataRequest("/a", False))
    world.persist()

    write, event, read = watcher.frames()
    assert (write.err, event.xid, read.body[4:7]) == (0, -1, b"new")


def test_a_multi_fires_part_by_part_and_a_failed_one_not_at_all(world):
    watcher, writer = world.client(), world.client()
    for path in ("/a", "/b"):
        watcher.call(OpCode.EXISTS, ExistsRequest(path, True))
    parts = [(OpCode.CREATE, CreateRequest(path, b"", OPEN, 0)) for path in ("/b", "/a")]

    writer.call(OpCode.MULTI, MultiRequest((*parts, (OpCode.DELETE, DeleteRequest("/x", -1)))))
    assert told(watcher) == []
    writer.call(OpCode.MULTI, MultiRequest(tuple(parts)))

    assert told(watcher) == [(CREATED, "/b"), (CREATED, "/a")]


def test_who_may_not_read_is_not_told_and_has_lost_the_watch(world):
    watcher, writer = world.client(), world.client()
    watcher.call(OpCode.EXISTS, ExistsRequest("/secret", True))
    secret = (ACL(31, Id("ip", "10.9.9.9")),)

    writer.create("/secret", acl=secret)

    assert told(watcher) == []
    assert len(world.server.watches) == 0


def test_persistent_and_recursive_watches_stay(world):
    watcher, writer = world.client(), world.client()
    writer.create("/a")
    assert watcher.call(OpCode.ADD_WATCH, AddWatchRequest("/a", 0)).reader.int() == 0
    other = world.client()
    other.call(OpCode.ADD_WATCH, AddWatchRequest("/a", 1))

    writer.create("/a/b")
    writer.set("/a", b"1")
    writer.set("/a/b", b"1")
    writer.set("/a", b"2")

    assert told(watcher) == [(CHILDREN, "/a"), (DATA, "/a"), (DATA, "/a")]
    assert told(other) == [(CREATED, "/a/b"), (DATA, "/a"), (DATA, "/a/b"), (DATA, "/a")]


def test_check_and_remove_watches(world):
    client = world.client()
    client.create("/a")
    client.call(OpCode.GET_DATA, GetDataRequest("/a", True))

    def check(kind):
        return client.call(OpCode.CHECK_WATCHES, CheckWatchesRequest("/a", kind)).err

    def remove(kind):
        return client.call(OpCode.REMOVE_WATCHES, RemoveWatchesRequest("/a", kind)).err

    assert [check(kind) for kind in (1, 2, 3, 4, 5)] == [-121, 0, 0, -121, -121]
    assert remove(1) == ErrorCode.NO_WATCHER
    assert remove(3) == 0
    assert check(3) == ErrorCode.NO_WATCHER


@pytest.mark.parametrize(
    ("op", "request_"),
    [
        (OpCode.ADD_WATCH, AddWatchRequest("/a", 7)),
        (OpCode.CHECK_WATCHES, CheckWatchesRequest("/a", 0)),
        (OpCode.REMOVE_WATCHES, RemoveWatchesRequest("/a", 9)),
    ],
)
def test_unknown_modes_and_types_are_marshalling_errors(world, op, request_):
    assert world.client().call(op, request_).err == ErrorCode.MARSHALLING_ERROR


@pytest.mark.parametrize("op", [OpCode.SET_WATCHES, OpCode.SET_WATCHES2])
def test_set_watches_tells_what_was_missed_and_watches_the_rest(world, op):
    writer = world.client()
    for path in ("/same", "/changed", "/grown", "/there"):
        writer.create(path)
    seen = world.tree.last_processed_zxid
    writer.set("/changed", b"x")
    writer.create("/grown/child")
    back = world.client()

    back.send(
        op,
        SetWatchesRequest(
            seen, ("/same", "/changed", "/gone"), ("/there", "/missing"), ("/grown", "/same")
        ),
        xid=-8,
    )

    *events, reply = back.frames()
    assert [(each.event.type, each.event.path) for each in events] == [
        (DATA, "/changed"),
        (DELETED, "/gone"),
        (CREATED, "/there"),
        (CHILDREN, "/grown"),
    ]
    assert {each.zxid for each in events} == {-1}  # made up: no transaction fired them
    assert (reply.xid, reply.err, reply.body) == (-8, 0, b"")
    writer.create("/missing")
    writer.set("/same", b"x")
    assert told(back) == [(CREATED, "/missing"), (DATA, "/same")]


def test_set_watches2_brings_back_persistent_watches(world):
    writer, back = world.client(), world.client()
    writer.create("/a")

    back.call(OpCode.SET_WATCHES2, SetWatchesRequest(0, (), (), (), ("/a",), ("/",)), xid=-8)
    writer.create("/a/b")
    writer.set("/a", b"x")

    assert told(back) == [(CREATED, "/a/b"), (CHILDREN, "/a"), (DATA, "/a")]


def test_watches_go_with_their_connection(world):
    watcher, writer = world.client(), world.client()
    watcher.call(OpCode.ADD_WATCH, AddWatchRequest("/", 1))

    world.server.disconnect(watcher.connection, CloseReason.CLIENT_CLOSED_CONNECTION)

    assert len(world.server.watches) == 0
    assert writer.create("/a").err == 0


def test_the_end_of_a_session_is_told_for_each_of_its_nodes():
    world = World()
    watcher, owner = world.client(), world.client()
    owner.create("/e", flags=1)
    watcher.call(OpCode.EXISTS, ExistsRequest("/e", True))
    watcher.call(OpCode.GET_CHILDREN, GetChildrenRequest("/", True))

    owner.call(OpCode.CLOSE_SESSION, body=b"")

    assert told(watcher) == [(DELETED, "/e"), (CHILDREN, "/")]
