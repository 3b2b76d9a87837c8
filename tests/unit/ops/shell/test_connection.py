"""What the shell adds to kazoo: all watches, also after a reconnection, and ends of waiting."""

from __future__ import annotations

import queue
import socket
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from speckeeper.ops.shell.errors import KeeperError, ShellError
from speckeeper.ops.shell.session import Session
from speckeeper.ops.shell.watches import Event
from speckeeper.wire.codes import (
    AddWatchMode,
    ErrorCode,
    EventType,
    KeeperState,
    OpCode,
    WatcherType,
)
from speckeeper.wire.jute import encode_ustring, encode_vector
from speckeeper.wire.records import OPEN_ACL_UNSAFE, Stat
from speckeeper.wire.replies import encode_data_reply
from speckeeper.wire.requests import SetWatchesRequest

if TYPE_CHECKING:
    ScriptedServer = Any

CONNECTED = Event(EventType.NONE, KeeperState.SYNC_CONNECTED)
DISCONNECTED = Event(EventType.NONE, KeeperState.DISCONNECTED)
WAIT_S = 10.0
STAT = Stat(1, 2, 3, 4, 5, 6, 7, 0, 9, 10, 11)


class Client:
    """A session and the events that it was told."""

    def __init__(self, server: str, timeout_ms: int = 10_000) -> None:
        self.events: queue.Queue[Event] = queue.Queue()
        self.session = Session.open(server, timeout_ms, False, self.events.put)

    def event(self) -> Event:
        return self.events.get(timeout=WAIT_S)


@pytest.fixture
def client(scripted: ScriptedServer) -> Iterator[Client]:
    opened = Client(scripted.address)
    assert opened.event() == CONNECTED
    yield opened
    opened.session.close()


def test_events_of_persistent_watches_keep_coming(scripted: ScriptedServer, client: Client) -> None:
    client.session.add_watch("/a", AddWatchMode.PERSISTENT_RECURSIVE)

    scripted.zxid = 7
    for event, path in (
        (EventType.NODE_CREATED, "/a/b"),
        (EventType.NODE_DATA_CHANGED, "/a/b"),
        (EventType.NODE_DELETED, "/a"),
    ):
        scripted.tell(event, path)
        assert client.event() == Event(event, path=path, zxid=7)


def test_an_event_that_no_watch_wants_is_not_told(scripted: ScriptedServer, client: Client) -> None:
    client.session.exists("/a", watch=True)

    scripted.tell(EventType.NODE_CHILDREN_CHANGED, "/a")
    scripted.tell(EventType.NODE_DATA_CHANGED, "/a")
    scripted.tell(EventType.NODE_DATA_CHANGED, "/a")
    client.session.exists("/a")

    assert client.event().type == EventType.NODE_DATA_CHANGED
    assert client.events.empty()


def test_a_watch_counts_from_the_reply_that_grants_it(
    scripted: ScriptedServer, client: Client
) -> None:
    def answer_then_fire(record: Any) -> tuple[int, bytes]:
        return ErrorCode.OK, encode_data_reply(b"x", STAT)

    scripted.answers[OpCode.GET_DATA] = answer_then_fire
    for _ in range(50):
        client.session.get_data("/a", watch=True)
        scripted.tell(EventType.NODE_DATA_CHANGED, "/a")
        assert client.event().path == "/a"


def test_what_the_server_sends_first_is_told_first(
    scripted: ScriptedServer, client: Client
) -> None:
    def fire_then_answer(record: Any) -> tuple[int, bytes]:
        scripted.tell(EventType.NODE_CREATED, "/a")
        return ErrorCode.OK, encode_ustring("/a")

    scripted.answers[OpCode.CREATE] = fire_then_answer
    client.session.add_watch("/", AddWatchMode.PERSISTENT_RECURSIVE)
    client.session.create("/a", None, OPEN_ACL_UNSAFE, 0, -1)

    assert client.events.get_nowait().type == EventType.NODE_CREATED


