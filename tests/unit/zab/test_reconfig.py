"""Reconfiguration in the core: which quorums decide, what is durable first, who leads then."""

import pytest

from speckeeper.wire.codes import OpCode
from speckeeper.wire.election import Notification, ServerState
from speckeeper.wire.quorum import PacketType, QuorumPacket
from speckeeper.wire.quorum_config import QuorumConfig, decode_config, encode_config
from speckeeper.wire.quorum_data import LearnerInfo, encode_epoch, encode_learner_info
from speckeeper.wire.txns import SetDataTxn, Txn, TxnHeader, encode_txn
from speckeeper.zab import effects, inputs
from speckeeper.zab.effects import Effect
from speckeeper.zab.election import NO_VOTE
from speckeeper.zab.membership import Membership
from speckeeper.zab.peer import Peer, Recovered
from speckeeper.zab.reconfig import config_of, encode_leader, is_reconfig
from speckeeper.zab.settings import ZabSettings
from speckeeper.zab.state import ZabState

T = PacketType
LAST = 1 << 32 | 5
FIRST = 2 << 32 | 1


def config(text: str, version: int = 1 << 32) -> QuorumConfig:
    """`1 2 3o` is voters 1 and 2, and observer 3."""
    lines = [
        f"server.{each[0]}=h{each[0]}:1:2{':observer' * each.endswith('o')}"
        for each in text.split()
    ]
    return decode_config("\n".join(lines).encode())._replace(version=version)


def reconfig(text: str, zxid: int) -> bytes:
    header = TxnHeader(1, 1, zxid, 0, int(OpCode.RECONFIG))
    data = encode_config(config(text, zxid))
    return encode_txn(Txn(header, SetDataTxn("/zookeeper/config", data, -1)))


def write(zxid: int) -> bytes:
    return encode_txn(Txn(TxnHeader(1, 1, zxid, 0, int(OpCode.SET_DATA)), SetDataTxn("/a", b"", 1)))


class Leader:
    """Server 3 leads; those named follow on links with the numbers of their ids."""

    def __init__(self, active: str, *ids: int, bulk: bool = True) -> None:
        settings = ZabSettings(3, reconfig_enabled=True)
        self.peer = Peer(settings, Membership(config(active)), Recovered(1, 1, LAST), 0)
        self.peer.bulk = bulk
        self.now_ms = 0
        self.feed(inputs.Start())
        self.feed(inputs.NotificationReceived(1, Notification(ServerState.LOOKING, 3, LAST, 1, 1)))
        self.now_ms = 300
        self.feed(inputs.Tick())
        assert self.peer.leader is not None
        self.leader = self.peer.leader
        for sid in ids:
            self.feed(inputs.LearnerConnected(sid))
            server = config(active).server(sid)
            kind = T.OBSERVERINFO if server is not None and server.observer else T.FOLLOWERINFO
            self.take(sid, kind, 1 << 32, encode_learner_info(LearnerInfo(sid, 0x10000, 0)))
        self.feed(inputs.Persisted(effects.PersistAcceptedEpoch(2)))
        for sid in ids:
            self.take(sid, T.ACKEPOCH, LAST, encode_epoch(1))
        self.feed(inputs.Persisted(effects.PersistCurrentEpoch(2)))
        for sid in ids:
            self.take(sid, T.ACK, 2 << 32)
        assert self.peer.zab_state is ZabState.BROADCAST

    def feed(self, event: inputs.Input) -> list[Effect]:
        return self.peer.step(event, self.now_ms)

    def take(
        self, link: int, kind: PacketType, zxid: int, data: bytes | None = None
    ) -> list[Effect]:
        return self.feed(inputs.PacketsReceived(link, [QuorumPacket(kind, zxid, data)]))

    def write(self, zxid: int) -> list[Effect]:
        return self.feed(inputs.ProposeAll([(zxid, write(zxid))]))

    def reconfigure(self, text: str, zxid: int = FIRST) -> list[Effect]:
        return self.feed(inputs.Reconfigure(zxid, reconfig(text, zxid)))

    def ack(self, zxid: int, *ids: int) -> list[int]:
        """Return what was delivered then."""
        found: list[Effect] = []
        for sid in ids:
            if sid == 3:
                found += self.feed(inputs.LogPersisted(zxid))
            else:
                found += self.take(sid, T.ACK, zxid)
        self.found = [*effects.one_by_one(found)]
        return [each.zxid for each in self.found if isinstance(each, effects.Deliver)]

    @property
    def sent(self) -> list[tuple[int, PacketType, int]]:
        return [
            (each.link, each.packet.type, each.packet.zxid)
            for each in self.found
            if isinstance(each, effects.Send)
        ]


