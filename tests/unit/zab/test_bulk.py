"""What is handled together comes to the same as each alone: state, packets of a link, log, tree."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.zab.test_leader import Leader
from tests.unit.zab.test_learner import LINK, Follower

from speckeeper.wire.quorum import PacketType, QuorumPacket, encode_packet, encode_packets
from speckeeper.zab import effects, inputs
from speckeeper.zab.effects import Effect
from speckeeper.zab.leader_bulk import LeaderInBulk
from speckeeper.zab.peer import Peer

T = PacketType
EPOCH = 2 << 32
STEPS = st.lists(
    st.tuples(
        st.sampled_from(("propose", "ack 1", "ack 2", "flushed", "sync", "sync 1", "gone 1")),
        st.integers(1, 4),
        st.booleans(),
    ),
    max_size=25,
)
BROADCAST = st.lists(
    st.tuples(st.sampled_from((T.PROPOSAL, T.COMMIT)), st.integers(0, 2)), max_size=20
)


def outcome(found: Iterable[Effect]) -> dict[str, list[Any]]:
    """What each link, the log and the tree get, in order, and everything else."""
    parts: dict[str, list[Any]] = defaultdict(list)
    for effect in effects.one_by_one(found):
        kind = type(effect).__name__
        if isinstance(effect, effects.Send):
            parts[f"link {effect.link}"].append(effect.packet)
        elif isinstance(effect, effects.Synced):
            # Told in order with what is delivered, which is how the driver does it.
            parts["Deliver"].append(effect)
        else:
            parts[kind].append(effect)
    return dict(parts)


def state(peer: Peer) -> dict[str, Any]:
    found = peer.variables() | {
        "pending": [*peer.pending],
        "committed": [*peer.committed_log.entries],
        "processed": peer.last_processed,
        "deadline": peer.deadline_ms,
    }
    if peer.leader is not None:
        found["handlers"] = [*peer.leader.handler.values()]
    if peer.learner is not None:
        found["next ack"] = [*peer.learner._next_ack], peer.learner.last_queued
    return found


class Both:
    """Two leaders that are told the same, one of them in bulk."""

    def __init__(self) -> None:
        self.leaders = [Leader(), Leader()]
        self.leaders[0].peer.bulk = True
        for leader in self.leaders:
            leader.serve(1, 2)
            leader.info(4)
            leader.ack_epoch(4)
            leader.take(4, T.ACK, EPOCH)
        self.proposed = self.flushed = 0
        self.acked = {1: 0, 2: 0}

    def step(self, what: str, many: int, request: bool) -> None:
        before = dict(self.acked)
        outcomes = []
        for leader in self.leaders:
            self.acked = dict(before)
            found = []
            for event in self.events(what, many, request, leader.peer.bulk):
                found += leader.feed(event)
            outcomes.append(outcome(found))
        if what == "propose":
            self.proposed += many
        assert outcomes[0] == outcomes[1]
        assert state(self.leaders[0].peer) == state(self.leaders[1].peer)

    def events(self, what: str, many: int, request: bool, together: bool) -> Sequence[inputs.Input]:
        word, _, number = what.partition(" ")
        if word == "propose":
            first = self.proposed + 1
            entries = [(EPOCH + n, b"%d" % n) for n in range(first, first + many)]
            if together:
                return [inputs.ProposeAll(entries)]
            return [inputs.Propose(*entry) for entry in entries]
        if word == "ack":
            sid = int(number)
            first = self.acked[sid] + 1
            last = self.acked[sid] = min(first + many - 1, self.proposed)
            packets = [QuorumPacket(T.ACK, EPOCH + n) for n in range(first, last + 1)]
            if request:
                packets.insert(many // 2, QuorumPacket(T.REQUEST, -1, b"?"))
            if together and packets:
                return [inputs.PacketsReceived(sid, packets)]
            return [inputs.PacketReceived(sid, packet) for packet in packets]
        if word == "flushed":
            return [inputs.LogPersisted(EPOCH + self.proposed)]
        if word == "sync":
            return [inputs.Sync(int(number) if number else None, many)]
        return [inputs.Disconnected(1)]


@given(STEPS)
def test_leader(steps: list[tuple[str, int, bool]]) -> None:
    both = Both()
    for step in steps:
        both.step(*step)


def test_a_leader_that_commits_out_of_order_is_noticed() -> None:
    def latest_only(self: LeaderInBulk) -> None:
        entries = self._take_agreed()
        if entries:
            self._peer.deliver_all(entries[-1:])

    both = Both()
    both.step("propose", 3, False)
    both.step("ack 1", 3, False)
    with patch.object(LeaderInBulk, "_commit_all", latest_only), pytest.raises(AssertionError):
        both.step("flushed", 1, False)


@given(BROADCAST, st.integers(1, 6), st.booleans())
def test_follower(drawn: list[tuple[PacketType, int]], size: int, ping: bool) -> None:
    """Proposals come again or leave one out, commits are of the next or of another."""
    followers = [Follower(), Follower()]
    followers[0].peer.bulk = True
    packets, proposed, committed = [], 0, 0
    for kind, jump in drawn:
        if kind is T.PROPOSAL:
            proposed += jump != 0
            packets.append(QuorumPacket(kind, EPOCH + max(proposed, 1), b"%d" % jump))
        else:
            committed += jump != 2
            packets.append(QuorumPacket(kind, EPOCH + committed + jump // 2))
    if ping:
        packets.insert(len(packets) // 2, QuorumPacket(T.PING, EPOCH))
    for follower in followers:
        follower.synchronize()
    for start in range(0, len(packets), size):
        chunk = packets[start : start + size]
        together, alone = followers
        found = together.feed(inputs.PacketsReceived(LINK, chunk))
        single = [e for p in chunk for e in alone.feed(inputs.PacketReceived(LINK, p))]
        assert outcome(found) == outcome(single)
        flushed = inputs.LogPersisted(together.peer.last_zxid)
        assert outcome(together.feed(flushed)) == outcome(alone.feed(flushed))
        assert state(together.peer) == state(alone.peer)


def test_packets_that_follow_each_other_are_the_bytes_of_each() -> None:
    packets = [
        QuorumPacket(T.PROPOSAL, EPOCH + 1, b"data"),
        QuorumPacket(T.COMMIT, EPOCH + 1),
        QuorumPacket(T.REQUEST, -1, b"body", ()),
        QuorumPacket(T.PROPOSAL, EPOCH + 2, b""),
    ]
    assert encode_packets(packets) == b"".join(map(encode_packet, packets))
