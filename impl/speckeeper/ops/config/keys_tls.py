"""Rows of the zoo.cfg table: TLS for clients and between servers (ZooKeeper ``X509Util``,
``ClientX509Util``, ``QuorumX509Util``, administrator's guide).
"""

from speckeeper.ops.config.key import Key, core, prop
from speckeeper.ops.config.kinds import (
    BOUND_HOST,
    INT_MAX,
    PATH,
    TRUE_FALSE,
    Choice,
    Integer,
    Text,
    Words,
)

_STORE_KIND = Choice("JKS", "PEM", "PKCS12", "")
_CLIENT_AUTH = Choice("none", "want", "need")
_PROTOCOL = Choice("TLSv1.2", "TLSv1.3", "TLS")
_SECRET = Text("a password", empty=True)
_OFF = Integer(0, 65535)
_BY_NAME = "by the end of its name"


def _store(prefix: str, section: str, word: str, what: str) -> tuple[Key, ...]:
    name, field = f"{prefix}{word}Store", f"{section}.{word}_store"
    return (
        prop(f"{name}.location", PATH, None, f"file with {what}", f"{field}_location"),
        prop(f"{name}.password", _SECRET, "", "its password", f"{field}_password"),
        prop(
            f"{name}.passwordPath", PATH, None, "file with that password", f"{field}_password_path"
        ),
        prop(f"{name}.type", _STORE_KIND, "", "its kind", f"{field}_type", default_text=_BY_NAME),
    )


def _context(prefix: str, section: str, verify_client: bool) -> tuple[Key, ...]:
    """Rows of what makes a context, for one kind of port."""
    return (
        *_store(prefix, section, "key", "the private key and its certificates"),
        *_store(prefix, section, "trust", "the certificates that are trusted"),
        prop(
            f"{prefix}protocol",
            _PROTOCOL,
            "TLS",
            "newest version of TLS; TLS means whatever there is",
            f"{section}.protocol",
        ),
        prop(
            f"{prefix}enabledProtocols",
            Words("TLSv1.2, TLSv1.3"),
            (),
            "versions of TLS",
            f"{section}.enabled_protocols",
            default_text="up to ssl.protocol",
        ),
        prop(
            f"{prefix}ciphersuites",
            Words("cipher suites"),
            (),
            "cipher suites, by their Java names or OpenSSL's",
            f"{section}.ciphers",
            default_text="OpenSSL's",
        ),
        prop(
            f"{prefix}clientAuth",
            _CLIENT_AUTH,
            "need",
            "whether who connects must show a certificate",
            f"{section}.client_auth",
        ),
        prop(
            f"{prefix}hostnameVerification",
            TRUE_FALSE,
            True,
            "whether certificates must be for the host that they come from",
            f"{section}.verify_server",
        ),
        prop(
            f"{prefix}clientHostnameVerification",
            TRUE_FALSE,
            verify_client,
            "whether those of who connects must be for its address",
            f"{section}.verify_client",
        ),
        prop(
            f"{prefix}allowReverseDnsLookup",
            TRUE_FALSE,
            False,
            "whether they may be for the name of that address",
            f"{section}.reverse_lookup",
        ),
        prop(
            f"{prefix}handshakeDetectionTimeoutMillis",
            Integer(1, unit="ms", decode=True),
            5000,
            "how long the first byte may take where TLS and plain are taken",
            f"{section}.detection_ms",
        ),
        prop(
            f"{prefix}crl",
            TRUE_FALSE,
            False,
            "look for revoked certificates: not available, true stops the start",
            f"{section}.crl",
        ),
        prop(
            f"{prefix}ocsp",
            TRUE_FALSE,
            False,
            "ask about revoked certificates: not available, true stops the start",
            f"{section}.ocsp",
        ),
    )


TLS_CLIENTS: tuple[Key, ...] = (
    core("secureClientPort", _OFF, None, "port for clients by TLS", "net.secure_client_port"),
    core(
        "secureClientPortAddress",
        BOUND_HOST,
        None,
        "address for clients by TLS",
        "net.secure_client_port_address",
        default_text="all addresses",
    ),
    prop(
        "client.portUnification",
        TRUE_FALSE,
        False,
        "clientPort takes clients with TLS and without",
        "tls.plain_too",
    ),
    prop(
        "client.certReload",
        TRUE_FALSE,
        False,
        "load key store and trust store again when they change",
        "tls.reload",
    ),
    prop(
        "netty.server.outstandingHandshake.limit",
        Integer(-1, INT_MAX, decode=True),
        -1,
        "TLS handshakes at a time; 0 or less means no limit",
        "tls.most_handshakes",
    ),
    *_context("ssl.", "tls", False),
    prop(
        "ssl.authProvider",
        Choice("x509"),
        "x509",
        "scheme of the identities that certificates give",
        "tls.auth_provider",
    ),
    prop(
        "X509AuthenticationProvider.superUser",
        Text("the subject of a certificate"),
        None,
        "the subject, as in CN=admin,O=org, that may do everything",
        "authentication.x509_super_user",
    ),
)

TLS_QUORUM: tuple[Key, ...] = (
    core("sslQuorum", TRUE_FALSE, False, "TLS between servers", "quorum_tls.enabled"),
    core(
        "portUnification",
        TRUE_FALSE,
        False,
        "servers take each other with TLS and without, for a rolling change",
        "quorum_tls.plain_too",
    ),
    core(
        "sslQuorumReloadCertFiles",
        TRUE_FALSE,
        False,
        "load the stores of ssl.quorum.* again when they change",
        "quorum_tls.reload",
    ),
    *_context("ssl.quorum.", "quorum_tls", True),
)

TLS_ADMIN: tuple[Key, ...] = (
    prop(
        "admin.forceHttps",
        TRUE_FALSE,
        False,
        "the AdminServer takes TLS only, with the stores of ssl.quorum.*",
        "admin.force_https",
    ),
    prop(
        "admin.portUnification",
        TRUE_FALSE,
        False,
        "the AdminServer takes TLS and plain HTTP",
        "admin.plain_too",
    ),
    prop(
        "admin.needClientAuth",
        TRUE_FALSE,
        False,
        "who calls the AdminServer by TLS must show a certificate",
        "admin.need_client_auth",
    ),
)

TLS_KEYS = (*TLS_CLIENTS, *TLS_QUORUM, *TLS_ADMIN)
