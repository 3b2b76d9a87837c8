"""Members of an ensemble on loopback: real sockets, real files, one process."""

import asyncio
import itertools
import struct
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
from kazoo.client import KazooClient, KeeperState
from kazoo.exceptions import NodeExistsError, NotReadOnlyCallError
from tests.ports import free_ports

from speckeeper.net.listening import listen
from speckeeper.net.member import Member
from speckeeper.net.member_clock import now_ms
from speckeeper.server.settings import ServerSettings
from speckeeper.storage.directories import prepare_directories
from speckeeper.storage.disk import Disk
from speckeeper.storage.settings import StorageSettings
from speckeeper.tree.node import Node
from speckeeper.wire.codes import OpCode
from speckeeper.wire.election import ServerState
from speckeeper.wire.handshake import ConnectRequest, encode_connect_request
from speckeeper.wire.quorum_config import (
    ConfiguredServer,
    Endpoint,
    QuorumConfig,
    decode_config,
    encode_config,
)
from speckeeper.wire.records import OPEN_ACL_UNSAFE
from speckeeper.wire.requests import CreateRequest, CreateSessionRequest, encode_request
from speckeeper.zab.settings import ZabSettings

PATIENCE_S = 60.0
# A member that is silent for five ticks is given up: a busy machine is silent for a while.
TICK_MS = 1000
CREATE, CREATE_SESSION = int(OpCode.CREATE), int(OpCode.CREATE_SESSION)
SESSION = 0x1234


class Ensemble:
    """Members that can be stopped and started again on the same ports and folders."""

    def __init__(
        self,
        folder: Path,
        voters: int = 3,
        window: int = 500,
        observers: int = 0,
        read_only: bool = False,
        groups: bytes = b"",
        leader_serves: bool = True,
        jute_max_buffer: int = 0xFFFFF,
    ) -> None:
        self._folder = folder
        self._window = window
        self._read_only = read_only
        self._leader_serves = leader_serves
        self._jute_max_buffer = jute_max_buffer
        ports = itertools.count(free_ports(2 * (voters + observers)))
        self.config = QuorumConfig(
            tuple(
                ConfiguredServer(
                    sid, (Endpoint("127.0.0.1", next(ports), next(ports)),), sid > voters
                )
                for sid in range(1, voters + observers + 1)
            )
        )
        self.config = decode_config(
            encode_config(self.config).replace(b"version", groups + b"version")
        )
        self.members: dict[int, Member] = {}
        self.client_ports: dict[int, int] = {}

    def client(self, *ids: int, **options: Any) -> KazooClient:
        """A client of these members, not started."""
        hosts = [f"127.0.0.1:{self.client_ports[sid]}" for sid in ids or self.client_ports]
        return KazooClient(",".join(hosts), randomize_hosts=False, **options)

    async def start(self, *ids: int) -> None:
        for sid in ids or tuple(server.id for server in self.config.servers):
            storage = StorageSettings(self._folder / str(sid), pre_alloc_size_kb=64)
            prepare_directories(storage, Disk())
            zab = ZabSettings(
                sid,
                tick_time_ms=TICK_MS,
                commit_log_count=self._window,
                read_only_mode=self._read_only,
            )
            server = ServerSettings(
                server_id=sid,
                tick_time_ms=TICK_MS,
                min_session_timeout_ms=400,
                snap_count=20,
                jute_max_buffer=self._jute_max_buffer,
                local_sessions_enabled=self._read_only,
            )
            clients = listen("clients", "127.0.0.1", self.client_ports.get(sid, 0), -1, False)
            self.client_ports[sid] = clients.getsockname()[1]
            member = Member(
                zab,
                self.config,
                server,
                storage,
                Disk(),
                clients,
                leader_serves=self._leader_serves,
            )
            self.members[sid] = member
            await member.start()

    async def stop(self, *ids: int) -> None:
        for sid in ids or tuple(self.members):
            await self.members.pop(sid).close()

    @property
    def leader(self) -> Member | None:
        leading = [m for m in self.members.values() if m.serving is ServerState.LEADING]
        return leading[0] if leading else None

    async def serving(self) -> Member:
        """Wait until every running member serves; return the leader."""
        await until(lambda: all(m.serving is not None for m in self.members.values()))
        leader = self.leader
        assert leader is not None
        return leader

    def create(self, path: str, data: bytes = b"data") -> None:
        """Have the leader create a node."""
        leader = self.leader
        assert leader is not None
        server = leader.server
        assert server is not None
        if SESSION not in server.tree.sessions:
            timeout = encode_request(CREATE_SESSION, CreateSessionRequest(60_000))
            server.sessions.track(SESSION, 60_000, now_ms())
            server.pipeline.write(
                None, SESSION, 0, CREATE_SESSION, timeout, 0, len(timeout), (), now_ms()
            )
        body = encode_request(CREATE, CreateRequest(path, data, OPEN_ACL_UNSAFE, 0, -1))
        server.pipeline.write(None, SESSION, 0, CREATE, body, 0, len(body), (), now_ms())
        leader.propose_all()

    async def everywhere(self, path: str) -> None:
        await until(lambda: all(path in m.store.tree.nodes for m in self.members.values()))


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not condition():
            await asyncio.sleep(0.01)


