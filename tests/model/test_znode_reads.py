"""Reads of spec/ZNodeReads.tla against those of the server, on the same trees."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.model.test_znode_prepare_apply import Twins
from tests.model.znode import values as v
from tests.model.znode.operators import operators
from tests.model.znode.requests import (
    ALICE,
    SESSIONS,
    Jump,
    Replay,
    Step,
    ids,
    some_paths,
    steps,
)
from tests.model.znode.stories import STORIES
from tests.unit.server.world import World as ServerWorld

from speckeeper.server.auth import client_infos
from speckeeper.tree import reads
from speckeeper.tree.apply import remove_dead_ephemerals
from speckeeper.tree.datatree import DataTree
from speckeeper.tree.node import Node
from speckeeper.tree.policy import Policy
from speckeeper.wire.codes import OpCode
from speckeeper.wire.multi_replies import (
    ErrorResult,
    GetChildrenResult,
    GetDataResult,
    decode_multi_reply,
)
from speckeeper.wire.records import ACL, Id
from speckeeper.wire.requests import (
    DeleteRequest,
    GetChildrenRequest,
    GetDataRequest,
    MultiRequest,
)

POLICY = {"extended_types_enabled": True}


def _fails(code: int) -> Any:
    return v.record(err=v.error(code))


def _stat(found: Node | int) -> Any:
    return (
        _fails(found) if isinstance(found, int) else v.record(err="Ok", stat=v.stat(found.stat()))
    )


def _data(found: Node | int) -> Any:
    if isinstance(found, int):
        return _fails(found)
    return v.record(err="Ok", data=v.data(found.data), stat=v.stat(found.stat()))


def _children(found: Any) -> Any:
    return (
        _fails(found)
        if isinstance(found, int)
        else v.record(err="Ok", children=frozenset(found[1]))
    )


def _children2(found: Any) -> Any:
    if isinstance(found, int):
        return _fails(found)
    node, names = found
    return v.record(err="Ok", children=frozenset(names), stat=v.stat(node.stat()))


def _acl(found: Any) -> Any:
    if isinstance(found, int):
        return _fails(found)
    return v.record(err="Ok", acl=v.acl(found[1]), stat=v.stat(found[0].stat()))


def _number(found: int) -> Any:
    return _fails(found) if found < 0 else v.record(err="Ok", totalNumber=found)


READS = {
    "ReadExists": (reads.exists, _stat),
    "ReadGetData": (reads.get_data, _data),
    "ReadGetChildren": (reads.get_children, _children),
    "ReadGetChildren2": (reads.get_children, _children2),
    "ReadGetACL": (reads.get_acl, _acl),
    "ReadGetAllChildrenNumber": (reads.get_all_children_number, _number),
}


def compare_reads(twins: Twins, path: str, ids: tuple[Id, ...], session: int) -> None:
    tree, policy = twins.world.tree, Policy()
    for name, (read, answer) in READS.items():
        theirs = twins.spec(name, tree=twins.tree, path=v.path(path), authInfo=v.auth_info(ids))
        assert theirs == answer(read(tree, policy, path, ids)), name
    paths = reads.get_ephemerals(tree, session, path)
    theirs = twins.spec("ReadGetEphemerals", tree=twins.tree, path=v.path(path), sessionId=session)
    assert theirs["ephemerals"] == frozenset(map(v.path, paths))


PATHS = [
    "/",
    "",
    "/a",
    "/b",
    "/a/b",
    "/a/e",
    "/b/",
    "/zookeeper",
    "/zookeeper/config",
    "//",
    "/\0",
    "x",
]


def test_reads_of_stories_agree() -> None:
    for story in STORIES.values():
        twins = Twins(operators(**POLICY), POLICY)
        for step in story[:-1]:
            twins.go(step)
        for path in PATHS:
            compare_reads(twins, path, (), SESSIONS[0])
            compare_reads(twins, path, (ALICE,), SESSIONS[1])


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps, st.lists(st.tuples(some_paths, ids, st.sampled_from(SESSIONS)), min_size=5))
def test_reads_agree(
    steps: list[Step | Jump | Replay], asked: list[tuple[str, tuple[Id, ...], int]]
) -> None:
    twins = Twins(operators(**POLICY), POLICY)
    for step in steps:
        twins.go(step)
    for path, who, session in asked:
        compare_reads(twins, path, who, session)


WHO = (
    Id("digest", ALICE.id),
    Id("digest", "nocolon"),
    Id("ip", "2001:db8::1"),
    Id("super", "super:x"),
    Id("ticket", "x:y"),
)


@pytest.mark.parametrize("number", range(len(WHO) + 1))
def test_who_am_i_agrees(number: int) -> None:
    ours = [
        v.record(authScheme=info.auth_scheme, user=info.user)
        for info in client_infos(Policy(), WHO[:number])
    ]
    theirs = operators(**POLICY)("ReadWhoAmI", authInfo=v.auth_info(WHO[:number]))
    assert theirs == v.record(err="Ok", clientInfo=v.sequence(ours))


def _part(op: int, path: str) -> tuple[int, Any]:
    kinds = {OpCode.GET_DATA: GetDataRequest, OpCode.GET_CHILDREN: GetChildrenRequest}
    return op, kinds[OpCode(op)](path, False)


def _result(found: Any) -> Any:
    match found:
        case GetDataResult(data, stat):
            return v.record(err="Ok", data=v.data(data), stat=v.stat(stat))
        case GetChildrenResult(children):
            return v.record(err="Ok", children=frozenset(children))
        case ErrorResult(err):
            return _fails(err)
    raise AssertionError(found)


MULTI_READS = [
    (),
    (_part(OpCode.GET_DATA, "/a"),),
    (_part(OpCode.GET_CHILDREN, "/a"), _part(OpCode.GET_DATA, "/none")),
    (_part(OpCode.GET_DATA, "/locked"), _part(OpCode.GET_CHILDREN, "/locked")),
    ((OpCode.DELETE, DeleteRequest("/a", -1)),),
    (_part(OpCode.GET_DATA, "/a"), (OpCode.DELETE, DeleteRequest("/a", -1))),
]


@pytest.mark.parametrize("parts", MULTI_READS)
def test_multi_reads_agree(parts: tuple[tuple[int, Any], ...]) -> None:
    """The server is asked over the wire: it takes a multiRead apart in its pipeline."""
    world = ServerWorld()
    client = world.client()  # type: ignore[no-untyped-call]
    client.create("/a", b"x")
    client.create("/a/b")
    client.create("/locked", acl=(ACL(31, ALICE),))
    reply = client.call(OpCode.MULTI_READ, MultiRequest(parts))
    ops = v.sequence(v.record(type=v.operation(op), record=v.fields(part)) for op, part in parts)
    who = v.auth_info((Id("ip", "10.0.0.1"),))
    tree = v.tree(world.tree)
    theirs = operators(**POLICY)("ReadMulti", tree=tree, request=ops, authInfo=who)
    if reply.err:
        assert theirs == _fails(reply.err)
    else:
        results = v.sequence(map(_result, decode_multi_reply(reply.reader)))
        assert theirs == v.record(err="Ok", results=results)


def test_dead_ephemerals_go_when_a_server_starts() -> None:
    twins = Twins(operators(**POLICY), POLICY)
    for step in STORIES["ephemerals"][:6]:
        twins.go(step)
    tree: DataTree = twins.world.tree
    del tree.sessions[SESSIONS[1]]
    theirs = twins.spec("WithoutDeadEphemerals", tree=v.tree(tree))
    assert remove_dead_ephemerals(tree)
    assert theirs == v.tree(tree)
