"""A standalone server on loopback sockets and a real disk, in this process, on a loop of its own.

A restart stops the server, drops its tree, and recovers from the log and the snapshots.
"""

import asyncio
import shutil
import socket
import tempfile
import threading
import time
from collections.abc import Coroutine, Mapping
from contextlib import suppress
from pathlib import Path
from struct import Struct
from typing import Any

import uvloop
from tests.mbt.znode.kazoo_line import Kazoo, KazooLine
from tests.mbt.znode.line import FrameLine, Line
from tests.mbt.znode.numbers import Numbers
from tests.mbt.znode.served import StandaloneServed
from tests.mbt.znode.tree_adapter import POLICY
from tests.mbt.znode.trees import tree_of
from tests.model.znode import values as v

from speccheck.evaluate.values import Value, function_of
from speckeeper.net.listening import listen
from speckeeper.net.service import Service
from speckeeper.server.settings import ServerSettings
from speckeeper.storage.directories import prepare_directories
from speckeeper.storage.disk import Disk
from speckeeper.storage.recovery import recover
from speckeeper.storage.settings import StorageSettings
from speckeeper.storage.snapshot_writer import write_snapshot
from speckeeper.wire.codes import OpCode
from speckeeper.wire.requests import DeleteRequest, encode_request

PATIENCE_S = 20
SESSION_MS = 30_000
_LENGTH = Struct(">i")
# Clocks that are read one after the other may differ by a millisecond either way.
_APART_MS = 2


class WallClock:
    """Ticks of the specification on this machine's clock: a time is how many had passed by then."""

    def __init__(self) -> None:
        self._ticks: list[int] = []

    def tick(self) -> None:
        """Let enough time pass that times before and after differ."""
        begun = time.time_ns() // 1_000_000
        self._ticks.append(begun + _APART_MS)
        time.sleep((2 * _APART_MS + 1) / 1000)

    def moment(self, ms: int) -> int:
        """Return how many ticks there were before a time."""
        return sum(tick <= ms for tick in self._ticks)


def begin_with(settings: StorageSettings, tree: Any) -> dict[int, int]:
    """Write a snapshot of an initial tree, for servers to start from; return its sessions."""
    whole = tree_of(tree)
    timeouts = dict(whole.sessions)
    whole.sessions.update(dict.fromkeys(timeouts, SESSION_MS))
    files = Disk()
    prepare_directories(settings, files)
    whole.digest_enabled = False
    write_snapshot(files, settings, whole, whole.last_processed_zxid)
    return timeouts


