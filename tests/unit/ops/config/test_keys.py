"""The table of zoo.cfg keys, row by row."""

import pytest

from speckeeper.ops.config.key import Key, Status
from speckeeper.ops.config.keys import KEYS, find_key, similar_name
from speckeeper.ops.config.kinds import (
    Choice,
    Decimal,
    Digest,
    Flag,
    Host,
    Integer,
    Interval,
    Text,
    Value,
    Words,
)
from speckeeper.ops.config.zoo_cfg import standalone_config

PLAIN = [key for key in KEYS if not key.is_family]


def _name(key: Key) -> str:
    return key.name


def test_no_name_stands_twice() -> None:
    names = [name for key in KEYS for name in (key.name, *key.aliases)]
    assert sorted(names) == sorted(set(names))


@pytest.mark.parametrize("key", KEYS, ids=_name)
def test_row_is_complete(key: Key) -> None:
    assert key.meaning
    assert key.goes_to
    assert key.kind.label
    if key.status is Status.SERVED:
        assert key.goes_to.count(".") == 1
    assert not key.aliases or key.system


@pytest.mark.parametrize("key", PLAIN, ids=_name)
def test_row_is_found_by_every_spelling(key: Key) -> None:
    for name in (key.name, *key.aliases):
        assert find_key(name) is key
        assert find_key("zookeeper." + name) is (key if key.system else None)


@pytest.mark.parametrize("key", [key for key in PLAIN if key.default is not None], ids=_name)
def test_shown_default_reads_as_the_default(key: Key) -> None:
    if not key.default_text and key.shown_default not in ("none", "empty"):
        assert key.kind.parse(key.shown_default) == key.default


@pytest.mark.parametrize("key", [key for key in PLAIN if key.status is Status.SERVED], ids=_name)
def test_default_reaches_its_section(key: Key) -> None:
    section, attribute = key.goes_to.split(".")
    value = standalone_config([], [], {}).section(section)[attribute]
    if key.default_text or key.default is None:
        return
    scaled = isinstance(key.default, int) and key.default > 0
    assert value == (key.default * key.scale if scaled and key.scale != 1 else key.default)


def _bad_text(key: Key) -> str | None:
    match key.kind:
        case Integer() as kind:
            return str(kind.low - 1)
        case Decimal() as kind:
            return str(kind.high + 1)
        case Flag() | Interval() | Digest():
            return "maybe"
        case Choice():
            return "something else"
        case Text() as kind:
            return None if kind.empty else ""
        case Host() as kind:
            return "" if kind.empty is None else None
        case Words():
            return None
    raise AssertionError(f"no bad value is known for {key.kind}")


@pytest.mark.parametrize("key", [key for key in KEYS if _bad_text(key) is not None], ids=_name)
def test_bad_value_is_refused(key: Key) -> None:
    text = _bad_text(key)
    assert text is not None
    with pytest.raises(ValueError, match=r"\S"):
        key.kind.parse(text)


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("server.3", "server.N"),
        ("group.1", "group.N"),
        ("authProvider.sasl", "authProvider.*"),
        ("zookeeper.ssl.quorum.context.supplier.class", "ssl.*"),
        ("metricsProvider.numWorkerThreads", "metricsProvider.*"),
        ("metricsProvider.httpPort", "metricsProvider.httpPort"),
        ("superUser.2", "superUser.*"),
    ],
)
def test_families(name: str, row: str) -> None:
    key = find_key(name)
    assert key is not None
    assert key.name == row


@pytest.mark.parametrize("name", ["server.", "server.a", "tick", "zookeeper.server.1", ""])
def test_what_is_no_key(name: str) -> None:
    assert find_key(name) is None


@pytest.mark.parametrize(
    ("slip", "meant"),
    [
        ("ticktime", "tickTime"),
        ("dataDirectory", None),
        ("snapshotCount", "snapCount"),
        ("4lw.command.whitelist", "4lw.commands.whitelist"),
        ("zookeeper.maxCnxn", "maxCnxns"),
        ("x", None),
    ],
)
def test_similar_names(slip: str, meant: str | None) -> None:
    assert similar_name(slip) == meant


@pytest.mark.parametrize(
    ("text", "value"),
    [("0xfffff", 0xFFFFF), ("#10", 16), ("010", 8), ("-1", -1), ("+5", 5), ("0", 0)],
)
def test_system_numbers_are_decoded_as_java_does(text: str, value: int) -> None:
    assert Integer(-1, decode=True).parse(text) == value


@pytest.mark.parametrize("text", ["0x", "1_000", "1.5", "٣", " 1", "0x1g", "", "--1"])
def test_what_is_no_number(text: str) -> None:
    with pytest.raises(ValueError, match="not a whole number"):
        Integer(-1, decode=True).parse(text)
    with pytest.raises(ValueError, match="not a whole number"):
        Integer(-1).parse(text)


def test_plain_numbers_are_decimal() -> None:
    assert Integer().parse("010") == 10
    with pytest.raises(ValueError, match="not a whole number"):
        Integer().parse("0x10")


@pytest.mark.parametrize(
    ("text", "value"), [("0", 0), ("2", 7_200_000), ("90m", 5_400_000), ("1D", 86_400_000)]
)
def test_intervals(text: str, value: Value) -> None:
    assert Interval("h", "hours").parse(text) == value


@pytest.mark.parametrize("text", ["-1w", "1w", "1000000", "m", ""])
def test_bad_intervals(text: str) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        Interval("h", "hours").parse(text)
