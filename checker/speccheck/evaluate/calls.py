"""Calls: operators are inlined, or become Python functions of their arguments and variables."""

from collections.abc import Callable

from speccheck.evaluate.analysis import ACTION, STATE, Facts, actual, children, is_boolean
from speccheck.evaluate.emit import (
    Binding,
    Block,
    Closure,
    Context,
    Deferred,
    Environment,
    Local,
    PythonOperator,
    Tally,
)
from speccheck.evaluate.values import LazyFunction, LazySet
from speccheck.evaluate.workshop import Workshop
from speccheck.tla import meaning as m

_LARGEST_INLINED = 40

Make = Callable[[m.Expression, Context], str]


def _uses(operator: m.Operator) -> dict[m.Parameter, int]:
    """Count the uses of parameters in a body; one under a binder counts as several."""
    counts: dict[m.Parameter, int] = {}

    def walk(node: m.Argument, weight: int) -> None:
        if isinstance(node, m.Use):
            counts[node.parameter] = counts.get(node.parameter, 0) + weight
        if isinstance(node, m.Quantified | m.Mapped | m.Function | m.Chosen | m.Filtered):
            weight = 2
        if isinstance(node, m.Where):
            for definition in node.definitions:
                if definition.body is not None:
                    walk(definition.body, 2)
        if isinstance(node, m.Call | m.CallParameter | m.CallBuiltin):
            weight = 2
        for child in children(node):
            walk(child, weight)

    if operator.body is not None:
        walk(operator.body, 1)
    return counts


