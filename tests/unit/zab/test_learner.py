"""A learner against its leader's packets: what is durable before what is said."""

import pytest

from speckeeper.wire.election import Notification, ServerState
from speckeeper.wire.quorum import PacketType, QuorumPacket
from speckeeper.wire.quorum_config import decode_config
from speckeeper.wire.quorum_data import NO_EPOCH, decode_epoch, decode_learner_info, encode_epoch
from speckeeper.zab import effects, inputs
from speckeeper.zab.effects import Effect
from speckeeper.zab.membership import Membership
from speckeeper.zab.peer import Peer, Recovered
from speckeeper.zab.settings import ZabSettings
from speckeeper.zab.state import ZabState

T = PacketType
CONFIG = decode_config(b"server.1=a:1:2\nserver.2=b:1:2\nserver.3=c:1:2")
LINK = 7
LAST = 1 << 32 | 5


class Follower:
    """Server 1 after an election that server 3 has won, connected to it."""

    def __init__(self, accepted: int = 1) -> None:
        self.peer = Peer(ZabSettings(1), Membership(CONFIG), Recovered(accepted, 1, LAST), 0)
        self.peer.step(inputs.Start(), 0)
        self.said = self.follow()

    def follow(self, link: int = LINK) -> list[Effect]:
        for sid in (2, 3):
            state = ServerState.LEADING if sid == 3 else ServerState.FOLLOWING
            self.feed(inputs.NotificationReceived(sid, Notification(state, 3, LAST, 4, 1)))
        return self.feed(inputs.LeaderConnected(link))

    def feed(self, event: inputs.Input, now_ms: int = 0) -> list[Effect]:
        return self.peer.step(event, now_ms)

    def take(self, kind: PacketType, zxid: int, data: bytes | None = None) -> list[Effect]:
        return self.feed(inputs.PacketReceived(LINK, QuorumPacket(kind, zxid, data)))

    def done(self, effect: effects.Durable) -> list[Effect]:
        return self.feed(inputs.Persisted(effect))

    def promise(self, epoch: int = 2) -> None:
        self.take(T.LEADERINFO, epoch << 32, encode_epoch(0x10000))
        self.done(effects.PersistAcceptedEpoch(epoch))

    def synchronize(self) -> None:
        """Until it serves, with an empty DIFF."""
        self.promise()
        self.take(T.DIFF, LAST)
        self.take(T.NEWLEADER, 2 << 32)
        self.done(effects.PersistCurrentEpoch(2))
        self.take(T.UPTODATE, -1)


def packets(found: list[Effect]) -> list[tuple[PacketType, int]]:
    return [(e.packet.type, e.packet.zxid) for e in found if isinstance(e, effects.Send)]


def kinds(found: list[Effect]) -> list[str]:
    return [type(e).__name__ for e in found]


def test_says_who_it_is_and_what_it_has_accepted() -> None:
    follower = Follower()
    assert packets(follower.said) == [(T.FOLLOWERINFO, 1 << 32)]
    [sent] = [e for e in follower.said if isinstance(e, effects.Send)]
    assert decode_learner_info(sent.packet.data or b"") == (1, 0x10000, 0)


def test_promise_is_durable_before_it_is_given() -> None:
    follower = Follower()
    found = follower.take(T.LEADERINFO, 2 << 32, encode_epoch(0x10000))
    assert found == [effects.PersistAcceptedEpoch(2)]
    found = follower.done(effects.PersistAcceptedEpoch(2))
    assert packets(found) == [(T.ACKEPOCH, LAST)]
    assert isinstance(found[0], effects.Send)
    assert decode_epoch(found[0].packet.data) == 1


def test_same_epoch_is_acknowledged_so_that_it_does_not_count() -> None:
    follower = Follower(accepted=2)
    found = follower.take(T.LEADERINFO, 2 << 32, encode_epoch(0x10000))
    assert packets(found) == [(T.ACKEPOCH, LAST)]
    assert isinstance(found[0], effects.Send)
    assert decode_epoch(found[0].packet.data) == NO_EPOCH


def test_lower_epoch_is_refused() -> None:
    follower = Follower(accepted=3)
    found = follower.take(T.LEADERINFO, 2 << 32, encode_epoch(0x10000))
    assert isinstance(found[0], effects.Close)
    assert follower.peer.zab_state is ZabState.ELECTION
    assert follower.peer.accepted_epoch == 3


def test_history_then_epoch_then_ack() -> None:
    """ZOOKEEPER-4643, 4646, 4785: three steps, none ahead of the one before."""
    follower = Follower()
    follower.promise()
    follower.take(T.DIFF, LAST + 1)
    assert follower.take(T.PROPOSAL, LAST + 1, b"x") == []
    assert follower.take(T.COMMIT, LAST + 1) == []
    assert kinds(follower.take(T.NEWLEADER, 2 << 32)) == ["Append", "Replay"]
    assert follower.feed(inputs.LogPersisted(LAST + 1)) == [effects.PersistCurrentEpoch(2)]
    found = follower.done(effects.PersistCurrentEpoch(2))
    assert packets(found) == [(T.ACK, 2 << 32)]
    assert follower.peer.current_epoch == 2


