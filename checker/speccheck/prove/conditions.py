"""Verification conditions: for an obligation, what Z3 is asked to refute.

How they are made decides whether Z3 answers in a moment or never; see docs/proofs.md, "How".
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import z3

from speccheck.prove.errors import ProofError, outside
from speccheck.prove.facts import Facts
from speccheck.prove.hints import Hints, Terms, extra
from speccheck.prove.module import ProofModule, conjuncts, unfolded
from speccheck.prove.obligations import Goal, Kind, Obligation, goal_of
from speccheck.prove.steps import Step, initial_state, step_of
from speccheck.prove.terms import (
    HintTexts,
    opened_bounds,
)
from speccheck.prove.translate import Closure, Context, State, Translator
from speccheck.prove.values import (
    Term,
    Unfit,
    Value,
    conjunction,
    implication,
    negation,
)
from speccheck.prove.world import World
from speccheck.tla import meaning as m


@dataclass(slots=True)
class Condition:
    """The obligation holds if ``hypotheses`` and ``negated`` contradict each other.

    ``selected`` says that hypotheses were left out, so that a solution may be none. ``before`` and
    ``after`` are the states, ``parameters`` and ``names`` the action's and the goal's constants.
    """

    hypotheses: list[Term]
    negated: Term
    selected: bool
    before: State
    after: State | None
    parameters: dict[str, Value] = field(default_factory=dict)
    names: dict[str, Value] = field(default_factory=dict)


@dataclass(slots=True)
class _Opened:
    hypotheses: list[Term] = field(default_factory=list)
    conclusions: list[Term] = field(default_factory=list)
    names: dict[str, Value] = field(default_factory=dict)


class Conditions:
    """Makes the conditions of one module in one world, of any size or finite."""

    def __init__(self, module: ProofModule, hints: Hints, world: World) -> None:
        self.module = module
        self.world = world
        self.translator = Translator(world, module.types)
        self._hints = hints
        self._texts = HintTexts(module, hints)
        self.state: dict[m.Variable, Value] = {
            variable: world.symbol(variable.name, module.types[variable])
            for variable in module.resolved.variables
        }
        self._known = Facts(module, hints, self.translator, self._texts, self.state)
        self._goals: dict[str, Goal] = {}
        self._steps: dict[str, Step] = {}

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

    def step(self, goal: Goal, action: str) -> Step:
        """Return an action from the state of the symbols."""
        found = self._steps.get(action)
        if found is None:
            assert goal.behaviour is not None, "only behaviours have steps"
            leaf = next(one for one in goal.behaviour.leaves if one.name == action)
            found = step_of(self.module, self.translator, leaf, self.state)
            self._steps[action] = found
        return found

    # --- conditions ------------------------------------------------------------------------------

    def of(self, obligation: Obligation) -> Condition:
        """Return the condition of an obligation. Raises TlaError outside of the fragment."""
        goal = self.goal(obligation.theorem)
        try:
            condition = self._of(goal, obligation)
        except Unfit as error:
            raise outside(goal.theorem.place, str(error)) from None
        known = self.world.axioms_for([*condition.hypotheses, condition.negated])
        condition.hypotheses += known
        return condition

    def _of(self, goal: Goal, obligation: Obligation) -> Condition:
        if obligation.kind is Kind.FACT:
            return self._implied(goal, goal.goals[obligation.conjunct], False)
        if obligation.kind is Kind.IMPLIED:
            return self._implied(goal, goal.goals[obligation.conjunct], True)
        if obligation.kind is Kind.INITIAL:
            return self._initial(goal, goal.goals[obligation.conjunct])
        if obligation.kind is Kind.POSSIBLE:
            return self._possible(goal, obligation.action)
        step = self.step(goal, obligation.action)
        return self._step(goal, step, obligation)

    def _possible(self, goal: Goal, action: str) -> Condition:
        """Return what has a solution if the action can be taken in a state of the invariant."""
        everything = [self._known.holds_now(node) for node in self.module.resolved.assumptions]
        if not action:
            return Condition(everything, z3.BoolVal(True), False, self.state, None)
        step = self.step(goal, action)
        everything += [self._known.holds_now(node) for node in goal.goals.values()]
        hypotheses = [*everything, *step.guards]
        return Condition(
            hypotheses, z3.BoolVal(True), False, self.state, step.then, step.parameters
        )

    def _initial(self, goal: Goal, node: m.Expression) -> Condition:
        assert goal.behaviour is not None
        start, others = initial_state(
            self.module, self.translator, goal.behaviour.initial, self.state
        )
        opened = self._open(node, Context(now=start))
        hypotheses = [*self._known.assumptions(), *others, *opened.hypotheses]
        negated = negation(conjunction(opened.conclusions))
        return Condition(hypotheses, negated, False, start, None, {}, opened.names)

    def _implied(self, goal: Goal, node: m.Expression, given: bool) -> Condition:
        opened = self._open(node, Context(now=self.state))
        terms = extra(self._hints.theorems, goal.theorem.name).terms
        pool = self._known.pool({}, opened.names, [(terms, opened.names)])
        facts, selected = self._known.about(goal if given else None, pool, True)
        hypotheses = [*facts, *opened.hypotheses]
        negated = negation(conjunction(opened.conclusions))
        return Condition(hypotheses, negated, selected, self.state, None, {}, opened.names)

    def _step(self, goal: Goal, step: Step, obligation: Obligation) -> Condition:
        node = goal.goals[obligation.conjunct]
        change = obligation.kind is Kind.CHANGE
        context = Context(now=self.state, then=step.then) if change else Context(now=step.then)
        opened = self._open(node, context)
        of_action = extra(self._hints.actions, step.name)
        of_goal = extra(self._hints.conjuncts, obligation.conjunct)
        more: list[tuple[Terms, Mapping[str, Value]]] = [(of_action.terms, step.parameters)]
        if not of_goal.under or step.name in of_goal.under:
            more.append((of_goal.terms, opened.names))
        if change:
            more.append((extra(self._hints.theorems, goal.theorem.name).terms, opened.names))
        pool = self._known.pool(step.parameters, opened.names, more)
        wanted = not change and obligation.conjunct in self._hints.instantiated
        facts, selected = self._known.about(goal, pool, wanted)
        lemmas = [
            self._lemma(goal, lemma.theorem, lemma.arguments, step) for lemma in of_action.lemmas
        ]
        hypotheses = [*facts, *lemmas, *step.guards, *opened.hypotheses]
        negated = negation(conjunction(opened.conclusions))
        return Condition(
            hypotheses, negated, selected, self.state, step.then, step.parameters, opened.names
        )

    # --- hypotheses ------------------------------------------------------------------------------

    def _lemma(self, used: Goal, theorem: str, arguments: tuple[str, ...], step: Step) -> Term:
        goal = self.goal(theorem)
        if not goal.by or goal.on_steps or goal.by not in {used.theorem.name, used.by}:
            raise ProofError(f"{theorem} is no lemma: the hints do not prove it by the invariant")
        (node,) = goal.goals.values()
        bounds, body, context = opened_bounds(node, Context(now=self.state))
        pairs = [pair for bound in bounds for pair in self.translator.bind(bound, context)]
        if len(pairs) != len(arguments):
            raise ProofError(f"the lemma {theorem} takes {len(pairs)} values, not {len(arguments)}")
        names: dict[m.Parameter, Value | Closure] = {}
        limits: list[Term] = []
        for (parameter, domain), text in zip(pairs, arguments, strict=True):
            value = self._texts.value(text, step.parameters, self.translator, self.state)
            names[parameter] = value
            limits.append(domain.has(value))
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
                    made = self.world.bound(parameter.name, domain.type)
                    opened.hypotheses.append(domain.has(made.value))
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

    def _in_size(self, constant: Term, type_: object) -> Term:
        """Return that a number is within the sizes of a finite world."""
        size = self.world.sizes.get(getattr(type_, "name", ""))
        if size is None or not z3.is_int(constant):
            return z3.BoolVal(True)
        return constant <= size
