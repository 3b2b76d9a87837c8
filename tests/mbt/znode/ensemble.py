"""A simulated ensemble: three servers under virtual time, and clients that go from one to another.

Servers crash, lose their leader, and fall behind. The judge of the simulator looks on. What is
under way is waited for, but for what is on its way to a server that lags; who is connected there
sees what was, and can be asked for nothing that needs the leader.
"""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import replace
from struct import Struct
from typing import Any, ClassVar

from tests.mbt.znode.line import FrameLine, Line
from tests.mbt.znode.numbers import Numbers
from tests.mbt.znode.served import Client, Served
from tests.mbt.znode.tree_adapter import POLICY
from tests.model.znode import values as v

from speccheck.evaluate.values import Value, function_of
from speccheck.mbt.adapter import NotAsked
from speckeeper.sim.disk import Latency
from speckeeper.sim.network import Delays
from speckeeper.sim.node import Node
from speckeeper.sim.options import Options
from speckeeper.sim.schedule import Schedule
from speckeeper.sim.server_effects import WALL_MS
from speckeeper.sim.world import World
from speckeeper.tree.paths import CONFIG
from speckeeper.wire.codes import OpCode
from speckeeper.wire.requests import DeleteRequest, encode_request

# All clients are at one address, 10.0.0.101.
_CLIENT = 256 + 101
_PATIENCE_MS = 60_000
# A leader that is silent for longer than ten seconds is given up.
_LAG_MS = 8000
_SESSION_MS = 300_000
_NEVER_MS = 1 << 40
_LENGTH = Struct(">i")
_LOCAL = frozenset(
    (
        *(OpCode.EXISTS, OpCode.GET_DATA, OpCode.GET_CHILDREN, OpCode.GET_CHILDREN2),
        *(OpCode.GET_ACL, OpCode.GET_ALL_CHILDREN_NUMBER, OpCode.GET_EPHEMERALS),
        *(OpCode.WHO_AM_I, OpCode.MULTI_READ, OpCode.AUTH, OpCode.ADD_WATCH),
        *(OpCode.CHECK_WATCHES, OpCode.REMOVE_WATCHES, OpCode.SET_WATCHES2),
    )
)

OPTIONS = Options(
    voters=3,
    tick_time_ms=2000,
    writes=0,
    delays=Delays(longest_ms=3, slow_share=0),
    latency=Latency(longest_ms=3, stall_share=0),
    commit_log_count=3,
    snap_count=20,
)


class EnsembleSystem:
    """Three servers, one of which may be down or behind."""

    seed: ClassVar[int] = 1

    def __init__(self, state: Mapping[str, Value]) -> None:
        self.servers = tuple(state["replica"])
        self.world = self.make_world()
        self._nodes = dict(zip(self.servers, self.world.nodes.values(), strict=True))
        for node in self._nodes.values():
            node._server_settings = replace(
                node._server_settings,
                policy=POLICY,
                max_session_timeout_ms=_SESSION_MS,
                container_check_interval_ms=_NEVER_MS,
            )
        self._ticks: list[int] = []
        self._lagging: Any = None
        self._lag_until_ms = 0
        self._trees: dict[Any, Value] = {}
        self._configuration = state["tree"]["nodes"][v.path(CONFIG)]
        self.world.start()
        self.settle()

    def make_world(self) -> World:
        """Return the world, before anything happens in it."""
        return World(Schedule(self.seed, OPTIONS))

    # --- numbers ----------------------------------------------------------------------------------

    def zxid(self, real: int) -> int:
        """Count what was committed up to a zxid."""
        return bisect_right(self.world.judge.order, real)

    def real_zxid(self, number: int) -> int:
        """Return the zxid of what was committed as the n-th."""
        return self.world.judge.order[number - 1] if number else 0

    def moment(self, ms: int) -> int:
        """Count ticks."""
        return sum(tick <= ms for tick in self._ticks)

    def tick(self) -> None:
        """Let time pass."""
        clock = self.world.clock
        self._ticks.append(WALL_MS + clock.now_ms + 1)
        clock.run_until(clock.now_ms + 2)

    # --- servers ----------------------------------------------------------------------------------

    def lags(self, server: Any) -> bool:
        """Tell whether a server hears nothing of its leader now."""
        return bool(server == self._lagging and self.world.clock.now_ms < self._lag_until_ms)

    def leader(self) -> Node:
        """Return who leads."""
        leader = self.world.leader()
        assert leader is not None, "the ensemble is settled"
        return leader

    def settle(self) -> None:
        """Let time pass until whoever is there has everything."""
        self._wait(self._is_settled)

    def _is_settled(self) -> bool:
        leader = self.world.leader()
        if leader is None or leader.part.server is None or leader.part.server.pipeline.queue:
            return False
        return all(
            node.serving is not None and self.world.judge.is_up_to_date(node)
            for name, node in self._nodes.items()
            if node.peer is not None and not self.lags(name)
        )

    def _wait(self, done: Any) -> None:
        clock = self.world.clock
        if not done() and not clock.run_until(clock.now_ms + _PATIENCE_MS, done):
            raise AssertionError("the ensemble does not come to rest")

    def recover(self) -> None:
        """Have all servers up and up to date."""
        self.catch_up()
        for node in self._nodes.values():
            node.ensure_running()
        self.settle()

    def restart(self, servers: frozenset[Any]) -> None:
        """Crash a follower, which stays down for a while; or the leader, and elect another."""
        if len(servers) == 1:
            (name,) = servers
            if self._nodes[name] is self.world.leader():
                raise NotAsked("all servers are without service when the leader crashes")
            self.recover()
            self.world.crash(self._nodes[name])
            self.settle()
            return
        self.recover()
        leader = self.leader()
        self.world.crash(leader)
        self._wait(lambda: self.world.leader() is not None and self._is_settled())
        leader.ensure_running()
        self.settle()

    def lag(self, server: Any) -> None:
        """Let a follower hear nothing of its leader for a while."""
        if self._nodes[server] is self.world.leader():
            raise NotAsked("a leader does not fall behind")
        self.recover()
        leader, node = self.leader(), self._nodes[server]
        self._lagging = server
        self._lag_until_ms = self.world.clock.now_ms + _LAG_MS
        for link in leader.ports._links.values():
            if link.other(leader.id) == node.id:
                link.delay(leader.id, self._lag_until_ms)

    def catch_up(self) -> None:
        """Wait until nobody lags."""
        self.world.clock.run_until(max(self._lag_until_ms, self.world.clock.now_ms))
        self._lagging = None
        self.settle()

    def sweep(self, path: str, lines: list[Line]) -> None:
        """Do what the leader's sweeper does when it has found a node."""
        del lines
        leader, op = self.leader(), int(OpCode.DELETE_CONTAINER)
        assert leader.part.server is not None, "it leads"
        body = encode_request(op, DeleteRequest(path))
        pipeline, now_ms = leader.part.server.pipeline, leader.clock.now_ms
        pipeline.write(None, 0, 0, op, body, 0, len(body), (), now_ms)
        leader.later(lambda: None)()
        self.settle()

    # --- clients ----------------------------------------------------------------------------------

    def connect(self, server: Any) -> Line:
        """Open a connection, to a server that is up then."""
        if self.lags(server):
            raise NotAsked("only the leader can say whether a session lives")
        node = self._nodes[server]
        node.ensure_running()
        self.settle()
        return FrameLine(_Stream(self, node))

    intrude = connect

    def shown(self, numbers: Numbers) -> dict[str, Value]:
        """Show the trees; that of a server which is down is the one that it had."""
        for name, node in self._nodes.items():
            if node.peer is not None and node.serving is not None:
                self._trees[name] = self._tree(node, numbers)
        tree = self._tree(self.leader(), numbers)
        return {"tree": tree, "replica": function_of(dict(self._trees))}

    def _tree(self, node: Node, numbers: Numbers) -> Value:
        return numbers.tree(node.tree, lambda _, ms: ms, self._configuration)

    def close(self) -> None:
        """Nothing to stop."""


