"""One test for each check of prepare, and for the order of each check and the next.

Orders are those of ZooKeeper PrepRequestProcessor.pRequest2Txn and pRequest2TxnCreate.
"""

import pytest
from tests.unit.tree.world import (
    ALICE,
    OTHER_SESSION,
    SESSION,
    CheckVersionRequest,
    DeleteRequest,
    SetACLRequest,
    SetDataRequest,
    World,
    acl,
    create,
    multi,
)

from speckeeper.tree.ephemeral import CONTAINER_OWNER, MAX_TTL_MS, ttl_owner
from speckeeper.tree.prepare import prepare, refuse
from speckeeper.wire.codes import CreateFlag, ErrorCode, OpCode
from speckeeper.wire.records import CREATOR_ALL, OPEN_ACL_UNSAFE, READ_ACL_UNSAFE, Id
from speckeeper.wire.requests import (
    CloseSessionRequest,
    CreateSessionRequest,
    ReconfigRequest,
)
from speckeeper.wire.txns import (
    CheckTxn,
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
    TxnHeader,
)

GONE = 0x9999  # a session that never was
CREATE = OpCode.CREATE
HARD_COUNT = b"count=-1,bytes=-1=;byteHardLimit=-1;countHardLimit=1"
HARD_BYTES = b"count=-1,bytes=-1=;byteHardLimit=4;countHardLimit=-1"


@pytest.fixture
def world() -> World:
    """Build a world with an open node, a locked one, an ephemeral and a quota-bound subtree."""
    world = World(extended_types_enabled=True, enforce_quota=True)
    world.create("/open")
    world.create("/open/child")
    world.create("/locked", access=READ_ACL_UNSAFE)
    world.create("/locked/x", ids=(Id("super", ""),))
    world.create("/ephemeral", flags=CreateFlag.EPHEMERAL)
    world.create("/full", b"1234")
    world.create("/zookeeper/quota/full")
    world.create("/zookeeper/quota/full/zookeeper_limits", HARD_COUNT)
    world.create("/zookeeper/quota/full/zookeeper_stats")
    return world


# -- create -------------------------------------------------------------------------------------


def test_create_becomes_a_transaction_with_the_parents_next_cversion(world: World) -> None:
    txn = world.ask(CREATE, create("/open/new", b"data"))
    assert txn.header == TxnHeader(SESSION, world.zxid, world.zxid, txn.header.time, CREATE)
    assert txn.record == CreateTxn("/open/new", b"data", OPEN_ACL_UNSAFE, False, 2)


def test_types_of_create(world: World) -> None:
    ephemeral = world.ask(OpCode.CREATE2, create("/e", flags=CreateFlag.EPHEMERAL))
    container = world.ask(OpCode.CREATE_CONTAINER, create("/c", flags=CreateFlag.CONTAINER))
    ttl = world.ask(
        OpCode.CREATE_TTL, create("/t", flags=CreateFlag.PERSISTENT_WITH_TTL, ttl=MAX_TTL_MS)
    )
    cversion = world.node("/").cversion
    assert ephemeral.header.type == OpCode.CREATE2
    assert ephemeral.record == CreateTxn("/e", b"", OPEN_ACL_UNSAFE, True, cversion + 1)
    assert container.header.type == OpCode.CREATE_CONTAINER
    assert container.record == CreateContainerTxn("/c", b"", OPEN_ACL_UNSAFE, cversion + 2)
    assert ttl.header.type == OpCode.CREATE_TTL
    assert ttl.record == CreateTTLTxn("/t", b"", OPEN_ACL_UNSAFE, cversion + 3, MAX_TTL_MS)
    world.settle()
    assert world.node("/e").ephemeral_owner == SESSION
    assert world.node("/c").ephemeral_owner == CONTAINER_OWNER
    assert world.node("/t").ephemeral_owner == ttl_owner(MAX_TTL_MS)


def test_plain_create_with_the_container_flag_makes_an_ordinary_node(world: World) -> None:
    """The type of the transaction decides on apply, not the flags (DataTree.processTxn)."""
    world.create("/c", flags=CreateFlag.CONTAINER)
    assert world.node("/c").ephemeral_owner == 0


