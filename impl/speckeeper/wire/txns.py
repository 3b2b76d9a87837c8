"""Transactions, from the bytes that logs and proposals carry and back.

A serialized transaction is TxnHeader, record, and from 3.6 on usually a TxnDigest. The record's
layout is told by the type in the header. The frequent types are packed and unpacked by hand;
whatever is unusual about one is left to the plain codecs of ``txn_bodies.py``.

Source: ZooKeeper ``SerializeUtils.deserializeTxn``, ``Util.marshallTxnEntry``.
"""

from collections.abc import Callable
from struct import Struct
from struct import error as StructError
from typing import Any

from speckeeper.wire.codes import OpCode
from speckeeper.wire.errors import WireError
from speckeeper.wire.jute import INT, Reader
from speckeeper.wire.records import encode_acl_list, known_acl_list
from speckeeper.wire.txn_bodies import (
    EPHEMERAL_AND_CVERSION,
    RECORD_DECODERS,
    RECORD_ENCODERS,
    TXN_DIGEST,
)
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
    Txn,
    TxnDigest,
    TxnHeader,
)

__all__ = [
    "EPHEMERAL_AND_CVERSION",
    "TXN_HEADER",
    "CheckTxn",
    "CloseSessionTxn",
    "CreateContainerTxn",
    "CreateSessionTxn",
    "CreateTTLTxn",
    "CreateTxn",
    "DeleteTxn",
    "ErrorTxn",
    "MultiTxn",
    "Record",
    "SetACLTxn",
    "SetDataTxn",
    "SubTxn",
    "Txn",
    "TxnDigest",
    "TxnHeader",
    "decode_txn",
    "encode_txn",
]

#: long clientId, int cxid, long zxid, long time, int type
TXN_HEADER = Struct(">qiqqi")

_HEADER_AND_LENGTH = Struct(">qiqqii")
_DIGEST_MASK = (1 << 64) - 1
_PATH = TXN_HEADER.size + INT.size  # where the text of a path starts

_int_at = INT.unpack_from
_pack_int = INT.pack
_new = tuple.__new__


def _set_data(raw: bytes) -> tuple[Record, int] | None:
    path_end = _PATH + _int_at(raw, TXN_HEADER.size)[0]
    data = path_end + 4
    if path_end <= _PATH:
        return None
    data_end = data + _int_at(raw, path_end)[0]
    if data_end < data:
        return None
    version = _int_at(raw, data_end)[0]
    return (
        _new(SetDataTxn, (raw[_PATH:path_end].decode(), raw[data:data_end], version)),
        data_end + 4,
    )


def _create(raw: bytes) -> tuple[Record, int] | None:
    path_end = _PATH + _int_at(raw, TXN_HEADER.size)[0]
    data = path_end + 4
    if path_end <= _PATH:
        return None
    data_end = data + _int_at(raw, path_end)[0]
    if data_end < data:
        return None
    # The ACL list ends where it leaves room for what follows it, with or without a digest.
    for acl_end in (len(raw) - 17, len(raw) - 5):
        acl = known_acl_list(raw[data_end:acl_end]) if acl_end > data_end else None
        if acl is not None:
            ephemeral, parent_cversion = EPHEMERAL_AND_CVERSION.unpack_from(raw, acl_end)
            path = raw[_PATH:path_end].decode()
            return (
                _new(CreateTxn, (path, raw[data:data_end], acl, ephemeral, parent_cversion)),
                acl_end + 5,
            )
    return None


def _delete(raw: bytes) -> tuple[Record, int] | None:
    path_end = _PATH + _int_at(raw, TXN_HEADER.size)[0]
    if not _PATH < path_end <= len(raw):
        return None
    return _new(DeleteTxn, (raw[_PATH:path_end].decode(),)), path_end


_FAST_DECODERS: dict[int, Callable[[bytes], tuple[Record, int] | None]] = {
    OpCode.CREATE: _create,
    OpCode.CREATE2: _create,
    OpCode.SET_DATA: _set_data,
    OpCode.DELETE: _delete,
}


def decode_txn(raw: bytes) -> Txn:
    """Decode one serialized transaction.

    A digest is read when at least its 12 bytes follow the record; other bytes after the record are
    ignored, as in ZooKeeper. Raises WireError.
    """
    size = len(raw)
    if size < TXN_HEADER.size:
        raise WireError(f"transaction header needs {TXN_HEADER.size} bytes, {size} are there")
    header: TxnHeader = _new(TxnHeader, TXN_HEADER.unpack_from(raw))
    kind = header[4]
    found = None
    fast = _FAST_DECODERS.get(kind)
    if fast is not None:
        try:
            found = fast(raw)
        except (StructError, UnicodeDecodeError):
            found = None
    if found is not None:
        record, position = found
    else:
        decode = RECORD_DECODERS.get(kind)
        if decode is None:
            raise WireError(f"unknown transaction type {kind} at offset {TXN_HEADER.size - 4}")
        reader = Reader(raw, TXN_HEADER.size)
        record = decode(reader)
        position = reader.position
    digest = None
    if size - position >= TXN_DIGEST.size:
        digest = _new(TxnDigest, TXN_DIGEST.unpack_from(raw, position))
    return _new(Txn, (header, record, digest))


def _encode_create(header: TxnHeader, record: CreateTxn) -> list[bytes]:
    path, data, acl, ephemeral, parent_cversion = record
    raw_path = path.encode()
    return [
        _HEADER_AND_LENGTH.pack(*header, len(raw_path)),
        raw_path,
        _pack_int(-1 if data is None else len(data)),
        data or b"",
        encode_acl_list(acl),
        EPHEMERAL_AND_CVERSION.pack(ephemeral, parent_cversion),
    ]


def _encode_set_data(header: TxnHeader, record: SetDataTxn) -> list[bytes]:
    path, data, version = record
    raw_path = path.encode()
    return [
        _HEADER_AND_LENGTH.pack(*header, len(raw_path)),
        raw_path,
        _pack_int(-1 if data is None else len(data)),
        data or b"",
        _pack_int(version),
    ]


_FAST_ENCODERS: dict[int, Callable[[TxnHeader, Any], list[bytes]]] = {
    OpCode.CREATE: _encode_create,
    OpCode.CREATE2: _encode_create,
    OpCode.SET_DATA: _encode_set_data,
}


def encode_txn(txn: Txn) -> bytes:
    """Return a serialized transaction: header, the record of its type, the digest if any."""
    header, record, digest = txn
    kind = header[4]
    fast = _FAST_ENCODERS.get(kind)
    if fast is not None:
        parts = fast(header, record)
    else:
        parts = [TXN_HEADER.pack(*header), RECORD_ENCODERS[kind](record)]
    if digest is not None:
        parts.append(TXN_DIGEST.pack(digest[0], digest[1] & _DIGEST_MASK))
    return b"".join(parts)
