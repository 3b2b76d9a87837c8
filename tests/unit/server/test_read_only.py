"""A server without a leader: who may come, what is answered, what is refused."""

import pytest
from tests.unit.server.world import World

from speckeeper.server.read_only_server import ReadOnlyServer
from speckeeper.server.reasons import CloseReason
from speckeeper.tree.datatree import DataTree
from speckeeper.wire.codes import ErrorCode, OpCode
from speckeeper.wire.handshake import session_password
from speckeeper.wire.records import OPEN_ACL_UNSAFE
from speckeeper.wire.requests import (
    CreateRequest,
    DeleteRequest,
    ExistsRequest,
    GetDataRequest,
    MultiRequest,
    SetACLRequest,
    SetDataRequest,
    SyncRequest,
)

GLOBAL, STRANGE = 0x100, 0x200


@pytest.fixture
def tree() -> DataTree:
    writer = World()
    writer.client().create("/a", b"data")
    writer.tree.sessions = {GLOBAL: 4000}
    return writer.tree


def reading(tree: DataTree, local: bool = True) -> World:
    return World(tree, kind=ReadOnlyServer, local_sessions_enabled=local)


def test_reader_reads_and_knows_what_server_it_is(tree: DataTree) -> None:
    world = reading(tree)
    client = world.client(flag=True)
    assert client.session.read_only is True
    assert client.session.session_id != 0
    reply = client.call(OpCode.GET_DATA, GetDataRequest("/a", True))
    assert (reply.err, reply.body[:8]) == (0, b"\0\0\0\x04data")
    assert reply.zxid == tree.last_processed_zxid
    assert client.call(OpCode.PING, body=b"", xid=-2).err == 0


@pytest.mark.parametrize("flag", [False, None])
def test_client_that_did_not_ask_for_it_is_turned_away(tree: DataTree, flag: bool | None) -> None:
    client = reading(tree).stranger().connect(flag=flag)
    assert client.take() == []
    assert client.closed is CloseReason.NOT_READ_ONLY_CLIENT


@pytest.mark.parametrize(
    ("op", "record"),
    [
        (OpCode.CREATE, CreateRequest("/b", b"", OPEN_ACL_UNSAFE, 0)),
        (OpCode.CREATE2, CreateRequest("/b", b"", OPEN_ACL_UNSAFE, 1)),
        (OpCode.DELETE, DeleteRequest("/a", -1)),
        (OpCode.SET_DATA, SetDataRequest("/a", b"", -1)),
        (OpCode.SET_ACL, SetACLRequest("/a", OPEN_ACL_UNSAFE, -1)),
        (OpCode.MULTI, MultiRequest(((OpCode.DELETE, DeleteRequest("/a", -1)),))),
        (OpCode.SYNC, SyncRequest("/a")),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_what_a_leader_is_needed_for_is_refused(tree: DataTree, op: OpCode, record: object) -> None:
    world = reading(tree)
    client = world.client(flag=True)
    zxid = tree.last_processed_zxid
    reply = client.call(op, record)
    assert (reply.xid, reply.zxid, reply.err) == (client.last_xid, zxid, ErrorCode.NOT_READ_ONLY)
    assert reply.body == b""
    assert world.pending() == []
    assert client.call(OpCode.EXISTS, ExistsRequest("/a", False)).err == 0


def test_reader_s_session_ends_without_a_transaction(tree: DataTree) -> None:
    world = reading(tree)
    client, silent = world.client(flag=True, timeout_ms=4000), world.client(flag=True)
    assert client.call(OpCode.CLOSE_SESSION, body=b"").err == 0
    assert client.closed is CloseReason.CLIENT_CLOSED_SESSION
    assert world.tick(12_000) == [silent.session.session_id]
    assert silent.closed is CloseReason.SESSION_EXPIRED
    assert world.pending() == []
    assert tree.sessions == {GLOBAL: 4000}  # theirs is not for us to end


def test_reader_s_session_goes_on_on_another_connection(tree: DataTree) -> None:
    world = reading(tree)
    session = world.client(flag=True).session
    again = world.client(flag=True, session_id=session.session_id, password=session.password)
    assert again.session.session_id == session.session_id


def test_session_of_the_ensemble_does_not_go_on(tree: DataTree) -> None:
    client = reading(tree).stranger()
    client.connect(flag=True, session_id=GLOBAL, password=session_password(GLOBAL))
    assert client.take() == []
    assert client.closed is CloseReason.RENEW_GLOBAL_SESSION_IN_RO_MODE


@pytest.mark.parametrize(("local", "granted"), [(True, 0), (False, STRANGE)])
def test_session_that_nobody_here_knows(tree: DataTree, local: bool, granted: int) -> None:
    """LearnerSessionTracker.touchSession: invalid where sessions are local, else it may read."""
    world = reading(tree, local)
    client = world.client(flag=True, session_id=STRANGE, password=session_password(STRANGE))
    assert client.session.session_id == granted
    wrong = world.client(flag=True, session_id=STRANGE, password=b"?" * 16)
    assert wrong.session.session_id == 0


def test_no_new_sessions_without_local_ones(tree: DataTree) -> None:
    client = reading(tree, local=False).stranger().connect(flag=True)
    assert client.take() == []
    assert client.closed is CloseReason.NOT_READ_ONLY_CLIENT


def test_client_that_has_seen_more_is_turned_away(tree: DataTree) -> None:
    client = reading(tree).stranger().connect(flag=True, seen=tree.last_processed_zxid + 1)
    assert client.closed is CloseReason.CLIENT_ZXID_AHEAD
