"""The transaction that changes the configuration: setData of /zookeeper/config, of its own type.

Source: ZooKeeper ``OpCode.reconfig``; ``Follower.processPacket`` (PROPOSAL, COMMITANDACTIVATE).
"""

from __future__ import annotations

from speckeeper.wire.codes import OpCode
from speckeeper.wire.errors import WireError
from speckeeper.wire.jute import INT, LONG
from speckeeper.wire.quorum_config import QuorumConfig, decode_config
from speckeeper.wire.txns import SetDataTxn, decode_txn
from speckeeper.zab.quorums import quorums_of

# Of the serialized header: session, cxid, zxid, time, then the type.
_TYPE = slice(28, 32)
_RECONFIG = INT.pack(OpCode.RECONFIG)


def is_reconfig(entry: bytes) -> bool:
    """Whether a serialized transaction is a reconfiguration."""
    return entry[_TYPE] == _RECONFIG


def config_of(entry: bytes) -> QuorumConfig:
    """Return the configuration that a reconfiguration brings. Raises WireError."""
    record = decode_txn(entry).record
    if not isinstance(record, SetDataTxn):
        raise WireError("a reconfiguration without a configuration")
    return read_config(record.data or b"")


def read_config(text: bytes) -> QuorumConfig:
    """Return a configuration that another server has sent; WireError if no quorum can form."""
    config = decode_config(text)
    try:
        quorums_of(config)
    except ValueError as error:
        raise WireError(f"a configuration without quorums: {error}") from error
    return config


def encode_leader(server_id: int) -> bytes:
    """Return the data of COMMITANDACTIVATE, and the first part of that of INFORMANDACTIVATE."""
    return LONG.pack(server_id)


def decode_leader(data: bytes | None) -> tuple[int, bytes]:
    """Return the designated leader, and what is behind it. Raises WireError."""
    if data is None or len(data) < LONG.size:
        raise WireError("no designated leader")
    return LONG.unpack_from(data)[0], data[LONG.size :]
