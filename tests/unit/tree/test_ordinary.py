"""The short way of ordinary writes does what prepare, the view and apply do."""

from collections.abc import Iterator

from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.unit.tree.test_properties import Step, ask, judged, new_world, steps
from tests.unit.tree.world import (
    NOBODY,
    SESSION,
    SetDataRequest,
    World,
    acl,
    broken_invariants,
    content,
    create,
)

from speckeeper.tree import ordinary
from speckeeper.tree.apply import apply
from speckeeper.tree.change_record import ChangeRecord
from speckeeper.tree.prepare import Request, prepare
from speckeeper.tree.view import TreeView
from speckeeper.wire.codes import OpCode
from speckeeper.wire.records import OPEN_ACL_UNSAFE
from speckeeper.wire.requests import CloseSessionRequest, CreateRequest
from speckeeper.wire.txns import CreateTxn, SetDataTxn, Txn

SET_DATA, CREATE = int(OpCode.SET_DATA), int(OpCode.CREATE)
UNKNOWN_SESSION = 77
TIME_MS = 5
PLACES = [
    *(f"/{a}" for a in "abc"),
    *(f"/{a}/{b}" for a in "abc" for b in "ab"),
    *("/a/b/c", "/zookeeper", "/zookeeper/x", "/zookeeper/quota/a", "/d"),
    *("/", "", "//", "//a", "/a//b", "/a/", "/a/.", "/a/..", "/a/\0", "/a/\x7f", "a", "\0/a"),
]
VERSIONS = (-1, 0, 1)


def stage(view: TreeView, request: Request) -> int | None:
    """Stage a request the short way, if it is one for that."""
    session, _, op, record, _, zxid, time_ms, _ = request
    if op == SET_DATA:
        return ordinary.stage_set_data(
            view, session, record.path, record.data, record.version, zxid, time_ms
        )
    return ordinary.stage_create(view, session, record.path, record.data, zxid, time_ms)


def questions(world: World) -> Iterator[Request]:
    for session in (SESSION, UNKNOWN_SESSION):
        for path in PLACES:
            records = [(SET_DATA, SetDataRequest(path, b"new", v)) for v in VERSIONS]
            for op, record in [*records, (CREATE, create(path, b"new"))]:
                yield Request(session, 1, op, record, NOBODY, world.zxid + 1, TIME_MS)


def told(view: TreeView, paths: list[str]) -> list[object]:
    return [judged(view.find(path)) for path in paths]


def records(view: TreeView) -> dict[str, list[object]]:
    """Every field of all that is staged."""
    names = ChangeRecord.__slots__
    return {path: [getattr(kept, n) for n in names] for path, kept in view._changes.items()}


def check_all(world: World) -> set[int]:
    """Compare both ways for every question; return the operations that were ordinary."""
    found = set()
    for request in questions(world):
        short, general = world.view.fork(), world.view.fork()
        made = stage(short, request)
        txn = prepare(world.view, request, world.policy)
        if made is None:
            assert short._changes == {}, request
            continue
        found.add(request.op)
        path = request.record.path
        if request.op == SET_DATA:
            assert txn.record == SetDataTxn(path, b"new", made)
        else:
            assert txn.record == CreateTxn(path, b"new", OPEN_ACL_UNSAFE, False, made)
        assert txn.header == (SESSION, 1, world.zxid + 1, TIME_MS, request.op)
        general.stage_record(request.op, txn.record, txn.header)
        around = [path, path[: path.rfind("/")]]
        assert told(short, around) == told(general, around)
        assert records(short) == records(general)
    return found


@settings(max_examples=60, deadline=None)
@given(steps, st.integers(0, 3))
def test_what_is_ordinary_is_prepared_as_in_general(steps: list[Step], waiting: int) -> None:
    world = new_world()
    for step in steps[: len(steps) - waiting]:
        ask(world, step)
    world.settle()
    for step in steps[len(steps) - waiting :]:
        ask(world, step)
    check_all(world)


def test_the_many_cases_by_hand() -> None:
    world = new_world()
    world.create("/a", b"x")
    world.create("/b", b"x", access=acl((1, "world", "anyone")))
    world.create("/c", b"x", flags=1)
    world.create("/a/b", None)
    assert check_all(world) == {SET_DATA, CREATE}
    world.ask(OpCode.CLOSE_SESSION, CloseSessionRequest(), session=SESSION)
    assert check_all(world) == set()
    world.settle()
    assert check_all(world) == set()