@pytest.mark.parametrize(
    ("kind", "zxid", "first"),
    [(T.DIFF, LAST + 2, LAST + 2), (T.DIFF, LAST, 2 << 32 | 2), (T.TRUNC, LAST - 1, 2 << 32 | 3)],
)
def test_gap_is_refused_and_a_snapshot_asked_for(kind: PacketType, zxid: int, first: int) -> None:
    """Apache's leaders leave out of a DIFF what they were sent by DIFF themselves."""
    follower = Follower()
    follower.promise()
    follower.take(kind, zxid)
    if kind is T.TRUNC:
        follower.done(effects.TruncateLog(zxid))
    found = follower.take(T.PROPOSAL, first, b"x")
    assert "there is a gap" in next(e.reason for e in found if isinstance(e, effects.Close))
    if kind is T.TRUNC:
        follower.feed(inputs.Reloaded(zxid))
    assert follower.peer.state is ServerState.LOOKING

    follower.follow()
    found = follower.take(T.LEADERINFO, 2 << 32, encode_epoch(0x10000))
    assert packets(found) == [(T.ACKEPOCH, 1)]
    assert kinds(follower.take(T.SNAP, first)) == []
    assert kinds(follower.feed(inputs.SnapshotReceived(LINK))) == ["InstallSnapshot"]


def test_a_way_back_that_the_disk_lacks_is_refused_and_a_snapshot_asked_for() -> None:
    """Behind a snapshot that an earlier leader sent, the log does not lead to it."""
    follower = Follower()
    follower.promise()
    follower.take(T.TRUNC, LAST - 1)
    found = follower.feed(inputs.TruncationRefused(effects.TruncateLog(LAST - 1)))
    assert "not in our history" in next(e.reason for e in found if isinstance(e, effects.Close))
    follower.feed(inputs.Reloaded(LAST))
    assert (follower.peer.state, follower.peer.last_zxid) == (ServerState.LOOKING, LAST)

    follower.follow()
    found = follower.take(T.LEADERINFO, 2 << 32, encode_epoch(0x10000))
    assert packets(found) == [(T.ACKEPOCH, 1)]


def test_nothing_but_a_snapshot_helps_after_a_gap() -> None:
    follower = Follower()
    follower.promise()
    follower.take(T.DIFF, LAST)
    follower.take(T.PROPOSAL, LAST + 2, b"x")
    follower.follow()
    follower.take(T.LEADERINFO, 2 << 32, encode_epoch(0x10000))
    assert "Close" in kinds(follower.take(T.DIFF, LAST))
    follower.follow()
    found = follower.take(T.LEADERINFO, 2 << 32, encode_epoch(0x10000))
    assert packets(found) == [(T.ACKEPOCH, LAST)]  # once, for the leader may be another one by now


@pytest.mark.parametrize("first", [LAST + 1, 2 << 32 | 1, 9 << 32 | 1])
def test_a_new_epoch_begins_with_one(first: int) -> None:
    follower = Follower()
    follower.promise()
    follower.take(T.DIFF, first)
    assert follower.take(T.PROPOSAL, first, b"x") == []


@pytest.mark.parametrize("kind", [T.TRUNC, T.SNAP])
def test_snapshot_ends_trunc_and_snap(kind: PacketType) -> None:
    follower = Follower()
    follower.promise()
    zxid = LAST - 1
    found = follower.take(kind, zxid)
    if kind is T.SNAP:
        assert found == []
        found = follower.feed(inputs.SnapshotReceived(LINK))
        assert found == [effects.InstallSnapshot(LINK, zxid)]
        follower.done(effects.InstallSnapshot(LINK, zxid))
    else:
        assert found == [effects.TruncateLog(zxid)]
        # What comes meanwhile waits for the disk.
        assert follower.take(T.PROPOSAL, LAST, b"y") == []
        follower.done(effects.TruncateLog(zxid))
    if kind is T.SNAP:
        follower.take(T.PROPOSAL, LAST, b"y")
    assert follower.take(T.COMMIT, LAST) == [effects.Replay(LAST, b"y")]
    assert follower.take(T.NEWLEADER, 2 << 32) == [effects.TakeSnapshot(LAST)]
    assert follower.done(effects.TakeSnapshot(LAST)) == [effects.PersistCurrentEpoch(2)]
    assert packets(follower.done(effects.PersistCurrentEpoch(2))) == [(T.ACK, 2 << 32)]


