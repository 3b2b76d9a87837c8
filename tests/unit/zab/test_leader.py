"""A leader against its learners' packets: what a quorum must have done before what."""

import pytest

from speckeeper.wire.election import Notification, ServerState
from speckeeper.wire.jute import Reader
from speckeeper.wire.quorum import PacketType, QuorumPacket, decode_packet, encode_packet
from speckeeper.wire.quorum_config import decode_config
from speckeeper.wire.quorum_data import (
    LAST_EPOCH,
    NO_EPOCH,
    LearnerInfo,
    encode_epoch,
    encode_learner_info,
    encode_touched,
)
from speckeeper.zab import effects, inputs
from speckeeper.zab.effects import Effect, Link
from speckeeper.zab.membership import Membership
from speckeeper.zab.peer import Peer, Recovered
from speckeeper.zab.settings import ZabSettings
from speckeeper.zab.state import Stage, ZabState

T = PacketType
CONFIG = decode_config(b"server.1=a:1:2\nserver.2=b:1:2\nserver.3=c:1:2\nserver.4=d:1:2:observer")
LAST = 1 << 32 | 5


class Leader:
    """Server 3 after an election that it has won."""

    def __init__(self, accepted: int = 1) -> None:
        self.now_ms = 0
        self.peer = Peer(ZabSettings(3), Membership(CONFIG), Recovered(accepted, 1, LAST), 0)
        self.feed(inputs.Start())
        vote = Notification(ServerState.LOOKING, 3, LAST, 1, 1)
        self.feed(inputs.NotificationReceived(1, vote))
        self.feed(inputs.Tick(), 200)
        assert self.peer.state is ServerState.LEADING

    def feed(self, event: inputs.Input, after_ms: int = 0) -> list[Effect]:
        self.now_ms += after_ms
        return self.peer.step(event, self.now_ms)

    def take(
        self, link: Link, kind: PacketType, zxid: int, data: bytes | None = None
    ) -> list[Effect]:
        return self.feed(inputs.PacketReceived(link, QuorumPacket(kind, zxid, data)))

    def info(self, sid: int, accepted: int = 1, version: int = 0x10000) -> list[Effect]:
        """A learner connects, on a link with the number of its id."""
        self.feed(inputs.LearnerConnected(sid))
        kind = T.OBSERVERINFO if sid == 4 else T.FOLLOWERINFO
        data = encode_learner_info(LearnerInfo(sid, version, 0))
        return self.take(sid, kind, accepted << 32, data)

    def ack_epoch(self, sid: int, epoch: int = 1, zxid: int = LAST) -> list[Effect]:
        return self.take(sid, T.ACKEPOCH, zxid, encode_epoch(epoch))

    def discover(self, *ids: int) -> None:
        """Until the epoch, 2, has started."""
        for sid in ids:
            self.info(sid)
        self.feed(inputs.Persisted(effects.PersistAcceptedEpoch(2)))
        for sid in ids:
            self.ack_epoch(sid)
        self.feed(inputs.Persisted(effects.PersistCurrentEpoch(2)))

    def serve(self, *ids: int) -> None:
        """Until it serves."""
        self.discover(*ids)
        for sid in ids:
            self.take(sid, T.ACK, 2 << 32)
        assert self.peer.zab_state is ZabState.BROADCAST


def packets(found: list[Effect]) -> list[tuple[Link, PacketType, int]]:
    return [(e.link, e.packet.type, e.packet.zxid) for e in found if isinstance(e, effects.Send)]


def closed(found: list[Effect]) -> list[Link]:
    return [e.link for e in found if isinstance(e, effects.Close)]


