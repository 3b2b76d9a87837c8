"""The view: what is staged shows, what is settled is the tree's again."""

from tests.unit.tree.world import (
    OTHER_SESSION,
    SESSION,
    DeleteRequest,
    SetDataRequest,
    World,
    create,
    multi,
)

from speckeeper.tree.apply import apply
from speckeeper.tree.change_record import ChangeRecord
from speckeeper.tree.prepare import prepare
from speckeeper.tree.view import TreeView
from speckeeper.wire.codes import CreateFlag, OpCode
from speckeeper.wire.requests import CloseSessionRequest, CreateSessionRequest
from speckeeper.wire.txns import TxnDigest

CREATE, DELETE, SET_DATA = OpCode.CREATE, OpCode.DELETE, OpCode.SET_DATA


def version_seen(view: TreeView, path: str) -> int | None:
    node = view.find(path)
    return None if node is None else node.version


def test_staged_changes_show_before_the_tree_has_them() -> None:
    world = World()
    world.ask(CREATE, create("/a"))
    world.ask(SET_DATA, SetDataRequest("/a", b"1", -1))
    assert version_seen(world.view, "/a") == 1
    assert "/a" not in world.tree.nodes
    assert world.view.find("/missing") is None
    world.ask(DELETE, DeleteRequest("/a", 1))
    assert world.view.find("/a") is None


def test_settling_drops_what_is_applied_and_no_more() -> None:
    world = World()
    txns = [
        world.ask(CREATE, create("/a")),
        world.ask(DELETE, DeleteRequest("/a", -1)),
        world.ask(CREATE, create("/a")),
        world.ask(DELETE, DeleteRequest("/a", -1)),
    ]
    seen = []
    for txn in txns:
        apply(world.tree, txn)
        world.view.settle(txn.header.zxid)
        seen.append(("/a" in world.tree.nodes, world.view.find("/a") is not None))
    assert seen == [(True, False), (False, False), (True, False), (False, False)]
    assert world.view.staged_count == 0
    assert world.view._changes == {}


def test_settling_several_at_once() -> None:
    world = World()
    for number in range(5):
        world.ask(CREATE, create(f"/n{number}", flags=CreateFlag.EPHEMERAL))
    world.settle()
    assert world.view.staged_count == 0
    assert world.view._ephemerals == {}
    assert world.view.find("/n0") is world.node("/n0")


def test_a_record_is_shared_by_the_changes_of_one_node() -> None:
    """Creating many children copies the parent once."""
    world = World()
    world.ask(CREATE, create("/a"))
    record = world.view.find("/a")
    for name in "xyz":
        world.ask(CREATE, create(f"/a/{name}"))
    assert world.view.find("/a") is record
    assert isinstance(record, ChangeRecord)
    assert (record.num_children, record.cversion) == (3, 3)


def test_both_names_of_the_root() -> None:
    """In ZooKeeper a staged setData of "/" does not show to a create below it."""
    world = World()
    world.ask(SET_DATA, SetDataRequest("/", b"x", -1))
    world.ask(CREATE, create("/a"))
    root = world.view.find("/")
    assert root is world.view.find("")
    assert root is not None
    assert (root.version, root.cversion, root.num_children) == (1, 1, 2)
    world.settle()
    assert world.view.find("") is world.view.find("/") is world.node("/")


def test_a_fork_sees_through_and_does_not_leak() -> None:
    world = World()
    world.ask(CREATE, create("/a"))
    fork = world.view.fork()
    txn = world.ask(CREATE, create("/a/b"))
    fork.stage(txn)
    fork.stage(txn)
    in_fork, in_view = fork.find("/a"), world.view.find("/a")
    assert in_fork is not None
    assert in_view is not None
    assert in_fork is not in_view
    assert in_view.num_children == 1
    assert fork.session_lives(SESSION)