def test_numbers_at_their_end_are_not_ordinary() -> None:
    world = new_world()
    world.create("/a")
    world.node("/a").version = world.node("/a").cversion = (1 << 31) - 1
    for path, op in (("/a", SET_DATA), ("/a/x", CREATE)):
        record = SetDataRequest(path, b"", -1) if op == SET_DATA else create(path)
        assert stage(world.view, Request(SESSION, 1, op, record, NOBODY, 9, TIME_MS)) is None


class Short(World):
    """A state machine in which ordinary writes go the short way."""

    def __init__(self) -> None:
        self.made: dict[int, tuple[Request, int]] = {}
        super().__init__(extended_types_enabled=True)
        self.view = TreeView(self.tree)

    def ask(self, op: int, record: object, **who: object) -> Txn:
        request = self.request(op, record, **who)  # type: ignore[arg-type]
        txn = prepare(self.view, request, self.policy)
        made = stage(self.view, request) if self._may_be_ordinary(request) else None
        if made is None:
            self.view.stage(txn)
        else:
            self.made[request.zxid] = request, made
        self.staged.append(txn)
        return txn

    @staticmethod
    def _may_be_ordinary(request: Request) -> bool:
        """What the bytes of a request tell, before the tree is asked."""
        record = request.record
        if request.op == SET_DATA:
            return record.data is not None
        if request.op != CREATE:
            return False
        return isinstance(record, CreateRequest) and (record.flags, record.acl) == (
            0,
            OPEN_ACL_UNSAFE,
        )

    def settle(self) -> list[object]:  # type: ignore[override]
        applied = [self._apply(txn) or apply(self.tree, txn) for txn in self.staged]
        self.staged.clear()
        self.view.settle(self.zxid)
        return applied

    def _apply(self, txn: Txn) -> bool:
        zxid = txn.header.zxid
        if zxid not in self.made:
            return False
        (_, _, op, record, _, _, time_ms, _), made = self.made[zxid]
        path, data = record.path, record.data
        if op == CREATE:
            return ordinary.apply_create(self.tree, path, data, made, zxid, time_ms)
        return ordinary.apply_set_data(self.tree, path, data, made, zxid, time_ms) is not None


def plain(op: int, record: object) -> Step:
    return op, record, SESSION, False


LIMITS = "/zookeeper/quota/a/zookeeper_limits"
QUOTA = [
    plain(CREATE, create("/a", b"x")),
    plain(CREATE, create("/zookeeper/quota/a", b"")),
    plain(CREATE, create(LIMITS, b"count=5,bytes=-1")),
    plain(CREATE, create("/zookeeper/quota/a/zookeeper_stats", b"")),
    plain(CREATE, create("/a/b", b"x")),
    plain(SET_DATA, SetDataRequest("/a", b"longer", -1)),
]
MANY = [
    plain(CREATE, create("/a", b"x")),
    *[plain(SET_DATA, SetDataRequest("/a", b"%d" % n, -1)) for n in range(300)],
    *[plain(CREATE, create(f"/a/{n}", b"%d" % n)) for n in range(300)],
    *[plain(SET_DATA, SetDataRequest("/a/7", b"%d" % n, -1)) for n in range(200)],
]


@settings(max_examples=60, deadline=None)
@given(steps, st.integers(1, 6))
@example(QUOTA, 1)
@example(QUOTA, 100)
@example(MANY, 7)
def test_what_is_ordinary_is_applied_as_in_general(steps: list[Step], batch: int) -> None:
    short, general = Short(), new_world()
    for number, step in enumerate(steps):
        expected = ask(general, step)
        assert ask(short, step) == expected._replace(digest=None)
        if number % batch == 0:
            short.settle()
            general.settle()
            assert content(short.tree) == content(general.tree)
    short.settle()
    general.settle()
    assert content(short.tree) == content(general.tree)
    assert list(short.tree.nodes) == list(general.tree.nodes)
    assert list(short.tree.digests.log) == list(general.tree.digests.log)
    assert short.tree.data_size == general.tree.data_size
    assert short.tree.digest == general.tree.digest
    assert broken_invariants(short.tree) == []
    assert short.view._changes == {}
