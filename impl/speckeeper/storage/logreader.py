"""Reading transaction logs back: file after file, each zxid checked against the one before.

Reading decides by the tables of `decisions.py` and changes nothing: what has to be repaired is
listed, for the caller to carry out when the whole start is certain.

Source: ZooKeeper ``FileTxnLog.FileTxnIterator``.
"""

from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from struct import Struct
from typing import NamedTuple

from speckeeper.storage.decisions import (
    Ending,
    Following,
    LogVerdict,
    decide_log,
    ending_of,
    following,
    reason_of,
)
from speckeeper.storage.errors import CorruptLog, MissingTransactions, reading
from speckeeper.storage.interface import FileSystem
from speckeeper.storage.names import NamedFile
from speckeeper.wire.errors import WireError
from speckeeper.wire.logfile import LOG_HEADER, decode_log_header, encode_log_header, iter_entries
from speckeeper.wire.txns import TXN_HEADER, Txn, decode_txn

_ZXID = Struct(">q")
_ZXID_AT = 12  # behind the session id and the cxid
_BLOCK = 1 << 20
_HEADER_WRITTEN = encode_log_header().rstrip(b"\0")

FIND_FILES = (
    "restore what is missing from a backup, "
    "or empty the directory if the server can sync from its ensemble"
)


class RepairKind(Enum):
    """What a repair does to a file."""

    CUT = "cut"
    REMOVE = "remove"


class Repair(NamedTuple):
    """A change to a file that recovery asks for; ``offset``: where to cut."""

    kind: RepairKind
    file: Path
    offset: int


def zxid_of(entry: bytes) -> int:
    """Return the zxid in the header of a serialized transaction."""
    zxid: int = _ZXID.unpack_from(entry, _ZXID_AT)[0]
    return zxid


def files_from(logs: list[NamedFile], zxid: int) -> list[NamedFile]:
    """Return the files that may hold ``zxid`` or later ones, of ``logs`` in ascending order.

    That is the last file that starts at or before it, and all after. (``FileTxnLog.getLogFiles``.)
    """
    start = 0
    for index, log in enumerate(logs):
        if log.zxid <= zxid:
            start = index
    return logs[start:]


