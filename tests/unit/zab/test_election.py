"""Fast leader election, one server at a time: what it says and what it believes.

Each test names the rule of FastLeaderElection (Java) that it holds the code to.
"""

from typing import Any

import pytest

from speckeeper.wire.election import Notification, ServerState
from speckeeper.wire.quorum_config import decode_config
from speckeeper.zab import inputs
from speckeeper.zab.effects import (
    ConnectAll,
    ConnectToLeader,
    Effect,
    SendNotification,
    ServeReadOnly,
    StopServing,
)
from speckeeper.zab.election import NO_VOTE
from speckeeper.zab.membership import Membership
from speckeeper.zab.peer import Peer, Recovered
from speckeeper.zab.settings import ZabSettings

LOOKING, FOLLOWING, LEADING = ServerState.LOOKING, ServerState.FOLLOWING, ServerState.LEADING
CONFIG = b"""server.1=a:1:2
server.2=b:1:2
server.3=c:1:2
server.4=d:1:2:observer"""


class Server:
    """One peer, and the time."""

    def __init__(
        self, sid: int = 1, epoch: int = 1, zxid: int = 1 << 32 | 5, config: bytes = CONFIG
    ) -> None:
        self.now_ms = 0
        recovered = Recovered(epoch, epoch, zxid)
        self.peer = Peer(ZabSettings(sid), Membership(decode_config(config)), recovered, 0)
        self.said = self.feed(inputs.Start())

    def feed(self, event: inputs.Input, after_ms: int = 0) -> list[Effect]:
        self.now_ms += after_ms
        return self.peer.step(event, self.now_ms)

    def hear(self, sid: int, state: ServerState = LOOKING, **fields: Any) -> list[Effect]:
        vote = {"leader": sid, "zxid": 1 << 32 | 5, "election_epoch": 1, "peer_epoch": 1}
        n = Notification(state, **{**vote, **fields})
        return self.feed(inputs.NotificationReceived(sid, n))

    def tick(self) -> list[Effect]:
        """Let time pass to when something is due."""
        due_ms = self.peer.deadline_ms
        assert due_ms is not None
        return self.feed(inputs.Tick(), due_ms - self.now_ms)


def votes(effects: list[Effect]) -> list[tuple[int, int, int, int]]:
    """To whom, for whom, with which zxid, in which round."""
    return [
        (e.server_id, e.notification.leader, e.notification.zxid, e.notification.election_epoch)
        for e in effects
        if isinstance(e, SendNotification)
    ]


def test_start_votes_for_oneself_and_tells_all_other_voters() -> None:
    server = Server()
    assert votes(server.said) == [(2, 1, 1 << 32 | 5, 1), (3, 1, 1 << 32 | 5, 1)]


@pytest.mark.parametrize(
    ("better", "fields"),
    [
        (True, {"peer_epoch": 2, "zxid": 0}),  # epoch first
        (True, {"zxid": 1 << 32 | 6}),  # then zxid
        (True, {}),  # then id
        (False, {"peer_epoch": 0, "zxid": 9 << 32}),
        (False, {"zxid": 1 << 32 | 4}),
    ],
)
def test_order_of_votes(better: bool, fields: dict[str, int]) -> None:
    server = Server()
    told = votes(server.hear(2, **fields))
    assert [vote[:2] for vote in told] == ([(2, 2), (3, 2)] if better else [])


def test_quorum_waits_for_a_better_vote_and_then_decides() -> None:
    server = Server()
    server.hear(2)
    assert server.peer.state is LOOKING  # two of three agree: wait
    told = votes(server.hear(3))  # a better one: the wait is over, it is taken up
    assert [vote[:2] for vote in told] == [(2, 3), (3, 3)]
    effects = server.tick()
    assert server.peer.state is FOLLOWING
    assert any(isinstance(e, ConnectToLeader) and e.server_id == 3 for e in effects)


def test_leader_is_who_a_quorum_votes_for() -> None:
    server = Server(3)
    server.hear(1, leader=3)
    server.tick()
    assert server.peer.state is LEADING
    assert server.peer.election.leading_vote_set == {1, 3}


def test_later_round_is_entered_with_the_better_vote() -> None:
    server = Server(2)
    told = votes(server.hear(1, election_epoch=7))
    assert told == [(1, 2, 1 << 32 | 5, 7), (3, 2, 1 << 32 | 5, 7)]
    assert server.peer.election.logical_clock == 7


def test_earlier_round_is_answered_and_not_counted() -> None:
    server = Server(2)
    server.hear(3, election_epoch=5, leader=3)
    told = votes(server.hear(1, election_epoch=4, leader=3))
    assert told == [(1, 3, 1 << 32 | 5, 5)]
    assert server.peer.election.recvset.keys() == {2, 3}


