"""Java key stores (JKS), which Python's libraries do not read.

A file is: magic, version, entries, and a SHA-1 over the password and all before it. A private key
is a PKCS #8 EncryptedPrivateKeyInfo whose algorithm is Sun's own: the key XORed with a chain of
SHA-1 digests.

Source: OpenJDK ``sun.security.provider.JavaKeyStore``, ``sun.security.provider.KeyProtector``.
"""

import hmac
import struct
from hashlib import sha1
from typing import NamedTuple

MAGIC = 0xFEEDFEED
_VERSIONS = (1, 2)
_PRIVATE_KEY, _TRUSTED_CERTIFICATE = 1, 2
_WHITENER = b"Mighty Aphrodite"
_DIGEST_SIZE = 20
# 1.3.6.1.4.1.42.2.17.1.1, in DER.
_SUN_KEY_PROTECTOR = bytes.fromhex("060a2b060104012a02110101")


class JksError(Exception):
    """A file is no JKS store or is cut short, or the password is wrong; the text is one line."""


class JksEntry(NamedTuple):
    """An entry. ``key``: a PKCS #8 key in DER, None for a trusted certificate.

    ``chain``: certificates in DER, the one of the key first.
    """

    alias: str
    key: bytes | None
    chain: tuple[bytes, ...]


def read_jks(data: bytes, password: str) -> list[JksEntry]:
    """Return the entries of a store, in its order.

    ``password`` empty: the integrity of the file is not checked, as with Java, and private keys
    cannot be read. Raises JksError.
    """
    reader = _Reader(data)
    if reader.number() != MAGIC:
        raise JksError("it is no JKS store")
    version = reader.number()
    if version not in _VERSIONS:
        raise JksError(f"version {version} of JKS is not known")
    encoded = password.encode("utf-16-be")
    sealed = [_entry(reader, version) for _ in range(reader.number())]
    body, seal = data[: reader.position], reader.take(_DIGEST_SIZE)
    if password and not hmac.compare_digest(sha1(encoded + _WHITENER + body).digest(), seal):
        raise JksError("the password is wrong, or the file is damaged")
    return [
        JksEntry(alias, None if key is None else _reveal(key, encoded, alias), chain)
        for alias, key, chain in sealed
    ]


def _entry(reader: "_Reader", version: int) -> JksEntry:
    tag = reader.number()
    alias = reader.text()
    reader.take(8)  # when it was made
    if tag == _TRUSTED_CERTIFICATE:
        return JksEntry(alias, None, (_certificate(reader, version),))
    if tag != _PRIVATE_KEY:
        raise JksError(f"entry {alias}: kind {tag} is not known")
    key = reader.take(reader.number())
    chain = tuple(_certificate(reader, version) for _ in range(reader.number()))
    return JksEntry(alias, key, chain)


def _certificate(reader: "_Reader", version: int) -> bytes:
    if version > 1 and (kind := reader.text()) != "X.509":
        raise JksError(f"a certificate is of kind {kind}, not X.509")
    return reader.take(reader.number())


def _reveal(protected: bytes, password: bytes, alias: str) -> bytes:
    """Undo Sun's protection of a private key: salt, XORed key, digest of password and key."""
    at = protected.find(_SUN_KEY_PROTECTOR)
    if at < 0:
        raise JksError(f"entry {alias}: the key is encrypted in a way that is not JKS's own")
    outer = _Der(protected).enter()
    outer.enter()  # the algorithm, which was found above
    hidden = outer.value()
    if len(hidden) <= 2 * _DIGEST_SIZE:
        raise JksError(f"entry {alias}: the key is cut short")
    salt, seal = hidden[:_DIGEST_SIZE], hidden[-_DIGEST_SIZE:]
    body = hidden[_DIGEST_SIZE:-_DIGEST_SIZE]
    stream, digest = b"", salt
    while len(stream) < len(body):
        digest = sha1(password + digest).digest()
        stream += digest
    key = bytes(a ^ b for a, b in zip(body, stream, strict=False))
    if not hmac.compare_digest(sha1(password + key).digest(), seal):
        raise JksError(f"entry {alias}: the password of the key is another")
    return key


class _Reader:
    """Big-endian numbers, texts and runs of bytes, one after the other."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.position = 0

    def take(self, size: int) -> bytes:
        end = self.position + size
        if size < 0 or end > len(self._data):
            raise JksError("the file is cut short")
        taken = self._data[self.position : end]
        self.position = end
        return taken

    def number(self) -> int:
        return int.from_bytes(self.take(4), "big")

    def text(self) -> str:
        (size,) = struct.unpack(">H", self.take(2))
        return self.take(size).decode("utf-8", "replace")


class _Der:
    """As much of DER as two nested sequences and an octet string need."""

    def __init__(self, data: bytes) -> None:
        self._reader = _Reader(data)

    def value(self) -> bytes:
        self._reader.take(1)
        size = self._reader.take(1)[0]
        if size & 0x80:
            size = int.from_bytes(self._reader.take(size & 0x7F), "big")
        return self._reader.take(size)

    def enter(self) -> "_Der":
        return _Der(self.value())
