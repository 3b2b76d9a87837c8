"""Packets of SASL between servers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from speckeeper.wire.errors import WireError
from speckeeper.wire.quorum_auth import (
    AuthPacket,
    AuthStatus,
    decode_auth_packet,
    encode_auth_packet,
)


def test_the_first_packet_of_a_learner():
    raw = encode_auth_packet(AuthPacket(AuthStatus.IN_PROGRESS, b""))
    assert raw[:8] == bytes.fromhex("5f2435013501edcc")
    assert raw[8:] == bytes(8)


@given(st.sampled_from(AuthStatus), st.binary(max_size=200), st.binary(max_size=20), st.data())
def test_a_packet_comes_back_from_any_pieces(status, token, rest, data):
    packet = AuthPacket(status, token)
    raw = encode_auth_packet(packet)
    cut = data.draw(st.integers(0, len(raw) - 1))
    assert decode_auth_packet(raw[:cut]) is None
    assert decode_auth_packet(raw + rest) == (packet, len(raw))


@given(st.binary(max_size=64))
def test_rubbish_is_refused_as_such(data):
    try:
        found = decode_auth_packet(data)
    except WireError:
        return
    assert found is None or found[1] <= len(data)


def test_lengths_and_statuses_are_looked_at():
    raw = encode_auth_packet(AuthPacket(AuthStatus.SUCCESS, b"ab"))
    with pytest.raises(WireError, match="status 7"):
        decode_auth_packet(raw[:8] + (7).to_bytes(4, "big") + raw[12:])
    with pytest.raises(WireError, match="unreasonable length"):
        decode_auth_packet(raw[:12] + (1 << 20).to_bytes(4, "big"))
    assert decode_auth_packet(raw[:12] + b"\xff" * 4) == (AuthPacket(AuthStatus.SUCCESS, b""), 16)
