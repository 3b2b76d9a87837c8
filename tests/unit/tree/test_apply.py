"""What each type of transaction does to the tree: ZooKeeper DataTree.processTxn and below."""

import pytest
from tests.unit.tree.world import (
    ALICE,
    OTHER_SESSION,
    SESSION,
    TIME_MS,
    CheckVersionRequest,
    DeleteRequest,
    SetACLRequest,
    SetDataRequest,
    World,
    acl,
    broken_invariants,
    content,
    create,
    multi,
)

from speckeeper.tree.applied import Applied, TreeEvent
from speckeeper.tree.apply import apply, remove_dead_ephemerals
from speckeeper.tree.datatree import DataTree
from speckeeper.wire.codes import CreateFlag, ErrorCode, EventType, OpCode
from speckeeper.wire.records import ACL, OPEN_ACL_UNSAFE, READ_ACL_UNSAFE, Stat
from speckeeper.wire.txns import (
    CloseSessionTxn,
    CreateContainerTxn,
    CreateSessionTxn,
    CreateTTLTxn,
    CreateTxn,
    DeleteTxn,
    ErrorTxn,
    MultiTxn,
    SetACLTxn,
    SetDataTxn,
    SubTxn,
    Txn,
    TxnHeader,
)

CREATED, DELETED = EventType.NODE_CREATED, EventType.NODE_DELETED
DATA, CHILDREN = EventType.NODE_DATA_CHANGED, EventType.NODE_CHILDREN_CHANGED


@pytest.fixture
def world() -> World:
    """Build an empty world; its two sessions took zxid 1 and 2."""
    return World()


def event(kind: EventType, path: str, access: tuple[ACL, ...] = OPEN_ACL_UNSAFE) -> TreeEvent:
    return TreeEvent(kind, path, access)


def txn(zxid: int, kind: int, record: object, session: int = SESSION) -> Txn:
    return Txn(TxnHeader(session, 0, zxid, TIME_MS + zxid, kind), record)  # type: ignore[arg-type]


def creation(zxid: int, path: str, cversion: int, *, ephemeral: bool = False) -> Txn:
    record = CreateTxn(path, b"", OPEN_ACL_UNSAFE, ephemeral, cversion)
    return txn(zxid, OpCode.CREATE, record)


# -- the four that change nodes -----------------------------------------------------------------


def test_create(world: World) -> None:
    """Stat semantics: protocol reference, section 5."""
    applied = world.do(OpCode.CREATE2, create("/a", b"xyz", READ_ACL_UNSAFE))
    stat = Stat(3, 3, TIME_MS + 3, TIME_MS + 3, 0, 0, 0, 0, 3, 0, 3)
    assert applied == Applied(
        OpCode.CREATE2,
        0,
        "/a",
        stat,
        (),
        (event(CREATED, "/a", READ_ACL_UNSAFE), event(CHILDREN, "/")),
    )
    root = world.node("/")
    assert (root.cversion, root.pzxid, root.mzxid, root.version) == (1, 3, 0, 0)
    assert root.children == {"/zookeeper": None, "/a": None}


def test_plain_create_answers_without_a_stat(world: World) -> None:
    applied = world.create("/a")
    assert (applied.type, applied.path, applied.stat) == (OpCode.CREATE, "/a", None)


def test_numbers_of_a_new_node_are_one_object_each(world: World) -> None:
    world.create("/a")
    node = world.node("/a")
    assert node.czxid is node.mzxid is node.pzxid
    assert node.ctime is node.mtime
    assert node.children is None


def test_set_data_leaves_pzxid_and_ctime_alone(world: World) -> None:
    world.create("/a", b"12")
    world.create("/a/b")
    applied = world.do(OpCode.SET_DATA, SetDataRequest("/a", None, -1))
    stat = Stat(3, 5, TIME_MS + 3, TIME_MS + 5, 1, 1, 0, 0, 0, 1, 4)
    assert applied == Applied(OpCode.SET_DATA, 0, "/a", stat, events=(event(DATA, "/a"),))
    assert world.node("/a").data is None


def test_set_acl_fires_no_watch(world: World) -> None:
    world.create("/a")
    applied = world.do(OpCode.SET_ACL, SetACLRequest("/a", READ_ACL_UNSAFE, 0))
    assert applied.events == ()
    assert applied.stat == world.node("/a").stat()
    node = world.node("/a")
    assert (node.acl, node.aversion, node.mzxid, node.version) == (READ_ACL_UNSAFE, 1, 3, 0)


