"""Packets of the quorum port: round trips, pieces, fuzz; bytes written down from Java's layout."""

import contextlib
import itertools
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.wire.quorum_strategies import packets, plain_packets
from tests.unit.wire.strategies import acls, ints, longs, mutated

from speckeeper.wire import quorum_data
from speckeeper.wire.errors import WireError
from speckeeper.wire.jute import INT, Reader
from speckeeper.wire.quorum import (
    DEFAULT_MAX_DATA,
    Incomplete,
    KnownIds,
    PacketType,
    QuorumPacket,
    decode_packet,
    decode_usual,
    encode_packet,
)
from speckeeper.wire.quorum_stream import SNAPSHOT_SIGNATURE, QuorumStream, SnapshotPiece
from speckeeper.wire.records import Id
from speckeeper.wire.snapshot import NodeTuple, encode_snapshot_body
from speckeeper.wire.snapshot_reader import SnapshotReader

nodes = st.lists(
    st.tuples(
        st.text(min_size=2, max_size=8).map(lambda name: f"/{name}"),
        st.one_of(st.none(), st.binary(max_size=30)),
        *(longs,) * 5,
        *(ints,) * 3,
        *(longs,) * 2,
    ),
    max_size=4,
)
bodies = st.builds(
    lambda sessions, lists, tail: b"".join(
        encode_snapshot_body(sessions, dict(enumerate(lists, 1)), [ROOT, *tail])
    ),
    st.dictionaries(longs, ints, max_size=3),
    st.lists(acls, max_size=2),
    nodes,
)
ROOT: NodeTuple = ("", b"", -1, 0, 0, 0, 0, 0, 0, 0, 0, 0)
SNAP = encode_packet(QuorumPacket(PacketType.SNAP, 7))
UPTODATE = QuorumPacket(PacketType.UPTODATE, -1)


def pieces_of(raw: bytes, cuts: list[int]) -> list[bytes]:
    places = sorted({0, len(raw), *(cut % (len(raw) + 1) for cut in cuts)})
    return [raw[a:b] for a, b in itertools.pairwise(places)]


def test_bytes_of_a_packet() -> None:
    """QuorumPacket in zookeeper.jute: type, zxid, data, authinfo; null is length -1."""
    ping = QuorumPacket(PacketType.PING, 0x100000002)
    assert encode_packet(ping).hex() == "00000005" + "0000000100000002" + "ffffffff" * 2
    request = QuorumPacket(PacketType.REQUEST, -1, b"\x01", (Id("ip", "::1"),))
    assert encode_packet(request).hex() == (
        "00000001" + "ff" * 8 + "00000001" + "01" + "00000001" + "000000026970" + "000000033a3a31"
    )


@given(packets)
def test_round_trip(packet: QuorumPacket) -> None:
    raw = encode_packet(packet)
    reader = Reader(raw)
    assert decode_packet(reader) == packet
    assert reader.at_end()


@given(st.lists(packets, min_size=1, max_size=3), st.binary(max_size=3))
def test_usual_packets_are_decoded_as_all_are(sent: list[QuorumPacket], rest: bytes) -> None:
    known: KnownIds = {}
    for packet in [*sent, *sent]:  # with Ids that are not known yet, and that are
        raw = encode_packet(packet)
        found = decode_usual(raw + rest, 0, DEFAULT_MAX_DATA, known)
        usual = len(packet.authinfo or ()) <= 1 and packet.authinfo != ()
        if packet.data is None:
            usual = packet.authinfo is None
        assert found == ((packet, len(raw)) if usual else None)
        for cut in range(len(raw)):
            assert decode_usual(raw[:cut], 0, DEFAULT_MAX_DATA, known) is None


@given(packets)
def test_packet_cut_short_is_incomplete(packet: QuorumPacket) -> None:
    raw = encode_packet(packet)
    for end in range(len(raw)):
        with pytest.raises(Incomplete):
            decode_packet(Reader(raw, 0, end))


@given(st.lists(plain_packets, max_size=4), st.lists(st.integers(0, 10**6), max_size=5))
def test_packets_in_pieces(sent: list[QuorumPacket], cuts: list[int]) -> None:
    stream = QuorumStream()
    raw = b"".join(map(encode_packet, sent))
    assert [packet for piece in pieces_of(raw, cuts) for packet in stream.feed(piece)] == sent


