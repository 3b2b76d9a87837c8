"""A member may answer a client ahead of the change of its tree, and nothing else comes out of it.

A leader and a learner, each with and without: what clients are sent, trees and figures are alike.
"""

import random

import pytest
from hypothesis import example, given, settings
from tests.unit.server.test_ordinary_writes import (
    CREATE_D,
    GONE,
    QUOTA_STEPS,
    READ_A,
    SET_A,
    WATCH_A,
    steps,
)
from tests.unit.server.world import WALL_MS, World

from speckeeper.server.learner_server import LearnerServer
from speckeeper.server.learners import LearnersGate
from speckeeper.server.member_server import MemberServer
from speckeeper.server.reasons import CloseReason
from speckeeper.server.server import Server
from speckeeper.server.settings import ServerSettings
from speckeeper.tree.datatree import DataTree
from speckeeper.wire.quorum import PacketType
from speckeeper.zab.effects import FromLearner

LINK = 7


class Member(World):
    """A member whose clients ask for writes, and the leader, which may be itself.

    ``told``: how many replies went out ahead of the change.
    """

    def __init__(self, kind: type[Server], ahead: bool) -> None:
        super().__init__(kind=kind)
        self.may_be_ahead, self.told = ahead, 0
        self.leader, self.gate = self.server, None
        if kind is LearnerServer:
            rng = random.Random(1)
            self.leader = Server(ServerSettings(), DataTree(), self.now_ms, WALL_MS, rng)
            self.gate = LearnersGate(self.leader)
        self.part = MemberServer(self.server.settings, lambda: self.tree)
        self.part.server = self.server
        self.said: list[object] = []
        self.clients = []
        self.clients = [self.client(), self.client()]
        for path in ("/a", "/a/b"):
            self.clients[0].create(path, b"first")
        self.clients[0].take()

    def pending(self):
        """Have the leader prepare what was asked for; return what is not committed yet."""
        if self.gate is not None:
            for packet in self.server.take_requests():
                assert packet.type is PacketType.REQUEST
                self.gate.take(FromLearner(LINK, LINK, packet), self.now_ms)
        before = len(self.log)
        self.log += self.leader.take_appends()
        if len(self.log) == 1 and not before:  # nothing else is under way
            self.part.make_ready(*self.log[0])
        return self.log

    def persist(self, upto=None):
        """Commit all of it, or up to a zxid, one after the other."""
        self.finish_large()
        self.pending()
        while self.log and (upto is None or self.log[0][0] <= upto):
            entry = self.log.pop(0)
            ahead = self.part.take_ready(entry[0]) if self.may_be_ahead else None
            if ahead is not None:
                self.told += 1
                for client in self.clients:
                    if client.connection is ahead.connection:
                        client._inbox += ahead.frame
            if self.gate is not None:
                self.leader.persisted(entry[0], self.now_ms)
            self.part.deliver_all([entry], self.now_ms)

    def step(self, step: object) -> None:
        self.now_ms += 3
        if isinstance(step, int):
            if self.pending():
                self.persist(self.log[0][0] + step - 1 if step < 1000 else None)
        else:
            number, is_special, *asked = step
            client = self.clients[number]
            if not asked:
                self.server.disconnect(client.connection, CloseReason.IO_ERROR)
            xid = -8 if is_special else None
            client.feed(b"".join(client.frame(op, body=body, xid=xid) for op, body in asked))
            self.pending()
        self.said.append([client.take() for client in self.clients])

    def outcome(self) -> dict[str, object]:
        """What clients and operators could tell the two apart by."""
        server, tree = self.server, self.tree
        server.settle()
        stats = server.stats
        return {
            "said": self.said,
            "tree": sorted(tree.walk()),
            "sizes": (tree.data_size, tree.last_processed_zxid, tree.digest),
            "queue": server.pipeline.waiting,
            "stats": (
                (dict(stats.ops), stats.packets_received, stats.packets_sent),
                (stats.last_response_size, stats.min_response_size, stats.max_response_size),
                (stats.latency.count, stats.latency.total, stats.update_latency._times),
            ),
            "clients": [
                [
                    getattr(client.connection, name)
                    for name in type(client.connection).__slots__
                    if name not in ("driver", "session", "output")
                ]
                for client in self.clients
            ],
        }


def run(kind: type[Server], ahead: bool, asked: list[object]) -> Member:
    member = Member(kind, ahead)
    for step in [*asked, 1000, 1000]:
        member.step(step)
    return member


@pytest.mark.parametrize("kind", [Server, LearnerServer])
@settings(max_examples=40, deadline=None)
@given(asked=steps)
@example(asked=[SET_A, 1000, READ_A, CREATE_D, 1000, SET_A, GONE, 1000])
@example(asked=[SET_A, WATCH_A, 1000, SET_A, 1000])
@example(asked=[*QUOTA_STEPS, 1000, SET_A, 1000, CREATE_D, 1000])
@example(asked=[SET_A, CREATE_D, SET_A, 1, 1, 1, SET_A, READ_A, 1])
def test_nothing_but_the_order_is_different(kind: type[Server], asked: list[object]) -> None:
    early, late = (run(kind, ahead, asked).outcome() for ahead in (True, False))
    for what, value in early.items():
        assert value == late[what], what


@pytest.mark.parametrize("kind", [Server, LearnerServer])
def test_who_is_alone_is_told_ahead(kind: type[Server]) -> None:
    def told(*asked: object) -> int:
        return run(kind, True, [*asked]).told - run(kind, True, []).told

    assert told(SET_A, 1000, CREATE_D, 1000) == 2
    assert told(SET_A, CREATE_D, 1000) == 1  # made ready before the other came
    assert told(SET_A, WATCH_A, 1000) == 0  # somebody else has to be told first
    assert told(SET_A, GONE, 1000) == 0
