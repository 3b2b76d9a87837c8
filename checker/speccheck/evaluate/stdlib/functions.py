"""Functions and Folds, of the community modules."""

from collections.abc import Callable
from typing import Any

from speccheck.evaluate.order import ordered
from speccheck.evaluate.runtime import domain_of, first, is_true
from speccheck.evaluate.sets import FunctionSet
from speccheck.evaluate.values import Fn, Value, as_boolean, force, function_of

Binary = Callable[[Any, Any], Any]
Unary = Callable[[Any], Any]


def _made(domain: Value, compute: Unary) -> Fn:
    made = domain_of(domain)
    return made[tuple([force(compute(key)) for key in made.keys_])]


def _is_injective(function: Value) -> bool:
    values = function.values_
    return len(set(values)) == len(values)


def _is_restriction(narrow: Value, wide: Value) -> bool:
    return all(key in wide and wide[key] == value for key, value in narrow.items())


def _functions(domain: Value, codomain: Value, test: Callable[[Fn], bool]) -> frozenset[Any]:
    return frozenset(f for f in FunctionSet(domain, codomain) if test(f))


def _injection(domain: Value, codomain: Value) -> frozenset[Any]:
    return _functions(domain, codomain, _is_injective)


def _surjection(domain: Value, codomain: Value) -> frozenset[Any]:
    wanted = force(codomain)
    return _functions(domain, codomain, lambda f: wanted <= frozenset(f.values_))


def _bijection(domain: Value, codomain: Value) -> frozenset[Any]:
    return _injection(domain, codomain) & _surjection(domain, codomain)


def _inverse(function: Value, domain: Value, codomain: Value) -> Fn:
    image = frozenset(function.values_)
    return _made(codomain, lambda t: first(domain, lambda s: t not in image or function[s] == t))


def fold_set(operator: Binary, base: Value, values: Value) -> Value:
    """Fold a set in TLC's order, from the last element on: op(x, accumulated)."""
    result = base
    for value in reversed(ordered(values)):
        result = operator(value, result)
    return result


def _map_then_fold(
    operator: Binary, base: Value, image: Unary, choose: Unary, values: Value
) -> Value:
    taken: list[Any] = []
    left = force(values)
    while left:
        chosen = choose(left)
        taken.append(chosen)
        left = left - {chosen}
    result = base
    for value in reversed(taken):
        result = operator(image(value), result)
    return result


def _fold_function(operator: Binary, base: Value, function: Value) -> Value:
    result = base
    for value in reversed(function.values_):
        result = operator(value, result)
    return result


def _fold_function_on(operator: Binary, base: Value, function: Value, indices: Value) -> Value:
    return fold_set(lambda key, result: operator(function[key], result), base, indices)


def _restrict_values(function: Value, test: Unary) -> Fn:
    return function_of({k: v for k, v in function.items() if is_true(test(v))})


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "Restrict": lambda f, s: _made(s, f.__getitem__),
    "RestrictDomain": lambda f, t: function_of({k: v for k, v in f.items() if is_true(t(k))}),
    "RestrictValues": _restrict_values,
    "Range": lambda f: frozenset(f.values_),
    "Inverse": _inverse,
    "AntiFunction": lambda f: _inverse(f, f.domain.keyset, frozenset(f.values_)),
    "IsInjective": _is_injective,
    "Injection": _injection,
    "Surjection": _surjection,
    "Bijection": _bijection,
    "ExistsInjection": lambda s, t: as_boolean(bool(_injection(s, t))),
    "ExistsSurjection": lambda s, t: as_boolean(bool(_surjection(s, t))),
    "ExistsBijection": lambda s, t: as_boolean(bool(_bijection(s, t))),
    "FoldFunction": _fold_function,
    "FoldFunctionOnSet": _fold_function_on,
    "Pointwise": lambda f, g, op: _made(f.domain.keyset, lambda key: op(f[key], g[key])),
    "IsRestriction": _is_restriction,
    "SumFunctionOnSet": lambda f, indices: sum(f[key] for key in ordered(indices)),
    "SumFunction": lambda f: sum(f.values_),
    "MapThenFoldSet": _map_then_fold,
}
PREDICATES = ("IsInjective", "IsRestriction")
