"""What ranges over sets: quantifiers, CHOOSE, set constructors and functions."""

from typing import NamedTuple

from speccheck.evaluate.analysis import actual
from speccheck.evaluate.calls import Calls
from speccheck.evaluate.emit import (
    MOST_LOOPS,
    Block,
    Closure,
    Context,
    Deferred,
    Environment,
    Local,
)
from speccheck.evaluate.errors import EvaluationError
from speccheck.evaluate.kinds import INTEGER, SET, Kinds, kind_of_items, kind_of_value
from speccheck.evaluate.order import ordered
from speccheck.evaluate.runtime import tuples
from speccheck.evaluate.sets import is_finite
from speccheck.evaluate.updates import update_of
from speccheck.evaluate.values import DOMAINS, LazyFunction, LazySet, Value, force, size_of
from speccheck.tla import meaning as m

_MOST_LISTED = 20_000


class Ranging(NamedTuple):
    """A Python loop over bounds: ``for target in iterable`` with the names bound by ``env``."""

    target: str
    iterable: str
    env: Environment


class Loops(Calls, Kinds):
    """Generates loops and comprehensions."""

    def iterable(self, node: m.Expression, ctx: Context) -> str:
        """Return code for something to iterate over a set with, in TLC's order."""
        value = self.folded(node)
        if value is not None and not _can_be_listed(value):
            return f"in_order(a_set({self.constant(value)}))"
        if value is not None:
            return self.constant(self._listed(value))
        if isinstance(node, m.CallBuiltin) and node.builtin.override is None:
            if node.builtin.name == "..":
                low, high = (self.argument(a, ctx) for a in node.arguments)
                return f"range({low}, {high} + 1)"
            if node.builtin.name == "DOMAIN":
                return f"({self.argument(node.arguments[0], ctx)}).domain.keys_"
        behind, inside = self.set_behind(node, ctx)
        is_shallow = ctx.loops < MOST_LOOPS
        if is_shallow and isinstance(behind, m.Filtered) and not self._is_endless(behind):
            return self._passing(behind, inside)
        code = self.value(node, ctx)
        return f"in_order({code})" if self.may_be_lazy(node, ctx.env) else f"ORDERED[{code}]"

    def set_behind(self, node: m.Expression, ctx: Context) -> tuple[m.Expression, Context]:
        """Return the set that definitions lead to, and where it is to be evaluated."""
        while isinstance(node, m.Call):
            operator = actual(node.operator)
            if isinstance(operator, m.Literal) or operator.recursive or operator in ctx.env:
                break
            body = operator.body
            if not isinstance(body, m.Filtered | m.Call) or self.analyst.operator(operator).free:
                break
            ctx = ctx.with_env(self.bind(operator, node.arguments, ctx, {}))
            node = body
        return node, ctx

    def _listed(self, value: Value) -> Value:
        if is_finite(value) and _is_short(value):
            listed = ordered(value)
            self._kept.append(listed)
            return listed
        return value

    def ranging(
        self, bounds: tuple[m.Bound, ...], ctx: Context, given: str | None = None
    ) -> Ranging:
        """Return the loop over all bounds at once; ``given`` is code for the only set."""
        env = dict(ctx.env)
        targets: list[str] = []
        iterables: list[str] = []
        for bound in bounds:
            assert bound.domain is not None, "the caller refuses unbounded names"
            source = given or self.iterable(bound.domain, ctx)
            names = [self.fresh(f"x_{p.name}") for p in bound.parameters]
            kind = self._kind_of_bound(bound)
            for parameter, name in zip(bound.parameters, names, strict=True):
                env[parameter] = Local(name, kind=kind)
            if bound.is_tuple:
                targets.append(f"({', '.join(names)},)")
                known = self._unpacked_constant(bound.domain, len(names))
                iterables.append(known or f"tuples({source}, {len(names)})")
            else:
                if len(names) > 1 and not source.isidentifier():
                    source = self.atom(source, ctx)
                targets.extend(names)
                iterables.extend([source] * len(names))
        if len(targets) == 1:
            return Ranging(targets[0], iterables[0], env)
        make = "combined" if any(self._may_be_large(bound) for bound in bounds) else "product"
        return Ranging(", ".join(targets), f"{make}({', '.join(iterables)})", env)

    def _may_be_large(self, bound: m.Bound) -> bool:
        """Tell whether a set may have too many elements to be listed."""
        assert bound.domain is not None, "the caller refuses unbounded names"
        value = self.folded(bound.domain)
        return not _is_short(value) if isinstance(value, LazySet) else value is None

    def _kind_of_bound(self, bound: m.Bound) -> str:
        """Return the kind of what a bound name stands for, as far as it is known."""
        if bound.domain is None or bound.is_tuple:
            return ""
        return self._kind_of_elements(bound.domain)

    def _kind_of_elements(self, domain: m.Expression) -> str:
        """Return the kind of all elements of a set, as far as it is known."""
        value = self.folded(domain)
        if value is not None:
            return kind_of_items(self._listed(value)) if type(value) is frozenset else ""
        if isinstance(domain, m.CallBuiltin) and domain.builtin.override is None:
            return INTEGER if domain.builtin.name == ".." else ""
        return ""

    def _unpacked_constant(self, domain: m.Expression, width: int) -> str | None:
        """Return code for the parts of the tuples in a constant set, None if it is not one."""
        value = self.folded(domain)
        if value is None or kind_of_value(value) != SET:
            return None
        if not is_finite(value) or not _is_short(value):
            return None
        try:
            return self.constant(tuple(tuples(ordered(value), width)))
        except EvaluationError:
            return None

    def outlined(self, node: m.Expression, ctx: Context, boolean: bool) -> str | None:
        """Return the call of a function around the expression where loops are nested too deep."""
        if ctx.loops < MOST_LOOPS:
            return None
        name = self.fresh("f")
        ctx.put(f"def {name}():")
        inside = ctx.deeper().fork(function=self.new_function(), loops=0)
        make = self.test if boolean else self.value
        inside.put(f"return {make(node, inside)}", node.place)
        return f"{name}()"

    # --- quantifiers -----------------------------------------------------------------------------

    def quantified(self, node: m.Quantified, ctx: Context) -> str:
        """Return code for a quantifier, with a Python bool as its value."""
        outlined = self.outlined(node, ctx, boolean=True)
        if outlined is not None:
            return outlined
        if any(bound.domain is None for bound in node.bounds) or len(node.kind) > 2:
            return "unsupported('an unbounded or temporal quantifier')"
        loop = self.ranging(node.bounds, ctx)
        result = self.fresh("q")
        wanted = node.kind == "\\E"
        ctx.put(f"{result} = {not wanted}", node.place)
        ctx.put(f"for {loop.target} in {loop.iterable}:", node.place)
        inside = ctx.deeper().fork(env=loop.env, loops=ctx.loops + 1)
        condition = self.test(node.body, inside)
        inside.put(f"if {condition if wanted else f'not {condition}'}:", node.body.place)
        inside.put(f" {result} = {wanted}")
        inside.put(" break")
        return result

    def chosen(self, node: m.Chosen, ctx: Context) -> str:
        """Return code for CHOOSE."""
        outlined = self.outlined(node, ctx, boolean=False)
        if outlined is not None:
            return outlined
        if node.bound.domain is None:
            return "unsupported('CHOOSE without a set')"
        if _is_true(node.body) and not node.bound.is_tuple:
            values, found = self.atom(self.value(node.bound.domain, ctx), ctx), self.fresh("q")
            lazy = self.may_be_lazy(node.bound.domain, ctx.env)
            ctx.put(f"{found} = {f'least({values})' if lazy else f'LEAST[{values}]'}", node.place)
            ctx.put(f"if {found} is None: nothing_chosen({values})", node.place)
            return found
        source = self.iterable(node.bound.domain, ctx)
        source = self.atom(source, ctx)
        loop = self.ranging((node.bound,), ctx, source)
        result = self.fresh("q")
        ctx.put(f"for {loop.target} in {loop.iterable}:", node.place)
        inside = ctx.deeper().fork(env=loop.env, loops=ctx.loops + 1)
        condition = self.test(node.body, inside)
        inside.put(f"if {condition}:", node.body.place)
        names = [_code(loop.env, p) for p in node.bound.parameters]
        whole = f"SEQUENCES[({', '.join(names)},)]" if node.bound.is_tuple else names[0]
        inside.put(f" {result} = {whole}")
        inside.put(" break")
        ctx.put("else:")
        ctx.put(f" nothing_chosen({source})", node.place)
        return result

    # --- sets ------------------------------------------------------------------------------------

    def filtered(self, node: m.Filtered, ctx: Context) -> str:
        """Return code for {x \\in S : P}."""
        outlined = self.outlined(node, ctx, boolean=False)
        if outlined is not None:
            return outlined
        if self._is_endless(node):
            assert node.bound.domain is not None, "the grammar asks for a set"
            return self._lazy_filter(node, ctx, self.constant(self.folded(node.bound.domain)))
        return f"frozenset({self._passing(node, ctx)})"

    def _is_endless(self, node: m.Filtered) -> bool:
        """Tell whether a filter is one of a set that cannot be listed."""
        return node.bound.domain is not None and not is_finite(self.folded(node.bound.domain))

    def _passing(self, node: m.Filtered, ctx: Context) -> str:
        """Return code for a list of the elements that pass a filter, in TLC's order."""
        loop = self.ranging((node.bound,), ctx)
        names = [_code(loop.env, p) for p in node.bound.parameters]
        whole = f"SEQUENCES[({', '.join(names)},)]" if node.bound.is_tuple else names[0]
        inner = ctx.fork(env=loop.env, loops=ctx.loops + 1)
        condition, block = self.trial(self.test, node.body, inner)
        if block.is_empty():
            return f"[{whole} for {loop.target} in {loop.iterable} if {condition}]"
        return self._collected(loop, ctx, block, f"if {condition}: ", whole, node)

    def _lazy_filter(self, node: m.Filtered, ctx: Context, base: str) -> str:
        name = self.fresh("f")
        argument = self.fresh("x")
        ctx.put(f"def {name}({argument}):", node.place)
        env = dict(ctx.env)
        inside = ctx.deeper().fork(env=env, function=self.new_function(), loops=0)
        names = [self.fresh(f"x_{p.name}") for p in node.bound.parameters]
        env.update((p, Local(n)) for p, n in zip(node.bound.parameters, names, strict=True))
        if node.bound.is_tuple:
            inside.put(f"({', '.join(names)},) = {argument}.values_")
        else:
            inside.put(f"{names[0]} = {argument}")
        inside.put(f"return {self.test(node.body, inside)}", node.body.place)
        return f"Filter({base}, {name})"

    def mapped(self, node: m.Mapped, ctx: Context) -> str:
        """Return code for {e : x \\in S}."""
        outlined = self.outlined(node, ctx, boolean=False)
        if outlined is not None:
            return outlined
        loop = self.ranging(node.bounds, ctx)
        inner = ctx.fork(env=loop.env, loops=ctx.loops + 1)
        body, block = self.trial(self.kept, node.body, inner)
        if block.is_empty():
            return f"frozenset([{body} for {loop.target} in {loop.iterable}])"
        return f"frozenset({self._collected(loop, ctx, block, '', body, node)})"

    def _collected(
        self, loop: Ranging, ctx: Context, block: Block, guard: str, body: str, node: m.Node
    ) -> str:
        items = self.fresh("s")
        ctx.put(f"{items} = []")
        ctx.put(f"for {loop.target} in {loop.iterable}:", node.place)
        inside = ctx.deeper()
        inside.splice(block)
        inside.put(f"{guard}{items}.append({body})", node.place)
        return items

    def kept(self, node: m.Expression, ctx: Context) -> str:
        """Return code for a value that is put into another: lazy ones are listed."""
        code = self.value(node, ctx)
        return f"force({code})" if self.may_be_lazy(node, ctx.env) else code

    def may_be_lazy(self, node: m.Expression, env: Environment) -> bool:
        """Tell whether the value may be a lazy set or function."""
        folded = self.folded(node)
        if folded is not None:
            return isinstance(folded, LazySet | LazyFunction)
        if isinstance(node, m.Use):
            binding = env.get(node.parameter)
            if isinstance(binding, Deferred):
                return self.may_be_lazy(binding.node, binding.env)
            return not isinstance(binding, Local) or binding.lazy
        if isinstance(node, m.Call):
            return self._call_may_be_lazy(node, env)
        if isinstance(node, m.Where):
            return self.may_be_lazy(node.body, env)
        if isinstance(node, m.Filtered):
            return self._is_endless(node)
        if isinstance(node, m.Function):
            return node.itself is not None or self._has_infinite_domain(node)
        if isinstance(node, m.Branches):
            values = [value for _, value in node.arms]
            values += [] if node.other is None else [node.other]
            return any(self.may_be_lazy(value, env) for value in values)
        if isinstance(node, m.CallBuiltin):
            if node.builtin.name in {"'", "\\cup", "\\cap", "\\"}:
                return any(
                    isinstance(part, m.OperatorValue) or self.may_be_lazy(part, env)
                    for part in node.arguments
                )
            return node.builtin.override is not None or node.builtin.name not in _LISTED
        if isinstance(node, m.Items):
            return node.kind == "product"
        if isinstance(node, m.Fields):
            return node.kind == "records"
        return not isinstance(
            node,
            m.Literal
            | m.UseVariable
            | m.Applied
            | m.Changed
            | m.Quantified
            | m.Mapped
            | m.Chosen
            | m.Old,
        )

    def _call_may_be_lazy(self, node: m.Call, env: Environment) -> bool:
        operator = actual(node.operator)
        if isinstance(operator, m.Literal) or operator.recursive or operator.body is None:
            return not isinstance(operator, m.Literal)
        bound = env.get(operator)
        if isinstance(bound, Deferred):
            return self.may_be_lazy(bound.node, bound.env)
        inside = dict(bound.env if isinstance(bound, Closure) else env)
        for parameter, argument in zip(operator.parameters, node.arguments, strict=True):
            lazy = isinstance(argument, m.OperatorValue) or self.may_be_lazy(argument, env)
            inside[parameter] = Local("", lazy)
        return self.may_be_lazy(operator.body, inside)

    def _has_infinite_domain(self, node: m.Function) -> bool:
        domains = [bound.domain for bound in node.bounds if bound.domain is not None]
        return any(not is_finite(self.folded(domain)) for domain in domains)

    # --- functions -------------------------------------------------------------------------------

    def function(self, node: m.Function, ctx: Context) -> str:
        """Return code for [x \\in S |-> e]."""
        outlined = self.outlined(node, ctx, boolean=False)
        if outlined is not None:
            return outlined
        if node.itself is not None and node.itself in self.analyst.facts(node.body).free:
            return self._lazy_function(node, ctx)
        update = update_of(node)
        if update is not None:
            whole = self.atom(self.value(update.function, ctx), ctx)
            argument = self.kept(update.argument, ctx)
            if update.value is None:
                return f"restricted({whole}, {argument})"
            return f"extended({whole}, {argument}, {self.kept(update.value, ctx)})"
        only = node.bounds[0]
        assert only.domain is not None, "the grammar asks for a set"
        single = len(node.bounds) == 1 and (len(only.parameters) == 1 or only.is_tuple)
        folded = self.folded(only.domain)
        if folded is not None and not is_finite(folded):
            return self._lazy_function(node, ctx)
        if single:
            if folded is not None and _can_be_listed(folded):
                made = DOMAINS[force(folded)]
                self._kept.append(made)
                domain, keys = self._named(made), self._named(made.keys_)
            else:
                domain = self.fresh("t")
                ctx.put(f"{domain} = domain_of({self.value(only.domain, ctx)})", only.domain.place)
                keys = f"{domain}.keys_"
        else:
            domain = self.fresh("t")
            ctx.put(f"{domain} = domain_of({self._product_of(node.bounds, ctx)})", node.place)
            keys = f"{domain}.keys_"
        env = dict(ctx.env)
        names = [self.fresh(f"x_{p.name}") for b in node.bounds for p in b.parameters]
        kinds = [self._kind_of_bound(b) for b in node.bounds for _ in b.parameters]
        parameters = [p for b in node.bounds for p in b.parameters]
        for parameter, name, kind in zip(parameters, names, kinds, strict=True):
            env[parameter] = Local(name, kind=kind)
        if single and not only.is_tuple:
            target = names[0]
        else:
            target, keys = f"({', '.join(names)},)", self._unpacked(node.bounds, keys)
        inner = ctx.fork(env=env, loops=ctx.loops + 1)
        body, block = self.trial(self.kept, node.body, inner)
        if block.is_empty():
            return f"{domain}[tuple([{body} for {target} in {keys}])]"
        items = self.fresh("s")
        ctx.put(f"{items} = []")
        ctx.put(f"for {target} in {keys}:", node.place)
        inside = ctx.deeper()
        inside.splice(block)
        inside.put(f"{items}.append({body})", node.body.place)
        return f"{domain}[tuple({items})]"

    def _named(self, value: Value) -> str:
        return self.constant(value)

    def _product_of(self, bounds: tuple[m.Bound, ...], ctx: Context) -> str:
        codes: list[str] = []
        for bound in bounds:
            assert bound.domain is not None, "the grammar asks for a set"
            code = self.atom(self.value(bound.domain, ctx), ctx)
            codes.extend([code] * (1 if bound.is_tuple else len(bound.parameters)))
        return f"Product(({', '.join(codes)},))"

    @staticmethod
    def _unpacked(bounds: tuple[m.Bound, ...], keys: str) -> str:
        if len(bounds) == 1 and bounds[0].is_tuple:
            return f"tuples({keys}, {len(bounds[0].parameters)})"
        if any(bound.is_tuple for bound in bounds):
            shape = "".join("1" if b.is_tuple else "0" * len(b.parameters) for b in bounds)
            return f"flattened({keys}, {shape!r})"
        return f"[key.values_ for key in {keys}]"

    def _lazy_function(self, node: m.Function, ctx: Context) -> str:
        name, compute = self.fresh("r"), self.fresh("f")
        only = node.bounds[0]
        assert only.domain is not None, "the grammar asks for a set"
        single = len(node.bounds) == 1 and len(only.parameters) == 1 and not only.is_tuple
        if single or (len(node.bounds) == 1 and only.is_tuple):
            domain = self.value(only.domain, ctx)
        else:
            domain = self._product_of(node.bounds, ctx)
        ctx.put(f"{name} = LazyFunction({domain}, None)", node.place)
        env = dict(ctx.env)
        if node.itself is not None:
            env[node.itself] = Local(name, lazy=True)
        names = [self.fresh(f"x_{p.name}") for b in node.bounds for p in b.parameters]
        parameters = [p for b in node.bounds for p in b.parameters]
        env.update((p, Local(n)) for p, n in zip(parameters, names, strict=True))
        ctx.put(f"def {compute}({names[0] if single else 'key'}):")
        inside = ctx.deeper().fork(env=env, function=self.new_function(), loops=0)
        if not single:
            keys = self._unpacked(node.bounds, "(key,)")
            inside.put(f"({', '.join(names)},) = next(iter({keys}))")
        inside.put(f"return {self.kept(node.body, inside)}", node.body.place)
        ctx.put(f"{name}.compute = {compute}")
        return name


_LISTED = frozenset(
    {"+", "-", "*", "^", "-.", "\\div", "%", "Len", "Head", "Tail", "Append", "\\o"}
    | {"SubSeq", "Cardinality", ":>", "@@", "DOMAIN", "BOOLEAN"}
)


def _is_short(value: Value) -> bool:
    """Tell whether a set, if it is one, is short enough to be listed before it is needed."""
    try:
        return kind_of_value(value) == SET and size_of(value) <= _MOST_LISTED
    except EvaluationError:
        return False


def _is_true(node: m.Expression) -> bool:
    return isinstance(node, m.Literal) and node.value is True


def _can_be_listed(value: Value) -> bool:
    """Tell whether a value is a set that has an order, as far as it is listed at all."""
    try:
        if type(value) is frozenset:
            ordered(value)
        return kind_of_value(value) == SET
    except EvaluationError:
        return False


def _code(env: Environment, parameter: m.Parameter) -> str:
    binding = env[parameter]
    assert isinstance(binding, Local), "bound by the loop"
    return binding.code
