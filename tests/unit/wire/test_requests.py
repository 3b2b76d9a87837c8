"""Requests: round trips, rules about odd bytes, fuzz. Fast and plain decoders must agree."""

import tracemalloc
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.wire.strategies import REQUESTS, mutated, requests_with_op

from speckeeper.wire import request_bodies as bodies
from speckeeper.wire.codes import OpCode
from speckeeper.wire.errors import WireError
from speckeeper.wire.jute import NULL, Reader, encode_buffer, encode_ustring
from speckeeper.wire.multi import MULTI_END, MULTI_HEADER
from speckeeper.wire.records import OPEN_ACL_UNSAFE, encode_acl_list
from speckeeper.wire.requests import (
    AddWatchRequest,
    CreateRequest,
    DeleteRequest,
    GetDataRequest,
    GetEphemeralsRequest,
    MultiRequest,
    Request,
    SetACLRequest,
    SetDataRequest,
    SyncRequest,
    decode_request,
    encode_request,
)

PLAIN: dict[OpCode, Callable[[Reader], Request]] = {
    OpCode.CREATE: bodies.decode_create,
    OpCode.DELETE: bodies.decode_delete,
    OpCode.EXISTS: bodies.decode_exists,
    OpCode.GET_DATA: bodies.decode_get_data,
    OpCode.GET_CHILDREN: bodies.decode_get_children,
    OpCode.SET_DATA: bodies.decode_set_data,
}
ops = st.sampled_from(sorted(REQUESTS))
encoded = requests_with_op.map(lambda pair: (pair[0], encode_request(*pair)))


def decode(op: int, raw: bytes) -> Request:
    return decode_request(op, raw, 0, len(raw))


def outcome(call: Callable[[], Request]) -> Request | None:
    try:
        return call()
    except WireError:
        return None


def test_every_operation_with_a_request_is_covered() -> None:
    assert set(REQUESTS) == set(OpCode) - {OpCode.NOTIFICATION, OpCode.ERROR}


@given(requests_with_op)
def test_round_trip(pair: tuple[int, Request]) -> None:
    op, request = pair
    assert decode(op, encode_request(op, request)) == request


@given(requests_with_op, st.binary(max_size=9), st.binary(max_size=9))
def test_body_is_taken_from_its_range(
    pair: tuple[int, Request], before: bytes, after: bytes
) -> None:
    op, request = pair
    body = encode_request(op, request)
    buffer = before + body + after
    assert decode_request(op, buffer, len(before), len(before) + len(body)) == request


@given(requests_with_op, st.binary(min_size=1, max_size=9))
def test_trailing_bytes_are_ignored(pair: tuple[int, Request], after: bytes) -> None:
    """As ZooKeeper, which reads a record and does not ask whether anything is left."""
    op, request = pair
    assert decode(op, encode_request(op, request) + after) == request


@given(requests_with_op)
def test_record_cut_short_is_refused(pair: tuple[int, Request]) -> None:
    op, request = pair
    body = encode_request(op, request)
    for end in range(len(body)):
        with pytest.raises(WireError):
            decode_request(op, body, 0, end)


@given(ops, st.binary(max_size=80))
def test_random_bytes_raise_nothing_else(op: int, raw: bytes) -> None:
    outcome(lambda: decode(op, raw))


@given(st.data())
def test_mutated_requests_raise_nothing_else(data: st.DataObject) -> None:
    op = data.draw(ops)
    raw = data.draw(mutated(REQUESTS[op].map(lambda request: encode_request(op, request))))
    outcome(lambda: decode(op, raw))


@given(st.data())
def test_fast_decoders_agree_with_plain_ones(data: st.DataObject) -> None:
    op = data.draw(st.sampled_from(sorted(PLAIN)))
    valid = REQUESTS[op].map(lambda request: encode_request(op, request))
    raw = data.draw(st.one_of(mutated(valid), valid, st.binary(max_size=60)))
    end = data.draw(st.integers(0, len(raw)))
    fast = outcome(lambda: decode_request(op, raw, 0, end))
    plain = outcome(lambda: PLAIN[op](Reader(raw, 0, end)))
    assert fast == plain
    assert type(fast) is type(plain)