def test_reconfiguration_is_told_from_other_transactions() -> None:
    assert is_reconfig(reconfig("1 2 3", FIRST))
    assert not is_reconfig(write(FIRST))
    assert config_of(reconfig("1 2o 3", FIRST)) == config("1 2o 3", FIRST)


@pytest.mark.parametrize("bulk", [True, False])
def test_both_configurations_must_have_it_and_what_follows(bulk: bool) -> None:
    leader = Leader("1 2 3", 1, 2, 4, 5, bulk=bulk)
    found = leader.reconfigure("3 4 5")
    # Known durably ahead of its own log, and of what goes out.
    assert found[0] == effects.SetLastSeenConfig(config("3 4 5", FIRST))
    assert leader.peer.membership.changes
    leader.write(FIRST + 1)
    assert leader.ack(FIRST, 3, 1, 2) == []  # not a quorum of the new one
    assert leader.ack(FIRST + 1, 3, 4, 5) == []
    # What follows has waited for it, and needs the new one only as soon as that is in force.
    assert leader.ack(FIRST, 4) == [FIRST, FIRST + 1]
    assert leader.found[0] == effects.SetConfig(config("3 4 5", FIRST))
    assert leader.peer.membership.active == config("3 4 5", FIRST)
    assert not leader.peer.membership.changes
    assert [each for each in leader.sent if each[2] == FIRST] == [
        (sid, T.COMMITANDACTIVATE, FIRST) for sid in (1, 2, 4, 5)
    ]
    leader.write(FIRST + 2)
    assert leader.ack(FIRST + 2, 3, 1, 2) == []  # they have no voice any more
    assert leader.ack(FIRST + 2, 4) == [FIRST + 2]
    assert not leader.leader.outstanding_proposals


def test_what_was_proposed_before_needs_the_former_quorum_only() -> None:
    leader = Leader("1 2 3", 1, 2, 4, 5)
    leader.write(FIRST)
    leader.reconfigure("3 4 5", FIRST + 1)
    assert leader.ack(FIRST, 3, 4, 5) == []
    assert leader.ack(FIRST, 1) == [FIRST]
    assert leader.ack(FIRST + 1, 3, 1) == []
    assert leader.ack(FIRST + 1, 5) == [FIRST + 1]


def test_leader_that_leaves_names_who_has_most_and_commits_no_more() -> None:
    leader = Leader("1 2 3", 1, 2)
    leader.reconfigure("1 2")
    leader.write(FIRST + 1)
    leader.take(2, T.ACK, FIRST + 1)
    assert leader.ack(FIRST, 3, 1, 2) == [FIRST]
    [to_one, _] = [
        each.packet for each in leader.found if isinstance(each, effects.Send) and each.packet.data
    ]
    assert to_one.data == encode_leader(2)
    assert leader.ack(FIRST + 1, 1) == []
    for sid in (1, 2):
        leader.feed(inputs.Disconnected(sid))
    for now_ms in range(2000, 20000, 1000):
        leader.peer.step(inputs.Tick(), now_ms)
    leader.peer.step(inputs.LogPersisted(FIRST + 1), 20000)
    assert leader.peer.state is ServerState.FOLLOWING  # no election was held
    assert leader.peer.learner is not None
    assert leader.peer.learner.leader == 2


def test_observers_are_informed() -> None:
    leader = Leader("1 2 3 4o", 1, 4)
    leader.reconfigure("1 2o 3 4o")
    leader.ack(FIRST, 3, 1)
    [inform] = [e.packet for e in leader.found if isinstance(e, effects.Send) and e.link == 4]
    assert inform.type is T.INFORMANDACTIVATE
    assert inform.data == encode_leader(3) + reconfig("1 2o 3 4o", FIRST)


def test_quorum_of_followers_must_be_synced() -> None:
    leader = Leader("1 2 3 4o", 1, 4)
    assert leader.peer.is_quorum_synced(config("1 2 3"))
    assert not leader.peer.is_quorum_synced(config("2 3 5"))
    assert not leader.peer.is_quorum_synced(config("3 4 5"))  # 4 observes, and does not count


def test_follower_that_has_yet_to_hear_that_it_observes_does_not_count() -> None:
    leader = Leader("1 2 3", 1, 2)
    assert leader.peer.is_quorum_synced(config("1 3"))
    leader.reconfigure("1o 2 3")
    assert leader.ack(FIRST, 3, 2) == [FIRST]
    assert not leader.peer.is_quorum_synced(config("1 3"))
    assert leader.peer.is_quorum_synced(config("2 3"))


