"""What the reply to a large read tells of the time it was made at, and who else notices it."""

import pytest
from tests.unit.server.test_turns import creates, populated, turn, turns_until
from tests.unit.server.world import World

from speckeeper.server.child_reads import MANY
from speckeeper.server.connection import Hold
from speckeeper.server.reasons import CloseReason
from speckeeper.server.watch_ops import WatchOps
from speckeeper.wire.codes import EventType, OpCode
from speckeeper.wire.jute import Reader
from speckeeper.wire.records import OPEN_ACL_UNSAFE
from speckeeper.wire.replies import decode_children_reply, decode_multi_reply
from speckeeper.wire.requests import (
    CreateRequest,
    ExistsRequest,
    GetAllChildrenNumberRequest,
    GetChildrenRequest,
    GetDataRequest,
    MultiRequest,
    SetDataRequest,
    SetWatchesRequest,
    encode_request,
)

GET_DATA = int(OpCode.GET_DATA)
READS = MultiRequest(((GET_DATA, GetDataRequest("/many/0", False)),) * 3000)
TOO_LONG = GetAllChildrenNumberRequest("/" + "x" * 5000)


def change(world, client, op, record):
    """Have a write carried out between two steps of a large read; return its zxid."""
    client.send(op, record)
    world.pending()
    zxid = world.log[-1][0]
    world.server.persisted(zxid, world.now_ms)
    client.frames()
    assert world.server.core.turns.reads
    return zxid


def new_child(world, client, path):
    return change(world, client, OpCode.CREATE, CreateRequest(path, b"", OPEN_ACL_UNSAFE, 0))


@pytest.mark.parametrize("op", [OpCode.GET_CHILDREN, OpCode.GET_CHILDREN2])
def test_who_loses_the_connection_behind_a_long_list_still_learns_what_came_later(op):
    world, client = populated(MANY + 1000)
    reader = world.client()
    reader.send(op, GetChildrenRequest("/many", True))
    before = new_child(world, client, "/many/before")  # nothing has been copied yet
    turn(world)
    after = new_child(world, client, "/many/after")
    world.finish_large()
    listed, event = reader.frames()
    names = decode_children_reply(listed.reader)
    assert "before" in names
    assert "after" not in names
    assert listed.zxid == before
    assert event.event.type == EventType.NODE_CHILDREN_CHANGED
    assert event.zxid == after > listed.zxid

    # It has the list, and not the event: the connection broke in between.
    again = world.client()
    again.send(OpCode.SET_WATCHES, SetWatchesRequest(listed.zxid, (), (), ("/many",)), xid=-8)
    event, answer = again.frames()
    assert event.event.path == "/many"
    assert answer.xid == -8
    assert answer.zxid == world.tree.last_processed_zxid


def test_a_large_multiread_is_of_the_moment_that_its_reply_names():
    world, client = populated(1)
    reader = world.client()
    reader.call(OpCode.EXISTS, ExistsRequest("/many/0", True))
    reader.send(OpCode.MULTI_READ, READS)
    turn(world)
    zxid = change(world, client, OpCode.SET_DATA, SetDataRequest("/many/0", b"new", -1))
    world.finish_large()
    event, answer = reader.frames()  # in this order, for the answer shows the change
    assert event.event.path == "/many/0"
    assert {result.data for result in decode_multi_reply(answer.reader)} == {b"new"}
    assert answer.zxid == zxid


def test_a_number_of_descendants_covers_what_was_there_when_it_was_begun():
    world, client = populated(2 * MANY)
    reader = world.client()
    reader.call(OpCode.GET_CHILDREN, GetChildrenRequest("/", True))
    reader.send(OpCode.GET_ALL_CHILDREN_NUMBER, GetAllChildrenNumberRequest("/many"))
    begun = new_child(world, client, "/many/before")
    turn(world)
    new_child(world, client, "/many/after")
    event_zxid = new_child(world, client, "/other")
    world.finish_large()
    event, answer = reader.frames()
    assert event.zxid == event_zxid  # later than what the answer is good for, and yet before it
    assert Reader(answer.body).int() in (2 * MANY + 1, 2 * MANY + 2)
    assert answer.zxid == begun


def test_setting_many_watches_covers_all_that_was_told_before_the_answer():
    world, client = populated(3000)
    seen = world.tree.last_processed_zxid
    watcher = world.client()
    paths = tuple(f"/many/{each}" for each in range(3000))
    watcher.send(OpCode.SET_WATCHES, SetWatchesRequest(seen, paths, (), ()), xid=-8)
    turn(world)
    for path in ("/many/0", "/many/2999"):  # one is watched by now, the other is not
        last = change(world, client, OpCode.SET_DATA, SetDataRequest(path, b"x", -1))
    world.finish_large()
    *events, answer = watcher.frames()
    assert [event.event.path for event in events] == ["/many/0", "/many/2999"]
    assert answer.zxid == last


