"""What one client sees, held to what was committed.

A session's zxids never go back, also on another server; a read shows the state at the zxid of its
reply; a write that is answered is committed, after it was asked for; replies come in the order of
requests; a session that is over is refused, and one that lives is not.
"""

from __future__ import annotations

from typing import NamedTuple

from speckeeper.sim.judge import Judge
from speckeeper.sim.judge_tree import NodeState
from speckeeper.sim.judge_watches import JudgedWatches
from speckeeper.sim.violation import Violation
from speckeeper.wire.codes import ErrorCode, OpCode
from speckeeper.wire.jute import Reader
from speckeeper.wire.replies import (
    ErrorResult,
    decode_children2_reply,
    decode_data_reply,
    decode_multi_reply,
    decode_stat,
)
from speckeeper.wire.requests import (
    CreateRequest,
    ExistsRequest,
    GetChildrenRequest,
    GetDataRequest,
    Request,
    SetDataRequest,
)
from speckeeper.wire.txns import CreateTxn

_NO_NODE = int(ErrorCode.NO_NODE)
_NOT_READ_ONLY = int(ErrorCode.NOT_READ_ONLY)
_READS = (OpCode.EXISTS, OpCode.GET_DATA, OpCode.GET_CHILDREN2)
_WRITES = (OpCode.CREATE, OpCode.SET_DATA, OpCode.DELETE, OpCode.MULTI)


class Asked(NamedTuple):
    """A request, and what was committed when it was sent."""

    xid: int
    op: int
    request: Request
    committed: int
    sent_ms: int


