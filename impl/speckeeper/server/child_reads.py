"""Reads of a node's children, of which there may be a million.

A long list is copied at one moment, together with the Stat, and encoded in steps. Its watch is
there from that moment on, whose zxid is that of the reply; so what the client is told meanwhile is
of later zxids, and kept until it has the list (``Connection.behind``).
"""

from __future__ import annotations

from typing import cast

from speckeeper.server.connection import Connection
from speckeeper.server.core import Core
from speckeeper.server.handlers import Handler, InSteps, StepsOfRead
from speckeeper.server.turns import NAME_US, NODE_US, Costly
from speckeeper.tree import reads
from speckeeper.tree.node import Node
from speckeeper.wire import requests as rq
from speckeeper.wire.codes import OpCode
from speckeeper.wire.jute import INT
from speckeeper.wire.records import Id
from speckeeper.wire.replies import encode_children2_reply, encode_children_reply
from speckeeper.wire.requests import decode_request

#: A longer list of children is made in steps.
MANY = 4096
_NAMES = 2048  # of one step
_NODES = 4096  # walked by in one step

_GET_CHILDREN = int(OpCode.GET_CHILDREN)
_GET_CHILDREN2 = int(OpCode.GET_CHILDREN2)
_GET_ALL_CHILDREN_NUMBER = int(OpCode.GET_ALL_CHILDREN_NUMBER)
_pack_int = INT.pack


class ChildReads:
    """Handlers of one server, by opcode in :attr:`table`, and :attr:`in_steps`."""

    def __init__(self, core: Core) -> None:
        self._tree = core.tree
        self._policy = core.policy
        self._watches = core.watches
        self._decided = core.decided
        self._turns = core.turns
        self.table: dict[int, Handler] = {
            _GET_CHILDREN: self.get_children,
            _GET_CHILDREN2: self.get_children2,
            _GET_ALL_CHILDREN_NUMBER: self.get_all_children_number,
        }
        self.in_steps: dict[int, InSteps] = {
            _GET_CHILDREN: self.get_children_in_steps,
            _GET_CHILDREN2: self.get_children2_in_steps,
            _GET_ALL_CHILDREN_NUMBER: self.get_all_children_number_in_steps,
        }

    def get_children(
        self, connection: Connection, buffer: bytes, start: int, end: int, ids: tuple[Id, ...]
    ) -> bytes | int:
        """getChildren: the names."""
        answer = self._children(connection, buffer, start, end, ids)
        return answer if isinstance(answer, int) else encode_children_reply(answer[1])

    def get_children2(
        self, connection: Connection, buffer: bytes, start: int, end: int, ids: tuple[Id, ...]
    ) -> bytes | int:
        """getChildren2: the names and the Stat."""
        answer = self._children(connection, buffer, start, end, ids)
        if isinstance(answer, int):
            return answer
        node, names = answer
        return encode_children2_reply(names, node.stat())

    def _children(
        self, connection: Connection, buffer: bytes, start: int, end: int, ids: tuple[Id, ...]
    ) -> tuple[Node, list[str]] | int:
        path, watch = cast(rq.GetChildrenRequest, decode_request(_GET_CHILDREN, buffer, start, end))
        self._see_whether_many(path)
        answer = reads.get_children(self._tree, self._policy, path, ids, self._decided)
        if watch and not isinstance(answer, int):
            self._watches.child.add(path, connection)
        return answer

    def _see_whether_many(self, path: str) -> None:
        """Raise Costly where the list is long, unless it has to be made now."""
        node = self._tree.nodes.get(path)
        if node is not None and node.children is not None and not self._turns.at_once:
            count = len(node.children)
            if count > MANY:
                raise Costly(count * NAME_US)

    def get_children_in_steps(
        self, connection: Connection, buffer: bytes, start: int, end: int, ids: tuple[Id, ...]
    ) -> StepsOfRead:
        """Do the same for a long list."""
        return self._list(connection, buffer, start, end, ids, with_stat=False)

    def get_children2_in_steps(
        self, connection: Connection, buffer: bytes, start: int, end: int, ids: tuple[Id, ...]
    ) -> StepsOfRead:
        """Do the same for a long list."""
        return self._list(connection, buffer, start, end, ids, with_stat=True)

    def _list(
        self,
        connection: Connection,
        buffer: bytes,
        start: int,
        end: int,
        ids: tuple[Id, ...],
        *,
        with_stat: bool,
    ) -> StepsOfRead:
        path, watch = cast(rq.GetChildrenRequest, decode_request(_GET_CHILDREN, buffer, start, end))
        node = reads.get_data(self._tree, self._policy, path, ids, self._decided)
        zxid = self._tree.last_processed_zxid
        if isinstance(node, int):
            return node, zxid
        children, stat = list(node.children or ()), node.encode_stat()
        if watch:
            self._watches.child.add(path, connection)
        connection.behind = []
        name_at = len(path) + 1 if len(path) > 1 else 1
        parts = [_pack_int(len(children))]
        pieces: list[bytes] = []
        for first in range(0, len(children), _NAMES):
            for child in children[first : first + _NAMES]:
                raw = child[name_at:].encode()
                pieces.append(_pack_int(len(raw)))
                pieces.append(raw)
            parts.append(b"".join(pieces))
            pieces.clear()
            yield
        if with_stat:
            parts.append(stat)
        return b"".join(parts), zxid

    def get_all_children_number(
        self, connection: Connection, buffer: bytes, start: int, end: int, ids: tuple[Id, ...]
    ) -> bytes | int:
        """getAllChildrenNumber: how many descendants."""
        path = self._path(buffer, start, end)
        nodes = len(self._tree.nodes)
        if nodes > MANY and not self._turns.at_once and path not in ("", "/"):
            raise Costly(nodes * NODE_US)
        number = reads.get_all_children_number(self._tree, self._policy, path, ids)
        return number if number < 0 else _pack_int(number)

    def get_all_children_number_in_steps(
        self, connection: Connection, buffer: bytes, start: int, end: int, ids: tuple[Id, ...]
    ) -> StepsOfRead:
        """Do the same bit by bit: what comes and goes meanwhile may count or not, so the zxid is
        that of the beginning. The client is told of changes meanwhile before it has the number.
        """
        path, nodes = self._path(buffer, start, end), self._tree.nodes
        node = reads.get_data(self._tree, self._policy, path, ids)
        zxid = self._tree.last_processed_zxid
        if isinstance(node, int):
            return node, zxid
        pending, number, room = [path], 0, _NODES
        while pending:
            below = nodes.get(pending.pop())
            room -= 1
            if below is not None and below.children:
                number += len(below.children)
                pending.extend(below.children)
            if room < 0:
                room = _NODES
                yield
        return _pack_int(number), zxid

    @staticmethod
    def _path(buffer: bytes, start: int, end: int) -> str:
        request = decode_request(_GET_ALL_CHILDREN_NUMBER, buffer, start, end)
        return cast(rq.GetAllChildrenNumberRequest, request).path
