"""Directed scripts for the differential test: each operation in each situation, by name.

Where `scripts` throws dice, these walk tables: every flag, path, ACL, permission, version, watch
and truncated body against every operation that has one. `case_steps(name, traits)` gives a script.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence

import raw_client as zk
from differential import Lane, Step
from scripts import BAD_ACLS, BAD_PATHS, BEN, GOOD_ACLS, LEO, NO_USE, ODD_PATHS, Traits

Builder = Callable[["Case", Traits], None]
PATH_OPS = (
    *(
        zk.CREATE,
        zk.CREATE2,
        zk.DELETE,
        zk.EXISTS,
        zk.GET_DATA,
        zk.SET_DATA,
        zk.GET_ACL,
        zk.SET_ACL,
    ),
    *(zk.GET_CHILDREN, zk.GET_CHILDREN2, zk.SYNC, zk.CHECK_WATCHES, zk.REMOVE_WATCHES),
    *(zk.GET_EPHEMERALS, zk.ALL_CHILDREN_NUMBER, zk.ADD_WATCH, zk.DELETE_CONTAINER),
)
PERMISSIONS = (1, 2, 4, 8, 16)


class Case:
    """Collects the steps of one script; connections open by themselves when first used."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self._xids: dict[str, int] = {}

    def xid(self, who: str) -> int:
        self._xids[who] = self._xids.get(who, 0) + 1
        return self._xids[who]

    def open(self, who: str, session: str | None = None, **connect: object) -> None:
        self.steps.append(Step(who, "open", str(connect or ""), session=session, connect=connect))

    def drop(self, who: str) -> None:
        self.steps.append(Step(who, "drop"))

    def raw(self, who: str, data: bytes, op: int = 0, note: str = "") -> None:
        """Plain bytes; `op` says whose reply to expect, 0 none."""
        self.steps.append(Step(who, "bytes", note or data[:40].hex(), op=op, body=data))

    def send(
        self,
        who: str,
        op: int,
        body: bytes | Callable[[Lane], bytes] = b"",
        note: str = "",
        xid: int | None = None,
    ) -> None:
        if not note and isinstance(body, bytes):
            note = repr(body[4:64])
        if xid is None:
            xid = {zk.AUTH: zk.XID_AUTH, zk.SET_WATCHES: zk.XID_SET_WATCHES}.get(op, self.xid(who))
        self.steps.append(Step(who, "send", note, xid, op, body))

    def burst(self, who: str, *requests: tuple[int, bytes]) -> None:
        numbered = tuple((self.xid(who), op, body) for op, body in requests)
        note = " ".join(zk.OP_NAMES.get(op, str(op)) for op, _ in requests)
        self.steps.append(Step(who, "burst", note, burst=numbered))

    def auth(self, who: str, credentials: str = "super:test") -> None:
        self.send(who, zk.AUTH, zk.auth("digest", credentials), credentials)

    def refused(self, who: str, op: int, body: bytes) -> None:
        """A request that both servers must refuse, whatever the error."""
        note = f"to be refused: {body[:60].hex()}"
        self.steps.append(Step(who, "send", note, self.xid(who), op, body, any_error=True))

    def create(
        self,
        who: str,
        path: zk.Text,
        data: zk.Text = b"",
        acl: Sequence[zk.AclEntry] | None = zk.OPEN,
        flags: int = 0,
        op: int = zk.CREATE,
    ) -> None:
        self.send(who, op, zk.create(path, data, acl, flags), f"{path!r} flags {flags} {acl}")

    def delete(self, who: str, path: zk.Text, version: int = -1) -> None:
        self.send(who, zk.DELETE, zk.path_version(path, version), f"{path!r} {version}")

    def set(self, who: str, path: zk.Text, data: zk.Text = b"x", version: int = -1) -> None:
        self.send(who, zk.SET_DATA, zk.set_data(path, data, version), f"{path!r} {version}")

    def read(self, who: str, op: int, path: zk.Text, watch: bool = False) -> None:
        self.send(who, op, zk.path_watch(path, watch), f"{path!r}{' watch' if watch else ''}")

    def look(self, who: str, path: zk.Text) -> None:
        """All there is to read of a node."""
        for op in (zk.EXISTS, zk.GET_DATA, zk.GET_CHILDREN, zk.GET_CHILDREN2):
            self.read(who, op, path)
        for op in (zk.GET_ACL, zk.ALL_CHILDREN_NUMBER):
            self.send(who, op, zk.buffer(path), repr(path))

    def multi(self, who: str, *ops: tuple[int, bytes], op: int = zk.MULTI) -> None:
        note = "; ".join(f"{zk.OP_NAMES.get(kind, kind)} {body[4:40]!r}" for kind, body in ops)
        self.send(who, op, zk.multi(ops), note)


def body_for(op: int, path: zk.Text, acl: Sequence[zk.AclEntry] = zk.OPEN) -> bytes:
    """A plain valid body of an operation on a path."""
    if op in (zk.CREATE, zk.CREATE2):
        return zk.create(path, b"d", acl)
    if op == zk.CREATE_CONTAINER:
        return zk.create(path, b"d", acl, 4)
    if op == zk.CREATE_TTL:
        return zk.create_ttl(path, b"d", acl, 5, 3600_000)
    if op in (zk.DELETE, zk.CHECK):
        return zk.path_version(path)
    if op in (zk.EXISTS, zk.GET_DATA, zk.GET_CHILDREN, zk.GET_CHILDREN2):
        return zk.path_watch(path)
    if op == zk.SET_DATA:
        return zk.set_data(path, b"d")
    if op == zk.SET_ACL:
        return zk.set_acl(path, acl)
    if op in (zk.CHECK_WATCHES, zk.REMOVE_WATCHES):
        return zk.path_type(path, 3)
    if op == zk.ADD_WATCH:
        return zk.path_type(path, 0)
    return zk.buffer(path)