@pytest.mark.parametrize(
    ("why", "request_", "who", "code"),
    [
        # each line passes all checks of the lines above it and fails those of the lines below
        ("flags", create("no slash", flags=7), {"session": GONE}, ErrorCode.BAD_ARGUMENTS),
        ("flags", create("no slash", flags=-1), {"session": GONE}, ErrorCode.BAD_ARGUMENTS),
        ("ttl missing", create("no slash", flags=5), {"session": GONE}, ErrorCode.BAD_ARGUMENTS),
        (
            "ttl for none",
            create("no slash", flags=0, ttl=0),
            {"session": GONE},
            ErrorCode.BAD_ARGUMENTS,
        ),
        ("session", create("no slash"), {"session": GONE}, ErrorCode.SESSION_EXPIRED),
        (
            "local session",
            create("no slash", flags=1),
            {"session": GONE, "local": True},
            ErrorCode.EPHEMERAL_ON_LOCAL_SESSION,
        ),
        ("no parent", create("no slash", access=()), {}, ErrorCode.BAD_ARGUMENTS),
        ("null character", create("/a\0b", access=()), {}, ErrorCode.BAD_ARGUMENTS),
        ("empty path", create("", access=()), {}, ErrorCode.BAD_ARGUMENTS),
        ("acl", create("/nowhere/x", access=()), {}, ErrorCode.INVALID_ACL),
        ("parent", create("/nowhere/./x"), {}, ErrorCode.NO_NODE),
        ("permission", create("/locked/."), {}, ErrorCode.NO_AUTH),
        ("permission", create("/locked/x"), {}, ErrorCode.NO_AUTH),
        ("path", create("/ephemeral/."), {}, ErrorCode.BAD_ARGUMENTS),
        ("path", create("/open/"), {}, ErrorCode.BAD_ARGUMENTS),
        ("path", create("//"), {}, ErrorCode.BAD_ARGUMENTS),
        ("exists", create("/open"), {}, ErrorCode.NODE_EXISTS),
        ("root exists", create("/"), {}, ErrorCode.NODE_EXISTS),
        ("ephemeral parent", create("/ephemeral/x"), {}, ErrorCode.NO_CHILDREN_FOR_EPHEMERALS),
        ("quota", create("/full/x"), {}, ErrorCode.QUOTA_EXCEEDED),
    ],
)
def test_create_refused(
    world: World, why: str, request_: object, who: dict[str, object], code: int
) -> None:
    assert world.err(CREATE, request_, **who) == code, why


def test_create_ttl_needs_extended_types_before_anything_else() -> None:
    world = World(extended_types_enabled=False)
    record = create("no slash", flags=CreateFlag.PERSISTENT_SEQUENTIAL_WITH_TTL, ttl=-5)
    assert world.err(OpCode.CREATE_TTL, record, session=GONE) == ErrorCode.UNIMPLEMENTED


@pytest.mark.parametrize("ttl", [-1, 0, MAX_TTL_MS + 1])
def test_create_ttl_range(world: World, ttl: int) -> None:
    record = create("/t", flags=CreateFlag.PERSISTENT_WITH_TTL, ttl=ttl)
    assert world.err(OpCode.CREATE_TTL, record) == ErrorCode.BAD_ARGUMENTS


def test_create_ttl_with_another_mode_is_refused(world: World) -> None:
    """ZooKeeper logs a CreateTTLTxn with ttl -1 here and cannot apply it."""
    assert world.err(OpCode.CREATE_TTL, create("/t", flags=0)) == ErrorCode.BAD_ARGUMENTS


def test_negative_ttl_of_a_mode_without_one_is_fine(world: World) -> None:
    """EphemeralType.validateTTL only refuses ttl >= 0."""
    assert world.err(CREATE, create("/t", ttl=-7)) == 0


def test_an_ephemeral_parent_is_one_with_a_session(world: World) -> None:
    world.do(OpCode.CREATE_CONTAINER, create("/c", flags=CreateFlag.CONTAINER))
    world.do(OpCode.CREATE_TTL, create("/t", flags=CreateFlag.PERSISTENT_WITH_TTL, ttl=5))
    assert world.err(CREATE, create("/c/x")) == 0
    assert world.err(CREATE, create("/t/x")) == 0


