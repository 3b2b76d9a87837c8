"""The handshake: new sessions, reopened ones, who is turned away (reference sections 2 and 9)."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.server.world import World, framed

from speckeeper.server.connection import State
from speckeeper.server.reasons import CloseReason
from speckeeper.wire.codes import OpCode
from speckeeper.wire.handshake import (
    NO_PASSWORD,
    ConnectRequest,
    decode_connect_response,
    encode_connect_request,
    session_password,
)
from speckeeper.wire.requests import ExistsRequest


def test_a_new_session_is_answered_only_when_its_transaction_is_durable(world):
    client = world.stranger().connect()

    assert client.take() == []
    assert len(world.pending()) == 1
    world.persist()

    answer = client.welcome()
    assert answer.session_id != 0
    assert answer.password == session_password(answer.session_id)
    assert world.tree.sessions == {answer.session_id: 10_000}


@pytest.mark.parametrize(("flag", "size"), [(None, 36), (False, 37), (True, 37)])
def test_the_read_only_byte_is_sent_only_to_clients_that_sent_it(world, flag, size):
    client = world.stranger().connect(flag=flag)
    world.persist()

    (payload,) = client.take()

    assert len(payload) == size
    assert decode_connect_response(payload).read_only == (None if flag is None else False)


@pytest.mark.parametrize(
    ("asked", "granted"), [(1, 4000), (4000, 4000), (10_000, 10_000), (10**6, 40_000), (-5, 4000)]
)
def test_the_timeout_is_clamped_to_two_and_twenty_ticks(world, asked, granted):
    assert world.client(timeout_ms=asked).session.timeout_ms == granted


def test_configured_timeout_bounds_win():
    world = World(min_session_timeout_ms=100, max_session_timeout_ms=500)

    assert world.client(timeout_ms=1).session.timeout_ms == 100
    assert world.client(timeout_ms=9999).session.timeout_ms == 500


def test_requests_behind_the_handshake_wait_for_the_session(world):
    client = world.stranger()
    hello = framed(encode_connect_request(ConnectRequest(0, 0, 9000, 0, bytes(16), False)))

    client.feed(hello + client.frame(OpCode.EXISTS, ExistsRequest("/", False), xid=1))
    assert client.take() == []
    world.persist()

    first, second = client.take()
    assert decode_connect_response(first).timeout_ms == 9000
    assert second[:4] == b"\0\0\0\1"


def test_a_client_that_has_seen_more_is_sent_away_without_an_answer(world):
    client = world.stranger().connect(seen=world.tree.last_processed_zxid + 1)

    assert client.take() == []
    assert client.closed is CloseReason.CLIENT_ZXID_AHEAD


def test_reopening_needs_no_transaction_and_moves_the_session(world):
    old = world.client()
    zxid = world.tree.last_processed_zxid

    new = world.stranger().connect(
        session_id=old.session.session_id, password=old.session.password, timeout_ms=20_000
    )

    assert new.welcome().session_id == old.session.session_id
    assert new.session.timeout_ms == 20_000
    assert world.pending() == []
    assert old.closed is CloseReason.CLIENT_RECONNECT
    assert world.tree.last_processed_zxid == zxid
    assert new.call(OpCode.EXISTS, ExistsRequest("/", False)).err == 0


def test_the_new_timeout_counts_from_the_reopening_on(world):
    old = world.client(timeout_ms=40_000)

    world.stranger().connect(
        session_id=old.session.session_id, password=old.session.password, timeout_ms=4000
    )

    assert world.tick(6001) == [old.session.session_id]


def test_a_wrong_password_is_an_expired_session(world):
    old = world.client()

    new = world.stranger().connect(session_id=old.session.session_id, password=b"x" * 16)

    answer = new.welcome()
    assert (answer.timeout_ms, answer.session_id, answer.password) == (0, 0, NO_PASSWORD)
    assert new.closed is CloseReason.INVALID_SESSION
    # ZooKeeper closes the former connection before it looks at the password.
    assert old.closed is CloseReason.CLIENT_RECONNECT


def test_an_unknown_session_is_an_expired_session(world):
    client = world.stranger().connect(session_id=77, password=session_password(77), flag=None)

    (payload,) = client.take()

    assert len(payload) == 36
    assert decode_connect_response(payload).timeout_ms == 0
    assert client.closed is CloseReason.INVALID_SESSION


def test_a_session_being_closed_cannot_be_reopened(world):
    old = world.client()
    old.send(OpCode.CLOSE_SESSION, body=b"")

    new = world.stranger().connect(session_id=old.session.session_id, password=old.session.password)

    assert new.welcome().timeout_ms == 0


def test_a_client_gone_before_its_session_is_made_leaves_a_session_that_expires(world):
    client = world.stranger().connect(timeout_ms=4000)
    world.server.disconnect(client.connection, CloseReason.CLIENT_CLOSED_CONNECTION)
    world.persist()

    (session_id,) = world.tree.sessions
    assert world.tick(6001) == [session_id]
    world.persist()
    assert world.tree.sessions == {}


def test_the_token_bucket_turns_newcomers_away():
    world = World(connection_max_tokens=1, connection_token_fill_time_ms=1000)
    world.client()

    late = world.stranger().connect()

    assert late.closed is CloseReason.CLIENT_RATE_LIMIT
    assert world.server.stats.connections_rejected == 1


@pytest.mark.parametrize("length", [-1, -(2**31), 2**31 - 1, 0x100000])
def test_a_first_frame_of_impossible_length_ends_the_connection(world, length):
    client = world.stranger()

    client.feed(length.to_bytes(4, "big", signed=True))

    assert client.closed is CloseReason.FRAME_LENGTH


def test_a_handshake_may_be_as_long_as_any_request(world):
    """ZooKeeper takes a password of any length (and finds it wrong) and bytes that say nothing."""
    long_password, trailing = world.stranger(), world.stranger()
    long_password.connect(password=bytes(2000))
    request = encode_connect_request(ConnectRequest(0, 0, 10_000, 0, bytes(16), False))
    frame = (len(request) + 100_000).to_bytes(4, "big") + request + bytes(100_000)
    for start in range(0, len(frame), 30_000):
        trailing.feed(frame[start : start + 30_000])
    world.persist()

    assert long_password.welcome().session_id != 0
    assert trailing.welcome().session_id != 0


def test_half_a_connect_request_is_malformed(world):
    client = world.stranger()

    client.feed(framed(b"\0" * 20))

    assert client.closed is CloseReason.MALFORMED_FRAME


def test_silence_before_the_handshake_has_a_deadline():
    world = World(sessionless_timeout_ms=3000)
    silent, halfway, done = world.stranger(), world.stranger(), world.client()
    halfway.feed(b"\0\0\0\x2d\0\0")

    world.tick(2999)
    assert (silent.closed, halfway.closed) == (None, None)
    halfway.feed(b"\0")  # trickling does not buy time
    world.tick(1)

    assert silent.closed is CloseReason.CONNECTION_EXPIRED
    assert halfway.closed is CloseReason.CONNECTION_EXPIRED
    assert done.closed is None
    assert world.server.stats.sessionless_expired == 2


@given(st.lists(st.integers(0, 57), max_size=8))
def test_the_handshake_may_arrive_in_any_pieces(cuts):
    world = World()
    client = world.stranger()
    data = framed(encode_connect_request(ConnectRequest(0, 0, 9000, 0, bytes(16), True)))
    data += client.frame(OpCode.PING, body=b"", xid=-2)
    edges = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})

    for start, end in pairwise(edges):
        client.feed(data[start:end])
    world.persist()

    hello, pong = client.take()
    assert decode_connect_response(hello).timeout_ms == 9000
    assert pong[:4] == b"\xff\xff\xff\xfe"
    assert client.connection.state == State.OPEN
