"""How long an ensemble is out of service, and sessions that are left alone.

A probe writes to one server again and again and notes when it was answered. A ghost opens a session
with an ephemeral node and is never heard of again.
"""

from __future__ import annotations

import threading
import time
from typing import NamedTuple

import raw_client as zk

PROBE, GHOSTS = "/probe", "/ghosts"
_ANSWER_S = 0.7
_PAUSE_S = 0.02
_SESSION_MS = 10_000


class Probe(threading.Thread):
    """Writes to the server at a client port, one write at a time."""

    def __init__(self, port: int) -> None:
        super().__init__(name=f"probe-{port}", daemon=True)
        self._port = port
        self._stopping = threading.Event()
        self.sent_s = 0.0
        """When the last write that was acknowledged had been sent."""

    def stop(self) -> None:
        """Ask the thread to end."""
        self._stopping.set()

    def run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._write()
            except OSError:
                time.sleep(_PAUSE_S)

    def _write(self) -> None:
        connection = zk.RawConnection(self._port, _ANSWER_S)
        try:
            if connection.handshake(zk.connect_request(timeout_ms=_SESSION_MS)) is None:
                raise ConnectionResetError
            while not self._stopping.is_set():
                begin = time.monotonic()
                _, err, _ = connection.call(1, zk.SET_DATA, zk.set_data(PROBE, b"?"))
                if err == 0:
                    self.sent_s = begin
                time.sleep(_PAUSE_S)
            connection.call(2, zk.CLOSE)
        finally:
            connection.close()


class Ghost(NamedTuple):
    """A session with a node, left alone since ``heard_s``."""

    path: str
    session_id: int
    timeout_s: float
    heard_s: float


def leave_ghost(port: int, number: int, timeout_ms: int) -> Ghost | None:
    """Open a session with an ephemeral node, and leave it; None if the server does not let us."""
    path = f"{GHOSTS}/{number}"
    try:
        connection = zk.RawConnection(port, _ANSWER_S)
        try:
            session = connection.handshake(zk.connect_request(timeout_ms=timeout_ms))
            if session is None:
                return None
            heard_s = time.monotonic()
            _, err, _ = connection.call(1, zk.CREATE, zk.create(path, flags=1))
        finally:
            connection.close()
    except OSError:
        return None
    if err != 0:
        return None
    return Ghost(path, session.session_id, session.timeout_ms / 1000, heard_s)
