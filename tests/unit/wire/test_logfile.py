"""Log files: framing, and the verdict on every way a log can end."""

import itertools
import mmap
import pathlib
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from speckeeper.wire.codes import OpCode
from speckeeper.wire.errors import WireError
from speckeeper.wire.log_end import (
    SECTOR_SIZE,
    EndKind,
    EndReason,
    LogEnd,
    verdict,
)
from speckeeper.wire.logfile import (
    LOG_HEADER,
    LogEntries,
    decode_log_header,
    encode_log_header,
    frame_entries,
    frame_entry,
    iter_entries,
)
from speckeeper.wire.records import OPEN_ACL_UNSAFE
from speckeeper.wire.txns import (
    CreateTxn,
    ErrorTxn,
    SetDataTxn,
    Txn,
    TxnDigest,
    TxnHeader,
    encode_txn,
)

HEADER = encode_log_header()
PADDING = bytes(2048)


def entry(zxid: int, size: int = 20) -> bytes:
    """Return a serialized setData of ``size`` bytes that are not zero."""
    data = bytes(1 + (zxid + i) % 255 for i in range(size))
    header = TxnHeader(0x1_0000_0000_0001, zxid, zxid, 1_700_000_000_000, OpCode.SET_DATA)
    return encode_txn(Txn(header, SetDataTxn("/node", data, zxid), TxnDigest(2, zxid * 10**9)))


FIRST, SECOND, LAST = frame_entry(entry(1)), frame_entry(entry(2)), frame_entry(entry(3))
GOOD = HEADER + FIRST + SECOND
START = len(GOOD)  # where the last record starts


def read(log: bytes) -> tuple[list[int], LogEnd]:
    entries = iter_entries(log)
    offsets = [offset for offset, _entry in entries]
    return offsets, entries.end


def end_of(log: bytes) -> LogEnd:
    offsets, end = read(log)
    assert offsets == [len(HEADER), len(HEADER) + len(FIRST)]
    assert end.offset == START
    return end


# Framing


def test_layout() -> None:
    """FileTxnLog: Adler-32 as a long, length, entry, 0x42."""
    assert HEADER.hex() == "5a4b4c47000000020000000000000000"
    assert frame_entry(b"abc").hex() == "00000000024d01270000000361626342"


@given(st.lists(st.binary(min_size=1, max_size=50)), st.integers(0, 3))
def test_round_trip(entries: list[bytes], padding: int) -> None:
    log = HEADER + frame_entries(entries)
    assert log == HEADER + b"".join(map(frame_entry, entries))
    found = iter_entries(log + bytes(padding))
    assert [found_entry for _offset, found_entry in found] == entries
    assert found.end.kind is EndKind.CLEAN
    assert found.end.offset == len(log)


def test_header() -> None:
    assert decode_log_header(encode_log_header(7)) == (2, 7)
    for size in range(LOG_HEADER.size):
        with pytest.raises(WireError, match=f"{size} are there"):
            decode_log_header(HEADER[:size])
    with pytest.raises(WireError, match="magic 0x5a4b534e at offset 0"):
        decode_log_header(b"ZKSN" + HEADER[4:])


def test_end_is_unknown_until_all_was_read() -> None:
    entries = iter_entries(GOOD)
    next(iter(entries))
    with pytest.raises(RuntimeError):
        _ = entries.end


def test_iteration_may_start_at_any_record() -> None:
    offset = len(HEADER) + len(FIRST)
    assert [found for found, _entry in iter_entries(GOOD, offset)] == [offset]


