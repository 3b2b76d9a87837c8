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
from speckeeper.server.settings import ServerSettings
from speckeeper.sim.clock import LocalClock
from speckeeper.sim.disk import Disk
from speckeeper.sim.disk_effects import DiskEffects
from speckeeper.sim.doors import Doors
from speckeeper.sim.moments import Moment, after_input, of_effect, of_input
from speckeeper.sim.pace import Pace
from speckeeper.sim.peer_ports import PeerPorts
from speckeeper.sim.server_effects import ServerEffects
from speckeeper.sim.store import Store
from speckeeper.sim.surroundings import Surroundings
from speckeeper.sim.transcript import describe
from speckeeper.storage.errors import StorageError
from speckeeper.wire.election import ServerState
from speckeeper.wire.request_records import ReconfigRequest
from speckeeper.zab import effects, inputs
from speckeeper.zab.actions import Trace
from speckeeper.zab.membership import Membership
from speckeeper.zab.peer import Peer
from speckeeper.zab.settings import ZabSettings
from speckeeper.zab.state import ZabState


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
        self.recorder: Callable[[Peer], Trace | None] | None = None
        """Makes what each life of the server is told to, if that is wanted."""
        self.world = world
        self._server_settings = server
        self._membership = membership
        self._rng = rng
        self.part = MemberServer(server, lambda: self.tree)
        self._pace = Pace(world.clock, self._run)
        self.soon: deque[inputs.Input] = deque()
        """Inputs that came up within a step."""
        self._tick_at_ms: int | None = None
        self._stepping = False
        self._phase = ZabState.ELECTION
        self._effects = ServerEffects(self, rng)
        self.perform: dict[type[Any], Callable[[Any], None]] = {
            **self.ports.perform,
            **DiskEffects(self).perform,
            **self._effects.perform,
        }
        """What carries out each kind of effect."""

    @property
    def serving(self) -> ServerState | None:
        """In which role the server serves, if it does."""
        return self.part.role

    @property
    def tree(self) -> Any:
        """Its tree."""
        assert self.store is not None
        return self.store.tree

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
            membership = self.store.membership(self.id, self._membership)
        except StorageError as error:
            self._stops(error)
            return
        self.world.observer.starts(self)
        recovered, now_ms = self.store.recovered, self.clock.now_ms
        self.peer = Peer(self.settings, membership, recovered, now_ms)
        if self.recorder is not None:
            self.peer.trace = self.recorder(self.peer)
        self.part = MemberServer(self._server_settings, lambda: self.tree)
        self.part.ensemble = self.peer
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
        self.soon.clear()
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
        """Write something unique if this server leads; return the zxid that it gets, or None."""
        return self._effects.write(number)

    def reconfigure(self, request: ReconfigRequest) -> bool:
        """Ask for other members, as a super user, if this server leads; whether that is taken."""
        return self._effects.reconfigure(request)

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
        if self.soon:
            self.step(self.soon.popleft())
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
        if server.wants_turn:
            server.take_turns(self.clock.now_ms)
            return True
        return bool(events)

    def step(self, event: inputs.Input) -> None:
        """Feed the core, and do what it asks."""
        self._step_all((event,))

    def carry_on(self) -> None:
        """Do what the core asks without anything new."""
        self._step_all(())

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
            if isinstance(event, inputs.Propose | inputs.Reconfigure):
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
                self._effects.deliver(deliveries)
                deliveries = []
            try:
                self.perform[type(effect)](effect)
            except StorageError as error:
                self._stepping = False
                self.fail(error)
                return
        if deliveries:
            self._effects.deliver(deliveries)
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

    def _soon_after(self, call: Callable[[], None]) -> None:
        self.world.clock.after(self._rng.randint(1, 5), self.later(call))