# -- sessions ------------------------------------------------------------------------------------


def handshakes(case: Case, _: Traits) -> None:
    for timeout_ms in (0, 1, 3999, 4000, 4001, 30000, 39999, 40000, 40001, 2**31 - 1, -1, -(2**31)):
        case.open("t", timeout_ms=timeout_ms)
        case.send("t", zk.CLOSE)
    options: tuple[dict[str, object], ...] = (
        {"read_only": None},
        {"read_only": True},
        {"protocol": 1},
        {"protocol": -1},
        {"last_zxid": 2**62},
        {"last_zxid": -1},
        {"password": None},
        {"password": b""},
        {"password": b"\1" * 16},
        {"password": b"\0" * 40},
        {"session_id": 1},
        {"session_id": -1},
        {"session_id": 1, "read_only": None},
        {"session_id": 1, "password": None},
        {"session_id": 1, "last_zxid": 2**62},
    )
    for connect in options:
        case.open("t", **connect)
        case.read("t", zk.EXISTS, "/")
        case.send("t", zk.CLOSE)


def reconnects(case: Case, _: Traits) -> None:
    case.open("a")
    case.create("a", "/e", flags=1)
    case.read("a", zk.GET_DATA, "/e", watch=True)
    case.drop("a")
    case.open("b")
    case.set("b", "/e")
    for password in (b"\0" * 16, b"\1" * 16, None, b"", b"\0" * 15, b"\0" * 17):
        case.open("a", session="a", password=password)
    case.open("a", session="a", timeout_ms=5000)
    case.read("a", zk.GET_DATA, "/e", watch=True)
    case.open("c", session="a", timeout_ms=100_000)
    case.set("b", "/e")
    case.send("c", zk.GET_EPHEMERALS, zk.buffer("/"))
    case.open("c", session="a", read_only=None)
    case.open("c", session="a", read_only=True)
    case.open("c", session="a", last_zxid=2**60)
    case.open("c", session="a")
    case.send("c", zk.CLOSE)
    case.open("c", session="a")
    case.read("b", zk.EXISTS, "/e")


def connect_bytes(case: Case, _: Traits) -> None:
    """A connect request cut short at each place, too long, or something else altogether."""
    request = zk.connect_request()
    for cut in range(len(request)):
        case.open("x", payload=request[:cut])
        case.send("x", zk.CLOSE)
    for payload in (
        request + b"\1\2\3",
        request[:24] + zk.integer(-2) + request[28:],
        request[:24] + zk.integer(2**31 - 1) + request[28:],
        request[:24] + zk.integer(1_000_000) + request[28:],
        b"\xff" * 44,
        zk.integer(1) + zk.integer(zk.PING),
    ):
        case.open("x", payload=payload)
        case.send("x", zk.CLOSE)


def closing(case: Case, _: Traits) -> None:
    case.open("b")
    case.read("b", zk.GET_CHILDREN, "/", watch=True)
    case.open("a")
    for name in ("x", "y", "z"):
        case.create("a", f"/{name}", flags=1)
        case.read("b", zk.GET_CHILDREN, "/", watch=True)
        case.read("b", zk.EXISTS, f"/{name}", watch=True)
    case.send("a", zk.CLOSE, b"ignored")
    case.open("a")
    case.send("a", zk.CLOSE)
    case.burst("b", (zk.CREATE, zk.create("/p", flags=1)), (zk.CLOSE, b""))


# -- nodes ---------------------------------------------------------------------------------------


def system_nodes(case: Case, _: Traits) -> None:
    nodes = ("/", "/zookeeper", "/zookeeper/config", "/zookeeper/quota")
    for who in ("a", "super"):
        if who == "super":
            case.auth(who)
        for path in nodes:
            case.look(who, path)
            case.delete(who, path)
            case.create(who, path)
            case.send(who, zk.SET_ACL, zk.set_acl(path, ((1, "world", "anyone"),), 99))
            case.set(who, path, b"", 99)
            case.send(who, zk.DELETE_CONTAINER, zk.buffer(path))
            case.multi(who, (zk.DELETE, zk.path_version(path)))
        case.create(who, "/zookeeper/x", b"1")
        case.create(who, "/zookeeper/config/x", b"1")
        case.create(who, "/zookeeperish", b"1")
        case.look(who, "/zookeeper")
        for path in ("/zookeeper/x", "/zookeeper/config/x", "/zookeeperish"):
            case.look(who, path)
            case.delete(who, path)


def create_flags(case: Case, _: Traits) -> None:
    case.create("a", "/f")
    for op in (zk.CREATE, zk.CREATE2, zk.CREATE_CONTAINER):
        for flags in (*range(-2, 9), 255, 2**31 - 1):
            path = f"/f/{op}n{flags}"
            case.create("a", path, b"data", flags=flags, op=op)
            case.look("a", path)
            case.create("a", path + "/child")
            case.delete("a", path)
    ttls = (-(2**63), -2, -1, 0, 1, 2, 1000, 2**32, 2**40 - 2, 2**40 - 1, 2**40, 2**41, 2**63 - 1)
    for flags in (5, 6, 7, -1):
        for ttl in ttls:
            path = f"/f/ttl{flags}n{ttl % 1000}"
            body = zk.create_ttl(path, b"data", zk.OPEN, flags, ttl)
            case.send("a", zk.CREATE_TTL, body, f"{path} flags {flags} ttl {ttl}")
            case.multi("a", (zk.CREATE_TTL, body))
            case.look("a", path)
            case.delete("a", path)


def multi_flags(case: Case, traits: Traits) -> None:
    case.create("a", "/f")
    for op in (zk.CREATE, zk.CREATE2, zk.CREATE_CONTAINER):
        for flags in range(-1, 8):
            if traits.modern or 0 <= flags <= 6:
                case.multi("a", (op, zk.create(f"/f/{op}n{flags}", b"data", zk.OPEN, flags)))
                case.look("a", f"/f/{op}n{flags}")