class _Stream:
    """One connection of a client."""

    def __init__(self, system: EnsembleSystem, node: Node) -> None:
        self._clock = system.world.clock
        self._received = b""
        self._is_gone = False
        self._link, self._take = node.doors.accept(_CLIENT, self._receive, self._gone)

    def _receive(self, data: bytes, applied: int) -> None:
        del applied
        self._received += data

    def _gone(self) -> None:
        self._is_gone = True

    def send(self, payload: bytes) -> None:
        """Send a frame."""
        data = _LENGTH.pack(len(payload)) + payload
        self._link.send(_CLIENT, lambda: self._take(data))

    def _has_frame(self) -> bool:
        received = self._received
        return len(received) >= 4 and len(received) >= 4 + _LENGTH.unpack_from(received)[0]

    def receive(self) -> bytes | None:
        """Let time pass until there is a frame, or the end."""

        def done() -> bool:
            return self._is_gone or self._has_frame()

        clock = self._clock
        if not done() and not clock.run_until(clock.now_ms + _PATIENCE_MS, done):
            raise AssertionError("the server says nothing")
        if not self._has_frame():
            return None
        end = 4 + _LENGTH.unpack_from(self._received)[0]
        frame, self._received = self._received[4:end], self._received[end:]
        return frame

    def close(self) -> None:
        """Lose the connection, and let the server hear of it."""
        self._link.cut()
        self._clock.run_until(self._clock.now_ms + 10)


class Ensemble(Served):
    """Clients of a simulated ensemble."""

    system_type = EnsembleSystem
    system: EnsembleSystem
    weights: ClassVar[Mapping[str, float]] = {
        **Served.weights,
        "CreateSession": 4,
        "Restart": 1,
        "Lag": 2,
        "CatchUp": 0.5,
    }

    def _settle(self, first: Client | None = None) -> None:
        self.system.settle()
        super()._settle(first)

    def _ask(self, c: int, op: int, *rest: Any, **watches: str) -> None:
        if op not in _LOCAL and self.system.lags(self.clients[c].server):
            raise NotAsked("the leader's answer would be long in coming")
        super()._ask(c, op, *rest, **watches)

    def _server_for(self, client: Client) -> Any:
        server = client.server or self._servers()[0]
        return next(one for one in (server, *self._servers()) if not self.system.lags(one))

    def close_session(self, c: int) -> None:
        """Close a session."""
        if self.system.lags(self.clients[c].server):
            raise NotAsked("the leader's answer would be long in coming")
        super().close_session(c)

    def lag(self, server: Any) -> None:
        """Let a server fall behind."""
        self.system.lag(server)
        self._settle()

    def catch_up(self) -> None:
        """Have it catch up."""
        self.system.catch_up()
        self._settle()
