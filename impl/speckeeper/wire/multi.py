"""The multi and multiRead request: operations behind headers, closed by a header that says done.

Source: ZooKeeper ``MultiOperationRecord`` and ``Op``.
"""

from collections.abc import Callable, Iterator
from struct import Struct
from typing import Any

from speckeeper.wire import request_bodies as bodies
from speckeeper.wire.codes import CreateFlag, OpCode
from speckeeper.wire.errors import WireError
from speckeeper.wire.jute import NULL, Reader
from speckeeper.wire.request_records import CreateRequest, MultiRequest, Request, SetDataRequest

#: int type, boolean done, int err
MULTI_HEADER = Struct(">i?i")
MULTI_END = MULTI_HEADER.pack(-1, True, -1)

_TTL_FLAGS = (int(CreateFlag.PERSISTENT_WITH_TTL), int(CreateFlag.PERSISTENT_SEQUENTIAL_WITH_TTL))
_KNOWN_FLAGS = frozenset(int(flag) for flag in CreateFlag)


def _create(op: int, reader: Reader) -> tuple[int, CreateRequest]:
    """Read a create as ``Op.create`` takes it: the flags have a say in the operation code."""
    start = reader.position
    if op == OpCode.CREATE_TTL:
        request = bodies.decode_create_ttl(reader)
        if request.flags in _TTL_FLAGS:
            return op, request
        op, request = int(OpCode.CREATE), request._replace(ttl=-1)
    else:
        request = bodies.decode_create(reader)
        if request.flags not in _KNOWN_FLAGS or request.flags in _TTL_FLAGS:
            raise WireError(f"flags {request.flags} of the create at offset {start} do not fit it")
    return (int(OpCode.CREATE_CONTAINER) if request.flags == CreateFlag.CONTAINER else op), request


def _set_data(reader: Reader) -> SetDataRequest:
    """Read a setData; in a multi its path may not be null (``PrepRequestProcessor``)."""
    if reader.skip(NULL):
        raise WireError(f"path at offset {reader.position - len(NULL)} is null")
    return bodies.decode_set_data(reader)


_WRITES: dict[int, Callable[[Reader], Request]] = {
    OpCode.DELETE: bodies.decode_delete,
    OpCode.SET_DATA: _set_data,
    OpCode.CHECK: bodies.decode_check,
}
_READS: dict[int, Callable[[Reader], Request]] = {
    OpCode.GET_DATA: lambda reader: bodies.decode_get_data(reader)._replace(watch=False),
    OpCode.GET_CHILDREN: lambda reader: bodies.decode_get_children(reader)._replace(watch=False),
}
_CREATES = frozenset((OpCode.CREATE, OpCode.CREATE2, OpCode.CREATE_CONTAINER, OpCode.CREATE_TTL))

_ENCODERS: dict[int, Callable[[Any], bytes]] = {
    OpCode.CREATE: bodies.encode_create,
    OpCode.CREATE2: bodies.encode_create,
    OpCode.CREATE_CONTAINER: bodies.encode_create,
    OpCode.CREATE_TTL: bodies.encode_create_ttl,
    OpCode.DELETE: bodies.encode_path_and_version,
    OpCode.SET_DATA: bodies.encode_set_data,
    OpCode.CHECK: bodies.encode_path_and_version,
    OpCode.GET_DATA: bodies.encode_path_and_watch,
    OpCode.GET_CHILDREN: bodies.encode_path_and_watch,
}


def decode_multi(reader: Reader) -> MultiRequest:
    """Read a multi request.

    Raises WireError for an operation that may not stand in one, a read for instance, and for a
    create whose flags are unknown or need a TTL that is not there.
    """
    return MultiRequest(tuple(parts_of_multi(reader)))


def parts_of_multi(reader: Reader) -> Iterator[tuple[int, Request]]:
    """Read a multi request operation by operation; raises as :func:`decode_multi`."""
    while True:
        start = reader.position
        op, done, _err = reader.fixed(MULTI_HEADER)
        if done:
            return
        if op in _CREATES:
            yield _create(op, reader)
        elif op in _WRITES:
            yield op, _WRITES[op](reader)
        else:
            raise WireError(f"operation {op} at offset {start} may not stand in a multi")


def decode_multi_read(reader: Reader) -> MultiRequest:
    """Read a multiRead request; raises WireError for an operation that may not stand in one."""
    return MultiRequest(tuple(parts_of_multi_read(reader)))


def parts_of_multi_read(reader: Reader) -> Iterator[tuple[int, Request]]:
    """Read a multiRead request operation by operation; raises as :func:`decode_multi_read`."""
    while True:
        start = reader.position
        op, done, _err = reader.fixed(MULTI_HEADER)
        if done:
            return
        if op not in _READS:
            raise WireError(f"operation {op} at offset {start} may not stand in a multiRead")
        yield op, _READS[op](reader)


def encode_multi(request: MultiRequest) -> bytes:
    """Return the body of multi or multiRead."""
    parts = []
    for op, sub in request.ops:
        parts.append(MULTI_HEADER.pack(op, False, -1))
        parts.append(_ENCODERS[op](sub))
    parts.append(MULTI_END)
    return b"".join(parts)
