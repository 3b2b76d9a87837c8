"""Three servers as one ensemble, and what is measured of its members: memory, and a failover."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import generator
from bulk import Weight, fill, weigh
from probe import Probe
from servers import Server, ServerError, free_port

SIZE = 3
_SETTLE_S = 1.5
_ELECTION_TIMEOUT_S = 60.0


@dataclass(frozen=True)
class Failover:
    """Seconds from the kill of a leader to the next write that was acknowledged."""

    server: str
    round: int
    seconds: float

    def as_json(self) -> dict[str, object]:
        return asdict(self)


class Ensemble:
    """Members with ids 1, 2 and 3, in folders of their own; `name` is what all of them are."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        ids = range(1, SIZE + 1)
        lines = {f"server.{sid}": f"127.0.0.1:{free_port()}:{free_port()}" for sid in ids}
        lines |= {"initLimit": "10", "syncLimit": "5"}
        self.members = [Server(name, folder / str(sid), settings=lines) for sid in ids]
        for sid, member in zip(ids, self.members, strict=True):
            member.data.mkdir(parents=True)
            (member.data / "myid").write_text(f"{sid}\n")

    def start(self) -> None:
        """Start those that do not run, and return when all serve."""
        begun = {m.folder: m.launch() for m in self.members if m.process is None}
        for member in self.members:
            if member.folder in begun:
                member.wait(begun[member.folder])

    def stop(self) -> None:
        """End all processes in good order."""
        for member in self.members:
            member.stop()

    def leader(self) -> Server:
        """Return who leads. Raises ServerError."""
        deadline = time.perf_counter() + _ELECTION_TIMEOUT_S
        while time.perf_counter() < deadline:
            for member in self.members:
                if member.mode() == "leader":
                    return member
            time.sleep(0.05)
        raise ServerError(f"nobody leads after {_ELECTION_TIMEOUT_S:.0f} s")

    def by_role(self) -> list[Server]:
        """Return the members, the leader first."""
        leader = self.leader()
        return [leader, *(member for member in self.members if member is not leader)]

    def ports(self, at: str = "") -> list[int]:
        """Return the ports of all, or of the leader, or of a follower."""
        leader, *followers = self.by_role()
        if at:
            return [leader.port if at == "leader" else followers[0].port]
        return [member.port for member in self.members]

    def cpu_seconds(self) -> float:
        """Return the processor time that all members have used so far."""
        return sum(member.cpu_seconds() for member in self.members)


def weigh_members(
    folder: Path, names: Sequence[str], nodes: int, say: Callable[[str], None]
) -> list[Weight]:
    """Fill both ensembles, and weigh each member; the `round` of a weight is the member."""
    weights = []
    for name in names:
        ensemble = Ensemble(name, folder / f"fill-{name}")
        try:
            ensemble.start()
            load = fill(ensemble.ports(), nodes)
            members = ensemble.by_role()
            weights += [weigh(member, n, "filled") for n, member in enumerate(members)]
            sizes = [weight.rss_kib for weight in weights if weight.server == name]
            say(f"{name}: filled at {load.rate:,.0f} creates/s, leader and followers {sizes} KiB")
        finally:
            ensemble.stop()
    return weights


def fail_over(ensemble: Ensemble, number: int) -> Failover:
    """Kill the leader; return how long nothing was acknowledged. It is back when this returns.

    Two clients have sessions with the followers, and look for a server again, each by itself, as
    soon as a connection is lost.
    """
    leader, *followers = ensemble.by_role()
    generator.run(ensemble.ports(), "set", seconds=0.5)  # so that nobody is idle
    time.sleep(_SETTLE_S)
    ports = [follower.port for follower in followers]
    probe = Probe(ports)
    begin = time.perf_counter()
    leader.kill()
    seconds = probe.next_write() - begin
    probe.close()
    ensemble.start()
    return Failover(ensemble.name, number, round(seconds, 4))
