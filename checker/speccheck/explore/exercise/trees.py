"""Expressions rewritten so that evaluation leaves marks; shared by formulas and actions.

A rewritten expression uses two names beside those of the module: ``hit``, an operator that counts
how often it is evaluated and is TRUE, and ``chosen``, the number of the part that is left out.
Definitions are copied on the way, so that the module itself stays as it is.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, fields, replace

from speccheck.evaluate.analysis import ACTION, CONSTANT, STATE, Analyst, actual, is_boolean
from speccheck.explore.exercise.truths import has_truth_value
from speccheck.tla import meaning as m

_NOT_EQUAL = m.Builtin("/=", (0, 0))
_EQUAL = m.Builtin("=", (0, 0))


@dataclass(slots=True, eq=False)
class Names:
    """The names that rewritten expressions use, and how many marks there are so far."""

    hit: m.Parameter = field(default_factory=lambda: m.Parameter("hit", 1))
    chosen: m.Parameter = field(default_factory=lambda: m.Parameter("chosen"))
    marks: int = 0

    def new_mark(self) -> int:
        """Return the number of a new mark."""
        self.marks += 1
        return self.marks - 1

    def mark(self, number: int, place: m.Place) -> m.Expression:
        """Return an expression that is TRUE and counts its evaluation."""
        return m.CallParameter(place, self.hit, (m.Literal(place, number),))

    def mark_without(self, part: int, number: int, place: m.Place) -> m.Expression:
        """Return a mark that counts only while ``part`` is what is left out."""
        sides = (m.Use(place, self.chosen), m.Literal(place, part))
        return disjunction(m.CallBuiltin(place, _NOT_EQUAL, sides), self.mark(number, place))

    def unless(self, number: int, node: m.Expression) -> m.Expression:
        """Return an expression that is TRUE, and ``node`` when ``number`` is chosen."""
        sides = (m.Use(node.place, self.chosen), m.Literal(node.place, number))
        return disjunction(m.CallBuiltin(node.place, _NOT_EQUAL, sides), node)

    def without(self, number: int, node: m.Expression, *, positive: bool) -> m.Expression:
        """Return ``node``, or FALSE (TRUE where not ``positive``) when ``number`` is chosen."""
        place = node.place
        sides = (m.Use(place, self.chosen), m.Literal(place, number))
        if positive:
            return conjunction(m.CallBuiltin(place, _NOT_EQUAL, sides), node)
        return disjunction(m.CallBuiltin(place, _EQUAL, sides), node)


def conjunction(*items: m.Expression) -> m.Expression:
    r"""Return the conjunction, evaluated from left to right."""
    return m.Items(items[-1].place, "/\\", items)


def disjunction(*items: m.Expression) -> m.Expression:
    r"""Return the disjunction, evaluated from left to right."""
    return m.Items(items[-1].place, "\\/", items)


def is_empty(node: m.Expression) -> m.Expression:
    """Return ``node = {}``."""
    return m.CallBuiltin(node.place, _EQUAL, (node, m.Items(node.place, "set", ())))


def junction_items(node: m.Expression, kind: str) -> tuple[m.Expression, ...] | None:
    r"""Return the items of a list by ``kind``, ``/\\`` or ``\\/``; None for anything else."""
    items: tuple[m.Argument, ...] = ()
    if isinstance(node, m.Items) and node.kind == kind:
        items = node.items
    elif isinstance(node, m.CallBuiltin) and node.builtin.name == kind:
        items = node.arguments if node.builtin.override is None else ()
    return tuple(expression(item) for item in items) or None


def expression(node: m.Argument) -> m.Expression:
    """Return an argument that is an expression."""
    assert not isinstance(node, m.OperatorValue), "the resolver sees to it"
    return node


def has_implication(node: object) -> bool:
    """Tell whether ``=>`` stands in an expression itself, its bounds and branches included."""
    if isinstance(node, m.CallBuiltin) and node.builtin.name == "=>":
        return node.builtin.override is None
    return any(has_implication(child) for child in _children(node))


def count_calls(node: object, operator: m.Operator) -> int:
    """Count the calls of an operator in an expression, and in the definitions that it uses."""
    seen: set[m.Operator] = {operator}

    def count(part: object) -> int:
        found = 0
        for used in _operators_in(part):
            found += used is operator
            if used not in seen:
                seen.add(used)
                found += count(used.body)
        return found + sum(map(count, _children(part)))

    return count(node)


def _operators_in(node: object) -> tuple[m.Operator, ...]:
    match node:
        case m.Call(operator=operator) | m.OperatorValue(target=m.Operator() as operator):
            return (operator,)
        case m.Where(definitions=definitions):
            return definitions
        case _:
            return ()


def is_same(one: object, other: object) -> bool:
    """Tell whether two expressions have the same structure, wherever they stand."""
    if not isinstance(one, m.Node):
        return one is other or (isinstance(one, str | int) and one == other)
    if type(one) is not type(other):
        return False
    ones, others = list(_parts(one)), list(_parts(other))
    return len(ones) == len(others) and all(map(is_same, ones, others))


def _parts(node: m.Node) -> Iterator[object]:
    """Yield all that an expression is made of, but not where it stands."""
    for one in fields(node):
        if one.name != "place":
            yield from _flat(getattr(node, one.name))


def _flat(value: object) -> Iterator[object]:
    if isinstance(value, tuple):
        for item in value:
            yield from _flat(item)
    else:
        yield value


def _children(node: object) -> Iterator[m.Node]:
    if isinstance(node, m.Node):
        yield from (part for part in _parts(node) if isinstance(part, m.Node))


class Copies:
    """Finds the definitions to look into, of a level up to ``most``, and copies them."""

    def __init__(self, analyst: Analyst, *, most: int = ACTION) -> None:
        self.analyst = analyst
        self._most = most
        self._open: list[m.Operator] = []

    def followed(self, node: m.Call, *, is_whole: bool = False) -> m.Operator | None:
        """Return the definition that a call is worth looking into, None for others.

        It is one with a truth value that reads variables. What only compares its arguments is
        taken as a whole: how such a comparison comes out is a matter of its own definition. One
        with an implication is no mere comparison: its antecedent is asked about at each call.
        Nor is one that is the whole of what a property says (``is_whole``).
        """
        operator = self.called(node, most=self._most)
        if operator is None or operator.body is None or not has_truth_value(operator.body):
            return None
        facts = self.analyst.operator(operator)
        is_comparison = facts.level == CONSTANT and not facts.free and bool(operator.parameters)
        if is_comparison and any(parameter.arity for parameter in operator.parameters):
            return operator  # What it compares with is in its arguments.
        if is_comparison and not (is_whole or has_implication(operator.body)):
            return None
        return operator

    def recursive(self, node: m.Call, *, is_whole: bool = False) -> m.Operator | None:
        """Return the recursive definition that a call is worth looking into, None for others."""
        operator = actual(node.operator)
        if isinstance(operator, m.Literal) or operator.body is None or not operator.recursive:
            return None
        facts = self.analyst.operator(operator)
        if facts.free or facts.level > STATE or not is_boolean(operator.body):
            return None
        if operator in self._open or any(parameter.arity for parameter in operator.parameters):
            return None
        if facts.level == CONSTANT and not (is_whole or has_implication(operator.body)):
            return None
        return operator

    def called(self, node: m.Call, most: int) -> m.Operator | None:
        """Return the definition that is called, None if its level is above ``most``.

        None too for what is recursive or is being rewritten already.
        """
        operator = actual(node.operator)
        if isinstance(operator, m.Literal) or operator.body is None or operator.recursive:
            return None
        if operator in self._open or self.analyst.operator(operator).level > most:
            return None
        return operator

    def enter(self, operator: m.Operator) -> None:
        """Note that the body of ``operator`` is being rewritten: it is not entered again."""
        self._open.append(operator)

    def leave(self) -> None:
        """End what :meth:`enter` began."""
        self._open.pop()

    @staticmethod
    def call(node: m.Call, operator: m.Operator, body: m.Expression) -> m.Expression:
        """Return the call with another body for its operator.

        The names that are free in the body, those of a LET around it, are found where the call is.
        """
        return m.Call(node.place, replace(operator, body=body, override=None), node.arguments)