def sequences(case: Case, _: Traits) -> None:
    case.create("a", "/s")
    for _round in range(2):
        for flags in (2, 3, 0, 2):
            case.create("a", f"/s/n{flags}-", flags=flags, op=zk.CREATE2)
            case.create("b", "/s/", flags=flags)
        case.delete("a", "/s/n2-0000000000")
        case.set("a", "/s")
    case.create("a", "/", flags=2)
    case.create("a", "/s", flags=2)
    case.multi("a", *[(zk.CREATE, zk.create("/s/m", flags=2)) for _ in range(3)])
    case.send("a", zk.CREATE_TTL, zk.create_ttl("/s/t", b"", zk.OPEN, 6, 9999))
    case.look("a", "/s")


def stats(case: Case, _: Traits) -> None:
    case.create("a", "/n", None)
    for change in range(3):
        case.set("a", "/n", (b"", None, b"abc")[change])
        case.look("a", "/n")
        case.send("a", zk.SET_ACL, zk.set_acl("/n", zk.OPEN))
        case.look("a", "/n")
        case.create("a", f"/n/c{change}")
        case.look("a", "/n")
        case.create("a", f"/n/c{change}/d", flags=1)
        case.look("a", "/n")
        case.delete("a", f"/n/c{change}/d")
        case.delete("a", f"/n/c{change}")
        case.look("a", "/n")
    case.look("a", "/")


def versions(case: Case, _: Traits) -> None:
    case.create("a", "/v")
    extremes = (-(2**31), -2, -1, 0, 1, 2, 3, 2**31 - 1)
    for _round in range(3):
        for version in extremes:
            case.set("a", "/v", b"x", version)
            case.send("a", zk.SET_ACL, zk.set_acl("/v", zk.OPEN, version), f"version {version}")
            case.multi("a", (zk.CHECK, zk.path_version("/v", version)))
            case.multi("a", (zk.SET_DATA, zk.set_data("/v", b"y", version)))
            case.create("a", "/v/c")
            case.set("a", "/v/c")
            case.delete("a", "/v/c", version)
            case.multi("a", (zk.DELETE, zk.path_version("/v/c", version)))
    case.look("a", "/v")


def paths(case: Case, traits: Traits) -> None:
    case.create("a", "/r")
    for path in (*BAD_PATHS, *ODD_PATHS):
        for op in PATH_OPS:
            if op != zk.ADD_WATCH or traits.modern:
                case.send("a", op, body_for(op, path), repr(path))
        for op in (zk.CREATE, zk.CREATE2, zk.DELETE, zk.SET_DATA, zk.CHECK):
            case.multi("a", (op, body_for(op, path)))
        for op in (zk.GET_DATA, zk.GET_CHILDREN):
            case.multi("a", (op, body_for(op, path)), op=zk.MULTI_READ)
        case.create("a", path, flags=2)
        case.create("a", path, flags=3)
        lists = [[path], [path], [path]]
        case.send("a", zk.SET_WATCHES, zk.set_watches(0, *lists), repr(path))
        if traits.modern:
            case.send("a", zk.SET_WATCHES2, zk.set_watches(0, *lists, [path], [path]), repr(path))


def supplementary(case: Case, traits: Traits) -> None:
    """A character that UTF-16 writes as two units is bad in a path, in either encoding.

    Not asked: what sync echoes. Java writes such a character as two three-byte sequences, which
    is not UTF-8 and which Java itself cannot read.
    """
    case.create("a", "/r")
    for path in ("/r/\U0001f600", b"/r/j\xed\xa0\xbd\xed\xb8\x80"):
        for op in PATH_OPS:
            if op != zk.SYNC and (op != zk.ADD_WATCH or traits.modern):
                case.send("a", op, body_for(op, path), repr(path))
        case.create("a", path, flags=2)


def under_ephemerals(case: Case, _: Traits) -> None:
    case.create("a", "/e", flags=1)
    for op in (zk.CREATE, zk.CREATE2, zk.CREATE_CONTAINER, zk.CREATE_TTL):
        case.send("a", op, body_for(op, "/e/x"))
        case.multi("b", (op, body_for(op, "/e/x")))
    case.create("a", "/e/", flags=2)
    for number in range(3):
        case.create("b", f"/eb{number}", flags=1)
    for prefix in (None, "", "/", " ", " / ", "/e", "/eb", "/eb1", "eb", "/nothing", "/e/"):
        for who in ("a", "b"):
            case.send(who, zk.GET_EPHEMERALS, zk.buffer(prefix), repr(prefix))


def containers(case: Case, _: Traits) -> None:
    """deleteContainer as a client can send it."""
    case.create("a", "/c", b"", flags=4, op=zk.CREATE_CONTAINER)
    case.create("a", "/c/x")
    case.send("a", zk.DELETE_CONTAINER, zk.buffer("/c"))
    case.delete("a", "/c/x")
    case.read("b", zk.EXISTS, "/c", watch=True)
    case.read("b", zk.GET_CHILDREN, "/c", watch=True)
    case.read("b", zk.GET_CHILDREN, "/", watch=True)
    case.send("a", zk.DELETE_CONTAINER, zk.buffer("/c"))
    for flags, path in ((0, "/plain"), (1, "/ephemeral")):
        case.create("a", path, flags=flags)
        case.send("a", zk.DELETE_CONTAINER, zk.buffer(path))
    case.send("a", zk.CREATE_TTL, zk.create_ttl("/ttl", b"", zk.OPEN, 5, 99999))
    case.create("a", "/ttl/x", acl=((1, "world", "anyone"),))
    case.send("a", zk.DELETE_CONTAINER, zk.buffer("/ttl"))
    case.send("a", zk.DELETE_CONTAINER, zk.buffer("/ttl/x"))
    case.send("a", zk.DELETE_CONTAINER, zk.buffer("/ttl"))
    case.multi("a", (zk.DELETE_CONTAINER, zk.buffer("/plain")))


