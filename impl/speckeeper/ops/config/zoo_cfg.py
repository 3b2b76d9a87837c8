"""zoo.cfg, system properties and the standalone arguments, read into one `Config` (ZooKeeper
QuorumPeerConfig, ServerConfig).

A value comes from the file, else from a -D option, else from a -D entry of SERVER_JVMFLAGS or
JVMFLAGS, else from the table's default; the file wins over -D because Apache lets it. Whatever is
odd but harmless is a warning; whatever would serve something else than was asked for is a
`ConfigError`.
"""

import os
import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from speckeeper.ops.config.error import ConfigError
from speckeeper.ops.config.keys import KEYS, PREFIX, Key, Status, find_key, similar_name
from speckeeper.ops.config.keys_later import ENSEMBLE
from speckeeper.ops.config.kinds import Value
from speckeeper.ops.config.members import FORM, Member, parse_member
from speckeeper.ops.config.rules import apply_rules
from speckeeper.ops.config.voting_rules import idle_weights
from speckeeper.storage.config_files import version_of
from speckeeper.wire.properties import PropertiesError, Property, parse_properties
from speckeeper.wire.quorum_config import QuorumConfig

__all__ = [
    "Config",
    "ConfigError",
    "QuorumLines",
    "read_client_config",
    "read_config",
    "read_quorum_lines",
    "standalone_config",
]

#: Keys of ZooKeeper's Java client: whether it speaks TLS, and how those begin that say by what.
CLIENT_SECURE, CLIENT_TLS = "zookeeper.client.secure", "zookeeper.ssl."
#: What `speckeeper serve` without arguments uses.
DEFAULT_PORT, DEFAULT_DATA_DIR = 2181, "./var/data"


@dataclass(frozen=True)
class Config:
    """What the server is asked to be.

    `values` has every key of the table that is not a family, by its name, defaults included.
    `given` has the texts of the keys that were set, families too. `server_id` is the number in
    dataDir/myid, or None. `quorum` is the ensemble that this server is a member of, None for a
    standalone server.
    """

    source: str
    text: str
    values: Mapping[str, Value]
    given: Mapping[str, str]
    members: tuple[Member, ...] = ()
    server_id: int | None = None
    warnings: tuple[str, ...] = ()
    quorum: QuorumConfig | None = None
    places: Mapping[str, tuple[str, int | None]] = field(default_factory=dict)
    """File and line, or option, of each key that was set."""

    def section(self, name: str) -> dict[str, Value]:
        """Return the values that go to one section as {attribute: value}, scaled to the attribute's
        unit.
        """
        found: dict[str, Value] = {}
        for key in KEYS:
            section, _, attribute = key.goes_to.partition(".")
            if key.status is Status.SERVED and section == name and not key.is_family:
                value = self.values[key.name]
                scaled = isinstance(value, int) and key.scale != 1 and value > 0
                found[attribute] = value * key.scale if scaled else value  # type: ignore[operator]  # int
        return found

    def number(self, name: str) -> int:
        """Return the value of a key that holds a whole number."""
        value = self.values[name]
        if not isinstance(value, int):
            raise TypeError(f"{name} holds {value!r}")
        return value

    def string(self, name: str) -> str:
        """Return the value of a key that holds text; none is the empty text."""
        value = self.values[name]
        if value is not None and not isinstance(value, str):
            raise TypeError(f"{name} holds {value!r}")
        return value or ""


@dataclass(frozen=True)
class QuorumLines:
    """The lines that say what a quorum is, by key, and the ids of those that vote and that do not.

    `oracle`: with Apache, a file decides where one of two servers is left. `standalone`: the only
    server is no member of an ensemble, and groups and weights say nothing to it. `fail` makes a
    `ConfigError` of (key, what is wrong, remedy), placed where the key was set. `warnings` name
    lines that say nothing: keys that are unknown or set again, and weights of nobody.
    """

    given: Mapping[str, str]
    voters: frozenset[int]
    observers: frozenset[int]
    oracle: bool
    standalone: bool
    fail: Callable[[str, str, str], ConfigError]
    warnings: tuple[str, ...]


