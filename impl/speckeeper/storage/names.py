"""File names and the zxids in them: ``log.<hex>``, ``snapshot.<hex>[.gz|.snappy]``.

A log is named by its first transaction, a snapshot by the last one that had been applied when its
writing began. Source: ZooKeeper ``Util.makeLogName``, ``Util.makeSnapshotName``.

ZooKeeper's reader looks at the first two parts of a name only, so that it also takes
``log.5.fixed`` or ``snapshot.5.tmp`` for data. Here such names are never data, and `recovery.py`
warns of them.
"""

import re
from pathlib import Path
from typing import NamedTuple

from speckeeper.storage.errors import reading
from speckeeper.storage.interface import FileSystem

LOG_PREFIX = "log."
SNAPSHOT_PREFIX = "snapshot."
TEMPORARY_SUFFIX = ".tmp"

_LOG = re.compile(r"log\.([0-9a-fA-F]{1,16})")
_SNAPSHOT = re.compile(r"snapshot\.([0-9a-fA-F]{1,16})(?:\.(gz|snappy))?")
_MAX_ZXID = (1 << 63) - 1


class NamedFile(NamedTuple):
    """A log or snapshot file: the zxid in its name, the path, the compression ("" for none)."""

    zxid: int
    path: Path
    compression: str = ""


def log_name(zxid: int) -> str:
    """Return the name of a log whose first transaction has this zxid."""
    return f"{LOG_PREFIX}{zxid:x}"


def snapshot_name(zxid: int, compression: str = "") -> str:
    """Return the name of a snapshot begun at this zxid."""
    suffix = f".{compression}" if compression else ""
    return f"{SNAPSHOT_PREFIX}{zxid:x}{suffix}"


def list_logs(files: FileSystem, directory: Path) -> list[NamedFile]:
    """Return the transaction logs in a directory, oldest first. Raises Unreadable."""
    return _matching(files, directory, _LOG)


def list_snapshots(files: FileSystem, directory: Path) -> list[NamedFile]:
    """Return the snapshots in a directory, oldest first. Raises Unreadable."""
    return _matching(files, directory, _SNAPSHOT)


def strangers(files: FileSystem, directory: Path) -> list[Path]:
    """Return what begins like a log or a snapshot but has no such name, unfinished ones apart."""
    return [
        directory / name
        for name in sorted(_names(files, directory))
        if name.startswith((LOG_PREFIX, SNAPSHOT_PREFIX))
        and not name.endswith(TEMPORARY_SUFFIX)
        and not _LOG.fullmatch(name)
        and not _SNAPSHOT.fullmatch(name)
    ]


def unfinished_snapshots(files: FileSystem, directory: Path) -> list[Path]:
    """Return what a writer of snapshots left behind when it was stopped half-way."""
    return [
        directory / name
        for name in sorted(_names(files, directory))
        if name.startswith(SNAPSHOT_PREFIX) and name.endswith(TEMPORARY_SUFFIX)
    ]


def _names(files: FileSystem, directory: Path) -> list[str]:
    with reading(directory):
        return files.names(directory)


def _matching(files: FileSystem, directory: Path, pattern: re.Pattern[str]) -> list[NamedFile]:
    found = []
    for name in _names(files, directory):
        match = pattern.fullmatch(name)
        if match is None:
            continue
        zxid = int(match[1], 16)
        if zxid <= _MAX_ZXID:
            compression = (match[2] or "") if pattern is _SNAPSHOT else ""
            found.append(NamedFile(zxid, directory / name, compression))
    found.sort()
    return found