def test_epoch_is_above_all_of_a_quorum_and_durable_before_it_is_told() -> None:
    leader = Leader()
    assert leader.info(4, accepted=9) == []  # an observer raises it, and makes no quorum
    assert leader.info(1, accepted=6) == [effects.PersistAcceptedEpoch(10)]
    assert leader.info(2) == []  # settled, not durable yet
    found = leader.feed(inputs.Persisted(effects.PersistAcceptedEpoch(10)))
    assert packets(found) == [(sid, T.LEADERINFO, 10 << 32) for sid in (4, 1, 2)]
    assert leader.peer.accepted_epoch == 10


def test_epoch_starts_with_a_quorum_of_promises() -> None:
    leader = Leader()
    for sid in (1, 2, 4):
        leader.info(sid)
    leader.feed(inputs.Persisted(effects.PersistAcceptedEpoch(2)))
    assert leader.ack_epoch(4) == []  # no voice
    assert leader.ack_epoch(1, epoch=NO_EPOCH) == []  # promised to somebody before
    found = leader.ack_epoch(2)
    assert found[0] == effects.PersistCurrentEpoch(2)
    # All that wait are synchronized, and everybody later at once.
    assert [p for p in packets(found) if p[1] is T.NEWLEADER] == [
        (sid, T.NEWLEADER, 2 << 32) for sid in (1, 2, 4)
    ]


@pytest.mark.parametrize(("epoch", "zxid"), [(2, 0), (1, LAST + 1)])
def test_learner_with_more_history_is_sent_away(epoch: int, zxid: int) -> None:
    leader = Leader()
    leader.info(1)
    leader.feed(inputs.Persisted(effects.PersistAcceptedEpoch(2)))
    assert closed(leader.ack_epoch(1, epoch, zxid)) == [1]
    assert leader.peer.leader is not None
    assert leader.peer.leader.acke_recv == {3}


def test_serves_when_a_quorum_has_the_history_and_itself_the_epoch() -> None:
    leader = Leader()
    leader.info(1)
    leader.feed(inputs.Persisted(effects.PersistAcceptedEpoch(2)))
    leader.ack_epoch(1)
    assert leader.take(1, T.ACK, 2 << 32) == []  # faster than our own disk
    found = leader.feed(inputs.Persisted(effects.PersistCurrentEpoch(2)))
    assert found[0] == effects.Serve(ServerState.LEADING, 2 << 32)
    assert packets(found) == [(1, T.UPTODATE, -1)]


def test_ack_of_another_epoch_does_not_count() -> None:
    leader = Leader()
    leader.discover(1)
    assert leader.take(1, T.ACK, 1 << 32) == []
    assert leader.peer.zab_state is ZabState.SYNCHRONIZATION


def test_commits_in_order_with_a_quorum_of_disks() -> None:
    leader = Leader()
    leader.serve(1, 2)
    first, second = 2 << 32 | 1, 2 << 32 | 2
    found = leader.feed(inputs.Propose(first, b"a"))
    assert packets(found) == [(1, T.PROPOSAL, first), (2, T.PROPOSAL, first)]
    assert found[-1] == effects.Append(first, b"a")
    leader.feed(inputs.Propose(second, b"b"))
    assert leader.take(1, T.ACK, 2 << 32) == []  # what answers UPTODATE
    assert leader.take(1, T.ACK, first) == []  # one disk of three
    assert leader.take(1, T.ACK, second) == []
    found = leader.take(2, T.ACK, first)  # two of three, ours not among them
    assert packets(found) == [(1, T.COMMIT, first), (2, T.COMMIT, first)]
    assert found[-1] == effects.Deliver(first, b"a")
    found = leader.feed(inputs.LogPersisted(second))
    assert packets(found) == [(1, T.COMMIT, second), (2, T.COMMIT, second)]


