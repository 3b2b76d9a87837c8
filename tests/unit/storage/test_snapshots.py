"""Snapshots: written at once or in slices while the tree changes, compressed, loaded, refused."""

import gzip
import random
from pathlib import Path
from queue import SimpleQueue

import pytest
from tests.unit.storage.world import (
    FaultyDisk,
    create_session,
    delete,
    entry,
    header,
    history,
    set_data,
    settings_in,
)

from speckeeper.storage import snappy, snapshot_writer, snapshots
from speckeeper.storage.disk import Disk
from speckeeper.storage.errors import (
    BadSnapshot,
    DataDirError,
    DiskFailure,
    StorageError,
    Unreadable,
)
from speckeeper.storage.names import NamedFile, list_snapshots
from speckeeper.storage.recovery import recover
from speckeeper.storage.seed import write_data_dir
from speckeeper.storage.settings import StorageSettings
from speckeeper.storage.snapshot_writer import (
    SnapshotFile,
    SnapshotWriter,
    snapshot_of,
    write_snapshot,
)
from speckeeper.storage.snapshots import complete_snapshots, load_snapshot, looks_complete
from speckeeper.storage.txnlog import TxnLog
from speckeeper.tree.apply import apply
from speckeeper.tree.datatree import DataTree
from speckeeper.wire.records import ACL, OPEN_ACL_UNSAFE, Id
from speckeeper.wire.txns import CreateTxn, SetACLTxn, Txn, TxnDigest, TxnHeader

PATIENCE_S = 30


@pytest.fixture
def settings(tmp_path: Path) -> StorageSettings:
    settings = settings_in(tmp_path)
    settings.snapshot_directory.mkdir()
    return settings


def tree_of(count: int) -> DataTree:
    tree = DataTree()
    for txn in [create_session(1), *history(count, start=2)]:
        apply(tree, txn)
    return tree


def same(one: DataTree, other: DataTree) -> bool:
    return (
        {path: (node.data, node.acl, node.stat()) for path, node in one.nodes.items()}
        == {path: (node.data, node.acl, node.stat()) for path, node in other.nodes.items()}
        and one.sessions == other.sessions
        and one.digest == other.digest
    )


def written(settings: StorageSettings, tree: DataTree, disk: Disk) -> NamedFile | StorageError:
    """Write a snapshot in slices, nothing happening meanwhile; return the file or the failure."""
    results: SimpleQueue[NamedFile | StorageError] = SimpleQueue()
    file = SnapshotFile(
        disk,
        settings.snapshot_directory,
        tree.last_processed_zxid,
        settings.snapshot_compression_method,
    )
    writer = SnapshotWriter(file, snapshot_of(tree, settings), results.put, results.put)
    while not writer.step(0.001):
        pass
    writer.join()
    result = results.get(timeout=PATIENCE_S)
    assert results.empty()
    return result


@pytest.mark.parametrize("compression", ["", "gz"])
@pytest.mark.parametrize("in_slices", [False, True])
def test_what_is_written_can_be_loaded(tmp_path: Path, compression: str, in_slices: bool) -> None:
    settings = settings_in(tmp_path, snapshot_compression_method=compression)
    settings.snapshot_directory.mkdir()
    tree = tree_of(3000)

    if in_slices:
        file = written(settings, tree, Disk())
    else:
        file = write_snapshot(Disk(), settings, tree, 3001)

    name = "snapshot.bb9.gz" if compression else "snapshot.bb9"
    assert file == NamedFile(3001, settings.snapshot_directory / name, compression)
    assert [path.name for path in settings.snapshot_directory.iterdir()] == [name]
    loaded = DataTree()
    trailer = load_snapshot(Disk(), file, loaded)
    assert same(loaded, tree)
    assert trailer.last_zxid == 3001
    assert trailer.digest is not None
    assert (trailer.digest.zxid, trailer.digest.digest) == (3001, tree.digest)


