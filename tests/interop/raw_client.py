"""A ZooKeeper client at the level of frames, for tests that judge bytes.

Encoders and a reply reader of the tests' own: they share no code with `speckeeper.wire`, so a
mistake there cannot hide itself here, and they will happily encode what no client should send.
Layouts are those of Apache ZooKeeper's zookeeper.jute.
"""

from __future__ import annotations

import contextlib
import socket
import struct
from collections.abc import Sequence
from typing import NamedTuple

# Opcodes (ZooDefs.OpCode)
CREATE, DELETE, EXISTS, GET_DATA, SET_DATA, GET_ACL, SET_ACL, GET_CHILDREN, SYNC = range(1, 10)
PING, GET_CHILDREN2, CHECK, MULTI, CREATE2, RECONFIG, CHECK_WATCHES, REMOVE_WATCHES = range(11, 19)
CREATE_CONTAINER, DELETE_CONTAINER, CREATE_TTL, MULTI_READ = range(19, 23)
AUTH, SET_WATCHES, SASL, GET_EPHEMERALS, ALL_CHILDREN_NUMBER, SET_WATCHES2, ADD_WATCH, WHO_AM_I = (
    range(100, 108)
)
CREATE_SESSION, CLOSE = -10, -11
OP_NAMES = {
    1: "create",
    2: "delete",
    3: "exists",
    4: "getData",
    5: "setData",
    6: "getACL",
    7: "setACL",
    8: "getChildren",
    9: "sync",
    11: "ping",
    12: "getChildren2",
    13: "check",
    14: "multi",
    15: "create2",
    16: "reconfig",
    17: "checkWatches",
    18: "removeWatches",
    19: "createContainer",
    20: "deleteContainer",
    21: "createTTL",
    22: "multiRead",
    100: "auth",
    101: "setWatches",
    102: "sasl",
    103: "getEphemerals",
    104: "getAllChildrenNumber",
    105: "setWatches2",
    106: "addWatch",
    107: "whoAmI",
    -10: "createSession",
    -11: "closeSession",
}
XID_EVENT, XID_PING, XID_AUTH, XID_SET_WATCHES = -1, -2, -4, -8

Text = str | bytes | None
AclEntry = tuple[int, Text, Text]
OPEN: tuple[AclEntry, ...] = ((31, "world", "anyone"),)


def integer(value: int) -> bytes:
    return struct.pack(">i", value)


def long(value: int) -> bytes:
    return struct.pack(">q", value)


def boolean(value: bool) -> bytes:
    return b"\x01" if value else b"\x00"


def buffer(value: Text) -> bytes:
    """A buffer or ustring; None is length -1. Bytes go out as they are, valid UTF-8 or not."""
    if value is None:
        return b"\xff\xff\xff\xff"
    raw = value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value
    return integer(len(raw)) + raw


def texts(values: Sequence[Text] | None) -> bytes:
    if values is None:
        return integer(-1)
    return integer(len(values)) + b"".join(map(buffer, values))


def acl(entries: Sequence[AclEntry] | None) -> bytes:
    if entries is None:
        return integer(-1)
    packed = (integer(perms) + buffer(scheme) + buffer(name) for perms, scheme, name in entries)
    return integer(len(entries)) + b"".join(packed)


def create(
    path: Text, data: Text = b"", acls: Sequence[AclEntry] | None = OPEN, flags: int = 0
) -> bytes:
    return buffer(path) + buffer(data) + acl(acls) + integer(flags)


def create_ttl(
    path: Text, data: Text, acls: Sequence[AclEntry] | None, flags: int, ttl: int
) -> bytes:
    return create(path, data, acls, flags) + long(ttl)


def path_version(path: Text, version: int = -1) -> bytes:
    """delete, check."""
    return buffer(path) + integer(version)


def path_watch(path: Text, watch: bool = False) -> bytes:
    """exists, getData, getChildren, getChildren2."""
    return buffer(path) + boolean(watch)


def set_data(path: Text, data: Text, version: int = -1) -> bytes:
    return buffer(path) + buffer(data) + integer(version)


def set_acl(path: Text, acls: Sequence[AclEntry] | None, version: int = -1) -> bytes:
    return buffer(path) + acl(acls) + integer(version)


