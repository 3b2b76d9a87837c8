"""Requests of clients, from the body of a frame and back.

The body is what follows the request header (int xid, int type). Bytes after the body are ignored,
as in ZooKeeper, which reads the record and does not look further. The frequent operations are
unpacked by hand; whatever is unusual about one (a null, bad bytes) is left to the plain decoder,
which also words the error.

Source: ZooKeeper ``ByteBufferRequestRecord``, ``FinalRequestProcessor``, ``PrepRequestProcessor``.
"""

from collections.abc import Callable
from struct import Struct
from struct import error as StructError
from typing import Any

from speckeeper.wire import request_bodies as bodies
from speckeeper.wire.codes import OpCode
from speckeeper.wire.errors import WireError
from speckeeper.wire.jute import INT, Reader, encode_buffer, encode_ustring
from speckeeper.wire.multi import decode_multi, decode_multi_read, encode_multi
from speckeeper.wire.records import known_acl_list
from speckeeper.wire.request_records import (
    AddWatchRequest,
    AuthRequest,
    CheckVersionRequest,
    CheckWatchesRequest,
    CloseSessionRequest,
    CreateRequest,
    CreateSessionRequest,
    DeleteRequest,
    ExistsRequest,
    GetACLRequest,
    GetAllChildrenNumberRequest,
    GetChildrenRequest,
    GetDataRequest,
    GetEphemeralsRequest,
    MultiRequest,
    PingRequest,
    ReconfigRequest,
    RemoveWatchesRequest,
    Request,
    SaslRequest,
    SetACLRequest,
    SetDataRequest,
    SetWatchesRequest,
    SyncRequest,
    WhoAmIRequest,
)

__all__ = [
    "AddWatchRequest",
    "AuthRequest",
    "CheckVersionRequest",
    "CheckWatchesRequest",
    "CloseSessionRequest",
    "CreateRequest",
    "CreateSessionRequest",
    "DeleteRequest",
    "ExistsRequest",
    "GetACLRequest",
    "GetAllChildrenNumberRequest",
    "GetChildrenRequest",
    "GetDataRequest",
    "GetEphemeralsRequest",
    "MultiRequest",
    "PingRequest",
    "ReconfigRequest",
    "RemoveWatchesRequest",
    "Request",
    "SaslRequest",
    "SetACLRequest",
    "SetDataRequest",
    "SetWatchesRequest",
    "SyncRequest",
    "WhoAmIRequest",
    "decode_request",
    "encode_request",
]

#: int xid, int type: what precedes the body in a frame.
REQUEST_HEADER = Struct(">ii")

_int_at = INT.unpack_from
# tuple.__new__ skips the Python-level __new__ of a NamedTuple, half of the cost of making one.
_new = tuple.__new__

_Decode = Callable[[bytes, int, int], Request]


def _plainly(decode: Callable[[Reader], Request]) -> _Decode:
    return lambda buffer, position, end: decode(Reader(buffer, position, end))


def _path_and_watch(kind: type[Request], plain: Callable[[Reader], Request]) -> _Decode:
    def decode(buffer: bytes, position: int, end: int) -> Request:
        try:
            path = position + 4
            watch = path + _int_at(buffer, position)[0]
            if path < watch < end:
                return _new(kind, (buffer[path:watch].decode(), buffer[watch] != 0))
        except (StructError, IndexError, UnicodeDecodeError):
            pass
        return plain(Reader(buffer, position, end))

    return decode


def _path_and_int(kind: type[Request], plain: Callable[[Reader], Request]) -> _Decode:
    def decode(buffer: bytes, position: int, end: int) -> Request:
        try:
            path = position + 4
            number = path + _int_at(buffer, position)[0]
            if path < number <= end - 4:
                return _new(kind, (buffer[path:number].decode(), _int_at(buffer, number)[0]))
        except (StructError, UnicodeDecodeError):
            pass
        return plain(Reader(buffer, position, end))

    return decode


def _set_data(buffer: bytes, position: int, end: int) -> Request:
    try:
        path = position + 4
        path_end = path + _int_at(buffer, position)[0]
        if path < path_end < end:
            data = path_end + 4
            version = data + _int_at(buffer, path_end)[0]
            if data <= version <= end - 4:
                return _new(
                    SetDataRequest,
                    (
                        buffer[path:path_end].decode(),
                        buffer[data:version],
                        _int_at(buffer, version)[0],
                    ),
                )
    except (StructError, UnicodeDecodeError):
        pass
    return bodies.decode_set_data(Reader(buffer, position, end))


def _create(buffer: bytes, position: int, end: int) -> Request:
    try:
        path = position + 4
        path_end = path + _int_at(buffer, position)[0]
        if path < path_end < end:
            data = path_end + 4
            data_end = data + _int_at(buffer, path_end)[0]
            flags = end - 4
            if data <= data_end <= flags:
                # Only a list that ends exactly where the flags start is taken from here.
                acl = known_acl_list(buffer[data_end:flags])
                if acl is not None:
                    return _new(
                        CreateRequest,
                        (
                            buffer[path:path_end].decode(),
                            buffer[data:data_end],
                            acl,
                            _int_at(buffer, flags)[0],
                            -1,
                        ),
                    )
    except (StructError, UnicodeDecodeError):
        pass
    return bodies.decode_create(Reader(buffer, position, end))