def test_a_snapshot_ends_when_the_log_has_what_it_holds(tmp_path: Path) -> None:
    """Else recovery would miss what the trailer says that the tree had."""
    settings = settings_in(tmp_path)
    settings.snapshot_directory.mkdir()
    results: SimpleQueue[NamedFile | StorageError] = SimpleQueue()
    file = SnapshotFile(Disk(), settings.snapshot_directory, 11, "")
    tree, durable = tree_of(10), [9]
    writer = SnapshotWriter(
        file,
        snapshot_of(tree, settings),
        results.put,
        results.put,
        lambda: tree.last_processed_zxid,
        lambda zxid: durable[-1] >= zxid,
    )
    for _ in range(20):
        assert not writer.step(0.001)
    assert complete_snapshots(Disk(), settings.snapshot_directory) == []

    apply(tree, history(1, start=12)[0])  # what comes later need not be waited for
    durable.append(11)
    while not writer.step(0.001):
        pass
    writer.join()
    assert results.get(timeout=PATIENCE_S) == NamedFile(
        11, settings.snapshot_directory / "snapshot.b", ""
    )


def test_trailers_can_be_switched_off(tmp_path: Path) -> None:
    settings = settings_in(tmp_path, serialize_last_processed_zxid=False, digest_enabled=False)
    settings.snapshot_directory.mkdir()
    tree = DataTree(digest_enabled=False)
    apply(tree, create_session(1))

    file = write_snapshot(Disk(), settings, tree, 1)

    trailer = load_snapshot(Disk(), file, DataTree(digest_enabled=False))
    assert trailer == (None, None)


def test_a_snapshot_of_a_changing_tree_and_the_log_give_the_tree(tmp_path: Path) -> None:
    """Fuzzy snapshots: everything that can happen to a node happens while its turn comes."""
    for seed in range(12):
        rng = random.Random(seed)
        settings = settings_in(tmp_path / str(seed))
        busy = _Busy(rng)
        start = [busy.next() for _ in range(400)]
        tree = write_data_dir(settings, start, with_digests=True)
        log = TxnLog(settings, Disk(), busy.zxid)
        file = SnapshotFile(Disk(), settings.snapshot_directory, busy.zxid, "")
        for chunk in snapshot_of(tree, settings, 256):
            file.add(chunk)
            for _ in range(rng.randrange(6)):
                txn = busy.next()
                apply(tree, txn)
                log.append([entry(txn._replace(digest=TxnDigest(2, tree.digest)))])
        named = file.commit()
        log.close()

        recovered = recover(settings)

        assert recovered.report.snapshot == named.path
        assert recovered.report.transactions_since_snapshot > 20
        assert same(recovered.tree, tree), seed
        assert recovered.report.digest_mismatches == 0


class _Busy:
    """Makes transactions as a server would: sequence numbers and versions of what is there."""

    ACLS = (OPEN_ACL_UNSAFE, (ACL(31, Id("digest", "a:b")),), (ACL(1, Id("ip", "10.0.0.0/8")),))

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.zxid = 0
        self.versions: dict[str, list[int]] = {"": [0, 0, 0]}  # data, children created, acl

    def next(self) -> Txn:
        rng = self.rng
        self.zxid += 1
        paths = list(self.versions)
        match rng.randrange(8):
            case 0 | 1 | 2 | 3:
                parent = rng.choice(paths)
                created = self.versions[parent]
                created[1] += 1
                path = f"{parent}/{rng.randrange(40)}"
                if path not in self.versions and path.count("/") < 5:
                    self.versions[path] = [0, 0, 0]
                    record = CreateTxn(path, b"new", rng.choice(self.ACLS), False, created[1])
                    return Txn(header(self.zxid, 1), record)
                created[1] -= 1
            case 4 | 5 if len(paths) > 1:
                path = rng.choice(paths[1:])
                self.versions[path][0] += 1
                return set_data(self.zxid, path, b"%d" % self.zxid, self.versions[path][0])
            case 6 if len(paths) > 1:
                path = rng.choice(paths[1:])
                self.versions[path][2] += 1
                record_acl = SetACLTxn(path, rng.choice(self.ACLS), self.versions[path][2])
                return Txn(header(self.zxid, 7), record_acl)
            case 7:
                leaves = [path for path in paths[1:] if not self._has_child(path)]
                if leaves:
                    path = rng.choice(leaves)
                    del self.versions[path]
                    return delete(self.zxid, path)
            case _:
                pass
        return Txn(TxnHeader(self.zxid, 0, self.zxid, self.zxid, -10), create_session(1).record)

    def _has_child(self, path: str) -> bool:
        return any(other.startswith(path + "/") for other in self.versions)


