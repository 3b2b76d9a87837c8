"""Makes a history of the bytes that go over a client's connection, in both directions.

Does no I/O and has no clock: who relays the bytes says when they passed. What it does not
understand it tells as opaque, and it never raises for what others sent.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any, NamedTuple

from speckeeper.history.plain import (
    error_name,
    event_name,
    operation_name,
    reply_fields,
    request_fields,
)
from speckeeper.history.records import Connect, Disconnect, Lost, Opaque, Record, Reply, Watch
from speckeeper.wire.codes import OpCode
from speckeeper.wire.errors import WireError
from speckeeper.wire.handshake import (
    ConnectRequest,
    decode_connect_request,
    decode_connect_response,
)
from speckeeper.wire.jute import INT, Reader
from speckeeper.wire.replies import REPLY_HEADER, decode_watch_event
from speckeeper.wire.requests import REQUEST_HEADER, decode_request

Write = Callable[[int, Record], None]
"""Takes a record of a session; session 0 stands for those that never got an id."""

_PING_XID, _EVENT_XID = -2, -1
# Longer than any frame that a server takes by default, by far: that is not the protocol.
_LONGEST_FRAME = 64 << 20
_HEADER_SIZE = REPLY_HEADER.size


class _Asked(NamedTuple):
    op: int
    call: int
    size: int
    fields: dict[str, Any] | None  # None: it does not decode


class Recorder:
    """Records connections; ``write`` gets what is to be kept, in order."""

    def __init__(self, write: Write) -> None:
        self._write = write
        self._current: dict[int, Recording] = {}
        self._under_way: dict[Recording, None] = {}  # a set in the order in which they began

    def connection(self, address: str) -> Recording:
        """Return the recording of a new connection from ``address``, as the server sees it."""
        recording = Recording(self, address)
        self._under_way[recording] = None
        return recording

    def ended(self, now: int) -> None:
        """Nothing more is recorded: whatever is on its way reaches nobody who would tell."""
        for recording in [*self._under_way]:
            recording.ended(now)

    def _tell(self, session: int, record: Record) -> None:
        self._write(session, record)

    def _opened(self, session: int, recording: Recording, now: int) -> None:
        """A session has a new connection: whatever still comes on the former reaches nobody."""
        former = self._current.get(session)
        if former is not None:
            former.ended(now)
        self._current[session] = recording

    def _over(self, recording: Recording) -> None:
        self._under_way.pop(recording, None)

    def _closed(self, session: int, recording: Recording) -> None:
        if self._current.get(session) is recording:
            del self._current[session]


class Recording:
    """One connection. Times are microseconds; session: 0 as long as there is none."""

    def __init__(self, recorder: Recorder, address: str) -> None:
        self.session = 0
        self._recorder = recorder
        self._address = address
        self._out, self._in = bytearray(), bytearray()
        self._connect: tuple[ConnectRequest, int] | None = None
        self._is_open = False
        self._is_opaque = False
        self._is_over = False
        self._asked: dict[int, deque[_Asked]] = {}
        self._order: deque[int] = deque()

    # -- what the relay says

    def sent(self, data: bytes, now: int) -> None:
        """The client has sent these bytes."""
        self._take(self._out, data, now, self._request)

    def received(self, data: bytes, now: int) -> None:
        """The client gets these bytes."""
        self._take(self._in, data, now, self._answer)

    def ended(self, now: int) -> None:
        """The connection has ended, on whatever side. May be told more than once."""
        if self._is_over:
            return
        self._is_over = True
        self._recorder._over(self)
        self._in.clear()
        self._out.clear()
        if self._is_open:
            self._recorder._closed(self.session, self)
            for asked in self._unanswered():
                self._tell(
                    Lost(operation_name(asked.op), asked.call, now, asked.fields)
                    if asked.fields is not None
                    else Opaque("a request that was lost", now, asked.size)
                )
            self._tell(Disconnect(now))
        elif self._connect is not None:
            greeting, call = self._connect
            self.session = greeting.session_id
            self._tell(self._connected(greeting, call, now, "ConnectionLoss"))

    # -- frames

    def _take(
        self, inbox: bytearray, data: bytes, now: int, use: Callable[[bytes, int], None]
    ) -> None:
        if self._is_opaque or self._is_over:
            return
        inbox += data
        try:
            while len(inbox) >= 4:
                size = INT.unpack_from(inbox)[0]
                if not 0 <= size <= _LONGEST_FRAME:
                    raise WireError(f"a frame of {size} bytes")
                if len(inbox) < 4 + size:
                    return
                frame = bytes(inbox[4 : 4 + size])
                del inbox[: 4 + size]
                use(frame, now)
        except WireError as error:
            self._give_up(str(error), now)

    def _give_up(self, reason: str, now: int) -> None:
        """Record nothing more of a connection that is not understood."""
        if self.session:
            self._tell(Opaque(f"the rest of the connection: {reason}", now))
        self._is_opaque = True
        self._in.clear()
        self._out.clear()

    def _tell(self, record: Record) -> None:
        self._recorder._tell(self.session, record)

    # -- what the client asks

    def _request(self, frame: bytes, now: int) -> None:
        if self._connect is None:
            self._connect = decode_connect_request(frame), now
            return
        if len(frame) < REQUEST_HEADER.size:
            raise WireError(f"a request of {len(frame)} bytes")
        xid, op = REQUEST_HEADER.unpack_from(frame)
        if op == OpCode.PING:
            return
        fields = None
        if op != OpCode.SASL:
            try:
                request = decode_request(op, frame, REQUEST_HEADER.size, len(frame))
                fields = request_fields(op, request)
            except WireError:
                fields = None
        self._asked.setdefault(xid, deque()).append(_Asked(op, now, len(frame), fields))
        self._order.append(xid)

    def _unanswered(self) -> list[_Asked]:
        """Return the requests that wait for an answer, in the order in which they were sent."""
        left = []
        for xid in self._order:
            waiting = self._asked.get(xid)
            if waiting:
                left.append(waiting.popleft())
        return left

    # -- what it is answered

    def _answer(self, frame: bytes, now: int) -> None:
        if not self._is_open:
            self._welcome(frame, now)
            return
        if len(frame) < _HEADER_SIZE:
            raise WireError(f"a reply of {len(frame)} bytes")
        xid, zxid, err = REPLY_HEADER.unpack_from(frame)
        if xid == _PING_XID:
            return
        if xid == _EVENT_XID:
            kind, _state, path = decode_watch_event(Reader(frame, _HEADER_SIZE))
            self._tell(Watch(event_name(kind), path, now, zxid))
            return
        waiting = self._asked.get(xid)
        if not waiting:
            self._tell(Opaque(f"a reply with xid {xid} to no request", now, 0, zxid))
            return
        asked = waiting.popleft()
        if not waiting:
            del self._asked[xid]
        while self._order and not self._asked.get(self._order[0]):
            self._order.popleft()
        self._replied(asked, frame, zxid, err, now)

    def _replied(self, asked: _Asked, frame: bytes, zxid: int, err: int, now: int) -> None:
        name = operation_name(asked.op)
        if asked.fields is None:
            self._tell(Opaque(name, now, asked.size, zxid, error_name(err)))
            return
        try:
            fields = reply_fields(asked.op, frame, _HEADER_SIZE) if err == 0 else {}
        except WireError as error:
            self._tell(Opaque(f"{name}: {error}", now, asked.size, zxid, error_name(err)))
            return
        record = Reply(name, asked.call, now, zxid, error_name(err), asked.fields, fields)
        self._tell(record)

    def _welcome(self, frame: bytes, now: int) -> None:
        if self._connect is None:
            raise WireError("an answer before anything was asked")
        greeting, call = self._connect
        answer = decode_connect_response(frame)
        if answer.session_id == 0 or answer.timeout_ms <= 0:
            self.session = greeting.session_id
            self._is_over = True
            self._recorder._over(self)
            self._in.clear()
            if self.session:
                self._tell(self._connected(greeting, call, now, "SessionExpired"))
            return
        self.session = answer.session_id
        self._is_open = True
        self._recorder._opened(self.session, self, now)
        record = self._connected(greeting, call, now, "Ok")
        record.timeout, record.read_only = answer.timeout_ms, bool(answer.read_only)
        self._tell(record)

    def _connected(self, greeting: ConnectRequest, call: int, now: int, err: str) -> Connect:
        resumed = greeting.session_id != 0
        return Connect(
            self.session,
            call,
            now,
            greeting.last_zxid_seen,
            greeting.timeout_ms,
            resumed,
            err,
            self._address,
        )
