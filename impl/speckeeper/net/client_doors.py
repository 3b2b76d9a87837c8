"""The client port of a member of an ensemble: open while it serves, and shut between.

Every time of serving has a server of its own, and connections end with it. Who comes while the
doors are shut gets an answer to a four-letter word; a client is turned away at once, so that it
tries another member.

Source: ZooKeeper ``Learner.shutdown``, ``Leader.shutdown`` (closeAllConnections),
``NIOServerCnxn`` ("ZooKeeperServer not running").
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import cast

from speckeeper.net.acceptor import Acceptor
from speckeeper.net.client_port import ClientPort, ClientProtocol, Commands
from speckeeper.server.reasons import CloseReason
from speckeeper.server.server import Server

# Time for a visitor to send a word, and the size of the longest, which has a mask behind it.
_PATIENCE_S = 2.0
_WORD_SIZE, _LONGEST_WORD_SIZE = 4, 12
_LONGEST_WORD = b"stmk"


def no_commands(word: str) -> bytes | None:
    """Know no four-letter word."""
    return None


class ClientDoors:
    """Lets clients in to whichever server there is."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        listening: socket.socket,
        commands: Commands = no_commands,
        most_connections: int = 0,
    ) -> None:
        """``commands`` answers four-letter words; ``most_connections`` 0: no such limit."""
        self._loop = loop
        self._listening = listening
        self._commands = commands
        self._most_connections = most_connections
        self._acceptor: Acceptor | None = None
        self._closed = False
        self._visits: set[asyncio.Task[object]] = set()
        self.port: ClientPort | None = None
        loop.add_reader(listening.fileno(), self._hear_visitor)

    @property
    def is_quiet(self) -> bool:
        """Whether there is no more than one client."""
        return self.port is None or len(self.port.protocols) <= 1

    def open(
        self, server: Server, end_turn: Callable[[], None], end_turn_now: Callable[[], None]
    ) -> None:
        """Let clients in; ``end_turn`` is called when they have brought something.

        It runs the end of the turn soon, and ``end_turn_now`` at once.
        """
        self._loop.remove_reader(self._listening.fileno())
        self.port = ClientPort(
            server, self._commands, end_turn, self._most_connections, end_turn_now
        )
        self._acceptor = Acceptor(self._loop, self._listening.dup(), self.port)
        self._acceptor.start()

    def shut(self) -> None:
        """End all connections, and turn away who comes."""
        self._end()
        if not self._closed:
            self._loop.add_reader(self._listening.fileno(), self._hear_visitor)

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

    def _hear_visitor(self) -> None:
        try:
            client, _ = self._listening.accept()
        except OSError:
            return
        client.setblocking(False)
        task = self._loop.create_task(self._visit(client))
        self._visits.add(task)
        task.add_done_callback(self._visits.discard)

    async def _visit(self, client: socket.socket) -> None:
        try:
            await self._loop.connect_accepted_socket(lambda: _Visit(self._commands), client)
        except OSError:
            client.close()


class _Visit(asyncio.Protocol):
    """A connection while nobody is served: a word is answered, anything else ends it."""

    def __init__(self, commands: Commands) -> None:
        self._commands = commands
        self._received = b""
        self._transport: asyncio.Transport | None = None
        self._overdue: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._overdue = asyncio.get_running_loop().call_later(_PATIENCE_S, transport.close)

    def data_received(self, data: bytes) -> None:
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        word = self._received = self._received + data
        needed = _LONGEST_WORD_SIZE if word[:_WORD_SIZE] == _LONGEST_WORD else _WORD_SIZE
        if len(word) < needed:
            return
        transport.write(self._commands(word[:needed].decode("latin-1")) or b"")
        transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        if self._overdue is not None:
            self._overdue.cancel()
