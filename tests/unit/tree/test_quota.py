"""Quotas: ZooKeeper StatsTrack, Quotas, DataTree.updateQuotaStat, ZooKeeperServer.checkQuota."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.tree.world import DeleteRequest, SetDataRequest, World, create, multi

from speckeeper.tree import quota
from speckeeper.tree.apply import apply
from speckeeper.tree.datatree import DataTree
from speckeeper.tree.node import Node
from speckeeper.tree.quota import Limits, format_pairs, nearest_quota, parse_pairs
from speckeeper.wire.codes import ErrorCode, OpCode
from speckeeper.wire.records import OPEN_ACL_UNSAFE


def usage(world: World, path: str = "/a") -> bytes | None:
    return world.node(f"/zookeeper/quota{path}/zookeeper_stats").data


def set_quota(world: World, limits: bytes, path: str = "/a") -> None:
    """Create the nodes as the shell's setquota does."""
    at = "/zookeeper/quota"
    for name in path[1:].split("/"):
        at += "/" + name
        world.create(at)
    world.create(f"{at}/zookeeper_limits", limits)
    world.create(f"{at}/zookeeper_stats", limits)


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        (b"", {}),
        (b"count=4,bytes=7", {"count": 4, "bytes": 7}),
        (b"count=4,bytes==;x=1", None),
        (b"count==7", {"count": -1}),
        (b"count=4,bytes=", None),
        (b"count=1;,", {"count": 1}),
        (b",", {}),
        (b"=", None),
        (b"count=9223372036854775808", None),
        (None, None),
        (
            b"count=-1,bytes=7=;byteHardLimit=9;countHardLimit=-1",
            {"count": -1, "bytes": 7, "byteHardLimit": 9, "countHardLimit": -1},
        ),
        (b"count=1,,;;bytes=2", {"count": 1, "bytes": 2}),
        (b"anything=3", {"anything": 3}),
        (b"hello", None),
        (b"count=x", None),
        (b",count=1", None),
        (b"count= 1", None),
        (b"\xff=1", {"\ufffd": 1}),
    ],
)
def test_texts(text: bytes | None, pairs: dict[str, int] | None) -> None:
    """StatsTrackTest; a text that StatsTrack throws on is None."""
    assert parse_pairs(text) == pairs


def test_format_puts_count_and_bytes_first_and_hides_the_rest() -> None:
    assert format_pairs({}) == b"count=-1,bytes=-1"
    assert format_pairs({"zz": 1, "byteHardLimit": 9, "bytes": 7}) == (
        b"count=-1,bytes=7=;byteHardLimit=9;zz=1"
    )


@given(
    st.dictionaries(
        st.sampled_from(["count", "bytes", "countHardLimit", "byteHardLimit"]),
        st.integers(-1, 2**63 - 1),
    )
)
def test_round_trip(pairs: dict[str, int]) -> None:
    assert parse_pairs(format_pairs(pairs)) == {"count": -1, "bytes": -1, **pairs}


def test_empty_limits_are_none() -> None:
    node = Node(b"garbage", OPEN_ACL_UNSAFE, 0, 0, 0, 0, 0, 0, 0, 0, 0)
    assert quota.read_limits(node) is None
    node.data = b""
    assert quota.read_limits(node) == Limits(-1, -1, -1, -1)


def test_nearest_quota_is_the_deepest() -> None:
    quotas = {"/a", "/a/b/c"}
    assert nearest_quota(quotas, "/a/b/c/d") == "/a/b/c"
    assert nearest_quota(quotas, "/a/b/c") == "/a/b/c"
    assert nearest_quota(quotas, "/a/b/cc") == "/a"
    assert nearest_quota(quotas, "/ab") is None
    assert nearest_quota(quotas, "/") is None


