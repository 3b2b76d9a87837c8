"""What an ensemble survives, and its smallest quorums; weights are natural numbers.

Heaviest servers first: the fewest that win a group, and the fewest without which nobody wins it,
are those. Sets are never tried one by one.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import combinations
from math import prod

from speckeeper.zab.voting import Group, Voting

# More different ways to fill a group than this are not counted.
_MOST_STATES = 20_000


def fatal_failures(counted: Voting) -> list[int] | None:
    """Return a smallest set of servers without which there is no quorum, None if there is none.

    One failure less than these is survived, whichever servers fail.
    """
    losses = sorted(
        (loss for group in counted.groups if (loss := _loss(group)) is not None), key=len
    )
    if len(losses) < counted.needed:
        return None
    lost = losses[: len(losses) - counted.needed + 1]
    return sorted(server for loss in lost for server in loss)


def _loss(group: Group) -> list[int] | None:
    """Return the fewest servers without which nobody wins a group; None if nobody does anyway."""
    left = sum(weight for weight, _ in group.votes)
    if left <= group.half:
        return None
    lost: list[int] = []
    for weight, server in group.votes:
        lost.append(server)
        left -= weight
        if left <= group.half:
            break
    return lost


def smallest_quorums(counted: Voting) -> Iterator[list[int]]:
    """Yield all quorums with the fewest servers, one after another."""
    for chosen in _cheapest_groups(counted):
        for servers in _win_all(chosen):
            yield sorted(servers)


def _win_all(groups: tuple[Group, ...]) -> Iterator[list[int]]:
    """Yield what wins all of some groups. Not by a product, which would list all wins first."""
    if not groups:
        yield []
        return
    for win in list_wins(groups[0]):
        for others in _win_all(groups[1:]):
            yield win + others


def list_wins(group: Group) -> Iterator[list[int]]:
    """Yield the smallest sets of servers that win a group."""
    size = group.lightest_win
    assert size is not None, "somebody wins it"
    yield from _wins(group.votes, 0, size, group.half)


def _wins(
    votes: tuple[tuple[int, int], ...], start: int, size: int, half: int
) -> Iterator[list[int]]:
    if size == 0:
        yield []
        return
    for first in range(start, len(votes) - size + 1):
        # With the heaviest that follow: where that is not enough, nothing later is.
        if sum(weight for weight, _ in votes[first : first + size]) <= half:
            return
        weight, server = votes[first]
        for rest in _wins(votes, first + 1, size - 1, half - weight):
            yield [server, *rest]


def _cheapest_groups(counted: Voting) -> Iterator[tuple[Group, ...]]:
    """Yield the choices of as many groups as are needed that take the fewest servers."""
    won = [group for group in counted.groups if group.lightest_win is not None]
    sizes = sorted(group.lightest_win or 0 for group in won)
    if len(won) < counted.needed:
        return
    most = sizes[counted.needed - 1]
    sure = tuple(group for group in won if (group.lightest_win or 0) < most)
    either = [group for group in won if group.lightest_win == most]
    for rest in combinations(either, counted.needed - len(sure)):
        yield sure + rest


def count_smallest_quorums(counted: Voting) -> int | None:
    """Return how many quorums have the fewest servers; None where weights are too various."""
    won = [group for group in counted.groups if group.lightest_win is not None]
    if len(won) < counted.needed:
        return 0
    most = sorted(group.lightest_win or 0 for group in won)[counted.needed - 1]
    won = [group for group in won if (group.lightest_win or 0) <= most]
    counts: list[int] = []
    chosen = [1]  # chosen[n]: in how many ways n of the groups of size `most` are won.
    for group in won:
        ways = _count_wins(group)
        if ways is None:
            return None
        if (group.lightest_win or 0) < most:
            counts.append(ways)
        else:
            shifted = [0, *(ways * n for n in chosen)]
            chosen = [a + b for a, b in zip([*chosen, 0], shifted, strict=True)]
    return prod(counts) * chosen[counted.needed - len(counts)]


class _TooMany(Exception):
    pass


def _count_wins(group: Group) -> int | None:
    size = group.lightest_win
    assert size is not None, "somebody wins it"
    weights = [weight for weight, _ in group.votes]
    asked = 0

    @cache
    def ways(start: int, left: int, half: int) -> int:
        nonlocal asked
        asked += 1
        if asked > _MOST_STATES:
            raise _TooMany
        if left == 0:
            return int(half < 0)
        if start + left > len(weights) or sum(weights[start : start + left]) <= half:
            return 0
        return ways(start + 1, left - 1, half - weights[start]) + ways(start + 1, left, half)

    try:
        return ways(0, size, group.half)
    except _TooMany:
        return None
