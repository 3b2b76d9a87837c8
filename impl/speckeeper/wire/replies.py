"""Replies and watch events, to the bytes of a frame (without its length) and back.

A reply is its header and, only when ``err`` is 0, a body. The encoders are what a server uses; the
decoders are for clients made of these records, tests among them.

Source: ``zookeeper.jute``, module ``org.apache.zookeeper.proto``; ``NIOServerCnxn``, ``Watcher``.
"""

from struct import Struct
from typing import NamedTuple

from speckeeper.wire.jute import Reader
from speckeeper.wire.multi_replies import (
    CheckResult,
    Create2Result,
    CreateResult,
    DeleteResult,
    ErrorResult,
    GetChildrenResult,
    GetDataResult,
    MultiResult,
    SetDataResult,
    decode_multi_reply,
    encode_multi_reply,
)
from speckeeper.wire.records import decode_stat, encode_stat
from speckeeper.wire.reply_bodies import (
    ClientInfo,
    decode_acl_reply,
    decode_children2_reply,
    decode_children_reply,
    decode_client_infos,
    decode_create2_reply,
    decode_data_reply,
    encode_acl_reply,
    encode_children2_reply,
    encode_children_reply,
    encode_client_infos,
    encode_create2_reply,
    encode_data_reply,
)

__all__ = [
    "NOTIFICATION_XID",
    "REPLY_HEADER",
    "CheckResult",
    "ClientInfo",
    "Create2Result",
    "CreateResult",
    "DeleteResult",
    "ErrorResult",
    "GetChildrenResult",
    "GetDataResult",
    "MultiResult",
    "ReplyHeader",
    "SetDataResult",
    "WatchEvent",
    "decode_acl_reply",
    "decode_children2_reply",
    "decode_children_reply",
    "decode_client_infos",
    "decode_create2_reply",
    "decode_data_reply",
    "decode_multi_reply",
    "decode_reply_header",
    "decode_stat",
    "decode_watch_event",
    "encode_acl_reply",
    "encode_children2_reply",
    "encode_children_reply",
    "encode_client_infos",
    "encode_create2_reply",
    "encode_data_reply",
    "encode_multi_reply",
    "encode_reply_header",
    "encode_stat",
    "encode_watch_event",
]

#: int xid, long zxid, int err
REPLY_HEADER = Struct(">iqi")
#: The xid of a watch event.
NOTIFICATION_XID = -1

_EVENT = Struct(">iqiiii")


class ReplyHeader(NamedTuple):
    """What precedes the body of a reply; ``err`` is an ErrorCode."""

    xid: int
    zxid: int
    err: int


class WatchEvent(NamedTuple):
    """A fired watch; ``type`` is an EventType, ``state`` a KeeperState."""

    type: int
    state: int
    path: str


def encode_reply_header(xid: int, zxid: int, err: int) -> bytes:
    """Return the 16 bytes of a reply header."""
    return REPLY_HEADER.pack(xid, zxid, err)


def decode_reply_header(reader: Reader) -> ReplyHeader:
    """Read a reply header."""
    xid = reader.int()
    zxid = reader.long()
    return ReplyHeader(xid, zxid, reader.int())


def encode_watch_event(event_type: int, state: int, path: str, zxid: int) -> bytes:
    """Return a whole watch event: a reply header with xid -1, ``zxid`` and err 0, then the event.

    From a server ``state`` is always KeeperState.SYNC_CONNECTED.
    """
    raw = path.encode()
    return _EVENT.pack(NOTIFICATION_XID, zxid, 0, event_type, state, len(raw)) + raw


def decode_watch_event(reader: Reader) -> WatchEvent:
    """Read the body of a watch event."""
    event_type = reader.int()
    state = reader.int()
    return WatchEvent(event_type, state, reader.text("path"))
