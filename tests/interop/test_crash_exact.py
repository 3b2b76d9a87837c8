"""kill -9 under load, judged by models that know every Stat and zxid; damage; a full disk.

Several clients keep writing, each below a node of its own and each with a model of what is there:
every request has exactly one right answer, and after a crash the subtree must be the model after
all that was acknowledged, plus some of what was under way, in order, and nothing else. Data, the
counts of every Stat, owners of ephemerals and all zxids are compared. The clients' sessions outlive
the crashes, until they close them. Snapshots, rolls of the log and purges happen meanwhile; now and
then the server is killed during its start, and now and then Apache ZooKeeper opens a copy of the
data directory and must show the same. Then damage: a torn tail, a flipped bit, a full disk.
(`test_crash.py` does many quicker rounds, each with new sessions, and looks at data only.)

The number of rounds and the seed are in the environment; 300 rounds took 14 minutes
on two busy cores:

    SPECKEEPER_CRASH_ROUNDS=300 python -m pytest -s tests/interop/test_crash_exact.py -k killed
"""

from __future__ import annotations

import copy
import dataclasses
import os
import random
import resource
import select
import shutil
import struct
import subprocess
import time
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest
import raw_client as zk
from conftest import StartPeer
from peers import APACHE_38, APACHE_39, SPECKEEPER, Kind, Peer, installed
from tree_dump import SUPER_USER, differences, dump, last_zxid

ROUNDS = int(os.environ.get("SPECKEEPER_CRASH_ROUNDS", "25"))
SEED = int(os.environ.get("SPECKEEPER_CRASH_SEED", "0")) or random.SystemRandom().randrange(
    1, 10**9
)
APACHE_EVERY = 12
WRITERS = 5
WINDOW = 40
LONGEST_LOAD_S = 0.6
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
NO_NODE, BAD_VERSION, NODE_EXISTS, INCONSISTENT = -101, -103, -110, -2
EPHEMERAL, SEQUENTIAL = 1, 2
STAT = struct.Struct(">qqqqiiiqiiq")


class Op(NamedTuple):
    """One request of a client; `parts` are the operations of a multi."""

    code: int
    path: str = ""
    data: bytes = b""
    version: int = -1
    flags: int = 0
    parts: tuple[Op, ...] = ()

    def encode(self) -> bytes:
        if self.code == zk.CREATE:
            return zk.create(self.path, self.data, flags=self.flags)
        if self.code == zk.SET_DATA:
            return zk.set_data(self.path, self.data, self.version)
        if self.code == zk.MULTI:
            return zk.multi([(part.code, part.encode()) for part in self.parts])
        return b"" if self.code == zk.CLOSE else zk.path_version(self.path, self.version)


class Node(NamedTuple):
    """What a client expects of a node; a zxid is None while its reply has not come."""

    data: bytes
    version: int
    czxid: int | None
    mzxid: int | None
    pzxid: int | None
    owner: int
    created: int = 0  # children, ever
    deleted: int = 0


Nodes = dict[str, Node]


def step(nodes: Nodes, op: Op, zxid: int | None, session_id: int) -> tuple[int, str]:
    """Do to `nodes` what a request does: its error, and the path that a create made.

    A multi that fails changes nothing and has the error of the part that failed.
    """
    path = op.path
    if op.code == zk.MULTI:
        trial = dict(nodes)
        for part in op.parts:
            err, _ = step(trial, part, zxid, session_id)
            if err:
                return err, ""
        nodes.clear()
        nodes.update(trial)
        return 0, ""
    if op.code == zk.CLOSE:
        for owned in [name for name, node in nodes.items() if node.owner == session_id]:
            _remove(nodes, owned, zxid)
        return 0, ""
    node = nodes.get(path)
    if op.code == zk.CREATE:
        parent_path = path.rpartition("/")[0]
        parent = nodes.get(parent_path)
        if parent_path and parent is None:
            return NO_NODE, ""
        if op.flags & SEQUENTIAL:
            assert parent is not None
            path += f"{parent.created:010d}"
        elif node is not None:
            return NODE_EXISTS, ""
        if parent is not None:
            nodes[parent_path] = parent._replace(pzxid=zxid, created=parent.created + 1)
        owner = session_id if op.flags & EPHEMERAL else 0
        nodes[path] = Node(op.data, 0, zxid, zxid, zxid, owner)
        return 0, path
    if node is None:
        return NO_NODE, ""
    if op.version not in (-1, node.version):
        return BAD_VERSION, ""
    if op.code == zk.SET_DATA:
        nodes[path] = node._replace(data=op.data, version=node.version + 1, mzxid=zxid)
    elif op.code == zk.DELETE:
        _remove(nodes, path, zxid)
    return 0, ""


