"""Loading a snapshot into a tree, and walking a tree to write one: ZooKeeper
DataTree.(de)serialize.
"""

import pytest
from tests.unit.tree.world import (
    OTHER_SESSION,
    SESSION,
    DeleteRequest,
    SetDataRequest,
    World,
    acl,
    broken_invariants,
    content,
    create,
)

from speckeeper.tree.acl_cache import UNKNOWN_ACL
from speckeeper.tree.apply import apply
from speckeeper.tree.datatree import DataTree, InvalidTree, StoredNode
from speckeeper.tree.ephemeral import CONTAINER_OWNER, ttl_owner
from speckeeper.wire.codes import CreateFlag, OpCode
from speckeeper.wire.records import OPEN_ACL_UNSAFE, READ_ACL_UNSAFE


def stored(path: str, *, acl_id: int = -1, owner: int = 0, data: bytes = b"") -> StoredNode:
    return (path, data, acl_id, 5, int("5"), 10**12, int("1000000000000"), 0, 0, 0, owner, 5)


SYSTEM = [stored(""), stored("/zookeeper"), stored("/zookeeper/quota"), stored("/zookeeper/config")]


def loaded(nodes: list[StoredNode], **tables: object) -> DataTree:
    tree = DataTree()
    sessions = {SESSION: 4000}
    tree.load(nodes, tables.get("acls", {}), sessions, 0x100)  # type: ignore[arg-type]
    return tree


def test_what_is_walked_can_be_loaded() -> None:
    world = World(extended_types_enabled=True)
    world.create("/a", b"data", READ_ACL_UNSAFE)
    world.create("/b", None, flags=CreateFlag.EPHEMERAL)
    world.create("/c")
    world.create("/c/x", access=acl((3, "ip", "10.0.0.1")))
    world.do(OpCode.CREATE_TTL, create("/t", flags=5, ttl=7))
    world.do(OpCode.CREATE_CONTAINER, create("/k", flags=4))
    tree = DataTree()
    nodes = tree.nodes
    tree.load(list(world.tree.walk()), world.tree.acls.table(), world.tree.sessions, world.zxid)
    assert content(tree) == content(world.tree)
    assert tree.approximate_data_size == world.tree.approximate_data_size
    assert broken_invariants(tree) == []
    assert tree.nodes is nodes  # views of the tree go on working


def test_parents_come_before_children() -> None:
    world = World()
    for path in ("/a", "/a/b", "/a/b/c", "/a/d", "/e"):
        world.create(path)
    paths = [node[0] for node in world.tree.walk()]
    assert paths[0] == ""
    assert len(paths) == len(set(paths)) == len(world.tree.nodes) - 1
    for number, path in enumerate(paths[1:], 1):
        assert path[: path.rfind("/")] in paths[:number]


def test_equal_numbers_become_one_object() -> None:
    tree = loaded([*SYSTEM, stored("/a")])
    node = tree.nodes["/a"]
    assert node.czxid is node.mzxid is node.pzxid
    assert node.ctime is node.mtime is tree.nodes["/zookeeper"].ctime
    assert node.children is None
    assert next(key for key in tree.nodes if key == "/a") is next(
        key for key in tree.nodes[""].children or {} if key == "/a"
    )


def test_owners_are_indexed() -> None:
    tree = loaded(
        [
            *SYSTEM,
            stored("/e1", owner=SESSION),
            stored("/e2", owner=SESSION),
            stored("/c", owner=CONTAINER_OWNER),
            stored("/t", owner=ttl_owner(5)),
        ]
    )
    assert tree.ephemerals == {SESSION: {"/e1", "/e2"}}
    assert (tree.containers, tree.ttls) == ({"/c"}, {"/t"})
    assert tree.sessions == {SESSION: 4000}
    assert tree.last_processed_zxid == 0x100


