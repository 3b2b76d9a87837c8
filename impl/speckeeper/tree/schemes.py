"""Authentication schemes: what an id of a scheme looks like in an ACL, and whom it matches.

``world``, ``auth`` and ``super`` are not schemes in this sense, they are words of the ACL rules
(:mod:`speckeeper.tree.acl`). A further scheme is one more object in ``Policy.schemes``.

Source: ZooKeeper ``AuthenticationProvider``, ``DigestAuthenticationProvider``,
``IPAuthenticationProvider`` (with the IPv6 addresses of 3.9.4).
"""

import re
from base64 import b64encode
from functools import lru_cache
from hashlib import new as new_hash
from typing import Protocol

from speckeeper.wire.records import Id

_JAVA_INT = re.compile(r"[+-]?[0-9]{1,12}\Z")
_HEX_SEGMENT = re.compile(r"[+-]?[0-9A-Fa-f]{1,4}\Z")


class AuthScheme(Protocol):
    """What the ACL rules ask of a scheme."""

    @property
    def is_authenticated(self) -> bool:
        """Whether an id proves who the client is, so that ``auth`` may stand for it."""

    def is_valid(self, acl_id: str) -> bool:
        """Whether ``acl_id`` may stand in an ACL."""

    def matches(self, auth_id: str, acl_id: str) -> bool:
        """Whether a client that has ``auth_id`` is meant by ``acl_id``."""


class DigestScheme:
    """``user:base64(hash("user:password"))``; an id matches itself."""

    is_authenticated = True

    def is_valid(self, acl_id: str) -> bool:
        """Require two parts around a colon; empty ones at the end do not count."""
        return len(acl_id.rstrip(":").split(":")) == 2

    def matches(self, auth_id: str, acl_id: str) -> bool:
        """Compare as text."""
        return auth_id == acl_id


class IpScheme:
    """An address, or ``address/bits`` for all that share its first bits."""

    is_authenticated = False

    def is_valid(self, acl_id: str) -> bool:
        """Require an address that parses, and a number of bits that it has."""
        return _network(acl_id) is not None

    def matches(self, auth_id: str, acl_id: str) -> bool:
        """Compare the leading bits of two addresses of one family."""
        network, client = _network(acl_id), _network(auth_id)
        if network is None or client is None or "/" in auth_id:
            return False
        address, bits, width = network
        return width == client[2] and address >> (width - bits) == client[0] >> (width - bits)


# Keywords that Java knows in a distinguished name (``sun.security.x509.AVAKeyword``).
_KEYWORD = (
    r"(?:CN|C|L|S|ST|O|OU|T|IP|STREET|DC|DNQUALIFIER|DNQ|SURNAME|GIVENNAME|INITIALS|GENERATION|"
    r"EMAIL|EMAILADDRESS|UID|SERIALNUMBER|(?:OID\.)?[0-9]+(?:\.[0-9]+)+)"
)
_NAME_VALUE = r'(?:"(?:[^"\\]|\\.)*"|#[0-9A-Fa-f]+|(?:[^,+"\\<>;=#\s]|\\.|[ \t=#](?=\S))*)'
_ATTRIBUTE = rf"\s*{_KEYWORD}\s*=\s*{_NAME_VALUE}\s*"
_KERBEROS_NAME = re.compile(r"[^/@]*(?:/[^/@]*)?@[^/@]*\Z")
_DISTINGUISHED_NAME = re.compile(rf"(?:{_ATTRIBUTE}(?:[,;+]{_ATTRIBUTE})*)?\Z", re.IGNORECASE)


class X509Scheme:
    """The subject of a client's certificate, as in ``CN=alice,O=org``.

    ``super_user``: the subject that every entry stands for (``X509AuthenticationProvider``).
    """

    is_authenticated = True

    def __init__(self, super_user: str | None = None) -> None:
        self.super_user = super_user

    def is_valid(self, acl_id: str) -> bool:
        """Require a distinguished name (``new X500Principal``)."""
        return _DISTINGUISHED_NAME.match(acl_id) is not None

    def matches(self, auth_id: str, acl_id: str) -> bool:
        """Compare as text."""
        return auth_id in (acl_id, self.super_user)


class SaslScheme:
    """The name of a user who has authenticated by SASL.

    ``reader``: an entry with this name stands for everybody who has (``letAnySaslUserDoX``).
    """

    is_authenticated = True

    def __init__(self, reader: str | None = None) -> None:
        self.reader = reader

    def is_valid(self, acl_id: str) -> bool:
        """Require a Kerberos name: user, perhaps ``/host``, perhaps ``@realm`` (KerberosName)."""
        return "@" not in acl_id or _KERBEROS_NAME.match(acl_id) is not None

    def matches(self, auth_id: str, acl_id: str) -> bool:
        """Compare as text; the user ``super`` is meant by every entry."""
        return auth_id in ("super", acl_id) or (self.reader is not None and acl_id == self.reader)


def x509_auth_ids(scheme: X509Scheme, subject: str) -> tuple[Id, ...]:
    """Return the ids that a certificate with this subject proves."""
    own = Id("x509", subject)
    return (Id("super", subject), own) if subject == scheme.super_user else (own,)


DIGEST = DigestScheme()
IP = IpScheme()


def digest_id(id_password: str, algorithm: str = "SHA1") -> str:
    """Return the digest id of ``user:password``, or of any text (``generateDigest``).

    Raises ValueError for an algorithm that is not known.
    """
    user = id_password.split(":", 1)[0]
    name = algorithm.lower()
    name = name.replace("-", "_") if name.startswith("sha3") else name.replace("-", "")
    digest = new_hash(name, id_password.encode("utf-8", "replace"), usedforsecurity=False).digest()
    return f"{user}:{b64encode(digest).decode('ascii')}"


@lru_cache(maxsize=4096)
def _network(text: str) -> tuple[int, int, int] | None:
    """Parse ``address[/bits]`` to (address, leading bits, width of the address), or None."""
    address_text, slash, bits_text = text.partition("/")
    parsed = _address_v6(address_text) if ":" in address_text else _address_v4(address_text)
    if parsed is None:
        return None
    width = 128 if ":" in address_text else 32
    if not slash:
        return parsed, width, width
    bits = _java_int(bits_text)
    return None if bits is None or not 0 <= bits <= width else (parsed, bits, width)


def _java_int(text: str) -> int | None:
    """Read a decimal number as Java's parseInt does: signs are fine, blanks are not."""
    return int(text) if _JAVA_INT.match(text) else None


def _address_v4(text: str) -> int | None:
    """Read four decimal numbers 0..255 between dots."""
    parts = [_java_int(part) for part in text.split(".")]
    if len(parts) != 4:
        return None
    address = 0
    for part in parts:
        if part is None or not 0 <= part <= 255:
            return None
        address = address << 8 | part
    return address


def _address_v6(text: str) -> int | None:
    """Read eight groups of up to four hexadecimal digits; ``::`` stands for missing ones."""
    halves = text.split("::")
    if len(halves) > 2:
        return None
    head = halves[0].split(":") if halves[0] or len(halves) == 1 else []
    tail = halves[1].split(":") if len(halves) == 2 and halves[1] else []
    missing = 8 - len(head) - len(tail)
    if (missing != 0) if len(halves) == 1 else (missing < 1):
        return None
    address = 0
    for group in [*head, *["0"] * missing, *tail]:
        if not _HEX_SEGMENT.match(group) or len(group) > 4:
            return None
        address = address << 16 | int(group, 16) & 0xFFFF
    return address
