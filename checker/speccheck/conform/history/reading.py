"""Reads the files of histories, line by line; a torn last line is left out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec

from speccheck.conform.history.records import VERSION, Header, Record


class HistoryError(Exception):
    """A file that is no history; ``str()`` is one line: file, line, reason."""

    def __init__(self, path: Path, line: int, reason: str) -> None:
        super().__init__(f"{path}:{line}: {reason}" if line else f"{path}: {reason}")
        self.path, self.line, self.reason = path, line, reason


Line = tuple[int, Record]
"""The number of a line, and its record."""


_SKIPPABLE = bytes.fromhex("502a4d1804000000")
"""Ahead of a frame: a skippable frame of zstd (RFC 8878, 3.1.2) with its length."""
_decode = msgspec.json.Decoder(Record).decode


def files_of(paths: Iterable[Path]) -> list[Path]:
    """Return the files that are meant: of a folder all ``history-*.ndjson`` in it.

    Raises HistoryError for what is not there, and for a folder without histories.
    """
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = sorted([*path.glob("history-*.ndjson"), *path.glob("history-*.ndjson.zst")])
            if not inside:
                raise HistoryError(path, 0, "has no history-*.ndjson; name the folder of a tap")
            found += inside
        elif path.exists():
            found.append(path)
        else:
            raise HistoryError(path, 0, "there is no such file")
    return found


def read(path: Path) -> Iterator[Line]:
    """Yield the lines of a file. Raises HistoryError for one that is no history."""
    try:
        with path.open("rb", buffering=1 << 18) as file:
            yield from _read(path, _unpacked(path, file) if path.suffix == ".zst" else file)
    except OSError as error:
        raise HistoryError(path, 0, error.strerror or str(error)) from error


def _unpacked(path: Path, file: BinaryIO) -> Iterator[bytes]:
    """Yield the lines of a compressed file, a frame at a time. Raises HistoryError.

    A frame that is torn is left out, with the half of a line that may be in the one before it. A
    file of another make, without the lengths of its frames, is unpacked as a whole.
    """
    import cramjam

    rest = b""
    try:
        while head := file.read(len(_SKIPPABLE) + 4):
            if head.startswith(_SKIPPABLE):
                length = int.from_bytes(head[len(_SKIPPABLE) :], "little")
                frame = file.read(length)
                if len(head) < len(_SKIPPABLE) + 4 or len(frame) < length:
                    break
            elif _SKIPPABLE.startswith(head[: len(_SKIPPABLE)]):
                break  # torn within the lengths
            else:
                frame = head + file.read()
            lines = (rest + bytes(cramjam.zstd.decompress(frame))).splitlines(keepends=True)
            rest = lines.pop() if lines and not lines[-1].endswith(b"\n") else b""
            yield from lines
    except cramjam.DecompressionError as error:
        raise HistoryError(path, 0, f"is not compressed by zstd: {error}") from None
    if rest:
        yield rest


def _read(path: Path, lines: Iterable[bytes]) -> Iterator[Line]:
    number = 0
    for number, text in enumerate(lines, 1):
        try:
            record = _decode(text)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            if not text.endswith(b"\n") and number > 1:
                return  # torn when the recorder was killed
            raise HistoryError(path, number, _reason(text, error)) from None
        if number == 1 and not isinstance(record, Header):
            raise HistoryError(path, 1, "is no history: its first line has to be a header")
        if isinstance(record, Header) and record.version != VERSION:
            what = f"is of format {record.version}; this program reads format {VERSION}"
            raise HistoryError(path, number, what)
        yield number, record
    if not number:
        raise HistoryError(path, 0, "is empty")


def _reason(text: bytes, error: Exception) -> str:
    if not text.strip():
        return "an empty line"
    return f"is no line of a history: {error}"
