"""Clients that write without pause below nodes of their own, each beside a model of what is there.

Every request has exactly one right answer. After a crash the subtree must be the model after all
that was acknowledged, plus some of what was under way, in order, and nothing else. The clients'
sessions outlive the crashes, until they close them.
"""

from __future__ import annotations

import random
import select
import struct
import time
from collections import deque
from collections.abc import Iterator, Sequence

import raw_client as zk
from crash_model import (
    EPHEMERAL,
    NO_NODE,
    SEQUENTIAL,
    STAT,
    Nodes,
    Op,
    Seen,
    Zxids,
    difference,
    step,
)
from peers import Peer
from tree_dump import last_zxid

WRITERS = 5
WINDOW = 40
#: Settings under which snapshots, rolls of the log and purges happen all the time.
CONFIG: dict[str, object] = {
    "maxSessionTimeout": 600_000,  # no session ends while its server is down
    "snapCount": 400,
    "preAllocSize": 128,
    "txnLogSizeLimitInKb": 200,
    "autopurge.purgeInterval": 1,
    "autopurge.snapRetainCount": 3,
}
# One snapshot, of the empty tree: everything is in the logs.
LOGS_ONLY: dict[str, object] = {
    "maxSessionTimeout": 600_000,
    "snapCount": 10_000_000,
    "preAllocSize": 64,
    "txnLogSizeLimitInKb": 100,
}


