"""A server that does as a test tells it, for what no well-behaved server does at a given moment."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from speckeeper.wire.codes import ErrorCode, EventType, KeeperState, OpCode
from speckeeper.wire.handshake import (
    ConnectRequest,
    ConnectResponse,
    decode_connect_request,
    encode_connect_response,
    session_password,
)
from speckeeper.wire.records import Stat
from speckeeper.wire.replies import encode_reply_header, encode_stat, encode_watch_event
from speckeeper.wire.requests import decode_request

Answer = tuple[int, bytes]
TIMEOUT_S = 10.0
STAT = Stat(1, 2, 3, 4, 5, 6, 7, 0, 9, 10, 11)


class ScriptedServer:
    """Speaks the client protocol; `answers` says what to reply to each operation.

    An answer is made from the decoded request and is (error code, body); what it sends by `tell`
    meanwhile goes out ahead of it. `requests` and `handshakes` are what came in so far.
    """

    def __init__(self) -> None:
        self.answers: dict[int, Callable[[Any], Answer]] = {}
        self.handshakes: list[ConnectRequest] = []
        self.requests: list[tuple[int, Any]] = []
        self.session_timeout_ms = 10_000
        self.read_only = False
        self.zxid = 100
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._connection: socket.socket | None = None
        self._arrived = threading.Condition()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._listener.getsockname()[1]}"

    def tell(self, event: EventType, path: str) -> None:
        """Send a watch event."""
        self._send(encode_watch_event(event, KeeperState.SYNC_CONNECTED, path, self.zxid))

    def hang_up(self) -> None:
        """Close the connection there is; the next one is accepted."""
        connection = self._connection
        if connection is not None:
            with contextlib.suppress(OSError):  # the client was faster
                connection.shutdown(socket.SHUT_RDWR)

    def await_requests(self, op: int, count: int = 1) -> list[Any]:
        """Wait until so many requests of an operation have come in; return them."""
        with self._arrived:
            assert self._arrived.wait_for(lambda: len(self._of(op)) >= count, TIMEOUT_S)
            return self._of(op)

    def stop(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self.hang_up()
        self._thread.join(TIMEOUT_S)
        self._listener.close()

    def _of(self, op: int) -> list[Any]:
        return [record for each, record in self.requests if each == op]

    def _serve(self) -> None:
        while True:
            try:
                self._connection, _ = self._listener.accept()
            except OSError:
                return
            with self._connection, contextlib.suppress(OSError):
                self._connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._converse()
            self._connection = None

    def _converse(self) -> None:
        handshake = decode_connect_request(self._receive() or b"")
        self.handshakes.append(handshake)
        session = handshake.session_id or 0x1234
        self._send(
            encode_connect_response(
                ConnectResponse(
                    0, self.session_timeout_ms, session, session_password(session), self.read_only
                )
            )
        )
        while frame := self._receive():
            xid, op = struct.unpack_from(">ii", frame)
            record = decode_request(op, frame, 8, len(frame))
            answer = self.answers.get(op, self._default_answer)
            error, body = answer(record)
            with self._arrived:
                self.requests.append((op, record))
                self._arrived.notify_all()
            self._send(encode_reply_header(xid, self.zxid, error) + (b"" if error else body))

    def _default_answer(self, record: Any) -> Answer:
        return ErrorCode.OK, encode_stat(STAT)

    def _receive(self) -> bytes | None:
        length = self._take(4)
        return None if length is None else self._take(int.from_bytes(length, "big"))

    def _take(self, size: int) -> bytes | None:
        taken = bytearray()
        while len(taken) < size:
            assert self._connection is not None
            chunk = self._connection.recv(size - len(taken))
            if not chunk:
                return None
            taken += chunk
        return bytes(taken)

    def _send(self, frame: bytes) -> None:
        assert self._connection is not None
        self._connection.sendall(struct.pack(">i", len(frame)) + frame)


@pytest.fixture
def scripted() -> Iterator[ScriptedServer]:
    server = ScriptedServer()
    server.answers[OpCode.PING] = lambda record: (ErrorCode.OK, b"")
    server.answers[OpCode.CLOSE_SESSION] = lambda record: (ErrorCode.OK, b"")
    yield server
    server.stop()
