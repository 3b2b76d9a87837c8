"""Run one member of an ensemble: `member_process.py ID CONFIG FOLDER TICK_MS CLIENT_PORT`.

CONFIG is a file with the text of the configuration. A line on standard output for every change of
role, and the nodes at the end; ends with SIGTERM.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import sys
from pathlib import Path

from speckeeper.net.listening import listen
from speckeeper.net.member import Member
from speckeeper.server.settings import ServerSettings
from speckeeper.storage.directories import prepare_directories
from speckeeper.storage.disk import Disk
from speckeeper.storage.settings import StorageSettings
from speckeeper.wire.quorum_config import decode_config
from speckeeper.zab.settings import ZabSettings


async def run(
    server_id: int, config: Path, folder: Path, tick_time_ms: int, client_port: int
) -> None:
    storage = StorageSettings(folder, pre_alloc_size_kb=64)
    prepare_directories(storage, Disk())
    settings = ZabSettings(server_id, tick_time_ms=tick_time_ms)
    server = ServerSettings(server_id=server_id, tick_time_ms=tick_time_ms)
    clients = listen("clients", "127.0.0.1", client_port, -1, False)
    text = decode_config(config.read_bytes())
    member = Member(settings, text, server, storage, Disk(), clients)
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    await member.start()
    waiting = asyncio.create_task(stopped.wait())
    role = None
    while not waiting.done() and member.failure is None:
        if member.serving is not role:
            role = member.serving
            print("role", role.name if role else "none", flush=True)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(waiting), 0.05)
    waiting.cancel()
    print("nodes", " ".join(sorted(member.store.tree.nodes)), flush=True)
    await member.close()
    if member.failure is not None:
        sys.exit(str(member.failure))


if __name__ == "__main__":
    logging.basicConfig(level=logging.DEBUG if "-v" in sys.argv else logging.INFO)
    own_id, config_file, data, tick, port = sys.argv[1:6]
    asyncio.run(run(int(own_id), Path(config_file), Path(data), int(tick), int(port)))
