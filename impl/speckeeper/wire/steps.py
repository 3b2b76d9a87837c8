"""Large records bit by bit: for a loop that has others to serve meanwhile.

A generator of this module yields after so many parts, and returns what the function of the same
name without ``_in_steps`` returns at once. Whoever runs it to the end gets the same.
"""

from collections.abc import Generator
from typing import Final, TypeVar

from speckeeper.wire.codes import OpCode
from speckeeper.wire.jute import INT, Reader
from speckeeper.wire.multi import parts_of_multi, parts_of_multi_read
from speckeeper.wire.request_records import MultiRequest, Request
from speckeeper.wire.requests import decode_request
from speckeeper.wire.txn_bodies import encode_sub_txn
from speckeeper.wire.txns import TXN_HEADER, MultiTxn, Txn, encode_txn

T = TypeVar("T")
Steps = Generator[None, None, T]

#: Parts of one step: one or two milliseconds.
PARTS: Final = 256

_PARTS_OF = {
    int(OpCode.MULTI): parts_of_multi,
    int(OpCode.MULTI_READ): parts_of_multi_read,
}


def decode_request_in_steps(op: int, buffer: bytes, position: int, end: int) -> Steps[Request]:
    """Decode the body of a request. Raises WireError."""
    parts_of = _PARTS_OF.get(op)
    if parts_of is None:
        return decode_request(op, buffer, position, end)
    ops = []
    for part in parts_of(Reader(buffer, position, end)):
        ops.append(part)
        if not len(ops) % PARTS:
            yield
    return MultiRequest(tuple(ops))


def encode_txn_in_steps(txn: Txn) -> Steps[bytes]:
    """Serialize a transaction."""
    record = txn.record
    if not isinstance(record, MultiTxn) or txn.digest is not None:
        return encode_txn(txn)
    pieces = [TXN_HEADER.pack(*txn.header), INT.pack(len(record.txns))]
    for number, part in enumerate(record.txns, 1):
        pieces.append(encode_sub_txn(part))
        if not number % PARTS:
            yield
    return b"".join(pieces)


def at_once(steps: Steps[T]) -> T:
    """Take all steps and return what comes of them."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            result: T = end.value
            return result
