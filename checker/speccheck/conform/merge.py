"""One order for the events of all servers: each after what it depends on.

Events of a server keep their order, and a message is read after it was sent. What remains open
commutes in the specification, but for connections: see ``dialect.py``. Among the events that may
come next the one with the earliest time is taken, which keeps few messages under way.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from speccheck.conform.connections import Connections
from speccheck.conform.dialect import Dialect
from speccheck.conform.reading import Event, Track


class Stall(Exception):
    """No event may come next. ``event`` is the earliest of those that wait, ``reason`` why."""

    def __init__(self, event: Event, reason: str, cut_off: bool) -> None:
        super().__init__(reason)
        self.event = event
        self.reason = reason
        self.cut_off = cut_off


class _Lane:
    """One server: its next event, and how far it has come."""

    __slots__ = ("accepts", "events", "head", "is_ready", "links", "position", "server")

    def __init__(self, track: Track, crash: str) -> None:
        self.server = track.server
        self.events = track.events(crash)
        self.head: Event | None = next(self.events, None)
        self.position = 0
        self.is_ready = False
        """The next event waits for nothing, and never will again."""
        self.accepts = False
        self.links: dict[str, None] = {}
        """The connections that it has not given up."""


class Merge:
    """The events of some tracks in one order; iterate over it once.

    ``skipped``: connections that no leader has taken, at a time when there was none to take them.
    """

    def __init__(
        self,
        tracks: Sequence[Track],
        connections: Connections,
        dialect: Dialect,
        *,
        complete: bool = True,
    ) -> None:
        """``complete``: every server of the specification has a track, to its end."""
        self._lanes = [_Lane(track, dialect.crash) for track in tracks]
        self._by_server = {lane.server: lane for lane in self._lanes}
        self._connections = connections
        self._dialect = dialect
        self._may_wait_again = {
            dialect.connects,
            dialect.start,
            *dialect.closes,
            *dialect.closes_all,
        }
        self._sent: dict[tuple[str, Any], int] = {}
        self._read: dict[tuple[str, Any], int] = {}
        self.skipped: list[Event] = []
        self._complete = complete

    def __iter__(self) -> Iterator[Event]:
        lanes = self._lanes
        while True:
            best: _Lane | None = None
            for lane in lanes:
                head = lane.head
                if (
                    head is not None
                    and (best is None or head.t < best.head.t)  # type: ignore[union-attr]
                    and (lane.is_ready or self._may_come(lane, head))
                ):
                    best = lane
            if best is None:
                if all(lane.head is None for lane in lanes):
                    return
                best = self._crash()
                if best is None:
                    if not self._skip():
                        raise self._stall()
                    continue
            event = best.head
            assert event is not None, "just seen"
            self._note(best, event)
            best.head = next(best.events, None)
            best.is_ready = False
            best.position += 1
            yield event

    def _may_come(self, lane: _Lane, head: Event) -> bool:
        """Tell whether the next event of a server may come now."""
        if self._waits_for(lane, head) is not None:
            return False
        if head.untold:
            return not self._may_have_read_more(lane)
        # A message that was sent stays sent. Who accepts connections may cease to, and where traces
        # are still being written more may turn out to be read before a connection ends.
        lane.is_ready = head.action not in self._may_wait_again
        return True

    def _note(self, lane: _Lane, event: Event) -> None:
        if event.sent is not None:
            for name, count in event.sent.items():
                self._sent[name, lane.server] = count
        if event.recv is not None:
            name, k, _ = event.recv
            lane.links[name] = None
            self._read[name, lane.server] = k
        action, dialect = event.action, self._dialect
        if event.link is not None:
            if action in dialect.closes:
                lane.links.pop(event.link, None)
            else:
                if action == dialect.connects:
                    self._leave_former(lane)
                lane.links[event.link] = None
        if action == dialect.accepts:
            lane.accepts = True
        elif action in dialect.closes_all or action == dialect.start:
            lane.accepts = False
            lane.links.clear()

    def _leave_former(self, lane: _Lane) -> None:
        """A server that connects has left the connection before, whatever it left it by."""
        by_name = self._connections.by_name
        for name in [one for one in lane.links if by_name[one].connector == lane.server]:
            del lane.links[name]

    def _waits_for(self, lane: _Lane, event: Event) -> str | None:
        """Say what an event waits for, None if it may come now."""
        if event.recv is not None:
            name, k, _ = event.recv
            read = self._read.get((name, lane.server), 0)
            if k != read + 1:
                return f"message {k} of connection {name}, of which it has read {read}"
            sent = 0
            for server in self._by_server:
                if server != lane.server:
                    sent = max(sent, self._sent.get((name, server), 0))
            if sent >= k:
                return None
            return f"message {k} of connection {name}, of which {sent} were sent so far"
        action, dialect = event.action, self._dialect
        if action == dialect.connects:
            return self._may_connect(event)
        if action in dialect.closes:
            return None if event.link is None else self._is_read(lane, event.link)
        if action in dialect.closes_all or action == dialect.start:
            for name in lane.links:
                waits = self._is_read(lane, name)
                if waits is not None:
                    return waits
        return None

    def _may_have_read_more(self, lane: _Lane) -> bool:
        """Tell whether a learner whose crash was not told may have read what is not sent so far.

        It may until the leader gives the connection up.
        """
        for name in lane.links:
            connection = self._connections.by_name[name]
            other = self._by_server.get(connection.to)
            if connection.connector == lane.server and other is not None:
                closed_at = connection.closed_at.get(other.server)
                if other.head is not None and (closed_at is None or other.position < closed_at):
                    return True
        return False

    def _crash(self) -> _Lane | None:
        """Return a server whose crash need not wait, for all others wait for it."""
        for lane in self._lanes:
            head = lane.head
            if head is not None and head.untold and self._waits_for(lane, head) is None:
                return lane
        return None

    def _is_read(self, lane: _Lane, name: str) -> str | None:
        """Say who has still to read from a connection before it may be given up."""
        connection = self._connections.by_name.get(name)
        if connection is None:
            return None
        for server, position in connection.last_read.items():
            if server != lane.server and self._by_server[server].position <= position:
                return f"server {server} to have read all from connection {name}"
        return None

    def _may_connect(self, event: Event) -> str | None:
        assert event.link is not None, "seen by Connections"
        connection = self._connections.by_name[event.link]
        other = self._by_server.get(connection.to)
        if other is None:
            return f"server {connection.to}, of which there is no trace"
        before = self._connections.previous.get(event.link)
        if before is not None:
            named = self._connections.by_name[before].last_named.get(connection.to, -1)
            if other.position <= named:
                return f"server {connection.to} to be done with connection {before}"
        if connection.accepted_after >= 0:
            if other.position <= connection.accepted_after:
                return f"server {connection.to} to accept connections"
        elif not other.accepts:
            return f"server {connection.to} to accept connections"
        return None

    def _skip(self) -> bool:
        """Leave out a connection that nobody has taken and nobody can take any more."""
        for lane in sorted(self._lanes, key=lambda lane: lane.head.t if lane.head else 0):
            event = lane.head
            if event is None or event.action != self._dialect.connects:
                continue
            assert event.link is not None, "seen by Connections"
            if self._connections.by_name[event.link].accepted_after < 0:
                self.skipped.append(event)
                lane.head = next(lane.events, None)
                lane.is_ready = False
                lane.position += 1
                return True
        return False

    def _stall(self) -> Stall:
        waiting = [lane for lane in self._lanes if lane.head is not None]
        lane = min(waiting, key=lambda lane: lane.head.t)  # type: ignore[union-attr]
        event = lane.head
        assert event is not None, "among those that wait"
        reason = self._waits_for(lane, event) or "nothing"
        return Stall(event, reason, self._is_cut_off(lane, event))

    def _is_cut_off(self, lane: _Lane, event: Event) -> bool:
        """Tell whether what is missing may be in what was not given, or not written any more."""
        if event.recv is None or event.recv[1] <= self._read.get((event.recv[0], lane.server), 0):
            return False
        connection = self._connections.by_name[event.recv[0]]
        ends = {connection.connector, connection.to, *connection.last_named} - {None, lane.server}
        senders = ends & set(self._by_server)
        if not senders:
            return not self._complete
        return all(
            self._by_server[server].head is None and self._connections.last_t[server] < event.t
            for server in senders
        )
