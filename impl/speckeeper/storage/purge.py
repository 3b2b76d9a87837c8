"""Removing snapshots and logs that recovery will not need.

Kept are the newest N snapshots that look complete, and every log that could hold a transaction
after the oldest of them: also the log that starts before it. The caller says when.

Source: ZooKeeper ``PurgeTxnLog``, ``DatadirCleanupManager``.
"""

from pathlib import Path

from speckeeper.storage.errors import DiskFailure
from speckeeper.storage.interface import FileSystem
from speckeeper.storage.logreader import files_from
from speckeeper.storage.names import list_logs, list_snapshots
from speckeeper.storage.settings import StorageSettings
from speckeeper.storage.snapshots import complete_snapshots

MIN_RETAIN_COUNT = 3


def removable(settings: StorageSettings, files: FileSystem) -> list[Path]:
    """Return what may go, oldest first within logs and within snapshots. Raises Unreadable."""
    count = max(settings.snap_retain_count, MIN_RETAIN_COUNT)
    newest = complete_snapshots(files, settings.snapshot_directory)[:count]
    if not newest:
        return []
    oldest_kept = newest[-1].zxid
    logs = list_logs(files, settings.log_directory)
    # The log that starts at or before the snapshot may reach beyond it.
    kept = set(files_from(logs, oldest_kept))
    old_logs = [log.path for log in logs if log not in kept]
    # Snapshots that are not complete go with the older ones; newer ones are proof that the log
    # went on at least to their zxid.
    snapshots = list_snapshots(files, settings.snapshot_directory)
    return old_logs + [snapshot.path for snapshot in snapshots if snapshot.zxid < oldest_kept]


def purge(settings: StorageSettings, files: FileSystem) -> list[Path]:
    """Remove what may go and return it. Raises Unreadable; DiskFailure at a file that stays.

    After a crash half-way an old snapshot may have lost its logs; recovery would refuse to start
    from it, and has newer ones to start from.
    """
    removed = []
    for path in removable(settings, files):
        try:
            files.remove(path)
        except FileNotFoundError:
            continue  # somebody else purges too, as zkCleanup.sh may
        except OSError as error:
            raise DiskFailure(path, "remove", error.strerror or str(error)) from error
        removed.append(path)
    return removed
