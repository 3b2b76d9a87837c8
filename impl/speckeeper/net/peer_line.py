"""How servers reach each other, plainly or by TLS: for the election port and the quorum port.

Source: ZooKeeper ``QuorumCnxManager``, ``Leader``, ``Learner`` (sslQuorum, portUnification).
"""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar, cast

from speckeeper.net.acceptor import Acceptor
from speckeeper.net.peer_auth import Answering, Asking, PeerAuth, Prefix, no_prefix
from speckeeper.server.reasons import CloseReason

if TYPE_CHECKING:
    from speckeeper.net.tls.opening import TlsOpening

log = logging.getLogger(__name__)

P = TypeVar("P", bound=asyncio.Protocol)


class PeerLine:
    """Lets peers in, and calls them.

    ``tls``: how they are let in, None for plainly; ``dials``: they are called by TLS too.
    ``auth``: who may come, None for everybody.
    """

    def __init__(
        self, tls: TlsOpening | None = None, dials: bool = False, auth: PeerAuth | None = None
    ) -> None:
        self._auth = auth
        self._tls = tls
        self._dials = tls if dials else None

    @property
    def greets(self) -> bool:
        """Whether :meth:`dial` sends the greeting: it comes ahead of an authentication."""
        return self._auth is not None and self._auth.login is not None

    def accept(
        self,
        name: str,
        listening: socket.socket,
        protocol: Callable[[], asyncio.Protocol],
        prefix: Prefix = no_prefix,
    ) -> Acceptor:
        """Let peers in at a listening socket from now on; ``name``: what operators call it.

        ``prefix`` says how long what comes ahead of an authentication is.
        """
        auth = self._auth
        if auth is not None:
            return self._accept(name, listening, lambda: Answering(name, auth, prefix, protocol))
        return self._accept(name, listening, protocol)

    def _accept(
        self, name: str, listening: socket.socket, protocol: Callable[[], asyncio.Protocol]
    ) -> Acceptor:
        gate = _PeerGate(name, protocol)
        acceptor = Acceptor(asyncio.get_running_loop(), listening, gate, self._tls)
        acceptor.start()
        return acceptor

    async def dial(
        self, protocol: Callable[[], P], host: str, port: int, greeting: bytes = b""
    ) -> P:
        """Call a peer. Raises OSError, of which ssl.SSLError is one.

        ``greeting`` goes ahead of an authentication (see :attr:`greets`).
        """
        auth = self._auth
        if auth is None or auth.login is None:
            return await self._dial(protocol, host, port)
        login = auth.login
        asking = await self._dial(lambda: Asking(login, greeting, protocol), host, port)
        return cast(P, await asking.given)

    async def _dial(self, protocol: Callable[[], P], host: str, port: int) -> P:
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
    elif isinstance(error, ConnectionError) and str(error).startswith("SASL"):
        log.warning("%s of %s:%d: %s", name, host, port, error)
    else:
        log.debug("%s of %s:%d: %s", name, host, port, error or "no answer")
