"""A snapshot on its way to a learner: in slices, in order, into a tree, never whole in memory."""

import asyncio
import random
from collections.abc import Iterator
from typing import Any

import pytest

from speckeeper.net.quorum_link import QuorumLink
from speckeeper.net.quorum_port import QuorumPort
from speckeeper.net.snapshot_loading import MOST_BYTES, SnapshotLoading
from speckeeper.tree.apply import apply
from speckeeper.tree.datatree import DataTree
from speckeeper.wire.codes import OpCode
from speckeeper.wire.errors import WireError
from speckeeper.wire.quorum import DEFAULT_MAX_DATA, PacketType, QuorumPacket
from speckeeper.wire.quorum_stream import QuorumStream, SnapshotPiece
from speckeeper.wire.records import OPEN_ACL_UNSAFE
from speckeeper.wire.snapshot import encode_snapshot_body
from speckeeper.wire.txns import CreateTxn, Txn, TxnHeader

PATIENCE_S = 30.0


def tree_of(count: int) -> DataTree:
    tree = DataTree()
    tree.sessions[7] = 4000
    for number in range(1, count + 1):
        record = CreateTxn(f"/n{number}", b"." * 200, OPEN_ACL_UNSAFE, False, number)
        apply(tree, Txn(TxnHeader(7, number, number, 0, int(OpCode.CREATE)), record))
    return tree


def body_of(tree: DataTree, size: int) -> Iterator[bytes]:
    return encode_snapshot_body(tree.sessions, tree.acls.table(), tree.walk(), size)