def test_delete_raises_the_parents_pzxid_and_keeps_its_stored_cversion(world: World) -> None:
    """Clients see creations plus deletions: 2 * stored - children."""
    world.create("/a")
    world.create("/a/b", access=READ_ACL_UNSAFE)
    assert world.node("/a").stat().cversion == 1
    applied = world.do(OpCode.DELETE, DeleteRequest("/a/b", -1))
    assert applied.events == (event(DELETED, "/a/b", READ_ACL_UNSAFE), event(CHILDREN, "/a"))
    node = world.node("/a")
    assert (node.cversion, node.pzxid, node.children) == (1, 5, None)
    assert node.stat().cversion == 2


def test_root_under_both_names(world: World) -> None:
    world.do(OpCode.SET_DATA, SetDataRequest("/", b"top", -1))
    world.create("/a")
    assert world.tree.nodes[""] is world.tree.nodes["/"]
    assert world.node("/").data == b"top"
    assert broken_invariants(world.tree) == []


# -- owners -------------------------------------------------------------------------------------


def test_indexes_of_owners(world: World) -> None:
    tree = world.tree
    world.policy = world.policy._replace(extended_types_enabled=True)
    world.create("/e", flags=CreateFlag.EPHEMERAL)
    world.do(OpCode.CREATE_CONTAINER, create("/c", flags=CreateFlag.CONTAINER))
    world.do(OpCode.CREATE_TTL, create("/t", flags=CreateFlag.PERSISTENT_WITH_TTL, ttl=1))
    assert (tree.ephemerals, tree.containers, tree.ttls) == ({SESSION: {"/e"}}, {"/c"}, {"/t"})
    assert tree.ephemerals_count == 1
    assert [world.node(path).stat().ephemeral_owner for path in ("/e", "/c", "/t")] == [
        SESSION,
        0,
        0,
    ]
    for path in ("/e", "/c", "/t"):
        world.do(OpCode.DELETE, DeleteRequest(path, -1))
    assert (tree.ephemerals, tree.containers, tree.ttls) == ({}, set(), set())


def test_sessions_change_by_transactions(world: World) -> None:
    assert world.tree.sessions == {SESSION: 30_000, OTHER_SESSION: 30_000}
    world.close()
    assert world.tree.sessions == {OTHER_SESSION: 30_000}


def test_close_session_deletes_what_the_transaction_names_and_what_is_left(world: World) -> None:
    """DataTree.killSession: named paths in their order first, whoever owns them."""
    tree = world.tree
    for zxid, path in enumerate(("/a", "/b", "/c"), 10):
        apply(tree, creation(zxid, path, -1, ephemeral=True))
    applied = apply(tree, txn(20, OpCode.CLOSE_SESSION, CloseSessionTxn(("/c", "/nowhere"))))
    assert [(change.type, change.path) for change in applied.events] == [
        (DELETED, "/c"),
        (CHILDREN, "/"),
        (DELETED, "/a"),
        (CHILDREN, "/"),
        (DELETED, "/b"),
        (CHILDREN, "/"),
    ]
    assert tree.ephemerals == {}
    assert SESSION not in tree.sessions


def test_close_session_of_before_3_6_names_nothing(world: World) -> None:
    world.create("/e", flags=CreateFlag.EPHEMERAL)
    apply(world.tree, txn(20, OpCode.CLOSE_SESSION, CloseSessionTxn(None)))
    assert "/e" not in world.tree.nodes


def test_dead_ephemerals_go_after_loading(world: World) -> None:
    """ZooKeeperServer.loadData."""
    world.create("/alive", flags=CreateFlag.EPHEMERAL)
    apply(world.tree, creation(50, "/p", -1))
    apply(world.tree, txn(51, OpCode.CREATE, CreateTxn("/p/dead", b"", (), True, -1), 0x9999))
    events = remove_dead_ephemerals(world.tree)
    assert [change.path for change in events] == ["/p/dead", "/p"]
    assert world.tree.ephemerals == {SESSION: {"/alive"}}
    assert world.node("/p").pzxid == 51


# -- multi and errors ---------------------------------------------------------------------------


def test_multi_answers_part_by_part(world: World) -> None:
    applied = world.do(
        OpCode.MULTI,
        multi(
            (OpCode.CREATE, create("/m")),
            (OpCode.SET_DATA, SetDataRequest("/m", b"1", -1)),
            (OpCode.CHECK, CheckVersionRequest("/m", 1)),
            (OpCode.SET_DATA, SetDataRequest("/m", b"22", -1)),
            (OpCode.DELETE, DeleteRequest("/m", -1)),
        ),
    )
    assert applied.type == OpCode.MULTI
    assert applied.err == 0
    assert [(part.type, part.err, part.path) for part in applied.results] == [
        (OpCode.CREATE, 0, "/m"),
        (OpCode.SET_DATA, 0, "/m"),
        (OpCode.CHECK, 0, "/m"),
        (OpCode.SET_DATA, 0, "/m"),
        (OpCode.DELETE, 0, "/m"),
    ]
    assert [part.stat.version for part in applied.results if part.stat] == [1, 2]
    assert [(change.type, change.path) for change in applied.events] == [
        (CREATED, "/m"),
        (CHILDREN, "/"),
        (DATA, "/m"),
        (DATA, "/m"),
        (DELETED, "/m"),
        (CHILDREN, "/"),
    ]


