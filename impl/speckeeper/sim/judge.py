"""Agreement, order and durability, judged from outside: by what servers deliver and disks hold.

The judge knows no state of the protocol. It keeps the one order in which transactions were
committed, which only a leader may extend, and holds every server to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

from speckeeper.sim.disk import Disk
from speckeeper.wire.election import ServerState
from speckeeper.zab.effects import Entry
from speckeeper.zab.membership import Membership


class Violation(Exception):
    """A property does not hold; the text says which, and where."""


class Judge:
    """Watches one ensemble."""

    def __init__(self, membership: Membership, disks: Mapping[int, Disk]) -> None:
        self.order: list[Entry] = []
        """What was committed, in its order."""
        self.acknowledged: dict[int, bytes] = {}
        """Writes that the leader's clients have been told of, by zxid."""
        self.leaders: dict[int, int] = {}
        """Who has led an epoch."""
        self._initial: dict[int, list[Entry]] = {}  # history with which an epoch began
        self._membership = membership
        self._disks = disks

    def serves(self, server_id: int, role: ServerState, zxid: int, tree: list[Entry]) -> None:
        """All of a tree that is served is committed; a leader's has all that was committed."""
        self._check_zxids(server_id, tree)
        if role is ServerState.LEADING:
            epoch = zxid >> 32
            if self.leaders.setdefault(epoch, server_id) != server_id:
                raise Violation(
                    f"Leadership: {server_id} and {self.leaders[epoch]} lead epoch {epoch}"
                )
            if len(tree) < len(self.order):
                lost = self.order[len(tree)][0]
                raise Violation(f"PrimaryIntegrity: leader {server_id} lacks {lost:#x}")
            self._initial[epoch] = [*tree]
            self._check_established(epoch, tree)
        for position, entry in enumerate(tree):
            self._commit(server_id, entry, position, role is ServerState.LEADING)

    def delivers(self, server_id: int, entry: Entry, position: int, leads: bool) -> None:
        """A transaction has the same place everywhere."""
        self._commit(server_id, entry, position, leads)
        if leads:
            self.acknowledged[entry[0]] = entry[1]

    def crashed(self, server_id: int) -> None:
        """A disk that claims an epoch, and promises no later one, holds how the epoch began."""
        disk = self._disks[server_id]
        epoch = disk.current_epoch
        initial = self._initial.get(epoch)
        if initial is not None and disk.accepted_epoch == epoch:
            held = disk.content().entries[: len(initial)]
            if [*held] != initial:
                raise Violation(
                    f"HistoryBeforeEpoch: {server_id} claims epoch {epoch} with {len(held)} "
                    f"transactions of the {len(initial)} that it began with"
                )

    def _check_established(self, epoch: int, tree: list[Entry]) -> None:
        """An epoch is established when a quorum of disks has it and its history."""
        size = len(tree)
        holders = {
            server_id
            for server_id, disk in self._disks.items()
            if disk.current_epoch >= epoch and [*disk.content().entries[:size]] == tree
        }
        if not self._membership.has_all_quorums(holders):
            raise Violation(
                f"HistoryBeforeEpoch: epoch {epoch} serves, but only {sorted(holders)} have it"
            )

    def check_rest(self, trees: Mapping[int, list[Entry]]) -> None:
        """All servers are at rest and up to date: they hold the same, and all of it."""
        for server_id, tree in trees.items():
            if tree != self.order:
                raise Violation(
                    f"Agreement: {server_id} has {len(tree)} transactions of {len(self.order)}"
                )
        committed = dict(self.order)
        for zxid, value in self.acknowledged.items():
            if committed.get(zxid) != value:
                raise Violation(f"Durability: acknowledged {zxid:#x} is lost")

    def _commit(self, server_id: int, entry: Entry, position: int, leads: bool) -> None:
        order = self.order
        if position < len(order):
            if order[position] != entry:
                raise Violation(
                    f"TotalOrder: {server_id} has {entry[0]:#x} at {position}, "
                    f"where {order[position][0]:#x} was delivered"
                )
            return
        if not leads:
            raise Violation(
                f"Integrity: {server_id} delivers {entry[0]:#x}, which nobody committed"
            )
        if position > len(order) or (order and entry[0] <= order[-1][0]):
            raise Violation(f"PrefixConsistency: {entry[0]:#x} is committed at {position}, a gap")
        order.append(entry)
        holders = {sid for sid, disk in self._disks.items() if disk.holds(entry[0])}
        if not self._membership.has_all_quorums(holders):
            raise Violation(
                f"CommittedIsDurable: {entry[0]:#x} is only on the disks of {sorted(holders)}"
            )

    def _check_zxids(self, server_id: int, tree: list[Entry]) -> None:
        for (before, _), (after, _) in pairwise(tree):
            if after <= before:
                raise Violation(f"LogOrder: {server_id} has {after:#x} behind {before:#x}")
