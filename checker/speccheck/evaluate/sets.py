"""Sets that are not listed: Nat, Int, STRING, Seq(S), SUBSET S, [S -> T], products, records."""

from collections.abc import Callable, Iterator
from itertools import chain, combinations, count, product
from math import prod
from typing import Any

from speccheck.evaluate.errors import EvaluationError
from speccheck.evaluate.likeness import contains, different, equal, is_no_element, strays
from speccheck.evaluate.order import in_order, ordered
from speccheck.evaluate.show import show
from speccheck.evaluate.values import (
    DOMAINS,
    MOST_LISTED,
    SEQUENCES,
    Domain,
    Fn,
    LazyFunction,
    LazySet,
    Value,
    force,
    size_of,
)


class Infinite(LazySet):
    """A set given by its name, the type of its elements (None: any) and a test of them."""

    __slots__ = ("kind", "name", "test")

    def __init__(
        self, name: str, kind: type | None, test: Callable[[Any], bool] = lambda _value: True
    ) -> None:
        super().__init__()
        self.name = name
        self.kind = kind
        self.test = test

    def __contains__(self, value: object) -> bool:
        if self.kind is None or type(value) is self.kind:
            return self.test(value)
        return not is_no_element(value, self)

    def is_finite(self) -> bool:
        """Tell whether the set can be listed."""
        return False

    def is_same(self, other: Any) -> bool | None:
        """Tell whether they have one name: Nat and Int differ, Nat and STRING are not compared."""
        return self.name == other.name if self.kind is other.kind else None

    def is_inhabited(self) -> bool:
        """Return TRUE."""
        return True

    def __repr__(self) -> str:
        return self.name


NATURALS = Infinite("Nat", int, lambda value: bool(value >= 0))
INTEGERS = Infinite("Int", int)
REALS = Infinite("Real", int)
STRINGS = Infinite("STRING", str)
ANYTHING = Infinite("Any", None)


# More would not fit into memory.
_MOST_IN_MEMORY = 1 << 25


class _Counted(LazySet):
    """A set whose size a formula tells."""

    __slots__ = ()

    def is_too_large(self) -> bool:
        """Tell whether the set is known, without listing it, to have too many elements for that."""
        return self.size() > _MOST_IN_MEMORY


class Interval(_Counted):
    """low..high, of many numbers."""

    __slots__ = ("high", "low")

    def __init__(self, low: int, high: int) -> None:
        super().__init__()
        self.low = low
        self.high = high

    def __contains__(self, value: object) -> bool:
        if type(value) is int:
            return self.low <= value <= self.high
        return not is_no_element(value, self)

    def __iter__(self) -> Iterator[Any]:
        return iter(range(self.low, self.high + 1))

    def size(self) -> int:
        """Return how many numbers there are."""
        return self.high - self.low + 1

    def is_same(self, other: Any) -> bool | None:
        """Tell whether the bounds are equal."""
        return bool(self.low == other.low and self.high == other.high)

    def is_inhabited(self) -> bool:
        """Return TRUE: short intervals are listed."""
        return True

    def __and__(self, other: Any) -> Any:
        if isinstance(other, Interval):
            low, high = max(self.low, other.low), min(self.high, other.high)
            return Interval(low, high) if low <= high else frozenset()
        if isinstance(other, LazySet) and other.is_finite() and size_of(other) < self.size():
            return frozenset([value for value in other if value in self])
        return super().__and__(other)

    __rand__ = __and__

    def __le__(self, other: Any) -> bool:
        if isinstance(other, Interval):
            return bool(other.low <= self.low and self.high <= other.high)
        if other is INTEGERS or other is NATURALS:
            return self.low in other
        return super().__le__(other)

    def __repr__(self) -> str:
        return f"{self.low}..{self.high}"


class Filter(LazySet):
    """The elements of an infinite set that pass a test."""

    __slots__ = ("base", "test")

    def __init__(self, base: Value, test: Callable[[Any], bool]) -> None:
        super().__init__()
        self.base = base
        self.test = test

    def __contains__(self, value: object) -> bool:
        return value in self.base and self.test(value)

    def is_finite(self) -> bool:
        """Tell whether the set can be listed."""
        return False

    def is_same(self, other: Any) -> bool | None:
        """Tell by its parts whether a set of the same class is equal, None if that is not known."""
        return (self.test is other.test and equal(self.base, other.base)) or None

    def __repr__(self) -> str:
        return f"{{x \\in {show(self.base)} : ...}}"


