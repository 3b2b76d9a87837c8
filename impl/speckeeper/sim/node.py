"""One server of the simulated world: core, server, tree and files, and a driver for them.

The counterpart of ``net/member.py``: what that does with sockets, threads and the loop's clock is
done here with links, lanes of a simulated disk and a clock that drifts. The server takes what comes
one thing after the other; it can be stopped for a while, or slow, and then everything waits.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

from speckeeper.server.member_server import MemberServer
from speckeeper.server.server import Server
from speckeeper.server.settings import ServerSettings
from speckeeper.sim.clock import LocalClock
from speckeeper.sim.disk import Disk
from speckeeper.sim.disk_effects import DiskEffects
from speckeeper.sim.doors import Doors
from speckeeper.sim.moments import Moment, after_input, of_effect, of_input
from speckeeper.sim.pace import Pace
from speckeeper.sim.peer_ports import PeerPorts
from speckeeper.sim.store import Store
from speckeeper.sim.surroundings import Surroundings
from speckeeper.sim.transcript import describe
from speckeeper.storage.errors import StorageError
from speckeeper.wire.codes import OpCode
from speckeeper.wire.election import (
    ServerState,
)
from speckeeper.wire.errors import WireError
from speckeeper.wire.requests import CreateSessionRequest, encode_request
from speckeeper.zab import effects, inputs
from speckeeper.zab.actions import Trace
from speckeeper.zab.membership import Membership
from speckeeper.zab.peer import Peer
from speckeeper.zab.settings import ZabSettings
from speckeeper.zab.state import ZabState

WALL_MS = 1_700_000_000_000
"""What a clock that is right shows at the beginning."""
_FOREVER_MS = 1 << 30


class Node:
    """A server with its disk; ``peer`` is None while it is crashed."""

    def __init__(
        self,
        zab: ZabSettings,
        server: ServerSettings,
        membership: Membership,
        world: Surroundings,
        disk: Disk,
        clock: LocalClock,
        rng: Random,
    ) -> None:
        """``clock``: its own, ``rng``: its own draws."""
        self.id = zab.server_id
        self.settings = zab
        self.disk = disk
        disk.failed = self.fail
        self.clock = clock
        self.peer: Peer | None = None
        self.store: Store | None = None
        self.doors = Doors(self)
        self.ports = PeerPorts(self, world)
        self.boot = 0
        self.failure: StorageError | None = None
        """Why it stopped by itself the last time that it did."""
        self.recorder: Callable[[Peer], Trace] | None = None
        """Makes what each life of the server is told to, if that is wanted."""
        self.world = world
        self._server_settings = server
        self._membership = membership
        self._rng = rng
        self.part = MemberServer(server, lambda: self.tree)
        self._pace = Pace(world.clock, self._run)
        self._soon: deque[inputs.Input] = deque()
        self._tick_at_ms: int | None = None
        self._stepping = False
        self._phase = ZabState.ELECTION
        self._perform: dict[type[Any], Callable[[Any], None]] = {
            **self.ports.perform,
            **DiskEffects(self).perform,
            effects.Replay: self._replay,
            effects.Serve: self._serve,
            effects.ServeReadOnly: lambda effect: None,
            effects.ServeReadOnly: self._serve_read_only,
            effects.StopServing: self._stop_serving,
            effects.FromLearner: self._from_learner,
            effects.FromLeader: self._from_leader,
            effects.Synced: lambda effect: None,
        }

    @property
    def serving(self) -> ServerState | None:
        """In which role the server serves, if it does."""
        return self.part.role

    @property
    def tree(self) -> Any:
        """Its tree."""
        assert self.store is not None
        return self.store.tree

    @property
    def partner(self) -> Node | None:
        """The leader that it learns from; where it leads, the learner with the lowest id."""
        peer = self.peer
        if peer is not None and peer.learner is not None:
            return self.world.nodes.get(peer.learner.leader)
        if peer is None or peer.leader is None:
            return None
        learners = [self.world.nodes.get(h.server_id) for h in peer.leader.handler.values()]
        known = [node for node in learners if node is not None]
        return min(known, key=lambda node: node.id, default=None)

    # -- life

    def start(self) -> None:
        """Come up with what the disk holds; stay down if the disk is of no use."""
        self.boot += 1
        self.failure = None
        try:
            self.store = Store(
                self.disk,
                self.settings.commit_log_count,
                self.later(lambda zxid: self.step(inputs.LogPersisted(zxid))),
            )
        except StorageError as error:
            self._stops(error)
            return
        self.world.observer.starts(self)
        recovered, now_ms = self.store.recovered, self.clock.now_ms
        self.peer = Peer(self.settings, self._membership, recovered, now_ms)
        if self.recorder is not None:
            self.peer.trace = self.recorder(self.peer)
        self.part = MemberServer(self._server_settings, lambda: self.tree)
        self._run(lambda: self.step(inputs.Start()))
        for other in self.world.nodes.values():
            other.ports.greet(self.id)

    def ensure_running(self) -> None:
        """Start, unless it runs."""
        if self.peer is None:
            self.start()

    def crash(self, rng: Random) -> None:
        """Lose everything but the disk, as the power fails; whoever is connected learns of it."""
        self.boot += 1
        self.peer = self.store = None
        self.part.stop()
        self.doors.shut()
        self._tick_at_ms = None
        self._pace.clear()
        self._soon.clear()
        self.disk.crash(rng)
        self.ports.crash()

    def fail(self, error: StorageError) -> None:
        """Stop because the disk does not do what it is asked."""
        self._stops(error)
        self.crash(self._rng)

    def stop_for(self, time_ms: int) -> bool:
        """Do nothing for a while; return whether the server runs at all."""
        if self.peer is not None:
            self._pace.stop_for(time_ms)
        return self.peer is not None

    def slow_down(self, step_ms: int) -> bool:
        """Take so long for anything from now on; return whether the server runs at all."""
        self._pace.step_ms = step_ms
        return self.peer is not None

    def hurry(self) -> None:
        """Be slow no more."""
        self._pace.step_ms = 0

    def mend_disk(self) -> None:
        """Let the disk work again; who has stopped because of it starts."""
        self.disk.files.broken = False
        if self.failure is not None:
            self.ensure_running()

    def write(self, number: int) -> int | None:
        """Write something unique if this server leads; return the zxid that it gets, or None.

        It opens a session that nobody has asked for: a write that needs no session itself.
        """
        server = self.part.server
        if server is None or self.serving is not ServerState.LEADING:
            return None
        op = int(OpCode.CREATE_SESSION)
        body = encode_request(op, CreateSessionRequest(_FOREVER_MS))
        server.pipeline.write(None, number, 0, op, body, 0, len(body), (), self.clock.now_ms)
        zxid = server.pipeline.zxid
        self.later(lambda: None)()
        return zxid

    def checkpoint(self) -> None:
        """Begin a snapshot of what is applied, while the server goes on."""
        peer = self.peer
        if peer is None or not peer.keeps_log:
            return
        if self.store is not None and self.part.server is not None:
            self.store.begin_snapshot(self._soon_after, peer.is_durable)

    def _stops(self, error: StorageError) -> None:
        self.failure = error
        self.note(f"stops: {error}")
        self.world.observer.stops(self, error)

    def note(self, text: str) -> None:
        """Write a line of the log of the world."""
        if self.world.log is not None:
            self.world.log(f"{self.world.clock.now_ms} {self.id} {text}")

    # -- one thing after the other

    def later(self, call: Callable[..., None]) -> Callable[..., None]:
        """Return what has something done by this life of the server, when it gets to it."""
        boot = self.boot

        def enter(*arguments: Any) -> None:
            if boot == self.boot and self.peer is not None:
                self._pace.do(lambda: call(*arguments))

        return enter

    def _run(self, call: Callable[[], None]) -> None:
        boot = self.boot
        call()
        while boot == self.boot and self._turn():
            pass
        if boot == self.boot:
            self._arm()
            self._tell_phase()

    def _tell_phase(self) -> None:
        """Tell those that wait for it that the server has come to another phase."""
        peer = self.peer
        if peer is None or self._phase is peer.zab_state:
            return
        self._phase = peer.zab_state
        self._comes_to(Moment(peer.zab_state.name))

    def _comes_to(self, moment: Moment | None) -> None:
        if moment is not None:
            other = None if moment.link is None else self.ports.other_of(moment.link)
            self.world.moments.comes(moment.name, self.id, other)

    def _turn(self) -> bool:
        """Pass on what server and core have for each other and for clients; whether there was."""
        if self._soon:
            self.step(self._soon.popleft())
            return True
        events: Sequence[inputs.Input] = self.part.take_inputs()
        if events:
            if self.peer is None or not self.peer.bulk:
                events = [*inputs.one_by_one(events)]
            self._step_all(events)
        server = self.part.server
        if server is None:
            return bool(events)
        self.doors.write(server)
        if server.backlog:
            server.take_turns(self.clock.now_ms)
            return True
        return bool(events)

    def step(self, event: inputs.Input) -> None:
        """Feed the core, and do what it asks."""
        self._step_all((event,))

    def _step_all(self, events: Sequence[inputs.Input]) -> None:
        """Do the same for inputs that have come together."""
        peer = self.peer
        if peer is None:
            return
        log, moments = self.world.log, self.world.moments
        for event in inputs.one_by_one(events):
            if log is not None and not isinstance(event, inputs.Tick):
                self._tell(event)
            if moments:
                self._comes_to(of_input(event))
            if isinstance(event, inputs.Propose):
                self.world.observer.proposes(self, event.zxid, event.entry)
        assert not self._stepping, "effects are carried out before the next input"
        self._stepping = True
        deliveries: list[effects.Deliver] = []
        for effect in effects.one_by_one(peer.step_all(events, self.clock.now_ms)):
            if log is not None:
                self._tell(effect)
            if moments:
                self._comes_to(of_effect(effect))
            # As on sockets: deliveries that follow each other go together.
            if isinstance(effect, effects.Deliver):
                deliveries.append(effect)
                continue
            if deliveries and not isinstance(effect, effects.Send | effects.Append):
                self._deliver(deliveries)
                deliveries = []
            self._perform[type(effect)](effect)
        if deliveries:
            self._deliver(deliveries)
        self._stepping = False
        if moments:
            for event in inputs.one_by_one(events):
                self._comes_to(after_input(event, peer))

    def _tell(self, event: Any) -> None:
        self.note(describe(event, self.ports.far_end))

    def _arm(self) -> None:
        """See to it that the core is called when it wants to be."""
        peer = self.peer
        due_ms = None if peer is None else peer.deadline_ms
        if due_ms is None or due_ms >= 1 << 61:
            return
        if self._tick_at_ms is None or due_ms < self._tick_at_ms:
            self._tick_at_ms = due_ms
            enter = self.later(self._tick)
            self.clock.at(due_ms, lambda: enter(due_ms))

    def _tick(self, due_ms: int) -> None:
        if self._tick_at_ms == due_ms:
            self._tick_at_ms = None
            self.step(inputs.Tick())

    def _tick_server(self) -> None:
        server = self.part.server
        if server is not None:
            now_ms = self.clock.now_ms
            server.set_wall_clock(now_ms, WALL_MS + now_ms)
            server.tick(now_ms)
            if server.snapshot_due:
                server.snapshot_started()
                self.checkpoint()

    def _next_server_tick(self, server: object) -> None:
        """Tell a server the time, as long as it is the one that serves."""

        def tick() -> None:
            if self.part.server is server:
                self._tick_server()
                self._next_server_tick(server)

        self.clock.at(self.clock.now_ms + self.settings.tick_time_ms, self.later(tick))

    def _soon_after(self, call: Callable[[], None]) -> None:
        self.world.clock.after(self._rng.randint(1, 5), self.later(call))

    # -- tree and server

    def _replay(self, effect: effects.Replay) -> None:
        self.part.replay(effect)

    def _deliver(self, deliveries: Sequence[effects.Deliver]) -> None:
        last = self.tree.last_processed_zxid
        for each in deliveries:
            self.world.observer.delivers(self, last, each.zxid, each.entry)
            last = each.zxid
        self.part.deliver_all(deliveries, self.clock.now_ms)

    def _serve(self, effect: effects.Serve) -> None:
        assert self.peer is not None
        self.world.observer.serves(self, effect.role, effect.zxid)
        now_ms, active = self.clock.now_ms, self.peer.membership.active
        self._let_in(self.part.serve(effect, active, now_ms, WALL_MS + now_ms, self._rng))

    def _serve_read_only(self, effect: effects.ServeReadOnly) -> None:
        assert self.peer is not None
        now_ms, active = self.clock.now_ms, self.peer.membership.active
        self._let_in(self.part.serve_read_only(active, now_ms, WALL_MS + now_ms, self._rng))

    def _let_in(self, server: Server) -> None:
        self.doors.open(server)
        self._next_server_tick(server)

    def _stop_serving(self, effect: effects.StopServing) -> None:
        assert self.store is not None
        self.part.stop()
        self.store.abort_snapshot()
        self.doors.shut()

    def _from_leader(self, effect: effects.FromLeader) -> None:
        self.part.from_leader(effect, self.clock.now_ms)

    def _from_learner(self, effect: effects.FromLearner) -> None:
        event: inputs.Input | None
        try:
            event = self.part.from_learner(effect, self.clock.now_ms)
        except WireError:
            self.ports.close_link(effect.link)
            event = inputs.Disconnected(effect.link)
        if event is not None:
            self._soon.append(event)  # not from within the step whose effect this is