def test_acl_is_stored_as_fixed_up(world: World) -> None:
    txn = world.ask(CREATE, create("/mine", access=CREATOR_ALL), ids=(ALICE,))
    assert txn.record.acl == acl((31, "digest", ALICE.id))


# -- sequence numbers ---------------------------------------------------------------------------


def sequential(world: World, path: str) -> str | None:
    applied = world.create(path, flags=CreateFlag.PERSISTENT_SEQUENTIAL)
    return None if applied.err else applied.path


def test_sequence_counts_all_creates_and_no_deletes(world: World) -> None:
    world.create("/q")
    world.create("/q/x")
    assert sequential(world, "/q/a-") == "/q/a-0000000001"
    world.do(OpCode.DELETE, DeleteRequest("/q/a-0000000001", -1))
    assert sequential(world, "/q/b-") == "/q/b-0000000002"


def test_sequence_may_be_the_whole_name(world: World) -> None:
    world.create("/q")
    assert sequential(world, "/q/") == "/q/0000000000"


def test_path_is_judged_with_its_sequence_number(world: World) -> None:
    world.create("/q")
    assert sequential(world, "/q/.") == "/q/.0000000000"
    assert sequential(world, "/q/\x01") is None


def test_pipelined_sequential_creates_get_different_numbers(world: World) -> None:
    world.create("/q")
    flags = CreateFlag.EPHEMERAL_SEQUENTIAL
    paths = [world.ask(CREATE, create("/q/n", flags=flags)).record.path for _ in range(3)]
    assert paths == ["/q/n0000000000", "/q/n0000000001", "/q/n0000000002"]
    world.settle()
    assert world.create("/q/n", flags=flags).path == "/q/n0000000003"


def test_sequence_at_the_end_of_32_bits(world: World) -> None:
    """The parent's number wraps in the transaction; apply keeps the larger one.

    So the last number comes again, and finds its node (DataTree.createNode: ``parentCVersion >
    parent.stat.getCversion()``).
    """
    world.create("/q")
    world.node("/q").cversion = 2147483646
    assert sequential(world, "/q/") == "/q/2147483646"
    assert sequential(world, "/q/") == "/q/2147483647"
    assert world.log[-1].record.parent_cversion == -2147483648
    assert (
        world.err(CREATE, create("/q/", flags=CreateFlag.PERSISTENT_SEQUENTIAL))
        == ErrorCode.NODE_EXISTS
    )
    world.node("/q").cversion = -5
    assert sequential(world, "/q/") == "/q/-000000005"


def test_sequence_at_the_end_of_32_bits_within_a_multi(world: World) -> None:
    """What is staged goes round, as ZooKeeper's change record does; what is applied does not.

    PrepRequestProcessor.pRequest2TxnCreate sets the record's cversion whatever it was.
    """
    world.create("/q")
    world.node("/q").cversion = 2147483647
    child = create("/q/m", flags=CreateFlag.PERSISTENT_SEQUENTIAL)
    txn = world.ask(OpCode.MULTI, multi((CREATE, child), (CREATE, child), (CREATE, child)))
    assert [part.record.path for part in txn.record.txns] == [
        "/q/m2147483647",
        "/q/m-2147483648",
        "/q/m-2147483647",
    ]
    assert [part.record.parent_cversion for part in txn.record.txns] == [
        -2147483648,
        -2147483647,
        -2147483646,
    ]
    before = world.node("/q").pzxid
    world.settle()
    assert txn.digest is not None
    assert txn.digest.tree_digest == world.tree.digest
    stat = world.node("/q").stat()
    assert (world.node("/q").cversion, stat.pzxid, stat.num_children) == (2147483647, before, 3)
    assert stat.cversion == 2 * 2147483647 - 3 - 2**32
    assert world.err(CREATE, child) == ErrorCode.NODE_EXISTS


