"""The built-in operators: logic, sets, numbers, and equality."""

from abc import ABC
from collections.abc import Callable
from dataclasses import replace

import z3

from speccheck.prove.context import Context, Evaluator, number_of, truth
from speccheck.prove.types import BoolType, IntType, SetType
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
                return truth(conjunction([self.holds(left, context), self.holds(right, context)]))
            case ("\\/", (left, right)):
                return truth(disjunction([self.holds(left, context), self.holds(right, context)]))
            case ("~", (inside,)):
                return truth(negation(self.holds(inside, context)))
            case ("=>", (left, right)):
                return truth(implication(self.holds(left, context), self.holds(right, context)))
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
                return self.value(inside, replace(context, now=context.then, then=None))
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
                return SetValue(lambda _: z3.BoolVal(True), BoolType(), universe=True)
            case _:
                return self._arithmetic(name, arguments, context)

    def _arithmetic(self, name: str, arguments: tuple[m.Argument, ...], context: Context) -> Value:
        match name, arguments:
            case ("Nat", ()):
                return SetValue(lambda x: number_of(x) >= 0, IntType())
            case ("Int", ()):
                return SetValue(lambda x: z3.BoolVal(number_of(x) is not None), IntType())
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
        if isinstance(a, SetValue) or isinstance(b, SetValue):
            first, second = self.world.as_set(a), self.world.as_set(b)
            return conjunction([self.every(first, second.has), self.every(second, first.has)])
        if isinstance(a, FunctionValue) and isinstance(b, FunctionValue):
            return self._equal_functions(a, b)
        return equal(a, b)

    def _equal_functions(self, a: FunctionValue, b: FunctionValue) -> Term:
        """Return that functions agree on the domain that one of them is known to have.

        Both have that domain: TypeOK says so, which the specification's invariants contain.
        """
        domain = a.domain or b.domain
        if domain is None:
            raise Unfit("functions without a known domain cannot be compared")

        def agree(x: Value) -> Term:
            one, other = a.at(x), b.at(x)
            if isinstance(one, FunctionValue) and isinstance(other, FunctionValue):
                return self._equal_functions(one, other)
            return equal(one, other)

        return self.every(domain, agree)

    @staticmethod
    def _combined(name: str, left: SetValue, right: SetValue) -> SetValue:
        items: tuple[Value, ...] | None = None
        if name == "\\cup" and left.items is not None and right.items is not None:
            items = left.items + right.items
        combine: dict[str, Callable[[Value], Term]] = {
            "\\cup": lambda x: disjunction([left.has(x), right.has(x)]),
            "\\cap": lambda x: conjunction([left.has(x), right.has(x)]),
            "\\": lambda x: conjunction([left.has(x), negation(right.has(x))]),
        }
        return SetValue(combine[name], left.type, items)
