"""Bodies of requests, field by field: the plain decoders and encoders, one pair for each layout.

Null paths, as Apache ZooKeeper 3.8.0 was seen to take them:

- Refused with WireError where it runs into a null pointer and answers MarshallingError as well:
  create, delete, the reads, checkWatches, removeWatches, setWatches, everything in a multi.
- Read as an empty path where it gives both the same answer: setData, setACL, addWatch.
- None where it goes on with null: sync, getEphemerals, the texts of reconfig.
"""

from speckeeper.wire.errors import WireError
from speckeeper.wire.jute import (
    INT,
    LONG,
    Reader,
    encode_buffer,
    encode_ustring,
    encode_vector,
)
from speckeeper.wire.records import decode_acl_list, encode_acl_list
from speckeeper.wire.request_records import (
    AddWatchRequest,
    AuthRequest,
    CheckVersionRequest,
    CheckWatchesRequest,
    CreateRequest,
    DeleteRequest,
    ExistsRequest,
    GetChildrenRequest,
    GetDataRequest,
    ReconfigRequest,
    RemoveWatchesRequest,
    SetACLRequest,
    SetDataRequest,
    SetWatchesRequest,
)


def decode_create(reader: Reader) -> CreateRequest:
    """Read a create, create2 or createContainer request."""
    path = reader.text("path")
    data = reader.buffer()
    acl = decode_acl_list(reader)
    return CreateRequest(path, data, acl, reader.int(), -1)


def decode_create_ttl(reader: Reader) -> CreateRequest:
    """Read a createTTL request."""
    path = reader.text("path")
    data = reader.buffer()
    acl = decode_acl_list(reader)
    flags = reader.int()
    return CreateRequest(path, data, acl, flags, reader.long())


def encode_create(request: CreateRequest) -> bytes:
    """Return the body of create, create2 or createContainer."""
    return (
        encode_ustring(request.path)
        + encode_buffer(request.data)
        + encode_acl_list(request.acl)
        + INT.pack(request.flags)
    )


def encode_create_ttl(request: CreateRequest) -> bytes:
    """Return the body of createTTL."""
    return encode_create(request) + LONG.pack(request.ttl)


def decode_delete(reader: Reader) -> DeleteRequest:
    """Read a delete request."""
    path = reader.text("path")
    return DeleteRequest(path, reader.int())


def decode_check(reader: Reader) -> CheckVersionRequest:
    """Read a check request."""
    path = reader.text("path")
    return CheckVersionRequest(path, reader.int())


def encode_path_and_version(request: DeleteRequest | CheckVersionRequest) -> bytes:
    """Return the body of delete or check."""
    return encode_ustring(request.path) + INT.pack(request.version)


def decode_set_data(reader: Reader) -> SetDataRequest:
    """Read a setData request."""
    path = reader.ustring() or ""
    data = reader.buffer()
    return SetDataRequest(path, data, reader.int())


def encode_set_data(request: SetDataRequest) -> bytes:
    """Return the body of setData."""
    return encode_ustring(request.path) + encode_buffer(request.data) + INT.pack(request.version)


def decode_set_acl(reader: Reader) -> SetACLRequest:
    """Read a setACL request."""
    path = reader.ustring() or ""
    acl = decode_acl_list(reader)
    return SetACLRequest(path, acl, reader.int())


def encode_set_acl(request: SetACLRequest) -> bytes:
    """Return the body of setACL."""
    return encode_ustring(request.path) + encode_acl_list(request.acl) + INT.pack(request.version)


def decode_exists(reader: Reader) -> ExistsRequest:
    """Read an exists request."""
    path = reader.text("path")
    return ExistsRequest(path, reader.boolean())


def decode_get_data(reader: Reader) -> GetDataRequest:
    """Read a getData request."""
    path = reader.text("path")
    return GetDataRequest(path, reader.boolean())


def decode_get_children(reader: Reader) -> GetChildrenRequest:
    """Read a getChildren or getChildren2 request."""
    path = reader.text("path")
    return GetChildrenRequest(path, reader.boolean())


def encode_path_and_watch(request: ExistsRequest | GetDataRequest | GetChildrenRequest) -> bytes:
    """Return the body of exists, getData, getChildren or getChildren2."""
    return encode_ustring(request.path) + (b"\x01" if request.watch else b"\x00")


def decode_add_watch(reader: Reader) -> AddWatchRequest:
    """Read an addWatch request."""
    path = reader.ustring() or ""
    return AddWatchRequest(path, reader.int())


def decode_check_watches(reader: Reader) -> CheckWatchesRequest:
    """Read a checkWatches request."""
    path = reader.text("path")
    return CheckWatchesRequest(path, reader.int())


def decode_remove_watches(reader: Reader) -> RemoveWatchesRequest:
    """Read a removeWatches request."""
    path = reader.text("path")
    return RemoveWatchesRequest(path, reader.int())


def encode_add_watch(request: AddWatchRequest) -> bytes:
    """Return the body of addWatch."""
    return encode_ustring(request.path) + INT.pack(request.mode)


def encode_watches_query(request: CheckWatchesRequest | RemoveWatchesRequest) -> bytes:
    """Return the body of checkWatches or removeWatches."""
    return encode_ustring(request.path) + INT.pack(request.type)


def _paths(reader: Reader) -> tuple[str, ...]:
    start = reader.position
    paths = reader.texts("path")
    if paths is None:
        raise WireError(f"vector of paths at offset {start} is null")
    return tuple(paths)


def decode_set_watches(reader: Reader) -> SetWatchesRequest:
    """Read a setWatches request."""
    relative_zxid = reader.long()
    return SetWatchesRequest(relative_zxid, _paths(reader), _paths(reader), _paths(reader), (), ())


def decode_set_watches2(reader: Reader) -> SetWatchesRequest:
    """Read a setWatches2 request."""
    relative_zxid = reader.long()
    return SetWatchesRequest(
        relative_zxid,
        _paths(reader),
        _paths(reader),
        _paths(reader),
        _paths(reader),
        _paths(reader),
    )


def encode_set_watches(request: SetWatchesRequest) -> bytes:
    """Return the body of setWatches: the first three lists."""
    return LONG.pack(request.relative_zxid) + b"".join(
        encode_vector(paths, encode_ustring) for paths in request[1:4]
    )


def encode_set_watches2(request: SetWatchesRequest) -> bytes:
    """Return the body of setWatches2: all five lists."""
    return LONG.pack(request.relative_zxid) + b"".join(
        encode_vector(paths, encode_ustring) for paths in request[1:6]
    )


def decode_auth(reader: Reader) -> AuthRequest:
    """Read an auth request."""
    kind = reader.int()
    scheme = reader.ustring() or ""
    return AuthRequest(kind, scheme, reader.buffer())


def encode_auth(request: AuthRequest) -> bytes:
    """Return the body of auth."""
    return INT.pack(request.type) + encode_ustring(request.scheme) + encode_buffer(request.auth)


def decode_reconfig(reader: Reader) -> ReconfigRequest:
    """Read a reconfig request."""
    joining = reader.ustring()
    leaving = reader.ustring()
    new_members = reader.ustring()
    return ReconfigRequest(joining, leaving, new_members, reader.long())


def encode_reconfig(request: ReconfigRequest) -> bytes:
    """Return the body of reconfig."""
    return (
        encode_ustring(request.joining)
        + encode_ustring(request.leaving)
        + encode_ustring(request.new_members)
        + LONG.pack(request.cur_config_id)
    )
