"""A client without a socket: the page's changes go the way of every client's.

It speaks the client protocol to the very protocol object that a socket would have. Limits, ACLs,
quotas, the audit log and the leader of an ensemble see an ordinary client from the address of the
caller.
"""

import asyncio
from collections.abc import Iterable
from struct import Struct

from speckeeper.net.client_port import ClientPort
from speckeeper.wire.codes import ErrorCode, OpCode
from speckeeper.wire.errors import WireError
from speckeeper.wire.handshake import (
    NO_PASSWORD,
    ConnectRequest,
    decode_connect_response,
    encode_connect_request,
)
from speckeeper.wire.jute import Reader
from speckeeper.wire.replies import decode_reply_header
from speckeeper.wire.requests import (
    REQUEST_HEADER,
    AuthRequest,
    CloseSessionRequest,
    Request,
    encode_request,
)

PATIENCE_S = 10.0
_SESSION_MS = 10_000
_AUTH_XID, _XID, _LAST_XID = -4, 1, 2
_SIZE = Struct(">i")


class Unanswered(Exception):
    """The server did not answer; the text is why, as far as it can be known."""


class _Pipe(asyncio.Transport):
    """What the protocol takes for its transport: frames that it writes wait to be taken."""

    def __init__(self, host: str, port: int) -> None:
        super().__init__({"peername": (host, port)})
        self._protocol: asyncio.Protocol | None = None
        self._received = bytearray()
        self._frames: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._closed = False

    def join(self, protocol: asyncio.Protocol) -> None:
        self._protocol = protocol
        protocol.connection_made(self)

    def feed(self, payload: bytes) -> None:
        assert self._protocol is not None
        if not self._closed:
            self._protocol.data_received(_SIZE.pack(len(payload)) + payload)

    async def frame(self) -> bytes:
        """Return the next frame. Raises `Unanswered` where none will come."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                frame = await self._frames.get()
        except TimeoutError:
            raise Unanswered(f"no answer within {PATIENCE_S:g} s") from None
        if frame is None:
            raise Unanswered("the server ended the connection; its log says why")
        return frame

    def write(self, data: bytes | bytearray | memoryview) -> None:
        received = self._received
        received += data
        while len(received) >= _SIZE.size:
            end = _SIZE.size + _SIZE.unpack_from(received)[0]
            if len(received) < end:
                return
            self._frames.put_nowait(bytes(received[_SIZE.size : end]))
            del received[:end]

    def close(self) -> None:
        self.abort()

    def abort(self) -> None:
        if not self._closed:
            self._closed = True
            self._frames.put_nowait(None)
            if self._protocol is not None:
                asyncio.get_running_loop().call_soon(self._protocol.connection_lost, None)

    def is_closing(self) -> bool:
        return self._closed

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """What is written is taken at once."""

    def get_write_buffer_size(self) -> int:
        return 0

    def pause_reading(self) -> None:
        """One request at a time is fed, and waited for."""

    def resume_reading(self) -> None:
        """See `pause_reading`."""


async def carry_out(
    port: ClientPort, peer: tuple[str, int], credentials: bytes, op: OpCode, request: Request
) -> tuple[int, bytes]:
    """Carry out one request in a session of its own; return its error code and reply body.

    ``peer``: the address that the client comes from; ``credentials``: user:password of the digest
    scheme. Raises `Unanswered`.
    """
    pipe = _Pipe(*peer)
    pipe.join(port.protocol())
    try:
        opening = ConnectRequest(0, 0, _SESSION_MS, 0, NO_PASSWORD, False)
        pipe.feed(encode_connect_request(opening))
        if decode_connect_response(await pipe.frame()).timeout_ms <= 0:
            raise Unanswered("the server gives no session now")
        auth = AuthRequest(0, "digest", credentials)
        error, _ = await _ask(pipe, _AUTH_XID, OpCode.AUTH, auth)
        if error == ErrorCode.OK:
            error, body = await _ask(pipe, _XID, op, request)
        else:
            body = b""
        pipe.feed(_frame(_LAST_XID, OpCode.CLOSE_SESSION, CloseSessionRequest()))
        await _closed(pipe)
    except WireError as wrong:
        raise Unanswered(f"the answer does not decode: {wrong}") from None
    finally:
        pipe.abort()
    return error, body


async def _closed(pipe: _Pipe) -> None:
    """Wait until the session has ended: it is not to be counted among the sessions behind this."""
    try:
        await pipe.frame()
    except Unanswered:
        return


async def _ask(pipe: _Pipe, xid: int, op: OpCode, request: Request) -> tuple[int, bytes]:
    pipe.feed(_frame(xid, op, request))
    while True:
        frame = await pipe.frame()
        reader = Reader(frame)
        header = decode_reply_header(reader)
        if header.xid == xid:
            return header.err, frame[reader.position :]


def _frame(xid: int, op: OpCode, request: Request) -> bytes:
    return REQUEST_HEADER.pack(xid, int(op)) + encode_request(int(op), request)


def name_of(error: int, names: Iterable[ErrorCode] = ErrorCode) -> str:
    """Return an error as people know it, as in NO_NODE."""
    return next((code.name for code in names if code == error), f"error {error}")
