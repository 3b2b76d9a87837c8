"""What a member of an ensemble counts since its process began, for operators."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from speckeeper.server.stats import Distribution
from speckeeper.zab.effects import Entry


@dataclass(slots=True)
class MemberCounts:
    """Counters, and the sizes in bytes of proposals (-1: none yet; ZooKeeper ``BufferStats``)."""

    proposals: int = 0
    commits: int = 0
    proposals_received: int = 0
    commits_received: int = 0
    snapshots_sent: int = 0
    revalidations: int = 0
    last_proposal_size: int = -1
    min_proposal_size: int = -1
    max_proposal_size: int = -1
    serving_since_ms: int = 0
    quorum_ack_latency: Distribution = field(default_factory=Distribution)
    """A leader's: ms from the time in a transaction to its commit."""
    commit_propagation_latency: Distribution = field(default_factory=Distribution)
    """The same at a learner, with the difference of the two clocks in it."""

    def proposed(self, entries: Sequence[Entry]) -> None:
        """Count proposals that a leader has made."""
        self.proposals += len(entries)
        sizes = [len(entry) for _, entry in entries]
        self.last_proposal_size = sizes[-1]
        least = min(sizes)
        if not 0 <= self.min_proposal_size <= least:
            self.min_proposal_size = least
        self.max_proposal_size = max(self.max_proposal_size, *sizes)
