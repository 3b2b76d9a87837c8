"""Watch tables: ZooKeeper WatchManager and WatchStats of 3.9, DataTree.setWatches."""

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.tree.world import DeleteRequest, SetDataRequest, World

from speckeeper.tree.applied import TreeEvent
from speckeeper.tree.watch_requests import (
    add_watch,
    check_watches,
    decide_rewatch,
    remove_watches,
    set_watches,
)
from speckeeper.tree.watches import (
    ANY_KIND,
    PERSISTENT,
    PERSISTENT_RECURSIVE,
    STANDARD,
    Watches,
    WatchSummary,
    WatchTable,
)
from speckeeper.wire.codes import AddWatchMode, ErrorCode, EventType, OpCode, WatcherType
from speckeeper.wire.records import OPEN_ACL_UNSAFE
from speckeeper.wire.requests import (
    AddWatchRequest,
    CheckWatchesRequest,
    RemoveWatchesRequest,
    SetWatchesRequest,
)

CREATED, DELETED = EventType.NODE_CREATED, EventType.NODE_DELETED
DATA, CHILDREN = EventType.NODE_DATA_CHANGED, EventType.NODE_CHILDREN_CHANGED


def fire(watches: Watches[str], kind: EventType, path: str) -> list[str]:
    return watches.trigger(TreeEvent(kind, path, OPEN_ACL_UNSAFE))


# -- one table ----------------------------------------------------------------------------------


def test_standard_watch_fires_once() -> None:
    table: WatchTable[str] = WatchTable()
    table.add("/a", "w")
    table.add("/a", "w")
    assert len(table) == 1
    assert table.trigger("/a") == ["w"]
    assert table.trigger("/a") == []
    assert table.summary() == WatchSummary(0, 0, 0)


def test_watchers_are_told_in_order_of_registration() -> None:
    table: WatchTable[int] = WatchTable()
    for watcher in (3, 1, 2, 1, 3):
        table.add("/a", watcher)
    table.add("/", 9, PERSISTENT_RECURSIVE)
    assert table.trigger("/a") == [3, 1, 2, 9]


def test_persistent_watch_stays() -> None:
    table: WatchTable[str] = WatchTable()
    table.add("/a", "w", PERSISTENT)
    assert table.trigger("/a") == table.trigger("/a") == ["w"]
    assert table.trigger("/a/b") == []


def test_kinds_add_up() -> None:
    """Since 3.9 (ZOOKEEPER-4466); before, the last kind replaced the others."""
    table: WatchTable[str] = WatchTable()
    for kind in (STANDARD, PERSISTENT, PERSISTENT_RECURSIVE):
        table.add("/a", "w", kind)
    assert len(table) == 1
    assert table.trigger("/a") == ["w"]
    assert not table.has("/a", "w", STANDARD)
    assert table.has("/a", "w", PERSISTENT)
    assert table.remove("/a", "w", PERSISTENT)
    assert table.trigger("/a/b") == ["w"]
    assert table.remove("/a", "w", ANY_KIND)
    assert not table.remove("/a", "w", ANY_KIND)
    assert table.trigger("/a/b") == []


def test_recursive_watch_sees_all_descendants() -> None:
    table: WatchTable[str] = WatchTable()
    table.add("/a", "w", PERSISTENT_RECURSIVE)
    table.add("/", "root", PERSISTENT_RECURSIVE)
    assert table.trigger("/a/b/c") == ["w", "root"]
    assert table.trigger("/a") == ["w", "root"]
    assert table.trigger("/") == ["root"]
    assert table.trigger("/ab") == ["root"]


def test_watcher_of_path_and_parent_is_told_once() -> None:
    table: WatchTable[str] = WatchTable()
    table.add("/a", "w", PERSISTENT_RECURSIVE)
    table.add("/a/b", "w", STANDARD)
    assert table.trigger("/a/b") == ["w"]
    assert table.trigger("/a/b") == ["w"]
    assert table.has("/a", "w", PERSISTENT_RECURSIVE)


