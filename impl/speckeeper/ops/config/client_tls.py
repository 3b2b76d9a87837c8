"""TLS of one who connects, from a file of properties of ZooKeeper's Java client.

The file is zkCli's ``-client-configuration``. Whether there is TLS is ``zookeeper.client.secure``
alone; ``zookeeper.clientCnxnSocket`` names a Java class, and means nothing here.

Source: ZooKeeper ``ZKClientConfig``, ``ClientX509Util``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from speckeeper.net.tls.settings import DialSettings
from speckeeper.ops.config.error import ConfigError
from speckeeper.ops.config.kinds import TRUE_FALSE
from speckeeper.ops.config.tls_settings import (
    check_suites,
    protocols_of,
    refuse_revocation,
    store_of,
)
from speckeeper.ops.config.zoo_cfg import CLIENT_SECURE, CLIENT_TLS, Config, read_client_config

if TYPE_CHECKING:
    import ssl

_SUPPLIER = CLIENT_TLS + "context.supplier.class"


def client_context(path: str) -> tuple[ssl.SSLContext | None, tuple[str, ...]]:
    """Return what to connect with, None for no TLS, and warnings of one line each.

    Raises `ConfigError` for what cannot be used, also for a store.
    """
    config = read_client_config(path)
    settings = dial_settings(config)
    if settings is None:
        return None, config.warnings
    from speckeeper.net.tls.context import dialing_context  # loads OpenSSL
    from speckeeper.net.tls.stores import StoreError

    try:
        return dialing_context(settings), config.warnings
    except StoreError as error:
        word = "trustStore" if error.path != _path(settings) else "keyStore"
        place = config.places[f"{CLIENT_TLS}{word}.location"]
        raise ConfigError(*place, f"{error.path}: {error.what}", error.remedy) from None


def _path(settings: DialSettings) -> object:
    return None if settings.key_store is None else settings.key_store.path


def dial_settings(config: Config) -> DialSettings | None:
    """Return what a client's file says of TLS, None for no TLS. Raises `ConfigError`."""
    place = config.places.get(CLIENT_SECURE, (config.source, None))
    try:
        if not TRUE_FALSE.parse(config.given.get(CLIENT_SECURE) or "false"):
            return None
    except ValueError as error:
        text = f"{CLIENT_SECURE}: {error}"
        raise ConfigError(*place, text, f"give {TRUE_FALSE.label}") from None
    if config.given.get(_SUPPLIER):
        text = f"{_SUPPLIER}: a Java class cannot be used here"
        remedy = f"remove it, and name the stores by {CLIENT_TLS}keyStore.* and trustStore.*"
        raise ConfigError(*config.places[_SUPPLIER], text, remedy)
    values: dict[str, Any] = config.section("tls")
    refuse_revocation(config, CLIENT_TLS, values)
    settings = DialSettings(
        store_of(config, CLIENT_TLS, "key", values),
        store_of(config, CLIENT_TLS, "trust", values),
        protocols_of(config, CLIENT_TLS, values),
        tuple(values["ciphers"]),
        values["verify_server"],
    )
    check_suites(config, CLIENT_TLS, settings)
    return settings
