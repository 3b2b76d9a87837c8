"""Members and ensembles as an operator runs them: processes, looked at from outside."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from kazoo.client import KazooClient
from kazoo.retry import KazooRetry
from tests.ports import free_ports
from tests.unit.ops.live import COMMAND

PATIENCE_S = 60.0

pytestmark = pytest.mark.timeout(300)  # processes that start while other tests run


def until(condition: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


def word(port: int, text: str) -> str:
    """The answer to a four-letter word, empty if nobody is there."""
    answer = b""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 5) as sock:
        sock.sendall(text.encode())
        while chunk := sock.recv(65536):
            answer += chunk
    return answer.decode()


class Process:
    """`speckeeper` with its output in a file."""

    def __init__(self, out: Path, *arguments: str) -> None:
        self.out = out
        with out.open("ab") as file:
            self.process = subprocess.Popen(
                [*COMMAND, *arguments], stdout=file, stderr=file, stdin=subprocess.DEVNULL
            )

    @property
    def said(self) -> str:
        return self.out.read_text()

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE_S)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Process]]:
    started: list[Process] = []

    def begin(*arguments: str) -> Process:
        started.append(Process(tmp_path / f"out{len(started)}", *arguments))
        return started[-1]

    yield begin
    for each in started:
        if each.process.poll() is None:
            # Its servers end with it.
            each.process.terminate()
            try:
                each.process.wait(30)
            except subprocess.TimeoutExpired:
                each.process.kill()


def retry(call: Callable[..., object], *arguments: object) -> object:
    return KazooRetry(max_tries=-1, deadline=PATIENCE_S, delay=0.1, backoff=1)(call, *arguments)


def test_an_ensemble_outlives_its_leader(start: Callable[..., Process], tmp_path: Path) -> None:
    first = free_ports(3)
    folder = tmp_path / "ensemble"
    arguments = ("ensemble", "-n", "3", "--dir", str(folder), "--client-port", str(first))
    ensemble = start(*arguments)
    until(lambda: "connect string: " in ensemble.said, "no service")
    found = re.search(r"connect string: (\S+)", ensemble.said)
    assert found is not None
    assert found[1] == ",".join(f"127.0.0.1:{port}" for port in range(first, first + 3))
    client = KazooClient(found[1], timeout=10)
    client.start(PATIENCE_S)
    client.create("/kept", b"before")
    leader = re.findall(r"server (\d) \(\S+, process (\d+)\): leader", ensemble.said)[-1]
    os.kill(int(leader[1]), signal.SIGKILL)
    retry(client.set, "/kept", b"after")
    until(lambda: f"server {leader[0]} " in ensemble.said.partition("SIGKILL")[2], "not restarted")
    returned = first + int(leader[0]) - 1
    until(lambda: "Mode: follower" in word(returned, "srvr"), "the killed server is not back")
    client.stop()
    client.close()
    assert ensemble.stop() == 0
    assert "stopped; the data stays" in ensemble.said
    assert all(word(port, "ruok") == "" for port in range(first, first + 3))

    again = start(*arguments)
    until(lambda: "connect string: " in again.said, "no service after the second start")
    client = KazooClient(found[1], timeout=10)
    client.start(PATIENCE_S)
    assert client.get("/kept")[0] == b"after"
    client.stop()
    client.close()
    assert again.stop() == 0
    smaller = start("ensemble", "-n", "1", "--dir", str(folder), "--client-port", str(first))
    assert smaller.process.wait(PATIENCE_S) == 1
    assert "has an ensemble of 3; say -n 3" in smaller.said


def configured(folder: Path, members: int, *more: str) -> tuple[Path, int]:
    """A zoo.cfg for server 1, and the port of its clients; two more ports follow for its peers."""
    first = free_ports(1 + 2 * members)
    data = folder / "data"
    data.mkdir()
    (data / "myid").write_text("1")
    lines = [
        *("tickTime=1000", "initLimit=10", "syncLimit=5", f"dataDir={data}"),
        *("4lw.commands.whitelist=*", "admin.serverAddress=127.0.0.1"),
        *more,
    ]
    for sid in range(1, members + 1):
        port = first + 2 * sid - 1
        lines.append(f"server.{sid}=127.0.0.1:{port}:{port + 1};127.0.0.1:{first + sid * 1000}")
    lines[-members] = f"server.1=127.0.0.1:{first + 1}:{first + 2};127.0.0.1:{first}"
    config = folder / "zoo.cfg"
    config.write_text("\n".join(lines) + "\n")
    return config, first


def test_a_member_without_its_peers_answers_words_and_turns_clients_away(
    start: Callable[..., Process], tmp_path: Path
) -> None:
    config, port = configured(tmp_path, 3, "admin.enableServer=false")
    member = start("serve", str(config))
    until(lambda: word(port, "ruok") == "imok", "no answer")
    assert word(port, "srvr") == "This ZooKeeper instance is not currently serving requests\n"
    assert word(port, "isro") == "null"
    with socket.create_connection(("127.0.0.1", port), 5) as sock:
        sock.sendall(bytes(48))  # a handshake
        assert sock.recv(1) == b""
    assert "is server 1 of 3" in member.said
    second = start("serve", str(config))
    assert second.process.wait(PATIENCE_S) == 3  # the data directory is in use
    assert member.stop() == 0


def test_an_ensemble_of_one_shows_what_a_leader_shows(
    start: Callable[..., Process], tmp_path: Path
) -> None:
    admin = free_ports(1)
    more = ("standaloneEnabled=false", f"admin.serverPort={admin}")
    config, port = configured(tmp_path, 1, *more)
    member = start("serve", str(config))
    until(lambda: "Mode: leader" in word(port, "srvr"), "does not lead")
    client = KazooClient(f"127.0.0.1:{port}")
    client.start(PATIENCE_S)
    client.create("/a", b"1")
    shown, stat = client.get("/zookeeper/config")
    client.stop()
    client.close()
    assert re.search(
        r"Node count: \d+\nProposal sizes last/min/max: \d+/\d+/\d+\n", word(port, "srvr")
    )
    membership = f"server.1=127.0.0.1:{port + 1}:{port + 2}:participant;127.0.0.1:{port}"
    conf = word(port, "conf")
    assert (
        f"serverId=1\ninitLimit=10\nsyncLimit=5\nelectionAlg=3\nelectionPort={port + 2}\n" in conf
    )
    assert f"quorumPort={port + 1}\npeerType=0\nmembership: \n{membership}\nversion=" in conf
    assert (shown.decode(), stat.version) == (conf.partition("membership: \n")[2], -1)
    values = dict(line.split("\t") for line in word(port, "mntr").splitlines())
    assert values["zk_server_state"] == "leader"
    assert values["zk_peer_state"] == "leading - broadcast"
    assert (values["zk_quorum_size"], values["zk_learners"]) == ("1", "0")
    assert int(values["zk_proposal_count"]) >= 3  # session, node, end of the session
    assert values["zk_proposal_count"] == values["zk_commit_count"]
    assert word(port, "isro") == "rw"

    def command(name: str) -> dict[str, object]:
        url = f"http://127.0.0.1:{admin}/commands/{name}"
        with urllib.request.urlopen(url, timeout=10) as response:
            found = json.load(response)
        return {key: found[key] for key in found if key not in ("command", "error")}

    assert command("leader") == {"is_leader": True, "leader_id": 1, "leader_ip": "127.0.0.1"}
    state = command("zabstate")
    assert (state["myid"], state["is_leader"], state["voting"]) == (1, True, True)
    assert (state["zabstate"], state["zab_epoch"]) == ("broadcast", 1)
    assert state["last_zxid"] == f"{(1 << 32) + state['zab_counter']:#x}"
    assert int(values["zk_cnt_election_time"]) == int(values["zk_cnt_unavailable_time"]) == 1
    assert values["zk_cnt_quorum_ack_latency"] == values["zk_commit_count"]
    assert command("voting_view") == {
        "current_config": {
            "1": {
                "server_addresses": [f"127.0.0.1:{port + 1}"],
                "election_addresses": [f"127.0.0.1:{port + 2}"],
                "client_address": f"127.0.0.1:{port}",
                "learner_type": "participant",
            }
        }
    }
    assert command("observers") == {"synced_observers": 0, "observers": []}
    assert "zxid" in command("last_snapshot")
    assert member.stop() == 0
    assert sorted(p.name for p in (tmp_path / "data" / "version-2").glob("*Epoch")) == [
        "acceptedEpoch",
        "currentEpoch",
    ]


@pytest.mark.parametrize(("offset", "name"), [(1, "quorum port"), (2, "election port")])
def test_a_port_between_servers_that_is_taken(
    start: Callable[..., Process], tmp_path: Path, offset: int, name: str
) -> None:
    config, port = configured(tmp_path, 3, "admin.enableServer=false")
    with socket.create_server(("127.0.0.1", port + offset)):
        member = start("serve", str(config))
        assert member.process.wait(PATIENCE_S) == 1
    last = member.said.splitlines()[-1]
    assert last == (
        f"speckeeper: {name} 127.0.0.1:{port + offset}: Address already in use; "
        "stop what listens there, or configure another"
    )


def test_a_taken_client_port_of_an_ensemble_is_named(
    start: Callable[..., Process], tmp_path: Path
) -> None:
    first = free_ports(3)
    with socket.create_server(("127.0.0.1", first + 1)):
        ensemble = start("ensemble", "--dir", str(tmp_path / "e"), "--client-port", str(first))
        assert ensemble.process.wait(PATIENCE_S) == 1
    assert ensemble.said == (
        f"speckeeper: client port 127.0.0.1:{first + 1} is taken; stop what listens there, or "
        "choose another by --client-port\n"
    )