Test = Callable[[Path], Coroutine[Any, Any, None]]


async def elects_and_replicates(tmp_path: Path) -> None:
    ensemble = Ensemble(tmp_path)
    await ensemble.start()
    assert (await ensemble.serving()).peer.settings.server_id == 3
    for number in range(30):
        ensemble.create(f"/n{number}")
    await ensemble.everywhere("/n29")
    await ensemble.stop()


async def carries_as_much_as_a_request_may_hold(tmp_path: Path) -> None:
    """`jute.maxbuffer` counts on the way from the leader, too."""
    ensemble = Ensemble(tmp_path, jute_max_buffer=4 << 20)
    await ensemble.start()
    await ensemble.serving()
    ensemble.create("/large", bytes(3 << 20))
    await ensemble.everywhere("/large")
    await ensemble.stop()


async def survives_its_leader(tmp_path: Path) -> None:
    ensemble = Ensemble(tmp_path)
    await ensemble.start()
    await ensemble.serving()
    ensemble.create("/before")
    await ensemble.everywhere("/before")
    await ensemble.stop(3)
    await until(lambda: ensemble.leader is not None)
    await ensemble.serving()
    ensemble.create("/between")
    await ensemble.everywhere("/between")
    await ensemble.start(3)
    await ensemble.serving()
    await ensemble.everywhere("/between")
    assert "/before" in ensemble.members[3].store.tree.nodes
    await ensemble.stop()


async def takes_snapshots_and_sends_its_log(tmp_path: Path) -> None:
    """Beyond the window, and not worth a snapshot: DIFF from the log on the disk."""
    ensemble = Ensemble(tmp_path, window=3)
    kinds: list[str] = []

    def note(action: str, arguments: tuple[Any, ...]) -> None:
        if action == "LeaderSyncFollower":
            kinds.append(arguments[1].kind.name)

    await ensemble.start()
    await ensemble.serving()
    for number in range(20):
        ensemble.create(f"/large{number}", b"." * 5000)
        await ensemble.everywhere(f"/large{number}")
    await until(lambda: all(snapshots_of(m) > 1 for m in ensemble.members.values()))
    await ensemble.stop(1)
    leader = await ensemble.serving()
    leader.peer.trace = note
    for number in range(8):
        ensemble.create(f"/small{number}")
    await ensemble.everywhere("/small7")
    await ensemble.start(1)
    await ensemble.serving()
    await ensemble.everywhere("/small7")
    assert kinds == ["DIFF"]
    await ensemble.stop()


def snapshots_of(member: Member) -> int:
    return len([*member.store._settings.snapshot_directory.glob("snapshot.*")])


