"""A judge that says nothing: for runs that are judged by their traces and histories alone.

It keeps the books that clients and the end of a run look into as long as that goes, and what it
finds, or fails at, ends no run.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING

from speckeeper.sim.judge import Judge
from speckeeper.sim.judge_client import Asked, JudgedClient
from speckeeper.wire.election import ServerState
from speckeeper.wire.quorum_config import QuorumConfig

if TYPE_CHECKING:
    from speckeeper.sim.node import Node
    from speckeeper.storage.errors import StorageError


class BlindJudge(Judge):
    """Lets everything pass that servers do."""

    def starts(self, node: Node) -> None:
        """Say nothing of what a server finds."""
        with suppress(Exception):
            super().starts(node)

    def stops(self, node: Node, error: StorageError) -> None:
        """Say nothing of a server that stops by itself."""

    def proposes(self, node: Node, zxid: int, entry: bytes) -> None:
        """Say nothing of a proposal."""
        with suppress(Exception):
            super().proposes(node, zxid, entry)

    def configures(self, node: Node, config: QuorumConfig) -> None:
        """Say nothing of a configuration."""
        with suppress(Exception):
            super().configures(node, config)

    def acknowledges(self, node: Node, link: int, zxid: int) -> None:
        """Say nothing of an ACK."""

    def serves(self, node: Node, role: ServerState, zxid: int) -> None:
        """Say nothing of a tree that is served."""
        with suppress(Exception):
            super().serves(node, role, zxid)

    def delivers(self, node: Node, last: int, zxid: int, entry: bytes) -> None:
        """Say nothing of what is delivered."""
        with suppress(Exception):
            super().delivers(node, last, zxid, entry)

    def check_rest(self, nodes: Iterable[Node]) -> None:
        """Say nothing of servers at rest."""


class BlindClient(JudgedClient):
    """Takes whatever a server says."""

    def opened(self, session: int, applied: int) -> None:
        """A server has taken the client in."""
        self.session = session

    def begins_read_only(self, read_only: bool, asked: bool) -> None:
        """A server has said whether it can only read."""
        self._read_only = read_only

    def refused(self, session: int) -> None:
        """A server says that the session is over."""
        self.over()

    def fired(self, kind: int, path: str, zxid: int) -> None:
        """A watch event has come."""
        with suppress(Exception):
            super().fired(kind, path, zxid)

    def rewatched(self, zxid: int) -> None:
        """setWatches is answered."""
        with suppress(Exception):
            super().rewatched(zxid)
        self.last_zxid = zxid

    def replied(self, asked: Asked, xid: int, zxid: int, err: int, body: bytes) -> None:
        """A reply has come."""
        with suppress(Exception):
            super().replied(asked, xid, zxid, err, body)
        self.last_zxid = zxid
