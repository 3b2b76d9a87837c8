"""Watch tables of spec/ZNodeWatch.tla against those of the server, fed alike."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.model.test_znode_prepare_apply import Twins
from tests.model.znode import values as v
from tests.model.znode.operators import operators
from tests.model.znode.requests import Step, steps

from speckeeper.tree import watch_requests
from speckeeper.tree.applied import TreeEvent
from speckeeper.tree.watches import Watches
from speckeeper.wire.codes import AddWatchMode, ErrorCode, EventType, OpCode, WatcherType
from speckeeper.wire.records import OPEN_ACL_UNSAFE
from speckeeper.wire.requests import (
    AddWatchRequest,
    CheckWatchesRequest,
    CreateRequest,
    RemoveWatchesRequest,
    SetDataRequest,
    SetWatchesRequest,
)

MODES = {0: "PERSISTENT", 1: "PERSISTENT_RECURSIVE"}
TYPES = {1: "Children", 2: "Data", 3: "Any", 4: "Persistent", 5: "PersistentRecursive"}
EVENTS = [
    EventType.NODE_CREATED,
    EventType.NODE_DELETED,
    EventType.NODE_DATA_CHANGED,
    EventType.NODE_CHILDREN_CHANGED,
]

MADE = {
    "create": lambda path: (OpCode.CREATE, CreateRequest(path, b"", OPEN_ACL_UNSAFE, 0)),
    "set": lambda path: (OpCode.SET_DATA, SetDataRequest(path, b"x", -1)),
}

paths = st.sampled_from(["/", "/a", "/a/b", "/a/b/c", "/b", ""])
watchers = st.sampled_from([1, 2])
changed = st.sampled_from(["/", "/a", "/a/b", "/a/b/c", "/b"])
path_lists = st.lists(paths, max_size=3).map(tuple)
operations = st.one_of(
    st.tuples(st.just("data"), paths, watchers),
    st.tuples(st.just("child"), paths, watchers),
    st.tuples(st.just("add"), paths, watchers, st.sampled_from([0, 1, 1, 7])),
    st.tuples(st.just("check"), paths, watchers, st.sampled_from([1, 2, 3, 4, 5, 9])),
    st.tuples(st.just("remove"), paths, watchers, st.sampled_from([1, 2, 3, 4, 5, 9])),
    st.tuples(st.just("event"), changed, st.sampled_from(EVENTS)),
    st.tuples(st.just("event"), changed, st.sampled_from(EVENTS)),
    st.tuples(st.just("leave"), watchers),
    st.tuples(st.just("rewatch"), watchers, st.integers(0, 20), *[path_lists] * 5),
)


class WatchTwins(Twins):
    """Also two watch tables that are to stay alike."""

    def __init__(self) -> None:
        super().__init__(operators(), {})
        self.watches: Watches[int] = Watches()
        self.theirs = v.watches(self.watches)

    def do(self, operation: tuple[Any, ...]) -> None:
        getattr(self, f"do_{operation[0]}")(*operation[1:])
        assert self.theirs == v.watches(self.watches), operation

    def _spec(self, name: str, **arguments: Any) -> Any:
        return self.spec(name, tree=self.tree, watches=self.theirs, **arguments)

    def do_data(self, path: str, watcher: int) -> None:
        self.watches.data.add(path, watcher)
        self.theirs = self._spec("WatchingData", path=v.path(path), sessionId=watcher)

    def do_child(self, path: str, watcher: int) -> None:
        self.watches.child.add(path, watcher)
        self.theirs = self._spec("WatchingChild", path=v.path(path), sessionId=watcher)

    def do_add(self, path: str, watcher: int, mode: int) -> None:
        ours = watch_requests.add_watch(self.watches, watcher, AddWatchRequest(path, mode))
        request = v.record(path=v.path(path), mode=MODES.get(mode, "none"))
        theirs = self._spec("Added", request=request, sessionId=watcher)
        assert theirs["err"] == v.error(ours)
        self.theirs = theirs["watches"]

    def do_check(self, path: str, watcher: int, kind: int) -> None:
        asked = CheckWatchesRequest(path, kind)
        ours = watch_requests.check_watches(self.watches, watcher, asked)
        request = v.record(path=v.path(path), type=TYPES.get(kind, "none"))
        assert self._spec("Checked", request=request, sessionId=watcher) == v.error(ours)

    def do_remove(self, path: str, watcher: int, kind: int) -> None:
        asked = RemoveWatchesRequest(path, kind)
        ours = watch_requests.remove_watches(self.watches, watcher, asked)
        request = v.record(path=v.path(path), type=TYPES.get(kind, "none"))
        theirs = self._spec("Removed", request=request, sessionId=watcher)
        assert theirs["err"] == v.error(ours)
        self.theirs = theirs["watches"]

    def do_event(self, path: str, kind: EventType) -> None:
        event = TreeEvent(kind, path, OPEN_ACL_UNSAFE)
        theirs = self._spec("Triggered", event=v.event(event))
        assert theirs["told"] == frozenset(self.watches.trigger(event))
        self.theirs = theirs["watches"]

    def do_events(self, *changes: tuple[str, EventType]) -> None:
        events = [TreeEvent(kind, path, OPEN_ACL_UNSAFE) for path, kind in changes]
        theirs = self._spec("TriggeredAll", event=v.sequence(map(v.event, events)))
        told = [
            v.record(event=v.event(event), told=frozenset(self.watches.trigger(event)))
            for event in events
        ]
        assert theirs["deliveries"] == v.sequence(told)
        self.theirs = theirs["watches"]

    def do_leave(self, watcher: int) -> None:
        self.watches.remove_watcher(watcher)
        self.theirs = self._spec("WatchingNothing", sessionId=watcher)

    def do_rewatch(self, watcher: int, seen: int, *lists: tuple[str, ...]) -> None:
        request = SetWatchesRequest(seen, *lists)
        ours = watch_requests.set_watches(self.world.tree, self.watches, watcher, request)
        names = ("data", "exist", "child", "persistent", "persistentRecursive")
        asked = {
            f"{name}Watches": v.sequence(map(v.path, given))
            for name, given in zip(names, lists, strict=True)
        }
        theirs = self._spec(
            "Rewatched", request=v.record(relativeZxid=seen, **asked), sessionId=watcher
        )
        told = [(one["type"], one["path"]) for one in theirs["events"].values_]
        assert told == [(v.event_type(kind), v.path(path)) for kind, path in ours]
        self.theirs = theirs["watches"]


def test_names_stand_for_the_numbers_of_the_protocol() -> None:
    assert {mode.name for mode in AddWatchMode} == set(MODES.values())
    assert {int(kind): v.event_type(int(kind)) for kind in EVENTS}[1] == "NodeCreated"
    assert {int(kind) for kind in WatcherType} == set(TYPES)
    assert v.error(ErrorCode.NO_WATCHER) == "NoWatcher"


# One watch of each kind on each of two paths, and one of somebody else.
SET = [
    ("data", "/a", 1),
    ("child", "/a", 1),
    ("add", "/a", 1, 0),
    ("add", "/a", 1, 1),
    ("data", "/a/b", 1),
    ("child", "/a/b", 1),
    ("add", "/a/b", 1, 1),
    ("data", "/a", 2),
    ("add", "/a", 2, 7),
]


@pytest.mark.parametrize("kind", [*sorted(TYPES), 9])
def test_each_type_of_watch_is_checked_and_removed(kind: int) -> None:
    twins = WatchTwins()
    for watch in SET:
        twins.do(watch)
        for path in ("/a", "/a/b"):
            twins.do(("check", path, 1, kind))
            twins.do(("check", path, 2, kind))
    for path in ("/a", "/a/b", "/a/b"):
        twins.do(("remove", path, 1, kind))
    for path in ("/a", "/a/b"):
        twins.do(("check", path, 1, kind))


@pytest.mark.parametrize("kind", EVENTS)
def test_each_kind_of_event_fires_once(kind: EventType) -> None:
    twins = WatchTwins()
    for watch in SET:
        twins.do(watch)
        twins.do(("event", "/b", kind))
    for path in ("/", "/a/b/c", "/a/b", "/a", "/a"):
        twins.do(("event", path, kind))
    twins.do(("leave", 2))
    twins.do(("event", "/a", kind))


def test_events_of_one_transaction_fire_in_their_order() -> None:
    twins = WatchTwins()
    for watch in SET:
        twins.do(watch)
    twins.do(("events",))
    twins.do(("events", *[(path, kind) for path in ("/a/b", "/a", "/a") for kind in EVENTS]))


@pytest.mark.parametrize("seen", range(2, 7))
def test_what_was_missed_up_to_a_zxid_is_told(seen: int) -> None:
    """/a is created by zxid 3, gets a child by 4 and data by 5."""
    twins = WatchTwins()
    for step in (("create", "/a"), ("create", "/a/b"), ("set", "/a")):
        twins.go(Step(*MADE[step[0]](step[1])))
    for paths in (("/a", "/none"), ("/a/b", ""), ("/none", "/", "/a"), ()):
        for number in range(5):
            lists: list[tuple[str, ...]] = [()] * 5
            lists[number] = paths
            twins.do(("rewatch", 1, seen, *lists))
        twins.do(("rewatch", 2, seen, *[paths] * 5))


@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps, st.lists(operations, min_size=10, max_size=40))
def test_watch_tables_agree(steps: list[Any], operations: list[tuple[Any, ...]]) -> None:
    twins = WatchTwins()
    for step in steps[:10]:
        if isinstance(step, Step):
            twins.go(step)
    for operation in operations:
        twins.do(operation)
