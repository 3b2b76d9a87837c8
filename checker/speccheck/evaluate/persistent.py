"""Large functions that change a little at a time: each change costs the same, whatever their size.

A :class:`Fn` is made anew for each value that it has, which for a tree of 100,000 nodes is a copy
of all. A :class:`Persistent` is a function too, but its newest version alone holds a dictionary;
an older one holds what is different, and the next version. Reading an older version costs a step
for each change since (Baker, "Shallow binding makes functional arrays fast").

``[f EXCEPT ![a] = v]``, ``[x \\in DOMAIN f \\cup {a} |-> IF x = a THEN v ELSE f[x]]`` and
``[x \\in DOMAIN f \\ {a} |-> f[x]]`` are changes, which the compiler knows when it sees them
(``updates.py``). Everything else works as with any function, in time with its size.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from speccheck.evaluate.errors import EvaluationError
from speccheck.evaluate.values import LazyFunction, LazySet, Value, Values, function_of

ABSENT: Any = type("Absent", (), {"__repr__": lambda self: "absent"})()


class Persistent(LazyFunction):
    """A version of a function."""

    __slots__ = ("_argument", "_newer", "_table", "_value")

    def __init__(self, table: dict[Any, Any]) -> None:
        dict.__init__(self)
        self.compute = None
        self._table: dict[Any, Any] | None = table
        self._newer: Persistent | None = None
        self._argument: Any = None
        self._value: Any = None

    @property
    def domain_set(self) -> Arguments:
        """The arguments. Made when asked for: kept, the two would keep each other for good."""
        return Arguments(self)

    # -- reading

    def look(self, argument: Value) -> Value:
        """Return the value, or a thing that is no value where there is none."""
        version = self
        while version._table is None:
            if version._argument == argument:
                return version._value
            assert version._newer is not None, "only the newest version has a table"
            version = version._newer
        return version._table.get(argument, ABSENT)

    def __getitem__(self, argument: Value) -> Value:
        table = self._table
        if table is not None and argument in table:
            return table[argument]
        found = self.look(argument)
        if found is ABSENT:
            raise KeyError(argument)
        return found

    def get(self, argument: Value, default: Value = None) -> Value:
        """Return the value, or ``default``."""
        found = self.look(argument)
        return default if found is ABSENT else found

    def __contains__(self, argument: object) -> bool:
        table = self._table
        if table is not None:
            return argument in table
        return self.look(argument) is not ABSENT

    def __len__(self) -> int:
        return len(self.current())

    def __iter__(self) -> Iterator[Value]:
        return iter(self.current())

    def current(self) -> dict[Any, Any]:
        """Return a dictionary of this version; not to be changed."""
        return self._listed_table()

    def items_known(self) -> list[tuple[Any, Any]]:
        """Return what this version holds, argument by argument."""
        return list(self._listed_table().items())

    def _listed_table(self) -> dict[Any, Any]:
        if self._table is not None:
            return self._table
        changes: list[tuple[Any, Any]] = []
        version = self
        while version._table is None:
            changes.append((version._argument, version._value))
            assert version._newer is not None, "only the newest version has a table"
            version = version._newer
        table = dict(version._table)
        for argument, value in reversed(changes):
            if value is ABSENT:
                table.pop(argument, None)
            else:
                table[argument] = value
        return table

    # -- as a function

    @property
    def keys_(self) -> Values:
        """Return the arguments, in no order: whoever needs one makes a Fn of it."""
        return tuple(self.current())

    @property
    def values_(self) -> Values:
        """Return the values, in the order of ``keys_``."""
        return tuple(self.current().values())

    def force(self) -> Persistent:  # type: ignore[override]
        """Return itself: it may be kept in other values."""
        return self

    def listed(self) -> Value:
        """Return the same function as a Fn."""
        return function_of(dict(self.current()))

    def __hash__(self) -> int:  # type: ignore[override]
        return id(self) >> 4

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if isinstance(other, Persistent):
            return self.current() == other.current()
        return self.listed() is other

    def __ne__(self, other: object) -> bool:
        return not self == other

    # -- changing

    def _next(self, argument: Value, value: Value) -> Persistent:
        table = self._become_newest()
        made = self._made(table)
        self._table = None
        self._argument = argument
        self._value = table.get(argument, ABSENT)
        self._newer = made
        if value is ABSENT:
            table.pop(argument, None)
        else:
            table[argument] = value
        return made

    def _become_newest(self) -> dict[Any, Any]:
        """Turn the differences around up to this version, and return its dictionary.

        Who changes an older version goes another way from there; what was newer stays readable.
        """
        chain = [self]
        while chain[-1]._table is None:
            newer = chain[-1]._newer
            assert newer is not None, "only the newest version has a table"
            chain.append(newer)
        table = chain[-1]._table
        assert table is not None, "the loop ends there"
        for older, newer in zip(reversed(chain[:-1]), reversed(chain), strict=False):
            argument = older._argument
            newer._argument, newer._value = argument, table.get(argument, ABSENT)
            newer._newer, newer._table = older, None
            if older._value is ABSENT:
                table.pop(argument, None)
            else:
                table[argument] = older._value
            older._newer, older._table = None, table
        return table

    def _made(self, table: dict[Any, Any]) -> Persistent:
        """Return a new version with this table."""
        return Persistent(table)

    def with_value(self, argument: Value, value: Value) -> Persistent:
        """Return the function with one value changed, or one more argument."""
        return self._next(argument, value)

    def without(self, argument: Value) -> Persistent:
        """Return the function with one argument less."""
        return self if argument not in self else self._next(argument, ABSENT)

    def changed_until(self, newer: Persistent) -> list[Value] | None:
        """Return the arguments that were changed between this version and a newer one.

        None if the other does not come of this by changes one after the other.
        """
        found: list[Value] = []
        version: Persistent | None = self
        while version is not newer:
            if version is None or version._newer is None:
                return None
            found.append(version._argument)
            version = version._newer
        return found


class Arguments(LazySet):
    """The domain of a persistent function."""

    def __init__(self, function: Persistent) -> None:
        super().__init__()
        self._function = function

    def __iter__(self) -> Iterator[Value]:
        return iter(self._function.current())

    def __contains__(self, value: object) -> bool:
        return value in self._function

    def __len__(self) -> int:
        return len(self._function)

    def force(self) -> frozenset[Any]:
        """Return the arguments as a set."""
        return frozenset(self._function.current())


def persistent(pairs: Iterable[tuple[Value, Value]]) -> Persistent:
    """Return a persistent function with these arguments and values."""
    return Persistent(dict(pairs))


def extended(function: Value, argument: Value, value: Value) -> Value:
    r"""Return [x \in DOMAIN f \cup {a} |-> IF x = a THEN v ELSE f[x]]."""
    if isinstance(function, Persistent):
        return function.with_value(argument, value)
    pairs = _pairs(function)
    pairs[argument] = value
    return function_of(pairs)


def restricted(function: Value, argument: Value) -> Value:
    r"""Return [x \in DOMAIN f \ {a} |-> f[x]]."""
    if isinstance(function, Persistent):
        return function.without(argument)
    pairs = _pairs(function)
    pairs.pop(argument, None)
    return function_of(pairs)


def _pairs(function: Value) -> dict[Any, Any]:
    if isinstance(function, LazyFunction):
        function = function.force()
    if not isinstance(function, dict):
        raise EvaluationError(f"{function!r} is no function")
    return dict(function)
