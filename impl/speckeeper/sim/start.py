"""What is on the disks of servers before a run begins, and which of it is committed already.

A run begins with empty disks, unless its schedule says what they hold. Transactions are given as a
specification has them, by epoch, counter and value; each becomes the creation of a node that is
named after its zxid and holds the value, so that another history is another tree.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from speckeeper.sim.plain import PlainError, from_plain
from speckeeper.wire.codes import OpCode
from speckeeper.wire.quorum_data import LAST_EPOCH
from speckeeper.wire.records import OPEN_ACL_UNSAFE
from speckeeper.wire.txns import CreateTxn, Txn, TxnHeader, encode_txn
from speckeeper.zab.effects import Entry

_MOST_SERVERS = 9


class StartTxn(NamedTuple):
    """A transaction: the epoch in which it was proposed, its number there, and what it writes."""

    epoch: int
    counter: int
    value: str

    @property
    def zxid(self) -> int:
        """Its zxid."""
        return self.epoch << 32 | self.counter

    def text(self) -> str:
        """Tell it."""
        return f"{self.epoch}.{self.counter}={self.value}"


class StartDisk(NamedTuple):
    """The disk of one server; the epochs have the names of their files."""

    acceptedEpoch: int
    currentEpoch: int
    history: tuple[StartTxn, ...] = ()


class Start(NamedTuple):
    """Disks of the servers 1, 2, ... that vote, and histories that are committed already."""

    servers: tuple[StartDisk, ...]
    committed: tuple[tuple[StartTxn, ...], ...] = ()

    def lines(self) -> Iterator[str]:
        """Tell it."""
        for sid, disk in enumerate(self.servers, 1):
            epochs = f"acceptedEpoch {disk.acceptedEpoch}, currentEpoch {disk.currentEpoch}"
            yield f"  on the disk of {sid}: {epochs}, log: {_told(disk.history)}"
        for history in self.committed:
            yield f"  committed already: {_told(history)}"


def read_start(data: object) -> Start:
    """Read a start from plain data. Raises PlainError, also where no server leaves such a disk."""
    start = from_plain(Start, data, "start")
    if not 1 <= len(start.servers) <= _MOST_SERVERS:
        raise PlainError(f"start: {len(start.servers)} servers: 1 to {_MOST_SERVERS} can be")
    for sid, disk in enumerate(start.servers, 1):
        where = f"the disk of server {sid}"
        _check_history(disk.history, where)
        if not 0 <= disk.currentEpoch <= disk.acceptedEpoch <= LAST_EPOCH:
            raise PlainError(
                f"{where} has currentEpoch {disk.currentEpoch} and acceptedEpoch "
                f"{disk.acceptedEpoch}: 0 <= currentEpoch <= acceptedEpoch <= {LAST_EPOCH} holds "
                "on any disk"
            )
        if disk.history and disk.history[-1].epoch > disk.acceptedEpoch:
            raise PlainError(
                f"{where} has a transaction of epoch {disk.history[-1].epoch}, and acceptedEpoch "
                f"{disk.acceptedEpoch}: nobody logs what is of an epoch not accepted"
            )
    for history in start.committed:
        _check_history(history, "what is committed")
    return start


def entries_of(history: Sequence[StartTxn]) -> list[Entry]:
    """Return the log that a history is."""
    return [(txn.zxid, _encoded(txn, place)) for place, txn in enumerate(history, 1)]


def _check_history(history: Sequence[StartTxn], where: str) -> None:
    for txn in history:
        if not (0 < txn.epoch <= LAST_EPOCH and 0 < txn.counter < 1 << 32):
            raise PlainError(f"{where} has {txn.text()}: epochs and counters begin with 1")
        if not txn.value.isprintable():
            raise PlainError(f"{where} has the value {txn.value!r}: it is to be printable")
    if history and history[0].counter != 1:
        raise PlainError(f"{where} begins with {history[0].text()}: a log leaves nothing out")
    for one, other in pairwise(history):
        follows = (one.epoch, one.counter + 1) == other[:2]
        if not follows and not (one.epoch < other.epoch and other.counter == 1):
            raise PlainError(
                f"{where} has {other.text()} behind {one.text()}: zxids rise, and a log leaves "
                "nothing out"
            )


def _encoded(txn: StartTxn, place: int) -> bytes:
    header = TxnHeader(0, 0, txn.zxid, 0, int(OpCode.CREATE))
    path = f"/start-{txn.zxid:x}"
    record = CreateTxn(path, txn.value.encode(), OPEN_ACL_UNSAFE, False, place)
    return encode_txn(Txn(header, record))


def _told(history: Sequence[StartTxn]) -> str:
    return " ".join(txn.text() for txn in history) or "nothing"
