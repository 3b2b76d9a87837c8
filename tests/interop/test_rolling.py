"""docs/rolling.md: an ensemble is restarted server by server, under load, and configured anew.

Nothing acknowledged is lost, no session ends, and what the clients were told is judged beside
spec/ZNode.tla. (From Apache's servers to ours and back: test_mixed.py. To TLS: test_tls.py.)
"""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from kazoo.client import KazooClient
from kazoo.exceptions import ConnectionClosedError, ConnectionLoss, NodeExistsError
from kazoo.handlers.threading import KazooTimeoutError
from peers import SPECKEEPER, Peer
from tests.ports import free_port
from trio import Trio

from speccheck.conform.history.check import check_histories
from speckeeper.history.kazoo_clients import finish, record

PATIENCE_S = 60.0
WRITERS = 3
#: Longer than any pause: an election, and a client that looks for another server.
SESSION_S = 20.0


class Writer(threading.Thread):
    """Creates one node after the other, through whatever server there is, and knows which it has.

    ``written``: acknowledged, in order; ``pause_s``: the longest time between two.
    """

    def __init__(self, number: int, hosts: str, folder: Path) -> None:
        super().__init__(name=f"writer {number}", daemon=True)
        self.client = record(KazooClient(hosts, timeout=SESSION_S), folder)
        self.written: list[str] = []
        self.pause_s = 0.0
        self.failed: BaseException | None = None
        self.over = threading.Event()
        self._number = number
        self.client.start(PATIENCE_S)
        self.client.create(f"/alive-{number}", ephemeral=True)
        self.session = self.client.client_id[0]

    def run(self) -> None:
        try:
            last = time.monotonic()
            while not self.over.is_set():
                self._write(f"/w{self._number}-{len(self.written):06d}")
                now = time.monotonic()
                self.pause_s, last = max(self.pause_s, now - last), now
        except Exception as error:  # noqa: BLE001  # told by end()
            self.failed = error

    def _write(self, path: str) -> None:
        deadline = time.monotonic() + PATIENCE_S
        lost = False
        while True:
            try:
                self.client.create(path, b"x")
            except NodeExistsError:
                # Ours, from before the connection was lost.
                assert lost, f"{path} was there before"
            except (ConnectionLoss, ConnectionClosedError, KazooTimeoutError):
                assert time.monotonic() < deadline
                lost = True
                time.sleep(0.05)
                continue
            self.written.append(path)
            return

    def end(self) -> None:
        self.over.set()
        self.join(PATIENCE_S)
        assert not self.is_alive()
        assert self.failed is None, repr(self.failed)


def rolling_restart(trio: Trio, change: Callable[[int, Peer], None]) -> list[int]:
    """The steps of docs/rolling.md; return the order."""
    order = sorted(trio.members, key=lambda sid: trio.mode(sid) == "leader")
    for sid in order:
        member = trio.members[sid]
        assert member.stop() == 0
        change(sid, member)
        member.start()
        _caught_up(trio)
    return order


def _caught_up(trio: Trio) -> None:
    """Wait until the leader counts all of the others among its followers."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        leader = trio.members[trio.leader()]
        try:
            told = dict(line.split("\t", 1) for line in leader.word("mntr").splitlines() if line)
        except (OSError, ValueError):
            told = {}
        if told.get("zk_synced_followers") == str(len(trio.members) - 1):
            return
        assert time.monotonic() < deadline, told
        time.sleep(0.1)


def _asked(port: int, command: str) -> dict[str, object]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
    try:
        connection.request("GET", f"/commands/{command}")
        answer = json.loads(connection.getresponse().read())
        assert isinstance(answer, dict)
        return answer
    finally:
        connection.close()


@pytest.mark.slow
def test_rolling_restart_with_another_configuration(tmp_path: Path) -> None:
    histories = tmp_path / "histories"
    ports = {sid: free_port() for sid in (1, 2, 3)}
    with Trio(SPECKEEPER, tmp_path / "ensemble").start() as trio:
        hosts = ",".join(member.address for member in trio.members.values())
        writers = [Writer(number, hosts, histories) for number in range(WRITERS)]
        for writer in writers:
            writer.start()
        try:

            def admin(sid: int, member: Peer) -> None:
                """The first change: an AdminServer, other limits."""
                more = {
                    "admin.enableServer": "true",
                    "admin.serverAddress": "127.0.0.1",
                    "admin.serverPort": ports[sid],
                    "maxClientCnxns": 77,
                    "snapCount": 500,
                }
                member.config = {**member.config, **more}

            order = rolling_restart(trio, admin)
            assert sorted(order) == [1, 2, 3]
            for port in ports.values():
                assert _asked(port, "configuration")["max_client_cnxns"] == 77

            def back(sid: int, member: Peer) -> None:
                """The second: fewer connections, and data that was logged under the first."""
                member.config = {**member.config, "maxClientCnxns": 55}

            rolling_restart(trio, back)
            for port in ports.values():
                assert _asked(port, "configuration")["max_client_cnxns"] == 55
        finally:
            for writer in writers:
                writer.over.set()
        for writer in writers:
            writer.end()
        written = {path for writer in writers for path in writer.written}
        assert len(written) > 100
        for member in trio.members.values():
            alone = KazooClient(member.address, timeout=SESSION_S)
            alone.start(PATIENCE_S)
            alone.sync("/")
            found = {f"/{name}" for name in alone.get_children("/")}
            assert written <= found
            for number, writer in enumerate(writers):
                owner = alone.exists(f"/alive-{number}").ephemeralOwner
                assert owner == writer.session == writer.client.client_id[0]
            alone.stop()
            alone.close()
        for writer in writers:
            writer.client.stop()
            writer.client.close()
    finish(histories)
    # Six restarts, two elections: no pause was as long as a session may be silent.
    assert max(writer.pause_s for writer in writers) < SESSION_S
    verdict = check_histories([histories], is_complete=False)
    assert verdict.divergence is None, verdict.divergence
    assert verdict.total > len(written)


@pytest.mark.slow
def test_a_configuration_that_does_not_start_stops_at_the_first_server(tmp_path: Path) -> None:
    """What the page says of a mistake: one server is away, the others go on serving."""
    with Trio(SPECKEEPER, tmp_path / "ensemble").start() as trio:
        sid = trio.follower()
        member = trio.members[sid]
        assert member.stop() == 0
        good = member.config
        member.config = {**good, "syncLimit": "soon"}
        member.launch()
        assert member.process is not None
        assert member.process.wait(PATIENCE_S) == 2
        member.process = None
        assert "syncLimit" in member.log_tail(1)
        others = [each.address for number, each in trio.members.items() if number != sid]
        client = KazooClient(",".join(others), timeout=SESSION_S)
        client.start(PATIENCE_S)
        client.create("/meanwhile")
        member.config = good
        member.start()
        _caught_up(trio)
        alone = KazooClient(member.address, timeout=SESSION_S)
        alone.start(PATIENCE_S)
        alone.sync("/")
        assert alone.exists("/meanwhile")
        for each in (client, alone):
            each.stop()
            each.close()
