"""What an operator says of TLS on one kind of port (ZooKeeper ``X509Util``)."""

from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

DEFAULT_DETECTION_S = 5.0


class ClientAuth(Enum):
    """Whether the one that connects must show a certificate."""

    NONE = "none"
    WANT = "want"
    NEED = "need"


@dataclass(frozen=True, slots=True)
class StoreSettings:
    """A key store or trust store. ``kind``: JKS, PEM or PKCS12."""

    path: Path
    kind: str
    password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class DialSettings:
    """What one who only connects says of TLS, as :class:`TlsSettings` says it.

    ``key_store`` None: no certificate is shown; ``trust_store`` None: the system's authorities.
    """

    key_store: StoreSettings | None
    trust_store: StoreSettings | None
    protocols: tuple[str, ...] = ("TLSv1.2", "TLSv1.3")
    ciphers: tuple[str, ...] = ()
    verify_server: bool = True


@dataclass(frozen=True, slots=True)
class TlsSettings:
    """One context for those who connect, and one for connecting.

    ``name``: what an operator calls it, for messages. ``protocols``: TLSv1.2, TLSv1.3; ``ciphers``
    by their Java (IANA) names, empty for OpenSSL's own. ``verify_server``: the name of the server
    that we connect to must stand in its certificate; ``verify_client``: so must the address of the
    one that connects, or with ``reverse_lookup`` its name. ``plain_too``: who speaks no TLS is let
    in as well. ``detection_s``: how long the first byte may take. ``most_handshakes``: at a time,
    0 for any number. ``reload``: look for changed stores.
    """

    name: str
    key_store: StoreSettings
    trust_store: StoreSettings | None
    client_auth: ClientAuth = ClientAuth.NEED
    protocols: tuple[str, ...] = ("TLSv1.2", "TLSv1.3")
    ciphers: tuple[str, ...] = ()
    verify_server: bool = True
    verify_client: bool = False
    reverse_lookup: bool = False
    plain_too: bool = False
    detection_s: float = DEFAULT_DETECTION_S
    most_handshakes: int = 0
    reload: bool = False
    x509_super_user: str | None = None