def test_failed_multi_changes_nothing_but_the_zxid(world: World) -> None:
    before = content(world.tree)
    applied = world.do(
        OpCode.MULTI,
        multi(
            (OpCode.CREATE, create("/m")),
            (OpCode.DELETE, DeleteRequest("/nowhere", -1)),
            (OpCode.CREATE, create("/n")),
        ),
    )
    assert applied.err == ErrorCode.NO_NODE
    assert [(part.type, part.err) for part in applied.results] == [
        (OpCode.ERROR, 0),
        (OpCode.ERROR, ErrorCode.NO_NODE),
        (OpCode.ERROR, ErrorCode.RUNTIME_INCONSISTENCY),
    ]
    assert applied.events == ()
    assert content(world.tree) == {**before, "zxid": world.zxid}


def test_parts_behind_an_error_that_are_none_themselves(world: World) -> None:
    """DataTree.processTxn: OK before the first error, RuntimeInconsistency after it."""
    part = SubTxn(OpCode.DELETE, DeleteTxn("/a"))
    error = SubTxn(OpCode.ERROR, ErrorTxn(-103))
    applied = apply(world.tree, txn(9, OpCode.MULTI, MultiTxn((part, error, part))))
    assert [part.err for part in applied.results] == [0, -103, -2]


def test_error_transaction_only_moves_the_zxid(world: World) -> None:
    before = content(world.tree)
    assert apply(world.tree, txn(9, OpCode.ERROR, ErrorTxn(-110))) == Applied(OpCode.ERROR, -110)
    assert content(world.tree) == {**before, "zxid": 9}


def test_zxid_never_goes_back(world: World) -> None:
    apply(world.tree, txn(9, OpCode.ERROR, ErrorTxn(-110)))
    apply(world.tree, txn(5, OpCode.ERROR, ErrorTxn(-110)))
    assert world.tree.last_processed_zxid == 9


def test_reconfig_writes_the_config_node(world: World) -> None:
    record = SetDataTxn("/zookeeper/config", b"version=9", -1)
    applied = apply(world.tree, txn(9, OpCode.RECONFIG, record))
    assert applied.stat is not None
    assert (applied.stat.version, applied.stat.mzxid) == (-1, 9)
    assert applied.events == (event(DATA, "/zookeeper/config", READ_ACL_UNSAFE),)


# -- replay over a tree that is ahead -----------------------------------------------------------


def test_create_that_finds_its_node(world: World) -> None:
    """The parent's numbers only grow; the node keeps all but its ACL (ZOOKEEPER-3306)."""
    tree = world.tree
    world.create("/a", b"data")
    world.do(OpCode.SET_ACL, SetACLRequest("/a", READ_ACL_UNSAFE, -1))
    root = world.node("/")
    root.cversion, root.pzxid = 5, 50
    applied = apply(tree, txn(40, OpCode.CREATE, CreateTxn("/a", b"", OPEN_ACL_UNSAFE, False, 3)))
    assert (applied.err, applied.events) == (ErrorCode.NODE_EXISTS, ())
    assert (root.cversion, root.pzxid) == (5, 50)
    assert world.node("/a").data == b"data"
    assert world.node("/a").acl == OPEN_ACL_UNSAFE
    apply(tree, txn(45, OpCode.CREATE, CreateTxn("/a", b"", OPEN_ACL_UNSAFE, False, 5)))
    assert (root.cversion, root.pzxid) == (5, 50)
    apply(tree, txn(60, OpCode.CREATE2, CreateTxn("/a", b"", OPEN_ACL_UNSAFE, False, 6)))
    assert (root.cversion, root.pzxid) == (6, 60)


def test_create_that_finds_its_node_puts_it_under_its_parent() -> None:
    """A replayed delete and re-creation of the parent has made it an orphan."""
    log = [
        creation(1, "/p", 1),
        txn(2, OpCode.DELETE, DeleteTxn("/p")),
        creation(3, "/p", 2),
        creation(4, "/p/c", 1),
    ]
    tree = DataTree()
    for entry in log:
        apply(tree, entry)
    expected = content(tree)
    for entry in log[1:]:
        apply(tree, entry)
    assert content(tree) == expected
    assert broken_invariants(tree) == []


