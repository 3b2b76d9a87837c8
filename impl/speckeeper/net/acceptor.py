"""Accepting connections, a few at a time, so that a rush of newcomers does not hold up the others.

See ZooKeeper NIOServerCnxnFactory.AcceptThread: what cannot be accepted for want of descriptors
is tried again a little later (``pauseAccept``), what is over a limit is closed hard
(``fastCloseSock``).
"""

from __future__ import annotations

import asyncio
import logging
import socket
import struct
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

from speckeeper.net.addresses import java_host
from speckeeper.net.refusals import Refused
from speckeeper.server.reasons import CloseReason

if TYPE_CHECKING:
    from speckeeper.net.tls.opening import TlsOpening

log = logging.getLogger(__name__)

# Accepted in one turn of the loop: about a millisecond's worth.
ACCEPTS_PER_TURN = 16
_PAUSE_S = 0.01
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class Gate(Protocol):
    """Who may come in, and what serves who does: the client port, or an HTTP site."""

    def protocol(self) -> asyncio.Protocol:
        """Make the protocol of one more connection."""

    def refusal(self, host: str) -> CloseReason | None:
        """Why a connection from ``host`` may not come in, None if it may."""

    def refuse(self, reason: CloseReason, peer: str) -> None:
        """Count and log a connection that was not let in."""


class Acceptor:
    """Lets the peers of one listening socket in, through the limits of its gate."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        listening: socket.socket,
        port: Gate,
        tls: TlsOpening | None = None,
    ) -> None:
        """``tls``: how connections are opened; None for plainly."""
        self._loop = loop
        self._tls = tls
        self._listening = listening
        self._port = port
        self._opening: set[asyncio.Task[object]] = set()
        self._closed = False

    def start(self) -> None:
        """Begin to accept."""
        if not self._closed:
            self._loop.add_reader(self._listening.fileno(), self._accept)

    def close(self) -> None:
        """Accept nobody any more."""
        if not self._closed:
            self._closed = True
            self._loop.remove_reader(self._listening.fileno())
            self._listening.close()

    def _accept(self) -> None:
        for _ in range(ACCEPTS_PER_TURN):
            try:
                client, address = self._listening.accept()
            except (BlockingIOError, InterruptedError):
                return
            except ConnectionError:
                continue  # it was gone before it was let in
            except OSError as error:
                self._pause(error)
                return
            host = java_host(address[0])
            refusal = self._port.refusal(host)
            if refusal is not None:
                self._port.refuse(refusal, f"{host}:{address[1]}")
                _cut(client)
                continue
            client.setblocking(False)
            task = self._loop.create_task(self._open(client, f"{host}:{address[1]}"))
            self._opening.add(task)
            task.add_done_callback(self._opening.discard)

    async def _open(self, client: socket.socket, peer: str) -> None:
        try:
            if self._tls is None:
                await self._loop.connect_accepted_socket(self._port.protocol, client)
            else:
                await self._tls.open(self._loop, self._port.protocol, client)
        except Refused as refused:
            self._port.refuse(refused.reason, f"{peer} ({refused})")
            client.close()
        except OSError as error:
            log.debug("a connection failed while it was being opened: %s", error)
            client.close()

    def _pause(self, error: OSError) -> None:
        """Try again soon: the newcomers wait in the backlog, and this loop does not spin."""
        self._port.refuse(CloseReason.OUT_OF_DESCRIPTORS, error.strerror or str(error))
        self._loop.remove_reader(self._listening.fileno())
        self._loop.call_later(_PAUSE_S, self.start)


def _cut(client: socket.socket) -> None:
    """Close at once, without a goodbye that would keep the connection around."""
    with suppress(OSError):
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
    client.close()