def _remove(nodes: Nodes, path: str, zxid: int | None) -> None:
    del nodes[path]
    above = path.rpartition("/")[0]
    nodes[above] = nodes[above]._replace(pzxid=zxid, deleted=nodes[above].deleted + 1)


class Seen(NamedTuple):
    """A node as the server shows it."""

    data: bytes
    czxid: int
    mzxid: int
    version: int
    cversion: int
    aversion: int
    owner: int
    data_length: int
    num_children: int
    pzxid: int


def _difference(nodes: Nodes, seen: dict[str, Seen]) -> str:
    """The first thing that is not as expected; empty if all is."""
    if nodes.keys() != seen.keys():
        return f"missing {nodes.keys() - seen.keys()}, too much {seen.keys() - nodes.keys()}"
    for path, node in nodes.items():
        there = seen[path]
        wanted = Seen(
            node.data,
            there.czxid if node.czxid is None else node.czxid,
            there.mzxid if node.mzxid is None else node.mzxid,
            node.version,
            node.created + node.deleted,
            0,
            node.owner,
            len(node.data),
            node.created - node.deleted,
            there.pzxid if node.pzxid is None else node.pzxid,
        )
        if there != wanted:
            return f"{path}: {_shorten(there)} instead of {_shorten(wanted)}"
    return ""


def _shorten(seen: Seen) -> str:
    return str(seen._replace(data=seen.data[:40]))


@dataclasses.dataclass
class Zxids:
    """All zxids that anybody was told of: none may come twice."""

    told: set[int] = dataclasses.field(default_factory=set)
    highest: int = 0
    floor: int = 0  # where the server was when it started last

    def tell(self, zxid: int) -> None:
        assert zxid not in self.told, f"zxid {zxid:#x} is used twice"
        assert zxid > self.floor, f"zxid {zxid:#x} after a start at {self.floor:#x}"
        self.told.add(zxid)
        self.highest = max(self.highest, zxid)


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
        assert self.session is not None
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
        first = _difference(nodes, seen)
        more = 0
        while _difference(nodes, seen):
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
                    writer.connect(server.port)
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


def _apaches() -> list[Kind]:
    return installed([APACHE_38, APACHE_39])


def _compare_with_apache(
    start_peer: StartPeer, kind: Kind, server: Peer, folder: Path, config: dict[str, object]
) -> None:
    """Apache opens a copy of the data directory and shows the same tree."""
    ours = dump(server)
    data_dir = folder / "apache-data"
    shutil.rmtree(data_dir, ignore_errors=True)
    shutil.copytree(server.data_dir, data_dir, ignore=_ignore_unfinished)
    settings = {**config, "dataDir": data_dir, "autopurge.purgeInterval": 0}
    apache = start_peer(kind, config=settings, properties=SUPER_USER)
    try:
        assert differences(ours, dump(apache)) == [], kind.name
    finally:
        apache.kill()


def _ignore_unfinished(folder: str, names: list[str]) -> list[str]:
    return [name for name in names if name.endswith((".tmp", ".lock", ".pid"))]


