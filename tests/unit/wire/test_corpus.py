"""Files and frames of a real Apache ZooKeeper 3.8.0: read, and written again byte for byte."""

import contextlib
from collections import Counter
from collections.abc import Callable

import pytest
from tests.unit.wire import corpus

from speckeeper.wire import replies
from speckeeper.wire.codes import ErrorCode, OpCode
from speckeeper.wire.errors import WireError
from speckeeper.wire.handshake import (
    decode_connect_request,
    decode_connect_response,
    encode_connect_request,
    encode_connect_response,
    session_password,
)
from speckeeper.wire.jute import INT, Reader, encode_ustring
from speckeeper.wire.log_end import EndKind, EndReason
from speckeeper.wire.logfile import (
    decode_log_header,
    encode_log_header,
    frame_entries,
    iter_entries,
)
from speckeeper.wire.requests import REQUEST_HEADER, decode_request, encode_request
from speckeeper.wire.snapshot import SnapshotTrailer, encode_snapshot
from speckeeper.wire.snapshot_reader import SnapshotReader
from speckeeper.wire.txns import CloseSessionTxn, decode_txn, encode_txn

FRAMES = corpus.frames()


def _data(reader: Reader) -> bytes:
    return replies.encode_data_reply(*replies.decode_data_reply(reader))


#: Reads the body of a reply and writes it again.
BODIES: dict[int, Callable[[Reader], bytes]] = {
    OpCode.CREATE: lambda reader: encode_ustring(reader.ustring()),
    OpCode.CREATE2: lambda reader: replies.encode_create2_reply(
        *replies.decode_create2_reply(reader)
    ),
    OpCode.EXISTS: lambda reader: replies.encode_stat(replies.decode_stat(reader)),
    OpCode.GET_DATA: _data,
    OpCode.GET_CHILDREN: lambda reader: replies.encode_children_reply(
        replies.decode_children_reply(reader)
    ),
    OpCode.GET_CHILDREN2: lambda reader: replies.encode_children2_reply(
        *replies.decode_children2_reply(reader)
    ),
    OpCode.GET_ACL: lambda reader: replies.encode_acl_reply(*replies.decode_acl_reply(reader)),
    OpCode.WHO_AM_I: lambda reader: replies.encode_client_infos(
        replies.decode_client_infos(reader)
    ),
    OpCode.GET_ALL_CHILDREN_NUMBER: lambda reader: INT.pack(reader.int()),
    OpCode.MULTI: lambda reader: replies.encode_multi_reply(replies.decode_multi_reply(reader)),
}
for same, as_that in (
    (OpCode.CREATE_CONTAINER, OpCode.CREATE2),
    (OpCode.CREATE_TTL, OpCode.CREATE2),
    (OpCode.SYNC, OpCode.CREATE),
    (OpCode.SET_DATA, OpCode.EXISTS),
    (OpCode.SET_ACL, OpCode.EXISTS),
    (OpCode.GET_EPHEMERALS, OpCode.GET_CHILDREN),
    (OpCode.ADD_WATCH, OpCode.GET_ALL_CHILDREN_NUMBER),
    (OpCode.MULTI_READ, OpCode.MULTI),
):
    BODIES[same] = BODIES[as_that]


@pytest.mark.parametrize("name", corpus.LOGS)
def test_log(name: str) -> None:
    raw = corpus.load(name)
    assert decode_log_header(raw) == (2, 0)
    entries = iter_entries(raw)
    read = [entry for _offset, entry in entries]
    assert (entries.end.kind, entries.end.reason) == (EndKind.CLEAN, EndReason.PADDING)
    transactions = [decode_txn(entry) for entry in read]
    assert [encode_txn(txn) for txn in transactions] == read
    written = encode_log_header() + frame_entries(read)
    assert len(written) == entries.end.offset
    assert written.ljust(len(raw), b"\0") == raw
    zxids = [txn.header.zxid for txn in transactions]
    assert zxids == list(range(zxids[0], zxids[0] + len(zxids)))


def test_logs_have_every_type_that_a_server_writes() -> None:
    types = {
        decode_txn(entry).header.type
        for name in corpus.LOGS
        for _offset, entry in iter_entries(corpus.load(name))
    }
    assert types == {-11, -10, -1, 1, 2, 5, 7, 14, 15, 16, 19, 20, 21}


