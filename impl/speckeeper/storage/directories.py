"""The directories of a server: made if allowed, checked, and locked against a second server.

Source: the constructor of ZooKeeper ``FileTxnSnapLog`` (ZOOKEEPER-1161 autocreate, ZOOKEEPER-2967
files in the wrong directory). The lock is our own: ZooKeeper has none, and ignores the file.
"""

from pathlib import Path

from speckeeper.storage.errors import GIVE_TO_USER, DataDirError, reading
from speckeeper.storage.interface import FileSystem
from speckeeper.storage.names import LOG_PREFIX, SNAPSHOT_PREFIX
from speckeeper.storage.settings import StorageSettings

LOCK_NAME = ".speckeeper.lock"
INITIALIZE_NAME = "initialize"


def prepare_directories(settings: StorageSettings, files: FileSystem) -> None:
    """Create what is missing and check what is there. Raises DataDirError, Unreadable."""
    snapshots, logs = settings.snapshot_directory, settings.log_directory
    for directory, key in ((logs, "dataLogDir"), (snapshots, "dataDir")):
        _require(directory, key if settings.data_log_dir else "dataDir", settings, files)
    if logs == snapshots:
        return
    _refuse_names(logs, SNAPSHOT_PREFIX, "snapshot", files)
    _refuse_names(snapshots, LOG_PREFIX, "transaction log", files)


def _require(directory: Path, key: str, settings: StorageSettings, files: FileSystem) -> None:
    if not files.exists(directory):
        if not settings.datadir_autocreate:
            raise DataDirError(
                directory,
                "the directory is missing and datadir.autocreate is false",
                f"create it, or correct {key} in the configuration",
            )
        try:
            files.make_directories(directory)
        except OSError as error:
            raise DataDirError(
                directory,
                f"the directory cannot be created: {error.strerror or error}",
                f"create it for the user that runs the server, or correct {key}",
            ) from error
    if not files.writable(directory):
        raise DataDirError(
            directory,
            "the directory is not writable",
            f"{GIVE_TO_USER}, or correct {key}",
        )


def _refuse_names(directory: Path, prefix: str, kind: str, files: FileSystem) -> None:
    with reading(directory):
        found = sorted(name for name in files.names(directory) if name.startswith(prefix))
    if found:
        raise DataDirError(
            directory,
            f"holds a {kind} file ({found[0]}), which belongs in the other directory",
            "check dataDir and dataLogDir in the configuration, or move the files",
        )


def initialize_markers(settings: StorageSettings) -> list[Path]:
    """Return where an ``initialize`` marker may be.

    ZooKeeper's script puts it into dataDir, its server looks for it in dataLogDir.
    """
    places = dict.fromkeys((settings.data_dir, settings.data_log_dir or settings.data_dir))
    return [place / INITIALIZE_NAME for place in places]


class DirectoryLock:
    """Holds the directories of a server until ``release`` or the end of the process."""

    def __init__(self, settings: StorageSettings, files: FileSystem) -> None:
        self._files = files
        self._handles: list[int] = []
        for place in dict.fromkeys((settings.data_dir, settings.data_log_dir or settings.data_dir)):
            try:
                self._handles.append(files.lock(place / LOCK_NAME))
            except BlockingIOError as error:
                self.release()
                raise DataDirError(
                    place,
                    "another server is using the directory",
                    "stop it, or give this one a dataDir of its own",
                ) from error
            except OSError as error:
                self.release()
                raise DataDirError(
                    place / LOCK_NAME,
                    f"the directory cannot be locked: {error.strerror or error}",
                    GIVE_TO_USER,
                ) from error

    def release(self) -> None:
        """Let the next server in. The lock files stay: removing them would race with it."""
        while self._handles:
            self._files.close(self._handles.pop())
