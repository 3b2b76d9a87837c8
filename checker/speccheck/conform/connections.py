"""What is to be known of connections before traces are merged: who reads on them, and how long.

One pass over the files; what is kept grows with the number of connections only.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from speccheck.conform.dialect import Dialect
from speccheck.conform.reading import Event, Track


class Connection:
    """One connection. ``ends`` are the servers that name it."""

    __slots__ = (
        "accepted_after",
        "closed_at",
        "connector",
        "last_named",
        "last_read",
        "made_at",
        "to",
    )

    def __init__(self) -> None:
        self.connector: Any = None
        self.to: Any = None
        self.made_at = -1
        self.last_read: dict[Any, int] = {}
        """The position of the last event that reads from it, by server.

        What a learner has read ahead of a crash that was not told may not have been told either
        (TRUNC): its crash counts as the last to read.
        """
        self.closed_at: dict[Any, int] = {}
        """The position of the event that gives it up, by server."""
        self.last_named: dict[Any, int] = {}
        self.accepted_after = -1
        """The position of the event with which the other end began to accept, -1: not used."""

    def other(self, server: Any) -> Any:
        """Return the server at the other end, None if nobody says."""
        if server == self.connector:
            return self.to
        return self.connector


class Connections:
    """All connections of some tracks, and how many events there are."""

    def __init__(self, tracks: Sequence[Track], dialect: Dialect) -> None:
        """Raises Unusable."""
        self.by_name: dict[str, Connection] = {}
        self.events = 0
        self.last_t: dict[Any, float] = {}
        self.previous: dict[str, str] = {}
        """The connection that the same server had to the same other one before."""
        self._dialect = dialect
        for track in tracks:
            self._read(track)

    def _read(self, track: Track) -> None:
        dialect = self._dialect
        accepts = -1
        latest: dict[Any, str] = {}
        event: Event | None = None
        by_name = self.by_name
        open_: dict[str, Connection] = {}
        for event in track.events(dialect.crash, brief=True):
            self.events += not event.untold
            name = event.recv[0] if event.recv is not None else event.link
            if event.action == dialect.accepts:
                accepts = event.position
            if event.action in dialect.closes_all:
                for left in open_.values():
                    left.closed_at[event.server] = event.position
                    if event.untold and left.connector == event.server:
                        left.last_read[event.server] = event.position
                open_.clear()
            if name is None:
                continue
            connection = by_name.get(name)
            if connection is None:
                connection = by_name[name] = Connection()
            server = event.server
            if event.action in dialect.closes:
                connection.closed_at[server] = event.position
                open_.pop(name, None)
            else:
                open_[name] = connection
            if event.action == dialect.connects:
                # It has left the one before, perhaps by an action that does not name it.
                for former in [one for one in open_ if by_name[one].connector == server]:
                    del open_[former]
                open_[name] = connection
                connection.connector, connection.to = server, event.args[1]
                connection.made_at = event.position
                before = latest.get(connection.to)
                if before is not None:
                    self.previous[name] = before
                latest[connection.to] = name
                continue
            if event.recv is not None:
                connection.last_read[server] = event.position
            if server not in connection.last_named and connection.connector != server:
                connection.accepted_after = accepts
            connection.last_named[server] = event.position
        self.last_t[track.server] = event.t if event is not None else 0
