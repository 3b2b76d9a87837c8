"""Write a bit of everything to a server, and read all that a server holds."""

from __future__ import annotations

import random
from typing import NamedTuple

import raw_client as zk
from peers import Peer
from reply_shapes import Value, reply_shape

SUPER_USER = {
    "zookeeper.DigestAuthenticationProvider.superDigest": "super:D/InIHSb7yEEbrWz8b9l71RjZJU="
}
PROPERTIES = {**SUPER_USER, "znode.container.checkIntervalMs": "3600000"}  # nothing is swept
BEN = "ben:loNzsTU9sx2KporT4vLXIvHaxqI="


class Node(NamedTuple):
    """A node as read: data, ACL and Stat as labelled values, zxids and times included."""

    data: tuple[Value, ...]
    acl: tuple[Value, ...]
    children: tuple[str, ...]


class Writer:
    """A client that writes all kinds of nodes and then leaves its session open."""

    def __init__(self, server: Peer, timeout_ms: int = 40_000) -> None:
        self.connection = zk.RawConnection(server.port)
        session = self.connection.handshake(zk.connect_request(timeout_ms=timeout_ms))
        assert session is not None
        self.session = session
        self._xid = 0

    def call(self, op: int, body: bytes) -> int:
        """Send a request; the error of its reply."""
        self._xid += 1
        return self.connection.call(self._xid, op, body)[1]

    def everything(self, under: str, malformed: bool = True) -> None:
        """All kinds of nodes and transactions below a new node.

        ``malformed``: a request too that cannot be read. Apache's leaders (3.9.3) propose its
        refusal with a zxid that was used before, and their learners never go on after that.
        """
        call, open_acl = self.call, zk.OPEN
        self.connection.call(zk.XID_AUTH, zk.AUTH, zk.auth("digest", "ben:ben"))
        assert call(zk.CREATE, zk.create(under, b"top")) == 0
        for name, data in (("null", None), ("empty", b""), ("binary", bytes(range(256)))):
            assert call(zk.CREATE, zk.create(f"{under}/{name}", data)) == 0
        assert call(zk.CREATE, zk.create(f"{under}/big", b"x" * 300_000)) == 0
        assert call(zk.CREATE2, zk.create(f"{under}/\u00e9\u4e2d\u0416", "\u00e9\u4e2d")) == 0
        for _ in range(3):
            assert call(zk.CREATE2, zk.create(f"{under}/s-", b"s", flags=2)) == 0
        assert call(zk.CREATE, zk.create(f"{under}/e", b"e", flags=1)) == 0
        assert call(zk.CREATE, zk.create(f"{under}/es-", b"e", flags=3)) == 0
        assert call(zk.CREATE_CONTAINER, zk.create(f"{under}/container", b"c", flags=4)) == 0
        assert call(zk.CREATE, zk.create(f"{under}/container/child")) == 0
        ttl = zk.create_ttl(f"{under}/ttl", b"t", open_acl, 5, 2**40 - 1)
        assert call(zk.CREATE_TTL, ttl) == 0
        ttl = zk.create_ttl(f"{under}/ttl-", b"t", open_acl, 6, 10_000_000)
        assert call(zk.CREATE_TTL, ttl) == 0
        acls: tuple[tuple[zk.AclEntry, ...], ...] = (
            ((1, "world", "anyone"),),
            ((31, "auth", ""),),
            ((31, "digest", BEN), (1, "world", "anyone")),
            ((31, "ip", "127.0.0.1"), (4, "ip", "10.0.0.0/8"), (1, "digest", BEN)),
        )
        for number, acl in enumerate(acls):
            assert call(zk.CREATE, zk.create(f"{under}/acl{number}", b"a", acl)) == 0
        for number in range(40):
            assert call(zk.CREATE, zk.create(f"{under}/n{number}", b"%d" % number)) == 0
        for number in range(0, 40, 3):
            assert call(zk.SET_DATA, zk.set_data(f"{under}/n{number}", b"new", 0)) == 0
        for number in range(0, 40, 4):
            assert call(zk.DELETE, zk.path_version(f"{under}/n{number}")) == 0
        assert call(zk.SET_ACL, zk.set_acl(f"{under}/n1", acls[2], 0)) == 0
        quota = f"/zookeeper/quota{under}"
        for path, data in (("", ""), ("/zookeeper_limits", "count=90,bytes=900000")):
            assert call(zk.CREATE, zk.create(quota + path, data)) == 0
        assert call(zk.CREATE, zk.create(f"{quota}/zookeeper_stats", "count=0,bytes=0")) == 0
        assert call(zk.CREATE, zk.create(f"{under}/counted", b"12345")) == 0
        good = (
            (zk.CREATE, zk.create(f"{under}/m", b"1")),
            (zk.CREATE2, zk.create(f"{under}/m/s-", b"2", flags=2)),
            (zk.SET_DATA, zk.set_data(f"{under}/m", b"3", 0)),
            (zk.CHECK, zk.path_version(f"{under}/m", 1)),
            (zk.CREATE_TTL, zk.create_ttl(f"{under}/m/t", b"", open_acl, 5, 9_000_000)),
            (zk.DELETE, zk.path_version(f"{under}/n1")),
        )
        assert call(zk.MULTI, zk.multi(good)) == 0
        # What is refused is in the log, too.
        assert call(zk.MULTI, zk.multi([(zk.DELETE, zk.path_version(under))])) == 0
        assert call(zk.DELETE, zk.path_version(under)) == -111
        assert call(zk.CREATE, zk.create(under)) == -110
        assert call(zk.SET_DATA, zk.set_data(under, b"", 99)) == -103
        if malformed:
            assert call(zk.CREATE, b"\0\0\0\x09") == -5

    def churn(self, under: str, count: int, seed: int) -> None:
        """Random creates, sets and deletes below a node that exists."""
        rng = random.Random(seed)
        for number in range(count):
            path = f"{under}/k{rng.randrange(25)}"
            roll = rng.random()
            if roll < 0.45:
                self.call(zk.CREATE, zk.create(path, rng.randbytes(20)))
            elif roll < 0.8:
                self.call(zk.SET_DATA, zk.set_data(path, b"%d" % number))
            else:
                self.call(zk.DELETE, zk.path_version(path))

    def close(self) -> None:
        """Close the connection but not the session."""
        self.connection.close()


