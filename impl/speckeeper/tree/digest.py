"""The digest of a tree: one number that two servers with the same tree have in common.

It is the sum of one CRC-32 for each node, so a change costs only the nodes it touches. The subtree
``/zookeeper/`` counts nothing, because quota usage there is each server's own. Being a sum of fewer
than 2**31 numbers below 2**32, it never reaches the 2**63 at which ZooKeeper's long would wrap.

Source: ZooKeeper ``DigestCalculator`` (version 2), ``AdHash``, ``DataTree.logZxidDigest``,
``DataTree.compareDigest``, ``DataTree.compareSnapshotDigests``.
"""

from collections import deque
from struct import Struct
from typing import Protocol
from zlib import crc32

from speckeeper.tree.node import Node
from speckeeper.tree.paths import ROOT, ZOOKEEPER_SUBTREE
from speckeeper.wire.txns import TxnDigest

DIGEST_VERSION = 2
LOG_INTERVAL = 128
LOG_LIMIT = 1024

#: czxid, mzxid, pzxid, ctime, mtime, version, stored cversion, aversion, ephemeral_owner
pack_digested_stat = Struct(">qqqqqiiiq").pack


class Digested(Protocol):
    """What a digest is made of: a node, or the record of one that is about to change."""

    data: bytes | None
    czxid: int
    mzxid: int
    ctime: int
    mtime: int
    version: int
    cversion: int
    aversion: int
    ephemeral_owner: int
    pzxid: int


def node_digest(path: str, node: Digested) -> int:
    """Return what a node adds to the digest of its tree. The root counts as path ``""``."""
    if path.startswith(ZOOKEEPER_SUBTREE):
        return 0
    name = b"" if path == ROOT else path.encode()
    return crc32(
        name
        + (node.data or b"")
        + pack_digested_stat(
            node.czxid,
            node.mzxid,
            node.pzxid,
            node.ctime,
            node.mtime,
            node.version,
            node.cversion,
            node.aversion,
            node.ephemeral_owner,
        )
    )


class TreeDigest:
    """The digest of one tree, brought up to date when somebody asks for it and not before.

    While a server runs that is once in 128 transactions, so the digest of a parent that has got a
    hundred children meanwhile is computed once. ``Node.digest`` is a node's part in the sum.
    """

    __slots__ = ("_changed", "_enabled", "_sum")

    def __init__(self, enabled: bool, value: int = 0) -> None:
        self._enabled = enabled
        self._sum = value
        self._changed: dict[str, Node] = {}  # since the sum was right

    def will_change(self, path: str, node: Node) -> None:
        """Say so before a field of a node changes that counts."""
        if self._enabled:
            if node.digest is None:
                node.digest = node_digest(path, node)
            self._changed["" if path == ROOT else path] = node  # the root has two names

    def added(self, path: str, node: Node) -> None:
        """Say so after a node was added."""
        if self._enabled:
            node.digest = 0
            self._changed[path] = node

    def removed(self, path: str, node: Node) -> None:
        """Say so after a node was removed."""
        if self._enabled:
            self._changed.pop(path, None)
            self._sum -= node_digest(path, node) if node.digest is None else node.digest

    def value(self) -> int:
        """Return the digest of the tree as it is now, 0 if digests are off."""
        total = self._sum
        for path, node in self._changed.items():
            former, now = node.digest, node_digest(path, node)
            assert former is not None, f"{path} has changed unannounced"
            total += now - former
            # A number for each node would be memory; few of those just created change again.
            node.digest = now if former else None
        self._changed.clear()
        self._sum = total
        return total


class DigestHistory:
    """Digests by zxid, and the comparison with those that transactions and snapshots carry.

    A fuzzy snapshot holds effects of later transactions, so after loading one nothing is compared
    until the zxid at which the snapshot says the tree was whole again.
    """

    __slots__ = ("_awaited", "last_mismatch_zxid", "log", "mismatches")

    def __init__(self) -> None:
        self.log: deque[tuple[int, int]] = deque(maxlen=LOG_LIMIT)
        """(zxid, digest) of every 128th zxid, the last 1024 of them: what the word ``hash`` prints.
        """
        self.mismatches = 0
        self.last_mismatch_zxid: int | None = None
        self._awaited: tuple[int, TxnDigest] | None = None

    def await_snapshot_digest(self, zxid: int, digest: TxnDigest, snapshot_zxid: int) -> None:
        """Note what a snapshot taken from ``snapshot_zxid`` on says of the tree at ``zxid``."""
        # A digest older than the snapshot is of a tree that was whole when it was written.
        self._awaited = (zxid, digest) if zxid > 0 and zxid >= snapshot_zxid else None

    @property
    def is_fuzzy(self) -> bool:
        """Whether the tree may still be ahead of its last transaction."""
        return self._awaited is not None

    def wants(self, zxid: int) -> bool:
        """Whether the digest after transaction ``zxid`` is of interest in itself."""
        return zxid % LOG_INTERVAL == 0 or self._awaited is not None

    def applied(self, zxid: int, tree_digest: int, claimed: TxnDigest | None) -> None:
        """Record the digest after transaction ``zxid``, which itself claims ``claimed``."""
        if self._awaited is not None:
            awaited_zxid, expected = self._awaited
            if zxid >= awaited_zxid:
                self._awaited = None
            if zxid == awaited_zxid:
                self._compare(zxid, tree_digest, expected)
        elif zxid % LOG_INTERVAL == 0:
            self.log.append((zxid, tree_digest))
        if claimed is not None and self._awaited is None:
            self._compare(zxid, tree_digest, claimed)

    def _compare(self, zxid: int, tree_digest: int, claimed: TxnDigest) -> None:
        if claimed.version == DIGEST_VERSION and claimed.tree_digest != tree_digest:
            self.mismatches += 1
            self.last_mismatch_zxid = zxid
