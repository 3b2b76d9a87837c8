"""What one request may cost everybody else: it is counted here, not timed."""

from tests.unit.server.world import World

import speckeeper.tree.acl as acl_module
import speckeeper.tree.reads as reads_module
from speckeeper.server.reasons import CloseReason
from speckeeper.wire.codes import OpCode
from speckeeper.wire.records import ACL, Id
from speckeeper.wire.requests import (
    CheckVersionRequest,
    GetChildrenRequest,
    GetDataRequest,
    MultiRequest,
    SetACLRequest,
    SetDataRequest,
)

LONG_ACL = tuple(ACL(31, Id("digest", f"u{each}:x")) for each in range(2000))
OPEN_AT_LAST = (*LONG_ACL, ACL(31, Id("world", "anyone")))


def count_checks(monkeypatch):
    """Count walks of a long list; what a request may cost is how many of them it causes."""
    walks = []
    scan = acl_module._check_many

    def counting(policy, acl, perm, ids):
        walks.append(perm)
        return scan(policy, acl, perm, ids)

    monkeypatch.setattr(acl_module, "_check_many", counting)
    monkeypatch.setattr(acl_module, "_FEW", -1)
    return walks


def test_a_request_walks_a_long_acl_once(monkeypatch):
    world = World()
    client = world.client()
    client.create("/big", b"x")
    client.create("/big/below", b"x")
    client.call(OpCode.SET_ACL, SetACLRequest("/big", OPEN_AT_LAST, -1))
    walks = count_checks(monkeypatch)
    get = (int(OpCode.GET_DATA), GetDataRequest("/big", False))
    children = (int(OpCode.GET_CHILDREN), GetChildrenRequest("/big", False))
    check = (int(OpCode.CHECK), CheckVersionRequest("/big", -1))

    for op, parts in (
        (OpCode.MULTI_READ, (get, children)),
        (OpCode.MULTI, (check,)),
    ):
        walks.clear()
        client.call(op, MultiRequest(parts * 1000))
        assert len(walks) == 1


def test_a_turn_walks_a_long_acl_once_for_each_permission(monkeypatch):
    world = World()
    client = world.client()
    client.create("/big", b"x")
    client.call(OpCode.SET_ACL, SetACLRequest("/big", OPEN_AT_LAST, -1))
    walks = count_checks(monkeypatch)

    client.feed(client.frame(OpCode.GET_DATA, GetDataRequest("/big", False)) * 100)
    assert len(walks) == 1
    assert len(client.frames()) == 100

    client.feed(client.frame(OpCode.SET_DATA, SetDataRequest("/big", b"y", -1)) * 100)
    world.persist()
    assert len(walks) == 2
    assert {reply.err for reply in client.frames()} == {0}


def test_a_turn_walks_few_long_acls_however_many_there_are(monkeypatch):
    world = World()
    client, other = world.client(), world.client()
    for each in range(20):
        client.create(f"/{each}", b"x")
        acl = (*LONG_ACL, ACL(31, Id("digest", f"own{each}:x")), OPEN_AT_LAST[-1])
        client.call(OpCode.SET_ACL, SetACLRequest(f"/{each}", acl, -1))
    walks = count_checks(monkeypatch)

    for op, request in (
        (OpCode.GET_DATA, lambda path: GetDataRequest(path, False)),
        (OpCode.SET_DATA, lambda path: SetDataRequest(path, b"y", -1)),
    ):
        walks.clear()
        client.feed(b"".join(client.frame(op, request(f"/{each}")) for each in range(20)))
        assert len(walks) == 3  # 2,000 entries each
        other.feed(other.frame(OpCode.PING, body=b"", xid=-2))
        assert len(other.frames()) == 1
        turns = 0
        while world.server.backlog:
            before = len(walks)
            world.server.take_turns(world.now_ms)
            assert len(walks) - before <= 3
            turns += 1
        assert turns == 6
        world.persist()
        assert [reply.err for reply in client.frames()] == [0] * 20


def test_a_multi_read_of_many_lists_of_children_ends_before_it_is_built(monkeypatch):
    world = World(max_unsent_bytes=100_000)
    client = world.client()
    for each in range(100):
        client.create(f"/{each:050}")
    listed = []
    monkeypatch.setattr(
        reads_module,
        "child_names",
        lambda path, node, names=reads_module.child_names: listed.append(path) or names(path, node),
    )

    part = (int(OpCode.GET_CHILDREN), GetChildrenRequest("/", False))
    client.send(OpCode.MULTI_READ, MultiRequest((part,) * 10_000))
    world.finish_large()

    assert client.closed is CloseReason.LARGE_REPLY
    assert listed == ["/"]
