"""Failures of a command, with the text and the exit code that the user gets.

Source: ZooKeeper ``CliException`` and ``CliWrapperException`` (texts),
``KeeperException.getCodeMessage``.
"""

from speckeeper.wire.codes import ErrorCode

FAILED = 1
NOT_FOUND = 127

# What zkCli says about the errors that people meet; the path follows.
_SENTENCES = {
    ErrorCode.NO_NODE: "Node does not exist: ",
    ErrorCode.NO_CHILDREN_FOR_EPHEMERALS: "Ephemerals cannot have children: ",
    ErrorCode.NODE_EXISTS: "Node already exists: ",
    ErrorCode.NOT_EMPTY: "Node not empty: ",
    ErrorCode.NOT_READ_ONLY: "Not a read-only call: ",
    ErrorCode.INVALID_ACL: "Acl is not valid : ",
    ErrorCode.NO_AUTH: "Insufficient permission : ",
    ErrorCode.BAD_ARGUMENTS: "Arguments are not valid : ",
    ErrorCode.BAD_VERSION: "version No is not valid : ",
    ErrorCode.QUOTA_EXCEEDED: "Quota has exceeded : ",
}
_WHOLE_SENTENCES = {
    ErrorCode.RECONFIG_IN_PROGRESS: (
        "Another reconfiguration is in progress -- concurrent reconfigs not supported (yet)"
    ),
    ErrorCode.NEW_CONFIG_NO_QUORUM: (
        "No quorum of new config is connected and up-to-date with the leader of last committed"
        " config - try invoking reconfiguration after new servers are connected and synced"
    ),
}
_NAMES = {
    ErrorCode.OK: "ok",
    ErrorCode.SYSTEM_ERROR: "SystemError",
    ErrorCode.RUNTIME_INCONSISTENCY: "RuntimeInconsistency",
    ErrorCode.DATA_INCONSISTENCY: "DataInconsistency",
    ErrorCode.CONNECTION_LOSS: "ConnectionLoss",
    ErrorCode.MARSHALLING_ERROR: "MarshallingError",
    ErrorCode.NEW_CONFIG_NO_QUORUM: "NewConfigNoQuorum",
    ErrorCode.RECONFIG_IN_PROGRESS: "ReconfigInProgress",
    ErrorCode.UNIMPLEMENTED: "Unimplemented",
    ErrorCode.OPERATION_TIMEOUT: "OperationTimeout",
    ErrorCode.BAD_ARGUMENTS: "BadArguments",
    ErrorCode.API_ERROR: "APIError",
    ErrorCode.NO_NODE: "NoNode",
    ErrorCode.NO_AUTH: "NoAuth",
    ErrorCode.BAD_VERSION: "BadVersion",
    ErrorCode.NO_CHILDREN_FOR_EPHEMERALS: "NoChildrenForEphemerals",
    ErrorCode.NODE_EXISTS: "NodeExists",
    ErrorCode.INVALID_ACL: "InvalidACL",
    ErrorCode.AUTH_FAILED: "AuthFailed",
    ErrorCode.NOT_EMPTY: "Directory not empty",
    ErrorCode.SESSION_EXPIRED: "Session expired",
    ErrorCode.INVALID_CALLBACK: "Invalid callback",
    ErrorCode.SESSION_MOVED: "Session moved",
    ErrorCode.NOT_READ_ONLY: "Not a read-only call",
    ErrorCode.EPHEMERAL_ON_LOCAL_SESSION: "Ephemeral node on local session",
    ErrorCode.NO_WATCHER: "No such watcher",
    ErrorCode.RECONFIG_DISABLED: "Reconfig is disabled",
    ErrorCode.SESSION_CLOSED_REQUIRE_SASL_AUTH: (
        "Session closed because client failed to authenticate"
    ),
    ErrorCode.QUOTA_EXCEEDED: "Quota has exceeded",
    ErrorCode.THROTTLED_OP: "Op throttled due to high load",
}


class ShellError(Exception):
    """A command failed: ``text`` goes to standard error, ``exit_code`` may become the shell's."""

    def __init__(self, text: str, exit_code: int = FAILED) -> None:
        super().__init__(text)
        self.text = text
        self.exit_code = exit_code


class BadPath(ShellError):
    """A path that is no znode path; found before anything is sent."""


class KeeperError(ShellError):
    """An error code of the server, or one that stands for a lost connection or session.

    ``path`` is the path as the user gave it; None where ZooKeeper's client has none to name.
    """

    def __init__(self, code: int, path: str | None = None) -> None:
        self.code = code
        self.path = path
        super().__init__(self._sentence())

    def _sentence(self) -> str:
        code = self.code
        if code in _WHOLE_SENTENCES:
            return _WHOLE_SENTENCES[ErrorCode(code)]
        if code in _SENTENCES:
            return _SENTENCES[ErrorCode(code)] + ("null" if self.path is None else self.path)
        return self.code_text()

    def code_text(self) -> str:
        """Return the error as ZooKeeper's own ``KeeperException.getMessage`` words it."""
        name = _NAMES.get(ErrorCode(self.code)) if self.code in set(ErrorCode) else None
        text = f"KeeperErrorCode = {name or f'Unknown error {self.code}'}"
        return f"{text} for {self.path}" if self.path else text
