"""Replies, multi results, watch events and the handshake."""

import contextlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.wire.strategies import (
    acls,
    data,
    ints,
    longs,
    mutated,
    path_lists,
    paths,
    results,
    stats,
    texts,
)

from speckeeper.wire import replies
from speckeeper.wire.codes import EventType, KeeperState
from speckeeper.wire.errors import WireError
from speckeeper.wire.handshake import (
    NO_PASSWORD,
    ConnectRequest,
    ConnectResponse,
    decode_connect_request,
    decode_connect_response,
    encode_connect_request,
    encode_connect_response,
    session_password,
)
from speckeeper.wire.jute import Reader
from speckeeper.wire.records import ACL, Stat

flags = st.none() | st.booleans()
connect_requests = st.builds(
    ConnectRequest, ints, longs, ints, longs, st.binary(max_size=20), flags
)
connect_responses = st.builds(ConnectResponse, ints, ints, longs, st.binary(max_size=20), flags)


@given(ints, longs, ints)
def test_reply_header(xid: int, zxid: int, err: int) -> None:
    raw = replies.encode_reply_header(xid, zxid, err)
    assert len(raw) == 16
    assert replies.decode_reply_header(Reader(raw)) == (xid, zxid, err)


def test_watch_event_layout() -> None:
    event = EventType.NODE_DATA_CHANGED
    raw = replies.encode_watch_event(event, KeeperState.SYNC_CONNECTED, "/a", 0x1_0000_0002)
    assert raw.hex() == "ffffffff0000000100000002000000000000000300000003000000022f61"


@given(ints, ints, paths, longs)
def test_watch_event(kind: int, state: int, path: str, zxid: int) -> None:
    reader = Reader(replies.encode_watch_event(kind, state, path, zxid))
    assert replies.decode_reply_header(reader) == (-1, zxid, 0)
    assert replies.decode_watch_event(reader) == (kind, state, path)
    assert reader.at_end()


@given(stats, data, path_lists, acls, paths)
def test_bodies(
    stat: Stat,
    content: bytes | None,
    children: tuple[str, ...],
    acl: tuple[ACL, ...],
    path: str,
) -> None:
    def read(raw: bytes, decode: Callable[[Reader], object]) -> object:
        reader = Reader(raw)
        value = decode(reader)
        assert reader.at_end()
        return value

    assert len(replies.encode_stat(stat)) == 68
    assert read(replies.encode_stat(stat), replies.decode_stat) == stat
    raw = replies.encode_data_reply(content, stat)
    assert read(raw, replies.decode_data_reply) == (content, stat)
    raw = replies.encode_children_reply(children)
    assert read(raw, replies.decode_children_reply) == list(children)
    raw = replies.encode_children2_reply(children, stat)
    assert read(raw, replies.decode_children2_reply) == (list(children), stat)
    raw = replies.encode_acl_reply(acl, stat)
    assert read(raw, replies.decode_acl_reply) == (acl, stat)
    raw = replies.encode_create2_reply(path, stat)
    assert read(raw, replies.decode_create2_reply) == (path, stat)


@given(st.lists(st.builds(replies.ClientInfo, texts, texts), max_size=3))
def test_client_infos(infos: list[replies.ClientInfo]) -> None:
    raw = replies.encode_client_infos(infos)
    assert replies.decode_client_infos(Reader(raw)) == infos


@given(st.lists(results, max_size=5))
def test_multi_reply(answers: list[replies.MultiResult]) -> None:
    raw = replies.encode_multi_reply(answers)
    decoded = replies.decode_multi_reply(Reader(raw))
    assert decoded == tuple(answers)
    assert [type(result) for result in decoded] == [type(result) for result in answers]


def test_failed_multi_layout() -> None:
    """MultiResponse: the error stands in the header of the result and again in its body."""
    raw = replies.encode_multi_reply([replies.ErrorResult(0), replies.ErrorResult(-110)])
    assert raw.hex() == ("ffffffff000000000000000000ffffffff00ffffff92ffffff92ffffffff01ffffffff")


decoders = st.sampled_from(
    [
        replies.decode_reply_header,
        replies.decode_watch_event,
        replies.decode_stat,
        replies.decode_data_reply,
        replies.decode_children_reply,
        replies.decode_children2_reply,
        replies.decode_acl_reply,
        replies.decode_create2_reply,
        replies.decode_client_infos,
        replies.decode_multi_reply,
    ]
)


@given(
    decoders, st.binary(max_size=100) | mutated(st.lists(results).map(replies.encode_multi_reply))
)
def test_bad_replies_raise_nothing_else(decode: Callable[[Reader], object], raw: bytes) -> None:
    with contextlib.suppress(WireError):
        decode(Reader(raw))


@pytest.mark.parametrize(
    ("session_id", "password"),
    [
        (0x1, "054cc74a37327db215e702e20c73f005"),
        (0x0100000000000000, "f22acd4a97e69d6d20a49bb638eadb38"),
        (0x1000012345670000, "4be494d27cc739baa123244a251a7415"),
    ],
)
def test_session_password(session_id: int, password: str) -> None:
    assert session_password(session_id).hex() == password


def test_session_password_of_a_signed_id() -> None:
    assert session_password(-1) == session_password(2**64 - 1)


@pytest.mark.parametrize(("read_only", "more"), [(None, 0), (False, 1), (True, 1)])
def test_handshake_sizes(read_only: bool | None, more: int) -> None:
    request = ConnectRequest(0, 5, 30000, 7, NO_PASSWORD, read_only)
    assert len(encode_connect_request(request)) == 44 + more
    response = ConnectResponse(0, 30000, 7, NO_PASSWORD, read_only)
    assert len(encode_connect_response(response)) == 36 + more


@given(connect_requests, connect_responses)
def test_handshake_round_trip(request: ConnectRequest, response: ConnectResponse) -> None:
    raw = encode_connect_request(request)
    assert decode_connect_request(raw) == request
    assert decode_connect_request(b"??" + raw + b"!", 2, 2 + len(raw)) == request
    assert decode_connect_response(encode_connect_response(response)) == response


def test_null_password_is_nobodys() -> None:
    raw = encode_connect_request(ConnectRequest(0, 0, 1, 2, b"", None))
    assert decode_connect_request(raw[:-4] + b"\xff\xff\xff\xff").password == b""


@given(st.binary(max_size=60) | mutated(connect_requests.map(encode_connect_request)))
def test_bad_handshakes_raise_nothing_else(raw: bytes) -> None:
    for decode in (decode_connect_request, decode_connect_response):
        with contextlib.suppress(WireError):
            decode(raw)
