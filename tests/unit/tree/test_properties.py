"""Properties of prepare, the view and apply under random requests."""

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.tree.world import (
    ALICE,
    NOBODY,
    OTHER_SESSION,
    SESSION,
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

from speckeeper.tree.apply import apply
from speckeeper.tree.change_record import ChangeRecord
from speckeeper.tree.datatree import DataTree, StoredNode
from speckeeper.tree.node import Node
from speckeeper.wire.codes import OpCode
from speckeeper.wire.records import CREATOR_ALL, OPEN_ACL_UNSAFE, READ_ACL_UNSAFE
from speckeeper.wire.requests import CloseSessionRequest, CreateSessionRequest
from speckeeper.wire.txns import Txn, decode_txn, encode_txn

Step = tuple[int, object, int, bool]

names = st.sampled_from("abc")
paths = st.lists(names, min_size=1, max_size=3).map(lambda parts: "/" + "/".join(parts))
odd_paths = st.sampled_from(["/", "", "/a/", "//", "/zookeeper", "/zookeeper/quota", "a", "/a\0"])
any_path = st.one_of(paths, paths, paths, paths, odd_paths)
data = st.sampled_from([None, b"", b"x", b"longer"])
versions = st.sampled_from([-1, -1, -1, 0, 1, 2])
access = st.sampled_from(
    [OPEN_ACL_UNSAFE] * 4
    + [
        READ_ACL_UNSAFE,
        CREATOR_ALL,
        (),
        acl((31, "digest", ALICE.id)),
        acl((29, "world", "anyone")),
    ]
)
creates = st.one_of(
    st.tuples(
        st.sampled_from([OpCode.CREATE, OpCode.CREATE2]),
        st.builds(create, any_path, data, access, st.sampled_from([0, 0, 0, 1, 1, 2, 3])),
    ),
    st.tuples(
        st.just(OpCode.CREATE_CONTAINER), st.builds(create, any_path, data, access, st.just(4))
    ),
    st.tuples(
        st.just(OpCode.CREATE_TTL),
        st.builds(create, any_path, data, access, st.sampled_from([5, 6]), st.just(60_000)),
    ),
)
deletes = st.tuples(st.just(OpCode.DELETE), st.builds(DeleteRequest, any_path, versions))
set_datas = st.tuples(st.just(OpCode.SET_DATA), st.builds(SetDataRequest, any_path, data, versions))
checks = st.tuples(st.just(OpCode.CHECK), st.builds(CheckVersionRequest, any_path, versions))
set_acls = st.tuples(st.just(OpCode.SET_ACL), st.builds(SetACLRequest, any_path, access, versions))
multis = st.lists(st.one_of(creates, deletes, set_datas, checks), max_size=4).map(
    lambda ops: (OpCode.MULTI, multi(*ops))
)
sessions = st.sampled_from(
    [
        (OpCode.CLOSE_SESSION, CloseSessionRequest()),
        (OpCode.CREATE_SESSION, CreateSessionRequest(4000)),
    ]
)
containers = st.tuples(st.just(OpCode.DELETE_CONTAINER), st.builds(DeleteRequest, any_path))
operations = st.one_of(
    creates, creates, creates, deletes, deletes, set_datas, set_acls, multis, sessions, containers
)
step = st.tuples(operations, st.sampled_from([SESSION, OTHER_SESSION]), st.booleans()).map(
    lambda drawn: (*drawn[0], drawn[1], drawn[2])
)
steps = st.lists(step, max_size=30)


def ask(world: World, step: Step) -> Txn:
    op, record, session, is_alice = step
    return world.ask(op, record, session=session, ids=(*NOBODY, ALICE) if is_alice else NOBODY)


def new_world() -> World:
    return World(extended_types_enabled=True)


def judged(node: Node | ChangeRecord | None) -> tuple[object, ...] | None:
    """Return what prepare looks at in a node."""
    if node is None:
        return None
    return (
        node.data,
        node.acl,
        node.version,
        node.cversion,
        node.aversion,
        node.ephemeral_owner,
        node.num_children,
    )


@given(steps, st.lists(st.integers(1, 6), max_size=30))
def test_pipelining_makes_no_difference(steps: list[Step], batches: list[int]) -> None:
    """A request prepared behind others gets the transaction it would get once they are applied."""
    direct, pipelined = new_world(), new_world()
    waits = iter(batches)
    wait = 0
    for step in steps:
        expected = ask(direct, step)
        direct.settle()
        assert ask(pipelined, step) == expected
        for path in direct.tree.nodes.keys() | pipelined.tree.nodes.keys():
            assert judged(pipelined.view.find(path)) == judged(direct.view.find(path))
        for session in (SESSION, OTHER_SESSION):
            assert pipelined.view.ephemerals_of(session) == direct.view.ephemerals_of(session)
            assert pipelined.view.session_lives(session) == direct.view.session_lives(session)
        if wait == 0:
            pipelined.settle()
            wait = next(waits, 1)
        wait -= 1
    pipelined.settle()
    assert content(pipelined.tree) == content(direct.tree)
    assert pipelined.tree.digests.mismatches == 0


@given(steps)
def test_settling_one_by_one_leaves_nothing_behind(steps: list[Step]) -> None:
    world = new_world()
    for step in steps:
        ask(world, step)
    for txn in world.staged:
        apply(world.tree, txn)
        world.view.settle(txn.header.zxid)
    view = world.view
    assert not (view._changes)
    assert not (view._order)
    assert not (view._ephemerals)
    assert not (view._sessions)
    assert not view._session_order


@given(steps)
def test_invariants_hold_after_every_transaction(steps: list[Step]) -> None:
    """Parents and children, owners, ACLs, sizes, and the digest against one computed anew."""
    world = new_world()
    for step in steps:
        ask(world, step)
        world.settle()
        assert broken_invariants(world.tree) == []


@given(steps)
def test_refused_and_failed_requests_change_nothing(steps: list[Step]) -> None:
    """Among them a multi of which one part fails: all or nothing."""
    world = new_world()
    for step in steps:
        before = content(world.tree)
        ask(world, step)
        applied = world.settle()[-1]
        if applied.err:
            assert content(world.tree) == before | {"zxid": world.zxid}
            assert applied.events == ()


@given(steps)
def test_a_multi_does_what_its_parts_do_alone(steps: list[Step]) -> None:
    """One zxid for all, so compare what does not depend on it."""
    together, alone = new_world(), new_world()
    for op, record, session, is_alice in steps:
        if op != OpCode.MULTI:
            for world in (together, alone):
                ask(world, (op, record, session, is_alice))
                world.settle()
            continue
        ask(together, (op, record, session, is_alice))
        if together.settle()[-1].err:
            continue
        for part in record.ops:  # type: ignore[attr-defined]
            if part[0] != OpCode.CHECK:
                ask(alone, (*part, session, is_alice))
                assert alone.settle()[-1].err == 0
    nodes = [
        {path: (judged(node), set(node.children or ())) for path, node in world.tree.nodes.items()}
        for world in (together, alone)
    ]
    assert nodes[0] == nodes[1]


@given(steps)
def test_prepared_transactions_survive_the_log(steps: list[Step]) -> None:
    world, replica = new_world(), DataTree()
    for step in steps:
        ask(world, step)
        world.settle()
    for txn in world.log:
        assert decode_txn(encode_txn(txn)) == txn
        apply(replica, decode_txn(encode_txn(txn)))
    assert content(replica) == content(world.tree)


@given(steps, st.integers(0, 40))
def test_replaying_a_suffix_over_the_later_tree_changes_nothing(
    steps: list[Step], start: int
) -> None:
    world = new_world()
    for step in steps:
        ask(world, step)
        world.settle()
    expected = content(world.tree)
    for txn in world.log[start:]:
        apply(world.tree, txn)
    assert content(world.tree) == expected
    assert broken_invariants(world.tree) == []


def fuzzy_snapshot(
    world: World, steps: list[Step], pace: Iterator[int]
) -> tuple[list[StoredNode], dict[int, tuple[object, ...]], dict[int, int], int]:
    """Walk the tree of a world that goes on working; return what a snapshot would hold."""
    start, sessions = world.zxid, dict(world.tree.sessions)
    acls = world.tree.acls.table()
    nodes = []
    waiting = iter(steps)
    for node in world.tree.walk():
        nodes.append(node)
        for _ in range(next(pace, 0)):
            step = next(waiting, None)
            if step is not None:
                ask(world, step)
                world.settle()
    for step in waiting:
        ask(world, step)
        world.settle()
    return nodes, acls, sessions, start  # type: ignore[return-value]


@settings(max_examples=300)
@given(steps, steps, st.lists(st.integers(0, 6), max_size=20))
def test_log_makes_a_fuzzy_snapshot_whole(
    before: list[Step], during: list[Step], pace: list[int]
) -> None:
    """Recovery: load what was walked while the tree changed, replay the log from where it began."""
    world = new_world()
    for step in before:
        ask(world, step)
        world.settle()
    nodes, acls, sessions, start = fuzzy_snapshot(world, during, iter(pace))
    tree = DataTree()
    tree.load(nodes, acls, sessions, start)  # type: ignore[arg-type]
    for txn in world.log:
        if txn.header.zxid > start:
            apply(tree, txn)
    assert content(tree) == content(world.tree)
    assert broken_invariants(tree) == []


@pytest.mark.parametrize("order", [1, -1])
def test_ephemerals_of_a_closed_session_go_in_one_order(order: int) -> None:
    """So that two runs of one history are alike whatever the hash seed."""
    world = World()
    for name in sorted("hgfedcba", reverse=order < 0):
        world.create(f"/{name}", flags=1)
    assert world.close().events[0].path == "/a"
    assert world.log[-1].record.paths == tuple(f"/{name}" for name in "abcdefgh")
