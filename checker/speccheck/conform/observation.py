"""Comparing what an event tells with what a step of the specification gives.

Values are told as they are, or as what has changed of them; what is not told has not changed.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import compress
from operator import is_not
from typing import Any, NamedTuple

from speccheck.conform.reading import Event, Unusable
from speccheck.conform.specification import State
from speccheck.evaluate.values import SEQUENCES, Domain, Fn, Value, record_domain
from speccheck.report.itf import ItfError, decode

_OPERATIONS = frozenset({"#drop", "#append", "#keep", "#at", "#last", "#unknown"})


class Difference(NamedTuple):
    """One variable of which trace and specification differ; ``told`` and ``has`` are texts."""

    variable: str
    told: str
    has: str


class Observer:
    """Knows the variables. ``hidden`` are those that are not compared."""

    def __init__(
        self, variables: tuple[str, ...], untold: Iterable[str], hidden: Iterable[str] = ()
    ) -> None:
        self._positions = {name: position for position, name in enumerate(variables)}
        self._left_out = frozenset({*untold, *hidden})
        self._all = [*enumerate(variables)]

    def differences(
        self,
        event: Event,
        before: State,
        after: State,
        *,
        all_of_them: bool = False,
        only_told: bool = False,
    ) -> list[Difference]:
        """Return where an event and a step differ: the first that is found, or all of them.

        ``only_told``: what is not told may have changed.
        """
        found: list[tuple[int, Difference]] = []
        server, told = event.server, event.vars
        for name, change in told.items():
            position = self._positions.get(name)
            if position is None:
                raise Unusable(f"{event.place}: the specification has no variable {name}")
            if name in self._left_out:
                continue
            old, new = before[position], after[position]
            if not isinstance(new, Fn) or server not in new:
                raise Unusable(f"{event.place}: {name} has no value for server {server}")
            slot = new[server]
            wrong = self._differs(event, name, change, old[server], slot)
            if wrong is not None:
                found.append((position, Difference(name, wrong, _show(slot))))
        if not only_told:
            # What is told of nobody has not changed; most variables are the same objects.
            for position, name in compress(self._all, map(is_not, before, after)):
                if name in told or name in self._left_out:
                    continue
                slot, was = after[position].get(server), before[position].get(server)
                if slot is not was and slot != was:
                    found.append((position, Difference(name, "unchanged", _show(slot))))
        if len(found) > 1:
            found.sort()
        return [difference for _, difference in (found if all_of_them else found[:1])]

    def _differs(self, event: Event, name: str, change: Any, was: Value, slot: Value) -> str | None:
        """Return what the trace tells if that is not ``slot``."""
        if type(change) is dict and not _OPERATIONS.isdisjoint(change):
            return self._operation(event, name, change, was, slot)
        value = _decoded(change, event, name)
        return None if value == slot else _show(value)

    def _operation(
        self, event: Event, name: str, change: dict[str, Any], was: Value, slot: Value
    ) -> str | None:
        if "#unknown" in change:
            return None
        if not isinstance(was, Fn) or not isinstance(slot, Fn):
            raise Unusable(f"{event.place}: {name} is no sequence or function")
        if "#last" in change:
            return _last_differs(change["#last"], slot, event, name)
        if "#keep" in change:
            expected = was.values_[: change["#keep"]]
            return None if slot.values_ == expected else _show(SEQUENCES[expected])
        items = was.values_
        drop, append = change.get("#drop", 0), change.get("#append")
        if drop:
            items = items[drop:]
        if append is not None:
            items = items + tuple([_decoded(item, event, name) for item in append])
        if "#at" not in change:
            if len(items) + drop - len(append or ()) < 0 or drop > len(was.values_):
                return f"{drop} items fewer than {_show(was)}"
            return None if slot.values_ == items else _show(SEQUENCES[items])
        return _at_differs(change["#at"], was, items if drop else None, slot, event, name)


def _at_differs(
    pairs: Any, was: Fn, items: tuple[Value, ...] | None, slot: Fn, event: Event, name: str
) -> str | None:
    expected: dict[Value, Value] = dict(was) if items is None else dict(enumerate(items, 1))
    unknown = set()
    for key, value in pairs:
        if isinstance(value, dict) and "#unknown" in value:
            unknown.add(key)
        else:
            expected[_decoded(key, event, name)] = _decoded(value, event, name)
    if expected.keys() == slot.keys() and all(
        key in unknown or expected[key] == slot[key] for key in expected
    ):
        return None
    return ", ".join(f"[{_show(k)}] = {_show(v)}" for k, v in expected.items() if k not in unknown)


def _last_differs(item: Any, slot: Fn, event: Event, name: str) -> str | None:
    if item is None:
        return "<<>>" if slot.values_ else None
    if not slot.values_:
        return f"a sequence that ends with {item}"
    if matches(item, slot.values_[-1], event, name):
        return None
    return f"a sequence that ends with {item}"


def matches(fields: Any, record: Value, event: Event, name: str) -> bool:
    """Tell whether a record has these values in the fields that are there."""
    if not isinstance(fields, dict) or not isinstance(record, Fn):
        return bool(_decoded(fields, event, name) == record)
    return all(
        key in record and _decoded(value, event, name) == record[key]
        for key, value in fields.items()
    )


def _decoded(data: Any, event: Event, name: str) -> Value:
    if type(data) is int:
        return data
    if type(data) is str and "_OF_" not in data:
        return data
    if type(data) is list:
        return SEQUENCES[tuple([_decoded(item, event, name) for item in data])]
    if type(data) is dict:
        domain = _RECORDS.get(tuple(data))
        if domain is not None:
            return domain[tuple([_decoded(data[key], event, name) for key in domain.keys_])]
        if not any(key.startswith("#") for key in data):
            domain = _RECORDS[tuple(data)] = record_domain(tuple(data))
            return _decoded(data, event, name)
    try:
        return decode(data, f"{event.place}: {name}")
    except ItfError as error:
        raise Unusable(str(error)) from None


def decoded_arguments(event: Event) -> list[Value]:
    """Return the arguments of an event as values. Raises Unusable."""
    return [_decoded(argument, event, "args") for argument in event.args]


def _show(value: Value) -> str:
    from speccheck.evaluate.show import show

    return show(value)


_SAME = object()
_RECORDS: dict[tuple[str, ...], Domain] = {}
"""The domains of records by their fields as they are written."""
