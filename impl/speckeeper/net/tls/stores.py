"""Key stores and trust stores: PEM, PKCS #12 and JKS files, to what OpenSSL takes.

Source: ZooKeeper ``FileKeyStoreLoader`` and its three kinds, ``PemReader``.
"""

from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
    load_pem_private_key,
    pkcs12,
)

from speckeeper.net.tls.jks import JksEntry, JksError, read_jks
from speckeeper.net.tls.settings import StoreSettings

_KEY_BEGINS = b"PRIVATE KEY-----"


class StoreError(Exception):
    """A store cannot be used; one line: the file, what is wrong, what to do."""

    def __init__(self, path: Path, what: str, remedy: str) -> None:
        super().__init__(f"{path}: {what}; {remedy}")
        self.path, self.what, self.remedy = path, what, remedy


class KeyAndChain(NamedTuple):
    """``key`` and ``chain`` in PEM, the certificate of the key first. The key is not encrypted."""

    key: bytes
    chain: bytes


def load_key_store(store: StoreSettings) -> KeyAndChain:
    """Return the first private key of a store with its certificates. Raises StoreError."""
    data = _read(store.path)
    try:
        key, chain = {"JKS": _jks_key, "PEM": _pem_key, "PKCS12": _pkcs12_key}[store.kind](
            data, store.password
        )
    except (JksError, ValueError, TypeError) as error:
        raise _explained(store, error) from None
    if key is None:
        raise StoreError(store.path, "there is no private key in it", "put one in, or name another")
    if not chain:
        what = "there is no certificate for its private key"
        raise StoreError(store.path, what, "put the certificate in")
    if key.public_key() != chain[0].public_key():
        what = "the first certificate is not that of the private key"
        raise StoreError(store.path, what, "put the certificate of the key first")
    return KeyAndChain(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        b"".join(each.public_bytes(Encoding.PEM) for each in chain),
    )


def load_trust_store(store: StoreSettings) -> bytes:
    """Return all certificates of a store in DER, one after the other. Raises StoreError."""
    data = _read(store.path)
    try:
        found = {"JKS": _jks_trusted, "PEM": _pem_certificates, "PKCS12": _pkcs12_trusted}[
            store.kind
        ](data, store.password)
    except (JksError, ValueError, TypeError) as error:
        raise _explained(store, error) from None
    if not found:
        raise StoreError(store.path, "there is no certificate in it", "put in those to trust")
    return b"".join(each.public_bytes(Encoding.DER) for each in found)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        what = (error.strerror or str(error)).lower()
        raise StoreError(path, what, "name a file that can be read") from None


def _explained(store: StoreSettings, error: Exception) -> StoreError:
    what = str(error).splitlines()[0].rstrip(".") if str(error) else type(error).__name__
    remedy = f"give its password, and its type if it is not {store.kind}"
    return StoreError(store.path, f"it cannot be read as {store.kind}: {what}", remedy)


def _secret(password: str) -> bytes | None:
    return password.encode() or None


def _jks_key(data: bytes, password: str) -> tuple[PrivateKeyTypes | None, list[x509.Certificate]]:
    for entry in read_jks(data, password):
        if entry.key is not None:
            chain = [x509.load_der_x509_certificate(each) for each in entry.chain]
            return load_der_private_key(entry.key, None), chain
    return None, []


def _jks_trusted(data: bytes, password: str) -> list[x509.Certificate]:
    return [
        x509.load_der_x509_certificate(entry.chain[0])
        for entry in _trusted_only(data, password)
        if entry.chain
    ]


def _trusted_only(data: bytes, password: str) -> list[JksEntry]:
    return [entry for entry in read_jks(data, password) if entry.key is None]


def _pem_key(data: bytes, password: str) -> tuple[PrivateKeyTypes | None, list[x509.Certificate]]:
    if _KEY_BEGINS not in data:
        return None, []
    # OpenSSL takes a password only for a key that is encrypted.
    encrypted = b"ENCRYPTED" in data
    key = load_pem_private_key(_only_key(data), _secret(password) if encrypted else None)
    return key, _pem_certificates(data, "")


def _only_key(data: bytes) -> bytes:
    """Cut the first private key out of a PEM file that also has certificates."""
    end = data.index(_KEY_BEGINS)
    begin = data.rindex(b"-----BEGIN", 0, end)
    close = data.find(b"-----END", end)
    stop = data.find(b"-----", close + len(b"-----END"))
    if close < 0 or stop < 0:
        raise ValueError("the private key has no end")
    return data[begin : stop + len(b"-----")] + b"\n"


def _pem_certificates(data: bytes, password: str) -> list[x509.Certificate]:
    return x509.load_pem_x509_certificates(data) if b"-----BEGIN CERTIFICATE" in data else []


def _pkcs12_key(
    data: bytes, password: str
) -> tuple[PrivateKeyTypes | None, list[x509.Certificate]]:
    store = pkcs12.load_pkcs12(data, _secret(password))
    first = [store.cert.certificate] if store.cert is not None else []
    return store.key, first + [each.certificate for each in store.additional_certs]


def _pkcs12_trusted(data: bytes, password: str) -> list[x509.Certificate]:
    return [
        each.certificate for each in pkcs12.load_pkcs12(data, _secret(password)).additional_certs
    ]
