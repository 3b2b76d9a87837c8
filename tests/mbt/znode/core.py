"""A server without sockets, disk and clock of its own: the quickest of those with clients."""

from collections import deque
from collections.abc import Iterator, Mapping
from random import Random
from struct import Struct
from typing import Any, ClassVar

from tests.mbt.znode import drawing
from tests.mbt.znode.line import FrameLine, Line
from tests.mbt.znode.numbers import Numbers
from tests.mbt.znode.served import StandaloneServed
from tests.mbt.znode.tree_adapter import POLICY
from tests.mbt.znode.trees import tree_of
from tests.model.znode import values as v

from speccheck.evaluate.values import Value, function_of
from speckeeper.server.connection import Connection
from speckeeper.server.reasons import CloseReason
from speckeeper.server.server import Server
from speckeeper.server.settings import ServerSettings
from speckeeper.server.sweeper import candidates
from speckeeper.tree.policy import Policy
from speckeeper.wire.codes import OpCode
from speckeeper.wire.requests import DeleteRequest, encode_request

WALL_MS = 1_700_000_000_000
_LENGTH = Struct(">i")
_NOW_MS = 1000  # for sessions no time passes


class CoreSystem:
    """One server, whose log is durable at once."""

    policy: ClassVar[Policy] = POLICY

    def __init__(self, state: Mapping[str, Value]) -> None:
        (self.name,) = self.servers = tuple(state["replica"])
        self.ticks = 0
        self.settings = ServerSettings(policy=self.policy)
        self._sessions = dict(state["tree"]["sessions"].items())
        tree = tree_of(state["tree"])
        self.server = Server(self.settings, tree, _NOW_MS, WALL_MS, Random(5))

    def connect(self, server: Any) -> Line:
        """Open a connection."""
        assert server == self.name
        return FrameLine(_Stream(self))

    intrude = connect

    def zxid(self, real: int) -> int:
        """Zxids are the specification's."""
        return real

    real_zxid = zxid

    def moment(self, ms: int) -> int:
        """A tick is a millisecond; what was there before has no time."""
        return max(ms - WALL_MS, 0)

    def tick(self) -> None:
        """Let a millisecond go by on the wall."""
        self.ticks += 1
        self.server.set_wall_clock(_NOW_MS, WALL_MS + self.ticks)

    def sweep(self, path: str, lines: list[Line]) -> None:
        """Do what the sweeper does when it has found a node, which it has to find."""
        del lines
        found = candidates(self.server.tree, self.settings, WALL_MS + self.ticks)
        assert path in found, f"the sweeper finds {found}, and not {path}"
        op = int(OpCode.DELETE_CONTAINER)
        body = encode_request(op, DeleteRequest(path))
        self.server.pipeline.write(None, 0, 0, op, body, 0, len(body), (), _NOW_MS)
        self.work()

    def restart(self, servers: frozenset[Any]) -> None:
        """There is no disk to start from."""
        raise NotImplementedError(servers)

    def shown(self, numbers: Numbers) -> dict[str, Value]:
        """Show the tree; nothing is under way."""

        def timeouts(session: int, ms: int) -> int:
            return self._sessions.get(session, ms)

        tree = numbers.tree(self.server.tree, timeouts)
        return {
            "tree": tree,
            "queue": function_of({self.name: v.sequence(())}),
            "replica": function_of({self.name: tree}),
        }

    def close(self) -> None:
        """Nothing to stop."""

    def work(self) -> None:
        """Make everything durable and carry it out."""
        server = self.server
        while True:
            appends = server.take_appends()
            if appends:
                server.persisted(appends[-1][0], _NOW_MS)
            elif server.wants_turn:
                server.take_turns(_NOW_MS)
            else:
                return


class _Stream:
    """The far end of a connection."""

    def __init__(self, system: CoreSystem) -> None:
        self._system = system
        self._connection: Connection = system.server.connect("127.0.0.1", 40000, _NOW_MS)
        self._frames: deque[bytes] = deque()

    def send(self, payload: bytes) -> None:
        """Give a frame to the server."""
        server, connection = self._system.server, self._connection
        if connection.close_reason is None:
            server.receive(connection, _LENGTH.pack(len(payload)) + payload, _NOW_MS)
            self._system.work()

    def receive(self) -> bytes | None:
        """Return the next frame; None once the server has closed the connection."""
        self._system.server.take_dirty()
        raw = b"".join(self._connection.output)
        self._connection.output.clear()
        while raw:
            end = 4 + _LENGTH.unpack_from(raw)[0]
            self._frames.append(raw[4:end])
            raw = raw[end:]
        if self._frames:
            return self._frames.popleft()
        assert self._connection.close_reason is not None, "the server says nothing"
        self.close()
        return None

    def close(self) -> None:
        """Close the connection."""
        self._system.server.disconnect(self._connection, CloseReason.CLIENT_CLOSED_CONNECTION)


class WithoutSockets(StandaloneServed):
    """Clients of a server that is driven in memory."""

    system_type = CoreSystem
    left_out: ClassVar[Mapping[str, str]] = {
        **StandaloneServed.left_out,
        "Restart": "it has no disk",
    }


class OrdinarySystem(CoreSystem):
    """A server that enforces no quotas, as most do: it takes frequent writes the short way."""

    policy = POLICY._replace(enforce_quota=False)
    ordinary = 0

    def work(self) -> None:
        """Make everything durable; an ordinary write waits as a plain tuple."""
        self.ordinary += sum(type(write) is tuple for write in self.server.pipeline.queue)
        super().work()


class OrdinaryCore(WithoutSockets):
    """Clients of it, who note which of their writes went the short way."""

    system_type = OrdinarySystem
    usual = drawing.FREQUENT

    def notes(self) -> Iterator[str]:
        """Yield the outcomes since the last time, and the writes that were ordinary."""
        yield from super().notes()
        system: Any = self.system
        yield from ["ordinary write"] * system.ordinary
        system.ordinary = 0
