"""Purging, reading the log from a zxid on, cutting it back, and showing files."""

import json
import random
from pathlib import Path

import pytest
from tests.unit.storage.world import (
    FaultyDisk,
    create,
    create_session,
    delete,
    entry,
    header,
    history,
    log_files,
    set_data,
    settings_in,
)

from speckeeper.storage.disk import Disk
from speckeeper.storage.errors import CorruptLog, DiskFailure, MissingTransactions
from speckeeper.storage.history import read_from, truncate
from speckeeper.storage.names import snapshot_name
from speckeeper.storage.purge import purge
from speckeeper.storage.recovery import recover
from speckeeper.storage.seed import write_data_dir
from speckeeper.storage.settings import StorageSettings
from speckeeper.storage.show import show_log, show_snapshot
from speckeeper.storage.snapshot_writer import write_snapshot
from speckeeper.storage.txnlog import TxnLog
from speckeeper.wire.logfile import encode_log_header, frame_entry
from speckeeper.wire.records import OPEN_ACL_UNSAFE
from speckeeper.wire.txns import (
    CloseSessionTxn,
    CreateTTLTxn,
    CreateTxn,
    DeleteTxn,
    ErrorTxn,
    MultiTxn,
    SetACLTxn,
    SubTxn,
    Txn,
    TxnDigest,
    encode_txn,
)


@pytest.fixture
def settings(tmp_path: Path) -> StorageSettings:
    return settings_in(tmp_path)


def names(settings: StorageSettings) -> list[str]:
    return sorted(path.name for path in settings.log_directory.glob("*.*"))


def test_purge_keeps_the_newest_snapshots_and_their_logs(settings: StorageSettings) -> None:
    write_data_dir(settings, history(70), snapshot_every=10)

    removed = purge(settings, Disk())

    # snapshot.32 is the oldest kept; log.29 may have reached beyond it.
    assert names(settings) == [
        *("log.29", "log.33", "log.3d"),
        *("snapshot.32", "snapshot.3c", "snapshot.46"),
    ]
    assert len(removed) == 9
    assert purge(settings, Disk()) == []
    assert recover(settings).last_zxid == 70


def test_every_snapshot_that_is_kept_can_be_recovered_from(settings: StorageSettings) -> None:
    """Also where the log did not roll with the snapshots."""
    transactions = history(100)
    for case in range(8):
        rng = random.Random(case)
        own = settings_in(
            settings.data_dir / str(case), snap_retain_count=rng.choice([1, 4]), force_sync=False
        )
        tree = write_data_dir(own, transactions[:1])
        log = TxnLog(own, Disk(), 1)
        for txn in transactions[1:]:
            log.append([entry(txn)])
            log.commit()
            tree = recover(own).tree if rng.random() < 0.1 else tree
            if rng.random() < 0.1:
                log.roll()
            if tree.last_processed_zxid == txn.header.zxid:
                write_snapshot(Disk(), own, tree, txn.header.zxid)
        log.close()
        before = len(list(own.snapshot_directory.glob("snapshot.*")))

        purge(own, Disk())

        kept = sorted(
            own.snapshot_directory.glob("snapshot.*"), key=lambda path: int(path.suffix[1:], 16)
        )
        assert len(kept) == min(before, max(3, own.snap_retain_count))
        while kept:
            assert recover(own).last_zxid == 100, (case, kept)
            kept.pop().unlink()


def test_purge_counts_only_snapshots_that_look_complete(settings: StorageSettings) -> None:
    write_data_dir(settings, history(70), snapshot_every=10)
    for zxid in (70, 60, 30):
        (settings.snapshot_directory / snapshot_name(zxid)).write_bytes(b"ZKSN")

    purge(settings, Disk())

    # 10, 20, 40, 50 are complete: 20, 40 and 50 stay, and what is newer, complete or not.
    zxids = sorted(int(name.split(".")[1], 16) for name in names(settings) if name[0] == "s")
    assert zxids == [20, 30, 40, 50, 60, 70]
    assert recover(settings).last_zxid == 70


def test_purge_without_a_complete_snapshot_removes_nothing(settings: StorageSettings) -> None:
    write_data_dir(settings, history(20))
    (settings.snapshot_directory / "snapshot.0").write_bytes(b"")

    assert purge(settings, Disk()) == []


def test_purge_reports_a_file_that_stays(settings: StorageSettings) -> None:
    write_data_dir(settings, history(70), snapshot_every=10)

    with pytest.raises(DiskFailure, match=r"log\.1: remove failed: Input/output error"):
        purge(settings, FaultyDisk(0, 5))

    assert recover(settings).last_zxid == 70


@pytest.mark.parametrize("start", [1, 2, 30, 31, 32, 99, 100, 101])
def test_reading_from_a_zxid(settings: StorageSettings, start: int) -> None:
    write_data_dir(settings, history(100), snapshot_every=30)

    read = list(read_from(Disk(), settings.log_directory, start))

    assert read == history(101 - start, start=start)


