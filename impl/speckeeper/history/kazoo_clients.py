"""Records what a kazoo client does, from inside the process: on its sockets, unknown to it.

The history is the same as ``speckeeper tap`` would write, without a proxy in between. TLS too, for
the bytes are those above it.
"""

from __future__ import annotations

import atexit
import threading
from pathlib import Path
from typing import Any

from kazoo.client import KazooClient
from kazoo.protocol.states import KeeperState

from speckeeper.history.files import HistoryFolder, microseconds
from speckeeper.history.recorder import Recorder, Recording

_folders: dict[Path, _Kept] = {}
_lock = threading.Lock()


class _Kept:
    """A folder, and the recorder that all clients that record to it share."""

    def __init__(self, folder: Path) -> None:
        self.files = HistoryFolder(folder, "speckeeper.history")
        self.recorder = Recorder(self.files.write)
        self.guard = threading.RLock()  # each connection has a thread of its own
        atexit.register(self.files.flush)


def record(client: KazooClient, folder: str | Path) -> KazooClient:
    """Record a client that has not been started yet; ``folder``: where its histories go.

    Clients that record to one folder share a clock, so that their times can be compared. Returns
    the client. Raises OSError where the folder cannot be written, ValueError for a client that was
    started before.
    """
    if client.client_state != KeeperState.CLOSED:
        raise ValueError("record a client before it is started: a history begins with its session")
    kept = _keep(Path(folder).absolute())
    plain = client.handler.create_connection

    def connect(*arguments: Any, **options: Any) -> RecordedSocket:
        socket = plain(*arguments, **options)
        name = socket.getsockname()
        recording = kept.recorder.connection(name[0] if isinstance(name, tuple) else "")
        return RecordedSocket(socket, recording, kept.guard)

    client.handler.create_connection = connect
    return client


def finish(folder: str | Path) -> None:
    """Write the last lines of a folder's histories. What clients do after that is not recorded."""
    with _lock:
        kept = _folders.pop(Path(folder).absolute(), None)
    if kept is not None:
        with kept.guard:
            kept.recorder.ended(microseconds())
        kept.files.close(microseconds())


def _keep(folder: Path) -> _Kept:
    with _lock:
        kept = _folders.get(folder)
        if kept is None:
            kept = _folders[folder] = _Kept(folder)
    return kept


class RecordedSocket:
    """A socket that lets a recording know what passes; in all else it is the socket."""

    def __init__(self, socket: Any, recording: Recording, guard: threading.RLock) -> None:
        self._socket = socket
        self._recording = recording
        self._guard = guard

    def __getattr__(self, name: str) -> Any:
        return getattr(self._socket, name)

    def fileno(self) -> int:
        """Return the descriptor, for select."""
        return int(self._socket.fileno())

    def send(self, data: Any, *flags: Any) -> int:
        """Send, and record what was taken."""
        with self._guard:
            now = microseconds()
            count = int(self._socket.send(data, *flags))
            self._recording.sent(bytes(data[:count]), now)
        return count

    def sendall(self, data: Any, *flags: Any) -> None:
        """Send all, and record it."""
        with self._guard:
            self._recording.sent(bytes(data), microseconds())
        self._socket.sendall(data, *flags)

    def recv(self, *arguments: Any) -> bytes:
        """Receive, and record."""
        data: bytes = self._socket.recv(*arguments)
        with self._guard:
            if data:
                self._recording.received(data, microseconds())
            else:
                self._recording.ended(microseconds())
        return data

    def close(self) -> None:
        """Close, which ends the recording."""
        with self._guard:
            self._recording.ended(microseconds())
        self._socket.close()
