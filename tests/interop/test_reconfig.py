"""Reconfigurations of running ensembles: of ours under load, of ours together with Apache's, and by
both shells.
"""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from conftest import need
from kazoo.client import KazooClient
from kazoo.exceptions import KazooException, NodeExistsError
from kazoo.handlers.threading import KazooTimeoutError
from peers import APACHE_39, JVM_FLAGS, SPECKEEPER, Kind, Peer, speckeeper_command
from tests.ports import free_ports

TICK_MS = 500
PATIENCE_S = 90.0
# Of super:test.
SUPER = "super:D/InIHSb7yEEbrWz8b9l71RjZJU="


class Member(Peer):
    """A server that keeps the zoo.cfg that it has rewritten."""

    def settings(self) -> dict[str, object]:
        file = self.folder / "zoo.cfg"
        if not file.exists():
            return super().settings()
        lines = file.read_text().splitlines()
        return dict(line.split("=", 1) for line in lines if not line.startswith("#"))  # type: ignore[misc]

    @property
    def mode(self) -> str:
        """The mode that srvr names, "" if nobody answers."""
        try:
            lines = self.word("srvr").splitlines()
        except OSError:
            return ""
        return next((line[6:] for line in lines if line.startswith("Mode: ")), "")


class Ensemble:
    """Servers by id. ``first`` are its members; others join later."""

    def __init__(self, folder: Path, kinds: dict[int, Kind], first: Sequence[int]) -> None:
        port = free_ports(3 * len(kinds))
        self.ports = {sid: range(port + 3 * n, port + 3 * n + 3) for n, sid in enumerate(kinds)}
        self.members: dict[int, Member] = {}
        for sid, kind in kinds.items():
            known = {*first, sid}
            config: dict[str, object] = {
                "tickTime": TICK_MS,
                "initLimit": 20,
                "syncLimit": 10,
                "reconfigEnabled": "true",
                **{f"server.{other}": self.line(other) for other in sorted(known)},
            }
            properties = {"zookeeper.DigestAuthenticationProvider.superDigest": SUPER}
            member = Member(need(kind), folder / str(sid), config, properties, self.ports[sid][2])
            member.data_dir.mkdir(parents=True)
            (member.data_dir / "myid").write_text(str(sid))
            self.members[sid] = member

    def line(self, sid: int, role: str = "participant") -> str:
        quorum, election, client = self.ports[sid]
        return f"127.0.0.1:{quorum}:{election}:{role};127.0.0.1:{client}"

    def server(self, sid: int, role: str = "participant") -> str:
        return f"server.{sid}={self.line(sid, role)}"

    def launch(self, *ids: int) -> None:
        for sid in ids:
            self.members[sid].launch()

    def serve(self, *ids: int) -> None:
        self.launch(*ids)
        for sid in ids:
            self.members[sid].wait_until_serving(PATIENCE_S)

    def leader(self) -> int:
        found = [sid for sid, member in self.members.items() if member.mode == "leader"]
        return found[0] if found else 0

    def client(self, *ids: int, **options: Any) -> KazooClient:
        hosts = ",".join(self.members[sid].address for sid in ids)
        client = KazooClient(hosts, auth_data=[("digest", "super:test")], timeout=10, **options)
        client.start(PATIENCE_S)
        return client

    def reconfigure(self, client: KazooClient, **changes: str) -> str:
        """Change the configuration, again and again while that has not worked; return it."""
        request = {"joining": None, "leaving": None, "new_members": None, **changes}

        def ask() -> str | None:
            found = attempt(lambda: client.reconfig(**request))
            return None if found is None else str(found[0].decode())

        return eventually(ask, f"reconfig {changes}")


def attempt(call: Callable[..., Any], *arguments: Any) -> Any:
    """Return what a client's call does, None where it fails."""
    try:
        return call(*arguments)
    except (KazooException, KazooTimeoutError):
        return None


