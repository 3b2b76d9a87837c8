"""Exit codes of `speckeeper`, the values of ZooKeeper's ExitCode, so that people's scripts keep
working.
"""

from enum import IntEnum


class ExitCode(IntEnum):
    """Why the process ended."""

    OK = 0
    UNEXPECTED = 1
    BAD_INVOCATION = 2
    DATA_DIR = 3
    ADMIN_SERVER = 4
    LOG_OR_SNAPSHOT = 10
    UNMATCHED_COMMIT = 12
    QUORUM_PACKET = 13
    QUORUM_PORT = 14