def test_removing_a_watcher() -> None:
    table: WatchTable[str] = WatchTable()
    table.add("/a", "w")
    table.add("/b", "w", PERSISTENT_RECURSIVE)
    table.add("/b", "v")
    table.remove_watcher("w")
    table.remove_watcher("nobody")
    assert table.summary() == WatchSummary(1, 1, 1)
    assert dict(table.by_watcher()) == {"v": ["/b"]}
    assert dict(table.by_path()) == {"/b": ["v"]}
    assert table._recursive == 0


class NaiveTable:
    """The same by a list of (path, watcher, kind)."""

    def __init__(self) -> None:
        self.watches: set[tuple[str, int, int]] = set()

    def trigger(self, path: str) -> set[int]:
        told = {
            watcher
            for at, watcher, kind in self.watches
            if at == path
            or (kind == PERSISTENT_RECURSIVE and (at == "/" or path.startswith(at + "/")))
        }
        self.watches = {watch for watch in self.watches if watch[0] != path or watch[2] != STANDARD}
        return told


kinds = st.sampled_from([STANDARD, PERSISTENT, PERSISTENT_RECURSIVE])
paths = st.sampled_from(["/", "/a", "/a/b", "/a/b/c", "/ab", "/c"])
steps = st.one_of(
    st.tuples(st.just("add"), paths, st.integers(0, 3), kinds),
    st.tuples(st.just("remove"), paths, st.integers(0, 3), st.integers(1, 7)),
    st.tuples(st.just("trigger"), paths, st.just(0), st.just(0)),
    st.tuples(st.just("close"), st.just(""), st.integers(0, 3), st.just(0)),
)


@given(st.lists(steps, max_size=40))
def test_table_agrees_with_a_naive_one(steps: list[tuple[str, str, int, int]]) -> None:
    table: WatchTable[int] = WatchTable()
    naive = NaiveTable()
    for step, path, watcher, kind in steps:
        if step == "add":
            table.add(path, watcher, kind)
            naive.watches.add((path, watcher, kind))
        elif step == "remove":
            gone = {w for w in naive.watches if w[:2] == (path, watcher) and w[2] & kind}
            assert table.remove(path, watcher, kind) == bool(gone)
            naive.watches -= gone
        elif step == "close":
            table.remove_watcher(watcher)
            naive.watches = {w for w in naive.watches if w[1] != watcher}
        else:
            told = table.trigger(path)
            assert len(told) == len(set(told))
            assert set(told) == naive.trigger(path)
        pairs = {(at, who) for at, who, _ in naive.watches}
        assert table.summary() == WatchSummary(
            len({who for _, who in pairs}), len({at for at, _ in pairs}), len(pairs)
        )
        for at, who, kind_bit in naive.watches:
            assert table.has(at, who, kind_bit)


# -- both tables --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        (CREATED, ["data", "both"]),
        (DATA, ["data", "both"]),
        (DELETED, ["data", "both", "child"]),
        (CHILDREN, ["both", "child"]),
    ],
)
def test_which_table_is_asked(kind: EventType, told: list[str]) -> None:
    """A deletion is told once to who stands in both tables (DataTree.deleteNode)."""
    watches: Watches[str] = Watches()
    watches.data.add("/a", "data")
    watches.data.add("/a", "both")
    watches.child.add("/a", "both")
    watches.child.add("/a", "child")
    assert fire(watches, kind, "/a") == told
    assert len(watches) == 4 - (4 if kind == DELETED else 2)


def test_persistent_is_told_of_data_and_children() -> None:
    watches: Watches[str] = Watches()
    watches.add_persistent("/a", "w", AddWatchMode.PERSISTENT)
    for kind in (CREATED, DATA, CHILDREN, DELETED):
        assert fire(watches, kind, "/a") == ["w"]
    assert len(watches) == 2


def test_recursive_is_never_told_of_children() -> None:
    watches: Watches[str] = Watches()
    watches.add_persistent("/a", "w", AddWatchMode.PERSISTENT_RECURSIVE)
    assert fire(watches, CHILDREN, "/a") == []
    assert fire(watches, CREATED, "/a/b") == fire(watches, DELETED, "/a/b") == ["w"]
    assert len(watches) == 1


