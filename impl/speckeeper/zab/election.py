"""Fast leader election: servers tell each other the best vote they know until a quorum agrees.

Handlers and attributes are named as in spec/FastLeaderElection.tla. Votes are compared by epoch,
then by last zxid, then by server id.

Source: ZooKeeper ``FastLeaderElection`` (lookForLeader, WorkerReceiver), ``Vote``.
"""

from __future__ import annotations

from collections import deque
from typing import Any, NamedTuple, Protocol

from speckeeper.wire.election import Notification, ServerState
from speckeeper.zab.actions import Trace, action
from speckeeper.zab.effects import ConnectAll, Effect, SendNotification
from speckeeper.zab.membership import Membership
from speckeeper.zab.settings import ZabSettings

# What a server that does not vote puts into its vote (Long.MIN_VALUE).
NO_VOTE = -(1 << 63)
NO_ZXID = -1
"""The last zxid of a server that must not vote, for its database is empty and may not be."""

# QuorumCnxManager.RECV_CAPACITY.
_MAX_WAITING = 100

LOOKING = ServerState.LOOKING


class Proposal(NamedTuple):
    """For whom, and why: the candidate's last zxid and epoch."""

    leader: int
    zxid: int
    peer_epoch: int


class Vote(NamedTuple):
    """A proposal in a round. ``state``: of who votes. ``version``: of the message, where asked."""

    proposal: Proposal
    election_epoch: int
    state: ServerState = LOOKING
    version: int = 0

    def equals(self, other: Vote) -> bool:
        """Compare as ``Vote.equals``: of settled servers only leader and epoch have to agree."""
        mine, theirs = self.proposal, other.proposal
        if LOOKING in (self.state, other.state):
            return mine == theirs and self.election_epoch == other.election_epoch
        if (self.version > 0) != (other.version > 0):
            return mine.leader == theirs.leader
        return mine.leader == theirs.leader and mine.peer_epoch == theirs.peer_epoch


class Elector(Protocol):
    """What an election needs of the server it is held for."""

    settings: ZabSettings
    membership: Membership
    state: ServerState
    current_epoch: int
    last_zxid: int
    now_ms: int
    out: list[Effect]

    @property
    def trace(self) -> Trace | None:
        """Where steps are told."""
        ...


