"""The values of TLA+ as Python objects.

Integers are ``int``, strings ``str``, finite sets ``frozenset``; booleans and model values are
objects of their own, so that TRUE is not 1. A function, record or sequence is a :class:`Fn`: a
dictionary that is never changed and that exists once per value. Equality of functions is thereby
identity, and a hash costs nothing.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NoReturn, TypeAlias

from speccheck.evaluate.errors import EvaluationError

# int, str, Boolean, ModelValue, frozenset, Fn, or a lazy set or function.
Value: TypeAlias = Any
Values: TypeAlias = tuple[Any, ...]


class Boolean:
    """TRUE and FALSE; there are no others."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return self.name


TRUE = Boolean("TRUE")
FALSE = Boolean("FALSE")
BOOLEANS = frozenset([FALSE, TRUE])


class ModelValue:
    """A value that equals nothing but itself, named in a configuration.

    ``type_`` is the type that its name gives it, "" if none.
    """

    __slots__ = ("name", "type_")

    def __init__(self, name: str) -> None:
        self.name = name
        # a_1 is of type a: it is not compared with values of other types.
        self.type_ = name[0] if len(name) > 2 and name[1] == "_" else ""
        rank(name)

    def __repr__(self) -> str:
        return self.name


_ranks: dict[str, int] = {}


def rank(text: str) -> int:
    """Return the place of a string in the order of first appearance in the specification.

    TLC's order is that too. The names in the standard modules count as appearances.
    """
    found = _ranks.get(text)
    if found is None:
        found = _ranks[text] = len(_ranks)
    return found


def rank_all(texts: Iterable[str]) -> None:
    """Give a place to those that have none yet, in an order that does not depend on hashing."""
    for text in sorted([text for text in texts if text not in _ranks]):
        rank(text)


class Fn(dict[Any, Any]):
    """A function from a finite set. Made by :class:`Domain` and :data:`SEQUENCES` only.

    ``values_`` are its values in the order of ``domain.keys_``; ``table`` maps such tuples to
    the one function that has them. ``kind`` is what speccheck.evaluate.likeness notes of them.
    """

    __slots__ = ("domain", "kind", "table", "values_")

    domain: "Domain"
    table: "dict[Values, Fn]"
    values_: Values
    kind: object

    __hash__ = object.__hash__  # type: ignore[assignment]
    __eq__ = object.__eq__
    __ne__ = object.__ne__
    __lt__ = object.__lt__  # type: ignore[operator]
    __le__ = object.__le__  # type: ignore[operator]
    __gt__ = object.__gt__  # type: ignore[operator]
    __ge__ = object.__ge__  # type: ignore[operator]

    def __repr__(self) -> str:
        from speccheck.evaluate.show import show

        return show(self)


class Domain(dict[Values, Fn]):
    """The functions over one set: maps their values, in the order of ``keys_``, to functions."""

    __slots__ = ("index", "is_numbered", "is_record", "is_sequence", "keys_", "keyset")

    def __init__(self, keyset: frozenset[Any], keys: Values) -> None:
        super().__init__()
        self.keyset = keyset
        self.keys_ = keys
        self.index = {key: position for position, key in enumerate(keys)}
        self.is_sequence = keys == tuple(range(1, len(keys) + 1))
        self.is_record = all(type(key) is str for key in keys)
        self.is_numbered = all(type(key) is int for key in keys)

    def __missing__(self, values: Values) -> Fn:
        if self.is_sequence:
            made = SEQUENCES[values]
        else:
            made = Fn(zip(self.keys_, values, strict=True))
            made.domain = self
            made.table = self
            made.values_ = values
            made.kind = None
        self[values] = made
        return made


class _Sequences(dict[Values, Fn]):
    """All sequences: maps their items to them."""

    def __missing__(self, values: Values) -> Fn:
        made = Fn(enumerate(values, 1))
        made.domain = interval_domain(len(values))
        made.table = self
        made.values_ = values
        made.kind = None
        self[values] = made
        return made


SEQUENCES = _Sequences()
_intervals: dict[int, Domain] = {}


def interval_domain(length: int) -> Domain:
    """Return the domain ``1..length``."""
    found = _intervals.get(length)
    if found is None:
        keys = tuple(range(1, length + 1))
        found = _intervals[length] = Domain(frozenset(keys), keys)
    return found


class _Domains(dict[frozenset[Any], Domain]):
    """All domains: maps a set to the functions over it."""

    def __missing__(self, keyset: frozenset[Any]) -> Domain:
        from speccheck.evaluate.order import ordered

        size = len(keyset)
        if 1 in keyset or not size:
            candidate = interval_domain(size)
            if candidate.keyset == keyset:
                self[keyset] = candidate
                return candidate
        made = self[keyset] = Domain(keyset, ordered(keyset))
        return made


DOMAINS = _Domains()


def function_of(pairs: dict[Any, Any]) -> Fn:
    """Return the function with these arguments and values."""
    domain = DOMAINS[frozenset(pairs)]
    return domain[tuple([pairs[key] for key in domain.keys_])]


def record_domain(names: tuple[str, ...]) -> Domain:
    """Return the domain of records with these fields."""
    for name in names:
        rank(name)  # in the order of the text, before a set loses it
    return DOMAINS[frozenset(names)]


