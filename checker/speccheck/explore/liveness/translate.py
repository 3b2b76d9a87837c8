"""Temporal formulas of a specification, as formulas over numbered predicates.

Definitions and instances are seen through; quantifiers over constant sets are written out. What
cannot be checked on a finite graph, or has no meaning in TLA+, is refused with its place.
"""

from collections.abc import Callable, Iterable, Mapping
from itertools import product
from typing import Any, NamedTuple, TypeAlias

from speccheck.evaluate.analysis import ACTION, CONSTANT, STATE, actual
from speccheck.evaluate.compiler import Compiler, State
from speccheck.evaluate.order import ordered
from speccheck.evaluate.values import Value
from speccheck.explore.liveness.formula import (
    FALSE,
    TRUE,
    Formula,
    Literal,
    always,
    conjunction,
    disjunction,
    eventually,
    leads_to,
    negation,
)
from speccheck.tla import meaning as m
from speccheck.tla.errors import TlaError
from speccheck.tla.resolve import error_at


class Atom(NamedTuple):
    """A predicate of a formula: on states (``on_state``) or on steps (``on_step``).

    ``when_still`` is its value on a step that changes nothing, where that is known from its form.
    ``is_recorded``: it asks how the search stands, by TLCGet, and has its value when the state has
    been expanded.
    """

    place: m.Place
    on_state: Callable[[State], bool] | None
    on_step: Callable[[State, State], bool] | None
    when_still: bool | None = None
    is_recorded: bool = False


class _Binding(NamedTuple):
    """Parameters and what they stand for, in the frames before."""

    parameters: tuple[m.Parameter, ...]
    arguments: tuple[m.Argument, ...]


class _Definitions(NamedTuple):
    """The definitions of a LET."""

    definitions: tuple[m.Operator, ...]


_Frames: TypeAlias = tuple[_Binding | _Definitions, ...]


