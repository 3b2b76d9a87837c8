"""How a socket that was accepted becomes a connection: plain, by TLS, or by what it says first.

Source: ZooKeeper ``NettyServerCnxnFactory`` (``DualModeSslHandler``, outstandingHandshake),
``UnifiedServerSocket``.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from collections.abc import Callable
from typing import cast

from speckeeper.net.addresses import java_host
from speckeeper.net.refusals import Refused
from speckeeper.net.tls.context import TlsContexts
from speckeeper.net.tls.identity import is_for
from speckeeper.server.reasons import CloseReason

log = logging.getLogger(__name__)

_HANDSHAKE = 0x16
HANDSHAKE_S = 10.0


class TlsOpening:
    """Opens the connections of one listening socket.

    ``handshakes``: how many are in progress; ``failed``: how many came to nothing.
    """

    def __init__(self, contexts: TlsContexts, plain_too: bool | None = None) -> None:
        """``plain_too``: who speaks no TLS is let in as well; None: as the settings say."""
        self.contexts = contexts
        self._plain_too = contexts.settings.plain_too if plain_too is None else plain_too
        self.handshakes = 0
        self.failed = 0

    def always(self) -> TlsOpening:
        """Return one with the same contexts that lets nobody in without TLS."""
        return TlsOpening(self.contexts, False)

    async def open(
        self,
        loop: asyncio.AbstractEventLoop,
        protocol: Callable[[], asyncio.Protocol],
        sock: socket.socket,
    ) -> None:
        """Open one. Raises Refused (counted here) or OSError."""
        settings = self.contexts.settings
        if settings.most_handshakes and self.handshakes >= settings.most_handshakes:
            raise Refused("too many TLS handshakes", CloseReason.TOO_MANY_HANDSHAKES)
        self.handshakes += 1
        try:
            if self._plain_too and not await speaks_tls(loop, sock, settings.detection_s):
                await loop.connect_accepted_socket(protocol, sock)
                return
            await self._shake_hands(loop, protocol, sock)
        except (ssl.SSLError, ConnectionError, TimeoutError) as error:
            self.failed += 1
            raise Refused(f"TLS handshake: {explained(error)}") from None
        finally:
            self.handshakes -= 1

    async def _shake_hands(
        self,
        loop: asyncio.AbstractEventLoop,
        protocol: Callable[[], asyncio.Protocol],
        sock: socket.socket,
    ) -> None:
        settings, context = self.contexts.settings, self.contexts.accepting
        if not settings.verify_client:
            await loop.connect_accepted_socket(
                protocol, sock, ssl=context, ssl_handshake_timeout=HANDSHAKE_S
            )
            return
        host = java_host(sock.getpeername()[0])
        transport, _ = await loop.connect_accepted_socket(
            _Unknown, sock, ssl=context, ssl_handshake_timeout=HANDSHAKE_S
        )
        stream = transport
        if not await _is_named(stream, host, settings.reverse_lookup):
            stream.abort()
            self.failed += 1
            raise Refused(f"TLS handshake: the certificate is not for {host}")
        known = protocol()
        stream.set_protocol(known)
        known.connection_made(stream)
        stream.resume_reading()


class _Unknown(asyncio.Protocol):
    """Reads nothing from a peer whose certificate is still being looked at."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        cast(asyncio.Transport, transport).pause_reading()


async def _is_named(transport: asyncio.BaseTransport, host: str, reverse_lookup: bool) -> bool:
    certificate = peer_certificate(transport)
    if certificate is None:
        return True  # none was asked for, or it may be missing
    if is_for(certificate, [host]):
        return True
    if not reverse_lookup:
        return False
    try:
        name, _ = await asyncio.get_running_loop().getnameinfo((host, 0), socket.NI_NAMEREQD)
    except OSError:
        return False
    return is_for(certificate, [name])


async def speaks_tls(
    loop: asyncio.AbstractEventLoop, sock: socket.socket, patience_s: float
) -> bool:
    """Whether the first byte that comes is that of a TLS handshake; it stays unread.

    Nothing in time, or an end, is not. Raises OSError.
    """
    ready = loop.create_future()

    def readable() -> None:
        if not ready.done():
            ready.set_result(None)

    loop.add_reader(sock.fileno(), readable)
    try:
        async with asyncio.timeout(patience_s):
            await ready
    except TimeoutError:
        return False
    finally:
        loop.remove_reader(sock.fileno())
    return sock.recv(1, socket.MSG_PEEK)[:1] == bytes([_HANDSHAKE])


def peer_certificate(transport: asyncio.BaseTransport) -> bytes | None:
    """Return the certificate (DER) that the peer has shown and that was found good, if any."""
    session = transport.get_extra_info("ssl_object")
    return None if session is None else session.getpeercert(binary_form=True)


def explained(error: Exception) -> str:
    """Return in a few words why a handshake failed."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message or "the certificate is not accepted"
    if isinstance(error, ssl.SSLError):
        return (error.reason or str(error)).lower().replace("_", " ")
    if isinstance(error, TimeoutError):
        return "it took too long"
    return str(error) or type(error).__name__