async def brings_a_late_one_up_by_snapshot(tmp_path: Path) -> None:
    ensemble = Ensemble(tmp_path, window=3)
    await ensemble.start(2, 3)
    await ensemble.serving()
    for number in range(20):
        ensemble.create(f"/n{number}")
    await ensemble.everywhere("/n19")
    await ensemble.start(1)
    await ensemble.serving()
    await ensemble.everywhere("/n19")
    await ensemble.stop(1)
    await ensemble.start(1)  # from the snapshot that it took
    assert "/n19" in ensemble.members[1].store.tree.nodes
    await ensemble.stop()


async def goes_on_while_it_sends_a_snapshot(tmp_path: Path) -> None:
    """What is committed meanwhile is in the snapshot, or behind it, or both."""
    ensemble = Ensemble(tmp_path, window=3)
    await ensemble.start(2, 3)
    leader = await ensemble.serving()
    # As if a snapshot that both have had held them.
    for member in ensemble.members.values():
        tree = member.store.tree
        root = tree.nodes[""]
        root.children = root.children or {}
        for number in range(20_000):
            tree.nodes[f"/old{number}"] = Node(
                b"." * 50, OPEN_ACL_UNSAFE, 1, 1, 0, 0, 0, 0, 0, 0, 1
            )
            root.children[f"/old{number}"] = None
    sent: list[int] = []
    heard = leader.heard
    leader.heard = lambda link: (sent.append(link), heard(link))  # type: ignore[method-assign]
    await ensemble.start(1)
    number = 0
    while ensemble.members[1].serving is None:
        number += 1
        ensemble.create(f"/new{number}")
        await asyncio.sleep(0.002)
    await ensemble.everywhere(f"/new{number}")
    assert sent, "it was a snapshot that was sent"
    assert leader.counts.snapshots_sent == 1
    # Each sets the node of the configuration itself, at a time of its own.
    late, whole = (
        [node for node in member.store.tree.walk() if node[0] != "/zookeeper/config"]
        for member in (ensemble.members[1], leader)
    )
    assert late == whole
    await ensemble.stop()


async def restarts_from_its_files(tmp_path: Path) -> None:
    ensemble = Ensemble(tmp_path)
    await ensemble.start()
    await ensemble.serving()
    ensemble.create("/kept")
    await ensemble.everywhere("/kept")
    epoch = ensemble.members[1].peer.current_epoch
    await ensemble.stop()
    await ensemble.start()
    await ensemble.serving()
    await ensemble.everywhere("/kept")
    assert ensemble.members[1].peer.current_epoch == epoch + 1
    await ensemble.stop()


def framed(payload: bytes) -> bytes:
    return struct.pack(">i", len(payload)) + payload


