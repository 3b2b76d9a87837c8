"""Key stores and certificates: whether they load, and for how long they are good."""

import datetime
from collections.abc import Iterator

from speckeeper.net.tls.settings import TlsSettings
from speckeeper.ops.config.error import ConfigError
from speckeeper.ops.config.tls_settings import admin_tls, client_tls, quorum_tls
from speckeeper.ops.config.zoo_cfg import Config
from speckeeper.ops.doctor.finding import Finding, ok, warning, wrong

_SOON_DAYS = 30


def check_tls(config: Config) -> Iterator[Finding]:
    """Look at TLS for clients, between servers and of the AdminServer, where there is any."""
    for settings_of in (client_tls, quorum_tls, admin_tls):
        try:
            settings = settings_of(config)
        except ConfigError as error:
            yield wrong("TLS", f"{error.file}: {error.text}", error.remedy)
            continue
        if settings is not None:
            yield _certificate(settings)


def _certificate(settings: TlsSettings) -> Finding:
    from cryptography import x509  # only TLS needs it

    from speckeeper.net.tls.context import TlsContexts
    from speckeeper.net.tls.stores import StoreError, load_key_store

    try:
        TlsContexts(settings)
        chain = x509.load_pem_x509_certificates(load_key_store(settings.key_store).chain)
    except StoreError as error:
        return wrong(settings.name, f"{error.path}: {error.what}", error.remedy)
    now = datetime.datetime.now(datetime.UTC)
    end = min(each.not_valid_after_utc for each in chain)
    days = (end - now).days
    told = f"{settings.key_store.path}: good until {end:%Y-%m-%d}, {days} days"
    if end <= now:
        return wrong(settings.name, told, "renew the certificate: nobody accepts it")
    if max(each.not_valid_before_utc for each in chain) > now:
        return wrong(settings.name, f"{told}, but not yet", "set the clock, or wait")
    if days < _SOON_DAYS:
        return warning(settings.name, told, "renew the certificate")
    return ok(settings.name, told)
