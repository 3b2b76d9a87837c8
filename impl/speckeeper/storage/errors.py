"""What can be wrong with a data directory, and how it is said.

Every error is one line for the operator: the place, what is wrong there, what to do about it.
Nothing here decides; `recovery.py` and `decisions.py` do.
"""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

GIVE_TO_USER = "give it to the user that runs the server"
_NO_FILE = {
    errno.EISDIR: ("is a directory", "move it away"),
    errno.ENOTDIR: ("is not a directory", "correct the path in the configuration"),
    errno.ENOENT: (
        "is a link to nothing, or was removed a moment ago",
        "restore what it links to, and start again",
    ),
    errno.ELOOP: ("is a link to itself", "restore what it linked to, and start again"),
}
_DESCRIPTOR_REMEDIES = {
    errno.EMFILE: "raise the limit of open files (ulimit -n)",
    errno.ENFILE: "raise the system's limit of open files (fs.file-max)",
}
_READ_REMEDIES = {
    **_DESCRIPTOR_REMEDIES,
    errno.EACCES: GIVE_TO_USER,
    errno.EPERM: GIVE_TO_USER,
    errno.EIO: "check the disk, and restore the file from a backup if it stays so",
    errno.ENOMEM: "give the server more memory",
    errno.ESTALE: "check the mount of the file system",
}


class StorageError(Exception):
    """A data directory that cannot be used as it is.

    ``str()`` is one line: ``place: what; remedy``. The three parts are attributes too.
    """

    def __init__(self, place: Path | str, what: str, remedy: str) -> None:
        super().__init__(f"{place}: {what}; {remedy}")
        self.place = str(place)
        self.what = what
        self.remedy = remedy


class DataDirError(StorageError):
    """A directory that is missing, not writable, in use, or holds files that belong elsewhere."""


class CorruptLog(StorageError):
    """A transaction log with bytes that no writer left there: ``file``, ``offset``, ``reason``.

    ``newest``: no other log follows, so that cutting the file leaves no gap.
    """

    def __init__(
        self, file: Path, offset: int, reason: str, remedy: str = "", *, newest: bool = False
    ) -> None:
        if newest and not remedy:
            remedy = (
                "restore the file from a backup, or, if what follows was never acknowledged, "
                f"cut it there with 'truncate -s {offset} {file}'"
            )
        remedy = remedy or (
            "restore the file from a backup, "
            "or empty the directory if the server can sync from its ensemble"
        )
        super().__init__(file, f"corrupt at offset {offset}: {reason}", remedy)
        self.file = file
        self.offset = offset
        self.reason = reason


class Unreadable(StorageError):
    """A file or directory that the system does not let the server read: ``file``, ``cause``.

    What is in it may be whole, so there is nothing to fall back on before the cause is put right.
    """

    def __init__(self, file: Path, error: OSError) -> None:
        cause = error.strerror or str(error)
        what, remedy = _NO_FILE.get(error.errno or 0, (f"cannot be read: {cause}", ""))
        super().__init__(file, what, remedy or read_remedy(error))
        self.file = file
        self.cause = cause


def read_remedy(error: OSError) -> str:
    """Say what to do about a read that failed."""
    return _READ_REMEDIES.get(error.errno or 0, "check the disk and its file system")


@contextmanager
def reading(file: Path) -> Iterator[None]:
    """Turn an OSError into Unreadable, for a block that only reads ``file``."""
    try:
        yield
    except OSError as error:
        raise Unreadable(file, error) from error


class MissingTransactions(StorageError):
    """The files there are do not hold every transaction that was logged."""


class BadSnapshot(StorageError):
    """A snapshot that cannot be read; ``file`` and ``reason``."""

    def __init__(self, file: Path, reason: str, remedy: str = "") -> None:
        super().__init__(file, reason, remedy or "restore the file from a backup")
        self.file = file
        self.reason = reason


class DiskFailure(StorageError):
    """The disk refused an operation while the server was running.

    What was written last is in an unknown state, so nothing after it may be acknowledged and the
    operation is not tried again: after a failed fsync the kernel may call the next one a success
    without having written anything.
    """

    def __init__(self, file: Path, operation: str, cause: str, remedy: str = "") -> None:
        super().__init__(
            file, f"{operation} failed: {cause}", remedy or "check the disk and its free space"
        )
        self.file = file
        self.operation = operation
        self.cause = cause
        self.out_of_descriptors = False
        """The disk was not asked: the process or the system had no descriptor left."""

    @classmethod
    def of(cls, file: Path, operation: str, error: OSError) -> "DiskFailure":
        """Return the failure that the system's error amounts to, with its remedy."""
        number = error.errno or 0
        remedy = _DESCRIPTOR_REMEDIES.get(number, "")
        failure = cls(file, operation, error.strerror or str(error), remedy)
        failure.out_of_descriptors = number in _DESCRIPTOR_REMEDIES
        return failure
