"""Functions that are another one with an argument more or less, as seen in the text.

``[x \\in DOMAIN f \\cup {a} |-> IF x = a THEN v ELSE f[x]]`` is f with f[a] = v, and
``[x \\in DOMAIN f \\ {a} |-> f[x]]`` is f without a. Where f is small it makes no difference; a
large one need not be copied (``persistent.py``).
"""

from typing import NamedTuple

from speccheck.tla import meaning as m


class Update(NamedTuple):
    """f, a and, unless the argument is taken away, v."""

    function: m.Expression
    argument: m.Expression
    value: m.Expression | None


def update_of(node: m.Function) -> Update | None:
    """Return what a function constructor changes in another function, None if it is no such one."""
    if node.itself is not None or len(node.bounds) != 1:
        return None
    bound = node.bounds[0]
    if bound.is_tuple or len(bound.parameters) != 1 or not _is(bound.domain, "\\cup", "\\"):
        return None
    assert isinstance(bound.domain, m.CallBuiltin)
    whole, one = bound.domain.arguments
    if not _is(whole, "DOMAIN") or not isinstance(one, m.Items):
        return None
    assert isinstance(whole, m.CallBuiltin)
    function = whole.arguments[0]
    if one.kind != "set" or len(one.items) != 1 or not isinstance(function, m.Use):
        return None
    argument, name = one.items[0], bound.parameters[0]
    if not isinstance(argument, m.Use):
        return None
    if bound.domain.builtin.name == "\\":
        return Update(function, argument, None) if _reads(node.body, function, name) else None
    return _extension(node.body, function, argument, name)


def _extension(
    body: m.Expression, function: m.Use, argument: m.Use, name: m.Parameter
) -> Update | None:
    if not isinstance(body, m.Branches) or len(body.arms) != 1 or body.other is None:
        return None
    guard, value = body.arms[0]
    if not _is(guard, "=") or not _reads(body.other, function, name):
        return None
    assert isinstance(guard, m.CallBuiltin)
    left, right = guard.arguments
    sides = {side.parameter for side in (left, right) if isinstance(side, m.Use)}
    if sides != {name, argument.parameter} or not isinstance(value, m.Use):
        return None
    return Update(function, argument, value)


def _is(node: m.Argument | None, *names: str) -> bool:
    return (
        isinstance(node, m.CallBuiltin)
        and node.builtin.name in names
        and node.builtin.override is None
    )


def _reads(node: m.Expression, function: m.Use, name: m.Parameter) -> bool:
    """Tell whether an expression is ``f[x]``."""
    return (
        isinstance(node, m.Applied)
        and isinstance(node.function, m.Use)
        and node.function.parameter is function.parameter
        and len(node.arguments) == 1
        and isinstance(node.arguments[0], m.Use)
        and node.arguments[0].parameter is name
    )
