"""Broadcast in bulk at a follower: what comes in one piece is logged, acknowledged and applied so.

Each method does what the actions of ``learner_actions.py`` do one transaction after the other, and
comes to the same state and the same packets: a test compares them.
"""

from __future__ import annotations

from collections import deque

from speckeeper.wire.quorum import PacketType, QuorumPacket
from speckeeper.zab.effects import Entry
from speckeeper.zab.learner_actions import LearnerActions
from speckeeper.zab.reconfig import is_reconfig

_PROPOSAL = PacketType.PROPOSAL
_COMMIT = PacketType.COMMIT
_ACK = PacketType.ACK

_new = tuple.__new__  # makes a NamedTuple in half the time of its own constructor


class LearnerInBulk(LearnerActions):
    """The actions of broadcast for many transactions at once."""

    def _process_broadcast(self, held: deque[QuorumPacket]) -> None:
        """``FollowerProcessPROPOSAL`` and ``FollowerProcessCOMMIT`` for each, up to others.

        A commit that is not of the oldest proposal is left too, and a reconfiguration.
        """
        peer = self._peer
        pending = peer.pending
        last = peer.last_zxid
        looks = self._reconfig_enabled
        logged: list[Entry] = []
        committed: list[Entry] = []
        while held:
            kind, zxid, data, _ = held[0]
            if kind is _PROPOSAL:
                if zxid > last:
                    if looks and is_reconfig(data or b""):
                        break
                    entry = (zxid, data or b"")
                    logged.append(entry)
                    pending.append(entry)
                    last = zxid
            elif kind is _COMMIT and pending and pending[0][0] == zxid:
                committed.append(pending.popleft())
            else:
                break
            held.popleft()
        if logged:
            self.last_queued = last
            self._next_ack.extend([zxid for zxid, _ in logged])
            peer.log_all(logged)
        if committed:
            peer.deliver_all(committed)

    def _acknowledge_all(self, upto: int) -> None:
        """``FollowerLogFlushed``, with all acknowledgements in one piece."""
        next_ack = self._next_ack
        acks = []
        while next_ack and next_ack[0] <= upto:
            acks.append(_new(QuorumPacket, (_ACK, next_ack.popleft(), None, None)))
        if acks:
            assert self.link is not None
            self._peer.send_all((self.link,), acks)