_DECODERS: dict[int, _Decode] = {
    OpCode.CREATE: _create,
    OpCode.CREATE2: _create,
    OpCode.CREATE_CONTAINER: _create,
    OpCode.CREATE_TTL: _plainly(bodies.decode_create_ttl),
    OpCode.DELETE: _path_and_int(DeleteRequest, bodies.decode_delete),
    OpCode.DELETE_CONTAINER: _plainly(lambda reader: DeleteRequest(reader.text("path"), -1)),
    OpCode.EXISTS: _path_and_watch(ExistsRequest, bodies.decode_exists),
    OpCode.GET_DATA: _path_and_watch(GetDataRequest, bodies.decode_get_data),
    OpCode.GET_CHILDREN: _path_and_watch(GetChildrenRequest, bodies.decode_get_children),
    OpCode.GET_CHILDREN2: _path_and_watch(GetChildrenRequest, bodies.decode_get_children),
    OpCode.SET_DATA: _set_data,
    OpCode.GET_ACL: _plainly(lambda reader: GetACLRequest(reader.text("path"))),
    OpCode.SET_ACL: _plainly(bodies.decode_set_acl),
    OpCode.SYNC: _plainly(lambda reader: SyncRequest(reader.ustring())),
    OpCode.CHECK: _plainly(bodies.decode_check),
    OpCode.MULTI: _plainly(decode_multi),
    OpCode.MULTI_READ: _plainly(decode_multi_read),
    OpCode.SET_WATCHES: _plainly(bodies.decode_set_watches),
    OpCode.SET_WATCHES2: _plainly(bodies.decode_set_watches2),
    OpCode.ADD_WATCH: _plainly(bodies.decode_add_watch),
    OpCode.CHECK_WATCHES: _plainly(bodies.decode_check_watches),
    OpCode.REMOVE_WATCHES: _plainly(bodies.decode_remove_watches),
    OpCode.GET_EPHEMERALS: _plainly(lambda reader: GetEphemeralsRequest(reader.ustring())),
    OpCode.GET_ALL_CHILDREN_NUMBER: _plainly(
        lambda reader: GetAllChildrenNumberRequest(reader.text("path"))
    ),
    OpCode.WHO_AM_I: lambda buffer, position, end: WhoAmIRequest(),
    OpCode.PING: lambda buffer, position, end: PingRequest(),
    OpCode.AUTH: _plainly(bodies.decode_auth),
    OpCode.SASL: _plainly(lambda reader: SaslRequest(reader.buffer())),
    OpCode.RECONFIG: _plainly(bodies.decode_reconfig),
    OpCode.CREATE_SESSION: _plainly(lambda reader: CreateSessionRequest(reader.int())),
    OpCode.CLOSE_SESSION: lambda buffer, position, end: CloseSessionRequest(),
}

_ENCODERS: dict[int, Callable[[Any], bytes]] = {
    OpCode.CREATE: bodies.encode_create,
    OpCode.CREATE2: bodies.encode_create,
    OpCode.CREATE_CONTAINER: bodies.encode_create,
    OpCode.CREATE_TTL: bodies.encode_create_ttl,
    OpCode.DELETE: bodies.encode_path_and_version,
    OpCode.DELETE_CONTAINER: lambda request: encode_ustring(request.path),
    OpCode.EXISTS: bodies.encode_path_and_watch,
    OpCode.GET_DATA: bodies.encode_path_and_watch,
    OpCode.GET_CHILDREN: bodies.encode_path_and_watch,
    OpCode.GET_CHILDREN2: bodies.encode_path_and_watch,
    OpCode.SET_DATA: bodies.encode_set_data,
    OpCode.GET_ACL: lambda request: encode_ustring(request.path),
    OpCode.SET_ACL: bodies.encode_set_acl,
    OpCode.SYNC: lambda request: encode_ustring(request.path),
    OpCode.CHECK: bodies.encode_path_and_version,
    OpCode.MULTI: encode_multi,
    OpCode.MULTI_READ: encode_multi,
    OpCode.SET_WATCHES: bodies.encode_set_watches,
    OpCode.SET_WATCHES2: bodies.encode_set_watches2,
    OpCode.ADD_WATCH: bodies.encode_add_watch,
    OpCode.CHECK_WATCHES: bodies.encode_watches_query,
    OpCode.REMOVE_WATCHES: bodies.encode_watches_query,
    OpCode.GET_EPHEMERALS: lambda request: encode_ustring(request.prefix),
    OpCode.GET_ALL_CHILDREN_NUMBER: lambda request: encode_ustring(request.path),
    OpCode.WHO_AM_I: lambda request: b"",
    OpCode.PING: lambda request: b"",
    OpCode.AUTH: bodies.encode_auth,
    OpCode.SASL: lambda request: encode_buffer(request.token),
    OpCode.RECONFIG: bodies.encode_reconfig,
    OpCode.CREATE_SESSION: lambda request: INT.pack(request.timeout),
    OpCode.CLOSE_SESSION: lambda request: b"",
}


def decode_request(op: int, buffer: bytes, position: int, end: int) -> Request:
    """Decode the body of a request of operation ``op`` from ``buffer[position:end]``.

    ``buffer`` must be bytes (or a buffer whose slices are bytes) and may hold more than this
    request. Flags, modes and types are passed on as they come. Raises WireError for a body that
    does not decode and for an operation that has no request.
    """
    decode = _DECODERS.get(op)
    if decode is None:
        raise WireError(f"operation {op} has no request")
    return decode(buffer, position, end)


def encode_request(op: int, request: Request) -> bytes:
    """Return the body of a request of operation ``op``; ``request`` must be its record."""
    return _ENCODERS[op](request)
