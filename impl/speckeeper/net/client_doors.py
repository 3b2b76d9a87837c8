"""The client port of a member of an ensemble: open while it serves, and shut between.

Every time of serving has a server of its own, and connections end with it. Who comes while the
doors are shut is turned away at once, so that the client tries another member.

Source: ZooKeeper ``Learner.shutdown``, ``Leader.shutdown`` (closeAllConnections),
``NIOServerCnxn`` ("ZooKeeperServer not running").
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

from speckeeper.net.acceptor import Acceptor
from speckeeper.net.client_port import ClientPort, ClientProtocol, Commands
from speckeeper.server.reasons import CloseReason
from speckeeper.server.server import Server


def no_commands(word: str) -> bytes | None:
    """Know no four-letter word."""
    return None


class ClientDoors:
    """Lets clients in to whichever server there is. ``commands``: answers four-letter words."""

    def __init__(self, loop: asyncio.AbstractEventLoop, listening: socket.socket) -> None:
        self._loop = loop
        self._listening = listening
        self._acceptor: Acceptor | None = None
        self._closed = False
        self.port: ClientPort | None = None
        self.commands: Commands = no_commands
        loop.add_reader(listening.fileno(), self._turn_away)

    def open(self, server: Server, end_turn: Callable[[], None]) -> None:
        """Let clients in; ``end_turn`` is called when they have brought something."""
        self._loop.remove_reader(self._listening.fileno())
        self.port = ClientPort(server, self.commands, end_turn)
        self._acceptor = Acceptor(self._loop, self._listening.dup(), self.port)
        self._acceptor.start()

    def shut(self) -> None:
        """End all connections, and turn away who comes."""
        self._end()
        if not self._closed:
            self._loop.add_reader(self._listening.fileno(), self._turn_away)

    def close(self) -> None:
        """End everything."""
        if not self._closed:
            self._closed = True
            self._end()
            self._loop.remove_reader(self._listening.fileno())
            self._listening.close()

    def write(self, server: Server) -> None:
        """Write what connections have."""
        for connection in server.take_dirty():
            driver = connection.driver
            if isinstance(driver, ClientProtocol):
                driver.flush()

    def _end(self) -> None:
        acceptor, self._acceptor = self._acceptor, None
        if acceptor is not None:
            acceptor.close()
        port, self.port = self.port, None
        if port is not None:
            port.stopping = True
            for protocol in [*port.protocols]:
                protocol.cut(CloseReason.SERVER_SHUTDOWN)

    def _turn_away(self) -> None:
        try:
            client, _ = self._listening.accept()
        except OSError:
            return
        client.close()
