"""Read-only mode: a member without a quorum, Apache's and ours, seen by clients and operators."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import raw_client as zk
from kazoo.client import KazooClient, KazooState, KeeperState
from kazoo.exceptions import NotReadOnlyCallError
from operators import admin_answer, shape
from peers import APACHE_39, SPECKEEPER, Kind
from tests.ports import free_port
from trio import RawSession, Trio

PROPERTIES = {"readonlymode.enabled": "true"}
LOCAL = {"localSessionsEnabled": "true", "localSessionsUpgradingEnabled": "true"}


def alone(trio: Trio) -> None:
    """Leave member 1 without the others, until it serves readers."""
    trio.members[2].kill()
    trio.members[3].kill()
    trio.wait_for("read-only", 1)


def views(trio: Trio, admin: int) -> list[tuple[str, object]]:
    peer = trio.members[1]
    lines = [line for line in peer.word("srvr").splitlines() if line.startswith(("Mode", "Node"))]
    conf = [line.partition("=")[0] for line in peer.word("conf").splitlines()]
    state = [line for line in peer.word("mntr").splitlines() if "server_state" in line]
    quorum = [line.split("\t")[0] for line in peer.word("mntr").splitlines() if "peer_s" in line]
    commands = (
        "is_read_only leader voting_view observers zabstate configuration connections dump "
        "server_stats stats watch_summary last_snapshot ruok"
    )
    told = [(command, shape(admin_answer(admin, command))) for command in commands.split()]
    return [
        ("read-only", admin_answer(admin, "is_read_only")["read_only"]),
        ("leader", admin_answer(admin, "leader")["error"]),
        *told,
        ("isro", peer.word("isro")),
        ("srvr", lines),
        ("conf", conf),
        ("mntr", state),
        ("mntr of a quorum", quorum),
    ]


def answers(trio: Trio, ensembles: zk.Session | None) -> list[tuple[str, object]]:
    port = trio.members[1].port
    seen: list[tuple[str, object]] = []
    reader = RawSession(port, read_only=True)
    seen.append(("reader", reader.granted))
    for name, op, body in (
        ("get", zk.GET_DATA, zk.path_watch("/a", True)),
        ("children", zk.GET_CHILDREN2, zk.path_watch("/", True)),
        ("exists", zk.EXISTS, zk.path_watch("/no", True)),
        ("acl", zk.GET_ACL, zk.buffer("/a")),
        ("whoami", zk.WHO_AM_I, b""),
        ("multi read", zk.MULTI_READ, zk.multi([(zk.GET_DATA, zk.path_watch("/a"))])),
        ("ephemerals", zk.GET_EPHEMERALS, zk.buffer("/")),
        ("add watch", zk.ADD_WATCH, zk.path_type("/a", 0)),
        ("set watches", zk.SET_WATCHES, zk.set_watches(0, ["/a"], [], [])),
        ("sync", zk.SYNC, zk.buffer("/")),
        ("create", zk.CREATE, zk.create("/b")),
        ("create2", zk.CREATE2, zk.create("/b", flags=1)),
        ("create ttl", zk.CREATE_TTL, zk.create_ttl("/b", b"", zk.OPEN, 5, 1000)),
        ("container", zk.CREATE_CONTAINER, zk.create("/b", flags=4)),
        ("delete", zk.DELETE, zk.path_version("/a")),
        ("set", zk.SET_DATA, zk.set_data("/a", b"x")),
        ("set acl", zk.SET_ACL, zk.set_acl("/a", zk.OPEN)),
        ("multi", zk.MULTI, zk.multi([(zk.DELETE, zk.path_version("/a"))])),
        ("reconfig", zk.RECONFIG, zk.reconfig(None, "3", None, -1)),
        ("close", zk.CLOSE, b""),
    ):
        seen.append((name, reader.call(op, body)))
    seen.append(("closed", reader.closed()))
    checking = RawSession(port, read_only=True)
    seen.append(("check alone", checking.call(zk.CHECK, zk.path_version("/a"))))
    seen.append(("and closed", checking.closed()))
    seen.append(("not a reader", RawSession(port, read_only=False).granted))
    seen.append(("client of 3.3", RawSession(port, read_only=None).granted))
    again = RawSession(port, read_only=True)
    seen.append(("again", RawSession(port, read_only=True, session=again.session).granted))
    seen.append(("of the ensemble", RawSession(port, read_only=True, session=ensembles).granted))
    return seen


def test_readers_see_the_same_as_at_apache_s(tmp_path: Path) -> None:
    seen: dict[Kind, list[tuple[str, object]]] = {}
    for kind in (APACHE_39, SPECKEEPER):
        admin = free_port()
        config = {**LOCAL, "admin.serverAddress": "127.0.0.1"}
        own = {1: {"admin.enableServer": "true", "admin.serverPort": admin}}
        with Trio(kind, tmp_path / kind.name, config, PROPERTIES, own=own) as trio:
            trio.start()
            client = RawSession(trio.members[1].port)
            assert client.call(zk.CREATE, zk.create("/a", b"data")) == 0
            assert client.call(zk.CREATE, zk.create("/e", flags=1)) == 0  # global from here on
            alone(trio)
            seen[kind] = [*views(trio, admin), *answers(trio, client.session)]
    assert seen[SPECKEEPER] == seen[APACHE_39]


@pytest.mark.parametrize("kind", [APACHE_39, SPECKEEPER], ids=lambda kind: kind.name)
def test_kazoo_reads_on_and_finds_the_quorum_again(kind: Kind, tmp_path: Path) -> None:
    with Trio(kind, tmp_path, LOCAL, PROPERTIES) as trio:
        trio.start()
        hosts = ",".join(peer.address for peer in trio.members.values())
        client = KazooClient(hosts, read_only=True, timeout=6)
        states: list[KazooState] = []
        client.add_listener(states.append)
        client.start(30)
        client.create("/a", b"data")
        client.stop()
        alone(trio)
        client.start(30)
        assert client.client_state == KeeperState.CONNECTED_RO
        assert client.get("/a")[0] == b"data"
        with pytest.raises(NotReadOnlyCallError):
            client.set("/a", b"x")
        trio.start(2, 3)
        deadline = time.monotonic() + 60
        while client.client_state != KeeperState.CONNECTED and time.monotonic() < deadline:
            time.sleep(0.1)
        client.retry(client.set, "/a", b"together")
        assert client.get("/a")[0] == b"together"
        client.stop()
        client.close()
