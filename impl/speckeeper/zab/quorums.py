"""Which sets of servers decide: majorities, weights, groups, and two configurations at once.

The operators of spec/Quorums.tla, over sets of server ids. Observers stand in no group.

Source: ZooKeeper ``QuorumMaj``, ``QuorumHierarchical``, ``SyncedLearnerTracker``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set

from speckeeper.wire.quorum_config import QuorumConfig


class Quorums:
    """How votes count: ``groups`` are disjoint sets of servers, ``weight`` is for each of them.

    Majority and weighted voting are the configurations with one group.
    """

    __slots__ = ("_equal_votes", "groups", "least", "members", "weight")

    def __init__(self, groups: Iterable[Iterable[int]], weight: Mapping[int, int]) -> None:
        """Raises ValueError for what is no configuration (``IsConfig`` in the specification)."""
        self.groups = tuple(frozenset(group) for group in groups)
        self.members: frozenset[int] = frozenset().union(*self.groups)
        self.weight = {server: weight[server] for server in sorted(self.members)}
        if sum(map(len, self.groups)) != len(self.members):
            raise ValueError("a server is in more than one group")
        if min(self.weight.values(), default=0) < 0:
            raise ValueError("a weight is negative")
        if not any(self.weight.values()):
            raise ValueError("no server has a vote")
        # The usual configuration, for which counting is enough.
        self._equal_votes = len(self.groups) == 1 and set(self.weight.values()) == {1}
        self.least = len(self.members) // 2 + 1 if self._equal_votes else 1
        """No smaller set of servers is a quorum."""

    def is_quorum(self, servers: Set[int]) -> bool:
        """Whether the servers win more than half of the groups that have any weight."""
        if self._equal_votes:
            return 2 * len(self.members & servers) > len(self.members)
        voting = [group for group in self.groups if self._weigh(group)]
        won = [group for group in voting if self.wins_group(group, servers)]
        return 2 * len(won) > len(voting)

    def wins_group(self, group: frozenset[int], servers: Set[int]) -> bool:
        """Whether the servers have more than half of the weight of a group."""
        return 2 * self._weigh(group & servers) > self._weigh(group)

    def _weigh(self, servers: Iterable[int]) -> int:
        return sum(self.weight[server] for server in servers)


def majority_config(members: Iterable[int]) -> Quorums:
    """Return the configuration in which more than half of the members decide."""
    members = tuple(members)
    return Quorums((members,), dict.fromkeys(members, 1))


def weighted_config(weight: Mapping[int, int]) -> Quorums:
    """Return the configuration in which more than half of the weight decides."""
    return Quorums((weight,), weight)


def is_joint_quorum(configs: Iterable[Quorums], servers: Set[int]) -> bool:
    """Whether the servers are a quorum of every configuration that is alive."""
    return all(config.is_quorum(servers) for config in configs)


def quorums_of(config: QuorumConfig) -> Quorums:
    """Return what a configuration's text says of quorums. Raises ValueError.

    Who has a weight and does not vote makes its group heavier, as in ``QuorumHierarchical``.
    """
    if not config.groups:
        return majority_config(sorted(config.voters))
    weight = dict.fromkeys(sorted(config.voters), 1) | dict(config.weights)
    groups = [[sid for sid in ids if sid in weight] for _, ids in config.groups]
    return Quorums([group for group in groups if group], weight)
