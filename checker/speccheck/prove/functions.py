"""Sets, tuples and functions that are written out, EXCEPT, and IF."""

from abc import ABC
from collections.abc import Callable
from dataclasses import replace

import z3

from speccheck.evaluate.analysis import children
from speccheck.prove.context import Context, Evaluator, truth
from speccheck.prove.types import FunctionType, TupleType, Type
from speccheck.prove.values import (
    FunctionValue,
    RecordValue,
    Scalar,
    SetValue,
    Term,
    TupleValue,
    Unfit,
    Value,
    choice,
    conjunction,
    describe,
    disjunction,
    equal,
    negation,
    terms_of,
)
from speccheck.tla import meaning as m


class Functions(Evaluator, ABC):
    """The part of a translator that makes and changes sets, tuples, records and functions."""

    def _items(self, node: m.Items, context: Context) -> Value:
        match node.kind:
            case "/\\":
                return truth(self.all_of(node.items, context))
            case "\\/":
                return truth(self.any_of(node.items, context))
            case "tuple":
                return TupleValue(tuple(self.value(item, context) for item in node.items))
            case "set":
                items = tuple(self.value(item, context) for item in node.items)
                if not items:
                    raise Unfit(
                        "the empty set has no type here; write S \\ S, S a set of the type, "
                        "or x = {} alone"
                    )
                return SetValue(
                    lambda x: disjunction([equal(x, item) for item in items]),
                    _type_of(items[0]),
                    items,
                )
        raise Unfit("products of sets are outside the fragment; nest the functions")

    def _filtered(self, node: m.Filtered, domain: m.Expression, context: Context) -> SetValue:
        outer = self.set_(domain, context)
        (parameter,) = node.bound.parameters

        def has(x: Value) -> Term:
            inside = outer.has(x)
            within = context.binding({parameter: x}).knowing(inside)
            return conjunction([inside, self.holds(node.body, within)])

        return SetValue(has, outer.type)

    def _function(
        self, node: m.Function, bounds: tuple[m.Bound, ...], context: Context
    ) -> FunctionValue:
        pairs = [pair for bound in bounds for pair in self.bind(bound, context)]
        parameters = [parameter for parameter, _ in pairs]
        if len(pairs) == 1:
            domain = pairs[0][1]
            return FunctionValue(
                lambda x: self.value(
                    node.body, context.binding({parameters[0]: x}).knowing(domain.has(x))
                ),
                domain,
                self._outside(domain, context),
            )

        def items(x: Value) -> tuple[Value, ...]:
            if not isinstance(x, TupleValue) or len(x.items) != len(pairs):
                raise Unfit(f"this function takes {len(pairs)} arguments")
            return x.items

        def at(x: Value) -> Value:
            given = zip(parameters, items(x), strict=True)
            return self.value(node.body, context.binding(dict(given)).knowing(whole.has(x)))

        whole = SetValue(
            lambda x: conjunction(
                [one.has(item) for (_, one), item in zip(pairs, items(x), strict=True)]
            ),
            TupleType(tuple(one.type for _, one in pairs)),
        )
        return FunctionValue(at, whole, self._outside(whole, context))

    def _outside(self, domain: SetValue, context: Context) -> Callable[[Value, Value], Value]:
        """Return what a function gives for an argument that need not be in its domain."""

        def outside(x: Value, inside: Value) -> Value:
            known = domain.has(x)
            if self.world.is_limit(known):
                return inside
            self.world.refuse_unknown(inside, "the value may be that outside of the domain")
            given = self.world.bound_in([*context.scope, *terms_of(x)])
            unknown = self.world.unspecified(inside, [*given, *terms_of(x)])
            return choice(known, inside, unknown)

        return outside

    def _functions(self, domain: SetValue, codomain: SetValue) -> SetValue:
        def has(function: Value) -> Term:
            if not isinstance(function, FunctionValue):
                raise Unfit("a function is expected here")
            if function.domain is None:
                raise Unfit(
                    "the domain of this function is not known: the invariant (of a constant, an "
                    "ASSUME) has to say that it is in [S -> T] for a constant S"
                )
            inside = self.every(domain, lambda x: codomain.has(function.at(x)))
            return conjunction([self.same_set(function.domain, domain), inside])

        return SetValue(has, FunctionType(domain.type, codomain.type), functions=(domain, codomain))

    def _applied(self, node: m.Applied, context: Context) -> Value:
        function = self.value(node.function, context)
        if isinstance(function, RecordValue):
            (name,) = node.arguments
            if isinstance(name, m.Literal) and name.value in function.fields:
                return function.fields[str(name.value)]
            raise Unfit("the record has no such field")
        arguments = [self.value(argument, context) for argument in node.arguments]
        if isinstance(function, TupleValue):
            return _component(function, arguments[0])
        if not isinstance(function, FunctionValue):
            raise Unfit(f"a function is expected here, not a {describe(function)}")
        argument = arguments[0] if len(arguments) == 1 else TupleValue(tuple(arguments))
        self.use(function, argument, node, context)
        return function.apply(argument)

    def _changed(
        self,
        function: Value,
        path: tuple[tuple[m.Expression, ...], ...],
        value: m.Expression,
        context: Context,
    ) -> Value:
        if not path:
            return self.value(value, replace(context, old=function))
        step, rest = path[0], path[1:]
        if isinstance(function, RecordValue):
            name = step[0]
            if not isinstance(name, m.Literal) or name.value not in function.fields:
                raise Unfit("the record has no such field")
            field_name = str(name.value)
            changed = self._changed(function.fields[field_name], rest, value, context)
            return RecordValue({**function.fields, field_name: changed})
        if not isinstance(function, FunctionValue):
            raise Unfit(f"EXCEPT needs a function or a record, not a {describe(function)}")
        keys = [self.value(index, context) for index in step]
        key = keys[0] if len(keys) == 1 else TupleValue(tuple(keys))
        if function.domain is None:
            raise Unfit(
                "EXCEPT of a function whose domain is not known: the invariant (of a constant, an "
                "ASSUME) has to say that it is in [S -> T] for a constant S"
            )
        if rest or _mentions_old(value):
            self.use(function, key, step[0], context)
        new = self._changed(function.apply(key), rest, value, context)
        return FunctionValue(
            lambda x: choice(equal(x, key), new, function.at(x)),
            function.domain,
            self._outside(function.domain, context),
        )

    def _branches(self, node: m.Branches, context: Context) -> Value:
        if node.other is None:
            raise Unfit("CASE needs an OTHER here")
        conditions = self.conditions(node, context)
        guards = [self.holds(guard, context) for guard, _ in node.arms]
        result = self.value(node.other, context.knowing(*map(negation, guards)))
        for condition, guard, (_, value) in reversed(
            list(zip(conditions, guards, node.arms, strict=True))
        ):
            result = choice(condition, self.value(value, context.knowing(guard)), result)
        return result

    def conditions(self, node: m.Branches, context: Context) -> list[Term]:
        """Return when each arm is taken, given that none before it is. Raises TlaError.

        Where several guards of a CASE hold, TLA+ does not say which arm: an unknown decides.
        """
        found: list[Term] = []
        later: list[Term] = []
        for guard, _ in reversed(node.arms):
            holds = self.holds(guard, context)
            others = z3.simplify(conjunction([holds, disjunction(later)]))
            if z3.is_false(others):
                found.append(holds)
            else:
                given = self.world.bound_in([*context.scope, holds, *later])
                pick = self.world.unspecified(truth(z3.BoolVal(True)), given)
                assert isinstance(pick, Scalar), "as it is like one"
                alone = negation(disjunction(later))
                found.append(conjunction([holds, disjunction([alone, pick.term])]))
            later.append(holds)
        return found[::-1]


def _mentions_old(node: m.Argument) -> bool:
    return isinstance(node, m.Old) or any(map(_mentions_old, children(node)))


def _type_of(value: Value) -> Type:
    match value:
        case Scalar(type=type_):
            return type_
        case TupleValue(items=items):
            return TupleType(tuple(_type_of(item) for item in items))
    raise Unfit(f"a set of a {describe(value)} is outside the fragment")


def _component(value: TupleValue, index: Value) -> Value:
    term = index.term if isinstance(index, Scalar) else None
    if term is None or not z3.is_int_value(term) or not 1 <= term.as_long() <= len(value.items):
        raise Unfit("a tuple can be indexed by a number within its length only")
    return value.items[int(term.as_long()) - 1]
