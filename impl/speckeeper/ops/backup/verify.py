"""Verifying a snapshot: that it is whole, and that the tree in it is the one that it says.

Every snapshot with a digest (ZooKeeper 3.6 and later) says what the tree had come to at its end.
One that was taken while its server worked says it of a later point than it holds, and needs the
log.
"""

from dataclasses import dataclass
from pathlib import Path

from speckeeper.storage.disk import Disk
from speckeeper.storage.errors import BadSnapshot, Unreadable
from speckeeper.storage.names import NamedFile
from speckeeper.storage.snapshots import HEAD_SIZE, compression_of, load_snapshot
from speckeeper.tree.datatree import DataTree


@dataclass(frozen=True, slots=True)
class Verified:
    """What a good snapshot holds. ``zxid`` None: it does not say; ``proven``: by its digest."""

    nodes: int
    sessions: int
    zxid: int | None
    proven: bool


def verify(path: Path) -> Verified:
    """Load a snapshot file of any name. Raises BadSnapshot or Unreadable."""
    files = Disk()
    try:
        with path.open("rb") as file:
            compression = compression_of(file.read(HEAD_SIZE))
    except OSError as error:
        raise Unreadable(path, error) from None
    tree = DataTree(digest_enabled=True)
    trailer = load_snapshot(files, NamedFile(0, path, compression), tree)
    zxid = trailer.last_zxid
    if trailer.digest is None:
        return Verified(tree.count, len(tree.sessions), zxid, False)
    if trailer.digest.digest != tree.digest:
        raise BadSnapshot(
            path,
            "the tree in it is not the one that its digest is of: it was taken while its server "
            "worked, or is damaged",
            "rebuild it with the logs of that time (speckeeper snapshot rebuild)",
        )
    return Verified(tree.count, len(tree.sessions), zxid or trailer.digest.zxid, True)
