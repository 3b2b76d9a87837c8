"""Which watches an event is for, what it uses up, and what is set again after a reconnection."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from speckeeper.ops.shell.watches import Event, Kind, WatchBook
from speckeeper.wire.codes import EventType, KeeperState, WatcherType

CREATED = EventType.NODE_CREATED
DELETED = EventType.NODE_DELETED
CHANGED = EventType.NODE_DATA_CHANGED
CHILDREN = EventType.NODE_CHILDREN_CHANGED


def book(*watches: tuple[Kind, str]) -> WatchBook:
    filled = WatchBook()
    for kind, path in watches:
        filled.add(kind, path)
    return filled


@pytest.mark.parametrize(
    ("kind", "wanted"),
    [
        (Kind.DATA, {CREATED, CHANGED, DELETED}),
        (Kind.EXIST, {CREATED, CHANGED, DELETED}),
        (Kind.CHILD, {CHILDREN, DELETED}),
    ],
)
def test_a_standard_watch_fires_once(kind: Kind, wanted: set[EventType]) -> None:
    for event in (CREATED, DELETED, CHANGED, CHILDREN):
        watches = book((kind, "/a"))

        assert watches.fire(event, "/a") == (event in wanted)
        assert not watches.fire(event, "/a")
        assert not book((kind, "/a")).fire(event, "/a/b")


def test_persistent_watches_stay_and_see_their_own_node() -> None:
    watches = book((Kind.PERSISTENT, "/a"))

    for event in (CREATED, CHANGED, CHILDREN, DELETED, CREATED):
        assert watches.fire(event, "/a")
        assert not watches.fire(event, "/a/b")


def test_recursive_watches_see_what_is_below_but_no_child_events() -> None:
    watches = book((Kind.PERSISTENT_RECURSIVE, "/a"))

    assert watches.fire(CREATED, "/a")
    assert watches.fire(CHANGED, "/a/b/c")
    assert not watches.fire(CHILDREN, "/a")
    assert not watches.fire(CREATED, "/ab")
    assert not watches.fire(CREATED, "/")
    assert book((Kind.PERSISTENT_RECURSIVE, "/")).fire(DELETED, "/x/y")


def test_one_event_can_use_up_several_watches() -> None:
    watches = book((Kind.DATA, "/a"), (Kind.CHILD, "/a"), (Kind.PERSISTENT, "/a"))

    assert watches.fire(DELETED, "/a")
    assert not watches.holds(WatcherType.DATA, "/a")
    assert not watches.holds(WatcherType.CHILDREN, "/a")
    assert watches.holds(WatcherType.PERSISTENT, "/a")


def test_removal_reports_each_type_once() -> None:
    every = [(kind, "/a") for kind in Kind]

    watches = book(*every, (Kind.DATA, "/b"))
    assert watches.remove(WatcherType.ANY, "/a") == [
        EventType.DATA_WATCH_REMOVED,
        EventType.CHILD_WATCH_REMOVED,
        EventType.PERSISTENT_WATCH_REMOVED,
    ]
    assert watches.remove(WatcherType.ANY, "/a") == []
    assert watches.holds(WatcherType.ANY, "/b")
    assert book(*every).remove(WatcherType.DATA, "/a") == [EventType.DATA_WATCH_REMOVED]
    assert book(*every).remove(WatcherType.PERSISTENT_RECURSIVE, "/a") == [
        EventType.PERSISTENT_WATCH_REMOVED
    ]


def test_nothing_is_set_again_where_nothing_was_set() -> None:
    assert WatchBook().to_set_again(7) == []


@given(
    st.lists(
        st.tuples(st.sampled_from(list(Kind)), st.integers(1, 70_000).map(lambda n: "/" + "n" * n)),
        min_size=1,
        max_size=12,
    )
)
def test_all_watches_are_set_again_in_requests_of_bounded_size(
    watches: list[tuple[Kind, str]],
) -> None:
    requests = book(*watches).to_set_again(7)

    sent = [
        (kind, path)
        for request in requests
        for kind, paths in zip(Kind, request[1:], strict=True)
        for path in paths
    ]
    assert sorted(sent, key=str) == sorted(set(watches), key=str)
    for request in requests:
        assert request.relative_zxid == 7
        size = sum(len(path) for paths in request[1:] for path in paths)
        longest = max(len(path) for paths in request[1:] for path in paths)
        assert 0 < size < 128 * 1024 + longest


def test_events_are_printed_as_zookeeper_prints_them() -> None:
    connected = Event(EventType.NONE, KeeperState.SYNC_CONNECTED)
    changed = Event(CHANGED, path="/a", zxid=12)

    assert str(connected) == "WatchedEvent state:SyncConnected type:None path:null zxid: -1"
    assert str(changed) == "WatchedEvent state:SyncConnected type:NodeDataChanged path:/a zxid: 12"
