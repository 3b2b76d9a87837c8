"""The digest: ZooKeeper DigestCalculator, AdHash, DataTree.compareDigest."""

import struct
import zlib

from tests.unit.tree.world import (
    DeleteRequest,
    SetACLRequest,
    SetDataRequest,
    World,
    create,
    recomputed_digest,
)

from speckeeper.tree.apply import apply
from speckeeper.tree.datatree import DataTree
from speckeeper.tree.digest import DigestHistory, node_digest
from speckeeper.tree.node import Node
from speckeeper.wire.codes import OpCode
from speckeeper.wire.records import OPEN_ACL_UNSAFE, READ_ACL_UNSAFE
from speckeeper.wire.txns import ErrorTxn, Txn, TxnDigest, TxnHeader


def test_node_digest_is_a_crc_of_path_data_and_stat() -> None:
    node = Node(b"data", OPEN_ACL_UNSAFE, 1, 2, 3, 4, 5, 6, 7, -8, 9)
    stat = struct.pack(">qqqqqiiiq", 1, 2, 9, 3, 4, 5, 6, 7, -8)
    assert node_digest("/a", node) == zlib.crc32(b"/a" + b"data" + stat)
    assert node_digest("/", node) == node_digest("", node) == zlib.crc32(b"data" + stat)


def test_no_data_and_empty_data_are_the_same() -> None:
    empty, none = (Node(data, OPEN_ACL_UNSAFE, 1, 1, 1, 1, 0, 0, 0, 0, 1) for data in (b"", None))
    assert node_digest("/a", empty) == node_digest("/a", none)


def test_nodes_below_zookeeper_do_not_count_but_it_does() -> None:
    node = Node(b"", OPEN_ACL_UNSAFE, 1, 1, 1, 1, 0, 0, 0, 0, 1)
    assert node_digest("/zookeeper/quota", node) == 0
    assert node_digest("/zookeeper", node) != 0
    assert node_digest("/zookeeperx", node) != 0


def test_fresh_tree() -> None:
    """The two nodes that count, all their numbers zero; a new ZooKeeper 3.8 has this digest."""
    zeros = bytes(60)
    assert DataTree().digest == zlib.crc32(zeros) + zlib.crc32(b"/zookeeper" + zeros)


def test_every_change_keeps_it_right() -> None:
    world = World()
    for op, record in (
        (OpCode.CREATE, create("/a", b"x")),
        (OpCode.CREATE, create("/a/b", None)),
        (OpCode.CREATE, create("/zookeeper/mine")),
        (OpCode.SET_DATA, SetDataRequest("/a", b"y", -1)),
        (OpCode.SET_DATA, SetDataRequest("/", b"y", -1)),
        (OpCode.DELETE, DeleteRequest("/a/b", -1)),
        (OpCode.SET_ACL, SetACLRequest("/a", READ_ACL_UNSAFE, -1)),
    ):
        before = world.tree.digest
        assert world.do(op, record).err == 0
        assert world.tree.digest == recomputed_digest(world.tree)
        assert world.tree.digest != before


def test_switched_off() -> None:
    world = World()
    world.tree = DataTree(digest_enabled=False)
    apply(world.tree, Txn(TxnHeader(0, 0, 128, 0, OpCode.ERROR), ErrorTxn(0), TxnDigest(2, 5)))
    assert world.tree.digest == 0
    assert world.tree.digests.mismatches == 0
    assert not world.tree.digests.log


def noop(zxid: int, claimed: TxnDigest | None) -> Txn:
    return Txn(TxnHeader(0, 0, zxid, 0, OpCode.ERROR), ErrorTxn(0), claimed)


def test_transactions_are_compared() -> None:
    tree = DataTree()
    apply(tree, noop(1, TxnDigest(2, tree.digest)))
    apply(tree, noop(2, None))
    apply(tree, noop(3, TxnDigest(3, 5)))  # another way of counting says nothing
    assert tree.digests.mismatches == 0
    apply(tree, noop(4, TxnDigest(2, tree.digest + 1)))
    assert (tree.digests.mismatches, tree.digests.last_mismatch_zxid) == (1, 4)


def test_every_128th_zxid_is_kept() -> None:
    tree = DataTree()
    for zxid in range(1, 128 * 1030):
        tree.digests.applied(zxid, zxid, None)
    log = tree.digests.log
    assert len(log) == 1024
    assert log[0] == (6 * 128, 6 * 128)
    assert log[-1] == (1029 * 128, 1029 * 128)


def test_nothing_is_compared_while_a_snapshot_is_fuzzy() -> None:
    history = DigestHistory()
    history.await_snapshot_digest(130, TxnDigest(2, 7), 120)
    assert history.is_fuzzy
    history.applied(128, 1, TxnDigest(2, 99))
    assert history.mismatches == 0
    assert not history.log
    history.applied(130, 7, TxnDigest(2, 7))
    assert not history.is_fuzzy
    assert history.mismatches == 0
    history.applied(131, 8, TxnDigest(2, 99))
    assert history.mismatches == 1


def test_snapshot_that_does_not_hold_what_it_says() -> None:
    history = DigestHistory()
    history.await_snapshot_digest(130, TxnDigest(2, 7), 120)
    history.applied(130, 6, None)
    assert (history.mismatches, history.last_mismatch_zxid) == (1, 130)


def test_comparing_goes_on_where_the_awaited_zxid_never_comes() -> None:
    history = DigestHistory()
    history.await_snapshot_digest(130, TxnDigest(2, 7), 120)
    history.applied(131, 6, None)
    assert (history.is_fuzzy, history.mismatches) == (False, 0)


def test_digest_older_than_its_snapshot_is_not_awaited() -> None:
    """DataTree.deserializeZxidDigest: a new leader takes a snapshot at the start of its epoch."""
    history = DigestHistory()
    history.await_snapshot_digest(130, TxnDigest(2, 7), 1 << 32)
    assert not history.is_fuzzy
    history.await_snapshot_digest(0, TxnDigest(2, 0), 0)
    assert not history.is_fuzzy
