"""Large requests take turns: others are served in between, and nothing comes out otherwise."""

import random

import pytest
from tests.unit.server.world import World

from speckeeper.server.child_reads import MANY
from speckeeper.server.connection import Hold
from speckeeper.server.pipeline import Pipeline
from speckeeper.server.reasons import CloseReason
from speckeeper.server.turns import LARGE
from speckeeper.wire.codes import EventType, OpCode
from speckeeper.wire.jute import Reader
from speckeeper.wire.records import OPEN_ACL_UNSAFE
from speckeeper.wire.replies import decode_children_reply, decode_multi_reply
from speckeeper.wire.requests import (
    CheckVersionRequest,
    CreateRequest,
    DeleteRequest,
    ExistsRequest,
    GetAllChildrenNumberRequest,
    GetChildrenRequest,
    GetDataRequest,
    MultiRequest,
    SetDataRequest,
    SetWatchesRequest,
    SyncRequest,
    encode_request,
)
from speckeeper.wire.txns import decode_txn

CREATE, CHECK, SET = int(OpCode.CREATE), int(OpCode.CHECK), int(OpCode.SET_DATA)
CHECKS = MultiRequest(((CHECK, CheckVersionRequest("/", -1)),) * 3000)


def creates(below, number, data=b""):
    return MultiRequest(
        tuple(
            (CREATE, CreateRequest(f"{below}/{each}", data, OPEN_ACL_UNSAFE, 0))
            for each in range(number)
        )
    )


def turn(world):
    world.server.take_turns(world.now_ms)


def turns_until(world, done, most=200):
    taken = 0
    while not done():
        assert taken < most
        turn(world)
        taken += 1
    return taken


def populated(children):
    """A world with a node that has many children, and a client."""
    world = World()
    client = world.client()
    client.create("/many")
    client.call(OpCode.MULTI, creates("/many", children))
    turn(world)
    return world, client


def test_others_read_while_a_large_multi_is_prepared_and_their_writes_come_behind_it():
    world = World()
    heavy, light = world.client(), world.client()
    heavy.send(OpCode.MULTI, CHECKS)
    turn(world)
    assert not world.pending()

    light.send(OpCode.EXISTS, ExistsRequest("/", False))
    assert [reply.err for reply in light.frames()] == [0]
    light.send(OpCode.CREATE, CreateRequest("/light", b"", OPEN_ACL_UNSAFE, 0))
    light.send(OpCode.EXISTS, ExistsRequest("/light", False))  # waits for the write
    assert light.connection.queued == 2
    assert not light.frames()

    taken = turns_until(world, lambda: not world.server.pipeline.line.busy)
    assert taken > 10
    zxids = [zxid for zxid, _ in world.pending()]
    assert zxids == list(range(zxids[0], zxids[0] + 2))
    world.persist()
    (answer,) = heavy.frames()
    assert len(decode_multi_reply(answer.reader)) == 3000
    assert [(reply.xid, reply.err) for reply in light.frames()] == [(2, 0), (3, 0)]


def test_a_write_waits_for_one_large_multi_and_not_for_all():
    world = World()
    heavies = [world.client() for _ in range(5)]
    light = world.client()
    for heavy in heavies:
        heavy.send(OpCode.MULTI, CHECKS)
        heavy.send(OpCode.MULTI, CHECKS)
    light.send(OpCode.SET_DATA, SetDataRequest("/zookeeper", b"x", -1))

    turns_until(world, lambda: len(world.pending()) >= 2)
    assert len(world.pending()) == 2  # the first multi, and the small write
    world.persist()
    assert [reply.err for reply in light.frames()] == [0]
    turns_until(world, lambda: not world.server.wants_turn, 2000)
    world.persist()
    assert [[reply.xid for reply in heavy.frames()] for heavy in heavies] == [[1, 2]] * 5


def test_what_a_session_sends_behind_its_large_multi_stays_behind_it():
    world = World()
    client, other = world.client(), world.client()
    other.send(OpCode.MULTI, CHECKS)
    client.send(OpCode.MULTI, creates("", 500))
    client.send(OpCode.SET_DATA, SetDataRequest("/7", b"new", -1))
    client.send(OpCode.GET_DATA, GetDataRequest("/7", False))
    client.send(OpCode.SYNC, SyncRequest("/7"))
    client.send(OpCode.CLOSE_SESSION, body=b"")

    turns_until(world, lambda: not world.server.wants_turn)
    world.persist()
    replies = client.frames()
    assert [reply.xid for reply in replies] == [1, 2, 3, 4, 5]
    assert [reply.err for reply in replies] == [0] * 5
    assert replies[2].reader.buffer() == b"new"
    assert world.tree.nodes["/7"].version == 1


