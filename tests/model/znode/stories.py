"""Short runs that reach each error and each rule of the data model at least once.

Random requests find what nobody thought of; these see to it that the rare branches are there.
"""

from tests.model.znode.requests import (
    ADDRESS,
    ALICE,
    BOB,
    SESSIONS,
    SUPER,
    Foreign,
    Jump,
    Replay,
    Step,
)

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

Story = list[Step | Jump | Foreign | Replay]
Part = tuple[int, object]


def _create(
    path: str,
    flags: int = 0,
    raw: bytes | None = b"x",
    acl: tuple[ACL, ...] = OPEN_ACL_UNSAFE,
    ttl: int = -1,
) -> Part:
    op = {4: OpCode.CREATE_CONTAINER, 5: OpCode.CREATE_TTL, 6: OpCode.CREATE_TTL}
    return op.get(flags, OpCode.CREATE2), CreateRequest(path, raw, acl, flags, ttl)


def _delete(path: str, version: int = -1) -> Part:
    return OpCode.DELETE, DeleteRequest(path, version)


def _set(path: str, raw: bytes | None = b"y", version: int = -1) -> Part:
    return OpCode.SET_DATA, SetDataRequest(path, raw, version)


def _set_acl(path: str, acl: tuple[ACL, ...], version: int = -1) -> Part:
    return OpCode.SET_ACL, SetACLRequest(path, acl, version)


def _check(path: str, version: int) -> Part:
    return OpCode.CHECK, CheckVersionRequest(path, version)


def _sweep(path: str) -> Part:
    return OpCode.DELETE_CONTAINER, DeleteRequest(path, -1)


def _multi(*parts: Part) -> Part:
    return OpCode.MULTI, MultiRequest(parts)  # type: ignore[arg-type]


def _story(*parts: Part | Jump | Foreign | Replay) -> Story:
    return [part if isinstance(part, Jump | Foreign | Replay) else Step(*part) for part in parts]


def _by(part: Part, *ids: Id) -> Step:
    return Step(*part, SESSIONS[0], (ADDRESS, *ids))


_LIMITS = "/zookeeper/quota/a/zookeeper_limits"
_STATS = "/zookeeper/quota/a/zookeeper_stats"


def _quota(limits: bytes, stats: bytes = b"count=0,bytes=0") -> tuple[Part, ...]:
    return (
        _create("/a", raw=b"xx"),
        _create("/zookeeper/quota/a"),
        _create(_LIMITS, raw=limits),
        _create(_STATS, raw=stats),
    )


_TICKET = Id("ticket", "x")  # of a scheme that the server does not know
# Of these getACL hides what is behind the colon of the first.
_HASHES = (ALICE, Id("digest", "nocolon"), Id("ip", "2001:db8::1"))
_CLOSE: Part = (OpCode.CLOSE_SESSION, CloseSessionRequest())
_ONE_PER_PERM = tuple(ACL(perm, Id("digest", name)) for perm, name in ((3, ALICE.id), (28, BOB.id)))

