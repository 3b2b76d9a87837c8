"""Agreement, order and durability, judged from outside: by what servers deliver and disks hold.

The judge knows no state of the protocol. A proposal is named by its zxid and follows the one ahead
of it, or in a new epoch the last of the history with which its leader began to serve; so a zxid
stands for a whole history. The judge keeps the one order in which transactions were committed,
which only a leader may extend, applies it to a tree of its own, and holds every server to both.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from speckeeper.sim.judge_facts import Facts
from speckeeper.sim.judge_sessions import JudgedSessions
from speckeeper.sim.judge_tree import JudgedTree, digest_of
from speckeeper.sim.violation import Violation
from speckeeper.wire.election import ServerState
from speckeeper.wire.quorum_config import QuorumConfig
from speckeeper.wire.txns import decode_txn
from speckeeper.zab.effects import Entry
from speckeeper.zab.membership import Membership
from speckeeper.zab.quorums import quorums_of
from speckeeper.zab.reconfig import config_of, is_reconfig

if TYPE_CHECKING:
    from speckeeper.sim.disk import Disk
    from speckeeper.sim.node import Node
    from speckeeper.storage.errors import StorageError

__all__ = ["Judge", "Violation"]

_COUNTER = 0xFFFFFFFF


def _decide(config: QuorumConfig, servers: set[int]) -> bool:
    """Whether servers are a quorum of a configuration."""
    return quorums_of(config).is_quorum(servers)


class Judge:
    """Watches the servers of one ensemble."""

    def __init__(
        self, membership: Membership, disks: Mapping[int, Disk], local_sessions: bool = False
    ) -> None:
        """``local_sessions``: sessions may be known to one server only."""
        self.local_sessions = local_sessions
        self.order: list[int] = []
        """What was committed, in its order."""
        self.leaders: dict[int, int] = {}
        """Who has led an epoch."""
        self.tree = JudgedTree()
        """What was committed, applied."""
        self.facts = Facts()
        self.sessions = JudgedSessions()
        self._proposals: dict[int, bytes] = {}
        self._before: dict[int, int] = {}  # what a proposal follows
        self._newest: dict[int, int] = {}  # the last proposal, by epoch
        self._began_with: dict[int, int] = {}  # epoch: the zxid where its history begins
        self._positions: dict[int, int] = {}
        self.configurations: dict[int, QuorumConfig] = {}
        """All that were ever in force at a server, by version."""
        self._acknowledging: set[int] = set()  # links on which an ACK was sent
        self.config = membership.active
        """The configuration in force: of the last reconfiguration that was committed."""
        self._disks = disks

    @property
    def last_committed(self) -> int:
        """The zxid of the last committed transaction; 0: there is none."""
        return self.order[-1] if self.order else 0

    # -- before the run

    def begins(self, logs: Mapping[int, Sequence[Entry]], committed: list[list[Entry]]) -> None:
        """Disks hold logs, and histories are committed: all that is judged of a run holds of them.

        A zxid is one transaction with one history before it; of two committed histories one begins
        with the other; what is committed is on the disks of a quorum.
        """
        for sid, log in logs.items():
            self._learn(log, f"on the disk of {sid}")
        for history in committed:
            self._learn(history, "committed before the run")
        for history in sorted(committed, key=len):
            zxids = [zxid for zxid, _ in history]
            if zxids[: len(self.order)] != self.order:
                raise Violation(
                    f"PrefixConsistency: before the run histories are committed up to "
                    f"{self.last_committed:#x} and {zxids[-1]:#x}; neither begins with the other"
                )
            self._commit(zxids[len(self.order) :])

    def _learn(self, history: Sequence[Entry], where: str) -> None:
        """Take over who proposed what behind what from a history of which no more is known."""
        ahead = 0
        for zxid, entry in history:
            if self._before.setdefault(zxid, ahead) != ahead:
                raise Violation(
                    f"PrefixConsistency: {where} {zxid:#x} follows {ahead:#x}, elsewhere it "
                    f"follows {self._before[zxid]:#x}"
                )
            if self._proposals.setdefault(zxid, entry) != entry:
                raise Violation(
                    f"Proposal: {where} {zxid:#x} is another transaction than elsewhere"
                )
            if ahead >> 32 != zxid >> 32:
                self._began_with[zxid >> 32] = ahead
            self._newest[zxid >> 32] = max(zxid, self._newest.get(zxid >> 32, 0))
            ahead = zxid

    # -- what servers do

    def starts(self, node: Node) -> None:
        """A server that starts finds what its disk had made durable, and what its epoch asks."""
        assert node.store is not None
        found = node.store.recovered
        disk = node.disk
        had = self._committed_part(disk.end) if disk.unsettled else disk.end
        if not self._reaches(found.last_zxid, had):
            raise Violation(
                f"DurableIsRecovered: {node.id} comes up with {found.last_zxid:#x}, "
                f"its disk had {had:#x}"
            )
        disk.holds(found.last_zxid)
        if self._real(found.last_zxid) in self._positions:
            self._compare(node, found.last_zxid)
        epochs = (found.accepted_epoch, found.current_epoch)
        if epochs[0] < disk.accepted_epoch or epochs[1] < disk.current_epoch:
            raise Violation(
                f"DurableIsRecovered: {node.id} comes up with the epochs {epochs}, its disk had "
                f"{(disk.accepted_epoch, disk.current_epoch)}"
            )
        disk.accepted_epoch, disk.current_epoch = epochs
        began_with = self._began_with.get(epochs[1])
        if began_with is None or epochs[0] != epochs[1]:
            return
        if not self._reaches(found.last_zxid, began_with):
            raise Violation(
                f"HistoryBeforeEpoch: {node.id} claims epoch {epochs[1]} with a history up to "
                f"{found.last_zxid:#x}, and it began with {began_with:#x}"
            )

    def stops(self, node: Node, error: StorageError) -> None:
        """A server stops by itself only if its disk fails."""
        if not node.disk.files.broken:
            raise Violation(f"Recovery: {node.id} stops though its disk works: {error}")

    def proposes(self, node: Node, zxid: int, entry: bytes) -> None:
        """A zxid is given once."""
        if self._proposals.setdefault(zxid, entry) != entry:
            raise Violation(f"Proposal: {node.id} proposes another transaction as {zxid:#x}")
        epoch = zxid >> 32
        self._before.setdefault(zxid, self._newest.get(epoch, epoch << 32))
        self._newest[epoch] = zxid
        self.sessions.proposed(entry, node)

    def configures(self, node: Node, config: QuorumConfig) -> None:
        """A version is one configuration, wherever it comes into force."""
        known = self.configurations.setdefault(config.version, config)
        if known != config:
            raise Violation(f"Reconfiguration: {node.id} has another {config.version:#x}")

    def acknowledges(self, node: Node, link: int, zxid: int) -> None:
        """A learner's first ACK is for NEWLEADER, of no epoch below the one that it promised."""
        if link in self._acknowledging:
            return
        self._acknowledging.add(link)
        if zxid & _COUNTER:
            raise Violation(
                f"NewleaderFirst: {node.id} acknowledges {zxid:#x} before it has acknowledged "
                "NEWLEADER"
            )
        if zxid >> 32 < node.disk.accepted_epoch:
            raise Violation(
                f"PromiseIsKept: {node.id} follows the leader of epoch {zxid >> 32}, it has "
                f"promised {node.disk.accepted_epoch}"
            )

    def serves(self, node: Node, role: ServerState, zxid: int) -> None:
        """All of a tree that is served is committed; a leader's has all that was committed."""
        last = node.tree.last_processed_zxid
        if role is ServerState.LEADING:
            self._leads(node, zxid >> 32, last)
        else:
            began_with = self._began_with.get(node.disk.current_epoch, 0)
            if not self._reaches(last, began_with):
                raise Violation(
                    f"ServedIsSynced: {node.id} serves a history up to {last:#x}, "
                    f"its epoch {node.disk.current_epoch} began with {began_with:#x}"
                )
            if self._real(last) and self._real(last) not in self._positions:
                raise Violation(f"Integrity: {node.id} serves {last:#x}, which nobody committed")
        self._compare(node, last)

    def delivers(self, node: Node, last: int, zxid: int, entry: bytes) -> None:
        """A transaction has the same place everywhere."""
        if self._proposals.get(zxid) != entry:
            raise Violation(f"Integrity: {node.id} delivers {zxid:#x}, which nobody proposed")
        if self._ahead_of(zxid) != self._real(last):
            raise Violation(f"PrefixConsistency: {node.id} delivers {zxid:#x} behind {last:#x}")
        if zxid not in self._positions:
            if node.serving is not ServerState.LEADING:
                raise Violation(f"Integrity: {node.id} delivers {zxid:#x}, which nobody committed")
            self._commit([zxid])

    def applied_by(self, node: Node) -> int:
        """Return how many transactions a server that runs has applied, committed or not."""
        zxid, count = self._real(node.tree.last_processed_zxid), 0
        while zxid and zxid not in self._positions:
            zxid, count = self._ahead_of(zxid), count + 1
        return count + self._positions.get(zxid, -1) + 1

    def has_committed(self, zxid: int) -> bool:
        """Whether a history that ends at ``zxid`` is committed by now."""
        real = self._real(zxid)
        return not real or real in self._positions

    # -- at the end

    def is_up_to_date(self, node: Node) -> bool:
        """Whether a server that runs has applied all that is committed."""
        return self._real(node.tree.last_processed_zxid) == self.last_committed

    def check_rest(self, nodes: Iterable[Node]) -> None:
        """All servers are at rest and up to date: they hold the same, and all of it."""
        for node in nodes:
            last = node.tree.last_processed_zxid
            if self._real(last) != self.last_committed:
                raise Violation(
                    f"Agreement: {node.id} has {last:#x}, committed is {self.last_committed:#x}"
                )
            self._compare(node, last)
            self.tree.compare_all(node.id, node.tree)

    # -- inside

    def _leads(self, node: Node, epoch: int, last: int) -> None:
        if self.leaders.setdefault(epoch, node.id) != node.id:
            raise Violation(f"Leadership: {node.id} and {self.leaders[epoch]} lead epoch {epoch}")
        missing: list[int] = []
        zxid = self._real(last)
        while zxid and zxid not in self._positions:
            if zxid not in self._proposals:
                raise Violation(f"Integrity: {node.id} leads with {zxid:#x}, nobody's proposal")
            missing.append(zxid)
            zxid = self._ahead_of(zxid)
        # Later epochs may have begun: a leader that was slow serves until it hears of them.
        wanted = self._last_before(epoch)
        if zxid != wanted:
            raise Violation(
                f"PrimaryIntegrity: leader {node.id} of epoch {epoch} has {zxid:#x} for the last "
                f"committed one of those before, and it is {wanted:#x}"
            )
        self._began_with[epoch] = last
        holders = {
            server_id
            for server_id, disk in self._disks.items()
            if disk.current_epoch >= epoch and self._reaches(disk.end, last)
        }
        # Later epochs may have changed the members, of which a slow leader does not know.
        newest = epoch == max(self.leaders)
        found = node.peer.membership.active if node.peer is not None else self.config
        if newest and found.version < self.config.version:
            raise Violation(
                f"Reconfiguration: {node.id} leads epoch {epoch} in {found.version:#x}, "
                f"{self.config.version:#x} is in force"
            )
        if not _decide(found, holders) or (newest and not _decide(self.config, holders)):
            raise Violation(
                f"HistoryBeforeEpoch: epoch {epoch} serves, but only {sorted(holders)} have it"
            )
        self._commit(reversed(missing))
        if newest and found.version > self.config.version:
            self.config = found  # its transaction may be lost, and it is finished all the same

    def _commit(self, zxids: Iterable[int]) -> None:
        for zxid in zxids:
            if self._ahead_of(zxid) != self.last_committed:
                raise Violation(
                    f"PrefixConsistency: {zxid:#x} is committed behind {self.last_committed:#x}"
                )
            self._positions[zxid] = len(self.order)
            self.order.append(zxid)
            holders = {sid for sid, disk in self._disks.items() if self._reaches(disk.end, zxid)}
            entry = self._proposals[zxid]
            if not _decide(self.config, holders):
                raise Violation(
                    f"CommittedIsDurable: {zxid:#x} is only on the disks of {sorted(holders)}"
                )
            self.sessions.committed(zxid)
            if is_reconfig(entry):
                self._reconfigure(config_of(entry), holders)
            txn = decode_txn(entry)
            self.facts.committed(txn, self.tree)
            self.tree.apply(txn)
            self.facts.applied(txn, self.tree)

    def _reconfigure(self, config: QuorumConfig, holders: set[int]) -> None:
        """A reconfiguration is committed: by quorums of both configurations."""
        if not _decide(config, holders):
            raise Violation(
                f"Reconfiguration: {config.version:#x} is only on the disks of {sorted(holders)}"
            )
        if config.version > self.config.version:
            self.config = config

    def _compare(self, node: Node, last: int) -> None:
        """A tree is what its history makes of it."""
        wanted, found = self.tree.digest_at(self._real(last)), digest_of(node.tree)
        if found != wanted:
            raise Violation(
                f"Agreement: nodes and sessions of {node.id} at {last:#x} have the digests "
                f"{found}, not {wanted}"
            )

    # -- histories

    def _last_before(self, epoch: int) -> int:
        """Return the last committed transaction of earlier epochs; 0: there is none."""
        index = bisect_left(self.order, epoch << 32)
        return self.order[index - 1] if index else 0

    def _real(self, zxid: int) -> int:
        """Return the last transaction of a history that may end where an epoch begins; 0: none."""
        while zxid and not zxid & _COUNTER:
            zxid = self._began_with.get(zxid >> 32, 0)
        return zxid

    def _ahead_of(self, zxid: int) -> int:
        """Return the transaction that a transaction follows; 0: none."""
        return self._real(self._before.get(zxid, 0))

    def _committed_part(self, end: int) -> int:
        """Return the last transaction of a history that is committed; 0: none."""
        zxid = self._real(end)
        while zxid and zxid not in self._positions:
            zxid = self._ahead_of(zxid)
        return zxid

    def _reaches(self, end: int, zxid: int) -> bool:
        """Whether the history that ends at ``end`` has the transaction ``zxid``."""
        zxid = self._real(zxid)
        while end > zxid and end >> 32 != zxid >> 32:
            end = self._began_with.get(end >> 32, 0)
        return end >= zxid
