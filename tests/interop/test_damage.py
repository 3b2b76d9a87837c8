"""Damage to a disk that a killed server left, and disks that fill up: what the next start says.

A torn tail loses only itself; a flipped bit is refused with file and offset, and nothing is
changed; a full disk stops the server with one line, and nothing acknowledged is lost. The clients
and their models are those of crash_load.py.
"""

from __future__ import annotations

import copy
import os
import random
import resource
import shutil
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from conftest import StartPeer
from crash_load import CONFIG, LOGS_ONLY, Load
from crash_model import Nodes, step
from peers import SPECKEEPER, Peer
from tree_dump import last_zxid

SEED = int(os.environ.get("SPECKEEPER_CRASH_SEED", "0")) or random.SystemRandom().randrange(
    1, 10**9
)


class Record(NamedTuple):
    """Where a transaction lies in its file."""

    offset: int
    end: int
    zxid: int


def _records(file: Path) -> list[Record]:
    """The whole records of a log file (FileTxnLog: checksum, length, transaction, 'B')."""
    content = file.read_bytes()
    records, position = [], 16
    while position + 12 <= len(content):
        (length,) = struct.unpack_from(">i", content, position + 8)
        end = position + 12 + length + 1
        if length <= 0 or end > len(content) or content[end - 1 : end] != b"B":
            break
        (zxid,) = struct.unpack_from(">q", content, position + 12 + 12)
        records.append(Record(position, end, zxid))
        position = end
    return records


def _logs(data_dir: Path) -> list[Path]:
    logs = (data_dir / "version-2").glob("log.*")
    return sorted(logs, key=lambda log: int(log.name.split(".")[1], 16))


@pytest.fixture
def killed(start_peer: StartPeer) -> tuple[Peer, Load]:
    """A server that was killed under load, with several logs and only its first snapshot."""
    load = Load(SEED, closes=False)
    server = start_peer(SPECKEEPER, config=LOGS_ONLY)
    load.check_and_connect(server)
    while len(_logs(server.data_dir)) < 4:
        load.run(server, 0.2)
    load.run(server, 0.1)
    server.kill()
    load.drain()
    assert len(list((server.data_dir / "version-2").glob("snapshot.*"))) == 1
    return server, load


def _rewound(load: Load, top: int) -> Load:
    """The clients as if only what is up to zxid `top` had been acknowledged."""
    load = copy.deepcopy(load)
    load.zxids.told = {zxid for zxid in load.zxids.told if zxid <= top}
    load.zxids.floor = 0
    load.zxids.highest = max(load.zxids.told, default=0)
    for writer in load.writers:
        kept = [entry for entry in writer.history if entry[1] <= top]
        lost = writer.history[len(kept) :]
        nodes: Nodes = {}
        for op, zxid, session_id in kept:
            step(nodes, op, zxid, session_id)
        writer.known, writer.history = nodes, kept
        if lost:
            writer.pending.clear()  # came after what is lost, so it is lost too
        writer.last_zxid = max((zxid for _, zxid, _ in kept), default=0)
    return load


def _go_on(server: Peer, load: Load) -> None:
    """Verify what a repaired server holds, write, crash, and verify again."""
    load.check_and_connect(server)
    load.run(server, 0.05)
    server.kill()
    load.drain()
    server.start()
    load.check_and_connect(server)
    server.kill()
    load.drain()


def test_a_torn_tail_loses_only_itself(
    start_peer: StartPeer, tmp_path: Path, killed: tuple[Peer, Load]
) -> None:
    print(f"SPECKEEPER_CRASH_SEED={SEED}")
    rng = random.Random(SEED)
    server, load = killed
    newest = _logs(server.data_dir)[-1]
    records = _records(newest)
    assert len(records) > 1
    for number in range(6):
        data_dir = tmp_path / f"cut{number}"
        shutil.copytree(server.data_dir, data_dir)
        file = data_dir / "version-2" / newest.name
        size = file.stat().st_size
        # The first two cut in the file's header and behind it: no record of this file is left.
        cut = (rng.randrange(16), 16, rng.randrange(17, records[-1].end))[min(number, 2)]
        os.truncate(file, cut)
        if number % 2:  # as in a preallocated file: zeros instead of an end
            os.truncate(file, size)
        top = max((r.zxid for r in records if r.end <= cut), default=records[0].zxid - 1)
        again = start_peer(SPECKEEPER, config={**LOGS_ONLY, "dataDir": data_dir})
        assert last_zxid(again) == top, f"cut at {cut}"
        _go_on(again, _rewound(load, top))


