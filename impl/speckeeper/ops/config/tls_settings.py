"""From a `Config` to what net/ is told of TLS: for clients (`ssl.*`), between servers
(`ssl.quorum.*`), and for the AdminServer, which has the stores of the latter.

What would leave a port less guarded than the file asks for is refused.

Source: ZooKeeper ``X509Util``, ``KeyStoreFileType``, ``SecretUtils``, ``QuorumPeerConfig``.
"""

from pathlib import Path
from typing import Any

from speckeeper.net.tls.settings import ClientAuth, DialSettings, StoreSettings, TlsSettings
from speckeeper.ops.config.error import ConfigError
from speckeeper.ops.config.zoo_cfg import Config

_VERSIONS = ("TLSv1.2", "TLSv1.3")
_KINDS = {".jks": "JKS", ".pem": "PEM", ".p12": "PKCS12", ".pfx": "PKCS12"}
CLIENTS, QUORUM = "ssl.", "ssl.quorum."
#: At a time; a connection counts among the AdminServer's only when it has been opened.
_ADMIN_HANDSHAKES = 64


def client_tls(config: Config) -> TlsSettings | None:
    """Return what is said of clients' TLS, None where no port takes it. Raises `ConfigError`."""
    values: dict[str, Any] = config.section("tls")
    if config.values["secureClientPort"] is None and not values["plain_too"]:
        return None
    cause = "secureClientPort" if "secureClientPort" in config.given else "client.portUnification"
    client_auth = ClientAuth(values["client_auth"])
    return _settings(config, "TLS for clients", CLIENTS, values, cause, client_auth)


def quorum_tls(config: Config) -> TlsSettings | None:
    """Return what is said of TLS between servers, None without it. Raises `ConfigError`.

    ``portUnification`` alone has a server take TLS and still speak without (`dials_with_tls`).
    """
    values: dict[str, Any] = config.section("quorum_tls")
    if config.quorum is None or not (values["enabled"] or values["plain_too"]):
        return None
    cause = "sslQuorum" if values["enabled"] else "portUnification"
    client_auth = ClientAuth(values["client_auth"])
    return _settings(config, "TLS between servers", QUORUM, values, cause, client_auth)


def admin_tls(config: Config) -> TlsSettings | None:
    """Return what is said of the AdminServer's TLS, None without it. Raises `ConfigError`.

    As JettyAdminServer has it: the stores of ssl.quorum.*, certificates of callers by
    admin.needClientAuth alone, and no look at the names in them. Versions of TLS and cipher suites
    are those of ssl.quorum.* too.
    """
    if not config.values["admin.enableServer"]:
        return None
    force, both = config.values["admin.forceHttps"], config.values["admin.portUnification"]
    needs = bool(config.values["admin.needClientAuth"])
    if not (force or both):
        if not needs:
            return None
        text = "admin.needClientAuth=true asks for certificates, which only TLS can show"
        raise _error(config, "admin.needClientAuth", text, "set admin.forceHttps=true too")
    values = {**config.section("quorum_tls"), "most_handshakes": _ADMIN_HANDSHAKES}
    values |= {"plain_too": bool(both) and not force, "verify_client": False}
    cause = "admin.forceHttps" if force else "admin.portUnification"
    client_auth = ClientAuth.NEED if needs else ClientAuth.NONE
    return _settings(config, "TLS for the AdminServer", QUORUM, values, cause, client_auth)


def dials_with_tls(config: Config) -> bool:
    """Whether this server speaks TLS to the servers that it calls (sslQuorum)."""
    return bool(config.values["sslQuorum"])