@given(bodies, st.lists(st.integers(0, 10**6), max_size=6))
def test_snapshot_in_pieces(body: bytes, cuts: list[int]) -> None:
    stream = QuorumStream()
    raw = SNAP + body + SNAPSHOT_SIGNATURE + encode_packet(UPTODATE)
    arrived = [item for piece in pieces_of(raw, cuts) for item in stream.feed(piece)]
    assert arrived[0] == QuorumPacket(PacketType.SNAP, 7)
    assert arrived[-1] == UPTODATE
    between = arrived[1:-1]
    assert all(isinstance(piece, SnapshotPiece) for piece in between)
    assert b"".join(piece.body for piece in between if isinstance(piece, SnapshotPiece)) == body
    assert [isinstance(p, SnapshotPiece) and p.last for p in between].index(True) == (
        len(between) - 1
    )
    reader = SnapshotReader([body], sealed=False)
    first, *_ = reader.nodes()
    assert first == ROOT
    assert reader.remainder == b""


def test_snapshot_without_signature_is_refused() -> None:
    body = b"".join(encode_snapshot_body({}, {}, [ROOT]))
    with pytest.raises(WireError, match="signature"):
        QuorumStream().feed(SNAP + body + b"\0\0\0\x0aBenWasNot!")


@given(st.data())
def test_mutated_streams_raise_nothing_else(data: st.DataObject) -> None:
    whole = st.builds(lambda body: SNAP + body + SNAPSHOT_SIGNATURE, bodies)
    raw = data.draw(mutated(st.one_of(packets.map(encode_packet), whole)))
    stream = QuorumStream()
    try:
        for piece in pieces_of(raw, data.draw(st.lists(st.integers(0, 10**6), max_size=3))):
            stream.feed(piece)
    except WireError:
        pass


@given(st.binary(max_size=80))
def test_random_bytes_raise_nothing_else(raw: bytes) -> None:
    with contextlib.suppress(WireError):
        QuorumStream().feed(raw)


@pytest.mark.parametrize("length", [-2, 2**31 - 1])
def test_unreasonable_length_is_refused_at_once(length: int) -> None:
    """Nobody waits for two gigabytes because four bytes say so."""
    raw = INT.pack(PacketType.PROPOSAL) + bytes(8) + INT.pack(length) + bytes(9)
    with pytest.raises(WireError, match="unreasonable length") as caught:
        decode_packet(Reader(raw))
    assert not isinstance(caught.value, Incomplete)


def test_endless_authinfo_is_refused() -> None:
    raw = encode_packet(QuorumPacket(PacketType.REQUEST, -1))[:-4]
    entry = INT.pack(8) + bytes(8) + INT.pack(8) + bytes(8)
    with pytest.raises(WireError, match="Id") as caught:
        decode_packet(Reader(raw + INT.pack(2**31 - 1) + entry * 8), max_data=100)
    assert not isinstance(caught.value, Incomplete)


@given(longs, ints, longs)
def test_learner_info(server_id: int, version: int, config_version: int) -> None:
    info = quorum_data.LearnerInfo(server_id, version, config_version)
    raw = quorum_data.encode_learner_info(info)
    assert len(raw) == 20
    assert quorum_data.decode_learner_info(raw) == info
    assert quorum_data.decode_learner_info(raw[:12]) == (server_id, version, 0)
    assert quorum_data.decode_learner_info(raw[:8]) == (server_id, 1, 0)


@given(longs, ints, ints, st.binary(), st.booleans())
def test_other_data(long: int, first: int, second: int, rest: bytes, valid: bool) -> None:
    data = quorum_data
    assert data.decode_epoch(data.encode_epoch(first)) == first
    assert data.decode_touched(data.encode_touched([(long, first)] * 2)) == [(long, first)] * 2
    assert data.decode_revalidate(data.encode_revalidate(long, first)) == (long, first)
    assert data.decode_revalidated(data.encode_revalidated(long, valid)) == (long, valid)
    request = data.ForwardedRequest(long, first, second, rest)
    assert data.decode_forwarded(data.encode_forwarded(request)) == request
    assert data.decode_designated(data.encode_designated(long, rest)) == (long, rest)


@pytest.mark.parametrize(
    ("decode", "size"),
    [
        (quorum_data.decode_learner_info, 8),
        (quorum_data.decode_epoch, 4),
        (quorum_data.decode_revalidate, 12),
        (quorum_data.decode_revalidated, 9),
        (quorum_data.decode_forwarded, 16),
        (quorum_data.decode_designated, 8),
    ],
)
def test_data_too_short(decode: Callable[[bytes], object], size: int) -> None:
    for length in range(size):
        with pytest.raises(WireError):
            decode(bytes(length))
    decode(bytes(size))


def test_half_a_session_in_a_ping_is_refused() -> None:
    with pytest.raises(WireError, match="12"):
        quorum_data.decode_touched(bytes(13))
