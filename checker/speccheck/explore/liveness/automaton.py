"""Automata of temporal formulas: generalized Buchi, with acceptance on transitions.

A state is the set of formulas that the rest of the behaviour has to satisfy. A transition reads
one step. It is accepting for ``<>p`` unless it puts p off; a run is accepted if it takes, for
every ``<>p``, infinitely many transitions that are accepting for it.

Source: J.-M. Couvreur, On-the-fly verification of linear temporal logic, FM 1999.
"""

from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from speccheck.explore.liveness.formula import (
    FALSE,
    TRUE,
    All,
    Always,
    Eventually,
    Formula,
    Often,
    Some,
    conjunction,
    is_propositional,
)

Obligations: TypeAlias = frozenset[Formula]


class Transition(NamedTuple):
    """Reads a step that satisfies ``condition``; ``accepting`` has a bit for each ``<>p``."""

    condition: Formula
    target: int
    accepting: int


@dataclass(slots=True)
class Automaton:
    """``transitions`` by state; state 0 is the initial one. ``all_accepting`` has all bits set."""

    transitions: list[list[Transition]] = field(default_factory=list)
    all_accepting: int = 0

    @property
    def is_trivial(self) -> bool:
        """Tell whether every behaviour is accepted."""
        return self.transitions == [[Transition(TRUE, 0, 0)]] and not self.all_accepting


class _Way(NamedTuple):
    """One way to meet obligations in this step."""

    conditions: Obligations
    then: Obligations
    postponed: Obligations


def automaton(formula: Formula) -> Automaton:
    """Return the automaton of a formula without ``Often``."""
    made = Automaton()
    promises = _promises(formula)
    made.all_accepting = (1 << len(promises)) - 1
    numbers: dict[Obligations, int] = {frozenset([formula]) - {TRUE}: 0}
    waiting = list(numbers)
    for obligations in waiting:
        row: list[Transition] = []
        for way in _ways(obligations):
            condition = conjunction(way.conditions)
            if condition == FALSE:
                continue
            number = numbers.get(way.then)
            if number is None:
                number = numbers[way.then] = len(numbers)
                waiting.append(way.then)
            accepting = sum(1 << k for k, p in enumerate(promises) if p not in way.postponed)
            row.append(Transition(condition, number, accepting))
        made.transitions.append(row)
    return made


def _promises(formula: Formula) -> list[Formula]:
    found: dict[Formula, None] = {}

    def walk(part: Formula) -> None:
        match part:
            case All(parts) | Some(parts):
                for inner in parts:
                    walk(inner)
            case Always(body):
                walk(body)
            case Eventually(body):
                found[part] = None
                walk(body)
            case Often():
                raise AssertionError("clauses have taken it out")

    walk(formula)
    return list(found)


def _ways(obligations: Obligations) -> list[_Way]:
    found: dict[_Way, None] = {}

    def expand(
        todo: tuple[Formula, ...],
        done: Obligations,
        conditions: Obligations,
        then: Obligations,
        postponed: Obligations,
    ) -> None:
        while todo:
            first, todo = todo[0], todo[1:]
            if first in done:
                continue
            done |= {first}
            if is_propositional(first):
                conditions |= {first}
                continue
            match first:
                case All(parts):
                    todo = (*parts, *todo)
                case Always(body):
                    then |= {first}
                    todo = (body, *todo)
                case Some(parts):
                    for part in parts:
                        expand((part, *todo), done, conditions, then, postponed)
                    return
                case Eventually(body):
                    expand((body, *todo), done, conditions, then, postponed)
                    then |= {first}
                    postponed |= {first}
        found[_Way(conditions - {TRUE}, then, postponed)] = None

    expand(tuple(obligations), frozenset(), frozenset(), frozenset(), frozenset())
    return [way for way in found if not any(_is_better(other, way) for other in found)]


def _is_better(one: _Way, other: _Way) -> bool:
    """Tell whether all that the other way leads to is had at least as well by the one."""
    return (
        one != other
        and one.then == other.then
        and one.conditions <= other.conditions
        and one.postponed <= other.postponed
    )
