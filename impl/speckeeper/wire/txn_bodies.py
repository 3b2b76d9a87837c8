"""Records of transactions, field by field: the plain decoders and encoders, and the tables of them.

The layout of a record is told by the transaction's type. A multi holds further records, each
behind its type and its length.

Source: ``zookeeper.jute``, module ``org.apache.zookeeper.txn``; ``SerializeUtils.deserializeTxn``.
"""

from collections.abc import Callable
from struct import Struct
from typing import Any

from speckeeper.wire.codes import OpCode
from speckeeper.wire.errors import WireError
from speckeeper.wire.jute import (
    INT,
    Reader,
    encode_buffer,
    encode_ustring,
    encode_vector,
)
from speckeeper.wire.records import decode_acl_list, encode_acl_list
from speckeeper.wire.txn_records import (
    CheckTxn,
    CloseSessionTxn,
    CreateContainerTxn,
    CreateSessionTxn,
    CreateTTLTxn,
    CreateTxn,
    DeleteTxn,
    ErrorTxn,
    MultiTxn,
    Record,
    SetACLTxn,
    SetDataTxn,
    SubTxn,
)

TXN_DIGEST = Struct(">iQ")
DIGEST_VERSION = 2

EPHEMERAL_AND_CVERSION = Struct(">?i")
_CVERSION_AND_TTL = Struct(">iq")


def _decode_create(reader: Reader) -> CreateTxn:
    path = reader.text("path")
    data = reader.buffer()
    acl = decode_acl_list(reader)
    ephemeral = reader.boolean()
    # Logs of 3.3 end here (CreateTxnV0).
    return CreateTxn(path, data, acl, ephemeral, -1 if reader.at_end() else reader.int())


def _decode_container(reader: Reader) -> CreateContainerTxn:
    path = reader.text("path")
    data = reader.buffer()
    acl = decode_acl_list(reader)
    return CreateContainerTxn(path, data, acl, reader.int())


def _decode_ttl(reader: Reader) -> CreateTTLTxn:
    path = reader.text("path")
    data = reader.buffer()
    acl = decode_acl_list(reader)
    parent_cversion = reader.int()
    return CreateTTLTxn(path, data, acl, parent_cversion, reader.long())


def _decode_set_data(reader: Reader) -> SetDataTxn:
    path = reader.text("path")
    data = reader.buffer()
    return SetDataTxn(path, data, reader.int())


def _decode_set_acl(reader: Reader) -> SetACLTxn:
    path = reader.text("path")
    acl = decode_acl_list(reader)
    return SetACLTxn(path, acl, reader.int())


def _decode_check(reader: Reader) -> CheckTxn:
    path = reader.text("path")
    return CheckTxn(path, reader.int())


def _decode_close_session(reader: Reader) -> CloseSessionTxn:
    """Read the paths. Before 3.6 there are none, and later configuration may leave them out."""
    start = reader.position
    left = reader.end - start
    if left < 4:
        return CloseSessionTxn(None)
    count = reader.int()
    # No record but a digest: 12 bytes that start with its version. As a vector they could not be:
    # two paths need at least 16 bytes.
    if left == TXN_DIGEST.size and count == DIGEST_VERSION:
        reader.position = start
        return CloseSessionTxn(None)
    reader.position = start
    paths = reader.texts("path")
    return CloseSessionTxn(None if paths is None else tuple(paths))


def _decode_sub_txn(reader: Reader) -> SubTxn:
    kind = reader.int()
    start = reader.position
    decode = _SUB_DECODERS.get(kind)
    if decode is None:
        raise WireError(f"transaction type {kind} before offset {start} may not stand in a multi")
    length = reader.int()
    body = reader.position
    if not 0 <= length <= reader.end - body:
        raise WireError(f"length {length} of a transaction in a multi at offset {start}")
    record = decode(reader.within(body + length))
    reader.position = body + length
    return SubTxn(kind, record)


