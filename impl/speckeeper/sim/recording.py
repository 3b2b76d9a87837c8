"""Traces of a simulated ensemble: the same files as servers write, a run for each life of each.

A simulated crash loses nothing of them: what was written before it was written.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from speckeeper.trace.files import TraceFile
from speckeeper.trace.header import header
from speckeeper.trace.recorder import Recorder
from speckeeper.zab.peer import Peer


class Recording:
    """Records every server of a world into a directory. ``clock``: the world's own."""

    def __init__(self, directory: Path) -> None:
        """Raises TraceError where nothing can be written."""
        self._directory = directory
        self._files: list[TraceFile] = []
        self.clock: Callable[[], int] | None = None

    def __call__(self, peer: Peer) -> Recorder:
        """Begin the trace of one life of a server."""
        server_id = peer.settings.server_id
        file = TraceFile(self._directory, server_id, partial(header, server_id, peer.membership))
        self._files.append(file)
        return Recorder(peer, file.write, str, self.clock)

    def close(self) -> None:
        """Write what there is. Raises OSError."""
        for file in self._files:
            file.close()
        self._files.clear()