def path_type(path: Text, kind: int) -> bytes:
    """addWatch (mode), checkWatches and removeWatches (watcher type)."""
    return buffer(path) + integer(kind)


def set_watches(relative_zxid: int, *lists: Sequence[Text] | None) -> bytes:
    """setWatches with three lists (data, exist, child), setWatches2 with five."""
    return long(relative_zxid) + b"".join(map(texts, lists))


def multi(ops: Sequence[tuple[int, bytes]], end: bytes | None = None) -> bytes:
    """multi, multiRead: a MultiHeader before each operation and one at the end."""
    body = b"".join(integer(op) + b"\0" + integer(-1) + record for op, record in ops)
    return body + (integer(-1) + b"\x01" + integer(-1) if end is None else end)


def auth(scheme: Text, credentials: Text, kind: int = 0) -> bytes:
    return integer(kind) + buffer(scheme) + buffer(credentials)


def reconfig(joining: Text, leaving: Text, members: Text, config_id: int) -> bytes:
    return buffer(joining) + buffer(leaving) + buffer(members) + long(config_id)


def connect_request(
    session_id: int = 0,
    password: Text = b"\0" * 16,
    timeout_ms: int = 30000,
    last_zxid: int = 0,
    read_only: bool | None = False,
    protocol: int = 0,
) -> bytes:
    flag = b"" if read_only is None else boolean(read_only)
    return (
        integer(protocol)
        + long(last_zxid)
        + integer(timeout_ms)
        + long(session_id)
        + buffer(password)
    ) + flag


class Session(NamedTuple):
    """What a connect response grants; `frame` is the response as it came."""

    session_id: int
    password: bytes
    timeout_ms: int
    frame: bytes


class RawConnection:
    """One TCP connection that speaks in frames; a wait over `timeout_s` raises TimeoutError."""

    def __init__(self, port: int, timeout_s: float = 20.0) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout_s)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._received = bytearray()

    def send(self, payload: bytes) -> None:
        """Send one frame. That the peer has closed shows at the next `frame()`, not here."""
        self.send_bytes(integer(len(payload)) + payload)

    def send_bytes(self, raw: bytes) -> None:
        """Send bytes as they are."""
        try:
            self.socket.sendall(raw)
        except (BrokenPipeError, ConnectionResetError):
            return

    def request(self, xid: int, op: int, body: bytes = b"") -> None:
        self.send(integer(xid) + integer(op) + body)

    def frame(self) -> bytes | None:
        """The next frame's payload, or None when the peer has closed the connection."""
        while True:
            if len(self._received) >= 4:
                length = int.from_bytes(self._received[:4], "big", signed=True)
                if len(self._received) >= 4 + length:
                    payload = bytes(self._received[4 : 4 + length])
                    del self._received[: 4 + length]
                    return payload
            try:
                chunk = self.socket.recv(262144)
            except ConnectionResetError:
                return None
            if not chunk:
                return None
            self._received += chunk

    def handshake(self, request: bytes | None = None) -> Session | None:
        """Send a connect request; None if the peer closed instead of answering."""
        self.send(connect_request() if request is None else request)
        answer = self.frame()
        if answer is None:
            return None
        _, timeout_ms, session_id = struct.unpack_from(">iiq", answer)
        (length,) = struct.unpack_from(">i", answer, 16)
        return Session(session_id, answer[20 : 20 + max(length, 0)], timeout_ms, answer)

    def call(self, xid: int, op: int, body: bytes = b"") -> tuple[int, int, bytes]:
        """Send a request; (zxid, err, body) of its reply. Watch events on the way are dropped.

        Raises ConnectionError if the peer closes first.
        """
        self.request(xid, op, body)
        while True:
            payload = self.frame()
            if payload is None:
                raise ConnectionError(f"closed while waiting for xid {xid}")
            got, zxid, err = struct.unpack_from(">iqi", payload)
            if got == xid:
                return zxid, err, payload[16:]

    def hang_up(self) -> None:
        """Say that no more will be sent, and wait until the peer closes, too."""
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_WR)
            self.socket.settimeout(2.0)
            while self.socket.recv(65536):
                pass

    def close(self) -> None:
        self.socket.close()

    def __del__(self) -> None:
        with contextlib.suppress(AttributeError):  # where connecting has failed
            self.close()  # a test that fails leaves it open
