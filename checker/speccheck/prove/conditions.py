"""Verification conditions: for an obligation, what Z3 is asked to refute.

How they are made decides whether Z3 answers in a moment or never; see docs/proofs.md, "How".
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import z3

from speccheck.prove.antecedents import antecedents, assumed
from speccheck.prove.errors import ProofError, outside
from speccheck.prove.facts import Facts
from speccheck.prove.hints import Hints, Terms, extra
from speccheck.prove.module import ProofModule, conjuncts, unfolded
from speccheck.prove.obligations import INIT, Goal, Kind, Obligation, goal_of
from speccheck.prove.shapes import Shapes, same_shape, shapes, shapes_of
from speccheck.prove.steps import Step, initial_state, step_of
from speccheck.prove.terms import (
    HintTexts,
    opened_bounds,
)
from speccheck.prove.translate import Context, Meaning, State, Translator, Use
from speccheck.prove.types import SetType, Type, is_set_of_atoms
from speccheck.prove.universes import parts_of, universes
from speccheck.prove.values import (
    Term,
    TupleValue,
    Unfit,
    Value,
    conjunction,
    disjunction,
    equal,
    implication,
    negation,
)
from speccheck.prove.world import Shape, World
from speccheck.tla import meaning as m
from speccheck.tla.errors import TlaError


@dataclass(slots=True)
class Condition:
    """The obligation holds if ``hypotheses`` and ``negated`` contradict each other.

    ``selected`` says that hypotheses were left out, so that a solution may be none. ``before`` and
    ``after`` are the states, ``parameters`` and ``names`` the action's and the goal's constants;
    ``uses`` is what has to hold for all to be defined; ``moved``, that v' # v for ``[A]_v``, may be
    assumed, too, where it is needed.
    """

    hypotheses: list[Term]
    negated: Term
    selected: bool
    before: State
    after: State | None
    parameters: dict[str, Value] = field(default_factory=dict)
    names: dict[str, Value] = field(default_factory=dict)
    uses: list[Use] = field(default_factory=list)
    moved: list[Term] = field(default_factory=list)


@dataclass(slots=True)
class _Opened:
    hypotheses: list[Term] = field(default_factory=list)
    conclusions: list[Term] = field(default_factory=list)
    names: dict[str, Value] = field(default_factory=dict)


@dataclass(slots=True)
class _Room:
    """What obligations share that may assume the same: the state, facts about it, and steps."""

    state: State
    facts: Facts
    steps: dict[str, Step] = field(default_factory=dict)


class Conditions:
    """Makes the conditions of one module in one world, of any size or finite."""

    def __init__(self, module: ProofModule, hints: Hints, world: World) -> None:
        self.module = module
        self.world = world
        self.translator = Translator(world, module.types, module.analyst, universes(module))
        self._hints = hints
        self._texts = HintTexts(module, hints)
        for constant, shape in shapes(module, self.translator, module.resolved.assumptions):
            if isinstance(constant, m.Constant):
                self.translator.know_shape(constant, shape)
        self._rooms: dict[tuple[str, int], _Room] = {}
        self._goals: dict[str, Goal] = {}
        self._extensionality: list[Term] | None = None

    # --- parts that conditions share -------------------------------------------------------------

    def goal(self, name: str) -> Goal:
        """Return a theorem taken apart. Raises ProofError where there is none of the name."""
        if name not in self._goals:
            theorem = next((one for one in self.module.theorems if one.name == name), None)
            if theorem is None:
                known = ", ".join(one.name for one in self.module.theorems) or "none"
                message = f"{self.module.path}: there is no theorem {name}; there are: {known}"
                raise ProofError(message)
            self._goals[name] = goal_of(self.module, self._hints, theorem)
        return self._goals[name]

    def _room(self, goal: Goal) -> "_Room":
        found = self._rooms.get(goal.given)
        if found is None:
            found = self._rooms[goal.given] = self._new_room(goal)
        return found

    def _new_room(self, goal: Goal) -> "_Room":
        told: Shapes = dict(shapes(self.module, self.translator, goal.invariant.values()))
        kept: dict[m.Variable | m.Constant, Shape] = {}
        if goal.behaviour is not None:
            start, _ = self._start(goal)
            kept = {
                v: s for v, s in shapes_of(self.module, self.world, start).items() if v not in told
            }
        state = self._symbols({**kept, **told})
        room = _Room(state, Facts(self.module, self._hints, self.translator, self._texts, state))
        for leaf in goal.behaviour.leaves if kept and goal.behaviour is not None else ():
            step = step_of(self.module, self.translator, leaf, state)
            room.steps[leaf.name] = step
            after = shapes_of(self.module, self.world, step.then)
            for variable in kept.keys() & step.changed:
                if not same_shape(self.world, kept[variable], after.get(variable)):
                    message = f"{leaf.name} does not keep the domain of {variable.name}"
                    remedy = (
                        f"state {variable.name} \\in [S -> T] in the invariant, with an S that "
                        "depends on constants only"
                    )
                    raise outside(leaf.body.place, f"{message}; {remedy}")
        return room

    def _symbols(self, told: Shapes) -> dict[m.Variable, Value]:
        """Return the symbols of the variables, functions with these domains."""
        return {
            variable: self.world.symbol(
                variable.name, self.module.types[variable], shape=told.get(variable)
            )
            for variable in self.module.resolved.variables
        }

    def step(self, goal: Goal, action: str) -> Step:
        """Return an action from the state of the symbols."""
        room = self._room(goal)
        found = room.steps.get(action)
        if found is None:
            assert goal.behaviour is not None, "only behaviours have steps"
            leaf = next(one for one in goal.behaviour.leaves if one.name == action)
            found = step_of(self.module, self.translator, leaf, room.state)
            room.steps[action] = found
        return found

    # --- conditions ------------------------------------------------------------------------------

    def of(self, obligation: Obligation) -> Condition:
        """Return the condition of an obligation. Raises TlaError outside of the fragment."""
        goal = self.goal(obligation.theorem)
        try:
            condition = self._of(goal, obligation)
        except Unfit as error:
            raise outside(goal.theorem.place, str(error)) from None
        except z3.Z3Exception as error:
            said = str(error).strip()
            raise outside(
                goal.theorem.place, f"{obligation}: Z3 does not take it: {said}"
            ) from None
        if self.world.sizes:
            condition.hypotheses += condition.moved
        known = self.world.axioms_for([*condition.hypotheses, condition.negated, *condition.moved])
        condition.hypotheses += known
        if self.world.sizes:
            condition.hypotheses += self.extensionality()
        return condition

    def extensionality(self) -> list[Term]:
        """Return that sets that are terms are equal if they have the same elements."""
        if self._extensionality is None:
            named = {
                part
                for type_ in self.module.types.values()
                for part in parts_of(type_)
                if isinstance(part, SetType) and part.name
            }
            self._extensionality = [
                self._extensional(type_) for type_ in sorted(named, key=lambda one: one.name)
            ]
        return self._extensionality

    def _extensional(self, type_: SetType) -> Term:
        translator, world = self.translator, self.world
        every = world.universe(type_)

        def differ(one: Value, other: Value) -> Term:
            alike = translator.same_set(world.as_set(one), world.as_set(other))
            return implication(alike, equal(one, other))

        return translator.every(every, lambda p: translator.every(every, lambda q: differ(p, q)))

    def whole(self) -> list[Term]:
        """Return that sets of atoms that are constants have all of their type, of a finite size."""
        found: list[Term] = []
        for constant in self.module.resolved.constants:
            type_ = self.module.types.get(constant)
            if type_ is not None and is_set_of_atoms(type_):
                members = self.translator.world.as_set(self.translator.constant(constant))
                found += map(members.has, self.world.elements(members.type) or [])
        return found

    def assumptions(self) -> list[tuple[m.Place, Term]]:
        """Return what is assumed of constants, with the places. Raises TlaError."""
        return [
            (node.place, self.translator.holds(node, Context(now={})))
            for node in self.module.resolved.assumptions
        ]

    def assume_numbers(self) -> bool:
        """Tell whether what is assumed of constants speaks of numbers that the instance lacks."""
        world = World(self.world.sizes)
        conditions = Conditions(self.module, self._hints, world)
        world.cut = False
        for assumption in self.module.resolved.assumptions:
            conditions.translator.holds(assumption, Context(now={}))
        return world.cut

    def _of(self, goal: Goal, obligation: Obligation) -> Condition:
        if obligation.kind is Kind.FACT:
            return self._implied(goal, goal.goals[obligation.conjunct], False)
        if obligation.kind is Kind.IMPLIED:
            return self._implied(goal, goal.goals[obligation.conjunct], True)
        if obligation.kind is Kind.INITIAL:
            return self._initial(goal, goal.goals[obligation.conjunct])
        if obligation.kind is Kind.POSSIBLE:
            return self._possible(goal, obligation)
        if obligation.kind is Kind.DEFINED:
            return self._defined(goal, obligation)
        step = self.step(goal, obligation.action)
        return self._step(goal, step, obligation)

    def _possible(self, goal: Goal, obligation: Obligation) -> Condition:
        """Return what has a solution if what is proved is proved of something."""
        room, true = self._room(goal), z3.BoolVal(True)
        everything = [room.facts.holds_now(node) for node in self.module.resolved.assumptions]
        if obligation.action == INIT:
            start, others = self._start(goal)
            return Condition([*everything, *others], true, False, start, None)
        everything += [room.facts.holds_now(node) for node in goal.invariant.values()]
        if obligation.action:
            step = self.step(goal, obligation.action)
            hypotheses = [*everything, *step.guards]
            return Condition(hypotheses, true, False, room.state, step.then, step.parameters)
        node = goal.goals[obligation.conjunct]
        if goal.on_steps:
            assert goal.behaviour is not None, "only behaviours have steps"
            steps = [self.step(goal, leaf.name) for leaf in goal.behaviour.leaves]
            ways = []
            for step in steps:
                assumed_here, _ = self._assumed(
                    node, obligation.part, Context(now=room.state, then=step.then)
                )
                ways.append(conjunction([*step.guards, *assumed_here]))
            return Condition([*everything, disjunction(ways)], true, False, room.state, None)
        terms, names = self._assumed(node, obligation.part, Context(now=room.state))
        return Condition([*everything, *terms], true, False, room.state, None, {}, names)

    def _assumed(
        self, node: m.Expression, part: int, context: Context
    ) -> tuple[list[Term], dict[str, Value]]:
        if part:
            return assumed(antecedents(node)[part - 1], self.translator, context)
        opened = self._open(node, context)
        return opened.hypotheses, opened.names

    def _defined(self, goal: Goal, obligation: Obligation) -> Condition:
        """Return that functions are applied within their domains; see docs/proofs.md.

        What stands in a conjunct is looked at where those before it hold, what stands in an action
        or follows from the invariant, in a state of the invariant.
        """
        room = self._room(goal)
        after: State | None = None
        parameters: dict[str, Value] = {}
        before: list[m.Expression] = []
        with self.translator.noting() as uses:
            if obligation.action == INIT:
                context = Context(now=room.state)
                for assumption in self.module.resolved.assumptions:
                    context = context.knowing(self.translator.holds(assumption, context))
                if goal.behaviour is not None:
                    self._start(goal)
            elif obligation.action:
                before = [*goal.invariant.values()]
                assert goal.behaviour is not None, "only behaviours have steps"
                leaf = next(one for one in goal.behaviour.leaves if one.name == obligation.action)
                step = step_of(self.module, self.translator, leaf, room.state)
                after, parameters = step.then, step.parameters
                context = Context(now=room.state, then=after).knowing(*step.guards)
                for node in goal.goals.values() if goal.on_steps else ():
                    context = context.knowing(self.translator.holds(node, context))
            else:
                context = Context(now=room.state)
                for label, node in goal.goals.items():
                    if label == obligation.conjunct:
                        self.translator.holds(node, context)
                        break
                    before.append(node)
                if not goal.inductive:
                    before = [*goal.invariant.values(), *before]
        # What alternates is of no use here, and costs much.
        slow = {id(node) for n, node in goal.invariant.items() if n in self._hints.instantiated}
        known = [room.facts.holds_now(node) for node in before if id(node) not in slow]
        if obligation.action != INIT:
            known = [*room.facts.assumptions(), *known]
        negated = negation(conjunction([use.inside for use in uses]))
        return Condition(known, negated, bool(slow), room.state, after, parameters, {}, list(uses))

    def _start(self, goal: Goal) -> tuple[dict[m.Variable, Value], list[Term]]:
        assert goal.behaviour is not None, "only behaviours begin"
        initial = goal.behaviour.initial
        told: Shapes = dict(shapes(self.module, self.translator, [initial]))
        return initial_state(self.module, self.translator, initial, self._symbols(told))

    def _initial(self, goal: Goal, node: m.Expression) -> Condition:
        start, others = self._start(goal)
        opened = self._open(node, Context(now=start))
        assumptions = self._room(goal).facts.assumptions()
        hypotheses = [*assumptions, *others, *opened.hypotheses]
        negated = negation(conjunction(opened.conclusions))
        return Condition(hypotheses, negated, False, start, None, {}, opened.names)

    def _implied(self, goal: Goal, node: m.Expression, given: bool) -> Condition:
        room = self._room(goal)
        opened = self._open(node, Context(now=room.state))
        terms = extra(self._hints.theorems, goal.theorem.name).terms
        pool = room.facts.pool({}, opened.names, [(terms, opened.names)])
        facts, selected = room.facts.about(goal if given else None, pool, True)
        hypotheses = [*facts, *opened.hypotheses]
        negated = negation(conjunction(opened.conclusions))
        return Condition(hypotheses, negated, selected, room.state, None, {}, opened.names)

    def _step(self, goal: Goal, step: Step, obligation: Obligation) -> Condition:
        node, room = goal.goals[obligation.conjunct], self._room(goal)
        change = obligation.kind is Kind.CHANGE
        context = Context(now=room.state, then=step.then) if change else Context(now=step.then)
        opened = self._open(node, context)
        of_action = extra(self._hints.actions, step.name)
        of_goal = extra(self._hints.conjuncts, obligation.conjunct)
        more: list[tuple[Terms, Mapping[str, Value]]] = [(of_action.terms, step.parameters)]
        if not of_goal.under or step.name in of_goal.under:
            more.append((of_goal.terms, opened.names))
        if change:
            more.append((extra(self._hints.theorems, goal.theorem.name).terms, opened.names))
        pool = room.facts.pool(step.parameters, opened.names, more)
        wanted = not change and obligation.conjunct in self._hints.instantiated
        facts, selected = room.facts.about(goal, pool, wanted)
        lemmas = [
            self._lemma(goal, lemma.theorem, lemma.arguments, step) for lemma in of_action.lemmas
        ]
        hypotheses = [*facts, *lemmas, *step.guards, *opened.hypotheses]
        negated = negation(conjunction(opened.conclusions))
        found = Condition(
            hypotheses, negated, selected, room.state, step.then, step.parameters, opened.names
        )
        if change:
            found.moved = self._moved(goal, step)
        return found

    def _moved(self, goal: Goal, step: Step) -> list[Term]:
        """Return that a step changes the v of ``[A]_v``; nothing where v cannot be compared."""
        assert goal.watched is not None, "the v"
        state = self._room(goal).state
        try:
            before, after = (
                self.translator.value(goal.watched, Context(now=now)) for now in (state, step.then)
            )
            pairs = [(before, after)]
            if isinstance(before, TupleValue) and isinstance(after, TupleValue):
                pairs = list(zip(before.items, after.items, strict=True))
            stays = conjunction([self.translator.same_value(one, other) for one, other in pairs])
        except (TlaError, Unfit):
            return []
        return [negation(stays)]

    # --- hypotheses ------------------------------------------------------------------------------

    def _lemma(self, used: Goal, theorem: str, arguments: tuple[str, ...], step: Step) -> Term:
        goal = self.goal(theorem)
        if not goal.by or goal.on_steps or goal.by not in {used.theorem.name, used.by}:
            raise self._hints.error(
                f"{theorem} is no lemma here; let [theorems] prove it by "
                f"{used.by or used.theorem.name}",
                theorem,
            )
        if len(goal.goals) != 1:
            raise self._hints.error(
                f"the lemma {theorem} has {len(goal.goals)} conjuncts; make a theorem of each",
                theorem,
            )
        (node,) = goal.goals.values()
        state = self._room(used).state
        bounds, body, context = opened_bounds(node, Context(now=state))
        pairs = [pair for bound in bounds for pair in self.translator.bind(bound, context)]
        if len(pairs) != len(arguments):
            named = ", ".join(parameter.name for parameter, _ in pairs) or "none"
            message = (
                f"the lemma {theorem} takes {len(pairs)} values ({named}), not {len(arguments)}"
            )
            raise self._hints.error(message, theorem)
        names: dict[m.Parameter, Meaning] = {}
        limits: list[Term] = []
        for (parameter, domain), text in zip(pairs, arguments, strict=True):
            value = self._texts.value(text, step.parameters, self.translator, state)
            names[parameter] = value
            try:
                limits.append(domain.has(value))
            except Unfit as error:
                message = f"{text} is no {parameter.name} of the lemma {theorem}: {error}"
                raise self._hints.error(message, text) from None
        inside = self.translator.holds(body, context.binding(names))
        return implication(conjunction(limits), inside)

    # --- goals -----------------------------------------------------------------------------------

    def _open(self, node: m.Expression, context: Context) -> _Opened:
        """Return a goal with fresh constants for what its outer quantifiers bind."""
        opened = _Opened()
        try:
            self._open_into(node, context, opened)
        except Unfit as error:
            raise outside(node.place, str(error)) from None
        return opened

    def _open_into(self, node: m.Expression, context: Context, opened: _Opened) -> None:
        node = unfolded(node)
        if isinstance(node, m.Quantified) and node.kind == "\\A":
            for bound in node.bounds:
                for parameter, domain in self.translator.bind(bound, context):
                    made, limit = self.world.within(parameter.name, domain)
                    opened.hypotheses.append(limit)
                    opened.names.setdefault(parameter.name, made.value)
                    context = context.binding({parameter: made.value})
                    for constant in made.constants:
                        opened.hypotheses.append(self._in_size(constant, domain.type))
            self._open_into(node.body, context, opened)
            return
        if isinstance(node, m.CallBuiltin) and node.builtin.name == "=>":
            left, right = node.arguments
            assert not isinstance(right, m.OperatorValue), "a formula"
            opened.hypotheses.append(self.translator.holds(left, context))
            self._open_into(right, context, opened)
            return
        if isinstance(node, m.Where):
            self._open_into(node.body, context, opened)
            return
        if conjuncts(node):
            opened.conclusions.extend(
                self.translator.holds(part, context) for part in conjuncts(node)
            )
            return
        opened.conclusions.append(self.translator.holds(node, context))

    def _in_size(self, constant: Term, type_: Type) -> Term:
        """Return that a number is within the sizes of a finite world."""
        last = self.world.last_number(type_)
        return z3.BoolVal(True) if last is None else constant <= last