class FastLeaderElection:
    """The election of one server. It sets the server's ``state`` when it is over.

    ``deadline_ms``: when :meth:`timeout` is due; None while the server is not LOOKING.
    """

    def __init__(self, server: Elector) -> None:
        self._server = server
        self.logical_clock = 0
        self.proposal = Proposal(server.settings.server_id, server.last_zxid, server.current_epoch)
        self.current_vote = Vote(self.proposal, -1)
        """The vote with which the last election ended."""
        self.recvset: dict[int, Vote] = {}
        self.out_of_election: dict[int, Vote] = {}
        self.recv_queue: deque[tuple[int, Notification]] = deque(maxlen=_MAX_WAITING)
        self.wait_notmsg = False
        self.leading_vote_set: frozenset[int] = frozenset()
        self.deadline_ms: int | None = None
        self._interval_ms = 0

    @property
    def trace(self) -> Trace | None:
        """Where steps are told."""
        return self._server.trace

    def variables(self) -> dict[str, Any]:
        """Return this server's variables of spec/FastLeaderElection.tla."""
        server = self._server
        return {
            "state": server.state.name,
            "currentEpoch": server.current_epoch,
            "lastZxid": server.last_zxid,
            "logicalClock": self.logical_clock,
            "proposal": self.proposal,
            "currentVote": self.current_vote,
            "recvset": dict(self.recvset),
            "outOfElection": dict(self.out_of_election),
            "recvQueue": tuple(self.recv_queue),
            "waitNotmsg": self.wait_notmsg,
            "leadingVoteSet": self.leading_vote_set,
        }

    def update_election_vote(self, epoch: int) -> None:
        """Put the epoch of an established leader into the vote that others are told."""
        proposal = self.current_vote.proposal._replace(peer_epoch=epoch)
        self.current_vote = self.current_vote._replace(proposal=proposal)

    # -- inputs

    def receive(self, server_id: int, notification: Notification) -> None:
        """Take in a notification, and decide if that is possible now."""
        self.receive_notmsg(server_id, notification)
        self.run()

    def timeout(self) -> None:
        """Time is up: decide, or ask again."""
        if self.wait_notmsg:
            self.wait_new_notmsg_end()
        else:
            self.notmsg_timeout()
        self.run()

    def run(self) -> None:
        """Handle what is in the queue."""
        while self.recv_queue and self._server.state is LOOKING:
            if self.wait_notmsg:
                self.wait_new_notmsg()
            else:
                self.handle_notmsg()

    # -- handlers

    @action("Restart")
    def restart(self) -> None:
        """Begin the first election since the server came up."""
        self._look_for_leader()

    @action("ZabTimeout")
    def zab_timeout(self) -> None:
        """Lose the leader, or as a leader the followers: begin an election in the next round."""
        self._server.state = LOOKING
        self._look_for_leader()

    @action("ReceiveNotmsg")
    def receive_notmsg(self, server_id: int, n: Notification) -> None:
        """Keep a vote while LOOKING; tell ours to somebody who is LOOKING and cannot know it."""
        server = self._server
        current = self.current_vote
        if not self._is_voter(server_id):
            self._tell(server_id, server.state, self.logical_clock, current.proposal)
        elif server.state is LOOKING:
            self.recv_queue.append((server_id, n))
            if n.state is LOOKING and n.election_epoch < self.logical_clock:
                self._tell(server_id, LOOKING, self.logical_clock, self.proposal)
        elif n.state is LOOKING:
            self._tell(server_id, server.state, current.election_epoch, current.proposal)

    @action("NotmsgTimeout")
    def notmsg_timeout(self) -> None:
        """Nobody says anything: connect to all, and repeat our vote to them, ever less often."""
        settings = self._server.settings
        self._server.out.append(ConnectAll())
        self._send_notifications()
        self._interval_ms = min(self._interval_ms * 2, settings.max_notification_interval_ms)
        self._poll()

    @action("HandleNotmsg")
    def handle_notmsg(self) -> None:
        """Take the first of the votes received."""
        server_id, n = self.recv_queue.popleft()
        self._poll()
        if not self._is_voter(n.leader):
            if n.state is LOOKING and n.leader == NO_VOTE:
                self._catch_up_with(n.election_epoch)
            return
        if n.state is LOOKING:
            self._handle_looking(server_id, n)
        elif n.state is not ServerState.OBSERVING:
            self._handle_following_or_leading(server_id, n)

    @action("WaitNewNotmsg")
    def wait_new_notmsg(self) -> None:
        """A quorum agrees with us: a better vote ends the wait for one, others are dropped."""
        _, n = first = self.recv_queue.popleft()
        if self._total_order_predicate(_proposal_of(n), self.proposal):
            self.recv_queue.append(first)
            self.wait_notmsg = False
        self._poll()

    @action("WaitNewNotmsgEnd")
    def wait_new_notmsg_end(self) -> None:
        """No better vote has come: the election has ended with ours."""
        vote = Vote(self.proposal, self.logical_clock)
        self._decide(vote, _vote_set(self.recvset, vote))

    # -- inside

    def _look_for_leader(self) -> None:
        """Forget what was heard, vote for oneself in a new round, and tell it."""
        self.logical_clock += 1
        self.proposal = self._initial_vote()
        self.recvset = {}
        self.out_of_election = {}
        self.recv_queue.clear()
        self.wait_notmsg = False
        self.leading_vote_set = frozenset()
        self._interval_ms = self._server.settings.min_notification_interval_ms
        self._send_notifications()
        self._poll()

    def _catch_up_with(self, election_epoch: int) -> None:
        """Go on to the round of one who is to vote in a proposed configuration, and not before.

        It has nobody to propose, and would not look back; its support may be needed all the same.
        """
        if election_epoch > self.logical_clock:
            self.logical_clock = election_epoch
            self.recvset = {}
            self.proposal = self._initial_vote()
            self._send_notifications()

    def _handle_looking(self, server_id: int, n: Notification) -> None:
        if NO_ZXID in (self._initial_vote().zxid, n.zxid):
            return
        theirs = _proposal_of(n)
        if n.election_epoch > self.logical_clock:
            self.logical_clock = n.election_epoch
            self.recvset = {}
            mine = self._initial_vote()
            self.proposal = theirs if self._total_order_predicate(theirs, mine) else mine
            self._send_notifications()
        elif n.election_epoch < self.logical_clock:
            return
        elif self._total_order_predicate(theirs, self.proposal):
            self.proposal = theirs
            self._send_notifications()
        self.recvset[server_id] = Vote(theirs, n.election_epoch)
        supporters = _vote_set(self.recvset, Vote(self.proposal, self.logical_clock))
        if self._is_elected(supporters):
            self.wait_notmsg = True
            self._poll()

    def _is_elected(self, supporters: frozenset[int]) -> bool:
        """Whether these are enough to lead, or to follow, whom they vote for."""
        return self._server.membership.has_all_quorums(supporters)

    def _handle_following_or_leading(self, server_id: int, n: Notification) -> None:
        """Join the leader that somebody follows, if a quorum and the leader itself say so."""
        vote = Vote(_proposal_of(n), n.election_epoch, n.state, n.version)
        if n.election_epoch == self.logical_clock:
            self.recvset[server_id] = vote._replace(version=0)
            if self._join(self.recvset, vote):
                return
        self.out_of_election[server_id] = vote
        self._join(self.out_of_election, vote)

    def _join(self, votes: dict[int, Vote], vote: Vote) -> bool:
        supporters = _vote_set(votes, vote)
        # Not of one that is only proposed: its servers may never come, and epochs guard us.
        if not self._server.membership.contains_quorum(supporters):
            return False
        if not self._check_leader(votes, vote):
            return False
        self.logical_clock = vote.election_epoch
        self._decide(vote, supporters)
        return True

    def _check_leader(self, votes: dict[int, Vote], vote: Vote) -> bool:
        """Whether the leader itself says that it leads; it may be gone and others not know."""
        leader = vote.proposal.leader
        if leader == self._server.settings.server_id:
            return vote.election_epoch == self.logical_clock
        return leader in votes and votes[leader].state is ServerState.LEADING

    def _decide(self, vote: Vote, supporters: frozenset[int]) -> None:
        server = self._server
        self.current_vote = vote._replace(state=LOOKING, version=0)
        self.recvset = {}
        self.out_of_election = {}
        self.recv_queue.clear()
        self.wait_notmsg = False
        self.leading_vote_set = frozenset()
        self.deadline_ms = None
        if vote.proposal.leader == server.settings.server_id:
            server.state = ServerState.LEADING
            self.leading_vote_set = supporters
        elif server.membership.observes(server.settings.server_id):
            server.state = ServerState.OBSERVING
        else:
            server.state = ServerState.FOLLOWING

    def _total_order_predicate(self, new: Proposal, current: Proposal) -> bool:
        """Whether the new vote wins over the current one."""
        if self._server.membership.weight(new.leader) == 0:
            return False
        return (new.peer_epoch, new.zxid, new.leader) > (
            current.peer_epoch,
            current.zxid,
            current.leader,
        )

    def _initial_vote(self) -> Proposal:
        server = self._server
        server_id = server.settings.server_id
        if not server.membership.votes(server_id):
            return Proposal(NO_VOTE, NO_VOTE, NO_VOTE)
        return Proposal(server_id, server.last_zxid, server.current_epoch)

    def _is_voter(self, server_id: int) -> bool:
        return server_id in self._server.membership.voters

    def _send_notifications(self) -> None:
        """Tell all voters; our own copy goes to the end of the queue like the others'."""
        for server_id in sorted(self._server.membership.voters):
            self._tell(server_id, LOOKING, self.logical_clock, self.proposal)

    def _tell(self, server_id: int, state: ServerState, round_: int, proposal: Proposal) -> None:
        server = self._server
        leader, zxid, peer_epoch = proposal
        config = server.membership.text
        n = Notification(state, leader, zxid, round_, peer_epoch, config=config)
        if server_id == server.settings.server_id:
            self.recv_queue.append((server_id, n))
        else:
            server.out.append(SendNotification(server_id, n))

    def _poll(self) -> None:
        """Wait anew: for a better vote if a quorum agrees, else for anything at all."""
        server = self._server
        wait = server.settings.finalize_wait_ms if self.wait_notmsg else self._interval_ms
        self.deadline_ms = server.now_ms + wait


def _proposal_of(n: Notification) -> Proposal:
    return Proposal(n.leader, n.zxid, n.peer_epoch)


def _vote_set(votes: dict[int, Vote], vote: Vote) -> frozenset[int]:
    """Return those whose votes are the same as ``vote``."""
    return frozenset(server_id for server_id, other in votes.items() if vote.equals(other))
