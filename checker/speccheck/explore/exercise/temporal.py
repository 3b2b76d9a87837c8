r"""What is asked about a temporal formula: on states, and by checking it again without a part.

On states it is asked whether an antecedent was ever true and whether a quantifier ever ranged over
anything. Where no state has P, no behaviour has ``P``, ``<>P`` or ``[]<>P``, so that what depends
on it says nothing. Which alternatives mattered only behaviours can tell: see
:mod:`speccheck.explore.exercise.behaviours`.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple, TypeAlias

from speccheck.evaluate.analysis import STATE, TEMPORAL, Analyst
from speccheck.evaluate.values import FALSE, TRUE
from speccheck.explore.exercise.forbidden import can_only_be
from speccheck.explore.exercise.formulas import Maker, Probe, ProbedFormula
from speccheck.explore.exercise.trees import Copies, Names, expression, junction_items
from speccheck.tla import meaning as m

_NOT = m.Builtin("~", (0,))
_ENABLED = m.Builtin("ENABLED", (0,))

Wrap: TypeAlias = Callable[[m.Expression], m.Expression]


def probed_temporal(name: str, node: m.Expression, analyst: Analyst) -> list[ProbedFormula]:
    """Return a question on states for each antecedent, quantifier and fair action in a formula.

    An antecedent is ``P`` of ``P ~> Q`` and ``P => Q``, at any depth where the formula gets truer
    with what is implied. The formula is not evaluated itself; what is asked is
    ``~P`` under the quantifiers and definitions that P stands in, which is false where P is true.
    For a quantifier it is ``\\A x \\in S : FALSE``, for ``WF_v(A)`` that ``<<A>>_v`` is not
    enabled. A formula that reads no variable, as ``<>TRUE``, has the one question that no state
    settles.
    """
    facts = analyst.facts(node)
    if not (facts.reads or facts.reads_next or facts.free):
        return [_settled_by_none(name, node.place)]
    walker = _Walker(name, analyst)
    walker.walk(node, lambda inner: inner)
    return walker.found


def probed_behaviours(name: str, node: m.Expression, analyst: Analyst) -> ProbedFormula:
    """Return a temporal formula with probes for its alternatives and what it implies."""
    maker = Maker(analyst, on_behaviours=True)
    rewritten = maker.rewrite(node, True, maker.outermost)
    return ProbedFormula(name, rewritten, False, maker.names, maker.outermost)


def _settled_by_none(name: str, place: m.Place) -> ProbedFormula:
    whole = Probe(0, "constant", place, place)
    return ProbedFormula(name, m.Literal(place, TRUE), False, Names(), [whole])


class _Given(NamedTuple):
    """What a parameter stands for, and how a question about it is put."""

    argument: m.Argument
    wrap: Wrap


class _Walker:
    """Walks through what makes a formula truer; ``found`` are the questions."""

    def __init__(self, name: str, analyst: Analyst) -> None:
        self._name = name
        self._analyst = analyst
        self._copies = Copies(analyst)
        self._given: dict[m.Parameter, _Given] = {}
        self.found: list[ProbedFormula] = []

    def walk(self, node: m.Expression, wrap: Wrap) -> None:
        """Put the questions about a part; ``wrap`` puts what stands around it around them."""
        for kind in ("/\\", "\\/"):
            for item in junction_items(node, kind) or ():
                self.walk(item, wrap)
        match node:
            case m.Quantified(kind="\\A" | "\\E"):
                self._quantified(node, wrap)
            case m.Where():
                self.walk(node.body, lambda inner: wrap(replace(node, body=inner)))
            case m.Branches():
                values = [value for _, value in node.arms]
                for value in values if node.other is None else [*values, node.other]:
                    self.walk(value, wrap)
            case m.Use(parameter=parameter) if parameter in self._given:
                given = self._given[parameter]
                self.walk(expression(given.argument), given.wrap)
            case m.Call():
                self._call(node, wrap)
            case m.CallBuiltin(builtin=m.Builtin(name="[]" | "<>", override=None)):
                self.walk(expression(node.arguments[0]), wrap)
            case m.CallBuiltin(builtin=m.Builtin(name="~>" | "=>", override=None)):
                left, right = map(expression, node.arguments)
                if not can_only_be(self._meant(right), False):  # That is how to forbid the left.
                    self._ask_antecedent(left, wrap)
                self.walk(right, wrap)
            case m.Step(kind="WF" | "SF"):
                angle = m.Step(node.place, "angle", node.action, node.subscript)
                can = m.CallBuiltin(node.place, _ENABLED, (angle,))
                self._put("fairness", m.CallBuiltin(node.place, _NOT, (can,)), wrap)

    def _quantified(self, node: m.Quantified, wrap: Wrap) -> None:
        def inside(body: m.Expression) -> m.Expression:
            return wrap(m.Quantified(node.place, "\\A", node.bounds, body))

        is_bounded = all(bound.domain is not None for bound in node.bounds)
        if node.kind == "\\A" and is_bounded and self._level(node, domains=True) <= STATE:
            self._put("domain", m.Literal(node.place, FALSE), inside, node.place)
        self.walk(node.body, inside)

    def _call(self, node: m.Call, wrap: Wrap) -> None:
        operator = self._copies.called(node, most=TEMPORAL)
        if operator is None or operator.body is None:
            return
        # The question is on states; what is temporal among the arguments is not asked for there.
        arguments = tuple(
            m.Literal(node.place, TRUE) if self._level(argument) > STATE else argument
            for argument in node.arguments
        )
        call = m.Call(node.place, node.operator, arguments)
        for parameter, argument in zip(operator.parameters, node.arguments, strict=True):
            if not isinstance(argument, m.OperatorValue):
                self._given[parameter] = _Given(argument, wrap)
        self._copies.enter(operator)
        self.walk(operator.body, lambda inner: wrap(self._copies.call(call, operator, inner)))
        self._copies.leave()

    def _ask_antecedent(self, node: m.Expression, wrap: Wrap) -> None:
        if self._level(node) <= STATE:
            self._put("antecedent", m.CallBuiltin(node.place, _NOT, (node,)), wrap)
            return
        for item in junction_items(node, "/\\") or ():
            self._ask_antecedent(item, wrap)
        match node:
            case m.Use(parameter=parameter) if parameter in self._given:
                given = self._given[parameter]
                self._ask_antecedent(expression(given.argument), given.wrap)
            case m.CallBuiltin(builtin=m.Builtin(name="[]" | "<>", override=None)):
                self._ask_antecedent(expression(node.arguments[0]), wrap)

    def _meant(self, node: m.Expression) -> m.Expression:
        """Return an expression, or what is given for it if it is a parameter."""
        while isinstance(node, m.Use) and node.parameter in self._given:
            node = expression(self._given[node.parameter].argument)
        return node

    def _level(self, node: m.Argument, *, domains: bool = False) -> int:
        """Return the level of an expression, or of a quantifier's domains alone.

        What parameters stand for counts.
        """
        parts: list[m.Argument] = [node]
        if domains and isinstance(node, m.Quantified):
            parts = [bound.domain for bound in node.bounds if bound.domain is not None]
        level = 0
        for facts in map(self._analyst.facts, parts):
            level = max(level, facts.level)
            for parameter in facts.free:
                if parameter in self._given:
                    level = max(level, self._level(self._given[parameter].argument))
        return level

    def _put(
        self, kind: str, never: m.Expression, wrap: Wrap, place: m.Place | None = None
    ) -> None:
        place = place or never.place
        probe = Probe(0, kind, place, place)
        made = ProbedFormula(self._name, wrap(never), False, Names(), [probe])
        self.found.append(made)