STORIES: dict[str, Story] = {
    "versions": _story(
        _create("/a"),
        _set("/a", version=0),
        _set("/a", version=0),
        _set("/a", version=-2),
        _set_acl("/a", OPEN_ACL_UNSAFE, 1),
        _set_acl("/a", OPEN_ACL_UNSAFE, 0),
        _set("/a", None, 1),
        _delete("/a", 1),
        _create("/a/b"),
        _delete("/a"),
        _delete("/a/b"),
        _delete("/a", 2),
        _delete("/a"),
        _set("/a"),
        _create("/a"),
        _create("/a"),
    ),
    "sequential names": _story(
        _create("/a"),
        _create("/a/s", 2),
        _create("/a/s", 2),
        _delete("/a/s0000000001"),
        _create("/a/s", 2),
        _create("/a/plain"),
        _create("/a/", 2),
        _create("/a/s", 3),
        _create("/", 2),
        _create("//", 2),
        _create("/.", 2),
        _create("", 2),
        _create("a/b", 2),
    ),
    "overflow": _story(
        _create("/a"),
        Jump("/a", 2147483646),
        _create("/a/s", 2),
        _create("/a/s", 2),
        _create("/a/s", 2),
        _multi(_create("/a/t", 2), _create("/a/t", 2), _create("/a/t", 2)),
        _delete("/a/jump"),
        Jump("", -1),
        Jump("", -1),
    ),
    "numbers below zero": _story(
        _create("/b"),
        Jump("/b", 2147483647),
        _multi(_create("/b/s", 2), _delete("/b/jump"), _create("/b/s", 2), _create("/b/s", 2)),
    ),
    "ephemerals": [
        *_story(_create("/a", 1), _create("/b"), _create("/b/e", 1), _create("/a/c")),
        Step(*_create("/b/f", 1), SESSIONS[1]),
        *_story(_create("/b/g", 3), _sweep("/a"), _delete("/b/e"), _CLOSE, _CLOSE, _create("/c")),
        Step(*_create("/c", 1), SESSIONS[2]),
        Step(*_create("/c", 1), local=True),
        Step(*_create("/c"), local=True),
        Step(OpCode.CREATE_SESSION, CreateSessionRequest(4000)),
        *_story(_create("/d", 1)),
    ],
    "containers and TTL": _story(
        _create("/a", 4),
        _sweep("/a"),
        _create("/a", 4),
        _create("/a/b"),
        _sweep("/a"),
        _sweep("/a/b"),
        _sweep("/"),
        _sweep("/zookeeper"),
        _sweep("/a"),
        _sweep("/a"),
        _create("/t", 5, ttl=100),
        _create("/t/u", 6, ttl=1),
        _create("/v", 5, ttl=0),
        _create("/v", 5, ttl=1 << 40),
        (OpCode.CREATE, CreateRequest("/v", b"", OPEN_ACL_UNSAFE, 5)),
        (OpCode.CREATE_TTL, CreateRequest("/v", b"", OPEN_ACL_UNSAFE, 0, 5)),
        (OpCode.CREATE_CONTAINER, CreateRequest("/w", b"", OPEN_ACL_UNSAFE, 1)),
        (OpCode.CREATE, CreateRequest("/x", b"", OPEN_ACL_UNSAFE, 4)),
        _create("/y", 9),
    ),
    "ACL": [
        _by(_create("/a", acl=CREATOR_ALL)),
        _by(_create("/a", acl=CREATOR_ALL), ALICE, BOB),
        _by(_create("/a/b")),
        _by(_create("/a/b"), BOB),
        _by(_create("/a/b")),
        _by(_set_acl("/a", _ONE_PER_PERM, 3), ALICE),
        _by(_set_acl("/a", _ONE_PER_PERM, 0), ALICE),
        _by(_set_acl("/a", ())),
        _by(_set("/a"), BOB),
        _by(_set("/a"), ALICE),
        _by(_create("/a/c"), ALICE),
        _by(_create("/a/c"), BOB),
        _by(_delete("/a/b"), ALICE),
        _by(_delete("/a/b"), BOB),
        _by(_multi(_check("/a", 1)), BOB),
        _by(_multi(_check("/a", 1)), ALICE),
        _by(_set_acl("/a", OPEN_ACL_UNSAFE), ALICE),
        _by(_set_acl("/a", READ_ACL_UNSAFE), SUPER),
        _by(_set("/zookeeper/config")),
        _by(_create("/d", acl=(ACL(31, Id("ip", "10.0.0.0/8")),))),
        _by(_set("/d")),
        Step(*_set("/d"), ids=(Id("ip", "11.0.0.1"),)),
        Step(*_create("/e", acl=CREATOR_ALL)),
        _by(_create("/e", acl=(ACL(31, Id("ip", "1.2.3")),))),
        _by(_create("/e", acl=(ACL(31, Id("nobody", "x")),))),
        _by(_create("/e", acl=(*_ONE_PER_PERM, *CREATOR_ALL, *_ONE_PER_PERM)), ALICE),
    ],
    "ACL of another server": [
        Foreign("/a", ()),
        Foreign("/a/b", (*READ_ACL_UNSAFE, *(ACL(31, one) for one in _HASHES))),
        Step(*_set("/a"), ids=()),
        Foreign("/b", (ACL(31, _TICKET),)),
        Step(*_set("/b"), ids=(ADDRESS, _TICKET)),
        Step(*_set("/b"), ids=(SUPER,)),
        _by(_create("/c", acl=(ACL(31, Id("ip", "10.0.0.0/8")), ACL(31, ALICE)))),
        Step(*_set("/c"), ids=(Id("digest", ADDRESS.id),)),
        Step(*_set("/c"), ids=(Id("ip", ALICE.id),)),
        Step(*_set("/c"), ids=(SUPER,)),
    ],
    "multi": _story(
        _multi(),
        _multi(_create("/a"), _create("/a/b"), _set("/a"), _check("/a", 1)),
        _multi(_delete("/a/b"), _delete("/a"), _create("/a"), _create("/a/s", 2)),
        _multi(_set("/a"), _create("/b"), _set("/a", version=7), _delete("/a"), _create("/c")),
        _multi(_check("/a", 5), _create("/b")),
        _multi(_create("/b"), _set_acl("/b", CREATOR_ALL)),
        _multi(_set_acl("/b", CREATOR_ALL), _create("/b")),
        _check("/a", 0),
        _multi(_create("/a/e", 1), _create("/a/e/f")),
        _multi(_create("/c", 9), _create("/b")),
        _multi(_check("/nowhere", 0)),
        _multi(_check("nowhere", 0)),
        _multi(_delete("/a")),
    ),
    "paths": _story(
        *[
            make(path)
            for path in ("", "/", "//", "//a", "a", "a/b", "/a/", "/.", "/\0", "/\x01")
            for make in (_create, _delete, _set, _sweep)
        ],
        _set_acl("", OPEN_ACL_UNSAFE),
        _set_acl("/..", OPEN_ACL_UNSAFE),
        _delete("/zookeeper/quota"),
    ),
    "soft quota": _story(
        *_quota(b"count=2,bytes=4"),
        _create("/a/b"),
        _create("/a/c", raw=b"long enough"),
        _set("/a", b"very long data"),
        _multi(_create("/m"), _create("/a/m"), _create("/n")),
        _delete("/a/m"),
        _delete("/a/b"),
        _set("/a", None),
        _delete("/a/c"),
        _set(_STATS, b"nonsense"),
        _create("/a/d"),
        _set(_LIMITS, b"nonsense"),
        _create("/a/e"),
        _delete(_LIMITS),
        _create("/a/f"),
    ),
    "quota on one figure": _story(
        *_quota(b"bytes=9"),
        _create("/a/b"),
        _set(_STATS, b"nonsense"),
        _create("/a/c", raw=b""),
        _set(_LIMITS, b"count=9"),
        _set(_STATS, b"nonsense"),
        _set("/a", b"yyy"),
        _create("/a/e", raw=b"xx"),
        _set(_LIMITS, b"count=9,bytes=1"),
        _set("/a", b"yyyy"),
        _create("/a/d", raw=b""),
        _set(_LIMITS, b"count=1,bytes=99"),
        _set("/a", b"zzz"),
    ),
    "quota of nothing": _story(
        *_quota(b"count=0,bytes=0"),
        _create("/a/b"),
        _create("/a/c", raw=b""),
        _set("/a", b"yyy"),
        _set(_LIMITS, b"count=9,bytes=9=;countHardLimit=0"),
        _create("/a/d", raw=b""),
        _set(_LIMITS, b"count=9,bytes=9=;byteHardLimit=0"),
        _set("/a", b"yyyy"),
    ),
    "hard quota": _story(
        *_quota(b"count=1,bytes=1=;byteHardLimit=9;countHardLimit=3"),
        _create("/a/b"),
        _create("/a/c"),
        _create("/a/d"),
        _set("/a", b"123456789"),
        _set("/a", b"1234567"),
        _set("/a", b"123456789", 9),
        _set("/a", b"0", 9),
        _multi(_delete(_LIMITS), _create("/a/x")),
        _multi(_delete("/a/b"), _create("/a/e")),
        _multi(_set("/a", b""), _set("/a/b", b"12345678")),
        _create("/zookeeper/quota/a/b"),
        _create("/zookeeper/quota/a/b/zookeeper_limits", raw=b"countHardLimit=5"),
        _create("/a/b/c"),
        _set(_LIMITS, b"what"),
        _create("/a/f"),
        _multi(_create("/b"), _create("/a/f")),
        _set("/a", b"0"),
        _create("/zookeeper/quota/zookeeper_stats"),
        _create("/zookeeper/quota/zookeeper_limits"),
    ),
    "replays": _story(
        _create("/a"),
        _create("/a/b", 1),
        _set("/a"),
        _delete("/a/b"),
        _create("/a/c", 5, ttl=5),
        *map(Replay, range(5)),
        _delete("/a/c"),
        _set_acl("/a", READ_ACL_UNSAFE),
        _delete("/a/b"),
        *map(Replay, range(9)),
        _create("/a", acl=READ_ACL_UNSAFE),
        Replay(0),
        _CLOSE,
        Replay(1),
        Replay(7),
        _multi(_create("/m"), _create("/m/n")),
        Replay(12),
        _delete("/m/n"),
        _delete("/m"),
        Replay(13),
        Replay(14),
    ),
    "replays below a node that is gone": _story(
        _create("/a"),
        _create("/a/b"),
        _delete("/a/b"),
        _delete("/a"),
        *map(Replay, (4, 3, 5)),
    ),
    "nothing of the kind": _story((OpCode.NOTIFICATION, None), (OpCode.RECONFIG, None)),
}
