"""Requests for kazoo's connection, made with this project's encoders.

kazoo sends any object that has ``type`` and ``serialize()``, and hands the body of the reply to its
``deserialize()``. :class:`Op` is such an object for every operation, those included that kazoo does
not know: addWatch, removeWatches, setWatches(2), getEphemerals, getAllChildrenNumber, whoAmI,
createTTL, createContainer. It has no attribute ``watcher``, so kazoo registers no watches;
``watches`` does.

Source: kazoo ``kazoo.protocol.connection`` (what it asks of a request), ZooKeeper
``zookeeper.jute``.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from speckeeper.wire.codes import OpCode
from speckeeper.wire.jute import Reader
from speckeeper.wire.multi_replies import decode_multi_reply
from speckeeper.wire.records import decode_stat
from speckeeper.wire.replies import (
    decode_acl_reply,
    decode_children2_reply,
    decode_children_reply,
    decode_client_infos,
    decode_create2_reply,
    decode_data_reply,
)
from speckeeper.wire.requests import Request, encode_request


class Op(NamedTuple):
    """One request: operation code, encoded body, and how to read the body of its reply."""

    type: int
    body: bytes
    decode: Callable[[Reader], Any]

    def serialize(self) -> bytes:
        """Return the body of the request frame."""
        return self.body

    def deserialize(self, buffer: bytes, offset: int) -> Any:
        """Read the reply's body, which starts at ``offset``; raise WireError if it is none."""
        return self.decode(Reader(buffer, offset))


def _nothing(reader: Reader) -> None:
    """Read nothing: the reply has no body, or none that says more than its header."""


_REPLIES: dict[OpCode, Callable[[Reader], Any]] = {
    OpCode.CREATE: lambda reader: reader.text("path"),
    OpCode.CREATE_CONTAINER: lambda reader: decode_create2_reply(reader)[0],
    OpCode.CREATE_TTL: lambda reader: decode_create2_reply(reader)[0],
    OpCode.DELETE: _nothing,
    OpCode.EXISTS: decode_stat,
    OpCode.GET_DATA: decode_data_reply,
    OpCode.SET_DATA: decode_stat,
    OpCode.GET_ACL: decode_acl_reply,
    OpCode.SET_ACL: decode_stat,
    OpCode.GET_CHILDREN2: decode_children2_reply,
    OpCode.SYNC: _nothing,
    OpCode.MULTI: decode_multi_reply,
    OpCode.RECONFIG: decode_data_reply,
    OpCode.REMOVE_WATCHES: _nothing,
    OpCode.SET_WATCHES: _nothing,
    OpCode.SET_WATCHES2: _nothing,
    OpCode.ADD_WATCH: _nothing,
    OpCode.GET_EPHEMERALS: decode_children_reply,
    OpCode.GET_ALL_CHILDREN_NUMBER: lambda reader: reader.int(),
    OpCode.WHO_AM_I: decode_client_infos,
}


def make_op(op: OpCode, request: Request) -> Op:
    """Return the request to hand to kazoo.

    Its reply is None (delete, sync, the operations on watches), the path (the creates), a Stat
    (exists, setData, setACL), a value with its Stat (getData, getACL, getChildren2, reconfig), a
    list (multi, getEphemerals, whoAmI) or a number (getAllChildrenNumber).
    """
    return Op(int(op), encode_request(op, request), _REPLIES[op])
