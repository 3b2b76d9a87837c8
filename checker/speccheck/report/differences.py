"""What changed from one value to another: the parts of functions, records, sequences and sets."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from speccheck.evaluate.order import ordered
from speccheck.evaluate.show import show
from speccheck.evaluate.values import SEQUENCES, Fn, Value

_LONGEST_OLD = 60


class Change(NamedTuple):
    """A part of a state that changed.

    ``path`` is the part as TLA+ text, ``currentEpoch[s1]``; ``keys`` are the variable's name and
    then the arguments that lead there. ``kind`` is "set" (``new`` in the place of ``old``),
    "added" and "removed" (``items`` of a set or bag, or arguments of a function with their
    values), "appended" (``items`` at the end of a sequence) or "taken" (from its head).
    """

    path: str
    keys: tuple[Value, ...]
    kind: str
    old: Value = None
    new: Value = None
    items: tuple[Value, ...] = ()

    def __str__(self) -> str:
        if self.kind == "set":
            old = show(self.old)
            was = old if len(old) <= _LONGEST_OLD else f"{old[: _LONGEST_OLD - 1]}…"
            return f"{self.path} = {show(self.new)} (was {was})"
        words = {"appended": "appended", "taken": "taken from the head", "added": "added"}
        word = words.get(self.kind, "removed")
        return f"{self.path}: {word} {', '.join(map(show, self.items))}"


def changes(name: str, old: Value, new: Value) -> Iterator[Change]:
    """Yield what changed in a variable, as few and as small parts as can be told."""
    yield from _changes(name, (name,), old, new)


def _changes(path: str, keys: tuple[Value, ...], old: Value, new: Value) -> Iterator[Change]:
    if old == new:
        return
    if isinstance(old, Fn) and isinstance(new, Fn):
        yield from _of_functions(path, keys, old, new)
    elif isinstance(old, frozenset) and isinstance(new, frozenset) and (old & new or not old):
        yield from _of_sets(path, keys, old, new)
    else:
        yield Change(path, keys, "set", old, new)


def _of_functions(path: str, keys: tuple[Value, ...], old: Fn, new: Fn) -> Iterator[Change]:
    if old.domain is new.domain:
        # A function on 1..N is such a sequence, and its values never move.
        for key in new.domain.keys_:
            yield from _changes(path + index(key), (*keys, key), old[key], new[key])
        return
    if old.table is SEQUENCES and new.table is SEQUENCES:
        yield from _of_sequences(path, keys, old, new)
        return
    shared = old.domain.keyset & new.domain.keyset
    if not shared and old.domain.keyset:
        yield Change(path, keys, "set", old, new)
        return
    for kind, function, other in (("removed", old, new), ("added", new, old)):
        apart = [key for key in function.domain.keys_ if key not in other.domain.index]
        if apart:
            items = tuple(SEQUENCES[(key, function[key])] for key in apart)
            yield Change(path, keys, kind, old, new, items)
    for key in ordered(shared):
        yield from _changes(path + index(key), (*keys, key), old[key], new[key])


def _of_sequences(path: str, keys: tuple[Value, ...], old: Fn, new: Fn) -> Iterator[Change]:
    before, after = old.values_, new.values_
    taken = _taken(before, after)
    if taken is None:
        yield Change(path, keys, "set", old, new)
        return
    if taken:
        yield Change(path, keys, "taken", old, new, before[:taken])
    appended = after[len(before) - taken :]
    if appended:
        yield Change(path, keys, "appended", old, new, appended)


def _taken(before: Sequence[Value], after: Sequence[Value]) -> int | None:
    """Return how many items at the head are gone, where that or appending is all that was done.

    What is left may have more behind it if nothing was taken, or one item. None for another
    sequence: one that was cut at its end, for example.
    """
    if len(after) < len(before):
        taken = len(before) - len(after)
        return taken if before[taken:] == after else None
    for taken in (0, 1):
        rest = before[taken:]
        if (rest or not before) and after[: len(rest)] == rest:
            return taken
    return None


def _of_sets(
    path: str, keys: tuple[Value, ...], old: frozenset[Value], new: frozenset[Value]
) -> Iterator[Change]:
    for kind, items in (("removed", old - new), ("added", new - old)):
        if items:
            yield Change(path, keys, kind, old, new, ordered(items))


def index(key: Value) -> str:
    """Return the text that applies a function to ``key``: ``[s1]``, ``.field``."""
    if isinstance(key, str) and key.isidentifier():
        return f".{key}"
    return f"[{show(key)}]"
