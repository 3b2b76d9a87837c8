"""A recording proxy: relays the bytes of clients and servers unchanged, and keeps what they said.

Relays first and records afterwards. Whoever does not read is not read from (back pressure, both
ways); what the recorder does not understand, and a folder that cannot be written, are no reason to
stop relaying.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Sequence
from typing import Protocol, cast

from speckeeper.history.files import microseconds
from speckeeper.net.addresses import java_host

_CONNECT_S = 5.0


class Tapped(Protocol):
    """What records one connection (``speckeeper.history.recorder.Recording``)."""

    def sent(self, data: bytes, now: int) -> None:
        """The side that connected has sent these bytes."""

    def received(self, data: bytes, now: int) -> None:
        """The side that connected gets these bytes."""

    def ended(self, now: int) -> None:
        """The connection has ended."""


class Tap:
    """Listens, and relays each connection to the first of the upstream servers that takes it.

    They are tried in turn, so that clients spread over them. ``recording`` makes the recording of
    a connection from the address that the server sees; ``complain`` gets one line for each kind of
    trouble.
    """

    def __init__(
        self,
        upstream: Sequence[tuple[str, int]],
        recording: Callable[[str], Tapped],
        complain: Callable[[str], None],
    ) -> None:
        self._upstream = list(upstream)
        self._recording = recording
        self._complain = complain
        self._next = 0
        self._server: asyncio.Server | None = None
        self._joints: set[_Joint] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._told: set[str] = set()
        self.connections = 0
        """How many connections were relayed."""

    async def start(self, listening: socket.socket) -> None:
        """Begin to relay what connects to a listening socket."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Side(self), sock=listening)

    async def close(self) -> None:
        """Stop listening and end all connections."""
        if self._server is not None:
            self._server.close()
        for task in self._tasks:
            task.cancel()
        for joint in [*self._joints]:
            joint.end()

    def accepted(self, client: _Side) -> None:
        """Connect a new client to a server."""
        task = asyncio.get_running_loop().create_task(self._join(client))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _join(self, client: _Side) -> None:
        loop = asyncio.get_running_loop()
        count = len(self._upstream)
        first, self._next = self._next, (self._next + 1) % count
        for offset in range(count):
            host, port = self._upstream[(first + offset) % count]
            try:
                transport, server = await asyncio.wait_for(
                    loop.create_connection(lambda: _Side(self, client), host, port), _CONNECT_S
                )
            except (OSError, TimeoutError) as error:
                self.tell_once(f"{host}:{port} does not take connections: {_said(error)}")
                continue
            if client.transport is None or client.transport.is_closing():
                server.close()
                return
            self.connections += 1
            name = transport.get_extra_info("sockname")
            _Joint(self, client, server, self._recording(java_host(name[0])))
            return
        client.close()

    def tell_once(self, text: str) -> None:
        """Complain of something that goes on happening, once."""
        if text not in self._told:
            self._told.add(text)
            self._complain(text)


def _said(error: BaseException) -> str:
    return getattr(error, "strerror", None) or str(error) or "no answer"


class _Joint:
    """Two sides and their recording."""

    def __init__(self, tap: Tap, client: _Side, server: _Side, recording: Tapped) -> None:
        self._tap = tap
        self._sides = client, server
        self._recording: Tapped | None = recording
        self._ended = recording.ended
        tap._joints.add(self)
        for side in self._sides:
            side.joint = self
        waiting, client.waiting = client.waiting, bytearray()
        if waiting:
            self.relay(client, bytes(waiting))
        client.resume_reading()

    def relay(self, source: _Side, data: bytes) -> None:
        """Pass bytes on to the other side, then record them."""
        client, server = self._sides
        other = server if source is client else client
        if other.transport is not None:
            other.transport.write(data)
        recording = self._recording
        if recording is None:
            return
        try:
            if source is client:
                recording.sent(data, microseconds())
            else:
                recording.received(data, microseconds())
        except Exception as error:  # noqa: BLE001  (clients must not notice)
            self._give_up(error)

    def _give_up(self, error: Exception) -> None:
        self._recording = None
        self._tap.tell_once(f"a connection is not recorded any more: {_said(error)}")

    def pause(self, side: _Side, pause: bool) -> None:
        """Read nothing from the other side as long as this one does not take it."""
        client, server = self._sides
        transport = (server if side is client else client).transport
        if transport is not None and not transport.is_closing():
            if pause:
                transport.pause_reading()
            else:
                transport.resume_reading()

    def end(self) -> None:
        """End both sides, after what was written to them."""
        if self not in self._tap._joints:
            return
        self._tap._joints.discard(self)
        for side in self._sides:
            side.close()
        if self._recording is not None:
            try:
                self._recording.ended(microseconds())
            except Exception as error:  # noqa: BLE001
                self._give_up(error)


class _Side(asyncio.Protocol):
    """One side of a relayed connection: that of the client, or, with ``client``, of the server."""

    def __init__(self, tap: Tap, client: _Side | None = None) -> None:
        self._tap = tap
        self._client = client
        self.transport: asyncio.Transport | None = None
        self.joint: _Joint | None = None
        self.waiting = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        if self._client is None:
            self._tap.accepted(self)

    def data_received(self, data: bytes) -> None:
        if self.joint is not None:
            self.joint.relay(self, data)
            return
        self.waiting += data
        assert self.transport is not None
        self.transport.pause_reading()

    def resume_reading(self) -> None:
        """Go on reading, now that there is somebody to pass it on to."""
        if self.transport is not None and not self.transport.is_closing():
            self.transport.resume_reading()

    def pause_writing(self) -> None:
        if self.joint is not None:
            self.joint.pause(self, True)

    def resume_writing(self) -> None:
        if self.joint is not None:
            self.joint.pause(self, False)

    def close(self) -> None:
        """Close, after what was written."""
        if self.transport is not None:
            self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        if self.joint is not None:
            self.joint.end()
        self.transport = None
