"""The trace of a member that runs: its file, and when lines have to be in it.

Before anything leaves the server that a line tells the reason of, :meth:`Tracing.flush` gives the
line to the operating system. A trace that cannot be written any more ends; the member goes on.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from speckeeper.trace.files import TraceFile
from speckeeper.trace.header import header
from speckeeper.trace.recorder import Recorder
from speckeeper.zab.effects import Link
from speckeeper.zab.peer import Peer

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class TraceOptions:
    """Where a trace goes. ``most_bytes``: of a file, 0 for no limit. ``compress``: full files."""

    directory: Path
    most_bytes: int = 0
    compress: bool = False


class Tracing:
    """Records a peer from now on. Raises TraceError."""

    def __init__(self, options: TraceOptions, peer: Peer, name: Callable[[Link], str]) -> None:
        self._peer = peer
        server_id = peer.settings.server_id
        self._file: TraceFile | None = TraceFile(
            options.directory,
            server_id,
            partial(header, server_id, peer.membership),
            options.most_bytes,
            options.compress,
        )
        self._recorder = Recorder(peer, self._file.write, name)
        peer.trace = self._recorder
        self.flush()
        if not self._recorder.votes:
            log.info("an observer's steps are not in the specification: nothing is traced")

    def flush(self) -> None:
        """Put what was recorded into the file."""
        file = self._file
        if file is None or not file.waiting:
            return
        try:
            file.flush()
        except OSError as error:
            self._peer.trace = self._file = None
            log.error("the trace ends here, it cannot be written: %s", error.strerror or error)

    def close(self) -> None:
        """Say that the server is stopped in order, and close the file."""
        if self._file is None:
            return
        self._peer.trace = None
        self._recorder.stopped()
        self.flush()
        if self._file is not None:
            self._file.close()
