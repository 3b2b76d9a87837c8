"""Servers that hold elections and do nothing else: what spec/FastLeaderElection.tla describes.

Real elections, with a network that does as it is told. What happens between elections is the
ensemble's part and said by whoever drives this: that epochs and zxids grow.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from speckeeper.sim.stepwise.ensemble import configuration
from speckeeper.sim.stepwise.names import Plain, integer, pairs
from speckeeper.wire.election import Notification, ServerState
from speckeeper.zab.actions import Trace
from speckeeper.zab.effects import Effect, SendNotification
from speckeeper.zab.election import NO_VOTE, FastLeaderElection, Proposal, Vote
from speckeeper.zab.membership import Membership
from speckeeper.zab.settings import ZabSettings

_LOWEST = -2
"""What the specification has for the vote of a server without one."""

Told = Callable[[int, str, tuple[Any, ...]], None]


class Elector:
    """One server, with what an election asks of it."""

    def __init__(self, server: int, membership: Membership, send: Callable[..., None]) -> None:
        self.settings = ZabSettings(server)
        self.membership = membership
        self.state = ServerState.LOOKING
        self.current_epoch = 0
        self.last_zxid = 0
        self.now_ms = 0
        self.out: list[Effect] = []
        self.trace: Trace | None = None
        self._send = send
        self.election = FastLeaderElection(self)

    def send_all(self) -> None:
        """Carry out what the election has asked for."""
        out, self.out = self.out, []
        for effect in out:
            if isinstance(effect, SendNotification):
                self._send(self.settings.server_id, effect.server_id, effect.notification)


class Elections:
    """Voters and observers. ``told`` is called after each handler, when its votes are sent."""

    def __init__(
        self, voters: Iterable[int], observers: Iterable[int], told: Told = lambda *_: None
    ) -> None:
        self._observers = tuple(observers)
        self._membership = Membership(configuration([*voters], self._observers))
        self._told = told
        self.servers = {
            number: Elector(number, self._membership, self._send)
            for number in sorted([*voters, *self._observers])
        }
        pairs_of = [(i, j) for i in self.servers for j in self.servers]
        self.messages: dict[tuple[int, int], deque[Notification]] = {
            pair: deque() for pair in pairs_of
        }
        self._last_sent: dict[tuple[int, int], Notification] = {}
        self.actions: dict[str, Callable[..., object]] = {
            "ReceiveNotmsg": lambda i, j: self._of(i).receive_notmsg(j, self._next(j, i)),
            "HandleNotmsg": lambda i: self._of(i).handle_notmsg(),
            "WaitNewNotmsg": lambda i: self._of(i).wait_new_notmsg(),
            "WaitNewNotmsgEnd": lambda i: self._of(i).wait_new_notmsg_end(),
            "ZabTimeout": lambda i: self._of(i).zab_timeout(),
            "NotmsgTimeout": lambda i: self._of(i).notmsg_timeout(),
            "Restart": self.restart,
            "BreakConnection": self.break_connection,
            "OvertakeNotmsg": lambda i, j: self.messages[i, j].popleft(),
            "LeaderAdvanceEpoch": self.advance_epoch,
            "FollowerUpdateEpoch": self.update_epoch,
            "LeaderAdvanceZxid": self._log,
            "FollowerUpdateZxid": lambda i, j: self._log(i),
        }
        """What to do for each action of the specification; arguments are servers."""

    # -- from outside

    def start(self, state: Mapping[str, Plain]) -> None:
        """Start all servers with the epochs and zxids of a state of the specification."""
        zxids = dict(pairs(state["lastZxid"]))
        for number, epoch in pairs(state["currentEpoch"]):
            server = self.servers[number]
            server.current_epoch = integer(epoch)
            server.last_zxid = integer(zxids[number])
        for number in self.servers:
            self._begin(number)

    def take(self, action: str, *servers: int) -> None:
        """Take a step by its name."""
        self.actions[action](*servers)
        for server in self.servers.values():
            server.send_all()

    # -- steps that are not the election's own

    def restart(self, i: int) -> None:
        """Crash and start again; connections are new, and the others repeat their last word."""
        for j in self.servers:
            if j != i:
                self._repeat(j, i)
                self._last_sent.pop((i, j), None)
        self.servers[i].state = ServerState.LOOKING
        self._begin(i)

    def _begin(self, i: int) -> None:
        server = self.servers[i]
        server.trace = self._trace(i)
        server.election = FastLeaderElection(server)
        server.election.restart()
        server.send_all()

    def break_connection(self, i: int, j: int) -> None:
        """Lose what is on its way between two servers; both repeat their last word."""
        self._repeat(i, j)
        self._repeat(j, i)

    def advance_epoch(self, i: int) -> None:
        """Let a leader begin an epoch that nobody has seen."""
        epochs = [self.servers[j].current_epoch for j in self._membership.voters]
        self._enter(i, max(epochs) + 1)

    def update_epoch(self, i: int, j: int) -> None:
        """Let a follower have the epoch and the history of its leader."""
        self.servers[i].last_zxid = self.servers[j].last_zxid
        self._enter(i, self.servers[j].current_epoch)

    def _enter(self, i: int, epoch: int) -> None:
        self.servers[i].current_epoch = epoch
        self._of(i).update_election_vote(epoch)

    def _log(self, i: int) -> None:
        self.servers[i].last_zxid += 1

    # -- inside

    def _of(self, i: int) -> FastLeaderElection:
        return self.servers[i].election

    def _next(self, sender: int, receiver: int) -> Notification:
        return self.messages[sender, receiver].popleft()

    def _send(self, sender: int, receiver: int, notification: Notification) -> None:
        self.messages[sender, receiver].append(notification)
        self._last_sent[sender, receiver] = notification

    def _repeat(self, sender: int, receiver: int) -> None:
        last = self._last_sent.get((sender, receiver))
        self.messages[sender, receiver] = deque([] if last is None else [last])

    def _trace(self, i: int) -> Trace:
        def tell(action: str, arguments: tuple[Any, ...]) -> None:
            self.servers[i].send_all()
            self._told(i, action, arguments)

        return tell

    # -- what is seen

    def observe(self) -> dict[str, Plain]:
        """Return all variables of the specification."""
        looks: dict[str, Callable[[int], Plain]] = {
            "state": lambda i: self.servers[i].state.name,
            "currentEpoch": lambda i: self.servers[i].current_epoch,
            "lastZxid": lambda i: self.servers[i].last_zxid,
            "logicalClock": lambda i: self._of(i).logical_clock,
            "proposal": lambda i: _proposal(self._of(i).proposal),
            "currentVote": lambda i: _vote(self._of(i).current_vote),
            "recvset": lambda i: _table(self._of(i).recvset),
            "outOfElection": lambda i: _table(self._of(i).out_of_election),
            "recvQueue": lambda i: [_notification(*each) for each in self._of(i).recv_queue],
            "waitNotmsg": lambda i: self._of(i).wait_notmsg,
            "leadingVoteSet": lambda i: {"#set": sorted(self._of(i).leading_vote_set)},
            "electionMsgs": lambda i: self._to_each(
                lambda j: [_notification(i, each) for each in self.messages[i, j]]
            ),
            "lastMessageSent": lambda i: self._to_each(lambda j: self._last(i, j)),
        }
        return {name: self._to_each(look) for name, look in looks.items()}

    def _to_each(self, look: Callable[[int], Plain]) -> Plain:
        return {"#map": [[number, look(number)] for number in self.servers]}

    def _last(self, i: int, j: int) -> Plain:
        last = self._last_sent.get((i, j))
        return [] if last is None else [_notification(i, last)]


def _number(value: int) -> int:
    return _LOWEST if value == NO_VOTE else value


def _proposal(proposal: Proposal) -> Plain:
    leader, zxid, epoch = map(_number, proposal)
    return {"leader": leader, "zxid": zxid, "peerEpoch": epoch}


def _vote(vote: Vote) -> Plain:
    proposal = _proposal(vote.proposal)
    return {**proposal, "electionEpoch": vote.election_epoch, "state": vote.state.name}


def _table(votes: Mapping[int, Vote]) -> Plain:
    return {"#map": [[server, _vote(vote)] for server, vote in sorted(votes.items())]}


def _notification(sender: int, n: Notification) -> Plain:
    return {
        "sid": sender,
        "state": n.state.name,
        "leader": _number(n.leader),
        "zxid": _number(n.zxid),
        "electionEpoch": n.election_epoch,
        "peerEpoch": _number(n.peer_epoch),
    }
