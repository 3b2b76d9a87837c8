"""Reading trace files: header, events, and what is wrong with a file that is of no use.

Source: traces/README.md, traces/schema.json.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

VERSION = 1
decode = msgspec.json.Decoder().decode
_HEADER_KEYS = {"trace", "spec", "server", "run", "part", "first"}
_EVENT_KEYS = {"n", "t", "action", "args", "recv", "sent", "link", "vars", "state"}


class Unusable(Exception):
    """A file, or what was asked, is of no use; the text is one line: file, line, reason."""


class Header(NamedTuple):
    """The first line of a file."""

    spec: str
    server: Any
    run: int
    part: int
    first: int
    config: Any
    constants: dict[str, Any]
    untold: tuple[str, ...]
    made_by: str


class Event:
    """A line of a file. ``position`` counts the events of its server over all of its files."""

    __slots__ = (
        "action",
        "args",
        "file",
        "line",
        "link",
        "n",
        "position",
        "recv",
        "run",
        "sent",
        "server",
        "state",
        "t",
        "untold",
        "vars",
    )

    def __init__(
        self, data: dict[str, Any], server: Any, run: int, position: int, file: Path, line: int
    ) -> None:
        self.n: int = data["n"]
        self.t: float = data.get("t", 0)
        self.action: str = data["action"]
        self.args: list[Any] = data["args"]
        self.recv: list[Any] | None = data.get("recv")
        self.sent: dict[str, int] | None = data.get("sent")
        self.link: str | None = data.get("link")
        self.vars: dict[str, Any] = data.get("vars") or {}
        self.state: dict[str, Any] | None = data.get("state")
        self.server = server
        self.run = run
        self.position = position
        self.file = file
        self.line = line
        self.untold = False
        """Whether it is in no file, and was found out."""

    @property
    def place(self) -> str:
        """File and line."""
        return f"{self.file}:{self.line}"


class Part(NamedTuple):
    """A file whose header was read."""

    path: Path
    header: Header


class Track:
    """All files of one server, in order. ``torn``: files whose last line is not whole."""

    def __init__(self, server: Any, parts: Sequence[Part]) -> None:
        self.server = server
        self.parts = sorted(parts, key=lambda part: (part.header.run, part.header.part))
        self.torn: list[Path] = []
        self.gaps: list[str] = []
        self._check()

    def _check(self) -> None:
        """See that no part is there twice; note those that are missing. Raises Unusable."""
        before: Header | None = None
        for path, header in self.parts:
            if before is not None and before[2:4] == header[2:4]:
                raise Unusable(
                    f"{path}:1: part {header.part} of run {header.run} of server {header.server} "
                    "was given twice"
                )
            expected = before.part + 1 if before is not None and before.run == header.run else 1
            if header.part != expected:
                self.gaps.append(
                    f"server {header.server}: part {expected} of run {header.run} is missing"
                )
            before = header

    @property
    def begins_late(self) -> bool:
        """Whether the first of its files is not the first that the server wrote."""
        first = self.parts[0].header
        return first.run > 1 or first.part > 1

    def events(self, crash: str = "") -> Iterator[Event]:
        """Yield the events in order. Raises Unusable.

        Where a run ends without the action ``crash`` and another begins, a crash that was not told
        comes in between: it tells what the next run has found.
        """
        position = 0
        before: Event | None = None
        self.torn.clear()
        for path, header in self.parts:
            expected = header.first
            for number, data in _lines(path, self.torn):
                if number == 1:
                    continue
                _check_event(data, path, number)
                if data["n"] != expected:
                    raise Unusable(
                        f"{path}:{number}: event {data['n']} where {expected} is expected; "
                        "a line is missing, or not in its place"
                    )
                expected += 1
                event = Event(data, header.server, header.run, position, path, number)
                if before is not None and before.run != event.run and before.action != crash != "":
                    yield _untold(crash, before, event)
                    position = event.position = event.position + 1
                before = event
                yield event
                position += 1


def _untold(crash: str, before: Event, start: Event) -> Event:
    """Return the crash between the last event of a run and the first of the next."""
    told = {"n": 0, "t": start.t, "action": crash, "args": [start.server], "vars": start.vars}
    event = Event(told, start.server, before.run, start.position, start.file, start.line)
    event.untold = True
    return event


def read_tracks(paths: Iterable[Path]) -> list[Track]:
    """Return the tracks of the servers, in the order of servers. Raises Unusable."""
    parts: dict[Any, list[Part]] = {}
    for path in found_files(paths):
        for _, data in _lines(path, []):
            header = _header(data, path)
            parts.setdefault(header.server, []).append(Part(path, header))
            break
        else:
            raise Unusable(f"{path}:1: the file is empty; a header is expected")
    if not parts:
        raise Unusable("no trace files were given")
    tracks = [Track(server, parts[server]) for server in sorted(parts, key=str)]
    _check_same(tracks)
    return tracks


def found_files(paths: Iterable[Path]) -> list[Path]:
    """Return the files, those of a folder by their endings. Raises Unusable."""
    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = sorted([*path.glob("*.ndjson"), *path.glob("*.ndjson.zst")])
            if not inside:
                raise Unusable(f"{path}: no file in it ends with .ndjson or .ndjson.zst")
            files += inside
        else:
            files.append(path)
    return files


def _check_same(tracks: Sequence[Track]) -> None:
    first = tracks[0].parts[0]
    for track in tracks:
        for path, header in track.parts:
            for what in ("spec", "config", "constants"):
                if getattr(header, what) != getattr(first.header, what):
                    raise Unusable(
                        f"{path}:1: {what} is not that of {first.path}; "
                        "files of one ensemble and one configuration belong together"
                    )


def _lines(path: Path, torn: list[Path]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the objects of a file with their line numbers. Raises Unusable."""
    number = 0
    try:
        with _opened(path) as lines:
            for number, line in enumerate(lines, 1):
                if not line.endswith(b"\n"):
                    torn.append(path)
                    return
                try:
                    data = decode(line)
                except (msgspec.DecodeError, UnicodeDecodeError) as error:
                    raise Unusable(f"{path}:{number}: this is no JSON: {error}") from None
                if not isinstance(data, dict):
                    raise Unusable(f"{path}:{number}: an object is expected")
                yield number, data
    except OSError as error:
        raise Unusable(f"{path}: {(error.strerror or str(error)).lower()}") from None