def test_sessions_of_learners_keep_their_order_and_small_writes_pass_large_ones_of_others():
    world = World()
    sessions = [world.client().session.session_id for _ in range(3)]
    server, now_ms = world.server, world.now_ms

    def write(session, xid, op, record):
        body = encode_request(op, record)
        server.write_of_learner(session, xid, op, body, (), now_ms)

    first, second, third = sessions
    write(first, 1, OpCode.MULTI, CHECKS)
    write(second, 1, OpCode.MULTI, creates("", 500))
    write(second, 2, OpCode.SET_DATA, SetDataRequest("/7", b"x", -1))  # of what its multi makes
    write(third, 1, OpCode.SET_DATA, SetDataRequest("/zookeeper", b"x", -1))
    write(first, 2, OpCode.SET_DATA, SetDataRequest("/zookeeper", b"y", -1))
    turns_until(world, lambda: not server.wants_turn)
    made = [decode_txn(entry) for _, entry in world.pending()]
    asked = [(txn.header.client_id, txn.header.cxid) for txn in made]
    assert asked == [(first, 1), (third, 1), (first, 2), (second, 1), (second, 2)]
    assert [txn.header.zxid for txn in made] == sorted(txn.header.zxid for txn in made)
    assert OpCode.ERROR not in {txn.header.type for txn in made}
    world.persist()
    assert server.pipeline.waiting_bytes == 0
    assert world.tree.nodes["/7"].data == b"x"


def test_those_who_wait_take_turns():
    """Nobody's second large request is begun before everybody's first."""
    world = World()
    clients = [world.client() for _ in range(4)]
    for client in clients:
        client.feed(b"".join(client.frame(OpCode.MULTI, CHECKS) for _ in range(2)))
        assert client is clients[0] or client.connection.hold & Hold.TURN
    turns_until(world, lambda: not world.server.wants_turn, 2000)
    order = [queued.connection for queued in world.server.pipeline.queue]
    world.persist()
    assert order == [client.connection for client in clients] * 2
    assert [[reply.xid for reply in client.frames()] for client in clients] == [[1, 2]] * 4


def test_who_waits_for_a_turn_does_not_expire_and_who_has_gone_is_passed_over():
    world = World(tick_time_ms=1000)
    first, gone, waits = (world.client(timeout_ms=2000) for _ in range(3))
    for client in (first, gone, waits):
        client.send(OpCode.MULTI, CHECKS)
    world.server.disconnect(gone.connection, CloseReason.IO_ERROR)
    for _ in range(10):
        expired = world.tick(1000)
        assert waits.session.session_id not in expired
    turns_until(world, lambda: not world.server.wants_turn)
    world.persist()
    assert [reply.err for reply in waits.frames()] == [0]


def test_ordinary_multis_of_many_clients_are_one_group():
    """They go to the log together, as all small writes do."""
    world = World()
    clients = [world.client() for _ in range(100)]
    parts = ((SET, SetDataRequest("/zookeeper", b"x" * 200, -1)),) * 4
    for client in clients:
        client.send(OpCode.MULTI, MultiRequest(parts))
    assert len(world.pending()) == 100
    assert not world.server.wants_turn


def test_a_turn_applies_one_large_multi():
    world = World()
    clients = [world.client() for _ in range(3)]
    for client in clients:
        client.send(OpCode.MULTI, creates("", 3) if client is clients[2] else CHECKS)
    turns_until(world, lambda: not world.server.wants_turn)
    world.pending()
    top = world.server.pipeline.zxid
    server, now_ms = world.server, world.now_ms
    answered = []
    more = True
    while more:
        more = server.persisted(top, now_ms, 256)
        answered.append(sum(bool(client.connection.output) for client in clients))
    assert answered in ([1, 2, 3], [2, 3], [1, 3])


def test_setting_many_watches_takes_turns_and_misses_nothing():
    world, client = populated(3000)
    zxid = world.tree.last_processed_zxid
    watcher = world.client()
    paths = tuple(f"/many/{each}" for each in range(3000))
    watcher.send(OpCode.SET_WATCHES, SetWatchesRequest(zxid, paths, (), ()), xid=-8)
    turn(world)
    assert not [reply for reply in watcher.frames() if reply.xid == -8]

    client.call(OpCode.SET_DATA, SetDataRequest("/many/0", b"x", -1))  # is watched already
    # ``call`` gives the turns that are left only before it lets the disk work:
    assert {reply.event.path for reply in watcher.frames() if reply.event} == {"/many/0"}
    assert world.server.watches.data.watched
    client.call(OpCode.SET_DATA, SetDataRequest("/many/2999", b"x", -1))
    assert [reply.event.path for reply in watcher.frames() if reply.event] == ["/many/2999"]


