"""How a leader brings a learner up to date: DIFF, TRUNC or SNAP, and what follows it.

Source: ZooKeeper ``LearnerHandler.syncFollower``, ``LearnerHandler.queueCommittedProposals``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple, TypeAlias

from speckeeper.wire.quorum import PacketType
from speckeeper.zab.effects import Entry


class SyncPlan(NamedTuple):
    """What to send. ``kind``: DIFF, TRUNC or SNAP, with ``zxid`` in its packet.

    ``entries`` follow as committed proposals; ``upto`` is the last zxid the learner has then.
    """

    kind: PacketType
    zxid: int
    entries: tuple[Entry, ...]
    upto: int


class NeedLog(NamedTuple):
    """The answer depends on the log: read it, and ask again."""


def sync_follower(
    peer_last_zxid: int,
    last_processed: int,
    committed_log: Sequence[Entry],
    txn_log: Sequence[Entry] | None,
    log_sync: bool = True,
    force_snapshot: bool = False,
) -> SyncPlan | NeedLog:
    """Choose for a learner whose history ends at ``peer_last_zxid``.

    ``txn_log`` is what was found in the log from the last transaction at or before that zxid, an
    empty one if it does not reach back; None: not read yet, which ``log_sync`` False forbids.
    """
    snapshot = SyncPlan(PacketType.SNAP, last_processed, (), last_processed)
    if force_snapshot:
        return snapshot
    max_zxid = committed_log[-1][0] if committed_log else last_processed
    min_zxid = committed_log[0][0] if committed_log else last_processed
    new_epoch = peer_last_zxid & 0xFFFFFFFF == 0
    if peer_last_zxid == last_processed:
        return SyncPlan(PacketType.DIFF, peer_last_zxid, (), peer_last_zxid)
    if peer_last_zxid > max_zxid and not new_epoch:
        return SyncPlan(PacketType.TRUNC, max_zxid, (), max_zxid)
    queue = _Queue(peer_last_zxid, max_zxid)
    if min_zxid <= peer_last_zxid <= max_zxid:
        queue.queue_committed_proposals(committed_log, peer_last_zxid, None)
    elif peer_last_zxid < min_zxid and log_sync:
        if txn_log is None:
            return NeedLog()
        if txn_log and txn_log[0][0] <= peer_last_zxid:
            queue.queue_committed_proposals(txn_log, peer_last_zxid, min_zxid)
            if queue.queued_zxid < min_zxid:
                return snapshot  # a gap between the end of the log and the committed log
            queue.queue_committed_proposals(committed_log, queue.queued_zxid, None)
    if queue.first is None:
        return snapshot
    kind, zxid = queue.first
    return SyncPlan(kind, zxid, tuple(queue.entries), queue.queued_zxid)


_First: TypeAlias = tuple[PacketType, int]


class _Queue:
    """What is queued for one learner while its plan is made."""

    def __init__(self, peer_last_zxid: int, last_committed: int) -> None:
        self.first: _First | None = None
        self.entries: list[Entry] = []
        self.queued_zxid = peer_last_zxid
        self._last_committed = last_committed

    def queue_committed_proposals(
        self, entries: Iterable[Entry], peer_last_zxid: int, max_zxid: int | None
    ) -> None:
        new_epoch = peer_last_zxid & 0xFFFFFFFF == 0
        previous = -1
        for zxid, entry in entries:
            if max_zxid is not None and zxid > max_zxid:
                break
            if zxid < peer_last_zxid:
                previous = zxid
                continue
            if self.first is None:
                if zxid == peer_last_zxid:
                    self.first = (PacketType.DIFF, self._last_committed)
                    continue
                if new_epoch:
                    self.first = (PacketType.DIFF, self._last_committed)
                elif zxid >> 32 != peer_last_zxid >> 32:
                    return  # the peer's transaction may belong to an epoch nobody here knows
                else:
                    self.first = (PacketType.TRUNC, previous)
            if zxid <= self.queued_zxid:
                continue
            self.entries.append((zxid, entry))
            self.queued_zxid = zxid
        if self.first is None and new_epoch:
            self.first = (PacketType.DIFF, self._last_committed)
