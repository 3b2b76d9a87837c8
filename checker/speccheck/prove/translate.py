"""TLA+ expressions to Z3: the typed fragment, by evaluation over symbolic values.

Definitions are unfolded where they are used, so every operator means what its text says. What is
outside of the fragment is refused with its place.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

import z3

from speccheck.evaluate.analysis import actual
from speccheck.prove.errors import outside
from speccheck.prove.types import (
    AtomType,
    BoolType,
    FunctionType,
    IntType,
    SetType,
    TupleType,
    Type,
)
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
    implication,
    negation,
)
from speccheck.prove.world import World
from speccheck.tla import meaning as m

State: TypeAlias = Mapping[m.Variable, Value]

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


@dataclass(frozen=True, slots=True, eq=False)
class Closure:
    """An operator as an argument, with the names in sight where it was written."""

    target: m.Operator | m.Builtin | m.Constant
    names: "Mapping[m.Parameter, Value | Closure]"


@dataclass(frozen=True, slots=True)
class Context:
    """What names mean: parameters, and variables in this state and in the next."""

    now: State
    then: State | None = None
    names: Mapping[m.Parameter, "Value | Closure"] = field(default_factory=dict)
    old: Value | None = None

    def binding(self, names: Mapping[m.Parameter, "Value | Closure"]) -> "Context":
        """Return the context with more names."""
        return replace(self, names={**self.names, **names})


class Translator:
    """Translates expressions of one specification into one world.

    ``types`` are the types of constants, of variables and of definitions that are annotated.
    """

    def __init__(self, world: World, types: Mapping[object, Type]) -> None:
        self.world = world
        self._types = types
        self._universes = _universes(types)

    # --- entry -----------------------------------------------------------------------------------

    def holds(self, node: m.Argument, context: Context) -> Term:
        """Return the term of a boolean expression. Raises TlaError outside of the fragment."""
        value = self.value(node, context)
        if isinstance(value, Scalar) and isinstance(value.type, BoolType):
            return value.term
        raise outside(node.place, f"a boolean is expected here, not a {describe(value)}")

    def number(self, node: m.Argument, context: Context) -> Term:
        """Return the term of a number. Raises TlaError."""
        value = self.value(node, context)
        if isinstance(value, Scalar) and isinstance(value.type, IntType):
            return value.term
        raise outside(node.place, f"a number is expected here, not a {describe(value)}")

    def set_(self, node: m.Argument, context: Context) -> SetValue:
        """Return a set. Raises TlaError."""
        value = self.value(node, context)
        try:
            return self.world.as_set(value)
        except Unfit:
            message = f"a set is expected here, not a {describe(value)}"
            raise outside(node.place, message) from None

    def value(self, node: m.Argument, context: Context) -> Value:
        """Return the value of an expression. Raises TlaError outside of the fragment."""
        try:
            return self._value(node, context)
        except Unfit as error:
            raise outside(node.place, str(error)) from None

    def _value(self, node: m.Argument, context: Context) -> Value:
        match node:
            case m.Literal(value=bool() as truth):
                return Scalar(z3.BoolVal(truth), BoolType())
            case m.Literal(value=int() as number):
                return Scalar(z3.IntVal(number), IntType())
            case m.Use(parameter=parameter):
                found = context.names.get(parameter)
                if found is None or isinstance(found, Closure):
                    raise Unfit(f"{parameter.name} has no value here")
                return found
            case m.UseVariable(variable=variable):
                return context.now[variable]
            case m.UseConstant(arguments=()):
                return self.constant(node.constant)
            case m.Call():
                return self._call(node, context)
            case m.CallParameter():
                return self._call_parameter(node, context)
            case m.CallBuiltin():
                return self._builtin(node.builtin, node.arguments, context)
            case m.Old():
                if context.old is None:
                    raise Unfit("@ has no meaning here")
                return context.old
            case m.Quantified(kind="\\A" | "\\E"):
                return Scalar(self._quantified(node, context), BoolType())
            case m.Items():
                return self._items(node, context)
            case m.Filtered(bound=bound) if bound.domain is not None and not bound.is_tuple:
                return self._filtered(node, bound.domain, context)
            case m.Function(bounds=bounds) if node.itself is None:
                return self._function(node, bounds, context)
            case m.Functions():
                domain, codomain = (
                    self.set_(node.domain, context),
                    self.set_(node.codomain, context),
                )
                return self._functions(domain, codomain)
            case m.Fields(kind="record"):
                return RecordValue({n: self.value(e, context) for n, e in node.fields})
            case m.Applied():
                return self._applied(node, context)
            case m.Changed():
                result = self.value(node.function, context)
                for change in node.changes:
                    result = self._changed(result, change.path, change.value, context)
                return result
            case m.Branches():
                return self._branches(node, context)
            case m.Where():
                return self.value(node.body, context)
        raise Unfit("proofs do not know this construct; see docs/proofs.md for the fragment")

    # --- names -----------------------------------------------------------------------------------

    def constant(self, constant: m.Constant) -> Value:
        """Return the value of a declared constant. Raises TlaError where it has no type."""
        type_ = self._types.get(constant)
        if type_ is None:
            raise outside(
                constant.place, f"the constant {constant.name} needs a \\* @type: annotation"
            )
        if isinstance(type_, SetType) and constant in self._universes:
            # The one constant that is a set of SERVER: the values of the type are its elements.
            return SetValue(lambda _: z3.BoolVal(True), type_.element, universe=True)
        return self.world.symbol(constant.name, type_)

    def _argument(self, node: m.Argument, context: Context) -> "Value | Closure":
        if not isinstance(node, m.OperatorValue):
            return self.value(node, context)
        target = node.target
        if isinstance(target, m.Parameter):
            return context.names[target]
        return Closure(target, context.names)

    def _call(self, node: m.Call, context: Context) -> Value:
        arguments = [self._argument(argument, context) for argument in node.arguments]
        return self._apply_operator(node.operator, arguments, context)

    def _apply_operator(
        self, called: m.Operator, arguments: "list[Value | Closure]", context: Context
    ) -> Value:
        operator = actual(called)
        if isinstance(operator, m.Literal):
            return self.value(operator, context)
        if operator.recursive or operator.body is None:
            raise Unfit(f"{operator.name} is recursive")
        given = dict(zip(operator.parameters, arguments, strict=True))
        value = self.value(operator.body, context.binding(given) if given else context)
        type_ = self._types.get(operator)
        if isinstance(type_, SetType) and isinstance(value, SetValue):
            # The annotation may give the elements a name, which counts for quantifiers.
            value = replace(value, type=type_.element, has=self._limited(value, type_.element))
        return value

    def _limited(self, value: SetValue, element: Type) -> Callable[[Value], Term]:
        size = self.world.sizes.get(element.name) if isinstance(element, IntType) else None
        if size is None:
            return value.has
        return lambda x: conjunction([value.has(x), _number(x) <= size])

    def _call_parameter(self, node: m.CallParameter, context: Context) -> Value:
        closure = context.names.get(node.parameter)
        if not isinstance(closure, Closure):
            raise Unfit(f"{node.parameter.name} has no value here")
        arguments = [self._argument(argument, context) for argument in node.arguments]
        inside = replace(context, names=closure.names)
        if isinstance(closure.target, m.Operator):
            return self._apply_operator(closure.target, arguments, inside)
        raise Unfit("an operator with a definition is expected")

    # --- quantifiers -----------------------------------------------------------------------------

    def bind(self, bound: m.Bound, context: Context) -> Iterator[tuple[m.Parameter, SetValue]]:
        """Yield each name that a bound binds with its set. Raises TlaError."""
        if bound.domain is None:
            raise Unfit("a quantifier without a set is outside the fragment")
        if bound.is_tuple:
            raise Unfit("a tuple of bound names is outside the fragment")
        domain = self.set_(bound.domain, context)
        for parameter in bound.parameters:
            yield parameter, domain

    def _quantified(self, node: m.Quantified, context: Context) -> Term:
        pairs = [pair for bound in node.bounds for pair in self.bind(bound, context)]
        return self._quantify(node.kind == "\\A", pairs, node.body, context)

    def _quantify(
        self,
        universal: bool,
        pairs: list[tuple[m.Parameter, SetValue]],
        body: m.Expression,
        context: Context,
    ) -> Term:
        constants: list[Term] = []
        limits: list[Term] = []
        names: dict[m.Parameter, Value | Closure] = {}
        for position, (parameter, domain) in enumerate(pairs):
            listed = self.listed(domain)
            if listed is not None:
                rest = pairs[position + 1 :]
                parts = []
                for element, limit in listed:
                    inside = context.binding({**names, parameter: element})
                    inner = self._quantify(universal, rest, body, inside)
                    parts.append(
                        implication(limit, inner) if universal else conjunction([limit, inner])
                    )
                formula = conjunction(parts) if universal else disjunction(parts)
                return _closed(universal, constants, limits, formula)
            made = self.world.bound(parameter.name, domain.type)
            constants += made.constants
            names[parameter] = made.value
            limits.append(domain.has(made.value))
        formula = self.holds(body, context.binding(names))
        return _closed(universal, constants, limits, formula)

    def listed(self, domain: SetValue) -> list[tuple[Value, Term]] | None:
        """Return the elements of a set with the condition that they are in it, if that is known."""
        if domain.items is not None:
            return [(item, z3.BoolVal(True)) for item in domain.items]
        elements = self.world.elements(domain.type)
        if elements is None:
            return None
        pairs = [(element, z3.simplify(domain.has(element))) for element in elements]
        return [(element, limit) for element, limit in pairs if not z3.is_false(limit)]

    def every(self, domain: SetValue, holds: Callable[[Value], Term]) -> Term:
        """Return that something holds of every element of a set. Raises Unfit."""
        listed = self.listed(domain)
        if listed is not None:
            return conjunction([implication(limit, holds(item)) for item, limit in listed])
        made = self.world.bound("x", domain.type)
        return _closed(True, made.constants, [domain.has(made.value)], holds(made.value))

    # --- sets, functions -------------------------------------------------------------------------

    def _items(self, node: m.Items, context: Context) -> Value:
        match node.kind:
            case "/\\":
                return _truth(conjunction([self.holds(item, context) for item in node.items]))
            case "\\/":
                return _truth(disjunction([self.holds(item, context) for item in node.items]))
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

    # --- built-in operators ----------------------------------------------------------------------

    def _builtin(
        self, builtin: m.Builtin, arguments: tuple[m.Argument, ...], context: Context
    ) -> Value:
        name = builtin.name
        if builtin.override is not None:
            raise Unfit(f"{name} is replaced by a configuration")
        match name, arguments:
            case ("/\\", (left, right)):
                return _truth(conjunction([self.holds(left, context), self.holds(right, context)]))
            case ("\\/", (left, right)):
                return _truth(disjunction([self.holds(left, context), self.holds(right, context)]))
            case ("~", (inside,)):
                return _truth(negation(self.holds(inside, context)))
            case ("=>", (left, right)):
                return _truth(implication(self.holds(left, context), self.holds(right, context)))
            case ("<=>", (left, right)):
                return _truth(self.holds(left, context) == self.holds(right, context))
            case ("=", (left, right)):
                return _truth(self._equality(left, right, context))
            case ("/=", (left, right)):
                return _truth(negation(self._equality(left, right, context)))
            case ("\\in", (left, right)):
                return _truth(self.set_(right, context).has(self.value(left, context)))
            case ("\\notin", (left, right)):
                return _truth(negation(self.set_(right, context).has(self.value(left, context))))
            case ("'", (inside,)):
                if context.then is None:
                    raise Unfit("there is no next state here")
                return self.value(inside, replace(context, now=context.then, then=None))
            case ("\\cup" | "\\cap" | "\\", (left, right)):
                return self._combined(name, self.set_(left, context), self.set_(right, context))
            case ("\\subseteq", (left, right)):
                inner, outer = self.set_(left, context), self.set_(right, context)
                return _truth(self.every(inner, outer.has))
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
                return SetValue(lambda x: _number(x) >= 0, IntType())
            case ("Int", ()):
                return SetValue(lambda x: z3.BoolVal(_number(x) is not None), IntType())
            case ("..", (left, right)):
                low, high = self.number(left, context), self.number(right, context)
                return SetValue(
                    lambda x: conjunction([low <= _number(x), _number(x) <= high]), IntType()
                )
            case ("-.", (inside,)):
                return Scalar(z3.simplify(-self.number(inside, context)), IntType())
            case (_, (left, right)) if name in _ORDER:
                compared = _ORDER[name](self.number(left, context), self.number(right, context))
                return _truth(compared)
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


def _universes(types: Mapping[object, Type]) -> set[m.Constant]:
    """Return the constants that are the set of all values of a type: each the only such one."""
    sets: dict[Type, list[m.Constant]] = {}
    for thing, type_ in types.items():
        if isinstance(thing, m.Constant) and isinstance(type_, SetType) and not type_.name:
            element = type_.element
            if isinstance(element, AtomType) or (isinstance(element, SetType) and element.name):
                sets.setdefault(element, []).append(thing)
    return {constants[0] for constants in sets.values() if len(constants) == 1}


def _truth(term: Term) -> Scalar:
    return Scalar(term, BoolType())


def _number(value: Value) -> Term:
    if isinstance(value, Scalar) and isinstance(value.type, IntType):
        return value.term
    raise Unfit(f"a number is expected here, not a {describe(value)}")


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


def _closed(universal: bool, constants: list[Term], limits: list[Term], formula: Term) -> Term:
    if universal:
        body = implication(conjunction(limits), formula)
    else:
        body = conjunction([*limits, formula])
    if not constants or z3.is_true(body) or z3.is_false(body):
        return body
    return z3.ForAll(constants, body) if universal else z3.Exists(constants, body)