def test_a_long_path_is_no_large_read_and_waits_for_none():
    world, _ = populated(10)
    heavy, other = world.client(), world.client()
    heavy.send(OpCode.MULTI_READ, READS)
    other.send(OpCode.GET_ALL_CHILDREN_NUMBER, TOO_LONG)
    assert [reply.err for reply in other.frames()] == [-101]
    assert len(world.server.core.turns.reads) == 1
    exists = other.frame(OpCode.EXISTS, ExistsRequest("/", False))
    number = other.frame(OpCode.GET_ALL_CHILDREN_NUMBER, TOO_LONG)
    create = other.frame(OpCode.CREATE, CreateRequest("/made", b"", OPEN_ACL_UNSAFE, 0))
    other.feed(exists * 3000 + number + create)
    while world.server.wants_turn:
        turn(world)
    world.persist()
    replies = other.frames()
    assert [reply.err for reply in replies] == [0] * 3000 + [-101, 0]
    assert len(decode_multi_reply(heavy.frames()[0].reader)) == 3000


def test_large_reads_that_nobody_asked_a_turn_for_are_done_one_after_the_other():
    world, _ = populated(MANY + 10)
    server = world.server
    readers = [world.client() for _ in range(3)]
    asked = (
        (OpCode.GET_CHILDREN, GetChildrenRequest("/many", False)),
        (OpCode.MULTI_READ, READS),
        (OpCode.GET_ALL_CHILDREN_NUMBER, GetAllChildrenNumberRequest("/many")),
    )
    for reader, (op, record) in zip(readers, asked, strict=True):
        body = b"\0\0\0\0" + encode_request(op, record)
        server._dispatcher.dispatch(reader.connection, 7, op, body, 4, len(body), world.now_ms)
        assert reader.connection.hold & Hold.TURN
    server.disconnect(readers[1].connection, CloseReason.IO_ERROR)
    turns_until(world, lambda: not server.wants_turn)
    listed, number = readers[0].frames()[0], readers[2].frames()[0]
    assert len(decode_children_reply(listed.reader)) == MANY + 10
    assert Reader(number.body).int() == MANY + 10
    assert not any(reader.connection.hold for reader in readers)


def test_one_request_that_fails_takes_no_turn_from_others(monkeypatch):
    world, client = populated(10)
    heavy, failing, waiting, writer = (world.client() for _ in range(4))

    def fail(*request):
        raise RuntimeError("a bug")
        yield

    in_steps = world.server._dispatcher._in_steps
    monkeypatch.setitem(in_steps, int(OpCode.MULTI_READ), fail)
    heavy.send(OpCode.MULTI_READ, READS)
    monkeypatch.setitem(
        world.server._dispatcher._handlers, int(OpCode.GET_EPHEMERALS), lambda *request: 1 // 0
    )
    exists = failing.frame(OpCode.EXISTS, ExistsRequest("/", False)) * 1200  # more than one turn's
    failing.feed(exists + failing.frame(OpCode.GET_EPHEMERALS, body=b"\xff" * 4))
    waiting.feed(exists)
    assert list(world.server.backlog) == [failing.connection, waiting.connection]
    writer.send(OpCode.MULTI, creates("", 300))

    failures = []
    while world.server.wants_turn:
        try:
            turn(world)
        except ExceptionGroup as group:
            failures += group.exceptions
    assert {type(failure) for failure in failures} == {RuntimeError, ZeroDivisionError}
    assert heavy.closed == failing.closed == CloseReason.IO_ERROR
    assert len(waiting.frames()) == 1200
    assert waiting.closed is None
    assert not world.server.core.turns.reads
    world.persist()
    assert len(decode_multi_reply(writer.frames()[0].reader)) == 300
    assert client.create("/still").err == 0


def test_a_large_write_that_fails_ends_its_connection_and_lets_the_next_be_prepared(monkeypatch):
    world = World()
    failing, other = world.client(), world.client()
    failing.send(OpCode.MULTI, creates("", 500))
    other.send(OpCode.CREATE, CreateRequest("/other", b"", OPEN_ACL_UNSAFE, 0))
    with monkeypatch.context() as patch:
        patch.setattr("speckeeper.server.pipeline.prepare_in_steps", lambda *request: 1 // 0)
        with pytest.raises(ExceptionGroup):
            turns_until(world, lambda: False)
    world.persist()
    assert failing.closed == CloseReason.IO_ERROR
    assert [reply.err for reply in other.frames()] == [0]
    assert list(world.tree.nodes["/"].children) == ["/zookeeper", "/other"]
    multi = other.call(OpCode.MULTI, creates("", 500))
    assert len(decode_multi_reply(multi.reader)) == 500


def test_a_watch_that_could_not_be_set_ends_the_reader_only(monkeypatch):
    world, client = populated(3000)
    paths = tuple(f"/many/{each}" for each in range(3000))
    watcher = world.client()
    watcher.send(OpCode.SET_WATCHES, SetWatchesRequest(0, paths, (), ()), xid=-8)
    turn(world)
    monkeypatch.setattr(WatchOps, "_rewatch", lambda *request: 1 // 0)
    with pytest.raises(ExceptionGroup):
        turn(world)
    assert watcher.closed == CloseReason.IO_ERROR
    assert not world.server.core.turns.reads
    assert client.create("/still").err == 0
