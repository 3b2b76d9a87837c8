"""What has to be proved of a module: for each theorem a list of obligations, each with a name."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, TypeGuard

from speccheck.evaluate.analysis import CONSTANT
from speccheck.prove.antecedents import antecedents
from speccheck.prove.errors import outside
from speccheck.prove.hints import Hints, extra
from speccheck.prove.module import (
    Behaviour,
    ProofModule,
    Theorem,
    behaviour,
    conjuncts,
    named_conjuncts,
    unfolded,
)
from speccheck.tla import meaning as m

# In place of an action: the initial states.
INIT = "an initial state"


class Kind(StrEnum):
    """What an obligation is about."""

    INITIAL = "initially"
    STEP = "step"
    CHANGE = "change"
    IMPLIED = "implied"
    FACT = "fact"
    POSSIBLE = "possible"
    DEFINED = "defined"


class Obligation(NamedTuple):
    r"""One thing to prove.

    INITIAL and STEP: a conjunct of an inductive invariant holds in the initial states, and after a
    step of ``action``. CHANGE: a predicate on steps holds of a step. IMPLIED: a predicate follows
    from an invariant. FACT: a formula without behaviour. POSSIBLE: a state of the invariant allows
    the action, so that its obligations are not empty; for ``INIT``, there is an initial state;
    without an action, what a conjunct assumes can hold in a state of the invariant, or before a
    step (``part``: the how many-th ``=>``, or innermost ``\A``, of it; 0 where it has none, and
    there is to be a state). DEFINED: what
    a conjunct, an action, or (for ``INIT``) the assumptions and the initial predicate say is
    defined, as functions are applied within their domains only.
    """

    theorem: str
    kind: Kind
    action: str
    conjunct: str
    part: int = 0

    def __str__(self) -> str:
        where = {Kind.INITIAL: "Init", Kind.IMPLIED: "", Kind.FACT: ""}.get(self.kind, self.action)
        what = self.conjunct
        if self.kind is Kind.POSSIBLE and self.action:
            what = "is possible" if self.action == INIT else "can be taken"
        elif self.kind is Kind.POSSIBLE:
            about = "" if what in {"", self.theorem} else f"{what}: "
            number = f" ({self.part})" if self.part > 1 else ""
            what = f"{about}what is assumed can hold{number}"
        if self.kind is Kind.DEFINED:
            about = "" if what in {"", self.theorem} else f"{what}: "
            where = "the beginning" if self.action == INIT else self.action
            what = f"{about}is defined"
        parts = [self.theorem, where, "" if what == self.theorem else what]
        return ": ".join(part for part in parts if part)


@dataclass(frozen=True, slots=True)
class Goal:
    """A theorem taken apart.

    ``invariant`` are the conjuncts that may be assumed in a state, by name; ``goals`` what is to be
    shown; ``inductive`` where they are the same. ``watched`` is the v of ``[A]_v``, ``subscript``
    what it reads.
    """

    theorem: Theorem
    behaviour: Behaviour | None
    invariant: dict[str, m.Expression]
    goals: dict[str, m.Expression]
    inductive: bool
    on_steps: bool
    by: str = ""
    subscript: frozenset[m.Variable] = frozenset()
    specification: m.Expression | None = None
    watched: m.Expression | None = None

    @property
    def given(self) -> tuple[str, int]:
        """Return what tells apart what may be assumed: by which theorem, of which behaviours."""
        name = self.by or (self.theorem.name if self.inductive else "")
        spec = self.specification
        return name, 0 if spec is None else id(unfolded(spec))


def goal_of(module: ProofModule, hints: Hints, theorem: Theorem) -> Goal:
    """Return a theorem taken apart. Raises TlaError for a form that proofs do not know."""
    shape = _temporal(theorem.statement)
    name = theorem.name
    if shape is None:
        if module.analyst.facts(theorem.statement).level != CONSTANT:
            raise outside(theorem.place, _other_form(theorem.statement))
        return Goal(theorem, None, {}, {name: theorem.statement}, False, False)
    spec, inside = shape
    by = extra(hints.theorems, name).by
    invariant: dict[str, m.Expression] = {}
    if by:
        source = next((one for one in module.theorems if one.name == by), None)
        if source is None or by == name:
            known = ", ".join(one.name for one in module.theorems if one.name != name) or "none"
            raise hints.error(
                f"{name} is proved by {by}, which is no other theorem; {known} are", by
            )
        ends = not extra(hints.theorems, source.name).by  # Two may name each other.
        before = goal_of(module, hints, source) if ends else None
        if before is None or not before.inductive:
            message = f"{name} is proved by {by}, which is not proved by induction itself"
            raise hints.error(f"{message}; name an invariant of states without a by", by)
        if unfolded(spec) is not unfolded(before.specification or spec):
            message = f"{name} is proved by {by}, which is about another specification"
            raise hints.error(f"{message}; name a theorem of the same", by)
        invariant = before.goals
    system = behaviour(module, spec)
    step = unfolded(inside)
    if isinstance(step, m.Step) and step.kind == "box":
        subscript = module.reads(step.subscript)
        goals = _distinct(module, step.action, name)
        return Goal(
            theorem, system, invariant, goals, False, True, by, subscript, spec, step.subscript
        )
    if module.is_action(inside):
        raise outside(inside.place, "an invariant of states or [A]_vars is expected here")
    if by:
        goals = _distinct(module, inside, name)
        return Goal(theorem, system, invariant, goals, False, False, by, specification=spec)
    goals = _distinct(module, inside, name)
    return Goal(theorem, system, goals, goals, True, False, specification=spec)


def _distinct(module: ProofModule, node: m.Expression, name: str) -> dict[str, m.Expression]:
    found: dict[str, m.Expression] = {}
    for label, conjunct in named_conjuncts(node, name):
        if label in found and found[label] is conjunct:
            raise outside(conjunct.place, f"the conjunct {label} stands twice in {module.name}")
        number = 1
        while label in found:
            number += 1
            label = f"{label.partition('#')[0]}#{number}"
        found[label] = conjunct
    return found


def _other_form(node: m.Expression) -> str:
    """Return why a formula about behaviours cannot be proved, and what can be written."""
    form = "a theorem about variables has the form Spec => []P or Spec => [][A]_v"
    if conjuncts(node):
        return f"{form}; make a theorem of each part of this conjunction"
    right = node.arguments[1] if _is_call(node, "=>") else node
    if isinstance(right, m.OperatorValue):
        return form
    if conjuncts(right):
        return f"{form}; write Spec => [](P /\\ Q), or a theorem for each part"
    if _is_call(right, "<>") or _is_call(right, "~>"):
        return f"{form}; what has to happen some time is no safety: ask speccheck check"
    if _is_call(right, "[]"):
        return f"{form}; nothing is known of variables without a Spec"
    return f"{form}; this has no [], and speaks of the beginning only, if of a Spec at all"


def _is_call(node: m.Argument, name: str) -> TypeGuard[m.CallBuiltin]:
    return isinstance(node, m.CallBuiltin) and node.builtin.name == name


def _temporal(node: m.Expression) -> tuple[m.Expression, m.Expression] | None:
    """Return S and P of ``S => []P``, None where the formula has no []."""
    if isinstance(node, m.CallBuiltin) and node.builtin.name == "=>":
        left, right = node.arguments
        if isinstance(right, m.CallBuiltin) and right.builtin.name == "[]":
            (inside,) = right.arguments
            if not isinstance(inside, m.OperatorValue) and not isinstance(left, m.OperatorValue):
                return left, inside
    return None


def obligations(module: ProofModule, goal: Goal) -> list[Obligation]:
    """Return what has to be proved of a theorem, and that it is not proved of nothing.

    What an action leaves unchanged needs no proof (the frame rule); see :func:`framed`.
    """
    name = goal.theorem.name
    if goal.behaviour is None:
        facts = [Obligation(name, Kind.FACT, "", label) for label in goal.goals]
        defined = [
            Obligation(name, Kind.DEFINED, INIT, ""),
            *(Obligation(name, Kind.DEFINED, "", label) for label in goal.goals),
        ]
        return [*facts, *_assumed(goal), *defined]
    found: list[Obligation] = []
    leaves = goal.behaviour.leaves
    if goal.on_steps:
        if not goal.by:
            found.append(Obligation(name, Kind.POSSIBLE, INIT, ""))
            found.extend(Obligation(name, Kind.POSSIBLE, leaf.name, "") for leaf in leaves)
        found.extend(
            Obligation(name, Kind.CHANGE, leaf.name, label)
            for leaf in leaves
            for label in goal.goals
        )
        found.extend(_assumed(goal))
        if not goal.by:
            found.append(Obligation(name, Kind.DEFINED, INIT, ""))
        found.extend(Obligation(name, Kind.DEFINED, leaf.name, "") for leaf in leaves)
        return found
    if not goal.inductive:
        found.extend(Obligation(name, Kind.IMPLIED, "", label) for label in goal.goals)
        found.extend(_assumed(goal))
        found.extend(Obligation(name, Kind.DEFINED, "", label) for label in goal.goals)
        return found
    found.extend(Obligation(name, Kind.INITIAL, "", label) for label in goal.goals)
    found.append(Obligation(name, Kind.POSSIBLE, INIT, ""))
    found.extend(Obligation(name, Kind.POSSIBLE, leaf.name, "") for leaf in leaves)
    for leaf in leaves:
        found.extend(Obligation(name, Kind.STEP, leaf.name, label) for label in goal.goals)
    found.extend(_assumed(goal))
    found.append(Obligation(name, Kind.DEFINED, INIT, ""))
    found.extend(Obligation(name, Kind.DEFINED, leaf.name, "") for leaf in leaves)
    found.extend(Obligation(name, Kind.DEFINED, "", label) for label in goal.goals)
    return found


def _assumed(goal: Goal) -> Iterator[Obligation]:
    """Yield that what each conjunct assumes can hold."""
    for label, node in goal.goals.items():
        parts = len(antecedents(node))
        for part in range(1, parts + 1):
            yield Obligation(goal.theorem.name, Kind.POSSIBLE, "", label, part)
        if not parts and not goal.inductive:
            yield Obligation(goal.theorem.name, Kind.POSSIBLE, "", label)


def framed(
    module: ProofModule, goal: Goal, obligation: Obligation, changed: frozenset[m.Variable]
) -> bool:
    """Tell whether an obligation holds because the action changes nothing that it speaks of."""
    if obligation.kind is Kind.STEP:
        return not module.reads(goal.goals[obligation.conjunct]) & changed
    if obligation.kind is Kind.CHANGE:
        return not goal.subscript & changed
    return False
