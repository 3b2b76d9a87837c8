"""Replies and watch events, to the bytes of a frame (without its length) and back.

A reply is its header and, only when ``err`` is 0, a body. The encoders are what a server uses; the
decoders are for clients made of these records, tests among them.

Source: ``zookeeper.jute``, module ``org.apache.zookeeper.proto``; ``NIOServerCnxn``, ``Watcher``.
"""

from collections.abc import Collection
from struct import Struct
from typing import NamedTuple

from speckeeper.wire.jute import (
    INT,
    NULL,
    Reader,
    encode_ustring,
    encode_vector,
)
from speckeeper.wire.records import (
    ACL,
    STAT,
    Stat,
    decode_acl_list,
    decode_stat,
    encode_acl_list,
    encode_stat,
)

__all__ = [
    "NOTIFICATION_XID",
    "REPLY_HEADER",
    "ClientInfo",
    "ReplyHeader",
    "WatchEvent",
    "decode_acl_reply",
    "decode_children2_reply",
    "decode_children_reply",
    "decode_client_infos",
    "decode_create2_reply",
    "decode_data_reply",
    "decode_reply_header",
    "decode_stat",
    "decode_watch_event",
    "encode_acl_reply",
    "encode_children2_reply",
    "encode_children_reply",
    "encode_client_infos",
    "encode_create2_reply",
    "encode_data_reply",
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


class ClientInfo(NamedTuple):
    """One identity in the answer to whoAmI."""

    auth_scheme: str
    user: str


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


def encode_data_reply(data: bytes | None, stat: Stat) -> bytes:
    """Return the body of getData."""
    if data is None:
        return NULL + STAT.pack(*stat)
    return b"".join((INT.pack(len(data)), data, STAT.pack(*stat)))


def decode_data_reply(reader: Reader) -> tuple[bytes | None, Stat]:
    """Read the body of getData."""
    data = reader.buffer()
    return data, decode_stat(reader)


def encode_create2_reply(path: str, stat: Stat) -> bytes:
    """Return the body of create2, createContainer and createTTL; that of create is the path alone."""
    return encode_ustring(path) + encode_stat(stat)


def decode_create2_reply(reader: Reader) -> tuple[str, Stat]:
    """Read the body of create2."""
    path = reader.text("path")
    return path, decode_stat(reader)


def encode_children_reply(children: Collection[str]) -> bytes:
    """Return the body of getChildren (names) and of getEphemerals (paths)."""
    pack = INT.pack
    parts = [pack(len(children))]
    for name in children:
        raw = name.encode()
        parts.append(pack(len(raw)))
        parts.append(raw)
    return b"".join(parts)


def decode_children_reply(reader: Reader) -> list[str]:
    """Read the body of getChildren or getEphemerals."""
    return reader.vector(lambda item: item.text("name")) or []


def encode_children2_reply(children: Collection[str], stat: Stat) -> bytes:
    """Return the body of getChildren2."""
    return encode_children_reply(children) + encode_stat(stat)


def decode_children2_reply(reader: Reader) -> tuple[list[str], Stat]:
    """Read the body of getChildren2."""
    children = decode_children_reply(reader)
    return children, decode_stat(reader)


def encode_acl_reply(acl: tuple[ACL, ...], stat: Stat) -> bytes:
    """Return the body of getACL."""
    return encode_acl_list(acl) + encode_stat(stat)


def decode_acl_reply(reader: Reader) -> tuple[tuple[ACL, ...], Stat]:
    """Read the body of getACL."""
    acl = decode_acl_list(reader)
    return acl, decode_stat(reader)


def _encode_client_info(info: ClientInfo) -> bytes:
    return encode_ustring(info.auth_scheme) + encode_ustring(info.user)


def _decode_client_info(reader: Reader) -> ClientInfo:
    scheme = reader.text("scheme")
    return ClientInfo(scheme, reader.text("user"))


def encode_client_infos(infos: Collection[ClientInfo]) -> bytes:
    """Return the body of whoAmI."""
    return encode_vector(infos, _encode_client_info)


def decode_client_infos(reader: Reader) -> list[ClientInfo]:
    """Read the body of whoAmI."""
    return reader.vector(_decode_client_info) or []