class Writer:
    """A client that writes below a node of its own, many requests at a time, and remembers."""

    def __init__(self, number: int, seed: int, zxids: Zxids, closes: bool) -> None:
        self.closes = closes  # whether it closes its session now and then
        self.base = f"/c{number}"
        self.rng = random.Random(seed)
        self.zxids = zxids
        self.known: Nodes = {}  # after all that was acknowledged
        self.sent: Nodes = {}  # after all that was sent
        self.pending: deque[tuple[int, Op, tuple[int, str]]] = deque()
        self.history: list[tuple[Op, int, int]] = []  # acknowledged: request, zxid, session
        self.last_zxid = 0
        self.session: zk.Session | None = None
        self.closing = False
        self.connection: zk.RawConnection | None = None
        self.acknowledged = 0
        self._xid = 0
        self._buffer = b""

    # -- connecting

    def connect(self, port: int) -> None:
        """Take up the session, or begin one. What was under way when it ended is settled."""
        self.connection = zk.RawConnection(port)
        self._buffer = b""
        old = self.session
        if old is not None:
            request = zk.connect_request(
                old.session_id, old.password, timeout_ms=300_000, last_zxid=self.last_zxid
            )
            session = self.connection.handshake(request)
            assert session is not None
            if session.session_id:
                assert session.session_id == old.session_id
                assert session.password == old.password
                return
            assert self.closing, f"{self.base}: session {old.session_id:#x} is lost"
            self.connection.close()
            self.connection = zk.RawConnection(port)
            self._settle_through_close(old.session_id)
        self.closing = False
        self.session = self.connection.handshake(zk.connect_request(timeout_ms=300_000))
        if self.session is None:
            raise ConnectionResetError(f"{self.base}: cut off instead of a session")
        assert self.session.session_id
        assert old is None or self.session.session_id != old.session_id

    def _settle_through_close(self, session_id: int) -> None:
        """The session was closed: all requests before that, and it, were carried out."""
        for _, op, _ in self.pending:
            step(self.known, op, None, session_id)
        self.pending.clear()

    @property
    def session_id(self) -> int:
        assert self.session is not None
        return self.session.session_id

    # -- load

    def fill(self) -> None:
        """Send until enough is under way."""
        assert self.connection is not None
        out = []
        while len(self.pending) < WINDOW and not self.closing:
            op = self._next_op()
            self._xid += 1
            body = zk.integer(self._xid) + zk.integer(op.code) + op.encode()
            out.append(zk.integer(len(body)) + body)
            self.closing = op.code == zk.CLOSE
            self.pending.append((self._xid, op, step(self.sent, op, None, self.session_id)))
        if out:
            self.connection.send_bytes(b"".join(out))

    def _next_op(self) -> Op:
        rng, nodes, base = self.rng, self.sent, self.base
        folders = [f"{base}/d{number}" for number in range(3)]
        for path in (base, *folders):
            if path not in nodes:
                return Op(zk.CREATE, path)
        folder = rng.choice(folders)
        path = f"{folder}/k{rng.randrange(12)}"
        roll = rng.random()
        if roll < 0.001 and self.closes:
            return Op(zk.CLOSE)
        if roll < 0.25:
            return Op(zk.CREATE, path, self._data())
        if roll < 0.55:
            version = -1
            if path in nodes and rng.random() < 0.6:
                version = nodes[path].version + (rng.random() < 0.1)
            return Op(zk.SET_DATA, path, self._data(), version)
        if roll < 0.65:
            return Op(zk.DELETE, path)
        if roll < 0.72:
            return Op(zk.CREATE, f"{folder}/e{rng.randrange(4)}", self._data(), flags=EPHEMERAL)
        if roll < 0.80:
            flags = SEQUENTIAL | (EPHEMERAL if rng.random() < 0.5 else 0)
            return Op(zk.CREATE, f"{folder}/s-", self._data(), flags=flags)
        if roll < 0.90:
            passing = [name for name in nodes if name.startswith((f"{folder}/s-", f"{folder}/e"))]
            return Op(zk.DELETE, rng.choice(passing) if passing else path)
        other = f"{rng.choice(folders)}/k{rng.randrange(12)}"
        parts = [Op(zk.CREATE, f"{folder}/s-", self._data(), flags=SEQUENTIAL)]
        if path in nodes:
            parts.append(Op(zk.CHECK, path, version=nodes[path].version))
            parts.append(Op(zk.SET_DATA, path, self._data(), nodes[path].version))
        else:
            parts.append(Op(zk.CREATE, path, self._data()))
        if rng.random() < 0.7:
            parts.append(Op(zk.DELETE if other in nodes and other != path else zk.CREATE, other))
        return Op(zk.MULTI, parts=tuple(parts))

    def _data(self) -> bytes:
        size = 20_000 if self.rng.random() < 0.005 else self.rng.randrange(120)
        return self.rng.randbytes(size)

    def receive(self) -> bool:
        """Take what has come; False when the server has closed the connection."""
        assert self.connection is not None
        try:
            chunk = self.connection.socket.recv(262_144)
        except ConnectionError:
            return False
        if not chunk:
            return False
        data, position = self._buffer + chunk, 0
        while len(data) - position >= 4:
            (length,) = struct.unpack_from(">i", data, position)
            if len(data) - position < 4 + length:
                break
            self._take_reply(data[position + 4 : position + 4 + length])
            position += 4 + length
        self._buffer = data[position:]
        return True

    def _take_reply(self, payload: bytes) -> None:
        got, zxid, err = struct.unpack_from(">iqi", payload)
        xid, op, (wanted, path) = self.pending.popleft()
        assert got == xid
        assert zxid > self.last_zxid, f"{self.base}: zxid {zxid:#x} after {self.last_zxid:#x}"
        self.last_zxid = zxid
        self.zxids.tell(zxid)
        body = payload[16:]
        if op.code == zk.MULTI:
            failed = struct.unpack_from(">i", body)[0] == -1
            assert err == 0
            assert failed == (wanted != 0), (op, wanted)
        else:
            assert err == wanted, (op, err, wanted)
        if op.code == zk.CREATE and not err:
            assert body == zk.buffer(path), (op, body, path)
        step(self.known, op, zxid, self.session_id)
        self.history.append((op, zxid, self.session_id))
        self.acknowledged += 1
        if op.code == zk.CLOSE:
            self.session = None

    # -- after a crash

    def verify(self, top: int) -> int:
        """Find all that was acknowledged, and adopt what else was carried out; how much that was.

        `top` is the last zxid of the server when it had started.
        """
        seen = self.read_subtree()
        nodes = self.known
        first = difference(nodes, seen)
        more = 0
        while difference(nodes, seen):
            assert self.pending, f"{self.base}: with what was acknowledged, {first}"
            step(nodes, self.pending.popleft()[1], None, self.session_id)
            more += 1
        unknown: set[int] = set()
        for path, node in nodes.items():
            there = seen[path]
            for mine, theirs in (
                (node.czxid, there.czxid),
                (node.mzxid, there.mzxid),
                (node.pzxid, there.pzxid),
            ):
                if mine is None:
                    assert self.last_zxid < theirs <= top
                    unknown.add(theirs)
            nodes[path] = node._replace(czxid=there.czxid, mzxid=there.mzxid, pzxid=there.pzxid)
        assert not unknown & self.zxids.told, "a zxid is used twice"
        self.zxids.told |= unknown
        assert self._ephemerals() == sorted(p for p, node in nodes.items() if node.owner)
        self.pending.clear()
        self.closing = False
        self.last_zxid = top
        self.sent = dict(nodes)
        return more

    def read_subtree(self) -> dict[str, Seen]:
        """All that the server has below this client's node, that node included."""
        seen: dict[str, Seen] = {}
        level = [self.base]
        while level:
            found = []
            for path, err, body in self._ask(zk.GET_DATA, level):
                if err:
                    assert (path, err) == (self.base, NO_NODE)
                    continue
                (length,) = struct.unpack_from(">i", body)
                data = body[4 : 4 + max(length, 0)]
                stat = STAT.unpack(body[4 + max(length, 0) :])
                seen[path] = Seen(data, *stat[:2], *stat[4:])
                if seen[path].num_children:
                    found.append(path)
            level = [
                f"{path}/{name}"
                for path, _, body in self._ask(zk.GET_CHILDREN, found)
                for name in _names(body)
            ]
        return seen

    def _ask(self, code: int, paths: Sequence[str]) -> Iterator[tuple[str, int, bytes]]:
        assert self.connection is not None
        for path in paths:
            self.connection.request(0, code, zk.path_watch(path))
        for path in paths:
            payload = self.connection.frame()
            assert payload is not None
            yield path, struct.unpack_from(">i", payload, 12)[0], payload[16:]

    def _ephemerals(self) -> list[str]:
        assert self.connection is not None
        _, err, body = self.connection.call(0, zk.GET_EPHEMERALS, zk.buffer(self.base))
        assert err == 0
        return sorted(_names(body))

    def roots(self) -> set[str]:
        """The children of the root."""
        assert self.connection is not None
        return set(_names(self.connection.call(0, zk.GET_CHILDREN, zk.path_watch("/"))[2]))


