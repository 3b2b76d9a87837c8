"""Rules that no known mistake breaks within a few seeds, each broken by a history made by hand."""

import pytest

from speckeeper.sim.judge_facts import Facts
from speckeeper.sim.judge_tree import JudgedTree
from speckeeper.sim.violation import Violation
from speckeeper.wire.codes import ErrorCode, OpCode
from speckeeper.wire.records import OPEN_ACL_UNSAFE
from speckeeper.wire.txns import (
    CloseSessionTxn,
    CreateSessionTxn,
    CreateTxn,
    DeleteTxn,
    ErrorTxn,
    Record,
    Txn,
    TxnHeader,
)

SESSION = 7


class History:
    """Transactions of one session, judged one after the other."""

    def __init__(self) -> None:
        self.facts, self.tree = Facts(), JudgedTree()
        self._zxid = 1 << 32
        self.add(OpCode.CREATE_SESSION, CreateSessionTxn(1000), 0)

    def add(self, kind: OpCode, record: Record, cxid: int) -> None:
        self._zxid += 1
        txn = Txn(TxnHeader(SESSION, cxid, self._zxid, 1, int(kind)), record, None)
        self.facts.committed(txn, self.tree)
        self.tree.apply(txn)
        self.facts.applied(txn, self.tree)

    def create(self, path: str, cxid: int, ephemeral: bool = False) -> None:
        self.add(OpCode.CREATE, CreateTxn(path, b"", OPEN_ACL_UNSAFE, ephemeral, -1), cxid)


def test_sequential_names_grow() -> None:
    history = History()
    history.create("/seq", 1)
    history.create("/seq/n0000000000", 2)
    history.create("/seq/n0000000003", 3)
    with pytest.raises(Violation, match="SequenceGrows: /seq/n0000000003 is created after"):
        history.create("/seq/n0000000003", 4)


def test_a_request_is_carried_out_once() -> None:
    history = History()
    history.create("/a", 1)
    history.add(OpCode.ERROR, ErrorTxn(int(ErrorCode.NO_NODE)), 2)
    with pytest.raises(Violation, match="OnceOnly: request 1 of session 0x7"):
        history.create("/b", 1)


def test_a_closed_session_does_nothing() -> None:
    history = History()
    history.add(OpCode.CLOSE_SESSION, CloseSessionTxn(()), 1)
    history.add(OpCode.ERROR, ErrorTxn(int(ErrorCode.SESSION_EXPIRED)), 2)
    with pytest.raises(Violation, match="ClosedIsClosed"):
        history.create("/a", 3)


def test_ephemerals_go_only_by_delete_or_with_their_session() -> None:
    history = History()
    history.create("/e", 1, ephemeral=True)
    history.create("/f", 2, ephemeral=True)
    history.add(OpCode.DELETE, DeleteTxn("/e"), 3)
    del history.tree.tree.nodes["/f"]
    with pytest.raises(Violation, match="EphemeralsStay: /f is gone"):
        history.create("/a", 4)


def test_states_and_changes_are_kept() -> None:
    history = History()
    history.create("/a", 1)
    history.add(OpCode.DELETE, DeleteTxn("/a"), 2)
    tree, first = history.tree, (1 << 32) + 2
    assert tree.state("/a", first - 1) is None
    assert tree.state("/a", first) is not None
    assert tree.state("/a", first + 1) is None
    assert [change.kind.name for change in tree.changes("/a", 0, first)] == ["NODE_CREATED"]
    assert [change.kind.name for change in tree.changes("/a", first, 1 << 40)] == ["NODE_DELETED"]
