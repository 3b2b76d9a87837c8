"""Trace files: one run of a server, in parts.

Lines are kept until :meth:`TraceFile.flush`, which is to come before anything that they tell of can
be seen by others: what the operating system has been given survives a kill of the process. A part
that is full is closed, and compressed aside if that is wanted; the next begins with a header.

Source: traces/README.md.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable
from pathlib import Path

import cramjam

_NAME = re.compile(r"server-(?P<server>\d+)\.(?P<run>\d+)\.(?P<part>\d+)\.ndjson(\.zst)?")

Header = Callable[[int, int, int], str]
"""Gives the first line from run, part, and the number of the first event."""


class TraceError(OSError):
    """The trace cannot be written; the text is one line with the remedy."""


class TraceFile:
    """What one run of a server writes to. Raises TraceError where the directory is of no use."""

    def __init__(
        self,
        directory: Path,
        server_id: int,
        header: Header,
        most_bytes: int = 0,
        compress: bool = False,
    ) -> None:
        """``most_bytes``: of a part, 0 for no limit. ``compress``: parts that are full."""
        self._directory = directory
        self._server_id = server_id
        self._header = header
        self._most_bytes = most_bytes
        self._compress = compress
        self._part = 0
        self._events = 0
        self._lines: list[str] = []
        self._file = -1
        self._size = 0
        self._compressing: list[threading.Thread] = []
        try:
            directory.mkdir(parents=True, exist_ok=True)
            self._run = 1 + max(
                (
                    int(found["run"])
                    for path in directory.iterdir()
                    if (found := _NAME.fullmatch(path.name)) is not None
                    and int(found["server"]) == server_id
                ),
                default=0,
            )
            self._next_part()
        except OSError as error:
            raise TraceError(
                f"trace.dir {directory}: {(error.strerror or str(error)).lower()}; "
                "name a folder that can be written, or leave trace.dir out"
            ) from None

    def write(self, line: str) -> None:
        """Add a line. It is in the file after the next :meth:`flush`."""
        self._lines.append(line)
        self._events += 1

    @property
    def events(self) -> int:
        """How many events were added."""
        return self._events

    @property
    def waiting(self) -> bool:
        """Whether there is anything to flush."""
        return bool(self._lines)

    def flush(self) -> None:
        """Give what was added to the operating system. Raises OSError."""
        if not self._lines:
            return
        lines, self._lines = self._lines, []
        lines.append("")
        self._write("\n".join(lines).encode())
        if self._most_bytes and self._size >= self._most_bytes:
            self._next_part()

    def close(self) -> None:
        """Write what is left, and wait for what is being compressed."""
        self.flush()
        os.close(self._file)
        for thread in self._compressing:
            thread.join()

    def _write(self, data: bytes) -> None:
        self._size += len(data)
        while data:
            data = data[os.write(self._file, data) :]

    def _next_part(self) -> None:
        if self._part:
            os.close(self._file)
            if self._compress:
                thread = threading.Thread(target=compress, args=(self._path,), daemon=True)
                self._compressing = [one for one in self._compressing if one.is_alive()]
                self._compressing.append(thread)
                thread.start()
        self._part += 1
        self._file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
        self._size = 0
        line = self._header(self._run, self._part, self._events + 1)
        self._write(f"{line}\n".encode())

    @property
    def _path(self) -> Path:
        return self._directory / f"server-{self._server_id}.{self._run}.{self._part}.ndjson"


def compress(path: Path) -> None:
    """Replace a file by one that is compressed; it is there under one of the names at any time."""
    aside = path.with_name(f"{path.name}.zst.tmp")
    aside.write_bytes(bytes(cramjam.zstd.compress(path.read_bytes())))
    aside.replace(path.with_name(f"{path.name}.zst"))
    path.unlink()
