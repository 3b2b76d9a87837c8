"""The client port of a simulated server: open while it serves, and shut between.

The counterpart of ``net/client_doors.py`` and ``net/client_port.py``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from speckeeper.server.connection import Connection
from speckeeper.server.reasons import CloseReason
from speckeeper.server.server import Server
from speckeeper.sim.link import Link

if TYPE_CHECKING:
    from speckeeper.sim.node import Node

Take = Callable[[bytes], None]
Receive = Callable[[bytes, int], None]
"""Bytes for a client, and the zxid up to which the server had applied when it sent them."""


def address_of(client: int) -> str:
    """Return the address from which a client comes."""
    return f"10.0.0.{client % 256}"


class Doors:
    """The client connections of one server."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._server: Server | None = None
        self._open: dict[Connection, tuple[Link, Receive]] = {}

    def open(self, server: Server) -> None:
        """Let clients in."""
        self._server = server

    def shut(self) -> None:
        """End all connections, and turn away who comes."""
        server, self._server = self._server, None
        connections, self._open = self._open, {}
        for connection, (link, _) in connections.items():
            if server is not None:
                server.disconnect(connection, CloseReason.SERVER_SHUTDOWN)
            link.close(self._node.id)

    @property
    def are_open(self) -> bool:
        """Whether clients are let in."""
        return self._server is not None

    def accept(self, client: int, receive: Receive, gone: Callable[[], None]) -> tuple[Link, Take]:
        """Take in a connection of a client; return it, and what takes the client's bytes there.

        ``receive`` is given what the client is sent, ``gone`` called when it hears of the end.
        """
        node, server = self._node, self._server
        assert server is not None
        connection = server.connect(address_of(client), client, node.clock.now_ms)

        def lost() -> None:
            if self._open.pop(connection, None) is not None:
                server.disconnect(connection, CloseReason.CLIENT_CLOSED_CONNECTION)

        link = Link(node.world.network, (client, node.id), (gone, node.later(lost)))
        self._open[connection] = (link, receive)
        return link, node.later(lambda data: self._received(server, connection, data))

    def write(self, server: Server) -> None:
        """Send what connections have."""
        for connection in server.take_dirty():
            self._flush(connection)

    def _received(self, server: Server, connection: Connection, data: bytes) -> None:
        if connection in self._open and self._server is server:
            server.receive(connection, data, self._node.clock.now_ms)
            self._flush(connection)

    def _flush(self, connection: Connection) -> None:
        found = self._open.get(connection)
        if found is None:
            return
        link, receive = found
        if connection.output:
            data = b"".join(connection.output)
            connection.output.clear()
            applied = self._node.tree.last_processed_zxid
            link.send(self._node.id, lambda: receive(data, applied))
        if connection.close_reason is not None:
            del self._open[connection]
            link.finish(self._node.id)
            assert self._server is not None
            self._server.disconnect(connection, connection.close_reason)