def test_watches_are_set_again_on_the_next_connection(
    scripted: ScriptedServer, client: Client
) -> None:
    def no_node(record: Any) -> tuple[int, bytes]:
        return ErrorCode.NO_NODE, b""

    client.session.exists("/there", watch=True)
    scripted.answers[OpCode.EXISTS] = no_node
    client.session.exists("/missing", watch=True)
    client.session.add_watch("/kept", AddWatchMode.PERSISTENT)
    scripted.zxid = 4242
    client.session.sync("/")

    def report_what_was_missed(record: Any) -> tuple[int, bytes]:
        scripted.tell(EventType.NODE_CREATED, "/missing")
        return ErrorCode.OK, b""

    scripted.answers[OpCode.SET_WATCHES2] = report_what_was_missed
    scripted.hang_up()

    (sent,) = scripted.await_requests(OpCode.SET_WATCHES2)
    assert sent == SetWatchesRequest(4242, ("/there",), ("/missing",), (), ("/kept",), ())
    assert [client.event() for _ in range(3)] == [
        DISCONNECTED,
        CONNECTED,
        Event(EventType.NODE_CREATED, path="/missing", zxid=4242),
    ]
    assert scripted.handshakes[1].session_id == 0x1234
    assert scripted.handshakes[1].last_zxid_seen == 4242
    assert client.session.state() == "CONNECTED"


def test_standard_watches_are_set_again_by_the_older_operation(
    scripted: ScriptedServer, client: Client
) -> None:
    client.session.exists("/a", watch=True)
    scripted.hang_up()

    (sent,) = scripted.await_requests(OpCode.SET_WATCHES)
    assert sent.data == ("/a",)


def test_an_expired_session_is_the_end(scripted: ScriptedServer, client: Client) -> None:
    scripted.session_timeout_ms = 0
    scripted.hang_up()

    assert client.event() == DISCONNECTED
    assert client.event() == Event(EventType.NONE, KeeperState.EXPIRED)
    assert client.session.state() == "CLOSED"
    assert not client.session.alive()
    client.session.close()
    assert client.events.empty()
    assert len(scripted.handshakes) == 2


def test_closing_is_told_to_the_server_and_to_the_watcher(
    scripted: ScriptedServer, client: Client
) -> None:
    client.session.close()

    assert client.event() == Event(EventType.NONE, KeeperState.CLOSED)
    scripted.await_requests(OpCode.CLOSE_SESSION)
    with pytest.raises(KeeperError):
        client.session.sync("/")


def test_a_refused_authentication_is_the_end(scripted: ScriptedServer, client: Client) -> None:
    scripted.answers[OpCode.AUTH] = lambda record: (ErrorCode.AUTH_FAILED, b"")

    with pytest.raises(KeeperError) as failure:
        client.session.add_auth("digest", "ben:secret")

    assert failure.value.code == ErrorCode.AUTH_FAILED
    assert client.event() == Event(EventType.NONE, KeeperState.AUTH_FAILED)
    assert client.session.state() == "AUTH_FAILED"


def test_a_read_only_server_is_named_one(scripted: ScriptedServer) -> None:
    scripted.read_only = True
    client = Client(scripted.address)

    assert client.event() == Event(EventType.NONE, KeeperState.CONNECTED_READ_ONLY)
    assert client.session.state() == "CONNECTEDREADONLY"
    assert client.session.alive()
    client.session.close()


def test_a_lost_connection_fails_the_request_that_waits(
    scripted: ScriptedServer, client: Client
) -> None:
    def hang_up(record: Any) -> tuple[int, bytes]:
        scripted.hang_up()
        return ErrorCode.OK, b""

    scripted.answers[OpCode.SYNC] = hang_up

    with pytest.raises(KeeperError) as failure:
        client.session.sync("/a")
    assert failure.value.text == "KeeperErrorCode = ConnectionLoss for /a"


