"""What a way of counting votes amounts to, against trying every set of servers."""

from collections.abc import Iterator
from itertools import combinations
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from speckeeper.zab.quorum_sizes import count_smallest_quorums, fatal_failures, smallest_quorums
from speckeeper.zab.quorums import Quorums
from speckeeper.zab.voting import Undecided, Voting, disjoint_quorums, is_quorum, voting


@st.composite
def votings(draw: st.DrawFn, least: int = 0) -> tuple[Voting, set[int]]:
    voters = draw(st.sets(st.integers(1, 6), min_size=1))
    if draw(st.booleans()):
        return voting(voters, {}, {}), voters
    listed = sorted(voters | draw(st.sets(st.just(9))))  # 9 is an observer that has a weight
    weights = {server: draw(st.integers(least, 4)) for server in listed}
    group_of = {server: draw(st.integers(1, 3)) for server in listed}
    groups = {
        number: [server for server in listed if group_of[server] == number]
        for number in {*group_of.values()}
    }
    return voting(voters, groups, weights), voters


def subsets(servers: set[int]) -> Iterator[set[int]]:
    for size in range(len(servers) + 1):
        yield from map(set, combinations(sorted(servers), size))


def quorums_of(counted: Voting, voters: set[int]) -> list[set[int]]:
    return [servers for servers in subsets(voters) if is_quorum(counted, servers)]


@given(votings())
def test_smallest_quorums(drawn: tuple[Voting, set[int]]) -> None:
    counted, voters = drawn
    quorums = quorums_of(counted, voters)
    size = min(map(len, quorums), default=0)
    expected = [sorted(quorum) for quorum in quorums if len(quorum) == size]

    assert sorted(smallest_quorums(counted)) == sorted(expected)
    assert count_smallest_quorums(counted) == len(expected)


@given(votings())
def test_failures(drawn: tuple[Voting, set[int]]) -> None:
    counted, voters = drawn
    fatal = [lost for lost in subsets(voters) if not is_quorum(counted, voters - lost)]
    found = fatal_failures(counted)

    if not is_quorum(counted, voters):
        assert found is None
    else:
        assert found is not None
        assert {*found} in fatal
        assert len(found) == min(map(len, fatal))


def test_observer_s_weight_below_zero_sets_voters_apart() -> None:
    counted = voting({1, 2}, {1: [1, 2, 9]}, {1: 0, 2: 0, 9: -2})
    assert counted.negative == [9]
    assert disjoint_quorums(counted) == ([1], [2])


@given(votings(-3))
def test_disjoint_quorums(drawn: tuple[Voting, set[int]]) -> None:
    counted, voters = drawn
    quorums = quorums_of(counted, voters)
    apart = any(not one & other for one in quorums for other in quorums)
    found = disjoint_quorums(counted)

    assert (found is not None) == apart
    if found is not None:
        one, other = map(set, found)
        assert is_quorum(counted, one)
        assert is_quorum(counted, other)
        assert not one & other
    # Natural weights: no participant's is below 0, nor that of an observer in a group's total.
    if not counted.negative and all(
        group.total >= sum(weight for weight, _ in group.votes) for group in counted.groups
    ):
        assert found is None


@given(
    st.dictionaries(st.integers(1, 6), st.integers(0, 3), min_size=1), st.sets(st.integers(1, 6))
)
def test_counts_as_the_server_does(weight: dict[int, int], servers: set[int]) -> None:
    groups = {1: [s for s in weight if s % 2], 2: [s for s in weight if not s % 2]}
    counted = voting({*weight}, {n: ids for n, ids in groups.items() if ids}, weight)
    if any(weight.values()):
        used = Quorums([ids for ids in groups.values() if ids], weight)
        assert is_quorum(counted, servers) == used.is_quorum(servers)


def test_a_split_that_is_hard_to_find() -> None:
    """5 + 4 against 3 + 3 + 3: putting the heaviest where there is least does not find it."""
    weights = {1: 5, 2: 4, 3: 3, 4: 3, 5: 3, 6: -2}
    found = disjoint_quorums(voting({*weights}, {1: weights}, weights))
    assert found == ([1, 2], [3, 4, 5])


def test_sums_that_wrap_around() -> None:
    weights = dict.fromkeys((1, 2, 3), 1 << 62)
    counted = voting({1, 2, 3}, {1: (1, 2, 3)}, weights)
    assert counted.overflowing == [1]
    assert disjoint_quorums(counted) == ([1], [2])


def test_what_cannot_be_found_out_is_said() -> None:
    weights = {n: (1 << 50) + 3**n for n in range(1, 30)} | {99: -(1 << 49)}
    with pytest.raises(Undecided):
        disjoint_quorums(voting({*weights}, {1: weights}, weights))


def test_fifty_servers_in_seven_groups_take_no_time() -> None:
    groups = {n: range(7 * n - 6, 7 * n + 1 + (n == 7)) for n in range(1, 8)}
    weights = {server: 1 + server % 5 for ids in groups.values() for server in ids}
    started = process_time()
    counted = voting({*weights}, groups, weights)
    assert disjoint_quorums(counted) is None
    fatal, first = fatal_failures(counted), next(smallest_quorums(counted))
    assert fatal is not None
    assert is_quorum(counted, {*first})
    assert not is_quorum(counted, {*weights} - {*fatal})
    assert is_quorum(counted, {*weights} - {*fatal[1:]})
    assert count_smallest_quorums(counted) is not None
    assert process_time() - started < 1


def test_a_majority_of_fifty_is_counted() -> None:
    assert count_smallest_quorums(voting({*range(50)}, {}, {})) == 121548660036300


def test_a_weight_below_0_of_an_observer_is_told() -> None:
    counted = voting({1, 2}, {1: [1, 2], 2: [3]}, {3: -2})

    assert counted.negative == [3]
