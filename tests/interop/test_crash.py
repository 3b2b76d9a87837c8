"""kill -9 under load, judged by models that know every Stat and zxid.

Several clients keep writing (crash_load.py) until the server is killed. After each start their
models must fit what is there: data, the counts of every Stat, owners of ephemerals and all zxids.
Snapshots, rolls of the log and purges happen meanwhile; now and then the server is killed during
its start, and now and then Apache ZooKeeper opens a copy of the data directory and must show the
same.

150 rounds take half a minute of processor time. The number of rounds and the seed are in the
environment; 300 rounds (63 more kills during a start, 259,659 acknowledged writes, 2026-11-28)
took 11 minutes behind everything else on a busy machine (load 26):

    SPECKEEPER_CRASH_ROUNDS=300 python -m pytest -s tests/interop/test_crash.py
"""

from __future__ import annotations

import os
import random
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import StartPeer
from crash_load import CONFIG, Load
from peers import APACHE_38, APACHE_39, SPECKEEPER, Kind, Peer, installed
from quick_start import Forge, QuickPeer
from tree_dump import SUPER_USER, differences, dump, last_zxid

ROUNDS = int(os.environ.get("SPECKEEPER_CRASH_ROUNDS", "150"))
SEED = int(os.environ.get("SPECKEEPER_CRASH_SEED", "0")) or random.SystemRandom().randrange(
    1, 10**9
)
APACHE_EVERY = 40
LONGEST_LOAD_S = 0.25
LONGEST_START_S = 0.2


def _apaches() -> list[Kind]:
    return installed([APACHE_38, APACHE_39])


def _compare_with_apache(
    start_peer: StartPeer, kind: Kind, server: Peer, folder: Path, config: dict[str, object]
) -> None:
    """Apache opens a copy of the data directory and shows the same tree."""
    ours = dump(server)
    data_dir = folder / "apache-data"
    shutil.rmtree(data_dir, ignore_errors=True)
    shutil.copytree(server.data_dir, data_dir, ignore=_ignore_unfinished)
    settings = {**config, "dataDir": data_dir, "autopurge.purgeInterval": 0}
    apache = start_peer(kind, config=settings, properties=SUPER_USER)
    try:
        assert differences(ours, dump(apache)) == [], kind.name
    finally:
        apache.kill()


def _ignore_unfinished(folder: str, names: list[str]) -> list[str]:
    return [name for name in names if name.endswith((".tmp", ".lock", ".pid"))]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Peer]:
    with Forge() as forge:
        peer = QuickPeer(SPECKEEPER, tmp_path / "speckeeper", CONFIG, SUPER_USER, forge=forge)
        yield peer
        peer.kill()


@pytest.mark.timeout(max(300, ROUNDS * 15))
def test_killed_at_random_moments(server: Peer, start_peer: StartPeer, tmp_path: Path) -> None:
    print(f"SPECKEEPER_CRASH_SEED={SEED} SPECKEEPER_CRASH_ROUNDS={ROUNDS}")
    rng = random.Random(SEED)
    load = Load(SEED)
    apaches = _apaches()
    version_2 = server.data_dir / "version-2"
    more = in_start = compared = 0
    highest_snapshot = 0
    most_files = 0
    for number in range(ROUNDS):
        while rng.random() < 0.15:
            server.launch()
            time.sleep(rng.random() * LONGEST_START_S)
            server.kill()
            in_start += 1
        server.start()
        more += load.check_and_connect(server)
        if apaches and (number + 1) % APACHE_EVERY == 0:
            kind = apaches[compared % len(apaches)]
            _compare_with_apache(start_peer, kind, server, tmp_path, CONFIG)
            compared += 1
            load.zxids.floor = load.zxids.highest = last_zxid(server)
        load.run(server, rng.random() * LONGEST_LOAD_S)
        assert server.process is not None
        assert server.process.poll() is None, server.log_tail()
        server.kill()
        load.drain()
        names = [entry.name for entry in version_2.iterdir()]
        most_files = max(most_files, len(names))
        snapshots = [int(n.split(".")[1], 16) for n in names if n.startswith("snapshot.")]
        highest_snapshot = max([highest_snapshot, *snapshots])
    server.start()
    more += load.check_and_connect(server)
    assert server.stop() == 0
    log = server.log_file.read_text()
    print(
        f"{ROUNDS} rounds, {in_start} kills during a start, {load.acknowledged} writes"
        f" acknowledged, {more} more carried out, {log.count(' taken in ')} snapshots in the log,"
        f" at most {most_files} files, {compared} comparisons with Apache"
    )
    before, traceback, after = log.partition("Traceback")
    assert not traceback, before[-1000:] + traceback + after[:4000]
    assert load.acknowledged > 20 * ROUNDS
    assert highest_snapshot > 0