class Union(LazySet):
    """The union of sets of which at least one is not listed."""

    __slots__ = ("parts",)

    def __init__(self, parts: tuple[Value, ...]) -> None:
        super().__init__()
        self.parts = parts

    def __contains__(self, value: object) -> bool:
        return any(contains(part, value) for part in self.parts)

    def __iter__(self) -> Iterator[Any]:
        return iter(ordered(self.force()))

    def force(self) -> frozenset[Any]:
        """Return the set listed."""
        if self._listed is None:
            self._listed = frozenset(chain.from_iterable(map(force, self.parts)))
        return self._listed

    def is_finite(self) -> bool:
        """Tell whether the set can be listed."""
        return all(map(is_finite, self.parts))

    def is_same(self, other: Any) -> bool | None:
        """Tell by its parts whether a set of the same class is equal, None if that is not known."""
        return _are_equal(self.parts, other.parts) or None

    def is_inhabited(self) -> bool:
        """Tell whether the set is known to have an element."""
        return any(map(is_inhabited, self.parts))

    def __repr__(self) -> str:
        return "(" + " \\cup ".join(map(show, self.parts)) + ")"


class Difference(LazySet):
    """An infinite set, or a long interval, without some values."""

    __slots__ = ("left", "right")

    def __init__(self, left: Value, right: Value) -> None:
        super().__init__()
        self.left = left
        self.right = right

    def __contains__(self, value: object) -> bool:
        return value in self.left and not contains(self.right, value)

    def __iter__(self) -> Iterator[Any]:
        if not self.is_finite():
            return super().__iter__()
        return (value for value in self.left if not contains(self.right, value))

    def is_finite(self) -> bool:
        """Tell whether the set can be listed."""
        return is_finite(self.left)

    def size(self) -> int:
        """Return the number of elements, without those that a listed set takes away."""
        if isinstance(self.right, frozenset):
            return size_of(self.left) - sum(value in self.left for value in self.right)
        return super().size()

    def is_inhabited(self) -> bool:
        """Tell whether the set is known to have an element."""
        return self.is_finite() and next(iter(self), None) is not None

    def is_same(self, other: Any) -> bool | None:
        """Tell by its parts whether a set of the same class is equal, None if that is not known."""
        return _are_equal((self.left, self.right), (other.left, other.right)) or None

    def __repr__(self) -> str:
        return f"({show(self.left)} \\ {show(self.right)})"


def is_finite(values: Value) -> bool:
    """Tell whether a set can be listed."""
    return not isinstance(values, LazySet) or values.is_finite()


_MOST_DIGITS = 1 << 20


def _power(base: int, exponent: int, values: LazySet) -> int:
    """Return base ^ exponent, how many elements a set has. Raises EvaluationError for too many."""
    if base > 1 and exponent * base.bit_length() > _MOST_DIGITS:
        raise EvaluationError(f"{values!r} has too many elements to be counted")
    return int(base**exponent)


def is_inhabited(values: Value) -> bool:
    """Tell whether a set is known to have an element."""
    return values.is_inhabited() if isinstance(values, LazySet) else bool(values)


def _are_equal(mine: tuple[Value, ...], other: tuple[Value, ...]) -> bool:
    return len(mine) == len(other) and all(map(equal, mine, other))


def _have_equal_parts(mine: tuple[Value, ...], other: tuple[Value, ...]) -> bool | None:
    """Tell whether products are equal: other parts make other products unless one is empty."""
    if _are_equal(mine, other):
        return True
    return False if all(map(is_inhabited, mine + other)) else None


def union(left: Value, right: Value) -> Value:
    """Return the union; it is listed only when it has to be."""
    return Union((left, right))


def difference(left: Value, right: Value) -> Value:
    """Return ``left \\ right``."""
    if not is_finite(left) or isinstance(left, Interval | Difference):
        return Difference(left, right)
    return frozenset([value for value in left if value not in right])


def _set(value: Value) -> Value:
    """Return the value if it is a set. Raises EvaluationError if not."""
    if isinstance(value, frozenset | LazySet):
        return value
    raise EvaluationError(f"{show(value)} is not a set")


