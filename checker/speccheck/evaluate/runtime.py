"""What generated code calls: the operators that are more than one Python expression."""

from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from traceback import walk_tb
from typing import Any, NoReturn

from speccheck.evaluate.errors import EvaluationError
from speccheck.evaluate.likeness import apart, is_no_element, strays
from speccheck.evaluate.order import in_order
from speccheck.evaluate.persistent import Persistent
from speccheck.evaluate.sets import Interval, Union, is_finite
from speccheck.evaluate.show import show
from speccheck.evaluate.values import (
    DOMAINS,
    FALSE,
    MOST_LISTED,
    SEQUENCES,
    TRUE,
    Domain,
    Fn,
    LazyFunction,
    LazySet,
    Value,
    Values,
    force,
    rank,
    size_of,
)


class Unevaluated:
    """The one value of a name whose expression was not needed yet."""


UNEVALUATED = Unevaluated()


def not_boolean(value: Value) -> NoReturn:
    """Refuse a value where TRUE or FALSE is due."""
    raise EvaluationError(f"{show(value)} is neither TRUE nor FALSE")


def is_true(value: Value) -> bool:
    """Return a TLA+ boolean as a Python one."""
    if value is TRUE:
        return True
    return False if value is FALSE else not_boolean(value)


def unassigned(name: str) -> NoReturn:
    """Refuse to read a variable that has no value yet."""
    raise EvaluationError(f"{name} is used before it is given a value")


def no_state(name: str) -> NoReturn:
    """Refuse to read a variable where no state, or none that comes after, is looked at."""
    raise EvaluationError(f"{name} has no value where it is read: there is no such state")


def incomplete(names: str) -> NoReturn:
    """Refuse a state in which variables have no value."""
    raise EvaluationError(f"the state gives no value to {names}")


def no_case() -> NoReturn:
    """Refuse a CASE without a true guard."""
    raise EvaluationError("no arm of the CASE is true and it has no OTHER")


def nothing_chosen(domain: Value) -> NoReturn:
    """Refuse a CHOOSE that no element satisfies."""
    values = domain
    if isinstance(domain, range):
        values = interval(domain.start, domain.stop - 1)
    elif isinstance(domain, tuple):
        values = frozenset(domain)
    raise EvaluationError(f"no element of {show(values)} satisfies the CHOOSE")


def unsupported(what: str) -> NoReturn:
    """Refuse what cannot be evaluated."""
    raise EvaluationError(f"{what} cannot be evaluated")


_intervals: dict[tuple[int, int], frozenset[int]] = {}


def interval(low: int, high: int) -> frozenset[int] | Interval:
    """Return low..high; a large one is not listed."""
    found = _intervals.get((low, high))
    if found is None:
        if high - low >= MOST_LISTED:
            return Interval(low, high)
        found = _intervals[low, high] = frozenset(range(low, high + 1))
    return found


def in_interval(value: Value, low: int, high: int) -> bool:
    """Tell whether the value is in low..high. Raises where it cannot be compared with numbers."""
    if type(value) is int:
        return low <= value <= high
    return low <= high and not is_no_element(value, interval(low, high))


def a_set(value: Value) -> Value:
    """Return the value if it is a set. Raises EvaluationError if not."""
    if type(value) is frozenset or isinstance(value, LazySet):
        return value
    raise EvaluationError(f"{show(value)} is not a set")


def an_integer(value: Value, operator: str) -> int:
    """Return the value if it is an integer. Raises EvaluationError if not."""
    if type(value) is int:
        return value
    name = "-" if operator == "-." else operator
    raise EvaluationError(f"{show(value)} is not an integer, as {name} asks for")


def a_function(value: Value) -> Value:
    """Return the value if it is a function. Raises EvaluationError if not."""
    if isinstance(value, Fn | LazyFunction):
        return value
    raise EvaluationError(f"{show(value)} is not a function")


