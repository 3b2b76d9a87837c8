"""A leader's server and the requests of its learners: a session belongs to one connection."""

import random

import pytest

from speckeeper.server.connection import Connection, State
from speckeeper.server.learner_server import LearnerServer
from speckeeper.server.learners import LearnersGate
from speckeeper.server.reasons import CloseReason
from speckeeper.server.server import Server
from speckeeper.server.settings import ServerSettings
from speckeeper.tree.datatree import DataTree
from speckeeper.wire.codes import ErrorCode, OpCode
from speckeeper.wire.handshake import ConnectRequest, encode_connect_request, session_password
from speckeeper.wire.quorum import PacketType, QuorumPacket
from speckeeper.wire.quorum_data import (
    ForwardedRequest,
    encode_forwarded,
    encode_revalidate,
)
from speckeeper.wire.records import OPEN_ACL_UNSAFE
from speckeeper.wire.requests import (
    CreateRequest,
    CreateSessionRequest,
    MultiRequest,
    encode_request,
)
from speckeeper.wire.txns import (
    ErrorTxn,
    MultiTxn,
    SubTxn,
    Txn,
    TxnHeader,
    decode_txn,
    encode_txn,
)
from speckeeper.zab.effects import FromLearner

SESSION, TIMEOUT_MS = 0x77, 10_000
OLD, NEW = 1, 2  # links of two learners


class Leading:
    """A leader's server whose transactions commit at once."""

    def __init__(self) -> None:
        self.tree = DataTree()
        self.server = Server(ServerSettings(), self.tree, 0, 0, random.Random(1))
        self.gate = LearnersGate(self.server)

    def take(self, link: int, kind: PacketType, data: bytes) -> list[Txn]:
        packet = QuorumPacket(kind, -1, data, () if kind is PacketType.REQUEST else None)
        self.gate.take(FromLearner(link, link, packet), 0)
        return self.commit()

    def commit(self) -> list[Txn]:
        entries = self.server.take_appends()
        for zxid, _ in entries:
            self.server.persisted(zxid, 0)
        return [decode_txn(entry) for _, entry in entries]

    def request(self, link: int, cxid: int, op: OpCode, body: bytes) -> list[Txn]:
        forwarded = ForwardedRequest(SESSION, cxid, int(op), body)
        return self.take(link, PacketType.REQUEST, encode_forwarded(forwarded))

    def open(self, link: int) -> None:
        record = CreateSessionRequest(TIMEOUT_MS)
        self.request(link, 0, OpCode.CREATE_SESSION, encode_request(OpCode.CREATE_SESSION, record))

    def create(self, link: int, path: str) -> list[Txn]:
        record = CreateRequest(path, b"", OPEN_ACL_UNSAFE, 0, -1)
        return self.request(link, 5, OpCode.CREATE, encode_request(OpCode.CREATE, record))

    def revalidate(self, link: int) -> None:
        self.take(link, PacketType.REVALIDATE, encode_revalidate(SESSION, TIMEOUT_MS))

    def here(self) -> Connection:
        """The client comes to the leader itself."""
        connection = self.server.connect("127.0.0.1", 1, 0)
        hello = ConnectRequest(0, 0, TIMEOUT_MS, SESSION, session_password(SESSION), None)
        payload = encode_connect_request(hello)
        self.server.receive(connection, len(payload).to_bytes(4, "big") + payload, 0)
        return connection


def refused(txns: list[Txn]) -> bool:
    return [txn.record for txn in txns] == [ErrorTxn(int(ErrorCode.SESSION_MOVED))]


def test_late_write_on_the_old_connection_is_not_carried_out() -> None:
    leading = Leading()
    leading.open(OLD)
    assert not refused(leading.create(OLD, "/a"))
    leading.revalidate(NEW)
    assert refused(leading.create(OLD, "/late"))
    assert not refused(leading.create(NEW, "/b"))
    assert {"/a", "/b"} <= leading.tree.nodes.keys()
    assert "/late" not in leading.tree.nodes


def test_session_moves_to_the_leader_and_away_again() -> None:
    leading = Leading()
    leading.open(OLD)
    connection = leading.here()
    assert connection.state is State.OPEN
    assert refused(leading.create(OLD, "/late"))
    leading.revalidate(NEW)
    assert connection.state is State.CLOSING
    assert not refused(leading.create(NEW, "/b"))


def test_session_that_a_new_leader_has_from_its_tree_belongs_to_who_speaks_first() -> None:
    leading = Leading()
    leading.server.sessions.track(SESSION, TIMEOUT_MS, 0)
    leading.tree.sessions[SESSION] = TIMEOUT_MS
    assert not refused(leading.create(OLD, "/a"))
    assert refused(leading.create(NEW, "/b"))


@pytest.mark.parametrize("multi", [False, True])
def test_client_of_a_learner_is_cut_off_when_its_session_has_moved(multi: bool) -> None:
    tree = DataTree()
    tree.sessions[SESSION] = TIMEOUT_MS
    server = LearnerServer(ServerSettings(), tree, 0, 0, random.Random(1))
    connection = server.connect("127.0.0.1", 1, 0)
    hello = ConnectRequest(0, 0, TIMEOUT_MS, SESSION, session_password(SESSION), None)
    create = CreateRequest("/late", b"", OPEN_ACL_UNSAFE, 0, -1)
    op = OpCode.MULTI if multi else OpCode.CREATE
    request = MultiRequest(((OpCode.CREATE, create),)) if multi else create
    write = (5).to_bytes(4, "big") + int(op).to_bytes(4, "big") + encode_request(op, request)
    for payload in (encode_connect_request(hello), write):
        server.receive(connection, len(payload).to_bytes(4, "big") + payload, 0)
        server.revalidated(SESSION, True, 0)
    connection.output.clear()
    moved = ErrorTxn(int(ErrorCode.SESSION_MOVED))
    if multi:  # as Apache's leader says it
        header = TxnHeader(SESSION, 5, 9, 0, int(OpCode.MULTI))
        txn = Txn(header, MultiTxn((SubTxn(int(OpCode.ERROR), moved),)))
    else:
        txn = Txn(TxnHeader(SESSION, 5, 9, 0, int(OpCode.ERROR)), moved)
    server.deliver_all([(9, encode_txn(txn))], 0)
    assert connection.state is State.CLOSING
    assert connection.output == []


def test_leader_is_told_of_the_sessions_that_were_heard_of_here() -> None:
    tree = DataTree()
    tree.sessions.update({SESSION: TIMEOUT_MS, SESSION + 1: TIMEOUT_MS})
    server = LearnerServer(ServerSettings(), tree, 0, 0, random.Random(1))
    assert server.take_touched(10) == {}  # that they are in the tree is no sign of life
    connection = server.connect("127.0.0.1", 1, 10)
    hello = ConnectRequest(0, 0, TIMEOUT_MS, SESSION, session_password(SESSION), None)
    payload = encode_connect_request(hello)
    server.receive(connection, len(payload).to_bytes(4, "big") + payload, 10)
    server.revalidated(SESSION, True, 10)
    ping = (-2).to_bytes(4, "big", signed=True) + int(OpCode.PING).to_bytes(4, "big")
    server.receive(connection, len(ping).to_bytes(4, "big") + ping, 20)
    server.disconnect(connection, CloseReason.CLIENT_CLOSED_CONNECTION)
    assert server.take_touched(30) == {SESSION: TIMEOUT_MS}  # it lives on, and was heard of
    assert server.take_touched(40) == {}
