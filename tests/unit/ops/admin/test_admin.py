"""The AdminServer over HTTP: names, keys and layout as Apache's Commands and JettyAdminServer."""

import contextlib
import json
import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from kazoo.client import KazooClient
from kazoo.security import make_digest_acl
from tests.unit.ops.live import Live, live

from speckeeper.ops.admin.access import RateLimiter
from speckeeper.ops.admin.commands import COMMANDS
from speckeeper.ops.admin.jackson import pretty

pytestmark = pytest.mark.xdist_group("ops-server")

ADMIN = "digest admin:secret"
KEYS = {
    "configuration": (
        "client_port data_dir data_log_dir tick_time max_client_cnxns min_session_timeout "
        "max_session_timeout server_id client_port_listen_backlog"
    ),
    "connection_stat_reset": "",
    "connections": "connections secure_connections",
    "dirs": "datadir_size logdir_size",
    "dump": "expiry_time_to_session_ids session_id_to_ephemeral_paths",
    "get_trace_mask": "tracemask",
    "hash": "digests",
    "initial_configuration": "initial_configuration",
    "is_read_only": "read_only",
    "last_snapshot": "zxid timestamp",
    "observer_connection_stat_reset": "",
    "observers": "synced_observers observers",
    "ruok": "",
    "server_stats": "version read_only server_stats client_response node_count",
    "stat_reset": "",
    "stats": (
        "version read_only server_stats client_response node_count connections secure_connections"
    ),
    "voting_view": "current_config",
    "watch_summary": "num_connections num_paths num_total_watches",
    "watches": "session_id_to_watched_paths",
    "watches_by_path": "path_to_session_ids",
    "zabstate": "voting zabstate",
}


@pytest.fixture
def client(server: Live) -> Iterator[KazooClient]:
    client = KazooClient(server.hosts, timeout=10)
    client.start()
    yield client
    client.stop()
    client.close()


def get(server: Live, command: str) -> dict[str, object]:
    status, headers, body = server.http(f"/commands/{command}")
    assert status == 200
    assert headers["Content-Type"].startswith("application/json")
    answer = json.loads(body)
    assert isinstance(answer, dict)
    return answer


@pytest.mark.parametrize("command", KEYS)
def test_keys_of_each_command(server: Live, command: str) -> None:
    assert list(get(server, command)) == [*KEYS[command].split(), "command", "error"]
    assert get(server, command)["error"] is None


def test_every_alias_answers_under_the_primary_name(server: Live) -> None:
    for command in COMMANDS:
        for name in command.names:
            assert get(server, name)["command"] == command.names[0]


def test_list_of_links(server: Live) -> None:
    for path in ("/commands", "/commands/"):
        status, _, body = server.http(path)
        assert status == 200
        lines = body.decode().splitlines()
        assert lines[:2] == ['<a href="/commands/configuration">configuration</a>', "<br/>"]
        links = [line.partition(">")[2].partition("<")[0] for line in lines[::2]]
        assert links == sorted(links)
        assert {"snapshot", "restore", "monitor", "zabstate"} <= set(links)


def test_layout_is_that_of_jackson(server: Live) -> None:
    _, _, body = server.http("/commands/ruok")
    assert body == b'{\n  "command" : "ruok",\n  "error" : null\n}'
    _, _, body = server.http("/commands/observers")
    assert b'"observers" : [ ],' in body


def test_unknown_command_is_200_with_an_error(server: Live) -> None:
    assert get(server, "nosuch") == {"command": "nosuch", "error": "Unknown command: nosuch"}
    assert get(server, "stat/")["error"] == "Unknown command: stat/"
    assert server.http("/elsewhere")[0] == 404


def test_errors_of_commands_come_before_the_command(server: Live) -> None:
    assert list(get(server, "leader").items()) == [
        ("error", "server is not initialized"),
        ("command", "leader"),
    ]
    need = "setTraceMask requires long traceMask argument"
    assert get(server, "set_trace_mask")["error"] == need
    assert get(server, "stmk?traceMask=x")["error"] == f"{need}, got x"
    assert get(server, "stmk?traceMask=306")["tracemask"] == 306
    for text in ("9" * 20, "9" * 5000, str(1 << 63), "1_0", "-", "", "0x1"):
        assert get(server, f"stmk?traceMask={text}")["error"] == f"{need}, got {text}"
    assert get(server, "gtmk")["tracemask"] == 306
    for number in (-(1 << 63), (1 << 63) - 1, 306):
        assert get(server, f"stmk?traceMask={number}")["tracemask"] == number


