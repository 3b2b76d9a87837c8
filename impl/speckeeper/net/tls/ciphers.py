"""Names of cipher suites: Java's, which are IANA's, to OpenSSL's.

TLS 1.3 has suites of its own, which OpenSSL does not take in the same list.
"""

import re

_SUITE = re.compile(r"TLS_(?:(?P<exchange>[A-Z_]+)_WITH_)?(?P<cipher>[A-Z0-9_]+)")
_EXCHANGES = {
    "RSA": "",
    "DHE_RSA": "DHE-RSA-",
    "ECDHE_RSA": "ECDHE-RSA-",
    "ECDHE_ECDSA": "ECDHE-ECDSA-",
}


def is_of_tls13(name: str) -> bool:
    """Whether a suite is one of TLS 1.3: its name says nothing of the key exchange."""
    return name.startswith("TLS_") and "_WITH_" not in name


def openssl_name(name: str) -> str:
    """Return OpenSSL's name of a suite of TLS 1.2, as in ``ECDHE-RSA-AES128-GCM-SHA256``.

    OpenSSL's own names are taken as they are. Raises ValueError for a name of neither kind.
    """
    if not name.startswith("TLS_"):
        return name
    found = _SUITE.fullmatch(name)
    exchange = None if found is None else _EXCHANGES.get(found["exchange"])
    if found is None or exchange is None:
        raise ValueError(f"cipher suite {name} is not known")
    cipher = re.sub(r"^(AES|CAMELLIA|ARIA)_(\d+)", r"\1\2", found["cipher"])
    cipher = cipher.replace("_CBC_", "_").replace("POLY1305_SHA256", "POLY1305")
    return exchange + cipher.replace("_", "-")
