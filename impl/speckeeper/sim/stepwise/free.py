"""Cores that run by themselves: what happens next is drawn, and each handler is told of.

Elections are real, time passes, disks and connections are as slow as chance has it. Whoever looks
is called after each step with its name and arguments as the specification has them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from random import Random
from typing import Any

from speckeeper.sim.stepwise.ensemble import Links, configuration
from speckeeper.sim.stepwise.links import Connection
from speckeeper.sim.stepwise.names import Names, Plain, bytes_of, value_of
from speckeeper.sim.stepwise.seat import Seat, Told
from speckeeper.sim.stepwise.view import observe, peer_last_zxid
from speckeeper.wire.election import Notification
from speckeeper.wire.quorum import PacketType
from speckeeper.zab import inputs
from speckeeper.zab.membership import Membership
from speckeeper.zab.settings import ZabSettings
from speckeeper.zab.state import Stage

Step = tuple[str, dict[str, Plain]]
"""An action and its arguments by the specification's names."""

_MOST_AT_ONCE = 3
_BULK = 0.3
"""How often packets, requests and what has become durable are handled in bulk."""


class FreeRun:
    """One run from one seed. ``look(steps)`` is called when these steps have been taken.

    The steps in between are given too where it is seen only at the end of all of them what they
    came to: packets that are read together, and a role that is over when the disk is done.
    """

    def __init__(
        self,
        seed: int,
        names: Names,
        look: Callable[[list[Step]], None],
        values: int = 2,
    ) -> None:
        self._rng = rng = Random(f"free run {seed}")
        self.names = names
        self.links = Links()
        self._look = look
        self._values = values
        self._flushing = 0
        window = rng.choice([1, 2, 500])
        self._trouble = rng.choice([0.5, 1, 3])
        membership = Membership(configuration([*names.servers]))
        self.seats = {
            number: Seat(
                ZabSettings(number, commit_log_count=window), membership, self.links.all, self._told
            )
            for number in names.servers
        }
        self.votes: dict[tuple[int, int], deque[Notification]] = {
            (i, j): deque() for i in self.seats for j in self.seats
        }
        self._now_ms = 0

    def start(self) -> None:
        """Let all servers come up, with nothing on their disks."""
        for seat in self.seats.values():
            seat.start()
            self._send_votes(seat)

    def observe(self) -> dict[str, Plain]:
        """Return the variables of spec/Zab.tla, but for those that only properties read."""
        return observe(self, self.names)

    def newest(self, learner: int, leader: int) -> Connection | None:
        """Return the newest connection between two servers."""
        return self.links.newest(learner, leader)

    # -- what may happen

    def go_on(self) -> None:
        """Let one thing happen."""
        choices: list[tuple[float, Callable[..., None], tuple[Any, ...]]] = []

        def may(weight: float, call: Callable[..., None], *given: Any) -> None:
            choices.append((weight, call, given))

        for seat in self.seats.values():
            if seat.peer is None:
                may(1, self._start, seat)
                continue
            may(0.003 * self._trouble, self._crash, seat)
            self._may_use_disk(seat, may)
            leader = seat.peer.leader
            if leader is not None and seat.peer._serving and not seat.peer.closing:
                may(0.7, self._request, seat)
            if seat.reload_due:
                may(1, seat.reload)
            if seat.connecting is not None:
                may(1, self._connect, seat, seat.connecting)
        for link in self.links.all.values():
            if link.broken:
                may(0.4, self._notice, link)
                continue
            may(0.005 * self._trouble, self._break, link)
            for end, queue in ((link.leader, link.to_leader), (link.learner, link.to_learner)):
                if queue:
                    may(2, self._receive, link, end)
        for (i, j), votes in self.votes.items():
            if votes and self.seats[j].peer is not None:
                may(2, self._receive_vote, i, j)
        may(0.15, self._pass_time)
        weights = [weight for weight, _, _ in choices]
        _, call, given = self._rng.choices(choices, weights)[0]
        call(*given)
        for seat in self.seats.values():
            self._send_votes(seat)

    def _may_use_disk(self, seat: Seat, may: Callable[..., None]) -> None:
        store = seat.store
        for job in store.jobs:
            may(1, seat.run_job, job)
        if store.queue:
            may(1, self._flush, seat)
        if seat.reading:
            may(1, seat.read_log)

    # -- life, disk and time

    def _start(self, seat: Seat) -> None:
        seat.now_ms = self._now_ms
        seat.start()
        self._happened("NodeStart", seat.id)

    def _crash(self, seat: Seat) -> None:
        seat.crash()
        self.links.cut_all(seat.id)
        for (i, j), queue in self.votes.items():
            if seat.id in (i, j):
                queue.clear()
        self._happened("NodeCrash", seat.id)

    def _happened(self, action: str, server: int) -> None:
        self._look([(action, {"i": self.names.server(server)})])

    def _flush(self, seat: Seat) -> None:
        count = self._flushing = self._rng.randint(1, len(seat.store.queue))
        role = seat.core.leader or seat.core.learner
        if self._in_bulk() and role is not None and not seat.core.closing:
            action = "LeaderLogFlushed" if seat.core.leader is role else "FollowerLogFlushed"
            upto = seat.store.flush(count)
            self._bulk(seat, inputs.LogPersisted(upto), [(action, {"n": count})])
        else:
            seat.flush(count)

    def _pass_time(self) -> None:
        due = [
            (seat.peer.deadline_ms, seat.id)
            for seat in self.seats.values()
            if seat.peer is not None and (seat.peer.deadline_ms or 1 << 62) < 1 << 61
        ]
        if due:
            at_ms, server = min(due)
            self._now_ms = max(self._now_ms, at_ms or 0)
            for seat in self.seats.values():
                seat.now_ms = self._now_ms
            self.seats[server].tick(self._now_ms)

    # -- votes

    def _send_votes(self, seat: Seat) -> None:
        while seat.votes:
            other, vote = seat.votes.popleft()
            if other in self.seats and self.seats[other].peer is not None:
                self.votes[seat.id, other].append(vote)

    def _receive_vote(self, i: int, j: int) -> None:
        vote = self.votes[i, j].popleft()
        self.seats[j].step(inputs.NotificationReceived(i, vote))

    # -- connections

    def _connect(self, seat: Seat, leader: int) -> None:
        core = self.seats[leader].peer
        seat.connecting = None
        if core is None or not core.accepts_learners:
            seat.step(inputs.ConnectFailed(leader))
            return
        left_over = peer_last_zxid(self, leader, seat.id)
        link = self.links.connect(seat.id, leader)
        link.left_over = left_over
        self.seats[leader].step(inputs.LearnerConnected(link.number))
        seat.step(inputs.LeaderConnected(link.number))

    def _break(self, link: Connection) -> None:
        """Break a connection where one end notices at once."""
        self._notice(link)

    def _notice(self, link: Connection) -> None:
        """Let one of the ends that do not know it yet hear that a connection is gone."""
        ends = [end for end in (link.leader, link.learner) if self._holds(end, link)]
        link.cut()
        if ends:
            self.seats[self._rng.choice(ends)].step(inputs.Disconnected(link.number))
        else:
            del self.links.all[link.number]

    def _holds(self, end: int, link: Connection) -> bool:
        peer = self.seats[end].peer
        if peer is None or peer.closing:
            return False
        if end == link.leader:
            return peer.leader is not None and link.number in peer.leader.handler
        return peer.learner is not None and peer.learner.link == link.number

    def _receive(self, link: Connection, end: int) -> None:
        seat = self.seats[end]
        if not self._holds(end, link):
            return
        queue = link.to_leader if end == link.leader else link.to_learner
        count = self._rng.randint(1, min(_MOST_AT_ONCE, len(queue)))
        if self._in_bulk() and self._is_broadcast(seat, link, count):
            self._receive_in_bulk(seat, link, count)
            return
        for _ in range(count):
            if not link.broken and queue and self._holds(end, link):
                seat.receive(link)
        self._come_to_it(seat, link)

    def _come_to_it(self, seat: Seat, link: Connection) -> None:
        """Let the disk do what a learner waits for ahead of what it has been given.

        What a learner has received it still reads when the connection is gone. For the
        specification that is lost then, and was read ahead of that.
        """
        while [item for item in link.taken if item.packet.type is not PacketType.PING]:
            if seat.store.jobs:
                seat.run_job(seat.store.jobs[0])
            elif seat.store.queue:
                self._flush(seat)
            else:
                return

    # -- in bulk: without a trace, servers have shorter ways

    def _in_bulk(self) -> bool:
        return self._rng.random() < _BULK

    def _bulk(self, seat: Seat, event: inputs.Input, steps: list[Step]) -> None:
        """Feed an input without a trace, and say which steps that must have been."""
        core = seat.core
        trace, core.trace, core.bulk = core.trace, None, True
        seat.step(event)
        core.trace, core.bulk = trace, False
        i = {"i": self.names.server(seat.id)}
        self._look([(action, {**i, **given}) for action, given in steps])

    def _is_broadcast(self, seat: Seat, link: Connection, count: int) -> bool:
        """Whether all that comes next is of the broadcast, and nothing else is waited for."""
        core = seat.core
        if link.leader == seat.id:
            stages = [core.leader.handler[link.number].stage] if core.leader else []
            kinds, queue = {PacketType.ACK, PacketType.PING}, link.to_leader
        else:
            stages = [core.learner.learner_stage] if core.learner else []
            kinds = {PacketType.PROPOSAL, PacketType.COMMIT, PacketType.PING}
            queue = link.to_learner
        return (
            stages == [Stage.UPTODATE]
            and not link.taken
            and all(queue[k].packet.type in kinds for k in range(count))
        )

    def _receive_in_bulk(self, seat: Seat, link: Connection, count: int) -> None:
        packets = [link.take(seat.id).packet for _ in range(count)]
        link.taken.clear()
        other = link.learner if link.leader == seat.id else link.leader
        role = "Leader" if link.leader == seat.id else "Follower"
        steps: list[Step] = [
            (f"{role}Process{packet.type.name}", {"j": self.names.server(other)})
            for packet in packets
            if packet.type is not PacketType.PING
        ]
        self._bulk(seat, inputs.PacketsReceived(link.number, packets), steps)

    def _request(self, seat: Seat) -> None:
        values = [self._rng.randint(1, self._values) for _ in range(self._rng.randint(1, 2))]
        if self._in_bulk():
            entries = [(seat.next_zxid + k, bytes_of(v)) for k, v in enumerate(values)]
            seat.next_zxid += len(values)
            steps: list[Step] = [("LeaderProcessRequest", {"v": v}) for v in values]
            self._bulk(seat, inputs.ProposeAll(entries), steps)
        else:
            for value in values:
                seat.propose(bytes_of(value))

    # -- what was told

    def _told(self, told: Told) -> None:
        """Say what a handler is as a step of the specification."""
        server, action, given = told
        i: dict[str, Plain] = {"i": self.names.server(server)}
        seat = self.seats[server]
        if action in _OF_ELECTIONS:
            return
        if action.startswith("Leader") and given and hasattr(given[0], "link"):
            link = self.links.all[given[0].link]
            if link is not self.links.newest(link.learner, link.leader):
                return  # it has connected anew, and is no more heard on this one
            i["j"] = self.names.server(link.learner)
            if action == "LeaderProcessACKEPOCH" and link.broken and _begins_an_epoch(given[2]):
                action = "LeaderRemoveLearner"  # it is ahead by a zxid <<epoch, 0>> alone
            if action == "LeaderSyncFollower":
                i["mode"] = given[1].kind.name
        elif action == "LeaderProcessRequest":
            i["v"] = value_of(given[1])
        elif action.endswith("LogFlushed"):
            i["n"] = self._flushing
        elif action in _WITH_LEADER:
            learner = seat.core.learner
            assert learner is not None, "it is the learner's action"
            i["j"] = self.names.server(learner.leader)
        self._look([(action, i)])


def _begins_an_epoch(zxid: int) -> bool:
    return zxid > 0 and not zxid & 0xFFFFFFFF


_OF_ELECTIONS = {
    "Restart",
    "ZabTimeout",
    "ReceiveNotmsg",
    "HandleNotmsg",
    "WaitNewNotmsg",
    "WaitNewNotmsgEnd",
    "NotmsgTimeout",
}
_WITH_LEADER = {
    "ZabTurnToFollowing",
    "ConnectAndFollowerSendFOLLOWERINFO",
    "FollowerProcessLEADERINFO",
    "FollowerProcessSyncMessage",
    "FollowerProcessPROPOSALInSync",
    "FollowerProcessCOMMITInSync",
    "FollowerProcessNEWLEADER",
    "FollowerProcessUPTODATE",
    "FollowerProcessPROPOSAL",
    "FollowerProcessCOMMIT",
}