def _names(body: bytes) -> list[str]:
    """A vector of strings."""
    (count,) = struct.unpack_from(">i", body)
    names, position = [], 4
    for _ in range(count):
        (length,) = struct.unpack_from(">i", body, position)
        names.append(body[position + 4 : position + 4 + length].decode())
        position += 4 + length
    return names


class Load:
    """All writers, in one loop."""

    def __init__(self, seed: int, closes: bool = True) -> None:
        self.zxids = Zxids()
        self.writers = [
            Writer(number, seed * 100 + number, self.zxids, closes) for number in range(WRITERS)
        ]

    @property
    def acknowledged(self) -> int:
        return sum(writer.acknowledged for writer in self.writers)

    def check_and_connect(self, server: Peer) -> int:
        """Connect to a server that has started, and verify; how much more than acknowledged."""
        top = last_zxid(server)
        assert top >= self.zxids.highest, f"{top:#x}, {self.zxids.highest:#x} was acknowledged"
        assert "zk_digest_mismatches_count\t0\n" in server.word("mntr")
        more = 0
        for writer in self.writers:
            writer.connect(server.port)
            more += writer.verify(top)
        bases = {writer.base[1:] for writer in self.writers if writer.known}
        assert self.writers[0].roots() == bases | {"zookeeper"}
        self.zxids.floor = self.zxids.highest = top
        return more

    def run(self, server: Peer, seconds: float) -> None:
        """Write for a while; ends early when the server does."""
        by_socket = {w.connection.socket: w for w in self.writers if w.connection is not None}
        deadline = time.monotonic() + seconds
        while by_socket and (left := deadline - time.monotonic()) > 0:
            for writer in by_socket.values():
                writer.fill()
            ready, _, _ = select.select(list(by_socket), [], [], left)
            for sock in ready:
                writer = by_socket[sock]
                if writer.receive():
                    continue
                del by_socket[sock]
                if writer.session is None:  # closed as it asked for: begin another
                    try:
                        writer.connect(server.port)
                    except ConnectionError:
                        continue  # the server has ended meanwhile
                    assert writer.connection is not None
                    by_socket[writer.connection.socket] = writer

    def drain(self) -> None:
        """Take what a server that is gone had still sent."""
        for writer in self.writers:
            if writer.connection is not None:
                while writer.receive():
                    pass
                writer.connection.close()
                writer.connection = None
