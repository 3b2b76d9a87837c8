"""What a learner does with the commit of an ordinary write: read it from the log entry, no detour.

The other half of ``ordinary_writes.py``: there the leader makes an entry of a request, here every
learner makes of the entry what finishes it.

Source of the layout: ZooKeeper ``SerializeUtils``, ``zookeeper.jute`` (TxnHeader, CreateTxn,
SetDataTxn).
"""

from __future__ import annotations

from struct import error as StructError
from typing import Final

from speckeeper.server.connection import Connection
from speckeeper.server.pipeline import OrdinaryWrite
from speckeeper.wire.codes import OpCode
from speckeeper.wire.jute import FALSE, INT
from speckeeper.wire.records import OPEN_ACL_UNSAFE, encode_acl_list
from speckeeper.wire.txns import TXN_HEADER

_SET_DATA: Final = int(OpCode.SET_DATA)
FREQUENT: Final = frozenset((_SET_DATA, int(OpCode.CREATE)))
"""The types of transactions of which some are ordinary writes."""
_INT_SIZE: Final = INT.size
_RECORD: Final = TXN_HEADER.size
#: What follows the data of an ordinary create, ahead of the parent's cversion.
_OPEN_AND_PERSISTENT: Final = encode_acl_list(OPEN_ACL_UNSAFE) + FALSE

_int_at = INT.unpack_from
_header_of = TXN_HEADER.unpack_from


def ordinary_write(
    entry: bytes, op: int, connection: Connection | None, received_ms: int
) -> OrdinaryWrite | None:
    """Read a setData or a create (``op``) from its entry; None if it is not ordinary.

    A digest behind the record, as Apache's leaders send it, makes it general too.
    """
    session_id, xid, zxid, time_ms, _ = _header_of(entry)
    try:
        path_end = _RECORD + _INT_SIZE + _int_at(entry, _RECORD)[0]
        data_start = path_end + _INT_SIZE
        data_end = data_start + _int_at(entry, path_end)[0]
        if path_end <= _RECORD + _INT_SIZE or data_end < data_start:
            return None
        raw_path = entry[_RECORD:path_end]
        path = raw_path[_INT_SIZE:].decode()
    except (StructError, UnicodeDecodeError):
        return None
    number = len(entry) - _INT_SIZE
    if (entry[data_end:number] if data_end <= number else None) != (
        b"" if op == _SET_DATA else _OPEN_AND_PERSISTENT
    ):
        return None
    made = _int_at(entry, number)[0]
    data = entry[data_start:data_end]
    return (
        *(zxid, op, connection, session_id, xid, path, data, made),
        *(time_ms, received_ms, raw_path),
    )
