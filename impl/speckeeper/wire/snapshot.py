"""The snapshot file: header, sessions, ACL lists, nodes, and seals; written and read in chunks.

Layout: 16 bytes of header; {long id, int timeout} for each session; {long id, ACL list} for each
distinct ACL list; {path, data, long ACL id, 60 bytes of stat} for each node, a parent ahead of
its children, the root first with path ""; the string "/". Then a seal (long Adler-32 of
everything so far, the string "/"), and by version and configuration up to two further sealed
parts: the digest of the tree (3.6) and the last processed zxid (3.9). A snapshot that a leader
sends to a follower is the same without header and seals.

Neither direction holds a snapshot in memory: the encoder is a generator of chunks, the decoder
takes an iterable of chunks of any size. Decoding: ``snapshot_reader.py``.

Source: ZooKeeper ``FileSnap``, ``SnapStream``, ``SerializeUtils.serializeSnapshot``, ``DataTree``.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from struct import Struct
from typing import NamedTuple, TypeAlias
from zlib import adler32

from speckeeper.wire.jute import INT, LONG, NULL
from speckeeper.wire.records import ACL, encode_acl_list

SNAPSHOT_MAGIC = 0x5A4B534E  # "ZKSN"
SNAPSHOT_VERSION = 2
SNAPSHOT_DBID = -1

#: int magic, int version, long dbid
SNAPSHOT_HEADER = Struct(">iiq")
#: long id, int timeout in ms
SESSION = Struct(">qi")
#: long ACL id, then StatPersisted: four longs, three ints, two longs
NODE_TAIL = Struct(">qqqqqiiiqq")
#: long zxid, int digest version, long digest
DIGEST = Struct(">qiQ")
#: long Adler-32, the string "/"
SEAL = Struct(">qi1s")
#: What a node's path would be after the last node.
END_OF_NODES = INT.pack(1) + b"/"
#: The ACL id of nodes with world:anyone and all permissions, which are not in the ACL table.
OPEN_ACL_ID = -1

#: Path, data, ACL id, czxid, mzxid, ctime, mtime, version, cversion (stored), aversion,
#: ephemeral_owner (stored), pzxid.
NodeTuple: TypeAlias = tuple[str, bytes | None, int, int, int, int, int, int, int, int, int, int]

_CHUNK_SIZE = 64 * 1024
_DIGEST_MASK = (1 << 64) - 1


class SnapshotDigest(NamedTuple):
    """Digest of the tree at a zxid; ``digest`` is unsigned. zxid 0 stands for none."""

    zxid: int
    version: int
    digest: int


class SnapshotTrailer(NamedTuple):
    """What may follow the nodes, each None where the snapshot does not have it."""

    digest: SnapshotDigest | None = None
    last_zxid: int | None = None


NO_TRAILER = SnapshotTrailer()


def encode_digest(digest: SnapshotDigest) -> bytes:
    """Return the 20 bytes of a digest, without its seal."""
    return DIGEST.pack(digest.zxid, digest.version, digest.digest & _DIGEST_MASK)


def encode_snapshot_body(
    sessions: Mapping[int, int],
    acls: Mapping[int, tuple[ACL, ...]],
    nodes: Iterable[NodeTuple],
    chunk_size: int = _CHUNK_SIZE,
) -> Iterator[bytes]:
    """Yield a snapshot without header and seals, as a leader sends it, in chunks.

    ``sessions`` maps session ids to timeouts in ms, ``acls`` the ids that the nodes use to ACL
    lists; both are read when the first chunk is asked for. ``nodes`` are taken as chunks are, a
    parent ahead of its children and the root ("") first. A chunk is ``chunk_size`` bytes and at
    most one node more, except the last, and the first with all sessions and ACL lists.
    """
    pack_session, pack_long = SESSION.pack, LONG.pack
    parts = [INT.pack(len(sessions))]
    parts += [pack_session(*session) for session in sessions.items()]
    parts.append(INT.pack(len(acls)))
    for acl_id, acl in acls.items():
        parts += (pack_long(acl_id), encode_acl_list(acl))

    pack_int, pack_tail = INT.pack, NODE_TAIL.pack
    size = sum(map(len, parts))
    for path, data, *tail in nodes:
        raw = path.encode()
        if data is None:
            parts += (pack_int(len(raw)), raw, NULL, pack_tail(*tail))
            size += len(raw) + 76
        else:
            parts += (pack_int(len(raw)), raw, pack_int(len(data)), data, pack_tail(*tail))
            size += len(raw) + len(data) + 76
        if size >= chunk_size:
            yield b"".join(parts)
            parts.clear()
            size = 0
    parts.append(END_OF_NODES)
    yield b"".join(parts)


def encode_snapshot(
    sessions: Mapping[int, int],
    acls: Mapping[int, tuple[ACL, ...]],
    nodes: Iterable[NodeTuple],
    trailer: Callable[[], SnapshotTrailer] = lambda: NO_TRAILER,
    chunk_size: int = _CHUNK_SIZE,
) -> Iterator[bytes]:
    """Yield a whole snapshot file in chunks; arguments as for :func:`encode_snapshot_body`.

    ``trailer`` is called when all nodes are out: transactions may have been applied meanwhile,
    and the trailer tells of the last of them.
    """
    chunk = SNAPSHOT_HEADER.pack(SNAPSHOT_MAGIC, SNAPSHOT_VERSION, SNAPSHOT_DBID)
    checksum = adler32(chunk)
    yield chunk
    for chunk in encode_snapshot_body(sessions, acls, nodes, chunk_size):
        checksum = adler32(chunk, checksum)
        yield chunk
    digest, last_zxid = trailer()
    end = b""
    for part in (
        b"",
        None if digest is None else encode_digest(digest),
        None if last_zxid is None else LONG.pack(last_zxid),
    ):
        if part is not None:
            checksum = adler32(part, checksum)
            seal = SEAL.pack(checksum, 1, b"/")
            checksum = adler32(seal, checksum)
            end += part + seal
    yield end
