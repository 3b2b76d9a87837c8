"""Broadcast in bulk: what comes together in one turn of a leader is handled together.

Each method does what the actions of ``leader_actions.py`` do one transaction after the other, and
comes to the same state and the same packets: a test compares them. Under load a leader spends most
of its time on broadcast, and most of that on being called for each transaction anew.
"""

from __future__ import annotations

from collections.abc import Sequence

from speckeeper.wire.quorum import PacketType, QuorumPacket
from speckeeper.zab.effects import Entry
from speckeeper.zab.leader_actions import LeaderActions, Proposal
from speckeeper.zab.learner_handler import LearnerHandler

_PROPOSAL = PacketType.PROPOSAL
_COMMIT = PacketType.COMMIT
_INFORM = PacketType.INFORM

_new = tuple.__new__  # makes a NamedTuple in half the time of its own constructor


class LeaderInBulk(LeaderActions):
    """The actions of broadcast for many transactions at once."""

    def _process_requests(self, entries: Sequence[Entry]) -> None:
        """``LeaderProcessRequest`` for each: zxids that follow each other and the last proposed."""
        peer = self._peer
        outstanding = self.outstanding_proposals
        packets = []
        for zxid, entry in entries:
            packet = _new(QuorumPacket, (_PROPOSAL, zxid, entry, None))
            outstanding[zxid] = Proposal(entry, packet)
            packets.append(packet)
        first, last = entries[0][0], entries[-1][0]
        self.last_proposed = last
        for handler in self._forwarding.values():
            handler.sync_limit_check.update_proposals(first, last, peer.now_ms)
        peer.send_all((*self._forwarding,), packets)
        peer.log_all(entries)
        peer.pending.extend(entries)

    def _process_acks(self, handler: LearnerHandler, zxids: Sequence[int]) -> None:
        """``LeaderProcessACK`` for each of some zxids that rise."""
        handler.sync_limit_check.update_acks(zxids[0], zxids[-1])
        self._count_acks(handler.server_id, zxids)

    def _count_acks(self, server_id: int, zxids: Sequence[int]) -> None:
        """Count acknowledgements of one server, then commit what has a quorum of them."""
        if self._reconfigs or not self.allowed_to_commit:
            for zxid in zxids:
                self._count_ack(server_id, zxid)
            return
        if server_id not in self._peer.membership.active_voters:
            return
        proposal_of = self.outstanding_proposals.get
        counted = False
        for zxid in zxids:
            proposal = proposal_of(zxid)
            if proposal is not None:
                proposal.ack_set.add(server_id)
                counted = True
        if counted:  # and not of what has been committed already
            self._commit_all()

    def _commit_all(self) -> None:
        """Commit all that have a quorum of acknowledgements, up to the first that has none."""
        peer = self._peer
        while peer.pending and (entries := self._take_agreed()):
            commits = [_new(QuorumPacket, (_COMMIT, zxid, None, None)) for zxid, _ in entries]
            peer.send_all((*self._forwarding,), commits)
            if self._observing:
                informs = [_new(QuorumPacket, (_INFORM, *entry, None)) for entry in entries]
                peer.send_all((*self._observing,), informs)
            peer.deliver_all(entries)
            for link_or_none, token in self._pending_syncs.pop(entries[-1][0], ()):
                self._send_sync(link_or_none, token)

    def _take_agreed(self) -> list[Entry]:
        """Take out what can be committed now, up to the first that a ``sync`` waits for."""
        peer = self._peer
        outstanding, pending = self.outstanding_proposals, peer.pending
        least = peer.membership.least
        agreed: set[int] | None = None
        entries: list[Entry] = []
        while pending:
            proposal = outstanding.get(pending[0][0])
            if proposal is None or len(proposal.ack_set) < least:
                break
            if proposal.ack_set != agreed:
                if not self._all_quorums(proposal.ack_set):
                    break
                agreed = proposal.ack_set
            entry = pending.popleft()
            del outstanding[entry[0]]
            entries.append(entry)
            if entry[0] in self._pending_syncs:
                break
        return entries
