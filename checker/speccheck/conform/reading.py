"""Reading trace files: header, events, and what is wrong with a file that is of no use.

Source: traces/README.md, traces/schema.json.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

VERSION = 1
UNRECORDED = "Unrecorded"
"""The action of a line behind which a server tells nothing more: the specification has it not."""
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


class Event(msgspec.Struct, forbid_unknown_fields=True, eq=False, gc=False):
    """A line of a file, and where it stands; that is set behind whatever the line says."""

    n: int
    action: str
    args: list[Any]
    t: float | int = 0
    recv: tuple[str, int, dict[str, Any]] | None = None
    sent: dict[str, int] | None = None
    link: str | None = None
    vars: dict[str, Any] = {}
    state: dict[str, Any] = {}
    server: Any = msgspec.field(name="(server)", default=None)
    run: int = msgspec.field(name="(run)", default=0)
    position: int = msgspec.field(name="(position)", default=0)
    """Counts the events of its server over all of its files."""
    file: Path = msgspec.field(name="(file)", default=Path())
    line: int = msgspec.field(name="(line)", default=0)

    @property
    def untold(self) -> bool:
        """Whether it is in no file, and was found out; such an event has the number 0."""
        return not self.n

    @property
    def place(self) -> str:
        """File and line."""
        return f"{self.file}:{self.line}"


class _Brief(msgspec.Struct):
    """Of a line what has to be known of connections; the rest is not looked at."""

    n: int
    action: str
    args: list[Any]
    t: float | int = 0
    recv: tuple[str, int, msgspec.Raw] | None = None
    link: str | None = None


_event = msgspec.json.Decoder(Event).decode
_brief = msgspec.json.Decoder(_Brief).decode


class Part(NamedTuple):
    """A file whose header was read."""

    path: Path
    header: Header
    data: bytes | None = None
    """What is in it, if there is no such file and it is only called so."""


class Track:
    """All files of one server, in order. ``torn``: files whose last line is not whole."""

    def __init__(self, server: Any, parts: Sequence[Part]) -> None:
        self.server = server
        self.parts = sorted(parts, key=lambda part: (part.header.run, part.header.part))
        self.torn: list[Path] = []
        self.gaps: list[str] = []
        self.ended: str | None = None
        """Where its server stopped recording, if it did before its end."""
        self._check()

    def _check(self) -> None:
        """See that no part is there twice; note those that are missing. Raises Unusable."""
        before: Header | None = None
        for path, header, _ in self.parts:
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

    def events(self, crash: str = "", *, brief: bool = False) -> Iterator[Event]:
        """Yield the events in order. Raises Unusable.

        Where a run ends without the action ``crash`` and another begins, a crash that was not told
        comes in between: it tells what the next run has found. ``brief``: messages, what was sent
        and variables are left out.
        """
        position = 0
        before: Event | None = None
        self.torn.clear()
        for path, header, kept in self.parts:
            expected, server, run = header.first, header.server, header.run
            for number, text in _texts(path, self.torn, kept):
                if number == 1:
                    continue
                event = _read_briefly(text, path, number) if brief else _read(text, path, number)
                if event.n != expected:
                    raise Unusable(
                        f"{path}:{number}: event {event.n} where {expected} is expected; "
                        "a line is missing, or not in its place"
                    )
                expected += 1
                event.server, event.run, event.position = server, run, position
                event.file, event.line = path, number
                if event.action == UNRECORDED:
                    self.ended = event.place
                    return
                if before is not None and before.run != event.run and before.action != crash != "":
                    yield _untold(crash, before, event)
                    position = event.position = event.position + 1
                before = event
                yield event
                position += 1


def _untold(crash: str, before: Event, start: Event) -> Event:
    """Return the crash between the last event of a run and the first of the next."""
    return Event(
        0,
        crash,
        [start.server],
        start.t,
        vars=start.vars,
        server=start.server,
        run=before.run,
        position=start.position,
        file=start.file,
        line=start.line,
    )


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
    return _tracks(parts)


def tracks_in_memory(files: Mapping[str, bytes]) -> list[Track]:
    """Return the tracks of files that are in memory, by their names; none if no file has an event.

    A file with a header alone says nothing, and is left out. Raises Unusable.
    """
    parts: dict[Any, list[Part]] = {}
    for name, data in files.items():
        path = Path(name)
        first = list(islice(_lines(path, [], data), 2))
        if len(first) == 2:
            header = _header(first[0][1], path)
            parts.setdefault(header.server, []).append(Part(path, header, data))
    return _tracks(parts)


def _tracks(parts: Mapping[Any, Sequence[Part]]) -> list[Track]:
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
    if not tracks:
        return
    first = tracks[0].parts[0]
    for track in tracks:
        for path, header, _ in track.parts:
            for what in ("spec", "config", "constants"):
                if getattr(header, what) != getattr(first.header, what):
                    raise Unusable(
                        f"{path}:1: {what} is not that of {first.path}; "
                        "files of one ensemble and one configuration belong together"
                    )


def _lines(
    path: Path, torn: list[Path], kept: bytes | None = None
) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the objects of a file with their line numbers. Raises Unusable."""
    for number, text in _texts(path, torn, kept):
        yield number, _object(text, path, number)


def _object(text: bytes, path: Path, number: int) -> dict[str, Any]:
    """Return a line as an object. Raises Unusable."""
    try:
        data = decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Unusable(f"{path}:{number}: this is no JSON: {error}") from None
    if not isinstance(data, dict):
        raise Unusable(f"{path}:{number}: an object is expected")
    return data


def _read(text: bytes, path: Path, number: int) -> Event:
    """Return a line as an event. Raises Unusable."""
    try:
        return _event(text)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        _check_event(_object(text, path, number), path, number)
        raise Unusable(f"{path}:{number}: this is no event: {error}") from None


def _read_briefly(text: bytes, path: Path, number: int) -> Event:
    """Return a line as an event that tells nothing of what was sent and has changed."""
    try:
        brief = _brief(text)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _read(text, path, number)
    recv = None if brief.recv is None else (brief.recv[0], brief.recv[1], _NOTHING)
    return Event(brief.n, brief.action, brief.args, brief.t, recv, link=brief.link)


_NOTHING: dict[str, Any] = {}


def _texts(path: Path, torn: list[Path], kept: bytes | None) -> Iterator[tuple[int, bytes]]:
    """Yield the lines of a file with their numbers, but for one that is torn. Raises Unusable."""
    number = 0
    try:
        with _opened(path) if kept is None else io.BytesIO(kept) as lines:
            for number, line in enumerate(lines, 1):
                if not line.endswith(b"\n"):
                    torn.append(path)
                    return
                yield number, line
    except OSError as error:
        raise Unusable(f"{path}: {(error.strerror or str(error)).lower()}") from None


def _opened(path: Path) -> Any:
    if path.suffix == ".zst":
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
