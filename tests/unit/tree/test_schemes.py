"""Authentication schemes: ZooKeeper DigestAuthenticationProvider, IPAuthenticationProvider."""

import ipaddress

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from speckeeper.tree.schemes import DIGEST, IP, digest_id


@pytest.mark.parametrize(
    ("id_password", "expected"),
    [
        ("super:test", "super:D/InIHSb7yEEbrWz8b9l71RjZJU="),
        ("super:admin", "super:xQJmxLMiHGwaqBvst5y6rkB6HQs="),
    ],
)
def test_digest_vectors(id_password: str, expected: str) -> None:
    """Vectors of the protocol reference, section 10."""
    assert digest_id(id_password) == expected


def test_other_algorithms_by_their_java_names() -> None:
    """DigestAuthenticationProvider.digestAlg takes what Java calls them."""
    assert digest_id("a:b", "SHA-256") == digest_id("a:b", "SHA256")
    assert len(digest_id("a:b", "SHA3-256")) == len("a:") + 44
    with pytest.raises(ValueError):
        digest_id("a:b", "no such thing")


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        ("a:b", True),
        (":b", True),
        ("a:b:", True),
        ("a:b::", True),
        ("a", False),
        ("", False),
        ("a:", False),
        (":", False),
        ("a:b:c", False),
    ],
)
def test_valid_digest_ids(text: str, valid: bool) -> None:
    """Java's split drops empty parts at the end (DigestAuthenticationProvider.isValid)."""
    assert DIGEST.is_valid(text) == valid


@pytest.mark.parametrize(
    "text",
    [
        "1.2.3.4",
        "0.0.0.0/0",
        "1.2.3.4/32",
        "255.255.255.255",
        "+1.2.3.4",
        "001.2.3.4",
        "1.2.3.4/+8",
        "::1",
        "::",
        "1::",
        "1:2:3:4:5:6:7:8",
        "fe80::/10",
        "::/0",
        "::1/128",
        "2001:DB8::1",
    ],
)
def test_valid_addresses(text: str) -> None:
    assert IP.is_valid(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1.2.3",
        "1.2.3.4.5",
        "256.1.1.1",
        "-1.1.1.1",
        "1.2.3.4/33",
        "1.2.3.4/-1",
        "1.2.3.4/",
        "1.2.3.4/8/8",
        "a.b.c.d",
        "1. 2.3.4",
        "1_0.1.1.1",
        "localhost",
        "1.2.3.4/x",
        "1..2.3",
        "1:2:3:4:5:6:7",
        "1:2:3:4:5:6:7:8:9",
        "1::2::3",
        ":::",
        "12345::",
        "g::",
        ":1:2:3:4:5:6:7",
        "1:2:3:4:5:6:7::8",
        "fe80::1%eth0",
        "::1/129",
        "::1.2.3.4",
    ],
)
def test_invalid_addresses(text: str) -> None:
    assert not IP.is_valid(text)


@pytest.mark.parametrize(
    ("client", "entry", "expected"),
    [
        ("127.0.0.1", "127.0.0.1", True),
        ("127.0.0.1", "127.0.0.2", False),
        ("10.1.2.3", "10.0.0.0/8", True),
        ("11.1.2.3", "10.0.0.0/8", False),
        ("10.1.2.3", "10.1.2.128/25", False),
        ("10.1.2.200", "10.1.2.128/25", True),
        ("1.2.3.4", "9.9.9.9/0", True),
        ("::1", "127.0.0.1", False),
        ("127.0.0.1", "::/0", False),
        ("::", "::ffff:0.0.0.0/0", False),
        ("fe80::1", "FE80:0:0:0:0:0:0:1", True),
        ("fe80::1", "fe80::/10", True),
        ("fec0::1", "fe80::/10", False),
        ("bogus", "0.0.0.0/0", False),
        ("1.2.3.4", "bogus", False),
    ],
)
def test_addresses_match_by_leading_bits(client: str, entry: str, expected: bool) -> None:
    assert IP.matches(client, entry) == expected


@given(st.ip_addresses(), st.ip_addresses(), st.integers(0, 128))
def test_matching_agrees_with_the_standard_library(
    client: ipaddress.IPv4Address | ipaddress.IPv6Address,
    entry: ipaddress.IPv4Address | ipaddress.IPv6Address,
    bits: int,
) -> None:
    # Java reads an IPv4-mapped address as the IPv4 one; the example above has that.
    assume(
        not any(
            isinstance(each, ipaddress.IPv6Address) and each.ipv4_mapped for each in (client, entry)
        )
    )
    bits = min(bits, entry.max_prefixlen)
    network = ipaddress.ip_network((entry, bits), strict=False)
    assert IP.matches(str(client), f"{entry}/{bits}") == (client in network)
