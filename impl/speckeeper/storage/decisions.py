"""What a start does with the files it finds: two tables, and the questions they answer.

Nothing that was acknowledged may be lost without a word, so every combination of facts has a row
and every row a label, which reports and tests use. `recovery.py` finds the facts and carries out
the verdicts.

Source: ZooKeeper ``FileTxnSnapLog.restore``, ``FileTxnLog.FileTxnIterator``. Where ZooKeeper goes
on with less data than there was (a broken snapshot, a missing log file, a length that a flipped bit
has changed), the verdict here is to refuse.
"""

from enum import Enum
from typing import NamedTuple

from speckeeper.wire.log_end import END_MARK, ENTRY_HEAD, EndKind, EndReason, LogEnd

_COUNTER = 0xFFFFFFFF


class Following(Enum):
    """How a transaction, or a log file by its name, stands to what came before it."""

    NOTHING = "nothing follows"
    NEXT = "the next zxid, or one that was there already"
    NEW_EPOCH = "the first zxid of a later epoch"
    GAP = "a zxid that cannot be the next"


def following(last: int, first: int) -> Following:
    """Tell how ``first`` stands to ``last``.

    A leader numbers without gaps and logs what it numbers, and a new epoch begins at 1. So a jump
    from one file to the next, within an epoch or into the middle of one, says that a file between
    them is missing. That an old epoch went on after ``last`` cannot be seen from its files.
    """
    if first <= last + 1:
        return Following.NEXT
    if first >> 32 > last >> 32 and first & _COUNTER == 1:
        return Following.NEW_EPOCH
    return Following.GAP


class Ending(Enum):
    """How a log file ends."""

    WHOLE = "with its last record, or zeros after it"
    TORN = "with a record that was being written"
    HEADLESS = "before its header is complete"
    BARE = "with its header, or a record that was being written"
    CORRUPT = "with bytes that no writer left"


class LogVerdict(Enum):
    """What to do about the end of a log file."""

    GO_ON = "go on"
    SKIP_TAIL = "warn, go on with the next file"
    CUT_TAIL = "warn, cut the record off"
    REMOVE = "warn, remove the file"
    REFUSE_CORRUPT = "refuse: corrupt"
    REFUSE_MISSING = "refuse: transactions are missing"


class LogRow(NamedTuple):
    """A row of :data:`LOG_TABLE`."""

    label: str
    ending: Ending
    followed_by: Following
    verdict: LogVerdict


LOG_TABLE = (
    LogRow("whole, last", Ending.WHOLE, Following.NOTHING, LogVerdict.GO_ON),
    LogRow("whole, continued", Ending.WHOLE, Following.NEXT, LogVerdict.GO_ON),
    LogRow("whole, new epoch", Ending.WHOLE, Following.NEW_EPOCH, LogVerdict.GO_ON),
    LogRow("whole, file missing", Ending.WHOLE, Following.GAP, LogVerdict.REFUSE_MISSING),
    # Never acknowledged: it was never completely on the disk.
    LogRow("torn, last", Ending.TORN, Following.NOTHING, LogVerdict.CUT_TAIL),
    # A server that dropped it took up its zxid again in the next file (ZooKeeper leaves it there).
    LogRow("torn, continued", Ending.TORN, Following.NEXT, LogVerdict.SKIP_TAIL),
    LogRow("torn, new epoch", Ending.TORN, Following.NEW_EPOCH, LogVerdict.SKIP_TAIL),
    # Others were logged after it, so it had been whole.
    LogRow("torn, continued later", Ending.TORN, Following.GAP, LogVerdict.REFUSE_CORRUPT),
    # The server stopped between the creation of the file and its first commit.
    LogRow("headless, last", Ending.HEADLESS, Following.NOTHING, LogVerdict.REMOVE),
    LogRow("headless, continued", Ending.HEADLESS, Following.NEXT, LogVerdict.REFUSE_CORRUPT),
    LogRow("headless, new epoch", Ending.HEADLESS, Following.NEW_EPOCH, LogVerdict.REFUSE_CORRUPT),
    LogRow("headless, later", Ending.HEADLESS, Following.GAP, LogVerdict.REFUSE_CORRUPT),
    LogRow("bare, last", Ending.BARE, Following.NOTHING, LogVerdict.REMOVE),
    LogRow("bare, continued", Ending.BARE, Following.NEXT, LogVerdict.SKIP_TAIL),
    LogRow("bare, new epoch", Ending.BARE, Following.NEW_EPOCH, LogVerdict.SKIP_TAIL),
    LogRow("bare, later", Ending.BARE, Following.GAP, LogVerdict.REFUSE_CORRUPT),
    LogRow("corrupt, last", Ending.CORRUPT, Following.NOTHING, LogVerdict.REFUSE_CORRUPT),
    LogRow("corrupt, continued", Ending.CORRUPT, Following.NEXT, LogVerdict.REFUSE_CORRUPT),
    LogRow("corrupt, new epoch", Ending.CORRUPT, Following.NEW_EPOCH, LogVerdict.REFUSE_CORRUPT),
    LogRow("corrupt, later", Ending.CORRUPT, Following.GAP, LogVerdict.REFUSE_CORRUPT),
)

