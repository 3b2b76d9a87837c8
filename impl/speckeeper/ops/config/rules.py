"""Rules that tie several keys of zoo.cfg together (ZooKeeper QuorumPeerConfig.parseProperties,
setupQuorumPeerConfig).

Derived defaults are filled in here, impossible combinations stop the start, and what would leave
the server less guarded than the file asks for is refused rather than ignored.
"""

import base64
import binascii
import hashlib
import os
from collections.abc import Callable, Mapping

from speckeeper.ops.config.error import ConfigError
from speckeeper.ops.config.kinds import Value, make_digest
from speckeeper.ops.config.members import Member
from speckeeper.ops.config.quorum_rules import take_members
from speckeeper.wire.quorum_config import QuorumConfig

Values = dict[str, Value]
#: (key, what is wrong, remedy) -> the error to raise, placed where the key was set.
Fail = Callable[[str, str, str], Exception]

#: PurgeTxnLog keeps at least so many snapshots.
LEAST_SNAPSHOTS_KEPT = 3

#: The log must have a transaction before the snapshot, and one after it.
LEAST_SNAP_COUNT = 2

#: Schemes with which a client can always authenticate.
_SCHEMES = ("digest", "ip", "world", "ensemble")

_AUTH = "org.apache.zookeeper.server.auth."
#: Classes that `authProvider.*` may name, and the schemes that they bring.
X509, SASL = _AUTH + "X509AuthenticationProvider", _AUTH + "SASLAuthenticationProvider"
_PROVIDERS = {
    X509: "x509",
    SASL: "sasl",
    _AUTH + "DigestAuthenticationProvider": "digest",
    _AUTH + "IPAuthenticationProvider": "ip",
    _AUTH + "EnsembleAuthenticationProvider": "ensemble",
}


def apply_rules(
    values: Values, members: list[Member], given: Mapping[str, str], fail: Fail, warnings: list[str]
) -> tuple[int | None, QuorumConfig | None]:
    """Complete `values` in place; return the number in dataDir/myid, None when there is no such
    file, and the configuration of the ensemble, None for a standalone server.

    Raises `ConfigError`, or what `fail` makes of one.
    """
    _directories(values, given, fail, warnings)
    server_id = _read_server_id(values)
    quorum = take_members(values, members, given, server_id, fail, warnings)
    _ports(values, fail)
    _session_timeouts(values, fail)
    schemes = _schemes(values, given, warnings)
    _security(values, schemes, fail)
    _page(values, fail)
    if (kept := _number(values, "autopurge.snapRetainCount")) < LEAST_SNAPSHOTS_KEPT:
        warnings.append(
            f"autopurge.snapRetainCount {kept} is too small, "
            f"{LEAST_SNAPSHOTS_KEPT} snapshots are kept"
        )
        values["autopurge.snapRetainCount"] = LEAST_SNAPSHOTS_KEPT
    if (count := _number(values, "snapCount")) < LEAST_SNAP_COUNT:
        warnings.append(f"snapCount {count} is too small, it counts as {LEAST_SNAP_COUNT}")
        values["snapCount"] = LEAST_SNAP_COUNT
    if values["emulate353TTLNodes"]:
        # Its TTL nodes would be taken for ephemeral ones whose session is gone, and deleted.
        text = "emulate353TTLNodes=true: TTL nodes as 3.5.3 wrote them cannot be read"
        raise fail("emulate353TTLNodes", text, "let Apache ZooKeeper delete them first")
    return server_id, quorum


def _directories(values: Values, given: Mapping[str, str], fail: Fail, warnings: list[str]) -> None:
    if values["dataDir"] is None:
        raise fail("dataDir", "dataDir is not set", "add a line such as dataDir=/var/lib/zookeeper")
    if values["dataLogDir"] is None:
        values["dataLogDir"] = values["dataDir"]
    for name in ("dataDir", "dataLogDir"):
        path = given.get(name, "/")
        if not os.path.isabs(path) and not path.startswith("./"):
            warnings.append(f"{name} {path} is relative; write ./{path} if that is meant")


def _read_server_id(values: Values) -> int | None:
    path = os.path.join(str(values["dataDir"]), "myid")
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            text = file.readline().strip()
    except OSError:
        return None  # a standalone server needs none
    if not text.isascii() or not text.isdigit():
        remedy = "write the server's number, 1 to 255, into it"
        raise ConfigError(path, 1, f"{text!r} is not a number", remedy)
    server_id = int(text)
    if values["extendedTypesEnabled"] and server_id > 254:
        text = f"server id {server_id} is above 254, the limit with extendedTypesEnabled"
        raise ConfigError(path, 1, text, "give the server a smaller id")
    return server_id


