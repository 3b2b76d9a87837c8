"""Making a data directory from transactions: for tests, examples, and moving data between servers.

What is written is what a server would have left behind: snapshot.0, logs, and a snapshot with a
new log after every so many transactions.
"""

from collections.abc import Iterable

from speckeeper.storage.directories import prepare_directories
from speckeeper.storage.disk import Disk
from speckeeper.storage.interface import FileSystem
from speckeeper.storage.settings import StorageSettings
from speckeeper.storage.snapshot_writer import write_snapshot
from speckeeper.storage.txnlog import TxnLog
from speckeeper.tree.apply import apply
from speckeeper.tree.datatree import DataTree
from speckeeper.tree.digest import DIGEST_VERSION
from speckeeper.wire.txns import Txn, TxnDigest, encode_txn


def write_data_dir(
    settings: StorageSettings,
    transactions: Iterable[Txn],
    snapshot_every: int | None = None,
    with_digests: bool = False,
    files: FileSystem | None = None,
) -> DataTree:
    """Log ``transactions`` (zxids rising) in new directories; return the tree they lead to.

    ``snapshot_every``: a snapshot after that many transactions, and a new log. ``with_digests``:
    each transaction carries the digest of the tree after it, as ZooKeeper's do. Raises
    StorageError.
    """
    files = files or Disk()
    prepare_directories(settings, files)
    tree = DataTree(digest_enabled=settings.digest_enabled)
    write_snapshot(files, settings, tree, 0)
    log = TxnLog(settings, files, last_zxid=0)
    for number, txn in enumerate(transactions, start=1):
        apply(tree, txn)
        if with_digests:
            txn = txn._replace(digest=TxnDigest(DIGEST_VERSION, tree.digest))
        log.append([(txn.header.zxid, encode_txn(txn))])
        if snapshot_every and number % snapshot_every == 0:
            log.roll()
            write_snapshot(files, settings, tree, txn.header.zxid)
    log.close()
    return tree
