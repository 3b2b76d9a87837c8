"""The log as history: read from a zxid on, and cut back to a zxid.

What a leader needs to bring a learner up to date, and a learner that has logged what was never
committed. Neither touches a file that is being written: roll or close the log first.

Source: ZooKeeper ``FileTxnLog.read``, ``FileTxnLog.truncate``.
"""

from collections.abc import Iterator
from pathlib import Path

from speckeeper.storage.decisions import reason_of
from speckeeper.storage.errors import CorruptLog, DiskFailure, MissingTransactions, reading
from speckeeper.storage.interface import FileSystem
from speckeeper.storage.logreader import FIND_FILES, LogReplay, files_from, zxid_of
from speckeeper.storage.names import list_logs
from speckeeper.wire.log_end import EndKind
from speckeeper.wire.logfile import iter_entries
from speckeeper.wire.txns import Txn


def read_from(files: FileSystem, directory: Path, zxid: int) -> Iterator[Txn]:
    """Yield the logged transactions from ``zxid`` on, as far as they can be read without a gap.

    Raises MissingTransactions if the log does not reach back to it, CorruptLog as recovery does.
    """
    return iter(LogReplay(files, list_logs(files, directory), zxid - 1))


def truncate(files: FileSystem, directory: Path, zxid: int) -> int:
    """Forget every transaction after ``zxid``; return the last zxid that is left.

    Later files go first and newest first, so that a crash leaves no gap. Snapshots are not looked
    at: one that holds effects of what is cut here has to go too. Raises MissingTransactions if the
    log begins after ``zxid``, CorruptLog, Unreadable, DiskFailure.
    """
    logs = list_logs(files, directory)
    relevant = files_from(logs, zxid)
    if not relevant or relevant[0].zxid > zxid:
        raise MissingTransactions(directory, f"no log reaches back to {zxid:#x}", FIND_FILES)
    first, *later = relevant
    last, cut_at = -1, None
    with reading(first.path), files.map_log(first.path) as content:
        entries = iter_entries(content)
        for offset, entry in entries:
            if zxid_of(entry) > zxid:
                cut_at = offset
                break
            last = zxid_of(entry)
        if cut_at is None:
            if entries.end.kind is EndKind.CORRUPT:
                end = entries.end
                raise CorruptLog(first.path, end.offset, reason_of(end), newest=not later)
            cut_at = entries.end.offset
    path = first.path
    try:
        for log in reversed(later):
            path = log.path
            files.remove(path)
        path = first.path
        handle = files.open(path)
        try:
            files.resize(handle, cut_at)
            files.sync(handle)
        finally:
            files.close(handle)
        files.sync_directory(directory)
    except OSError as error:
        raise DiskFailure(path, "truncate", error.strerror or str(error)) from error
    return last
