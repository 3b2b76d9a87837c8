"""The decision tables: every combination of facts has exactly one row, and each row its reason."""

from itertools import product

import pytest
from tests.unit.storage.world import EPOCH_2

from speckeeper.storage.decisions import (
    LOG_TABLE,
    START_TABLE,
    Ending,
    Following,
    LogVerdict,
    Snapshots,
    StartVerdict,
    decide_log,
    decide_start,
    ending_of,
    following,
)
from speckeeper.wire.log_end import EndKind, EndReason, LogEnd


@pytest.mark.parametrize(("ending", "followed_by"), list(product(Ending, Following)))
def test_every_end_of_a_log_has_one_row(ending: Ending, followed_by: Following) -> None:
    rows = [row for row in LOG_TABLE if (row.ending, row.followed_by) == (ending, followed_by)]

    assert rows == [decide_log(ending, followed_by)]


def test_no_end_of_a_log_loses_a_record_that_was_whole() -> None:
    for row in LOG_TABLE:
        if row.ending is Ending.CORRUPT:
            assert row.verdict is LogVerdict.REFUSE_CORRUPT, row
        if row.followed_by is Following.GAP:
            assert row.verdict in (LogVerdict.REFUSE_CORRUPT, LogVerdict.REFUSE_MISSING), row
        if row.verdict in (LogVerdict.CUT_TAIL, LogVerdict.REMOVE):
            assert row.followed_by is Following.NOTHING, row


@pytest.mark.parametrize("facts", list(product(Snapshots, *[(False, True)] * 3)))
def test_every_start_has_one_row(facts: tuple[Snapshots, bool, bool, bool]) -> None:
    snapshots, logs, trust_empty, may_create = facts
    rows = [
        row
        for row in START_TABLE
        if row.snapshots is snapshots
        and row.logs in (None, logs)
        and row.trust_empty in (None, trust_empty)
        and row.may_create in (None, may_create)
    ]

    assert rows == [decide_start(snapshots, logs, trust_empty, may_create)]


def test_an_empty_tree_is_made_only_where_nothing_was() -> None:
    for row in START_TABLE:
        if row.verdict is StartVerdict.CREATE:
            assert row.logs is False
            assert row.may_create is True
            assert row.snapshots in (Snapshots.NONE, Snapshots.BROKEN_FIRST)


def test_labels_are_unique() -> None:
    labels = [row.label for row in LOG_TABLE] + [row.label for row in START_TABLE]

    assert len(set(labels)) == len(labels)


@pytest.mark.parametrize(
    ("last", "first", "expected"),
    [
        (0, 1, Following.NEXT),
        (0, 2, Following.GAP),
        (5, 6, Following.NEXT),
        (5, 5, Following.NEXT),
        (5, 1, Following.NEXT),
        (5, 7, Following.GAP),
        (5, EPOCH_2 + 1, Following.NEW_EPOCH),
        (5, EPOCH_2, Following.GAP),
        (5, EPOCH_2 + 2, Following.GAP),
        # A leader's own beginning, <epoch>00000000, names a snapshot.
        (EPOCH_2, EPOCH_2 + 1, Following.NEXT),
        (EPOCH_2 + 9, EPOCH_2 + 11, Following.GAP),
        # A standalone server counts on beyond 32 bits.
        (0xFFFFFFFF, 0x1_0000_0000, Following.NEXT),
    ],
)
def test_following(last: int, first: int, expected: Following) -> None:
    assert following(last, first) is expected


CONTENT = bytes(100) + b"\x00\x42\x17" + bytes(100)


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        (LogEnd(EndKind.CLEAN, EndReason.END_OF_FILE, 50), Ending.WHOLE),
        (LogEnd(EndKind.CLEAN, EndReason.PADDING, 50), Ending.WHOLE),
        (LogEnd(EndKind.TORN, EndReason.CUT_HEAD, 50), Ending.TORN),
        (LogEnd(EndKind.TORN, EndReason.PAST_END, 50, 900), Ending.TORN),
        (LogEnd(EndKind.TORN, EndReason.NO_LENGTH, 50, 0, True), Ending.TORN),
        (LogEnd(EndKind.TORN, EndReason.NO_LENGTH, 50, 0, True, True), Ending.CORRUPT),
        (LogEnd(EndKind.TORN, EndReason.NO_END_MARK, 50, 38, True), Ending.TORN),
        (LogEnd(EndKind.TORN, EndReason.NO_END_MARK, 50, 38, True, True), Ending.CORRUPT),
        # The byte where the mark belongs was written, and is not a mark.
        (LogEnd(EndKind.TORN, EndReason.NO_END_MARK, 50, 40, True), Ending.CORRUPT),
        # ZooKeeper refuses a wrong checksum wherever it is.
        (LogEnd(EndKind.TORN, EndReason.CHECKSUM, 50, 39, True), Ending.CORRUPT),
        (LogEnd(EndKind.CORRUPT, EndReason.CHECKSUM, 50, 39), Ending.CORRUPT),
        (LogEnd(EndKind.TORN, EndReason.PAST_END, 50, 900, next_valid=70), Ending.CORRUPT),
    ],
)
def test_ending(end: LogEnd, expected: Ending) -> None:
    assert ending_of(end, 1, CONTENT) is expected
    bare = {Ending.WHOLE: Ending.BARE, Ending.TORN: Ending.BARE}
    assert ending_of(end, 0, CONTENT) is bare.get(expected, expected)
