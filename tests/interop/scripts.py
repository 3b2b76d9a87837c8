"""Random scripts for the differential test: every client operation, right and wrong, by seed.

`script(seed, traits)` gives the same steps for the same arguments. The maker keeps a rough idea of
which nodes exist, so that most requests meet something; it is never told what the servers answered,
so that a script can be replayed, shortened, and printed.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Callable, Sequence
from typing import NamedTuple

import raw_client as zk
from differential import Lane, Step

NAMES = ("a", "b", "c", "d")
READ_FOR_ALL: tuple[zk.AclEntry, ...] = ((1, "world", "anyone"),)
# user:password digests (SHA-1, as DigestAuthenticationProvider.generateDigest gives them)
BEN = "ben:loNzsTU9sx2KporT4vLXIvHaxqI="
LEO = "leo:ha4dVNUKxFiwSZGQpvHXspyA1ps="
BAD_PATHS: tuple[zk.Text, ...] = (
    "",
    "a",
    "a/b",
    "//",
    "/r//a",
    "/r/",
    "/r/./a",
    "/r/../a",
    "/r/.",
    "/r/a\0b",
    "/r/a\x01",
    "/r/a\x7f",
    "/r/a\x9f",
    "/r/a\ue000",
    "/r/a\uf8ff",
    "/r/a\ufff0",
    "/r/a\uffff",
    b"/r/\xff\xfe",
    "/zookeeper",
    "/zookeeper/quota",
    "/zookeeper/config",
    "/zookeeper/quota/nothing",
    "/",
)
ODD_PATHS: tuple[str, ...] = (
    "/r/\u00e9\u4e2d",
    "/r/a b",
    "/r/...",
    "/r/.a",
    "/r/a\u00a0",
    "/r/" + "n" * 300,
    "/r/a\uf900",
)


GOOD_ACLS: tuple[Sequence[zk.AclEntry], ...] = (
    ((1, "world", "anyone"),),
    ((30, "world", "anyone"),),
    ((31, "auth", ""),),
    ((31, "auth", "whoever"), (1, "world", "anyone")),
    ((31, "auth", None), (3, "world", "anyone")),
    ((31, "digest", BEN),),
    ((31, "digest", LEO), (3, "digest", BEN)),
    ((31, "ip", "127.0.0.1"),),
    ((31, "ip", "127.0.0.0/8"), (1, "world", "anyone")),
    ((31, "ip", "10.1.2.3/16"),),
    ((255, "world", "anyone"),),
    ((-1, "world", "anyone"),),
    (*zk.OPEN, *zk.OPEN),
    ((1, "world", "anyone"), (2, "world", "anyone"), (1, "world", "anyone")),
    ((12, "world", "anyone"), (19, "digest", LEO)),
    ((1, "world", "anyone"), (30, "auth", "")),
)
# Refused, or at least doubtful: whatever the judge says of them.
BAD_ACLS: tuple[Sequence[zk.AclEntry], ...] = (
    (),
    ((31, "digest", "ben"),),
    ((31, "digest", "ben:a:b"),),
    ((31, "digest", ":"),),
    ((31, "digest", ""),),
    ((31, "ip", "10.0.0.0/33"),),
    ((31, "ip", "10.1.2"),),
    ((31, "ip", "127.0.0.1/x"),),
    ((31, "ip", "127.0.0.1/-1"),),
    ((31, "ip", "127.0.0.1/0"),),
    ((31, "ip", "256.0.0.1"),),
    ((31, "ip", ""),),
    ((31, "world", "someone"),),
    ((31, "nosuch", "x"),),
    ((31, "", ""),),
    ((31, "super", ""),),
    ((31, "sasl", "joe"),),
    ((31, "x509", "CN=joe"),),
    ((0, "world", "anyone"),),
    ((31, "world", "anyone"), (31, "nosuch", "x")),
)


NO_USE = "count=0,bytes=0"


class Traits(NamedTuple):
    """What the judge allows a script to touch."""

    read_refused: bool = True  # ACLs without READ, and watches on such nodes
    modern: bool = True  # persistent watches, watch removal, and bad operations inside a multi


class _Maker:
    def __init__(self, seed: int, length: int, traits: Traits) -> None:
        self.rng = random.Random(seed)
        self.length = length
        self.traits = traits
        # Quotas and bursts do not go together: Apache counts what is applied, so that a create
        # behind a delete that is still on its way may be over the limit, or not, as it happens.
        self.with_quotas = self.rng.random() < 0.3
        self.nodes = {"/r"}
        self.watched: list[tuple[str, zk.Text]] = []
        self.xids: dict[str, int] = {}
        self.steps: list[Step] = []

    # -- ingredients ---------------------------------------------------------------------------

    def path(self) -> zk.Text:
        rng = self.rng
        roll = rng.random()
        if roll < 0.72:
            return self.node()
        if roll < 0.9:
            return self.new_path()
        if roll < 0.96:
            return rng.choice(BAD_PATHS)
        return rng.choice(ODD_PATHS)

    def node(self) -> str:
        """A node that may exist: the shallow ones first, as they mostly do."""
        known = sorted(self.nodes, key=lambda path: (path.count("/"), path))
        return known[int(self.rng.random() ** 2 * len(known))]

    def new_path(self) -> str:
        rng = self.rng
        parent = self.node()
        if parent.count("/") > 4:
            parent = "/r"
        if rng.random() < 0.06:
            parent += "/missing"
        return f"{parent}/{rng.choice(NAMES)}"

    def create_path(self) -> zk.Text:
        roll = self.rng.random()
        if roll < 0.02:
            return "/r"
        if roll < 0.1:
            return self.node()
        if roll < 0.16:
            return self.rng.choice(BAD_PATHS)
        if roll < 0.2:
            return self.rng.choice(ODD_PATHS)
        return self.new_path()

    def data(self) -> zk.Text:
        rng = self.rng
        return rng.choice((None, "", "x", "hello", b"\0\xff", "y" * rng.choice((10, 100, 3000))))

    def version(self) -> int:
        return self.rng.choice((-1, -1, -1, -1, 0, 0, 1, 2, 7, -2, 2**31 - 1, -(2**31)))

    def acl(self) -> Sequence[zk.AclEntry]:
        rng = self.rng
        roll = rng.random()
        if roll < 0.65:
            return zk.OPEN
        chosen = rng.choice(BAD_ACLS if roll < 0.72 else GOOD_ACLS)
        if chosen and not self.traits.read_refused:
            chosen = (*READ_FOR_ALL, *chosen)
        return chosen

    def record(self, op: int) -> tuple[bytes, str]:
        """A request body for an operation that has a path, and a note for readers."""
        rng = self.rng
        if op in (zk.CREATE, zk.CREATE2, zk.CREATE_CONTAINER, zk.CREATE_TTL):
            return self._create(op)
        path = self.path()
        if op in (zk.DELETE, zk.CHECK):
            version = self.version()
            if op == zk.DELETE and isinstance(path, str):
                path = self.node() if path == "/r" else path
                self.nodes.discard(path)
                self.nodes.add("/r")
            return zk.path_version(path, version), f"{path!r} version {version}"
        if op in (zk.EXISTS, zk.GET_DATA, zk.GET_CHILDREN, zk.GET_CHILDREN2):
            watch = rng.random() < 0.5
            return zk.path_watch(path, watch), f"{path!r}{' watch' if watch else ''}"
        if op == zk.SET_DATA:
            data, version = self.data(), self.version()
            return zk.set_data(path, data, version), f"{path!r} {_short(data)} version {version}"
        if op == zk.SET_ACL:
            acl, version = self.acl(), self.version()
            return zk.set_acl(path, acl, version), f"{path!r} {acl} version {version}"
        if op in (zk.ADD_WATCH, zk.CHECK_WATCHES, zk.REMOVE_WATCHES):
            most = 1 if op == zk.ADD_WATCH else 5 if self.traits.modern else 3
            kind = rng.randint(0, most) if rng.random() < 0.95 else rng.choice((-1, 6, 99))
            return zk.path_type(path, kind), f"{path!r} {kind}"
        return zk.buffer(path), repr(path)

    def _plain_record(self, op: int) -> tuple[bytes, str]:
        """A request body that decodes under the rules of every version."""
        path = self.node() if self.rng.random() < 0.6 else self.new_path()
        if op == zk.CREATE:
            flags = self.rng.randint(0, 3)
            return zk.create(path, "x", flags=flags), f"{path!r} flags {flags}"
        version = self.version()
        if op == zk.SET_DATA:
            return zk.set_data(path, "x", version), f"{path!r} version {version}"
        return zk.path_version(path, version), f"{path!r} version {version}"

    def _create(self, op: int) -> tuple[bytes, str]:
        rng = self.rng
        path, data, acl = self.create_path(), self.data(), self.acl()
        flags = rng.choice((0, 0, 0, 0, 0, 1, 1, 2, 2, 3))
        if op == zk.CREATE_CONTAINER:
            # Not the ephemeral ones: what follows in a multi would see an ephemeral node, what is
            # applied is a container.
            flags = 4 if rng.random() < 0.9 else flags & 2
        elif op == zk.CREATE_TTL:
            # Never another known mode: Apache logs such a transaction, fails to apply it, and dies
            # of it at every start from then on (EphemeralType.TTL.toEphemeralOwner).
            flags = rng.choice((5, 5, 6)) if rng.random() < 0.95 or not self.traits.modern else 7
        elif rng.random() < 0.08:
            flags = rng.choice((4, 5, 6, 7, -1, 100) if self.traits.modern else (4, 5, 6))
        ttl = 3600_000
        if rng.random() < 0.3:
            ttl = rng.choice((1000, 2**40 - 1, 2**40, 0, -1, -5))
        refused = acl in BAD_ACLS or path in BAD_PATHS
        if isinstance(path, str) and not refused and path.rpartition("/")[0] in self.nodes:
            number = "" if flags in (0, 1, 4, 5) else f"{rng.randint(0, 2):010}"
            if op != zk.CREATE_TTL or 0 < ttl < 2**40:
                self.nodes.add(path + number)
        note = f"{path!r} {_short(data)} flags {flags}" + ("" if acl is zk.OPEN else f" {acl}")
        if op == zk.CREATE_TTL:
            return zk.create_ttl(path, data, acl, flags, ttl), f"{note} ttl {ttl}"
        return zk.create(path, data, acl, flags), note

    # -- steps ---------------------------------------------------------------------------------

    def xid(self, connection: str) -> int:
        self.xids[connection] = xid = self.xids.get(connection, 0) + 1
        return xid

    def add(
        self,
        op: int,
        body: bytes | Callable[[Lane], bytes],
        note: str,
        xid: int = 0,
        connection: str | None = None,
    ) -> None:
        connection = connection or self.connection()
        xid = xid or self.xid(connection)
        self.steps.append(Step(connection, "send", note, xid, op, body))

    def connection(self) -> str:
        return self.rng.choice(("a", "a", "b", "b", "c"))

    def plain(self, *ops: int) -> None:
        op = self.rng.choice(ops)
        body, note = self.record(op)
        self.add(op, body, note)

    def write(self) -> None:
        self.plain(*(zk.CREATE, zk.CREATE2) * 4, zk.CREATE_CONTAINER, zk.CREATE_TTL, zk.CREATE_TTL)

    def remove(self) -> None:
        self.plain(zk.DELETE)

    def change(self) -> None:
        self.plain(zk.SET_DATA)

    def change_acl(self) -> None:
        self.plain(zk.SET_ACL)

    def read(self) -> None:
        self.plain(
            *(zk.EXISTS, zk.GET_DATA, zk.GET_CHILDREN, zk.GET_CHILDREN2) * 3,
            zk.GET_ACL,
            zk.GET_ACL,
            zk.SYNC,
            zk.GET_EPHEMERALS,
            zk.ALL_CHILDREN_NUMBER,
        )

    def set_watch(self) -> None:
        ops = [zk.EXISTS, zk.GET_DATA, zk.GET_CHILDREN, zk.GET_CHILDREN2]
        op = self.rng.choice(ops + [zk.ADD_WATCH] * 3 if self.traits.modern else ops)
        path, mode = self.path(), self.rng.randint(0, 1)
        body = zk.path_type(path, mode) if op == zk.ADD_WATCH else zk.path_watch(path, True)
        connection = self.connection()
        self.watched = [*self.watched[-8:], (connection, path)]
        self.add(op, body, f"{path!r} watch {mode}", connection=connection)

    def watch_admin(self) -> None:
        if not self.traits.modern:
            return
        if not self.watched or self.rng.random() < 0.2:
            self.plain(zk.CHECK_WATCHES, zk.REMOVE_WATCHES)
            return
        connection, path = self.rng.choice(self.watched)
        op = self.rng.choice((zk.CHECK_WATCHES, zk.REMOVE_WATCHES))
        kind = self.rng.randint(1, 5 if self.traits.modern else 3)
        self.add(op, zk.path_type(path, kind), f"{path!r} {kind}", connection=connection)

    def who_am_i(self) -> None:
        self.add(zk.WHO_AM_I, b"", "")

    def transaction(self) -> None:
        ops = [zk.CREATE, zk.CREATE, zk.DELETE, zk.SET_DATA, zk.CHECK]
        if self.traits.modern:
            ops[1] = zk.CREATE2
        records, notes = [], []
        for _ in range(self.rng.choice((0, 1, 1, 2, 2, 3, 4, 6))):
            op = self.rng.choice(ops)
            if self.rng.random() < 0.2 and self.traits.modern:
                op = self.rng.choice((zk.CREATE_CONTAINER, zk.CREATE_TTL))
            elif self.rng.random() < 0.02 and self.traits.modern:
                op = self.rng.choice((zk.GET_DATA, zk.SET_ACL, zk.DELETE_CONTAINER, 999, -1))
            body, note = self.record(op) if self.traits.modern else self._plain_record(op)
            records.append((op, body))
            notes.append(f"{zk.OP_NAMES.get(op, op)} {note}")
        self.add(zk.MULTI, zk.multi(records), "; ".join(notes))

    def reads_in_one(self) -> None:
        records, notes = [], []
        for _ in range(self.rng.choice((0, 1, 2, 3, 5))):
            op = self.rng.choice((zk.GET_DATA, zk.GET_CHILDREN))
            if self.rng.random() < 0.03:
                op = self.rng.choice((zk.EXISTS, zk.GET_CHILDREN2, zk.CREATE, zk.CHECK))
            body, note = self.record(op)
            records.append((op, body))
            notes.append(f"{zk.OP_NAMES[op]} {note}")
        self.add(zk.MULTI_READ, zk.multi(records), "; ".join(notes))

    def set_watches(self) -> None:
        rng = self.rng
        back = rng.choice((0, 0, 1, 3, 10, 100))
        two = rng.random() < 0.5 and self.traits.modern
        lists = [
            [rng.choice(sorted(self.nodes)) for _ in range(rng.choice((0, 0, 1, 2)))]
            for _ in range(5 if two else 3)
        ]

        def body(lane: Lane) -> bytes:
            return zk.set_watches(lane.zxids[max(-len(lane.zxids), -1 - back)], *lists)

        op = zk.SET_WATCHES2 if two else zk.SET_WATCHES
        self.add(op, body, f"{back} steps back {lists}", zk.XID_SET_WATCHES)

    def authenticate(self) -> None:
        good = (*("ben:ben", "leo:leo", "ben:wrong") * 3, "super:test", "nocolon", "", ":", None)
        scheme, data = "digest", self.rng.choice(good)
        if self.rng.random() < 0.25:
            scheme, data = self.rng.choice(
                (("nosuch", "x"), ("ip", "1.2.3.4"), ("world", "anyone"), ("auth", ""))
            )
        kind = self.rng.choice((0, 0, 0, 5))
        self.add(zk.AUTH, zk.auth(scheme, data, kind), f"{scheme} {data!r}", zk.XID_AUTH)

    def reconfigure(self) -> None:
        some = ((None, None, None, -1), ("server.1=h:1:2:participant;3", None, None, 0))
        self.add(zk.RECONFIG, zk.reconfig(*self.rng.choice(some)), "")

    def quota(self) -> None:
        """Set, change, read or drop the quota of a node. Only with text that Apache can read: on
        anything else in a limits or stats node it dies (StatsTrack's constructor)."""
        rng = self.rng
        target = "/r" if rng.random() < 0.6 else rng.choice(sorted(self.nodes))
        base = "/zookeeper/quota" + target
        limits = rng.choice(
            (
                "count=5,bytes=100",
                "count=2,bytes=9",
                "count=-1,bytes=-1=;byteHardLimit=40",
                "count=2,bytes=-1=;countHardLimit=4",
                "count=-1,bytes=-1=;byteHardLimit=200;countHardLimit=6",
            )
        )
        roll = rng.random()
        if roll < 0.5:
            parts = base.split("/")
            nodes = [("/".join(parts[:depth]), "") for depth in range(4, len(parts) + 1)]
            nodes += [(f"{base}/zookeeper_limits", limits), (f"{base}/zookeeper_stats", NO_USE)]
            requests = [(zk.CREATE, zk.create(*node), " ".join(node)) for node in nodes]
        else:
            leaf = f"{base}/zookeeper_" + rng.choice(("limits", "stats"))
            text = limits if leaf.endswith("limits") else NO_USE
            requests = [
                rng.choice(
                    (
                        (zk.SET_DATA, zk.set_data(leaf, text), f"{leaf} {text}"),
                        (zk.GET_DATA, zk.path_watch(leaf, True), leaf),
                        (zk.GET_DATA, zk.path_watch(leaf), leaf),
                        (zk.DELETE, zk.path_version(leaf), leaf),
                    )
                )
            ]
        connection = self.connection()
        for op, body, note in requests:
            self.add(op, body, note, connection=connection)

    def malformed(self) -> None:
        rng = self.rng
        ops = (
            *(zk.CREATE, zk.CREATE2, zk.CREATE_TTL, zk.DELETE, zk.EXISTS, zk.GET_DATA, zk.SET_DATA),
            *(zk.GET_ACL, zk.SET_ACL, zk.GET_CHILDREN, zk.GET_CHILDREN2, zk.SYNC, zk.MULTI),
            *(zk.CHECK_WATCHES, zk.REMOVE_WATCHES, zk.MULTI_READ, zk.GET_EPHEMERALS),
            *(zk.ALL_CHILDREN_NUMBER, zk.SET_WATCHES, zk.SET_WATCHES2, zk.ADD_WATCH, zk.AUTH),
            *(zk.CREATE_CONTAINER, zk.SASL, zk.RECONFIG),
        )
        op = rng.choice(ops)
        older = (zk.MULTI, zk.ADD_WATCH, zk.SET_WATCHES2, zk.CHECK_WATCHES, zk.REMOVE_WATCHES)
        if not self.traits.modern and op in older:
            op = zk.GET_DATA
        if op in (zk.MULTI, zk.MULTI_READ):
            inner = zk.DELETE if op == zk.MULTI else zk.GET_DATA
            body = zk.multi([(inner, self.record(inner)[0])])
        elif op in (zk.SET_WATCHES, zk.SET_WATCHES2):
            body = zk.set_watches(0, ["/r"], [], [], [], [])
        elif op in (zk.AUTH, zk.SASL, zk.RECONFIG):
            body = zk.auth("digest", "ben:ben")
        else:
            body = self.record(op)[0]
        body = self._spoil(body)
        xid = {zk.AUTH: zk.XID_AUTH, zk.SET_WATCHES: zk.XID_SET_WATCHES}.get(op, 0)
        self.add(op, body, "malformed " + (body.hex() if len(body) < 120 else ""), xid)

    def _spoil(self, body: bytes) -> bytes:
        rng = self.rng
        roll = rng.random()
        if roll < 0.4:
            return body[: rng.randrange(len(body))] if body else body
        if roll < 0.6:
            return body + rng.randbytes(rng.randint(1, 8))
        if roll < 0.8 and len(body) >= 4:
            length = rng.choice((-1, -2, 2**31 - 1, -(2**31), 1_000_000, 20_000_000, 3))
            return struct.pack(">i", length) + body[4:]
        return rng.randbytes(rng.randint(0, 40))

    def unknown_opcode(self) -> None:
        unknown = (0, 10, 23, 50, 99, 108, 1000, -1, -2)
        op = self.rng.choice((*unknown, 13, 20) if self.traits.modern else unknown)
        body, note = self.record(zk.CHECK)
        self.add(op, body, note)

    def drop(self) -> None:
        connection = self.connection()
        self.steps.append(Step(connection, "drop"))
        if self.rng.random() < 0.5:
            return
        self.steps.append(Step(connection, "open", "(again)", session=connection))

    def take_over(self) -> None:
        owner = self.connection()
        other = self.rng.choice(("a", "b", "c"))
        connect: dict[str, object] = {}
        if self.rng.random() < 0.3:
            connect["password"] = self.rng.choice((b"\1" * 16, b"", None, b"\0" * 16, b"\0" * 15))
        if other != owner:
            other = owner
        self.steps.append(
            Step(other, "open", f"takes over {connect}", session=owner, connect=connect)
        )

    def odd_connect(self) -> None:
        options: tuple[dict[str, object], ...] = (
            {"timeout_ms": 1},
            {"timeout_ms": 10**9},
            {"timeout_ms": -1},
            {"read_only": None},
            {"read_only": True},
            {"last_zxid": 1 << 60},
            {"last_zxid": -1},
            {"protocol": 7},
            {"session_id": 12345},
            {"session_id": -1},
            {"password": b""},
            {"password": None},
            {"password": b"\0" * 8},
            {"session_id": 12345, "read_only": None},
        )
        chosen = self.rng.choice(options)
        self.steps.append(Step("odd", "open", str(chosen), connect=chosen))
        self.steps.append(Step("odd", "send", "", self.xid("odd"), zk.CLOSE))

    def close_session(self) -> None:
        connection = self.connection()
        self.steps.append(Step(connection, "send", "", self.xid(connection), zk.CLOSE))
        self.steps.append(Step(connection, "open", "(new)"))

    def ping(self) -> None:
        self.add(zk.PING, b"", "", zk.XID_PING)

    def burst(self) -> None:
        connection = self.connection()
        ops = (
            *(zk.CREATE, zk.CREATE2, zk.SET_DATA, zk.DELETE, zk.GET_DATA, zk.EXISTS) * 2,
            # No setACL: while it is on its way to the disk, Apache checks the writes behind it
            # against the old ACL or the new one, as it happens (it keeps no pending ACL).
            *(zk.GET_CHILDREN2, zk.SYNC, zk.GET_ACL),
        )
        requests, notes = [], []
        for _ in range(self.rng.randint(2, 12)):
            op = self.rng.choice(ops)
            body, note = self.record(op)
            requests.append((self.xid(connection), op, body))
            notes.append(f"{zk.OP_NAMES[op]} {note}")
        self.steps.append(Step(connection, "burst", "; ".join(notes), burst=tuple(requests)))

    def make(self) -> list[Step]:
        actions = (
            *(self.write,) * 26,
            *(self.remove,) * 9,
            *(self.change,) * 10,
            *(self.change_acl,) * 6,
            *(self.read,) * 22,
            *(self.set_watch,) * 10,
            *(self.watch_admin,) * 5,
            *(self.transaction,) * 12,
            *(self.reads_in_one,) * 4,
            *(self.set_watches,) * 4,
            *(self.authenticate,) * 4,
            *(self.quota if self.with_quotas else self.burst,) * 6,
            *(self.malformed,) * 5,
            *(self.drop, self.drop, self.take_over, self.odd_connect),
            *(self.who_am_i, self.who_am_i, self.reconfigure, self.unknown_opcode, self.ping),
            self.close_session,
        )
        self.steps += [Step(name, "open", "(new)") for name in ("a", "b", "c")]
        self.steps.append(Step("a", "send", "'/r'", self.xid("a"), zk.CREATE, zk.create("/r")))
        while len(self.steps) < self.length:
            self.rng.choice(actions)()
        return self.steps


def _short(data: zk.Text) -> str:
    return repr(data) if data is None or len(data) < 20 else f"{len(data)} bytes"


def script(seed: int, length: int = 120, traits: Traits | None = None) -> list[Step]:
    """The script of a seed: about `length` steps."""
    return _Maker(seed, length, traits or Traits()).make()
