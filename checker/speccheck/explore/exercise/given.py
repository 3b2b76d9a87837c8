r"""Definitions with actions put in the place of the parameters that stand for them.

``Each(Op(_)) == \E i \in Server : Op(i)`` is no action, ``Each(Crash)`` is one: that of every
server's Crash. To tell the actions apart that a next-state relation consists of, they have to stand
in it.
"""

from dataclasses import fields, replace
from typing import TypeAlias, TypeVar

from speccheck.evaluate.analysis import ACTION, Analyst, actual, is_boolean
from speccheck.tla import meaning as m

_LAMBDA = "LAMBDA"

_Given: TypeAlias = dict[m.Parameter, m.Argument]
_T = TypeVar("_T")


class _Hidden(Exception):
    """A parameter is used in a way that it cannot be replaced in."""


def with_given(node: m.Call, analyst: Analyst, name: str) -> m.Call | None:
    """Return the call of a copy without those parameters that stand for actions.

    The copy has the name of the one action that is given, if it has one; a LAMBDA gets ``name``.
    None if no action is given, or if the definition is recursive or uses one in a LET definition.
    """
    operator = actual(node.operator)
    if isinstance(operator, m.Literal) or operator.body is None or operator.recursive:
        return None
    given: _Given = {}
    for parameter, argument in zip(operator.parameters, node.arguments, strict=True):
        if parameter not in operator.implicit and _is_action(argument, analyst):
            given[parameter] = _named(argument, name)
    if not given:
        return None
    try:
        body = _replaced(operator.body, given, analyst)
    except _Hidden:
        return None
    kept = [p for p in operator.parameters if p not in given]
    arguments = tuple(
        argument
        for parameter, argument in zip(operator.parameters, node.arguments, strict=True)
        if parameter not in given
    )
    names = [found for argument in given.values() if (found := _name(argument)) is not None]
    called = names[0] if len(given) == len(names) == 1 else operator.name
    copy = replace(operator, name=called, parameters=tuple(kept), body=body, override=None)
    return m.Call(node.place, copy, arguments)


def _is_action(argument: m.Argument, analyst: Analyst) -> bool:
    if not isinstance(argument, m.OperatorValue):
        return analyst.facts(argument).level == ACTION and is_boolean(argument)
    target = argument.target
    if not isinstance(target, m.Operator):
        return False
    operator = actual(target)
    if isinstance(operator, m.Literal) or operator.body is None or operator.recursive:
        return False
    return analyst.operator(operator).level == ACTION and is_boolean(operator.body)


def _named(argument: m.Argument, name: str) -> m.Argument:
    """Return an argument with a name for a LAMBDA."""
    if isinstance(argument, m.OperatorValue) and isinstance(argument.target, m.Operator):
        operator = argument.target
        if operator.name == _LAMBDA:
            return m.OperatorValue(argument.place, replace(operator, name=name))
    return argument


def _name(argument: m.Argument) -> str | None:
    """Return the name of the action that an argument is."""
    match argument:
        case m.OperatorValue(target=m.Operator() as operator) | m.Call(operator=operator):
            return operator.name
        case _:
            return None


def _replaced(value: _T, given: _Given, analyst: Analyst) -> _T:
    """Return an expression, or what it is made of, with arguments in the place of parameters."""
    made: object = value
    match value:
        case m.Use(parameter=parameter) if parameter in given:
            made = given[parameter]
        case m.CallParameter(parameter=parameter) if parameter in given:
            argument = given[parameter]
            assert isinstance(argument, m.OperatorValue), "the resolver sees to it"
            assert isinstance(argument.target, m.Operator), "seen by _is_action"
            arguments = _replaced(value.arguments, given, analyst)
            made = m.Call(value.place, argument.target, arguments)
        case m.OperatorValue(target=m.Parameter() as parameter) if parameter in given:
            made = given[parameter]
        case m.Where(definitions=definitions) if _are_used(definitions, given, analyst):
            raise _Hidden
        case m.OperatorValue(target=m.Operator() as operator):
            if _are_used((operator,), given, analyst):
                body = _replaced(operator.body, given, analyst)
                made = m.OperatorValue(value.place, replace(operator, body=body))
        case m.Node():
            parts = {
                one.name: _replaced(getattr(value, one.name), given, analyst)
                for one in fields(value)
                if one.name != "place"
            }
            if any(part is not getattr(value, name) for name, part in parts.items()):
                made = replace(value, **parts)
        case tuple():
            items = [_replaced(item, given, analyst) for item in value]
            if any(item is not old for item, old in zip(items, value, strict=True)):
                is_named = hasattr(value, "_fields")
                made = type(value)(*items) if is_named else tuple(items)
    return made  # type: ignore[return-value]


def _are_used(definitions: tuple[m.Operator, ...], given: _Given, analyst: Analyst) -> bool:
    return any(not analyst.operator(one).free.isdisjoint(given) for one in definitions)
