"""What the core of a simulated server asks of its server and tree, and the time that both are told.

The counterpart of what ``net/member.py`` does when it serves.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import TYPE_CHECKING, Any

from speckeeper.server.server import Server
from speckeeper.wire.codes import OpCode
from speckeeper.wire.election import ServerState
from speckeeper.wire.errors import WireError
from speckeeper.wire.records import Id
from speckeeper.wire.requests import CreateSessionRequest, ReconfigRequest, encode_request
from speckeeper.zab import effects, inputs

if TYPE_CHECKING:
    from speckeeper.sim.node import Node

WALL_MS = 1_700_000_000_000
"""What a clock that is right shows at the beginning."""
_FOREVER_MS = 1 << 30
_SUPER = Id("super", "")


class ServerEffects:
    """Carries out the effects in ``perform``, and deliveries. ``rng``: the server's own draws."""

    def __init__(self, node: Node, rng: Random) -> None:
        self._node = node
        self._rng = rng
        self.perform: dict[type[Any], Callable[[Any], None]] = {
            effects.Replay: lambda effect: node.part.replay(effect),
            effects.Serve: self._serve,
            effects.ServeReadOnly: self._serve_read_only,
            effects.StopServing: self._stop_serving,
            effects.FromLearner: self._from_learner,
            effects.FromLeader: self._from_leader,
            effects.Synced: lambda effect: None,
        }

    def deliver(self, deliveries: Sequence[effects.Deliver]) -> None:
        """Apply transactions that are committed, one behind the other."""
        node = self._node
        last = node.tree.last_processed_zxid
        for each in deliveries:
            node.world.observer.delivers(node, last, each.zxid, each.entry)
            last = each.zxid
        node.part.deliver_all(deliveries, node.clock.now_ms)

    def write(self, number: int) -> int | None:
        """Write something unique if this server leads; return the zxid that it gets, or None.

        It opens a session that nobody has asked for: a write that needs no session itself.
        """
        node = self._node
        server = node.part.server
        if server is None or node.serving is not ServerState.LEADING:
            return None
        op = int(OpCode.CREATE_SESSION)
        body = encode_request(op, CreateSessionRequest(_FOREVER_MS))
        server.pipeline.write(None, number, 0, op, body, 0, len(body), (), node.clock.now_ms)
        zxid = server.pipeline.zxid
        node.later(lambda: None)()
        return zxid

    def reconfigure(self, request: ReconfigRequest) -> bool:
        """Ask for other members, as a super user, if this server leads; whether that is taken."""
        node = self._node
        server = node.part.server
        if server is None or node.serving is not ServerState.LEADING:
            return False
        op = int(OpCode.RECONFIG)
        body = encode_request(op, request)
        server.pipeline.write(
            None, 0, 0, op, body, 0, len(body), (_SUPER,), node.clock.now_ms, local=True
        )
        taken = bool(server.pipeline.reconfigs)
        node.later(lambda: None)()
        return taken

    def _serve(self, effect: effects.Serve) -> None:
        node = self._node
        assert node.peer is not None
        node.world.observer.serves(node, effect.role, effect.zxid)
        now_ms, active = node.clock.now_ms, node.peer.membership.active
        self._let_in(node.part.serve(effect, active, now_ms, WALL_MS + now_ms, self._rng))

    def _serve_read_only(self, effect: effects.ServeReadOnly) -> None:
        node = self._node
        assert node.peer is not None
        now_ms, active = node.clock.now_ms, node.peer.membership.active
        self._let_in(node.part.serve_read_only(active, now_ms, WALL_MS + now_ms, self._rng))

    def _let_in(self, server: Server) -> None:
        self._node.doors.open(server)
        self._next_tick(server)

    def _stop_serving(self, effect: effects.StopServing) -> None:
        node = self._node
        assert node.store is not None
        node.part.stop()
        node.store.abort_snapshot()
        node.doors.shut()

    def _from_leader(self, effect: effects.FromLeader) -> None:
        self._node.part.from_leader(effect, self._node.clock.now_ms)

    def _from_learner(self, effect: effects.FromLearner) -> None:
        node = self._node
        event: inputs.Input | None
        try:
            event = node.part.from_learner(effect, node.clock.now_ms)
        except WireError:
            node.ports.close_link(effect.link)
            event = inputs.Disconnected(effect.link)
        if event is not None:
            node.soon.append(event)  # not from within the step whose effect this is

    def _next_tick(self, server: Server) -> None:
        """Tell a server the time, as long as it is the one that serves."""
        node = self._node

        def tick() -> None:
            if node.part.server is server:
                self._tick(server)
                self._next_tick(server)

        node.clock.at(node.clock.now_ms + node.settings.tick_time_ms, node.later(tick))

    def _tick(self, server: Server) -> None:
        now_ms = self._node.clock.now_ms
        server.set_wall_clock(now_ms, WALL_MS + now_ms)
        server.tick(now_ms)
        if server.snapshot_due:
            server.snapshot_started()
            self._node.checkpoint()
