"""One member of ours among two of Apache's: it elects, syncs, follows, leads, and fails over.

Clients are kazoo's, at Apache's client ports; what they write goes through our member's log and,
where it leads, through its request pipeline.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from kazoo.client import KazooClient
from kazoo.retry import KazooRetry
from peers import APACHE_38, APACHE_39, SPECKEEPER, Kind, Peer
from tests.ports import free_port

TICK_MS = 500
SCRIPT = Path(__file__).with_name("member_process.py")


class Mixed:
    """The three servers; `ours` is the id of the member that is no Apache."""

    def __init__(self, kind: Kind, ours: int, folder: Path) -> None:
        ports = [free_port() for _ in range(6)]
        lines = {
            f"server.{sid}": f"127.0.0.1:{ports[2 * sid - 2]}:{ports[2 * sid - 1]}:participant"
            for sid in (1, 2, 3)
        }
        self.ours = ours
        self._folder = folder
        self._config = folder / "config"
        self._config.write_text("".join(f"{key}={value}\n" for key, value in lines.items()))
        self._process: subprocess.Popen[bytes] | None = None
        self.port = free_port()
        self.apache: dict[int, Peer] = {}
        for sid in {1, 2, 3} - {ours}:
            config = {**lines, "tickTime": TICK_MS, "initLimit": 20, "syncLimit": 10}
            peer = Peer(kind, folder / str(sid), config)
            peer.data_dir.mkdir(parents=True)
            (peer.data_dir / "myid").write_text(str(sid))
            self.apache[sid] = peer

    def start_ours(self) -> None:
        command = [sys.executable, str(SCRIPT), str(self.ours), str(self._config)]
        command += [str(self._folder / "ours"), str(TICK_MS), str(self.port)]
        with (
            (self._folder / "ours.out").open("ab") as out,
            (self._folder / "ours.log").open("ab") as log,
        ):
            self._process = subprocess.Popen(command, stdout=out, stderr=log)

    def stop_ours(self) -> list[str]:
        """SIGTERM; return what it said: roles, and at last the nodes it has."""
        assert self._process is not None
        self._process.terminate()
        assert self._process.wait(20) == 0, (self._folder / "ours.log").read_text()[-2000:]
        self._process = None
        return (self._folder / "ours.out").read_text().splitlines()

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        for peer in self.apache.values():
            peer.kill()

    def leader(self) -> int:
        """The id of the leader, once all of Apache's serve."""
        for sid, peer in self.apache.items():
            peer.wait_until_serving()
            if "Mode: leader" in peer.word("srvr"):
                return sid
        return self.ours

    def client(self, *, at_ours: bool = False) -> KazooClient:
        """A client of Apache's members, or of ours."""
        hosts = [peer.address for peer in self.apache.values()]
        client = KazooClient(f"127.0.0.1:{self.port}" if at_ours else ",".join(hosts))
        client.start(30)
        return client


@pytest.fixture
def mixed(tmp_path: Path) -> Iterator[Callable[[Kind, int], Mixed]]:
    made: list[Mixed] = []

    def make(kind: Kind, ours: int) -> Mixed:
        reason = kind.why_missing()
        if reason is not None:
            pytest.skip(reason)
        made.append(Mixed(kind, ours, tmp_path))
        return made[-1]

    yield make
    for each in made:
        each.kill()


def retry(call: Callable[..., object], *arguments: object) -> object:
    again = KazooRetry(max_tries=-1, deadline=60, delay=0.2, backoff=1)
    again.retry_exceptions += (IndexError,)
    return again(call, *arguments)


def test_session_moves_between_ours_and_theirs(mixed: Callable[[Kind, int], Mixed]) -> None:
    """Ours asks Apache's leader whether a session is alive, and tells it which are."""
    ensemble = mixed(APACHE_39, 1)
    ensemble.start_ours()
    for peer in ensemble.apache.values():
        peer.launch()
    assert ensemble.leader() != 1
    hosts = [f"127.0.0.1:{ensemble.port}", *(peer.address for peer in ensemble.apache.values())]
    client = KazooClient(",".join(hosts), randomize_hosts=False, timeout=10)
    client.start(30)
    client.create("/moving", b"", ephemeral=True)
    session = client.client_id
    ensemble.stop_ours()
    retry(client.set, "/moving", b"at theirs")
    assert client.client_id == session
    ensemble.start_ours()
    for peer in ensemble.apache.values():
        peer.wait_until_serving()
    back = KazooClient(hosts[0], client_id=session, timeout=10)
    retry(back.start, 10)
    assert back.client_id == session
    back.sync("/")
    assert back.get("/moving")[0] == b"at theirs"
    time.sleep(15)  # longer than its timeout: it lives by what ours tells the leader
    assert back.exists("/moving") is not None
    assert back.client_id == session
    for each in (back, client):
        each.stop()
        each.close()