def _decode_multi(reader: Reader) -> MultiTxn:
    return MultiTxn(tuple(reader.vector(_decode_sub_txn) or ()))


_SUB_DECODERS: dict[int, Callable[[Reader], Record]] = {
    OpCode.CREATE: _decode_create,
    OpCode.CREATE2: _decode_create,
    OpCode.CREATE_CONTAINER: _decode_container,
    OpCode.CREATE_TTL: _decode_ttl,
    OpCode.DELETE: lambda reader: DeleteTxn(reader.text("path")),
    OpCode.DELETE_CONTAINER: lambda reader: DeleteTxn(reader.text("path")),
    OpCode.SET_DATA: _decode_set_data,
    OpCode.RECONFIG: _decode_set_data,
    OpCode.SET_ACL: _decode_set_acl,
    OpCode.CHECK: _decode_check,
    OpCode.ERROR: lambda reader: ErrorTxn(reader.int()),
}
#: Reads a record, by the type of its transaction.
RECORD_DECODERS: dict[int, Callable[[Reader], Record]] = {
    **_SUB_DECODERS,
    OpCode.CREATE_SESSION: lambda reader: CreateSessionTxn(reader.int()),
    OpCode.CLOSE_SESSION: _decode_close_session,
    OpCode.MULTI: _decode_multi,
}


def encode_sub_txn(sub: SubTxn) -> bytes:
    """Return one change of a multi: type, length, record."""
    return INT.pack(sub.type) + encode_buffer(RECORD_ENCODERS[sub.type](sub.record))


def _encode_create(record: CreateTxn) -> bytes:
    return (
        encode_ustring(record.path)
        + encode_buffer(record.data)
        + encode_acl_list(record.acl)
        + EPHEMERAL_AND_CVERSION.pack(record.ephemeral, record.parent_cversion)
    )


def _encode_container(record: CreateContainerTxn) -> bytes:
    return (
        encode_ustring(record.path)
        + encode_buffer(record.data)
        + encode_acl_list(record.acl)
        + INT.pack(record.parent_cversion)
    )


def _encode_ttl(record: CreateTTLTxn) -> bytes:
    return (
        encode_ustring(record.path)
        + encode_buffer(record.data)
        + encode_acl_list(record.acl)
        + _CVERSION_AND_TTL.pack(record.parent_cversion, record.ttl)
    )


def _encode_set_data(record: SetDataTxn) -> bytes:
    return encode_ustring(record.path) + encode_buffer(record.data) + INT.pack(record.version)


def _encode_set_acl(record: SetACLTxn) -> bytes:
    return encode_ustring(record.path) + encode_acl_list(record.acl) + INT.pack(record.version)


def _encode_path(record: DeleteTxn) -> bytes:
    return encode_ustring(record.path)


def _encode_close_session(record: CloseSessionTxn) -> bytes:
    return b"" if record.paths is None else encode_vector(record.paths, encode_ustring)


#: Writes a record, by the type of its transaction.
RECORD_ENCODERS: dict[int, Callable[[Any], bytes]] = {
    OpCode.CREATE: _encode_create,
    OpCode.CREATE2: _encode_create,
    OpCode.CREATE_CONTAINER: _encode_container,
    OpCode.CREATE_TTL: _encode_ttl,
    OpCode.DELETE: _encode_path,
    OpCode.DELETE_CONTAINER: _encode_path,
    OpCode.SET_DATA: _encode_set_data,
    OpCode.RECONFIG: _encode_set_data,
    OpCode.SET_ACL: _encode_set_acl,
    OpCode.CHECK: lambda record: encode_ustring(record.path) + INT.pack(record.version),
    OpCode.ERROR: lambda record: INT.pack(record.err),
    OpCode.CREATE_SESSION: lambda record: INT.pack(record.timeout),
    OpCode.CLOSE_SESSION: _encode_close_session,
    OpCode.MULTI: lambda record: encode_vector(record.txns, encode_sub_txn),
}
