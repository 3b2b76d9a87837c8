"""A whole ensemble under virtual time, from one schedule: trouble first, then a calm that heals it.

What happens by chance is drawn from generators that belong to the schedule's seed and to one link,
disk or server each, and nothing depends on the order of a set or a hash: the same schedule is the
same run.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from random import Random
from typing import NamedTuple

from speckeeper.sim.blind import BlindClient, BlindJudge
from speckeeper.sim.client import Client
from speckeeper.sim.clock import Clock, LocalClock
from speckeeper.sim.disk import Disk
from speckeeper.sim.fault import Fault, Target
from speckeeper.sim.histories import Histories
from speckeeper.sim.judge import Judge, Violation
from speckeeper.sim.judge_client import JudgedClient
from speckeeper.sim.moments import Moments
from speckeeper.sim.network import Network
from speckeeper.sim.node import Node
from speckeeper.sim.recording import Recording
from speckeeper.sim.schedule import Schedule
from speckeeper.sim.settings import configuration, server_settings, zab_settings
from speckeeper.sim.start import Start, entries_of
from speckeeper.sim.store import lay_down
from speckeeper.sim.surroundings import Surroundings
from speckeeper.sim.workload import ClientWorkload
from speckeeper.wire.election import ServerState
from speckeeper.wire.request_records import ReconfigRequest
from speckeeper.zab.actions import Trace
from speckeeper.zab.membership import Membership
from speckeeper.zab.peer import Peer

_LONGEST_START_MS = 50
# How many answers every client must get in the calm.
_ANSWERS = 3


class Report(NamedTuple):
    """What became of a run. ``violation`` is None if all held."""

    schedule: Schedule
    violation: str | None
    committed: int
    epochs: int
    faults: dict[str, int]
    """How many faults of each kind struck somebody."""
    virtual_ms: int


class World:
    """One ensemble. Build it, then :meth:`run`, or drive it by hand in a test."""

    def __init__(
        self,
        schedule: Schedule,
        recorder: Callable[[Peer], Trace | None] | None = None,
        log: Callable[[str], None] | None = None,
        history: Histories | None = None,
        *,
        blind: bool = False,
    ) -> None:
        """``blind``: whatever happens in trouble, no rule of the simulator's own ends the run."""
        self.schedule = schedule
        self._judged_client: type[JudgedClient] = BlindClient if blind else JudgedClient
        self._history = history
        self.seed = schedule.chance_seed
        self.options = options = schedule.options
        self.clock = Clock()
        if isinstance(recorder, Recording):
            recorder.clock = lambda: self.clock.now_ms
        self.network = Network(self.clock, self.seed, options.delays)
        self.struck: Counter[str] = Counter()
        self._log = log
        membership = Membership(configuration(options))
        disks = {
            sid: Disk(self.clock, f"{self.seed} disk {sid}", options.latency)
            for sid in options.servers
        }
        if options.far_server:
            self.network.far, self.network.far_ms = options.far_server, options.far_ms
        if options.slow_disk in disks:
            disks[options.slow_disk].slower_ms = options.slow_disk_ms
        judge = BlindJudge if blind else Judge
        self.judge = judge(membership, disks, schedule.options.local_sessions)
        self.nodes: dict[int, Node] = {}
        self.moments = Moments()
        surroundings = Surroundings(
            self.clock, self.network, self.nodes, self.judge, log, self.moments
        )
        for sid in options.servers:
            rng = Random(f"{self.seed} server {sid}")
            drift = rng.randint(-options.drift, options.drift)
            node = Node(
                zab_settings(options, sid),
                server_settings(options, sid),
                membership,
                surroundings,
                disks[sid],
                LocalClock(self.clock, 1000 + drift, rng.randint(0, 100 * options.drift)),
                rng,
            )
            node.recorder = recorder
            self.nodes[sid] = node
        self.clients = [self._client(number) for number in options.client_numbers]
        self._writes = Random(f"{self.seed} writes")
        self._crashes = Random(f"{self.seed} crashes")  # for those outside of the schedule
        self._written = 0
        self.troubled = False

    # -- by hand

    def start(self) -> None:
        """Start all servers, not quite at once. Raises Violation if their disks break a rule."""
        if self.schedule.start is not None:
            self._lay_down(self.schedule.start)
        for node in self.nodes.values():
            delay_ms = Random(f"{self.seed} start {node.id}").randint(0, _LONGEST_START_MS)
            self.clock.after(delay_ms, node.ensure_running)

    def _lay_down(self, start: Start) -> None:
        """Let disks hold what they begin with, and the judge know it."""
        logs = {sid: entries_of(disk.history) for sid, disk in enumerate(start.servers, 1)}
        for sid, disk in enumerate(start.servers, 1):
            lay_down(self.nodes[sid].disk, disk.acceptedEpoch, disk.currentEpoch, logs[sid])
        self.judge.begins(logs, [entries_of(history) for history in start.committed])

    def leader(self) -> Node | None:
        """Return the server that leads the latest epoch and serves."""
        leading = [n for n in self.nodes.values() if n.serving is ServerState.LEADING]
        return max(leading, key=lambda node: node.tree.last_processed_zxid, default=None)

    def named(self, targets: Iterable[Target]) -> list[Node]:
        """Return the servers that are meant, each once; roles that nobody has are left out."""
        found = {node.id: node for target in targets if (node := self._named(target)) is not None}
        return [*found.values()]

    def _named(self, target: Target) -> Node | None:
        if isinstance(target, int):
            return self.nodes.get(target)
        leader = self.leader() or self._first(ServerState.LEADING)
        return leader if target == "leader" else self._first(ServerState.FOLLOWING)

    def _first(self, state: ServerState) -> Node | None:
        nodes = self.nodes.values()
        return next((node for node in nodes if node.peer and node.peer.state is state), None)

    def crash(self, node: Node, rng: Random | None = None) -> None:
        """Crash a server that runs; the generator says what its disk keeps of what is unsynced."""
        node.crash(rng or self._crashes)

    def cut_for(self, cuts: Sequence[tuple[int, int]], outage_ms: int) -> bool:
        """Cut links, each in one direction, and mend them after a time; tell whether any was."""
        for source, target in cuts:
            self.network.cut(source, target)
        if cuts:
            self.clock.after(outage_ms, lambda: self.mend(cuts))
        return bool(cuts)

    def mend(self, cuts: Sequence[tuple[int, int]]) -> None:
        """Undo cuts, each of one direction; servers connect anew and say their votes again."""
        for source, target in cuts:
            self.network.mend(source, target)
        self._greet()

    def heal(self) -> None:
        """Mend all cuts."""
        self.network.heal()
        self._greet()

    def write(self) -> int | None:
        """Have the leader write something unique; return its zxid, or None if there is none."""
        leader = self.leader()
        if leader is None:
            return None
        self._written += 1
        zxid = leader.write(self._written)
        if zxid is not None and self._history is not None:
            self._history.asked_by_nobody(self.clock.now_ms)
        return zxid

    def reconfigure(self, leader: Node, request: ReconfigRequest) -> bool:
        """Ask a leader for other members; return whether it takes that up."""
        server = leader.part.server
        before = 0 if server is None else server.pipeline.zxid
        taken = leader.reconfigure(request)
        if server is not None and self._history is not None and server.pipeline.zxid != before:
            self._history.asked_by_nobody(self.clock.now_ms)  # a refusal takes a zxid, too
        return taken

    def settled(self) -> bool:
        """Whether every server serves and has all that is committed, but for those kept out."""
        return self.leader() is not None and all(
            node.serving is not None and self.judge.is_up_to_date(node)
            for node in self.nodes.values()
            if not self.is_kept_out(node)
        )

    def is_kept_out(self, node: Node) -> bool:
        """Whether a server has promised an epoch above the leader's, which it may not follow then.

        A leader that dies in discovery leaves such promises. As in ZooKeeper ("Leaders epoch is
        less than accepted epoch") the server stays out until another leader is elected.
        """
        leader = self.leader()
        return leader is not None and node.disk.accepted_epoch > leader.disk.current_epoch

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
            for client in self.clients:
                client.start()
            self.troubled = True
            self._write_later()
            for fault in self.schedule.faults:
                self.clock.at(fault.at_ms, partial(self._strike, fault))
            self.clock.run_until(self.options.trouble_ms)
            self.troubled = False
            self.calm()
        except Violation as error:
            violation = str(error)
        return Report(
            self.schedule,
            violation,
            len(self.judge.order),
            len(self.judge.leaders),
            dict(self.struck),
            self.clock.now_ms,
        )

    def calm(self) -> None:
        """Heal everything; the ensemble must come together, serve every client, and agree."""
        self.heal()
        for node in self.nodes.values():
            node.disk.heal()
            node.hurry()
            node.ensure_running()
        self._serve_clients()
        for client in self.clients:
            client.resting = True
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
        self.judge.check_rest(node for node in self.nodes.values() if not self.is_kept_out(node))

    def _serve_clients(self) -> None:
        """Let time pass until every client has been answered. Raises Violation if one is not."""
        wanted = {client: client.answers + _ANSWERS for client in self.clients}

        def served() -> bool:
            while wanted:
                client, answers = next(iter(wanted.items()))
                if client.answers < answers:
                    return False
                del wanted[client]
            return True

        if wanted and not self.clock.run_until(self.clock.now_ms + self.options.calm_ms, served):
            names = ", ".join(str(client.id) for client in wanted)
            raise Violation(
                f"Liveness: client {names} is not answered in {self.options.calm_ms} ms"
            )

    def _strike(self, fault: Fault) -> None:
        if not self.troubled:
            return
        if self._log is not None:
            self._log(f"{self.clock.now_ms} fault {fault.number}: {fault.text()}")
        if fault.strike(self):
            self.struck[fault.kind] += 1

    def _write_later(self) -> None:
        """Write again and again as long as there is trouble."""

        def once() -> None:
            if self.troubled:
                self.write()
                self._write_later()

        if self.options.writes > 0:
            pause_ms = int(self._writes.expovariate(self.options.writes) * 1000)
            self.clock.after(max(pause_ms, 1), once)

    def _client(self, number: int) -> Client:
        options = self.options
        return Client(
            number,
            self.clock,
            self.nodes,
            self._judged_client(f"client {number}", self.judge),
            ClientWorkload(Random(f"{self.seed} work {number}"), number, options.rest_ms),
            Random(f"{self.seed} client {number}"),
            options.session_ms,
            self._log,
            may_read_only=options.read_only and number % 2 == 0,
            recorder=None if self._history is None else self._history.recorder,
        )

    def _greet(self) -> None:
        for node in self.nodes.values():
            for other in self.nodes.values():
                node.ports.greet(other.id)
