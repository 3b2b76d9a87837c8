"""What the protocol costs: messages, syncs and round trips of an election and of writes.

Counted in a simulated ensemble where every message takes the same time, nothing fails, and disks
are at once: a round trip is twice that time. What keeps a connection alive (PING) is not counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

from speckeeper.sim.disk import Latency
from speckeeper.sim.files import SimFiles
from speckeeper.sim.network import Delays
from speckeeper.sim.options import DEFAULT_OPTIONS
from speckeeper.sim.peer_ports import PeerPorts
from speckeeper.sim.schedule import Schedule
from speckeeper.sim.strategies import running
from speckeeper.sim.world import World
from speckeeper.wire.quorum import PacketType
from speckeeper.zab import effects

_ONE_WAY_MS = 5
_PATIENCE_MS = 60_000
_ONE_BY_ONE, _TOGETHER = 20, 200


class Costs(NamedTuple):
    """Of one thing: packets between servers, syncs of all disks, round trips until it was done."""

    messages: float
    syncs: float
    round_trips: float


def measure(strategy: str | None = None, voters: int = 3) -> dict[str, Costs]:
    """Return what an election costs, a write by itself, and a write among many at once.

    With a mistake put in the ensemble may not get so far: raises Violation. Raises KeyError for a
    strategy that is none.
    """
    options = DEFAULT_OPTIONS._replace(
        voters=voters,
        writes=0,
        delays=Delays(_ONE_WAY_MS, _ONE_WAY_MS, _ONE_WAY_MS, 0.0),
        latency=Latency(0, 0, 0, 0.0),
    )
    with running(strategy), _counted() as counts:
        world = World(Schedule(0, options))
        world.start()
        world.settle(_PATIENCE_MS)
        election = _costs(counts, 1, world.clock.now_ms)
        alone = _writes(world, counts, _ONE_BY_ONE, together=False)
        many = _writes(world, counts, _TOGETHER, together=True)
    return {"election": election, "write alone": alone, f"write of {_TOGETHER} at once": many}


def _writes(world: World, counts: Counter[str], number: int, *, together: bool) -> Costs:
    """Write some transactions and let everybody have them."""
    counts.clear()
    took_ms = 0
    for _ in range(1 if together else number):
        began_ms = world.clock.now_ms
        wanted = len(world.judge.order) + (number if together else 1)
        for _ in range(number if together else 1):
            assert world.write() is not None, "somebody leads"
        world.clock.run_until(began_ms + _PATIENCE_MS, partial(_is_committed, world, wanted))
        took_ms += world.clock.now_ms - began_ms
        world.settle(_PATIENCE_MS)
    return _costs(counts, number, took_ms * number if together else took_ms)


def _is_committed(world: World, number: int) -> bool:
    return len(world.judge.order) >= number


def _costs(counts: Counter[str], number: int, took_ms: int) -> Costs:
    trips = took_ms / number / (2 * _ONE_WAY_MS)
    return Costs(counts["messages"] / number, counts["syncs"] / number, trips)


@contextmanager
def _counted() -> Iterator[Counter[str]]:
    """Count what servers send each other and what their disks sync."""
    counts: Counter[str] = Counter()
    send, notify, snapshot = PeerPorts._send, PeerPorts._send_notification, PeerPorts._send_snapshot
    sync, sync_directory = SimFiles.sync, SimFiles.sync_directory

    def count_send(self: PeerPorts, effect: effects.Send) -> None:
        counts["messages"] += effect.packet.type is not PacketType.PING
        send(self, effect)

    def count_notification(self: PeerPorts, effect: effects.SendNotification) -> None:
        counts["messages"] += effect.server_id != self._node.id
        notify(self, effect)

    def count_snapshot(self: PeerPorts, effect: effects.SendSnapshot) -> None:
        counts["messages"] += 1
        snapshot(self, effect)

    def count_sync(self: SimFiles, handle: int) -> None:
        counts["syncs"] += 1
        sync(self, handle)

    def count_directory(self: SimFiles, directory: Path) -> None:
        counts["syncs"] += 1
        sync_directory(self, directory)

    replaced: list[tuple[Any, str, Any]] = [
        (PeerPorts, "_send", count_send),
        (PeerPorts, "_send_notification", count_notification),
        (PeerPorts, "_send_snapshot", count_snapshot),
        (SimFiles, "sync", count_sync),
        (SimFiles, "sync_directory", count_directory),
    ]
    started = [patch.object(owner, name, new) for owner, name, new in replaced]
    for each in started:
        each.start()
    try:
        yield counts
    finally:
        for each in reversed(started):
            each.stop()