class Transport:
    """Takes what is written; ``aborted`` when the connection was cut off."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.aborted = self.closed = False

    def set_write_buffer_limits(self, high: int) -> None:
        self.high = high

    def get_extra_info(self, name: str) -> tuple[str, int]:
        return "127.0.0.1", 1

    def get_write_buffer_size(self) -> int:
        return 0

    def write(self, data: bytes) -> None:
        self.written.append(data)

    def abort(self) -> None:
        self.aborted = True

    def close(self) -> None:
        self.closed = True


class Owner:
    """Counts what it is told."""

    def __init__(self) -> None:
        self.told = 0

    def made(self, link: QuorumLink, accepted: bool) -> None: ...
    def lost(self, link: QuorumLink) -> None: ...
    def received(self, link: QuorumLink, data: bytes) -> None: ...

    def moved(self, link: QuorumLink) -> None:
        self.told += 1


async def one_slice_a_turn_and_the_rest_behind() -> None:
    owner, transport, tree = Owner(), Transport(), tree_of(3000)
    link = QuorumLink(owner, QuorumStream(), True)
    link.connection_made(transport)  # type: ignore[arg-type]  # what a link needs of one
    link.queue.append(b"ahead ")
    link.send_snapshot(body_of(tree, 4096))
    link.queue.append(b"behind")
    link.flush()
    assert transport.written == [b"ahead "]
    await asyncio.sleep(0)
    first = len(transport.written)
    assert first == 2
    link.pause_writing()
    for _ in range(5):
        await asyncio.sleep(0)
    assert len(transport.written) == first  # the peer does not take it
    link.resume_writing()
    while transport.written[-1] != b"behind":
        link.flush()
        await asyncio.sleep(0)
    whole = b"".join(body_of(tree, 1 << 30))
    assert b"".join(transport.written)[len(b"ahead ") :].startswith(whole)
    assert len(transport.written) > 5
    assert owner.told >= 1


async def closed_half_way_it_is_cut_off() -> None:
    transport = Transport()
    link = QuorumLink(Owner(), QuorumStream(), True)
    link.connection_made(transport)  # type: ignore[arg-type]
    link.send_snapshot(body_of(tree_of(3000), 4096))
    await asyncio.sleep(0)
    link.close()
    assert (transport.aborted, transport.closed) == (True, False)
    written = len(transport.written)
    await asyncio.sleep(0)
    assert len(transport.written) == written


class Receiver:
    """One end of a quorum port on loopback that loads the snapshot it gets."""

    def __init__(self) -> None:
        self.events: list[str] = []
        self.loading: SnapshotLoading | None = None
        self.tree: DataTree | None = None
        self.link = -1
        self.pieces = self.most = 0

    def accepted(self, link: int) -> None:
        self.link = link

    def packets(self, link: int, packets: list[QuorumPacket]) -> None:
        self.events += [packet.type.name for packet in packets]

    def snapshot(self, link: int, piece: SnapshotPiece) -> None:
        if self.loading is None:
            self.loading = SnapshotLoading(True, lambda: None)
        self.pieces += 1
        self.most = max(self.most, len(piece.body))
        self.loading.feed(piece.body)
        if piece.last:
            self.loading.end()
            self.events.append("snapshot")

    def heard(self, link: int) -> None: ...
    def gone(self, link: int) -> None: ...


async def through_real_sockets() -> None:
    tree = tree_of(20_000)
    leader, learner = Receiver(), Receiver()
    with_port = random.SystemRandom().randrange(20_000, 32_000)
    port = QuorumPort(("127.0.0.1", with_port), leader, DEFAULT_MAX_DATA)
    port.listen(True, pytest.fail)
    other = QuorumPort(("127.0.0.1", 1), learner, DEFAULT_MAX_DATA)
    async with asyncio.timeout(PATIENCE_S):
        assert await other.connect(("127.0.0.1", with_port), 5000) is not None
        while leader.link < 0:
            await asyncio.sleep(0.001)
        snap = QuorumPacket(PacketType.SNAP, 20_000)
        port.send_snapshot(leader.link, snap, body_of(tree, 16 << 10))
        port.send_packet(leader.link, QuorumPacket(PacketType.NEWLEADER, 1 << 32))
        port.flush()
        while "NEWLEADER" not in learner.events:
            await asyncio.sleep(0.001)
        assert learner.events == ["SNAP", "snapshot", "NEWLEADER"]
        assert learner.loading is not None
        loaded = await learner.loading.tree(20_000)
    assert [*loaded.walk()] == [*tree.walk()]
    assert (loaded.sessions, loaded.last_processed_zxid) == (tree.sessions, 20_000)
    assert learner.pieces > 10
    assert port.counts(leader.link).packets_sent == 2
    port.close()
    other.close()


async def who_feeds_waits_for_the_thread() -> None:
    caught_up = asyncio.Event()
    loading = SnapshotLoading(False, caught_up.set)
    tree = tree_of(2000)
    whole = b"".join(body_of(tree, 1 << 30))
    assert not loading.is_behind
    # A piece beyond the limit that the thread cannot be through with, for it is not complete.
    loading._fed += MOST_BYTES
    loading.feed(whole[:1000])
    assert loading.is_behind
    loading._fed -= MOST_BYTES
    loading.feed(whole[1000:2000])
    loading.feed(whole[2000:])
    async with asyncio.timeout(PATIENCE_S):
        await caught_up.wait()
        loading.end()
        assert (await loading.tree(5)).nodes.keys() == tree.nodes.keys()


async def given_up_it_is_no_tree() -> None:
    loading = SnapshotLoading(False, lambda: None)
    loading.feed(b"".join(body_of(tree_of(2000), 1 << 30))[:5000])
    loading.abort()
    async with asyncio.timeout(PATIENCE_S):
        with pytest.raises(WireError):
            await loading.tree(5)


@pytest.mark.parametrize(
    "story",
    [
        one_slice_a_turn_and_the_rest_behind,
        closed_half_way_it_is_cut_off,
        through_real_sockets,
        who_feeds_waits_for_the_thread,
        given_up_it_is_no_tree,
    ],
    ids=lambda story: story.__name__,
)
def test_snapshot_stream(story: Any) -> None:
    asyncio.run(story())
