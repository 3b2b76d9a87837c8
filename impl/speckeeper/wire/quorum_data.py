"""What the ``data`` of quorum packets holds, type by type.

Decoders raise WireError. PROPOSAL and INFORM carry a serialized transaction (``txns.py``),
NEWLEADER the text of a configuration (``quorum_config.py``), the types not named here nothing.

Source: ZooKeeper ``Learner``, ``LearnerHandler``, ``Leader``, ``zookeeper.jute`` (LearnerInfo).
"""

from __future__ import annotations

from collections.abc import Iterable
from struct import Struct
from typing import NamedTuple

from speckeeper.wire.errors import WireError
from speckeeper.wire.jute import INT, LONG

#: The protocol of ZAB 1.0; older ones know no LEADERINFO and no ACKEPOCH.
PROTOCOL_VERSION = 0x10000

_SID_AND_VERSION = Struct(">qi")
_LEARNER_INFO = Struct(">qiq")
_REQUEST = Struct(">qii")
_SESSION = Struct(">qi")
_VALID = Struct(">q?")

_new = tuple.__new__  # makes a NamedTuple in half the time of its own constructor

LAST_EPOCH = 0x7FFFFFFF
"""A zxid is a Java long with the epoch in its upper half (``Epochs`` in spec/Zxids.tla)."""

NO_EPOCH = -1
"""In ACKEPOCH: this learner had accepted the epoch before; do not count it."""


class LearnerInfo(NamedTuple):
    """FOLLOWERINFO, OBSERVERINFO: who the learner is and which configuration it runs."""

    server_id: int
    protocol_version: int
    config_version: int


class ForwardedRequest(NamedTuple):
    """REQUEST: what a client asked of a learner."""

    session_id: int
    cxid: int
    op: int
    body: bytes


def encode_learner_info(info: LearnerInfo) -> bytes:
    """Return the 20 bytes of a LearnerInfo."""
    return _LEARNER_INFO.pack(*info)


def decode_learner_info(data: bytes) -> LearnerInfo:
    """Decode a LearnerInfo, also one of 8 or 12 bytes as older learners send it.

    What is left out is protocol version 1 and configuration version 0.
    """
    if len(data) >= _LEARNER_INFO.size:
        return LearnerInfo._make(_LEARNER_INFO.unpack_from(data))
    if len(data) >= _SID_AND_VERSION.size:
        server_id, version = _SID_AND_VERSION.unpack_from(data)
        return LearnerInfo(server_id, version, 0)
    if len(data) >= LONG.size:
        return LearnerInfo(LONG.unpack_from(data)[0], 1, 0)
    raise WireError(f"LearnerInfo needs 8, 12 or 20 bytes, {len(data)} are there")


def encode_epoch(epoch: int) -> bytes:
    """Return the data of LEADERINFO (a protocol version) or ACKEPOCH (an epoch or NO_EPOCH)."""
    return INT.pack(epoch)


def decode_epoch(data: bytes | None) -> int:
    """Decode the data of LEADERINFO or ACKEPOCH."""
    if data is None or len(data) < INT.size:
        raise WireError(f"4 bytes expected, {len(data or b'')} are there")
    value: int = INT.unpack_from(data)[0]
    return value


def encode_touched(sessions: Iterable[tuple[int, int]]) -> bytes:
    """Return the data of a learner's PING: ids and timeouts in ms of sessions heard of."""
    return b"".join([_SESSION.pack(*session) for session in sessions])


def decode_touched(data: bytes | None) -> list[tuple[int, int]]:
    """Decode the data of a learner's PING."""
    if not data:
        return []
    if len(data) % _SESSION.size:
        raise WireError(f"{len(data)} bytes are no multiple of 12 (session id and timeout)")
    return list(_SESSION.iter_unpack(data))


def encode_revalidate(session_id: int, timeout_ms: int) -> bytes:
    """Return the data of a REVALIDATE to the leader."""
    return _SESSION.pack(session_id, timeout_ms)


def decode_revalidate(data: bytes | None) -> tuple[int, int]:
    """Decode session id and timeout in ms of a REVALIDATE to the leader."""
    if data is None or len(data) < _SESSION.size:
        raise WireError(f"REVALIDATE needs 12 bytes, {len(data or b'')} are there")
    session_id, timeout_ms = _SESSION.unpack_from(data)
    return session_id, timeout_ms


def encode_revalidated(session_id: int, valid: bool) -> bytes:
    """Return the data of a REVALIDATE from the leader."""
    return _VALID.pack(session_id, valid)


def decode_revalidated(data: bytes | None) -> tuple[int, bool]:
    """Decode session id and verdict of a REVALIDATE from the leader."""
    if data is None or len(data) < _VALID.size:
        raise WireError(f"REVALIDATE from a leader needs 9 bytes, {len(data or b'')} are there")
    session_id, valid = _VALID.unpack_from(data)
    return session_id, valid


def encode_forwarded(request: ForwardedRequest) -> bytes:
    """Return the data of a REQUEST."""
    return _REQUEST.pack(*request[:3]) + request.body


def decode_forwarded(data: bytes | None) -> ForwardedRequest:
    """Decode the data of a REQUEST."""
    if data is None or len(data) < _REQUEST.size:
        raise WireError(f"REQUEST needs at least 16 bytes, {len(data or b'')} are there")
    session_id, cxid, op = _REQUEST.unpack_from(data)
    return _new(ForwardedRequest, (session_id, cxid, op, data[_REQUEST.size :]))


def encode_designated(leader: int, entry: bytes = b"") -> bytes:
    """Return the data of COMMITANDACTIVATE, or with a transaction that of INFORMANDACTIVATE."""
    return LONG.pack(leader) + entry


def decode_designated(data: bytes | None) -> tuple[int, bytes]:
    """Decode designated leader and transaction (empty in a COMMITANDACTIVATE)."""
    if data is None or len(data) < LONG.size:
        raise WireError(f"a designated leader needs 8 bytes, {len(data or b'')} are there")
    return LONG.unpack_from(data)[0], data[LONG.size :]