# -- delete -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("why", "request_", "who", "code"),
    [
        ("session", DeleteRequest("no slash", 7), {"session": GONE}, ErrorCode.SESSION_EXPIRED),
        ("no parent", DeleteRequest("no slash", 7), {}, ErrorCode.BAD_ARGUMENTS),
        ("null character", DeleteRequest("/a\0b", 7), {}, ErrorCode.BAD_ARGUMENTS),
        ("root", DeleteRequest("/", 7), {}, ErrorCode.BAD_ARGUMENTS),
        ("system node", DeleteRequest("/zookeeper", 7), {}, ErrorCode.BAD_ARGUMENTS),
        ("system node", DeleteRequest("/zookeeper/quota", 7), {}, ErrorCode.BAD_ARGUMENTS),
        ("system node", DeleteRequest("/zookeeper/config", 7), {}, ErrorCode.BAD_ARGUMENTS),
        ("parent", DeleteRequest("/nowhere/x", 7), {}, ErrorCode.NO_NODE),
        ("permission", DeleteRequest("/locked/missing", 7), {}, ErrorCode.NO_AUTH),
        ("node", DeleteRequest("/open/missing", 7), {}, ErrorCode.NO_NODE),
        ("node; the path is not judged", DeleteRequest("/open/", 7), {}, ErrorCode.NO_NODE),
        ("version", DeleteRequest("/open", 7), {}, ErrorCode.BAD_VERSION),
        ("children", DeleteRequest("/open", 0), {}, ErrorCode.NOT_EMPTY),
        ("children", DeleteRequest("/open", -1), {}, ErrorCode.NOT_EMPTY),
    ],
)
def test_delete_refused(
    world: World, why: str, request_: object, who: dict[str, object], code: int
) -> None:
    assert world.err(OpCode.DELETE, request_, **who) == code, why


def test_delete(world: World) -> None:
    assert world.ask(OpCode.DELETE, DeleteRequest("/open/child", 0)).record == DeleteTxn(
        "/open/child"
    )


def test_delete_asks_the_parent_for_permission(world: World) -> None:
    """The node's own list does not matter."""
    world.create("/open/private", access=READ_ACL_UNSAFE)
    assert world.err(OpCode.DELETE, DeleteRequest("/open/private", -1)) == 0


# -- setData ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("why", "request_", "who", "code"),
    [
        ("session", SetDataRequest("", b"", 7), {"session": GONE}, ErrorCode.SESSION_EXPIRED),
        ("path", SetDataRequest("", b"", 7), {}, ErrorCode.BAD_ARGUMENTS),
        ("path", SetDataRequest("/open/", b"", 7), {}, ErrorCode.BAD_ARGUMENTS),
        ("node", SetDataRequest("/missing", b"", 7), {}, ErrorCode.NO_NODE),
        ("permission", SetDataRequest("/locked", b"", 7), {}, ErrorCode.NO_AUTH),
        ("quota", SetDataRequest("/full", b"12345", 7), {}, ErrorCode.QUOTA_EXCEEDED),
        ("version", SetDataRequest("/open", b"", 7), {}, ErrorCode.BAD_VERSION),
    ],
)
def test_set_data_refused(
    world: World, why: str, request_: object, who: dict[str, object], code: int
) -> None:
    world.do(
        OpCode.SET_DATA,
        SetDataRequest("/zookeeper/quota/full/zookeeper_limits", HARD_BYTES, -1),
    )
    assert world.err(OpCode.SET_DATA, request_, **who) == code, why


def test_set_data(world: World) -> None:
    assert world.ask(OpCode.SET_DATA, SetDataRequest("/open", b"1", 0)).record == SetDataTxn(
        "/open", b"1", 1
    )
    assert world.ask(OpCode.SET_DATA, SetDataRequest("/open", b"2", -1)).record == SetDataTxn(
        "/open", b"2", 2
    )


def test_versions_wrap(world: World) -> None:
    """As in 3.9; 3.10 goes from -2 to 0 (ZOOKEEPER-4743)."""
    world.node("/open").version = 2147483647
    record = world.ask(OpCode.SET_DATA, SetDataRequest("/open", b"", 2147483647)).record
    assert record.version == -2147483648
    world.settle()
    world.node("/open").version = -2
    assert world.ask(OpCode.SET_DATA, SetDataRequest("/open", b"", -2)).record.version == -1


