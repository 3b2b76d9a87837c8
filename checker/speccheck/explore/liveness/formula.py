"""Temporal formulas in negation normal form, and the rewriting that keeps their automata small.

A formula speaks of an infinite behaviour; a literal speaks of its first state or its first step.
``Often`` is ``[]<>p`` or its negation: such a formula holds of a behaviour if and only if it holds
of every suffix, so it can be taken out of the operators around it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Literal:
    """A predicate on states or steps, by its number, or its negation."""

    atom: int
    positive: bool = True


@dataclass(frozen=True, slots=True)
class All:
    """A conjunction; without parts, TRUE."""

    parts: "tuple[Formula, ...]"


@dataclass(frozen=True, slots=True)
class Some:
    """A disjunction; without parts, FALSE."""

    parts: "tuple[Formula, ...]"


@dataclass(frozen=True, slots=True)
class Always:
    """``[]body``."""

    body: "Formula"


@dataclass(frozen=True, slots=True)
class Eventually:
    """``<>body``."""

    body: "Formula"


@dataclass(frozen=True, slots=True)
class Often:
    """``[]<>body``, or ``~[]<>body``; ``body`` has no temporal operator."""

    body: "Formula"
    positive: bool = True


Formula: TypeAlias = Literal | All | Some | Always | Eventually | Often

TRUE = All(())
FALSE = Some(())


def is_propositional(formula: Formula) -> bool:
    """Tell whether a formula has no temporal operator."""
    match formula:
        case Literal():
            return True
        case All(parts) | Some(parts):
            return all(map(is_propositional, parts))
        case _:
            return False


def is_limit(formula: Formula) -> bool:
    """Tell whether a formula is a Boolean combination of ``Often`` alone."""
    match formula:
        case Often():
            return True
        case All(parts) | Some(parts):
            return all(map(is_limit, parts))
        case _:
            return False


def conjunction(parts: Iterable[Formula]) -> Formula:
    """Return the conjunction, flattened."""
    found: dict[Formula, None] = {}
    for part in parts:
        for inner in part.parts if isinstance(part, All) else (part,):
            if inner == FALSE:
                return FALSE
            found[inner] = None
    if any(isinstance(part, Literal) and negation(part) in found for part in found):
        return FALSE
    return next(iter(found)) if len(found) == 1 else All(tuple(found))


def disjunction(parts: Iterable[Formula]) -> Formula:
    """Return the disjunction, flattened."""
    return negation(conjunction(map(negation, parts)))


def always(body: Formula) -> Formula:
    """Return ``[]body``."""
    match body:
        case Always() | Often():
            return body
        case Eventually(inner) if is_propositional(inner):
            return Often(inner)
        case All(parts) if not parts or not is_propositional(body):
            return conjunction(map(always, parts))
        case Some(parts):
            if not parts:
                return FALSE
            if all(isinstance(part, Eventually | Often) for part in parts):
                return disjunction(map(always, parts))
            limits = [part for part in parts if isinstance(part, Often)]
            if limits:
                others = disjunction(part for part in parts if not isinstance(part, Often))
                return disjunction([*limits, always(others)])
    return Always(body)


def eventually(body: Formula) -> Formula:
    """Return ``<>body``."""
    return negation(always(negation(body)))


def negation(formula: Formula) -> Formula:
    """Return the negation, in negation normal form."""
    match formula:
        case Literal(atom, positive):
            return Literal(atom, not positive)
        case Often(body, positive):
            return Often(body, not positive)
        case Always(body):
            return Eventually(negation(body))
        case Eventually(body):
            return Always(negation(body))
        case All(parts):
            return Some(tuple(map(negation, parts)))
        case Some(parts):
            return All(tuple(map(negation, parts)))


def leads_to(first: Formula, then: Formula) -> Formula:
    """Return ``first ~> then``."""
    return always(disjunction([negation(first), eventually(then)]))


def first_limit(formula: Formula) -> Often | None:
    """Return an ``Often`` that occurs in a formula."""
    match formula:
        case Often():
            return formula
        case All(parts) | Some(parts):
            return next(filter(None, map(first_limit, parts)), None)
        case Always(body) | Eventually(body):
            return first_limit(body)
        case _:
            return None


def with_limit(formula: Formula, limit: Often, value: Formula) -> Formula:
    """Return a formula with ``value`` for every occurrence of ``limit``."""
    match formula:
        case Often():
            return value if formula == limit else formula
        case All(parts):
            return conjunction(with_limit(part, limit, value) for part in parts)
        case Some(parts):
            return disjunction(with_limit(part, limit, value) for part in parts)
        case Always(body):
            return always(with_limit(body, limit, value))
        case Eventually(body):
            return eventually(with_limit(body, limit, value))
        case _:
            return formula


@dataclass(frozen=True, slots=True)
class Clause:
    """``temporal`` without ``Often``, and ``limit`` of nothing else; both must hold."""

    temporal: Formula
    limit: Formula


def clauses(formula: Formula) -> list[Clause]:
    """Return clauses of which at least one holds where the formula does, and only there."""
    if formula == FALSE:
        return []
    if is_limit(formula):
        return [Clause(TRUE, formula)]
    if isinstance(formula, Some):
        return [clause for part in formula.parts for clause in clauses(part)]
    if isinstance(formula, All):
        found = [Clause(TRUE, TRUE)]
        for part in formula.parts:
            found = [
                Clause(
                    conjunction([clause.temporal, more.temporal]),
                    conjunction([clause.limit, more.limit]),
                )
                for more in clauses(part)
                for clause in found
            ]
        return [clause for clause in found if FALSE not in (clause.temporal, clause.limit)]
    limit = first_limit(formula)
    if limit is None:
        return [Clause(formula, TRUE)]
    # A formula does not become false where a part of it, never negated, becomes true.
    assumed = conjunction([limit, with_limit(formula, limit, TRUE)])
    return [*clauses(assumed), *clauses(with_limit(formula, limit, FALSE))]