def test_a_failed_multi_stages_nothing() -> None:
    world = World()
    parts = multi((CREATE, create("/a")), (DELETE, DeleteRequest("/missing", -1)))
    world.ask(OpCode.MULTI, parts)
    assert world.view.find("/a") is None
    assert world.view.staged_count == 0


def test_sessions_live_from_their_creation_to_their_closing() -> None:
    world = World()
    view = world.view
    assert not view.session_lives(7)
    world.ask(OpCode.CREATE_SESSION, CreateSessionRequest(1), session=7)
    assert view.session_lives(7)
    world.settle()
    assert view.session_lives(7)
    world.ask(OpCode.CLOSE_SESSION, CloseSessionRequest(), session=7)
    assert not view.session_lives(7)
    world.settle()
    assert not view.session_lives(7)
    assert view._sessions == {}


def test_closing_right_after_creating() -> None:
    world = World()
    first = world.ask(OpCode.CREATE_SESSION, CreateSessionRequest(1), session=7)
    world.ask(OpCode.CLOSE_SESSION, CloseSessionRequest(), session=7)
    apply(world.tree, first)
    world.view.settle(first.header.zxid)
    assert not world.view.session_lives(7)


def test_ephemerals_of_a_session_follow_every_staged_step() -> None:
    world = World()
    world.create("/old", flags=CreateFlag.EPHEMERAL)
    view = world.view
    world.ask(CREATE, create("/new", flags=CreateFlag.EPHEMERAL))
    assert view.ephemerals_of(SESSION) == ["/new", "/old"]
    world.ask(DELETE, DeleteRequest("/old", -1))
    world.ask(CREATE, create("/old", flags=CreateFlag.EPHEMERAL), session=OTHER_SESSION)
    assert view.ephemerals_of(SESSION) == ["/new"]
    assert view.ephemerals_of(OTHER_SESSION) == ["/old"]
    world.ask(SET_DATA, SetDataRequest("/new", b"", -1))
    partly = world.staged[:1]
    for txn in partly:  # /new is in the tree now and still changed by a staged transaction
        apply(world.tree, txn)
    view.settle(partly[-1].header.zxid)
    assert view.ephemerals_of(SESSION) == ["/new"]
    del world.staged[:1]
    world.settle()
    assert view.ephemerals_of(SESSION) == ["/new"]
    assert view._ephemerals == {}


def test_nodes_are_not_touched() -> None:
    world = World()
    world.create("/a", b"1")
    before = world.node("/a").stat()
    world.ask(SET_DATA, SetDataRequest("/a", b"22", -1))
    world.ask(CREATE, create("/a/b"))
    world.ask(DELETE, DeleteRequest("/a/b", -1))
    assert world.node("/a").stat() == before


def test_transactions_carry_the_digest_they_lead_to_where_that_is_asked_for() -> None:
    """PrepRequestProcessor.precalculateDigest; apply compares."""
    world = World()
    plain = TreeView(world.tree)
    asked = world.request(CREATE, create("/a", b"x"))
    txn = prepare(world.view, asked, world.policy)
    assert plain.stage(txn) is txn
    staged = world.view.stage(txn)
    assert staged.record is txn.record
    apply(world.tree, staged)
    assert staged.digest == TxnDigest(2, world.tree.digest)
    assert world.tree.digests.mismatches == 0
    refused = prepare(world.view, asked, world.policy)
    assert world.view.stage(refused) is refused


def test_digests_go_on_from_the_tree_when_nothing_is_staged() -> None:
    world = World()
    world.create("/a")
    other = TreeView(world.tree, txn_digests=True)
    asked = world.request(SET_DATA, SetDataRequest("/a", b"1", -1))
    apply(world.tree, other.stage(prepare(other, asked, world.policy)))
    other.settle(world.zxid)
    apply(world.tree, world.ask(SET_DATA, SetDataRequest("/a", b"2", -1)))
    assert world.tree.digests.mismatches == 0