@dataclass
class _Gathering:
    """Values as they come in, with the place of each for messages."""

    source: str
    values: dict[str, Value] = field(default_factory=dict)
    given: dict[str, str] = field(default_factory=dict)
    places: dict[str, tuple[str, int | None]] = field(default_factory=dict)
    members: list[Member] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def warn(self, place: tuple[str, int | None], text: str) -> None:
        file, line = place
        self.warnings.append(f"{file}:{line}: {text}" if line else f"{file}: {text}")

    def fail(self, name: str, text: str, remedy: str) -> ConfigError:
        return ConfigError(*self.places.get(name, (self.source, None)), text, remedy)

    def set(self, key: Key, name: str, text: str, place: tuple[str, int | None]) -> None:
        """Take one assignment of a known key."""
        canonical = _canonical(key, name)
        try:
            value = key.kind.parse(text)
        except ValueError as error:
            text = f"{name}: {error}" if place[1] or not place[0].endswith(name) else str(error)
            raise ConfigError(*place, text, f"give {key.kind.label}") from None
        if canonical in self.places:
            file, line = self.places[canonical]
            self.warn(place, f"{name} was already set at {file}:{line}; this value counts")
        self.places[canonical] = place
        self.given[canonical] = text
        self.values[canonical] = value
        if key.name == "server.N":
            self._add_member(key, name, text, place)
        elif key.status is Status.LATER and key.goes_to != ENSEMBLE and value != key.default:
            self.warn(place, f"{name} is understood but not served yet ({key.goes_to})")

    def _add_member(self, key: Key, name: str, text: str, place: tuple[str, int | None]) -> None:
        number = int(key.pattern.fullmatch(name)[1])  # type: ignore[index]  # the key was found by this pattern
        try:
            member = parse_member(number, text)
        except ValueError as error:
            raise ConfigError(*place, f"{name}: {error}", f"write {FORM}") from None
        self.members = [each for each in self.members if each.id != number] + [member]


def _canonical(key: Key, name: str) -> str:
    """Return what a key is remembered by: server.01 sets server.1 again, as for Java's parseLong.

    Not so group.01 and group.1, which are two groups of one number: no server starts with them.
    """
    if key.name in ("server.N", "weight.N"):
        kind, _, number = name.partition(".")
        return f"{kind}.{int(number)}"
    return name.removeprefix(PREFIX) if key.is_family else key.name


def read_config(
    path: str, options: Sequence[str] = (), environment: Mapping[str, str] | None = None
) -> Config:
    """Read a zoo.cfg file, `name=value` texts of -D options and the environment's JVM flags.

    Raises `ConfigError`.
    """
    gathering = _Gathering(path)
    text = _read_text(path)
    _take_file(gathering, path, _parse(path, text))
    _take_system_properties(gathering, options, os.environ if environment is None else environment)
    _take_dynamic_file(gathering)
    return _finish(gathering, text)


def read_client_config(path: str) -> Config:
    """Read a file of ZooKeeper's Java client, of which only TLS counts: `zookeeper.client.secure`
    and `zookeeper.ssl.*` (ZKClientConfig, ClientX509Util).

    `given` and `places` have the names as they stand in the file. Raises `ConfigError`.
    """
    gathering = _Gathering(path)
    text = _read_text(path)
    given: dict[str, str] = {}
    places: dict[str, tuple[str, int | None]] = {}
    for line, name, value in _parse(path, text):
        if not name.startswith(CLIENT_TLS) and name != CLIENT_SECURE:
            continue
        value = value if name.endswith(".password") else value.strip()
        places[name], given[name] = (path, line), value
        key = find_key(name)
        if name == CLIENT_SECURE or not value:
            continue
        if key is None or key.status is Status.LATER:
            gathering.warn((path, line), _unknown(name))
        else:
            gathering.set(key, name, value, (path, line))
    values = {key.name: key.default for key in KEYS if not key.is_family}
    values.update((name, value) for name, value in gathering.values.items() if name in values)
    return Config(path, text, values, given, warnings=tuple(gathering.warnings), places=places)


def read_quorum_lines(path: str) -> QuorumLines:
    """Read of a zoo.cfg file, or of a dynamic file, what a quorum is, and judge it not.

    Raises `ConfigError`.
    """
    gathering = _Gathering(path)
    _take_file(gathering, path, _parse(path, _read_text(path)))
    _take_dynamic_file(gathering)
    given = {
        name: text
        for name, text in gathering.given.items()
        if name.startswith(("server.", "group.", "weight."))
    }
    if not gathering.members:
        text = "there is no server.N line: a standalone server decides alone"
        raise ConfigError(path, None, text, "name the file of a member of an ensemble")
    observers = frozenset(member.id for member in gathering.members if member.observer)
    voters = frozenset(member.id for member in gathering.members) - observers
    if not voters:
        name = f"server.{gathering.members[0].id}"
        text = "no server.N line has the role participant"
        raise gathering.fail(name, text, "add a participant")
    oracle = len(voters) == 2 and "oraclePath" in gathering.given
    may_be_alone = gathering.given.get("standaloneEnabled", "true").strip().lower() == "true"
    standalone = may_be_alone and len(gathering.members) == 1
    _name_idle_weights(gathering)
    warnings = tuple(gathering.warnings)
    return QuorumLines(given, voters, observers, oracle, standalone, gathering.fail, warnings)


