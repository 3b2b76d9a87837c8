"""What a server is fed with and what it asks for, as one short line each.

Zxids are written ``epoch.counter``; ``3 <- 1 ACK 2.7`` is a packet that server 3 has received from
server 1, ``->`` one that it sends. A line differs if anything within a message does.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any
from zlib import crc32

from speckeeper.wire.codes import ErrorCode, OpCode
from speckeeper.wire.election import Notification
from speckeeper.wire.quorum import PacketType, QuorumPacket
from speckeeper.wire.txns import TXN_HEADER
from speckeeper.zab import effects, inputs

_PROPOSALS = (PacketType.PROPOSAL, PacketType.INFORM)
_LONGEST_HEX = 16
_LONGEST_TEXT = 40

Name = Callable[[int], str]
"""Says who is at the other end of a link."""


def describe(event: Any, name: Name) -> str:
    """Return the line of an input or an effect."""
    match event:
        case inputs.PacketReceived(link, packet):
            return f"<- {name(link)} {_packet(packet)}"
        case effects.Send(link, packet):
            return f"-> {name(link)} {_packet(packet)}"
        case inputs.NotificationReceived(server_id, notification):
            return f"<- {server_id} {_vote(notification)}"
        case effects.SendNotification(server_id, notification):
            return f"-> {server_id} {_vote(notification)}"
        case effects.SendSnapshot(link, zxid):
            return f"-> {name(link)} SNAP {dotted(zxid)} with the tree"
        case inputs.Persisted(effect):
            return f"done: {describe(effect, name)}"
    fields = (_field(field, value, name) for field, value in event._asdict().items())
    return " ".join((type(event).__name__, *fields))


def asked_for(op: int, request: Any) -> str:
    """Return the line of a client's request; ACLs are all the same in the simulator."""
    fields = (_plain(value) for name, value in request._asdict().items() if name != "acl")
    return " ".join((OpCode(op).name, *fields))


def answered(xid: int, zxid: int, err: int, body: bytes) -> str:
    """Return the line of a reply or of a watch event, by the xid of the request."""
    result = "ok" if err == 0 else ErrorCode(err).name
    told = f"{xid} at {dotted(zxid)}: {result}"
    return f"{told} {_shown(body)}" if body else told


def dotted(zxid: int) -> str:
    """Write a zxid as epoch and counter; -1 is one that means nothing."""
    return "-1" if zxid == -1 else f"{zxid >> 32}.{zxid & 0xFFFFFFFF}"


def _packet(packet: QuorumPacket) -> str:
    parts = [packet.type.name, dotted(packet.zxid)]
    if packet.data is not None and packet.type in _PROPOSALS:
        parts.append(_txn(packet.data))
    elif packet.data is not None:
        parts.append(_shown(packet.data))
    if packet.authinfo is not None:
        parts.append(repr(packet.authinfo))
    return " ".join(parts)


def _txn(entry: bytes) -> str:
    """Say what a transaction is and whose; ``3/7`` is request 7 of session 3."""
    session, cxid, _, _, kind = TXN_HEADER.unpack_from(entry)
    return f"{OpCode(kind).name} {session:x}/{cxid} {len(entry)} bytes {crc32(entry):08x}"


def _vote(vote: Notification) -> str:
    return (
        f"vote {vote.leader} with {dotted(vote.zxid)} of epoch {vote.peer_epoch}, "
        f"round {vote.election_epoch}, {vote.state.name}"
    )


def _shown(data: bytes) -> str:
    if len(data) <= _LONGEST_TEXT and data.isascii() and data.decode().isprintable():
        return repr(data.decode())
    if len(data) <= _LONGEST_HEX:
        return data.hex()
    return f"{len(data)} bytes {crc32(data):08x}"


def _field(field: str, value: Any, name: Name) -> str:
    if field == "zxid":
        return dotted(value)
    if field == "entry":
        return _txn(value)
    if field == "link":
        return "itself" if value is None else name(value)
    if isinstance(value, QuorumPacket):
        return _packet(value)
    if field == "entries" and value is not None:
        return f"[{', '.join(f'{dotted(zxid)} {_txn(entry)}' for zxid, entry in value)}]"
    return _plain(value)


def _plain(value: Any) -> str:
    if isinstance(value, bytes):
        return _shown(value)
    return value.name if isinstance(value, Enum) else str(value)