class LogReplay:
    """The transactions after a zxid, oldest first: iterate, then look at the attributes.

    Iterating raises Unreadable, CorruptLog and MissingTransactions as soon as either is certain.

    - ``last_zxid``: the highest zxid met, or the one to start after.
    - ``warnings``: what was dropped, a line each. ``repairs``: what that asks for.
    - ``transactions``, ``size``: how many were yielded, and their bytes.
    """

    def __init__(self, files: FileSystem, logs: list[NamedFile], after: int) -> None:
        self._files = files
        self._logs = files_from(logs, after + 1)
        self._after = after
        self.last_zxid = after
        self.warnings: list[str] = []
        self.repairs: list[Repair] = []
        self.transactions = 0
        self.size = 0

    def __iter__(self) -> Iterator[Txn]:
        logs = self._logs
        if not logs:
            return
        for log in logs:  # a name may be that of a directory, or of a file of somebody else
            with reading(log.path):
                self._files.read_ends(log.path, 1)
        self._require_next(self._after, logs[0])
        for log, next_log in zip(logs, [*logs[1:], None], strict=True):
            yield from self._read(log, next_log)

    def _read(self, log: NamedFile, next_log: NamedFile | None) -> Iterator[Txn]:
        with reading(log.path), self._files.map_log(log.path) as content:
            if _is_headless(content):
                self._judge(
                    log, Ending.HEADLESS, next_log, 0, "the file was created and not written"
                )
                return
            try:
                decode_log_header(content)
            except WireError as error:
                raise CorruptLog(log.path, 0, str(error), FIND_FILES) from error
            entries = iter_entries(content)
            newest = next_log is None
            records = 0
            for offset, entry in entries:
                records += 1
                if len(entry) < TXN_HEADER.size:
                    reason = "a transaction without a header"
                    raise CorruptLog(log.path, offset, reason, newest=newest)
                zxid: int = _ZXID.unpack_from(entry, _ZXID_AT)[0]
                last = self.last_zxid
                if zxid == last + 1:
                    self.last_zxid = zxid
                elif zxid <= self._after:
                    continue  # in the snapshot
                elif zxid <= last:
                    self.warnings.append(
                        f"{log.path}: {zxid:#x} at offset {offset} comes after {last:#x}"
                    )
                else:
                    self._note_jump(last, zxid, log, offset)
                    self.last_zxid = zxid
                self.transactions += 1
                self.size += len(entry)
                try:
                    txn = decode_txn(entry)
                except WireError as error:
                    reason = f"undecodable: {error}"
                    raise CorruptLog(log.path, offset, reason, newest=newest) from error
                yield txn
            end = entries.end
            ending = ending_of(end, records, content)
            self._judge(log, ending, next_log, end.offset, reason_of(end))

    def _judge(
        self, log: NamedFile, ending: Ending, next_log: NamedFile | None, offset: int, reason: str
    ) -> None:
        """Do what the table says about the end of a file."""
        followed_by = (
            Following.NOTHING if next_log is None else following(self.last_zxid, next_log.zxid)
        )
        match decide_log(ending, followed_by).verdict:
            case LogVerdict.GO_ON:
                pass
            case LogVerdict.SKIP_TAIL:
                self._warn(
                    log, ending, offset, f"{reason}; skipped, the next file goes on from there"
                )
            case LogVerdict.CUT_TAIL:
                self._warn(log, ending, offset, f"{reason}; dropped, it was never acknowledged")
                self.repairs.append(Repair(RepairKind.CUT, log.path, offset))
            case LogVerdict.REMOVE:
                self._warn(log, ending, offset, f"{reason}; removed, the file holds no transaction")
                self.repairs.append(Repair(RepairKind.REMOVE, log.path, offset))
            case LogVerdict.REFUSE_MISSING:
                assert next_log is not None
                self._require_next(self.last_zxid, next_log)
            case LogVerdict.REFUSE_CORRUPT:
                raise CorruptLog(log.path, offset, reason, newest=next_log is None)

    def _warn(self, log: NamedFile, ending: Ending, offset: int, text: str) -> None:
        kind = "torn record" if ending is Ending.TORN else "ends"
        self.warnings.append(f"{log.path}: {kind} at offset {offset}: {text}")

    def _require_next(self, last: int, log: NamedFile) -> None:
        """Refuse a file whose name says that there was something between ``last`` and it."""
        if following(last, log.zxid) is Following.GAP:
            raise MissingTransactions(
                log.path,
                f"the log starts at {log.zxid:#x}, but what comes before it ends at {last:#x}",
                FIND_FILES,
            )

    def _note_jump(self, last: int, zxid: int, log: NamedFile, offset: int) -> None:
        """Warn of zxids that nobody logged.

        Nothing can be lost between two whole records that touch. ZooKeeper uses up a zxid without
        logging it where it fails on a malformed multi, and a member of an ensemble that was sent a
        snapshot goes on in the same file.
        """
        if following(last, zxid) is Following.GAP:
            self.warnings.append(
                f"{log.path}: {zxid:#x} at offset {offset} comes after {last:#x}; "
                "nothing was logged between them"
            )


def _is_headless(content: bytes) -> bool:
    """Tell whether a log ends inside its header: nothing, or nothing but zeros, comes after."""
    written = content[: LOG_HEADER.size].rstrip(b"\0")
    if len(content) >= LOG_HEADER.size and written == _HEADER_WRITTEN:
        return False
    return _HEADER_WRITTEN.startswith(written) and not any(
        any(content[start : start + _BLOCK])
        for start in range(LOG_HEADER.size, len(content), _BLOCK)
    )