def test_usage_starts_with_what_is_there_and_follows() -> None:
    """The node with the quota counts itself; stats nodes change without a version."""
    world = World()
    world.create("/a", b"12")
    world.create("/a/x", b"345")
    set_quota(world, b"count=100,bytes=100")
    assert usage(world) == b"count=2,bytes=5"
    world.create("/a/x/y", b"6")
    assert usage(world) == b"count=3,bytes=6"
    world.do(OpCode.SET_DATA, SetDataRequest("/a/x", None, -1))
    assert usage(world) == b"count=3,bytes=3"
    world.do(OpCode.DELETE, DeleteRequest("/a/x/y", -1))
    assert usage(world) == b"count=2,bytes=2"
    world.create("/b", b"not below")
    assert usage(world) == b"count=2,bytes=2"
    stat = world.node("/zookeeper/quota/a/zookeeper_stats").stat()
    assert (stat.version, stat.data_length) == (0, 15)


def test_create_answers_with_the_data_that_was_sent() -> None:
    world = World()
    world.create("/zookeeper/quota/a")
    applied = world.do(OpCode.CREATE2, create("/zookeeper/quota/a/zookeeper_stats", b"x"))
    assert applied.stat is not None
    assert applied.stat.data_length == 1
    assert usage(world) == b"count=0,bytes=0"


def test_hard_limits_in_the_stats_node_stay() -> None:
    world = World()
    world.create("/a")
    set_quota(world, b"count=100,bytes=100")
    stats = "/zookeeper/quota/a/zookeeper_stats"
    world.do(OpCode.SET_DATA, SetDataRequest(stats, b"count=5,bytes=0=;byteHardLimit=9", -1))
    world.create("/a/x", b"1")
    assert usage(world) == b"count=6,bytes=1=;byteHardLimit=9"


def test_unreadable_usage_is_counted_afresh() -> None:
    world = World()
    world.create("/a", b"1")
    set_quota(world, b"count=100,bytes=100")
    stats = "/zookeeper/quota/a/zookeeper_stats"
    world.do(OpCode.SET_DATA, SetDataRequest(stats, b"garbage", -1))
    world.create("/a/x", b"23")
    assert usage(world) == b"count=2,bytes=3"


def test_only_the_nearest_quota_keeps_account() -> None:
    world = World()
    world.create("/a")
    world.create("/a/b")
    set_quota(world, b"count=9,bytes=9", "/a")
    set_quota(world, b"count=9,bytes=9", "/a/b")
    world.create("/a/b/c", b"1")
    assert usage(world, "/a") == b"count=2,bytes=0"
    assert usage(world, "/a/b") == b"count=2,bytes=1"


def test_without_limits_there_is_no_quota() -> None:
    world = World()
    world.create("/a")
    set_quota(world, b"count=9,bytes=9")
    world.do(OpCode.DELETE, DeleteRequest("/zookeeper/quota/a/zookeeper_limits", -1))
    assert world.tree.quotas == set()
    world.create("/a/x")
    assert usage(world) == b"count=1,bytes=0"


def test_a_quota_without_a_stats_node_counts_nothing() -> None:
    world = World(enforce_quota=True)
    world.create("/a")
    world.create("/zookeeper/quota/a")
    world.create("/zookeeper/quota/a/zookeeper_limits", b"count=-1,bytes=-1=;countHardLimit=0")
    assert world.create("/a/x").err == 0


def test_the_root_has_no_quota() -> None:
    """DataTree.getMaxPrefixWithQuota."""
    world = World(enforce_quota=True)
    world.create("/zookeeper/quota/zookeeper_limits", b"count=1,bytes=1=;countHardLimit=1")
    world.create("/zookeeper/quota/zookeeper_stats")
    assert world.tree.quotas == set()
    assert world.node("/zookeeper/quota/zookeeper_stats").data == b"count=6,bytes=33"
    assert world.create("/a", b"123").err == 0


@pytest.mark.parametrize("enforced", [False, True])
def test_soft_limits_warn(enforced: bool) -> None:
    world = World(enforce_quota=enforced)
    world.create("/a")
    set_quota(world, b"count=2,bytes=3")
    assert world.create("/a/x", b"123").warnings == ()
    applied = world.create("/a/y", b"4")
    assert applied.err == 0
    assert applied.warnings == (
        "quota of /a exceeded: count 3, soft limit 2",
        "quota of /a exceeded: bytes 4, soft limit 3",
    )
    applied = world.do(OpCode.SET_DATA, SetDataRequest("/a/y", b"5", -1))
    assert applied.warnings == ()  # nothing changes
    assert world.do(OpCode.DELETE, DeleteRequest("/a/x", -1)).warnings == ()


