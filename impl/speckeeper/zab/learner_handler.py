"""What a leader knows of one connection to a learner.

Source: ZooKeeper ``LearnerHandler``.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from speckeeper.zab.effects import Link
from speckeeper.zab.state import Stage


@dataclass(slots=True)
class SyncLimitCheck:
    """Tells how long the oldest unacknowledged proposal has been out.

    Not one time per proposal: of those sent while one is out only the latest is looked at next,
    as in ZooKeeper.
    """

    started: bool = False
    current: tuple[int, int] | None = None  # zxid and when it was sent
    following: tuple[int, int] | None = None

    def update_proposal(self, zxid: int, now_ms: int) -> None:
        """Note that a proposal was sent."""
        if not self.started:
            return
        if self.current is None:
            self.current = (zxid, now_ms)
        else:
            self.following = (zxid, now_ms)

    def update_proposals(self, first: int, last: int, now_ms: int) -> None:
        """Note that all from one to another were sent."""
        self.update_proposal(first, now_ms)
        if last != first:
            self.update_proposal(last, now_ms)

    def update_acks(self, first: int, last: int) -> None:
        """Note that all from one to another were acknowledged."""
        if self.current is not None and first <= self.current[0] <= last:
            self.current, self.following = self.following, None
            if self.current is not None and self.current[0] <= last:
                self.current = None
        elif self.following is not None and first <= self.following[0] <= last:
            self.following = None

    def update_ack(self, zxid: int) -> None:
        """Note that one was acknowledged."""
        if self.current is not None and self.current[0] == zxid:
            self.current, self.following = self.following, None
        elif self.following is not None and self.following[0] == zxid:
            self.following = None

    def check(self, now_ms: int, limit_ms: int) -> bool:
        """Whether nothing has been out for longer than the limit."""
        return self.current is None or now_ms - self.current[1] < limit_ms


@dataclass(slots=True)
class LearnerHandler:
    """One learner on its connection. ``deadline_ms``: when it is given up if nothing happens."""

    link: Link
    deadline_ms: int
    tick_of_next_ack_deadline: int
    stage: Stage = Stage.CONNECTED
    server_id: int = -1
    observer: bool = False
    peer_last_zxid: int = 0
    reading_log: bool = False
    number: int = 0
    """Counts the connections that the leader has accepted."""
    sync_limit_check: SyncLimitCheck = field(default_factory=SyncLimitCheck)
