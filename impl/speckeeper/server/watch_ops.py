"""Watch events, and the operations that set, ask for and take back watches.

A watch belongs to a connection. Events are queued on it while the change is applied, so they
precede every reply that could reveal the change. See ZooKeeper FinalRequestProcessor,
DataTree.setWatches, NIOServerCnxn.process; reference section 8.
"""

from __future__ import annotations

from typing import cast

from speckeeper.server.connection import Connection
from speckeeper.server.core import Core
from speckeeper.server.handlers import Handler, InSteps, StepsOfRead
from speckeeper.tree import watch_requests
from speckeeper.tree.acl import READ, Decided, check_acl
from speckeeper.tree.applied import TreeEvent
from speckeeper.wire import requests as rq
from speckeeper.wire.codes import KeeperState, OpCode
from speckeeper.wire.jute import INT
from speckeeper.wire.records import OPEN_ACL_UNSAFE, Id
from speckeeper.wire.replies import encode_watch_event
from speckeeper.wire.requests import decode_request
from speckeeper.wire.steps import PARTS

_CONNECTED = int(KeeperState.SYNC_CONNECTED)
_OK_RESPONSE = INT.pack(0)  # addWatch answers with an ErrorResponse that says "no error"
_NO_ZXID = -1  # WatchedEvent.NO_ZXID: an event made up for setWatches has no transaction


class WatchOps:
    """Watch handlers of one server, by opcode in :attr:`table`, and the delivery of events."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._watches = core.watches
        self.table: dict[int, Handler] = {
            int(OpCode.SET_WATCHES): self.set_watches,
            int(OpCode.SET_WATCHES2): self.set_watches2,
            int(OpCode.ADD_WATCH): self.add_watch,
            int(OpCode.CHECK_WATCHES): self.check_watches,
            int(OpCode.REMOVE_WATCHES): self.remove_watches,
        }
        self.in_steps: dict[int, InSteps] = {
            int(OpCode.SET_WATCHES): self.set_watches_in_steps,
            int(OpCode.SET_WATCHES2): self.set_watches2_in_steps,
        }

    def fire(self, events: tuple[TreeEvent, ...], zxid: int) -> None:
        """Tell everybody who watches and may READ the node; their standard watches are spent."""
        if not self._watches.data and not self._watches.child:
            return
        core = self._core
        decided = Decided()
        for event in events:
            watchers = self._watches.trigger(event)
            if not watchers:
                continue
            kind, path, acl = event
            frame = encode_watch_event(kind, _CONNECTED, path, zxid)
            is_open = acl is OPEN_ACL_UNSAFE
            told = 0
            for connection in watchers:
                if is_open or check_acl(core.policy, acl, READ, connection.auth_ids, decided):
                    core.outbox.frame(connection, frame)
                    told += 1
            core.stats.events[int(kind)].add(told)

    def set_watches(
        self, connection: Connection, buffer: bytes, start: int, end: int, ids: tuple[Id, ...]
    ) -> bytes | int:
        """setWatches: events for what the client has missed, watches for the rest."""
        return self._rewatch(connection, decode_request(OpCode.SET_WATCHES, buffer, start, end))

    def set_watches2(
        self, connection: Connection, buffer: bytes, start: int, end: int, ids: tuple[Id, ...]
    ) -> bytes | int:
        """setWatches2: as setWatches, with persistent watches."""
        return self._rewatch(connection, decode_request(OpCode.SET_WATCHES2, buffer, start, end))

    def set_watches_in_steps(
        self, connection: Connection, buffer: bytes, start: int, end: int, ids: tuple[Id, ...]
    ) -> StepsOfRead:
        """Do the same a part at a time: what changes meanwhile is missed, or watched already."""
        request = decode_request(OpCode.SET_WATCHES, buffer, start, end)
        return (yield from self._rewatch_in_steps(connection, request))

    def set_watches2_in_steps(
        self, connection: Connection, buffer: bytes, start: int, end: int, ids: tuple[Id, ...]
    ) -> StepsOfRead:
        """Do the same with persistent watches."""
        request = decode_request(OpCode.SET_WATCHES2, buffer, start, end)
        return (yield from self._rewatch_in_steps(connection, request))

    def _rewatch_in_steps(self, connection: Connection, request: rq.Request) -> StepsOfRead:
        request = cast(rq.SetWatchesRequest, request)
        for number, paths in enumerate(request[1:]):
            for first in range(0, len(paths), PARTS):
                lists: list[tuple[str, ...]] = [()] * 5
                lists[number] = paths[first : first + PARTS]
                self._rewatch(connection, rq.SetWatchesRequest(request.relative_zxid, *lists))
                yield
        # Whatever came up to now fired when its part was done, or has fired since.
        return b"", self._core.tree.last_processed_zxid

    def _rewatch(self, connection: Connection, request: rq.Request) -> bytes:
        core = self._core
        request = cast(rq.SetWatchesRequest, request)
        for kind, path in watch_requests.set_watches(core.tree, self._watches, connection, request):
            frame = encode_watch_event(kind, _CONNECTED, path, _NO_ZXID)
            core.outbox.frame(connection, frame)
            core.stats.events[int(kind)].add(1)
        return b""

    def add_watch(
        self, connection: Connection, buffer: bytes, start: int, end: int, ids: tuple[Id, ...]
    ) -> bytes | int:
        """addWatch: a persistent watch."""
        request = cast(rq.AddWatchRequest, decode_request(OpCode.ADD_WATCH, buffer, start, end))
        return watch_requests.add_watch(self._watches, connection, request) or _OK_RESPONSE

    def check_watches(
        self, connection: Connection, buffer: bytes, start: int, end: int, ids: tuple[Id, ...]
    ) -> bytes | int:
        """checkWatches: whether the connection has such a watch."""
        request = cast(
            rq.CheckWatchesRequest, decode_request(OpCode.CHECK_WATCHES, buffer, start, end)
        )
        return watch_requests.check_watches(self._watches, connection, request) or b""

    def remove_watches(
        self, connection: Connection, buffer: bytes, start: int, end: int, ids: tuple[Id, ...]
    ) -> bytes | int:
        """removeWatches: take such watches back."""
        request = cast(
            rq.RemoveWatchesRequest, decode_request(OpCode.REMOVE_WATCHES, buffer, start, end)
        )
        return watch_requests.remove_watches(self._watches, connection, request) or b""