def test_proposals_between_newleader_and_uptodate_are_acked_after_it() -> None:
    """ZOOKEEPER-4685, 4394: kept, logged at UPTODATE, acknowledged when durable."""
    follower = Follower()
    follower.promise()
    follower.take(T.DIFF, LAST)
    follower.take(T.NEWLEADER, 2 << 32)
    first, second = 2 << 32 | 1, 2 << 32 | 2
    assert follower.take(T.PROPOSAL, first, b"1") == []  # the disk is at work
    follower.done(effects.PersistCurrentEpoch(2))
    assert follower.take(T.PROPOSAL, second, b"2") == []
    assert follower.take(T.COMMIT, first) == []
    found = follower.take(T.UPTODATE, -1)
    assert packets(found) == [(T.ACK, 2 << 32)]
    assert kinds(found) == ["Send", "Append", "Append", "Deliver", "Serve"]
    assert packets(follower.feed(inputs.LogPersisted(first))) == [(T.ACK, first)]
    assert packets(follower.feed(inputs.LogPersisted(second))) == [(T.ACK, second)]


def test_ack_follows_the_disk() -> None:
    follower = Follower()
    follower.synchronize()
    zxids = [2 << 32 | n for n in (1, 2, 3)]
    for zxid in zxids:
        assert kinds(follower.take(T.PROPOSAL, zxid, b"x")) == ["Append"]
    assert packets(follower.feed(inputs.LogPersisted(zxids[1]))) == [
        (T.ACK, zxid) for zxid in zxids[:2]
    ]
    assert follower.take(T.COMMIT, zxids[0]) == [effects.Deliver(zxids[0], b"x")]


def test_election_waits_for_the_log() -> None:
    """ZOOKEEPER-4712: what an old leader had us write is written before the next vote."""
    follower = Follower()
    follower.synchronize()
    zxid = 2 << 32 | 1
    follower.take(T.PROPOSAL, zxid, b"x")
    assert kinds(follower.feed(inputs.Disconnected(LINK))) == ["StopServing", "Close"]
    assert follower.peer.state is ServerState.FOLLOWING
    found = follower.feed(inputs.LogPersisted(zxid))
    assert kinds(found)[0] == "Replay"
    assert follower.peer.state is ServerState.LOOKING
    votes = [e.notification for e in found if isinstance(e, effects.SendNotification)]
    assert {(n.leader, n.zxid, n.peer_epoch) for n in votes} == {(1, zxid, 2)}


def test_unfinished_sync_is_taken_back() -> None:
    """What a TRUNC or SNAP has put into memory alone is not what we vote with."""
    follower = Follower()
    follower.promise()
    follower.take(T.TRUNC, LAST - 1)
    follower.done(effects.TruncateLog(LAST - 1))
    follower.take(T.PROPOSAL, 2 << 32 | 1, b"y")
    follower.take(T.COMMIT, 2 << 32 | 1)
    assert kinds(follower.feed(inputs.Disconnected(LINK))) == ["Close", "Reload"]
    follower.feed(inputs.Reloaded(LAST - 1))
    assert follower.peer.last_zxid == LAST - 1
    assert follower.peer.state is ServerState.LOOKING


@pytest.mark.parametrize(
    ("kind", "zxid"),
    [(T.COMMIT, LAST + 9), (T.PROPOSAL, LAST + 9), (T.NEWLEADER, 3 << 32), (T.UPTODATE, -1)],
)
def test_leader_that_makes_no_sense_is_left(kind: PacketType, zxid: int) -> None:
    follower = Follower()
    follower.promise()
    follower.take(T.DIFF, LAST + 2)
    follower.take(T.PROPOSAL, LAST + 1, b"x")
    found = follower.take(kind, zxid, b"x" if kind is T.PROPOSAL else None)
    assert isinstance(found[0], effects.Close)


def test_silent_leader_is_left() -> None:
    follower = Follower()
    follower.synchronize()
    limit_ms = follower.peer.settings.sync_ms
    assert follower.peer.deadline_ms == limit_ms
    assert follower.feed(inputs.Tick(), limit_ms - 1) == []
    assert kinds(follower.feed(inputs.Tick(), limit_ms))[:2] == ["StopServing", "Close"]


def test_ping_is_answered_with_the_sessions_heard_of() -> None:
    follower = Follower()
    follower.synchronize()
    follower.peer.touched[0x10] = 4000
    [sent] = follower.take(T.PING, 2 << 32)
    assert isinstance(sent, effects.Send)
    assert sent.packet.data == (0x10).to_bytes(8, "big") + (4000).to_bytes(4, "big")
    [again] = follower.take(T.PING, 2 << 32)
    assert isinstance(again, effects.Send)
    assert again.packet.data == b""


def test_a_role_ends_behind_what_the_disk_does_for_it() -> None:
    """As in ZooKeeper, whose thread writes the epoch itself and sees the broken connection then."""
    follower = Follower()
    told: list[str] = []
    follower.peer.trace = lambda action, _: told.append(action)
    follower.take(T.LEADERINFO, 2 << 32, encode_epoch(0x10000))
    assert follower.feed(inputs.Disconnected(LINK)) == []
    assert (follower.peer.closing, follower.peer.state) == (False, ServerState.FOLLOWING)
    follower.done(effects.PersistAcceptedEpoch(2))
    assert (follower.peer.accepted_epoch, follower.peer.state) == (2, ServerState.LOOKING)
    first = ["FollowerProcessLEADERINFO", "FollowerPersistAcceptedEpoch", "FollowerShutdown"]
    assert told[:3] == first