class SocketStream:
    """One connection on loopback."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), PATIENCE_S)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._received = b""

    def send(self, payload: bytes) -> None:
        """Send a frame; that the server has gone shows when one reads."""
        with suppress(BrokenPipeError, ConnectionResetError):
            self._socket.sendall(_LENGTH.pack(len(payload)) + payload)

    def receive(self) -> bytes | None:
        """Wait for a frame."""
        while True:
            if len(self._received) >= 4:
                end = 4 + _LENGTH.unpack_from(self._received)[0]
                if len(self._received) >= end:
                    frame, self._received = self._received[4:end], self._received[end:]
                    return frame
            try:
                chunk = self._socket.recv(1 << 16)
            except ConnectionResetError:
                chunk = b""
            if not chunk:
                self.close()
                return None
            self._received += chunk

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()


class _Loop:
    """One loop on a thread, for all servers of all examples."""

    def __init__(self) -> None:
        self.loop = uvloop.new_event_loop()
        threading.Thread(target=self.loop.run_forever, name="servers", daemon=True).start()

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Wait for a coroutine."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(PATIENCE_S)


class LoopbackSystem:
    """One server with its data directory."""

    _loop: _Loop | None = None

    def __init__(self, state: Mapping[str, Value]) -> None:
        (self.name,) = self.servers = tuple(state["replica"])
        self._clock = WallClock()
        self._folder = Path(tempfile.mkdtemp(prefix="mbt-"))
        self._storage = StorageSettings(
            self._folder, pre_alloc_size_kb=64, serialize_last_processed_zxid=False
        )
        self._timeouts = begin_with(self._storage, state["tree"])
        if LoopbackSystem._loop is None:
            LoopbackSystem._loop = _Loop()
        self._run = LoopbackSystem._loop.run
        self._start()

    def _start(self) -> None:
        self.service, self.port = self._run(self._serve())

    async def _serve(self) -> tuple[Service, int]:
        files = Disk()
        settings = ServerSettings(policy=POLICY, max_client_cnxns=0)
        recovered = recover(self._storage, files)
        service = Service(settings, self._storage, recovered, files)
        service.start()
        sock = listen("client port", "127.0.0.1", 0, -1, False)
        service.listen(sock)
        return service, sock.getsockname()[1]

    def connect(self, server: Any) -> Line:
        """Open a connection."""
        assert server == self.name
        return FrameLine(SocketStream(self.port))

    intrude = connect

    def zxid(self, real: int) -> int:
        """Zxids are the specification's."""
        return real

    real_zxid = zxid

    def moment(self, ms: int) -> int:
        """Count ticks."""
        return self._clock.moment(ms)

    def tick(self) -> None:
        """Let time pass, and have the server look at the clock."""
        self._clock.tick()

    def sweep(self, path: str, lines: list[Line]) -> None:
        """Do what the sweeper does when it has found a node."""
        del lines
        self._run(self._swept(path))

    async def _swept(self, path: str) -> None:
        service, op = self.service, int(OpCode.DELETE_CONTAINER)
        body = encode_request(op, DeleteRequest(path))
        zxid = service.server.pipeline.zxid
        service.server.pipeline.write(None, 0, 0, op, body, 0, len(body), (), _now_ms())
        service.end_turn()
        while service.server.tree.last_processed_zxid <= zxid:
            await asyncio.sleep(0.001)

    def restart(self, servers: frozenset[Any]) -> None:
        """Stop the server, and start another from what it left on the disk."""
        assert servers == {self.name}
        self._run(self.service.shut_down())
        self._start()

    def shown(self, numbers: Numbers) -> dict[str, Value]:
        """Show the tree; nothing is under way."""

        async def look() -> Value:
            return numbers.tree(self.service.server.tree, self._timeout)

        tree = self._run(look())
        return {
            "tree": tree,
            "queue": function_of({self.name: v.sequence(())}),
            "replica": function_of({self.name: tree}),
        }

    def _timeout(self, session: int, ms: int) -> int:
        return self._timeouts.get(session, ms)

    def close(self) -> None:
        """Stop the server and remove its files."""
        self._run(self.service.shut_down())
        shutil.rmtree(self._folder)


def _now_ms() -> int:
    return time.monotonic_ns() // 1_000_000


class Standalone(StandaloneServed):
    """Clients that write their own frames, and a server with sockets and a disk."""

    system_type = LoopbackSystem


class KazooLoopbackSystem(LoopbackSystem):
    """The same, for clients that are kazoo's."""

    def __init__(self, state: Mapping[str, Value]) -> None:
        self._kazoos: dict[int, Kazoo] = {}
        super().__init__(state)

    def connect(self, server: Any) -> Line:
        """Return a connection that kazoo is to make."""
        assert server == self.name
        return KazooLine(self.port, self._kazoos)

    def intrude(self, server: Any) -> Line:
        """Open a connection that is not kazoo's."""
        return super().connect(server)

    def close(self) -> None:
        """Stop the clients, then the server."""
        for kazoo in self._kazoos.values():
            kazoo.stop()
        super().close()


class StandaloneKazoo(StandaloneServed):
    """Clients that are kazoo's, and a server with sockets and a disk."""

    system_type = KazooLoopbackSystem
