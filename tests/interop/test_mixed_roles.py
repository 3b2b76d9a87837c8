"""Ensembles of ours and Apache's in all roles: who leads, follows, observes, joins late, goes on.

SPECKEEPER_MIXED_ALL=1 tries every composition with both of Apache's versions, and restarts in every
order; without it CI tries some of each.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import raw_client as zk
from conftest import need
from fault_checks import differences, dump
from kazoo.client import KazooClient
from kazoo.retry import KazooRetry
from peers import APACHE_38, APACHE_39, SPECKEEPER, Kind
from tree_dump import PROPERTIES, Writer
from tree_dump import dump as dump_all
from trio import Trio

ALL = bool(os.environ.get("SPECKEEPER_MIXED_ALL"))
CONFIG = {"maxSessionTimeout": 120_000}
SESSION_S = 60.0
LONG_S = 60.0

SOME = ("OAO/3.9", "AOA/3.9", "AAO/3.8")
COMPOSITIONS = [
    f"{''.join(members)}/{version}"
    for version in ("3.9", "3.8")
    for members in itertools.product("AO", repeat=3)
    if len({*members}) > 1
]


def kinds_of(composition: str) -> list[Kind]:
    """`AOA/3.9`: the members in the order of their ids, O ours, A Apache's of that version."""
    members, _, version = composition.partition("/")
    apache = APACHE_39 if version == "3.9" else APACHE_38
    return [SPECKEEPER if each == "O" else apache for each in members]


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + LONG_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def stands_still(pid: int) -> bool:
    """Whether all threads of a process are stopped."""
    states = [
        stat.read_text().rpartition(")")[2].split()[0]
        for stat in Path("/proc").glob(f"{pid}/task/*/stat")
    ]
    return {*states} == {"T"}


def started(trio: Trio) -> Trio:
    """Start all; server 3 is there before a majority is, so that it leads."""

    def is_up() -> bool:
        with contextlib.suppress(OSError):
            return bool(trio.members[3].word("srvr"))
        return False

    trio.members[3].launch()
    _until(is_up)
    trio.start(*(sid for sid in trio.members if sid != 3))
    trio.members[3].wait_until_serving()
    assert trio.leader() == 3
    return trio


@pytest.fixture
def trio(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Trio]:
    kinds = [need(kind) for kind in kinds_of(request.param)]
    with Trio(kinds, tmp_path, CONFIG) as made:
        yield started(made)


def sync(port: int) -> None:
    """Return when a server has all that was committed before."""
    connection = zk.RawConnection(port)
    assert connection.handshake() is not None
    assert connection.call(1, zk.SYNC, zk.buffer("/"))[1] == 0
    connection.call(2, zk.CLOSE)
    connection.close()


class Load:
    """A client with an ephemeral node; what it writes must be there at the end."""

    def __init__(self, trio: Trio) -> None:
        hosts = ",".join(member.address for member in trio.members.values())
        self.client = KazooClient(
            hosts,
            timeout=SESSION_S,
            connection_retry=KazooRetry(max_tries=-1, delay=0.05, max_delay=0.5),
        )
        self.client.start(LONG_S)
        self.client.create("/ephemeral", b"", ephemeral=True)
        self.session = self.client.client_id
        self.written: list[str] = []

    def write(self, name: str) -> None:
        """Create a node, however often it takes."""
        path = f"/{len(self.written)}-{name}"
        again = KazooRetry(max_tries=-1, deadline=LONG_S, delay=0.05, backoff=1.2, max_delay=0.5)
        again(self.client.ensure_path, path)
        again(self.client.set, path, name.encode())
        self.written.append(path[1:])

    def check(self, trio: Trio) -> None:
        """All servers show the same, all that was written, and the session goes on."""
        assert self.client.client_id == self.session
        trees = {sid: dump(member.port) for sid, member in trio.members.items()}
        found = differences(trees)
        assert not found, "\n".join(found[:10])
        assert {*self.written, "ephemeral"} <= {*trees[1]["/"].children}
        assert trees[1]["/ephemeral"].owner == self.session[0]

    def close(self) -> None:
        with contextlib.suppress(Exception):
            self.client.stop()
        self.client.close()


@pytest.fixture
def loaded(trio: Trio) -> Iterator[Load]:
    load = Load(trio)
    yield load
    load.close()


chosen = pytest.mark.parametrize("trio", COMPOSITIONS if ALL else SOME, indirect=True)


@chosen
@pytest.mark.timeout(600)
def test_everybody_leads_and_hands_over_to_everybody(trio: Trio, loaded: Load) -> None:
    """Whoever has more of the history leads, else the higher id. Who comes back gets a DIFF.

    All have a last transaction in common before one goes away: Apache's leaders (3.9.3, also among
    themselves) cut off what a learner has and they were sent by DIFF (docs/deviations.md).
    """

    def kill(*ids: int) -> None:
        for sid in ids:
            trio.members[sid].kill()

    def leads(sid: int) -> None:
        assert trio.wait_for("leader") == sid
        loaded.write(f"led-by-{sid}")

    def all_back(*ids: int) -> None:
        trio.start(*ids)
        loaded.write("together")
        for member in trio.members.values():
            sync(member.port)

    loaded.write("together")
    kill(3)
    leads(2)
    all_back(3)
    kill(2)
    leads(3)
    all_back(2)
    kill(2)
    leads(3)  # and 2 lacks what is written now
    kill(3)
    trio.members[2].launch()
    leads(1)
    all_back(3)
    kill(1)
    leads(3)
    all_back(1)
    kill(3)
    leads(2)
    kill(2)
    trio.members[3].launch()
    leads(1)
    all_back(2)
    kill(3)
    leads(1)
    kill(1)
    trio.members[3].launch()
    leads(2)
    all_back(1)
    loaded.check(trio)


