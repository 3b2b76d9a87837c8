"""Transactions: the header, one record for each kind of change, the digest of the tree after it.

Source: ``zookeeper.jute``, module ``org.apache.zookeeper.txn``. Decoding and encoding: ``txns.py``.
"""

from typing import NamedTuple, TypeAlias

from speckeeper.wire.records import ACL


class TxnHeader(NamedTuple):
    """Who asked for a transaction (session, xid), its zxid, time (ms) and type (an OpCode)."""

    client_id: int
    cxid: int
    zxid: int
    time: int
    type: int


class CreateTxn(NamedTuple):
    """create and create2; ``parent_cversion`` -1 means one more than the parent has."""

    path: str
    data: bytes | None
    acl: tuple[ACL, ...]
    ephemeral: bool
    parent_cversion: int


class CreateContainerTxn(NamedTuple):
    """createContainer."""

    path: str
    data: bytes | None
    acl: tuple[ACL, ...]
    parent_cversion: int


class CreateTTLTxn(NamedTuple):
    """createTTL; ``ttl`` in ms."""

    path: str
    data: bytes | None
    acl: tuple[ACL, ...]
    parent_cversion: int
    ttl: int


class DeleteTxn(NamedTuple):
    """delete and deleteContainer."""

    path: str


class SetDataTxn(NamedTuple):
    """setData and reconfig; ``version`` is the new one (-1 in reconfig)."""

    path: str
    data: bytes | None
    version: int


class SetACLTxn(NamedTuple):
    """setACL; ``version`` is the new aversion."""

    path: str
    acl: tuple[ACL, ...]
    version: int


class CheckTxn(NamedTuple):
    """check, only inside a multi."""

    path: str
    version: int


class CreateSessionTxn(NamedTuple):
    """createSession; ``timeout`` in ms."""

    timeout: int


class CloseSessionTxn(NamedTuple):
    """closeSession; the ephemerals to delete, None where they are not named (before 3.6)."""

    paths: tuple[str, ...] | None


class ErrorTxn(NamedTuple):
    """A refused request, which still takes a zxid; ``err`` is an ErrorCode."""

    err: int


class SubTxn(NamedTuple):
    """One change of a multi."""

    type: int
    record: "Record"


class MultiTxn(NamedTuple):
    """multi."""

    txns: tuple[SubTxn, ...]


Record: TypeAlias = (
    CreateTxn
    | CreateContainerTxn
    | CreateTTLTxn
    | DeleteTxn
    | SetDataTxn
    | SetACLTxn
    | CheckTxn
    | CreateSessionTxn
    | CloseSessionTxn
    | ErrorTxn
    | MultiTxn
)


class TxnDigest(NamedTuple):
    """Digest of the tree after a transaction; ``tree_digest`` is unsigned, 0 to 2**64 - 1."""

    version: int
    tree_digest: int


class Txn(NamedTuple):
    """A whole transaction."""

    header: TxnHeader
    record: Record
    digest: TxnDigest | None = None
