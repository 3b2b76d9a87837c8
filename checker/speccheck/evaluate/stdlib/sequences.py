"""Sequences and SequencesExt."""

from collections.abc import Callable
from functools import cmp_to_key
from itertools import chain, permutations, product
from typing import Any

from speccheck.evaluate.errors import EvaluationError
from speccheck.evaluate.order import ordered
from speccheck.evaluate.runtime import changed, is_true, sequence
from speccheck.evaluate.sets import FunctionSet, Subsets
from speccheck.evaluate.show import show
from speccheck.evaluate.values import (
    SEQUENCES,
    Fn,
    Value,
    Values,
    force,
    function_of,
    interval_domain,
)

EMPTY = SEQUENCES[()]

Test = Callable[[Any], Any]
Binary = Callable[[Any, Any], Any]


def _sub_sequence(value: Value, low: int, high: int) -> Value:
    if isinstance(value, str):
        return value[max(low, 1) - 1 : high] if low <= high else ""
    items = sequence(value)
    if low > high:
        return EMPTY
    if low < 1 or high > len(items):
        raise EvaluationError(f"SubSeq({show(value)}, {low}, {high}) reaches beyond the sequence")
    return SEQUENCES[items[low - 1 : high]]


def _select(value: Value, test: Test) -> Fn:
    return SEQUENCES[tuple([item for item in sequence(value) if is_true(test(item))])]


def sort_sequence(value: Value, before: Binary) -> Fn:
    """Return SortSeq."""

    def order(a: Any, b: Any) -> int:
        return -1 if is_true(before(a, b)) else 1 if is_true(before(b, a)) else 0

    return SEQUENCES[tuple(sorted(sequence(value), key=cmp_to_key(order)))]


def _all_orders(values: Value) -> frozenset[Any]:
    return frozenset(SEQUENCES[order] for order in permutations(ordered(values)))


def _is_prefix(s: Value, t: Value) -> bool:
    left = sequence(s)
    return sequence(t)[: len(left)] == left


def _is_suffix(s: Value, t: Value) -> bool:
    left, right = sequence(s), sequence(t)
    return len(left) <= len(right) and right[len(right) - len(left) :] == left


def _prefixes(s: Value) -> frozenset[Any]:
    items = sequence(s)
    return frozenset(SEQUENCES[items[:n]] for n in range(len(items) + 1))


def _suffixes(s: Value) -> frozenset[Any]:
    items = sequence(s)
    return frozenset(SEQUENCES[items[n:]] for n in range(len(items) + 1))


def _common_prefixes(values: Value) -> frozenset[Any]:
    every = [_prefixes(s) for s in values]
    return frozenset.intersection(*every) if every else frozenset()


def _longest_common_prefix(values: Value) -> Fn:
    longest: Fn = max(_common_prefixes(values), key=len)
    return longest


def _positions(s: Value, test: Test) -> list[int]:
    return [n for n, item in enumerate(sequence(s), 1) if is_true(test(item))]


def _remove_at(s: Value, position: int) -> Fn:
    """Return both parts as SubSeq gives them, which refuses what reaches beyond the sequence."""
    items = sequence(s)
    before, after = _sub_sequence(s, 1, position - 1), _sub_sequence(s, position + 1, len(items))
    return SEQUENCES[before.values_ + after.values_]


def _insert_at(s: Value, position: int, item: Value) -> Fn:
    """Return the item between two parts, which are as for RemoveAt."""
    items = sequence(s)
    before, after = _sub_sequence(s, 1, position - 1), _sub_sequence(s, position, len(items))
    return SEQUENCES[(*before.values_, force(item), *after.values_)]


def _replace_at(s: Value, position: Value, item: Value) -> Value:
    return changed(s, force(position), force(item))


def _remove_first(s: Value, item: Value) -> Fn:
    items = list(sequence(s))
    if item in items:
        items.remove(item)
    return SEQUENCES[tuple(items)]


def _replace_all(s: Value, old: Value, new: Value) -> Fn:
    return SEQUENCES[tuple([force(new) if item == old else item for item in sequence(s)])]


