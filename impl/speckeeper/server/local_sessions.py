"""Sessions that only the server knows to which their client is connected (localSessionsEnabled).

No transaction opens or closes them, and they expire at that server; their writes go the way of all
writes. A client that wants an ephemeral node, which all servers must know the owner of, makes its
session global first (localSessionsUpgradingEnabled), under the same id; where that is not wanted
the node is refused. At any other server a local session is unknown, and so invalid.

Source: ZooKeeper ``UpgradeableSessionTracker``, ``LocalSessionTracker``,
``QuorumZooKeeperServer.checkUpgradeSession``.
"""

from __future__ import annotations

from speckeeper.server.core import Core
from speckeeper.server.pipeline import Pipeline
from speckeeper.server.sessions import Session
from speckeeper.wire.codes import CreateFlag, OpCode
from speckeeper.wire.errors import WireError
from speckeeper.wire.requests import (
    CreateRequest,
    CreateSessionRequest,
    MultiRequest,
    decode_request,
    encode_request,
)

_CREATE_SESSION = int(OpCode.CREATE_SESSION)
_EPHEMERAL = frozenset((int(CreateFlag.EPHEMERAL), int(CreateFlag.EPHEMERAL_SEQUENTIAL)))
_CREATES = frozenset((int(OpCode.CREATE), int(OpCode.CREATE2)))
_MULTI = int(OpCode.MULTI)


def wants_ephemeral(op: int, buffer: bytes, start: int, end: int) -> bool:
    """Whether a write with body ``buffer[start:end]`` would create an ephemeral node.

    False for what does not decode: it is refused for that.
    """
    if op not in _CREATES and op != _MULTI:
        return False
    try:
        request = decode_request(op, buffer, start, end)
    except WireError:
        return False
    if isinstance(request, MultiRequest):
        return any(
            part_op in _CREATES and isinstance(part, CreateRequest) and part.flags in _EPHEMERAL
            for part_op, part in request.ops
        )
    return isinstance(request, CreateRequest) and request.flags in _EPHEMERAL


class SessionUpgrader:
    """Makes local sessions global where their client's requests need it."""

    def __init__(self, core: Core, pipeline: Pipeline) -> None:
        self._core = core
        self._pipeline = pipeline
        self._enabled = core.settings.local_sessions_upgrading_enabled

    def check_upgrade_session(
        self, session: Session, op: int, buffer: bytes, start: int, end: int, now_ms: int
    ) -> bool:
        """Make a local session global if a request needs it; return whether it still is local."""
        if self._enabled and wants_ephemeral(op, buffer, start, end):
            self.upgrade(session, now_ms)
        return session.local

    def upgrade(self, session: Session, now_ms: int) -> None:
        """Have the ensemble create the session; its client notices nothing."""
        core = self._core
        assert core.local_sessions is not None
        core.local_sessions.remove(session.id)
        core.sessions.adopt(session)
        session.local = False
        body = encode_request(_CREATE_SESSION, CreateSessionRequest(session.timeout_ms))
        self._pipeline.write(None, session.id, 0, _CREATE_SESSION, body, 0, len(body), (), now_ms)