def big_and_many(case: Case, _: Traits) -> None:
    case.create("a", "/big", b"z" * 1_000_000)
    case.look("a", "/big")
    case.set("a", "/big", b"y" * 1_000_000)
    case.set("a", "/big", b"")
    requests = [(zk.CREATE, zk.create(f"/big/{number:04}", b"x")) for number in range(600)]
    for start in range(0, 600, 100):
        case.burst("a", *requests[start : start + 100])
    case.look("a", "/big")
    case.send("a", zk.ALL_CHILDREN_NUMBER, zk.buffer("/"))
    case.multi("a", *[(zk.DELETE, zk.path_version(f"/big/{n:04}")) for n in range(600)])
    case.look("a", "/big")


def frame_limit(case: Case, _: Traits) -> None:
    """jute.maxbuffer: a frame of 1048575 bytes is read, a longer one closes the connection."""
    overhead = len(zk.create("/w", b"")) + 8
    for over in (-1, 0, 1, 1000):
        case.create("a", "/w", b"w" * (0xFFFFF - overhead + over))
        case.read("a", zk.EXISTS, "/w")
        case.delete("a", "/w")
    for length in (-1, -(2**31), 2**31 - 1, 0xFFFFF + 1, 0, 1, 7):
        case.read("a", zk.EXISTS, "/")
        case.raw("a", struct.pack(">i", length) + b"\0" * max(0, min(length, 7)), op=zk.PING)


# -- permissions ---------------------------------------------------------------------------------


def acls(case: Case, traits: Traits) -> None:
    case.auth("a", "ben:ben")
    if traits.read_refused:
        case.auth("c", "leo:leo")
    for number, acl in enumerate((*GOOD_ACLS, *BAD_ACLS)):
        entries = acl
        if entries and not traits.read_refused:
            entries = ((1, "world", "anyone"), *entries)
        path = f"/acl{number}"
        case.create("a", path, b"d", entries, op=zk.CREATE2)
        case.multi("a", (zk.CREATE, zk.create(path + "m", b"d", entries)))
        for who in ("a", "b", "c"):
            case.look(who, path)
        case.create("b", path)
        case.send("b", zk.SET_ACL, zk.set_acl(path, entries), str(entries))
        case.send("a", zk.SET_ACL, zk.set_acl(path, entries), str(entries))
        case.look("a", path)
        case.delete("b", path)


def permissions(case: Case, traits: Traits) -> None:
    """Each operation on a node and under it, by a session that lacks each single permission."""
    ops = [op for op in PATH_OPS if op not in (zk.SYNC, zk.DELETE_CONTAINER)]
    if not traits.modern:
        ops.remove(zk.ADD_WATCH)
    case.auth("owner", "ben:ben")
    case.auth("super")
    for lacking in PERMISSIONS:
        if lacking == 1 and not traits.read_refused:
            continue
        acl = ((31 & ~lacking, "world", "anyone"), (31, "digest", BEN))
        for who in ("other", "owner", "super"):
            path = f"/p{lacking}{who}"
            case.create("owner", path, b"data", acl)
            case.create("owner", path + "/child", b"data", acl)
            for op in ops:
                for target in (path, path + "/child", path + "/new"):
                    case.send(who, op, body_for(op, target, acl), f"{target} without {lacking}")
            for op in (zk.CREATE, zk.CREATE2, zk.DELETE, zk.SET_DATA, zk.CHECK):
                for target in (path, path + "/child", path + "/new"):
                    case.multi(who, (op, body_for(op, target, acl)))
            case.multi(
                who,
                (zk.GET_DATA, zk.path_watch(path)),
                (zk.GET_CHILDREN, zk.path_watch(path)),
                op=zk.MULTI_READ,
            )


def identities(case: Case, _: Traits) -> None:
    case.send("a", zk.WHO_AM_I)
    tries = (
        ("digest", "ben:ben"),
        ("digest", "ben:ben"),
        ("digest", "leo:leo"),
        ("digest", "super:test"),
        ("digest", "super:wrong"),
        ("digest", "nocolon"),
        ("digest", ":"),
        ("digest", "a:b:c"),
        ("digest", ""),
        ("digest", b"\xff:\xfe"),
        ("digest", None),
        ("ip", "1.2.3.4"),
        ("ip", ""),
        ("world", "anyone"),
        ("auth", ""),
        ("sasl", "x"),
        ("x509", "x"),
        ("super", ""),
        ("nosuch", ""),
        ("", ""),
        (None, None),
    )
    for scheme, credentials in tries:
        body = zk.auth(scheme, credentials)
        case.send("a", zk.AUTH, body, f"{scheme} {credentials!r}")
        case.send("a", zk.WHO_AM_I, note=f"after {scheme} {credentials!r}")
        case.create("a", "/mine", acl=((31, "auth", ""),))
        case.send("a", zk.GET_ACL, zk.buffer("/mine"))
        case.send("b", zk.GET_ACL, zk.buffer("/mine"))
        case.delete("a", "/mine")
    case.send("a", zk.AUTH, zk.auth("digest", "ben:ben"), xid=77)
    case.send("a", zk.SASL, zk.buffer(b""))
    case.send("a", zk.SASL, zk.buffer(b"token"))
    case.send("a", zk.WHO_AM_I, b"extra")


def redaction(case: Case, _: Traits) -> None:
    """getACL without ADMIN hides the hash of digest ids."""
    case.auth("a", "ben:ben")
    acl = ((31, "digest", BEN), (1, "digest", LEO), (1, "world", "anyone"), (2, "ip", "10.0.0.1"))
    case.create("a", "/secret", acl=acl)
    for who in ("a", "b"):
        case.send(who, zk.GET_ACL, zk.buffer("/secret"))


# -- multi ---------------------------------------------------------------------------------------