def test_a_flipped_bit_is_refused_with_its_place(
    start_peer: StartPeer, killed: tuple[Peer, Load]
) -> None:
    print(f"SPECKEEPER_CRASH_SEED={SEED}")
    rng = random.Random(SEED)
    server, load = killed
    logs = _logs(server.data_dir)
    for log in (logs[0], logs[len(logs) // 2], logs[-1]):
        record = rng.choice(_records(log)[1:-1])
        whole = log.read_bytes()
        place = rng.randrange(record.offset, record.end)
        log.write_bytes(
            whole[:place] + bytes([whole[place] ^ (1 << rng.randrange(8))]) + whole[place + 1 :]
        )
        before = _content(server.data_dir)
        code, lines = _refused_start(server)
        assert code == 10, lines
        (line,) = lines
        assert str(log) in line
        assert f"offset {record.offset}:" in line
        assert _content(server.data_dir) == before
        log.write_bytes(whole)
    server.start()
    load.check_and_connect(server)


def _refused_start(server: Peer) -> tuple[int, list[str]]:
    """Start a server that must not serve: its exit code and the lines it says to the user."""
    size = server.log_file.stat().st_size
    server.launch()
    assert server.process is not None
    code = server.process.wait(30)
    server.process = None
    return code, _last_words(server, size)


def _last_words(server: Peer, since: int = 0) -> list[str]:
    text = server.log_file.read_bytes()[since:].decode()
    assert "Traceback" not in text
    return [line for line in text.splitlines() if line.startswith("speckeeper: ")]


def _content(folder: Path) -> dict[str, bytes]:
    files = (folder / "version-2").iterdir()
    return {file.name: file.read_bytes() for file in files if file.is_file()}


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1 MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    if shutil.which("mount") is None:
        pytest.skip("no `mount` here")
    mounted = subprocess.run(mount, capture_output=True, text=True, check=False)
    if mounted.returncode:
        pytest.skip(f"a small tmpfs cannot be mounted: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def _write_until_it_stops(server: Peer, load: Load) -> tuple[int, str]:
    """The exit code of a server whose disk fills up, and its one line."""
    load.check_and_connect(server)
    assert server.process is not None
    load.run(server, 30)
    code = server.process.wait(10)
    server.process = None
    load.drain()
    (line,) = _last_words(server)
    return code, line


@pytest.mark.parametrize("settings", [LOGS_ONLY, CONFIG], ids=["logs", "snapshots"])
@pytest.mark.parametrize("step_kb", [0, 64])
def test_a_full_disk_stops_the_server(
    start_peer: StartPeer, small_disk: Path, settings: dict[str, object], step_kb: int
) -> None:
    load = Load(SEED)
    config = {**settings, "dataDir": small_disk / "data", "preAllocSize": step_kb}
    server = start_peer(SPECKEEPER, config=config)
    code, line = _write_until_it_stops(server, load)
    assert code == 10
    assert str(small_disk / "data" / "version-2") in line
    assert "No space left on device" in line or "may be full" in line
    assert load.acknowledged > 100

    grow = ["mount", "-o", "remount,size=64m", str(small_disk)]
    subprocess.run(grow, check=True, capture_output=True)
    server.start()
    _go_on(server, load)
    server.kill()


@pytest.mark.parametrize("step_kb", [0, 64])
def test_a_file_that_may_not_grow_stops_the_server(start_peer: StartPeer, step_kb: int) -> None:
    load = Load(SEED)
    config = {**LOGS_ONLY, "preAllocSize": step_kb, "txnLogSizeLimitInKb": -1}
    server = start_peer(SPECKEEPER, config=config)
    resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (300_000, 300_000))
    code, line = _write_until_it_stops(server, load)
    assert code == 10
    assert str(_logs(server.data_dir)[-1]) in line
    assert "File too large" in line or "may be full" in line
    assert load.acknowledged > 100

    server.start()
    _go_on(server, load)