_LOG_VERDICTS = {(row.ending, row.followed_by): row for row in LOG_TABLE}


def decide_log(ending: Ending, followed_by: Following) -> LogRow:
    """Return the row for the end of one log file."""
    return _LOG_VERDICTS[ending, followed_by]


def ending_of(end: LogEnd, records: int, content: bytes) -> Ending:
    """Judge the end of a log that has a header and ``records`` whole records.

    Stricter than the verdict in ``end``, because what stops a log by mistake loses data and what
    refuses it by mistake costs an operator one command. A torn record is one whose writing stopped
    at some byte: nothing but zeros follows that byte. A record that is complete but does not match
    its checksum is refused, as ZooKeeper does.
    """
    if end.kind is EndKind.CORRUPT or end.next_valid is not None:
        return Ending.CORRUPT
    if end.kind is EndKind.TORN:
        if end.reason is EndReason.CHECKSUM or (
            end.reason is EndReason.NO_LENGTH and end.nonzero_after
        ):
            return Ending.CORRUPT
        if end.reason is EndReason.NO_END_MARK:
            mark = end.offset + ENTRY_HEAD.size + (end.length or 0)
            if end.nonzero_after or content[mark] not in (0, END_MARK):
                return Ending.CORRUPT
        return Ending.TORN if records else Ending.BARE
    return Ending.WHOLE if records else Ending.BARE


def reason_of(end: LogEnd) -> str:
    """Say why a log ends there, without the offset."""
    if end.next_valid is None:
        return end.reason.value
    return f"{end.reason.value}, and a whole record follows at offset {end.next_valid}"


class Snapshots(Enum):
    """What there is of snapshots."""

    NONE = "none"
    USABLE = "one that loads"
    BROKEN_FIRST = "only the first one, of an empty tree, and it is broken"
    BROKEN = "none that loads"


class StartVerdict(Enum):
    """What a server starts from."""

    LOAD = "snapshot, then logs"
    REPLAY_ALL = "logs, onto an empty tree"
    CREATE = "an empty tree, and its snapshot"
    WAIT = "nothing; vote only after syncing from a peer"
    REFUSE_BROKEN = "refuse: no snapshot can be read"
    REFUSE_NO_SNAPSHOT = "refuse: logs without a snapshot"


class StartRow(NamedTuple):
    """A row of :data:`START_TABLE`; None stands for either.

    ``trust_empty`` is snapshot.trust.empty; ``may_create``: db.autocreate, or an ``initialize``
    marker is there.
    """

    label: str
    snapshots: Snapshots
    logs: bool | None
    trust_empty: bool | None
    may_create: bool | None
    verdict: StartVerdict


START_TABLE = (
    StartRow("load", Snapshots.USABLE, None, None, None, StartVerdict.LOAD),
    # ZooKeeper 3.4 made no snapshot of an empty tree.
    StartRow("upgrade", Snapshots.NONE, True, True, None, StartVerdict.REPLAY_ALL),
    StartRow("no snapshot", Snapshots.NONE, True, False, None, StartVerdict.REFUSE_NO_SNAPSHOT),
    StartRow("first start", Snapshots.NONE, False, None, True, StartVerdict.CREATE),
    StartRow("lost disk", Snapshots.NONE, False, None, False, StartVerdict.WAIT),
    # ZooKeeper writes snapshot.0 in place: a first start that was stopped leaves half of it.
    StartRow("stopped first", Snapshots.BROKEN_FIRST, False, None, True, StartVerdict.CREATE),
    StartRow("stopped member", Snapshots.BROKEN_FIRST, False, None, False, StartVerdict.WAIT),
    StartRow("first broken", Snapshots.BROKEN_FIRST, True, True, None, StartVerdict.REPLAY_ALL),
    StartRow("first lost", Snapshots.BROKEN_FIRST, True, False, None, StartVerdict.REFUSE_BROKEN),
    # ZooKeeper starts with an empty tree here if there are no logs.
    StartRow("all broken", Snapshots.BROKEN, None, None, None, StartVerdict.REFUSE_BROKEN),
)


def decide_start(snapshots: Snapshots, logs: bool, trust_empty: bool, may_create: bool) -> StartRow:
    """Return the row for what a server finds when it starts."""
    facts = (logs, trust_empty, may_create)
    for row in START_TABLE:
        wanted = (row.logs, row.trust_empty, row.may_create)
        if row.snapshots is snapshots and all(
            want is None or want == fact for want, fact in zip(wanted, facts, strict=True)
        ):
            return row
    raise AssertionError(f"no row for {snapshots}, {facts}")