def test_a_change_while_watches_are_set_is_told_once():
    world, client = populated(3000)
    zxid = world.tree.last_processed_zxid
    watcher = world.client()
    paths = tuple(f"/many/{each}" for each in range(3000))
    watcher.send(OpCode.SET_WATCHES, SetWatchesRequest(zxid, paths, (), ()), xid=-8)
    turn(world)
    changed = ["/many/0", "/many/1500", "/many/2999"]
    for path in changed:
        client.send(OpCode.SET_DATA, SetDataRequest(path, b"x", -1))
    world.pending()
    world.server.persisted(world.log[-1][0], world.now_ms)  # before the watches are all set
    assert world.server.core.turns.reads
    world.finish_large()
    frames = watcher.frames()
    assert [reply.event.path for reply in frames if reply.event] == changed
    assert frames[-1].xid == -8


@pytest.mark.parametrize("op", [OpCode.GET_CHILDREN, OpCode.GET_CHILDREN2])
def test_a_long_list_of_children_is_of_one_moment_and_comes_before_its_events(op):
    world, client = populated(MANY + 1000)
    reader = world.client()
    reader.send(op, GetChildrenRequest("/many", True))
    assert not reader.frames()
    assert reader.connection.hold & Hold.TURN
    turn(world)
    client.send(OpCode.CREATE, CreateRequest("/many/new", b"", OPEN_ACL_UNSAFE, 0))
    client.send(OpCode.DELETE, DeleteRequest("/many/0", -1))
    world.pending()
    world.server.persisted(world.log[-1][0], world.now_ms)
    assert world.server.core.turns.reads
    assert not reader.frames()
    world.finish_large()
    listed, event = reader.frames()
    assert sorted(decode_children_reply(listed.reader)) == sorted(map(str, range(MANY + 1000)))
    if op == OpCode.GET_CHILDREN2:
        assert listed.reader.position + 68 == len(listed.body)
    assert event.event.type == EventType.NODE_CHILDREN_CHANGED
    reader.send(OpCode.EXISTS, ExistsRequest("/", False))
    assert len(reader.frames()) == 1


def test_descendants_are_counted_in_steps():
    world, client = populated(MANY + 100)
    client.send(OpCode.GET_ALL_CHILDREN_NUMBER, GetAllChildrenNumberRequest("/many"))
    assert not client.frames()
    turns_until(world, lambda: not world.server.wants_turn)
    (reply,) = client.frames()
    assert Reader(reply.body).int() == MANY + 100


def test_in_steps_or_at_once_a_multi_comes_to_the_same(monkeypatch):
    """Random multis, some of them refused: log, tree and replies byte by byte."""

    def play(large):
        monkeypatch.setattr("speckeeper.server.pipeline.LARGE", large)
        monkeypatch.setattr("speckeeper.server.large_writes.LARGE", large)
        rng = random.Random(7)
        world = World()
        clients = [world.client(), world.client()]
        log, answers = [], []
        for _ in range(60):
            client = rng.choice(clients)
            parts = []
            for _ in range(rng.randrange(1, 600)):
                path = f"/{rng.randrange(400)}"
                parts.append(
                    rng.choice(
                        (
                            (CREATE, CreateRequest(path, b"", OPEN_ACL_UNSAFE, rng.choice((0, 2)))),
                            (SET, SetDataRequest(rng.choice(("/", path)), b"d", -1)),
                            (CHECK, CheckVersionRequest("/", -1)),
                            (int(OpCode.DELETE), DeleteRequest(path, -1)),
                        )
                        if rng.random() < 0.01
                        else (
                            (CREATE, CreateRequest("/s", b"", OPEN_ACL_UNSAFE, 2)),
                            (CHECK, CheckVersionRequest("/", -1)),
                        )
                    )
                )
            client.send(OpCode.MULTI, MultiRequest(tuple(parts)))
            client.send(OpCode.SET_DATA, SetDataRequest("/zookeeper", b"z", -1))
            turns_until(world, lambda: not world.server.wants_turn)
            log += world.pending()
            world.persist()
            answers.append(client.take())
        return log, answers, {path: node.stat() for path, node in world.tree.nodes.items()}

    assert play(1 << 30) == play(0) == play(LARGE)


def test_a_large_multi_that_does_not_decode_is_refused_in_its_turn():
    world = World()
    client = world.client()
    body = client.frame(OpCode.MULTI, CHECKS)[12:-20]
    client.send(OpCode.MULTI, body=body)
    client.send(OpCode.SET_DATA, SetDataRequest("/zookeeper", b"z", -1))
    world.persist()
    assert [(reply.xid, reply.err) for reply in client.frames()] == [(2, -5), (3, 0)]
    assert isinstance(world.server.pipeline, Pipeline)
    assert world.server.pipeline.waiting_bytes == 0