def test_a_step_is_short_and_waits_for_the_disk(settings: StorageSettings) -> None:
    tree = tree_of(20_000)

    class StuckDisk(Disk):
        def __init__(self) -> None:
            self.gate: SimpleQueue[None] = SimpleQueue()

        def create(self, path: Path, exclusive: bool) -> int:
            self.gate.get(timeout=PATIENCE_S)
            return super().create(path, exclusive)

    disk = StuckDisk()
    results: SimpleQueue[NamedFile | StorageError] = SimpleQueue()
    file = SnapshotFile(disk, settings.snapshot_directory, 1, "")
    writer = SnapshotWriter(file, snapshot_of(tree, settings), results.put, results.put)
    original = snapshot_writer.BACKLOG_BYTES
    snapshot_writer.BACKLOG_BYTES = 512 << 10
    try:
        steps = 0
        while writer._handed_over < snapshot_writer.BACKLOG_BYTES:
            assert not writer.step(0)
            steps += 1
        assert steps > 20
        handed_over = writer._handed_over
        for _ in range(10):
            assert not writer.step(1)
        assert writer._handed_over == handed_over
        disk.gate.put(None)
        while not writer.step(0.01):
            pass
    finally:
        snapshot_writer.BACKLOG_BYTES = original
    writer.join()
    assert isinstance(results.get(timeout=PATIENCE_S), NamedFile)


def test_an_aborted_snapshot_leaves_nothing(settings: StorageSettings) -> None:
    results: SimpleQueue[NamedFile | StorageError] = SimpleQueue()
    file = SnapshotFile(Disk(), settings.snapshot_directory, 1, "")
    writer = SnapshotWriter(file, snapshot_of(tree_of(5000), settings), results.put, results.put)

    for _ in range(5):
        assert not writer.step(0)
    writer.abort()

    assert writer.step(1)
    assert results.empty()
    assert list(settings.snapshot_directory.iterdir()) == []


@pytest.mark.parametrize("how", [5, 28, FaultyDisk.SHORT])
def test_a_disk_that_fails_leaves_the_older_snapshots(tmp_path: Path, how: int) -> None:
    """At every index of the calls that change something: told once, and never a broken file."""
    tree = tree_of(3000)
    for fail_at in range(20):
        settings = settings_in(tmp_path / str(fail_at))
        settings.snapshot_directory.mkdir(parents=True)
        older = write_snapshot(Disk(), settings, tree, 5)
        disk = FaultyDisk(fail_at, how)

        result = written(settings, tree, disk)

        usable = complete_snapshots(Disk(), settings.snapshot_directory)
        assert usable[-1] == older
        for snapshot in usable:
            load_snapshot(Disk(), snapshot, DataTree())
        if not disk.failed:
            assert isinstance(result, NamedFile)
            break
        assert isinstance(result, DiskFailure)
        assert "snapshot.bb9" in str(result)
        assert list_snapshots(Disk(), settings.snapshot_directory) == usable[::-1]
    assert 4 < fail_at < 19


def test_a_defect_while_writing_is_told_too(settings: StorageSettings) -> None:
    class OddDisk(Disk):
        def sync(self, handle: int) -> None:
            raise KeyError("defect")

    result = written(settings, tree_of(10), OddDisk())

    assert isinstance(result, StorageError)
    assert "defect" in str(result)
    assert list(settings.snapshot_directory.iterdir()) == []