def multi_failures(case: Case, _: Traits) -> None:
    """Each failing operation at each place among ones that succeed."""
    case.create("a", "/m", acl=((23, "world", "anyone"), (31, "digest", BEN)))
    case.create("a", "/m/full")
    case.create("a", "/e", flags=1)
    failing = (
        (zk.CREATE, zk.create("/m/full")),
        (zk.CREATE, zk.create("/none/x")),
        (zk.CREATE, zk.create("/m/", b"")),
        (zk.CREATE, zk.create("/e/x")),
        (zk.CREATE, zk.create("/m/x", b"", ())),
        (zk.DELETE, zk.path_version("/m/full")),
        (zk.DELETE, zk.path_version("/none")),
        (zk.DELETE, zk.path_version("/m")),
        (zk.SET_DATA, zk.set_data("/m", b"", 9)),
        (zk.SET_DATA, zk.set_data("/none", b"")),
        (zk.CHECK, zk.path_version("/m", 9)),
        (zk.CHECK, zk.path_version("/none")),
        (zk.CHECK, zk.path_version("")),
    )
    good = [
        (zk.CREATE, zk.create("/new")),
        (zk.CREATE2, zk.create("/new/seq", flags=2)),
        (zk.SET_DATA, zk.set_data("/new", b"n", 0)),
        (zk.CREATE, zk.create("/new/eph", flags=1)),
    ]
    for bad in failing:
        for place in (0, 2, 4):
            case.multi("a", *good[:place], bad, *good[place:])
            case.read("a", zk.EXISTS, "/new")
        case.multi("a", bad, bad)
    case.multi("a", *good)
    case.look("a", "/new")
    case.look("a", "/")


def multi_inside(case: Case, _: Traits) -> None:
    """Operations of one multi see each other; watches fire for each."""
    for path in ("/w", "/w/x"):
        case.read("b", zk.EXISTS, path, watch=True)
    case.read("b", zk.GET_CHILDREN, "/", watch=True)
    case.multi(
        "a",
        (zk.CREATE2, zk.create("/w", b"1")),
        (zk.CREATE2, zk.create("/w/x", b"2")),
        (zk.SET_DATA, zk.set_data("/w", b"3", 0)),
        (zk.SET_DATA, zk.set_data("/w", b"4", 1)),
        (zk.CHECK, zk.path_version("/w", 2)),
        (zk.DELETE, zk.path_version("/w/x")),
        (zk.CREATE, zk.create("/w/x", b"5")),
        (zk.DELETE, zk.path_version("/w/x")),
    )
    case.look("a", "/w")
    case.multi("a", (zk.CREATE, zk.create("/w/y")), (zk.DELETE, zk.path_version("/w")))
    case.multi("a", (zk.CREATE, zk.create("/q")), (zk.DELETE, zk.path_version("/q")))
    case.multi("a", (zk.DELETE, zk.path_version("/w")), (zk.CREATE, zk.create("/w", b"again")))
    case.look("a", "/w")
    case.look("a", "/")


def multi_shapes(case: Case, traits: Traits) -> None:
    case.multi("a")
    case.multi("a", op=zk.MULTI_READ)
    create = (zk.CREATE, zk.create("/a"))
    get = (zk.GET_DATA, zk.path_watch("/"))
    if traits.modern:
        for op in (*zk.OP_NAMES, 0, 10, 13, 999):
            case.multi("a", (op, body_for(op, "/x")))
            case.multi("a", (op, body_for(op, "/x")), op=zk.MULTI_READ)
            case.multi("a", create, (op, body_for(op, "/x")))
            case.multi("a", get, (op, body_for(op, "/x")), op=zk.MULTI_READ)
            case.delete("a", "/a")
            case.delete("a", "/x")
        for op in (zk.MULTI, zk.MULTI_READ):
            for end in (b"", b"\0" * 9, zk.integer(-1) + b"\0" + zk.integer(-1)):
                case.send("a", op, zk.multi([get], end))
                case.send("a", op, zk.multi([create], end))
            case.send("a", op, zk.multi([], zk.integer(5) + b"\1" + zk.integer(0)))
            case.send("a", op, zk.multi([get]) + b"trailing")
    children = (zk.GET_CHILDREN, zk.path_watch("/", True))
    missing = (zk.GET_DATA, zk.path_watch("/none", True))
    case.multi("a", get, children, missing, children, op=zk.MULTI_READ)
    case.create("b", "/fires-nothing")


# -- watches -------------------------------------------------------------------------------------


WATCHERS: tuple[tuple[str, int, Callable[[zk.Text], bytes]], ...] = (
    ("exists", zk.EXISTS, lambda path: zk.path_watch(path, True)),
    ("data", zk.GET_DATA, lambda path: zk.path_watch(path, True)),
    ("children", zk.GET_CHILDREN, lambda path: zk.path_watch(path, True)),
    ("children2", zk.GET_CHILDREN2, lambda path: zk.path_watch(path, True)),
    ("persistent", zk.ADD_WATCH, lambda path: zk.path_type(path, 0)),
    ("recursive", zk.ADD_WATCH, lambda path: zk.path_type(path, 1)),
)


def _watchers(traits: Traits) -> Sequence[tuple[str, int, Callable[[zk.Text], bytes]]]:
    return WATCHERS if traits.modern else WATCHERS[:4]


def watch_events(case: Case, traits: Traits) -> None:
    """Every kind of watch on a node, its parent and its child, and every change."""
    for name, op, body in _watchers(traits):
        for target in ("/", "/w", "/w/n", "/w/n/c"):
            case.create("a", "/w")
            changes: tuple[Callable[[], None], ...] = (
                lambda: case.create("a", "/w/n"),
                lambda: case.set("a", "/w/n"),
                lambda: case.send("a", zk.SET_ACL, zk.set_acl("/w/n", zk.OPEN)),
                lambda: case.create("a", "/w/n/c", flags=1),
                lambda: case.set("a", "/w/n/c"),
                lambda: case.delete("a", "/w/n/c"),
                lambda: case.delete("a", "/w/n"),
            )
            for change in changes:
                for who in ("a", "b"):
                    case.send(who, op, body(target), f"{name} watch on {target}")
                change()
            case.delete("a", "/w")
            for who in ("a", "b"):
                case.drop(who)
                case.open(who, session=who)