def test_unknown_operation() -> None:
    with pytest.raises(WireError, match="operation 99 has no request"):
        decode(99, b"")


def test_create_with_unknown_flags_decodes() -> None:
    """BadArguments is for the leader to say (PrepRequestProcessor), not for the decoder."""
    request = CreateRequest("/a", b"", OPEN_ACL_UNSAFE, 99, -1)
    assert decode(OpCode.CREATE, encode_request(OpCode.CREATE, request)) == request


@pytest.mark.parametrize("data", [None, b""])
def test_null_and_empty_data_differ(data: bytes | None) -> None:
    written = encode_ustring("/a") + encode_buffer(data)
    create = written + encode_acl_list(OPEN_ACL_UNSAFE) + b"\0\0\0\0"
    assert decode(OpCode.CREATE, create) == CreateRequest("/a", data, OPEN_ACL_UNSAFE, 0, -1)
    assert decode(OpCode.SET_DATA, written + b"\0\0\0\1") == SetDataRequest("/a", data, 1)


@pytest.mark.parametrize(
    "op",
    [
        OpCode.CREATE,
        OpCode.DELETE,
        OpCode.EXISTS,
        OpCode.GET_DATA,
        OpCode.GET_CHILDREN2,
        OpCode.GET_ACL,
        OpCode.GET_ALL_CHILDREN_NUMBER,
        OpCode.CHECK_WATCHES,
        OpCode.REMOVE_WATCHES,
    ],
)
def test_null_path_is_refused_where_zookeeper_answers_marshalling_error(op: int) -> None:
    with pytest.raises(WireError, match="path at offset 0 is null"):
        decode(op, NULL + b"\0" * 20)


def test_null_path_is_kept_or_read_as_empty_where_zookeeper_goes_on() -> None:
    assert decode(OpCode.SYNC, NULL) == SyncRequest(None)
    assert decode(OpCode.GET_EPHEMERALS, NULL) == GetEphemeralsRequest(None)
    assert decode(OpCode.SET_DATA, NULL * 3) == SetDataRequest("", None, -1)
    assert decode(OpCode.SET_ACL, NULL * 3) == SetACLRequest("", (), -1)
    assert decode(OpCode.ADD_WATCH, NULL * 2) == AddWatchRequest("", -1)


def test_null_acl_list_is_read_as_empty() -> None:
    body = encode_ustring("/a") + encode_buffer(b"") + NULL + b"\0\0\0\0"
    assert decode(OpCode.CREATE, body) == CreateRequest("/a", b"", (), 0, -1)


def test_path_that_is_not_utf_8_decodes() -> None:
    """Java's decoder puts U+FFFD there; the path does not validate, or there is no such node."""
    assert decode(OpCode.GET_DATA, b"\0\0\0\2/\xff\1") == GetDataRequest("/\ufffd", True)


# multi (ZooKeeper MultiOperationRecord, Op.create)


def multi_of(*ops: tuple[int, bytes]) -> bytes:
    return b"".join(MULTI_HEADER.pack(op, False, -1) + body for op, body in ops) + MULTI_END


def create_body(flags: int, ttl: int | None = None) -> bytes:
    request = CreateRequest("/a", b"", OPEN_ACL_UNSAFE, flags, -1 if ttl is None else ttl)
    return bodies.encode_create(request) if ttl is None else bodies.encode_create_ttl(request)


DELETE = (int(OpCode.DELETE), encode_request(OpCode.DELETE, DeleteRequest("/a", 1)))
READ = (int(OpCode.GET_DATA), encode_request(OpCode.GET_DATA, GetDataRequest("/a", True)))


def test_empty_multi() -> None:
    assert decode(OpCode.MULTI, MULTI_END) == MultiRequest(())


@pytest.mark.parametrize(
    "op", [OpCode.CREATE, OpCode.DELETE, OpCode.SET_DATA, OpCode.CHECK, OpCode.GET_DATA]
)
def test_null_path_in_a_multi_is_refused(op: int) -> None:
    multi = OpCode.MULTI_READ if op == OpCode.GET_DATA else OpCode.MULTI
    with pytest.raises(WireError, match="path at offset 9 is null"):
        decode(multi, multi_of((op, NULL + b"\0" * 20)))