@pytest.mark.timeout(max(300, ROUNDS * 6))
def test_killed_at_random_moments(start_peer: StartPeer, tmp_path: Path) -> None:
    print(f"SPECKEEPER_CRASH_SEED={SEED} SPECKEEPER_CRASH_ROUNDS={ROUNDS}")
    rng = random.Random(SEED)
    load = Load(SEED)
    apaches = _apaches()
    server = start_peer(SPECKEEPER, config=CONFIG, properties=SUPER_USER, start=False)
    version_2 = server.data_dir / "version-2"
    more = in_start = compared = 0
    highest_snapshot = 0
    most_files = 0
    for number in range(ROUNDS):
        while rng.random() < 0.15:
            server.launch()
            time.sleep(rng.random() * 0.6)
            server.kill()
            in_start += 1
        server.start()
        more += load.check_and_connect(server)
        if apaches and (number + 1) % APACHE_EVERY == 0:
            kind = apaches[compared % len(apaches)]
            _compare_with_apache(start_peer, kind, server, tmp_path, CONFIG)
            compared += 1
            load.zxids.floor = load.zxids.highest = last_zxid(server)
        load.run(server, rng.random() * LONGEST_LOAD_S)
        assert server.process is not None
        assert server.process.poll() is None, server.log_tail()
        server.kill()
        load.drain()
        names = [entry.name for entry in version_2.iterdir()]
        most_files = max(most_files, len(names))
        snapshots = [int(n.split(".")[1], 16) for n in names if n.startswith("snapshot.")]
        highest_snapshot = max([highest_snapshot, *snapshots])
    server.start()
    more += load.check_and_connect(server)
    assert server.stop() == 0
    log = server.log_file.read_text()
    print(
        f"{ROUNDS} rounds, {in_start} kills during a start, {load.acknowledged} writes"
        f" acknowledged, {more} more carried out, {log.count(' taken in ')} snapshots in the log,"
        f" at most {most_files} files, {compared} comparisons with Apache"
    )
    before, traceback, after = log.partition("Traceback")
    assert not traceback, before[-1000:] + traceback + after[:4000]
    assert load.acknowledged > 20 * ROUNDS
    assert highest_snapshot > 0


# -- damage


class Record(NamedTuple):
    """Where a transaction lies in its file."""

    offset: int
    end: int
    zxid: int


def _records(file: Path) -> list[Record]:
    """The whole records of a log file (FileTxnLog: checksum, length, transaction, 'B')."""
    content = file.read_bytes()
    records, position = [], 16
    while position + 12 <= len(content):
        (length,) = struct.unpack_from(">i", content, position + 8)
        end = position + 12 + length + 1
        if length <= 0 or end > len(content) or content[end - 1 : end] != b"B":
            break
        (zxid,) = struct.unpack_from(">q", content, position + 12 + 12)
        records.append(Record(position, end, zxid))
        position = end
    return records


def _logs(data_dir: Path) -> list[Path]:
    logs = (data_dir / "version-2").glob("log.*")
    return sorted(logs, key=lambda log: int(log.name.split(".")[1], 16))


@pytest.fixture
def killed(start_peer: StartPeer) -> tuple[Peer, Load]:
    """A server that was killed under load, with several logs and only its first snapshot."""
    load = Load(SEED, closes=False)
    server = start_peer(SPECKEEPER, config=LOGS_ONLY)
    load.check_and_connect(server)
    while len(_logs(server.data_dir)) < 4:
        load.run(server, 0.2)
    load.run(server, 0.1)
    server.kill()
    load.drain()
    assert len(list((server.data_dir / "version-2").glob("snapshot.*"))) == 1
    return server, load


def _rewound(load: Load, top: int) -> Load:
    """The clients as if only what is up to zxid `top` had been acknowledged."""
    load = copy.deepcopy(load)
    load.zxids.told = {zxid for zxid in load.zxids.told if zxid <= top}
    load.zxids.floor = 0
    load.zxids.highest = max(load.zxids.told, default=0)
    for writer in load.writers:
        kept = [entry for entry in writer.history if entry[1] <= top]
        lost = writer.history[len(kept) :]
        nodes: Nodes = {}
        for op, zxid, session_id in kept:
            step(nodes, op, zxid, session_id)
        writer.known, writer.history = nodes, kept
        if lost:
            writer.pending.clear()  # came after what is lost, so it is lost too
        writer.last_zxid = max((zxid for _, zxid, _ in kept), default=0)
    return load


def _go_on(server: Peer, load: Load) -> None:
    """Verify what a repaired server holds, write, crash, and verify again."""
    load.check_and_connect(server)
    load.run(server, 0.05)
    server.kill()
    load.drain()
    server.start()
    load.check_and_connect(server)
    server.kill()
    load.drain()


def test_a_torn_tail_loses_only_itself(
    start_peer: StartPeer, tmp_path: Path, killed: tuple[Peer, Load]
) -> None:
    print(f"SPECKEEPER_CRASH_SEED={SEED}")
    rng = random.Random(SEED)
    server, load = killed
    newest = _logs(server.data_dir)[-1]
    records = _records(newest)
    assert len(records) > 1
    for number in range(6):
        data_dir = tmp_path / f"cut{number}"
        shutil.copytree(server.data_dir, data_dir)
        file = data_dir / "version-2" / newest.name
        size = file.stat().st_size
        # The first two cut in the file's header and behind it: no record of this file is left.
        cut = (rng.randrange(16), 16, rng.randrange(17, records[-1].end))[min(number, 2)]
        os.truncate(file, cut)
        if number % 2:  # as in a preallocated file: zeros instead of an end
            os.truncate(file, size)
        top = max((r.zxid for r in records if r.end <= cut), default=records[0].zxid - 1)
        again = start_peer(SPECKEEPER, config={**LOGS_ONLY, "dataDir": data_dir})
        assert last_zxid(again) == top, f"cut at {cut}"
        _go_on(again, _rewound(load, top))