def test_reading_from_before_the_log_is_refused(settings: StorageSettings) -> None:
    write_data_dir(settings, history(100), snapshot_every=30)
    purge(settings, Disk())
    (settings.log_directory / "log.1").unlink()

    with pytest.raises(MissingTransactions):
        list(read_from(Disk(), settings.log_directory, 20))


@pytest.mark.parametrize("padded", [False, True])
@pytest.mark.parametrize("zxid", [1, 29, 30, 31, 59, 60, 95, 100, 500])
def test_truncating_forgets_what_comes_after(
    settings: StorageSettings, zxid: int, padded: bool
) -> None:
    write_data_dir(settings, history(100), snapshot_every=30)
    for snapshot in settings.snapshot_directory.glob("snapshot.[1-9]*"):
        snapshot.unlink()
    if padded:
        for path in log_files(settings):
            path.write_bytes(path.read_bytes() + bytes(5000))

    assert truncate(Disk(), settings.log_directory, zxid) == min(zxid, 100)

    recovered = recover(settings)
    assert recovered.last_zxid == min(zxid, 100)
    assert recovered.report.warnings == []


def test_truncating_before_the_log_is_refused(settings: StorageSettings) -> None:
    write_data_dir(settings, history(10))
    (settings.log_directory / "log.1").rename(settings.log_directory / "log.5")

    with pytest.raises(MissingTransactions, match="no log reaches back to 0x4"):
        truncate(Disk(), settings.log_directory, 4)


def test_truncating_does_not_pass_over_damage(settings: StorageSettings) -> None:
    write_data_dir(settings, history(10))
    (log,) = log_files(settings)
    raw = bytearray(log.read_bytes())
    raw[200] ^= 1
    log.write_bytes(bytes(raw))

    with pytest.raises(CorruptLog, match=r"log\.1"):
        truncate(Disk(), settings.log_directory, 9)

    assert log.read_bytes() == bytes(raw)


def test_a_crash_while_truncating_leaves_no_gap(settings: StorageSettings) -> None:
    for fail_at in range(8):
        own = settings_in(settings.data_dir / str(fail_at))
        write_data_dir(own, history(100), snapshot_every=30)
        disk = FaultyDisk(fail_at, 5)
        if fail_at < 7:
            with pytest.raises(DiskFailure, match="truncate failed"):
                truncate(disk, own.log_directory, 20)
        else:
            truncate(disk, own.log_directory, 20)
        for snapshot in own.snapshot_directory.glob("snapshot.[1-9]*"):
            snapshot.unlink()
        assert recover(own).last_zxid >= 20


def everything() -> list[Txn]:
    """Every type of transaction."""
    sub = (
        SubTxn(1, CreateTxn("/a/m", b"\x00\xff", OPEN_ACL_UNSAFE, False, 1)),
        SubTxn(2, DeleteTxn("/a/m")),
        SubTxn(-1, ErrorTxn(-110)),
    )
    return [
        create_session(1),
        create(2, "/a", b"text"),
        set_data(3, "/a", b"x" * 100, 1),
        Txn(header(4, 7), SetACLTxn("/a", OPEN_ACL_UNSAFE, 1)),
        Txn(header(5, 21), CreateTTLTxn("/a/t", None, OPEN_ACL_UNSAFE, 1, 5000)),
        Txn(header(6, 14), MultiTxn(sub)),
        delete(7, "/a/\x1b[2Jodd"),
        Txn(header(8, -1), ErrorTxn(-101), TxnDigest(2, 12345)),
        Txn(header(9, -11)._replace(time=1 << 62), CloseSessionTxn(("/e", "/f"))),
        Txn(header(10, -11), CloseSessionTxn(None)),
    ]


def test_a_log_is_shown_line_by_line(tmp_path: Path) -> None:
    path = tmp_path / "log.1"
    frames = b"".join(frame_entry(encode_txn(txn)) for txn in everything())
    path.write_bytes(encode_log_header() + frames + bytes(500))

    shown = list(show_log(Disk(), path))

    texts = [line.text for line in shown]
    head = "session 0x100000000001"
    assert texts[0] == "ZooKeeper transaction log, dbid 0, format version 2"
    assert texts[1] == (
        f"2023-11-14T22:13:20.001Z {head} cxid 0x1 zxid 0x1 createSession timeout=30000"
    )
    assert "create /a data='text' acl=world:anyone:31 ephemeral=False" in texts[2]
    assert texts[3].endswith(f"setData /a data='{'x' * 64}'... (100 bytes) version=1")
    assert texts[4].endswith("setACL /a acl=world:anyone:31 version=1")
    assert "createTTL /a/t data=null" in texts[5]
    assert "multi [create /a/m data='\\x00\\\\xff'" in texts[6]
    assert texts[6].endswith("; delete /a/m; error err=-110]")
    assert texts[7].endswith(r"delete '/a/\x1b[2Jodd'")
    assert texts[9].startswith(f"{1 << 62} ms {head}")
    assert texts[9].endswith("closeSession paths=/e,/f")
    assert texts[-1] == "end of file after 10 transactions"
    objects = [json.loads(json.dumps(line.fields)) for line in shown]
    assert objects[3]["data"] == "eHh4" * 33 + "eA=="
    assert objects[8]["digest"] == 12345
    assert (objects[2]["zxid"], objects[2]["type"], objects[2]["offset"]) == ("0x2", "create", 65)
    assert not any(line.damaged for line in shown)


