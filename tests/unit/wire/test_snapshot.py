"""Snapshots: round trips in chunks of any size, every trailer, and damage."""

import contextlib
import tracemalloc
from collections.abc import Callable, Iterator
from zlib import adler32

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.wire.strategies import acls, ints, longs, mutated, paths

from speckeeper.wire.errors import WireError
from speckeeper.wire.jute import INT, encode_ustring
from speckeeper.wire.records import ACL, OPEN_ACL_UNSAFE, READ_ACL_UNSAFE
from speckeeper.wire.snapshot import (
    DIGEST,
    END_OF_NODES,
    NODE_TAIL,
    SEAL,
    SNAPSHOT_HEADER,
    NodeTuple,
    SnapshotDigest,
    SnapshotTrailer,
    encode_digest,
    encode_snapshot,
    encode_snapshot_body,
)
from speckeeper.wire.snapshot_reader import SnapshotReader

Sessions = dict[int, int]
Acls = dict[int, tuple[ACL, ...]]

SESSIONS: Sessions = {0x1_0000_0000_0001: 30000, -5: 4000}
ACLS: Acls = {1: OPEN_ACL_UNSAFE, 2: READ_ACL_UNSAFE}


def node(path: str, data: bytes | None = b"data", acl_id: int = 1) -> NodeTuple:
    return (path, data, acl_id, 1, 2, 10**12, 10**12 + 1, 3, 4, 5, -(2**63), 9)


NODES = [
    node("", b"", -1),
    node("/a"),
    node("/a/null", None),
    node("/caf\u00e9", b"\0" * 300, 2),
    node("/a/b", b"/"),
]
TRAILERS = [
    SnapshotTrailer(),
    SnapshotTrailer(SnapshotDigest(7, 2, 2**64 - 1)),
    SnapshotTrailer(None, 0x2_0000_0001),
    SnapshotTrailer(SnapshotDigest(0, 2, 0), 0x2_0000_0001),
]
WHOLE = b"".join(encode_snapshot(SESSIONS, ACLS, NODES, lambda: TRAILERS[3]))


def split(raw: bytes, size: int) -> Iterator[bytes]:
    return (raw[i : i + size] for i in range(0, len(raw), size))


def read_all(raw: bytes, size: int = 1 << 20) -> tuple[Sessions, Acls, list[NodeTuple]]:
    reader = SnapshotReader(split(raw, size))
    return reader.sessions, reader.acls, list(reader.nodes())


node_tuples: st.SearchStrategy[NodeTuple] = st.tuples(
    paths.filter(lambda path: path != "/"),
    st.none() | st.binary(max_size=60),
    longs,
    longs,
    longs,
    longs,
    longs,
    ints,
    ints,
    ints,
    longs,
    longs,
)
trailers = st.builds(
    SnapshotTrailer,
    st.none() | st.builds(SnapshotDigest, longs, st.just(2), st.integers(0, 2**64 - 1)),
    st.none() | longs,
)


@given(
    st.dictionaries(longs, ints, max_size=4),
    st.dictionaries(longs, acls, max_size=4),
    st.lists(node_tuples, max_size=8),
    trailers,
    st.integers(1, 400),
    st.integers(1, 400),
)
def test_round_trip(
    sessions: Sessions,
    acl_table: Acls,
    nodes: list[NodeTuple],
    trailer: SnapshotTrailer,
    out_size: int,
    in_size: int,
) -> None:
    chunks = list(encode_snapshot(sessions, acl_table, iter(nodes), lambda: trailer, out_size))
    raw = b"".join(chunks)
    reader = SnapshotReader(split(raw, in_size))
    assert reader.sessions == sessions
    assert reader.acls == acl_table
    assert list(reader.nodes()) == nodes
    assert reader.trailer == trailer
    assert reader.remainder == b""


