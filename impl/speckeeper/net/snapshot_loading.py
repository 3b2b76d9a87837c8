"""A snapshot that a leader sends becomes a tree while it comes, on a thread.

Only what the thread has not read yet is held as bytes; who feeds it is told when that is much, and
when it can go on.

Source: ZooKeeper ``Learner.syncWithLeader`` (``ZKDatabase.deserializeSnapshot``).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from queue import SimpleQueue
from threading import Thread

from speckeeper.storage.member_files import load_sent
from speckeeper.tree.datatree import DataTree
from speckeeper.wire.errors import WireError

MOST_BYTES = 8 << 20
"""As much may wait for the thread."""


class SnapshotLoading:
    """One snapshot on its way. Made and fed on the loop's thread."""

    def __init__(self, digest_enabled: bool, caught_up: Callable[[], None]) -> None:
        """``caught_up`` is called on the loop when it may be fed again, after ``is_behind``."""
        self._loop = asyncio.get_running_loop()
        self._caught_up = caught_up
        self._pieces: SimpleQueue[bytes | None] = SimpleQueue()
        self._fed = self._read = 0
        self._waited_for = False
        self._aborted = False
        self._tree: Future[DataTree] = Future()
        self._digest_enabled = digest_enabled
        Thread(target=self._run, name="snapshot from leader", daemon=True).start()

    @property
    def is_behind(self) -> bool:
        """Whether it should be fed no more until ``caught_up``."""
        self._waited_for = self._fed - self._read > MOST_BYTES
        return self._waited_for

    def feed(self, piece: bytes) -> None:
        """Take the next bytes of the body."""
        self._fed += len(piece)
        self._pieces.put(piece)

    def end(self) -> None:
        """Say that the body is complete."""
        self._pieces.put(None)

    def abort(self) -> None:
        """Give it up; the thread ends soon."""
        self._aborted = True
        self._pieces.put(None)

    async def tree(self, zxid: int) -> DataTree:
        """Return the tree, whose last transaction is ``zxid``. Raises WireError, InvalidTree."""
        tree = await asyncio.wrap_future(self._tree)
        tree.last_processed_zxid = zxid
        return tree

    def _run(self) -> None:
        try:
            tree = load_sent(self._chunks(), 0, self._digest_enabled)
        except Exception as error:  # noqa: BLE001  (who waits for the tree has to hear of it)
            self._tree.set_exception(error)
        else:
            self._tree.set_result(tree)

    def _chunks(self) -> Iterator[bytes]:
        while (piece := self._pieces.get()) is not None:
            yield piece
            self._read += len(piece)
            if self._waited_for and self._fed - self._read < MOST_BYTES // 2:
                self._waited_for = False
                try:
                    self._loop.call_soon_threadsafe(self._caught_up)
                except RuntimeError:
                    return  # the loop is closed, nobody waits any more
        if self._aborted:
            raise WireError("the connection ended within the snapshot")