def _ports(values: Values, fail: Fail) -> None:
    for port, address in (
        ("clientPort", "clientPortAddress"),
        ("secureClientPort", "secureClientPortAddress"),
    ):
        if values[port] is None and values[address] is not None:
            raise fail(address, f"{address} is set but {port} is not", f"set {port} too")
    if values["clientPort"] is None and values["secureClientPort"] is None:
        raise fail("clientPort", "clientPort is not set", "add a line such as clientPort=2181")


def _session_timeouts(values: Values, fail: Fail) -> None:
    tick_time = _number(values, "tickTime")
    derived = [name for name in ("minSessionTimeout", "maxSessionTimeout") if values[name] == -1]
    for name, ticks in (("minSessionTimeout", 2), ("maxSessionTimeout", 20)):
        if values[name] == -1:
            values[name] = ticks * tick_time
    shortest = _number(values, "minSessionTimeout")
    longest = _number(values, "maxSessionTimeout")
    if shortest > longest:
        text = f"minSessionTimeout {shortest} is larger than maxSessionTimeout {longest}"
        if derived == ["minSessionTimeout"]:
            text += f" (minSessionTimeout is not set: 2 * tickTime {tick_time})"
            raise fail("maxSessionTimeout", text, f"set it to {shortest} or more, or set both")
        if derived == ["maxSessionTimeout"]:
            text += f" (maxSessionTimeout is not set: 20 * tickTime {tick_time})"
            raise fail("minSessionTimeout", text, f"set it to {longest} or less, or set both")
        raise fail("minSessionTimeout", text, "swap them")


def _schemes(values: Values, given: Mapping[str, str], warnings: list[str]) -> tuple[str, ...]:
    """Return the schemes with which clients can authenticate; warn of classes that are missing."""
    schemes = list(_SCHEMES)
    for name, text in given.items():
        if name.startswith("authProvider."):
            if text in _PROVIDERS:
                schemes.append(_PROVIDERS[text])
            else:
                warnings.append(f"{name}: {text} is a Java class that is not there, it is ignored")
    if values["secureClientPort"] is not None:
        schemes.append("x509")
    return tuple(dict.fromkeys(schemes))


def _page(values: Values, fail: Fail) -> None:
    """Leave the URLs of the page to the page."""
    first = str(values["admin.commandURL"]).strip("/").partition("/")[0]
    if first == "page" and values["admin.enableServer"] and values["admin.page"] != "off":
        text = "admin.commandURL: the page has the URLs below /page"
        raise fail("admin.commandURL", text, "choose another, or set admin.page=off")


def _security(values: Values, available: tuple[str, ...], fail: Fail) -> None:
    schemes = values["enforce.auth.schemes"]
    if values["enforce.auth.enabled"] and isinstance(schemes, tuple):
        if not schemes:
            text = "enforce.auth.enabled=true but enforce.auth.schemes is not set"
            raise fail("enforce.auth.enabled", text, "list schemes, such as digest")
        for scheme in schemes:
            if scheme not in available:
                text = f"enforce.auth.schemes: scheme {scheme} is not available"
                raise fail("enforce.auth.schemes", text, f"use {', '.join(available)}")
    algorithm = str(values["DigestAuthenticationProvider.digestAlg"])
    if hash_name(algorithm) not in hashlib.algorithms_available:
        raise fail(
            "DigestAuthenticationProvider.digestAlg",
            f"DigestAuthenticationProvider.digestAlg: there is no hash {algorithm}",
            "use SHA1, SHA-256, SHA-512 or SHA3-256",
        )

    _super_digest(values, algorithm, fail)


def _super_digest(values: Values, algorithm: str, fail: Fail) -> None:
    """Refuse what no password can match, such as a password where its hash belongs."""
    name = "DigestAuthenticationProvider.superDigest"
    if values[name] is None:
        return
    _, _, text = str(values[name]).partition(":")
    try:
        length = len(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError):
        length = -1
    made = hashlib.new(hash_name(algorithm))
    if made.digest_size not in (0, length):
        raise fail(
            name,
            f"{name}: what follows the user is no {algorithm} hash in base64",
            f"make it by {make_digest(made.name.replace('_', '-'))} with the same user",
        )


def _number(values: Values, name: str) -> int:
    value = values[name]
    assert isinstance(value, int)
    return value


def hash_name(algorithm: str) -> str:
    """Return hashlib's name of a Java MessageDigest (`SHA-256`: sha256, `SHA3-256`: sha3_256)."""
    name = algorithm.lower()
    return name.replace("-", "_") if name.startswith("sha3-") else name.replace("-", "")