def eventually(ask: Callable[[], Any], what: str) -> Any:
    """Ask until the answer is something, which is returned."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        found = ask()
        if found:
            return found
        time.sleep(0.1)
    pytest.fail(f"not in {PATIENCE_S:g} s: {what}")


@pytest.fixture
def ensemble(tmp_path: Path) -> Iterator[Callable[[dict[int, Kind], Sequence[int]], Ensemble]]:
    made: list[Ensemble] = []

    def make(kinds: dict[int, Kind], first: Sequence[int]) -> Ensemble:
        made.append(Ensemble(tmp_path, kinds, first))
        return made[-1]

    yield make
    for each in made:
        for member in each.members.values():
            member.kill()


Make = Callable[[dict[int, Kind], Sequence[int]], Ensemble]


class Writer(threading.Thread):
    """Creates nodes one after the other, and remembers those that were acknowledged."""

    def __init__(self, hosts: str, number: int) -> None:
        super().__init__(daemon=True)
        self.acknowledged: list[str] = []
        self.ended = threading.Event()
        self._client = KazooClient(hosts, timeout=10)
        self._number = number

    def run(self) -> None:
        self._client.start(PATIENCE_S)
        count = 0
        while not self.ended.is_set():
            count += 1
            path = f"/load/{self._number}-{count}"
            while not self.ended.is_set():
                try:
                    self._client.create(path, b"x" * 100)
                except NodeExistsError:
                    pass  # the answer was lost
                except (KazooException, KazooTimeoutError):
                    time.sleep(0.05)
                    continue
                self.acknowledged.append(path)
                break
        self._client.stop()
        self._client.close()


def test_three_become_five_and_three_again_under_load(ensemble: Make) -> None:
    """Two join, the first two leave, the leader among them or not; one crashes on the way."""
    servers = ensemble(dict.fromkeys((1, 2, 3, 4, 5), SPECKEEPER), (1, 2, 3))
    servers.serve(1, 2, 3)
    client = servers.client(1, 2, 3, 4, 5)
    client.create("/load")
    seen: list[int] = []
    client.DataWatch("/zookeeper/config", lambda data, stat: seen.append(stat.mzxid))
    hosts = ",".join(member.address for member in servers.members.values())
    writers = [Writer(hosts, number) for number in range(3)]
    for writer in writers:
        writer.start()
    eventually(lambda: all(len(writer.acknowledged) > 20 for writer in writers), "load")

    servers.serve(4, 5)
    joined = servers.reconfigure(client, joining=f"{servers.server(4)},{servers.server(5)}")
    assert [line[:8] for line in joined.splitlines()[:-1]] == [f"server.{n}" for n in range(1, 6)]
    # A crash with five members: it comes back with the files that it has rewritten.
    crashed = servers.leader() or 3
    servers.members[crashed].kill()
    eventually(lambda: servers.leader() not in (0, crashed), "another leader")
    servers.serve(crashed)
    assert (
        f"server.{4}" in (servers.members[crashed].folder / _dynamic(servers, crashed)).read_text()
    )

    left = servers.reconfigure(client, leaving="1,2")
    assert [line[:8] for line in left.splitlines()[:-1]] == [f"server.{n}" for n in (3, 4, 5)]
    eventually(lambda: servers.leader() in (3, 4, 5), "a leader among those who stay")
    for sid in (1, 2):
        servers.members[sid].stop()
    before = [len(writer.acknowledged) for writer in writers]
    eventually(
        lambda: all(len(w.acknowledged) > n + 20 for w, n in zip(writers, before, strict=True)),
        "load with those who stay",
    )
    for writer in writers:
        writer.ended.set()
    for writer in writers:
        writer.join(PATIENCE_S)
    client.stop()
    client.close()
    assert seen == sorted(seen)
    acknowledged = {path[6:] for writer in writers for path in writer.acknowledged}
    for sid in (3, 4, 5):
        reader = servers.client(sid)
        reader.sync("/load")
        missing = acknowledged - {*reader.get_children("/load")}
        assert not missing, f"server {sid} has lost {sorted(missing)[:5]}"
        assert reader.get("/zookeeper/config")[0].decode() == left
        reader.stop()
        reader.close()


def _dynamic(servers: Ensemble, sid: int) -> str:
    return Path(str(servers.members[sid].settings()["dynamicConfigFile"])).name


@pytest.mark.parametrize("ours", [1, 3])
def test_ensemble_with_apaches_servers_is_reconfigured(ensemble: Make, ours: int) -> None:
    """Ours follows (1), or leads and hands over to one of Apache's (3)."""
    kinds = {sid: SPECKEEPER if sid == ours else APACHE_39 for sid in (1, 2, 3)}
    servers = ensemble(kinds | {4: SPECKEEPER}, (1, 2, 3))
    servers.serve(1, 3)  # neither has any data: the larger id leads
    servers.serve(2)
    assert servers.leader() == 3
    client = servers.client(1, 2, 3)
    client.create("/kept", b"1")
    servers.launch(4)
    eventually(lambda: servers.members[4].mode == "follower", "4 follows without a vote")
    text = servers.reconfigure(client, joining=servers.server(4))
    assert servers.server(4) in text
    eventually(lambda: configs(servers, 1, 2, 3, 4) == {text}, "one configuration everywhere")
    text = servers.reconfigure(client, joining=servers.server(4, "observer"))
    eventually(lambda: servers.members[4].mode == "observer", "4 observes")
    servers.reconfigure(client, joining=servers.server(4))
    eventually(lambda: servers.members[4].mode == "follower", "4 votes again")
    # The leader goes: a follower takes over, whichever kind it is.
    text = servers.reconfigure(client, leaving="3")
    assert "server.3" not in text
    eventually(lambda: servers.leader() in (1, 2, 4), "another leader")
    eventually(lambda: attempt(client.set, "/kept", b"2"), "a write")
    servers.members[3].stop()
    eventually(lambda: configs(servers, 1, 2, 4) == {text}, "one configuration everywhere")
    for sid in (1, 2, 4):
        reader = servers.client(sid)
        reader.sync("/kept")
        assert reader.get("/kept")[0] == b"2"
        reader.stop()
        reader.close()
    # All files are good for a restart of everybody.
    client.stop()
    client.close()
    for sid in (1, 2, 4):
        servers.members[sid].stop()
    servers.serve(1, 2, 4)
    assert {line.split("=")[0] for line in text.splitlines()} == {
        line.split("=")[0] for line in next(iter(configs(servers, 1, 2, 4))).splitlines()
    }