def test_silence_repeats_the_vote_ever_less_often() -> None:
    server = Server()
    waits = []
    for _ in range(12):
        before_ms = server.now_ms
        effects = server.tick()
        waits.append(server.now_ms - before_ms)
        assert any(isinstance(e, ConnectAll) for e in effects)
        assert len(votes(effects)) == 2
    assert waits[:4] == [200, 400, 800, 1600]
    assert waits[-1] == 60_000


def test_joins_a_leader_that_says_so_itself() -> None:
    """In another round: followers alone do not convince (checkLeader)."""
    server = Server(1)
    server.hear(2, FOLLOWING, leader=3, election_epoch=9)
    assert server.peer.state is LOOKING
    server.hear(3, LEADING, leader=3, election_epoch=9)
    assert server.peer.state is FOLLOWING
    assert server.peer.election.logical_clock == 9


def test_votes_for_strangers_and_observers_are_dropped() -> None:
    server = Server(1)
    server.hear(2, leader=9)
    server.hear(3, leader=4)
    assert server.peer.election.recvset.keys() == {1}


def test_observer_asks_and_is_answered_but_not_counted() -> None:
    observer = Server(4)
    assert [vote[:3] for vote in votes(observer.said)] == [
        (sid, NO_VOTE, NO_VOTE) for sid in (1, 2, 3)
    ]
    for sid in (2, 3):
        observer.hear(sid, LEADING if sid == 3 else FOLLOWING, leader=3)
    assert observer.peer.state is ServerState.OBSERVING
    voter = Server(1)
    assert [vote[0] for vote in votes(voter.hear(4, leader=NO_VOTE, zxid=NO_VOTE))] == [4]
    assert 4 not in voter.peer.election.recvset


def test_empty_database_does_not_vote() -> None:
    server = Server(1, zxid=-1)
    server.hear(2)
    assert not server.peer.election.recvset


def test_settled_server_answers_who_is_looking() -> None:
    server = Server(3)
    server.hear(1, leader=3)
    server.tick()
    told = server.hear(2, election_epoch=4)
    assert votes(told) == [(2, 3, 1 << 32 | 5, 1)]
    assert not votes(server.hear(2, FOLLOWING, leader=3))


def test_weight_zero_wins_nobody_over() -> None:
    config = CONFIG + b"\ngroup.1=1:2:3\nweight.3=0"
    server = Server(2, config=config)
    assert not votes(server.hear(3, peer_epoch=9))


def test_single_voter_elects_itself() -> None:
    server = Server(1, config=b"server.1=a:1:2")
    server.tick()
    assert server.peer.state is LEADING


def serves_readers(effects: list[Effect]) -> bool:
    return any(isinstance(effect, ServeReadOnly) for effect in effects)


def test_readers_are_served_while_there_is_no_leader() -> None:
    """QuorumPeer.run: after the grace period, until the election is over."""
    settings = ZabSettings(1, tick_time_ms=3000, read_only_mode=True)
    server = Server()
    server.peer = Peer(
        settings, Membership(decode_config(CONFIG)), Recovered(1, 1, 1 << 32 | 5), server.now_ms
    )
    effects = server.feed(inputs.Start())
    while server.now_ms < 3000:
        assert not serves_readers(effects)
        effects = server.tick()
    assert server.now_ms == 3000
    assert serves_readers(effects)
    assert not any(serves_readers(server.tick()) for _ in range(5))  # once
    server.hear(2)
    server.hear(3)
    kinds = [type(effect) for effect in server.tick()]
    assert kinds.index(StopServing) < kinds.index(ConnectToLeader)
    assert server.peer.state is FOLLOWING
    # Another election: the time begins anew.
    effects = server.feed(inputs.ConnectFailed(3))
    assert server.peer.state is LOOKING
    begun_ms = server.now_ms
    while not serves_readers(effects):
        effects = server.tick()
    assert server.now_ms - begun_ms == 3000


def test_observers_do_not_all_ask_at_once() -> None:
    waits = []
    for sid in (4, 5, 6):
        config = CONFIG + b"\nserver.5=e:1:2:observer\nserver.6=f:1:2:observer"
        server = Server(sid, config=config)
        settings = ZabSettings(sid, observer_election_delay_ms=200)
        server.peer = Peer(
            settings, Membership(decode_config(config)), Recovered(1, 1, 1 << 32 | 5), 0
        )
        server.feed(inputs.Start())
        for other in (2, 3):
            server.hear(other, LEADING if other == 3 else FOLLOWING, leader=3)
        assert server.peer.state is ServerState.OBSERVING
        begun_ms = server.now_ms
        server.feed(inputs.ConnectFailed(3))
        assert server.peer.closing
        assert votes(server.tick())  # the next thing that is due
        assert server.peer.state is LOOKING
        waits.append(server.now_ms - begun_ms)
    assert len(set(waits)) == 3
    assert all(0 < wait < 200 for wait in waits)


def test_nobody_is_served_without_a_leader_unless_it_is_wanted() -> None:
    server = Server()
    assert not any(serves_readers(server.tick()) for _ in range(20))