def test_acl_numbers_become_shared_lists() -> None:
    locked = acl((1, "ip", "10.0.0.1"))
    table = {1: READ_ACL_UNSAFE, 2: acl((31, "world", "anyone")), 3: locked, 4: acl((7, "x", "y"))}
    nodes = [
        *SYSTEM,
        stored("/a", acl_id=2),
        stored("/b", acl_id=3),
        stored("/c", acl_id=3),
        stored("/d", acl_id=9),
    ]
    tree = loaded(nodes, acls=table)
    assert tree.nodes["/a"].acl is OPEN_ACL_UNSAFE
    assert tree.nodes["/b"].acl is tree.nodes["/c"].acl is locked
    assert tree.nodes["/d"].acl == UNKNOWN_ACL
    assert set(tree.acls.table().values()) == {locked, UNKNOWN_ACL}


@pytest.mark.parametrize(
    ("nodes", "fault"),
    [
        ([], "no root"),
        ([stored("/a")], "node /a comes before its parent"),
        ([stored(""), stored("/a/b"), stored("/a")], "node /a/b comes before its parent /a"),
        ([stored(""), stored("/a"), stored("/b/c")], "node /b/c comes before its parent /b"),
    ],
)
def test_snapshots_that_hold_no_tree(nodes: list[StoredNode], fault: str) -> None:
    with pytest.raises(InvalidTree, match=fault):
        loaded(nodes)


def test_snapshot_of_before_the_config_node() -> None:
    """ZKDatabase.initConfigInZKDatabase adds it when it is missing, on upgrade."""
    tree = loaded(SYSTEM[:3])
    assert tree.nodes["/zookeeper/config"].acl == READ_ACL_UNSAFE
    assert broken_invariants(tree) == []


def test_loading_replaces_everything() -> None:
    world = World()
    world.create("/e", b"x", READ_ACL_UNSAFE, flags=CreateFlag.EPHEMERAL)
    world.tree.load(SYSTEM, {}, {}, 7)
    assert content(world.tree) == content(loaded(SYSTEM)) | {"sessions": {}, "zxid": 7}


def test_loading_without_a_digest() -> None:
    tree = DataTree(digest_enabled=False)
    tree.load([*SYSTEM, stored("/a")], {}, {}, 7)
    assert tree.digest == 0


def test_adopting_another_tree() -> None:
    world, tree = World(), DataTree()
    world.create("/e", b"x", READ_ACL_UNSAFE, flags=CreateFlag.EPHEMERAL)
    nodes, expected = tree.nodes, content(world.tree)
    tree.adopt(world.tree)
    assert content(tree) == expected
    assert tree.nodes is nodes
    assert broken_invariants(tree) == []


def test_a_very_deep_tree() -> None:
    """No recursion anywhere."""
    world = World()
    path = ""
    for _ in range(3000):
        path += "/d"
        apply(world.tree, world.ask(OpCode.CREATE, create(path)))
    assert sum(1 for _ in world.tree.walk()) == 3004
    assert len(loaded(list(world.tree.walk()), acls=world.tree.acls.table()).nodes) == 3005


def test_walking_while_the_tree_changes() -> None:
    """Deleted nodes are skipped; what is created behind the walk is left to the log."""
    world = World()
    for path in ("/a", "/a/x", "/b", "/b/x", "/c"):
        world.create(path)
    world.create("/b/e", flags=CreateFlag.EPHEMERAL, session=OTHER_SESSION)
    walk = world.tree.walk()
    paths = []
    for node in walk:
        paths.append(node[0])
        if node[0] == "/a":
            world.create("/a/late")
            world.close(OTHER_SESSION)
            world.do(OpCode.DELETE, DeleteRequest("/b/x", -1))
            world.do(OpCode.DELETE, DeleteRequest("/b", -1))
            world.do(OpCode.SET_DATA, SetDataRequest("/c", b"new", -1))
            world.create("/late")
    assert paths[-3:] == ["/a", "/a/x", "/c"]
    assert node[1] == b"new"
