"""Records that requests, replies, transactions and snapshots share: Id, ACL, Stat.

An ACL list is a tuple of :class:`ACL` everywhere, so that it can be hashed, interned and shared.
Session ids, ``ephemeral_owner`` and zxids are signed 64-bit integers, as on the wire.

Source: ``zookeeper.jute``, module ``org.apache.zookeeper.data``; ``ZooDefs.Ids``.
"""

from functools import lru_cache
from struct import Struct
from typing import NamedTuple

from speckeeper.wire.codes import Perms
from speckeeper.wire.errors import WireError
from speckeeper.wire.jute import INT, Reader, encode_ustring


class Id(NamedTuple):
    """Whom an ACL entry means: an authentication scheme and an identity within it."""

    scheme: str
    id: str


class ACL(NamedTuple):
    """One entry of an ACL list: permission bits for an identity."""

    perms: int
    id: Id


class Stat(NamedTuple):
    """What a client is told about a node, 68 bytes. Times are milliseconds since the epoch."""

    czxid: int
    mzxid: int
    ctime: int
    mtime: int
    version: int
    cversion: int
    aversion: int
    ephemeral_owner: int
    data_length: int
    num_children: int
    pzxid: int


STAT = Struct(">qqqqiiiqiiq")

ANYONE = Id("world", "anyone")
AUTH_IDS = Id("auth", "")
OPEN_ACL_UNSAFE = (ACL(int(Perms.ALL), ANYONE),)
READ_ACL_UNSAFE = (ACL(int(Perms.READ), ANYONE),)
CREATOR_ALL = (ACL(int(Perms.ALL), AUTH_IDS),)


def encode_stat(stat: Stat) -> bytes:
    """Return the 68 bytes of a Stat."""
    return STAT.pack(*stat)


def decode_stat(reader: Reader) -> Stat:
    """Read a Stat."""
    return Stat._make(reader.fixed(STAT))


def encode_id(identity: Id) -> bytes:
    """Return scheme and id as two strings."""
    return encode_ustring(identity.scheme) + encode_ustring(identity.id)


def decode_id(reader: Reader) -> Id:
    """Read an Id. A null string is read as an empty one: neither names a scheme or anybody."""
    scheme = reader.ustring()
    return Id(scheme or "", reader.ustring() or "")


def encode_acl(entry: ACL) -> bytes:
    """Return one ACL entry."""
    return INT.pack(entry.perms) + encode_id(entry.id)


def decode_acl(reader: Reader) -> ACL:
    """Read one ACL entry."""
    perms = reader.int()
    return ACL(perms, decode_id(reader))


def encode_acl_list(acl: tuple[ACL, ...]) -> bytes:
    """Return a vector of ACL entries. Few distinct lists exist, so those of short ones are kept."""
    return _encode_short(acl) if len(acl) <= _SHORT else _encode_acl_list(acl)


def _encode_acl_list(acl: tuple[ACL, ...]) -> bytes:
    return INT.pack(len(acl)) + b"".join(map(encode_acl, acl))


_SHORT = 8  # entries
_encode_short = lru_cache(maxsize=1024)(_encode_acl_list)


def decode_acl_list(reader: Reader) -> tuple[ACL, ...]:
    """Read a vector of ACL entries; a null vector is read as an empty one.

    ZooKeeper refuses both with InvalidACL where a client may send them
    (``PrepRequestProcessor.fixupACL``).
    """
    if reader.skip(_OPEN_ACL):
        return OPEN_ACL_UNSAFE
    return tuple(reader.vector(decode_acl) or ())


_OPEN_ACL = encode_acl_list(OPEN_ACL_UNSAFE)
_CACHED_ACL_SIZE = 512
_WELL_KNOWN_ACLS = {
    encode_acl_list(acl): acl for acl in (OPEN_ACL_UNSAFE, READ_ACL_UNSAFE, CREATOR_ALL)
}


def known_acl_list(raw: bytes) -> tuple[ACL, ...] | None:
    """Return the ACL list that ``raw`` is exactly, None if it is not one, or a long one.

    Clients send the same few lists again and again: equal bytes give the same tuple, from a cache
    that is bounded in entries and in bytes.
    """
    return _known_acl_list(raw) if len(raw) <= _CACHED_ACL_SIZE else None


@lru_cache(maxsize=1024)
def _known_acl_list(raw: bytes) -> tuple[ACL, ...] | None:
    well_known = _WELL_KNOWN_ACLS.get(raw)
    if well_known is not None:
        return well_known
    reader = Reader(raw)
    try:
        acl = decode_acl_list(reader)
    except WireError:
        return None
    return acl if reader.at_end() else None
