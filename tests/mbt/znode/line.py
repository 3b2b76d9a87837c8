"""One connection of one client: frames go out, frames come in."""

from collections import deque
from itertools import count
from struct import Struct
from typing import Any, Protocol

from speckeeper.wire.codes import OpCode
from speckeeper.wire.handshake import (
    ConnectRequest,
    ConnectResponse,
    decode_connect_response,
    encode_connect_request,
)
from speckeeper.wire.jute import Reader
from speckeeper.wire.replies import decode_reply_header
from speckeeper.wire.requests import AuthRequest, PingRequest, encode_request

_REQUEST = Struct(">ii")
_XIDS = {int(OpCode.PING): -2, int(OpCode.AUTH): -4, int(OpCode.SET_WATCHES2): -8}

_ASIDE_XID = 0x7FFFFFFF


class Stream(Protocol):
    """Carries the frames of one connection."""

    def send(self, payload: bytes) -> None:
        """Send a frame; one that cannot be sent any more is lost."""
        ...

    def receive(self) -> bytes | None:
        """Return the next frame, sooner or later; None: the other end has closed."""
        ...

    def close(self) -> None:
        """Close this end."""
        ...


class Line(Protocol):
    """What a client can do with a connection."""

    ended: bool
    """Whether the server has closed it."""
    frames: deque[bytes]
    """What has arrived of replies and events, pings and answers to :meth:`prove_again` apart."""
    zxid: int
    """The zxid of the newest ping."""

    def greet(self, request: ConnectRequest) -> ConnectResponse | None:
        """Begin; None if the server closes at once."""
        ...

    def ask(self, op: int, record: Any) -> None:
        """Send a request."""
        ...

    def ask_aside(self, op: int, record: Any) -> None:
        """Send a request whose reply is nobody's concern."""
        ...

    def prove_again(self, credentials: list[str]) -> None:
        """Authenticate after a reconnection."""
        ...

    def settle(self) -> None:
        """Return when all has arrived that was caused before."""
        ...

    def cut(self) -> None:
        """Lose the connection."""
        ...


class FrameLine:
    """A line that writes and reads frames itself.

    Its xids are those of no other: a client goes on counting on its next connection.
    """

    _xids = count(1)

    def __init__(self, stream: Stream) -> None:
        self.ended = False
        self.frames: deque[bytes] = deque()
        self.zxid = 0
        self._stream = stream

    def greet(self, request: ConnectRequest) -> ConnectResponse | None:
        """Send the handshake and return its answer."""
        self._stream.send(encode_connect_request(request))
        answer = self._stream.receive()
        self.ended = answer is None
        return None if answer is None else decode_connect_response(answer)

    def ask(self, op: int, record: Any) -> None:
        """Send a request."""
        xid = _XIDS.get(op) or next(self._xids)
        self._stream.send(_REQUEST.pack(xid, op) + encode_request(op, record))

    def ask_aside(self, op: int, record: Any) -> None:
        """Send a request whose reply is passed over."""
        self._stream.send(_REQUEST.pack(_ASIDE_XID, op) + encode_request(op, record))

    def prove_again(self, credentials: list[str]) -> None:
        """Authenticate after a reconnection."""
        for text in credentials:
            self.ask(int(OpCode.AUTH), AuthRequest(0, "digest", text.encode()))
        waiting = len(credentials)
        while waiting and (frame := self._stream.receive()) is not None:
            assert decode_reply_header(Reader(frame)).err == 0, "proven before"
            waiting -= 1

    def settle(self) -> None:
        """Ping, and take everything up to the answer."""
        if self.ended:
            return
        self.ask(int(OpCode.PING), PingRequest())
        while (frame := self._stream.receive()) is not None:
            header = decode_reply_header(Reader(frame))
            if header.xid == _XIDS[int(OpCode.PING)]:
                self.zxid = header.zxid
                return
            if header.xid != _ASIDE_XID:
                self.frames.append(frame)
        self.ended = True

    def cut(self) -> None:
        """Lose the connection."""
        self._stream.close()
