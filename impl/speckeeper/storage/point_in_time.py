"""The tree as it was when a transaction had been applied: an older snapshot, and the log.

A snapshot that was taken while its server worked holds some changes of that time and not others;
with the log over it, it is what it was at every later point. Nothing on the disk is changed.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from speckeeper.storage.errors import BadSnapshot, MissingTransactions
from speckeeper.storage.interface import FileSystem
from speckeeper.storage.logreader import LogReplay
from speckeeper.storage.names import NamedFile, list_logs, list_snapshots
from speckeeper.storage.snapshots import collector_off, load_snapshot, looks_complete
from speckeeper.tree.apply import apply
from speckeeper.tree.datatree import DataTree


@dataclass(slots=True)
class PointInTime:
    """A tree, the zxid of the last transaction in it, and the snapshot that it came from.

    ``mismatches``: how often the tree differed from the digests that the files hold.
    """

    tree: DataTree
    zxid: int
    snapshot: NamedFile
    mismatches: int


def tree_at(files: FileSystem, directories: Iterable[Path], zxid: int | None = None) -> PointInTime:
    """Return the tree at ``zxid``, or as late as the files go; ``directories`` hold them.

    Raises MissingTransactions where the files do not reach so far back or so far on, BadSnapshot
    where no snapshot can be used, CorruptLog, Unreadable.
    """
    places = list(dict.fromkeys(directories))
    snapshots = sorted(each for place in places for each in list_snapshots(files, place))
    logs = sorted(each for place in places for each in list_logs(files, place))
    refused: BadSnapshot | None = None
    for snapshot in reversed(snapshots):
        if zxid is not None and snapshot.zxid > zxid:
            continue
        try:
            found = _from(files, snapshot, logs, zxid)
        except BadSnapshot as error:
            refused = error
            continue
        if found is not None:
            return found
    if refused is not None:
        raise refused
    where = ", ".join(map(str, places))
    if not snapshots:
        raise MissingTransactions(where, "there is no snapshot", "name the folder of a backup")
    what = f"no snapshot is as old as {zxid:#x}; the oldest is {snapshots[0].path.name}"
    raise MissingTransactions(where, what, "name a later zxid, or the folder of an older backup")


def _from(
    files: FileSystem, snapshot: NamedFile, logs: list[NamedFile], zxid: int | None
) -> PointInTime | None:
    """Return the tree from one snapshot on; None if it holds changes behind ``zxid``."""
    if not looks_complete(files, snapshot):
        raise BadSnapshot(snapshot.path, "the snapshot is not complete")
    tree = DataTree(digest_enabled=True)
    trailer = load_snapshot(files, snapshot, tree)
    reached = max(trailer.digest.zxid if trailer.digest else 0, trailer.last_zxid or 0)
    if zxid is not None and reached > zxid:
        return None
    last = snapshot.zxid
    with collector_off():
        for txn in LogReplay(files, logs, snapshot.zxid):
            if zxid is not None and txn.header.zxid > zxid:
                break
            apply(tree, txn)
            last = txn.header.zxid
    wanted = reached if zxid is None else zxid
    if last < wanted:
        raise MissingTransactions(
            snapshot.path,
            f"the logs end at {last:#x}, before {wanted:#x}",
            "name the folder of the later logs too",
        )
    tree.last_processed_zxid = last
    return PointInTime(tree, last, snapshot, tree.digests.mismatches)
