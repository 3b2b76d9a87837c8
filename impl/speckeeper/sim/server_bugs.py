"""Known mistakes of servers rather than of the protocol: sessions, reads, watches, multis.

Each shows that a rule of the judge is not idle.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from unittest.mock import patch

import speckeeper.server.session_ops
import speckeeper.tree.apply
import speckeeper.tree.watch_requests
from speckeeper.server.connection import Connection
from speckeeper.server.forwarding import ForwardingPipeline
from speckeeper.server.learners import LearnersGate
from speckeeper.server.read_only_server import ReadOnlyDispatcher, ReadOnlySessionOps
from speckeeper.server.reply_cache import ReplyCache
from speckeeper.server.session_ops import SessionOps
from speckeeper.server.sessions import Session, SessionTracker
from speckeeper.server.watch_ops import WatchOps
from speckeeper.storage.txnlog import TxnLog
from speckeeper.tree.applied import TreeEvent
from speckeeper.tree.datatree import DataTree
from speckeeper.tree.view import TreeView
from speckeeper.tree.watch_requests import Rewatch
from speckeeper.wire.codes import OpCode
from speckeeper.wire.handshake import decode_connect_request
from speckeeper.wire.requests import SetWatchesRequest

Patch = tuple[Any, Any, Any]
"""What is replaced (a class or module, and the name within; a dict, and the key), and by what."""

_SYNC = int(OpCode.SYNC)


def _ephemerals_kept(tree: DataTree, paths: Iterable[str], zxid: int) -> tuple[TreeEvent, ...]:
    """Close a session, and leave its ephemerals."""
    return ()


def _fired_late(self: WatchOps, events: tuple[TreeEvent, ...], zxid: int) -> None:
    """Tell watchers of a change when the next one is applied."""
    late = self.__dict__.setdefault("late", [])
    told, late[:] = [*late], [(events, zxid)]
    for each in told:
        _FIRE(self, *each)


def _missed_not_told(tree: DataTree, request: SetWatchesRequest) -> Rewatch:
    """Set watches again on another server, and do not tell what they have missed."""
    return _REWATCH(tree, request._replace(relative_zxid=1 << 62))


def _expired_early(self: SessionTracker, session: Session) -> int:
    """Let a session expire after half of its timeout."""
    return self._round_up(session.touched_ms + session.timeout_ms // 2)


def _closed_session_revived(
    self: LearnersGate, session_id: int, timeout_ms: int, now_ms: int
) -> bool:
    """Take every session that a learner asks for to be alive."""
    self._server.sessions.track(session_id, timeout_ms, now_ms)
    return True


def _client_ahead_served(
    self: SessionOps, connection: Connection, payload: bytes, now_ms: int
) -> None:
    """Take in a client that has seen more than the server has applied."""
    decode = decode_connect_request
    with patch.object(
        speckeeper.server.session_ops,
        "decode_connect_request",
        lambda raw: decode(raw)._replace(last_zxid_seen=0),
    ):
        _HANDSHAKE(self, connection, payload, now_ms)


def _unasked_taken_in(
    self: ReadOnlySessionOps, connection: Connection, payload: bytes, now_ms: int
) -> None:
    """Let everybody in who comes to a server without a leader, and not only readers."""
    decode = decode_connect_request
    with patch.object(
        speckeeper.server.session_ops,
        "decode_connect_request",
        lambda raw: decode(raw)._replace(read_only=True),
    ):
        _HANDSHAKE(self, connection, payload, now_ms)


def _writes_answered(self: ReadOnlyDispatcher, *request: Any) -> bool:
    """Answer requests to write on a server without a leader as if they were reads."""
    connection, xid, op, *rest = request
    asked = int(OpCode.EXISTS) if op == int(OpCode.SET_DATA) else op
    return _DISPATCH_READ_ONLY(self, connection, xid, asked, *rest)


def _reply_kept(self: ReplyCache, path: str) -> None:
    """Go on answering with what a node was before it changed."""


def _sync_answered_here(
    self: ForwardingPipeline, connection: Connection, xid: int, op: int, *rest: Any
) -> None:
    """Answer sync on a learner without asking the leader."""
    _READ_LATER(self, connection, xid, op, *rest)
    if op == _SYNC:
        self.synced()
        self.requests.pop()


def _session_of_anybody(self: TreeView, session_id: int) -> bool:
    """Carry out requests of sessions that are over."""
    return True


def _multi_in_part(tree: DataTree, kind: int, record: Any, header: Any) -> Any:
    """Apply the parts of a failed multi that are ahead of the one that failed."""
    for part in record.txns:
        if part.type == int(OpCode.ERROR):
            break
        speckeeper.tree.apply._apply_record(tree, part.type, part.record, header)
    return _MULTI(tree, kind, record, header)


def _acknowledged_unsynced(self: TxnLog, data: bytes, sync: bool) -> None:
    """Take for durable what is written and not synced."""
    _PUT(self, data, False)


_FIRE = WatchOps.fire
_DISPATCH_READ_ONLY = ReadOnlyDispatcher.dispatch
_REWATCH = speckeeper.tree.watch_requests.decide_rewatch
_HANDSHAKE = SessionOps.handshake
_READ_LATER = ForwardingPipeline.read_later
_MULTI = speckeeper.tree.apply._multi
_PUT = TxnLog._put

SERVER_BUGS: dict[str, tuple[Patch, ...]] = {
    "ahead-client-served": ((SessionOps, "handshake", _client_ahead_served),),
    "closed-session-revived": ((LearnersGate, "_touch", _closed_session_revived),),
    "ephemerals-kept": ((speckeeper.tree.apply, "_remove_nodes", _ephemerals_kept),),
    "expired-early": ((SessionTracker, "expiry_of", _expired_early),),
    "missed-events-untold": ((speckeeper.tree.watch_requests, "decide_rewatch", _missed_not_told),),
    "multi-in-part": ((speckeeper.tree.apply._APPLY, int(OpCode.MULTI), _multi_in_part),),
    "read-only-unasked": ((ReadOnlySessionOps, "handshake", _unasked_taken_in),),
    "read-only-writes": ((ReadOnlyDispatcher, "dispatch", _writes_answered),),
    "reply-kept": ((ReplyCache, "forget", _reply_kept),),
    "session-of-anybody": ((TreeView, "session_lives", _session_of_anybody),),
    "sync-answered-here": ((ForwardingPipeline, "read_later", _sync_answered_here),),
    "unsynced-log": ((TxnLog, "_put", _acknowledged_unsynced),),
    "watch-fired-late": ((WatchOps, "fire", _fired_late),),
}
"""As ``bugs.BUGS``, which has these too."""
