"""What all servers of a world share, and who looks at them from outside."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple, Protocol

from speckeeper.sim.clock import Clock
from speckeeper.sim.moments import Moments
from speckeeper.sim.network import Network
from speckeeper.storage.errors import StorageError
from speckeeper.wire.election import ServerState
from speckeeper.wire.quorum_config import QuorumConfig

if TYPE_CHECKING:
    from speckeeper.sim.node import Node


class Observer(Protocol):
    """Who looks at the servers from outside."""

    def starts(self, node: Node) -> None:
        """A server has come up with what its disk holds."""
        ...

    def stops(self, node: Node, error: StorageError) -> None:
        """A server stops by itself."""
        ...

    def proposes(self, node: Node, zxid: int, entry: bytes) -> None:
        """A leader makes a proposal."""
        ...

    def configures(self, node: Node, config: QuorumConfig) -> None:
        """A configuration comes into force at a server."""
        ...

    def acknowledges(self, node: Node, link: int, zxid: int) -> None:
        """A learner sends an ACK."""
        ...

    def serves(self, node: Node, role: ServerState, zxid: int) -> None:
        """A server is about to serve: all of its tree counts as committed."""
        ...

    def delivers(self, node: Node, last: int, zxid: int, entry: bytes) -> None:
        """A server is about to apply a committed transaction behind the one with zxid ``last``."""
        ...


class Surroundings(NamedTuple):
    """What all servers of a world share."""

    clock: Clock
    network: Network
    nodes: dict[int, Node]
    observer: Observer
    log: Callable[[str], None] | None
    moments: Moments
    """Who waits for a moment of the protocol."""