def standalone_config(
    arguments: Sequence[str],
    options: Sequence[str] = (),
    environment: Mapping[str, str] | None = None,
) -> Config:
    """Return the configuration of `serve PORT DATADIR [TICKTIME] [MAXCNXNS]`, or of `serve` with no
    arguments.

    As with Apache, this form has no limit of connections per address unless it is given. Raises
    `ConfigError`.
    """
    gathering = _Gathering("command line")
    texts = list(arguments) or [str(DEFAULT_PORT), DEFAULT_DATA_DIR]
    names = ["clientPort", "dataDir", "tickTime", "maxClientCnxns"]
    if not 2 <= len(texts) <= len(names):
        raise ConfigError("command line", None, "wrong number of arguments", _USAGE)
    if arguments and len(texts) < len(names):
        gathering.values["maxClientCnxns"] = 0
    for name, text in zip(names, texts, strict=False):
        key = find_key(name)
        assert key is not None
        gathering.set(key, name, text, ("command line", None))
    _take_system_properties(gathering, options, os.environ if environment is None else environment)
    return _finish(gathering, "")


_USAGE = "say `speckeeper serve zoo.cfg` or `speckeeper serve PORT DATADIR [TICKTIME] [MAXCNXNS]`"


#: That of UTF-8, read as ISO 8859-1.
_BYTE_ORDER_MARK = "\xef\xbb\xbf"


def _read_text(path: str) -> str:
    try:
        # Properties.load reads ISO 8859-1, in which every byte is a character.
        with open(path, encoding="iso-8859-1", newline="") as file:
            text = file.read()
    except OSError as error:
        text = (error.strerror or str(error)).lower()
        raise ConfigError(path, None, text, "name a readable configuration file") from None
    if text.startswith(_BYTE_ORDER_MARK):
        # Java takes it for a part of the first key, which is then another.
        what = "the file begins with a byte order mark"
        raise ConfigError(path, 1, what, "save it as UTF-8 without BOM, or as ISO 8859-1")
    return text


def _parse(path: str, text: str) -> list[Property]:
    try:
        return parse_properties(text)
    except PropertiesError as error:
        raise ConfigError(
            path, error.line, error.text, "write four hexadecimal digits after \\u"
        ) from None


def _take_file(gathering: _Gathering, path: str, properties: list[Property]) -> None:
    for line, raw_name, raw_value in properties:
        name, text = raw_name.strip(), raw_value.strip()
        if not name:
            gathering.warn((path, line), f"the key before ={text} is empty, the line is ignored")
            continue
        key = find_key(name)
        if key is None:
            _refuse_member_key(path, line, name)
            gathering.warn((path, line), _unknown(name))
            continue
        gathering.set(key, name, text, (path, line))


#: What Long.parseLong reads, but for numbers that are too large.
_NUMBER = re.compile(r"[+-]?[0-9]+", re.ASCII)


def _refuse_member_key(path: str, line: int, name: str) -> None:
    """Refuse an unknown key that Apache takes for one of an ensemble.

    Of what begins with `group` or `weight`, what follows the first dot has to be a number, or the
    whole key without a dot. `groups.1` is `group.1` to Apache; there is one spelling here
    (QuorumPeerConfig.parseDynamicConfig, QuorumHierarchical.parse). Raises ConfigError.
    """
    if name.startswith("server."):
        text = f"{name}: the id of a member is not a number"
        raise ConfigError(path, line, text, "write server.N with a whole number N")
    for kind in ("group", "weight"):
        if name.startswith(kind):
            text = f"{name} is no {kind}.N line"
            if _NUMBER.fullmatch(name.partition(".")[2]):
                text += ", though Apache ZooKeeper takes it for one"
            raise ConfigError(path, line, text, f"write {kind}.N with a whole number N")


def _unknown(name: str) -> str:
    similar = similar_name(name)
    return f"unknown key {name}" + (f", did you mean {similar}?" if similar else ", it is ignored")


