"""An action as guards and updates: what it needs, and each variable's next value."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import z3

from speccheck.evaluate.analysis import CONSTANT, actual, children
from speccheck.prove.errors import outside
from speccheck.prove.fit import check_fit
from speccheck.prove.module import Leaf, ProofModule, conjuncts, disjuncts
from speccheck.prove.translate import Context, Delayed, Meaning, State, Translator
from speccheck.prove.types import SetType, alike
from speccheck.prove.values import (
    SetValue,
    Term,
    Unfit,
    Value,
    choice,
    implication,
    negation,
)
from speccheck.tla import meaning as m
from speccheck.tla.errors import TlaError


@dataclass(slots=True)
class Step:
    """An action in one world.

    ``parameters`` are the constants that the quantifiers around it stand for, by name; ``guards``
    have to hold; ``then`` has every variable's next value, ``changed`` those that get one;
    ``names`` is what the names within the action mean.
    """

    name: str
    parameters: dict[str, Value]
    guards: list[Term]
    then: dict[m.Variable, Value]
    changed: frozenset[m.Variable]


class _Collector:
    def __init__(self, module: ProofModule, translator: Translator) -> None:
        self.module = module
        self.translator = translator
        self.assigned: dict[m.Variable, Value] = {}
        self.kept: set[m.Variable] = set()
        self.guards: list[Term] = []
        self.later: list[tuple[m.Expression, Context]] = []
        self.parameters: dict[str, Value] = {}
        self.eager = False  # whether x' \in S says what x' is even if something later does

    def collect(self, node: m.Expression, context: Context) -> None:
        """Take up one part of an action. Raises TlaError."""
        if not self.module.is_action(node):
            self.guards.append(self.translator.holds(node, context.knowing(*self.guards)))
            return
        parts = conjuncts(node)
        if parts:
            for part in parts:
                self.collect(part, context)
            return
        match node:
            case m.Call() if not isinstance(actual(node.operator), m.Literal):
                operator = actual(node.operator)
                assert isinstance(operator, m.Operator)
                assert operator.body is not None, "definitions of actions are not recursive"
                given: dict[m.Parameter, Meaning] = {}
                for parameter, argument in zip(operator.parameters, node.arguments, strict=True):
                    if isinstance(argument, m.OperatorValue):
                        raise outside(argument.place, "an action takes values only")
                    if self.module.analyst.facts(argument).level == CONSTANT and not _delayed(
                        argument, context
                    ):
                        value = self.translator.value(argument, context)
                        given[parameter] = value
                        self.parameters.setdefault(parameter.name, value)
                    else:
                        given[parameter] = Delayed(argument, context)
                self.collect(operator.body, context.binding(given))
            case m.Quantified(kind="\\E"):
                self.collect(node.body, self.open(node.bounds, context, node.place))
            case m.Where():
                self.collect(node.body, context)
            case m.Branches(other=other) if other is not None:
                self._branches(node, other, context)
            case m.CallBuiltin(builtin=m.Builtin(name="UNCHANGED"), arguments=(inside,)):
                self._keep(inside, context)
            case m.CallBuiltin(builtin=m.Builtin(name="="), arguments=(left, right)):
                variable = _primed(left, context)
                written = right
                last = _primed(right, context)
                if variable is None and last not in {None, *self.assigned, *self.kept}:
                    variable, written = last, left  # e = x' says what x' = e says.
                if variable is None:
                    self.later.append((node, context))
                else:
                    so_far = self._so_far(context.knowing(*self.guards))
                    told = told_value(self.module, self.translator, variable, written, so_far)
                    self._assign(variable, told, node)
            case _ if disjuncts(node):
                message = "a choice between steps within an action; make two actions of it"
                raise outside(node.place, message)
            case _ if not (self.eager and self._take_from_set(node, context)):
                self.later.append((node, context))

    def open(self, bounds: tuple[m.Bound, ...], context: Context, place: m.Place) -> Context:
        """Return the context with a fresh constant for each bound name."""
        for bound in bounds:
            try:
                pairs = list(self.translator.bind(bound, context))
                for parameter, domain in pairs:
                    made, limit = self.translator.world.within(parameter.name, domain)
                    self.guards.append(limit)
                    self.parameters.setdefault(parameter.name, made.value)
                    context = context.binding({parameter: made.value})
            except Unfit as error:
                around = place if bound.domain is None else bound.domain.place
                raise outside(around, str(error)) from None
        return context

    def take_from_sets(self) -> None:
        """Take up the x' \\in S of which nothing else says what x' is."""
        later, self.later = self.later, []
        for node, context in later:
            if not self._take_from_set(node, context):
                self.later.append((node, context))

    def _take_from_set(self, node: m.Expression, context: Context) -> bool:
        """Take x' \\in S for \\E n \\in S : x' = n; return whether it is that."""
        if not isinstance(node, m.CallBuiltin) or node.builtin.name != "\\in":
            return False
        left, right = node.arguments
        variable = _primed(left, context)
        if variable is None or variable in self.assigned or variable in self.kept:
            return False
        so_far = self._so_far(context.knowing(*self.guards))
        try:
            domain = self.translator.set_(right, so_far)
            made, limit = self.translator.world.within(f"{variable.name}'", domain)
        except Unfit as error:
            raise outside(node.place, str(error)) from None
        self.guards.append(limit)
        self._assign(variable, made.value, node)
        return True

    def _so_far(self, context: Context) -> Context:
        then = {**context.now, **self.assigned}
        for variable in context.now:
            if variable not in self.assigned and variable not in self.kept:
                del then[variable]
        return replace(context, then=then)

    def _assign(self, variable: m.Variable, value: Value, node: m.Expression) -> None:
        if variable in self.assigned or variable in self.kept:
            raise outside(node.place, f"{variable.name}' is determined twice")
        _check(self.module, self.translator, variable, value, node)
        self.translator.evaluate(value)
        self.assigned[variable] = value

    def _keep(self, node: m.Argument, context: Context) -> None:
        match node:
            case m.Use(parameter=parameter) if isinstance(
                meant := context.names.get(parameter), Delayed
            ):
                self._keep(meant.node, meant.context)
            case m.UseVariable(variable=variable):
                if variable in self.assigned or variable in self.kept:
                    raise outside(node.place, f"{variable.name}' is determined twice")
                self.kept.add(variable)
            case m.Items(kind="tuple", items=items):
                for item in items:
                    self._keep(item, context)
            case m.Call(arguments=()) if (
                isinstance(operator := actual(node.operator), m.Operator)
                and operator.body is not None
            ):
                self._keep(operator.body, context)
            case _:
                raise outside(node.place, "UNCHANGED needs variables or tuples of them")

    def _branches(self, node: m.Branches, other: m.Expression, context: Context) -> None:
        context = context.knowing(*self.guards)
        held = [self.translator.holds(guard, context) for guard, _ in node.arms]
        arms: list[tuple[Term | None, m.Expression, Context]] = [
            (condition, value, context.knowing(guard))
            for condition, guard, (_, value) in zip(
                self.translator.conditions(node, context), held, node.arms, strict=True
            )
        ]
        arms.append((None, other, context.knowing(*map(negation, held))))
        merged: dict[m.Variable, Value] | None = None
        guards: list[tuple[Term | None, list[Term]]] = []
        for condition, value, inside in reversed(arms):
            part = _Collector(self.module, self.translator)
            part.parameters = self.parameters
            part.collect(value, inside)
            if part.later:
                raise outside(part.later[0][0].place, "a condition on the next state in an IF")
            updates = {v: context.now[v] for v in part.kept} | part.assigned
            if merged is None or condition is None:
                merged = updates
            elif set(merged) != set(updates):
                raise outside(node.place, "the branches determine different variables")
            else:
                merged = {v: choice(condition, updates[v], merged[v]) for v in merged}
            guards.append((condition, part.guards))
        assert merged is not None
        for variable, updated in merged.items():
            self._assign(variable, updated, node)
        before: list[Term] = []
        for condition, inner in reversed(guards):
            for guard in inner:
                whole = guard if condition is None else implication(condition, guard)
                for earlier in before:
                    whole = implication(negation(earlier), whole)
                self.guards.append(whole)
            if condition is not None:
                before.append(condition)


def told_value(
    module: ProofModule,
    translator: Translator,
    variable: m.Variable,
    node: m.Argument,
    context: Context,
) -> Value:
    """Return the value of an expression that a variable is to have; {} gets its type from there."""
    type_ = module.types[variable]
    is_empty = isinstance(node, m.Items) and node.kind == "set" and not node.items
    if is_empty and isinstance(type_, SetType) and not type_.name:
        return SetValue(lambda _: z3.BoolVal(False), type_.element, ())
    return translator.value(node, context)


def _check(
    module: ProofModule,
    translator: Translator,
    variable: m.Variable,
    value: Value,
    node: m.Expression,
) -> None:
    """Raise TlaError where a value is not of the type of the variable that is to have it."""
    try:
        check_fit(translator.world, value, module.types[variable])
    except Unfit as error:
        raise outside(node.place, f"{variable.name}: {error}") from None


def _delayed(node: m.Argument, context: Context) -> bool:
    """Tell whether the value of an expression is not the same in the next state."""
    names = (context.names.get(one) for one in _used(node))
    return any(isinstance(meant, Delayed) for meant in names)


def _used(node: m.Argument) -> Iterator[m.Parameter]:
    if isinstance(node, m.Use):
        yield node.parameter
    for child in children(node):
        yield from _used(child)


def _primed(node: m.Argument, context: Context) -> m.Variable | None:
    """Return the variable x where an expression is x', or v' with x for v."""
    if not isinstance(node, m.CallBuiltin) or node.builtin.name != "'":
        return None
    (inside,) = node.arguments
    while isinstance(inside, m.Use):
        meant = context.names.get(inside.parameter)
        if not isinstance(meant, Delayed):
            return None
        inside, context = meant.node, meant.context
    return inside.variable if isinstance(inside, m.UseVariable) else None


def step_of(module: ProofModule, translator: Translator, leaf: Leaf, state: State) -> Step:
    """Return an action, from a state. Raises TlaError where a variable is left undetermined."""
    try:
        return _step_of(module, translator, leaf, state, eager=False)
    except TlaError:
        try:  # x' \in S may be what an e of y' = e rests on.
            return _step_of(module, translator, leaf, state, eager=True)
        except TlaError:
            pass
        raise


def _step_of(
    module: ProofModule, translator: Translator, leaf: Leaf, state: State, *, eager: bool
) -> Step:
    collector = _Collector(module, translator)
    collector.eager = eager
    context = collector.open(leaf.bounds, Context(now=state), leaf.body.place)
    outer = dict(collector.parameters)
    collector.parameters = {}
    collector.collect(leaf.body, context)
    collector.parameters = {**outer, **collector.parameters}
    collector.take_from_sets()
    for variable in module.resolved.variables:
        if variable not in collector.assigned and variable not in collector.kept:
            x = variable.name
            message = f"the action {leaf.name} does not say what becomes of {x}: write {x}' = e, "
            raise outside(leaf.body.place, f"{message}UNCHANGED {x}, or \\E n \\in S : {x}' = n")
    then = {**state, **collector.assigned}
    for node, where in collector.later:
        inside = replace(where, then=then).knowing(*collector.guards)
        collector.guards.append(translator.holds(node, inside))
    changed = frozenset(collector.assigned)
    return Step(leaf.name, collector.parameters, collector.guards, then, changed)


def _told(node: m.Expression) -> m.Variable | None:
    """Return the variable x where a condition is ``x \\in S``, ``x \\subseteq S`` or ``x = e``."""
    if isinstance(node, m.CallBuiltin) and node.builtin.name in {"\\in", "\\subseteq", "="}:
        left, _ = _sides(node)
        return left.variable if isinstance(left, m.UseVariable) else None
    return None


def _sides(node: m.CallBuiltin) -> tuple[m.Argument, m.Argument]:
    """Return the sides of ``x = e``, also of ``e = x``, or of another relation."""
    left, right = node.arguments
    is_turned = isinstance(right, m.UseVariable) and not isinstance(left, m.UseVariable)
    return (right, left) if node.builtin.name == "=" and is_turned else (left, right)


def _fits(
    module: ProofModule, translator: Translator, node: m.Expression, context: Context
) -> bool:
    """Tell whether what a condition says of a variable makes it one of its type."""
    assert isinstance(node, m.CallBuiltin), "as it tells something"
    left, right = _sides(node)
    assert isinstance(left, m.UseVariable), "a variable"
    type_ = module.types[left.variable]
    if node.builtin.name == "=":
        if isinstance(right, m.Items) and right.kind == "set" and not right.items:
            return isinstance(type_, SetType) and not type_.name
        try:
            check_fit(translator.world, translator.value(right, context), type_)
        except Unfit:
            return False
        return True
    among = translator.set_(right, context).type
    return alike(among if node.builtin.name == "\\in" else SetType(among), type_)


def _said(
    module: ProofModule,
    translator: Translator,
    conditions: list[m.Expression],
    assigned: Iterable[m.Variable],
    context: Context,
) -> set[m.Variable]:
    """Return the variables of which it is said what they are, by what does not rest on others."""
    said = set(assigned)
    while (
        more := {
            variable
            for node in conditions
            if (variable := _told(node)) is not None
            and isinstance(node, m.CallBuiltin)
            and variable not in said
            and module.reads(_sides(node)[1]) <= said
            and _fits(module, translator, node, context)
        }
        - said
    ):
        said |= more
    return said


def initial_state(
    module: ProofModule, translator: Translator, initial: m.Expression, state: State
) -> tuple[dict[m.Variable, Value], list[Term]]:
    """Return the initial state: what ``x = e`` says, symbols else; and the other conditions.

    An e that reads variables of which nothing has been said makes a condition of it.
    """
    found: dict[m.Variable, Value] = {}
    conditions: list[m.Expression] = []

    def take(node: m.Expression) -> None:
        parts = conjuncts(node)
        if parts:
            for part in parts:
                take(part)
            return
        if isinstance(node, m.Call) and not node.arguments:
            operator = actual(node.operator)
            if isinstance(operator, m.Operator) and operator.body is not None:
                take(operator.body)
                return
        if isinstance(node, m.CallBuiltin) and node.builtin.name == "=":
            left, right = _sides(node)
            free = module.reads(right) <= found.keys()
            if isinstance(left, m.UseVariable) and left.variable not in found and free:
                so_far = Context(now={**state, **found})
                value = told_value(module, translator, left.variable, right, so_far)
                _check(module, translator, left.variable, value, node)
                translator.evaluate(value)
                found[left.variable] = value
                return
        conditions.append(node)

    take(initial)
    context = Context(now={**state, **found})
    said = _said(module, translator, conditions, found.keys(), context)
    for variable in module.resolved.variables:
        if variable in said:
            continue
        message = f"the initial states say neither {variable.name} = e nor {variable.name} "
        raise outside(initial.place, message + "\\in S: it need not be of its type")
    others: list[Term] = []
    for node in conditions:
        others.append(translator.holds(node, context))
        context = context.knowing(others[-1])
    return {**state, **found}, others
