"""Sets, tuples and functions that are written out, EXCEPT, and IF."""

from abc import ABC
from dataclasses import replace

import z3

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
)
from speccheck.tla import meaning as m


class Functions(Evaluator, ABC):
    """The part of a translator that makes and changes sets, tuples, records and functions."""

    def _items(self, node: m.Items, context: Context) -> Value:
        match node.kind:
            case "/\\":
                return truth(conjunction([self.holds(item, context) for item in node.items]))
            case "\\/":
                return truth(disjunction([self.holds(item, context) for item in node.items]))
            case "tuple":
                return TupleValue(tuple(self.value(item, context) for item in node.items))
            case "set":
                items = tuple(self.value(item, context) for item in node.items)
                if not items:
                    raise Unfit("the empty set has no type here; write S = {} or S # {}")
                return SetValue(
                    lambda x: disjunction([equal(x, item) for item in items]),
                    _type_of(items[0]),
                    items,
                )
        raise Unfit("products of sets are outside the fragment; nest the functions")

    def _filtered(self, node: m.Filtered, domain: m.Expression, context: Context) -> SetValue:
        outer = self.set_(domain, context)
        (parameter,) = node.bound.parameters
        return SetValue(
            lambda x: conjunction(
                [outer.has(x), self.holds(node.body, context.binding({parameter: x}))]
            ),
            outer.type,
        )

    def _function(
        self, node: m.Function, bounds: tuple[m.Bound, ...], context: Context
    ) -> FunctionValue:
        pairs = [pair for bound in bounds for pair in self.bind(bound, context)]
        parameters = [parameter for parameter, _ in pairs]
        if len(pairs) == 1:
            return FunctionValue(
                lambda x: self.value(node.body, context.binding({parameters[0]: x})), pairs[0][1]
            )

        def apply(x: Value) -> Value:
            assert isinstance(x, TupleValue), "several arguments"
            return self.value(
                node.body, context.binding(dict(zip(parameters, x.items, strict=True)))
            )

        return FunctionValue(apply)

    def _functions(self, domain: SetValue, codomain: SetValue) -> SetValue:
        def has(function: Value) -> Term:
            if not isinstance(function, FunctionValue):
                raise Unfit("a function is expected here")
            return self.every(domain, lambda x: codomain.has(function.at(x)))

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
        return function.at(arguments[0] if len(arguments) == 1 else TupleValue(tuple(arguments)))

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
        new = self._changed(function.at(key), rest, value, context)
        return FunctionValue(lambda x: choice(equal(x, key), new, function.at(x)), function.domain)

    def _branches(self, node: m.Branches, context: Context) -> Value:
        if node.other is None:
            raise Unfit("CASE needs an OTHER here")
        result = self.value(node.other, context)
        for guard, value in reversed(node.arms):
            result = choice(self.holds(guard, context), self.value(value, context), result)
        return result


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
