"""Reads: operations that are answered from the tree as it is, without a transaction.

A handler takes the connection, the body of the request (``buffer[start:end]``) and the identities
to judge by; it returns the body of the reply, or an error code (an int). A body that does not
decode raises WireError, which the caller answers with MARSHALLING_ERROR (ZooKeeper
FinalRequestProcessor).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from speckeeper.server.auth import client_infos
from speckeeper.server.child_reads import ChildReads
from speckeeper.server.connection import Connection
from speckeeper.server.core import Core
from speckeeper.server.handlers import Handler, InSteps, StepsOfRead
from speckeeper.server.reasons import CloseReason
from speckeeper.server.turns import NAME_US
from speckeeper.tree import reads
from speckeeper.tree.acl import Decided
from speckeeper.wire import requests as rq
from speckeeper.wire.codes import ErrorCode, OpCode
from speckeeper.wire.jute import INT, NULL
from speckeeper.wire.records import OPEN_ACL_UNSAFE, STAT, Id
from speckeeper.wire.replies import (
    ErrorResult,
    GetChildrenResult,
    GetDataResult,
    MultiResult,
    encode_acl_reply,
    encode_children_reply,
    encode_client_infos,
    encode_multi_reply,
)
from speckeeper.wire.requests import decode_request
from speckeeper.wire.steps import at_once, decode_request_in_steps

#: Reads that may take long however short their requests and replies are: one in a turn.
SLOW_READS = frozenset(
    (
        int(OpCode.GET_ALL_CHILDREN_NUMBER),
        int(OpCode.GET_EPHEMERALS),
        int(OpCode.MULTI_READ),
    )
)

#: Bytes of large replies in one turn, so that a client that reads none of them makes the server
#: keep a few at most: then its connection is held until it does, or cut off.
TURN_REPLY_BYTES = 256 << 10

_PART_BYTES = 13  # header and a length
_GET_DATA = int(OpCode.GET_DATA)
_EXISTS = int(OpCode.EXISTS)
_NO_NODE = int(ErrorCode.NO_NODE)
_MARSHALLING_ERROR = int(ErrorCode.MARSHALLING_ERROR)
_pack_int = INT.pack
# exists and getData have one layout: the path, and whether to watch.
_decode_path_and_watch = cast(Callable[[int, bytes, int, int], tuple[str, bool]], decode_request)


class Reads:
    """Handlers of the reads of one server, by opcode in :attr:`table`."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._tree = core.tree
        self._policy = core.policy
        self._watches = core.watches
        self._decided = core.decided
        self._turns = core.turns
        children = ChildReads(core)
        self.in_steps: dict[int, InSteps] = {
            int(OpCode.MULTI_READ): self.multi_read_in_steps,
            **children.in_steps,
        }
        self.table: dict[int, Handler] = {
            _EXISTS: self.exists,
            _GET_DATA: self.get_data,
            int(OpCode.GET_ACL): self.get_acl,
            int(OpCode.GET_EPHEMERALS): self.get_ephemerals,
            int(OpCode.WHO_AM_I): self.who_am_i,
            int(OpCode.MULTI_READ): self.multi_read,
            **children.table,
        }

    def get_data(
        self, connection: Connection, buffer: bytes, start: int, end: int, ids: tuple[Id, ...]
    ) -> bytes | int:
        """getData: data and Stat; the watch is set on success only."""
        path, watch = _decode_path_and_watch(_GET_DATA, buffer, start, end)
        node = reads.get_data(self._tree, self._policy, path, ids, self._decided)
        if isinstance(node, int):
            return node
        data = node.data
        if data is None:
            body = NULL + node.encode_stat()
        else:
            body = b"".join((_pack_int(len(data)), data, node.encode_stat()))
        if watch:
            self._watches.data.add(path, connection)
        elif node.acl is OPEN_ACL_UNSAFE:
            self._core.cache.keep(path, buffer[start - 4 : end], body)
        return body

    def exists(
        self, connection: Connection, buffer: bytes, start: int, end: int, ids: tuple[Id, ...]
    ) -> bytes | int:
        """exists: the Stat; the watch is set also where there is no node."""
        path, watch = _decode_path_and_watch(_EXISTS, buffer, start, end)
        node = reads.exists(self._tree, self._policy, path, ids, self._decided)
        if isinstance(node, int):
            if watch and node == _NO_NODE:
                self._watches.data.add(path, connection)
            return node
        body = node.encode_stat()
        if watch:
            self._watches.data.add(path, connection)
        elif node.acl is OPEN_ACL_UNSAFE:
            self._core.cache.keep(path, buffer[start - 4 : end], body)
        return body

    def get_acl(
        self, connection: Connection, buffer: bytes, start: int, end: int, ids: tuple[Id, ...]
    ) -> bytes | int:
        """getACL: the list and the Stat."""
        request = cast(rq.GetACLRequest, decode_request(OpCode.GET_ACL, buffer, start, end))
        answer = reads.get_acl(self._tree, self._policy, request.path, ids)
        if isinstance(answer, int):
            return answer
        node, acl = answer
        return encode_acl_reply(acl, node.stat())

    def get_ephemerals(
        self, connection: Connection, buffer: bytes, start: int, end: int, ids: tuple[Id, ...]
    ) -> bytes | int:
        """getEphemerals: paths of the asking session's ephemeral nodes."""
        request = cast(
            rq.GetEphemeralsRequest, decode_request(OpCode.GET_EPHEMERALS, buffer, start, end)
        )
        paths = reads.get_ephemerals(self._tree, connection.session_id, request.prefix)
        return encode_children_reply(paths)

    def who_am_i(
        self, connection: Connection, buffer: bytes, start: int, end: int, ids: tuple[Id, ...]
    ) -> bytes | int:
        """whoAmI: who the connection has proven to be."""
        return encode_client_infos(client_infos(self._policy, ids))

    def multi_read(
        self, connection: Connection, buffer: bytes, start: int, end: int, ids: tuple[Id, ...]
    ) -> bytes | int:
        """multiRead: each part for itself; a part that fails is an error among the results.

        A reply that nobody could be let leave unread is not built: the connection ends instead.
        """
        return at_once(self.multi_read_in_steps(connection, buffer, start, end, ids))[0]

    def multi_read_in_steps(
        self, connection: Connection, buffer: bytes, start: int, end: int, ids: tuple[Id, ...]
    ) -> StepsOfRead:
        """Do the same; all is read in the last step, at one moment."""
        decoded = yield from decode_request_in_steps(OpCode.MULTI_READ, buffer, start, end)
        zxid = self._tree.last_processed_zxid
        request = cast(rq.MultiRequest, decoded)
        results: list[MultiResult] = []
        room = self._core.settings.max_unsent_bytes
        decided = self._decided
        # Nothing changes meanwhile: what is asked for twice is looked up once.
        known: dict[tuple[int, str], tuple[MultiResult, int]] = {}
        for op, part in request.ops:
            key = op, getattr(part, "path", "")
            found = known.get(key)
            if found is None:
                result = self._read_part(part, ids, decided)
                if result is None:
                    return _MARSHALLING_ERROR, zxid
                found = known[key] = result, _payload(result)
                if isinstance(result, GetChildrenResult):
                    self._turns.spent_us += len(result.children) * NAME_US
            result, size = found
            results.append(result)
            room -= size
            if room < 0:
                self._core.outbox.close(connection, CloseReason.LARGE_REPLY)
                return _MARSHALLING_ERROR, zxid  # which nobody will see
        return encode_multi_reply(results), zxid

    def _read_part(
        self, part: rq.Request, ids: tuple[Id, ...], decided: Decided
    ) -> MultiResult | None:
        if isinstance(part, rq.GetDataRequest):
            node = reads.get_data(self._tree, self._policy, part.path, ids, decided)
            if isinstance(node, int):
                return ErrorResult(node)
            return GetDataResult(node.data, node.stat())
        if isinstance(part, rq.GetChildrenRequest):
            answer = reads.get_children(self._tree, self._policy, part.path, ids, decided)
            if isinstance(answer, int):
                return ErrorResult(answer)
            return GetChildrenResult(tuple(answer[1]))
        return None  # a write: ZooKeeper's "Invalid type of readOp"


def _payload(result: MultiResult) -> int:
    """Bytes of a part of a multiRead, roughly."""
    if isinstance(result, GetDataResult):
        return _PART_BYTES + len(result.data or b"") + STAT.size
    if isinstance(result, GetChildrenResult):
        return _PART_BYTES + sum(map(len, result.children)) + 4 * len(result.children)
    return _PART_BYTES