def test_connections_and_watches_of_a_client(server: Live, client: KazooClient) -> None:
    session = client.client_id[0]
    client.ensure_path("/admin")
    client.create("/admin/e", ephemeral=True)
    client.get("/admin", watch=lambda event: None)

    connections = get(server, "connections")["connections"]
    assert isinstance(connections, list)
    (mine,) = [each for each in connections if each["session_id"] == session]
    assert list(mine) == [
        "remote_socket_address",
        "interest_ops",
        "outstanding_requests",
        "packets_received",
        "packets_sent",
        "session_id",
        "last_operation",
        "established",
        "session_timeout",
        "last_cxid",
        "last_zxid",
        "last_response_time",
        "last_latency",
        "min_latency",
        "avg_latency",
        "max_latency",
    ]
    assert mine["last_operation"] == "GETD"
    assert mine["session_timeout"] == 10_000
    dump = get(server, "dump")
    assert dump["session_id_to_ephemeral_paths"] == {str(session): ["/admin/e"]}
    assert get(server, "watches")["session_id_to_watched_paths"] == {str(session): ["/admin"]}
    assert get(server, "wchp")["path_to_session_ids"] == {"/admin": [session]}
    client.delete("/admin", recursive=True)


def test_server_stats_have_the_names_that_jackson_makes(server: Live) -> None:
    stats = get(server, "server_stats")["server_stats"]
    assert isinstance(stats, dict)
    assert list(stats) == [
        "packets_sent",
        "packets_received",
        "fsync_threshold_exceed_count",
        "client_response_stats",
        "data_dir_size",
        "log_dir_size",
        "server_state",
        "last_processed_zxid",
        "outstanding_requests",
        "avg_latency",
        "max_latency",
        "min_latency",
        "num_alive_client_connections",
        "uptime",
        "auth_failed_count",
        "non_mtlsremote_conn_count",
        "non_mtlslocal_conn_count",
        "provider_null",
    ]


def test_monitor_has_the_keys_of_mntr(server: Live) -> None:
    monitor = get(server, "monitor")
    mntr = [line.split("\t")[0] for line in server.word("mntr").splitlines()]
    assert [f"zk_{key}" for key in monitor][:-2] == mntr


def test_system_properties_are_what_was_set(server: Live) -> None:
    properties = get(server, "system_properties")
    assert properties["zookeeper.4lw.commands.whitelist"] == "*"
    assert "zookeeper.tickTime" not in properties


def test_initial_configuration_is_the_file(server: Live) -> None:
    text = get(server, "icfg")["initial_configuration"]
    assert text == (server.data_dir.parent / "zoo.cfg").read_text()


def test_guarded_commands_want_authorization(server: Live) -> None:
    for command, body in (("snapshot", None), ("restore", b"x"), ("shed", b"{}")):
        status, _, answer = server.http(f"/commands/{command}", body)
        assert status == 401
        assert json.loads(answer)["error"] == "Auth info is missing for the command"
    # Before anything about the method, as Apache.
    for command, body in (("snapshot", b"x"), ("restore", None), ("shed", None)):
        assert server.http(f"/commands/{command}", body)[0] == 401
    for header in ("digest", "sasl x", "digest a:b c", "nosuch a:b", ""):
        status, _, answer = server.http("/commands/snapshot", None, header)
        assert (status, json.loads(answer)["error"]) == (401, "Not authenticated"), header


def test_wrong_method(server: Live) -> None:
    assert server.http("/commands/restore", None, ADMIN)[0] == 405
    assert server.http("/commands/snapshot", b"x", ADMIN)[0] == 405
    assert server.http("/commands/ruok", b"x")[0] == 405
    for index in ("/commands", "/commands/"):
        status, _, links = server.http(index, b"x")
        assert (status, links) == (200, server.http(index)[2])
    assert server.http("/commands/nosuch", b"x")[0] == 200


def test_guarded_commands_want_all_permissions_on_the_root(tmp_path: Path) -> None:
    with live(tmp_path) as guarded:
        client = KazooClient(guarded.hosts)
        client.start()
        client.set_acls("/", [make_digest_acl("admin", "secret", all=True)])
        client.stop()
        client.close()
        status, _, answer = guarded.http("/commands/snapshot", None, "digest other:secret")
        assert (status, json.loads(answer)["error"]) == (403, "Not authorized")
        assert guarded.http("/commands/snapshot", None, ADMIN)[0] == 200
        # Once in five minutes, unless admin.rateLimiterIntervalInMS says otherwise.
        assert guarded.http("/commands/snapshot", None, ADMIN)[0] == 429
        assert json.loads(guarded.http("/commands/mntr")[2])["snapshot_rate_limited_count"] == 1