class Translator:
    """Translates formulas of one specification; ``atoms`` are the predicates that they share."""

    def __init__(self, compiler: Compiler) -> None:
        self._compiler = compiler
        self._analyst = compiler.analyst
        self._numbers: dict[tuple[object, ...], int] = {}
        self._keep: list[object] = []
        self.atoms: list[Atom] = []

    def formula(
        self, node: m.Expression, values: Mapping[m.Parameter, Value] | None = None
    ) -> Formula:
        """Return the formula, ``values`` being those of names that the module does not give.

        Raises TlaError, EvaluationError.
        """
        if not values:
            return self._formula(node, ())
        literals = tuple(m.Literal(node.place, value) for value in values.values())
        return self._formula(node, (_Binding(tuple(values), literals),))

    # --- levels and names ------------------------------------------------------------------------

    def _level(self, node: m.Argument, frames: _Frames) -> int:
        """Return the level of an expression, with what its parameters stand for."""
        facts = self._analyst.facts(node)
        level = facts.level
        for parameter in facts.free:
            position = self._find(parameter, frames)
            if position >= 0:
                argument = self._argument(parameter, frames[position])
                level = max(level, self._level(argument, frames[:position]))
        return level

    @staticmethod
    def _find(parameter: m.Parameter, frames: _Frames) -> int:
        for position in range(len(frames) - 1, -1, -1):
            frame = frames[position]
            if isinstance(frame, _Binding) and parameter in frame.parameters:
                return position
        return -1

    @staticmethod
    def _argument(parameter: m.Parameter, frame: _Binding | _Definitions) -> m.Argument:
        assert isinstance(frame, _Binding), "found by _find"
        return frame.arguments[frame.parameters.index(parameter)]

    def _closed(self, node: m.Expression, frames: _Frames) -> tuple[m.Expression, tuple[Any, ...]]:
        """Return an expression without free names, and a key for all equal ones."""
        needed = set(self._analyst.facts(node).free)
        key: list[Any] = [id(node)]
        closed = node
        for frame in reversed(frames):
            if isinstance(frame, _Definitions):
                closed = m.Where(closed.place, frame.definitions, closed)
                continue
            if needed.isdisjoint(frame.parameters):
                continue
            needed.difference_update(frame.parameters)
            for argument in frame.arguments:
                needed |= self._analyst.facts(argument).free
                key.append(argument.value if isinstance(argument, m.Literal) else id(argument))
            operator = m.Operator("", frame.parameters, closed.place, closed)
            closed = m.Call(closed.place, operator, frame.arguments)
        self._keep += [node, closed, frames]
        return closed, tuple(key)

    # --- formulas --------------------------------------------------------------------------------

    def _formula(self, node: m.Expression, frames: _Frames) -> Formula:
        level = self._level(node, frames)
        if level <= STATE:
            return self._state(node, frames, level)
        if level == ACTION:
            raise self._refusal(
                node, "an action can stand only in [][A]_v, <><<A>>_v, WF_v(A), SF_v(A)"
            )
        seen = self._seen_through(node, frames)
        if seen is not None:
            return self._formula(*seen)
        match node:
            case m.Items(kind="/\\", items=items):
                return conjunction(self._formula(item, frames) for item in items)
            case m.Items(kind="\\/", items=items):
                return disjunction(self._formula(item, frames) for item in items)
            case m.CallBuiltin():
                return self._builtin(node, frames)
            case m.Quantified(kind="\\A" | "\\E" as kind):
                parts = [
                    self._formula(node.body, inside) for inside in self._instances(node, frames)
                ]
                return conjunction(parts) if kind == "\\A" else disjunction(parts)
            case m.Branches():
                return self._branches(node, frames)
            case m.Step(kind="WF" | "SF" as kind):
                return self._fairness(node, kind, frames)
        raise self._refusal(node, "this temporal formula cannot be checked")

    def _seen_through(
        self, node: m.Expression, frames: _Frames
    ) -> tuple[m.Expression, _Frames] | None:
        """Return the body of a definition, or what a parameter stands for; else None."""
        match node:
            case m.Call(operator=called, arguments=arguments):
                return self._applied(called, arguments, node, frames)
            case m.UseConstant(constant=m.Constant(definition=m.Operator() as given)):
                return self._applied(given, node.arguments, node, frames)
            case m.CallBuiltin(builtin=m.Builtin(override=m.Operator() as given)):
                return self._applied(given, node.arguments, node, frames)
            case m.Use(parameter=parameter):
                position = self._find(parameter, frames)
                argument = self._argument(parameter, frames[position])
                assert not isinstance(argument, m.OperatorValue), "the resolver sees to it"
                return argument, frames[:position]
            case m.CallParameter(parameter=parameter, arguments=arguments):
                position = self._find(parameter, frames)
                argument = self._argument(parameter, frames[position])
                assert isinstance(argument, m.OperatorValue), "the resolver sees to it"
                match argument.target:
                    case m.Operator() as target:
                        return self._applied(target, arguments, node, frames)
                    case m.Builtin() as target:
                        return m.CallBuiltin(node.place, target, arguments), frames
                    case m.Constant() as constant:
                        return m.UseConstant(node.place, constant, arguments), frames
                    case m.Parameter() as other:
                        return m.CallParameter(node.place, other, arguments), frames
            case m.Where(definitions=definitions, body=body):
                return body, (*frames, _Definitions(definitions))
        return None

    def _applied(
        self,
        called: m.Operator,
        arguments: tuple[m.Argument, ...],
        node: m.Expression,
        frames: _Frames,
    ) -> tuple[m.Expression, _Frames]:
        operator = actual(called)
        if isinstance(operator, m.Literal):
            return operator, ()
        if operator.recursive or operator.body is None:
            raise self._refusal(
                node, f"{operator.name} is a temporal formula that is defined by itself"
            )
        if not operator.parameters:
            return operator.body, frames
        return operator.body, (*frames, _Binding(operator.parameters, arguments))

    def _builtin(self, node: m.CallBuiltin, frames: _Frames) -> Formula:
        parts: list[m.Expression] = []
        for argument in node.arguments:
            assert not isinstance(argument, m.OperatorValue), "the resolver sees to it"
            parts.append(argument)
        match node.builtin.name:
            case "[]" if self._level(parts[0], frames) == ACTION:
                return always(self._steps(parts[0], frames, "box"))
            case "<>" if self._level(parts[0], frames) == ACTION:
                return eventually(self._steps(parts[0], frames, "angle"))
            case "[]":
                return always(self._formula(parts[0], frames))
            case "<>":
                return eventually(self._formula(parts[0], frames))
            case "~>":
                return leads_to(self._formula(parts[0], frames), self._formula(parts[1], frames))
            case "~":
                return negation(self._formula(parts[0], frames))
            case "/\\":
                return conjunction(self._formula(part, frames) for part in parts)
            case "\\/":
                return disjunction(self._formula(part, frames) for part in parts)
            case "=>":
                left, right = (self._formula(part, frames) for part in parts)
                return disjunction([negation(left), right])
            case "<=>" | "\\equiv" | "=":
                left, right = (self._formula(part, frames) for part in parts)
                both = conjunction([left, right])
                return disjunction([both, conjunction([negation(left), negation(right)])])
        raise self._refusal(
            node, f"the operator {node.builtin.name} cannot be checked on behaviours"
        )

    def _branches(self, node: m.Branches, frames: _Frames) -> Formula:
        earlier: list[Formula] = []
        found: list[Formula] = []
        for guard, value in node.arms:
            if self._level(guard, frames) > STATE:
                raise self._refusal(
                    guard, "the condition of a temporal IF or CASE has to be on states"
                )
            holds = self._formula(guard, frames)
            found.append(conjunction([*earlier, holds, self._formula(value, frames)]))
            earlier.append(negation(holds))
        if node.other is not None:
            found.append(conjunction([*earlier, self._formula(node.other, frames)]))
        return disjunction(found)

    def _instances(self, node: m.Quantified, frames: _Frames) -> Iterable[_Frames]:
        """Yield the frames in which the body stands, one for each choice of values."""
        parameters: list[tuple[m.Parameter, ...]] = []
        choices: list[list[tuple[Any, ...]]] = []
        for bound in node.bounds:
            if bound.domain is None:
                raise self._refusal(node, "a quantifier over behaviours has to range over a set")
            if self._level(bound.domain, frames) > CONSTANT:
                message = "a temporal formula can be quantified only over a constant set"
                raise self._refusal(bound.domain, message)
            values = ordered(self._compiler.constant_value(self._closed(bound.domain, frames)[0]))
            if bound.is_tuple:
                parameters.append(bound.parameters)
                choices.append([tuple(value.values_) for value in values])
            else:
                for parameter in bound.parameters:
                    parameters.append((parameter,))
                    choices.append([(value,) for value in values])
        names = tuple(parameter for group in parameters for parameter in group)
        for chosen in product(*choices):
            literals = tuple(m.Literal(node.place, value) for group in chosen for value in group)
            yield (*frames, _Binding(names, literals))

    # --- actions ---------------------------------------------------------------------------------

    def _steps(self, node: m.Expression, frames: _Frames, kind: str) -> Formula:
        """Return what ``[]`` or ``<>`` of an action says of one step."""
        if isinstance(node, m.Step) and node.kind == kind:
            return self._step(node, frames, still=kind == "box")
        seen = self._seen_through(node, frames)
        if seen is not None:
            return self._steps(*seen, kind)
        if isinstance(node, m.Quantified) and node.kind == ("\\A" if kind == "box" else "\\E"):
            parts = [
                self._steps(node.body, inside, kind) for inside in self._instances(node, frames)
            ]
            return conjunction(parts) if kind == "box" else disjunction(parts)
        if isinstance(node, m.Items) and node.kind in {"/\\", "\\/"}:
            # What is constant beside an action holds of all steps or of none.
            parts = [self._of_steps(item, frames, kind) for item in node.items]
            return conjunction(parts) if node.kind == "/\\" else disjunction(parts)
        form = "[][A]_v" if kind == "box" else "<><<A>>_v"
        raise self._refusal(node, f"the action has to stand in the form {form}")

    def _of_steps(self, node: m.Argument, frames: _Frames, kind: str) -> Formula:
        assert not isinstance(node, m.OperatorValue), "the resolver sees to it"
        if self._level(node, frames) == CONSTANT:
            return self._formula(node, frames)
        return self._steps(node, frames, kind)

    def _fairness(self, node: m.Step, kind: str, frames: _Frames) -> Formula:
        angle = m.Step(node.place, "angle", node.action, node.subscript)
        enabled = m.CallBuiltin(node.place, m.Builtin("ENABLED", (0,)), (angle,))
        # Known by the node, so that one formula used twice has the same predicates.
        can = self._state(enabled, frames, STATE, (id(node), "ENABLED"))
        does = self._step(angle, frames, still=False, key=(id(node), "angle"))
        taken = always(eventually(conjunction([can, does])))
        if kind == "WF":
            return always(eventually(disjunction([negation(can), conjunction([can, does])])))
        return disjunction([negation(always(eventually(can))), taken])

    # --- predicates ------------------------------------------------------------------------------

    def _state(
        self, node: m.Expression, frames: _Frames, level: int, key: tuple[Any, ...] = ()
    ) -> Formula:
        closed, closed_key = self._closed(node, frames)
        number = self._numbers.get(key := (*key, *closed_key[bool(key) :]))
        if number is not None:
            return Literal(number)
        holds = self._compiler.state_predicate(closed)
        is_pure = self._analyst.facts(closed).pure
        if level == CONSTANT and is_pure:
            try:
                return TRUE if holds((None,) * len(self._compiler.variables)) else FALSE
            except Exception as error:
                raise self._compiler.explain(error) from error
        return self._add(key, Atom(node.place, holds, None, is_recorded=not is_pure))

    def _step(
        self, node: m.Step, frames: _Frames, *, still: bool, key: tuple[Any, ...] = ()
    ) -> Formula:
        closed, closed_key = self._closed(node, frames)
        number = self._numbers.get(key := (*key, *closed_key[bool(key) :]))
        if number is not None:
            return Literal(number)
        return self._add(
            key, Atom(node.place, None, self._compiler.step_predicate(closed), when_still=still)
        )

    def _add(self, key: tuple[Any, ...], atom: Atom) -> Formula:
        self._numbers[key] = len(self.atoms)
        self.atoms.append(atom)
        return Literal(len(self.atoms) - 1)

    @staticmethod
    def _refusal(node: m.Expression, message: str) -> TlaError:
        return error_at(node.place.path, node.place.span, message)
