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
from typing import TYPE_CHECKING, NamedTuple, cast

from speckeeper.net.acceptor import Acceptor
from speckeeper.net.client_port import ClientPort, ClientProtocol, Commands
from speckeeper.net.refusals import Refused
from speckeeper.server.reasons import CloseReason
from speckeeper.server.server import Server

if TYPE_CHECKING:
    from speckeeper.net.tls.opening import TlsOpening

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
        commands: Commands = no_commands,
        most_connections: int = 0,
        counted: Callable[[int], None] = lambda connections: None,
    ) -> None:
        """``commands`` answers four-letter words; ``most_connections`` 0: no such limit.

        ``counted``: told how many clients there are whenever that changes.
        """
        self._loop = loop
        self._counted = counted
        self._doors: list[_Door] = []
        self._commands = commands
        self._most_connections = most_connections
        self._acceptors: list[Acceptor] = []
        self._closed = False
        self._visits: set[asyncio.Task[object]] = set()
        self.port: ClientPort | None = None

    def add(
        self, listening: socket.socket, tls: TlsOpening | None = None, secure: bool = False
    ) -> None:
        """Let clients in at one more listening socket; ``tls``: how, None for plainly.

        ``secure``: they count as clients of the secure port. Before the first :meth:`open`.
        """
        door = _Door(listening, tls, secure)
        self._doors.append(door)
        self._wait_for_visitors(door)

    def open(
        self, server: Server, end_turn: Callable[[], None], end_turn_now: Callable[[], None]
    ) -> None:
        """Let clients in; ``end_turn`` is called when they have brought something.

        It runs the end of the turn soon, and ``end_turn_now`` at once.
        """

        def counted(connections: int) -> None:
            if self.port is port:  # and not of the last time, whose connections are being cut
                self._counted(connections)

        port = self.port = ClientPort(
            server, self._commands, end_turn, self._most_connections, end_turn_now, counted
        )
        for door in self._doors:
            self._loop.remove_reader(door.listening.fileno())
            gate = port.secure if door.secure else port
            acceptor = Acceptor(self._loop, door.listening.dup(), gate, door.tls)
            acceptor.start()
            self._acceptors.append(acceptor)

    def shut(self) -> None:
        """End all connections, and turn away who comes."""
        self._end()
        if not self._closed:
            for door in self._doors:
                self._wait_for_visitors(door)

    def close(self) -> None:
        """End everything."""
        if not self._closed:
            self._closed = True
            self._end()
            for door in self._doors:
                self._loop.remove_reader(door.listening.fileno())
                door.listening.close()

    def write(self, server: Server) -> None:
        """Write what connections have."""
        for connection in server.take_dirty():
            driver = connection.driver
            if isinstance(driver, ClientProtocol):
                driver.flush()

    def _end(self) -> None:
        for acceptor in self._acceptors:
            acceptor.close()
        self._acceptors.clear()
        port, self.port = self.port, None
        self._counted(0)
        if port is not None:
            port.stopping = True
            for protocol in [*port.protocols]:
                protocol.cut(CloseReason.SERVER_SHUTDOWN)

    def _wait_for_visitors(self, door: _Door) -> None:
        self._loop.add_reader(door.listening.fileno(), self._hear_visitor, door)

    def _hear_visitor(self, door: _Door) -> None:
        try:
            client, _ = door.listening.accept()
        except OSError:
            return
        client.setblocking(False)
        task = self._loop.create_task(self._visit(client, door.tls))
        self._visits.add(task)
        task.add_done_callback(self._visits.discard)

    async def _visit(self, client: socket.socket, tls: TlsOpening | None) -> None:
        def visit() -> _Visit:
            return _Visit(self._commands)

        try:
            if tls is None:
                await self._loop.connect_accepted_socket(visit, client)
            else:
                await tls.open(self._loop, visit, client)
        except (OSError, Refused):
            client.close()


class _Door(NamedTuple):
    """A listening socket, and how those who come are let in."""

    listening: socket.socket
    tls: TlsOpening | None
    secure: bool


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