def not_in_domain(argument: Value) -> str:
    """Return what is said of a function applied outside its domain."""
    return f"a function is applied to {show(argument)}, which is not in its domain"


def item_of(function: Value, argument: Value) -> Value:
    """Return function[argument]. Raises EvaluationError, with the function and its domain."""
    try:
        return a_function(function)[argument]
    except KeyError as error:
        if is_of_generated_code(error) or error.args != (argument,):
            raise
        domain = _shortened(show(function.domain.keyset))
        what = f"{not_in_domain(argument)}, {domain}; the function is {_shortened(show(function))}"
        raise EvaluationError(what) from error


def given(name: str, function: Callable[..., Any], *arguments: Any) -> Any:
    """Return what an operator of a standard module gives; an error tells the arguments."""
    try:
        return function(*arguments)
    except (TypeError, AttributeError, LookupError, ValueError) as error:
        if is_of_generated_code(error):
            raise
        values = [_shortened(show(each)) for each in arguments if not callable(each)]
        raise EvaluationError(f"{name} is not defined for {', '.join(values)}") from error


_LONGEST_SHOWN = 300


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}..."


def is_of_generated_code(error: Exception) -> bool:
    """Tell whether an error comes from code of the specification, called from the caller's."""
    frames = walk_tb(error.__traceback__)
    return any(frame.f_code.co_filename.startswith("<tla ") for frame, _ in frames)


def united(left: Value, right: Value) -> Value:
    r"""Return left \cup right."""
    return a_set(left) | a_set(right)


def common(left: Value, right: Value) -> Value:
    r"""Return left \cap right."""
    return a_set(left) & a_set(right) or apart(left, right)


def without(left: Value, right: Value) -> Value:
    r"""Return left \ right."""
    return a_set(left) - a_set(right)


def is_subset(left: Value, right: Value) -> bool:
    r"""Tell whether left \subseteq right."""
    return bool(a_set(left) <= a_set(right)) or not strays(left, right)


def union_all(sets: Value) -> Value:
    """Return UNION of a set, or of a Python tuple of sets; it is listed only when it has to be."""
    parts = [a_set(part) for part in (sets if type(sets) is tuple else a_set(sets))]
    if all(type(part) is frozenset for part in parts):
        return frozenset(chain.from_iterable(parts))
    return Union(tuple(parts))


def domain_of(values: Value) -> Domain:
    """Return the domain that a finite set is."""
    return DOMAINS[force(a_set(values))]


def changed(function: Value, argument: Value, value: Value) -> Value:
    """Return [function EXCEPT ![argument] = value]; outside the domain nothing changes.

    The argument and the value are not lazy.
    """
    if type(function) is not Fn:
        if isinstance(function, Persistent):
            return function.with_value(argument, value) if argument in function else function
        if isinstance(function, LazyFunction) and not is_finite(function.domain_set):
            return _changed_unlisted(function, argument, value)
        function = _as_function(function)
    position = function.domain.index.get(argument)
    if position is None:
        return function
    values = list(function.values_)
    values[position] = value
    return function.table[tuple(values)]


def changed_fields(function: Value, names: Values, values: Values) -> Value:
    """Return [function EXCEPT !.name = value, ...] for some names, no two of them the same.

    The record in between, which would have one field changed and not the next, is never made.
    """
    if type(function) is not Fn:
        for name, value in zip(names, values, strict=True):
            function = changed(function, name, value)
        return function
    index = function.domain.index
    new = list(function.values_)
    for name, value in zip(names, values, strict=True):
        position = index.get(name)
        if position is not None:
            new[position] = value
    return function.table[tuple(new)]


def _changed_unlisted(function: LazyFunction, argument: Value, value: Value) -> LazyFunction:
    """Return a function that has no last argument with one value changed."""
    made = LazyFunction(function.domain_set, function.__getitem__)
    if argument in function.domain_set:
        made[argument] = value
    return made


def _as_function(value: Value) -> Fn:
    if isinstance(value, LazyFunction):
        return value.force()
    raise EvaluationError(f"{show(value)} is no function")