# -- setACL -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("why", "request_", "who", "code"),
    [
        ("session", SetACLRequest("", (), 7), {"session": GONE}, ErrorCode.SESSION_EXPIRED),
        ("path", SetACLRequest("", (), 7), {}, ErrorCode.BAD_ARGUMENTS),
        ("acl", SetACLRequest("/missing", (), 7), {}, ErrorCode.INVALID_ACL),
        ("node", SetACLRequest("/missing", OPEN_ACL_UNSAFE, 7), {}, ErrorCode.NO_NODE),
        ("permission", SetACLRequest("/locked", OPEN_ACL_UNSAFE, 7), {}, ErrorCode.NO_AUTH),
        ("aversion", SetACLRequest("/open", OPEN_ACL_UNSAFE, 7), {}, ErrorCode.BAD_VERSION),
    ],
)
def test_set_acl_refused(
    world: World, why: str, request_: object, who: dict[str, object], code: int
) -> None:
    assert world.err(OpCode.SET_ACL, request_, **who) == code, why


def test_set_acl_counts_in_aversion(world: World) -> None:
    world.do(OpCode.SET_DATA, SetDataRequest("/open", b"", -1))
    record = world.ask(OpCode.SET_ACL, SetACLRequest("/open", READ_ACL_UNSAFE, 0)).record
    assert record == SetACLTxn("/open", READ_ACL_UNSAFE, 1)


def test_a_staged_acl_counts_at_once(world: World) -> None:
    """ZooKeeper stages the aversion only and judges by the old list until the change is applied."""
    world.ask(OpCode.SET_ACL, SetACLRequest("/open", READ_ACL_UNSAFE, -1))
    assert world.err(OpCode.SET_DATA, SetDataRequest("/open", b"", -1)) == ErrorCode.NO_AUTH


# -- multi --------------------------------------------------------------------------------------


def test_parts_see_each_other(world: World) -> None:
    txn = world.ask(
        OpCode.MULTI,
        multi(
            (CREATE, create("/m")),
            (OpCode.CREATE2, create("/m/s", flags=CreateFlag.PERSISTENT_SEQUENTIAL)),
            (OpCode.CREATE2, create("/m/s", flags=CreateFlag.PERSISTENT_SEQUENTIAL)),
            (OpCode.SET_DATA, SetDataRequest("/m", b"x", 0)),
            (OpCode.CHECK, CheckVersionRequest("/m", 1)),
            (OpCode.DELETE, DeleteRequest("/m/s0000000000", 0)),
        ),
    )
    assert txn.header.type == OpCode.MULTI
    cversion = world.node("/").cversion
    assert txn.record == MultiTxn(
        (
            SubTxn(CREATE, CreateTxn("/m", b"", OPEN_ACL_UNSAFE, False, cversion + 1)),
            SubTxn(OpCode.CREATE2, CreateTxn("/m/s0000000000", b"", OPEN_ACL_UNSAFE, False, 1)),
            SubTxn(OpCode.CREATE2, CreateTxn("/m/s0000000001", b"", OPEN_ACL_UNSAFE, False, 2)),
            SubTxn(OpCode.SET_DATA, SetDataTxn("/m", b"x", 1)),
            SubTxn(OpCode.CHECK, CheckTxn("/m", 2)),
            SubTxn(OpCode.DELETE, DeleteTxn("/m/s0000000000")),
        )
    )


def test_failed_multi_keeps_its_type_and_stages_nothing(world: World) -> None:
    """Parts before the failure stay, the failing one has its code, those after it -2."""
    txn = world.ask(
        OpCode.MULTI,
        multi(
            (CREATE, create("/m")),
            (OpCode.DELETE, DeleteRequest("/m", 3)),
            (CREATE, create("/n")),
        ),
    )
    assert txn.header.type == OpCode.MULTI
    assert [sub.type for sub in txn.record.txns] == [CREATE, OpCode.ERROR, OpCode.ERROR]
    assert [sub.record for sub in txn.record.txns[1:]] == [
        ErrorTxn(ErrorCode.BAD_VERSION),
        ErrorTxn(ErrorCode.RUNTIME_INCONSISTENCY),
    ]
    assert world.view.find("/m") is None
    assert world.err(CREATE, create("/m")) == 0