def _fold_left(operator: Binary, base: Value, s: Value) -> Value:
    result = base
    for item in sequence(s):
        result = operator(result, item)
    return result


def _fold_right(operator: Binary, s: Value, base: Value) -> Value:
    result = base
    for item in reversed(sequence(s)):
        result = operator(item, result)
    return result


def _fold_sequence(operator: Binary, base: Value, s: Value) -> Value:
    result = base
    for item in reversed(sequence(s)):
        result = operator(item, result)
    return result


def _flatten(s: Value) -> Value:
    parts = sequence(s)
    if parts and all(isinstance(part, str) for part in parts):
        return "".join(parts)
    return SEQUENCES[tuple([item for part in parts for item in sequence(part)])]


def _zip(s: Value, t: Value) -> Fn:
    pairs = zip(sequence(s), sequence(t), strict=False)
    return SEQUENCES[tuple([SEQUENCES[pair] for pair in pairs])]


def _sub_sequences(s: Value) -> frozenset[Any]:
    items = sequence(s)
    size = len(items)
    return frozenset(SEQUENCES[items[i:j]] for i in range(size + 1) for j in range(size + 1))


def _all_sub_sequences(s: Value) -> frozenset[Any]:
    items = sequence(s)
    chosen = product((False, True), repeat=len(items))
    return frozenset(
        SEQUENCES[tuple([i for i, take in zip(items, mask, strict=True) if take])]
        for mask in chosen
    )


def _bounded(values: Value, most: int) -> frozenset[Any]:
    items = ordered(values)
    return frozenset(
        SEQUENCES[made] for size in range(most + 1) for made in product(items, repeat=size)
    )


def _is_sorted(s: Value, before: Binary) -> bool:
    items = sequence(s)
    return all(is_true(before(items[i], items[j])) for j in range(len(items)) for i in range(j))


def _remove_first_match(s: Value, test: Test) -> Value:
    positions = _positions(s, test)
    return _remove_at(s, positions[0]) if positions else s


def _to_bag(s: Value) -> Fn:
    counts: dict[Any, int] = {}
    for item in sequence(s):
        counts[item] = counts.get(item, 0) + 1
    return function_of(counts)


def _interleave(s: Value, t: Value) -> Fn:
    """Return <<s[1]>>, <<t[1]>>, <<s[2]>> ...; two empty sequences give <<<<>>, <<>>>>."""
    left, right = sequence(s), sequence(t)
    if len(left) != len(right):
        raise EvaluationError("Interleave takes two sequences of the same length")
    if not left:
        return SEQUENCES[(EMPTY, EMPTY)]
    pairs = zip(left, right, strict=True)
    return SEQUENCES[tuple([SEQUENCES[(item,)] for pair in pairs for item in pair])]


def _items_of(value: Value) -> Values:
    """Return the items of a sequence, or the characters of a string."""
    return tuple(value) if isinstance(value, str) else sequence(value)


def _like(value: Value, items: Values) -> Value:
    """Return items as a string if ``value`` is one, as a sequence otherwise."""
    return "".join(items) if isinstance(value, str) else SEQUENCES[items]


def _find(part: Values, whole: Values, begin: int = 0) -> int:
    """Return where ``part`` first stands in ``whole``, 0-based, -1 if nowhere."""
    size = len(part)
    found = (n for n in range(begin, len(whole) - size + 1) if whole[n : n + size] == part)
    return next(found, -1)


def _index_first(s: Value, t: Value) -> int:
    at = _find(_items_of(s), _items_of(t))
    if at < 0:
        raise EvaluationError(f"{show(s)} is no part of {show(t)}")
    return at + 1


def _replace_at_part(i: int, r: Value, s: Value, t: Value) -> Value:
    items = _items_of(t)
    return _like(t, items[: i - 1] + _items_of(r) + items[i - 1 + len(_items_of(s)) :])


def _replace_first(r: Value, s: Value, t: Value) -> Value:
    at = _find(_items_of(s), _items_of(t))
    return t if at < 0 else _replace_at_part(at + 1, r, s, t)


