"""Histories of unmodified servers and of ours, under load and restarts, keep all promises."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import StartPeer
from history_load import TapProcess, load
from history_scenario import play
from kazoo.client import KazooClient
from peers import APACHE_38, APACHE_39, KINDS, SPECKEEPER, Kind, Peer

from speccheck.conform.history.check import check_histories
from speccheck.conform.history.verdict import Verdict
from speckeeper.history.kazoo_clients import finish, record

_CLIENTS, _SECONDS = 4, 12.0
EVERY = pytest.mark.parametrize("name", list(KINDS))


def judged(folder: Path) -> Verdict:
    """The verdict on histories in which every writer was recorded."""
    verdict = check_histories([folder], is_complete=True)
    assert verdict.divergence is None, verdict.divergence
    assert not verdict.unchecked
    return verdict


def _restarts(peer: Peer) -> Callable[[], None]:
    def restart() -> None:
        for _ in range(2):
            time.sleep(_SECONDS / 3)
            peer.kill()
            peer.start()

    return restart


@EVERY
def test_under_load_and_restarts_all_promises_are_kept(
    name: str, start_peer: StartPeer, tmp_path: Path
) -> None:
    peer = start_peer(KINDS[name])
    tap = TapProcess(f"127.0.0.1:{peer.port}", tmp_path / "histories")
    try:
        tried = load(tap.address, _CLIENTS, _SECONDS, _restarts(peer))
    finally:
        tap.stop()
    verdict = judged(tap.folder)
    assert verdict.total > tried / 2
    assert verdict.checked["event: NodeDataChanged"] > 5
    for what in ("setData: Ok", "multi: Ok", "create: NodeExists", "getChildren2: Ok", "sync: Ok"):
        assert verdict.checked[what] > 0


@pytest.mark.parametrize("kind", [APACHE_39, SPECKEEPER], ids=lambda kind: kind.name)
def test_clients_recorded_from_inside_are_judged_alike(
    kind: Kind, start_peer: StartPeer, tmp_path: Path
) -> None:
    peer = start_peer(kind)
    folder = tmp_path / "histories"

    def prepare(client: KazooClient) -> None:
        record(client, folder)

    load(f"127.0.0.1:{peer.port}", 3, 5.0, prepare=prepare)
    finish(folder)
    assert judged(folder).total > 100


@EVERY
def test_the_scenario_is_the_same_everywhere(
    name: str, start_peer: StartPeer, tmp_path: Path
) -> None:
    peer = start_peer(KINDS[name])
    tap = TapProcess(f"127.0.0.1:{peer.port}", tmp_path / "histories")
    try:
        play(tap.address)
    finally:
        tap.stop()
    assert judged(tap.folder).total == 32


def test_a_tap_that_is_killed_leaves_histories_that_can_be_judged(
    start_peer: StartPeer, tmp_path: Path
) -> None:
    peer = start_peer(APACHE_38)
    tap = TapProcess(f"127.0.0.1:{peer.port}", tmp_path / "histories")
    try:
        load(tap.address, 2, 4.0)
        last = KazooClient(tap.address)
        last.start()
        last.create("/last", b"")
        time.sleep(1.5)
    finally:
        tap.kill()
    last.stop()
    last.close()
    verdict = check_histories([tap.folder])
    assert verdict.divergence is None, verdict.divergence
    assert any("cut off" in note for note in verdict.notes)