@pytest.mark.parametrize("kind", [APACHE_38, APACHE_39], ids=lambda kind: kind.name)
@pytest.mark.parametrize("ours", [1, 3], ids=["follows", "leads"])
def test_one_of_ours(mixed: Callable[[Kind, int], Mixed], kind: Kind, ours: int) -> None:
    ensemble = mixed(kind, ours)
    ensemble.start_ours()
    for peer in ensemble.apache.values():
        peer.launch()
    # Equal histories: the highest id of those that are there leads, and ours is there first.
    assert (ensemble.leader() == ours) == (ours == 3)
    client = ensemble.client()
    client.create("/a", b"1")
    client.set("/a", b"2")
    client.create("/ephemeral", ephemeral=True)
    for number in range(40):
        client.create(f"/n{number}", b"." * number)
    client.sync("/")
    assert client.get("/a")[0] == b"2"
    at_ours = ensemble.client(at_ours=True)
    at_ours.sync("/")
    assert at_ours.get("/a")[0] == b"2"
    events: list[str] = []
    at_ours.get("/a", watch=lambda event: events.append(event.type))
    at_ours.create("/ours", b"", ephemeral=True)
    client.sync("/")
    assert client.exists("/ours").ephemeralOwner == at_ours.client_id[0]
    client.set("/a", b"3")
    retry(lambda: events[0])
    at_ours.stop()
    at_ours.close()
    client.sync("/")
    assert client.exists("/ours") is None

    # Without us the two others go on; we catch up.
    said = ensemble.stop_ours()
    assert f"role {'LEADING' if ours == 3 else 'FOLLOWING'}" in said
    assert {"/a", "/ephemeral", "/n39"} <= {*said[-1].split()}
    ensemble.leader()
    retry(client.create, "/while-we-were-away", b"")
    ensemble.start_ours()
    retry(client.create, "/together", b"")

    # Without Apache's leader, one of theirs and we are the quorum.
    client.stop()
    client.close()
    gone = ensemble.leader()
    assert gone != ours
    ensemble.apache.pop(gone).kill()
    ensemble.leader()
    client = ensemble.client()
    retry(client.create, "/with-two", b"")
    assert client.get("/a")[0] == b"3"
    client.stop()
    client.close()
    nodes = {*ensemble.stop_ours()[-1].split()}
    assert {"/a", "/n39", "/while-we-were-away", "/together", "/with-two"} <= nodes


def rolling(folder: Path) -> dict[int, Peer]:
    """Three members with one configuration, of Apache's kind; none is started."""
    ports = [free_port() for _ in range(6)]
    lines = {
        f"server.{sid}": f"127.0.0.1:{ports[2 * sid - 2]}:{ports[2 * sid - 1]}:participant"
        for sid in (1, 2, 3)
    }
    config = {**lines, "tickTime": TICK_MS, "initLimit": 20, "syncLimit": 10}
    members = {sid: Peer(APACHE_39, folder / str(sid), config) for sid in (1, 2, 3)}
    for sid, member in members.items():
        member.data_dir.mkdir(parents=True)
        (member.data_dir / "myid").write_text(str(sid))
    return members


def test_an_ensemble_changes_hands_server_by_server(tmp_path: Path) -> None:
    """Apache's ensemble becomes ours and Apache's again, under one zoo.cfg, with a client on it."""
    for kind in (APACHE_39, SPECKEEPER):
        if kind.why_missing() is not None:
            pytest.skip(str(kind.why_missing()))
    members = rolling(tmp_path)
    client = KazooClient(",".join(m.address for m in members.values()), timeout=20)
    try:
        for member in members.values():
            member.launch()
        for member in members.values():
            member.wait_until_serving()
        client.start(30)
        client.create("/ephemeral", ephemeral=True)
        session = client.client_id
        written: list[str] = []
        for kind in (SPECKEEPER, APACHE_39):
            # The leader last, as an operator does it.
            order = sorted(members, key=lambda sid: "leader" in members[sid].word("srvr"))
            for sid in order:
                assert members[sid].stop() in (0, 143)
                retry(client.create, f"/while-{kind.name}-{sid}-was-away", b"")
                members[sid].kind = kind
                members[sid].start()
                retry(client.create, f"/with-{kind.name}-{sid}", b"")
                written += [f"while-{kind.name}-{sid}-was-away", f"with-{kind.name}-{sid}"]
            modes = sorted(
                m.word("srvr").partition("Mode: ")[2].split()[0] for m in members.values()
            )
            assert modes == ["follower", "follower", "leader"]
        assert client.client_id == session
        for member in members.values():
            alone = KazooClient(member.address)
            alone.start(30)
            retry(alone.sync, "/")
            assert {*written, "ephemeral"} <= {*alone.get_children("/")}
            assert alone.exists("/ephemeral").ephemeralOwner == session[0]
            alone.stop()
            alone.close()
    finally:
        client.stop()
        client.close()
        for member in members.values():
            member.kill()
