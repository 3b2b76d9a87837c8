"""How votes count, and whether any two quorums share a server.

Counts as ZooKeeper does, also with weights that it should not take: Java's 64-bit sums, half of
them rounded to zero, groups without weight not counted. No answer takes longer than a few hundred
steps for each server; sets are never tried one by one.

Source: ZooKeeper ``QuorumMaj``, ``QuorumHierarchical``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from typing import NamedTuple

_LONG_MAX = (1 << 63) - 1
# Sums up to here are tried all at once, as the bits of one number.
_MOST_SUMS = 1 << 22


class Group(NamedTuple):
    """One group: ``votes`` are (weight, server) of its participants, heaviest first.

    ``total`` is the weight of all that are listed in it, observers too, as Java adds it up; it is
    won with more than ``half``. ``overflows``: the true sum is more than Java's. ``below_0``: all
    listed with such a weight, observers too.
    """

    number: int
    votes: tuple[tuple[int, int], ...]
    total: int
    half: int
    overflows: bool
    below_0: tuple[int, ...] = ()

    @property
    def lightest_win(self) -> int | None:
        """How few servers win the group, None if all of them do not."""
        weight = 0
        for count, (more, _) in enumerate(self.votes, 1):
            weight += more
            if weight > self.half:
                return count
        return None


class Voting(NamedTuple):
    """How votes count; ``by_groups`` is False for voting by majority, which is one group."""

    groups: tuple[Group, ...]
    by_groups: bool

    @property
    def needed(self) -> int:
        """How many groups a quorum wins: more than half of those that have any weight."""
        return sum(group.total != 0 for group in self.groups) // 2 + 1

    @property
    def idle(self) -> list[int]:
        """Participants that decide nothing, for they have weight 0."""
        return sorted(server for group in self.groups for w, server in group.votes if w == 0)

    @property
    def negative(self) -> list[int]:
        """Servers with a weight below 0; that of an observer counts in the whole, too."""
        return sorted(server for group in self.groups for server in group.below_0)

    @property
    def overflowing(self) -> list[int]:
        """Groups whose weights add up to more than Java's long holds."""
        return [group.number for group in self.groups if group.overflows]


def voting(
    voters: Set[int], groups: Mapping[int, Iterable[int]], weights: Mapping[int, int]
) -> Voting:
    """Return how votes count; no groups: by majority.

    Raises ValueError where ZooKeeper does not start: a participant without a group, a server in
    two groups, or twice in one, a server in a group that neither takes part nor has a weight.
    """
    if not groups:
        if weights:
            raise ValueError("there are weights and no groups")
        return Voting((_group(1, dict.fromkeys(voters, 1), voters),), False)
    taken: set[int] = set()
    found: list[Group] = []
    for number in sorted(groups):
        members: dict[int, int] = {}
        for server in groups[number]:
            if server in members:
                raise ValueError(f"group {number} names server {server} twice")
            if server in taken:
                raise ValueError(f"server {server} is in more than one group")
            taken.add(server)
            if server not in voters and server not in weights:
                raise ValueError(f"server {server} in group {number} is no participant")
            members[server] = weights.get(server, 1)
        found.append(_group(number, members, voters))
    for server in sorted(voters):
        if server not in taken:
            raise ValueError(f"server {server} is not in a group")
    return Voting(tuple(found), True)


def _group(number: int, weight: Mapping[int, int], voters: Set[int]) -> Group:
    votes = [(weight[server], server) for server in weight if server in voters]
    votes.sort(key=lambda vote: (-vote[0], vote[1]))
    total = sum(weight.values())
    wrapped = _as_long(total)
    half = wrapped // 2 if wrapped >= 0 else -(-wrapped // 2)
    below_0 = tuple(server for server in weight if weight[server] < 0)
    return Group(number, tuple(votes), wrapped, half, wrapped != total, below_0)


def _as_long(number: int) -> int:
    return (number + _LONG_MAX + 1) % (1 << 64) - _LONG_MAX - 1


# --- do quorums meet ------------------------------------------------------------------------------


class Undecided(ValueError):
    """Weights are negative and so large that it would take too long to find out."""


def disjoint_quorums(counted: Voting) -> tuple[list[int], list[int]] | None:
    """Return two quorums without a common server, None if there are none. Raises Undecided.

    With natural weights there are none, as spec/QuorumSum.tla proves: this looks anyway.
    """
    needed = counted.needed
    shared = [pair for group in counted.groups if (pair := _both_win(group)) is not None]
    single = [
        [server for _, server in group.votes[: group.lightest_win]]
        for group in counted.groups
        if _both_win(group) is None and group.lightest_win is not None
    ]
    shared = shared[:needed]
    more = needed - len(shared)
    if len(single) < 2 * more:
        return None
    one = [server for pair in shared for server in pair[0]]
    other = [server for pair in shared for server in pair[1]]
    one += [server for group in single[:more] for server in group]
    other += [server for group in single[more : 2 * more] for server in group]
    if not (is_quorum(counted, {*one}) and is_quorum(counted, {*other})):
        raise Undecided("weights are so large that their sums wrap around")
    return sorted(one), sorted(other)


def has_no_quorum(counted: Voting) -> bool:
    """Tell that no set of servers is a quorum; False where sums may wrap around, too."""
    if counted.overflowing:
        return False
    won = 0
    for group in counted.groups:
        helping = [weight for weight, _ in group.votes if weight > 0]
        helping = helping or [weight for weight, _ in group.votes[:1]]
        won += bool(helping) and sum(helping) > group.half
    return won < counted.needed


def is_quorum(counted: Voting, servers: Set[int]) -> bool:
    """Tell whether servers decide, by the steps of ``QuorumHierarchical.containsQuorum``."""
    won = 0
    for group in counted.groups:
        present = [weight for weight, server in group.votes if server in servers]
        won += bool(present) and _as_long(sum(present)) > group.half
    return won >= counted.needed


def _both_win(group: Group) -> tuple[list[int], list[int]] | None:
    """Return two disjoint sets that both win a group, None if there are none. Raises Undecided."""
    least = group.half + 1
    helping = [vote for vote in group.votes if vote[0] > 0] if least > 0 else group.votes[:2]
    if least <= 0:
        if len(helping) == 2 and helping[1][0] >= least:
            return [helping[0][1]], [helping[1][1]]
        return None
    if sum(weight for weight, _ in helping) < 2 * least:
        return None
    bins: tuple[list[int], list[int]] = ([], [])
    sums = [0, 0]
    for weight, server in helping:
        lighter = 0 if sums[0] <= sums[1] else 1
        if sums[lighter] >= least:
            break
        bins[lighter].append(server)
        sums[lighter] += weight
    if min(sums) >= least:
        return bins
    return _split(helping, least)


def _split(votes: Sequence[tuple[int, int]], least: int) -> tuple[list[int], list[int]] | None:
    """Return a split into two parts of at least ``least`` each: by the sums that can be made."""
    whole = sum(weight for weight, _ in votes)
    if whole > _MOST_SUMS:
        raise Undecided("weights are negative, and too large to say whether quorums meet")
    made = [1]  # Bit n: n is the sum of some of the votes so far.
    for weight, _ in votes:
        made.append(made[-1] | made[-1] << weight)
    target = next((n for n in range(least, whole - least + 1) if made[-1] >> n & 1), None)
    if target is None:
        return None
    parts: tuple[list[int], list[int]] = ([], [])
    for before, (weight, server) in reversed(list(zip(made, votes, strict=False))):
        taken = not before >> target & 1
        parts[0 if taken else 1].append(server)
        target -= weight if taken else 0
    return parts