def test_snapshot_and_restore(server: Live, client: KazooClient) -> None:
    client.create("/restored", b"before")
    status, headers, snapshot = server.http("/commands/snapshot", None, ADMIN)
    assert status == 200
    assert headers["Content-Type"] == "application/octet-stream"
    assert int(headers["snapshot_size"]) == len(snapshot)
    assert headers["last_zxid"].startswith("0x")
    client.set("/restored", b"after")
    client.create("/later", b"")
    zxid = client.get("/later")[1].czxid

    status, _, answer = server.http("/commands/restore", snapshot, ADMIN)

    assert status == 200
    assert json.loads(answer)["last_zxid"] >= zxid
    assert client.retry(client.get, "/restored")[0] == b"before"
    assert client.exists("/later") is None
    # What was restored is on disk, ahead of everything that comes after it.
    status, headers, _ = server.http("/commands/snapshot?streaming=false", None, ADMIN)
    assert status == 200
    assert f"snapshot.{int(headers['last_zxid'], 16):x}" in [
        file.name for file in (server.data_dir / "version-2").iterdir()
    ]
    client.delete("/restored")


def test_restored_data_survives_a_restart(tmp_path: Path) -> None:
    with live(tmp_path) as first:
        client = KazooClient(first.hosts)
        client.start()
        client.create("/a", b"1")
        _, _, snapshot = first.http("/commands/snapshot", None, ADMIN)
        client.set("/a", b"2")
        assert first.http("/commands/restore", snapshot, ADMIN)[0] == 200
        client.retry(client.create, "/b", b"3")
        client.stop()
        client.close()
        first.process.kill()
        first.process.wait()
    with live(tmp_path) as second:
        client = KazooClient(second.hosts)
        client.start()
        assert (client.get("/a")[0], client.get("/b")[0]) == (b"1", b"3")
        client.stop()
        client.close()


@pytest.mark.parametrize("junk", [b"", b"junk", b"ZKSN" + b"\0" * 100, b"\x1f\x8b junk"])
def test_restore_of_rubbish_changes_nothing(server: Live, client: KazooClient, junk: bytes) -> None:
    client.ensure_path("/kept")
    status, _, answer = server.http("/commands/restore", junk, ADMIN)
    assert status == 500
    assert json.loads(answer)["error"]
    assert client.exists("/kept")


def test_shed_connections(server: Live, client: KazooClient) -> None:
    def shed(body: bytes) -> tuple[int, dict[str, object]]:
        status, _, answer = server.http("/commands/shed_connections", body, ADMIN)
        return status, json.loads(answer)

    assert shed(b'{"percentage": 0}')[1]["connections_shed"] == 0
    status, answer = shed(b'{"percentage": 100}')
    assert (status, answer["percentage_requested"]) == (200, 100)
    assert answer["connections_shed"] == 1
    assert shed(b'{"percentage": 101}')[1]["error"] == "Percentage must be between 0 and 100"
    assert shed(b"{}")[1]["error"] == "Missing required field: percentage"
    assert shed(b"[1]")[0] == 400
    assert shed(b"\xff")[0] == 400
    client.retry(client.exists, "/")


def test_who_asks_for_nothing_or_stops_half_way_is_not_waited_for(tmp_path: Path) -> None:
    head = (
        "POST /commands/{} HTTP/1.1\r\nHost: x\r\nAuthorization: {}\r\nContent-Length: 100\r\n\r\n"
    )
    with live(tmp_path, "admin.idleTimeout=1000") as server:

        def say(text: bytes) -> bytes:
            with socket.create_connection(("127.0.0.1", server.admin_port), 20) as sock:
                sock.sendall(text)
                with contextlib.suppress(ConnectionResetError):
                    return sock.recv(100)
            return b""

        assert say(b"") == say(b"GET /commands HTTP/1.1\r\n") == b""
        for command in ("restore", "shed_connections"):
            answer = say(head.format(command, ADMIN).encode() + b"half")
            assert answer.startswith(b"HTTP/1.1 408 ")
        assert get(server, "ruok")["error"] is None
        told = server.stop()[1]
    assert re.search(r"closed the connection from 127\.0\.0\.1:\d+: no_http_request", told)
    assert "the body of /commands/restore from 127.0.0.1 stopped coming" in told


def test_rate_limiter_lets_one_through_per_interval() -> None:
    now = [100.0]
    limiter = RateLimiter(5000, lambda: now[0])
    assert limiter.allow()
    assert not limiter.allow()
    now[0] += 5.0
    assert not limiter.allow()
    now[0] += 0.1
    assert limiter.allow()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({}, "{ }"),
        ({"a": {}}, '{\n  "a" : { }\n}'),
        ({"a": [1, 2], "b": []}, '{\n  "a" : [ 1, 2 ],\n  "b" : [ ]\n}'),
        ([{"a": None}], '[ {\n  "a" : null\n} ]'),
        ({5: {"x": True}}, '{\n  "5" : {\n    "x" : true\n  }\n}'),
        ({"ü\n": 1.5}, '{\n  "ü\\n" : 1.5\n}'),
    ],
)
def test_pretty_json(value: object, text: str) -> None:
    assert pretty(value) == text
    json.loads(text)
