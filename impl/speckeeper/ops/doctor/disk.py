"""The directories: whether they are there, have room, and how long a sync takes."""

import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from speckeeper.ops.config.zoo_cfg import Config
from speckeeper.ops.doctor.finding import Finding, ok, warning, wrong

_LEAST_BYTES = 1 << 30
_SYNCS = 30
_STEP = 4096
_SLOW_MS, _TOO_SLOW_MS = 10.0, 100.0
_NETWORK = {"nfs", "nfs4", "cifs", "smb3", "9p", "fuse.sshfs", "ceph", "glusterfs"}


def check_disk(config: Config) -> Iterator[Finding]:
    """Look at dataDir and dataLogDir."""
    log_directory = Path(config.string("dataLogDir"))
    for name in ("dataDir", "dataLogDir"):
        directory = Path(config.string(name))
        if name == "dataLogDir" and config.string("dataDir") == config.string("dataLogDir"):
            continue
        place = _nearest(directory)
        if not os.access(place, os.W_OK | os.X_OK):
            remedy = f"give {place} to the user that runs the server"
            yield wrong(name, f"{directory}: {place} is not writable", remedy)
            continue
        yield from _room(name, directory, place)
        kind = _file_system(place)
        if kind in _NETWORK:
            remedy = "use a disk of this machine: its syncs must be short, and mean what they say"
            yield warning(name, f"{directory} is on a network file system ({kind})", remedy)
    place = _nearest(log_directory)
    if os.access(place, os.W_OK | os.X_OK):
        yield _sync("fsync", place)


def _nearest(directory: Path) -> Path:
    """Return the directory, or of those above it the first that is there."""
    for place in (directory, *directory.absolute().parents):
        if place.is_dir():
            return place
    return Path("/")


def _room(name: str, directory: Path, place: Path) -> Iterator[Finding]:
    free = shutil.disk_usage(place).free
    held = sum(file.stat().st_size for file in directory.rglob("*") if file.is_file())
    inodes = os.statvfs(place)
    told = f"{directory}: {_size(held)} used, {_size(free)} free"
    if free < max(_LEAST_BYTES, held):
        remedy = "make room: a snapshot needs as much again as the last one, and a full disk stops"
        yield warning(name, told, f"{remedy} the server; set autopurge.purgeInterval")
    elif inodes.f_files and inodes.f_favail * 100 < inodes.f_files:
        yield warning(name, f"{told}, but few inodes", "remove files from that file system")
    else:
        yield ok(name, told)


def _size(size: float) -> str:
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size < 1024:
            return f"{size:.0f} {unit}"
        size /= 1024
    return f"{size:.1f} TiB"


def _file_system(place: Path) -> str:
    """Return the kind of the file system, empty if it cannot be told."""
    best, kind = "", ""
    try:
        mounts = Path("/proc/mounts").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    path = str(place.resolve())
    for line in mounts.splitlines():
        _, mounted, this, *_ = line.split(" ")
        inside = path == mounted or path.startswith(mounted.rstrip("/") + "/")
        if inside and len(mounted) >= len(best):
            best, kind = mounted, this
    return kind


def _sync(name: str, place: Path) -> Finding:
    """Write as the log does, and time it."""
    times = []
    try:
        with tempfile.TemporaryFile(dir=place) as file:
            # As the log: into a file that has been grown before, so that only data is synced.
            file.write(bytes(_SYNCS * _STEP))
            file.flush()
            os.fsync(file.fileno())
            for number in range(_SYNCS):
                begun = time.perf_counter()
                os.pwrite(file.fileno(), bytes(512), number * _STEP)
                os.fdatasync(file.fileno())
                times.append((time.perf_counter() - begun) * 1000)
    except OSError as error:
        text = f"{place}: {(error.strerror or str(error)).lower()}"
        return wrong(name, text, "check the disk and its mount")
    middle, longest = statistics.median(times), max(times)
    told = f"{place}: {middle:.2f} ms in the middle, {longest:.2f} ms at most, of {_SYNCS}"
    if middle >= _TOO_SLOW_MS:
        return wrong(name, told, "every write waits that long: use a faster disk for dataLogDir")
    if middle >= _SLOW_MS:
        return warning(name, told, "use a disk of its own, or a faster one, for dataLogDir")
    return ok(name, told)