def configs(servers: Ensemble, *ids: int) -> set[str]:
    """What servers have in /zookeeper/config."""
    found = set()
    for sid in ids:
        try:
            reader = servers.client(sid)
        except KazooTimeoutError:
            return set()
        found.add(reader.get("/zookeeper/config")[0].decode())
        reader.stop()
        reader.close()
    return found


def test_both_shells_reconfigure(ensemble: Make) -> None:
    servers = ensemble(dict.fromkeys((1, 2, 3), SPECKEEPER), (1, 2, 3))
    servers.serve(1, 2, 3)
    leader = eventually(servers.leader, "a leader")
    address = servers.members[leader].address
    sid = 2 if leader == 3 else 3
    observer = servers.server(sid, "observer")
    ours = [speckeeper_command() or "speckeeper", "shell", "-server", address]
    class_path = need(APACHE_39).class_path()
    assert class_path is not None
    theirs = [
        "java",
        "-cp",
        class_path,
        *JVM_FLAGS,
        "org.apache.zookeeper.ZooKeeperMain",
        "-server",
        address,
    ]
    for shell in (ours, theirs):
        said = run(
            shell,
            "config",
            f"reconfig -add {observer}",
            "addauth digest super:test",
            f"reconfig -add {observer}",
            "config -s",
            f"reconfig -v 5 -remove {sid}",
        )
        assert "Committed new configuration:" in said
        assert said.count(observer) >= 2, said
        assert "not valid" in said.lower() or "badversion" in said.lower(), said
        eventually(lambda: servers.members[sid].mode == "observer", "it observes")
        said = run(shell, "addauth digest super:test", f"reconfig -add {servers.server(sid)}")
        assert servers.server(sid) in said
        eventually(lambda: servers.members[sid].mode == "follower", "it votes again")


def run(shell: list[str], *lines: str) -> str:
    """Return all that a shell says to these lines."""
    done = subprocess.run(
        shell,
        input="".join(f"{line}\n" for line in (*lines, "quit")),
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    return done.stdout + done.stderr
