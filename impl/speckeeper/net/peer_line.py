"""How servers reach each other, plainly or by TLS: for the election port and the quorum port.

Source: ZooKeeper ``QuorumCnxManager``, ``Leader``, ``Learner`` (sslQuorum, portUnification).
"""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from speckeeper.net.acceptor import Acceptor
from speckeeper.server.reasons import CloseReason

if TYPE_CHECKING:
    from speckeeper.net.tls.opening import TlsOpening

log = logging.getLogger(__name__)

P = TypeVar("P", bound=asyncio.Protocol)


class PeerLine:
    """Lets peers in, and calls them.

    ``tls``: how they are let in, None for plainly; ``dials``: they are called by TLS too.
    """

    def __init__(self, tls: TlsOpening | None = None, dials: bool = False) -> None:
        self._tls = tls
        self._dials = tls if dials else None

    def accept(
        self, name: str, listening: socket.socket, protocol: Callable[[], asyncio.Protocol]
    ) -> Acceptor:
        """Let peers in at a listening socket from now on; ``name``: what operators call it."""
        gate = _PeerGate(name, protocol)
        acceptor = Acceptor(asyncio.get_running_loop(), listening, gate, self._tls)
        acceptor.start()
        return acceptor

    async def dial(self, protocol: Callable[[], P], host: str, port: int) -> P:
        """Call a peer. Raises OSError, of which ssl.SSLError is one."""
        loop = asyncio.get_running_loop()
        if self._dials is None:
            return (await loop.create_connection(protocol, host, port))[1]
        context = self._dials.contexts.connecting
        _, made = await loop.create_connection(
            protocol, host, port, ssl=context, server_hostname=host
        )
        return made


class _PeerGate:
    """Every server of the ensemble may come, as often as it likes."""

    def __init__(self, name: str, protocol: Callable[[], asyncio.Protocol]) -> None:
        self._name = name
        self.protocol = protocol

    def refusal(self, host: str) -> CloseReason | None:
        return None

    def refuse(self, reason: CloseReason, peer: str) -> None:
        log.warning("%s: closed the connection from %s: %s", self._name, peer, reason.value)


def log_unreached(name: str, host: str, port: int, error: Exception) -> None:
    """Log why a peer was not reached: one that is down is ordinary, a certificate is not."""
    if isinstance(error, ssl.SSLError):
        why = getattr(error, "verify_message", "") or error.reason or str(error)
        log.warning("%s of %s:%d: TLS: %s", name, host, port, why)
    else:
        log.debug("%s of %s:%d: %s", name, host, port, error or "no answer")
