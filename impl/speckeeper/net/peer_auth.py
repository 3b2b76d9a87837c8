"""SASL between servers: what happens on a connection before the port behind it hears of it.

Whoever calls sends an empty token and then answers the challenge; whoever is called may demand it.
When it is over the connection is given to its real protocol, with all bytes that are not of the
negotiation.

Source: ZooKeeper ``SaslQuorumAuthServer``, ``SaslQuorumAuthLearner``.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar, cast

from speckeeper.server.digest_md5 import DigestMd5, DigestMd5Client, SaslError
from speckeeper.wire.errors import WireError
from speckeeper.wire.quorum_auth import (
    MAGIC_BYTES,
    AuthPacket,
    AuthStatus,
    decode_auth_packet,
    encode_auth_packet,
)

log = logging.getLogger(__name__)

_SERVICE, _HOST = "zookeeper-quorum", "zk-quorum-sasl-md5"
PATIENCE_S = 5.0

P = TypeVar("P", bound=asyncio.Protocol)
Prefix = Callable[[bytes], int | None]
"""How long what comes ahead of a negotiation is; None: more has to come. May raise WireError."""


@dataclass(frozen=True, slots=True)
class PeerAuth:
    """Who may come, and as whom we call (``quorum.auth.*``).

    ``users``: passwords by name. ``login``: our own name and password, None if we call without.
    ``required``: who does not authenticate is turned away.
    """

    users: Mapping[str, str] = field(repr=False)
    login: tuple[str, str] | None = field(default=None, repr=False)
    required: bool = False


def no_prefix(data: bytes) -> int:
    """Nothing comes ahead of it."""
    return 0


class _Before(asyncio.Protocol):
    """A connection whose negotiation is not over."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._buffer = b""
        self._overdue: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        loop = asyncio.get_running_loop()
        self._overdue = loop.call_later(PATIENCE_S, self._fail, "the authentication takes too long")

    def connection_lost(self, error: Exception | None) -> None:
        self._fail("the connection has ended")

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        try:
            while self._transport is not None and self._go():
                pass
        except (WireError, SaslError) as error:
            self._fail(str(error))

    def _go(self) -> bool:
        """Take a step; False if more has to come, or all is over."""
        raise NotImplementedError

    def _packet(self) -> AuthPacket | None:
        found = decode_auth_packet(self._buffer)
        if found is None:
            return None
        packet, size = found
        self._buffer = self._buffer[size:]
        return packet

    def _send(self, status: AuthStatus, token: bytes) -> None:
        if self._transport is not None:
            self._transport.write(encode_auth_packet(AuthPacket(status, token)))

    def _give(self, protocol: P, ahead: bytes = b"") -> P:
        transport = self._transport
        assert transport is not None
        self._end()
        transport.set_protocol(protocol)
        protocol.connection_made(transport)
        rest = ahead + self._buffer
        if rest and not transport.is_closing():
            protocol.data_received(rest)
        return protocol

    def _end(self) -> None:
        self._transport = None
        if self._overdue is not None:
            self._overdue.cancel()

    def _fail(self, why: str) -> None:
        """End the connection."""
        transport = self._transport
        self._end()
        if transport is not None:
            transport.close()


class Answering(_Before):
    """A connection that somebody has opened to us."""

    def __init__(
        self, name: str, auth: PeerAuth, prefix: Prefix, protocol: Callable[[], asyncio.Protocol]
    ) -> None:
        super().__init__()
        self._name = name
        self._auth = auth
        self._prefix = prefix
        self._protocol = protocol
        self._ahead: bytes | None = None
        self._negotiation: DigestMd5 | None = None

    def _go(self) -> bool:
        if self._ahead is None:
            size = self._prefix(self._buffer)
            if size is None:
                return False
            self._ahead, self._buffer = self._buffer[:size], self._buffer[size:]
        if self._negotiation is None:
            if len(self._buffer) < len(MAGIC_BYTES):
                return False
            if not self._buffer.startswith(MAGIC_BYTES):
                if self._auth.required:
                    raise SaslError("it does not authenticate, and must")
                self._give(self._protocol(), self._ahead)
                return False
            self._negotiation = DigestMd5(self._auth.users, _SERVICE, _HOST, secrets.token_hex(24))
        packet = self._packet()
        if packet is None:
            return False
        self._answer(self._negotiation, packet, self._ahead)
        return True

    def _answer(self, negotiation: DigestMd5, packet: AuthPacket, ahead: bytes) -> None:
        try:
            token = negotiation.step(packet.token)
        except SaslError as error:
            self._send(AuthStatus.ERROR, b"")
            if self._auth.required:
                raise
            log.warning(
                "%s: a server has failed to authenticate and may go on: %s", self._name, error
            )
            self._give(self._protocol(), ahead)
            return
        if negotiation.user is None:
            self._send(AuthStatus.IN_PROGRESS, token)
        else:
            self._send(AuthStatus.SUCCESS, token)
            self._give(self._protocol(), ahead)

    def _fail(self, why: str) -> None:
        transport = self._transport
        if transport is not None:
            peer = (transport.get_extra_info("peername") or ("?", 0))[:2]
            log.warning("%s: closed the connection from %s:%d: %s", self._name, *peer, why)
        super()._fail(why)


class Asking(_Before):
    """A connection that we have opened; ``given`` gets the real protocol, or a ConnectionError."""

    def __init__(
        self, login: tuple[str, str], greeting: bytes, protocol: Callable[[], asyncio.Protocol]
    ) -> None:
        super().__init__()
        self._greeting = greeting
        self._protocol = protocol
        self._negotiation = DigestMd5Client(*login, _SERVICE, _HOST, secrets.token_hex(24))
        self.given: asyncio.Future[asyncio.Protocol] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        super().connection_made(transport)
        first = encode_auth_packet(AuthPacket(AuthStatus.IN_PROGRESS, b""))
        cast(asyncio.Transport, transport).write(self._greeting + first)

    def _go(self) -> bool:
        packet = self._packet()
        if packet is None:
            return False
        if packet.status is AuthStatus.ERROR:
            raise SaslError("the server does not accept our name and password")
        answer = self._negotiation.step(packet.token)
        if packet.status is AuthStatus.IN_PROGRESS:
            self._send(AuthStatus.IN_PROGRESS, answer)
            return True
        if not self._negotiation.complete:
            raise SaslError("the server ends the negotiation without a proof")
        given = self._give(self._protocol())
        if not self.given.done():
            self.given.set_result(given)
        return False

    def _fail(self, why: str) -> None:
        super()._fail(why)
        if not self.given.done():
            self.given.set_exception(ConnectionError(f"SASL: {why}"))
