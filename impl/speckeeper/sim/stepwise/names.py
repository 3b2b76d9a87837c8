"""Values of the specification as plain data, as ITF has them: servers, zxids, transactions, sets.

Source: Apalache, ADR 015, "Informal Trace Format in JSON".
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from speckeeper.wire.txns import CreateTxn, decode_txn
from speckeeper.zab.effects import Entry

Plain = Any

# How the values begin; a transaction of a server begins with the upper byte of a session id.
_JSON = (b'"', b"{", b"[", *(b"%d" % digit for digit in range(10)))


class Names:
    """How a specification calls the servers, which are numbers here; ``null`` is no server."""

    def __init__(self, servers: Mapping[int, Plain], null: Plain) -> None:
        self.servers = dict(servers)
        self.null = null
        self._ids = {_key(name): number for number, name in self.servers.items()}

    def id_of(self, name: Plain) -> int:
        """Return the number of a server. Raises ValueError for what is none."""
        found = self._ids.get(_key(name))
        if found is None:
            raise ValueError(f"{name!r} is no server of this ensemble")
        return found

    def server(self, number: int | None) -> Plain:
        """Return the name of a server, or that of none."""
        return self.null if number is None else self.servers[number]

    def set_of(self, numbers: Iterable[int]) -> Plain:
        """Return a set of servers."""
        return {"#set": [self.servers[number] for number in sorted(numbers)]}

    def function(self, values: Mapping[int, Plain]) -> Plain:
        """Return a function of all servers."""
        return {"#map": [[name, values[number]] for number, name in self.servers.items()]}


def pairs(function: Plain) -> list[tuple[Plain, Plain]]:
    """Return the arguments of a function with their values. Raises ValueError if it is none."""
    if isinstance(function, list):
        return list(enumerate(function, 1))
    found: Iterable[Plain] | None = function.get("#map") if isinstance(function, dict) else None
    if found is None:
        raise ValueError("a variable of Zab is a function of servers")
    return [(key, value) for key, value in found]


def zxid_of(zxid: int) -> Plain:
    """Return a zxid as a pair of epoch and counter."""
    return [zxid >> 32, zxid & 0xFFFFFFFF]


def number_of(zxid: Plain) -> int:
    """Return a pair of epoch and counter as one number. Raises ValueError for what is none."""
    epoch, counter = map(integer, zxid)
    return epoch << 32 | counter


def integer(value: Plain) -> int:
    """Return a number. Raises ValueError for what is none."""
    if isinstance(value, dict) and "#bigint" in value:
        return int(value["#bigint"])
    if type(value) is not int:
        raise ValueError(f"{value!r} is no number")
    return value


def transaction(entry: Entry) -> Plain:
    """Return a transaction."""
    return {"zxid": zxid_of(entry[0]), "value": value_of(entry[1])}


def transactions(entries: Iterable[Entry]) -> list[Plain]:
    """Return a log."""
    return [transaction(entry) for entry in entries]


def entries_of(log: Iterable[Plain]) -> list[Entry]:
    """Return the transactions of a log as the core has them."""
    return [(number_of(each["zxid"]), bytes_of(each["value"])) for each in log]


def value_of(entry: bytes) -> Plain:
    """Return what a transaction writes: the entry says it, or the node that it creates."""
    if not entry.startswith(_JSON):
        record = decode_txn(entry).record
        assert isinstance(record, CreateTxn), "a behaviour of the protocol writes nothing else"
        entry = record.data or b""
    return json.loads(entry)


def bytes_of(value: Plain) -> bytes:
    """Return a transaction that writes a value."""
    return json.dumps(value, sort_keys=True).encode()


def _key(name: Plain) -> str:
    return json.dumps(name, sort_keys=True)