def test_mmap(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "log.1"
    path.write_bytes(GOOD + LAST[:-1] + PADDING)
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as log:
        entries = iter_entries(log)
        assert [found for _offset, found in entries] == [entry(1), entry(2)]
        assert entries.end.kind is EndKind.TORN
        assert decode_log_header(log) == (2, 0)


# The verdict, over all combinations of facts

CLEAN, TORN, CORRUPT = EndKind.CLEAN, EndKind.TORN, EndKind.CORRUPT
#: reason: verdict if the record is complete, if part of it was never written
VERDICTS = {
    EndReason.END_OF_FILE: (CLEAN, CLEAN),
    EndReason.PADDING: (CLEAN, CLEAN),
    EndReason.CUT_HEAD: (TORN, TORN),
    EndReason.PAST_END: (TORN, TORN),
    EndReason.NO_LENGTH: (CORRUPT, TORN),
    EndReason.NO_END_MARK: (CORRUPT, TORN),
    EndReason.CHECKSUM: (CORRUPT, TORN),
    EndReason.NO_RECORD: (CORRUPT, CORRUPT),
    EndReason.BAD_LENGTH: (CORRUPT, CORRUPT),
}


@pytest.mark.parametrize(
    ("reason", "unwritten", "next_valid"),
    list(itertools.product(EndReason, (False, True), (None, 700))),
)
def test_verdict(reason: EndReason, unwritten: bool, next_valid: int | None) -> None:
    """With a valid record behind it nothing is a torn tail: that record would be lost too."""
    expected = VERDICTS[reason][unwritten]
    if expected is TORN and next_valid is not None:
        expected = CORRUPT
    assert verdict(reason, unwritten, next_valid) is expected


# The machine stops while the last record is written


@pytest.mark.parametrize("end", [START, len(GOOD + LAST)])
def test_padding_and_end_of_file_are_clean(end: int) -> None:
    whole = (GOOD + LAST)[:end]
    assert read(whole)[1] == LogEnd(CLEAN, EndReason.END_OF_FILE, end)
    assert read(whole + b"\0")[1] == LogEnd(CLEAN, EndReason.PADDING, end)
    assert read(whole + bytes(1 << 21))[1] == LogEnd(CLEAN, EndReason.PADDING, end)


@pytest.mark.parametrize("cut", range(1, len(LAST)))
def test_file_cut_short_is_torn(cut: int) -> None:
    end = end_of(GOOD + LAST[:cut])
    if cut <= 4:  # the high half of a checksum is zeros
        assert end.kind is CLEAN
    else:
        assert end.kind is TORN
        assert end.next_valid is None
        assert not end.nonzero_after


@pytest.mark.parametrize("cut", range(1, len(LAST)))
def test_write_cut_short_in_padding_is_torn(cut: int) -> None:
    end = end_of(GOOD + LAST[:cut] + PADDING)
    assert end.kind is (CLEAN if cut <= 4 else TORN)
    assert not end.nonzero_after


def test_record_that_outgrew_the_padding_is_torn() -> None:
    long = frame_entry(entry(3, 5000))
    for cut in (13, 100, 4999):
        end = end_of(GOOD + long[:cut])
        assert (end.kind, end.reason) == (TORN, EndReason.PAST_END)
        assert end.length == len(long) - 13


@pytest.mark.parametrize("size", [600, 3000])
@pytest.mark.parametrize("shift", [0, 1, 5, 9, 11, 13, 300])
def test_lost_sectors_of_the_last_record_are_torn(size: int, shift: int) -> None:
    """A disk may write some sectors of a write and not others, in any order."""
    filler = frame_entry(entry(2, 20 + shift + -(START + 12) % SECTOR_SIZE))
    good = HEADER + FIRST + filler
    log = good + frame_entry(entry(3, size))
    sectors = range(len(good) // SECTOR_SIZE, len(log) // SECTOR_SIZE + 1)
    for lost in itertools.product((False, True), repeat=len(sectors)):
        damaged = bytearray(log + PADDING)
        for sector, is_lost in zip(sectors, lost, strict=True):
            if is_lost:
                start = max(sector * SECTOR_SIZE, len(good))
                stop = max(start, (sector + 1) * SECTOR_SIZE)
                damaged[start:stop] = bytes(stop - start)
        entries = iter_entries(bytes(damaged))
        count = sum(1 for _ in entries)
        if bytes(damaged) == log + PADDING:
            assert (count, entries.end.kind) == (3, CLEAN)
        else:
            assert count == 2
            assert entries.end.offset == len(good)
            blank = not any(damaged[len(good) :])
            assert entries.end.kind is (CLEAN if blank else TORN), (lost, entries.end)


# Damage to what was once whole


@pytest.mark.parametrize("flip", [0x01, 0x80, 0xFF])
@pytest.mark.parametrize("padding", [b"", PADDING])
def test_any_bit_flipped_in_the_last_record_is_corrupt(flip: int, padding: bytes) -> None:
    for index in range(len(LAST)):
        damaged = bytearray(GOOD + LAST + padding)
        damaged[START + index] ^= flip
        end = end_of(bytes(damaged))
        assert end.kind is CORRUPT, (index, end)
        assert end.next_valid is None


@pytest.mark.parametrize("flip", [0x01, 0x42, 0x80, 0xFF])
def test_any_bit_flipped_ahead_of_a_valid_record_is_corrupt(flip: int) -> None:
    for index in range(len(SECOND)):
        damaged = bytearray(GOOD + LAST + PADDING)
        offset = len(HEADER) + len(FIRST)
        damaged[offset + index] ^= flip
        offsets, end = read(bytes(damaged))
        assert offsets == [len(HEADER)]
        assert (end.kind, end.offset, end.next_valid) == (CORRUPT, offset, START)
        assert str(START) in str(end)


@pytest.mark.parametrize("size", [1, 4, 12, 40, 83])
def test_zeros_ahead_of_a_valid_record_are_corrupt(size: int) -> None:
    """ZooKeeper would take this for the end and drop the rest without a word."""
    damaged = GOOD + bytes(size) + LAST + PADDING
    end = end_of(damaged)
    assert (end.kind, end.next_valid) == (CORRUPT, START + size)
    if size > 12:
        assert (end.reason, end.nonzero_after) == (EndReason.NO_LENGTH, True)


def test_rubbish_is_corrupt() -> None:
    rubbish = random.Random(7).randbytes(700)
    assert end_of(GOOD + rubbish + PADDING).kind is CORRUPT
    assert end_of(GOOD + rubbish + LAST + PADDING).next_valid == START + 700


def test_negative_length() -> None:
    end = end_of(GOOD + LAST[:8] + b"\x80" + LAST[9:] + PADDING)
    assert (end.kind, end.reason) == (CORRUPT, EndReason.BAD_LENGTH)
    assert end.length is not None
    assert end.length < 0


def test_wrong_length_of_a_whole_record_is_known_by_its_checksum() -> None:
    for length in (0, 1, len(LAST) - 12, 500, 10**6):
        end = end_of(GOOD + LAST[:8] + length.to_bytes(4, "big") + LAST[12:] + PADDING)
        assert (end.kind, end.reason) == (CORRUPT, EndReason.BAD_LENGTH)


@pytest.mark.parametrize("kind", [OpCode.ERROR, OpCode.CREATE])
def test_next_valid_record_may_be_of_any_type(kind: OpCode) -> None:
    record = (
        ErrorTxn(-101) if kind == OpCode.ERROR else CreateTxn("/a", None, OPEN_ACL_UNSAFE, True, 1)
    )
    follows = frame_entry(encode_txn(Txn(TxnHeader(1, 2, 3, 4, kind), record)))
    assert end_of(GOOD + b"\1" * 20 + follows).next_valid == START + 20


def test_log_stored_as_data_is_no_valid_record() -> None:
    """A record inside a damaged one is somebody's data, as long as the frame is in order."""
    inner = frame_entry(entry(9))
    header = TxnHeader(1, 2, 3, 4, OpCode.SET_DATA)
    outer = bytearray(frame_entry(encode_txn(Txn(header, SetDataTxn("/a", inner, 1)))))
    outer[-20] ^= 1
    end = end_of(GOOD + bytes(outer) + PADDING)
    assert (end.kind, end.reason, end.next_valid) == (CORRUPT, EndReason.CHECKSUM, None)


@given(st.binary(max_size=300), st.booleans())
def test_any_bytes_are_judged(raw: bytes, padded: bool) -> None:
    entries = iter_entries(GOOD + raw + (PADDING if padded else b""))
    assert isinstance(entries, LogEntries)
    offsets = [offset for offset, _entry in entries]
    assert offsets[:2] == [len(HEADER), len(HEADER) + len(FIRST)]
    assert entries.end.offset >= START
    assert str(entries.end)


@given(st.binary(max_size=100), st.integers(0, 120))
def test_any_bytes_from_anywhere_are_judged(raw: bytes, position: int) -> None:
    entries = iter_entries(raw, position)
    list(entries)
    assert entries.end.kind in EndKind
