"""TLA+ expressions to Z3: the typed fragment, by evaluation over symbolic values.

Definitions are unfolded where they are used, so every operator means what its text says. What is
outside of the fragment is refused with its place.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import NamedTuple

import z3

from speccheck.evaluate.analysis import ACTION, Analyst, actual
from speccheck.prove.builtins import Builtins
from speccheck.prove.context import (
    Closure,
    Context,
    Delayed,
    Meaning,
    State,
    closed,
    number_of,
)
from speccheck.prove.errors import outside
from speccheck.prove.functions import Functions
from speccheck.prove.types import BoolType, IntType, SetType, Type, alike
from speccheck.prove.values import (
    FunctionValue,
    RecordValue,
    Scalar,
    SetValue,
    Term,
    TupleValue,
    Unfit,
    Value,
    conjunction,
    describe,
    disjunction,
    implication,
)
from speccheck.prove.world import Shape, World
from speccheck.tla import meaning as m

__all__ = ["Closure", "Context", "Delayed", "Meaning", "State", "Translator", "Use"]


class Use(NamedTuple):
    """What has to hold for an expression to be defined, and where it stands.

    Of an application of a function, that its argument is in the domain; of CHOOSE, that there is
    something to choose.
    """

    inside: Term
    place: m.Place
    why: str = "the argument may be outside of the function's domain"


class Translator(Builtins, Functions):
    """Translates expressions of one specification into one world.

    ``types`` are the types of constants, of variables and of definitions that are annotated;
    ``universes`` the constants that have all values of their type (``speccheck.prove.universes``).
    """

    def __init__(
        self,
        world: World,
        types: Mapping[object, Type],
        analyst: Analyst,
        universes: frozenset[m.Constant] = frozenset(),
    ) -> None:
        self.world = world
        self._types = types
        self._analyst = analyst
        self._universes = universes
        elements = (types[one] for one in universes)
        world.whole = frozenset(one.element for one in elements if isinstance(one, SetType))
        self._shapes: dict[m.Constant, Shape] = {}
        self._uses: list[Use] | None = None
        self._choices: dict[tuple[str, Type], str] = {}

    # --- functions within their domains ----------------------------------------------------------

    @contextmanager
    def noting(self) -> Iterator[list["Use"]]:
        """Take note of the uses of functions in what is translated meanwhile."""
        before, self._uses = self._uses, []
        try:
            yield self._uses
        finally:
            self._uses = before

    def use(self, function: Value, x: Value, node: m.Expression, context: Context) -> None:
        """Take note that a function is applied to a value, where that is asked for."""
        if self._uses is None or not isinstance(function, FunctionValue):
            return
        if function.domain is None:
            raise Unfit(
                "the domain of this function is not known: the invariant (of a constant, an "
                "ASSUME) has to say that it is in [S -> T] for a constant S"
            )
        inside = function.domain.has(x)
        if self.world.is_limit(inside):
            return
        self._uses.append(Use(self._everywhere(inside, context), node.place))

    def _everywhere(self, fact: Term, context: Context) -> Term:
        """Return that something holds wherever an expression is evaluated."""
        constants = self.world.bound_in([fact, *context.given])
        return closed(True, constants, list(context.given), fact)

    def evaluate(self, value: Value) -> None:
        """Evaluate all of a value where uses of functions are noted, so that those in it are."""
        if self._uses is None:
            return
        match value:
            case FunctionValue(domain=domain) if domain is not None:
                self.evaluate(value.at(self.world.bound("x", domain.type).value))
            case SetValue():
                value.has(self.world.bound("x", value.type).value)
            case TupleValue(items=items):
                for item in items:
                    self.evaluate(item)
            case RecordValue(fields=fields):
                for one in fields.values():
                    self.evaluate(one)

    def know_shape(self, constant: m.Constant, shape: Shape) -> None:
        """Take note of the domain of a constant that is a function."""
        self._shapes[constant] = shape

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
                return self.meant(found, context)
            case m.UseVariable(variable=variable):
                if variable not in context.now:
                    raise Unfit(
                        f"{variable.name}' is used before the action says what it is; say it first"
                    )
                return context.now[variable]
            case m.UseConstant(arguments=()):
                return self.constant(node.constant)
            case m.Call():
                return self._call(node, context)
            case m.CallParameter():
                return self._call_parameter(node, context)
            case m.CallBuiltin():
                return self.builtin(node.builtin, node.arguments, context)
            case m.Old():
                if context.old is None:
                    raise Unfit("@ has no meaning here")
                return context.old
            case m.Chosen() if node.bound.domain is not None and not node.bound.is_tuple:
                return self._chosen(node, node.bound.domain, context)
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
        if isinstance(node, m.Fields):
            raise Unfit("a set of records is outside the fragment; say what each field is in")
        raise Unfit("proofs do not know this construct; see docs/proofs.md for the fragment")

    # --- names -----------------------------------------------------------------------------------

    def constant(self, constant: m.Constant) -> Value:
        """Return the value of a declared constant. Raises TlaError where it has no type."""
        type_ = self._types.get(constant)
        if type_ is None:
            message = (
                f"the constant {constant.name} needs a \\* @type: ...; comment right ahead of it"
            )
            raise outside(constant.place, message)
        if isinstance(type_, SetType) and constant in self._universes:
            # The one constant that is a set of SERVER: the values of the type are its elements.
            return self.world.universe(type_.element)
        return self.world.symbol(constant.name, type_, shape=self._shapes.get(constant))

    def meant(self, found: Value | Delayed, context: Context) -> Value:
        """Return the value of what a name stands for, in the states of a context."""
        if not isinstance(found, Delayed):
            return found
        there = found.context
        old = there.old if there.now is context.now else None
        return self.value(found.node, replace(context, names=there.names, old=old))

    def argument(self, node: m.Argument, context: Context, called: m.Operator) -> Meaning:
        """Return what a parameter of a definition stands for. Raises TlaError."""
        if not isinstance(node, m.OperatorValue):
            # With an operator for an argument it may come to speak of the next state.
            hands_on = any(parameter.arity for parameter in called.parameters)
            if hands_on or self._analyst.operator(actual(called)).level >= ACTION:
                return Delayed(node, context)
            return self.value(node, context)
        target = node.target
        if isinstance(target, m.Parameter):
            return context.names[target]
        return Closure(target, context.names)

    def _call(self, node: m.Call, context: Context) -> Value:
        arguments = [self.argument(one, context, node.operator) for one in node.arguments]
        return self._apply_operator(node.operator, arguments, context)

    def _apply_operator(
        self, called: m.Operator, arguments: list[Meaning], context: Context
    ) -> Value:
        operator = actual(called)
        if isinstance(operator, m.Literal):
            return self.value(operator, context)
        if operator.recursive or operator.body is None:
            raise Unfit(f"{operator.name} is recursive")
        given = dict(zip(operator.parameters, arguments, strict=True))
        # An @ in a definition is that of the EXCEPT around the definition, not of that around here.
        inside = replace(context, old=None)
        value = self.value(operator.body, inside.binding(given) if given else inside)
        type_ = self._types.get(operator)
        if isinstance(type_, SetType) and isinstance(value, SetValue):
            if not alike(value.type, type_.element):
                raise Unfit(f"{operator.name} is no set of what its annotation says")
            # The annotation may give numbers a name, which counts for quantifiers.
            value = replace(value, type=type_.element, has=self._limited(value, type_.element))
        return value

    def _limited(self, value: SetValue, element: Type) -> Callable[[Value], Term]:
        last = self.world.last_number(element)
        if last is None:
            return value.has
        return lambda x: conjunction([value.has(x), number_of(x) <= last])

    def _call_parameter(self, node: m.CallParameter, context: Context) -> Value:
        closure = context.names.get(node.parameter)
        if not isinstance(closure, Closure):
            raise Unfit(f"{node.parameter.name} has no value here")
        if not isinstance(closure.target, m.Operator):
            raise Unfit("an operator with a definition is expected")
        arguments = [self.argument(one, context, closure.target) for one in node.arguments]
        inside = replace(context, names=closure.names)
        return self._apply_operator(closure.target, arguments, inside)

    # --- CHOOSE ---

    def _chosen(self, node: m.Chosen, domain: m.Expression, context: Context) -> Value:
        r"""Return the value of ``CHOOSE x \in S : P``, of which an axiom says all there is to know.

        If there is such an x, the value is one. It depends on what S and P depend on. That two
        texts with the same S and P choose the same is not said: it follows where x is unique.
        """
        (parameter,) = node.bound.parameters
        source = self.set_(domain, context)
        made, _ = self.world.within(parameter.name, source)

        def fits(value: Value) -> Term:
            among = source.has(value)
            within = context.binding({parameter: value}).knowing(among)
            return conjunction([among, self.holds(node.body, within)])

        condition = fits(made.value)
        if not (domain_items := source.items) or not z3.is_true(z3.simplify(fits(domain_items[0]))):
            self.world.refuse_unknown(made.value, "CHOOSE may have nothing to choose from")
        own = {constant.get_id() for constant in made.constants}
        # The same set and condition, but for bound names: the same choice.
        text, ordered = self.world.alpha(condition, made.constants)
        given = [c for c in self.world.bound_in([condition]) if c.get_id() not in own]
        told = len(ordered) == len(given)
        given = ordered if told else given
        exists = closed(False, made.constants, [], condition)
        if self._uses is not None and not z3.is_true(exists):
            why = "there may be nothing to choose from"
            self._uses.append(Use(self._everywhere(exists, context), node.place, why))

        def axiom(value: Value) -> Term:
            return closed(True, given, [], implication(exists, fits(value)))

        key = (text, source.type)
        if told and key in self._choices:
            return self.world.symbol(self._choices[key], source.type, tuple(given))
        label, value = self.world.chosen(f"CHOOSE {parameter.name}", source.type, given, axiom)
        if told:
            self._choices[key] = label
        return value

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
        names: dict[m.Parameter, Meaning] = {}
        for position, (parameter, domain) in enumerate(pairs):
            listed = self.listed(domain)
            if listed is not None:
                rest = pairs[position + 1 :]
                parts = []
                for element, limit in listed:
                    inside = context.binding({**names, parameter: element})
                    inside = inside.knowing(*limits, limit)
                    inner = self._quantify(universal, rest, body, inside)
                    parts.append(
                        implication(limit, inner) if universal else conjunction([limit, inner])
                    )
                formula = conjunction(parts) if universal else disjunction(parts)
                return closed(universal, constants, limits, formula)
            made, limit = self.world.within(parameter.name, domain)
            constants += made.constants
            names[parameter] = made.value
            limits.append(limit)
        formula = self.holds(body, context.binding(names).knowing(*limits))
        return closed(universal, constants, limits, formula)

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
        made, limit = self.world.within("x", domain)
        return closed(True, made.constants, [limit], holds(made.value))
