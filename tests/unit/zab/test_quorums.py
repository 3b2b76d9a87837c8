"""Quorums: the fast way against the definition, and what ZooKeeper's own tests say."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from speckeeper.wire.quorum_config import decode_config, encode_config
from speckeeper.zab.membership import Membership
from speckeeper.zab.quorums import Quorums, is_joint_quorum, majority_config, weighted_config

servers = st.sets(st.integers(1, 7))


@st.composite
def configs(draw: st.DrawFn) -> Quorums:
    members = draw(st.sets(st.integers(1, 6), min_size=1))
    group_of = {sid: draw(st.integers(1, 3)) for sid in sorted(members)}
    weight = {sid: draw(st.integers(0, 2)) for sid in sorted(members)}
    weight[max(members)] = 1
    groups = [
        [s for s in sorted(members) if group_of[s] == g] for g in sorted({*group_of.values()})
    ]
    return Quorums(groups, weight)


@given(st.sets(st.integers(1, 9), min_size=1), st.sets(st.integers(1, 9)))
def test_majority(members: set[int], acked: set[int]) -> None:
    config = majority_config(members)
    assert config.is_quorum(acked) == (len(acked & members) > len(members) // 2)
    assert config.is_quorum(acked) == Quorums([members], dict.fromkeys(members, 2)).is_quorum(acked)


@given(configs(), servers, servers)
def test_quorums_meet(config: Quorums, one: set[int], other: set[int]) -> None:
    if config.is_quorum(one) and config.is_quorum(other):
        assert one & other & config.members


@given(configs(), servers, st.integers(1, 7))
def test_quorums_grow(config: Quorums, acked: set[int], more: int) -> None:
    if config.is_quorum(acked):
        assert config.is_quorum(acked | {more})


@given(configs(), configs(), servers)
def test_joint(old: Quorums, new: Quorums, acked: set[int]) -> None:
    assert is_joint_quorum((old, new), acked) == (old.is_quorum(acked) and new.is_quorum(acked))


def test_hierarchical_as_in_zookeepers_documentation() -> None:
    """Three groups of three: two servers of each of two groups are a quorum."""
    config = Quorums([(1, 2, 3), (4, 5, 6), (7, 8, 9)], dict.fromkeys(range(1, 10), 1))
    assert config.is_quorum({1, 2, 4, 5})
    assert not config.is_quorum({1, 2, 3, 4, 7})
    assert min(len(s) for n in range(10) for s in combinations(range(1, 10), n)
               if config.is_quorum({*s})) == 4  # fmt: skip


def test_group_without_weight_does_not_count() -> None:
    config = Quorums([(1,), (2,), (3,)], {1: 1, 2: 1, 3: 0})
    assert config.is_quorum({1, 2})
    assert not config.is_quorum({1, 3})
    assert weighted_config({1: 3, 2: 1, 3: 1}).is_quorum({1})


@pytest.mark.parametrize(
    ("groups", "weight"),
    [([(1, 2), (2, 3)], {1: 1, 2: 1, 3: 1}), ([(1,)], {1: 0}), ([(1, 2)], {1: 2, 2: -1}), ([], {})],
)
def test_no_configuration(groups: list[tuple[int, ...]], weight: dict[int, int]) -> None:
    with pytest.raises(ValueError):
        Quorums(groups, weight)


def test_membership() -> None:
    active = decode_config(b"server.1=a:1:2\nserver.2=b:1:2\nserver.3=c:1:2:observer")
    membership = Membership(active)
    assert membership.voters == {1, 2}
    assert not membership.votes(3)
    assert not membership.contains_quorum({1, 3})
    assert membership.weight(3) == 1  # majorities know no weights
    renamed = membership.seen(active._replace(version=1 << 32))
    assert renamed.configs == (renamed.configs[0],)
    grown = membership.seen(decode_config(b"server.1=a:1:2\nserver.4=d:1:2\nversion=1"))
    assert grown.voters == {1, 2, 4}
    assert not grown.has_all_quorums({1, 2})
    assert grown.has_all_quorums({1, 2, 4})


def test_observers_of_a_hierarchical_configuration_have_no_weight() -> None:
    text = b"server.1=a:1:2\nserver.2=b:1:2:observer\ngroup.1=1:2"
    membership = Membership(decode_config(text))
    assert membership.weight(2) == 0
    assert membership.contains_quorum({1})


def test_the_weight_of_an_observer_makes_its_group_harder_to_win() -> None:
    text = b"server.1=a:1:2\nserver.2=b:1:2\nserver.3=c:1:2:observer\ngroup.1=1:2:3\nweight.3=1"
    config = decode_config(text)
    membership = Membership(config)
    assert membership.contains_quorum({1, 2})
    assert not membership.contains_quorum({1})
    heavier = Membership(decode_config(text.replace(b"weight.3=1", b"weight.3=2")))
    assert not heavier.contains_quorum({1, 2})
    assert decode_config(encode_config(config)) == config
