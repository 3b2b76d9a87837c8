"""Which part of an action forbids a step: the first of its conjuncts that is false."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from speccheck.evaluate.disjuncts import State
from speccheck.evaluate.values import Value
from speccheck.explore.model import Model
from speccheck.tla import meaning as m


def first_false(
    model: Model, action: str, arguments: Mapping[str, Value], before: State, after: State
) -> m.Place | None:
    """Return where the first conjunct of an action is that a step makes false.

    ``arguments`` are by the names of the action's parameters. None where no conjunct is false by
    itself, or where it cannot be told, as for an action that is no definition of the module.
    """
    operator = model.find(action)
    if not isinstance(operator, m.Operator) or operator.body is None or model.compiler is None:
        return None
    given = tuple(
        m.Literal(operator.place, arguments[parameter.name]) for parameter in operator.parameters
    )
    for place, body in _conjuncts(operator.body):
        part = replace(operator, name=f"{action}_", body=body, labels={})
        holds = model.compiler.step_predicate(m.Call(place, part, given))
        try:
            if not holds(before, after):
                return place
        except (ArithmeticError, LookupError, TypeError, AttributeError):
            return place  # It has no value, where what stands ahead of it is true.
    return None


def text_at(place: m.Place) -> str:
    """Return the line of the text at a place, from there on."""
    try:
        lines = Path(place.path).read_text("utf-8").splitlines()
    except OSError:
        return ""
    return lines[place.span.line - 1][place.span.column - 1 :].strip()


def _conjuncts(node: m.Expression) -> Iterator[tuple[m.Place, m.Expression]]:
    match node:
        case (
            m.Items(kind="/\\", items=items)
            | m.CallBuiltin(builtin=m.Builtin(name="/\\"), arguments=items)
        ):
            for item in items:
                assert not isinstance(item, m.OperatorValue), "the resolver sees to it"
                yield from _conjuncts(item)
        case m.Where(body=body):
            for place, inside in _conjuncts(body):
                yield place, replace(node, body=inside)
        case _:
            yield node.place, node