def tuples(values: Iterable[Any], width: int) -> Iterator[Values]:
    """Yield the parts of tuples of one length."""
    for value in values:
        if type(value) is not Fn or value.table is not SEQUENCES or len(value.values_) != width:
            raise EvaluationError(f"{show(value)} is no tuple of {width}")
        yield value.values_


def power(base: int, exponent: int) -> int:
    """Return base ^ exponent."""
    if exponent < 0:
        raise EvaluationError(f"{base} ^ {exponent} is no integer")
    if base == exponent == 0:
        raise EvaluationError("0 ^ 0 is undefined")
    return int(base**exponent)


def modulo(a: int, b: int) -> int:
    """Return a % b; b is positive."""
    if type(a) is not int or type(b) is not int:
        raise EvaluationError(f"{show(a)} % {show(b)}: the operands of % are integers")
    if b <= 0:
        raise EvaluationError(f"the second operand of % is {b}; it must be positive")
    return a % b


class _Single(dict[Any, Domain]):
    """Domains of one element, by that element."""

    def __missing__(self, argument: Value) -> Domain:
        made = self[argument] = DOMAINS[frozenset([argument])]
        return made


SINGLE = _Single()


def cardinality(values: Value) -> int:
    """Return the number of elements of a finite set."""
    if type(values) is frozenset:
        return len(values)
    if isinstance(values, LazySet) and is_finite(values):
        return size_of(values)
    raise EvaluationError(f"{show(values)} is no finite set")


def length(value: Value) -> int:
    """Return Len of a sequence or string."""
    if type(value) is Fn and value.table is SEQUENCES:
        return len(value)
    if isinstance(value, str):
        return len(value)
    if isinstance(value, LazyFunction):
        return length(value.force())
    raise EvaluationError(f"{show(value)} is no sequence")


def sequence(value: Value) -> Values:
    """Return the items of a sequence. Raises EvaluationError for anything else."""
    if type(value) is Fn and value.table is SEQUENCES:
        return value.values_
    if isinstance(value, LazyFunction):
        return sequence(value.force())
    raise EvaluationError(f"{show(value)} is no sequence")


def appended(value: Value, item: Value) -> Fn:
    """Return Append."""
    return SEQUENCES[(*sequence(value), force(item))]


def concatenated(first: Value, second: Value) -> Value:
    r"""Return first \o second, of sequences or strings."""
    if isinstance(first, str) and isinstance(second, str):
        rank(first + second)  # A string's place is that of its first appearance.
        return first + second
    return SEQUENCES[sequence(first) + sequence(second)]


def tail(value: Value) -> Value:
    """Return Tail, of a sequence or string."""
    items = value if isinstance(value, str) else sequence(value)
    if not items:
        raise EvaluationError(f"Tail of the empty {'string' if items == '' else 'sequence'}")
    if isinstance(items, str):
        rank(items[1:])  # A string's place is that of its first appearance.
        return items[1:]
    return SEQUENCES[items[1:]]


def head(value: Value) -> Value:
    """Return Head, of a sequence or string."""
    items = value if isinstance(value, str) else sequence(value)
    if not items:
        raise EvaluationError(f"Head of the empty {'string' if items == '' else 'sequence'}")
    if isinstance(items, str):
        rank(items[0])
    return items[0]


def flattened(keys: Iterable[Any], shape: str) -> Iterator[Values]:
    """Yield the parts of tuples; a part that ``shape`` marks with 1 is a tuple of several."""
    for key in keys:
        items: list[Any] = []
        for part, mark in zip(key.values_, shape, strict=True):
            items.extend(part.values_ if mark == "1" else (part,))
        yield tuple(items)


def first(values: Value, test: Callable[[Any], bool]) -> Value:
    """Return the first element, in TLC's order, that passes. Raises EvaluationError for none."""
    for value in in_order(values):
        if test(value):
            return value
    nothing_chosen(values)