def watch_pairs(case: Case, traits: Traits) -> None:
    """Two kinds of watch of one connection on one path: which events, how often, what remains."""
    kinds = _watchers(traits)
    for first, op, body in kinds:
        for second, other_op, other_body in kinds:
            case.create("a", "/w", b"d")
            case.send("b", op, body("/w"), f"{first} watch")
            case.send("b", other_op, other_body("/w"), f"{second} watch")
            case.create("a", "/w/c")
            case.set("a", "/w")
            case.delete("a", "/w/c")
            case.delete("a", "/w")
            case.create("a", "/w")
            case.delete("a", "/w")
            case.drop("b")
            case.open("b", session="b")


def watch_removal(case: Case, traits: Traits) -> None:
    """checkWatches and removeWatches of every type against every kind of watch."""
    types = (*range(7), -1, 100) if traits.modern else (1, 2, 3)
    for name, op, body in (*_watchers(traits), ("no", zk.EXISTS, zk.path_watch)):
        for kind in types:
            case.create("a", "/w")
            case.send("b", op, body("/w"), f"{name} watch")
            case.send("a", zk.CHECK_WATCHES, zk.path_type("/w", kind), f"/w {kind}")
            for request in (zk.CHECK_WATCHES, zk.REMOVE_WATCHES, zk.CHECK_WATCHES):
                case.send("b", request, zk.path_type("/w", kind), f"/w {kind}, has {name}")
            for remaining in types[:6]:
                case.send("b", zk.CHECK_WATCHES, zk.path_type("/w", remaining), f"{remaining}")
            case.create("a", "/w/c")
            case.set("a", "/w")
            case.delete("a", "/w/c")
            case.delete("a", "/w")
            case.drop("b")
            case.open("b", session="b")
    if traits.modern:
        for mode in (-1, 2, 3, 99):
            case.send("a", zk.ADD_WATCH, zk.path_type("/w", mode), f"mode {mode}")


def recursive_watches(case: Case, traits: Traits) -> None:
    if not traits.modern:
        return
    case.send("b", zk.ADD_WATCH, zk.path_type("/", 1), "recursive on /")
    case.send("c", zk.ADD_WATCH, zk.path_type("/t", 1), "recursive on /t")
    case.send("c", zk.ADD_WATCH, zk.path_type("/t/u", 0), "persistent on /t/u")
    case.send("d", zk.ADD_WATCH, zk.path_type("/none/there", 1), "recursive, missing")
    case.create("a", "/t")
    case.create("a", "/t/u")
    case.create("a", "/t/u/v", flags=1)
    case.set("a", "/t/u/v")
    case.create("a", "/tt")
    case.multi("a", (zk.SET_DATA, zk.set_data("/t", b"")), (zk.CREATE, zk.create("/t/z")))
    case.read("c", zk.GET_DATA, "/t/u", watch=True)
    case.read("c", zk.GET_CHILDREN, "/t/u", watch=True)
    case.set("a", "/t/u")
    case.send("a", zk.CLOSE)
    case.send("c", zk.REMOVE_WATCHES, zk.path_type("/t", 5), "recursive away")
    case.set("e", "/t/u")
    case.create("e", "/none")
    case.create("e", "/none/there")


def watches_without_read(case: Case, traits: Traits) -> None:
    if not traits.read_refused:
        return
    secret = ((31, "digest", BEN),)
    case.auth("a", "ben:ben")
    case.create("a", "/s")
    for _name, op, body in _watchers(traits):
        case.send("b", op, body("/s"))
        case.send("b", op, body("/s/x"))
    case.read("b", zk.EXISTS, "/s/x", watch=True)
    case.create("a", "/s/x", acl=secret)
    case.set("a", "/s/x")
    case.delete("a", "/s/x")
    case.create("a", "/s/x")
    case.read("b", zk.GET_DATA, "/s/x", watch=True)
    case.send("a", zk.SET_ACL, zk.set_acl("/s/x", secret))
    case.set("a", "/s/x")
    case.send("a", zk.SET_ACL, zk.set_acl("/s", secret))
    case.create("a", "/s/y")
    case.delete("a", "/s/x")


def set_watches(case: Case, traits: Traits) -> None:
    """Each list with nodes that exist, do not, and changed before or after the given zxid."""
    case.create("a", "/old")
    case.create("a", "/old/child")
    for _ in range(3):
        case.create("a", "/x")
        case.delete("a", "/x")
    case.create("a", "/new")
    case.set("a", "/old")
    case.create("a", "/old/child2")
    names = ["/old", "/new", "/gone", "/", "/old/child"]
    ops = (zk.SET_WATCHES, zk.SET_WATCHES2) if traits.modern else (zk.SET_WATCHES,)
    for op in ops:
        count = 3 if op == zk.SET_WATCHES else 5
        for place in range(count):
            for back in (0, 3, 9, 10_000):

                def body(lane: Lane, place: int = place, back: int = back, n: int = count) -> bytes:
                    lists: list[list[str]] = [[] for _ in range(n)]
                    lists[place] = names
                    zxids = lane.zxids
                    return zk.set_watches(zxids[max(-len(zxids), -1 - back)], *lists)

                case.send("b", op, body, f"list {place}, {back} back", xid=zk.XID_SET_WATCHES)
                case.set("a", "/old")
                case.create("a", "/old/more")
                case.delete("a", "/old/more")
                case.create("a", "/gone")
                case.delete("a", "/gone")
                case.drop("b")
                case.open("b", session="b")
        everything = [names] * count
        for relative in (0, -1, 2**62):
            case.send("b", op, zk.set_watches(relative, *everything), f"all, {relative}", xid=5)
        for place in range(count):
            lists: list[list[str] | None] = [[] for _ in range(count)]
            lists[place] = None
            case.send("b", op, zk.set_watches(0, *lists), f"null list {place}")