def test_failed_multi_leaves_the_sequence_of_others_alone(world: World) -> None:
    """ZOOKEEPER-1624."""
    world.create("/q")
    flags = CreateFlag.PERSISTENT_SEQUENTIAL
    world.ask(CREATE, create("/q/n", flags=flags))
    world.ask(
        OpCode.MULTI,
        multi((CREATE, create("/q/n", flags=flags)), (OpCode.DELETE, DeleteRequest("/x", -1))),
    )
    assert world.ask(CREATE, create("/q/n", flags=flags)).record.path == "/q/n0000000001"


def test_empty_multi_is_legal(world: World) -> None:
    assert world.ask(OpCode.MULTI, multi()).record == MultiTxn(())


@pytest.mark.parametrize(
    "op", [OpCode.SET_ACL, OpCode.GET_DATA, OpCode.CLOSE_SESSION, OpCode.DELETE_CONTAINER, 99]
)
def test_multi_refuses_other_operations(world: World, op: int) -> None:
    parts = multi((CREATE, create("/m")), (op, DeleteRequest("/open/child", -1)))
    assert world.err(OpCode.MULTI, parts) == ErrorCode.MARSHALLING_ERROR


@pytest.mark.parametrize(
    ("request_", "who", "code"),
    [
        (CheckVersionRequest("", 7), {"session": GONE}, ErrorCode.SESSION_EXPIRED),
        (CheckVersionRequest("/open/", 7), {}, ErrorCode.BAD_ARGUMENTS),
        (CheckVersionRequest("/missing", 7), {}, ErrorCode.NO_NODE),
        (CheckVersionRequest("/private", 7), {}, ErrorCode.NO_AUTH),
        (CheckVersionRequest("/open", 7), {}, ErrorCode.BAD_VERSION),
        (CheckVersionRequest("/open", -1), {}, 0),
        (CheckVersionRequest("/open", 0), {}, 0),
        (CheckVersionRequest("/locked", 0), {}, 0),
    ],
)
def test_check(world: World, request_: object, who: dict[str, object], code: int) -> None:
    """check needs READ."""
    world.create("/private", access=acl((31, "digest", ALICE.id)), ids=(ALICE,))
    txn = prepare(
        world.view,
        world.request(OpCode.MULTI, multi((OpCode.CHECK, request_)), **who),
        world.policy,
    )
    record = txn.record.txns[0].record
    assert (record.err if isinstance(record, ErrorTxn) else 0) == code


def test_check_alone_is_no_operation(world: World) -> None:
    record = CheckVersionRequest("/open", -1)
    assert world.err(OpCode.CHECK, record) == ErrorCode.UNIMPLEMENTED


def test_ephemeral_in_a_multi_needs_a_global_session(world: World) -> None:
    parts = multi((CREATE, create("/e", flags=1)))
    txn = world.ask(OpCode.MULTI, parts, session=GONE, local=True)
    assert txn.record.txns[0].record == ErrorTxn(ErrorCode.EPHEMERAL_ON_LOCAL_SESSION)


# -- what servers ask for -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("no slash", ErrorCode.BAD_ARGUMENTS),
        ("/zookeeper", ErrorCode.BAD_ARGUMENTS),
        ("/missing", ErrorCode.NO_NODE),
        ("/open", ErrorCode.NOT_EMPTY),
        ("/ephemeral", ErrorCode.BAD_VERSION),
        ("/locked/x", 0),
        ("/container", 0),
    ],
)
def test_delete_container_asks_for_no_session_and_no_permission(
    world: World, path: str, code: int
) -> None:
    world.do(OpCode.CREATE_CONTAINER, create("/container", flags=CreateFlag.CONTAINER))
    assert world.err(OpCode.DELETE_CONTAINER, DeleteRequest(path), session=0) == code


def test_create_session(world: World) -> None:
    record = world.ask(OpCode.CREATE_SESSION, CreateSessionRequest(4000), session=77).record
    assert record == CreateSessionTxn(4000)
    assert world.err(CREATE, create("/x"), session=77) == 0


