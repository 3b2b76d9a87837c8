"""An observer with ``syncEnabled=false``: no log, and no claim that its disk does not bear out."""

import pytest

from speckeeper.wire.election import Notification, ServerState
from speckeeper.wire.quorum import PacketType, QuorumPacket
from speckeeper.wire.quorum_config import decode_config
from speckeeper.wire.quorum_data import decode_epoch, encode_epoch
from speckeeper.zab import effects, inputs
from speckeeper.zab.effects import Effect
from speckeeper.zab.membership import Membership
from speckeeper.zab.peer import Peer, Recovered
from speckeeper.zab.settings import ZabSettings

T = PacketType
CONFIG = decode_config(b"server.1=a:1:2\nserver.2=b:1:2\nserver.3=c:1:2\nserver.4=d:1:2:observer")
LAST = 1 << 32 | 5
NEXT = LAST + 1
FIRST = 2 << 32 | 1


class Observer:
    """Server 4 after an election that server 3 has won."""

    def __init__(self, sync_enabled: bool) -> None:
        settings = ZabSettings(4, sync_enabled=sync_enabled)
        self.peer = Peer(settings, Membership(CONFIG), Recovered(1, 1, LAST), 0)
        self.peer.step(inputs.Start(), 0)

    def feed(self, event: inputs.Input) -> list[Effect]:
        return self.peer.step(event, 0)

    def connect(self, link: int) -> list[Effect]:
        for sid in (1, 2, 3):
            state = ServerState.LEADING if sid == 3 else ServerState.FOLLOWING
            self.feed(inputs.NotificationReceived(sid, Notification(state, 3, LAST, 4, 1)))
        self.link = link
        return self.feed(inputs.LeaderConnected(link))

    def take(self, kind: PacketType, zxid: int, data: bytes | None = None) -> list[Effect]:
        return self.feed(inputs.PacketReceived(self.link, QuorumPacket(kind, zxid, data)))

    def promise(self) -> list[Effect]:
        self.take(T.LEADERINFO, 2 << 32, encode_epoch(0x10000))
        return self.feed(inputs.Persisted(effects.PersistAcceptedEpoch(2)))

    def learn(self, kind: PacketType, zxid: int) -> list[Effect]:
        """Take a transaction in the synchronization."""
        return self.take(T.PROPOSAL, zxid, b"entry") + self.take(T.COMMIT, zxid)


def of(found: list[Effect], *kinds: type) -> list[str]:
    return [type(effect).__name__ for effect in found if isinstance(effect, kinds)]


def sent(found: list[Effect]) -> list[tuple[PacketType, int]]:
    return [(e.packet.type, e.packet.zxid) for e in found if isinstance(e, effects.Send)]


DURABLE = (effects.Append, effects.PersistCurrentEpoch)


@pytest.mark.parametrize("sync_enabled", [False, True])
def test_nothing_is_logged_and_everything_applied(sync_enabled: bool) -> None:
    observer = Observer(sync_enabled)
    observer.connect(1)
    observer.promise()
    observer.take(T.DIFF, NEXT)
    observer.learn(T.PROPOSAL, NEXT)
    found = observer.take(T.NEWLEADER, 2 << 32)
    assert of(found, *DURABLE) == (["Append"] if sync_enabled else [])
    assert of(found, effects.Replay) == ["Replay"]
    if sync_enabled:
        assert of(observer.feed(inputs.LogPersisted(NEXT)), *DURABLE) == ["PersistCurrentEpoch"]
        found = observer.feed(inputs.Persisted(effects.PersistCurrentEpoch(2)))
    assert sent(found) == [(T.ACK, 2 << 32)]
    assert of(observer.take(T.UPTODATE, -1), effects.Serve) == ["Serve"]

    found = observer.take(T.INFORM, FIRST, b"entry")
    assert of(found, effects.Append, effects.Deliver) == (
        ["Append", "Deliver"] if sync_enabled else ["Deliver"]
    )


def test_it_goes_on_from_what_it_has_applied_while_it_runs() -> None:
    observer = Observer(sync_enabled=False)
    observer.connect(1)
    observer.promise()
    observer.take(T.DIFF, LAST)
    observer.take(T.NEWLEADER, 2 << 32)
    observer.feed(inputs.Persisted(effects.PersistCurrentEpoch(2)))
    observer.take(T.UPTODATE, -1)
    observer.take(T.INFORM, FIRST, b"entry")

    observer.feed(inputs.Disconnected(1))
    observer.connect(2)
    found = observer.take(T.LEADERINFO, 2 << 32, encode_epoch(0x10000))
    assert sent(found) == [(T.ACKEPOCH, FIRST)]


def test_an_epoch_is_claimed_when_a_snapshot_has_its_history() -> None:
    observer = Observer(sync_enabled=False)
    observer.connect(1)
    found = observer.promise()
    (ackepoch,) = [e.packet for e in found if isinstance(e, effects.Send)]
    assert decode_epoch(ackepoch.data) == 1
    observer.take(T.SNAP, NEXT)
    observer.feed(inputs.SnapshotReceived(1))
    observer.feed(inputs.Persisted(effects.InstallSnapshot(1, NEXT)))
    found = observer.take(T.NEWLEADER, 2 << 32)
    assert of(found, effects.TakeSnapshot) == ["TakeSnapshot"]
    found = observer.feed(inputs.Persisted(effects.TakeSnapshot(NEXT)))
    assert of(found, *DURABLE) == ["PersistCurrentEpoch"]