def test_other_compressions_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataDirError, match="'zip' is not supported; use gz or snappy"):
        SnapshotFile(Disk(), tmp_path, 1, "zip")


def test_a_snappy_snapshot_comes_back(tmp_path: Path) -> None:
    settings = settings_in(tmp_path, snapshot_compression_method="snappy")
    settings.snapshot_directory.mkdir(parents=True, exist_ok=True)
    tree = tree_of(5000)
    file = write_snapshot(Disk(), settings, tree, 5001)
    assert file.path.name == "snapshot.1389.snappy"
    assert looks_complete(Disk(), file)

    loaded = DataTree()
    load_snapshot(Disk(), file, loaded)

    assert same(loaded, tree)


@pytest.mark.parametrize("size", [0, 7, 8, 15, 17, 21, 900, -1])
def test_a_snappy_snapshot_that_is_cut_off_is_no_snapshot(tmp_path: Path, size: int) -> None:
    settings = settings_in(tmp_path, snapshot_compression_method="snappy")
    settings.snapshot_directory.mkdir(parents=True, exist_ok=True)
    file = write_snapshot(Disk(), settings, tree_of(1000), 1001)
    file.path.write_bytes(file.path.read_bytes()[:size])

    with pytest.raises(BadSnapshot):
        load_snapshot(Disk(), file, DataTree())


def test_the_snappy_of_java() -> None:
    """Bytes of the format: header, one block of a literal and a copy; a second stream appended."""
    block = bytes([8, 0b0000_0100]) + b"ab" + bytes([0b0000_1001, 2])
    stream = b"\x82SNAPPY\0\0\0\0\1\0\0\0\1" + len(block).to_bytes(4, "big") + block
    assert b"".join(snappy.decompress(iter([stream[:3], stream[3:], stream]))) == b"abababab" * 2

    compressor = snappy.SnappyCompressor()
    written = compressor.compress(b"x" * 40_000) + compressor.flush()
    assert written.startswith(stream[:16])
    with pytest.raises(snappy.SnappyError, match="cut off"):
        list(snappy.decompress(iter([written[:-1]])))
    with pytest.raises(snappy.SnappyError, match="needs version 2"):
        list(snappy.decompress(iter([written[:15] + b"\2" + written[16:]])))


def test_a_gzip_file_of_several_streams_is_read(settings: StorageSettings) -> None:
    """As gzip files appended to each other, which Java reads too."""
    tree = tree_of(100)
    plain = write_snapshot(Disk(), settings, tree, 101).path.read_bytes()
    path = settings.snapshot_directory / "snapshot.66.gz"
    path.write_bytes(gzip.compress(plain[:777]) + gzip.compress(plain[777:]))

    loaded = DataTree()
    load_snapshot(Disk(), NamedFile(102, path, "gz"), loaded)

    assert same(loaded, tree)


@pytest.mark.parametrize("compression", ["", "gz"])
def test_a_snapshot_cut_anywhere_is_refused(tmp_path: Path, compression: str) -> None:
    settings = settings_in(tmp_path, snapshot_compression_method=compression)
    settings.snapshot_directory.mkdir()
    file = write_snapshot(Disk(), settings, tree_of(60), 61)
    whole = file.path.read_bytes()
    # What follows the body's seal is optional: digest and last zxid, each with its own.
    optional = 0 if compression else 20 + 13 + 8 + 13

    for size in range(0, len(whole) - optional, 7):
        file.path.write_bytes(whole[:size])
        with pytest.raises(BadSnapshot, match=r"snapshot\.3d"):
            load_snapshot(Disk(), file, DataTree())


def test_a_file_that_cannot_be_read_is_refused(settings: StorageSettings) -> None:
    gone = NamedFile(5, settings.snapshot_directory / "snapshot.5")

    with pytest.raises(Unreadable, match=r"snapshot\.5: is a link to nothing"):
        snapshots.looks_complete(Disk(), gone)
    with pytest.raises(Unreadable, match=r"snapshot\.5: is a link to nothing"):
        load_snapshot(Disk(), gone, DataTree())