def _take_system_properties(
    gathering: _Gathering, options: Sequence[str], environment: Mapping[str, str]
) -> None:
    flagged: dict[str, tuple[str, str]] = {}
    for variable in ("SERVER_JVMFLAGS", "JVMFLAGS"):
        for word in _words(environment.get(variable, "")):
            if word.startswith("-D"):
                name, _, text = word[2:].partition("=")
                flagged[name] = (text, f"{variable} -D{name}")
    if environment.get("ZOO_DATADIR_AUTOCREATE_DISABLE"):
        flagged["zookeeper.datadir.autocreate"] = ("false", "ZOO_DATADIR_AUTOCREATE_DISABLE")
    for option in options:
        name, equals, text = option.partition("=")
        if not equals:
            raise ConfigError(f"-D{option}", None, "a value is missing", "write -Dname=value")
        flagged[name] = (text, f"-D{name}")
    for name, (text, place) in flagged.items():
        _take_system_property(gathering, name, text.strip(), place)


def _words(flags: str) -> list[str]:
    try:
        return shlex.split(flags)
    except ValueError:
        return flags.split()  # an unbalanced quote, which the JVM would take as a letter


def _take_system_property(gathering: _Gathering, name: str, text: str, place: str) -> None:
    key = find_key(name)
    if key is None or not key.system:
        # Java programs get properties of all kinds; only ZooKeeper's own can be a slip.
        if name.startswith(PREFIX) or not place.startswith(("SERVER_JVMFLAGS", "JVMFLAGS")):
            reason = _unknown(name) if key is None else "this key counts in the file only"
            gathering.warn((place, None), reason)
        return
    canonical = name.removeprefix(PREFIX) if key.is_family else key.name
    if canonical in gathering.places:
        if gathering.given[canonical] != text:
            file, line = gathering.places[canonical]
            gathering.warn(
                (place, None), f"{file}:{line} sets {canonical} too, and the file counts"
            )
        return
    gathering.set(key, name, text, (place, None))


def _take_dynamic_file(gathering: _Gathering) -> None:
    path = gathering.given.get("dynamicConfigFile")
    if path is None:
        return
    for name in gathering.given:
        if name.startswith(("server.", "group.", "weight.")):
            raise gathering.fail(
                name, f"{name} stands beside dynamicConfigFile", f"move it to {path}"
            )
    for line, name, value in _parse(path, _read_text(path)):
        key = find_key(name.strip())
        if key is None:
            _refuse_member_key(path, line, name.strip())
        if key is None or key.name not in ("server.N", "group.N", "weight.N"):
            remedy = "keep only server.N, group.N and weight.N in a dynamic file"
            raise ConfigError(path, line, f"unrecognised parameter {name}", remedy)
        gathering.set(key, name.strip(), value.strip(), (path, line))


def _finish(gathering: _Gathering, text: str) -> Config:
    values = {key.name: key.default for key in KEYS if not key.is_family}
    values.update((name, value) for name, value in gathering.values.items() if name in values)
    server_id, quorum = apply_rules(
        values, gathering.members, gathering.given, gathering.fail, gathering.warnings
    )
    if quorum is not None:
        _name_idle_weights(gathering)
        _name_unserved(gathering, values)
        quorum = quorum._replace(version=version_of(gathering.given.get("dynamicConfigFile", "")))
    return Config(
        gathering.source,
        text,
        values,
        dict(gathering.given),
        tuple(gathering.members),
        server_id,
        tuple(gathering.warnings),
        quorum,
        gathering.places,
    )


def _name_idle_weights(gathering: _Gathering) -> None:
    observers = {member.id for member in gathering.members if member.observer}
    voters = {member.id for member in gathering.members} - observers
    for name in idle_weights(gathering.given, voters):
        number = name.partition(".")[2]
        is_none = f"there is no server.{number}"
        if int(number) in observers:
            is_none = f"server.{number} is an observer"
        text = f"{name} says nothing: {is_none}, and no group has {number}"
        gathering.warn(gathering.places[name], text)


def _name_unserved(gathering: _Gathering, values: Mapping[str, Value]) -> None:
    """Warn of what an ensemble's file asks for and this release does not do."""
    for name in gathering.given:
        key = find_key(name)
        if key is None or key.status is not Status.LATER or key.goes_to != ENSEMBLE:
            continue
        if values.get(key.name) != key.default:
            gathering.warn(gathering.places[name], f"{name} is understood but not served yet")
