"""A learner's short way of committed ordinary writes and the general way come to the same."""

import random

from hypothesis import given, settings
from tests.unit.server.test_ordinary_writes import CREATE_D, SET_A, Way, steps

from speckeeper.server.learner_server import LearnerServer
from speckeeper.server.ordinary_commits import ordinary_write
from speckeeper.server.settings import ServerSettings
from speckeeper.tree.apply import apply
from speckeeper.tree.datatree import DataTree
from speckeeper.tree.policy import Policy
from speckeeper.wire.codes import OpCode
from speckeeper.wire.txns import TXN_DIGEST, decode_txn

_Log = list[tuple[int, bytes]]


def logged(asked: list[object]) -> _Log:
    """What a leader's log has after some requests, from its beginning on."""
    way = Way(True, Policy(), 2)
    for step in [*asked, 1000]:
        way.step(step)
    return way.entries


def seen(tree: DataTree) -> tuple[object, ...]:
    return (
        sorted(tree.walk()),
        {path: node.children for path, node in tree.nodes.items()},
        (tree.data_size, tree.last_processed_zxid, tree.digest, tree.sessions),
        (tree.ephemerals, tree.containers, tree.ttls),
    )


def learned(log: _Log, together: int) -> DataTree:
    """The tree of a learner that is told of so many commits at once."""
    tree = DataTree()
    server = LearnerServer(ServerSettings(), tree, 0, 0, random.Random(1))
    for start in range(0, len(log), together):
        server.deliver_all(log[start : start + together], 0)
    assert server.pipeline.snapshot_log_txns == len(log)
    return tree


@settings(max_examples=60, deadline=None)
@given(steps)
def test_a_learner_ends_with_the_same_tree(asked: list[object]) -> None:
    log = logged(asked)
    tree = DataTree()
    for _, entry in log:
        apply(tree, decode_txn(entry))
    assert seen(learned(log, 1)) == seen(learned(log, 7)) == seen(tree)


def test_ordinary_commits_do_go_the_short_way() -> None:
    entries = [entry for _, entry in logged([SET_A, CREATE_D])]
    kinds = [int.from_bytes(entry[28:32], "big", signed=True) for entry in entries]
    short = [
        ordinary_write(entry, kind, None, 0) is not None
        for entry, kind in zip(entries, kinds, strict=True)
        if kind in (OpCode.SET_DATA, OpCode.CREATE)
    ]
    assert len(short) >= 2
    assert all(short)


def test_an_entry_with_a_digest_or_cut_short_is_not_ordinary() -> None:
    for kind, step in ((OpCode.SET_DATA, SET_A), (OpCode.CREATE, CREATE_D)):
        entry = next(e for _, e in reversed(logged([step])) if e[28:32] == kind.to_bytes(4, "big"))
        assert ordinary_write(entry, kind, None, 0) is not None
        assert ordinary_write(entry + TXN_DIGEST.pack(2, 1), kind, None, 0) is None
        assert all(
            ordinary_write(entry[:end], kind, None, 0) is None for end in range(32, len(entry))
        )