ORDERS = [*itertools.permutations((1, 2, 3))] if ALL else [(1, 2, 3), (3, 1, 2)]


@pytest.mark.parametrize("trio", COMPOSITIONS if ALL else ("OAA/3.9",), indirect=True)
@pytest.mark.timeout(900)
def test_restarts_one_by_one_in_any_order(trio: Trio, loaded: Load) -> None:
    for order in ORDERS:
        for sid in order:
            assert trio.members[sid].stop() in (0, 143)
            loaded.write(f"without-{sid}")
            trio.start(sid)
            loaded.write(f"with-{sid}")
        loaded.check(trio)


@pytest.mark.parametrize("composition", COMPOSITIONS if ALL else ("AAO/3.9", "OOA/3.9"))
@pytest.mark.timeout(300)
def test_what_only_an_old_leader_has_is_cut_off(composition: str, tmp_path: Path) -> None:
    """TRUNC: server 3 logs a proposal of its own that nobody else gets, and comes back."""
    kinds = [need(kind) for kind in kinds_of(composition)]
    with Trio(kinds, tmp_path, CONFIG) as trio:
        members = started(trio).members
        connection = zk.RawConnection(members[3].port)
        assert connection.handshake() is not None
        assert connection.call(1, zk.CREATE, zk.create("/a", b"1"))[1] == 0
        for sid in (1, 2):
            os.kill(members[sid].pid, signal.SIGSTOP)
            _until(lambda pid=members[sid].pid: stands_still(pid))
        connection.request(2, zk.CREATE, zk.create("/lost", b"2"))
        time.sleep(1)  # it is logged by now, long before the others count as silent
        for sid in (3, 2, 1):
            members[sid].kill()
        connection.close()
        trio.start(1, 2)
        leader = trio.leader()  # 2, unless it had not got all of /a yet
        trio.start(3)  # ahead of any transaction of the new epoch, which would make it a SNAP
        trees = {sid: dump(member.port) for sid, member in members.items()}
        assert differences(trees) == []
        assert "/a" in trees[3]
        assert "/lost" not in trees[3]
        told = [member.log_file.read_text(errors="replace") for member in members.values()]
        if kinds[2].is_apache:
            assert "Truncating log to get in sync" in told[2]
        if kinds[leader - 1].is_apache:  # what it says of a TRUNC it says to debuggers only
            assert "Synchronizing with Learner sid: 3" in told[leader - 1]
            assert "Sending snapshot" not in told[leader - 1]


@pytest.mark.parametrize("composition", COMPOSITIONS if ALL else ("OAO/3.9", "AOA/3.9"))
@pytest.mark.timeout(300)
def test_snapshots_of_everything(composition: str, tmp_path: Path) -> None:
    """SNAP: all learners are sent snapshots; all kinds of nodes arrive, from and to each kind."""
    kinds = [need(kind) for kind in kinds_of(composition)]
    properties = {**PROPERTIES, "zookeeper.forceSnapshotSync": "true"}
    config = {**CONFIG, "extendedTypesEnabled": None}
    properties |= {"zookeeper.extendedTypesEnabled": "true"}
    with Trio(kinds, tmp_path, config, properties) as trio:
        members = started(trio).members
        writer = Writer(members[3], timeout_ms=100_000)
        writer.everything("/x", malformed=False)
        writer.call(zk.CREATE, zk.create("/k"))
        writer.churn("/k", 200, 1)
        for sid in (1, 2):
            assert members[sid].stop() in (0, 143)
            writer.churn("/k", 100, sid)
            trio.start(sid)
        assert trio.leader() == 3
        writer.close()
        members[3].kill()
        assert trio.wait_for("leader", 1, 2) == 2
        trio.start(3)
        synced = [dump_all(member) for member in members.values()]
        for path in {*synced[0], *synced[1], *synced[2]} - {"/zookeeper/config"}:
            assert synced[0].get(path) == synced[1].get(path) == synced[2].get(path), path


@pytest.mark.parametrize(
    "composition",
    ("AAAO/3.9", "OOOA/3.9", "AOAO/3.8", "OAOA/3.8") if ALL else ("AAAO/3.9", "OOOA/3.9"),
)
@pytest.mark.timeout(300)
def test_observer_of_the_other_kind(composition: str, tmp_path: Path) -> None:
    kinds = [need(kind) for kind in kinds_of(composition)]
    with Trio(kinds, tmp_path, CONFIG, observers=1) as trio:
        members = started(trio).members
        assert trio.mode(4) == "observer"
        client = KazooClient(members[4].address, timeout=SESSION_S)
        client.start(LONG_S)
        try:
            session = client.client_id
            client.create("/by-observer", b"1")
            client.create("/ephemeral", b"", ephemeral=True)
            members[trio.leader()].kill()
            _until(lambda: trio.mode(4) == "observer")
            again = KazooRetry(max_tries=-1, deadline=LONG_S, delay=0.1, max_delay=0.5)
            again(client.ensure_path, "/by-observer/later")
            assert client.client_id == session
            trio.start(*(sid for sid, member in members.items() if member.process is None))
            trees = {sid: dump(member.port) for sid, member in members.items()}
            assert differences(trees) == []
            assert trees[4]["/ephemeral"].owner == session[0]
        finally:
            client.stop()
            client.close()
