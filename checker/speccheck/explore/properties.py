"""A temporal formula taken apart: what holds at first, in every state, in every step, in the end.

Only the last part needs more than states and steps one by one; it is named, not checked, here.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from speccheck.evaluate.analysis import ACTION, STATE, Analyst, actual
from speccheck.tla import meaning as m


@dataclass(slots=True)
class Parts:
    """The conjuncts of a formula by kind; a step is ``[A]_v``."""

    initial: list[m.Expression] = field(default_factory=list)
    always: list[m.Expression] = field(default_factory=list)
    steps: list[m.Step] = field(default_factory=list)
    quantified_steps: list[m.Expression] = field(default_factory=list)
    liveness: list[m.Expression] = field(default_factory=list)


def take_apart(formula: m.Expression, analyst: Analyst) -> Parts:
    """Return the parts of a formula."""
    parts = Parts()
    _sort(formula, analyst, parts)
    return parts


def _sort(node: m.Expression, analyst: Analyst, parts: Parts) -> None:
    if analyst.facts(node).level <= STATE:
        parts.initial.append(node)
        return
    if conjoined(node):
        for conjunct in _conjuncts(node):
            _sort(conjunct, analyst, parts)
        return
    match node:
        case m.Call(arguments=()):
            operator = actual(node.operator)
            if isinstance(operator, m.Operator) and operator.body is not None:
                _sort(operator.body, analyst, parts)
                return
        case m.CallBuiltin(builtin=m.Builtin(name="[]"), arguments=(inside,)):
            assert not isinstance(inside, m.OperatorValue), "the resolver sees to it"
            if _sort_always(inside, analyst, parts):
                return
        case m.Quantified(kind="\\A", bounds=bounds, body=body):
            within = Parts()
            _sort(body, analyst, within)
            for held, kept in (
                (within.initial, parts.initial),
                (within.always, parts.always),
                ([*within.steps, *within.quantified_steps], parts.quantified_steps),
                (within.liveness, parts.liveness),
            ):
                kept.extend(m.Quantified(node.place, "\\A", bounds, part) for part in held)
            return
    parts.liveness.append(node)


def _sort_always(inside: m.Expression, analyst: Analyst, parts: Parts) -> bool:
    if isinstance(inside, m.Call) and not inside.arguments:
        operator = actual(inside.operator)
        if isinstance(operator, m.Operator) and isinstance(operator.body, m.Step):
            inside = operator.body
    if isinstance(inside, m.Step) and inside.kind == "box":
        parts.steps.append(inside)
        return True
    if conjoined(inside):
        sorted_ = [_sort_always(part, analyst, parts) for part in _conjuncts(inside)]
        return all(sorted_)
    level = analyst.facts(inside).level
    if level <= STATE:
        parts.always.append(inside)
        return True
    if level == ACTION and _is_boxed(inside):
        parts.quantified_steps.append(inside)
        return True
    return False


def _is_boxed(node: m.Expression) -> bool:
    """Tell whether an action is made of ``[A]_v``: others say something of stuttering steps."""
    if conjoined(node):
        return all(map(_is_boxed, _conjuncts(node)))
    match node:
        case m.Step(kind=kind):
            return kind == "box"
        case m.Quantified(kind="\\A", body=body) | m.Where(body=body):
            return _is_boxed(body)
        case m.Call(operator=called):
            operator = actual(called)
            return (
                isinstance(operator, m.Operator)
                and operator.body is not None
                and not operator.recursive
                and _is_boxed(operator.body)
            )
    return False


def conjoined(node: m.Expression) -> bool:
    r"""Tell whether the expression is a conjunction."""
    return next(iter(_conjuncts(node)), None) is not None


def _conjuncts(node: m.Expression) -> Iterator[m.Expression]:
    items: tuple[m.Argument, ...] = ()
    if isinstance(node, m.Items) and node.kind == "/\\":
        items = node.items
    elif isinstance(node, m.CallBuiltin) and node.builtin.name == "/\\":
        items = node.arguments
    for item in items:
        assert not isinstance(item, m.OperatorValue), "the resolver sees to it"
        yield item