def _opened(path: Path) -> Any:
    if path.suffix == ".zst":
        import io

        import cramjam

        try:
            return io.BytesIO(bytes(cramjam.zstd.decompress(path.read_bytes())))
        except cramjam.DecompressionError as error:
            raise Unusable(f"{path}: this is not compressed by zstd: {error}") from None
    return path.open("rb")


def _header(data: dict[str, Any], path: Path) -> Header:
    if "trace" not in data:
        raise Unusable(f"{path}:1: a header with the key 'trace' is expected")
    if data["trace"] != VERSION:
        raise Unusable(f"{path}:1: version {data['trace']} of the format; {VERSION} can be read")
    missing = _HEADER_KEYS - set(data)
    if missing:
        raise Unusable(f"{path}:1: the header lacks {', '.join(sorted(missing))}")
    for key in ("run", "part", "first"):
        if type(data[key]) is not int or data[key] < 1:
            raise Unusable(f"{path}:1: {key} is to be a number from 1 on")
    if not isinstance(data["spec"], str):
        raise Unusable(f"{path}:1: spec is to be the name of a module")
    return Header(
        data["spec"],
        data["server"],
        data["run"],
        data["part"],
        data["first"],
        data.get("config"),
        data.get("constants", {}),
        tuple(data.get("untold", ())),
        data.get("made_by", ""),
    )


def _check_event(data: dict[str, Any], path: Path, number: int) -> None:
    n, action, args = data.get("n"), data.get("action"), data.get("args")
    if type(n) is not int or not isinstance(action, str) or not isinstance(args, list):
        raise Unusable(f"{path}:{number}: an event has a number n, an action, and a list args")
    if not _EVENT_KEYS.issuperset(data):
        unknown = sorted(set(data) - _EVENT_KEYS)
        raise Unusable(f"{path}:{number}: unknown key {unknown[0]}")
    recv = data.get("recv")
    if recv is not None and not (
        isinstance(recv, list)
        and len(recv) == 3
        and isinstance(recv[0], str)
        and type(recv[1]) is int
        and isinstance(recv[2], dict)
    ):
        raise Unusable(f"{path}:{number}: recv is to be [connection, number, message]")
    sent = data.get("sent")
    if sent is not None and not (
        isinstance(sent, dict) and all(type(count) is int for count in sent.values())
    ):
        raise Unusable(f"{path}:{number}: sent is to give a number for each connection")
    if not isinstance(data.get("vars", {}), dict) or not isinstance(data.get("state", {}), dict):
        raise Unusable(f"{path}:{number}: vars and state are to be objects")
    link = data.get("link")
    if link is not None and not isinstance(link, str):
        raise Unusable(f"{path}:{number}: link is to be the name of a connection")
