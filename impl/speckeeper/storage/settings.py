"""What storage can be told; names and defaults are zoo.cfg's."""

from dataclasses import dataclass
from pathlib import Path

VERSION_DIRECTORY = "version-2"


@dataclass(frozen=True, slots=True)
class StorageSettings:
    """Directories and limits of one server's storage.

    ``pre_alloc_size_kb``: a log file grows by this much at a time, 0 turns that off.
    ``txn_log_size_limit_kb``: a log file longer than this is followed by a new one, -1 for never.
    ``force_sync`` False: transactions are acknowledged before the disk has them.
    ``fsync_warning_threshold_ms``: a sync that takes longer is reported.
    ``snapshot_compression_method``: "", "gz" or "snappy".
    ``snapshot_trust_empty``: logs without any snapshot are replayed onto an empty tree.
    ``db_autocreate``, ``datadir_autocreate``: make an empty database, missing directories.
    ``serialize_last_processed_zxid``, ``digest_enabled``: trailers of the snapshots written here.
    ``snap_retain_count``: how many snapshots purging keeps, at least 3.
    ``snapshot_size_factor``: a learner is sent a log up to this part of a snapshot's size.
    """

    data_dir: Path
    data_log_dir: Path | None = None
    pre_alloc_size_kb: int = 65536
    txn_log_size_limit_kb: int = -1
    force_sync: bool = True
    fsync_warning_threshold_ms: int = 1000
    snapshot_compression_method: str = ""
    snapshot_trust_empty: bool = False
    db_autocreate: bool = True
    datadir_autocreate: bool = True
    serialize_last_processed_zxid: bool = True
    digest_enabled: bool = True
    snap_retain_count: int = 3
    snapshot_size_factor: float = 0.33

    @property
    def snapshot_directory(self) -> Path:
        """Where snapshots and epochs are."""
        return self.data_dir / VERSION_DIRECTORY

    @property
    def log_directory(self) -> Path:
        """Where transaction logs are."""
        return (self.data_log_dir or self.data_dir) / VERSION_DIRECTORY