def test_multi_ends_at_any_header_that_says_done() -> None:
    raw = MULTI_HEADER.pack(OpCode.DELETE, True, 0) + b"whatever"
    assert decode(OpCode.MULTI, raw) == MultiRequest(())


def test_multi_read_forgets_the_watch_flag() -> None:
    expected = MultiRequest(((int(OpCode.GET_DATA), GetDataRequest("/a", False)),))
    assert decode(OpCode.MULTI_READ, multi_of(READ)) == expected


@pytest.mark.parametrize("ops", [(DELETE, READ), (READ, DELETE), (READ,)])
def test_multi_takes_no_reads(ops: tuple[tuple[int, bytes], ...]) -> None:
    with pytest.raises(WireError, match=r"operation 4 at offset .* may not stand in a multi$"):
        decode(OpCode.MULTI, multi_of(*ops))


@pytest.mark.parametrize("ops", [(DELETE, READ), (READ, DELETE), (DELETE,)])
def test_multi_read_takes_no_writes(ops: tuple[tuple[int, bytes], ...]) -> None:
    with pytest.raises(WireError, match=r"operation 2 at offset .* may not stand in a multiRead"):
        decode(OpCode.MULTI_READ, multi_of(*ops))


@pytest.mark.parametrize(
    "op", [OpCode.EXISTS, OpCode.SET_ACL, OpCode.MULTI, OpCode.DELETE_CONTAINER, 0, -1, 99]
)
def test_multi_refuses_other_operations(op: int) -> None:
    with pytest.raises(WireError, match="may not stand in a multi"):
        decode(OpCode.MULTI, multi_of((op, b"\0" * 40)))


@pytest.mark.parametrize("op", [OpCode.CREATE, OpCode.CREATE2, OpCode.CREATE_CONTAINER])
@pytest.mark.parametrize("flags", [7, 99, -1, 5, 6])
def test_multi_refuses_creates_with_unknown_flags_or_a_ttl_missing(op: int, flags: int) -> None:
    with pytest.raises(WireError, match=f"flags {flags} "):
        decode(OpCode.MULTI, multi_of((op, create_body(flags))))


@pytest.mark.parametrize(
    ("sent", "flags", "ttl", "taken"),
    [
        (OpCode.CREATE, 0, None, OpCode.CREATE),
        (OpCode.CREATE, 4, None, OpCode.CREATE_CONTAINER),
        (OpCode.CREATE2, 4, None, OpCode.CREATE_CONTAINER),
        (OpCode.CREATE2, 3, None, OpCode.CREATE2),
        (OpCode.CREATE_CONTAINER, 0, None, OpCode.CREATE_CONTAINER),
        (OpCode.CREATE_TTL, 5, 7, OpCode.CREATE_TTL),
        (OpCode.CREATE_TTL, 0, 7, OpCode.CREATE),
        (OpCode.CREATE_TTL, 4, 7, OpCode.CREATE_CONTAINER),
        (OpCode.CREATE_TTL, 99, 7, OpCode.CREATE),
    ],
)
def test_flags_have_a_say_in_the_operation(
    sent: int, flags: int, ttl: int | None, taken: int
) -> None:
    multi = decode(OpCode.MULTI, multi_of((sent, create_body(flags, ttl))))
    assert isinstance(multi, MultiRequest)
    ((op, request),) = multi.ops
    assert op == taken
    assert isinstance(request, CreateRequest)
    assert request.flags == flags
    assert request.ttl == (ttl if taken == OpCode.CREATE_TTL else -1)


@pytest.mark.parametrize("op", [OpCode.SET_WATCHES, OpCode.SET_WATCHES2, OpCode.SET_ACL])
def test_hostile_counts_allocate_nothing(op: int) -> None:
    raw = {
        OpCode.SET_ACL: encode_ustring("/a") + b"\x7f\xff\xff\xff" + b"\0" * 12,
    }.get(OpCode(op), b"\0" * 8 + b"\x7f\xff\xff\xff" + b"\0" * 12)
    tracemalloc.start()
    try:
        with pytest.raises(WireError):
            decode(op, raw)
        assert tracemalloc.get_traced_memory()[1] < 20_000
    finally:
        tracemalloc.stop()
