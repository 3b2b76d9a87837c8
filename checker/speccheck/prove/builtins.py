"""The built-in operators: logic, sets, numbers, and equality."""

from abc import ABC
from collections.abc import Callable, Iterable
from dataclasses import replace

import z3

from speccheck.prove.context import Context, Evaluator, number_of, truth
from speccheck.prove.types import BoolType, IntType, SetType, alike
from speccheck.prove.values import (
    FunctionValue,
    Scalar,
    SetValue,
    Term,
    Unfit,
    Value,
    conjunction,
    disjunction,
    equal,
    implication,
    negation,
)
from speccheck.tla import meaning as m

_ORDER: dict[str, Callable[[Term, Term], Term]] = {
    "<": lambda a, b: a < b,
    ">": lambda a, b: a > b,
    "<=": lambda a, b: a <= b,
    ">=": lambda a, b: a >= b,
}
_ARITHMETIC: dict[str, Callable[[Term, Term], Term]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
}


def _is_number(x: Value) -> Term:
    """Return that a value is in Int, as all of the type are: constants by assumption, the rest by
    what Init and the actions assign, where it is defined at all; see docs/proofs.md."""
    number_of(x)
    return z3.BoolVal(True)


class Builtins(Evaluator, ABC):
    """The part of a translator that knows the built-in operators."""

    def builtin(
        self, builtin: m.Builtin, arguments: tuple[m.Argument, ...], context: Context
    ) -> Value:
        """Return the value of a built-in operator. Raises TlaError, Unfit."""
        name = builtin.name
        if builtin.override is not None:
            raise Unfit(f"{name} is replaced by a configuration")
        match name, arguments:
            case ("/\\", (left, right)):
                return truth(self.all_of((left, right), context))
            case ("\\/", (left, right)):
                return truth(self.any_of((left, right), context))
            case ("~", (inside,)):
                return truth(negation(self.holds(inside, context)))
            case ("=>", (left, right)):
                condition = self.holds(left, context)
                return truth(implication(condition, self.holds(right, context.knowing(condition))))
            case ("<=>", (left, right)):
                return truth(self.holds(left, context) == self.holds(right, context))
            case ("=", (left, right)):
                return truth(self._equality(left, right, context))
            case ("/=", (left, right)):
                return truth(negation(self._equality(left, right, context)))
            case ("\\in", (left, right)):
                return truth(self.set_(right, context).has(self.value(left, context)))
            case ("\\notin", (left, right)):
                return truth(negation(self.set_(right, context).has(self.value(left, context))))
            case ("'", (inside,)):
                if context.then is None:
                    raise Unfit("there is no next state here")
                return self.value(inside, replace(context, now=context.then, then=None, old=None))
            case ("\\cup" | "\\cap" | "\\", (left, right)):
                return self._combined(name, self.set_(left, context), self.set_(right, context))
            case ("\\subseteq", (left, right)):
                inner, outer = self.set_(left, context), self.set_(right, context)
                return truth(self.every(inner, outer.has))
            case ("SUBSET", (inside,)):
                whole = self.set_(inside, context)
                return SetValue(
                    lambda x: self.every(self.world.as_set(x), whole.has), SetType(whole.type)
                )
            case ("DOMAIN", (inside,)):
                function = self.value(inside, context)
                if isinstance(function, FunctionValue) and function.domain is not None:
                    return function.domain
                raise Unfit("the domain of this is not known")
            case ("BOOLEAN", ()):
                return self.world.universe(BoolType())
            case _:
                return self._arithmetic(name, arguments, context)

    def all_of(self, parts: Iterable[m.Argument], context: Context) -> Term:
        """Return a conjunction; each part is looked at where those before it hold."""
        found: list[Term] = []
        for part in parts:
            found.append(self.holds(part, context))
            context = context.knowing(found[-1])
        return conjunction(found)

    def any_of(self, parts: Iterable[m.Argument], context: Context) -> Term:
        """Return a disjunction; each part is looked at where none before it holds."""
        found: list[Term] = []
        for part in parts:
            found.append(self.holds(part, context))
            context = context.knowing(negation(found[-1]))
        return disjunction(found)

    def _arithmetic(self, name: str, arguments: tuple[m.Argument, ...], context: Context) -> Value:
        match name, arguments:
            case ("Nat", ()):
                return SetValue(lambda x: number_of(x) >= 0, IntType())
            case ("Int", ()):
                return SetValue(_is_number, IntType())
            case ("..", (left, right)):
                low, high = self.number(left, context), self.number(right, context)
                return SetValue(
                    lambda x: conjunction([low <= number_of(x), number_of(x) <= high]), IntType()
                )
            case ("-.", (inside,)):
                return Scalar(z3.simplify(-self.number(inside, context)), IntType())
            case (_, (left, right)) if name in _ORDER:
                compared = _ORDER[name](self.number(left, context), self.number(right, context))
                return truth(compared)
            case (_, (left, right)) if name in _ARITHMETIC:
                result = _ARITHMETIC[name](self.number(left, context), self.number(right, context))
                return Scalar(result, IntType())
        raise Unfit(f"proofs do not know {name}; see docs/proofs.md for the fragment")

    def _equality(self, left: m.Argument, right: m.Argument, context: Context) -> Term:
        for one, other in ((left, right), (right, left)):
            if isinstance(other, m.Items) and other.kind == "set" and not other.items:
                return self.every(self.set_(one, context), lambda _: z3.BoolVal(False))
        a, b = self.value(left, context), self.value(right, context)
        return self.same_value(a, b)

    def same_value(self, a: Value, b: Value) -> Term:
        """Return that two values are equal. Raises Unfit where that is not in the fragment."""
        if isinstance(a, SetValue) or isinstance(b, SetValue):
            return self.same_set(self.world.as_set(a), self.world.as_set(b))
        if isinstance(a, FunctionValue) and isinstance(b, FunctionValue):
            if a.domain is None or b.domain is None:
                raise Unfit("functions without a known domain cannot be compared")
            agree = self.every(a.domain, lambda x: self.same_value(a.at(x), b.at(x)))
            return conjunction([self.same_set(a.domain, b.domain), agree])
        return equal(a, b)

    def same_set(self, one: SetValue, other: SetValue) -> Term:
        """Return that two sets have the same elements. Raises Unfit."""
        if one is other or (one.universe and other.universe and one.type == other.type):
            return z3.BoolVal(True)
        try:
            made = self.world.bound("x", one.type)
        except Unfit:
            pass  # Such sets may be compared by what is listed.
        else:
            if one.has(made.value).eq(other.has(made.value)):
                return z3.BoolVal(True)
        return conjunction([self.every(one, other.has), self.every(other, one.has)])

    @staticmethod
    def _combined(name: str, left: SetValue, right: SetValue) -> SetValue:
        items: tuple[Value, ...] | None = None
        if name == "\\cup" and not alike(left.type, right.type):
            raise Unfit("this is a union of sets of values of different types")
        if name == "\\cup" and left.items is not None and right.items is not None:
            items = left.items + right.items
        combine: dict[str, Callable[[Value], Term]] = {
            "\\cup": lambda x: disjunction([left.has(x), right.has(x)]),
            "\\cap": lambda x: conjunction([left.has(x), right.has(x)]),
            "\\": lambda x: conjunction([left.has(x), negation(right.has(x))]),
        }
        return SetValue(combine[name], left.type, items)
