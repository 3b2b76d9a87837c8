"""`speckeeper status`: reading answers of any ZooKeeper server."""

import json

import pytest
from tests.ports import free_port
from tests.unit.ops.live import Live, run

from speckeeper.ops.hosts import bracketed_all
from speckeeper.ops.status import _address, parse_admin, parse_mntr, parse_srvr, split_hosts

pytestmark = pytest.mark.xdist_group("ops-server")

# What Apache ZooKeeper 3.8 answered.
SRVR = """\
Zookeeper version: 3.8.0-5a02a05eddb59aee6ac762f7ea82e92a68eb9c0f, built on 2022-02-25 08:49 UTC
Latency min/avg/max: 0/1.0769/4
Received: 17
Sent: 16
Connections: 2
Outstanding: 1
Zxid: 0x100000005
Mode: leader
Node count: 8
Proposal sizes last/min/max: 48/48/92
"""


def test_srvr() -> None:
    status = parse_srvr("h", SRVR)
    assert status.error is None
    assert status.mode == "leader"
    assert status.version == "3.8.0-5a02a05eddb59aee6ac762f7ea82e92a68eb9c0f"
    assert status.zxid == "0x100000005"
    assert (status.min_latency, status.avg_latency, status.max_latency) == (0, 1.0769, 4)
    assert (status.connections, status.outstanding, status.nodes) == (2, 1, 8)
    assert (status.received, status.sent) == (17, 16)


def test_mntr() -> None:
    text = (
        "zk_version\t3.8.0-x, built on y\nzk_server_state\tfollower\nzk_avg_latency\t0.5\n"
        "zk_num_alive_connections\t3\nzk_znode_count\t9\nzk_outstanding_requests\t0\n"
    )
    status = parse_mntr("h", text)
    assert (status.mode, status.version, status.avg_latency) == ("follower", "3.8.0-x", 0.5)
    assert (status.connections, status.nodes, status.zxid) == (3, 9, None)


def test_admin_without_a_server() -> None:
    answer = {"command": "server_stats", "error": "not currently serving"}
    assert parse_admin("h", answer).error == "not currently serving"


@pytest.mark.parametrize(
    ("arguments", "hosts"),
    [
        (["a"], ["a"]),
        (["a:1,b:2/chroot", "c"], ["a:1", "b:2", "c"]),
        (["http://h:8080/commands"], ["http://h:8080/commands"]),
        (["[::1]:2181, x"], ["[::1]:2181", "x"]),
    ],
)
def test_hosts(arguments: list[str], hosts: list[str]) -> None:
    assert split_hosts(arguments) == hosts


def test_table_and_exit_code(server: Live) -> None:
    done = run("status", server.hosts)
    assert (done.returncode, done.stderr) == (0, "")
    heading, row = done.stdout.splitlines()
    assert " ".join(heading.split()) == (
        "HOST MODE VERSION ZXID LATENCY min/avg/max ms CONNECTIONS NODES OUTSTANDING"
    )
    assert row.split()[:3] == [server.hosts, "standalone", "3.9.5-speckeeper-0.1.0"]


def test_a_silent_server_is_named_and_makes_the_exit_code_1(server: Live) -> None:
    silent = f"127.0.0.1:{free_port()}"
    done = run("status", f"{server.hosts},{silent}", f"http://127.0.0.1:{server.admin_port}")
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert lines[2].split() == [silent, "no", "answer"]
    assert lines[3].split()[1] == "standalone"
    assert lines[4] == f"{silent}: connection refused"


def test_json(server: Live) -> None:
    done = run("status", "--json", server.hosts, "no-such-host.invalid:1")
    assert done.returncode == 1
    good, bad = json.loads(done.stdout)
    assert good["host"] == server.hosts
    assert good["mode"] == "standalone"
    assert good["error"] is None
    assert bad["error"]
    assert bad["mode"] is None


def test_a_port_that_is_no_zookeeper(server: Live) -> None:
    done = run("status", "--timeout", "0.5", f"127.0.0.1:{server.admin_port}")
    assert done.returncode == 1
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("host", "why"),
    [
        ("127.0.0.1:99999", "port 99999 is out of range, 1 to 65535"),
        ("[::1]:0", "port 0 is out of range, 1 to 65535"),
        ("127.0.0.1:smile:", "'127.0.0.1:smile:' is neither host:port nor [IPv6 address]:port"),
        ("http://127.0.0.1:99999", None),
        ("http://127.0.0.1:1/[/red]", None),
        ("http://127.0.0.1:1/:smile:", None),
    ],
)
def test_foreign_text_is_shown_as_it_is_and_the_others_too(
    server: Live, host: str, why: str | None
) -> None:
    done = run("status", host, server.hosts)
    assert (done.returncode, done.stderr) == (1, "")
    _, bad, good, reason = done.stdout.splitlines()
    assert bad.split() == [host, "no", "answer"]
    assert good.split()[1] == "standalone"
    assert reason.startswith(f"{host}: {why or ''}")


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("::1", ("::1", 2181)),
        ("[::1]:23832", ("::1", 23832)),
        ("::1:23832", ("::1", 23832)),  # no address has a group of five digits
        ("::1:2181", ("::1:2181", 2181)),  # an address, all of it
    ],
)
def test_ipv6_addresses(host: str, address: tuple[str, int]) -> None:
    assert _address(host) == address


@pytest.mark.parametrize("nothing", ["", ",", "/chroot"])
def test_no_host_is_an_error(nothing: str) -> None:
    done = run("status", nothing)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("speckeeper: no host is named; ")


@pytest.mark.parametrize(
    ("given", "asked"),
    [
        ("::1:23832", "[::1]:23832"),
        ("[::1]:23832,fe80::1/app:x", "[::1]:23832,[fe80::1]/app:x"),
        ("a:1,10.0.0.1:2/c", "a:1,10.0.0.1:2/c"),
    ],
)
def test_connect_strings_may_leave_brackets_out(given: str, asked: str) -> None:
    assert bracketed_all(given) == asked