def test_first_configuration_gets_the_version_of_the_epoch() -> None:
    leader = Peer(
        ZabSettings(1, reconfig_enabled=True), Membership(config("1", 0)), Recovered(0, 0, 0), 0
    )
    leader.step(inputs.Start(), 0)
    leader.step(inputs.Tick(), 200)
    found = leader.step(inputs.Persisted(effects.PersistAcceptedEpoch(1)), 200)
    assert found[0] == effects.SetLastSeenConfig(config("1", 1 << 32))
    found = leader.step(inputs.Persisted(effects.PersistCurrentEpoch(1)), 200)
    assert found[:2] == [
        effects.SetConfig(config("1", 1 << 32)),
        effects.Serve(ServerState.LEADING, 1 << 32),
    ]


class Learner:
    """Server 1 follows or observes server 3."""

    def __init__(self, active: str, enabled: bool = True, newleader: bytes | None = None) -> None:
        settings = ZabSettings(1, reconfig_enabled=enabled)
        self.peer = Peer(settings, Membership(config(active)), Recovered(1, 1, LAST), 0)
        self.peer.bulk = True
        self.feed(inputs.Start())
        for sid in (2, 3):
            state = ServerState.LEADING if sid == 3 else ServerState.FOLLOWING
            self.feed(inputs.NotificationReceived(sid, Notification(state, 3, LAST, 4, 1)))
        self.feed(inputs.LeaderConnected(7))
        self.take(T.LEADERINFO, 2 << 32, encode_epoch(0x10000))
        self.feed(inputs.Persisted(effects.PersistAcceptedEpoch(2)))
        self.take(T.DIFF, LAST)
        self.take(T.NEWLEADER, 2 << 32, newleader)
        self.feed(inputs.Persisted(effects.PersistCurrentEpoch(2)))

    def feed(self, event: inputs.Input) -> list[Effect]:
        return [*effects.one_by_one(self.peer.step(event, 0))]

    def take(self, kind: PacketType, zxid: int, data: bytes | None = None) -> list[Effect]:
        return self.feed(inputs.PacketsReceived(7, [QuorumPacket(kind, zxid, data)]))


def test_follower_knows_the_configuration_before_its_log_does() -> None:
    learner = Learner("1 2 3")
    learner.take(T.UPTODATE, -1)
    entry = reconfig("1 2 3 4", FIRST)
    assert learner.take(T.PROPOSAL, FIRST, entry) == [
        effects.SetLastSeenConfig(config("1 2 3 4", FIRST)),
        effects.Append(FIRST, entry),
    ]
    assert learner.take(T.COMMITANDACTIVATE, FIRST, encode_leader(3)) == [
        effects.SetConfig(config("1 2 3 4", FIRST)),
        effects.Deliver(FIRST, entry),
    ]
    assert learner.peer.learner is not None


@pytest.mark.parametrize(
    ("text", "designated", "state"),
    [
        ("1o 2 3", 3, ServerState.OBSERVING),
        ("1 2", 1, ServerState.LEADING),
        ("1 2", 2, ServerState.FOLLOWING),
        ("2 4", 2, ServerState.FOLLOWING),
    ],
)
def test_role_and_leader_change_without_an_election(
    text: str, designated: int, state: ServerState
) -> None:
    learner = Learner("1 2 3")
    learner.take(T.UPTODATE, -1)
    learner.take(T.PROPOSAL, FIRST, reconfig(text, FIRST))
    elections = learner.peer.elections
    learner.take(T.COMMITANDACTIVATE, FIRST, encode_leader(designated))
    learner.feed(inputs.LogPersisted(FIRST))
    assert learner.peer.state is state
    assert learner.peer.elections == elections


def test_removed_follower_follows_on_without_a_vote() -> None:
    learner = Learner("1 2 3")
    learner.take(T.UPTODATE, -1)
    learner.take(T.PROPOSAL, FIRST, reconfig("2 3 4", FIRST))
    learner.take(T.COMMITANDACTIVATE, FIRST, encode_leader(3))
    assert learner.peer.state is ServerState.FOLLOWING
    assert learner.peer.learner is not None
    assert not learner.peer.closing


def test_without_reconfig_enabled_it_is_data_like_any_other() -> None:
    learner = Learner("1 2 3", enabled=False)
    learner.take(T.UPTODATE, -1)
    entry = reconfig("1 2", FIRST)
    assert learner.take(T.PROPOSAL, FIRST, entry) == [effects.Append(FIRST, entry)]
    found = learner.take(T.COMMITANDACTIVATE, FIRST, encode_leader(2))
    assert found == [effects.Deliver(FIRST, entry)]
    assert learner.peer.membership.active == config("1 2 3")


