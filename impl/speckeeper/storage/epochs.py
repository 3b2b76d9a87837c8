"""acceptedEpoch and currentEpoch: two numbers that a member of an ensemble must not forget.

Each is a file of decimal text beside the snapshots, replaced in one step. A standalone server has
neither. Source: ZooKeeper ``QuorumPeer.loadDataBase``, ``readLongFromFile``, ``writeLongToFile``,
``AtomicFileWritingIdiom``.
"""

from pathlib import Path
from typing import NamedTuple

from speckeeper.storage.errors import DiskFailure, StorageError, reading
from speckeeper.storage.interface import FileSystem
from speckeeper.storage.names import TEMPORARY_SUFFIX
from speckeeper.wire.quorum_data import LAST_EPOCH

ACCEPTED_EPOCH = "acceptedEpoch"
CURRENT_EPOCH = "currentEpoch"


class Epochs(NamedTuple):
    """The newest epoch a server has promised to follow, and the one its history belongs to."""

    accepted: int
    current: int


class EpochFiles:
    """Reads and writes the epoch files of a snapshot directory."""

    def __init__(self, directory: Path, files: FileSystem) -> None:
        self._directory = directory
        self._files = files

    def read(self, name: str) -> int | None:
        """Return the number in ``acceptedEpoch`` or ``currentEpoch``, None if there is no file.

        Raises StorageError for a file that holds no number or cannot be read.
        """
        return self._read(self._directory / name)

    def load(self, last_zxid: int) -> Epochs:
        """Return both epochs, writing those that are missing, for a log that ends at ``last_zxid``.

        A log may be ahead of currentEpoch, by transactions of an epoch that was accepted: the
        history of an epoch is made durable before the epoch is claimed, and a crash may come in
        between. Nobody has been told of it then, so the older epoch is still the right one to vote
        with. (ZooKeeper refuses to start in this state.)

        Raises StorageError where the two files and the log cannot belong together.
        """
        epoch_of_log = last_zxid >> 32
        current = self.read(CURRENT_EPOCH)
        if current is None:
            current = epoch_of_log
            self.write(CURRENT_EPOCH, current)
        accepted = self.read(ACCEPTED_EPOCH)
        if epoch_of_log > current and (accepted is None or accepted < epoch_of_log):
            raise StorageError(
                self._directory / CURRENT_EPOCH,
                f"epoch {current:#x} is older than the last transaction, {last_zxid:#x}",
                "restore both from one backup, or empty dataDir and let the server sync",
            )
        if accepted is None:
            accepted = epoch_of_log
            self.write(ACCEPTED_EPOCH, accepted)
        if accepted < current:
            raise StorageError(
                self._directory / ACCEPTED_EPOCH,
                f"epoch {accepted:#x} is less than the current epoch, {current:#x}",
                "restore both from one backup, or empty dataDir and let the server sync",
            )
        return Epochs(accepted, current)

    def write(self, name: str, epoch: int) -> None:
        """Replace the number; when this returns it is durable. Raises DiskFailure."""
        target = self._directory / name
        write_atomically(self._files, target, str(epoch).encode())

    def _read(self, path: Path) -> int | None:
        if not self._files.exists(path):
            return None
        with reading(path):
            text = self._files.read(path)
        remedy = "restore it from a backup, or empty dataDir and let the server sync from its peers"
        try:
            epoch = int(text.decode("ascii").strip())
        except ValueError as error:
            raise StorageError(path, "holds no decimal number", remedy) from error
        if not 0 <= epoch <= LAST_EPOCH:
            raise StorageError(path, f"{epoch} is no epoch, the last is {LAST_EPOCH}", remedy)
        return epoch


def write_atomically(files: FileSystem, target: Path, content: bytes) -> None:
    """Give ``target`` this content so that a crash leaves the old or the new one, never a mix.

    Written beside it, synced, renamed, and the directory synced. Raises DiskFailure.
    """
    temporary = target.with_name(target.name + TEMPORARY_SUFFIX)
    try:
        handle = files.create(temporary, exclusive=False)
        try:
            if files.write(handle, content, 0, sync=False) != len(content):
                raise DiskFailure(temporary, "write", "fewer bytes were written than asked")
            files.sync(handle)
        finally:
            files.close(handle)
        files.rename(temporary, target)
        files.sync_directory(target.parent)
    except OSError as error:
        raise DiskFailure(target, "replacing the file", error.strerror or str(error)) from error