@pytest.mark.parametrize("size", [1, 2, 3, 7, 50, 68, 76, 1 << 20])
def test_chunks_of_any_size(size: int) -> None:
    assert read_all(WHOLE, size) == (SESSIONS, ACLS, NODES)


def test_layout() -> None:
    """FileSnap.serialize and SnapStream.sealStream."""
    raw = b"".join(encode_snapshot({1: 2}, {}, [node("", None, -1)]))
    expected = (
        bytes.fromhex("5a4b534e00000002ffffffffffffffff")
        + bytes.fromhex("0000000100000000000000010000000200000000")
        + bytes.fromhex("00000000ffffffff")
        + NODE_TAIL.pack(*node("", None, -1)[2:])
        + bytes.fromhex("000000012f")
    )
    assert raw == expected + adler32(expected).to_bytes(8, "big") + bytes.fromhex("000000012f")


def test_chunks_are_about_as_large_as_asked() -> None:
    nodes = [node(f"/n{i}", b"x" * 100) for i in range(2000)]
    sizes = [len(chunk) for chunk in encode_snapshot_body({}, {}, nodes, 5000)]
    assert all(5000 <= size < 5000 + 200 for size in sizes[:-1])
    assert len(sizes) > 50


def test_nodes_are_taken_as_chunks_are_asked_for() -> None:
    """A server writes a snapshot while it serves, some nodes at a time."""
    taken = []

    def nodes() -> Iterator[NodeTuple]:
        for i in range(1000):
            taken.append(i)
            yield node(f"/n{i}", b"x" * 100)

    chunks = encode_snapshot({}, {}, nodes(), chunk_size=1000)
    next(chunks)
    assert not taken
    next(chunks)
    assert 0 < len(taken) < 10


def test_trailer_is_asked_for_when_the_nodes_are_out() -> None:
    zxid = 1

    def nodes() -> Iterator[NodeTuple]:
        nonlocal zxid
        yield NODES[0]
        zxid = 2

    raw = b"".join(encode_snapshot({}, {}, nodes(), lambda: SnapshotTrailer(None, zxid)))
    reader = SnapshotReader([raw])
    list(reader.nodes())
    assert reader.trailer.last_zxid == 2


@pytest.mark.parametrize("trailer", TRAILERS)
def test_trailers(trailer: SnapshotTrailer) -> None:
    """3.5 has none, 3.6 a digest, 3.9 also the last zxid; each can be configured away."""
    raw = b"".join(encode_snapshot(SESSIONS, ACLS, NODES, lambda: trailer))
    assert raw.endswith(END_OF_NODES)
    reader = SnapshotReader([raw])
    assert reader.trailer == SnapshotTrailer()
    list(reader.nodes())
    assert reader.trailer == trailer


def test_digest_of_the_first_version_is_hexadecimal_text() -> None:
    """DataTree.ZxidDigest.deserialize."""
    raw = b"".join(encode_snapshot({}, {}, NODES))
    raw += (9).to_bytes(8, "big") + INT.pack(1) + encode_ustring("1f3c")
    raw += SEAL.pack(adler32(raw), 1, b"/")
    reader = SnapshotReader([raw])
    list(reader.nodes())
    assert reader.trailer == SnapshotTrailer(SnapshotDigest(9, 1, 0x1F3C))


def test_what_follows_the_known_parts_is_ignored() -> None:
    raw = WHOLE + b"a part that a later version may add"
    assert read_all(raw) == (SESSIONS, ACLS, NODES)


def test_body_alone() -> None:
    """As a leader sends it: no header, no seal; what follows is the receiver's to read."""
    body = b"".join(encode_snapshot_body(SESSIONS, ACLS, NODES))
    follows = encode_digest(SnapshotDigest(7, 2, 5)) + encode_ustring("BenWasHere")
    reader = SnapshotReader([body + follows], sealed=False)
    assert (reader.sessions, reader.acls) == (SESSIONS, ACLS)
    assert list(reader.nodes()) == NODES
    assert reader.remainder == follows


