"""What spec/ZNode.tla has to be told: facts about texts, and settings of the servers.

TLA+ does not take texts apart, so spec/ZNodeText.tla has constants for what ZooKeeper reads in a
text. A model gives them for its few texts; here they are sets and functions of all texts, which are
asked and never listed.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from speccheck.conform.history import values as v
from speccheck.evaluate.values import Fn, LazyFunction, LazySet, Value

MAX_TTL_MS = 1099511627775


@dataclass(frozen=True)
class Policy:
    """Settings of zoo.cfg that change what clients are answered (spec/ZNodeAcl.tla)."""

    skip_acl: bool = False
    extended_types_enabled: bool = False
    enforce_quota: bool = False
    reconfig_enabled: bool = False
    close_session_txn_enabled: bool = True
    local_sessions_enabled: bool = False
    schemes: frozenset[str] = frozenset({"digest", "ip"})


SETTINGS: dict[str, str] = {
    "skipACL": "skip_acl",
    "extendedTypesEnabled": "extended_types_enabled",
    "enforceQuota": "enforce_quota",
    "reconfigEnabled": "reconfig_enabled",
    "closeSessionTxnEnabled": "close_session_txn_enabled",
    "localSessionsEnabled": "local_sessions_enabled",
}
"""Names of settings, as zoo.cfg or the specification has them, and as :class:`Policy` does."""
_OF_SESSIONS = frozenset({"localSessionsEnabled"})
"""Those that say which requests become transactions, and nothing of what these answer."""


class Fact(LazySet):
    """The set of all values of which something is so; nobody asks for its elements."""

    def __init__(self, holds: Callable[[Any], bool]) -> None:
        super().__init__()
        self._holds = holds

    def __contains__(self, value: object) -> bool:
        return self._holds(value)

    def __iter__(self) -> Iterator[Value]:
        raise NotImplementedError("a fact is asked, not listed")

    def is_finite(self) -> bool:
        """Tell whether the set can be listed: never."""
        return False


# PathUtils.validatePath looks at UTF-16 units, so what is beyond U+FFFF is illegal as well.
_ILLEGAL = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\uf8ff\ufff0-\uffff\U00010000-\U0010ffff/]")


@lru_cache(maxsize=100_000)
def _is_illegal(name: str) -> bool:
    return name in {"", ".", ".."} or _ILLEGAL.search(name) is not None


@lru_cache(maxsize=10_000)
def _network(text: str) -> tuple[int, int, int] | None:
    """Return an address, how many of its first bits count, and how many it has."""
    address, slash, bits = text.partition("/")
    try:
        parsed = ipaddress.ip_address(address)
        count = int(bits) if slash else parsed.max_prefixlen
    except ValueError:
        return None
    if not 0 <= count <= parsed.max_prefixlen:
        return None
    return int(parsed), count, parsed.max_prefixlen


def _ip_matches(pair: Any) -> bool:
    client, network = _network(pair[1]), _network(pair[2])
    if client is None or network is None or client[2] != network[2] or "/" in pair[1]:
        return False
    shift = network[2] - network[1]
    return client[0] >> shift == network[0] >> shift


def _is_valid(identity: Any) -> bool:
    if identity["scheme"] == "ip":
        return _network(identity["id"]) is not None
    if identity["scheme"] == "digest":
        return len(identity["id"].rstrip(":").split(":")) == 2
    return True  # of other schemes only the server knows


_NUMBER = re.compile(r"[+-]?[0-9]{1,19}\Z")


@lru_cache(maxsize=10_000)
def _stats_track(data: Any) -> Fn | None:
    """Return what StatsTrack reads in the data of a node, None where it cannot be read."""
    if not isinstance(data, str):
        return None
    pairs: dict[str, int] = {}
    for part in re.split("[,;]+", data.strip()):
        name, equals, number = part.partition("=")
        number = number.rstrip("=")
        if not equals or not _NUMBER.match(number):
            return None
        pairs[name] = int(number)
    others = sorted((name, n) for name, n in pairs.items() if name not in {"count", "bytes"})
    rest = "=;" + ";".join(f"{name}={n}" for name, n in others) if others else ""
    return v.record(
        {
            "count": pairs.get("count", -1),
            "bytes": pairs.get("bytes", -1),
            "countHardLimit": pairs.get("countHardLimit", -1),
            "byteHardLimit": pairs.get("byteHardLimit", -1),
            "rest": rest,
        }
    )


def constants(policy: Policy) -> dict[str, Value]:
    """Return the values of the constants that the data model asks for."""
    settings: dict[str, Value] = {
        name: v.boolean(getattr(policy, field))
        for name, field in SETTINGS.items()
        if name not in _OF_SESSIONS
    }
    settings["schemes"] = policy.schemes
    return {
        "Null": v.NULL,
        "IllegalName": Fact(_is_illegal),
        "NulName": Fact(lambda name: "\0" in name),
        "NamePrefix": Fact(lambda pair: pair[2].startswith(pair[1])),
        "ValidId": Fact(_is_valid),
        "IpMatch": Fact(_ip_matches),
        "UserOf": LazyFunction(Fact(lambda text: ":" in text), lambda text: text.split(":")[0]),
        "StatsTrack": LazyFunction(Fact(lambda text: _stats_track(text) is not None), _stats_track),
        "MaxTtl": MAX_TTL_MS,
        "Policy": v.record(settings),
    }
