"""Values of the specification as the text of a trace: JSON in ITF's encoding.

Made by hand where a server does it for every message: a general encoder would first need the value.

Source: traces/README.md; Apalache, ADR 015, "Informal Trace Format in JSON".
"""

from __future__ import annotations

from collections.abc import Iterable
from json import dumps as quoted
from zlib import crc32

__all__ = ["int_set", "quoted", "txn", "zxid_text"]

COUNTER = 0xFFFFFFFF


def zxid_text(zxid: int) -> str:
    """Return ``<<epoch, counter>>``."""
    return f"[{zxid >> 32},{zxid & COUNTER}]"


def txn(zxid: int, entry: bytes) -> str:
    """Return a transaction: its zxid, and for its value the CRC-32 of its bytes."""
    return f'{{"zxid":[{zxid >> 32},{zxid & COUNTER}],"value":{crc32(entry)}}}'


def int_set(items: Iterable[int]) -> str:
    """Return a set of integers."""
    return f'{{"#set":[{",".join(map(str, sorted(items)))}]}}'
