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
    INTERRUPTED = 130


#: What each means to an operator; the text of the table in docs/operations.md.
MEANINGS: dict[ExitCode, str] = {
    ExitCode.OK: "done; of a server: stopped by a signal",
    ExitCode.UNEXPECTED: (
        "anything unexpected, such as a client port or a metrics port that is taken; what was "
        "asked about is wrong, or does not answer (`status`, `quorum`, `doctor`)"
    ),
    ExitCode.BAD_INVOCATION: (
        "bad command line or configuration, such as an address in zoo.cfg that is not one of this "
        "machine"
    ),
    ExitCode.DATA_DIR: "a data directory that is missing, not writable, or in use",
    ExitCode.ADMIN_SERVER: "the AdminServer could not start, such as for a port that is taken",
    ExitCode.LOG_OR_SNAPSHOT: "log or snapshots are damaged, or the disk failed",
    ExitCode.UNMATCHED_COMMIT: "only Apache's: a commit that does not fit",
    ExitCode.QUORUM_PACKET: "only Apache's: a packet that cannot be sent",
    ExitCode.QUORUM_PORT: "only Apache's: an election port that cannot be bound; 1 here",
    ExitCode.INTERRUPTED: "a command that was interrupted (Ctrl-C)",
}
