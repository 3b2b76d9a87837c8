"""Packets of SASL between servers, on the election port and the quorum port.

Each is: long magic number, int status, buffer with a token; there is no frame around it.

Source: ZooKeeper ``QuorumAuthPacket`` (zookeeper.jute), ``QuorumAuth``.
"""

from __future__ import annotations

from enum import IntEnum
from struct import Struct
from typing import NamedTuple

from speckeeper.wire.errors import WireError
from speckeeper.wire.jute import encode_buffer

# Java's -0xa0dbcafecafe1234L: the literal is negative already, so this is a positive number.
_MAGIC = -0xA0DBCAFECAFE1234 % (1 << 64)
MAGIC_BYTES = _MAGIC.to_bytes(8, "big")
"""What a connection that authenticates begins with (behind the first message of the election)."""

_HEAD = Struct(">qii")
_MOST_TOKEN = 1 << 16


class AuthStatus(IntEnum):
    """How a negotiation stands."""

    ERROR = -1
    IN_PROGRESS = 0
    SUCCESS = 1


_STATUSES: dict[int, AuthStatus] = {int(status): status for status in AuthStatus}


class AuthPacket(NamedTuple):
    """One step of a negotiation."""

    status: AuthStatus
    token: bytes


def encode_auth_packet(packet: AuthPacket) -> bytes:
    """Return the bytes of a packet."""
    return MAGIC_BYTES + packet.status.to_bytes(4, "big", signed=True) + encode_buffer(packet.token)


def decode_auth_packet(data: bytes) -> tuple[AuthPacket, int] | None:
    """Decode the packet at the beginning and say how long it is; None: more has to come.

    A null token is read as an empty one. Raises WireError.
    """
    if data[:8] != MAGIC_BYTES[: len(data)]:
        raise WireError("no authentication packet where one is due")
    if len(data) < _HEAD.size:
        return None
    _, status, length = _HEAD.unpack_from(data)
    if status not in _STATUSES:
        raise WireError(f"unknown status {status} of an authentication")
    if not -1 <= length <= _MOST_TOKEN:
        raise WireError(f"unreasonable length {length} of an authentication token")
    end = _HEAD.size + max(length, 0)
    if len(data) < end:
        return None
    return AuthPacket(_STATUSES[status], data[_HEAD.size : end]), end