async def on_thread(call: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
    return await asyncio.to_thread(call, *arguments, **options)


async def serves_clients_at_every_member(tmp_path: Path) -> None:
    ensemble = Ensemble(tmp_path)
    await ensemble.start()
    await ensemble.serving()
    clients = {sid: ensemble.client(sid) for sid in (1, 2, 3)}
    for sid, client in clients.items():
        await on_thread(client.start, 10)
        assert await on_thread(client.create, f"/c{sid}", b"x") == f"/c{sid}"
    for client in clients.values():
        await on_thread(client.sync, "/")
        assert {"c1", "c2", "c3"} <= {*await on_thread(client.get_children, "/")}
    with pytest.raises(NodeExistsError):
        await on_thread(clients[1].create, "/c3")
    seen: list[str] = []
    await on_thread(clients[1].get, "/c3", watch=lambda event: seen.append(event.type))
    transaction = clients[2].transaction()
    transaction.set_data("/c3", b"new")
    transaction.create("/c3/child", b"", ephemeral=True)
    await on_thread(transaction.commit)
    await until(lambda: bool(seen))
    assert seen == ["CHANGED"]
    # Order within a session: a read behind a write sees it, at a follower too.
    pending = [clients[1].create_async(f"/order{n}") for n in range(50)]
    stat = clients[1].exists_async("/order49")
    assert (await on_thread(stat.get, timeout=10)) is not None
    for each in pending:
        await on_thread(each.get, timeout=10)
    # An ephemeral goes with its session, everywhere.
    await on_thread(clients[2].stop)
    await until(
        lambda: all("/c3/child" not in m.store.tree.nodes for m in ensemble.members.values())
    )
    for client in clients.values():
        await on_thread(client.stop)
        client.close()
    await ensemble.stop()


async def sessions_move_and_expire(tmp_path: Path) -> None:
    ensemble = Ensemble(tmp_path)
    await ensemble.start()
    await ensemble.serving()
    client = ensemble.client(1, 2, timeout=10)
    await on_thread(client.start, 10)
    await on_thread(client.create, "/mine", ephemeral=True)
    session = client.client_id[0]
    await ensemble.stop(1)
    await ensemble.serving()
    await on_thread(client.retry, client.set, "/mine", b"still here")
    assert client.client_id[0] == session
    # Nobody speaks for it any more: the leader lets it expire, and all forget its node.
    reader, writer = await asyncio.open_connection("127.0.0.1", ensemble.client_ports[2])
    writer.write(framed(encode_connect_request(ConnectRequest(0, 0, 400, 0, b"", None))))
    ephemeral = encode_request(CREATE, CreateRequest("/short", b"", OPEN_ACL_UNSAFE, 1, -1))
    writer.write(framed(struct.pack(">ii", 1, CREATE) + ephemeral))
    await until(lambda: "/short" in ensemble.members[3].store.tree.nodes)
    await until(lambda: all("/short" not in m.store.tree.nodes for m in ensemble.members.values()))
    assert "/mine" in ensemble.members[2].store.tree.nodes
    writer.close()
    assert await reader.read()  # it was answered before
    await on_thread(client.stop)
    client.close()
    await ensemble.stop()


async def an_observer_serves_and_has_no_vote(tmp_path: Path) -> None:
    ensemble = Ensemble(tmp_path, voters=1, observers=2)
    await ensemble.start(2, 3)
    await ensemble.start(1)
    assert (await ensemble.serving()).peer.settings.server_id == 1
    assert ensemble.members[3].serving is ServerState.OBSERVING
    client = ensemble.client(3)
    await on_thread(client.start, PATIENCE_S)
    await on_thread(client.create, "/by-an-observer", b"x")
    await ensemble.everywhere("/by-an-observer")
    leader = ensemble.members[1].peer.leader
    assert leader is not None
    assert sorted(each.server_id for each in leader.observers) == [2, 3]
    await ensemble.stop(1)  # the only vote
    await until(lambda: all(m.serving is None for m in ensemble.members.values()))
    await on_thread(client.stop)
    client.close()
    await ensemble.stop()


async def readers_are_served_without_a_quorum(tmp_path: Path) -> None:
    ensemble = Ensemble(tmp_path, read_only=True)
    await ensemble.start()
    await ensemble.serving()
    ensemble.create("/before")
    await ensemble.everywhere("/before")
    await ensemble.stop(2, 3)
    (alone,) = ensemble.members.values()
    await until(lambda: alone.read_only)
    client = ensemble.client(1, 2, 3, read_only=True)
    await on_thread(client.start, PATIENCE_S)
    assert client.client_state == KeeperState.CONNECTED_RO
    assert (await on_thread(client.get, "/before"))[0] == b"data"
    with pytest.raises(NotReadOnlyCallError):
        await on_thread(client.create, "/between")
    await ensemble.start(2, 3)
    await ensemble.serving()
    assert not alone.read_only
    await on_thread(client.retry, client.create, "/after")
    await ensemble.everywhere("/after")
    await on_thread(client.stop)
    client.close()
    await ensemble.stop()


async def groups_and_weights_decide(tmp_path: Path) -> None:
    """Two groups of which both are needed; who has no weight leads never and is never needed."""
    groups = b"group.1=1:2:3\ngroup.2=4:5\nweight.5=0\n"
    ensemble = Ensemble(tmp_path, voters=5, groups=groups)
    await ensemble.start()
    leader = await ensemble.serving()
    assert leader.peer.settings.server_id == 4
    ensemble.create("/all")
    await ensemble.everywhere("/all")
    await ensemble.stop(1, 5)
    ensemble.create("/without-1-and-5")
    await ensemble.everywhere("/without-1-and-5")
    assert ensemble.leader is leader
    await ensemble.stop(4)  # all that its group weighs
    await until(lambda: all(m.serving is None for m in ensemble.members.values()))
    await ensemble.start(1, 5)
    await asyncio.sleep(1.5 * TICK_MS / 1000)
    assert all(m.serving is None for m in ensemble.members.values())  # four of five are too few
    await ensemble.start(4)
    await ensemble.serving()
    await ensemble.everywhere("/without-1-and-5")
    await ensemble.stop()


async def an_observer_stays_with_another_leader(tmp_path: Path) -> None:
    ensemble = Ensemble(tmp_path, voters=3, observers=1)
    await ensemble.start()
    await ensemble.serving()
    client = ensemble.client(4, timeout=10)
    await on_thread(client.start, PATIENCE_S)
    await on_thread(client.create, "/mine", b"", ephemeral=True)
    session = client.client_id
    await ensemble.stop(3)
    await until(lambda: ensemble.leader is not None)
    await ensemble.serving()
    assert ensemble.members[4].serving is ServerState.OBSERVING
    await on_thread(client.retry, client.set, "/mine", b"x")
    await on_thread(client.retry, client.sync, "/mine")
    assert client.client_id == session
    assert (await on_thread(client.get, "/mine"))[0] == b"x"
    await on_thread(client.stop)
    client.close()
    await ensemble.stop()


async def a_leader_may_leave_clients_to_others(tmp_path: Path) -> None:
    ensemble = Ensemble(tmp_path, leader_serves=False)
    await ensemble.start()
    leader = await ensemble.serving()
    assert [m.serves_clients for m in ensemble.members.values()] == [True, True, False]
    reader, writer = await asyncio.open_connection("127.0.0.1", ensemble.client_ports[3])
    writer.write(framed(encode_connect_request(ConnectRequest(0, 0, 400, 0, b"", None))))
    assert await reader.read() == b""
    writer.close()
    client = ensemble.client(1)
    await on_thread(client.start, PATIENCE_S)
    await on_thread(client.create, "/by-a-follower")
    await ensemble.everywhere("/by-a-follower")
    assert leader.server is not None
    await on_thread(client.stop)
    client.close()
    await ensemble.stop()


async def a_leader_that_stood_still_hears_of_sessions_before_they_expire(tmp_path: Path) -> None:
    ensemble = Ensemble(tmp_path)
    await ensemble.start()
    leader = await ensemble.serving()
    ensemble.create("/a")
    await ensemble.everywhere("/a")
    server = leader.server
    assert server is not None
    session = server.sessions.by_id[SESSION]
    server.sessions.touch(session, 400, now_ms())
    clock = leader._server_clock
    clock._expire_from_ms = now_ms() + 1_000_000  # it stands still, as far as this goes
    await asyncio.sleep(0.4 + 3 * TICK_MS / 1000)
    clock._ticked_ms -= 10_000
    clock._tick()
    assert not session.closing
    await until(lambda: SESSION not in leader.store.tree.sessions)  # nothing comes after all
    await ensemble.stop()


@pytest.mark.parametrize(
    "story",
    [
        a_leader_that_stood_still_hears_of_sessions_before_they_expire,
        a_leader_may_leave_clients_to_others,
        an_observer_stays_with_another_leader,
        groups_and_weights_decide,
        an_observer_serves_and_has_no_vote,
        carries_as_much_as_a_request_may_hold,
        elects_and_replicates,
        goes_on_while_it_sends_a_snapshot,
        readers_are_served_without_a_quorum,
        survives_its_leader,
        brings_a_late_one_up_by_snapshot,
        takes_snapshots_and_sends_its_log,
        restarts_from_its_files,
        serves_clients_at_every_member,
        sessions_move_and_expire,
    ],
    ids=lambda story: story.__name__,
)
def test_ensemble(story: Test, tmp_path: Path) -> None:
    asyncio.run(story(tmp_path))
