"""Traces of a simulated ensemble: the same files as servers write, a run for each life of each.

A simulated crash loses nothing of them: what was written before it was written.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path

from speckeeper.trace.files import TraceFile
from speckeeper.trace.header import header
from speckeeper.trace.recorder import Recorder
from speckeeper.zab.peer import Peer


class Recording:
    """Records every server of a world. ``clock``: the world's own."""

    def __init__(self, directory: Path | None = None) -> None:
        """``directory``: where files are written; None: what they would hold stays in memory.

        Raises TraceError where nothing can be written.
        """
        self._directory = directory
        self._files: list[TraceFile] = []
        self._kept: dict[str, list[str]] = {}
        self._latest: dict[int, Recorder] = {}
        self._over: set[int] = set()
        self._runs: Counter[int] = Counter()
        self.clock: Callable[[], int] | None = None

    def __call__(self, peer: Peer) -> Recorder | None:
        """Begin the trace of one life of a server; None: there is nothing more to record of it.

        One that has heard of a reconfiguration is not followed any more, even if it forgets it.
        """
        server_id = peer.settings.server_id
        former = self._latest.get(server_id)
        if former is not None and not former.votes:
            self._over.add(server_id)
        if peer.membership.was_reconfigured:
            self._over.add(server_id)
        if server_id in self._over:
            return None
        recorder = self._latest[server_id] = self._begun(peer, server_id)
        return recorder

    def _begun(self, peer: Peer, server_id: int) -> Recorder:
        first = partial(header, server_id, peer.membership)
        if self._directory is None:
            self._runs[server_id] += 1
            run = self._runs[server_id]
            lines = self._kept[f"server-{server_id}.{run}.1.ndjson"] = [first(run, 1, 1)]
            return Recorder(peer, lines.append, str, self.clock)
        file = TraceFile(self._directory, server_id, first)
        self._files.append(file)
        return Recorder(peer, file.write, str, self.clock)

    @property
    def events(self) -> int:
        """How many events were recorded."""
        kept = sum(len(lines) - 1 for lines in self._kept.values())
        return kept + sum(file.events for file in self._files)

    def flush(self) -> None:
        """Write what there is, where it is written. Raises OSError."""
        for file in self._files:
            file.flush()

    def close(self) -> None:
        """Write what there is. Raises OSError."""
        for file in self._files:
            file.close()
        self._files.clear()

    def kept(self) -> dict[str, bytes]:
        """Return what was kept in memory: by the name of a file what it would hold."""
        return {name: "\n".join([*lines, ""]).encode() for name, lines in self._kept.items()}
