"""What led to an event: the events that it depends on, among those that are remembered."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from speccheck.conform.reading import Event


def causal_past(event: Event, events: Iterable[Event], most: int = 25) -> tuple[Event, ...]:
    """Return the latest events that an event depends on, in order, and the event itself."""
    wanted_servers = {event.server}
    wanted_messages = {} if event.recv is None else {event.recv[0]: event.recv[1]}
    found = [event]
    for before in reversed([*events]):
        if before is event:
            continue
        relevant = before.server in wanted_servers
        for link, count in (before.sent or {}).items():
            if count <= wanted_messages.get(link, 0) or (
                link in wanted_messages and count >= wanted_messages[link] > 0
            ):
                relevant = True
                wanted_messages[link] = 0
        if not relevant:
            continue
        found.append(before)
        wanted_servers.add(before.server)
        if before.recv is not None:
            wanted_messages.setdefault(before.recv[0], before.recv[1])
        if len(found) > most:
            break
    return tuple(reversed(found))


def sent_before(past: Sequence[Event], events: Iterable[Event]) -> dict[tuple[str, object], int]:
    """Return how many messages had been sent before a past, by connection and sender.

    ``events`` are those that are remembered, in order, with the past among them.
    """
    inside = set(map(id, past))
    seen: set[object] = set()
    counts: dict[tuple[str, object], int] = {}
    for event in events:
        if id(event) in inside:
            seen.add(event.server)
        if event.server in seen:
            continue
        if event.link is not None:
            counts.setdefault((event.link, event.server), 0)
        if event.recv is not None and event.recv[1] == 1:
            counts.setdefault((event.recv[0], event.server), 0)
        for name, count in (event.sent or {}).items():
            counts[name, event.server] = count
    return counts
