"""Replacing the database of a running server by a snapshot (ZooKeeper
ZooKeeperServer.restoreFromSnapshot).

Apache swaps the tree in memory and leaves the disk as it was, so that the next start brings the old
data back. Here the restored tree is a snapshot on disk before anybody is served from it, under the
newest zxid there is: the log of the old tree lies before it, and a client that has seen the old
tree is not turned away.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from pathlib import Path

from speckeeper.net.service import Service, now_ms
from speckeeper.server.reasons import CloseReason
from speckeeper.storage.names import NamedFile
from speckeeper.storage.snapshot_writer import write_snapshot
from speckeeper.storage.snapshots import HEAD_SIZE, compression_of, load_snapshot
from speckeeper.tree.datatree import DataTree

log = logging.getLogger(__name__)

#: A name that the next start removes if this process does not live to do it.
_UPLOAD_NAME = "snapshot.restore.tmp"
_PATIENCE_S = 10.0


class RestoreError(Exception):
    """The snapshot cannot take the place of the database; the database is as it was."""


async def restore_from(service: Service, body: AsyncIterator[bytes]) -> int:
    """Restore the snapshot whose bytes `body` yields; return the zxid of the restored tree.

    All connections are closed; sessions that the snapshot holds can be resumed. Raises
    `RestoreError`, `StorageError`, `OSError`; up to the swap nothing has changed.
    """
    upload = service.storage.snapshot_directory / _UPLOAD_NAME
    try:
        tree = await _receive(service, upload, body)
    finally:
        upload.unlink(missing_ok=True)
    service.port.stopping = True  # newcomers try again
    try:
        await _drain(service)
        return _swap(service, tree)
    finally:
        service.port.stopping = False


async def _receive(service: Service, upload: Path, body: AsyncIterator[bytes]) -> DataTree:
    """Write the body to a file and load it into a tree of its own."""
    first = b""
    with upload.open("wb") as file:
        async for chunk in body:
            first += chunk[: HEAD_SIZE - len(first)]
            file.write(chunk)
    if not first:
        raise RestoreError("the request has no body")
    tree = DataTree(digest_enabled=service.storage.digest_enabled)
    trailer = load_snapshot(service.files, NamedFile(0, upload, compression_of(first)), tree)
    if trailer.last_zxid is None:
        raise RestoreError("the snapshot does not say its last zxid (it is of before 3.9)")
    tree.last_processed_zxid = trailer.last_zxid
    return tree


async def _drain(service: Service) -> None:
    """Close every connection and wait until no write is under way."""
    for protocol in list(service.port.protocols):
        protocol.cut(CloseReason.CONNECTION_CLOSE_FORCED)
    async with asyncio.timeout(_PATIENCE_S):
        while service.server.waiting:
            await asyncio.sleep(0.001)


def _swap(service: Service, tree: DataTree) -> int:
    """Make the tree durable, then serve it. The loop stands still meanwhile, on purpose."""
    server = service.server
    zxid = max(server.pipeline.zxid, tree.last_processed_zxid)
    restored = tree.last_processed_zxid
    tree.last_processed_zxid = zxid
    file = write_snapshot(service.files, service.storage, tree, zxid)
    service.writer.roll()
    server.adopt(tree, now_ms())
    service.snapshotter.last = file
    log.info("restored a snapshot of zxid 0x%x as zxid 0x%x, in %s", restored, zxid, file.path)
    return zxid
