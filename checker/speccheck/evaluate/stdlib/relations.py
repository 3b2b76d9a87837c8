"""Relation, of the community modules: a relation is a function from pairs to BOOLEAN.

``IsReflexive(R, S)`` asks R[x, y]; ``IsReflexiveUnder(op, S)`` asks op(x, y), an operator.
"""

from collections.abc import Callable
from typing import Any

from speccheck.evaluate.order import ordered
from speccheck.evaluate.runtime import domain_of, is_true
from speccheck.evaluate.sets import Product
from speccheck.evaluate.values import SEQUENCES, Fn, Value, as_boolean

Related = Callable[[Any, Any], bool]
Property = Callable[[Related, tuple[Any, ...]], bool]


def _reflexive(related: Related, items: tuple[Any, ...]) -> bool:
    return all(related(x, x) for x in items)


def _irreflexive(related: Related, items: tuple[Any, ...]) -> bool:
    return not any(related(x, x) for x in items)


def _symmetric(related: Related, items: tuple[Any, ...]) -> bool:
    return all(related(x, y) is related(y, x) for x in items for y in items)


def _antisymmetric(related: Related, items: tuple[Any, ...]) -> bool:
    return all(x == y for x in items for y in items if related(x, y) and related(y, x))


def _asymmetric(related: Related, items: tuple[Any, ...]) -> bool:
    return not any(related(x, y) and related(y, x) for x in items for y in items)


def _transitive(related: Related, items: tuple[Any, ...]) -> bool:
    return all(
        related(x, z) for x in items for y in items if related(x, y) for z in items if related(y, z)
    )


def _strict_partial_order(related: Related, items: tuple[Any, ...]) -> bool:
    return (
        _irreflexive(related, items)
        and _antisymmetric(related, items)
        and _transitive(related, items)
    )


def _partial_order(related: Related, items: tuple[Any, ...]) -> bool:
    return (
        _reflexive(related, items)
        and _antisymmetric(related, items)
        and _transitive(related, items)
    )


def _strict_total_order(related: Related, items: tuple[Any, ...]) -> bool:
    return _strict_partial_order(related, items) and all(
        x == y or related(x, y) or related(y, x) for x in items for y in items
    )


def _total_order(related: Related, items: tuple[Any, ...]) -> bool:
    return _partial_order(related, items) and all(
        related(x, y) or related(y, x) for x in items for y in items
    )


_PROPERTIES: dict[str, Property] = {
    "IsReflexive": _reflexive,
    "IsIrreflexive": _irreflexive,
    "IsSymmetric": _symmetric,
    "IsAntiSymmetric": _antisymmetric,
    "IsAsymmetric": _asymmetric,
    "IsTransitive": _transitive,
    "IsStrictlyPartiallyOrdered": _strict_partial_order,
    "IsPartiallyOrdered": _partial_order,
    "IsStrictlyTotallyOrdered": _strict_total_order,
    "IsTotallyOrdered": _total_order,
}


def _of_function(relation: Value) -> Related:
    return lambda x, y: is_true(relation[SEQUENCES[(x, y)]])


def _on_functions(holds: Property) -> Callable[[Value, Value], bool]:
    return lambda relation, values: holds(_of_function(relation), ordered(values))


def _under_operators(holds: Property) -> Callable[[Callable[..., Any], Value], bool]:
    return lambda operator, values: holds(lambda x, y: is_true(operator(x, y)), ordered(values))


def reachable(related: Related, items: tuple[Any, ...]) -> dict[Any, set[Any]]:
    """Return for each item those that one or more steps of a relation lead to."""
    found: dict[Any, set[Any]] = {}
    nearest = {x: [y for y in items if related(x, y)] for x in items}
    for start in items:
        seen: set[Any] = set()
        stack = list(nearest[start])
        while stack:
            item = stack.pop()
            if item not in seen:
                seen.add(item)
                stack.extend(nearest[item])
        found[start] = seen
    return found


def _closure(relation: Value, values: Value, *, reflexive: bool = False) -> Fn:
    items = ordered(values)
    found = reachable(_of_function(relation), items)
    domain = domain_of(Product((values, values)))
    pairs = (key.values_ for key in domain.keys_)
    return domain[tuple([as_boolean(y in found[x] or (reflexive and x == y)) for x, y in pairs])]


def _is_connected(relation: Value, values: Value) -> bool:
    items = ordered(values)
    found = reachable(_of_function(relation), items)
    return all(x == y or y in found[x] for x in items for y in items)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    **{name: _on_functions(holds) for name, holds in _PROPERTIES.items()},
    **{f"{name}Under": _under_operators(holds) for name, holds in _PROPERTIES.items()},
    "TransitiveClosure": _closure,
    "ReflexiveTransitiveClosure": lambda r, s: _closure(r, s, reflexive=True),
    "IsConnected": _is_connected,
}
PREDICATES = (*_PROPERTIES, *(f"{name}Under" for name in _PROPERTIES), "IsConnected")