def test_text_of_a_path_that_java_wrote() -> None:
    raw = b"".join(encode_snapshot_body({}, {}, [node("/abcdef")]))
    raw = raw.replace(b"/abcdef", b"/\xed\xa0\xbd\xed\xb8\x80")
    reader = SnapshotReader([raw], sealed=False)
    assert [found[0] for found in reader.nodes()] == ["/\U0001f600"]


# Damage


@pytest.mark.parametrize("size", [11, 1 << 20])
def test_snapshot_cut_short_is_refused(size: int) -> None:
    bare = len(b"".join(encode_snapshot(SESSIONS, ACLS, NODES)))
    lengths = {bare, bare + DIGEST.size + SEAL.size}
    for end in range(len(WHOLE)):
        if end in lengths:  # that is a whole snapshot with fewer parts
            assert read_all(WHOLE[:end], size)[2] == NODES
        else:
            with pytest.raises(WireError):
                read_all(WHOLE[:end], size)


@pytest.mark.parametrize("flip", [0x01, 0x80, 0xFF])
def test_any_bit_flipped_is_noticed(flip: int) -> None:
    ignored = range(4, 16)  # version and dbid are not looked at, but the seal covers them
    for index in range(len(WHOLE)):
        damaged = bytearray(WHOLE)
        damaged[index] ^= flip
        with pytest.raises(WireError):
            read_all(bytes(damaged))
        if index in ignored:
            SnapshotReader([bytes(damaged)])


def test_error_names_the_offset() -> None:
    with pytest.raises(WireError, match="magic 0x5a4b4c47 at offset 0"):
        SnapshotReader([b"ZKLG" + WHOLE[4:]])
    with pytest.raises(WireError, match="ends at offset 15"):
        SnapshotReader([WHOLE[:15]])
    body = b"".join(encode_snapshot(SESSIONS, ACLS, NODES))
    damaged = bytearray(body)
    damaged[-1 - SEAL.size - 20] ^= 1
    with pytest.raises(WireError, match=f"seal at offset {len(body) - SEAL.size} does not match"):
        read_all(bytes(damaged), 100)


@pytest.mark.parametrize("field", ["sessions", "ACL lists", "ACL", "path", "data"])
def test_hostile_lengths_allocate_nothing(field: str) -> None:
    many, none = INT.pack(2**31 - 1), INT.pack(0)
    start = {
        "sessions": many,
        "ACL lists": none + many,
        "ACL": none + INT.pack(1) + bytes(8) + many,
        "path": none + none + many,
        "data": none + none + encode_ustring("/a") + many,
    }[field]
    tracemalloc.start()
    try:
        with pytest.raises(WireError):
            list(SnapshotReader([start + bytes(50)], sealed=False).nodes())
        assert tracemalloc.get_traced_memory()[1] < 30_000
    finally:
        tracemalloc.stop()


@given(mutated(st.just(WHOLE[16:])), st.integers(1, 300))
def test_bad_bytes_raise_nothing_else(raw: bytes, size: int) -> None:
    """Without seals, so that the nodes are looked at as they are."""
    with contextlib.suppress(WireError):
        list(SnapshotReader(split(raw, size), sealed=False).nodes())


@given(st.binary(max_size=200), st.booleans())
def test_random_bytes_raise_nothing_else(raw: bytes, headed: bool) -> None:
    prefix = WHOLE[: SNAPSHOT_HEADER.size] if headed else b""
    with pytest.raises(WireError):
        list(SnapshotReader([prefix + raw]).nodes())


def test_errors_of_the_source_pass_through() -> None:
    def broken(error: Callable[[], Exception]) -> Iterator[bytes]:
        yield WHOLE[:60]
        raise error()

    with pytest.raises(OSError, match="disk"):
        list(SnapshotReader(broken(lambda: OSError("disk"))).nodes())
