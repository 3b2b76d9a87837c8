"""How large an ensemble is and how its network, its disks and its load behave, but for faults."""

from __future__ import annotations

from random import Random
from typing import NamedTuple

from speckeeper.sim.disk import Latency
from speckeeper.sim.network import Delays

_FIRST_CLIENT = 101
_READ_ONLY_SHARE = 0.2


class Options(NamedTuple):
    """Sizes and paces of a run; times in milliseconds of virtual time, rates per second."""

    voters: int = 3
    observers: int = 0
    tick_time_ms: int = 100
    init_limit: int = 10
    sync_limit: int = 5
    commit_log_count: int = 500
    trouble_ms: int = 20_000
    calm_ms: int = 60_000
    writes: float = 20
    delays: Delays = Delays()
    latency: Latency = Latency()
    clients: int = 0
    rest_ms: int = 50
    """How long a client rests between two requests, on average."""
    session_ms: int = 1000
    """The session timeout that clients ask for."""
    drift: int = 0
    """By how many milliseconds in a second clocks may go wrong."""
    snap_count: int = 100_000
    slow_disk: int = 0
    """The server whose disk takes longer by up to ``slow_disk_ms``; 0: none."""
    slow_disk_ms: int = 100
    far_server: int = 0
    """The server that is far away: what it sends and is sent takes ``far_ms`` longer; 0: none."""
    far_ms: int = 50
    observers_log: bool = True
    """Whether observers keep a log (``syncEnabled``)."""
    local_sessions: bool = False
    """Whether sessions begin as one server's own, and become the ensemble's on need."""
    read_only: bool = False
    """Whether servers without a leader serve readers (``readonlymode.enabled``), of whom half of
    the clients are. It is drawn together with local sessions, without which there are none."""

    reconfig: bool = False
    """Whether members change while the ensemble serves (``reconfigEnabled``)."""

    @property
    def client_numbers(self) -> tuple[int, ...]:
        """The numbers of all clients, which are not those of servers."""
        return tuple(range(_FIRST_CLIENT, _FIRST_CLIENT + self.clients))

    @property
    def servers(self) -> tuple[int, ...]:
        """The ids of all servers; observers come last."""
        return tuple(range(1, self.voters + self.observers + 1))


DEFAULT_OPTIONS = Options()


def draw_options(rng: Random, voters: int | None = None) -> Options:
    """Draw everything, but for the number of voters if that is given."""
    drawn = rng.choice((3, 3, 5))
    options = Options(
        voters=voters or drawn,
        observers=rng.choice((0, 0, 1)),
        commit_log_count=rng.choice((1, 3, 10, 500)),
        writes=rng.choice((0, 2, 20)),
        delays=rng.choice((Delays(), Delays(longest_ms=2), Delays(longest_ms=60, slow_share=0.02))),
        latency=rng.choice((Latency(), Latency(longest_ms=50), Latency(stall_share=0.02))),
        clients=rng.choice((1, 3, 5)),
        rest_ms=rng.choice((20, 100, 400)),
        session_ms=rng.choice((400, 1000, 2000)),
        drift=rng.choice((0, 0, 20, 100)),
        snap_count=rng.choice((20, 100, 100_000)),
    )
    read_only = rng.random() < _READ_ONLY_SHARE
    return options._replace(
        local_sessions=read_only,
        read_only=read_only,
        slow_disk=rng.choice((0, options.voters, rng.choice(options.servers))),
        slow_disk_ms=rng.choice((100, 300, 300)),
        far_server=rng.choice((0, rng.choice(options.servers))),
        far_ms=rng.choice((20, 50, 100)),
        observers_log=rng.random() < 0.5,
    )