class Calls(Workshop):
    """Binds arguments and applies operators."""

    def __init__(self) -> None:
        super().__init__()
        self._functions: dict[tuple[m.Operator, bool], str] = {}
        self._use_counts: dict[m.Operator, dict[m.Parameter, int]] = {}
        self._function_numbers = 0
        self._looping: dict[m.Operator, bool] = {}

    def new_function(self) -> int:
        """Return the number of a Python function about to be generated."""
        self._function_numbers += 1
        return self._function_numbers

    # --- bindings --------------------------------------------------------------------------------

    def bind(
        self,
        operator: m.Operator,
        arguments: tuple[m.Argument, ...],
        ctx: Context,
        env: Environment,
    ) -> Environment:
        """Return ``env`` with the parameters of an operator bound to arguments of a call."""
        made = dict(env)
        counts = self._use_counts.get(operator)
        if counts is None:
            counts = self._use_counts[operator] = _uses(operator)
        for parameter, argument in zip(operator.parameters, arguments, strict=True):
            if parameter.arity:
                assert isinstance(argument, m.OperatorValue), "the resolver sees to it"
                made[parameter] = self.operator_value(argument, ctx)
            else:
                assert not isinstance(argument, m.OperatorValue), "the resolver sees to it"
                made[parameter] = self.deferred(argument, ctx, counts.get(parameter, 0) == 1)
        return made

    def deferred(self, node: m.Expression, ctx: Context, once: bool = False) -> Binding:
        """Return the binding of an expression that is evaluated when it is needed."""
        if isinstance(node, m.Use):
            found = ctx.env.get(node.parameter)
            if found is not None:
                return found
        value = self.folded(node)
        if value is not None:
            return Local(self.constant(value), isinstance(value, LazySet | LazyFunction), value)
        return Deferred(node, ctx.env, ctx.function, ctx.loops, ctx.hole(), once, ctx.old)

    def operator_value(self, node: m.OperatorValue, ctx: Context) -> Binding:
        """Return what an operator argument is bound to."""
        target = node.target
        if isinstance(target, m.Parameter):
            return ctx.env[target]
        if isinstance(target, m.Constant):
            assert target.definition is not None, "a configuration gives operator constants"
            target = target.definition
        if isinstance(target, m.Operator):
            found = actual(target)
            assert isinstance(found, m.Operator), "an operator with parameters is no value"
            bound = ctx.env.get(found)
            return Closure(found, ctx.env) if bound is None else bound
        if target.override is not None:
            assert isinstance(target.override, m.Operator), "as above"
            return Closure(target.override, {})
        return Closure(target, {})

    def use(self, parameter: m.Parameter, ctx: Context) -> str:
        """Return code for the value of a parameter."""
        binding = ctx.env.get(parameter)
        if isinstance(binding, Local):
            return binding.code
        assert isinstance(binding, Deferred), f"{parameter.name} is bound to a value"
        return self.force_deferred(binding, ctx)

    def force_deferred(self, binding: Deferred, ctx: Context) -> str:
        """Return code for a deferred value, evaluating it here if nothing has yet."""
        key = (binding, ctx.primed)
        name = ctx.known.get(key)
        if name is not None:
            return name
        node = binding.node
        inside = ctx.with_env(binding.env)
        inside.old = binding.old
        if isinstance(node, m.UseVariable | m.Literal | m.Use):
            return self.value(node, inside)
        same_loop = ctx.loops == binding.loops and ctx.function == binding.function
        if binding.once and same_loop:
            return self.value(node, inside)
        facts = self.analyst.facts(node)
        stable = (
            not facts.reads_next
            and not (ctx.primed and facts.level >= STATE)
            and not (ctx.assigning == "now" and facts.level >= STATE)
            and ctx.function == binding.function
        )
        if not stable:
            name = self.fresh("d")
            ctx.put(f"{name} = {self.value(node, inside)}", node.place)
            ctx.known[key] = name
            return name
        name = binding.names.get(ctx.primed)
        if name is None:
            name = binding.names[ctx.primed] = self.fresh("d")
            if same_loop:
                ctx.put(f"{name} = {self.value(node, inside)}", node.place)
                ctx.known[key] = name
                return name
        if name not in binding.initialized:
            binding.initialized.add(name)
            binding.hole.items.append((0, f"{name} = UNEVALUATED", None))
        ctx.put(f"if {name} is UNEVALUATED:")
        deeper = ctx.deeper().with_env(binding.env)
        deeper.old = binding.old
        deeper.put(f"{name} = {self.value(node, deeper)}", node.place)
        ctx.known[key] = name
        return name

    # --- application -----------------------------------------------------------------------------

    def call(self, node: m.Call, ctx: Context, make: Make) -> str:
        """Return code for a call; ``make`` is :meth:`value` or :meth:`test`."""
        operator = actual(node.operator)
        if isinstance(operator, m.Literal):
            return make(operator, ctx)
        if ctx.primed and operator.stands_for in ctx.then:
            assert operator.stands_for is not None, "None is no key"
            code = ctx.then[operator.stands_for] or f"unassigned({operator.name + chr(39)!r})"
            return self.as_made(code, ctx, make)
        bound = ctx.env.get(operator)
        if isinstance(bound, Deferred | Local):
            code = bound.code if isinstance(bound, Local) else self.force_deferred(bound, ctx)
            return self.as_made(code, ctx, make)
        if isinstance(bound, PythonOperator):
            return self.python_call(bound.code, node.arguments, ctx, make)
        if operator.recursive or not self.is_inlined(operator, ctx):
            return self._function_call(operator, node.arguments, ctx, make)
        base: Environment = {}
        if isinstance(bound, Closure):
            base = bound.env
        elif self.analyst.operator(operator).free:
            base = ctx.env  # Of an instance within a LET: it sees the names around it.
        env = self.bind(operator, node.arguments, ctx, base)
        assert operator.body is not None, "only a RECURSIVE declaration can lack its definition"
        return make(operator.body, ctx.called(operator.name, node.place, env))

    def as_made(self, code: str, ctx: Context, make: Make) -> str:
        """Turn code for a value into what ``make`` makes."""
        if make == self.value:
            return code
        name = code
        if not code.isidentifier():
            name = self.fresh("t")
            ctx.put(f"{name} = {code}")
        return f"({name} is TRUE or {name} is not FALSE and not_boolean({name}))"

    def python_call(
        self, function: str, arguments: tuple[m.Argument, ...], ctx: Context, make: Make
    ) -> str:
        """Return code that calls a Python function of values."""
        codes = [self.argument(argument, ctx) for argument in arguments]
        return self.as_made(f"{function}({', '.join(codes)})", ctx, make)

    def argument(self, node: m.Argument, ctx: Context) -> str:
        """Return code for an argument of a Python function."""
        if isinstance(node, m.OperatorValue):
            return self.callable_code(self.operator_value(node, ctx), ctx, node.place)
        return self.value(node, ctx)

    def is_inlined(self, operator: m.Operator, ctx: Context) -> bool:
        """Tell whether an operator is copied to where it is called."""
        facts = self.analyst.operator(operator)
        if operator in ctx.env or (ctx.primed and ctx.has_stand_ins):
            return True
        if self._is_worth_keeping(operator, ctx):
            return False
        return (
            facts.size <= _LARGEST_INLINED
            or bool(facts.free)
            or facts.level >= ACTION
            or any(parameter.arity for parameter in operator.parameters)
            or self._primes_a_parameter(operator)
        )

    def _is_worth_keeping(self, operator: m.Operator, ctx: Context) -> bool:
        """Tell whether the value of a definition is kept for a state, since it takes a loop."""
        facts = self.analyst.operator(operator)
        if operator.parameters or facts.level != STATE or facts.free:
            return False
        if not facts.pure or facts.random or not self._loops(operator):
            return False
        names = ctx.then if ctx.primed else ctx.now
        return all(names[variable] is not None for variable in facts.reads)

    def _loops(self, operator: m.Operator) -> bool:
        """Tell whether evaluation of a definition goes through a set or a recursion."""
        known = self._looping.get(operator)
        if known is None:
            self._looping[operator] = True  # Where it is met again within itself, it recurs.
            known = operator.body is not None and self._has_loop(operator.body)
            self._looping[operator] = known
        return known

    def _has_loop(self, node: m.Argument) -> bool:
        if isinstance(node, m.Quantified | m.Mapped | m.Function | m.Chosen | m.Filtered):
            return True
        if isinstance(node, m.Call):
            operator = actual(node.operator)
            if isinstance(operator, m.Operator) and (operator.recursive or self._loops(operator)):
                return True
        return any(map(self._has_loop, children(node)))

    def _primes_a_parameter(self, operator: m.Operator) -> bool:
        """Tell whether a parameter occurs in an operator of actions, such as a prime."""

        def walk(node: m.Argument, inside: bool) -> bool:
            if isinstance(node, m.Use):
                return inside
            if isinstance(node, m.CallBuiltin) and node.builtin.name in {"'", "UNCHANGED"}:
                inside = True
            if isinstance(node, m.Call | m.Step):
                inside = True
            return any(walk(child, inside) for child in children(node))

        if not operator.parameters or operator.body is None:
            return False
        level = self.analyst.operator(operator).level
        return level >= ACTION and walk(operator.body, False)

    def _function_call(
        self, operator: m.Operator, arguments: tuple[m.Argument, ...], ctx: Context, make: Make
    ) -> str:
        assert operator.body is not None, "only a RECURSIVE declaration can lack its definition"
        boolean = is_boolean(operator.body)
        name = self._function(operator, boolean)
        codes = [self.argument(argument, ctx) for argument in arguments]
        facts = self.analyst.operator(operator)
        codes.extend(self._state_arguments(facts, ctx))
        code = f"{name}({', '.join(codes)})"
        if not boolean:
            return self.as_made(code, ctx, make)
        return f"(TRUE if {code} else FALSE)" if make == self.value else code

    @staticmethod
    def _state_arguments(facts: Facts, ctx: Context) -> list[str]:
        now = ctx.then if ctx.primed else ctx.now
        names = [now[v] for v in _sorted(facts.reads)]
        names += [ctx.then[v] for v in _sorted(facts.reads_next)]
        return ["None" if name is None else name for name in names]

    def _function(self, operator: m.Operator, boolean: bool) -> str:
        key = (operator, boolean)
        name = self._functions.get(key)
        if name is None:
            name = self._functions[key] = self.fresh(f"op_{_plain(operator.name)}")
            facts = self.analyst.operator(operator)
            now = {v: self.fresh(f"v_{v.name}") for v in _sorted(facts.reads)}
            then = {v: self.fresh(f"n_{v.name}") for v in _sorted(facts.reads_next)}
            env: Environment = {}
            parameters = [self._parameter(p, env) for p in operator.parameters]
            ctx = Context(Block(), 0, env, dict(now), dict(then), {}, self.new_function())
            assert operator.body is not None, "checked by the caller"
            make = self.test if boolean else self.value
            state = [*now.values(), *then.values()]
            if operator.parameters or not state or not facts.pure or facts.random:
                ctx.put(f"return {make(operator.body, ctx)}", operator.body.place)
            else:
                self._remembered(operator.body, make, state, ctx)
            self.define(
                name,
                ", ".join([*parameters, *now.values(), *then.values()]),
                ctx.block,
                operator.name,
            )
        return name

    def _remembered(self, node: m.Expression, make: Make, state: list[str], ctx: Context) -> None:
        """Return a function of the state alone, with its last two values at hand.

        Under a quantifier, and in one property after another, it is asked again and again of the
        same two states. Variables are compared by identity: a state keeps its values.
        """
        blank: tuple[object, ...] = (object(),) * (len(state) + 1)
        last = self.constant([blank, blank])
        for slot, name in enumerate(("e0", "e1")):
            same = " and ".join(f"{name}[{n}] is {code}" for n, code in enumerate(state))
            ctx.put(f"{name} = {last}[{slot}]")
            ctx.put(f"if {same}: return {name}[-1]")
        ctx.put(f"r = {make(node, ctx)}", node.place)
        ctx.put(f"{last}[:] = ({', '.join(state)}, r), e0")
        ctx.put("return r")

    def _parameter(self, parameter: m.Parameter, env: Environment) -> str:
        name = self.fresh(f"a_{_plain(parameter.name)}")
        env[parameter] = PythonOperator(name) if parameter.arity else Local(name, lazy=True)
        return name

    def callable_code(self, binding: Binding, ctx: Context, place: m.Place) -> str:
        """Return the name of a Python function of values that is the operator bound."""
        if isinstance(binding, PythonOperator):
            return binding.code
        assert isinstance(binding, Closure), "an operator is bound to an operator"
        target = binding.target
        arity = len(target.parameters if isinstance(target, m.Operator) else target.arities)
        env = dict(binding.env)
        parameters = tuple(m.Parameter(f"p{n}") for n in range(arity))
        names = [self._parameter(p, env) for p in parameters]
        arguments = tuple(m.Use(place, p) for p in parameters)
        body: m.Expression
        if isinstance(target, m.Operator):
            body = m.Call(place, target, arguments)
        else:
            body = m.CallBuiltin(place, target, arguments)
        self._kept.append(body)
        name = self.fresh("f")
        self.local_function(name, names, body, ctx, env)
        return name

    def local_function(
        self, name: str, parameters: list[str], body: m.Expression, ctx: Context, env: Environment
    ) -> None:
        """Put a Python function of values, with a body that sees the names around it."""
        ctx.put(f"def {name}({', '.join(parameters)}):")
        inside = ctx.deeper().fork(env=env, function=self.new_function(), loops=0)
        inside.put(f"return {self.value(body, inside)}", body.place)

    def call_parameter(self, node: m.CallParameter, ctx: Context, make: Make) -> str:
        """Return code for the application of a parameter that is an operator."""
        binding = ctx.env.get(node.parameter)
        if isinstance(binding, Tally):
            (number,) = node.arguments
            assert isinstance(number, m.Literal), "a mark has its number"
            ctx.put(f"{binding.code}[{number.value}] += 1")
            return make(m.Literal(node.place, True), ctx)
        if isinstance(binding, PythonOperator):
            return self.python_call(binding.code, node.arguments, ctx, make)
        assert isinstance(binding, Closure), f"{node.parameter.name} is bound to an operator"
        return make(*self._applied_closure(binding, node, ctx))

    def _applied_closure(
        self, binding: Closure, node: m.CallParameter, ctx: Context
    ) -> tuple[m.Expression, Context]:
        """Return an expression, and where it means the closure applied to the arguments."""
        target = binding.target
        if isinstance(target, m.Operator) and not target.recursive:
            env = self.bind(target, node.arguments, ctx, binding.env)
            assert target.body is not None, "not recursive"
            return target.body, ctx.called(target.name, node.place, env)
        env = dict(binding.env)
        parameters = [m.Parameter(f"p{n}") for n in range(len(node.arguments))]
        for parameter, argument in zip(parameters, node.arguments, strict=True):
            assert not isinstance(argument, m.OperatorValue), "second-order arguments end here"
            env[parameter] = self.deferred(argument, ctx)
        arguments = tuple(m.Use(node.place, p) for p in parameters)
        applied: m.Expression = (
            m.Call(node.place, target, arguments)
            if isinstance(target, m.Operator)
            else m.CallBuiltin(node.place, target, arguments)
        )
        self._kept.append(applied)
        return applied, ctx.with_env(env)

    def where(self, node: m.Where, ctx: Context) -> Context:
        """Return the context of a LET's body."""
        env = dict(ctx.env)
        inside = ctx.with_env(env)
        for definition in node.definitions:
            if definition.body is None:
                continue
            if definition.recursive and definition.parameters:
                self._local_recursion(definition, inside)
            elif definition.parameters:
                env[definition] = Closure(definition, env)
            else:
                env[definition] = self.deferred(definition.body, inside)
        return inside

    def _local_recursion(self, definition: m.Operator, ctx: Context) -> None:
        assert definition.body is not None, "checked by the caller"
        name = self.fresh(f"op_{_plain(definition.name)}")
        ctx.env[definition] = PythonOperator(name)
        env = dict(ctx.env)
        parameters = [self._parameter(p, env) for p in definition.parameters]
        self.local_function(name, parameters, definition.body, ctx, env)


def _sorted(variables: frozenset[m.Variable]) -> list[m.Variable]:
    return sorted(variables, key=lambda variable: (variable.name, variable.place))


def _plain(name: str) -> str:
    return "".join(c if c.isalnum() else "_" for c in name)