def _settings(
    config: Config,
    name: str,
    prefix: str,
    values: dict[str, Any],
    cause: str,
    client_auth: ClientAuth,
) -> TlsSettings:
    key_store = store_of(config, prefix, "key", values)
    if key_store is None:
        text = f"{cause} asks for TLS, and {prefix}keyStore.location is not set"
        raise _error(config, cause, text, "name the file with the private key and its certificate")
    trust_store = store_of(config, prefix, "trust", values)
    if trust_store is None and (client_auth is not ClientAuth.NONE or prefix == QUORUM):
        text = (
            f"{prefix}trustStore.location is not set, so that nobody's certificate can be trusted"
        )
        remedy = "name the file with those to trust"
        remedy += "" if prefix == QUORUM else f", or set {prefix}clientAuth=none"
        raise _error(config, cause, text, remedy)
    refuse_revocation(config, prefix, values)
    verifies = values["verify_server"]
    settings = TlsSettings(
        name,
        key_store,
        trust_store,
        client_auth,
        protocols_of(config, prefix, values),
        tuple(values["ciphers"]),
        verify_server=verifies,
        verify_client=verifies and _verifies_clients(config, prefix, values),
        reverse_lookup=values["reverse_lookup"],
        plain_too=values["plain_too"],
        detection_s=values["detection_ms"] / 1000,
        most_handshakes=max(values.get("most_handshakes", 0), 0),
        reload=values["reload"],
    )
    check_suites(config, prefix, settings)
    return settings


def refuse_revocation(config: Config, prefix: str, values: dict[str, Any]) -> None:
    """Raise `ConfigError` where revoked certificates are to be looked for."""
    for switch in ("crl", "ocsp"):
        if values[switch]:
            text = f"{prefix}{switch}=true: revoked certificates cannot be looked for"
            raise _error(
                config, prefix + switch, text, "remove it, and take such certificates away"
            )


def check_suites(config: Config, prefix: str, settings: TlsSettings | DialSettings) -> None:
    """Raise `ConfigError` for versions and cipher suites that leave nothing to speak."""
    from speckeeper.net.tls.context import check_limits  # loads OpenSSL

    wrong = check_limits(settings)
    if wrong is not None:
        which = "ciphersuites" if settings.ciphers else "enabledProtocols"
        raise _error(
            config, prefix + which, f"{prefix}{which}: {wrong}", "name others, or remove it"
        )


def _verifies_clients(config: Config, prefix: str, values: dict[str, Any]) -> bool:
    """In FIPS mode, the default, Apache does so for nobody; here for whom it is asked for."""
    explicit = f"{prefix}clientHostnameVerification" in config.given
    return bool(values["verify_client"]) and (explicit or not config.values["fips-mode"])


def store_of(
    config: Config, prefix: str, word: str, values: dict[str, Any]
) -> StoreSettings | None:
    """Return a store by its word, key or trust; None if it is not named. Raises `ConfigError`."""
    field, name = f"{word}_store", f"{prefix}{word}Store"
    location = values[f"{field}_location"]
    if location is None:
        return None
    path = Path(location)
    kind = values[f"{field}_type"] or _KINDS.get(path.suffix.lower())
    if kind is None:
        text = f"{name}.location: what kind of store {path.name} is cannot be told from its name"
        raise _error(config, f"{name}.location", text, f"set {name}.type=JKS, PEM or PKCS12")
    password = values[f"{field}_password"]
    if values[f"{field}_password_path"] is not None:
        password = _secret(config, f"{name}.passwordPath", values[f"{field}_password_path"])
    return StoreSettings(path, kind, password)


def _secret(config: Config, key: str, path: str) -> str:
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        text = f"{key}: {path}: {reason.lower()}"
        raise _error(config, key, text, "name a file with the password alone") from None
    return text.rstrip("\r\n")


def protocols_of(config: Config, prefix: str, values: dict[str, Any]) -> tuple[str, ...]:
    """Return the versions of TLS that are asked for and available. Raises `ConfigError`."""
    asked: tuple[str, ...] = values["enabled_protocols"]
    if not asked:
        return _VERSIONS[:1] if values["protocol"] == "TLSv1.2" else _VERSIONS
    known = tuple(version for version in _VERSIONS if version in asked)
    if not known:
        key = f"{prefix}enabledProtocols"
        text = f"{key}: {', '.join(asked)} is not available"
        raise _error(config, key, text, f"use {' or '.join(_VERSIONS)}")
    return known


def _error(config: Config, key: str, text: str, remedy: str) -> ConfigError:
    return ConfigError(*config.places.get(key, (config.source, None)), text, remedy)
