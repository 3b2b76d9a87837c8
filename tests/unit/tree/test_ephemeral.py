"""The stored owner of a node: ZooKeeper EphemeralType, EphemeralTypeTest."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from speckeeper.tree.ephemeral import (
    CONTAINER_OWNER,
    MAX_TTL_MS,
    EphemeralType,
    ephemeral_type,
    is_ephemeral,
    is_valid_ttl,
    shown_owner,
    ttl_of,
    ttl_owner,
)


def signed(number: int) -> int:
    return number - (1 << 64) if number >> 63 else number


@pytest.mark.parametrize(
    ("stored", "kind"),
    [
        (0, EphemeralType.VOID),
        (0x8000000000000000, EphemeralType.CONTAINER),
        (0xFF00000000000001, EphemeralType.TTL),
        (0xFF0000FFFFFFFFFF, EphemeralType.TTL),
        (0xFF00000000000000, EphemeralType.TTL),
        (0xFF00010000000000, EphemeralType.NORMAL),
        (0xFE00000000000001, EphemeralType.NORMAL),
        (0x8000000000000001, EphemeralType.NORMAL),
        (1, EphemeralType.NORMAL),
        (0x0100000000000000, EphemeralType.NORMAL),
    ],
)
def test_kinds_by_their_bits(stored: int, kind: EphemeralType) -> None:
    owner = signed(stored)
    assert ephemeral_type(owner) is kind
    assert is_ephemeral(owner) == (kind is EphemeralType.NORMAL)
    assert shown_owner(owner) == (owner if kind is EphemeralType.NORMAL else 0)


@given(st.integers(1, MAX_TTL_MS))
def test_ttl_round_trip(ttl_ms: int) -> None:
    owner = ttl_owner(ttl_ms)
    assert ephemeral_type(owner) is EphemeralType.TTL
    assert ttl_of(owner) == ttl_ms
    assert owner & ((1 << 64) - 1) == 0xFF << 56 | ttl_ms


def test_ttl_range() -> None:
    assert [ttl for ttl in (-1, 0, 1, MAX_TTL_MS, MAX_TTL_MS + 1) if is_valid_ttl(ttl)] == [
        1,
        MAX_TTL_MS,
    ]
    assert signed(0x8000000000000000) == CONTAINER_OWNER
