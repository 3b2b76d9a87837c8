"""Contexts made of what an operator says, and made again when the stores have changed.

Source: ZooKeeper ``X509Util.createSSLContextAndOptionsFromConfig``, ``SSLContextAndOptions``,
``FileChangeWatcher``.
"""

from __future__ import annotations

import logging
import os
import ssl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from speckeeper.net.tls.ciphers import is_of_tls13, openssl_name
from speckeeper.net.tls.settings import ClientAuth, DialSettings, StoreSettings, TlsSettings
from speckeeper.net.tls.stores import KeyAndChain, StoreError, load_key_store, load_trust_store

log = logging.getLogger(__name__)

VERSIONS = {"TLSv1.2": ssl.TLSVersion.TLSv1_2, "TLSv1.3": ssl.TLSVersion.TLSv1_3}
_VERIFY_MODES = {
    ClientAuth.NONE: ssl.CERT_NONE,
    ClientAuth.WANT: ssl.CERT_OPTIONAL,
    ClientAuth.NEED: ssl.CERT_REQUIRED,
}
_Marks = tuple[tuple[int, int, int], ...]


class TlsContexts:
    """The contexts of one kind of port. ``accepting`` and ``connecting`` are the latest."""

    def __init__(self, settings: TlsSettings) -> None:
        """Load the stores. Raises StoreError."""
        self.settings = settings
        self._marks = self._looked()
        self.accepting, self.connecting = _contexts(settings)

    def look(self) -> None:
        """Load the stores again if they have changed.

        What cannot be used is logged, and the old ones stay.
        """
        marks = self._looked()
        if marks == self._marks:
            return
        self._marks = marks
        try:
            self.accepting, self.connecting = _contexts(self.settings)
        except StoreError as error:
            log.error("%s: the changed store is not used: %s", self.settings.name, error)
            return
        log.info("%s: the stores have changed and were loaded again", self.settings.name)

    def _looked(self) -> _Marks:
        stores = [self.settings.key_store, self.settings.trust_store]
        return tuple(_mark(str(store.path)) for store in stores if store is not None)


def _mark(path: str) -> tuple[int, int, int]:
    try:
        found = os.stat(path)
    except OSError:
        return 0, 0, 0
    return found.st_ino, found.st_mtime_ns, found.st_size


def _contexts(settings: TlsSettings) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    own = load_key_store(settings.key_store)
    trusted = _trusted(settings)
    accepting = _context(ssl.PROTOCOL_TLS_SERVER, settings, trusted)
    _show(accepting, settings.key_store, own)
    accepting.verify_mode = _VERIFY_MODES[settings.client_auth]
    accepting.options |= ssl.OP_NO_RENEGOTIATION
    connecting = _context(ssl.PROTOCOL_TLS_CLIENT, settings, trusted)
    _show(connecting, settings.key_store, own)
    connecting.check_hostname = settings.verify_server
    connecting.verify_mode = ssl.CERT_REQUIRED
    return accepting, connecting


def dialing_context(settings: DialSettings) -> ssl.SSLContext:
    """Return the context of one who only connects. Raises StoreError."""
    context = _context(ssl.PROTOCOL_TLS_CLIENT, settings, _trusted(settings))
    if settings.key_store is not None:
        _show(context, settings.key_store, load_key_store(settings.key_store))
    context.check_hostname = settings.verify_server
    context.verify_mode = ssl.CERT_REQUIRED
    return context


def _trusted(settings: TlsSettings | DialSettings) -> bytes:
    return b"" if settings.trust_store is None else load_trust_store(settings.trust_store)


def _show(context: ssl.SSLContext, store: StoreSettings, own: KeyAndChain) -> None:
    """Have a context show the certificate of a store."""
    with _as_file(own.key + own.chain) as path:
        try:
            context.load_cert_chain(path)
        except ssl.SSLError as error:
            what = f"its key and certificate cannot be used: {error.reason or error}"
            remedy = "make them anew, with a key of 2048 bits or more"
            raise StoreError(store.path, what, remedy) from None


def _context(kind: int, settings: TlsSettings | DialSettings, trusted: bytes) -> ssl.SSLContext:
    context = ssl.SSLContext(kind)
    _limit(context, settings)
    if trusted:
        context.load_verify_locations(cadata=trusted)
        # As in Java, whatever is in the trust store is trusted, be it an authority or not.
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    elif settings.trust_store is None:
        context.load_default_certs(
            ssl.Purpose.CLIENT_AUTH if kind == ssl.PROTOCOL_TLS_SERVER else ssl.Purpose.SERVER_AUTH
        )
    return context


def _limit(context: ssl.SSLContext, settings: TlsSettings | DialSettings) -> None:
    """Allow the versions and cipher suites that are asked for, and no others."""
    versions = [VERSIONS[name] for name in VERSIONS if name in settings.protocols]
    if settings.ciphers:
        older = [openssl_name(name) for name in settings.ciphers if not is_of_tls13(name)]
        # OpenSSL's suites of TLS 1.3 cannot be chosen from here: all of them, or none.
        if not any(map(is_of_tls13, settings.ciphers)):
            versions = [each for each in versions if each != ssl.TLSVersion.TLSv1_3]
        if older:
            context.set_ciphers(":".join(older))
        else:
            versions = [each for each in versions if each == ssl.TLSVersion.TLSv1_3]
    context.minimum_version, context.maximum_version = versions[0], versions[-1]


def check_limits(settings: TlsSettings | DialSettings) -> str | None:
    """Return what is wrong with versions and cipher suites together, None if nothing is."""
    try:
        _limit(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), settings)
    except ssl.SSLError:
        return "none of the cipher suites is known to OpenSSL here"
    except IndexError:
        return "no cipher suite is of an enabled protocol"
    except ValueError as error:
        return str(error)
    return None


@contextmanager
def _as_file(data: bytes) -> Iterator[str]:
    """Give bytes a path for as long as OpenSSL reads them; on Linux they never reach a disk."""
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("key", os.MFD_CLOEXEC)
        try:
            os.write(descriptor, data)
            yield f"/proc/self/fd/{descriptor}"
        finally:
            os.close(descriptor)
    else:
        with tempfile.NamedTemporaryFile() as file:
            file.write(data)
            file.flush()
            yield file.name
