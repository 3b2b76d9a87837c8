"""The reply to multi and multiRead: results behind headers, closed by a header that says done.

Source: ZooKeeper ``MultiResponse`` and ``OpResult``.
"""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, TypeAlias

from speckeeper.wire import reply_bodies as bodies
from speckeeper.wire.codes import OpCode
from speckeeper.wire.errors import WireError
from speckeeper.wire.jute import INT, Reader, encode_ustring
from speckeeper.wire.multi import MULTI_END, MULTI_HEADER
from speckeeper.wire.records import Stat, decode_stat, encode_stat


class CreateResult(NamedTuple):
    """Of create: the actual path."""

    path: str


class Create2Result(NamedTuple):
    """Of create2, createContainer and createTTL."""

    path: str
    stat: Stat


class DeleteResult(NamedTuple):
    """Of delete; empty."""


class CheckResult(NamedTuple):
    """Of check; empty."""


class SetDataResult(NamedTuple):
    """Of setData."""

    stat: Stat


class GetDataResult(NamedTuple):
    """Of getData in a multiRead."""

    data: bytes | None
    stat: Stat


class GetChildrenResult(NamedTuple):
    """Of getChildren in a multiRead."""

    children: tuple[str, ...]


class ErrorResult(NamedTuple):
    """Of an operation that failed or was rolled back: 0 before the failed one, -2 after it."""

    err: int


MultiResult: TypeAlias = (
    CreateResult
    | Create2Result
    | DeleteResult
    | CheckResult
    | SetDataResult
    | GetDataResult
    | GetChildrenResult
    | ErrorResult
)

_ENCODERS: dict[type, tuple[int, Callable[[Any], bytes]]] = {
    CreateResult: (OpCode.CREATE, lambda result: encode_ustring(result.path)),
    Create2Result: (OpCode.CREATE2, lambda result: bodies.encode_create2_reply(*result)),
    DeleteResult: (OpCode.DELETE, lambda result: b""),
    CheckResult: (OpCode.CHECK, lambda result: b""),
    SetDataResult: (OpCode.SET_DATA, lambda result: encode_stat(result.stat)),
    GetDataResult: (OpCode.GET_DATA, lambda result: bodies.encode_data_reply(*result)),
    GetChildrenResult: (
        OpCode.GET_CHILDREN,
        lambda result: bodies.encode_children_reply(result.children),
    ),
    ErrorResult: (OpCode.ERROR, lambda result: INT.pack(result.err)),
}

_DECODERS: dict[int, Callable[[Reader], MultiResult]] = {
    OpCode.CREATE: lambda reader: CreateResult(reader.text("path")),
    OpCode.CREATE2: lambda reader: Create2Result(*bodies.decode_create2_reply(reader)),
    OpCode.DELETE: lambda reader: DeleteResult(),
    OpCode.CHECK: lambda reader: CheckResult(),
    OpCode.SET_DATA: lambda reader: SetDataResult(decode_stat(reader)),
    OpCode.GET_DATA: lambda reader: GetDataResult(*bodies.decode_data_reply(reader)),
    OpCode.GET_CHILDREN: lambda reader: GetChildrenResult(
        tuple(bodies.decode_children_reply(reader))
    ),
    OpCode.ERROR: lambda reader: ErrorResult(reader.int()),
}


def encode_multi_reply(results: Iterable[MultiResult]) -> bytes:
    """Return the body of the reply to a multi or multiRead: one result for each operation."""
    parts = []
    results = tuple(results)
    encoded: dict[int, bytes] = {}  # by object: one that comes many times over is encoded once
    for result in results:
        part = encoded.get(id(result))
        if part is None:
            kind, encode = _ENCODERS[type(result)]
            err = result.err if isinstance(result, ErrorResult) else 0
            part = MULTI_HEADER.pack(kind, False, err) + encode(result)
            encoded[id(result)] = part
        parts.append(part)
    parts.append(MULTI_END)
    return b"".join(parts)


def decode_multi_reply(reader: Reader) -> tuple[MultiResult, ...]:
    """Read the body of the reply to a multi or multiRead."""
    results: list[MultiResult] = []
    while True:
        start = reader.position
        kind, done, _err = reader.fixed(MULTI_HEADER)
        if done:
            return tuple(results)
        decode = _DECODERS.get(kind)
        if decode is None:
            raise WireError(f"result type {kind} at offset {start} is not one of a multi")
        results.append(decode(reader))