class JudgedClient:
    """One client; ``last_zxid``: the highest that it has seen in its session."""

    def __init__(self, name: str, judge: Judge) -> None:
        self._name = name
        self._judge = judge
        self.watches = JudgedWatches(name, judge.tree)
        self.session = 0
        self.last_zxid = 0
        self._read_only = False

    @property
    def committed(self) -> int:
        """The last transaction that is committed."""
        return self._judge.last_committed

    # -- sessions

    def opened(self, session: int, applied: int) -> None:
        """A server has taken the client in; ``applied``: how far its tree was then."""
        facts = self._judge.facts
        if session not in facts.opened and self._judge.local_sessions:
            self.session = session  # one server's own, so far
            return
        if session not in facts.opened:
            raise Violation(f"Sessions: {self._name} gets {session:#x}, which is not committed")
        closed = facts.closed.get(session)
        if closed is not None and closed <= applied:
            raise Violation(
                f"ClosedIsClosed: {self._name} goes on with session {session:#x} on a server at "
                f"{applied:#x}, and {closed:#x} has closed it"
            )
        self.session = session

    def begins_read_only(self, read_only: bool, asked: bool) -> None:
        """A server has said whether it can only read; who did not ask for that is not taken in."""
        if read_only and not asked:
            raise Violation(f"ReadOnlyIsAsked: {self._name} is on a server that can only read")
        self._read_only = read_only

    def refused(self, session: int) -> None:
        """A server says that the session is over."""
        opened = self._judge.facts.opened.get(session, 0)
        if not opened and self._judge.local_sessions:
            self.over()  # it has gone to another server, or was silent
            return
        # A server that is behind may not know of it yet, if the client has not seen it either.
        if self.last_zxid >= opened and session not in self._judge.sessions.closing:
            raise Violation(
                f"LiveIsServed: session {session:#x} of {self._name} is refused, and nobody has "
                "closed it"
            )
        self.over()

    def over(self) -> None:
        """Begin anew, without a session."""
        self.session = self.last_zxid = 0
        self.watches.clear()

    # -- replies and events

    def fired(self, kind: int, path: str, zxid: int) -> None:
        """A watch event has come."""
        self.watches.fired(kind, path, zxid, self._judge.last_committed)

    def rewatched(self, zxid: int) -> None:
        """setWatches is answered."""
        self._sees(zxid)
        self.watches.rewatched(zxid)

    def replied(self, asked: Asked, xid: int, zxid: int, err: int, body: bytes) -> None:
        """A reply has come to the oldest request."""
        if xid != asked.xid:
            raise Violation(
                f"ReplyOrder: {self._name} gets a reply to {xid}, {asked.xid} is the oldest"
            )
        closed = self._judge.facts.closed.get(self.session)
        if closed is not None and closed <= zxid and asked.op != OpCode.CLOSE_SESSION:
            raise Violation(
                f"ClosedIsClosed: {self._name} gets a reply at {zxid:#x}, and {closed:#x} has "
                f"closed session {self.session:#x}"
            )
        self._sees(zxid)
        if self._read_only:
            self._replied_read_only(asked, zxid, err, body)
            return
        self.watches.replied(zxid)
        if asked.op in _READS:
            self._read(asked, zxid, err, body)
        elif asked.op in _WRITES:
            self._wrote(asked, zxid, err, body)
        elif asked.op == OpCode.SYNC:
            self._synced(asked, zxid)

    def _sees(self, zxid: int) -> None:
        if zxid < self.last_zxid:
            raise Violation(
                f"ZxidsGrow: {self._name} sees {zxid:#x} after {self.last_zxid:#x} in session "
                f"{self.session:#x}"
            )
        self.last_zxid = zxid

    def _replied_read_only(self, asked: Asked, zxid: int, err: int, body: bytes) -> None:
        """A server without a leader reads what it has, which may not be committed, and no more.

        Watches that are set there end with the session.
        """
        if asked.op in _READS:
            if self._judge.has_committed(zxid):
                self._read(asked, zxid, err, body, keep_watch=False)
        elif asked.op != OpCode.CLOSE_SESSION and (
            err != _NOT_READ_ONLY or (self.session, asked.xid) in self._judge.facts.outcomes
        ):
            raise Violation(
                f"ReadOnlyRefuses: {self._name} gets {err} for {asked.request} from a server that "
                "can only read"
            )

    def _read(
        self, asked: Asked, zxid: int, err: int, body: bytes, *, keep_watch: bool = True
    ) -> None:
        request = asked.request
        assert isinstance(request, ExistsRequest | GetDataRequest | GetChildrenRequest)
        state = self._judge.tree.state(request.path, zxid)
        wanted = None if state is None else _shown(asked.op, state)
        found: object = None
        if not err:
            found = _decoded(asked.op, body)
        elif err != _NO_NODE:
            raise Violation(f"Reads: {self._name} gets error {err} for {request}")
        if found != wanted:
            raise Violation(
                f"ReadsAreStates: {self._name} reads {found} at {zxid:#x} by {request}, "
                f"and it is {wanted}"
            )
        if request.watch and keep_watch:
            self.watches.set(asked.op, request.path, not err, zxid)

    def _wrote(self, asked: Asked, zxid: int, err: int, body: bytes) -> None:
        outcome = self._judge.facts.outcomes.get((self.session, asked.xid))
        if outcome is None:
            raise Violation(
                f"Durability: request {asked.xid} of {self._name}, {asked.request}, is answered "
                f"with {err}, and not committed"
            )
        if asked.op == OpCode.MULTI and not err:
            results = decode_multi_reply(Reader(body))
            err = next((r.err for r in results if isinstance(r, ErrorResult) and r.err), 0)
        if err != outcome.err:
            raise Violation(
                f"Answers: {self._name} gets {err} for {asked.request}, "
                f"{outcome.zxid:#x} is committed with {outcome.err}"
            )
        if not asked.committed < outcome.zxid <= zxid:
            raise Violation(
                f"WritesAreInTime: {asked.request} of {self._name} is committed as "
                f"{outcome.zxid:#x}, asked for after {asked.committed:#x} and answered at {zxid:#x}"
            )
        self._judge.sessions.heard(self.session, asked.sent_ms)
        if not err:
            self._check_result(asked, outcome.zxid, body)

    def _check_result(self, asked: Asked, zxid: int, body: bytes) -> None:
        if isinstance(asked.request, SetDataRequest):
            path = asked.request.path
            state = self._judge.tree.state(path, zxid)
            if state is None or decode_stat(Reader(body)) != state.stat:
                raise Violation(f"Answers: {self._name} gets another Stat of {path} at {zxid:#x}")
        elif isinstance(asked.request, CreateRequest):
            record = self._judge.facts.outcomes[self.session, asked.xid].txn.record
            path = Reader(body).text("path")
            if not isinstance(record, CreateTxn) or record.path != path:
                raise Violation(f"Answers: {self._name} has created {path}, committed is {record}")

    def _synced(self, asked: Asked, zxid: int) -> None:
        """After sync a server is where the leader was; a leader that is replaced does not know."""
        epoch = zxid >> 32
        if zxid < asked.committed and max(self._judge.leaders, default=0) <= epoch:
            raise Violation(
                f"SyncCatchesUp: {self._name} is at {zxid:#x} after sync, and {asked.committed:#x} "
                "was committed before"
            )


def _shown(op: int, state: NodeState) -> object:
    """Return what a read of a node answers."""
    if op == OpCode.GET_DATA:
        return state.data, state.stat
    if op == OpCode.GET_CHILDREN2:
        return frozenset(path.rpartition("/")[2] for path in state.children), state.stat
    return state.stat


def _decoded(op: int, body: bytes) -> object:
    reader = Reader(body)
    if op == OpCode.GET_DATA:
        return decode_data_reply(reader)
    if op == OpCode.GET_CHILDREN2:
        children, stat = decode_children2_reply(reader)
        return frozenset(children), stat
    return decode_stat(reader)
