"""Real ensembles of ours under load, while members are killed, paused, restarted and cut off.

No acknowledged write is lost, all servers end with the same tree, sessions and ephemeral nodes keep
their rules, and the service is back within a few ticks of a quorum being connected.

SPECKEEPER_FAULT_SECONDS: how long the faults of a test go on (25). SPECKEEPER_FAULT_SEED: which
faults (1). SPECKEEPER_FAULT_SERVERS: another kind of server (apache-3.9.3), to judge the test by.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

import pytest
import raw_client as zk
from conftest import need
from fault_checks import Node, differences, dump, ghosts_wrong, lost_or_wrong
from fault_clients import COUNTER, LIVE, QUEUE, SESSION_S, Client, History
from fault_ensemble import INIT_LIMIT, SYNC_LIMIT, TICK_MS, FaultEnsemble
from fault_probes import GHOSTS, PROBE, Ghost, Probe, leave_ghost
from fault_schedule import faults
from peers import KINDS, SPECKEEPER

SECONDS = float(os.environ.get("SPECKEEPER_FAULT_SECONDS", "25"))
SEED = int(os.environ.get("SPECKEEPER_FAULT_SEED", "1"))
KIND = KINDS[os.environ.get("SPECKEEPER_FAULT_SERVERS", "speckeeper")]
CLIENTS = 6
TICK_S = TICK_MS / 1000
# The silence that gives a leader up, a try to follow somebody who was voted for and is away, and
# some ticks for elections.
BACK_TICKS = SYNC_LIMIT + INIT_LIMIT + 6
ALL_BACK_S = 40.0
GHOST_MS = 2500
GHOST_EVERY_S = 3.0
GHOST_PATIENCE_TICKS = 4


class Trial:
    """An ensemble with its load, and what was measured."""

    def __init__(self, ensemble: FaultEnsemble, say: Callable[[str], None]) -> None:
        self.ensemble = ensemble
        self.say = say
        self.history = History()
        self.ports = [peer.port for peer in ensemble.peers.values()]
        hosts = ",".join(f"127.0.0.1:{port}" for port in self.ports)
        self._set_up()
        recorded = ensemble.records.histories
        self.clients = [Client(hosts, n, SEED, self.history, recorded) for n in range(CLIENTS)]
        self.probes = [Probe(port) for port in self.ports]
        self.ghosts: list[Ghost] = []
        self.outages_s: list[float] = []
        self.begin_s = time.monotonic()
        for thread in (*self.clients, *self.probes):
            thread.start()

    def _set_up(self) -> None:
        connection = zk.RawConnection(self.ports[0])
        assert connection.handshake() is not None
        for path in (COUNTER, QUEUE, LIVE, PROBE, GHOSTS):
            assert connection.call(1, zk.CREATE, zk.create(path, b"0"))[1] == 0
        connection.call(2, zk.CLOSE)
        connection.close()

    def suffer(self, seconds: float) -> None:
        """Let faults happen for so long, one after or upon the other; then undo all of them."""
        end_s = time.monotonic() + seconds
        for fault in faults(self.ensemble, SEED):
            if time.monotonic() > end_s:
                break
            self._note(fault.text, fault.do)
            time.sleep(fault.dwell_s)
            self._leave_ghost()
            if not fault.stack:
                self._note("all is healed", self.ensemble.heal)
        self._note("all is healed", self.ensemble.heal)
        self.ensemble.wait_until_all_serve(ALL_BACK_S)

    def _note(self, text: str, do: Callable[[], None]) -> None:
        """Do something; where a quorum is connected after it the service must be there soon."""
        do()
        self.ensemble.wait_until_up(ALL_BACK_S)
        since_s = time.monotonic()
        told = f"{since_s - self.begin_s:6.1f} s  {text}"
        if self.ensemble.quorum_is_connected():
            back_s = self._wait_for_service(since_s, told)
            self.outages_s.append(back_s)
            told += f": a write {back_s:.2f} s later"
        else:
            told += ": no quorum is connected"
        self.say(told)
        self.assert_nothing_wrong()

    def _wait_for_service(self, since_s: float, told: str) -> float:
        """Return how long after ``since_s`` the first write was acknowledged that began then."""
        while all(probe.sent_s < since_s for probe in self.probes):
            waited_s = time.monotonic() - since_s
            logs = self.ensemble.crashed() or [
                f"{sid}: {self.ensemble.mode(sid)}, {peer.log_tail(15)}"
                for sid, peer in self.ensemble.peers.items()
                if waited_s > BACK_TICKS * TICK_S
            ]
            assert not logs, f"{told}: no write for {waited_s:.1f} s\n" + "\n".join(logs)
            time.sleep(0.005)
        return time.monotonic() - since_s

    def _leave_ghost(self) -> None:
        last_s = self.ghosts[-1].heard_s if self.ghosts else 0.0
        if time.monotonic() - last_s > GHOST_EVERY_S and self.ensemble.running:
            port = self.ensemble.peers[self.ensemble.running[0]].port
            ghost = leave_ghost(port, len(self.ghosts), GHOST_MS)
            if ghost is not None:
                self.ghosts.append(ghost)

    def assert_nothing_wrong(self) -> None:
        assert not self.ensemble.crashed(), "\n".join(self.ensemble.crashed())
        assert not self.history.wrong, "\n".join(self.history.wrong)

    def end_load(self) -> None:
        """End all load; the sessions of the clients stay."""
        for thread in (*self.clients, *self.probes):
            thread.stop()
        for thread in (*self.clients, *self.probes):
            thread.join(90)
            assert not thread.is_alive(), f"{thread.name} was never answered"
        self.assert_nothing_wrong()

    def assert_ghosts_are_gone(self) -> None:
        """Sessions that were left alone end when it is time, on all servers, and not before."""
        now_s = time.monotonic()
        old = [ghost._replace(heard_s=now_s) for ghost in self.ghosts]  # by a leader, meanwhile
        fresh = [leave_ghost(port, 1000 + n, GHOST_MS) for n, port in enumerate(self.ports)]
        assert None not in fresh
        patience_s = GHOST_PATIENCE_TICKS * TICK_S
        found = ghosts_wrong([g for g in fresh if g is not None], self.ports, patience_s)
        found += [text for text in ghosts_wrong(old, self.ports, patience_s) if "early" not in text]
        assert not found, "\n".join(found)

    def agreed_tree(self) -> dict[str, Node]:
        """Return the tree that all servers show."""
        trees = {sid: dump(peer.port) for sid, peer in self.ensemble.peers.items()}
        found = differences(trees)
        assert not found, "\n".join(found[:20])
        return trees[1]

    def summary(self) -> str:
        history, ticks = self.history, [back_s / TICK_S for back_s in self.outages_s]
        return (
            f"{history.operations} operations, {len(history.created)} creates and "
            f"{len(history.counted)} increments acknowledged, {history.sessions} sessions; "
            f"a write after a change: median {median(ticks):.1f} ticks, at most {max(ticks):.1f}"
        )


@pytest.fixture
def ensemble(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[FaultEnsemble]:
    made = FaultEnsemble(request.param, tmp_path, need(KIND))
    for sid in made.ids:
        made.start(sid)
    try:
        made.wait_until_all_serve(ALL_BACK_S)
        yield made
    finally:
        made.close()


@pytest.mark.slow
@pytest.mark.timeout(180 + 2 * SECONDS)
@pytest.mark.parametrize("ensemble", [3, 5], indirect=True, ids=["three", "five"])
def test_nothing_acknowledged_is_lost(
    ensemble: FaultEnsemble, capsys: pytest.CaptureFixture[str]
) -> None:
    def say(text: str) -> None:
        with capsys.disabled():
            print(text)

    say(f"\n{len(ensemble.ids)} x {KIND.name}, seed {SEED}, {SECONDS:.0f} s")
    trial = Trial(ensemble, say)
    trial.suffer(SECONDS)
    time.sleep(1)
    trial.end_load()
    trial.assert_ghosts_are_gone()
    tree = trial.agreed_tree()
    found = lost_or_wrong(tree, trial.history, trial.clients)
    assert not found, "\n".join(found[:20])

    # What was true is true after a power failure too, and sessions live through it.
    for sid in ensemble.ids:
        ensemble.kill(sid)
    ensemble.heal()
    ensemble.wait_until_all_serve(ALL_BACK_S)
    found = differences({0: tree, 1: trial.agreed_tree()})
    assert not found, "\n".join(found[:20])

    for client in trial.clients:
        client.leave()
    # A client that has no connection just then cannot say so; its session expires.
    end_s = time.monotonic() + 3 * SESSION_S
    while True:
        time.sleep(TICK_S)
        is_over = time.monotonic() > end_s
        try:
            left = [path for path, node in trial.agreed_tree().items() if node.owner]
        except AssertionError:  # a session may end while trees are read
            if is_over:
                raise
            continue
        if not left or is_over:
            break
    assert not left, f"sessions were closed, and their nodes are there: {left}"
    say(trial.summary())

    # What members and clients recorded meanwhile is what the specifications allow.
    ensemble.close()
    judged = ensemble.records.judge(ensemble.network.names)
    assert not judged.divergences, "\n\n".join(judged.divergences)
    assert not judged.unjudged
    assert judged.operations > trial.history.operations / 2
    assert judged.events > 1000 or KIND is not SPECKEEPER
    say(f"{judged.events} events of members and {judged.operations} replies judged")