def event_order(case: Case, _: Traits) -> None:
    """An event comes before the reply that could reveal its change, within bursts too."""
    case.create("a", "/o")
    for who in ("a", "b"):
        case.burst(
            who,
            (zk.GET_DATA, zk.path_watch("/o", True)),
            (zk.GET_CHILDREN, zk.path_watch("/o", True)),
            (zk.SET_DATA, zk.set_data("/o", b"1")),
            (zk.GET_DATA, zk.path_watch("/o", True)),
            (zk.CREATE, zk.create("/o/x", flags=2)),
            (zk.GET_CHILDREN, zk.path_watch("/o", True)),
            (zk.SET_DATA, zk.set_data("/o", b"2")),
            (zk.EXISTS, zk.path_watch("/o/later", True)),
            (zk.CREATE, zk.create("/o/later")),
            (zk.DELETE, zk.path_version("/o/later")),
        )


# -- quotas --------------------------------------------------------------------------------------


def quotas(case: Case, _: Traits) -> None:
    case.create("a", "/q")
    case.create("a", "/zookeeper/quota/q")
    limits = (
        "count=3,bytes=20",
        "count=-1,bytes=-1=;byteHardLimit=20;countHardLimit=3",
        "count=2,bytes=5=;countHardLimit=4",
    )
    for text in limits:
        case.create("a", "/zookeeper/quota/q/zookeeper_stats", NO_USE)
        case.create("a", "/zookeeper/quota/q/zookeeper_limits", text)
        case.read("a", zk.GET_DATA, "/zookeeper/quota/q/zookeeper_stats", watch=True)
        for number in range(4):
            case.create("a", f"/q/{number}", b"12345")
            case.read("a", zk.GET_DATA, "/zookeeper/quota/q/zookeeper_stats")
        case.set("a", "/q/0", b"1" * 30)
        case.set("a", "/q/0", b"")
        case.set("a", "/q", b"abcdef")
        case.multi(
            "a", (zk.CREATE, zk.create("/q/m1", b"1")), (zk.CREATE, zk.create("/q/m2", b"1"))
        )
        case.read("a", zk.GET_DATA, "/zookeeper/quota/q/zookeeper_stats")
        for name in ("0", "1", "2", "3", "m1", "m2"):
            case.delete("a", f"/q/{name}")
        case.read("a", zk.GET_DATA, "/zookeeper/quota/q/zookeeper_stats")
        case.look("a", "/zookeeper/quota/q")
        case.delete("a", "/zookeeper/quota/q/zookeeper_limits")
        case.delete("a", "/zookeeper/quota/q/zookeeper_stats")


def nested_quotas(case: Case, _: Traits) -> None:
    for path in ("/q", "/q/in", "/zookeeper/quota/q", "/zookeeper/quota/q/in"):
        case.create("a", path)
    for base, text in (("/q/in", "count=2,bytes=8"), ("/q", "count=9,bytes=9")):
        case.create("a", f"/zookeeper/quota{base}/zookeeper_limits", text)
        case.create("a", f"/zookeeper/quota{base}/zookeeper_stats", NO_USE)
        case.create("a", f"{base}/one", b"123")
        case.create("a", f"{base}/one/two", b"123")
        for leaf in ("zookeeper_limits", "zookeeper_stats"):
            for node in ("/q", "/q/in"):
                case.read("a", zk.GET_DATA, f"/zookeeper/quota{node}/{leaf}")


# -- frames --------------------------------------------------------------------------------------


def opcodes(case: Case, _: Traits) -> None:
    """Every opcode from −20 to 130, with an empty body and with a path."""
    skipped = (zk.AUTH, zk.SASL, zk.CLOSE, zk.CREATE_SESSION)  # the last is for servers only
    for op in range(-20, 131):
        if op not in skipped:
            case.send("a", op, b"", f"opcode {op}, empty", xid=7)
            case.send("a", op, zk.path_version("/nothing"), f"opcode {op}, path", xid=8)
    for op in (2**31 - 1, -(2**31)):
        case.send("a", op, b"", f"opcode {op}")


def truncated(case: Case, traits: Traits) -> None:
    """Each body cut short at each place, and with bytes behind its end."""
    ops = [op for op in PATH_OPS if op != zk.ADD_WATCH or traits.modern]
    for op in (*ops, zk.CREATE_CONTAINER, zk.CREATE_TTL):
        body = body_for(op, "/t")
        for cut in range(len(body)):
            case.send("a", op, body[:cut], f"cut at {cut} of {len(body)}")
        case.send("a", op, body + b"\0\0\0\0\0\0\0\1", "8 bytes too long")
        case.delete("a", "/t")


def truncated_others(case: Case, traits: Traits) -> None:
    if not traits.modern:
        return
    bodies = (
        (zk.MULTI, zk.multi([(zk.CREATE, zk.create("/t")), (zk.CHECK, zk.path_version("/t"))])),
        (zk.MULTI_READ, zk.multi([(zk.GET_DATA, zk.path_watch("/"))])),
        (zk.SET_WATCHES, zk.set_watches(0, ["/a"], ["/b"], ["/c"])),
        (zk.SET_WATCHES2, zk.set_watches(0, ["/a"], ["/b"], ["/c"], ["/d"], ["/e"])),
        (zk.AUTH, zk.auth("digest", "ben:ben")),
        (zk.SASL, zk.buffer(b"abc")),
        (zk.RECONFIG, zk.reconfig("a", "b", "c", 3)),
    )
    for op, body in bodies:
        for cut in range(len(body)):
            case.send("a", op, body[:cut], f"cut at {cut} of {len(body)}")
        case.send("a", op, body + b"\0\0\0\0\0\0\0\1", "8 bytes too long")
        case.delete("a", "/t")


