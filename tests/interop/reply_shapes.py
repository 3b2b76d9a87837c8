"""What is inside a reply or a watch event: bytes to a flat list of labelled values.

Two servers' answers are compared value by value, so each value has a kind that says how: a zxid, a
time and a session id are each server's own and are mapped by the reader of the shape, lists whose
order ZooKeeper leaves open are sorted, all else must be equal. A body that does not parse, or that
has bytes left over, ends in a `raw` value: nothing is dropped.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

import raw_client as zk


class Value(NamedTuple):
    """One field of a reply. `kind` is "zxid", "time", "session", "raw" or "" (compare as it is)."""

    label: str
    value: object
    kind: str = ""


STAT = struct.Struct(">qqqqiiiqiiq")
STAT_FIELDS = (
    ("czxid", "zxid"),
    ("mzxid", "zxid"),
    ("ctime", "time"),
    ("mtime", "time"),
    ("version", ""),
    ("cversion", ""),
    ("aversion", ""),
    ("ephemeralOwner", "session"),
    ("dataLength", ""),
    ("numChildren", ""),
    ("pzxid", "zxid"),
)


class _Cursor:
    def __init__(self, raw: bytes, at: int = 0) -> None:
        self.raw = raw
        self.at = at

    def int(self) -> int:
        (value,) = struct.unpack_from(">i", self.raw, self.at)
        self.at += 4
        return int(value)

    def bool(self) -> bool:
        value = self.raw[self.at] != 0
        self.at += 1
        return value

    def buffer(self) -> bytes | None:
        length = self.int()
        if length == -1:
            return None
        if not 0 <= length <= len(self.raw) - self.at:
            raise ValueError(f"length {length} at {self.at - 4}")
        self.at += length
        return self.raw[self.at - length : self.at]

    def text(self) -> str | bytes | None:
        raw = self.buffer()
        if raw is None:
            return None
        try:
            return raw.decode()
        except UnicodeDecodeError:
            return raw

    def texts(self) -> list[str | bytes | None] | None:
        count = self.int()
        return None if count == -1 else [self.text() for _ in range(count)]

    def stat(self) -> list[Value]:
        fields = STAT.unpack_from(self.raw, self.at)
        self.at += STAT.size
        named = zip(STAT_FIELDS, fields, strict=True)
        return [Value(name, value, kind) for (name, kind), value in named]


def _sorted(names: list[str | bytes | None] | None) -> object:
    return None if names is None else tuple(sorted(names, key=repr))


def _path(cursor: _Cursor) -> list[Value]:
    return [Value("path", cursor.text())]


def _path_stat(cursor: _Cursor) -> list[Value]:
    return [*_path(cursor), *cursor.stat()]


def _data(cursor: _Cursor) -> list[Value]:
    return [Value("data", cursor.buffer()), *cursor.stat()]


def _children(cursor: _Cursor) -> list[Value]:
    return [Value("children", _sorted(cursor.texts()))]


def _children_stat(cursor: _Cursor) -> list[Value]:
    return [*_children(cursor), *cursor.stat()]


def _acl(cursor: _Cursor) -> list[Value]:
    count = cursor.int()
    # Sorted: what an `auth` entry becomes is in the order of a Java HashSet.
    entries = tuple(
        sorted(((cursor.int(), cursor.text(), cursor.text()) for _ in range(count)), key=repr)
    )
    return [Value("acl", None if count == -1 else entries), *cursor.stat()]


def _client_infos(cursor: _Cursor) -> list[Value]:
    count = cursor.int()
    entries = sorted((cursor.text(), cursor.text()) for _ in range(count))  # a Java HashSet's order
    return [Value("clients", None if count == -1 else tuple(entries))]


def _int(cursor: _Cursor) -> list[Value]:
    return [Value("int", cursor.int())]


def _multi(cursor: _Cursor) -> list[Value]:
    values: list[Value] = []
    bodies = {
        zk.CREATE: _path,
        zk.CREATE2: _path_stat,
        zk.SET_DATA: _Cursor.stat,
        zk.GET_DATA: _data,
        zk.GET_CHILDREN: _children,
    }
    while True:
        kind, done, err = cursor.int(), cursor.bool(), cursor.int()
        values.append(Value("result", (kind, done, err)))
        if done:
            return values
        if kind == -1:
            values += [Value("result err", cursor.int())]
        elif kind in bodies:
            values += bodies[kind](cursor)
        elif kind not in (zk.DELETE, zk.CHECK):
            raise ValueError(f"unknown result type {kind}")


_BODIES = {
    zk.CREATE: _path,
    zk.CREATE2: _path_stat,
    zk.CREATE_CONTAINER: _path_stat,
    zk.CREATE_TTL: _path_stat,
    zk.SET_DATA: _Cursor.stat,
    zk.SET_ACL: _Cursor.stat,
    zk.EXISTS: _Cursor.stat,
    zk.GET_DATA: _data,
    zk.GET_CHILDREN: _children,
    zk.GET_CHILDREN2: _children_stat,
    zk.GET_ACL: _acl,
    zk.SYNC: _path,
    zk.MULTI: _multi,
    zk.MULTI_READ: _multi,
    zk.GET_EPHEMERALS: _children,
    zk.ALL_CHILDREN_NUMBER: _int,
    zk.ADD_WATCH: _int,
    zk.WHO_AM_I: _client_infos,
    zk.RECONFIG: _data,
    zk.SASL: lambda cursor: [Value("token", cursor.buffer())],
}


def reply_shape(op: int, frame: bytes) -> list[Value]:
    """The values of a reply to opcode `op`: xid, zxid, err and the body's fields."""
    if len(frame) < 16:
        return [Value("raw", frame, "raw")]
    xid, zxid, err = struct.unpack_from(">iqi", frame)
    values = [Value("xid", xid), Value("zxid", zxid, "zxid"), Value("err", err)]
    cursor = _Cursor(frame, 16)
    read = _BODIES.get(op)
    if err == 0 and read is not None:
        try:
            values += read(cursor)
        except (ValueError, struct.error, IndexError):
            cursor.at = 16
            del values[3:]
    if cursor.at < len(frame):
        values.append(Value("raw", frame[cursor.at :], "raw"))
    return values


def event_shape(frame: bytes) -> list[Value]:
    """The values of a watch event: xid −1, zxid, err, type, state, path."""
    xid, zxid, err = struct.unpack_from(">iqi", frame)
    values = [Value("xid", xid), Value("event zxid", zxid, "zxid"), Value("err", err)]
    cursor = _Cursor(frame, 16)
    try:
        values += [Value("type", cursor.int()), Value("state", cursor.int())]
        values += [Value("path", cursor.text())]
    except (ValueError, struct.error):
        cursor.at = 16
        del values[3:]
    if cursor.at < len(frame):
        values.append(Value("raw", frame[cursor.at :], "raw"))
    return values


def connect_shape(frame: bytes) -> list[Value]:
    """The values of a connect response; whether a read-only byte is there, too."""
    try:
        protocol, timeout_ms, session = struct.unpack_from(">iiq", frame)
        cursor = _Cursor(frame, 16)
        password = cursor.buffer()
    except (ValueError, struct.error):
        return [Value("raw", frame, "raw")]
    return [
        Value("protocol", protocol),
        Value("timeout", timeout_ms),
        Value("session", session, "session"),
        Value("password length", None if password is None else len(password)),
        Value("password zero", password == b"\0" * 16),
        Value("after", frame[cursor.at :]),
    ]
