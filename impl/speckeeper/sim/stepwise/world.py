"""The simulated world, led through a behaviour of spec/Zab.tla one step at a time.

Whole servers, links, files and the judge of ``speckeeper.sim``; only what comes when is not drawn:
packets arrive, the disk finishes, connections break and servers crash as the behaviour has it.
Two things are made for it, as for cores without servers (``ensemble.py``): the votes of the others,
for how an election comes to its result is not in Zab.tla; and that a leader synchronizes a learner,
and begins to serve, in steps of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from typing import Any

from speckeeper.sim.clock import Clock, LocalClock
from speckeeper.sim.judge import Judge
from speckeeper.sim.link import Link
from speckeeper.sim.moments import Moments
from speckeeper.sim.node import Node
from speckeeper.sim.options import Options
from speckeeper.sim.settings import configuration, server_settings, zab_settings
from speckeeper.sim.start import entries_of, read_start
from speckeeper.sim.stepwise.ensemble import Ensemble
from speckeeper.sim.stepwise.held import HeldDisk, HeldNetwork
from speckeeper.sim.stepwise.links import Connection
from speckeeper.sim.stepwise.names import Names, Plain, bytes_of, integer, pairs
from speckeeper.sim.stepwise.seat import CannotFollow, Seat
from speckeeper.sim.stepwise.view import peer_last_zxid
from speckeeper.sim.stepwise.world_seat import WorldSeat
from speckeeper.sim.store import lay_down
from speckeeper.sim.surroundings import Surroundings
from speckeeper.sim.violation import Violation
from speckeeper.zab import inputs
from speckeeper.zab.leader import Leader
from speckeeper.zab.learner_handler import LearnerHandler
from speckeeper.zab.membership import Membership


class _Listening:
    """Has the judge look on, and keeps the first rule that it finds broken: the run goes on."""

    def __init__(self, judge: Judge) -> None:
        self._judge = judge
        self.violation: Violation | None = None

    def __getattr__(self, name: str) -> Callable[..., None]:
        look = getattr(self._judge, name)

        def told(*arguments: Any) -> None:
            if self.violation is None:
                try:
                    look(*arguments)
                except Violation as violation:
                    self.violation = violation

        return told


class LedWorld(Ensemble):
    """Servers by their numbers. The arguments are those of ``Ensemble``."""

    def __init__(
        self,
        names: Names,
        windows: Mapping[int, int] | None = None,
        *,
        told_to_serve: bool = False,
    ) -> None:
        self._options = Options(voters=len(names.servers))
        self._network = HeldNetwork()
        self._disks = {number: HeldDisk(Clock()) for number in names.servers}
        self._membership = Membership(configuration(self._options))
        self.observer: Any = _Listening(Judge(self._membership, self._disks))
        self._nodes: dict[int, Node] = {}
        self._wires: dict[int, Link] = {}
        self._synchronizes: dict[Leader, Callable[..., None]] = {}
        super().__init__(names, windows, told_to_serve=told_to_serve)

    def _seat(self, number: int, window: int) -> Seat:
        options = self._options._replace(commit_log_count=window)
        disk = self._disks[number]
        world = Surroundings(disk.clock, self._network, self._nodes, self.observer, None, Moments())
        node = self._nodes[number] = Node(
            zab_settings(options, number),
            server_settings(options, number),
            self._membership,
            world,
            disk,
            LocalClock(disk.clock),
            Random(number),
        )
        return WorldSeat(node, disk, disk.clock, self._membership, self.links.all, self.told.append)

    def start(self, state: Mapping[str, Plain]) -> None:
        """Start all servers with what a state of the specification has on their disks.

        Raises PlainError for what no server leaves on a disk.
        """
        epochs = {
            name: {self.names.id_of(server): integer(epoch) for server, epoch in pairs(state[name])}
            for name in ("acceptedEpoch", "currentEpoch")
        }
        disks = {
            self.names.id_of(server): {
                **{name: of[self.names.id_of(server)] for name, of in epochs.items()},
                "history": [_plain(txn) for txn in history],
            }
            for server, history in pairs(state["history"])
        }
        committed = [_plain(txn) for txn in state.get("committed", ())]
        start = read_start(
            {"servers": [disks[number] for number in sorted(disks)], "committed": [committed]}
        )
        logs = {sid: entries_of(disk.history) for sid, disk in enumerate(start.servers, 1)}
        for sid, disk in enumerate(start.servers, 1):
            lay_down(self._disks[sid], disk.acceptedEpoch, disk.currentEpoch, logs[sid])
        self.observer.begins(logs, [entries_of(history) for history in start.committed])
        for seat in self.seats.values():
            seat.start()

    def remarks(self) -> list[str]:
        """Return the first rule that the judge has found broken."""
        found = self.observer.violation
        return [] if found is None else [f"the judge of the simulator: {found}"]

    # -- what is done otherwise than with cores alone

    def _of(self, number: int) -> WorldSeat:
        seat = self.seats[number]
        assert isinstance(seat, WorldSeat), "there are no others here"
        return seat

    def _look_into_log_first(self, leader: Leader) -> None:
        synchronize = self._synchronizes[leader] = leader._sync

        def hold(handler: LearnerHandler, txn_log: Any) -> None:
            if txn_log is None:
                handler.reading_log = True
            else:
                synchronize(handler, txn_log)

        leader._sync = hold  # type: ignore[method-assign]

    def _synchronize(self, i: int, j: int, mode: str) -> None:
        seat = self._of(i)
        leader, handler = self._handler(i, j)
        core = seat.core
        core.settings = core.settings._replace(force_snapshot_sync=mode == "SNAP")
        handler.reading_log = False
        seat.do(lambda: self._synchronizes[leader](handler, None))
        seat.read_log()
        core.settings = seat.settings

    def _connect(self, i: int, j: int) -> None:
        seat = self._of(i)
        if seat.connecting != j:
            raise CannotFollow(f"server {i} does not connect to {j}")
        left_over = peer_last_zxid(self, j, i)
        link = self.links.connect(i, j)
        link.left_over = left_over
        self._network.next_link = link.number
        seat.connect(self._network)
        wire = seat.node.ports.link(link.number)
        if wire is None:
            raise CannotFollow(f"server {j} does not take {i} for a learner")
        self._wires[link.number] = wire
        self._of(j).look()

    def _receive(self, i: int, link: Connection) -> None:
        self._of(i).take_from(link, self._wires[link.number])

    def _lose_learner(self, i: int, j: int) -> None:
        link = self.links.newest(j, i)
        if link is None:
            raise CannotFollow(f"server {j} has never connected to {i}")
        link.cut()
        self._of(i).hear_of_the_end(self._wires[link.number])

    def _give_up_leader(self, i: int) -> None:
        seat = self._of(i)
        learner = seat.core.learner
        if learner is None:
            raise CannotFollow(f"server {i} follows nobody")
        if learner.link is None:
            seat.connecting = None
            seat.step(inputs.ConnectFailed(learner.leader))
        else:
            self.links.all[learner.link].cut()
            seat.hear_of_the_end(self._wires[learner.link])
        seat.reload()

    def _request(self, i: int, v: Plain) -> None:
        self.seats[i].propose(bytes_of(v))


def _plain(txn: Plain) -> dict[str, Any]:
    epoch, counter = map(integer, txn["zxid"])
    return {"epoch": epoch, "counter": counter, "value": bytes_of(txn["value"]).decode()}
