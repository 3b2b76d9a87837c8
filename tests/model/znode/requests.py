"""Requests to draw: few names, so that they meet; paths, lists and versions that are wrong too."""

from typing import Any, NamedTuple

from hypothesis import strategies as st

from speckeeper.wire.codes import OpCode
from speckeeper.wire.records import ACL, CREATOR_ALL, OPEN_ACL_UNSAFE, READ_ACL_UNSAFE, Id
from speckeeper.wire.requests import (
    CheckVersionRequest,
    CloseSessionRequest,
    CreateRequest,
    CreateSessionRequest,
    DeleteRequest,
    MultiRequest,
    SetACLRequest,
    SetDataRequest,
)

SESSIONS = (0x1000, 0x2000, 0x3000)
ADDRESS = Id("ip", "10.0.0.1")
ALICE = Id("digest", "alice:secret")
BOB = Id("digest", "bob:secret")
SUPER = Id("super", "")


class Step(NamedTuple):
    """One request."""

    op: int
    record: Any
    session: int = SESSIONS[0]
    ids: tuple[Id, ...] = (ADDRESS,)
    local: bool = False


class Jump(NamedTuple):
    """A creation from a log, which sets the counter of the parent to a number of its own."""

    parent: str
    cversion: int


class Foreign(NamedTuple):
    """A creation from a log, with an ACL list that no request could have stored here."""

    path: str
    acl: tuple[ACL, ...]


class Replay(NamedTuple):
    """An earlier transaction once more, as when a log is replayed over a fuzzy snapshot."""

    number: int


def _entry(perms: int, scheme: str, text: str) -> ACL:
    return ACL(perms, Id(scheme, text))


paths = st.sampled_from(["/a", "/a", "/a", "/b", "/a/a", "/a/a", "/a/b", "/b/a", "/a/a/b"])
quota_paths = st.sampled_from(
    [
        "/zookeeper/quota/a",
        "/zookeeper/quota/a/zookeeper_limits",
        "/zookeeper/quota/a/zookeeper_stats",
        "/zookeeper/quota/zookeeper_stats",
    ]
)
odd_paths = st.sampled_from(
    ["/", "", "//", "//a", "/a/", "/a//b", "a", "a/b", "a/", "/.", "/..", "/a/..", "/a\0", "/a\x01"]
)
system_paths = st.sampled_from(
    ["/zookeeper", "/zookeeper/quota", "/zookeeper/config", "/zookeeper/a"]
)
some_paths = st.one_of(*[paths] * 8, quota_paths, odd_paths, odd_paths, system_paths)

LIMITS = [b"count=2,bytes=6", b"count=-1,bytes=-1=;byteHardLimit=9;countHardLimit=3", b"count=1"]
data = st.sampled_from([None, b"", b"x", b"longer", *LIMITS, b"count=1,bytes=1", b"count=x"])
versions = st.sampled_from([-1, -1, -1, 0, 1, 2, -2])
lists = st.sampled_from(
    [OPEN_ACL_UNSAFE] * 16
    + [
        READ_ACL_UNSAFE,
        CREATOR_ALL,
        (),
        (_entry(31, "digest", ALICE.id),),
        (
            _entry(31, "digest", ALICE.id),
            _entry(31, "digest", ALICE.id),
            _entry(1, "world", "anyone"),
        ),
        (_entry(29, "world", "anyone"),),
        (_entry(8, "world", "anyone"), _entry(23, "auth", "")),
        (_entry(31, "ip", "10.0.0.0/8"),),
        (_entry(31, "ip", "10.0.0.300"),),
        (_entry(31, "digest", "nocolon"),),
        (_entry(31, "unknown", "x"),),
        (_entry(1 << 6 | 4, "world", "anyone"),),
    ]
)
ids = st.sampled_from(
    [(ADDRESS,)] * 4 + [(ADDRESS, ALICE)] * 2 + [(ADDRESS, ALICE, BOB), (SUPER,), ()]
)


def _create(op: int, flags: list[int], ttls: list[int]) -> st.SearchStrategy[tuple[int, Any]]:
    record = st.builds(
        CreateRequest, some_paths, data, lists, st.sampled_from(flags), st.sampled_from(ttls)
    )
    return st.tuples(st.just(op), record)


creates = st.one_of(
    _create(OpCode.CREATE, [0, 0, 0, 0, 1, 1, 2, 2, 3, 4, 5, 9], [-1]),
    _create(OpCode.CREATE2, [0, 0, 1, 2, 3], [-1]),
    _create(OpCode.CREATE_CONTAINER, [4, 4, 4, 0, 1, 2], [-1]),
    _create(OpCode.CREATE_TTL, [5, 5, 6, 6, 0, 1], [1, 60_000, 1 << 40, (1 << 40) - 1, 0, -1]),
)
deletes = st.tuples(st.just(OpCode.DELETE), st.builds(DeleteRequest, some_paths, versions))
set_datas = st.tuples(
    st.just(OpCode.SET_DATA), st.builds(SetDataRequest, some_paths, data, versions)
)
checks = st.tuples(st.just(OpCode.CHECK), st.builds(CheckVersionRequest, some_paths, versions))
set_acls = st.tuples(st.just(OpCode.SET_ACL), st.builds(SetACLRequest, some_paths, lists, versions))
containers = st.tuples(
    st.just(OpCode.DELETE_CONTAINER), st.builds(DeleteRequest, some_paths, st.just(-1))
)
parts = st.one_of(creates, creates, deletes, set_datas, checks)
multis = st.lists(parts, max_size=4).map(lambda ops: (OpCode.MULTI, MultiRequest(tuple(ops))))
odd_multis = st.tuples(parts, set_acls).map(lambda ops: (OpCode.MULTI, MultiRequest(ops)))
sessions = st.sampled_from(
    [
        (OpCode.CLOSE_SESSION, CloseSessionRequest()),
        (OpCode.CREATE_SESSION, CreateSessionRequest(4000)),
        (OpCode.RECONFIG, None),
        (OpCode.NOTIFICATION, None),
    ]
)
operations = st.one_of(
    *[creates] * 5,
    deletes,
    deletes,
    set_datas,
    set_datas,
    set_acls,
    *[multis] * 4,
    odd_multis,
    containers,
    sessions,
    checks,
)
requests = st.builds(
    lambda operation, session, ids, local: Step(*operation, session, ids, local == 0),
    operations,
    st.sampled_from(SESSIONS[:2] * 4 + SESSIONS[2:]),
    ids,
    st.integers(0, 19),
)
jumps = st.builds(Jump, st.sampled_from(["", "/a"]), st.sampled_from([2147483646, 2147483647, -1]))
replays = st.builds(Replay, st.integers(0, 30))


def _quota(limits: bytes) -> list[Step]:
    nodes = [
        ("/a", b"xx"),
        ("/zookeeper/quota/a", b""),
        ("/zookeeper/quota/a/zookeeper_limits", limits),
        ("/zookeeper/quota/a/zookeeper_stats", b"count=0,bytes=0"),
    ]
    return [
        Step(OpCode.CREATE, CreateRequest(path, raw, OPEN_ACL_UNSAFE, 0)) for path, raw in nodes
    ]


quotas = st.sampled_from(LIMITS).map(_quota)
single = st.one_of(*[requests] * 10, jumps, replays).map(lambda step: [step])
steps = st.lists(st.one_of(*[single] * 9, quotas), min_size=10, max_size=30).map(
    lambda lists: [step for some in lists for step in some]
)