@pytest.mark.parametrize(
    ("kind", "found"),
    [
        (WatcherType.CHILDREN, {"child"}),
        (WatcherType.DATA, {"data"}),
        (WatcherType.ANY, {"child", "data", "persistent", "recursive"}),
        (WatcherType.PERSISTENT, {"persistent"}),
        (WatcherType.PERSISTENT_RECURSIVE, {"recursive"}),
    ],
)
def test_watcher_types(kind: WatcherType, found: set[str]) -> None:
    """DataTree.containsWatcher and removeWatch."""
    watches: Watches[str] = Watches()
    watches.child.add("/a", "child")
    watches.data.add("/a", "data")
    add_watch(watches, "persistent", AddWatchRequest("/a", 0))
    add_watch(watches, "recursive", AddWatchRequest("/a", 1))
    for watcher in ("child", "data", "persistent", "recursive"):
        expected = 0 if watcher in found else ErrorCode.NO_WATCHER
        check, remove = CheckWatchesRequest("/a", kind), RemoveWatchesRequest("/a", kind)
        assert check_watches(watches, watcher, check) == expected
        assert remove_watches(watches, watcher, remove) == expected
        assert check_watches(watches, watcher, check) == ErrorCode.NO_WATCHER
    assert fire(watches, CHILDREN, "/a") == [
        watcher for watcher in ("child", "persistent") if watcher not in found
    ]


def test_numbers_that_are_no_mode_or_type() -> None:
    watches: Watches[str] = Watches()
    watches.data.add("/a", "w")
    for number in (-1, 2, 7):
        assert add_watch(watches, "w", AddWatchRequest("/a", number)) == -5
    for number in (0, 6):
        assert check_watches(watches, "w", CheckWatchesRequest("/a", number)) == -5
        assert remove_watches(watches, "w", RemoveWatchesRequest("/a", number)) == -5
    assert len(watches) == 1


def test_closing_a_connection() -> None:
    watches: Watches[str] = Watches()
    watches.data.add("/a", "w")
    watches.child.add("/a", "w")
    watches.remove_watcher("w")
    assert len(watches) == 0


# -- setWatches ---------------------------------------------------------------------------------


def test_set_watches_decides_path_by_path() -> None:
    """DataTree.setWatches: mzxid and pzxid against what the client has seen."""
    world = World()
    world.create("/old")
    world.create("/parent")
    world.create("/deleted")
    seen = world.zxid
    world.create("/new")
    world.create("/parent/child")
    world.do(OpCode.SET_DATA, SetDataRequest("/old", b"x", -1))
    world.do(OpCode.DELETE, DeleteRequest("/deleted", -1))
    request = SetWatchesRequest(
        seen,
        data=("/old", "/deleted", "/parent"),
        exist=("/new", "/later"),
        child=("/parent", "/deleted", "/old"),
        persistent=("/p",),
        persistent_recursive=("/r",),
    )
    rewatch = decide_rewatch(world.tree, request)
    assert rewatch.events == (
        (DATA, "/old"),
        (DELETED, "/deleted"),
        (CREATED, "/new"),
        (CHILDREN, "/parent"),
        (DELETED, "/deleted"),
    )
    assert rewatch.data == (
        ("/parent", STANDARD),
        ("/later", STANDARD),
        ("/p", PERSISTENT),
        ("/r", PERSISTENT_RECURSIVE),
    )
    assert rewatch.child == (("/old", STANDARD), ("/p", PERSISTENT))


def test_set_watches_sets_them() -> None:
    world = World()
    world.create("/a")
    watches: Watches[str] = Watches()
    request = SetWatchesRequest(world.zxid, ("/a",), ("/b", "/a"), ("/a",))
    assert set_watches(world.tree, watches, "w", request) == ((CREATED, "/a"),)
    assert fire(watches, DATA, "/a") == fire(watches, CREATED, "/b") == ["w"]
    assert fire(watches, CHILDREN, "/a") == ["w"]
    assert len(watches) == 0


def test_200_000_watches_cost_less_than_100_mb() -> None:
    tracemalloc.start()
    try:
        watches: Watches[int] = Watches()
        for number in range(20_000):
            watches.data.add(f"/some/longer/path/{number:010d}", number % 100)
        cost = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert cost < 20_000 * 500