def test_close_session_without_paths() -> None:
    """zookeeper.closeSessionTxn.enabled=false."""
    *_, (_offset, last) = iter_entries(corpus.load("log-no-digest"))
    assert decode_txn(last).record == CloseSessionTxn(None)


@pytest.mark.parametrize("name", corpus.SNAPSHOTS)
def test_snapshot(name: str) -> None:
    raw = corpus.load(name)
    reader = SnapshotReader([raw])
    nodes = list(reader.nodes())
    assert reader.remainder == b""
    assert (reader.trailer.digest is None) == (name == "snapshot-no-digest")
    assert reader.trailer.last_zxid is None  # since 3.9
    trailer = reader.trailer
    chunks = encode_snapshot(reader.sessions, reader.acls, nodes, lambda: trailer)
    assert b"".join(chunks) == raw
    assert nodes[0][0] == ""
    assert {node[2] for node in nodes} <= {-1, *reader.acls}


def test_snapshot_holds_what_the_log_did() -> None:
    reader = SnapshotReader([corpus.load("snapshot-default")])
    nodes = {node[0]: node for node in reader.nodes()}
    assert nodes["/null"][1] is None
    assert nodes["/plain"][1] == b"new data"
    assert nodes["/pl\u00e4in-\u20ac"][1] == b"utf-8"
    assert nodes["/box"][10] == -(2**63)
    assert nodes["/brief"][10] == -(2**56) + 3_600_000
    (session,) = reader.sessions
    assert nodes["/other-0000000016"][10] == session
    assert isinstance(reader.trailer, SnapshotTrailer)
    *_, (_offset, last) = iter_entries(corpus.load("log-default"))
    digest = decode_txn(last).digest
    assert digest is not None
    assert reader.trailer.digest is not None
    assert reader.trailer.digest.digest == digest.tree_digest


def test_handshake() -> None:
    request, reply = FRAMES[0].request, FRAMES[0].reply
    assert encode_connect_request(decode_connect_request(request)) == request
    answer = decode_connect_response(reply)
    assert encode_connect_response(answer) == reply
    assert answer.password == session_password(answer.session_id)


def test_requests() -> None:
    """Each is decoded and encoded again; what ZooKeeper could not decode, we cannot either."""
    seen: Counter[int] = Counter()
    start = REQUEST_HEADER.size
    for frame in FRAMES:
        if frame.op > 0 or frame.op == OpCode.CLOSE_SESSION:
            _xid, _zxid, err = replies.decode_reply_header(Reader(frame.reply))
            if err == ErrorCode.MARSHALLING_ERROR:
                with pytest.raises(WireError):
                    decode_request(frame.op, frame.request, start, len(frame.request))
            else:
                request = decode_request(frame.op, frame.request, start, len(frame.request))
                assert encode_request(frame.op, request) == frame.request[start:]
            seen[frame.op] += 1
    without = {OpCode.CHECK, OpCode.DELETE_CONTAINER, OpCode.SASL, OpCode.CREATE_SESSION}
    assert set(seen) == set(OpCode) - without - {OpCode.NOTIFICATION, OpCode.ERROR}


def test_replies() -> None:
    """Each is decoded and encoded again; a body is there only when err is 0."""
    for frame in FRAMES[1:]:
        reader = Reader(frame.reply)
        header = replies.decode_reply_header(reader)
        raw = replies.encode_reply_header(*header)
        if frame.op == -1:
            raw = replies.encode_watch_event(*replies.decode_watch_event(reader), header.zxid)
        elif header.err == 0 and frame.op in BODIES:
            raw += BODIES[frame.op](reader)
        assert reader.at_end()
        assert raw == frame.reply


def test_every_byte_changed_raises_nothing_else() -> None:
    """Mutation of the recorded session, both directions, one byte at a time."""
    start = REQUEST_HEADER.size
    for frame in FRAMES[1:]:
        for raw, decode in (
            (frame.request, lambda raw, op=frame.op: decode_request(op, raw, start, len(raw))),
            (frame.reply[16:], lambda raw, op=frame.op: BODIES.get(op, Reader.int)(Reader(raw))),
        ):
            for index in range(len(raw)):
                for byte in (0x00, 0x7F, 0x80, 0xFF):
                    with contextlib.suppress(WireError):
                        decode(raw[:index] + bytes((byte,)) + raw[index + 1 :])
