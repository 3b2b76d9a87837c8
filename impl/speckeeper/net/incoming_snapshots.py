"""Snapshots that come on links of a member, each being read on a thread of its own."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from speckeeper.net.snapshot_loading import SnapshotLoading
from speckeeper.wire.quorum_stream import SnapshotPiece
from speckeeper.zab.effects import Link


class IncomingSnapshots:
    """Made and used on the loop's thread."""

    def __init__(self, digest_enabled: bool, read: Callable[[Link, bool], None]) -> None:
        """``read(link, wanted)``: take nothing more from a link, or go on."""
        self._digest_enabled = digest_enabled
        self._read = read
        self._loading: dict[Link, SnapshotLoading] = {}

    def feed(self, link: Link, piece: SnapshotPiece) -> None:
        """Take a part of the snapshot of a link, the first or the next."""
        loading = self._loading.get(link)
        if loading is None:
            loading = self._loading[link] = SnapshotLoading(
                self._digest_enabled, partial(self._read, link, True)
            )
        loading.feed(piece.body)
        if piece.last:
            loading.end()
        elif loading.is_behind:
            self._read(link, False)

    def take(self, link: Link) -> SnapshotLoading:
        """Take out the snapshot of a link, which has come to its end."""
        return self._loading.pop(link)

    def give_up(self, link: Link) -> None:
        """Forget the snapshot of a link, if there is one."""
        loading = self._loading.pop(link, None)
        if loading is not None:
            loading.abort()

    def give_up_all(self) -> None:
        """Forget all of them."""
        for link in [*self._loading]:
            self.give_up(link)