class Subsets(_Counted):
    """SUBSET S."""

    __slots__ = ("base",)

    def __init__(self, base: Value) -> None:
        super().__init__()
        self.base = _set(base)

    def __contains__(self, value: object) -> bool:
        if isinstance(value, frozenset):
            if isinstance(self.base, frozenset):
                return value <= self.base or not strays(value, self.base)
            base = self.base
            return all(item in base for item in value)
        return bool(_set(value) <= self.base) or not strays(value, self.base)

    def __iter__(self) -> Iterator[Any]:
        items = ordered(self.base)
        for size in range(len(items) + 1):
            yield from map(frozenset, combinations(items, size))

    def is_finite(self) -> bool:
        """Tell whether the set can be listed."""
        return is_finite(self.base)

    def size(self) -> int:
        """Return 2 ^ n."""
        return _power(2, size_of(self.base), self)

    def is_same(self, other: Any) -> bool | None:
        """Tell whether they are the subsets of one set."""
        return equal(self.base, other.base)

    def is_inhabited(self) -> bool:
        """Return TRUE: {} is an element."""
        return True

    def __repr__(self) -> str:
        return f"SUBSET {show(self.base)}"


class _Structures(_Counted):
    """A set of functions, records, tuples or sequences."""

    __slots__ = ()

    def _all_in(self, values: Value, function: Fn) -> bool:
        """Tell whether all values of a function are in one set, and remember if so."""
        if isinstance(values, frozenset):
            found = values.issuperset(function.values_)
        else:
            found = all(item in values for item in function.values_)
        if found:
            self._members.add(function)
        elif isinstance(values, frozenset):
            return all(contains(values, item) for item in function.values_)
        return found

    def _each_in(self, sets: tuple[Any, ...], function: Fn) -> bool:
        """Tell whether each value of a function is in the set for it, and remember if so."""
        for item, values in zip(function.values_, sets, strict=True):
            if not contains(values, item):
                return False
        self._members.add(function)
        return True


class FunctionSet(_Structures):
    """[S -> T]."""

    __slots__ = ("codomain", "domain_set")

    def __init__(self, domain: Value, codomain: Value) -> None:
        super().__init__()
        self.domain_set = _set(domain)
        self.codomain = _set(codomain)

    def __contains__(self, value: object) -> bool:
        if isinstance(value, LazyFunction):
            value = value.force()
        if value in self._members:
            return True
        if not isinstance(value, Fn):
            return not is_no_element(value, self)
        if value.domain.keyset != self.domain_set:
            return not different(value.domain.keyset, self.domain_set)
        return self._all_in(self.codomain, value)

    def __iter__(self) -> Iterator[Any]:
        domain = DOMAINS[force(self.domain_set)]
        values = in_order(self.codomain)
        return map(domain.__getitem__, combined(*[values] * len(domain.keys_)))

    def is_finite(self) -> bool:
        """Tell whether the set can be listed."""
        return is_finite(self.domain_set) and is_finite(self.codomain)

    def size(self) -> int:
        """Return |T| ^ |S|."""
        return _power(size_of(self.codomain), size_of(self.domain_set), self)

    def is_same(self, other: Any) -> bool | None:
        """Tell by its parts whether a set of the same class is equal, None if that is not known.

        Sets on several domains are equal if both are empty, those to several sets on domain {}.
        """
        if not equal(self.domain_set, other.domain_set):
            occupied = is_inhabited(self.codomain) and is_inhabited(other.codomain)
            return False if occupied else None
        if equal(self.codomain, other.codomain):
            return True
        return False if is_inhabited(self.domain_set) else None

    def is_inhabited(self) -> bool:
        """Tell whether the set is known to have an element."""
        domain = self.domain_set
        return is_inhabited(self.codomain) or (is_finite(domain) and not size_of(domain))

    def __repr__(self) -> str:
        return f"[{show(self.domain_set)} -> {show(self.codomain)}]"


