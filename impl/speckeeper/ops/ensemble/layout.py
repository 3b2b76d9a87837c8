"""Folders and ports of an ensemble on one machine: `DIR/N/zoo.cfg`, `DIR/N/data/myid`, logs.

Client ports follow each other from the one that is asked for. The ports between servers are
nobody's concern, so they are the usual ones if they are free, and others if not. Beside another
client port than the usual one they lie as far from the usual ones: two ensembles that are started
at the same moment find the same ports free.
"""

import fcntl
import socket
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

HOST = "127.0.0.1"
TICK_TIME_MS = 2000
_CLIENT_PORTS, _QUORUM_PORTS, _ELECTION_PORTS = 2181, 2888, 3888
_SPREAD = _ELECTION_PORTS - _QUORUM_PORTS
_HIGHEST_PORT = 65535


class LayoutError(Exception):
    """The ensemble cannot be laid out so; the text is one line with the remedy."""


@dataclass(frozen=True)
class Place:
    """One server: its id, its folder and where clients find it."""

    id: int
    folder: Path
    client_port: int
    admin_port: int | None = None

    @property
    def address(self) -> str:
        """What a client connects to."""
        return f"{HOST}:{self.client_port}"

    @property
    def config(self) -> Path:
        """Its zoo.cfg."""
        return self.folder / "zoo.cfg"

    @property
    def log(self) -> Path:
        """What it logs."""
        return self.folder / "server.log"


def lay_out(
    directory: Path,
    servers: int,
    client_port: int,
    trace: Path | None = None,
    admin_port: int | None = None,
) -> list[Place]:
    """Write the configurations; data that is there is kept.

    ``trace``: where steps are recorded; ``admin_port``: of the first AdminServer, None for none.
    Raises `LayoutError`: ports that are taken, a folder that is not writable, or one that holds an
    ensemble of another size.
    """
    if client_port + servers - 1 > _HIGHEST_PORT:
        raise LayoutError(f"client ports from {client_port} on go beyond {_HIGHEST_PORT}")
    if admin_port is not None and admin_port + servers - 1 > _HIGHEST_PORT:
        raise LayoutError(f"admin ports from {admin_port} on go beyond {_HIGHEST_PORT}")
    places = [
        Place(
            n,
            directory / str(n),
            client_port + n - 1,
            None if admin_port is None else admin_port + n - 1,
        )
        for n in range(1, servers + 1)
    ]
    _same_size(directory, servers)
    own: set[int] = set()
    for place in places:
        _take(own, place.client_port, "client port", "--client-port")
    for place in places:
        if place.admin_port is not None:
            _take(own, place.admin_port, "admin port", "--admin-port")
    aside = (client_port - _CLIENT_PORTS) % _SPREAD
    quorum, election = _ports(_QUORUM_PORTS + aside, own), _ports(_ELECTION_PORTS + aside, own)
    lines = [
        f"server.{place.id}={HOST}:{next(quorum)}:{next(election)};{place.address}"
        for place in places
    ]
    if admin_port is not None:
        members = ",".join(f"{place.id}={HOST}:{place.admin_port}" for place in places)
        lines += [f"admin.serverAddress={HOST}", f"admin.page.members={members}"]
        lines.append("admin.page=edit")  # a playground, which only this machine reaches
    if trace is not None:
        lines.append(f"trace.dir={_escaped(str(trace.absolute()))}")
    try:
        for place in places:
            _write(place, lines)
    except OSError as error:
        raise _not_writable(directory, error) from None
    return places


def lock(directory: Path) -> TextIO:
    """Keep others from the folder for as long as the returned file is open.

    A second ensemble would write its ports into the configurations of the first. Raises
    `LayoutError`.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        file = (directory / "lock").open("w")
    except OSError as error:
        raise _not_writable(directory, error) from None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        text = f"{directory} is in use by another ensemble; stop it, or choose another --dir"
        raise LayoutError(text) from None
    return file


def _not_writable(directory: Path, error: OSError) -> LayoutError:
    what = (error.strerror or str(error)).lower()
    return LayoutError(f"{error.filename or directory}: {what}; choose another --dir")


def _take(own: set[int], port: int, what: str, option: str) -> None:
    if port in own or not _is_free(port):
        raise LayoutError(
            f"{what} {HOST}:{port} is taken; stop what listens there, or choose another by {option}"
        )
    own.add(port)


def _same_size(directory: Path, servers: int) -> None:
    """Refuse to add or to leave out servers: a majority of the new ones could lack what was
    acknowledged by a majority of the old ones.
    """
    found = len([*directory.glob("*/data/myid")])
    if found not in (0, servers):
        raise LayoutError(
            f"{directory} has an ensemble of {found}; say -n {found}, or choose another --dir"
        )


def _write(place: Place, lines: list[str]) -> None:
    data = (place.folder / "data").absolute()
    data.mkdir(parents=True, exist_ok=True)
    (data / "myid").write_text(f"{place.id}\n")
    text = [
        "# Written anew at each start of `speckeeper ensemble`.",
        f"tickTime={TICK_TIME_MS}",
        "initLimit=10",
        "syncLimit=5",
        "# One server too is a member, so that all of them have the same kind of data.",
        "standaloneEnabled=false",
        f"dataDir={_escaped(str(data))}",
        "maxClientCnxns=0",
        "admin.enableServer=false"
        if place.admin_port is None
        else f"admin.serverPort={place.admin_port}",
        "4lw.commands.whitelist=*",
        *lines,
    ]
    place.config.write_text("\n".join(text) + "\n", encoding="iso-8859-1")


def _escaped(text: str) -> str:
    """Return a value as Java properties want it."""
    return "".join(
        c if 32 <= ord(c) < 127 and c != "\\" else "\\\\" if c == "\\" else _unicode(c)
        for c in text
    )


def _unicode(character: str) -> str:
    units = character.encode("utf-16-be")
    return "".join(f"\\u{units[i]:02x}{units[i + 1]:02x}" for i in range(0, len(units), 2))


def _ports(first: int, taken: set[int]) -> Iterator[int]:
    """Yield free ports from `first` on; they are added to `taken`."""
    for port in range(first, _HIGHEST_PORT + 1):
        if port not in taken and _is_free(port):
            taken.add(port)
            yield port


def _is_free(port: int) -> bool:
    with closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True