def _replace_every(r: Value, s: Value, t: Value) -> Value:
    """Return t with every s, from the left, replaced; an empty s stands before every item."""
    new, old, items = _items_of(r), _items_of(s), _items_of(t)
    if old == items:
        return r
    if not old:
        return _like(t, tuple([part for item in items for part in (*new, item)]))
    made: list[Any] = []
    begin = 0
    while (at := _find(old, items, begin)) >= 0:
        made += [*items[begin:at], *new]
        begin = at + len(old)
    return _like(t, (*made, *items[begin:]))


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "SubSeq": _sub_sequence,
    "SelectSeq": _select,
    "ToSet": lambda s: frozenset(s.values_),
    "SetToSeqs": _all_orders,
    "SetToSortSeq": lambda s, before: sort_sequence(SEQUENCES[ordered(s)], before),
    "Contains": lambda s, item: item in sequence(s),
    "Reverse": lambda s: SEQUENCES[sequence(s)[::-1]],
    "Remove": lambda s, item: SEQUENCES[tuple([i for i in sequence(s) if i != item])],
    "ReplaceAll": _replace_all,
    "SelectInSeq": lambda s, test: next(iter(_positions(s, test)), 0),
    "SelectLastInSeq": lambda s, test: next(iter(_positions(s, test)[::-1]), 0),
    "InsertAt": _insert_at,
    "ReplaceAt": _replace_at,
    "RemoveAt": _remove_at,
    "RemoveFirst": _remove_first,
    "Cons": lambda item, s: SEQUENCES[(force(item), *sequence(s))],
    "Snoc": lambda item, s: SEQUENCES[(*sequence(s), force(item))],
    "Front": lambda s: SEQUENCES[sequence(s)[:-1]],
    "Last": lambda s: s[len(s)],
    "IsPrefix": _is_prefix,
    "IsStrictPrefix": lambda s, t: s != t and _is_prefix(s, t),
    "IsSuffix": _is_suffix,
    "IsStrictSuffix": lambda s, t: s != t and _is_suffix(s, t),
    "Prefixes": _prefixes,
    "Suffixes": _suffixes,
    "CommonPrefixes": _common_prefixes,
    "LongestCommonPrefix": _longest_common_prefix,
    "SeqMod": lambda a, b: b if a % b == 0 else a % b,
    "FoldSeq": _fold_sequence,
    "FoldLeft": _fold_left,
    "FoldRight": _fold_right,
    "FoldLeftDomain": lambda op, base, s: _fold_left(op, base, _indexes(s)),
    "FoldRightDomain": lambda op, s, base: _fold_right(op, _indexes(s), base),
    "FlattenSeq": _flatten,
    "Zip": _zip,
    "SubSeqs": _sub_sequences,
    "AllSubSeqs": _all_sub_sequences,
    "ToBag": _to_bag,
    "IsSorted": _is_sorted,
    "SetToAllKPermutations": lambda values: frozenset(
        chain.from_iterable(_all_orders(part) for part in Subsets(values))
    ),
    "SelectInSubSeq": lambda s, low, high, test: next(
        iter(_positions(_sub_sequence(s, low, high), test)), 0
    ),
    "SelectLastInSubSeq": lambda s, low, high, test: next(
        iter(_positions(_sub_sequence(s, low, high), test)[::-1]), 0
    ),
    "RemoveFirstMatch": _remove_first_match,
    "Interleave": _interleave,
    "IndexFirstSubSeq": _index_first,
    "ReplaceSubSeqAt": _replace_at_part,
    "ReplaceFirstSubSeq": _replace_first,
    "ReplaceAllSubSeqs": _replace_every,
    "TupleOf": lambda values, n: FunctionSet(interval_domain(n).keyset, values),
    "SeqOf": _bounded,
    "BoundedSeq": _bounded,
}


def _indexes(s: Value) -> Fn:
    keys: Values = interval_domain(len(sequence(s))).keys_
    return SEQUENCES[keys]


PREDICATES = ("Contains", "IsPrefix", "IsStrictPrefix", "IsSuffix", "IsStrictSuffix", "IsSorted")
