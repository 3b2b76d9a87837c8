"""Transactions: round trips, older and shorter layouts, and fuzz."""

import contextlib
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.wire.strategies import RECORDS, SUB_RECORDS, mutated, transactions

from speckeeper.wire.codes import OpCode
from speckeeper.wire.errors import WireError
from speckeeper.wire.jute import INT, encode_buffer
from speckeeper.wire.records import OPEN_ACL_UNSAFE
from speckeeper.wire.txns import (
    TXN_HEADER,
    CloseSessionTxn,
    CreateTxn,
    DeleteTxn,
    ErrorTxn,
    MultiTxn,
    SetDataTxn,
    SubTxn,
    Txn,
    TxnDigest,
    TxnHeader,
    decode_txn,
    encode_txn,
)


def header(kind: int) -> TxnHeader:
    return TxnHeader(0x1_0000_0000, 7, 9, 1_700_000_000_000, kind)


@given(transactions)
def test_round_trip(txn: Txn) -> None:
    raw = encode_txn(txn)
    decoded = decode_txn(raw)
    assert decoded == txn
    assert type(decoded.record) is type(txn.record)
    assert encode_txn(decoded) == raw


@given(
    transactions.filter(lambda txn: txn.record != CloseSessionTxn(None)),
    st.binary(min_size=1, max_size=11),
)
def test_bytes_too_few_for_a_digest_are_ignored(txn: Txn, more: bytes) -> None:
    assert decode_txn(encode_txn(txn) + more) == txn


@given(transactions)
def test_digest_may_be_missing(txn: Txn) -> None:
    assert decode_txn(encode_txn(txn._replace(digest=None))) == txn._replace(digest=None)


@given(st.data())
def test_bad_bytes_raise_nothing_else(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(sorted(RECORDS)))
    body = data.draw(
        st.one_of(
            st.binary(max_size=80),
            mutated(
                RECORDS[kind].map(
                    lambda record: encode_txn(Txn(header(kind), record))[TXN_HEADER.size :]
                )
            ),
        )
    )
    with contextlib.suppress(WireError):
        decode_txn(TXN_HEADER.pack(*header(kind)) + body)


@given(st.binary(max_size=80))
def test_random_bytes_raise_nothing_else(raw: bytes) -> None:
    with contextlib.suppress(WireError):
        decode_txn(raw)


def test_every_type_is_covered() -> None:
    """DataTree.processTxn; 13 and 20 stand alone in no log, but cost nothing to read."""
    assert set(RECORDS) == set(SUB_RECORDS) | {
        OpCode.CREATE_SESSION,
        OpCode.CLOSE_SESSION,
        OpCode.MULTI,
    }


def test_create_of_3_3_has_no_parent_cversion() -> None:
    """SerializeUtils.deserializeTxn falls back to CreateTxnV0; -1 means one more than there is."""
    txn = Txn(header(OpCode.CREATE), CreateTxn("/a", b"x", OPEN_ACL_UNSAFE, True, 5))
    expected = CreateTxn("/a", b"x", OPEN_ACL_UNSAFE, True, -1)
    assert decode_txn(encode_txn(txn)[:-4]).record == expected


@pytest.mark.parametrize("digest", [None, TxnDigest(2, 0), TxnDigest(2, 2**64 - 1)])
@pytest.mark.parametrize("paths", [None, (), ("/a",), ("/a", "/b")])
def test_close_session_with_and_without_paths(
    paths: tuple[str, ...] | None, digest: TxnDigest | None
) -> None:
    """A digest may follow an empty record; its version is not taken for a count of paths."""
    txn = Txn(header(OpCode.CLOSE_SESSION), CloseSessionTxn(paths), digest)
    assert decode_txn(encode_txn(txn)) == txn


def test_digest_may_be_given_signed() -> None:
    record = DeleteTxn("/a")
    signed = Txn(header(OpCode.DELETE), record, TxnDigest(2, -1))
    assert decode_txn(encode_txn(signed)).digest == TxnDigest(2, 2**64 - 1)


def test_failed_multi_keeps_the_types_ahead_of_the_failure() -> None:
    record = MultiTxn(
        (
            SubTxn(OpCode.SET_DATA, SetDataTxn("/a", None, 1)),
            SubTxn(OpCode.ERROR, ErrorTxn(-101)),
            SubTxn(OpCode.ERROR, ErrorTxn(-2)),
        )
    )
    txn = Txn(header(OpCode.MULTI), record, TxnDigest(2, 3))
    assert decode_txn(encode_txn(txn)) == txn


@pytest.mark.parametrize(
    ("kind", "text"),
    [(99, "unknown transaction type 99"), (OpCode.GET_DATA, "unknown transaction type 4")],
)
def test_unknown_type(kind: int, text: str) -> None:
    with pytest.raises(WireError, match=text):
        decode_txn(TXN_HEADER.pack(*header(kind)) + b"\0" * 40)


@pytest.mark.parametrize("kind", [OpCode.MULTI, OpCode.CLOSE_SESSION, OpCode.CREATE_SESSION, 99])
def test_types_that_may_not_stand_in_a_multi(kind: int) -> None:
    body = INT.pack(1) + INT.pack(kind) + encode_buffer(INT.pack(0))
    with pytest.raises(WireError, match="may not stand in a multi"):
        decode_txn(TXN_HEADER.pack(*header(OpCode.MULTI)) + body)


@pytest.mark.parametrize("length", [-1, -2, 100, 2**31 - 1])
def test_length_of_a_sub_transaction_must_fit(length: int) -> None:
    body = INT.pack(1) + INT.pack(OpCode.ERROR) + INT.pack(length) + INT.pack(-101)
    with pytest.raises(WireError, match=f"length {length} "):
        decode_txn(TXN_HEADER.pack(*header(OpCode.MULTI)) + body)


def test_sub_transaction_may_not_read_beyond_its_length() -> None:
    body = INT.pack(1) + INT.pack(OpCode.ERROR) + INT.pack(2) + INT.pack(-101)
    with pytest.raises(WireError, match="2 bytes left"):
        decode_txn(TXN_HEADER.pack(*header(OpCode.MULTI)) + body)


@pytest.mark.parametrize("kind", [OpCode.MULTI, OpCode.CLOSE_SESSION])
def test_hostile_count_allocates_nothing(kind: int) -> None:
    raw = TXN_HEADER.pack(*header(kind)) + INT.pack(2**31 - 1) + b"\0" * 30
    tracemalloc.start()
    try:
        with pytest.raises(WireError):
            decode_txn(raw)
        assert tracemalloc.get_traced_memory()[1] < 20_000
    finally:
        tracemalloc.stop()
