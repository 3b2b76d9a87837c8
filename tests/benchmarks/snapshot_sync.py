"""A leader sends a large tree to a learner that has nothing: how long its loop is held, what memory
it takes.

    python tests/benchmarks/snapshot_sync.py [--nodes 200000]

Leader and learner are processes of their own. A turn of the loop is measured in processor time, so
that other load disturbs it little; memory is what the process has in RAM, looked at every 10 ms.
"""

from __future__ import annotations

import argparse
import asyncio
import socket
import sys
import tempfile
import threading
import time
from pathlib import Path

import uvloop

from speckeeper.net.member import Member
from speckeeper.net.process import prompt_threads
from speckeeper.server.settings import ServerSettings
from speckeeper.storage.directories import prepare_directories
from speckeeper.storage.disk import Disk
from speckeeper.storage.settings import StorageSettings
from speckeeper.storage.snapshot_writer import write_snapshot
from speckeeper.tree.apply import apply
from speckeeper.tree.datatree import DataTree
from speckeeper.wire.codes import OpCode
from speckeeper.wire.quorum_config import QuorumConfig, decode_config
from speckeeper.wire.records import OPEN_ACL_UNSAFE
from speckeeper.wire.txns import CreateTxn, Txn, TxnHeader
from speckeeper.zab.settings import ZabSettings

LEADER, LEARNER = 1, 2
PATIENCE_S = 120.0
_MIB = 1 << 20


class Watch:
    """The longest turns of the loop in ms of processor time, and the most memory in MiB."""

    def __init__(self) -> None:
        self.turns: list[float] = []
        self.first = self.most = self._resident()
        self._over = False
        threading.Thread(target=self._look, daemon=True).start()

    async def run(self) -> None:
        """Measure every turn until it is cancelled."""
        last = time.thread_time()
        while True:
            await asyncio.sleep(0)
            now = time.thread_time()
            self.turns.append((now - last) * 1000)
            last = now

    def text(self) -> str:
        longest = ", ".join(f"{each:.1f}" for each in sorted(self.turns)[:-4:-1])
        return f"longest turns {longest} ms; memory {self.first:.0f} MiB, at most {self.most:.0f}"

    def _look(self) -> None:
        while True:
            self.most = max(self.most, self._resident())
            time.sleep(0.01)

    @staticmethod
    def _resident() -> float:
        return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / _MIB


def member(folder: Path, config: QuorumConfig, server_id: int) -> Member:
    storage = StorageSettings(folder / str(server_id))
    prepare_directories(storage, Disk())
    zab = ZabSettings(server_id, commit_log_count=1)
    return Member(zab, config, ServerSettings(server_id=server_id), storage, Disk())


def fill(folder: Path, nodes: int) -> None:
    """Write a snapshot for the leader to begin with."""
    storage = StorageSettings(folder / str(LEADER))
    prepare_directories(storage, Disk())
    tree = DataTree()
    for number in range(1, nodes + 1):
        path = f"/d{number % 1000}" + (f"/n{number}" if number >= 1000 else "")
        record = CreateTxn(path, b"." * 100, OPEN_ACL_UNSAFE, False, -1)
        apply(tree, Txn(TxnHeader(1, 1, number, 0, int(OpCode.CREATE)), record))
    write_snapshot(Disk(), storage, tree, nodes)


async def serves(measured: Member) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while measured.serving is None:
            await asyncio.sleep(0)


async def lead(folder: Path, config: str) -> None:
    leader = member(folder, decode_config(config.encode()), LEADER)
    await leader.start()
    await serves(leader)
    watch = Watch()
    watching = asyncio.create_task(watch.run())
    process = await asyncio.create_subprocess_exec(
        sys.executable, __file__, "--learner", str(folder), config, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    told = await process.stdout.readline()
    watching.cancel()
    assert leader.counts.snapshots_sent == 1
    print(f"leader:  {watch.text()}\nlearner: {told.decode().strip()}")
    await process.wait()
    await leader.close()


async def learn(folder: Path, config: str) -> None:
    learner = member(folder, decode_config(config.encode()), LEARNER)
    watch = Watch()
    watching = asyncio.create_task(watch.run())
    began = time.perf_counter()
    await learner.start()
    await serves(learner)
    took = time.perf_counter() - began
    watching.cancel()
    print(f"{watch.text()}; {len(learner.store.tree.nodes)} nodes in {took:.1f} s", flush=True)
    await learner.close()


def free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument("--nodes", type=int, default=200_000)
    parser.add_argument("--learner", nargs=2, metavar=("FOLDER", "CONFIG"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    prompt_threads()
    if options.learner:
        uvloop.run(learn(Path(options.learner[0]), options.learner[1]))
        return
    a, b, c, d = free_ports(4)
    config = f"server.1=127.0.0.1:{a}:{b}\nserver.2=127.0.0.1:{c}:{d}:observer"
    with tempfile.TemporaryDirectory() as folder:
        fill(Path(folder), options.nodes)
        uvloop.run(lead(Path(folder), config))


if __name__ == "__main__":
    main()
