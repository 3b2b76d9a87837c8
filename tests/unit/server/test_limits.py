"""What makes a client wait, and what is turned down (reference section 17)."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.server.world import World

from speckeeper.server.connection import Hold
from speckeeper.server.intake import TURN_BYTES
from speckeeper.server.member_server import MemberServer
from speckeeper.server.reasons import CloseReason
from speckeeper.server.reply_cache import ReplyCache
from speckeeper.server.settings import ServerSettings
from speckeeper.tree.datatree import DataTree
from speckeeper.wire.codes import ErrorCode, OpCode
from speckeeper.wire.election import ServerState
from speckeeper.wire.quorum_config import ConfiguredServer, Endpoint, QuorumConfig
from speckeeper.wire.requests import (
    ExistsRequest,
    GetAllChildrenNumberRequest,
    GetDataRequest,
    GetEphemeralsRequest,
    MultiRequest,
    SetDataRequest,
    encode_request,
)
from speckeeper.zab import effects

WRITE = SetDataRequest("/zookeeper", b"x", -1)
READ = ExistsRequest("/", False)


def test_too_many_requests_in_progress_make_a_client_wait():
    world = World(global_outstanding_limit=2)
    client = world.client()

    for count in range(1, 7):
        client.send(OpCode.SET_DATA, WRITE)
        # More than the limit have to be there when one comes, which is taken all the same.
        assert client.connection.hold == (0 if count < 4 else Hold.OUTSTANDING)
    assert len(world.pending()) == 4
    world.persist()
    assert client.connection.hold == 0
    world.persist()
    assert [reply.xid for reply in client.frames()] == [1, 2, 3, 4, 5, 6]


def test_transactions_that_wait_are_bounded_by_their_bytes(monkeypatch):
    """They may be far larger than the requests, and less than a limit on requests may be much."""
    monkeypatch.setattr("speckeeper.server.dispatch.MOST_WAITING_BYTES", 2000)
    world = World()
    client = world.client()
    grows = MultiRequest(((int(OpCode.SET_DATA), SetDataRequest("/zookeeper", b"x" * 900, -1)),))

    for count in range(1, 6):
        client.send(OpCode.MULTI, grows)
        assert client.connection.hold == (0 if count < 3 else Hold.OUTSTANDING)
    assert len(world.pending()) == 3
    world.persist()
    assert client.connection.hold == 0
    world.persist()
    assert [reply.xid for reply in client.frames()] == [1, 2, 3, 4, 5]
    assert world.server.pipeline.waiting_bytes == 0


def test_what_a_leader_does_for_learners_does_not_make_its_own_clients_wait():
    world = World(global_outstanding_limit=2)
    client = world.client()
    body = encode_request(OpCode.SET_DATA, WRITE)
    for xid in range(1, 8):
        world.server.write_of_learner(0x77, xid, OpCode.SET_DATA, body, (), world.now_ms)

    for count in range(1, 5):
        client.send(OpCode.SET_DATA, WRITE)
        assert client.connection.hold == (0 if count < 4 else Hold.OUTSTANDING)
    world.persist()
    assert client.connection.hold == 0
    assert world.server.core.waiting == 0


@pytest.mark.parametrize(
    ("role", "voters", "limit"),
    [
        (ServerState.LEADING, 5, 250),
        (ServerState.FOLLOWING, 3, 500),
        (ServerState.FOLLOWING, 2, 1000),
        (ServerState.OBSERVING, 5, 1000),
    ],
)
def test_voters_share_the_limit_on_requests_in_progress(role, voters, limit):
    tree = DataTree()
    part = MemberServer(ServerSettings(), lambda: tree)
    address = (Endpoint("h", 1, 2),)
    config = QuorumConfig(tuple(ConfiguredServer(sid, address) for sid in range(1, voters + 1)))
    server = part.serve(effects.Serve(role, 1 << 32), config, 0, 0, random.Random(1))
    assert server.settings.global_outstanding_limit == limit


def test_a_client_without_requests_in_progress_is_not_made_to_wait():
    world = World(global_outstanding_limit=2)
    busy, idle = world.client(), world.client()
    for _ in range(4):
        busy.send(OpCode.SET_DATA, WRITE)

    idle.send(OpCode.EXISTS, READ)

    assert len(idle.take()) == 1


def read_many(times):
    return MultiRequest(((int(OpCode.GET_DATA), GetDataRequest("/big", False)),) * times)


@pytest.mark.parametrize("behind_a_write", [False, True])
def test_a_multi_read_of_too_much_ends_the_connection(behind_a_write):
    world = World(max_unsent_bytes=1_001_000)
    client = world.client()
    client.create("/big", bytes(100_000))
    assert client.call(OpCode.MULTI_READ, read_many(10)).err == 0

    if behind_a_write:
        client.send(OpCode.SET_DATA, WRITE)
    client.send(OpCode.MULTI_READ, read_many(11))
    client.send(OpCode.EXISTS, READ)
    world.persist()

    assert len(client.frames()) == behind_a_write
    assert client.closed is CloseReason.LARGE_REPLY


@pytest.mark.parametrize(
    ("op", "record"),
    [
        (OpCode.GET_ALL_CHILDREN_NUMBER, GetAllChildrenNumberRequest("/")),
        (OpCode.GET_EPHEMERALS, GetEphemeralsRequest("/")),
        (OpCode.MULTI_READ, MultiRequest(())),
    ],
)
def test_one_slow_read_is_a_turn(op, record):
    world = World()
    client = world.client()

    client.feed(client.frame(op, record) * 3)

    for _ in range(3):
        assert len(client.frames()) == 1
        world.server.take_turns(world.now_ms)
    assert not world.server.backlog
    assert client.connection.hold == 0


def test_reads_that_waited_for_a_write_come_in_turns():
    world = World()
    client = world.client()
    client.create("/big", bytes(200_000))
    client.send(OpCode.SET_DATA, WRITE)
    client.feed(client.frame(OpCode.GET_DATA, GetDataRequest("/big", False)) * 5)
    (zxid, _), *_ = world.pending()

    replies = []
    while world.server.persisted(zxid, world.now_ms, 100):
        replies.append(len(client.frames()))

    assert replies == [3, 2]
    assert len(client.frames()) == 1


def test_the_request_throttle_holds_everybody():
    world = World(request_throttle_limit=2)
    client = world.client()

    client.feed(b"".join(client.frame(OpCode.SET_DATA, WRITE) for _ in range(4)))

    assert len(world.pending()) == 2
    world.persist()
    assert len(world.pending()) == 2
    world.persist()
    assert len(client.frames()) == 4
    assert world.server.stats.throttle_waits == 2


def test_a_throttled_connection_that_goes_takes_its_requests_with_it():
    world = World(request_throttle_limit=1)
    client = world.client()
    client.feed(b"".join(client.frame(OpCode.SET_DATA, WRITE) for _ in range(4)))

    world.server.disconnect(client.connection, CloseReason.IO_ERROR)
    world.persist()

    assert world.pending() == []
    assert world.server.stats.stale_requests_dropped == 3


def test_requests_that_waited_too_long_are_answered_throttled():
    world = World(request_throttle_limit=1, throttled_op_wait_time_ms=100)
    client = world.client()
    client.feed(
        client.frame(OpCode.SET_DATA, WRITE)
        + client.frame(OpCode.SET_DATA, WRITE)
        + client.frame(OpCode.EXISTS, READ)
        + client.frame(OpCode.PING, body=b"", xid=-2)
    )

    world.now_ms += 101
    world.persist()

    written, late, late_read, pong = client.frames()
    assert (written.err, late.err, late_read.err) == (
        0,
        ErrorCode.THROTTLED_OP,
        ErrorCode.THROTTLED_OP,
    )
    assert (pong.xid, pong.err) == (-2, 0)
    assert world.pending() == []
    assert world.server.stats.throttled_ops == 2


def test_large_requests_have_a_budget():
    world = World(large_request_threshold=100, large_request_max_bytes=300)
    one, two = world.client(), world.client()
    large = SetDataRequest("/zookeeper", bytes(150), -1)

    one.send(OpCode.SET_DATA, large)
    two.send(OpCode.SET_DATA, large)

    assert one.closed is None
    assert two.closed is CloseReason.LARGE_REQUEST
    assert world.server.stats.large_requests_rejected == 1
    world.persist()
    assert one.set("/zookeeper", bytes(150)).err == 0  # the budget came back with the reply


def test_a_client_that_does_not_take_its_replies_waits():
    world = World()
    client = world.client()

    world.server.hold_unread(client.connection, True, world.now_ms)
    client.send(OpCode.EXISTS, READ)
    assert client.take() == []
    world.server.hold_unread(client.connection, False, world.now_ms)

    assert len(client.frames()) == 1


def test_two_reasons_to_wait_are_both_waited_for():
    world = World(global_outstanding_limit=0)
    client = world.client()
    client.send(OpCode.SET_DATA, WRITE)
    world.server.hold_unread(client.connection, True, world.now_ms)
    client.send(OpCode.EXISTS, READ)

    world.persist()
    assert len(client.take()) == 1
    world.server.hold_unread(client.connection, False, world.now_ms)

    assert len(client.take()) == 1


def test_a_flood_of_requests_is_taken_in_turns():
    world = World()
    client, other = world.client(), world.client()
    frame = client.frame(OpCode.PING, body=b"", xid=-2)
    flood = frame * (3 * TURN_BYTES // len(frame))

    client.feed(flood)
    taken = len(client.take())
    other.send(OpCode.EXISTS, READ)

    assert taken <= TURN_BYTES // len(frame) + 1
    assert len(other.take()) == 1
    while world.server.backlog:
        world.server.take_turns(world.now_ms)
    assert taken + len(client.take()) == len(flood) // len(frame)


def test_a_connection_that_ends_in_the_backlog_is_passed_over():
    world = World()
    client = world.client()
    frame = client.frame(OpCode.PING, body=b"", xid=-2)
    client.feed(frame * (3 * TURN_BYTES // len(frame)))

    world.server.disconnect(client.connection, CloseReason.IO_ERROR)
    world.server.take_turns(world.now_ms)

    assert client.take() == []
    assert not world.server.backlog


def test_the_reply_cache_has_a_bound_and_no_memory_of_the_past():
    world = World(max_response_cache_size=1)
    client = world.client()
    for number in range(40):
        client.create(f"/{number}", b"-")
    for number in range(40):
        client.call(OpCode.GET_DATA, GetDataRequest(f"/{number}", False))

    assert 0 < len(world.server.core.cache.bodies) <= 16
    client.create("/39/child")
    reply = client.call(OpCode.GET_DATA, GetDataRequest("/39", False))
    assert reply.body[-12:-8] == b"\0\0\0\1"  # numChildren: the cached Stat was forgotten


@given(
    st.lists(
        st.tuples(st.sampled_from(["keep", "forget"]), st.integers(0, 9), st.integers(0, 700)),
        max_size=60,
    )
)
def test_the_reply_cache_keeps_its_books(steps):
    cache = ReplyCache(1)
    for action, number, size in steps:
        path = f"/{number}"
        if action == "forget":
            cache.forget(path)
        else:
            request = b"\0\0\0\4\0\0\0\2" + path.encode() + b"\0"
            cache.keep(path, request, bytes(size))
        assert sum(max(len(body), 256) for body in cache.bodies.values()) <= cache.budget
    for number in range(10):
        cache.forget(f"/{number}")
    assert cache._left == cache.budget
    assert not cache.bodies
    assert not cache.requests


def test_large_replies_are_not_kept():
    world = World(max_response_cache_size=1)
    client = world.client()
    client.create("/large", bytes(2000))

    client.call(OpCode.GET_DATA, GetDataRequest("/large", False))

    assert world.server.core.cache.bodies == {}


def test_a_cache_of_size_zero_keeps_nothing():
    world = World(max_response_cache_size=0)
    client = world.client()

    client.call(OpCode.GET_DATA, GetDataRequest("/", False))

    assert world.server.core.cache.bodies == {}


def test_a_snapshot_is_due_between_half_and_all_of_snap_count():
    class HighestRoll(random.Random):
        def randrange(self, stop):
            return stop - 1

    world = World(snap_count=10, dice=HighestRoll())
    client = world.client()
    for _ in range(8):
        client.set("/zookeeper", b"")
    assert not world.server.snapshot_due

    client.set("/zookeeper", b"")

    assert world.server.snapshot_due  # more than 5 + 4
    world.server.snapshot_started()
    assert not world.server.snapshot_due


def test_a_snapshot_is_due_by_bytes_as_well():
    world = World(snap_size_limit_bytes=2000)
    client = world.client()

    client.set("/zookeeper", bytes(2000))

    assert world.server.snapshot_due