def test_create_without_a_parent_is_left_out(world: World) -> None:
    before = content(world.tree)
    assert apply(world.tree, creation(9, "/gone/x", 1)).err == ErrorCode.NO_NODE
    assert content(world.tree) == {**before, "zxid": 9}


def test_delete_of_a_missing_node_still_raises_the_parents_pzxid(world: World) -> None:
    applied = apply(world.tree, txn(9, OpCode.DELETE, DeleteTxn("/gone")))
    assert (applied.err, applied.events) == (ErrorCode.NO_NODE, ())
    assert world.node("/").pzxid == 9
    apply(world.tree, txn(4, OpCode.DELETE, DeleteTxn("/gone")))
    assert world.node("/").pzxid == 9
    assert apply(world.tree, txn(10, OpCode.DELETE, DeleteTxn("/gone/x"))).err == -101


@pytest.mark.parametrize(
    ("kind", "record"),
    [
        (OpCode.SET_DATA, SetDataTxn("/gone", b"", 1)),
        (OpCode.SET_ACL, SetACLTxn("/gone", OPEN_ACL_UNSAFE, 1)),
        (OpCode.DELETE, DeleteTxn("/")),
        (OpCode.DELETE, DeleteTxn("")),
        (OpCode.CREATE, CreateTxn("/", b"", (), False, 1)),
        (OpCode.CREATE, CreateTxn("x", b"", (), False, 1)),
        (OpCode.CREATE_TTL, CreateTTLTxn("/x", b"", (), 1, -1)),
        (OpCode.CREATE_CONTAINER, CreateContainerTxn("/gone/x", b"", (), 1)),
        (OpCode.CLOSE_SESSION, CloseSessionTxn(("/gone/x",))),
        (99, ErrorTxn(0)),
    ],
)
def test_apply_is_total(world: World, kind: int, record: object) -> None:
    before = content(world.tree)
    apply(world.tree, txn(9, kind, record, session=77))
    assert content(world.tree) == {**before, "zxid": 9}


def test_logs_of_3_3_leave_the_parents_cversion_to_apply(world: World) -> None:
    apply(world.tree, creation(9, "/a", -1))
    apply(world.tree, creation(10, "/b", -1))
    assert world.node("/").cversion == 2


def test_create_session_again(world: World) -> None:
    apply(world.tree, txn(9, OpCode.CREATE_SESSION, CreateSessionTxn(4000)))
    assert world.tree.sessions[SESSION] == 4000


# -- what the tree counts -----------------------------------------------------------------------


def test_counts_of_a_fresh_tree() -> None:
    """As a new ZooKeeper 3.8 and 3.9 reports them: zk_znode_count, zk_approximate_data_size."""
    tree = DataTree()
    assert (tree.count, tree.approximate_data_size) == (5, 44)
    assert broken_invariants(tree) == []
    assert tree.nodes["/zookeeper"].stat() == Stat(0, 0, 0, 0, 0, -1 * 2, 0, 0, 0, 2, 0)
    assert tree.nodes["/zookeeper/config"].stat() == Stat(0, 0, 0, 0, 0, 0, -1, 0, 0, 0, 0)


def test_data_size_follows_every_change(world: World) -> None:
    world.create("/a", b"12345")
    assert world.tree.approximate_data_size == 44 + 2 + 5
    world.do(OpCode.SET_DATA, SetDataRequest("/a", b"1", -1))
    assert world.tree.approximate_data_size == 44 + 2 + 1
    world.do(OpCode.DELETE, DeleteRequest("/a", -1))
    assert world.tree.approximate_data_size == 44


def test_acl_lists_are_shared_and_forgotten(world: World) -> None:
    first = acl((31, "digest", ALICE.id))
    world.create("/a", access=first)
    world.create("/b", access=acl((31, "digest", ALICE.id)))
    assert world.node("/a").acl is world.node("/b").acl
    assert len(world.tree.acls) == 2  # that of /zookeeper/config is the other
    for path in ("/a", "/b"):
        world.do(OpCode.DELETE, DeleteRequest(path, -1))
    assert len(world.tree.acls) == 1


def test_config_of_an_ensemble(world: World) -> None:
    """ZKDatabase.initConfigInZKDatabase."""
    world.tree.set_config(b"server.1=...\nversion=0", 0x100, TIME_MS)
    stat = world.node("/zookeeper/config").stat()
    assert (stat.mzxid, stat.mtime, stat.version, stat.data_length) == (0x100, TIME_MS, -1, 22)
    assert world.tree.approximate_data_size == 44 + 22
    assert broken_invariants(world.tree) == []
