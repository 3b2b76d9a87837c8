"""Values as Z3 sees them: terms, and sets, functions, tuples and records as what they answer.

A set is what tells whether an element is in it, a function is what it gives for an argument. EXCEPT
therefore becomes a case distinction where the function is applied: no new symbol, no axiom.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import z3

from speccheck.prove.types import (
    AtomType,
    BoolType,
    FunctionType,
    IntType,
    RecordType,
    SetType,
    TupleType,
    Type,
    alike,
)

# A Z3 expression; z3 carries no types of its own.
Term: TypeAlias = Any


class Unfit(Exception):
    """Values do not go together; the translator adds the place."""


@dataclass(frozen=True, slots=True, eq=False)
class Scalar:
    """A term with its type: a boolean, a number, an atom, or a set that is a value."""

    term: Term
    type: Type


@dataclass(frozen=True, slots=True, eq=False)
class SetValue:
    """A set by its membership; ``type`` is that of its elements.

    ``items`` are its elements where they are listed, ``universe`` says that it has every value of
    the type.
    """

    has: "Callable[[Value], Term]"
    type: Type
    items: "tuple[Value, ...] | None" = None
    universe: bool = False
    functions: "tuple[SetValue, SetValue] | None" = None


@dataclass(frozen=True, slots=True, eq=False)
class FunctionValue:
    """A function by its application; ``domain`` is its domain where that is known.

    ``at`` gives the value within the domain. ``outside`` is asked where an argument need not be in
    it, with the argument and what ``at`` gives: TLA+ does not say what the value is then. A
    function without it is a symbol, of which nothing is known there anyway.
    """

    at: "Callable[[Value], Value]"
    domain: SetValue | None = None
    outside: "Callable[[Value, Value], Value] | None" = None

    def apply(self, x: "Value") -> "Value":
        """Return the value for an argument of which it is not known that it is in the domain."""
        found = self.at(x)
        return found if self.outside is None else self.outside(x, found)


@dataclass(frozen=True, slots=True, eq=False)
class TupleValue:
    """A tuple."""

    items: "tuple[Value, ...]"


@dataclass(frozen=True, slots=True, eq=False)
class RecordValue:
    """A record."""

    fields: "dict[str, Value]"


Value: TypeAlias = Scalar | SetValue | FunctionValue | TupleValue | RecordValue


def is_true(term: Term) -> bool:
    """Tell whether a term is the constant TRUE."""
    return bool(z3.is_true(term))


def negation(term: Term) -> Term:
    """Return the negation, simple where the term is."""
    if z3.is_true(term):
        return z3.BoolVal(False)
    if z3.is_false(term):
        return z3.BoolVal(True)
    return term.arg(0) if z3.is_not(term) else z3.Not(term)


def conjunction(terms: list[Term]) -> Term:
    """Return the conjunction."""
    kept = [term for term in terms if not z3.is_true(term)]
    if any(z3.is_false(term) for term in kept):
        return z3.BoolVal(False)
    if len(kept) == 1:
        return kept[0]
    return z3.And(kept) if kept else z3.BoolVal(True)


def disjunction(terms: list[Term]) -> Term:
    """Return the disjunction."""
    kept = [term for term in terms if not z3.is_false(term)]
    if any(z3.is_true(term) for term in kept):
        return z3.BoolVal(True)
    if len(kept) == 1:
        return kept[0]
    return z3.Or(kept) if kept else z3.BoolVal(False)


def implication(left: Term, right: Term) -> Term:
    """Return the implication."""
    if z3.is_true(left):
        return right
    if z3.is_false(left) or z3.is_true(right):
        return z3.BoolVal(True)
    return z3.Implies(left, right)


def equal(left: Value, right: Value) -> Term:
    """Return that two values are equal. Raises Unfit where that is not in the fragment."""
    match left, right:
        case Scalar(), Scalar():
            if left.term.sort() != right.term.sort():
                raise Unfit(f"a {describe(left)} is compared with a {describe(right)}")
            return same(left.term, right.term)
        case TupleValue(), TupleValue() if len(left.items) == len(right.items):
            pairs = zip(left.items, right.items, strict=True)
            return conjunction([equal(one, other) for one, other in pairs])
        case RecordValue(), RecordValue() if set(left.fields) == set(right.fields):
            return conjunction([equal(left.fields[n], right.fields[n]) for n in left.fields])
    raise Unfit(f"equality of a {describe(left)} and a {describe(right)} is outside the fragment")


def same(left: Term, right: Term) -> Term:
    """Return that two terms are equal, decided at once where they are the same term."""
    if left.eq(right):
        return z3.BoolVal(True)
    if z3.is_int_value(left) and z3.is_int_value(right):
        return z3.BoolVal(left.as_long() == right.as_long())
    return left == right


def choice(condition: Term, then: Value, other: Value) -> Value:
    """Return one of two values. Raises Unfit where they are of different kinds."""
    if z3.is_true(condition):
        return then
    if z3.is_false(condition):
        return other
    match then, other:
        case Scalar(), Scalar():
            if then.term.eq(other.term):
                return then
            if then.term.sort() != other.term.sort():
                raise Unfit(f"one branch is a {describe(then)}, the other a {describe(other)}")
            return Scalar(z3.If(condition, then.term, other.term), then.type)
        case FunctionValue(), FunctionValue():
            return FunctionValue(
                lambda x: choice(condition, then.at(x), other.at(x)),
                _domain(condition, then.domain, other.domain),
                lambda x, _: choice(condition, then.apply(x), other.apply(x)),
            )
        case SetValue(), SetValue():
            return _one_of(condition, then, other)
        case TupleValue(), TupleValue() if len(then.items) == len(other.items):
            pairs = zip(then.items, other.items, strict=True)
            return TupleValue(tuple(choice(condition, a, b) for a, b in pairs))
        case RecordValue(), RecordValue() if set(then.fields) == set(other.fields):
            return RecordValue(
                {n: choice(condition, v, other.fields[n]) for n, v in then.fields.items()}
            )
    raise Unfit(f"one branch is a {describe(then)}, the other a {describe(other)}")


def _domain(condition: Term, then: SetValue | None, other: SetValue | None) -> SetValue | None:
    """Return the domain of one of two functions, None where one of them is not known."""
    if then is None or other is None or then is other:
        return then if other is not None else None
    return _one_of(condition, then, other)


def _one_of(condition: Term, then: SetValue, other: SetValue) -> SetValue:
    if not alike(then.type, other.type):
        raise Unfit("the branches are sets of values of different types")
    if then.universe and other.universe and then.type == other.type:
        return then
    return SetValue(
        lambda x: disjunction(
            [
                conjunction([condition, then.has(x)]),
                conjunction([negation(condition), other.has(x)]),
            ]
        ),
        then.type,
    )


def describe(value: Value) -> str:
    """Return what kind of value this is, in words."""
    match value:
        case Scalar(type=BoolType()):
            return "boolean"
        case Scalar(type=IntType()):
            return "number"
        case Scalar(type=AtomType(name=name)):
            return f"value of type {name}"
        case Scalar() | SetValue():
            return "set"
        case FunctionValue():
            return "function"
        case TupleValue():
            return "tuple"
    return "record"


def leaves(value: Value) -> list[Term]:
    """Return the terms that a value consists of; those of functions and sets are not asked for."""
    match value:
        case Scalar():
            return [value.term]
        case TupleValue():
            return [term for item in value.items for term in leaves(item)]
        case RecordValue():
            return [term for item in value.fields.values() for term in leaves(item)]
    return []


def terms_of(value: Value) -> list[Term]:
    """Return the terms of an argument: one, or those of a tuple. Raises Unfit."""
    match value:
        case Scalar():
            return [value.term]
        case TupleValue():
            return [term for item in value.items for term in terms_of(item)]
    raise Unfit(f"a {describe(value)} cannot be an argument here")


def scalar_types(type_: Type) -> list[Type]:
    """Return the types of the terms that an argument of a type has. Raises Unfit."""
    if isinstance(type_, TupleType):
        return [one for item in type_.items for one in scalar_types(item)]
    if isinstance(type_, FunctionType | RecordType) or (
        isinstance(type_, SetType) and not type_.name
    ):
        raise Unfit("only numbers, atoms and sets with a type alias can be quantified or indexed")
    return [type_]
