"""Bytes of a quorum connection, in whatever pieces they come, to packets and snapshots.

Behind a SNAP packet follows a snapshot without frame or length, then a string as its signature.
:class:`QuorumStream` gives it out in pieces as they come: a snapshot may be larger than memory
should have to hold.

Source: ZooKeeper ``Learner.syncWithLeader``, ``SerializeUtils.deserializeSnapshot``.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

from speckeeper.wire.errors import WireError
from speckeeper.wire.jute import INT, Reader, encode_ustring
from speckeeper.wire.quorum import (
    BARE_SIZE,
    DEFAULT_MAX_DATA,
    FREQUENT_KINDS,
    Incomplete,
    KnownIds,
    PacketType,
    QuorumPacket,
    decode_packet,
    decode_usual,
    unpack_bare,
)
from speckeeper.wire.snapshot import NODE_TAIL, SESSION

#: What stands behind a snapshot on the wire.
SNAPSHOT_SIGNATURE = encode_ustring("BenWasHere")

_new = tuple.__new__  # makes a NamedTuple in half the time of its own constructor
_LONGEST = 1 << 30  # of one string or data of a node; Java's buffers end there too


class SnapshotPiece(NamedTuple):
    """Bytes of the body of a snapshot; ``last``: it is complete and was signed."""

    body: bytes
    last: bool


Arrived: TypeAlias = QuorumPacket | SnapshotPiece


class QuorumStream:
    """Decodes one direction of a connection. ``max_data``: the longest data of a packet."""

    __slots__ = ("_buffer", "_ids", "_max_data", "_snapshot", "has_pieces")

    def __init__(self, max_data: int = DEFAULT_MAX_DATA) -> None:
        self._buffer = b""
        self._max_data = max_data
        self._ids: KnownIds = {}
        self._snapshot: SnapshotScanner | None = None
        self.has_pieces = False
        """Whether there may be pieces of a snapshot in what :meth:`feed` has returned last."""

    def feed(self, data: bytes) -> list[Arrived]:
        """Take bytes, return what is complete with them. Raises WireError; then close."""
        buffer = self._buffer + data if self._buffer else data
        arrived: list[Arrived] = []
        position = 0
        size = len(buffer)
        self.has_pieces = self._snapshot is not None
        while position < size:
            if self._snapshot is not None:
                body, position = self._take_snapshot(buffer, position)
                if body.body or body.last:
                    arrived.append(body)
                if not body.last:
                    break
                continue
            if size - position >= BARE_SIZE:
                number, zxid, length, count = unpack_bare(buffer, position)
                if length == count == -1 and number in FREQUENT_KINDS:
                    position += BARE_SIZE
                    arrived.append(_new(QuorumPacket, (FREQUENT_KINDS[number], zxid, None, None)))
                    continue
            usual = decode_usual(buffer, position, self._max_data, self._ids)
            if usual is not None:
                packet, position = usual
            else:
                reader = Reader(buffer, position)
                try:
                    packet = decode_packet(reader, self._max_data)
                except Incomplete:
                    break
                position = reader.position
            arrived.append(packet)
            if packet.type is PacketType.SNAP:
                self._snapshot = SnapshotScanner()
                self.has_pieces = True
        self._buffer = buffer[position:]
        return arrived

    def _take_snapshot(self, buffer: bytes, position: int) -> tuple[SnapshotPiece, int]:
        """Take what belongs to the snapshot; ``last`` when its signature was there too."""
        scanner = self._snapshot
        assert scanner is not None
        end = position if scanner.done else scanner.scan(buffer, position)
        piece = buffer[position:end]
        if not scanner.done:
            return SnapshotPiece(piece, False), end
        signature_end = end + len(SNAPSHOT_SIGNATURE)
        signature = buffer[end:signature_end]
        if not SNAPSHOT_SIGNATURE.startswith(signature):
            raise WireError("the snapshot is not followed by its signature")
        if len(signature) < len(SNAPSHOT_SIGNATURE):
            return SnapshotPiece(piece, False), end
        self._snapshot = None
        return SnapshotPiece(piece, True), signature_end


class SnapshotScanner:
    """Finds where the body of a snapshot ends, without reading what is in it.

    ``done`` when it has been found.
    """

    __slots__ = ("_acls", "_entries", "_phase", "done")

    def __init__(self) -> None:
        self._phase = 0
        self._entries = 0  # sessions, or ACL lists, or entries of one list, still to come
        self._acls = 0
        self.done = False

    def scan(self, buffer: bytes, position: int) -> int:
        """Step over whole elements; return the offset where they end.

        The rest is the start of an element: give it again, with what follows it. Raises WireError.
        """
        while not self.done:
            end = self._step(buffer, position)
            if end < 0:
                break
            position = end
        return position

    def _step(self, buffer: bytes, position: int) -> int:
        """Step over one element; -1 if it is not complete."""
        phase = self._phase
        if phase == 0:  # number of sessions
            return self._count(buffer, position, 1)
        if phase == 1:  # sessions
            whole = min(self._entries, (len(buffer) - position) // SESSION.size)
            self._entries -= whole
            if self._entries == 0:
                self._phase = 2
            elif whole == 0:
                return -1
            return position + whole * SESSION.size
        if phase == 2:  # number of ACL lists
            end = self._count(buffer, position, 3)
            self._acls = self._entries
            return end
        if phase == 3:  # head of an ACL list: long id, int count
            if self._acls == 0:
                self._phase = 5
                return position
            end = self._count(buffer, position + 8, 4)
            if end >= 0:
                self._acls -= 1
            return end
        if phase == 4:  # entries of an ACL list: int perms, two strings
            if self._entries == 0:
                self._phase = 3
                return position
            end = _skip_buffer(buffer, _skip_buffer(buffer, position + 4))
            if end >= 0:
                self._entries -= 1
            return end
        return self._node(buffer, position)

    def _count(self, buffer: bytes, position: int, then: int) -> int:
        end = position + INT.size
        if end > len(buffer):
            return -1
        self._entries = max(INT.unpack_from(buffer, position)[0], 0)
        self._phase = then
        return end

    def _node(self, buffer: bytes, position: int) -> int:
        path_end = _skip_buffer(buffer, position)
        if path_end == position + 5 and buffer[path_end - 1] == 0x2F:
            self.done = True
            return path_end
        data_end = _skip_buffer(buffer, path_end)
        end = data_end + NODE_TAIL.size
        return end if data_end >= 0 and end <= len(buffer) else -1


def _skip_buffer(buffer: bytes, position: int) -> int:
    """Return where the buffer at ``position`` ends, -1 if that is not there."""
    data = position + INT.size
    if position < 0 or data > len(buffer):
        return -1
    length: int = INT.unpack_from(buffer, position)[0]
    if length == -1:
        return data
    if not 0 <= length <= _LONGEST:
        raise WireError(f"unreasonable length {length} inside a snapshot")
    end = data + length
    return end if end <= len(buffer) else -1
