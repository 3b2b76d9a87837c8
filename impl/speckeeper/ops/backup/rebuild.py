"""A consistent snapshot out of snapshots and logs, as `speckeeper snapshot rebuild` and as a
process of its own beside a server (`python -m speckeeper.ops.backup.rebuild`).

A server's own snapshots are taken while it works; what changed meanwhile is in them or not. A
backup must be whole without a log.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from speckeeper.storage.disk import Disk
from speckeeper.storage.errors import DataDirError
from speckeeper.storage.names import NamedFile
from speckeeper.storage.point_in_time import PointInTime, tree_at
from speckeeper.storage.settings import VERSION_DIRECTORY, StorageSettings
from speckeeper.storage.snapshot_writer import write_snapshot


def rebuild(sources: Sequence[Path], out: Path, zxid: int | None) -> tuple[PointInTime, NamedFile]:
    """Write the snapshot of a point in time into the folder `out`, which may be a new dataDir.

    `sources` are folders with snapshots and logs, or dataDirs with such a folder. Raises
    StorageError.
    """
    if out.exists() and any(out.iterdir()):
        raise DataDirError(out, "is not empty", "name a new folder")
    files = Disk()
    found = tree_at(files, [_folder(source) for source in sources], zxid)
    settings = StorageSettings(out)
    settings.snapshot_directory.mkdir(parents=True, exist_ok=True)
    return found, write_snapshot(files, settings, found.tree, found.zxid)


def _folder(source: Path) -> Path:
    inner = source / VERSION_DIRECTORY
    return inner if inner.is_dir() else source


def main(arguments: Sequence[str]) -> None:
    """OUT ZXID SOURCE...: rebuild, and print the path of the snapshot."""
    out, zxid, *sources = arguments
    _, written = rebuild([Path(each) for each in sources], Path(out), int(zxid))
    print(written.path)


if __name__ == "__main__":
    main(sys.argv[1:])
