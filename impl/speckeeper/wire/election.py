"""The election port: the first message of a connection, frames, and notifications.

Connection: long protocol version, long server id, int length, addresses. Then frames both ways:
int length, notification.

Source: ZooKeeper ``QuorumCnxManager`` (InitialMessage, connection frames),
``FastLeaderElection`` (buildMsg, WorkerReceiver).
"""

from __future__ import annotations

from enum import IntEnum
from struct import Struct
from typing import NamedTuple

from speckeeper.wire.errors import WireError
from speckeeper.wire.jute import INT

#: One election address in the first message.
PROTOCOL_V1 = -65536
#: Several addresses, joined by "|".
PROTOCOL_V2 = -65535

_MAX_ADDRESSES = 2048  # bytes of addresses in a first message; QuorumCnxManager.maxBuffer
MAX_NOTIFICATION = 524288  # bytes of a frame; QuorumCnxManager.PACKETMAXSIZE
NOTIFICATION_VERSION = 2

_INITIAL = Struct(">qqi")
_SHORT = Struct(">iqqq")  # before 3.4: state, leader, zxid, election epoch
_PLAIN = Struct(">iqqqqi")  # and peer epoch; the last word was version 1, which nobody reads
_FULL = Struct(">iqqqqii")  # and version, length of the configuration


class ServerState(IntEnum):
    """What a server is doing, as notifications say it."""

    LOOKING = 0
    FOLLOWING = 1
    LEADING = 2
    OBSERVING = 3


_STATES: dict[int, ServerState] = {int(state): state for state in ServerState}


class InitialMessage(NamedTuple):
    """The first bytes of a connection: who calls, and where it can be called.

    ``addresses`` are (host, port); a host is a name or a numeric address without brackets.
    ``version`` is None for a peer before 3.5, which says its id alone.
    """

    server_id: int
    addresses: tuple[tuple[str, int], ...]
    version: int | None = PROTOCOL_V1


class Notification(NamedTuple):
    """A vote, and what the sender is doing.

    ``leader``, ``zxid``, ``peer_epoch`` are the vote; ``election_epoch`` is the round in which it
    was cast. ``version`` 0 is a message without configuration, ``config`` its text otherwise.
    """

    state: ServerState
    leader: int
    zxid: int
    election_epoch: int
    peer_epoch: int
    version: int = NOTIFICATION_VERSION
    config: bytes = b""


def encode_initial_message(message: InitialMessage) -> bytes:
    """Return the first message; to be sent in one write, for it is read by one read call."""
    if message.version is None:
        return _INITIAL.pack(message.server_id, 0, 0)[:8]
    addresses = "|".join(_format_address(*address) for address in message.addresses).encode()
    return _INITIAL.pack(message.version, message.server_id, len(addresses)) + addresses


def decode_initial_message(data: bytes) -> tuple[InitialMessage, int] | None:
    """Decode the first message of a connection and say how long it is; None: more has to come.

    Raises WireError.
    """
    if len(data) < 8:
        return None
    version = int.from_bytes(data[:8], "big", signed=True)
    if version >= 0:
        return InitialMessage(version, (), None), 8
    if version not in (PROTOCOL_V1, PROTOCOL_V2):
        raise WireError(f"unrecognized election protocol version {version}")
    if len(data) < _INITIAL.size:
        return None
    _, server_id, length = _INITIAL.unpack_from(data)
    if not 0 < length <= _MAX_ADDRESSES:
        raise WireError(f"unreasonable length {length} of election addresses")
    end = _INITIAL.size + length
    if len(data) < end:
        return None
    try:
        text = data[_INITIAL.size : end].decode()
    except UnicodeDecodeError as error:
        raise WireError("the election addresses are not text") from error
    addresses = tuple(_parse_address(address) for address in text.split("|"))
    return InitialMessage(server_id, addresses, version), end


def encode_notification(notification: Notification) -> bytes:
    """Return a notification without its frame.

    Version 2 carries the configuration; version 1 has 40 bytes, and is read back as version 0,
    for nobody looks at its version.
    """
    state, leader, zxid, election_epoch, peer_epoch, version, config = notification
    if version < NOTIFICATION_VERSION:
        return _PLAIN.pack(state, leader, zxid, election_epoch, peer_epoch, 1)
    head = _FULL.pack(state, leader, zxid, election_epoch, peer_epoch, version, len(config))
    return head + config


def decode_notification(data: bytes) -> Notification:
    """Decode a notification of any version; raises WireError.

    28 bytes are a peer before 3.4, whose peer epoch is that of the zxid.
    """
    size = len(data)
    if size < _SHORT.size:
        raise WireError(f"a notification needs at least {_SHORT.size} bytes, {size} are there")
    number, leader, zxid, election_epoch = _SHORT.unpack_from(data)
    state = _STATES.get(number)
    if state is None:
        raise WireError(f"unknown server state {number} in a notification")
    if size == _SHORT.size:
        return Notification(state, leader, zxid, election_epoch, zxid >> 32, 0)
    if size < _PLAIN.size:
        raise WireError(f"a notification has 28, 40 or at least 44 bytes, {size} are there")
    peer_epoch, version = _PLAIN.unpack_from(data)[4:]
    if size == _PLAIN.size:
        version = 0
    config = b""
    if version >= NOTIFICATION_VERSION:
        if size < _FULL.size:
            raise WireError(f"a notification of version {version} needs {_FULL.size} bytes")
        length = _FULL.unpack_from(data)[6]
        if not 0 <= length <= size - _FULL.size:
            raise WireError(f"unreasonable length {length} of a configuration")
        config = data[_FULL.size : _FULL.size + length]
    return Notification(state, leader, zxid, election_epoch, peer_epoch, version, config)


def frame_notification(data: bytes) -> bytes:
    """Return an encoded notification behind its length."""
    return INT.pack(len(data)) + data


def take_frames(data: bytes) -> tuple[list[bytes], bytes]:
    """Split off whole frames; return their contents and what is left. Raises WireError."""
    frames = []
    position = 0
    while len(data) - position >= INT.size:
        length = INT.unpack_from(data, position)[0]
        if not 0 < length <= MAX_NOTIFICATION:
            raise WireError(f"unreasonable length {length} of an election frame")
        end = position + INT.size + length
        if end > len(data):
            break
        frames.append(data[position + INT.size : end])
        position = end
    return frames, data[position:]


def _format_address(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _parse_address(text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        colon = ""
    if not (colon and host and port.isascii() and port.isdigit() and int(port) <= 65535):
        raise WireError(f"{text!r} is not host:port")
    return host, int(port)
