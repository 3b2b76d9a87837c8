"""Where histories are kept: a folder with one file for each session.

A line is whole or torn, and only the last can be torn: after kill -9 a reader leaves that one out.
Lines are written out at least twice a second while anything is recorded. Compressed, what is
written out at once is a frame of zstd, with a skippable frame ahead that says how long it is: so a
reader has to have one frame at a time, and notices the one that is torn.
"""

from __future__ import annotations

import time
import uuid
from io import FileIO
from pathlib import Path
from threading import Lock

import cramjam
import msgspec

from speckeeper.history.records import VERSION, Disconnect, End, Header, Record

_MOST_OPEN = 200
_BUFFERED = 1 << 16
_FLUSH_AFTER_S = 0.5
# RFC 8878, 3.1.2: a frame that decoders skip, here with four bytes in it.
_SKIPPABLE = bytes.fromhex("502a4d1804000000")


class HistoryFolder:
    """Writes records to ``history-<session>.ndjson`` in ``folder``; may be used by many threads.

    ``recorder`` is the name in the header, ``clock`` that of the clock, by default a new one;
    ``started_ms``: wall clock; ``compress``: by zstd, to ``history-<session>.ndjson.zst``.
    Raises OSError where the folder cannot be written.
    """

    def __init__(
        self,
        folder: Path,
        recorder: str,
        clock: str | None = None,
        started_ms: int | None = None,
        compress: bool = False,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.records = 0
        """How many records were written."""
        started = int(time.time() * 1000) if started_ms is None else started_ms
        self._header = Header(VERSION, recorder, clock or uuid.uuid4().hex, started)
        self._compress = compress
        self._encode = msgspec.json.Encoder().encode
        self._buffers: dict[int, bytearray] = {}
        self._files: dict[int, FileIO] = {}
        self._seen: set[int] = set()
        self._lock = Lock()
        self._flushed = time.monotonic()
        self._is_closed = False

    def write(self, session: int, record: Record) -> None:
        """Keep a record; after :meth:`close` nothing is kept any more."""
        with self._lock:
            if self._is_closed:
                return
            self.records += 1
            buffer = self._buffers.get(session)
            if buffer is None:
                buffer = self._buffers[session] = bytearray()
                if session not in self._seen:
                    self._seen.add(session)
                    self._append(buffer, self._header)
            self._append(buffer, record)
            if len(buffer) > _BUFFERED or isinstance(record, Disconnect):
                self._flush(session)
            elif time.monotonic() - self._flushed > _FLUSH_AFTER_S:
                self._flush_all()

    def flush(self) -> None:
        """Write out what is buffered."""
        with self._lock:
            self._flush_all()

    def close(self, now: int) -> None:
        """Write the last line of every file, and close all."""
        with self._lock:
            for session in self._seen:
                self._append(self._buffers.setdefault(session, bytearray()), End(now))
            self._seen.clear()
            self._is_closed = True
            self._flush_all()
            for file in self._files.values():
                file.close()
            self._files.clear()

    def _append(self, buffer: bytearray, record: Record) -> None:
        buffer += self._encode(record)
        buffer += b"\n"

    def _flush_all(self) -> None:
        for session in [*self._buffers]:
            self._flush(session)
        self._flushed = time.monotonic()

    def _flush(self, session: int) -> None:
        buffer = self._buffers.pop(session, None)
        if not buffer:
            return
        file = self._files.pop(session, None)
        if file is None:
            if len(self._files) >= _MOST_OPEN:
                oldest = next(iter(self._files))
                self._files.pop(oldest).close()
            name = file_name(session) + (".zst" if self._compress else "")
            file = FileIO(self.folder / name, "a")
        self._files[session] = file
        left = memoryview(framed(bytes(buffer)) if self._compress else buffer)
        while left:
            left = left[file.write(left) :]


def framed(data: bytes) -> bytes:
    """Return data compressed by zstd, behind a skippable frame with the length."""
    frame = bytes(cramjam.zstd.compress(data))
    return _SKIPPABLE + len(frame).to_bytes(4, "little") + frame


def file_name(session: int) -> str:
    """Return the name of a session's file; session 0: those that never got an id."""
    return f"history-{session & (1 << 64) - 1:016x}.ndjson"


def microseconds() -> int:
    """Return the time of the clock that histories have."""
    return time.monotonic_ns() // 1000


__all__ = ["HistoryFolder", "file_name", "microseconds"]