def test_packets_that_come_together_are_as_each_alone() -> None:
    zxids = [2 << 32 | number for number in range(1, 6)]
    seen = []
    for together in (True, False):
        leader = Leader()
        leader.serve(1, 2)
        for zxid in zxids:
            leader.feed(inputs.Propose(zxid, b"%d" % zxid))
        leader.feed(inputs.LogPersisted(zxids[2]))
        sent = [QuorumPacket(T.ACK, zxid) for zxid in (2 << 32, *zxids)]
        sent.insert(3, QuorumPacket(T.REQUEST, -1, b"?"))
        if together:
            found = leader.feed(inputs.PacketsReceived(1, sent), after_ms=5)
        else:
            leader.now_ms += 5
            found = [e for p in sent for e in leader.feed(inputs.PacketReceived(1, p))]
        assert leader.peer.leader is not None
        seen.append((found, leader.peer.variables(), leader.peer.leader.handler))
    assert seen[0] == seen[1]
    found = seen[0][0]
    assert [e.zxid for e in found if isinstance(e, effects.Deliver)] == zxids[:3]


def test_nothing_is_heard_behind_a_packet_that_ends_the_link() -> None:
    leader = Leader()
    leader.discover(1)
    found = leader.feed(
        inputs.PacketsReceived(1, [QuorumPacket(T.UPTODATE, 1), QuorumPacket(T.ACK, 2 << 32)])
    )
    assert closed(found) == [1]
    assert leader.peer.zab_state is ZabState.SYNCHRONIZATION


def test_observer_is_informed_and_does_not_count() -> None:
    leader = Leader()
    leader.serve(1, 4)
    zxid = 2 << 32 | 1
    found = leader.feed(inputs.Propose(zxid, b"a"))
    assert packets(found) == [(1, T.PROPOSAL, zxid)]
    leader.feed(inputs.LogPersisted(zxid))
    assert leader.take(4, T.ACK, zxid) == []
    assert packets(leader.take(1, T.ACK, zxid)) == [(1, T.COMMIT, zxid), (4, T.INFORM, zxid)]


def test_late_learner_gets_what_is_outstanding() -> None:
    leader = Leader()
    leader.serve(1)
    committed, outstanding = 2 << 32 | 1, 2 << 32 | 2
    leader.feed(inputs.Propose(committed, b"a"))
    leader.feed(inputs.LogPersisted(committed))
    leader.take(1, T.ACK, committed)
    leader.feed(inputs.Propose(outstanding, b"b"))
    leader.info(2)
    assert leader.ack_epoch(2) == [effects.ReadLog(2, LAST)]  # older than what is at hand
    found = leader.feed(inputs.LogRead(2, ((LAST, b"x"), (committed, b"a"))))
    assert packets(found) == [
        (2, T.DIFF, committed),
        (2, T.PROPOSAL, committed),
        (2, T.COMMIT, committed),
        (2, T.PROPOSAL, outstanding),
        (2, T.NEWLEADER, 2 << 32),
    ]


def test_acknowledgements_of_what_is_sent_again_are_forgotten() -> None:
    leader = Leader()
    leader.serve(1, 2)
    zxid = 2 << 32 | 1
    leader.feed(inputs.Propose(zxid, b"a"))
    leader.take(1, T.ACK, zxid)
    leader.feed(inputs.Disconnected(1))
    leader.feed(inputs.LearnerConnected(11))
    data = encode_learner_info(LearnerInfo(1, 0x10000, 0))
    leader.take(11, T.FOLLOWERINFO, 2 << 32, data)
    leader.take(11, T.ACKEPOCH, zxid, encode_epoch(NO_EPOCH))
    assert leader.peer.leader is not None
    assert leader.peer.leader.outstanding_proposals[zxid].ack_set == set()


def test_sync_is_answered_behind_what_is_proposed() -> None:
    leader = Leader()
    leader.serve(1)
    assert packets(leader.feed(inputs.Sync(1))) == [(1, T.SYNC, 0)]
    zxid = 2 << 32 | 1
    leader.feed(inputs.Propose(zxid, b"a"))
    assert leader.feed(inputs.Sync(1)) == []
    assert leader.feed(inputs.Sync(None, 7)) == []
    leader.feed(inputs.LogPersisted(zxid))
    found = leader.take(1, T.ACK, zxid)
    assert packets(found) == [(1, T.COMMIT, zxid), (1, T.SYNC, 0)]
    assert found[-1] == effects.Synced(7)


