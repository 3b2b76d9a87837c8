"""The quorums of spec/Quorums.tla, evaluated from its text, are those that the server counts, and
those of which `speckeeper quorum` speaks.
"""

from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.model.catalogue import SPEC

from speccheck.evaluate.compiler import Compiler
from speccheck.evaluate.values import TRUE, Fn, ModelValue, Value, function_of, record_domain
from speccheck.tla import meaning as m
from speccheck.tla.modules import Library
from speccheck.tla.resolve import resolve
from speckeeper.zab.quorum_sizes import count_smallest_quorums, fatal_failures, smallest_quorums
from speckeeper.zab.quorums import Quorums
from speckeeper.zab.voting import disjoint_quorums, voting

PROBE = Path(__file__).with_name("QuorumProbe.tla")
SERVERS = {number: ModelValue(f"s{number}") for number in range(1, 6)}

Config = tuple[list[list[int]], dict[int, int]]


class Text:
    """Operators of the probe as functions of a configuration."""

    def __init__(self, folder: Path = SPEC) -> None:
        library = Library([folder])
        self._module = resolve(library, library.main(PROBE))
        self._compiler = Compiler(self._module.variables)

    def value(self, name: str, config: Config) -> Value:
        groups, weight = config
        value = _record(
            groups=frozenset(frozenset(SERVERS[s] for s in group) for group in groups),
            weight=function_of({SERVERS[server]: w for server, w in weight.items()}),
        )
        operator = self._module.scope.find(name)
        assert isinstance(operator, m.Operator)
        return self._compiler.state_value(m.Call(operator.place, operator))((value,))


def _record(**fields: Value) -> Fn:
    domain = record_domain(tuple(fields))
    return domain[tuple(fields[key] for key in domain.keys_)]


@st.composite
def configs(draw: st.DrawFn) -> Config:
    members = sorted(draw(st.sets(st.sampled_from([*SERVERS]), min_size=1)))
    weight = {server: draw(st.integers(0, 3)) for server in members}
    if draw(st.booleans()):  # as a majority counts
        weight = dict.fromkeys(members, 1)
        return [members], weight
    group_of = {server: draw(st.integers(1, 3)) for server in members}
    groups = [[s for s in members if group_of[s] == g] for g in sorted({*group_of.values()})]
    return groups, weight


def family(text: Text, config: Config) -> set[frozenset[int]]:
    """Return the quorums of the specification as sets of ids."""
    number = {value: server for server, value in SERVERS.items()}
    found = text.value("Family", config)
    assert isinstance(found, frozenset)
    return {frozenset(number[server] for server in quorum) for quorum in found}


TEXT = Text()


@settings(max_examples=150, deadline=None)
@given(configs())
def test_the_quorums_of_the_specification(config: Config) -> None:
    groups, weight = config
    legal = text_is_true(TEXT, "Legal", config)
    if not legal:
        with pytest.raises(ValueError):
            Quorums(groups, weight)
        return
    quorums = family(TEXT, config)

    used = Quorums(groups, weight)
    members = sorted(weight)
    sets = [frozenset(s) for n in range(len(members) + 1) for s in combinations(members, n)]
    assert {servers for servers in sets if used.is_quorum(servers)} == quorums

    counted = voting({*members}, dict(enumerate(groups, 1)), weight)
    assert text_is_true(TEXT, "Meets", config) == (disjoint_quorums(counted) is None)
    size = min(map(len, quorums))
    smallest = {quorum for quorum in quorums if len(quorum) == size}
    assert {frozenset(quorum) for quorum in smallest_quorums(counted)} == smallest
    assert count_smallest_quorums(counted) == len(smallest)
    fatal = fatal_failures(counted)
    assert fatal is not None
    survived = len(fatal) - 1
    left = [{*members} - {*lost} for lost in combinations(members, survived)]
    assert all(any(quorum <= rest for quorum in quorums) for rest in left)
    assert not any(quorum <= {*members} - {*fatal} for quorum in quorums)


def text_is_true(text: Text, name: str, config: Config) -> bool:
    return text.value(name, config) is TRUE


def test_a_change_of_the_text_is_noticed(tmp_path: Path) -> None:
    """Half of a group is enough in a copy: the quorums are others than the server's."""
    source = (SPEC / "Quorums.tla").read_text()
    old = "    2 * Weight(config.weight, S \\cap group) > Weight(config.weight, group)\n"
    assert source.count(old) == 1
    (tmp_path / "Quorums.tla").write_text(source.replace(old, old.replace(">", ">=")))
    config: Config = ([[1, 2]], {1: 1, 2: 1})

    assert family(TEXT, config) == {frozenset({1, 2})}
    assert family(Text(tmp_path), config) != family(TEXT, config)
