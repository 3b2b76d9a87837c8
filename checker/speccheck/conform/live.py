"""Trace files that are still being written: tracks that wait for more, and what they say so far.

A thread for each server reads its files as :class:`Track` does, and waits at their end. All of it
happens under one lock, which is given up while a thread waits.
"""

from __future__ import annotations

import re
import threading
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path, PosixPath
from types import TracebackType
from typing import Any, BinaryIO

from speccheck.conform import reading
from speccheck.conform.connections import Connections
from speccheck.conform.dialect import Dialect
from speccheck.conform.reading import Event, Header, Part, Track, Unusable

_NAME = re.compile(r"server-(?P<server>\w+)\.(?P<run>\d+)\.(?P<part>\d+)\.ndjson(\.zst)?")
_BLOCK = 1 << 18
_POLL_S = 0.1
_MOST_WAITING = 50_000
"""Events of one server in memory."""


class Over(Exception):
    """Nobody follows any more."""


class Watch:
    """The folder, the lock, and the end of it all."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lock = threading.Lock()
        self.is_over = False

    def wait(self) -> None:
        """Let others go on for a moment. The caller has the lock. Raises Over."""
        self.lock.release()
        try:
            time.sleep(_POLL_S)
        finally:
            self.lock.acquire()
        if self.is_over:
            raise Over

    def files_of(self, server: Any) -> dict[tuple[int, int], Path]:
        """Return a server's files by run and part. Raises Unusable."""
        found: dict[tuple[int, int], Path] = {}
        try:
            for path in self.folder.iterdir():
                name = _NAME.fullmatch(path.name)
                if name is not None and name["server"] == str(server):
                    key = int(name["run"]), int(name["part"])
                    if key not in found or path.suffix != ".zst":
                        found[key] = path
        except OSError as error:
            what = (error.strerror or str(error)).lower()
            raise Unusable(f"{self.folder}: {what}") from None
        return found


class _Growing:
    """The lines of a file that is still being written, until the next file is there."""

    def __init__(self, file: BinaryIO, path: GrowingPath) -> None:
        self._file = file
        self._path = path

    def __enter__(self) -> _Growing:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

    def __iter__(self) -> Iterator[bytes]:
        rest = b""
        while True:
            # Asked first: a file that has a successor gets nothing more.
            is_last = self._path.is_last()
            while block := self._file.read(_BLOCK):
                *whole, rest = (rest + block).split(b"\n")
                for line in whole:
                    yield line + b"\n"
            if not is_last:
                if rest:
                    yield rest  # torn
                return
            self._path.watch.wait()


class GrowingPath(PosixPath):
    """The path of a file that is still being written; whoever opens it waits at its end."""

    watch: Watch
    server: Any
    key: tuple[int, int]

    def is_last(self) -> bool:
        """Tell whether there is no later file of the server."""
        return all(key <= self.key for key in self.watch.files_of(self.server))

    def open(self, *_: Any, **__: Any) -> Any:
        """Return the lines, as they come."""
        return _Growing(Path(self).open("rb"), self)


class _Parts:
    """The files of one server, as they appear."""

    def __init__(self, watch: Watch, server: Any) -> None:
        self._watch = watch
        self._server = server

    def __iter__(self) -> Iterator[Part]:
        at = (0, 0)
        while True:
            later = {k: p for k, p in self._watch.files_of(self._server).items() if k > at}
            if not later:
                self._watch.wait()
                continue
            key = min(later)
            path = later[key]
            if path.suffix != ".zst":
                growing = GrowingPath(path)
                growing.watch, growing.server, growing.key = self._watch, self._server, key
                path = growing
            try:
                header = _first(path)
            except FileNotFoundError:
                continue  # compressed in between
            if at == (0, 0) and key != (1, 1):
                raise Unusable(f"{path}: the files before it, from 1.1 on, are not in the folder")
            at = key
            yield Part(path, header)


def _first(path: Path) -> Header:
    for _, data in reading._lines(path, []):
        return reading._header(data, path)
    raise Unusable(f"{path}:1: the file is empty; a header is expected")


class LiveTrack(Track):
    """One server's files. ``waiting``: events that were read and not taken yet, with the time."""

    def __init__(self, watch: Watch, server: Any) -> None:
        self.server = server
        self._watch = watch
        self.parts = _Parts(watch, server)  # type: ignore[assignment]
        self.torn: list[Path] = []
        self.gaps: list[str] = []
        self.ended: str | None = None
        self.waiting: deque[tuple[float, Event]] = deque()
        self.failed: Unusable | None = None
        self.seen = 0

    def events(self, crash: str = "", *, brief: bool = False) -> Iterator[Event]:
        """Yield the events as they come, all of each, and keep them for :meth:`taken`."""
        for event in super().events(crash):
            while len(self.waiting) > _MOST_WAITING:
                self._watch.wait()
            self.seen += event.n > 0  # what is in no file has no number
            self.waiting.append((time.monotonic(), event))
            yield event

    def read(self, connections: Connections) -> None:
        """Read for as long as there is anybody who follows; a thread of its own."""
        with self._watch.lock:
            try:
                connections._read(self)
            except Over:
                pass
            except Unusable as error:
                self.failed = error


class Taken:
    """What a merge takes for a track: events that were seen ``lag_s`` ago; it may have more later.

    By then what others have read from the same connections is known as well.
    """

    def __init__(self, track: LiveTrack, lag_s: float) -> None:
        self.server = track.server
        self._track = track
        self.lag_s = lag_s

    def events(self, *_: Any) -> Taken:
        """Return itself."""
        return self

    def __iter__(self) -> Taken:
        return self

    def __next__(self) -> Event:
        waiting = self._track.waiting
        if not waiting or waiting[0][0] > time.monotonic() - self.lag_s:
            raise StopIteration
        return waiting.popleft()[1]


def live_connections(dialect: Dialect) -> Connections:
    """Return connections of which nothing is known yet."""
    return Connections([], dialect)


__all__ = ["LiveTrack", "Over", "Taken", "Watch", "live_connections"]
