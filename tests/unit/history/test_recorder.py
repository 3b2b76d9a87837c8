"""The recorder: what becomes of the bytes of a connection, however they are cut."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import msgspec
import pytest

from speckeeper.history.files import HistoryFolder, file_name
from speckeeper.history.recorder import Recorder, Recording
from speckeeper.history.records import Connect, Disconnect, Lost, Opaque, Record, Reply, Watch
from speckeeper.wire.codes import ErrorCode, EventType, OpCode
from speckeeper.wire.handshake import (
    ConnectRequest,
    ConnectResponse,
    encode_connect_request,
    encode_connect_response,
)
from speckeeper.wire.jute import INT
from speckeeper.wire.records import OPEN_ACL_UNSAFE, Stat
from speckeeper.wire.replies import encode_data_reply, encode_reply_header, encode_watch_event
from speckeeper.wire.requests import (
    REQUEST_HEADER,
    AuthRequest,
    CreateRequest,
    GetDataRequest,
    Request,
    encode_request,
)

SESSION = 0x100000000000005
PASSWORD = b"not to be stored"
STAT = Stat(5, 6, 1000, 2000, 1, 0, 0, 0, 2, 0, 5)


def frame(body: bytes) -> bytes:
    return INT.pack(len(body)) + body


def asked(xid: int, op: int, request: Request) -> bytes:
    return frame(REQUEST_HEADER.pack(xid, op) + encode_request(op, request))


def connect(session: int = 0) -> bytes:
    return frame(encode_connect_request(ConnectRequest(0, 4, 10_000, session, PASSWORD, False)))


def welcome(session: int = SESSION, timeout_ms: int = 9000) -> bytes:
    answer = ConnectResponse(0, timeout_ms, session, PASSWORD, False)
    return frame(encode_connect_response(answer))


class Kept:
    """A recorder with what it told."""

    def __init__(self) -> None:
        self.told: list[tuple[int, Record]] = []
        self.recorder = Recorder(lambda session, record: self.told.append((session, record)))

    @property
    def records(self) -> list[Record]:
        return [record for _, record in self.told]

    def open(self) -> Recording:
        recording = self.recorder.connection("10.0.0.1")
        recording.sent(connect(), 1)
        recording.received(welcome(), 2)
        return recording


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_a_conversation_is_the_same_in_whatever_pieces_it_comes(size: int) -> None:
    kept = Kept()
    recording = kept.recorder.connection("10.0.0.1")
    create = CreateRequest("/a", b"x\xff", OPEN_ACL_UNSAFE, 1)
    out = connect() + asked(1, OpCode.CREATE, create)
    out += asked(2, OpCode.GET_DATA, GetDataRequest("/a", True)) + frame(
        REQUEST_HEADER.pack(-2, OpCode.PING)
    )
    for start in range(0, len(out), size):
        recording.sent(out[start : start + size], 10)
    back = welcome()
    back += frame(encode_reply_header(1, 7, 0) + INT.pack(2) + b"/a")
    back += frame(encode_watch_event(EventType.NODE_DATA_CHANGED, 3, "/b", 8))
    back += frame(encode_reply_header(-2, 8, 0))
    back += frame(encode_reply_header(2, 8, 0) + encode_data_reply(b"x\xff", STAT))
    for start in range(0, len(back), size):
        recording.received(back[start : start + size], 20)
    recording.ended(30)
    recording.ended(31)
    first, created, fired, got, last = kept.records
    assert first == Connect(SESSION, 10, 20, 4, 9000, address="10.0.0.1")
    assert isinstance(created, Reply)
    assert created.request == {
        "path": "/a",
        "data": "xÿ",
        "acl": [{"perms": 31, "scheme": "world", "id": "anyone"}],
        "flags": "EPHEMERAL",
    }
    assert (created.call, created.return_, created.zxid, created.err) == (10, 20, 7, "Ok")
    assert created.reply == {"path": "/a"}
    assert fired == Watch("NodeDataChanged", "/b", 20, 8)
    assert isinstance(got, Reply)
    assert got.reply["data"] == "xÿ"
    assert got.reply["stat"]["mzxid"] == 6
    assert last == Disconnect(30)
    assert {session for session, _ in kept.told} == {SESSION}


def test_what_was_not_answered_is_lost() -> None:
    kept = Kept()
    recording = kept.open()
    recording.sent(asked(1, OpCode.GET_DATA, GetDataRequest("/a", False)), 5)
    recording.sent(asked(2, OpCode.GET_DATA, GetDataRequest("/b", False)), 6)
    recording.received(frame(encode_reply_header(1, 9, ErrorCode.NO_NODE)), 7)
    recording.ended(8)
    replied, lost, gone = kept.records[1:]
    assert isinstance(replied, Reply)
    assert (replied.err, replied.reply) == ("NoNode", {})
    assert lost == Lost("getData", 6, 8, {"path": "/b", "watch": False})
    assert gone == Disconnect(8)


def test_a_session_that_moves_ends_its_former_connection_first() -> None:
    kept = Kept()
    former = kept.open()
    later = kept.recorder.connection("10.0.0.1")
    later.sent(connect(SESSION), 10)
    later.received(welcome(), 11)
    former.received(frame(encode_watch_event(EventType.NODE_DELETED, 3, "/b", 8)), 12)
    former.ended(13)
    assert kept.records[1:] == [
        Disconnect(11),
        Connect(SESSION, 10, 11, 4, 9000, resumed=True, address="10.0.0.1"),
    ]


def test_a_session_that_is_refused_and_one_that_is_never_answered() -> None:
    kept = Kept()
    refused = kept.recorder.connection("")
    refused.sent(connect(SESSION), 1)
    refused.received(welcome(0, 0), 2)
    refused.ended(3)
    silent = kept.recorder.connection("")
    silent.sent(connect(), 4)
    silent.ended(5)
    assert kept.told == [
        (SESSION, Connect(SESSION, 1, 2, 4, 10_000, True, "SessionExpired")),
        (0, Connect(0, 4, 5, 4, 10_000, False, "ConnectionLoss")),
    ]


def test_what_is_not_understood_is_opaque_and_the_rest_goes_on() -> None:
    kept = Kept()
    recording = kept.open()
    recording.sent(frame(REQUEST_HEADER.pack(1, 777) + b"whatever"), 3)
    recording.received(frame(encode_reply_header(1, 9, 0) + b"what for"), 4)
    recording.sent(asked(2, OpCode.GET_DATA, GetDataRequest("/a", False)), 5)
    recording.received(frame(encode_reply_header(2, 9, ErrorCode.NO_NODE)), 6)
    recording.received(frame(encode_reply_header(77, 9, 0)), 7)
    recording.received(INT.pack(-5), 8)
    recording.received(b"anything", 9)
    opaque, got, stray, rest = kept.records[1:]
    assert opaque == Opaque("operation 777", 4, 16, 9)
    assert isinstance(got, Reply)
    assert stray == Opaque("a reply with xid 77 to no request", 7, 0, 9)
    assert isinstance(rest, Opaque)
    assert "a frame of -5 bytes" in rest.reason


def test_no_password_is_kept() -> None:
    kept = Kept()
    recording = kept.open()
    recording.sent(asked(-4, OpCode.AUTH, AuthRequest(0, "digest", b"joe:hush")), 3)
    recording.received(frame(encode_reply_header(-4, 0, 0)), 4)
    recording.sent(asked(-4, OpCode.AUTH, AuthRequest(0, "other", b"hush")), 5)
    recording.received(frame(encode_reply_header(-4, 0, 0)), 6)
    proven, other = kept.records[1:]
    assert isinstance(proven, Reply)
    assert isinstance(other, Reply)
    assert proven.request["id"].startswith("joe:")
    assert other.request == {"scheme": "other"}
    told = msgspec.json.encode(kept.records)
    assert b"hush" not in told
    assert PASSWORD not in told
    assert hashlib.sha1(b"joe:hush").hexdigest().encode() not in told


def test_a_folder_has_a_file_for_each_session_that_begins_and_ends(tmp_path: Path) -> None:
    folder = HistoryFolder(tmp_path, "a test")
    folder.write(5, Disconnect(1))
    folder.write(6, Disconnect(2))
    folder.write(5, Disconnect(3))
    folder.close(9)
    folder.write(5, Disconnect(10))
    lines = [json.loads(line) for line in (tmp_path / file_name(5)).read_text().splitlines()]
    assert [line["event"] for line in lines] == ["history", "disconnect", "disconnect", "end"]
    assert lines[0]["recorder"] == "a test"
    assert [line.get("return") for line in lines[1:]] == [1, 3, 9]
    assert len(list(tmp_path.iterdir())) == 2


def test_the_schema_is_that_of_the_records() -> None:
    file = Path(__file__).parents[3] / "traces" / "schema-history.json"
    assert json.loads(file.read_text()) == msgspec.json.schema(Record)


def test_what_is_under_way_when_recording_ends_is_lost() -> None:
    kept = Kept()
    recording = kept.open()
    recording.sent(asked(1, OpCode.GET_DATA, GetDataRequest("/a", False)), 3)
    greeting = kept.recorder.connection("10.0.0.2")
    greeting.sent(connect(), 4)
    over = kept.open()
    over.ended(5)
    kept.recorder.ended(9)
    kept.recorder.ended(10)
    _, *rest = kept.told
    request = {"path": "/a", "watch": False}
    assert rest[0] == (SESSION, Lost("getData", 3, 2, request))
    assert rest[-1] == (0, Connect(0, 4, 9, 4, 10_000, err="ConnectionLoss", address="10.0.0.2"))
    assert len(rest) == 5
