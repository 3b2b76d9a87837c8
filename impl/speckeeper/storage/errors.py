"""What can be wrong with a data directory, and how it is said.

Every error is one line for the operator: the place, what is wrong there, what to do about it.
Nothing here decides; `recovery.py` and `decisions.py` do.
"""

from pathlib import Path


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
    """A transaction log with bytes that no writer left there: ``file``, ``offset``, ``reason``."""

    def __init__(self, file: Path, offset: int, reason: str, remedy: str = "") -> None:
        remedy = remedy or (
            "restore the file from a backup, or, if what follows was never acknowledged, "
            f"cut it there with 'truncate -s {offset} {file}'"
        )
        super().__init__(file, f"corrupt at offset {offset}: {reason}", remedy)
        self.file = file
        self.offset = offset
        self.reason = reason


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
