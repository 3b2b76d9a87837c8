"""Starting from what the disk holds: snapshot, then the log from there, then the repairs.

The decisions are tables in `decisions.py`; here the facts are gathered and the verdicts carried
out. Nothing on the disk is changed before the whole start is certain, so a refused start can be
tried again after the cause was put right.

Source: ZooKeeper ``FileTxnSnapLog.restore``, ``FileSnap.deserialize``,
``ZooKeeperServer.loadData``.
"""

import gc
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter

from speckeeper.storage.decisions import Snapshots, StartVerdict, decide_start
from speckeeper.storage.directories import initialize_markers
from speckeeper.storage.disk import Disk
from speckeeper.storage.errors import BadSnapshot, DiskFailure, MissingTransactions
from speckeeper.storage.interface import FileSystem
from speckeeper.storage.logreader import FIND_FILES, LogReplay, Repair, RepairKind
from speckeeper.storage.names import (
    NamedFile,
    list_logs,
    list_snapshots,
    strangers,
    unfinished_snapshots,
)
from speckeeper.storage.settings import StorageSettings
from speckeeper.storage.snapshot_writer import write_snapshot
from speckeeper.storage.snapshots import collector_off, load_snapshot, looks_complete
from speckeeper.tree.apply import apply, remove_dead_ephemerals
from speckeeper.tree.datatree import DataTree
from speckeeper.wire.snapshot import SnapshotTrailer
from speckeeper.wire.txns import Txn

#: How many snapshots are tried before giving up (``FileSnap.deserialize``).
MAX_SNAPSHOTS_TRIED = 100
#: A tree of more nodes than this is kept from the garbage collector, which finds nothing in it and
#: would need a quarter of a second per million nodes, for the first time at the end of the start.
FREEZE_ABOVE = 100_000
_COUNTER = 0xFFFFFFFF


@dataclass(slots=True)
class Report:
    """What a start found and did, for the log and the metrics.

    ``warnings``: a line each. ``start``: the label of the row of the start table.
    ``transactions_since_snapshot`` and ``bytes_since_snapshot`` count towards the next snapshot.
    Times in seconds.
    """

    start: str = ""
    snapshot: Path | None = None
    snapshot_zxid: int = -1
    transactions_since_snapshot: int = 0
    bytes_since_snapshot: int = 0
    digest_mismatches: int = 0
    dead_ephemerals: int = 0
    snapshot_load_s: float = 0.0
    log_replay_s: float = 0.0
    warnings: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Recovered:
    """A tree as it was when the last acknowledged transaction had been applied.

    ``last_zxid`` -1: the database is empty and must not be trusted before a sync from a peer.
    """

    tree: DataTree
    last_zxid: int
    report: Report


@dataclass(slots=True)
class _Base:
    """What the log is replayed onto."""

    tree: DataTree
    snapshot: NamedFile | None
    trailer: SnapshotTrailer
    newer_broken: list[BadSnapshot]


def recover(
    settings: StorageSettings,
    files: FileSystem | None = None,
    on_transaction: Callable[[Txn], None] | None = None,
) -> Recovered:
    """Bring back the tree. The directories exist and are locked.

    ``on_transaction`` is given every transaction that is replayed, after it was applied. Raises
    StorageError where starting would lose something.
    """
    files = files or Disk()
    report = Report()
    logs = list_logs(files, settings.log_directory)
    for stranger in dict.fromkeys(
        strangers(files, settings.log_directory) + strangers(files, settings.snapshot_directory)
    ):
        report.warnings.append(f"{stranger}: ignored, it is neither a log nor a snapshot by name")

    with collector_off():
        base = _load_newest(settings, files, report)
        recovered = _start(settings, files, report, base, logs, on_transaction)
        if recovered.tree.count > FREEZE_ABOVE:
            gc.freeze()

    for marker in initialize_markers(settings):
        if files.exists(marker):
            _remove(files, marker)
    for leftover in unfinished_snapshots(files, settings.snapshot_directory):
        _remove(files, leftover)
    return recovered


def _load_newest(settings: StorageSettings, files: FileSystem, report: Report) -> _Base:
    """Load the newest snapshot that can be loaded; none is fine here."""
    started = perf_counter()
    broken: list[BadSnapshot] = []
    snapshots = list_snapshots(files, settings.snapshot_directory)
    for snapshot in reversed(snapshots[-MAX_SNAPSHOTS_TRIED:]):
        tree = DataTree(digest_enabled=settings.digest_enabled)
        try:
            if not looks_complete(files, snapshot):
                raise BadSnapshot(snapshot.path, "the snapshot is not complete")
            trailer = load_snapshot(files, snapshot, tree)
        except BadSnapshot as error:
            broken.append(error)
            report.warnings.append(f"{error.place}: {error.what}; trying an older snapshot")
            continue
        report.snapshot_load_s = perf_counter() - started
        return _Base(tree, snapshot, trailer, broken)
    tree = DataTree(digest_enabled=settings.digest_enabled)
    return _Base(tree, None, SnapshotTrailer(), broken)


