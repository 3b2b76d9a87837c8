"""How long elections, synchronization and times without service took, for operators.

Source: ZooKeeper ``ServerMetrics`` (ELECTION_TIME, UNAVAILABLE_TIME, FOLLOWER_SYNC_TIME ...),
``QuorumPeer.setZabState``.
"""

from __future__ import annotations

from speckeeper.server.stats import Summary
from speckeeper.wire.election import ServerState
from speckeeper.zab.state import ZabState


class PhaseTimes:
    """Summaries in ms. It is to be told of each phase when it begins; the first is an election."""

    def __init__(self, now_ms: int) -> None:
        self.election = Summary()
        self.unavailable = Summary()
        self.leader_unavailable = Summary()
        self.follower_sync = Summary()
        self.observer_sync = Summary()
        self._state = ServerState.LOOKING
        self._looking_since_ms = now_ms
        self._unavailable_since_ms: int | None = now_ms
        self._sync_since_ms = now_ms

    def enter(self, state: ServerState, zab_state: ZabState, now_ms: int) -> None:
        """Note that a phase has begun."""
        was, self._state = self._state, state
        if state is ServerState.LOOKING:
            if was is not ServerState.LOOKING:
                self._looking_since_ms = now_ms
            if self._unavailable_since_ms is None:
                self._unavailable_since_ms = now_ms
            return
        if was is ServerState.LOOKING and state is not ServerState.OBSERVING:
            self.election.add(now_ms - self._looking_since_ms)
        if zab_state is ZabState.SYNCHRONIZATION:
            self._sync_since_ms = now_ms
        elif zab_state is ZabState.BROADCAST:
            self._serve(state, now_ms)

    def reset(self) -> None:
        """Forget what was measured."""
        for summary in (
            self.election,
            self.unavailable,
            self.leader_unavailable,
            self.follower_sync,
            self.observer_sync,
        ):
            summary.reset()

    def _serve(self, state: ServerState, now_ms: int) -> None:
        if self._unavailable_since_ms is not None:
            took_ms = now_ms - self._unavailable_since_ms
            self._unavailable_since_ms = None
            self.unavailable.add(took_ms)
            if state is ServerState.LEADING:
                self.leader_unavailable.add(took_ms)
        if state is ServerState.FOLLOWING:
            self.follower_sync.add(now_ms - self._sync_since_ms)
        elif state is ServerState.OBSERVING:
            self.observer_sync.add(now_ms - self._sync_since_ms)