def test_hard_limits_refuse_where_they_are_enforced() -> None:
    world = World(enforce_quota=True)
    world.create("/a")
    set_quota(world, b"count=0,bytes=0=;byteHardLimit=3;countHardLimit=2")
    assert world.create("/a/x", b"123").err == 0
    assert world.create("/a/y").err == ErrorCode.QUOTA_EXCEEDED
    longer, same = SetDataRequest("/a/x", b"1234", -1), SetDataRequest("/a/x", b"abc", -1)
    assert world.do(OpCode.SET_DATA, longer).err == ErrorCode.QUOTA_EXCEEDED
    assert world.do(OpCode.SET_DATA, same).err == 0
    parts = multi((OpCode.CREATE, create("/a/y")))
    assert world.do(OpCode.MULTI, parts).err == ErrorCode.QUOTA_EXCEEDED


@pytest.mark.parametrize("name", ["limits", "stats"])
def test_unreadable_texts_stop_writes_where_quotas_are_enforced(name: str) -> None:
    """An exception in PrepRequestProcessor fails a request, also a whole multi."""
    world = World(enforce_quota=True)
    world.create("/a")
    set_quota(world, b"count=9,bytes=9")
    path = f"/zookeeper/quota/a/zookeeper_{name}"
    world.do(OpCode.SET_DATA, SetDataRequest(path, b"garbage", -1))
    assert world.err(OpCode.CREATE, create("/a/x")) == ErrorCode.MARSHALLING_ERROR
    parts = multi((OpCode.CREATE, create("/b")), (OpCode.CREATE, create("/a/x")))
    assert world.err(OpCode.MULTI, parts) == ErrorCode.MARSHALLING_ERROR
    world.policy = world.policy._replace(enforce_quota=False)
    assert world.create("/a/x").warnings == ()


def test_hard_limits_that_are_not_enforced_warn() -> None:
    world = World()
    world.create("/a")
    set_quota(world, b"count=9,bytes=9=;countHardLimit=1")
    assert world.create("/a/x").warnings == ("quota of /a exceeded: count 2, hard limit 1",)


def test_shrinking_data_beyond_the_limit_is_judged_as_well() -> None:
    """ZooKeeper looks at the new total whenever it changes, also when it falls."""
    world = World(enforce_quota=True)
    world.create("/a", b"1234567")
    set_quota(world, b"count=-1,bytes=-1=;byteHardLimit=3")
    shorter, fits = SetDataRequest("/a", b"12345", -1), SetDataRequest("/a", b"123", -1)
    assert world.do(OpCode.SET_DATA, shorter).err == ErrorCode.QUOTA_EXCEEDED
    assert world.do(OpCode.SET_DATA, fits).err == 0


def test_usage_is_counted_anew_when_a_tree_is_loaded() -> None:
    """DataTree.setupQuota."""
    world = World()
    world.create("/a", b"1")
    set_quota(world, b"count=9,bytes=9")
    world.node("/zookeeper/quota/a/zookeeper_stats").data = b"count=77,bytes=77"
    loaded = DataTree()
    loaded.load(list(world.tree.walk()), world.tree.acls.table(), {}, world.zxid)
    assert loaded.quotas == {"/a"}
    assert loaded.nodes["/zookeeper/quota/a/zookeeper_stats"].data == b"count=1,bytes=1"


@given(st.lists(st.tuples(st.sampled_from("cds"), st.sampled_from("xyz")), max_size=30))
def test_usage_equals_a_count_at_any_time(steps: list[tuple[str, str]]) -> None:
    world = World()
    world.create("/a", b"1")
    set_quota(world, b"count=9,bytes=9")
    for number, (step, name) in enumerate(steps):
        path = f"/a/{name}"
        if step == "c":
            world.create(path, bytes(number))
        elif step == "d":
            world.do(OpCode.DELETE, DeleteRequest(path, -1))
        else:
            world.do(OpCode.SET_DATA, SetDataRequest(path, bytes(number), -1))
        if number % 3 == 0 and world.log:
            apply(world.tree, world.log[-1])  # replayed
    kept = usage(world)
    quota.count_usage(world.tree.nodes, "/a")
    assert kept == usage(world)
