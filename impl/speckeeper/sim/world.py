"""A whole ensemble under virtual time, from one seed: trouble first, then a calm that must heal it.

Everything that is random is drawn from one generator, and nothing depends on the order of a set
or a hash: the same seed is the same run.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import NamedTuple

from speckeeper.sim.clock import Clock
from speckeeper.sim.disk import Disk, Latency
from speckeeper.sim.judge import Judge, Violation
from speckeeper.sim.network import Delays, Network
from speckeeper.sim.node import Node
from speckeeper.wire.election import ServerState
from speckeeper.wire.quorum_config import ConfiguredServer, Endpoint, QuorumConfig
from speckeeper.zab.actions import Trace
from speckeeper.zab.membership import Membership
from speckeeper.zab.settings import ZabSettings


class Options(NamedTuple):
    """Sizes and faults of a run; times in milliseconds of virtual time, rates per second."""

    voters: int = 3
    observers: int = 0
    tick_time_ms: int = 100
    init_limit: int = 10
    sync_limit: int = 5
    commit_log_count: int = 500
    trouble_ms: int = 20_000
    calm_ms: int = 60_000
    writes: float = 20
    crashes: float = 0.2
    cuts: float = 0.15
    checkpoints: float = 0.3
    longest_outage_ms: int = 3000
    delays: Delays = Delays()
    latency: Latency = Latency()


DEFAULT_OPTIONS = Options()


def draw_options(seed: int) -> Options:
    """Draw sizes and fault rates for a seed."""
    rng = Random(f"options {seed}")
    return Options(
        voters=rng.choice((3, 3, 5)),
        observers=rng.choice((0, 0, 1)),
        commit_log_count=rng.choice((1, 3, 10, 500)),
        writes=rng.choice((2, 20, 100)),
        crashes=rng.choice((0, 0.1, 0.5)),
        cuts=rng.choice((0, 0.1, 0.5)),
        checkpoints=rng.choice((0, 0.3, 2)),
        longest_outage_ms=rng.choice((300, 3000)),
        delays=rng.choice((Delays(), Delays(longest_ms=2), Delays(longest_ms=60, slow_share=0.02))),
        latency=rng.choice((Latency(), Latency(longest_ms=50), Latency(stall_share=0.02))),
    )


class Report(NamedTuple):
    """What became of a run. ``violation`` is None if all held."""

    seed: int
    options: Options
    violation: str | None
    committed: int
    epochs: int
    crashes: int
    cuts: int
    virtual_ms: int


class World:
    """One ensemble. Build it, then :meth:`run`, or drive it by hand in a test."""

    def __init__(
        self,
        seed: int,
        options: Options = DEFAULT_OPTIONS,
        trace: Callable[[int], Trace] | None = None,
        log: Callable[[str], None] | None = None,
    ) -> None:
        self.seed = seed
        self.options = options
        self.rng = Random(f"world {seed}")
        self.clock = Clock()
        self.network = Network(self.clock, self.rng, options.delays)
        self.crashes = self.cuts = 0
        membership = Membership(_config(options))
        ids = [server.id for server in membership.active.servers]
        disks = {sid: Disk(self.clock, self.rng, options.latency) for sid in ids}
        self.judge = Judge(membership, disks)
        self.nodes: dict[int, Node] = {}
        for sid in ids:
            settings = ZabSettings(
                sid,
                options.tick_time_ms,
                options.init_limit,
                options.sync_limit,
                commit_log_count=options.commit_log_count,
            )
            node = Node(settings, membership, self.clock, self.network, disks[sid], self.judge)
            node.trace = None if trace is None else trace(sid)
            node.log = log
            node.nodes = self.nodes
            self.nodes[sid] = node
        self._written = 0
        self._troubled = False

    # -- by hand

    def start(self) -> None:
        """Start all servers, not quite at once."""
        for node in self.nodes.values():
            self.clock.after(self.rng.randint(0, 50), node.start)

    def leader(self) -> Node | None:
        """Return the server that leads the latest epoch and serves."""
        leading = [n for n in self.nodes.values() if n.serving is ServerState.LEADING]
        return max(leading, key=lambda node: node.next_zxid, default=None)

    def write(self) -> int | None:
        """Write something unique at the leader, if there is one."""
        leader = self.leader()
        if leader is None:
            return None
        self._written += 1
        return leader.propose(b"write %d" % self._written)

    def settled(self) -> bool:
        """Whether every server serves and has all that is committed."""
        # The judge has compared what they have; here only whether they have all of it.
        size = len(self.judge.order)
        return self.leader() is not None and all(
            node.serving is not None and len(node.tree) == size for node in self.nodes.values()
        )

    def settle(self, within_ms: int) -> None:
        """Let time pass until all servers agree. Raises Violation if they do not in time."""
        if not self.clock.run_until(self.clock.now_ms + within_ms, self.settled):
            states = ", ".join(
                f"{node.id} {node.peer.state.name}/{node.peer.zab_state.name}"
                for node in self.nodes.values()
                if node.peer is not None
            )
            raise Violation(f"Liveness: not settled after {within_ms} ms of calm: {states}")

    # -- a whole run

    def run(self) -> Report:
        """Trouble, then calm."""
        violation = None
        try:
            self.start()
            self._troubled = True
            self._schedule(self.options.writes, self._write)
            self._schedule(self.options.crashes, self._crash)
            self._schedule(self.options.cuts, self._cut)
            self._schedule(self.options.checkpoints, self._checkpoint)
            self.clock.run_until(self.options.trouble_ms)
            self._troubled = False
            self.calm()
        except Violation as error:
            violation = str(error)
        return Report(
            self.seed,
            self.options,
            violation,
            len(self.judge.order),
            len(self.judge.leaders),
            self.crashes,
            self.cuts,
            self.clock.now_ms,
        )

    def calm(self) -> None:
        """Heal everything; the ensemble must come together, take a write, and agree."""
        self.network.heal()
        for node in self.nodes.values():
            if node.peer is None:
                node.start()
            for other in self.nodes.values():
                node.greet(other.id)
        self.settle(self.options.calm_ms)
        if self.write() is None:
            raise Violation("Liveness: the leader takes no write")
        before = len(self.judge.order)
        grown = self.clock.run_until(
            self.clock.now_ms + self.options.calm_ms,
            lambda: len(self.judge.order) > before and self.settled(),
        )
        if not grown:
            raise Violation("Liveness: a write was not committed everywhere")
        self.judge.check_rest({node.id: node.tree for node in self.nodes.values()})

    def _schedule(self, rate: float, act: Callable[[], None]) -> None:
        """Do something again and again as long as there is trouble."""
        if rate <= 0:
            return

        def once() -> None:
            if self._troubled:
                act()
                self._schedule(rate, act)

        self.clock.after(max(int(self.rng.expovariate(rate) * 1000), 1), once)

    def _write(self) -> None:
        self.write()

    def _crash(self) -> None:
        """Crash one server, or several at the same moment: a rack or a building without power."""
        rng, nodes = self.rng, [*self.nodes.values()]
        count = 1 if rng.random() < 0.6 else rng.randint(2, len(nodes))
        for node in rng.sample(nodes, count):
            if node.peer is not None:
                self._crash_one(node)

    def _crash_one(self, node: Node) -> None:
        self.crashes += 1
        node.crash()
        self.judge.crashed(node.id)

        def restart() -> None:
            if node.peer is None:
                node.start()

        self.clock.after(self.rng.randint(1, self.options.longest_outage_ms), restart)

    def _cut(self) -> None:
        """Cut one server off, or two from each other, in one direction or both."""
        rng, ids = self.rng, [*self.nodes]
        one = rng.choice(ids)
        others = [rng.choice(ids)] if rng.random() < 0.5 else ids
        out, back = rng.choice(((True, True), (True, False), (False, True)))
        self.cuts += 1
        for other in others:
            if other != one and out:
                self.network.cut(one, other)
            if other != one and back:
                self.network.cut(other, one)
        self.clock.after(rng.randint(1, self.options.longest_outage_ms), self._heal)

    def _heal(self) -> None:
        self.network.heal()
        for node in self.nodes.values():
            for other in self.nodes.values():
                node.greet(other.id)

    def _checkpoint(self) -> None:
        self.rng.choice([*self.nodes.values()]).checkpoint()


def _config(options: Options) -> QuorumConfig:
    count = options.voters + options.observers
    return QuorumConfig(
        tuple(
            ConfiguredServer(sid, (Endpoint("sim", 2888, 3888),), observer=sid > options.voters)
            for sid in range(1, count + 1)
        )
    )