def test_where_nobody_listens_requests_fail_with_the_reason() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        client = Client(f"127.0.0.1:{unused.getsockname()[1]}")

        with pytest.raises(KeeperError) as failure:
            client.session.get_data("/a")

        assert failure.value.code == ErrorCode.CONNECTION_LOSS
        assert client.session.trouble() == "Connection refused"
        assert client.session.state() == "CONNECTING"
        assert not client.session.wait_connected(timeout_ms=1)
        client.session.close()


def test_an_answer_that_cannot_be_read_is_said_to_be_one(
    scripted: ScriptedServer, client: Client
) -> None:
    scripted.answers[OpCode.GET_DATA] = lambda record: (ErrorCode.OK, b"\0\0\0\7x")

    with pytest.raises(ShellError, match="the server's answer cannot be read: "):
        client.session.get_data("/a")
    assert client.session.exists("/a") == STAT


def test_removal_needs_a_watch_of_this_client(scripted: ScriptedServer, client: Client) -> None:
    client.session.exists("/a", watch=True)

    with pytest.raises(KeeperError, match="No such watcher for /b"):
        client.session.remove_watches("/b", WatcherType.ANY, local=False)
    client.session.remove_watches("/a", WatcherType.ANY, local=False)

    assert client.event() == Event(EventType.DATA_WATCH_REMOVED, path="/a")
    scripted.tell(EventType.NODE_DATA_CHANGED, "/a")
    client.session.exists("/a")
    assert client.events.empty()


def test_a_refused_removal_keeps_the_watch_unless_local(
    scripted: ScriptedServer, client: Client
) -> None:
    scripted.answers[OpCode.REMOVE_WATCHES] = lambda record: (ErrorCode.NO_WATCHER, b"")
    client.session.exists("/a", watch=True)

    with pytest.raises(KeeperError, match="No such watcher for /a"):
        client.session.remove_watches("/a", WatcherType.DATA, local=False)
    client.session.remove_watches("/a", WatcherType.DATA, local=True)

    assert client.event() == Event(EventType.DATA_WATCH_REMOVED, path="/a")


def test_below_a_chroot_paths_are_the_users(scripted: ScriptedServer) -> None:
    client = Client(f"{scripted.address}/app")
    scripted.answers[OpCode.CREATE] = lambda record: (ErrorCode.OK, encode_ustring(record.path))
    scripted.answers[OpCode.GET_DATA] = lambda record: (ErrorCode.NO_NODE, b"")
    scripted.answers[OpCode.GET_EPHEMERALS] = lambda record: (
        ErrorCode.OK,
        encode_vector(["/app/e", "/apple/e"], encode_ustring),
    )
    assert client.event() == CONNECTED

    assert client.session.create("/a", None, OPEN_ACL_UNSAFE, 0, -1) == "/a"
    assert client.session.create("/", None, OPEN_ACL_UNSAFE, 0, -1) == "/"
    assert [record.path for record in scripted.await_requests(OpCode.CREATE)] == ["/app/a", "/app"]
    with pytest.raises(KeeperError, match="Node does not exist: /none"):
        client.session.get_data("/none")
    with pytest.raises(KeeperError, match="Node does not exist: /zookeeper/config"):
        client.session.get_config(watch=False)
    assert [record.path for record in scripted.await_requests(OpCode.GET_DATA)] == [
        "/app/none",
        "/zookeeper/config",
    ]
    assert client.session.get_ephemerals("/") == ["/e"]
    client.session.add_watch("/", AddWatchMode.PERSISTENT_RECURSIVE)
    scripted.tell(EventType.NODE_CREATED, "/app/b")
    assert client.event().path == "/b"
    client.session.close()


@pytest.mark.parametrize(
    ("server", "reason"),
    [
        ("a:b", "Port could not be cast"),
        ("", "bad hostname"),
        ("h:1/app/", "Path must not end with / character"),
        ("h:1//app", "empty node name"),
    ],
)
def test_a_connect_string_that_is_none_is_refused(server: str, reason: str) -> None:
    with pytest.raises(ShellError) as failure:
        Client(server)

    assert failure.value.text.startswith(f"-server {server}: ")
    assert reason in failure.value.text
