"""Expiry, held to what clients know: a session is not closed for silence before its time.

A leader has heard of a session at least when it took a write of it, and a new leader begins its
time anew. So between the sending of a write that was answered and the closing for silence there is
at least the session's timeout, by the clock of the leader that closes it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from speckeeper.sim.violation import Violation
from speckeeper.wire.codes import OpCode
from speckeeper.wire.txns import TXN_HEADER

if TYPE_CHECKING:
    from speckeeper.sim.node import Node

_CLOSE_SESSION = int(OpCode.CLOSE_SESSION)
# Two clocks of whole milliseconds are read.
_ROUNDING_MS = 2


class JudgedSessions:
    """``closing``: sessions that a leader has proposed to close."""

    def __init__(self) -> None:
        self.closing: set[int] = set()
        self._heard_ms: dict[int, int] = {}
        self._early: dict[int, str] = {}  # closed too early, by zxid: if it comes to that

    def heard(self, session: int, sent_ms: int) -> None:
        """A write that a client sent at a time was answered."""
        self._heard_ms[session] = max(sent_ms, self._heard_ms.get(session, 0))

    def proposed(self, entry: bytes, node: Node) -> None:
        """A leader makes a proposal."""
        session, cxid, zxid, _, kind = TXN_HEADER.unpack_from(entry)
        if kind != _CLOSE_SESSION:
            return
        self.closing.add(session)
        heard_ms = self._heard_ms.get(session)
        timeout_ms = node.tree.sessions.get(session)
        if cxid or heard_ms is None or timeout_ms is None:
            return
        silent_ms = (node.world.clock.now_ms - heard_ms) * node.clock.rate // 1000
        if silent_ms + _ROUNDING_MS < timeout_ms:
            self._early[zxid] = (
                f"ExpiryIsLate: {node.id} closes session {session:#x} after {silent_ms} ms, "
                f"its timeout is {timeout_ms} ms"
            )

    def committed(self, zxid: int) -> None:
        """A proposal is committed; one of a leader that is replaced never is."""
        early = self._early.get(zxid)
        if early is not None:
            raise Violation(early)
