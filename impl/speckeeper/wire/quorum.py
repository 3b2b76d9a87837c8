"""The packet that all messages between a leader and its learners are, and its stream.

A packet is a jute record: int type, long zxid, buffer data, vector of Ids. Packets follow each
other on the connection without any frame around them. What ``data`` holds for each type is in
``quorum_data.py``.

Source: ZooKeeper ``zookeeper.jute`` (QuorumPacket), ``Leader`` (the types).
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum
from functools import lru_cache
from struct import Struct
from struct import error as StructError
from typing import NamedTuple, TypeAlias

from speckeeper.wire.errors import WireError
from speckeeper.wire.jute import INT, NULL, Reader, encode_vector
from speckeeper.wire.records import Id, decode_id, encode_id


class PacketType(IntEnum):
    """The first field of a quorum packet."""

    REQUEST = 1
    PROPOSAL = 2
    ACK = 3
    COMMIT = 4
    PING = 5
    REVALIDATE = 6
    SYNC = 7
    INFORM = 8
    COMMITANDACTIVATE = 9
    NEWLEADER = 10
    FOLLOWERINFO = 11
    UPTODATE = 12
    DIFF = 13
    TRUNC = 14
    SNAP = 15
    OBSERVERINFO = 16
    LEADERINFO = 17
    ACKEPOCH = 18
    INFORMANDACTIVATE = 19


#: int type, long zxid, int length of data
_HEAD = Struct(">iqi")
#: int type, long zxid, null data, null authinfo
_BARE = Struct(">iqii")
BARE_SIZE = _BARE.size
unpack_bare = _BARE.unpack_from
"""Returns type, zxid, length of data and number of Ids; both are -1 in a bare packet."""
_KINDS: dict[int, PacketType] = {int(kind): kind for kind in PacketType}
FREQUENT_KINDS = {int(kind): kind for kind in (PacketType.ACK, PacketType.COMMIT)}
"""Those of which there are many without data."""

# A packet that claims to be longer than this is refused before its bytes are waited for. It is the
# jute buffer limit, of which ZooKeeper allows a peer as much again (BinaryInputArchive); snapshots
# are not packets.
DEFAULT_MAX_DATA = 2 * 0xFFFFF

_ONE = INT.pack(1)
_MOST_KNOWN = 1000
_new = tuple.__new__  # makes a NamedTuple in half the time of its own constructor


class QuorumPacket(NamedTuple):
    """One message on the quorum port. ``authinfo``: identities of the client of a REQUEST."""

    type: PacketType
    zxid: int
    data: bytes | None = None
    authinfo: tuple[Id, ...] | None = None


def encode_packet(packet: QuorumPacket) -> bytes:
    """Return the bytes of a packet."""
    kind, zxid, data, authinfo = packet
    if authinfo is None:
        if data is None:
            return _BARE.pack(kind, zxid, -1, -1)
        return b"".join((_HEAD.pack(kind, zxid, len(data)), data, NULL))
    ids = _encode_ids(authinfo)
    if data is None:
        return _HEAD.pack(kind, zxid, -1) + ids
    return b"".join((_HEAD.pack(kind, zxid, len(data)), data, ids))


@lru_cache(_MOST_KNOWN)
def _encode_ids(ids: tuple[Id, ...]) -> bytes:
    return encode_vector(ids, encode_id)


def encode_packets(packets: Iterable[QuorumPacket]) -> bytes:
    """Return the bytes of packets that follow each other."""
    parts: list[bytes] = []
    add, pack_bare, pack_head = parts.append, _BARE.pack, _HEAD.pack
    for packet in packets:
        kind, zxid, data, authinfo = packet
        if authinfo is not None:
            add(encode_packet(packet))
        elif data is None:
            add(pack_bare(kind, zxid, -1, -1))
        else:
            parts += pack_head(kind, zxid, len(data)), data, NULL
    return b"".join(parts)


KnownIds: TypeAlias = dict[bytes, tuple[Id, ...]]
"""Lists of one Id by their bytes: those of the clients of one learner."""


def decode_usual(
    buffer: bytes, position: int, max_data: int, known: KnownIds
) -> tuple[QuorumPacket, int] | None:
    """Decode a packet without Ids, or with one that is known, and say where it ends.

    None: it is another, is not there as a whole, or is wrong; :func:`decode_packet` knows which.
    """
    if len(buffer) - position < BARE_SIZE:
        return None
    number, zxid, length, count = _BARE.unpack_from(buffer, position)
    kind = _KINDS.get(number)
    if kind is None:
        return None
    if length == -1:
        if count != -1:
            return None
        return _new(QuorumPacket, (kind, zxid, None, None)), position + BARE_SIZE
    start = position + _HEAD.size
    end = start + length
    if not 0 <= length <= max_data:
        return None
    ids_start = end + INT.size
    count = buffer[end:ids_start]
    if count == NULL:
        return _new(QuorumPacket, (kind, zxid, buffer[start:end], None)), ids_start
    if count != _ONE:
        return None
    try:
        scheme_end = ids_start + INT.size + INT.unpack_from(buffer, ids_start)[0]
        ids_end = scheme_end + INT.size + INT.unpack_from(buffer, scheme_end)[0]
    except StructError:
        return None
    raw = buffer[ids_start:ids_end]
    ids = known.get(raw)
    if ids is None:
        if not ids_start + INT.size <= scheme_end <= ids_end - INT.size:
            return None
        if ids_end > len(buffer) or len(raw) > max_data:
            return None
        ids = (decode_id(Reader(raw)),)
        if len(known) < _MOST_KNOWN:
            known[raw] = ids
    return _new(QuorumPacket, (kind, zxid, buffer[start:end], ids)), ids_end


class Incomplete(WireError):
    """The bytes are the start of a packet; more have to come."""


def decode_packet(reader: Reader, max_data: int = DEFAULT_MAX_DATA) -> QuorumPacket:
    """Take one packet off a reader.

    Raises :class:`Incomplete` where the bytes end early, another WireError where they are wrong:
    an unknown type, a negative or unreasonable length.
    """
    start = reader.position
    left = reader.end - start
    if left < BARE_SIZE:
        raise Incomplete(f"quorum packet at offset {start} needs {BARE_SIZE} bytes, {left} left")
    number, zxid, length = reader.fixed(_HEAD)
    kind = _KINDS.get(number)
    if kind is None:
        raise WireError(f"unknown quorum packet type {number} at offset {start}")
    data: bytes | None = None
    if length > max_data or length < -1:
        raise WireError(f"unreasonable length {length} of a {kind.name} at offset {start}")
    if length >= 0:
        if reader.end - reader.position < length + INT.size:
            raise Incomplete(f"{kind.name} at offset {start} is longer than what is there")
        reader.position -= INT.size
        data = reader.buffer()
    ids = reader.position
    count = reader.int()
    if count == -1:
        return QuorumPacket(kind, zxid, data, None)
    if count < -1:
        raise WireError(f"unreasonable count {count} of Ids at offset {ids}")
    room = max_data
    authinfo = []
    for _ in range(count):
        at = reader.position
        authinfo.append(_decode_id(reader, room))
        room -= reader.position - at
    return QuorumPacket(kind, zxid, data, tuple(authinfo))


def _decode_id(reader: Reader, room: int) -> Id:
    """Take one Id; at most ``room`` bytes are waited for."""
    start = position = reader.position
    for _ in range(2):
        if reader.end - position < INT.size:
            raise Incomplete(f"Id at offset {start} is longer than what is there")
        length = reader.within(reader.end)
        length.position = position
        size = max(length.int(), 0)
        position += INT.size + size
        if position - start > room:
            raise WireError(f"unreasonable length {size} of an Id at offset {start}")
        if position > reader.end:
            raise Incomplete(f"Id at offset {start} is longer than what is there")
    return decode_id(reader)
