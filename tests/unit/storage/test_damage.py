"""Damaged logs: recovery yields every transaction that was whole, or refuses.

Cutting the newest file off can only cost transactions behind the cut. Changing bytes may cost
nothing at all: then the answer is everything, or CorruptLog naming the file.
"""

import random
from pathlib import Path

import pytest
from tests.unit.storage.world import create, history, log_files, settings_in

from speckeeper.storage.errors import CorruptLog, StorageError
from speckeeper.storage.recovery import recover
from speckeeper.storage.seed import write_data_dir
from speckeeper.storage.settings import StorageSettings
from speckeeper.wire.logfile import iter_entries

ZEROS = create(11, "/zeros", bytes(3000))  # a disk sector of it could be one never written
TRANSACTIONS = [*history(10), ZEROS, *history(3, start=12)]
LAST = len(TRANSACTIONS)


@pytest.fixture(params=["trimmed", "padded"])
def settings(tmp_path: Path, request: pytest.FixtureRequest) -> StorageSettings:
    settings = settings_in(tmp_path)
    write_data_dir(settings, TRANSACTIONS)
    if request.param == "padded":  # as a killed server leaves it
        (log,) = log_files(settings)
        log.write_bytes(log.read_bytes() + bytes(20_000))
    return settings


def outcome(settings: StorageSettings, content: bytes) -> int | StorageError:
    """Recover with this content in the log; return the last zxid or the refusal."""
    log = settings.log_directory / "log.1"
    log.write_bytes(content)
    try:
        return recover(settings).last_zxid
    except StorageError as error:
        return error


def ends_of_records(content: bytes) -> list[int]:
    starts = [offset for offset, _ in iter_entries(content)]
    return [*starts[1:], len(content.rstrip(b"\0"))]


def test_cutting_the_log_anywhere_keeps_all_that_is_whole(settings: StorageSettings) -> None:
    whole = (settings.log_directory / "log.1").read_bytes()
    ends = ends_of_records(whole)

    # Every byte of the last three records; of the rest, the header too, every 37th.
    for cut in [*range(0, ends[-4], 37), *range(ends[-4], ends[-1] + 1)]:
        expected = sum(end <= cut for end in ends)
        assert outcome(settings, whole[:cut]) == expected, cut
        # A hole where nothing was written: the same, with padding behind it.
        assert outcome(settings, whole[:cut].ljust(len(whole), b"\0")) == expected, cut


def test_a_cut_is_repaired_so_that_the_next_start_is_clean(settings: StorageSettings) -> None:
    whole = (settings.log_directory / "log.1").read_bytes().rstrip(b"\0")

    assert outcome(settings, whole[:-9]) == LAST - 1

    assert recover(settings).report.warnings == []


def test_a_flipped_bit_in_any_byte_loses_nothing(settings: StorageSettings) -> None:
    whole = (settings.log_directory / "log.1").read_bytes()
    used = len(whole.rstrip(b"\0"))
    rng = random.Random(2846)
    offsets = [rng.randrange(16, len(whole)) for _ in range(100)]
    last_three = [offset for offset, _ in iter_entries(whole)][-3]

    refused = 0
    for offset in [*offsets, *range(last_three, used)]:
        damaged = bytearray(whole)
        damaged[offset] ^= 1 << rng.randrange(8)
        result = outcome(settings, bytes(damaged))
        if isinstance(result, CorruptLog):
            refused += 1
            assert result.file.name == "log.1"
            assert result.offset <= offset
            assert f"offset {result.offset}" in str(result)
        else:
            assert result == LAST, (offset, result)
    assert refused > used - last_three - 8


def test_overwritten_stretches_lose_nothing(settings: StorageSettings) -> None:
    """Sectors that come back as zeros, or as somebody else's bytes."""
    whole = (settings.log_directory / "log.1").read_bytes()
    ends = ends_of_records(whole)
    rng = random.Random(3911)

    for _ in range(150):
        start = rng.randrange(16, ends[-2])
        size = rng.choice([1, 8, 100, 512])
        # The last record stays whole, so what is before it had been acknowledged.
        size = min(size, ends[-2] - start)
        filling = bytes(size) if rng.random() < 0.5 else rng.randbytes(size)
        damaged = whole[:start] + filling + whole[start + size :]
        result = outcome(settings, damaged)
        if damaged == whole:
            assert result == LAST
        else:
            assert isinstance(result, CorruptLog) or result == LAST, (start, size, result)


def test_damage_in_an_older_file_loses_nothing(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    write_data_dir(settings, TRANSACTIONS, snapshot_every=7)
    for snapshot in ("snapshot.7", "snapshot.e"):
        (settings.snapshot_directory / snapshot).unlink()
    older = settings.log_directory / "log.1"
    whole = older.read_bytes()
    rng = random.Random(4394)

    for cut in range(16, len(whole)):
        assert isinstance(outcome(settings, whole[:cut]), StorageError), cut
    for offset in range(16, len(whole)):
        damaged = bytearray(whole)
        damaged[offset] ^= 1 << rng.randrange(8)
        assert isinstance(outcome(settings, bytes(damaged)), StorageError), offset


@pytest.mark.parametrize(("name", "cut_offered"), [("log.1", False), ("log.f", True)])
def test_a_cut_is_offered_only_where_it_leaves_no_gap(
    tmp_path: Path, name: str, cut_offered: bool
) -> None:
    settings = settings_in(tmp_path)
    write_data_dir(settings, history(20), snapshot_every=14)
    (settings.snapshot_directory / "snapshot.e").unlink()
    log = settings.log_directory / name
    damaged = bytearray(log.read_bytes())
    (offset, entry), *_ = iter_entries(bytes(damaged))
    damaged[offset + 12 + len(entry) // 2] ^= 1
    log.write_bytes(damaged)

    with pytest.raises(CorruptLog) as refused:
        recover(settings)

    assert refused.value.file == log
    assert ("truncate -s" in refused.value.remedy) == cut_offered
    assert refused.value.remedy.startswith("restore the file from a backup, or")


def test_a_damaged_snapshot_never_gives_less(tmp_path: Path) -> None:
    """A flipped bit in the newest snapshot: an older one and its logs give the same."""
    settings = settings_in(tmp_path)
    tree = write_data_dir(settings, TRANSACTIONS, snapshot_every=7, with_digests=True)
    newest = settings.snapshot_directory / "snapshot.e"
    whole = newest.read_bytes()
    rng = random.Random(4643)

    for offset in rng.sample(range(len(whole)), 150):
        damaged = bytearray(whole)
        damaged[offset] ^= 1 << rng.randrange(8)
        newest.write_bytes(bytes(damaged))
        recovered = recover(settings)
        assert (recovered.last_zxid, recovered.tree.digest) == (LAST, tree.digest), offset
        assert recovered.report.digest_mismatches == 0