def test_a_damaged_log_is_shown_up_to_the_damage(tmp_path: Path) -> None:
    path = tmp_path / "log.1"
    frames = [frame_entry(encode_txn(txn)) for txn in everything()]
    start = 16 + len(frames[0]) + len(frames[1])
    broken = bytearray(encode_log_header() + b"".join(frames))
    broken[start + 50] ^= 1
    path.write_bytes(bytes(broken))

    *_, second, damage, end = show_log(Disk(), path)

    assert "create /a" in second.text
    assert damage.damaged
    assert damage.text.startswith(f"{path}: corrupt record at offset {start}: ")
    assert damage.fields["offset"] == start
    assert end.text == "end of file after 2 transactions"
    # A torn record is said to be one; what is no log is said not to be.
    path.write_bytes(encode_log_header() + frames[0] + frames[1][:-3])
    assert f"torn record at offset {16 + len(frames[0])}" in list(show_log(Disk(), path))[-2].text
    path.write_bytes(b"rubbish that is long enough")
    (only,) = show_log(Disk(), path)
    assert only.damaged
    assert "offset 0" in only.text


def test_a_file_of_the_other_kind_is_said_to_be_one(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    log = tmp_path / "log.1"
    log.write_bytes(encode_log_header() + bytes(100))
    snapshot = write_snapshot(Disk(), settings, write_data_dir(settings, everything()[:4]), 4).path

    (of_snapshot,) = show_log(Disk(), snapshot)
    (of_log,) = show_snapshot(Disk(), log)

    assert of_snapshot.text.endswith(f"; for a snapshot say speckeeper snapshot show {snapshot}")
    assert f"; for a transaction log say speckeeper log show {log}; " in of_log.text


def test_a_record_that_cannot_be_decoded_does_not_end_the_show(tmp_path: Path) -> None:
    path = tmp_path / "log.1"
    odd = bytearray(encode_txn(create(1, "/a")))
    odd[31] = 99
    good = frame_entry(encode_txn(create(2, "/b")))
    path.write_bytes(encode_log_header() + frame_entry(bytes(odd)) + good)

    lines = list(show_log(Disk(), path))

    assert [line.damaged for line in lines] == [False, True, False, False]
    assert "at offset 16: undecodable: unknown transaction type 99" in lines[1].text


@pytest.mark.parametrize("compression", ["", "gz"])
def test_a_snapshot_is_shown_line_by_line(tmp_path: Path, compression: str) -> None:
    settings = settings_in(tmp_path, snapshot_compression_method=compression)
    tree = write_data_dir(settings, everything()[:4])
    file = write_snapshot(Disk(), settings, tree, 4)

    shown = list(show_snapshot(Disk(), file.path))

    assert shown[0].text == "session 0x100000000001 timeout 30000 ms"
    (node,) = [line for line in shown if line.fields.get("path") == "/a"]
    assert node.text.startswith(
        "/a  dataLength = 100, cZxid = 0x2, ctime = 2023-11-14T22:13:20.002Z"
    )
    assert node.fields["acl"] == "open"
    assert node.fields["aclVersion"] == 1
    config = next(line for line in shown if line.fields.get("path") == "/zookeeper/config")
    assert config.fields["acl"] == [{"perms": 1, "scheme": "world", "id": "anyone"}]
    assert shown[-1].text == (
        f"end of file after 5 nodes, digest {tree.digest} at 0x4, last zxid 0x4"
    )
    assert [json.loads(json.dumps(line.fields)) for line in shown] == [
        line.fields for line in shown
    ]


def test_a_damaged_snapshot_is_shown_up_to_the_damage(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    file = write_snapshot(Disk(), settings, write_data_dir(settings, history(50)), 50)
    whole = file.path.read_bytes()

    file.path.write_bytes(whole[: len(whole) // 2])
    *nodes, damage = show_snapshot(Disk(), file.path)
    assert len(nodes) > 10
    assert damage.damaged
    assert f"ends at offset {len(whole) // 2}" in damage.text
    assert f"{len(nodes)} nodes were readable" in damage.text

    broken = bytearray(whole)
    broken[300] ^= 1
    file.path.write_bytes(bytes(broken))
    *_, damage = show_snapshot(Disk(), file.path)
    assert damage.damaged
    assert "offset" in damage.text

    snappy = tmp_path / "snapshot.5.snappy"
    snappy.write_bytes(b"\x82SNAPPY")
    (only,) = show_snapshot(Disk(), snappy)
    assert only.damaged
    assert "not whole as snappy: cut off after 7 bytes" in only.text
