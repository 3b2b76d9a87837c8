"""setData and create in their ordinary form, from the request to the reply without a detour.

The general way of a write (``Pipeline.write``, ``Finisher.finish``) can do everything and makes a
dozen small objects on it. Half of all the time that a loaded server has goes there. Here is the
short way of what nearly every write is: see :mod:`speckeeper.tree.ordinary` for what counts as
ordinary, and for the part of it that concerns the tree. In the log, in the tree, in the numbers and
on the wire both ways come to the same, which a test checks byte by byte; and either may take over
from the other between the preparation of a write and its end.
"""

from __future__ import annotations

from struct import error as StructError
from typing import Any, Final, NamedTuple

from speckeeper.server.connection import Connection, State
from speckeeper.server.core import Core
from speckeeper.server.outbox import REPLY_FRAME, REPLY_HEADER_SIZE
from speckeeper.server.pipeline import OrdinaryWrite, Pipeline
from speckeeper.tree import ordinary
from speckeeper.wire.codes import OpCode
from speckeeper.wire.jute import INT
from speckeeper.wire.records import OPEN_ACL_UNSAFE, encode_acl_list
from speckeeper.wire.txns import EPHEMERAL_AND_CVERSION, TXN_HEADER

_SET_DATA: Final = int(OpCode.SET_DATA)
_CREATE: Final = int(OpCode.CREATE)
#: What follows the data of an ordinary create: the open list, and flags that say "persistent".
_OPEN_AND_PERSISTENT = encode_acl_list(OPEN_ACL_UNSAFE) + INT.pack(0)
_FLAGS_SIZE = INT.size
_SHORTEST = 12  # lengths of path and data, and an int

_int_at = INT.unpack_from
_pack_int = INT.pack
_pack_header = TXN_HEADER.pack
_pack_create_end = EPHEMERAL_AND_CVERSION.pack
_pack_reply = REPLY_FRAME.pack


class ReplyAhead(NamedTuple):
    """The reply of a write that is not finished yet, and where it goes."""

    zxid: int
    connection: Connection
    frame: bytes