def test_pings_and_silence() -> None:
    leader = Leader()
    leader.serve(1, 2)
    settings = leader.peer.settings
    half_ms = settings.tick_time_ms // 2
    assert [p[1] for p in packets(leader.feed(inputs.Tick(), half_ms))] == [T.PING, T.PING]
    gone: list[Link] = []
    for _ in range(2 * (settings.sync_limit + 2)):
        leader.take(1, T.PING, 0, b"")
        gone += closed(leader.feed(inputs.Tick(), half_ms))
    assert gone == [2]  # it said nothing for syncLimit ticks
    for _ in range(2 * (settings.sync_limit + 2)):
        leader.feed(inputs.Tick(), half_ms)
    assert leader.peer.state is ServerState.LOOKING


def test_proposal_that_nobody_acknowledges_ends_the_link() -> None:
    leader = Leader()
    leader.serve(1, 2)
    half_ms = leader.peer.settings.tick_time_ms // 2
    leader.feed(inputs.Propose(2 << 32 | 1, b"a"))
    gone: list[Link] = []
    for _ in range(2 * leader.peer.settings.sync_limit + 1):
        for sid in (1, 2):
            leader.take(sid, T.PING, 0, b"")
        leader.take(1, T.ACK, 2 << 32 | 1)
        gone += closed(leader.feed(inputs.Tick(), half_ms))
    assert gone == [2]


def test_no_quorum_in_time_ends_leading() -> None:
    leader = Leader()
    leader.feed(inputs.Tick(), leader.peer.settings.init_ms)
    assert leader.peer.state is ServerState.LOOKING


def test_last_counter_of_an_epoch_ends_leading() -> None:
    leader = Leader()
    leader.serve(1)
    assert leader.peer.leader is not None
    leader.peer.leader.last_proposed = 2 << 32 | 0xFFFFFFFE
    found = leader.feed(inputs.Propose(2 << 32 | 0xFFFFFFFF, b"a"))
    assert isinstance(found[0], effects.StopServing)


def test_the_last_epoch_is_led_and_no_other_comes_after_it() -> None:
    leader = Leader()
    assert closed(leader.info(1, accepted=LAST_EPOCH)) == [1]
    assert leader.info(2, accepted=LAST_EPOCH - 1) == [effects.PersistAcceptedEpoch(LAST_EPOCH)]
    found = leader.feed(inputs.Persisted(effects.PersistAcceptedEpoch(LAST_EPOCH)))
    assert packets(found) == [(2, T.LEADERINFO, LAST_EPOCH << 32)]
    for packet in (e.packet for e in found if isinstance(e, effects.Send)):
        assert decode_packet(Reader(encode_packet(packet))).zxid == LAST_EPOCH << 32


def test_who_has_accepted_the_last_epoch_leads_no_more() -> None:
    leader = Leader(accepted=LAST_EPOCH)
    assert leader.info(1) == []
    assert leader.peer.state is ServerState.LEADING
    leader.feed(inputs.Tick(), leader.peer.settings.init_ms)
    assert leader.peer.state is ServerState.LOOKING


@pytest.mark.parametrize(
    ("kind", "data"),
    [(T.ACK, None), (T.ACKEPOCH, b""), (T.FOLLOWERINFO, b"\0" * 20), (T.PROPOSAL, b"x")],
)
def test_learner_that_makes_no_sense_is_sent_away(kind: PacketType, data: bytes | None) -> None:
    leader = Leader()
    leader.info(1)
    leader.feed(inputs.Persisted(effects.PersistAcceptedEpoch(2)))
    assert closed(leader.take(1, kind, 0, data)) == [1]


