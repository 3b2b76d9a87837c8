"""Reads: ZooKeeper FinalRequestProcessor."""

import pytest
from tests.unit.tree.world import ALICE, NOBODY, OTHER_SESSION, SESSION, World, acl

from speckeeper.tree import reads
from speckeeper.tree.node import Node
from speckeeper.wire.codes import CreateFlag, ErrorCode
from speckeeper.wire.records import CREATOR_ALL, READ_ACL_UNSAFE, Id, encode_stat

NO_NODE, NO_AUTH = int(ErrorCode.NO_NODE), int(ErrorCode.NO_AUTH)
SUPER = (Id("super", ""),)


@pytest.fixture
def world() -> World:
    """Build a world with a node for all, one for alice, and one that is write-only."""
    world = World()
    world.create("/open", b"data")
    world.create("/open/b")
    world.create("/open/a")
    world.create("/open/a/deep")
    world.create("/alice", access=CREATOR_ALL, ids=(ALICE,))
    world.create("/readable", access=acl((1, "world", "anyone"), (16, "digest", ALICE.id)))
    world.create("/admin", access=acl((16, "world", "anyone"), (31, "digest", "bob:hash")))
    return world


@pytest.mark.parametrize("read", [reads.get_data, reads.exists])
def test_a_readable_node_is_the_answer(world: World, read: object) -> None:
    """exists needs READ since 3.8.4 and 3.9.2 (ZOOKEEPER-2590)."""
    assert callable(read)
    tree, policy = world.tree, world.policy
    assert read(tree, policy, "/open", NOBODY) is world.node("/open")
    assert read(tree, policy, "/alice", (ALICE,)) is world.node("/alice")
    assert read(tree, policy, "/alice", SUPER) is world.node("/alice")
    assert read(tree, policy, "/alice", NOBODY) == NO_AUTH
    assert read(tree, policy, "/missing", NOBODY) == NO_NODE
    assert read(tree, policy, "", NOBODY) is world.node("/")


def test_exists_refuses_null_characters(world: World) -> None:
    assert reads.exists(world.tree, world.policy, "/a\0b", NOBODY) == ErrorCode.BAD_ARGUMENTS
    assert reads.get_data(world.tree, world.policy, "/a\0b", NOBODY) == NO_NODE


def test_children_in_order_of_creation(world: World) -> None:
    answer = reads.get_children(world.tree, world.policy, "/open", NOBODY)
    assert answer == (world.node("/open"), ["b", "a"])
    root = reads.get_children(world.tree, world.policy, "/", NOBODY)
    assert isinstance(root, tuple)
    assert root[1] == ["zookeeper", "open", "alice", "readable", "admin"]
    leaf = reads.get_children(world.tree, world.policy, "/open/b", NOBODY)
    assert isinstance(leaf, tuple)
    assert leaf[1] == []
    assert reads.get_children(world.tree, world.policy, "/alice", NOBODY) == NO_AUTH
    assert reads.get_children(world.tree, world.policy, "/missing", NOBODY) == NO_NODE


def test_acl_is_shown_to_who_may_read_or_administer(world: World) -> None:
    tree, policy = world.tree, world.policy
    assert reads.get_acl(tree, policy, "/alice", NOBODY) == NO_AUTH
    assert reads.get_acl(tree, policy, "/missing", NOBODY) == NO_NODE
    node = world.node("/readable")
    assert reads.get_acl(tree, policy, "/readable", (ALICE,)) == (node, node.acl)
    node = world.node("/admin")
    assert reads.get_acl(tree, policy, "/admin", NOBODY) == (node, node.acl)


def test_hashes_are_hidden_from_who_may_only_read(world: World) -> None:
    answer = reads.get_acl(world.tree, world.policy, "/readable", NOBODY)
    assert isinstance(answer, tuple)
    assert answer[1] == acl((1, "world", "anyone"), (16, "digest", "alice:x"))
    assert world.node("/readable").acl[1].id == ALICE


def test_descendants_are_counted(world: World) -> None:
    def number(path: str, ids: tuple[Id, ...] = NOBODY) -> int:
        return reads.get_all_children_number(world.tree, world.policy, path, ids)

    assert number("/open") == 3
    assert number("/open/a") == 1
    assert number("/open/b") == 0
    assert number("/") == len(world.tree.nodes) - 2 == 10
    assert number("/alice") == NO_AUTH
    assert number("/missing") == NO_NODE


@pytest.mark.parametrize(
    ("prefix", "paths"),
    [
        (None, ["/ea", "/eb", "/open/ec"]),
        ("", ["/ea", "/eb", "/open/ec"]),
        ("/", ["/ea", "/eb", "/open/ec"]),
        (" / ", ["/ea", "/eb", "/open/ec"]),
        ("/e", ["/ea", "/eb"]),
        ("/op", ["/open/ec"]),
        ("/missing", []),
    ],
)
def test_ephemerals_by_prefix(world: World, prefix: str | None, paths: list[str]) -> None:
    for path in ("/eb", "/ea", "/open/ec"):
        world.create(path, flags=CreateFlag.EPHEMERAL)
    world.create("/e-other", flags=CreateFlag.EPHEMERAL, session=OTHER_SESSION)
    assert reads.get_ephemerals(world.tree, SESSION, prefix) == paths
    assert reads.get_ephemerals(world.tree, 77, prefix) == []


def test_encoded_stat_is_the_stat(world: World) -> None:
    world.create("/e", None, flags=CreateFlag.EPHEMERAL, access=READ_ACL_UNSAFE)
    for node in world.tree.nodes.values():
        assert node.encode_stat() == encode_stat(node.stat())


def test_shown_cversion_wraps_as_in_java() -> None:
    node = Node(b"", (), 1, 1, 1, 1, 0, 2**31 - 1, 0, 0, 1)
    assert node.stat().cversion == -2
    node.cversion = -(2**31)
    assert node.stat().cversion == 0
    node.add_child("/a")
    assert node.stat().cversion == -1
    assert len(node.encode_stat()) == 68