class OrdinaryWrites:
    """Takes and finishes the ordinary writes of one server."""

    def __init__(self, core: Core, pipeline: Pipeline) -> None:
        self._stats = core.stats
        self._cache = core.cache
        self._outbox = core.outbox
        self._tree = core.tree
        self._core = core
        self._pipeline = pipeline
        self._view = pipeline.view
        self._line = pipeline.line
        self._kept = core.cache.requests
        self._data_watched = core.watches.data.watched
        self._child_watched = core.watches.child.watched
        # A quota to ask, or a digest to put into the log: nothing is ordinary then.
        self._possible = not (core.policy.enforce_quota or pipeline.view.digests_transactions)
        # How often a write of this kind took so many ms, and so many bytes to answer.
        self._finished: dict[tuple[int, int, int], int] = {}
        self._sent_zxid = -1  # the write whose reply went out as soon as it was durable
        self.now_ms = 0

    def take(
        self,
        connection: Connection | None,
        session_id: int,
        xid: int,
        op: int,
        buffer: bytes,
        start: int,
        end: int,
        now_ms: int,
    ) -> bool:
        """Prepare a write with body ``buffer[start:end]`` and queue it, if it is ordinary.

        Otherwise nothing has happened: False. ``connection`` is None for what a client of a
        learner asks for.
        """
        pipeline = self._pipeline
        if not self._possible or not pipeline.prepares or pipeline.keep_bodies or self._line.busy:
            return False
        if end - start < _SHORTEST:
            return False
        try:
            path_end = start + 4 + _int_at(buffer, start)[0]
            data_start = path_end + 4
            data_end = data_start + _int_at(buffer, path_end)[0]
            if not start + 4 < path_end or not data_start <= data_end <= end - 4:
                return False
            path = buffer[start + 4 : path_end].decode()
            number = _int_at(buffer, data_end)[0]
        except (StructError, UnicodeDecodeError):
            return False
        data = buffer[data_start:data_end]
        zxid = pipeline.zxid + 1
        time_ms = now_ms + pipeline.wall_offset_ms
        made: int | None
        if op == _SET_DATA:
            made = ordinary.stage_set_data(
                self._view, session_id, path, data, number, zxid, time_ms
            )
            if made is None:
                return False
            record_end = data_end
            last = _pack_int(made)
        else:
            if buffer[data_end:end] != _OPEN_AND_PERSISTENT:
                return False
            made = ordinary.stage_create(self._view, session_id, path, data, zxid, time_ms)
            if made is None:
                return False
            record_end = end - _FLAGS_SIZE
            last = _pack_create_end(False, made)
        pipeline.zxid = zxid
        # The record of the transaction begins with the very bytes of the request.
        entry = _pack_header(session_id, xid, zxid, time_ms, op) + buffer[start:record_end] + last
        pipeline.appends.append((zxid, entry))
        raw_path = b"" if op == _SET_DATA else buffer[start:path_end]
        pipeline.queue.append(
            (zxid, op, connection, session_id, xid, path, data, made, time_ms, now_ms, raw_path)
        )
        return True

    def reply_ahead(self) -> ReplyAhead | None:
        """Return the reply of the only write there is; None if in doubt."""
        queue = self._pipeline.queue
        if len(queue) != 1:
            return None
        write: Any = queue[0]
        return self.reply_to(write) if type(write) is tuple else None

    def reply_to(self, write: OrdinaryWrite) -> ReplyAhead | None:
        """Return the reply of a write that is the next to be finished; None if in doubt.

        Nothing changes by this. It may be sent as soon as the write will never be taken back, if
        :meth:`still_holds`; :meth:`sent_ahead` then has :meth:`finish`, which must follow at once,
        leave it out.
        """
        zxid, op, connection, _, xid, path, data, made, time_ms, _, raw_path = write
        tree = self._tree
        if connection is None or tree.quotas or not self._can_answer(connection):
            return None
        node = tree.nodes.get(path)
        if op == _SET_DATA:
            if node is None:
                return None
            body = node.encode_stat_to_be(len(data), made, zxid, time_ms)
        elif ordinary.can_create(tree, path):
            body = raw_path
        else:
            return None
        frame = _pack_reply(REPLY_HEADER_SIZE + len(body), xid, zxid, 0) + body
        return ReplyAhead(zxid, connection, frame)

    def still_holds(self, ahead: ReplyAhead) -> bool:
        """Whether a reply that was made ready may be sent, if no write was finished since."""
        return self._can_answer(ahead.connection)

    def _can_answer(self, connection: Connection) -> bool:
        """Whether nobody has to be told anything ahead of a reply on this connection."""
        return not (
            self._data_watched
            or self._child_watched
            or connection.state >= State.CLOSING
            or connection.output
        )

    def sent_ahead(self, ahead: ReplyAhead) -> None:
        """Say that a reply that was made ready was sent."""
        self._sent_zxid = ahead.zxid

    def finish(self, write: OrdinaryWrite) -> bool:
        """Apply a write and answer it, if it is ordinary still; otherwise do nothing: False."""
        zxid, op, connection, _, xid, path, data, made, time_ms, received_ms, raw_path = write
        if self._data_watched or self._child_watched:
            return False
        kept = self._kept
        if op == _SET_DATA:
            node = ordinary.apply_set_data(self._tree, path, data, made, zxid, time_ms)
            if node is None:
                return False
        else:
            node = None
            if not ordinary.apply_create(self._tree, path, data, made, zxid, time_ms):
                return False
            parent_path = path[: path.rfind("/")]
            if parent_path in kept:
                self._cache.forget(parent_path)
        if path in kept:
            self._cache.forget(path)
        if connection is None:
            return True
        connection.queued -= 1
        self._core.waiting -= 1
        if xid > 0:
            connection.outstanding -= 1
        if connection.state >= State.CLOSING:
            return True
        now_ms = self.now_ms
        latency_ms = now_ms - received_ms
        body = raw_path if node is None else node.encode_stat()
        size = REPLY_HEADER_SIZE + len(body)
        finished = self._finished
        figures = op, latency_ms, size
        finished[figures] = finished.get(figures, 0) + 1
        self._stats.last_response_size = size
        connection.note_reply(xid, zxid, op, latency_ms, now_ms)
        connection.packets_sent += 1
        if zxid == self._sent_zxid:
            return True
        connection.output.append(_pack_reply(size, xid, zxid, 0) + body)
        if not connection.dirty:
            connection.dirty = True
            self._outbox.dirty.append(connection)
        return True

    def settle(self) -> None:
        """Enter what was finished since the last time into the numbers of the server."""
        stats = self._stats
        for (op, latency_ms, size), times in self._finished.items():
            stats.ops[op] += times
            stats.update_latency.add(latency_ms, times)
            stats.latency.add(latency_ms, times)
            stats.packets_sent += times
            stats.stretch_response_sizes(size)
        self._finished.clear()
