"""What names mean where an expression is translated, and what every part of a translator can do."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

import z3

from speccheck.prove.types import BoolType, IntType
from speccheck.prove.values import (
    Scalar,
    SetValue,
    Term,
    Unfit,
    Value,
    conjunction,
    describe,
    implication,
    leaves,
)
from speccheck.prove.world import World
from speccheck.tla import meaning as m

State: TypeAlias = Mapping[m.Variable, Value]


@dataclass(frozen=True, slots=True, eq=False)
class Closure:
    """An operator as an argument, with the names in sight where it was written."""

    target: m.Operator | m.Builtin | m.Constant
    names: "Mapping[m.Parameter, Meaning]"


@dataclass(frozen=True, slots=True, eq=False)
class Delayed:
    """An argument of a definition that speaks of the next state: its text, not its value.

    In ``Rises(x)`` with ``Rises(v) == v <= v'`` the ``v'`` is the ``x`` of the next state.
    """

    node: m.Expression
    context: "Context"


Meaning: TypeAlias = Value | Closure | Delayed


@dataclass(frozen=True, slots=True)
class Context:
    """What names mean: parameters, and variables in this state and in the next.

    ``scope`` are the terms that bound names stand for, also of those no longer in sight; ``given``
    is what holds wherever the expression is evaluated: its guards, and the sets of bound names.
    """

    now: State
    then: State | None = None
    names: Mapping[m.Parameter, Meaning] = field(default_factory=dict)
    old: Value | None = None
    scope: tuple[Term, ...] = ()
    given: tuple[Term, ...] = ()

    def knowing(self, *facts: Term) -> "Context":
        """Return the context where these hold, too."""
        kept = tuple(fact for fact in facts if not z3.is_true(fact))
        return replace(self, given=(*self.given, *kept)) if kept else self

    def binding(self, names: Mapping[m.Parameter, Meaning]) -> "Context":
        """Return the context with more names."""
        terms = [
            term
            for value in names.values()
            if not isinstance(value, Closure | Delayed)
            for term in leaves(value)
        ]
        return replace(self, names={**self.names, **names}, scope=(*self.scope, *terms))


class Evaluator(ABC):
    """Evaluates expressions in one world; the parts of a translator call one another by this."""

    world: World

    @abstractmethod
    def use(self, function: Value, x: Value, node: m.Expression, context: Context) -> None:
        """Take note that a function is applied to a value. Raises Unfit."""

    @abstractmethod
    def value(self, node: m.Argument, context: Context) -> Value:
        """Return the value of an expression. Raises TlaError outside of the fragment."""

    @abstractmethod
    def holds(self, node: m.Argument, context: Context) -> Term:
        """Return the term of a boolean expression. Raises TlaError outside of the fragment."""

    @abstractmethod
    def all_of(self, parts: Iterable[m.Argument], context: Context) -> Term:
        """Return a conjunction. Raises TlaError."""

    @abstractmethod
    def any_of(self, parts: Iterable[m.Argument], context: Context) -> Term:
        """Return a disjunction. Raises TlaError."""

    @abstractmethod
    def number(self, node: m.Argument, context: Context) -> Term:
        """Return the term of a number. Raises TlaError."""

    @abstractmethod
    def set_(self, node: m.Argument, context: Context) -> SetValue:
        """Return a set. Raises TlaError."""

    @abstractmethod
    def bind(self, bound: m.Bound, context: Context) -> Iterator[tuple[m.Parameter, SetValue]]:
        """Yield each name that a bound binds with its set. Raises TlaError."""

    @abstractmethod
    def same_set(self, one: SetValue, other: SetValue) -> Term:
        """Return that two sets have the same elements. Raises Unfit."""

    @abstractmethod
    def every(self, domain: SetValue, holds: Callable[[Value], Term]) -> Term:
        """Return that something holds of every element of a set. Raises Unfit."""


def truth(term: Term) -> Scalar:
    """Return a boolean."""
    return Scalar(term, BoolType())


def number_of(value: Value) -> Term:
    """Return the term of a number. Raises Unfit."""
    if isinstance(value, Scalar) and isinstance(value.type, IntType):
        return value.term
    raise Unfit(f"a number is expected here, not a {describe(value)}")


def closed(universal: bool, constants: list[Term], limits: list[Term], formula: Term) -> Term:
    """Return a quantified formula over constants that are within limits."""
    if universal:
        body = implication(conjunction(limits), formula)
    else:
        body = conjunction([*limits, formula])
    if not constants or z3.is_true(body) or z3.is_false(body):
        return body
    return z3.ForAll(constants, body) if universal else z3.Exists(constants, body)
