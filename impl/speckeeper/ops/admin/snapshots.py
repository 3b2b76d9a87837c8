"""The AdminServer's guarded commands: take and send a snapshot, restore one, shed connections.

ZooKeeper: SnapshotCommand, RestoreCommand, ShedConnectionsCommand in Commands.java. Unlike Apache,
a restore is durable when it is answered: see `restore`.
"""

import asyncio
import json
import logging
import random
import shutil
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

from speckeeper.ops.admin.access import RateLimiter
from speckeeper.ops.admin.commands import Answer
from speckeeper.ops.admin.restore import RestoreError, restore_from
from speckeeper.ops.running import Running
from speckeeper.server.reasons import CloseReason
from speckeeper.storage.errors import StorageError
from speckeeper.storage.names import NamedFile
from speckeeper.storage.settings import StorageSettings

log = logging.getLogger(__name__)

OK, BAD_REQUEST, TOO_MANY, FAILED, UNAVAILABLE = 200, 400, 429, 500, 503

#: A request body of `shed` is a number in JSON.
_LONGEST_SHED = 1024


@dataclass
class Outcome:
    """What a guarded command answers: HTTP status, JSON keys, headers, and maybe a file to send.

    ``folder``: what to remove when it has been sent.
    """

    status: int = OK
    answer: Answer = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    file: Path | None = None
    folder: Path | None = None


class SnapshotCommands:
    """The commands and what they remember between calls."""

    def __init__(self, running: Running) -> None:
        self._running = running
        interval_ms = running.config.number("admin.rateLimiterIntervalInMS")
        self._snapshots = RateLimiter(interval_ms)
        self._restores = RateLimiter(interval_ms)

    async def snapshot(self, streaming: bool) -> Outcome:
        """Take a snapshot; send the file if `streaming`."""
        running, admin = self._running, self._running.admin
        refusal = self._refusal("admin.snapshot.enabled")
        if refusal is not None:
            return refusal
        if not self._snapshots.allow():
            admin.snapshot_rate_limited += 1
            return Outcome(TOO_MANY)
        try:
            file = await running.snapshotter.take()
            if streaming:
                return await self._consistent(file)
            size = file.path.stat().st_size
        except (StorageError, OSError) as error:
            admin.snapshot_errors += 1
            log.warning("snapshot by the admin command failed: %s", error)
            return Outcome(FAILED)
        headers = {"last_zxid": f"0x{file.zxid:x}", "snapshot_size": str(size)}
        return Outcome(headers=headers)

    async def _consistent(self, file: NamedFile) -> Outcome:
        """Send a snapshot that needs no log.

        If the tree has changed while it was taken, one is made of the file and the log behind it,
        by a process beside this one, so that clients do not wait for it.
        """
        zxid = self._running.server.tree.last_processed_zxid
        if zxid == file.zxid:
            return _sent(zxid, file.path, None)
        storage = self._running.service.storage
        folder = Path(tempfile.mkdtemp(prefix="backup.", dir=storage.data_dir))
        try:
            return _sent(zxid, await _rebuilt(folder / "data", zxid, storage), folder)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise

    async def restore(self, body: AsyncIterator[bytes]) -> Outcome:
        """Replace the database by the snapshot in the request's body."""
        running, admin = self._running, self._running.admin
        refusal = self._refusal("admin.restore.enabled")
        if refusal is not None:
            return refusal
        service = running.standalone
        if service is None:
            return Outcome(UNAVAILABLE, {"error": "restore is for a standalone server"})
        if not self._restores.allow():
            admin.restore_rate_limited += 1
            return Outcome(TOO_MANY)
        started = time.monotonic()
        try:
            zxid = await restore_from(service, body)
        except (RestoreError, StorageError, OSError) as error:
            admin.restore_errors += 1
            log.warning("restore failed: %s", error)
            return Outcome(FAILED, {"error": str(error)})
        admin.restore_time.add(int((time.monotonic() - started) * 1000))
        return Outcome(answer={"last_zxid": zxid})

    def _refusal(self, switch: str) -> Outcome | None:
        values = self._running.config.values
        if not values[switch]:
            return Outcome(UNAVAILABLE)
        if not values["serializeLastProcessedZxid.enabled"]:
            return Outcome(FAILED, {"error": "serializeLastProcessedZxid.enabled is false"})
        return None

    async def shed(self, body: AsyncIterator[bytes]) -> Outcome:
        """Close about the given percentage of connections, picked at random."""
        text = bytearray()
        async for chunk in body:
            text += chunk
            if len(text) > _LONGEST_SHED:
                break
        try:
            percentage = json.loads(text)["percentage"]
        except (ValueError, RecursionError) as error:
            text_of = f"Invalid JSON or failed to read request body: {error}"
            return Outcome(BAD_REQUEST, {"error": text_of})
        except (KeyError, TypeError):
            return Outcome(BAD_REQUEST, {"error": "Missing required field: percentage"})
        if not isinstance(percentage, int) or not 0 <= percentage <= 100:
            return Outcome(BAD_REQUEST, {"error": "Percentage must be between 0 and 100"})
        port = self._running.service.port
        protocols = [] if port is None else list(port.protocols)
        chosen = [each for each in protocols if random.random() * 100 < percentage]
        for protocol in chosen:
            protocol.cut(CloseReason.CONNECTION_CLOSE_FORCED)
        log.info("shed %d connections (%d%%)", len(chosen), percentage)
        return Outcome(answer={"connections_shed": len(chosen), "percentage_requested": percentage})


def _sent(zxid: int, path: Path, folder: Path | None) -> Outcome:
    size = path.stat().st_size
    headers = {"last_zxid": f"0x{zxid:x}", "snapshot_size": str(size)}
    return Outcome(headers=headers, file=path, folder=folder)


async def _rebuilt(out: Path, zxid: int, storage: StorageSettings) -> Path:
    """Have a process write the snapshot of a point in time; return it. Raises StorageError."""
    sources = dict.fromkeys((storage.snapshot_directory, storage.log_directory))
    module = "speckeeper.ops.backup.rebuild"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", module, str(out), str(zxid), *map(str, sources)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        told, wrong = await process.communicate()
    except BaseException:
        process.kill()
        raise
    if process.returncode:
        said = wrong.decode("utf-8", "replace").strip().splitlines()
        raise StorageError(out, said[-1] if said else "the process failed", "see the log")
    return Path(told.decode().strip())
