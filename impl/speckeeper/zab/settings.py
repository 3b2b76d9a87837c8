"""The numbers that the protocol goes by; names and defaults as in zoo.cfg."""

from __future__ import annotations

from typing import NamedTuple


class ZabSettings(NamedTuple):
    """Times in milliseconds; ``init_limit`` and ``sync_limit`` in ticks."""

    server_id: int
    tick_time_ms: int = 2000
    init_limit: int = 10
    sync_limit: int = 5
    connect_to_leader_limit: int = 0  # connectToLearnerMasterLimit; 0: init_limit
    commit_log_count: int = 500  # zookeeper.commitLogCount, at least
    force_snapshot_sync: bool = False
    txn_log_sync: bool = True  # snapshotSizeFactor is not negative
    finalize_wait_ms: int = 200
    min_notification_interval_ms: int = 200
    max_notification_interval_ms: int = 60000
    read_only_mode: bool = False  # readonlymode.enabled
    read_only_wait_ms: int = 2000  # at least; fixed in QuorumPeer.run
    observer_election_delay_ms: int = 0  # observer.election.DelayMs
    sync_enabled: bool = True  # syncEnabled: whether an observer keeps a log
    reconfig_enabled: bool = False  # reconfigEnabled; it needs sync_enabled

    @property
    def init_ms(self) -> int:
        """How long a step on the way to a serving leader may take."""
        return self.init_limit * self.tick_time_ms

    @property
    def sync_ms(self) -> int:
        """How long a synchronized peer may be silent."""
        return self.sync_limit * self.tick_time_ms

    def observer_delay_ms(self, elections: int) -> int:
        """How long an observer waits ahead of an election, so that not all of them ask at once.

        ZooKeeper draws it; here it is spread by the server's id, and other ones each time.
        """
        limit_ms = self.observer_election_delay_ms
        return (self.server_id * 37 + elections * 101) % limit_ms if limit_ms > 0 else 0

    @property
    def read_only_delay_ms(self) -> int:
        """How long a server looks for a leader before it serves readers without one."""
        return max(self.read_only_wait_ms, self.tick_time_ms)

    @property
    def connect_ms(self) -> int:
        """How long connecting to the leader may take."""
        return (self.connect_to_leader_limit or self.init_limit) * self.tick_time_ms
