"""A server process as a system for the machine of the data model: ours, or Apache ZooKeeper."""

import shutil
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar

from peers import Kind, Peer
from tests.mbt.znode.kazoo_line import Kazoo, KazooLine
from tests.mbt.znode.line import FrameLine, Line
from tests.mbt.znode.loopback import SocketStream, WallClock, begin_with
from tests.mbt.znode.numbers import Numbers
from tests.mbt.znode.served import StandaloneServed
from tests.model.znode import values as v

from speccheck.evaluate.values import Value, function_of
from speccheck.mbt.adapter import NotAsked
from speckeeper.storage.settings import StorageSettings
from speckeeper.wire.codes import OpCode
from speckeeper.wire.requests import DeleteRequest

CONFIG = {"extendedTypesEnabled": "true", "enforceQuota": "true", "preAllocSize": "64"}
PROPERTIES = {"znode.container.checkIntervalMs": "3600000"}  # no sweep but when it is asked for
_TTL_MODES = ("PERSISTENT_WITH_TTL", "PERSISTENT_SEQUENTIAL_WITH_TTL")


class PeerSystem:
    """One process with its data directory, and clients that are kazoo's."""

    kind: ClassVar[Kind]

    def __init__(self, state: Mapping[str, Value]) -> None:
        (self.name,) = self.servers = tuple(state["replica"])
        self._clock = WallClock()
        self._kazoos: dict[int, Kazoo] = {}
        self._folder = Path(tempfile.mkdtemp(prefix="mbt-"))
        self._peer = Peer(self.kind, self._folder, CONFIG, PROPERTIES)
        settings = StorageSettings(self._peer.data_dir, serialize_last_processed_zxid=False)
        begin_with(settings, state["tree"])
        self._peer.start()

    def connect(self, server: Any) -> Line:
        """Return a connection that kazoo is to make."""
        assert server == self.name
        return KazooLine(self._peer.port, self._kazoos)

    def intrude(self, server: Any) -> Line:
        """Open a connection that is not kazoo's."""
        assert server == self.name
        return FrameLine(SocketStream(self._peer.port))

    def zxid(self, real: int) -> int:
        """Zxids are the specification's."""
        return real

    real_zxid = zxid

    def moment(self, ms: int) -> int:
        """Count ticks."""
        return self._clock.moment(ms)

    def tick(self) -> None:
        """Let time pass."""
        self._clock.tick()

    def sweep(self, path: str, lines: list[Line]) -> None:
        """Ask for the deletion as the sweeper does, for a process has no other way to be told."""
        if not lines:
            raise NotAsked("nobody is connected")
        lines[0].ask_aside(int(OpCode.DELETE_CONTAINER), DeleteRequest(path))
        lines[0].settle()

    def restart(self, servers: frozenset[Any]) -> None:
        """Kill the process, and start another from what it left on the disk."""
        assert servers == {self.name}
        self._peer.kill()
        self._peer.start()

    def shown(self, numbers: Numbers) -> dict[str, Value]:
        """Nothing is under way; trees are seen by what reads say."""
        del numbers
        return {"queue": function_of({self.name: v.sequence(())})}

    def close(self) -> None:
        """Stop the clients and the process, and remove its files."""
        for kazoo in self._kazoos.values():
            kazoo.stop()
        self._peer.kill()
        with suppress(OSError):
            shutil.rmtree(self._folder)


def adapter_for(kind: Kind) -> type[StandaloneServed]:
    """Return the adapter whose servers are processes of a kind."""

    class System(PeerSystem):
        pass

    System.kind = kind

    class ServedByProcess(StandaloneServed):
        """Clients that are kazoo's, and a process."""

        system_type = System
        keeps_order = not kind.is_apache
        weights: ClassVar[Mapping[str, float]] = {**StandaloneServed.weights, "Restart": 0.1}

        def create_ttl(self, c: int, path: Any, data: Any, acl: Any, flags: str, ttl: int) -> None:
            """Create a node with a TTL."""
            if kind.is_apache and flags not in _TTL_MODES:
                raise NotAsked("Apache logs a transaction that it cannot apply, at every start")
            super().create_ttl(c, path, data, acl, flags, ttl)

    return ServedByProcess


def outcomes(notes: Iterable[str]) -> str:
    """Return what was met, for a report."""
    return "; ".join(sorted(notes))