def lengths(case: Case, _: Traits) -> None:
    """A length word that lies, in each place that has one."""
    lies = (-1, -2, -(2**31), 2**31 - 1, 0xFFFFF, 0xFFFFF + 1024, 0xFFFFF + 1025, 100)
    for lie in lies:
        word = zk.integer(lie)
        for op in (zk.CREATE, zk.DELETE, zk.GET_DATA, zk.SET_DATA, zk.GET_ACL, zk.SYNC):
            case.send("a", op, word + b"/t" + b"\0" * 20, f"path length {lie}")
        case.send("a", zk.CREATE, zk.buffer("/t") + word + b"\0" * 20, f"data length {lie}")
        case.send("a", zk.SET_DATA, zk.buffer("/t") + word + b"\0" * 20, f"data length {lie}")
        acl = zk.buffer("/t") + zk.buffer(b"") + word + b"\0" * 20
        case.send("a", zk.CREATE, acl, f"ACL count {lie}")
        case.send("a", zk.SET_ACL, zk.buffer("/t") + word + b"\0" * 20, f"ACL count {lie}")
        case.send("a", zk.SET_WATCHES, zk.long(0) + word + b"\0" * 20, f"watch count {lie}")
        case.delete("a", "/t")


def nulls(case: Case, traits: Traits) -> None:
    """A null where a string or a list must be is refused, and nothing changes."""
    acl_with_nulls: tuple[Sequence[zk.AclEntry], ...] = (
        ((31, "digest", None),),
        ((31, "world", None),),
        ((31, "ip", None),),
        ((31, None, "x"),),
        ((31, None, None),),
    )
    case.create("a", "/n")
    for acl in acl_with_nulls:
        case.refused("a", zk.CREATE, zk.create("/n/x", b"", acl))
        case.refused("a", zk.SET_ACL, zk.set_acl("/n", acl))
        case.refused("a", zk.MULTI, zk.multi([(zk.CREATE, zk.create("/n/x", b"", acl))]))
    case.refused("a", zk.CREATE, zk.create("/n/x", b"", None))
    case.refused("a", zk.SET_ACL, zk.set_acl("/n", None))
    for op in PATH_OPS:
        if op != zk.GET_EPHEMERALS and op != zk.SYNC and (op != zk.ADD_WATCH or traits.modern):
            case.refused("a", op, body_for(op, None))
    for op in (zk.CREATE, zk.CREATE2, zk.DELETE, zk.SET_DATA, zk.CHECK):
        case.refused("a", zk.MULTI, zk.multi([(op, body_for(op, None))]))
    case.refused("a", zk.MULTI, zk.multi([(zk.CREATE, zk.create("/n/x", b"", None))]))
    for op in (zk.GET_DATA, zk.GET_CHILDREN):
        case.refused("a", zk.MULTI_READ, zk.multi([(op, body_for(op, None))]))
    case.send("a", zk.SYNC, zk.buffer(None))
    case.send("a", zk.GET_EPHEMERALS, zk.buffer(None))
    case.look("a", "/n")
    case.look("a", "/n/x")


def booleans(case: Case, _: Traits) -> None:
    for value in (0, 1, 2, 127, 255):
        for op in (zk.EXISTS, zk.GET_DATA, zk.GET_CHILDREN):
            case.send("a", op, zk.buffer("/") + bytes((value,)), f"watch byte {value}")
        case.create("b", f"/fires{value}")
        case.set("b", "/")


def odd_xids(case: Case, _: Traits) -> None:
    for xid in (0, 5, 5, 4, -3, -4, -8, -5, 2**31 - 1, -(2**31)):
        case.send("a", zk.GET_DATA, zk.path_watch("/"), f"xid {xid}", xid=xid)
        case.send("a", zk.CREATE, zk.create("/x", flags=2), f"xid {xid}", xid=xid)
    case.send("a", zk.PING, b"", xid=44)
    case.send("a", zk.PING, b"junk", xid=-2)


def bursts(case: Case, _: Traits) -> None:
    """Replies come in request order, and each sees the writes before it."""
    case.create("a", "/b")
    for who in ("a", "b"):
        requests = []
        for number in range(40):
            path = f"/b/{who}{number}"
            requests += [
                (zk.CREATE, zk.create(path, b"1")),
                (zk.GET_DATA, zk.path_watch(path)),
                (zk.SET_DATA, zk.set_data(path, b"2", number % 2)),
                (zk.EXISTS, zk.path_watch(path)),
                (zk.SYNC, zk.buffer(path)),
                (zk.MULTI, zk.multi([(zk.CHECK, zk.path_version(path, 1))])),
                (zk.DELETE, zk.path_version(path)),
                (zk.PING, b""),
            ]
        case.burst(who, *requests)


CASES: dict[str, Builder] = {
    build.__name__: build
    for build in (
        *(
            handshakes,
            reconnects,
            closing,
            system_nodes,
            create_flags,
            multi_flags,
            sequences,
            stats,
        ),
        *(
            versions,
            paths,
            supplementary,
            under_ephemerals,
            containers,
            big_and_many,
            frame_limit,
            acls,
        ),
        *(permissions, identities, redaction, multi_failures, multi_inside, multi_shapes),
        *(watch_events, watch_pairs, watch_removal, recursive_watches, watches_without_read),
        *(set_watches, event_order, quotas, nested_quotas, opcodes, truncated, truncated_others),
        *(lengths, nulls, booleans, odd_xids, bursts),
    )
}


def case_steps(name: str, traits: Traits) -> list[Step]:
    """The steps of a case by name."""
    case = Case()
    CASES[name](case, traits)
    return case.steps
