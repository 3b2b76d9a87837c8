"""Members that change while there is trouble: an administrator asks the leader, whoever that is.

Only in runs with ``Options.reconfig``. It is a kind of fault by its form: drawn apart, at a time,
left out when a schedule is shrunk.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from random import Random
from typing import TYPE_CHECKING, Literal, Self, TypeAlias

from speckeeper.sim.fault import Fault, Frame, kind
from speckeeper.sim.settings import endpoint
from speckeeper.wire.quorum_config import (
    ConfiguredServer,
    QuorumConfig,
    encode_config,
    format_server,
)
from speckeeper.wire.request_records import ReconfigRequest

if TYPE_CHECKING:
    from speckeeper.sim.world import World

Change: TypeAlias = Literal["participant", "observer", "absent"]

_CHANGES: tuple[Change, ...] = ("participant", "participant", "observer", "absent")
_LEAST_VOTERS = 2
_CLIENTS = ("0.0.0.0", 2181)
_TRIES, _RETRY_MS = 20, 100


@kind("reconfig", rates=(0.2, 0.5, 1))
@dataclass(frozen=True, kw_only=True)
class Reconfig(Fault):
    """Let servers be participants, observers, or no members; ``whole``: all at once, or by steps.

    ``changes`` has what the servers are to be, by their ids from 1; None: as they are.
    """

    changes: tuple[str, ...]
    whole: bool = False

    @classmethod
    def draw(cls, rng: Random, at_ms: int, frame: Frame) -> Self:
        """Draw what becomes of each server."""
        share = rng.choice((0.3, 0.6, 1))
        changes = tuple(
            rng.choice(_CHANGES) if rng.random() < share else "" for _ in frame.options.servers
        )
        return cls(at_ms=at_ms, changes=changes, whole=rng.random() < 0.3)

    def strike(self, world: World) -> bool:
        """Ask the leader, and again for a while as long as there is none, or it refuses."""
        if not world.options.reconfig:
            return False

        def ask(left: int) -> None:
            if world.troubled and not self._ask(world) and left > 1:
                world.clock.after(_RETRY_MS, lambda: ask(left - 1))

        ask(_TRIES)
        return True

    def _ask(self, world: World) -> bool:
        leader = world.leader()
        if leader is None or leader.peer is None:
            return False
        now = leader.peer.membership.newest
        wanted = self._wanted(now)
        if len(wanted.voters) < _LEAST_VOTERS:
            return False
        if self.whole:
            text = encode_config(wanted).decode().rpartition("\n")[0]
            return world.reconfigure(leader, ReconfigRequest(None, None, text, -1))
        joining = [
            f"server.{server.id}={format_server(server)}"
            for server in wanted.servers
            if now.server(server.id) != server
        ]
        leaving = [str(server.id) for server in now.servers if wanted.server(server.id) is None]
        return world.reconfigure(
            leader,
            ReconfigRequest(
                ",".join(joining) or None, ",".join(leaving) or None, None, now.version
            ),
        )

    def _wanted(self, now: QuorumConfig) -> QuorumConfig:
        servers = {server.id: server for server in now.servers}
        for sid, change in enumerate(self.changes, 1):
            if change == "absent":
                servers.pop(sid, None)
            elif change:
                observes = change == "observer"
                servers[sid] = ConfiguredServer(sid, (endpoint(sid),), observes, _CLIENTS)
        return now._replace(servers=tuple(servers[sid] for sid in sorted(servers)))

    def text(self) -> str:
        """Say who is to be what."""
        told = [f"{sid} {change}" for sid, change in enumerate(self.changes, 1) if change]
        how = "as a whole" if self.whole else "by steps"
        return f"reconfigure {how}: {', '.join(told) or 'nothing'}"

    def smaller(self) -> Iterator[Self]:
        """Yield those that change fewer servers."""
        for index, change in enumerate(self.changes):
            if change:
                fewer = (*self.changes[:index], "", *self.changes[index + 1 :])
                yield replace(self, changes=fewer)