def test_close_session_names_the_ephemerals_in_tree_and_on_their_way(world: World) -> None:
    for path in ("/e1", "/e2", "/e3"):
        world.create(path, flags=CreateFlag.EPHEMERAL, session=OTHER_SESSION)
    world.ask(OpCode.DELETE, DeleteRequest("/e2", -1))
    world.ask(CREATE, create("/e2", flags=1))  # now the first session's
    world.ask(CREATE, create("/e0", flags=1), session=OTHER_SESSION)
    world.ask(CREATE, create("/e4", flags=1), session=OTHER_SESSION)
    world.ask(OpCode.DELETE, DeleteRequest("/e4", -1))
    world.ask(OpCode.SET_DATA, SetDataRequest("/e3", b"x", -1))
    txn = world.ask(OpCode.CLOSE_SESSION, CloseSessionRequest(), session=OTHER_SESSION)
    assert txn.record == CloseSessionTxn(("/e0", "/e1", "/e3"))


def test_close_session_is_the_sessions_last_request(world: World) -> None:
    world.ask(OpCode.CLOSE_SESSION, CloseSessionRequest())
    assert world.err(CREATE, create("/x")) == ErrorCode.SESSION_EXPIRED
    assert world.err(CREATE, create("/x"), session=OTHER_SESSION) == 0
    world.settle()
    assert world.err(CREATE, create("/x")) == ErrorCode.SESSION_EXPIRED


def test_nodes_of_a_closing_session_are_gone_for_later_requests(world: World) -> None:
    world.create("/p")
    world.create("/p/e", flags=CreateFlag.EPHEMERAL)
    world.ask(OpCode.CLOSE_SESSION, CloseSessionRequest())
    delete = DeleteRequest("/p", -1)
    assert world.err(OpCode.DELETE, delete, session=OTHER_SESSION) == 0
    assert world.err(CREATE, create("/p/e"), session=OTHER_SESSION) == 0


def test_close_session_without_paths(world: World) -> None:
    world.policy = world.policy._replace(close_session_txn_enabled=False)
    txn = world.ask(OpCode.CLOSE_SESSION, CloseSessionRequest())
    assert txn.record == CloseSessionTxn(None)
    assert world.view.find("/ephemeral") is None


def test_close_of_an_unknown_session_is_a_transaction(world: World) -> None:
    txn = world.ask(OpCode.CLOSE_SESSION, CloseSessionRequest(), session=GONE)
    assert txn.record == CloseSessionTxn(())


def test_reconfig_is_off_or_not_for_a_standalone_server() -> None:
    """PrepRequestProcessor: the switch is asked before the session; then there is no leader."""
    record = ReconfigRequest("server.1=a:1:2", None, None, -1)
    off, on = World(), World(reconfig_enabled=True)
    assert off.err(OpCode.RECONFIG, record, session=GONE) == ErrorCode.RECONFIG_DISABLED
    assert on.err(OpCode.RECONFIG, record, session=GONE) == ErrorCode.SESSION_EXPIRED
    assert on.err(OpCode.RECONFIG, record) == ErrorCode.UNIMPLEMENTED


# -- refusals -----------------------------------------------------------------------------------


def test_a_refused_request_is_a_transaction_with_its_zxid(world: World) -> None:
    txn = world.ask(OpCode.DELETE, DeleteRequest("/missing", -1))
    assert txn.header.type == OpCode.ERROR
    assert txn.header.zxid == world.zxid
    assert txn.record == ErrorTxn(-101)
    assert world.settle()[-1].err == ErrorCode.NO_NODE
    assert world.tree.last_processed_zxid == world.zxid


def test_the_server_can_refuse_as_well(world: World) -> None:
    request = world.request(CREATE, None)
    txn = refuse(request, ErrorCode.MARSHALLING_ERROR)
    assert txn.header == TxnHeader(SESSION, request.cxid, request.zxid, request.time_ms, -1)
    assert txn.record == ErrorTxn(-5)


@pytest.mark.parametrize("op", [OpCode.GET_DATA, OpCode.NOTIFICATION, 10, 99])
def test_unknown_operations(world: World, op: int) -> None:
    assert world.err(op, None) == ErrorCode.UNIMPLEMENTED


def test_local_sessions_may_write_what_is_not_ephemeral(world: World) -> None:
    assert world.err(CREATE, create("/x"), session=GONE, local=True) == 0
    assert world.err(OpCode.DELETE, DeleteRequest("/open/child", 0), session=GONE, local=True) == 0
