"""Recovery, scenario by scenario: what is loaded, dropped with a warning, or refused."""

import re
from pathlib import Path

import pytest
from tests.unit.storage.world import (
    EPOCH_2,
    create,
    create_session,
    entry,
    history,
    log_files,
    set_data,
    settings_in,
)

from speckeeper.storage.directories import prepare_directories
from speckeeper.storage.disk import Disk
from speckeeper.storage.errors import BadSnapshot, CorruptLog, MissingTransactions, StorageError
from speckeeper.storage.names import snapshot_name
from speckeeper.storage.recovery import Recovered, recover
from speckeeper.storage.seed import write_data_dir
from speckeeper.storage.settings import StorageSettings
from speckeeper.storage.snapshot_writer import write_snapshot
from speckeeper.storage.txnlog import TxnLog
from speckeeper.tree.apply import apply
from speckeeper.tree.datatree import DataTree
from speckeeper.wire.logfile import encode_log_header, frame_entry, iter_entries
from speckeeper.wire.txns import Txn, TxnDigest


@pytest.fixture
def settings(tmp_path: Path) -> StorageSettings:
    return settings_in(tmp_path)


def tree_after(transactions: list[Txn]) -> DataTree:
    tree = DataTree()
    for txn in transactions:
        apply(tree, txn)
    return tree


def content(tree: DataTree) -> dict[str, object]:
    return {path: (node.data, node.acl, node.stat()) for path, node in tree.nodes.items()}


def assert_holds(recovered: Recovered, transactions: list[Txn]) -> None:
    expected = tree_after(transactions)
    assert content(recovered.tree) == content(expected)
    assert recovered.tree.sessions == expected.sessions
    assert recovered.tree.digest == expected.digest
    assert recovered.last_zxid == transactions[-1].header.zxid
    assert recovered.tree.last_processed_zxid == recovered.last_zxid


def snapshots(settings: StorageSettings) -> list[str]:
    return sorted(path.name for path in settings.snapshot_directory.glob("snapshot.*"))


def test_snapshot_and_logs(settings: StorageSettings) -> None:
    transactions = history(100)
    write_data_dir(settings, transactions, snapshot_every=30, with_digests=True)

    recovered = recover(settings)

    assert_holds(recovered, transactions)
    report = recovered.report
    assert (report.start, report.snapshot_zxid) == ("load", 90)
    assert report.transactions_since_snapshot == 10
    assert report.bytes_since_snapshot == sum(len(entry(txn)[1]) + 12 for txn in transactions[90:])
    assert report.digest_mismatches == 0
    assert report.warnings == []


def test_every_transaction_is_passed_on_in_order(settings: StorageSettings) -> None:
    write_data_dir(settings, history(50), snapshot_every=30)
    seen: list[int] = []

    recover(settings, on_transaction=lambda txn: seen.append(txn.header.zxid))

    assert seen == list(range(31, 51))


def test_a_server_goes_on_where_it_was_again_and_again(settings: StorageSettings) -> None:
    transactions = history(90)
    prepare_directories(settings, Disk())
    for start in range(0, 90, 10):
        recovered = recover(settings)
        assert recovered.last_zxid == start
        log = TxnLog(settings, Disk(), recovered.last_zxid)
        log.append([entry(txn) for txn in transactions[start : start + 10]])
        log.close()

    assert_holds(recover(settings), transactions)
    assert [path.name for path in log_files(settings)][:3] == ["log.1", "log.b", "log.15"]


def test_first_start_makes_a_snapshot_of_the_empty_tree(settings: StorageSettings) -> None:
    prepare_directories(settings, Disk())

    recovered = recover(settings)

    assert (recovered.last_zxid, recovered.report.start) == (0, "first start")
    assert snapshots(settings) == ["snapshot.0"]
    assert content(recover(settings).tree) == content(DataTree())


def test_without_autocreate_an_empty_directory_waits_for_its_peers(tmp_path: Path) -> None:
    settings = settings_in(tmp_path, db_autocreate=False)
    prepare_directories(settings, Disk())

    recovered = recover(settings)

    assert (recovered.last_zxid, recovered.report.start) == (-1, "lost disk")
    assert snapshots(settings) == []


@pytest.mark.parametrize("where", ["data", "log"])
def test_the_initialize_marker_counts_once_and_in_both_directories(
    tmp_path: Path, where: str
) -> None:
    """ZooKeeper's script writes it to dataDir, its server reads it in dataLogDir."""
    settings = StorageSettings(tmp_path / "data", tmp_path / "log", db_autocreate=False)
    prepare_directories(settings, Disk())
    marker = tmp_path / where / "initialize"
    marker.touch()

    assert recover(settings).last_zxid == 0

    assert not marker.exists()
    assert snapshots(settings) == ["snapshot.0"]