def test_a_flipped_bit_is_refused_with_its_place(
    start_peer: StartPeer, killed: tuple[Peer, Load]
) -> None:
    print(f"SPECKEEPER_CRASH_SEED={SEED}")
    rng = random.Random(SEED)
    server, load = killed
    logs = _logs(server.data_dir)
    for log in (logs[0], logs[len(logs) // 2], logs[-1]):
        record = rng.choice(_records(log)[1:-1])
        whole = log.read_bytes()
        place = rng.randrange(record.offset, record.end)
        log.write_bytes(
            whole[:place] + bytes([whole[place] ^ (1 << rng.randrange(8))]) + whole[place + 1 :]
        )
        before = _content(server.data_dir)
        code, lines = _refused_start(server)
        assert code == 10, lines
        (line,) = lines
        assert str(log) in line
        assert f"offset {record.offset}:" in line
        assert _content(server.data_dir) == before
        log.write_bytes(whole)
    server.start()
    load.check_and_connect(server)


def _refused_start(server: Peer) -> tuple[int, list[str]]:
    """Start a server that must not serve: its exit code and the lines it says to the user."""
    size = server.log_file.stat().st_size
    server.launch()
    assert server.process is not None
    code = server.process.wait(30)
    server.process = None
    return code, _last_words(server, size)


def _last_words(server: Peer, since: int = 0) -> list[str]:
    text = server.log_file.read_bytes()[since:].decode()
    assert "Traceback" not in text
    return [line for line in text.splitlines() if line.startswith("speckeeper: ")]


def _content(folder: Path) -> dict[str, bytes]:
    files = (folder / "version-2").iterdir()
    return {file.name: file.read_bytes() for file in files if file.is_file()}


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1 MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    if shutil.which("mount") is None:
        pytest.skip("no `mount` here")
    mounted = subprocess.run(mount, capture_output=True, text=True, check=False)
    if mounted.returncode:
        pytest.skip(f"a small tmpfs cannot be mounted: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def _write_until_it_stops(server: Peer, load: Load) -> tuple[int, str]:
    """The exit code of a server whose disk fills up, and its one line."""
    load.check_and_connect(server)
    assert server.process is not None
    load.run(server, 30)
    code = server.process.wait(10)
    server.process = None
    load.drain()
    (line,) = _last_words(server)
    return code, line


@pytest.mark.parametrize("settings", [LOGS_ONLY, CONFIG], ids=["logs", "snapshots"])
@pytest.mark.parametrize("step_kb", [0, 64])
def test_a_full_disk_stops_the_server(
    start_peer: StartPeer, small_disk: Path, settings: dict[str, object], step_kb: int
) -> None:
    load = Load(SEED)
    config = {**settings, "dataDir": small_disk / "data", "preAllocSize": step_kb}
    server = start_peer(SPECKEEPER, config=config)
    code, line = _write_until_it_stops(server, load)
    assert code == 10
    assert str(small_disk / "data" / "version-2") in line
    assert "No space left on device" in line or "may be full" in line
    assert load.acknowledged > 100

    grow = ["mount", "-o", "remount,size=64m", str(small_disk)]
    subprocess.run(grow, check=True, capture_output=True)
    server.start()
    _go_on(server, load)
    server.kill()


@pytest.mark.parametrize("step_kb", [0, 64])
def test_a_file_that_may_not_grow_stops_the_server(start_peer: StartPeer, step_kb: int) -> None:
    load = Load(SEED)
    config = {**LOGS_ONLY, "preAllocSize": step_kb, "txnLogSizeLimitInKb": -1}
    server = start_peer(SPECKEEPER, config=config)
    resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (300_000, 300_000))
    code, line = _write_until_it_stops(server, load)
    assert code == 10
    assert str(_logs(server.data_dir)[-1]) in line
    assert "File too large" in line or "may be full" in line
    assert load.acknowledged > 100

    server.start()
    _go_on(server, load)
