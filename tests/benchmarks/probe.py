"""Clients that wait for the next write that an ensemble acknowledges."""

from __future__ import annotations

import contextlib
import selectors
import socket
import struct
import time

_SET_DATA = 5
_TIMEOUT_MS = 20_000
_RETRY_S = 0.002
_PATIENCE_S = 60.0
_HANDSHAKE = struct.Struct(">iiqiqi16sB")


class ProbeError(Exception):
    """No write was acknowledged in time."""


class _Client:
    """A session at one server: it writes, and comes back when its connection is lost."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.session, self.password = 0, b""
        self.socket: socket.socket | None = None
        self.retry_at = 0.0
        self._received = b""
        self._xid = 0

    def connect(self) -> None:
        """Begin to take up the session, or to open one."""
        self._received = b""
        self.socket = socket.create_connection(("127.0.0.1", self.port), timeout=1.0)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)
        handshake = (45, 0, 0, _TIMEOUT_MS, self.session, 16, self.password, 0)
        self._xid += 1
        path = b"/bench/0000000000"
        request = struct.pack(">iii", self._xid, _SET_DATA, len(path)) + path
        request += struct.pack(">i", 4) + b"late" + struct.pack(">i", -1)
        framed = struct.pack(">i", len(request)) + request
        self.socket.sendall(_HANDSHAKE.pack(*handshake) + framed)

    def take(self) -> bool:
        """Read what is there; True once the write is acknowledged. Raises OSError when lost."""
        assert self.socket is not None
        chunk = self.socket.recv(4096)
        if not chunk:
            raise ConnectionResetError
        self._received += chunk
        frames = []
        rest = self._received
        while len(rest) >= 4 and len(rest) >= 4 + struct.unpack_from(">i", rest)[0]:
            size = 4 + struct.unpack_from(">i", rest)[0]
            frames.append(rest[4:size])
            rest = rest[size:]
        if frames:
            _, _, session, length = struct.unpack_from(">iiqi", frames[0])
            if session == 0:
                self.session, self.password = 0, b""
                raise ConnectionResetError
            self.session, self.password = session, frames[0][20 : 20 + length]
        return len(frames) > 1 and struct.unpack_from(">i", frames[1], 12)[0] == 0

    def close(self) -> None:
        """Let the connection go."""
        if self.socket is not None:
            with contextlib.suppress(OSError):
                self.socket.close()
            self.socket = None


class Probe:
    """A client with a session at each of some servers."""

    def __init__(self, ports: list[int]) -> None:
        """Connect, and see that each server acknowledges a write."""
        self._clients = [_Client(port) for port in ports]
        self._selector = selectors.DefaultSelector()
        deadline = time.perf_counter() + _PATIENCE_S
        for client in self._clients:
            client.connect()
            assert client.socket is not None
            client.socket.settimeout(_PATIENCE_S)
            while not client.take():
                if time.perf_counter() > deadline:
                    raise ProbeError("no write is acknowledged")
            client.socket.setblocking(False)
            self._selector.register(client.socket, selectors.EVENT_READ, client)

    def next_write(self) -> float:
        """Return when the first write was acknowledged that was asked for on a new connection."""
        deadline = time.perf_counter() + _PATIENCE_S
        while True:
            for key, _ in self._selector.select(_RETRY_S):
                client = key.data
                try:
                    if client.take():
                        return time.perf_counter()
                except OSError:
                    self._lose(client)
            now = time.perf_counter()
            if now > deadline:
                raise ProbeError(f"no write is acknowledged for {_PATIENCE_S:.0f} s")
            for client in self._clients:
                if client.socket is None and now >= client.retry_at:
                    self._try(client)

    def close(self) -> None:
        """Let all connections go; the sessions expire."""
        for client in self._clients:
            client.close()
        self._selector.close()

    def _try(self, client: _Client) -> None:
        try:
            client.connect()
        except OSError:
            client.close()
            client.retry_at = time.perf_counter() + _RETRY_S
            return
        assert client.socket is not None
        self._selector.register(client.socket, selectors.EVENT_READ, client)

    def _lose(self, client: _Client) -> None:
        assert client.socket is not None
        self._selector.unregister(client.socket)
        client.close()
        client.retry_at = time.perf_counter() + _RETRY_S