class RecordSet(_Structures):
    """[a : S, b : T]."""

    __slots__ = ("fields", "sets")

    def __init__(self, domain: Domain, sets: tuple[Any, ...]) -> None:
        super().__init__()
        self.fields = domain
        self.sets = tuple(map(_set, sets))

    def __contains__(self, value: object) -> bool:
        if isinstance(value, LazyFunction):
            value = value.force()
        if value in self._members:
            return True
        if not isinstance(value, Fn) or not value.domain.is_record:
            return not is_no_element(value, self)
        if value.domain is not self.fields:
            return False
        return self._each_in(self.sets, value)

    def __iter__(self) -> Iterator[Any]:
        return map(self.fields.__getitem__, combined(*map(in_order, self.sets)))

    def is_finite(self) -> bool:
        """Tell whether the set can be listed."""
        return all(map(is_finite, self.sets))

    def size(self) -> int:
        """Return the product of the sizes."""
        return prod(map(size_of, self.sets))

    def is_same(self, other: Any) -> bool | None:
        """Tell by its parts whether a set of the same class is equal, None if that is not known."""
        if self.fields is not other.fields:
            return False if self.is_inhabited() and other.is_inhabited() else None
        return _have_equal_parts(self.sets, other.sets)

    def is_inhabited(self) -> bool:
        """Tell whether the set is known to have an element."""
        return all(map(is_inhabited, self.sets))

    def __repr__(self) -> str:
        pairs = zip(self.fields.keys_, self.sets, strict=True)
        return "[" + ", ".join(f"{name}: {show(values)}" for name, values in pairs) + "]"


class Product(_Structures):
    """S \\X T."""

    __slots__ = ("sets",)

    def __init__(self, sets: tuple[Any, ...]) -> None:
        super().__init__()
        self.sets = tuple(map(_set, sets))

    def __contains__(self, value: object) -> bool:
        if isinstance(value, LazyFunction):
            value = value.force()
        if value in self._members:
            return True
        if not isinstance(value, Fn) or not value.domain.is_numbered:
            return not is_no_element(value, self)
        if value.table is not SEQUENCES:
            return False
        return len(value) == len(self.sets) and self._each_in(self.sets, value)

    def __iter__(self) -> Iterator[Any]:
        return map(SEQUENCES.__getitem__, combined(*map(in_order, self.sets)))

    def is_finite(self) -> bool:
        """Tell whether the set can be listed."""
        return all(map(is_finite, self.sets))

    def size(self) -> int:
        """Return the product of the sizes."""
        return prod(map(size_of, self.sets))

    def is_same(self, other: Any) -> bool | None:
        """Tell by its parts whether a set of the same class is equal, None if that is not known."""
        return _have_equal_parts(self.sets, other.sets)

    def is_inhabited(self) -> bool:
        """Tell whether the set is known to have an element."""
        return all(map(is_inhabited, self.sets))

    def __repr__(self) -> str:
        return " \\X ".join(map(show, self.sets))


class Sequences(_Structures):
    """Seq(S)."""

    __slots__ = ("items",)

    def __init__(self, items: Value) -> None:
        super().__init__()
        self.items = _set(items)

    def __contains__(self, value: object) -> bool:
        if isinstance(value, LazyFunction):
            value = value.force()
        if value in self._members:
            return True
        if not isinstance(value, Fn) or value.table is not SEQUENCES:
            return not is_no_element(value, self)
        return self._all_in(self.items, value)

    def __iter__(self) -> Iterator[Any]:
        if self.is_finite():
            return iter([SEQUENCES[()]])
        return super().__iter__()

    def is_finite(self) -> bool:
        """Tell whether the set can be listed."""
        return is_finite(self.items) and not size_of(self.items)

    def size(self) -> int:
        """Return 1: there is no sequence but the empty one, or no end."""
        return 1 if self.is_finite() else len(tuple(self))

    def is_same(self, other: Any) -> bool | None:
        """Tell whether they are the sequences over one set."""
        return equal(self.items, other.items)

    def is_inhabited(self) -> bool:
        """Return TRUE: << >> is an element."""
        return True

    def __repr__(self) -> str:
        return f"Seq({show(self.items)})"


def combined(*parts: Any) -> Iterator[tuple[Any, ...]]:
    """Return the tuples of ``itertools.product``, which keeps its parts; long ones are not kept."""
    if not any(map(_is_long, parts)):
        return product(*parts)
    return _combined(tuple([part if _is_long(part) else tuple(part) for part in parts]))


def _is_long(part: Any) -> bool:
    if isinstance(part, range):
        return part.stop - part.start > MOST_LISTED
    return isinstance(part, LazySet) and part.is_finite() and part.size() > MOST_LISTED


def _combined(parts: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    if not parts:
        yield ()
        return
    *before, last = parts
    for values in _combined(tuple(before)):
        for value in last:
            yield (*values, value)


def integers_from(start: int) -> Iterator[int]:
    """Return start, start + 1, ... without end."""
    return count(start)