def _start(
    settings: StorageSettings,
    files: FileSystem,
    report: Report,
    base: _Base,
    logs: list[NamedFile],
    on_transaction: Callable[[Txn], None] | None,
) -> Recovered:
    may_create = settings.db_autocreate or any(map(files.exists, initialize_markers(settings)))
    row = decide_start(_describe(base), bool(logs), settings.snapshot_trust_empty, may_create)
    report.start = row.label
    match row.verdict:
        case StartVerdict.LOAD | StartVerdict.REPLAY_ALL:
            return _replay(files, report, base, logs, on_transaction)
        case StartVerdict.CREATE:
            written = write_snapshot(files, settings, base.tree, 0)
            report.snapshot, report.snapshot_zxid = written.path, 0
            return Recovered(base.tree, 0, report)
        case StartVerdict.WAIT:
            report.warnings.append(
                f"{settings.snapshot_directory}: empty, and db.autocreate is false; "
                "nothing is voted for before a sync from a peer"
            )
            base.tree.last_processed_zxid = -1
            return Recovered(base.tree, -1, report)
        case StartVerdict.REFUSE_BROKEN:
            raise base.newer_broken[0]
        case StartVerdict.REFUSE_NO_SNAPSHOT:
            raise MissingTransactions(
                settings.snapshot_directory,
                f"no snapshot, but there is a log ({logs[0].path})",
                "restore the snapshots from a backup, or, after an upgrade from ZooKeeper 3.4, "
                "start once with snapshot.trust.empty=true",
            )


def _describe(base: _Base) -> Snapshots:
    if base.snapshot is not None:
        return Snapshots.USABLE
    if not base.newer_broken:
        return Snapshots.NONE
    # Half of a first snapshot is what a first start leaves; one that the disk has lost is not.
    first_only = all(
        error.file.name.split(".")[1] == "0" and not isinstance(error.__cause__, OSError)
        for error in base.newer_broken
    )
    return Snapshots.BROKEN_FIRST if first_only else Snapshots.BROKEN


def _replay(
    files: FileSystem,
    report: Report,
    base: _Base,
    logs: list[NamedFile],
    on_transaction: Callable[[Txn], None] | None,
) -> Recovered:
    """Apply the log from the snapshot on, check that it reaches as far as it must, repair."""
    started = perf_counter()
    tree = base.tree
    if base.snapshot is not None:
        report.snapshot, report.snapshot_zxid = base.snapshot.path, base.snapshot.zxid
    replay = LogReplay(files, logs, max(report.snapshot_zxid, 0))
    unseen = {_zxid_of(error): error for error in base.newer_broken}
    for txn in replay:
        if unseen:
            unseen.pop(txn.header.zxid, None)
        apply(tree, txn)
        if on_transaction is not None:
            on_transaction(txn)
    report.log_replay_s = perf_counter() - started
    report.warnings += replay.warnings
    report.transactions_since_snapshot = replay.transactions
    report.bytes_since_snapshot = replay.size
    last_zxid = replay.last_zxid
    _require_reach(base, last_zxid)
    _require_path(unseen)

    report.digest_mismatches = tree.digests.mismatches
    if tree.digests.mismatches:
        report.warnings.append(
            f"the tree differs from the digests in the log {tree.digests.mismatches} times, "
            f"last at {tree.digests.last_mismatch_zxid:#x}; "
            "compare this server's data with that of its peers or a backup"
        )
    report.dead_ephemerals = len(remove_dead_ephemerals(tree)) // 2
    for repair in replay.repairs:
        _carry_out(files, repair)
    return Recovered(tree, last_zxid, report)


def _require_reach(base: _Base, last_zxid: int) -> None:
    """Refuse to start where the files themselves say that the log once went further.

    A snapshot is named by a transaction that had been applied, also one that cannot be read now;
    and one that was written while the server ran says at its end how far the tree had come.
    ``<epoch>00000000`` is no transaction but where a leader begins.
    """
    for error in base.newer_broken:
        reached = _zxid_of(error)
        if reached > last_zxid and reached & _COUNTER:
            raise BadSnapshot(
                error.file,
                f"{error.reason}, and the log ends at {last_zxid:#x}, before it begins",
                FIND_FILES,
            )
    if base.snapshot is None:
        return
    digest, trailing = base.trailer
    for reached in (digest.zxid if digest else 0, trailing or 0):
        if reached > last_zxid and reached & _COUNTER:
            raise MissingTransactions(
                base.snapshot.path,
                f"holds changes up to {reached:#x}, but the log ends at {last_zxid:#x}",
                f"{FIND_FILES}; without this snapshot an older one would be used, "
                "and what came after the end of the log is lost",
            )


def _require_path(unseen: Mapping[int, BadSnapshot]) -> None:
    """Refuse to go past snapshots that cannot be read and whose last transaction was not logged.

    A leader has sent them. What led to them need not be in this log, even if it goes on behind.
    """
    for zxid, error in unseen.items():
        if zxid & _COUNTER:
            raise BadSnapshot(
                error.file,
                f"{error.reason}, and the log does not hold {zxid:#x}, with which it ends: "
                "a leader has sent it, and what led to it is nowhere else on this disk",
                FIND_FILES,
            )


def _zxid_of(error: BadSnapshot) -> int:
    return int(error.file.name.split(".")[1], 16)


def _remove(files: FileSystem, file: Path) -> None:
    try:
        files.remove(file)
    except OSError as error:
        raise DiskFailure(file, "remove", error.strerror or str(error)) from error


def _carry_out(files: FileSystem, repair: Repair) -> None:
    """Cut a torn record off, or remove a file without any. Raises DiskFailure."""
    try:
        if repair.kind is RepairKind.REMOVE:
            files.remove(repair.file)
            files.sync_directory(repair.file.parent)
            return
        handle = files.open(repair.file)
        try:
            files.resize(handle, repair.offset)
            files.sync(handle)
        finally:
            files.close(handle)
    except OSError as error:
        raise DiskFailure(repair.file, repair.kind.value, error.strerror or str(error)) from error
