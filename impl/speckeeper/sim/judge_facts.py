"""Simple facts about the committed transactions, beside what ``tree.apply`` makes of them.

Who owns which ephemerals, which sessions are over and since when, what became of each request, what
was written together. Each is told from the transactions alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from speckeeper.sim.judge_tree import JudgedTree
from speckeeper.sim.violation import Violation
from speckeeper.wire.codes import OpCode
from speckeeper.wire.txns import (
    CreateTxn,
    DeleteTxn,
    ErrorTxn,
    MultiTxn,
    Record,
    Txn,
)

PAIR = ("/pair-a", "/pair-b")
"""Two nodes that clients write in a multi only, and always the same to both."""
SEQUENCE = "/seq"
"""A node below which clients create sequential nodes; it is never deleted."""

_ERROR = int(OpCode.ERROR)
_CLOSE_SESSION = int(OpCode.CLOSE_SESSION)
_CREATE_SESSION = int(OpCode.CREATE_SESSION)
_DIGITS = 10


class Outcome(NamedTuple):
    """What became of a request: its transaction, and the error that it is, 0 for none."""

    zxid: int
    txn: Txn
    err: int


class Facts:
    """What a history says."""

    def __init__(self) -> None:
        self.outcomes: dict[tuple[int, int], Outcome] = {}
        """By session and the client's number of the request."""
        self.opened: dict[int, int] = {}
        """Zxids of the transactions that opened sessions."""
        self.closed: dict[int, int] = {}
        """Zxids of the transactions that closed sessions."""
        self._ephemerals: dict[int, dict[str, None]] = {}
        self._owners: dict[str, int] = {}
        self._last_number = -1

    def committed(self, txn: Txn, before: JudgedTree) -> None:
        """A transaction is committed; ``before`` is the tree ahead of it."""
        header = txn.header
        session, zxid = header.client_id, header.zxid
        err = _error_of(txn)
        if header.cxid > 0:
            self._answer(session, header.cxid, Outcome(zxid, txn, err))
        if header.type == _CREATE_SESSION:
            self.opened[session] = zxid
        elif header.type == _CLOSE_SESSION:
            self.closed.setdefault(session, zxid)
        elif not err:
            if session in self.closed:
                raise Violation(
                    f"ClosedIsClosed: {zxid:#x} is of session {session:#x}, which "
                    f"{self.closed[session]:#x} has closed"
                )
            for record in _records(txn.record):
                self._note(session, record)

    def applied(self, txn: Txn, after: JudgedTree) -> None:
        """A committed transaction was applied to the judge's tree."""
        session, zxid = txn.header.client_id, txn.header.zxid
        nodes = after.tree.nodes
        if txn.header.type == _CLOSE_SESSION:
            for path in self._ephemerals.pop(session, ()):
                if self._owners.get(path) != session:
                    continue
                del self._owners[path]
                if path in nodes:
                    raise Violation(
                        f"EphemeralsGo: {path} is there after {zxid:#x} has closed its session "
                        f"{session:#x}"
                    )
        one, other = (nodes.get(path) for path in PAIR)
        if (one is None) != (other is None) or (one and other and one.data != other.data):
            raise Violation(f"MultiIsAtomic: {zxid:#x} leaves {PAIR[0]} and {PAIR[1]} unlike")
        for path, owner in self._owners.items():
            if path not in nodes:
                raise Violation(
                    f"EphemeralsStay: {path} is gone after {zxid:#x}, and its session "
                    f"{owner:#x} lives"
                )

    def _answer(self, session: int, cxid: int, outcome: Outcome) -> None:
        earlier = self.outcomes.setdefault((session, cxid), outcome)
        if earlier is not outcome:
            raise Violation(
                f"OnceOnly: request {cxid} of session {session:#x} is committed as "
                f"{earlier.zxid:#x} and as {outcome.zxid:#x}"
            )

    def _note(self, session: int, record: Record) -> None:
        if isinstance(record, CreateTxn):
            if record.ephemeral:
                self._ephemerals.setdefault(session, {})[record.path] = None
                self._owners[record.path] = session
            self._number(record.path)
        elif isinstance(record, DeleteTxn):
            self._owners.pop(record.path, None)

    def _number(self, path: str) -> None:
        parent, _, name = path.rpartition("/")
        if parent == SEQUENCE:
            number = int(name[-_DIGITS:])
            if number <= self._last_number:
                raise Violation(
                    f"SequenceGrows: {path} is created after number {self._last_number}"
                )
            self._last_number = number


def _records(record: Record) -> Iterator[Record]:
    if isinstance(record, MultiTxn):
        for part in record.txns:
            yield part.record
    else:
        yield record


def _error_of(txn: Txn) -> int:
    """Return the error that a transaction is, of a failed multi that of its first failed part."""
    record = txn.record
    if isinstance(record, ErrorTxn):
        return record.err
    if isinstance(record, MultiTxn):
        for part in record.txns:
            if isinstance(part.record, ErrorTxn):
                return next(
                    (
                        p.record.err
                        for p in record.txns
                        if isinstance(p.record, ErrorTxn) and p.record.err
                    ),
                    0,
                )
    return 0
