"""An ensemble that takes the steps of spec/Zab.tla, one at a time, as it is told by their names.

A step is what happens outside of the cores: a packet is read, a write becomes durable, a connection
breaks, a server goes down or comes up. How an election comes to its result is not part of that
specification, so the votes of the others are made up. A leader looks into its log before it
synchronizes a learner, so that this is a step of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from speckeeper.sim.stepwise.links import Connection
from speckeeper.sim.stepwise.names import Names, Plain, bytes_of, entries_of, integer, pairs
from speckeeper.sim.stepwise.seat import CannotFollow, Seat, Told
from speckeeper.sim.stepwise.view import observe, peer_last_zxid
from speckeeper.wire.election import Notification, ServerState
from speckeeper.wire.quorum_config import ConfiguredServer, Endpoint, QuorumConfig
from speckeeper.zab import effects, inputs
from speckeeper.zab.effects import Durable
from speckeeper.zab.leader import Leader
from speckeeper.zab.learner_handler import LearnerHandler
from speckeeper.zab.membership import Membership
from speckeeper.zab.settings import ZabSettings

_MOST_TICKS = 1000


def configuration(voters: list[int], observers: tuple[int, ...] = ()) -> QuorumConfig:
    """Return the configuration of an ensemble that needs no addresses."""
    return QuorumConfig(
        tuple(
            ConfiguredServer(number, (Endpoint("stepwise", 2888, 3888),), number in observers)
            for number in (*voters, *observers)
        )
    )


class Links:
    """All connections, and the newest of any two servers."""

    def __init__(self) -> None:
        self.all: dict[int, Connection] = {}
        self._newest: dict[tuple[int, int], Connection] = {}
        self._made = 0

    def connect(self, learner: int, leader: int) -> Connection:
        """Make a connection; what an earlier one still carries is lost."""
        older = self._newest.get((learner, leader))
        if older is not None:
            older.cut()
        self._made += 1
        link = Connection(self._made, learner, leader)
        self.all[link.number] = self._newest[learner, leader] = link
        return link

    def newest(self, learner: int, leader: int) -> Connection | None:
        """Return the newest connection between two servers, which may be broken."""
        return self._newest.get((learner, leader))

    def cut_all(self, server: int) -> None:
        """Break all connections of a server."""
        for link in self.all.values():
            if server in (link.learner, link.leader):
                link.cut()


class Ensemble:
    """Servers by their numbers. ``told``: the handlers that the step taken last has run."""

    def __init__(
        self,
        names: Names,
        windows: Mapping[int, int] | None = None,
        *,
        told_to_serve: bool = False,
    ) -> None:
        """``windows``: how many transactions a leader remembers without reading its log.

        ``told_to_serve``: a leader does not serve by itself with the quorum that it waits for.
        """
        self._told_to_serve = told_to_serve
        self._serving: dict[Leader, Callable[[], None]] = {}
        self.names = names
        self.links = Links()
        self.told: list[Told] = []
        self.seats = {
            number: self._seat(number, (windows or {}).get(number, 500)) for number in names.servers
        }
        self.actions: dict[str, Callable[..., None]] = {
            "ZabTurnToLeading": self._lead,
            "ZabTurnToFollowing": self._follow,
            "ConnectAndFollowerSendFOLLOWERINFO": self._connect,
            "LeaderProcessFOLLOWERINFO": self._read,
            "LeaderPersistAcceptedEpoch": self._job(effects.PersistAcceptedEpoch),
            "FollowerProcessLEADERINFO": self._read,
            "FollowerPersistAcceptedEpoch": self._job(effects.PersistAcceptedEpoch),
            "LeaderProcessACKEPOCH": self._read,
            "LeaderPersistCurrentEpoch": self._job(effects.PersistCurrentEpoch),
            "LeaderSyncFollower": self._synchronize,
            "FollowerProcessSyncMessage": self._read_how_to_synchronize,
            "FollowerProcessPROPOSALInSync": self._read,
            "FollowerProcessCOMMITInSync": self._read,
            "FollowerProcessNEWLEADER": self._read,
            "FollowerTakeSnapshot": self._job(effects.TakeSnapshot),
            "FollowerPersistCurrentEpoch": self._follow_in_epoch,
            "LeaderProcessACKLD": self._read,
            "LeaderStartServing": self._serve,
            "FollowerProcessUPTODATE": self._read,
            "LeaderProcessRequest": self._request,
            "FollowerProcessPROPOSAL": self._read,
            "FollowerLogFlushed": self._flush,
            "LeaderLogFlushed": self._flush,
            "ShutdownLogFlushed": self._flush,
            "LeaderProcessACK": self._read,
            "FollowerProcessCOMMIT": self._read,
            "FollowerShutdown": self._give_up_leader,
            "LeaderShutdown": self._give_up_leading,
            "LeaderRemoveLearner": self._lose_learner,
            "NodeCrash": self._crash,
            "NodeStart": lambda i: self.seats[i].start(),
        }
        """What to do for each action of the specification; arguments are numbers of servers."""

    def _seat(self, number: int, window: int) -> Seat:
        settings = ZabSettings(number, commit_log_count=window)
        membership = Membership(configuration([*self.names.servers]))
        return Seat(settings, membership, self.links.all, self.told.append)

    # -- from outside

    def start(self, state: Mapping[str, Plain]) -> None:
        """Start all servers with what a state of the specification has on their disks."""
        for name in ("acceptedEpoch", "currentEpoch", "history"):
            for server, value in pairs(state[name]):
                store = self.seats[self.names.id_of(server)].store
                if name == "history":
                    store.history = entries_of(value)
                    store.end = store.history[-1][0] if value else 0
                elif name == "acceptedEpoch":
                    store.accepted_epoch = integer(value)
                else:
                    store.current_epoch = integer(value)
        for seat in self.seats.values():
            seat.start()

    def take(self, action: str, arguments: Mapping[str, Plain]) -> None:
        """Take a step. Raises CannotFollow, and ValueError for what is no step of this ensemble.

        ``arguments`` have the names of the specification's parameters: ``i`` and ``j`` are servers,
        ``n`` is a number of transactions, ``mode`` how to synchronize, ``v`` what to write.
        """
        step = self.actions.get(action)
        if step is None:
            raise ValueError(f"{action} is no action of Zab")
        self.told.clear()
        servers = {"i", "j"}
        step(
            *(
                self.names.id_of(value) if name in servers else value
                for name, value in arguments.items()
            )
        )

    def observe(self) -> dict[str, Plain]:
        """Return the variables of the specification, but for those that only properties read."""
        return observe(self, self.names)

    def remarks(self) -> list[str]:
        """Return what whoever looks at the servers from outside has to say: here is nobody."""
        return []

    def newest(self, learner: int, leader: int) -> Connection | None:
        """Return the newest connection between two servers."""
        return self.links.newest(learner, leader)

    # -- election

    def _lead(self, i: int) -> None:
        seat = self.seats[i]
        core = self._looking(seat)
        mine = (i, core.last_zxid, core.election.logical_clock, core.current_epoch)
        for other in self.seats:
            if other != i:
                vote = Notification(ServerState.LOOKING, *mine)
                seat.step(inputs.NotificationReceived(other, vote))
        seat.tick(core.deadline_ms or 0)
        if core.leader is not None:
            self._look_into_log_first(core.leader)
            if self._told_to_serve:
                self._serve_when_told(core.leader)

    def _follow(self, i: int, j: int) -> None:
        seat = self.seats[i]
        core = self._looking(seat)
        better = (j, core.last_zxid, core.election.logical_clock, core.current_epoch + 1)
        for other in self.seats:
            if other != i:
                vote = Notification(ServerState.LOOKING, *better)
                seat.step(inputs.NotificationReceived(other, vote))
        seat.tick(core.deadline_ms or 0)

    def _looking(self, seat: Seat) -> Any:
        core = seat.peer
        if core is None or core.closing or core.state is not ServerState.LOOKING:
            raise CannotFollow(f"server {seat.id} holds no election")
        return core

    def _look_into_log_first(self, leader: Leader) -> None:
        synchronize = leader._sync

        def hold(handler: LearnerHandler, txn_log: Any) -> None:
            if txn_log is None:
                handler.reading_log = True
            else:
                synchronize(handler, txn_log)

        leader._sync = hold  # type: ignore[method-assign]

    def _serve_when_told(self, leader: Leader) -> None:
        self._serving[leader] = leader._start_serving
        leader._start_serving = lambda: None  # type: ignore[method-assign]

    def _serve(self, i: int) -> None:
        """Serve, if the quorum is there; where nobody waits to be told it has happened already."""
        leader = self.seats[i].core.leader
        if leader in self._serving:
            self._serving[leader]()
            self.seats[i].step()

    # -- connections and packets

    def _connect(self, i: int, j: int) -> None:
        seat = self.seats[i]
        if seat.connecting != j:
            raise CannotFollow(f"server {i} does not connect to {j}")
        seat.connecting = None
        left_over = peer_last_zxid(self, j, i)
        link = self.links.connect(i, j)
        link.left_over = left_over
        self.seats[j].step(inputs.LearnerConnected(link.number))
        seat.step(inputs.LeaderConnected(link.number))

    def _link(self, i: int, j: int) -> Connection:
        """Return the connection on which i hears j, as learner or as leader."""
        for learner, leader in ((i, j), (j, i)):
            link = self.links.newest(learner, leader)
            if link is not None and link.under_way(i):
                return link
        raise CannotFollow(f"there is nothing from {j} that {i} could read")

    def _read(self, i: int, j: int) -> None:
        self._receive(i, self._link(i, j))

    def _receive(self, i: int, link: Connection) -> None:
        self.seats[i].receive(link)

    def _read_how_to_synchronize(self, i: int, j: int) -> None:
        self._read(i, j)
        for job in (effects.TruncateLog, effects.InstallSnapshot):
            self._job(job)(i)

    def _synchronize(self, i: int, j: int, mode: str) -> None:
        seat = self.seats[i]
        _, handler = self._handler(i, j)
        core = seat.core
        core.settings = core.settings._replace(force_snapshot_sync=mode == "SNAP")
        found = seat.store.read_log(handler.peer_last_zxid)
        seat.step(inputs.LogRead(handler.link, found))
        core.settings = seat.settings

    def _handler(self, i: int, j: int) -> tuple[Leader, LearnerHandler]:
        link = self.links.newest(j, i)
        leader = self.seats[i].core.leader
        handler = None if leader is None or link is None else leader.handler.get(link.number)
        if leader is None or handler is None:
            raise CannotFollow(f"server {i} does not lead {j}")
        return leader, handler

    def _lose_learner(self, i: int, j: int) -> None:
        link = self.links.newest(j, i)
        if link is None:
            raise CannotFollow(f"server {j} has never connected to {i}")
        link.cut()
        self.seats[i].step(inputs.Disconnected(link.number))

    def _give_up_leader(self, i: int) -> None:
        seat = self.seats[i]
        learner = seat.core.learner
        if learner is None:
            raise CannotFollow(f"server {i} follows nobody")
        seat.connecting = None
        if learner.link is None:
            seat.step(inputs.ConnectFailed(learner.leader))
        else:
            self.links.all[learner.link].cut()
            seat.step(inputs.Disconnected(learner.link))
        seat.reload()

    def _give_up_leading(self, i: int) -> None:
        """Let time pass in which nobody is heard."""
        seat = self.seats[i]
        core = seat.core
        for _ in range(_MOST_TICKS):
            if core.leader is None or core.closing:
                return
            seat.tick(core.leader.deadline_ms)
        raise CannotFollow(f"server {i} leads on, though it hears nobody")

    # -- the disk, clients, and life

    def _job(self, kind: type[Durable]) -> Callable[[int], None]:
        def run(i: int) -> None:
            """Do what the disk was asked, if it was: if not, nothing becomes durable."""
            seat = self.seats[i]
            for job in [each for each in seat.store.jobs if isinstance(each, kind)]:
                seat.run_job(job)

        return run

    def _follow_in_epoch(self, i: int) -> None:
        """Write the epoch; a snapshot ahead of it changes nothing if the disk has all of it."""
        store = self.seats[i].store
        if store.history == store.tree:
            self._job(effects.TakeSnapshot)(i)
        self._job(effects.PersistCurrentEpoch)(i)

    def _flush(self, i: int, n: Plain) -> None:
        seat = self.seats[i]
        if len(seat.store.queue) < integer(n):
            raise CannotFollow(f"the log of {i} has no {n} transactions to be synced")
        seat.flush(integer(n))
        seat.reload()

    def _request(self, i: int, v: Plain) -> None:
        self.seats[i].propose(bytes_of(v))

    def _crash(self, i: int) -> None:
        self.seats[i].crash()
        self.links.cut_all(i)