def test_logs_without_a_snapshot_are_refused_unless_that_is_trusted(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    transactions = history(20)
    write_data_dir(settings, transactions)
    (settings.snapshot_directory / "snapshot.0").unlink()

    with pytest.raises(MissingTransactions, match=r"snapshot\.trust\.empty=true"):
        recover(settings)
    assert snapshots(settings) == []

    recovered = recover(settings_in(tmp_path, snapshot_trust_empty=True))
    assert_holds(recovered, transactions)
    assert recovered.report.start == "upgrade"


def test_trusting_an_empty_snapshot_does_not_hide_missing_logs(tmp_path: Path) -> None:
    settings = settings_in(tmp_path, snapshot_trust_empty=True)
    write_data_dir(settings, history(20), snapshot_every=10)
    for name in snapshots(settings):
        (settings.snapshot_directory / name).unlink()
    (settings.log_directory / "log.1").unlink()

    with pytest.raises(MissingTransactions, match=r"log\.b: the log starts at 0xb"):
        recover(settings)


def test_a_snapshot_cut_off_is_skipped_where_the_logs_reach_back(
    settings: StorageSettings,
) -> None:
    transactions = history(100)
    write_data_dir(settings, transactions, snapshot_every=30)
    newest = settings.snapshot_directory / snapshot_name(90)
    newest.write_bytes(newest.read_bytes()[:-30])

    recovered = recover(settings)

    assert_holds(recovered, transactions)
    assert recovered.report.snapshot_zxid == 60
    assert str(newest) in recovered.report.warnings[0]


@pytest.mark.parametrize("damage", ["flip", "gzip", "empty", "snappy"])
def test_an_older_snapshot_is_not_enough_where_a_log_is_missing(
    tmp_path: Path, damage: str
) -> None:
    settings = settings_in(tmp_path, snapshot_compression_method="gz" if damage == "gzip" else "")
    write_data_dir(settings, history(90), snapshot_every=30)
    newest = max(settings.snapshot_directory.glob("snapshot.5a*"))
    raw = bytearray(newest.read_bytes())
    if damage == "snappy":
        newest.rename(newest.with_name("snapshot.5a.snappy"))
    else:
        raw[len(raw) // 2] ^= 4
        newest.write_bytes(b"" if damage == "empty" else bytes(raw))
    (settings.log_directory / "log.3d").unlink()

    with pytest.raises(StorageError, match=r"0x3c"):
        recover(settings)


def test_only_broken_snapshots_are_refused(settings: StorageSettings) -> None:
    """ZooKeeper would start with an empty tree here."""
    write_data_dir(settings, history(30), snapshot_every=30)
    (settings.snapshot_directory / "snapshot.0").unlink()
    (settings.snapshot_directory / "snapshot.1e").write_bytes(b"ZKSN")
    (settings.log_directory / "log.1").unlink()

    with pytest.raises(BadSnapshot, match=r"snapshot\.1e: the snapshot is not complete"):
        recover(settings)


def test_a_first_start_that_was_stopped_is_repeated(settings: StorageSettings) -> None:
    """ZooKeeper writes snapshot.0 in place and can leave half of it."""
    prepare_directories(settings, Disk())
    (settings.snapshot_directory / "snapshot.0").write_bytes(b"ZKSN\0\0")

    assert recover(settings).report.start == "stopped first"
    assert recover(settings).report.start == "load"


def test_a_missing_log_in_the_middle_is_refused(settings: StorageSettings) -> None:
    write_data_dir(settings, history(100))
    log = settings.log_directory / "log.1"
    raw = log.read_bytes()
    offsets = [offset for offset, _ in iter_entries(raw)]
    for first, last in ((1, 33), (34, 66), (67, 100)):
        end = offsets[last] if last < 100 else len(raw)
        part = encode_log_header() + raw[offsets[first - 1] : end]
        (settings.log_directory / f"log.{first:x}").write_bytes(part)

    assert recover(settings).last_zxid == 100
    (settings.log_directory / "log.22").unlink()
    with pytest.raises(MissingTransactions) as caught:
        recover(settings)

    assert "log.43" in str(caught.value)
    assert "starts at 0x43" in str(caught.value)
    assert "ends at 0x21" in str(caught.value)


def test_a_log_that_starts_beyond_the_snapshot_is_refused(settings: StorageSettings) -> None:
    write_data_dir(settings, history(60), snapshot_every=30)
    for name in ("snapshot.3c", "log.1"):
        (settings.snapshot_directory / name).unlink()
    (settings.snapshot_directory / "snapshot.1e").unlink()

    with pytest.raises(MissingTransactions, match=r"log\.1f"):
        recover(settings)


def test_a_jump_within_a_file_is_only_told(settings: StorageSettings) -> None:
    """ZooKeeper 3.8 uses up a zxid for a multi with a null path and does not log it.

    A member of an ensemble that was sent a snapshot goes on in the same log file, too.
    """
    before, after = history(10), history(10, start=51)
    prepare_directories(settings, Disk())
    tree = tree_after(before)
    write_snapshot(Disk(), settings, DataTree(), 0)
    log = TxnLog(settings, Disk(), 0)
    log.append([entry(txn) for txn in [*before, *after]])
    log.close()

    recovered = recover(settings)
    assert recovered.last_zxid == 60
    assert recovered.report.transactions_since_snapshot == 20
    (warning,) = recovered.report.warnings
    assert re.search(r"log\.1: 0x33 at offset \d+ comes after 0xa", warning)

    tree.last_processed_zxid = 50
    write_snapshot(Disk(), settings, tree, 50)
    covered = recover(settings)
    assert covered.last_zxid == 60
    assert not covered.report.warnings


def test_a_new_epoch_goes_on_from_one(settings: StorageSettings) -> None:
    transactions = history(10) + history(10, start=EPOCH_2 + 1)
    write_data_dir(settings, transactions)

    assert_holds(recover(settings), transactions)


def test_a_snapshot_that_holds_more_than_the_log_is_refused(settings: StorageSettings) -> None:
    """A snapshot written while serving says how far the tree had come when it was complete."""
    transactions = history(40)
    write_data_dir(settings, transactions[:30])
    write_snapshot(Disk(), settings, tree_after(transactions), 20)

    with pytest.raises(MissingTransactions, match=r"changes up to 0x28, but the log ends at 0x1e"):
        recover(settings)


def test_the_name_of_a_broken_snapshot_proves_how_far_the_log_went(
    settings: StorageSettings,
) -> None:
    write_data_dir(settings, history(30))
    (settings.snapshot_directory / "snapshot.1f").write_bytes(b"ZKSN")

    with pytest.raises(BadSnapshot, match=r"snapshot\.1f.*log ends at 0x1e"):
        recover(settings)

    # Where a leader begins is no transaction.
    (settings.snapshot_directory / "snapshot.1f").rename(
        settings.snapshot_directory / snapshot_name(EPOCH_2)
    )
    assert recover(settings).last_zxid == 30


@pytest.mark.parametrize(
    "leftover",
    [b"", b"ZKLG", bytes(7), b"ZKL" + bytes(70_000), bytes(70_000), encode_log_header(), None],
)
def test_a_newest_log_without_a_transaction_is_removed(
    settings: StorageSettings, leftover: bytes | None
) -> None:
    transactions = history(10)
    write_data_dir(settings, transactions)
    if leftover is None:
        torn = frame_entry(entry(history(1, start=11)[0])[1])[:-5]
        leftover = encode_log_header() + torn + bytes(1000)
    log = settings.log_directory / "log.b"
    log.write_bytes(leftover)

    recovered = recover(settings)

    assert_holds(recovered, transactions)
    assert str(log) in recovered.report.warnings[0]
    assert not log.exists()


def test_a_log_without_a_header_elsewhere_is_refused(settings: StorageSettings) -> None:
    transactions = history(10)
    write_data_dir(settings, transactions[:5])
    (settings.log_directory / "log.6").write_bytes(b"")
    log = TxnLog(settings, Disk(), 6)
    log.append([entry(history(1, start=7)[0])])
    log.close()

    with pytest.raises(CorruptLog, match=r"log\.6"):
        recover(settings)


def test_a_file_that_is_no_log_is_refused(settings: StorageSettings) -> None:
    write_data_dir(settings, history(10))
    log = settings.log_directory / "log.1"
    log.write_bytes(b"rubbish, and more of it" + log.read_bytes())

    with pytest.raises(CorruptLog, match=r"log\.1: corrupt at offset 0: magic 0x72756262"):
        recover(settings)


def test_a_torn_record_in_an_older_file_is_skipped_where_the_next_goes_on(
    settings: StorageSettings,
) -> None:
    """ZooKeeper leaves a torn record where it is, and takes its zxid again in the next file."""
    transactions = history(20)
    write_data_dir(settings, transactions[:10])
    first = settings.log_directory / "log.1"
    whole = first.read_bytes()
    torn = frame_entry(entry(create(11, "/never", b"x" * 100))[1])[:60]
    first.write_bytes(whole + torn + bytes(5000))
    log = TxnLog(settings, Disk(), 10)
    log.append([entry(txn) for txn in transactions[10:]])
    log.close()

    recovered = recover(settings)
    assert_holds(recovered, transactions)
    assert f"offset {len(whole)}" in recovered.report.warnings[0]

    (settings.log_directory / "log.b").rename(settings.log_directory / "log.c")
    with pytest.raises(CorruptLog) as caught:
        recover(settings)
    assert (caught.value.file, caught.value.offset) == (first, len(whole))


def test_a_torn_record_at_the_end_is_cut_off(settings: StorageSettings) -> None:
    transactions = history(10)
    write_data_dir(settings, transactions)
    log = settings.log_directory / "log.1"
    whole = log.read_bytes()
    log.write_bytes(whole + frame_entry(entry(create(11, "/n", b"x" * 100))[1])[:60] + bytes(5000))

    recovered = recover(settings)

    assert_holds(recovered, transactions)
    (warning,) = recovered.report.warnings
    assert warning.startswith(f"{log}: torn record at offset {len(whole)}")
    assert log.read_bytes() == whole
    assert recover(settings).report.warnings == []


def test_a_refused_start_changes_nothing(settings: StorageSettings) -> None:
    write_data_dir(settings, history(30), snapshot_every=10)
    (settings.log_directory / "log.15").unlink()
    (settings.snapshot_directory / "snapshot.1e").unlink()
    (settings.snapshot_directory / "snapshot.14").unlink()
    (settings.snapshot_directory / "snapshot.9.tmp").write_bytes(b"half")
    (settings.log_directory / "log.1f").write_bytes(b"")
    (settings.data_dir / "initialize").touch()
    before = {path: path.stat().st_size for path in settings.data_dir.rglob("*")}

    # 0x15 to 0x1e are gone with log.15, and the empty log.1f proves that they were there.
    with pytest.raises(StorageError):
        recover(settings)

    assert {path: path.stat().st_size for path in settings.data_dir.rglob("*")} == before


def test_unfinished_snapshots_are_removed_and_strangers_are_named(
    settings: StorageSettings,
) -> None:
    transactions = history(10)
    write_data_dir(settings, transactions)
    unfinished = settings.snapshot_directory / "snapshot.ff.tmp"
    unfinished.write_bytes(b"half")
    for name in ("log.5.fixed", "snapshot.zz", "log.fffffffffffffffff"):
        (settings.snapshot_directory / name).write_bytes(b"?")

    recovered = recover(settings)

    assert_holds(recovered, transactions)
    assert not unfinished.exists()
    assert [warning.split(": ")[0].split("/")[-1] for warning in recovered.report.warnings] == [
        "log.5.fixed",
        "log.fffffffffffffffff",
        "snapshot.zz",
    ]


def test_ephemerals_of_dead_sessions_go(settings: StorageSettings) -> None:
    """As ZooKeeperServer.loadData does: no closeSession will ever come for them."""
    write_data_dir(settings, [create(1, "/eph", ephemeral=True), create(2, "/stays")])

    recovered = recover(settings)

    assert recovered.report.dead_ephemerals == 1
    assert "/eph" not in recovered.tree.nodes
    assert recovered.tree.nodes["/"].pzxid == 2


def test_ephemerals_of_living_sessions_stay(settings: StorageSettings) -> None:
    write_data_dir(settings, [create_session(1), create(2, "/eph", ephemeral=True)])

    recovered = recover(settings)

    assert "/eph" in recovered.tree.nodes
    assert recovered.report.dead_ephemerals == 0


def test_a_digest_that_does_not_match_is_counted_and_told(settings: StorageSettings) -> None:
    transactions = history(10)
    transactions[4] = transactions[4]._replace(digest=TxnDigest(2, 12345))
    write_data_dir(settings, transactions)

    recovered = recover(settings)

    assert recovered.report.digest_mismatches == 1
    assert "last at 0x5" in recovered.report.warnings[0]


def test_transactions_out_of_order_are_applied_with_a_warning(settings: StorageSettings) -> None:
    """ZooKeeper only warns; a replay over a tree that has them already changes nothing."""
    transactions = [create(1, "/a"), set_data(2, "/a", b"1", 1), create(3, "/b")]
    write_data_dir(settings, transactions)
    log = settings.log_directory / "log.1"
    log.write_bytes(log.read_bytes() + frame_entry(entry(transactions[1])[1]))

    recovered = recover(settings)

    assert_holds(recovered, transactions)
    assert "0x2 at offset" in recovered.report.warnings[0]


def test_a_record_that_cannot_be_decoded_is_refused(settings: StorageSettings) -> None:
    write_data_dir(settings, history(3))
    log = settings.log_directory / "log.1"
    whole = log.read_bytes()
    bad = bytearray(entry(create(4, "/n"))[1])
    bad[32:36] = b"\x7f\xff\xff\xff"
    log.write_bytes(whole + frame_entry(bytes(bad)))

    with pytest.raises(CorruptLog, match=rf"corrupt at offset {len(whole)}: undecodable"):
        recover(settings)
    log.write_bytes(whole + frame_entry(b"short"))
    with pytest.raises(CorruptLog, match=rf"offset {len(whole)}: a transaction without a header"):
        recover(settings)