class LazyFunction(dict[Any, Any]):
    """A function that is evaluated where it is applied, and remembers; recursive ones are such.

    ``compute`` gives the value for an argument that is in ``domain_set``.
    """

    __slots__ = ("compute", "domain_set")

    def __init__(self, domain_set: Value, compute: Callable[[Any], Any] | None) -> None:
        super().__init__()
        self.domain_set = domain_set
        self.compute = compute

    def __missing__(self, argument: Value) -> Value:
        if argument not in self.domain_set:
            raise KeyError(argument)
        assert self.compute is not None, "set before the function is applied"
        value = self[argument] = self.compute(argument)
        return value

    def force(self) -> Fn:
        """Return the function with all its values. Raises where the domain is infinite."""
        keyset = force(self.domain_set)
        domain = DOMAINS[keyset]
        return domain[tuple([force(self[key]) for key in domain.keys_])]

    @property
    def domain(self) -> "LazyFunction":
        """Return this: where a Fn has its domain, with the set as ``keyset``."""
        return self

    @property
    def keyset(self) -> Value:
        """Return the domain as a set."""
        return self.domain_set

    @property
    def keys_(self) -> Values:
        """Return the arguments in order."""
        return self.force().domain.keys_

    @property
    def values_(self) -> Values:
        """Return the values in order."""
        return self.force().values_

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(self.force())

    def __eq__(self, other: object) -> bool:
        return self.force() is (other.force() if isinstance(other, LazyFunction) else other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __len__(self) -> int:
        return len(force(self.domain_set))


class LazySet:
    """A set that is not listed: membership is asked, elements come in TLC's order."""

    __slots__ = ("_listed", "_members")

    def __init__(self) -> None:
        self._listed: frozenset[Any] | None = None
        # Values known to be elements: those that are kept in states are asked for again.
        self._members: set[Any] = set()

    def __iter__(self) -> Iterator[Any]:
        raise EvaluationError(f"the set {self!r} cannot be enumerated")

    def __contains__(self, value: object) -> bool:
        return value in self.force()

    def is_finite(self) -> bool:
        """Tell whether the set can be listed."""
        return True

    def force(self) -> frozenset[Any]:
        """Return the set with its elements listed. Raises EvaluationError for an infinite one."""
        if self._listed is None:
            if self.is_too_large():
                refuse_to_list(self)
            self._listed = frozenset(map(force, self))
        return self._listed

    def is_too_large(self) -> bool:
        """Tell whether the set is known, without listing it, to have too many elements for that."""
        return False

    def size(self) -> int:
        """Return the number of elements of a finite set, by a formula where there is one."""
        return len(self.force())

    def __len__(self) -> int:
        return self.size()

    def __bool__(self) -> bool:
        return self.size() > 0  # Python's own len() has a limit.

    def __hash__(self) -> int:
        return hash(self.force())

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, frozenset | LazySet):
            return False
        if self.is_finite() and (isinstance(other, frozenset) or other.is_finite()):
            return self._equals_finite(other)
        same = self.is_same(other) if type(self) is type(other) else None
        if same is None:
            refuse_unlisted(self, other)
        return same

    def _equals_finite(self, other: Any) -> bool:
        """Tell whether a finite set is equal; a large one is gone through, not listed."""
        number = size_of(self)
        if number != size_of(other):
            return False
        if number <= MOST_LISTED:
            return bool(self.force() == force(other))
        if type(self) is type(other) and self.is_same(other):
            return True
        from speccheck.evaluate.order import in_order

        pairs = zip(in_order(self), in_order(other), strict=True)
        return all(mine == theirs for mine, theirs in pairs)

    def is_same(self, other: Any) -> bool | None:
        """Tell by its parts whether a set of the same class is equal, None if that is not known."""
        return None

    def is_inhabited(self) -> bool:
        """Tell whether the set is known to have an element."""
        return self.is_finite() and self.size() > 0

    def __or__(self, other: Any) -> Any:
        from speccheck.evaluate.sets import union

        return union(self, _operand(other))

    __ror__ = __or__

    def __and__(self, other: Any) -> Any:
        if isinstance(other, frozenset):
            return frozenset([value for value in other if value in self])
        _operand(other)
        return frozenset([value for value in self if value in other])

    __rand__ = __and__

    def __sub__(self, other: Any) -> Any:
        from speccheck.evaluate.sets import difference

        return difference(self, _operand(other))

    def __rsub__(self, other: Any) -> Any:
        return frozenset([value for value in _operand(other) if value not in self])

    def __le__(self, other: Any) -> bool:
        _operand(other)
        return all(value in other for value in self)

    def __ge__(self, other: Any) -> bool:
        return all(value in self for value in _operand(other))


# Sets with more elements are gone through where they can be, and intervals are not listed at all.
MOST_LISTED = 1 << 16


def size_of(values: Value) -> int:
    """Return the number of elements of a finite set. Raises EvaluationError for far too many."""
    return values.size() if isinstance(values, LazySet) else len(values)


def refuse_to_list(values: Value) -> NoReturn:
    """Raise EvaluationError: a set has too many elements to list them."""
    from speccheck.evaluate.show import show

    raise EvaluationError(f"{show(values)} has too many elements to be listed")


def refuse_unlisted(a: Value, b: Value) -> NoReturn:
    """Raise EvaluationError: it is not known whether a set that has no end equals another."""
    from speccheck.evaluate.show import show

    endless = show(a if isinstance(a, LazySet) and not a.is_finite() else b)
    raise EvaluationError(f"{show(a)} and {show(b)} cannot be compared: {endless} is not finite")


def _operand(other: Any) -> Any:
    """Return the other operand of an operator of sets. Raises TypeError if it is no set."""
    if isinstance(other, frozenset | LazySet):
        return other
    raise TypeError("a set and something else")


def force(value: Value) -> Value:
    """Return the value with lazy sets and functions listed: fit to be kept in another value."""
    if isinstance(value, _LAZY):
        return value.force()
    return value


_LAZY = (LazySet, LazyFunction)


def as_boolean(value: bool) -> Boolean:
    """Return a Python boolean as a TLA+ one."""
    return TRUE if value else FALSE