def test_old_protocol_and_newer_configuration_are_refused() -> None:
    leader = Leader()
    assert closed(leader.info(1, version=1)) == [1]
    leader.feed(inputs.LearnerConnected(2))
    data = encode_learner_info(LearnerInfo(2, 0x10000, 5))
    assert closed(leader.take(2, T.FOLLOWERINFO, 0, data)) == [2]


def test_requests_and_sessions_go_to_the_server() -> None:
    leader = Leader()
    leader.serve(1)
    assert leader.peer.leader is not None
    assert leader.peer.leader.handler[1].stage is Stage.UPTODATE
    ping = QuorumPacket(T.PING, 0, encode_touched([(5, 4000)]))
    request = QuorumPacket(T.REQUEST, -1, b"r")
    for packet in (ping, request):
        found = leader.feed(inputs.PacketReceived(1, packet))
        assert found == [effects.FromLearner(1, 1, packet)]
    assert leader.take(1, T.PING, 0, b"") == []


def test_server_that_connects_anew_is_heard_on_its_new_link_only() -> None:
    """Its ACK on the old link may be of what it has been made to forget on the new one."""
    leader = Leader()
    leader.serve(1)
    zxid = (2 << 32) + 1
    leader.feed(inputs.Propose(zxid, b"lost by server 1"))
    leader.feed(inputs.LearnerConnected(11))
    data = encode_learner_info(LearnerInfo(1, 0x10000, 0))
    assert closed(leader.take(11, T.FOLLOWERINFO, 2 << 32, data)) == [1]
    found = leader.take(11, T.ACKEPOCH, zxid, encode_epoch(NO_EPOCH))
    assert packets(found)[0] == (11, T.TRUNC, 2 << 32)
    leader.feed(inputs.LogPersisted(zxid))
    leader.take(1, T.ACK, zxid)  # from the old link
    assert leader.peer.last_committed < zxid
    assert leader.peer.leader is not None
    assert leader.peer.leader.outstanding_proposals[zxid].ack_set == {3}
    leader.take(11, T.ACK, 2 << 32)
    leader.take(11, T.ACK, zxid)
    assert leader.peer.last_committed == zxid


def test_what_comes_late_on_an_older_link_does_not_end_the_newer_one() -> None:
    leader = Leader()
    data = encode_learner_info(LearnerInfo(1, 0x10000, 0))
    leader.feed(inputs.LearnerConnected(7))
    leader.feed(inputs.LearnerConnected(8))
    assert closed(leader.take(8, T.FOLLOWERINFO, 1 << 32, data)) == []
    assert closed(leader.take(7, T.FOLLOWERINFO, 1 << 32, data)) == [7]
    assert leader.peer.leader is not None
    assert [*leader.peer.leader.handler] == [8]


def test_no_time_is_up_while_an_epoch_is_being_written() -> None:
    """The epoch is promised to whoever waits for it, and the role ends only then."""
    leader = Leader()
    data = encode_learner_info(LearnerInfo(1, 0x10000, 0))
    leader.feed(inputs.LearnerConnected(1))
    (effect,) = leader.take(1, T.FOLLOWERINFO, 1 << 32, data)
    assert effect == effects.PersistAcceptedEpoch(2)
    late_ms = 10_000_000
    leader.peer.step(inputs.Tick(), late_ms)
    assert not leader.peer.closing
    assert leader.peer.accepted_epoch < 2
    leader.peer.step(inputs.Persisted(effects.PersistAcceptedEpoch(2)), late_ms)
    assert leader.peer.accepted_epoch == 2
    leader.peer.step(inputs.Tick(), 2 * late_ms)
    assert leader.peer.leader is None


def test_learner_with_the_id_of_the_leader_is_sent_away() -> None:
    leader = Leader()
    leader.feed(inputs.LearnerConnected(7))
    data = encode_learner_info(LearnerInfo(3, 0x10000, 0))
    assert closed(leader.take(7, T.FOLLOWERINFO, 1 << 32, data)) == [7]
