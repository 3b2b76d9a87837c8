"""Who belongs to the ensemble, as one server knows it: the configuration in force and the next.

Source: ZooKeeper ``QuorumPeer`` (getQuorumVerifier, getLastSeenQuorumVerifier,
getCurrentAndNextConfigVoters), ``SyncedLearnerTracker``.
"""

from __future__ import annotations

from collections.abc import Set

from speckeeper.wire.quorum_config import QuorumConfig, encode_config
from speckeeper.zab.quorums import Quorums, is_joint_quorum, quorums_of


class Membership:
    """The active configuration, and the last one seen if that is newer."""

    __slots__ = ("active", "active_voters", "configs", "last_seen", "least", "text", "voters")

    def __init__(self, active: QuorumConfig, last_seen: QuorumConfig | None = None) -> None:
        self.active = active
        self.last_seen = last_seen if last_seen is not None else active
        self.configs: tuple[Quorums, ...] = (quorums_of(active),)
        self.active_voters = active.voters
        self.voters = active.voters
        """Ids of the voters of both configurations."""
        self.text = encode_config(active)
        """The active configuration as notifications carry it."""
        if self.last_seen.version > active.version:
            self.voters |= self.last_seen.voters
            if _quorum_part(self.last_seen) != _quorum_part(active):
                self.configs += (quorums_of(self.last_seen),)
        self.least = max(config.least for config in self.configs)
        """How many servers it takes at least to be a quorum."""

    def has_all_quorums(self, servers: Set[int]) -> bool:
        """Whether the servers are a quorum of every configuration that is alive."""
        if len(self.configs) == 1:
            return self.configs[0].is_quorum(servers)
        return is_joint_quorum(self.configs, servers)

    def contains_quorum(self, servers: Set[int]) -> bool:
        """Whether the servers are a quorum of the active configuration."""
        return self.configs[0].is_quorum(servers)

    def votes(self, server_id: int) -> bool:
        """Whether a server votes in the active configuration."""
        return server_id in self.active_voters

    def observes(self, server_id: int) -> bool:
        """Whether a server is an observer in the active configuration.

        Who is not in it at all follows without a vote (``QuorumPeer.updateLearnerType``).
        """
        server = self.active.server(server_id)
        return server is not None and server.observer

    def weight(self, server_id: int) -> int:
        """Return a server's weight; who has 0 cannot lead. Nobody's is 0 with majorities."""
        if not self.active.groups:
            return 1
        return self.configs[0].weight.get(server_id, 0)

    def seen(self, config: QuorumConfig) -> Membership:
        """Return the membership after a configuration was proposed."""
        return Membership(self.active, config)

    def activated(self, config: QuorumConfig) -> Membership:
        """Return the membership after a configuration has come into force."""
        last_seen = self.last_seen if self.last_seen.version > config.version else config
        return Membership(config, last_seen)

    @property
    def newest(self) -> QuorumConfig:
        """The last configuration seen if it is newer than the active one, which it else is."""
        newer = self.last_seen.version > self.active.version
        return self.last_seen if newer else self.active

    @property
    def was_reconfigured(self) -> bool:
        """Whether a transaction has made the newest configuration, rather than a new epoch."""
        return bool(self.newest.version & 0xFFFFFFFF)

    @property
    def changes(self) -> bool:
        """Whether a reconfiguration is under way."""
        return self.last_seen.version > self.active.version


def _quorum_part(config: QuorumConfig) -> tuple[object, ...]:
    return config.voters, config.groups, config.weights