def test_established_configuration_comes_into_force_with_uptodate() -> None:
    learner = Learner("1 2 3", newleader=encode_config(config("1 2 3 4", 1 << 32 | 9)))
    assert learner.peer.membership.changes
    found = learner.take(T.UPTODATE, -1)
    assert found[0] == effects.SetConfig(config("1 2 3 4", 1 << 32 | 9))


def test_configuration_that_is_only_proposed_does_not_come_into_force_with_uptodate() -> None:
    learner = Learner("1 2 3", newleader=encode_config(config("1 4 5", FIRST)))
    entry = reconfig("1 4 5", FIRST)
    learner.take(T.PROPOSAL, FIRST, entry)
    learner.take(T.UPTODATE, -1)
    assert learner.peer.membership.active == config("1 2 3")
    assert learner.peer.membership.changes
    learner.take(T.COMMITANDACTIVATE, FIRST, encode_leader(1))
    assert learner.peer.membership.active == config("1 4 5", FIRST)


def test_looking_server_learns_a_newer_configuration_from_a_vote() -> None:
    peer = Peer(
        ZabSettings(4, reconfig_enabled=True),
        Membership(config("1 2 4", 0)),
        Recovered(1, 1, LAST),
        0,
    )
    peer.step(inputs.Start(), 0)
    text = encode_config(config("1 2 3", 5))
    vote = Notification(ServerState.FOLLOWING, 3, LAST, 1, 1, config=text)
    found = peer.step(inputs.NotificationReceived(1, vote), 0)
    assert found[0] == effects.SetConfig(config("1 2 3", 5))
    asked = {e.server_id for e in found if isinstance(e, effects.SendNotification)}
    assert asked == {1, 2, 3}
    assert peer.elections == 2


@pytest.mark.parametrize("text", [b"version=ff", b"server.1=a:1:2:observer\nversion=ff", b"x"])
def test_configuration_without_quorums_is_not_taken(text: bytes) -> None:
    learner = Learner("1 2 3")
    learner.take(T.UPTODATE, -1)
    header = TxnHeader(1, 1, FIRST, 0, int(OpCode.RECONFIG))
    entry = encode_txn(Txn(header, SetDataTxn("/zookeeper/config", text, -1)))
    learner.take(T.PROPOSAL, FIRST, entry)
    assert learner.peer.state is ServerState.LOOKING
    vote = Notification(ServerState.FOLLOWING, 3, LAST, 1, 1, config=text)
    learner.feed(inputs.NotificationReceived(2, vote))
    assert learner.peer.membership.active == config("1 2 3")


def test_established_leader_is_joined_without_those_who_were_only_to_come() -> None:
    seen = Membership(config("1 2 3"), config("1 8 9", 1 << 32 | 4))
    peer = Peer(ZabSettings(1, reconfig_enabled=True), seen, Recovered(1, 1, LAST), 0)
    peer.step(inputs.Start(), 0)
    for sid in (2, 3):
        state = ServerState.LEADING if sid == 3 else ServerState.FOLLOWING
        peer.step(inputs.NotificationReceived(sid, Notification(state, 3, LAST, 4, 1)), 0)
    assert peer.state is ServerState.FOLLOWING


def test_round_of_one_who_is_to_vote_is_caught_up_with() -> None:
    seen = Membership(config("1 2"), config("1 3", 1 << 32 | 4))
    peer = Peer(ZabSettings(1, reconfig_enabled=True), seen, Recovered(1, 1, LAST), 0)
    peer.step(inputs.Start(), 0)
    vote = Notification(ServerState.LOOKING, NO_VOTE, NO_VOTE, 5, NO_VOTE)
    found = peer.step(inputs.NotificationReceived(3, vote), 0)
    assert peer.election.logical_clock == 5
    told = [e.notification for e in found if isinstance(e, effects.SendNotification)]
    assert {(n.leader, n.election_epoch) for n in told} == {(1, 5)}


def test_leader_goes_on_from_the_newest_configuration() -> None:
    """What was seen last may be older: of a synchronization that did not come to its end."""
    membership = Membership(config("1 2 3", 9), config("1 2", 3))
    assert not membership.changes
    assert membership.newest == config("1 2 3", 9)
    assert membership.voters == {1, 2, 3}


def test_configuration_given_up_by_the_leader_is_forgotten() -> None:
    seen = Membership(config("1 2 3"), config("1 4 5", 1 << 32 | 4))
    peer = Peer(ZabSettings(1, reconfig_enabled=True), seen, Recovered(1, 1, LAST), 0)
    peer.set_last_seen_config(config("1 2 3"))
    assert peer.out == [effects.SetLastSeenConfig(config("1 2 3"))]
    assert not peer.membership.changes
    assert peer.membership.voters == {1, 2, 3}
