"""Histories of simulated clients: the same files as those of real ones, in virtual time."""

from __future__ import annotations

from pathlib import Path

from speckeeper.history.files import HistoryFolder
from speckeeper.history.recorder import Recorder
from speckeeper.history.records import Connect

_NOBODY = 0


class Histories:
    """Keeps the histories of one world in a folder. Raises OSError where that cannot be."""

    def __init__(self, folder: Path) -> None:
        self._files = HistoryFolder(folder, "speckeeper.sim", clock="virtual", started_ms=0)
        self.recorder = Recorder(self._files.write)

    def asked_by_nobody(self, now_ms: int) -> None:
        """Note a session that the world had a leader open by itself, or what else took a zxid."""
        now = now_ms * 1000
        self._files.write(_NOBODY, Connect(_NOBODY, now, now, err="ConnectionLoss"))

    def close(self, now_ms: int) -> None:
        """Write what is left, also of requests that were not answered. Raises OSError."""
        self.recorder.ended(now_ms * 1000)
        self._files.close(now_ms * 1000)