def dump(server: Peer) -> dict[str, Node]:
    """Every node of a server, read as super user. Its own session is closed before anything is
    read twice, so that all the server has is what it shows."""
    connection = zk.RawConnection(server.port)
    session = connection.handshake()
    assert session is not None
    _, err, _ = connection.call(zk.XID_AUTH, zk.AUTH, zk.auth("digest", "super:test"))
    assert err == 0
    nodes: dict[str, Node] = {}
    pending = ["/"]
    while pending:
        path = pending.pop()
        shapes = []
        for op in (zk.GET_DATA, zk.GET_ACL, zk.GET_CHILDREN):
            body = zk.buffer(path) if op == zk.GET_ACL else zk.path_watch(path)
            _, err, reply = connection.call(1, op, body)
            assert err == 0, (path, err)
            shapes.append(reply_shape(op, b"\0" * 16 + reply)[3:])
        children = shapes[2][0].value
        assert isinstance(children, tuple)
        nodes[path] = Node(tuple(shapes[0]), tuple(shapes[1]), children)
        pending += [f"{path.rstrip('/')}/{name}" for name in children]
    connection.call(2, zk.CLOSE)
    connection.close()
    return nodes


def differences(before: dict[str, Node], after: dict[str, Node]) -> list[str]:
    """One line per node that is not the same in two dumps."""
    lines = [f"{path} is gone" for path in before.keys() - after.keys()]
    lines += [f"{path} is new" for path in after.keys() - before.keys()]
    for path in before.keys() & after.keys():
        for old, new in zip(before[path], after[path], strict=True):
            if old != new:
                lines.append(f"{path}:\n  {_short(old)}\n  {_short(new)}")
    return sorted(lines)


def _short(values: object) -> str:
    if isinstance(values, tuple) and values and isinstance(values[0], Value):
        return " ".join(f"{value.label}={str(value.value)[:60]}" for value in values)
    return str(values)


def last_zxid(server: Peer) -> int:
    """The last zxid that a server has processed, by `srvr`."""
    line = next(line for line in server.word("srvr").splitlines() if line.startswith("Zxid"))
    return int(line.split()[1], 16)
