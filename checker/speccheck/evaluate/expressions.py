"""Expressions to Python: the dispatch over node types, booleans, branches, EXCEPT, built-ins."""

from collections.abc import Callable

from speccheck.evaluate.analysis import actual, children, is_boolean
from speccheck.evaluate.emit import MOST_LOOPS, Block, Context, Deferred, Local
from speccheck.evaluate.errors import EvaluationError
from speccheck.evaluate.kinds import (
    BOOLEAN,
    CHECKED,
    COMPARED,
    MODEL,
    SET,
    UNKNOWN,
    kind_of_items,
    kind_of_value,
)
from speccheck.evaluate.likeness import equal
from speccheck.evaluate.loops import Loops
from speccheck.evaluate.sets import INTEGERS, NATURALS
from speccheck.evaluate.stdlib import FUNCTIONS, PREDICATES, library_name
from speccheck.evaluate.stdlib.bags import is_sum
from speccheck.evaluate.values import BOOLEANS, DOMAINS, FALSE, TRUE, Value, record_domain
from speccheck.tla import meaning as m

_VALUES = {
    "^": "power({0}, {1})",
    "-.": "(-{0})",
    "\\div": "({0} // {1})",
    "%": "modulo({0}, {1})",
    "..": "interval({0}, {1})",
    "SUBSET": "Subsets({0})",
    "UNION": "union_all({0})",
    "DOMAIN": "({0}).domain.keyset",
    "Len": "length({0})",
    "Head": "head({0})",
    "Tail": "tail({0})",
    "Append": "appended({0}, {1})",
    "\\o": "concatenated({0}, {1})",
    "Seq": "Sequences({0})",
    "Cardinality": "cardinality({0})",
    "BOOLEAN": "BOOLEANS",
    "STRING": "STRINGS",
    "Nat": "NATURALS",
    "Int": "INTEGERS",
    "Real": "REALS",
    "Any": "ANYTHING",
}
_TESTS = {
    "IsFiniteSet": "is_finite(a_set({0}))",
}
_TEMPORAL = frozenset(["[]", "<>", "~>", "-+->"])


class Expressions(Loops):
    """Generates code for expressions; actions are a matter of their own."""

    def value(self, node: m.Expression, ctx: Context) -> str:
        """Return Python code for the value of an expression; may put statements first."""
        match node:
            case m.Literal(value=value):
                if value is True or value is False:
                    return "TRUE" if value else "FALSE"
                return self.constant(value)
            case m.Use(parameter=parameter):
                return self.use(parameter, ctx)
            case m.UseVariable():
                return self._variable(node.variable, ctx)
            case m.Old():
                return ctx.old
        folded = self.folded(node)
        if folded is not None:
            return self.constant(folded)
        if is_boolean(node) and not isinstance(node, m.Call | m.Branches | m.Where):
            return f"(TRUE if {self.test(node, ctx)} else FALSE)"
        match node:
            case m.Call():
                return self.call(node, ctx, self.value)
            case m.CallParameter():
                return self.call_parameter(node, ctx, self.value)
            case m.UseConstant():
                return self._constant(node, ctx, self.value)
            case m.CallBuiltin():
                return self._builtin_value(node, ctx)
            case m.Chosen():
                return self.chosen(node, ctx)
            case m.Filtered():
                return self.filtered(node, ctx)
            case m.Mapped():
                return self.mapped(node, ctx)
            case m.Function():
                return self.function(node, ctx)
            case m.Where():
                return self.value(node.body, self.where(node, ctx))
            case m.Branches():
                return self._branches(node, ctx, self.value)
            case m.Decimals():
                return "unsupported('a number with a decimal point')"
            case _:
                return self._structure(node, ctx)

    def _structure(self, node: m.Expression, ctx: Context) -> str:
        match node:
            case m.Items(kind=kind, items=items):
                if kind == "product":
                    codes = [self.value(item, ctx) for item in items]
                    return f"Product(({', '.join(codes)},))"
                codes = [self.kept(item, ctx) for item in items]
                listed = f"({', '.join(codes)},)" if codes else "()"
                if kind == "set":
                    make = "frozenset" if self._are_alike(items, ctx) else "set_of"
                    return f"{make}({listed})"
                return f"SEQUENCES[{listed}]"
            case m.Functions():
                domain = self.value(node.domain, ctx)
                return f"FunctionSet({domain}, {self.value(node.codomain, ctx)})"
            case m.Fields():
                return self._fields(node, ctx)
            case m.Applied():
                part, inside = self._part(node, ctx)
                if part is not None:
                    return self.value(part, inside)
                function = self.value(node.function, ctx)
                return self.applied(function, node, self._index(node.arguments, ctx), ctx)
            case m.Changed():
                return self._except(node, ctx)
            case _:
                return f"unsupported({type(node).__name__!r})"

    def _are_alike(self, items: tuple[m.Expression, ...], ctx: Context) -> bool:
        """Tell whether the text says that the items can be compared with one another."""
        kinds = {self.kind(item, ctx) for item in items} if len(items) > 1 else set()
        return len(kinds - {MODEL}) < 2 and UNKNOWN not in kinds

    def _index(self, arguments: tuple[m.Expression, ...], ctx: Context) -> str:
        if len(arguments) == 1:
            return self.kept(arguments[0], ctx)
        codes = [self.kept(argument, ctx) for argument in arguments]
        return f"SEQUENCES[({', '.join(codes)},)]"

    def _part(self, node: m.Applied, ctx: Context) -> tuple[m.Expression | None, Context]:
        """Return the item that ``p[1]`` or ``p.a`` picks if p is bound to a tuple or record."""
        function = node.function
        index = node.arguments[0]
        if not isinstance(function, m.Use) or not isinstance(index, m.Literal):
            return None, ctx
        bound = ctx.env.get(function.parameter)
        if not isinstance(bound, Deferred):
            return None, ctx
        whole, found = bound.node, None
        if isinstance(whole, m.Items) and whole.kind == "tuple":
            if isinstance(index.value, int) and 0 < index.value <= len(whole.items):
                found = whole.items[index.value - 1]
        elif isinstance(whole, m.Fields) and whole.kind == "record":
            found = dict(whole.fields).get(str(index.value))
        inside = ctx.with_env(bound.env)
        inside.old = bound.old
        return found, inside

    def _known(self, node: m.Argument, ctx: Context) -> Value | None:
        """Return the value of an expression if it is known while compiling."""
        if isinstance(node, m.OperatorValue):
            return None
        if isinstance(node, m.Use):
            bound = ctx.env.get(node.parameter)
            if isinstance(bound, Local):
                return bound.constant
            if isinstance(bound, Deferred):
                return self._known(bound.node, ctx.with_env(bound.env))
            return None
        if isinstance(node, m.Applied):
            part, inside = self._part(node, ctx)
            return None if part is None else self._known(part, inside)
        return self.folded(node)

    def _variable(self, variable: m.Variable, ctx: Context) -> str:
        name = (ctx.then if ctx.primed else ctx.now).get(variable)
        if name is None:
            shown = variable.name + ("'" if ctx.primed else "")
            return f"{'unassigned' if ctx.assigning else 'no_state'}({shown!r})"
        return name

    def _constant(
        self, node: m.UseConstant, ctx: Context, make: Callable[[m.Expression, Context], str]
    ) -> str:
        constant = node.constant
        if constant.definition is not None:
            call = m.Call(node.place, constant.definition, node.arguments)
            self._kept.append(call)
            return make(call, ctx)
        if constant.value is None:
            return f"no_constant({constant.name!r})"
        return self.as_made(self.constant(constant.value), ctx, make)

    def _fields(self, node: m.Fields, ctx: Context) -> str:
        domain = record_domain(tuple(name for name, _ in node.fields))
        place = {name: position for position, (name, _) in enumerate(node.fields)}
        make = self.kept if node.kind == "record" else self.value
        codes = [make(value, ctx) for _, value in node.fields]
        listed = ", ".join(codes[place[key]] for key in domain.keys_)
        named = self.constant(domain)
        if node.kind == "record":
            return f"{named}[({listed},)]"
        return f"RecordSet({named}, ({listed},))"

    def _except(self, node: m.Changed, ctx: Context) -> str:
        whole = self.value(node.function, ctx)
        names = _names_of(node)
        if names is not None:
            return self._except_fields(node, names, self.atom(whole, ctx, node.place), ctx)
        for change in node.changes:
            base = self.atom(whole, ctx, change.place)
            keys = [self.atom(self._index(step, ctx), ctx) for step in change.path]
            inside = ctx
            if self._mentions_old(change.value):
                old = self.fresh("t")
                ctx.put(f"{old} = {base}{''.join(f'[{key}]' for key in keys)}", change.place)
                inside = ctx.with_env(ctx.env)
                inside.old = old
            code = self.kept(change.value, inside)
            for position in range(len(keys) - 1, -1, -1):
                holder = base + "".join(f"[{key}]" for key in keys[:position])
                code = f"changed({holder}, {keys[position]}, {code})"
            whole = code
        return whole

    def _except_fields(
        self, node: m.Changed, names: tuple[str, ...], base: str, ctx: Context
    ) -> str:
        """Return code for fields that are changed at once: none of them is one of another."""
        codes = []
        for name, change in zip(names, node.changes, strict=True):
            inside = ctx
            if self._mentions_old(change.value):
                old = self.fresh("t")
                ctx.put(f"{old} = {base}[{name!r}]", change.place)
                inside = ctx.with_env(ctx.env)
                inside.old = old
            codes.append(self.atom(self.kept(change.value, inside), ctx))
        return f"changed_fields({base}, {names!r}, ({', '.join(codes)},))"

    def _mentions_old(self, node: m.Argument) -> bool:
        return isinstance(node, m.Old) or any(map(self._mentions_old, children(node)))

    # --- booleans --------------------------------------------------------------------------------

    def test(self, node: m.Expression, ctx: Context) -> str:
        """Return code for a boolean expression, with a Python bool as its value."""
        if isinstance(node, m.Literal) and isinstance(node.value, bool):
            return str(node.value)
        folded = self.folded(node)
        if folded is TRUE or folded is FALSE:
            return str(folded is TRUE)
        match node:
            case m.CallBuiltin():
                code = self._builtin_test(node, ctx)
                if code is not None:
                    return code
            case m.Items(kind="/\\" | "\\/"):
                return self._junction(node.kind, node.items, ctx)
            case m.Quantified():
                return self.quantified(node, ctx)
            case m.Branches():
                return self._branches(node, ctx, self.test)
            case m.Where():
                return self.test(node.body, self.where(node, ctx))
            case m.Call():
                return self.call(node, ctx, self.test)
            case m.CallParameter():
                return self.call_parameter(node, ctx, self.test)
            case m.UseConstant():
                return self._constant(node, ctx, self.test)
            case m.Step(kind="box" | "angle"):
                return self._step(node, ctx)
            case m.Step():
                return "unsupported('a fairness condition')"
        return self.as_made(self.value(node, ctx), ctx, self.test)

    def _step(self, node: m.Step, ctx: Context) -> str:
        place = node.place
        stays = m.CallBuiltin(place, m.Builtin("UNCHANGED", (0,)), (node.subscript,))
        self._kept.append(stays)
        if node.kind == "box":
            return self._junction("\\/", (stays, node.action), ctx)
        moves = m.CallBuiltin(place, m.Builtin("~", (0,)), (stays,))
        self._kept.append(moves)
        return self._junction("/\\", (moves, node.action), ctx)

    def _junction(self, kind: str, items: tuple[m.Argument, ...], ctx: Context) -> str:
        """Return code for a list by /\\ or \\/, evaluated from left to right."""
        first = items[0]
        assert not isinstance(first, m.OperatorValue), "the resolver sees to it"
        make = self.test if kind == "/\\" else self.alternative
        return self._junction_rest(kind, [make(first, ctx)], items, 1, ctx)

    def alternative(self, node: m.Expression, ctx: Context) -> str:
        """Return code for an item of a disjunction."""
        return self.test(node, ctx)

    def _junction_rest(
        self,
        kind: str,
        group: list[str],
        items: tuple[m.Argument, ...],
        position: int,
        ctx: Context,
    ) -> str:
        """Return code for a list whose items before ``position`` have ``group`` as their code.

        Each item is compiled once: twice would be four times one level further in.
        """
        word = "and" if kind == "/\\" else "or"
        while position < len(items):
            item = items[position]
            assert not isinstance(item, m.OperatorValue), "the resolver sees to it"
            there = ctx.fork(block=Block(), indent=0)
            code = self.test(item, there) if word == "and" else self.alternative(item, there)
            position += 1
            if there.block.is_empty():
                group.append(code)
                continue
            result = self.fresh("b")
            ctx.put(f"{result} = {f' {word} '.join(group)}", item.place)
            ctx.put(f"if {result}:" if word == "and" else f"if not {result}:")
            inside = there.fork(block=ctx.block, indent=ctx.indent + 1)
            inside.splice(there.block)
            rest = self._junction_rest(kind, [code], items, position, inside)
            inside.put(f"{result} = {rest}", item.place)
            return result
        return group[0] if len(group) == 1 else f"({f' {word} '.join(group)})"

    def _builtin_test(self, node: m.CallBuiltin, ctx: Context) -> str | None:
        builtin, arguments = node.builtin, node.arguments
        name = library_name(builtin.module, builtin.name)
        if builtin.override is not None:
            return None
        match name:
            case "/\\" | "\\/":
                return self._junction(name, arguments, ctx)
            case "~":
                return f"(not {self._test(arguments[0], ctx)})"
            case "=>":
                negated = m.CallBuiltin(node.place, m.Builtin("~", (0,)), (arguments[0],))
                self._kept.append(negated)
                return self._junction("\\/", (negated, arguments[1]), ctx)
            case "<=>":
                return f"({self._test(arguments[0], ctx)} is {self._test(arguments[1], ctx)})"
            case "\\in":
                return self._member(arguments[0], arguments[1], ctx)
            case "\\notin":
                return f"(not {self._member(arguments[0], arguments[1], ctx)})"
            case "'":
                primed = ctx.fork(primed=True)
                primed.known = ctx.known
                return self._test(arguments[0], primed)
            case "UNCHANGED":
                return self._unchanged(arguments[0], ctx)
            case "ENABLED":
                return self.enabled(arguments[0], ctx)
            case "\\cdot":
                return self.composed(arguments, ctx)
            case "=" | "/=":
                return self._compared(name, arguments, ctx)
            case _ if name in _TESTS or name in CHECKED:
                return self._compared(name, arguments, ctx)
            case _ if name in PREDICATES:
                return self._library_call(name, arguments, ctx)
            case _ if name in _TEMPORAL:
                return f"unsupported({f'the temporal operator {name}'!r})"
        return None

    def _compared(self, name: str, arguments: tuple[m.Argument, ...], ctx: Context) -> str:
        if name in {"=", "/="}:
            left, right = (self._known(argument, ctx) for argument in arguments)
            if left is not None and right is not None and _can_be_compared(left, right):
                return str((left == right) is (name == "="))
        if name in {"=", "/="} and all(map(is_boolean, arguments)):
            left, right = (self._test(argument, ctx) for argument in arguments)
            return f"({left} is {right})" if name == "=" else f"({left} is not {right})"
        if name == "=" and not self.fine:
            code = self._sum_of_bags(arguments, ctx)
            if code is not None:
                return code
        codes = [self.argument(argument, ctx) for argument in arguments]
        if name in CHECKED:
            return self.operation(name, arguments, codes, ctx)
        if name in {"=", "/="}:
            return self.equality(name, arguments, codes, ctx)
        return _TESTS[name].format(*codes)

    def _sum_of_bags(self, arguments: tuple[m.Argument, ...], ctx: Context) -> str | None:
        """Return code for ``x = b (+) c``; in a step, most such sums are not x, and cost much."""
        whole, right = arguments
        assert not isinstance(right, m.OperatorValue), "the resolver sees to it"
        node, inside = right, ctx
        while isinstance(node, m.Call):
            operator = actual(node.operator)
            if isinstance(operator, m.Literal) or operator.recursive or operator in inside.env:
                return None
            if operator.body is None or self.analyst.operator(operator).free:
                return None
            if not isinstance(operator.body, m.Call | m.CallBuiltin):
                return None
            env = self.bind(operator, node.arguments, inside, {})
            inside = inside.called(operator.name, node.place, env)
            node = operator.body
        if not isinstance(node, m.CallBuiltin) or node.builtin.override is not None:
            return None
        if library_name(node.builtin.module, node.builtin.name) != "(+)":
            return None
        code = self.argument(whole, ctx)
        first, second = (self.argument(argument, inside) for argument in node.arguments)
        return f"{self.constant(is_sum)}({code}, {first}, {second})"

    def _test(self, node: m.Argument, ctx: Context) -> str:
        assert not isinstance(node, m.OperatorValue), "the resolver sees to it"
        return self.test(node, ctx)

    def enabled(self, node: m.Argument, ctx: Context) -> str:
        """Return code for ENABLED."""
        raise NotImplementedError

    def composed(self, arguments: tuple[m.Argument, ...], ctx: Context) -> str:
        """Return code for A \\cdot B."""
        raise NotImplementedError

    def _unchanged(self, node: m.Argument, ctx: Context) -> str:
        primed = ctx.fork(primed=True)
        primed.known = ctx.known
        codes = [
            f"({self.value(part, ctx)} == {self.value(part, primed)})"
            for part in self.unchanged_parts(node, ctx)
        ]
        return f"({' and '.join(codes)})" if codes else "True"

    def unchanged_parts(self, node: m.Argument, ctx: Context) -> list[m.Expression]:
        """Return the parts of ``<<x, <<y, z>>>>``, definitions seen through."""
        if isinstance(node, m.Items) and node.kind == "tuple":
            return [part for item in node.items for part in self.unchanged_parts(item, ctx)]
        if isinstance(node, m.Call) and not node.operator.parameters:
            operator = actual(node.operator)
            if isinstance(operator, m.Operator) and operator.body is not None:
                is_variable = operator.stands_for in ctx.then
                if operator in ctx.env or operator.recursive or is_variable:
                    return [node]
                return self.unchanged_parts(operator.body, ctx)
        assert not isinstance(node, m.OperatorValue), "the resolver sees to it"
        return [node]

    def _member(self, item: m.Argument, values: m.Argument, ctx: Context) -> str:
        assert not isinstance(item, m.OperatorValue), "the resolver sees to it"
        assert not isinstance(values, m.OperatorValue), "the resolver sees to it"
        return self._member_of(self.value(item, ctx), values, ctx, self.kind(item, ctx))

    def _member_of(self, code: str, values: m.Expression, ctx: Context, kind: str = UNKNOWN) -> str:
        """Return code that tells whether a value is in a set, without making the set.

        ``kind`` is the value's.
        """
        folded = self.folded(values)
        if folded is NATURALS:
            code = self.atom(code, ctx)
            return f"({code} >= 0 if type({code}) is int else {code} in NATURALS)"
        if folded is INTEGERS:
            code = self.atom(code, ctx)
            return f"(type({code}) is int or {code} in INTEGERS)"
        if folded is BOOLEANS and kind in {BOOLEAN, UNKNOWN}:
            code = self.atom(code, ctx)
            return f"({code} is TRUE or {code} is FALSE or contains(BOOLEANS, {code}))"
        if type(folded) is frozenset:
            elements = kind_of_items(folded)
            return self.membership(code, kind, self.constant(folded), elements, listed=True)
        if folded is not None and kind_of_value(folded) == SET:
            return f"({code} in {self.constant(folded)})"
        values, ctx = self.set_behind(values, ctx)
        if isinstance(values, m.Filtered) and not values.bound.is_tuple:
            return self._member_of_filtered(code, values, ctx)
        if isinstance(values, m.Items) and values.kind == "set":
            kinds = {self.kind(value, ctx) for value in values.items}
            items = f"({', '.join([self.value(value, ctx) for value in values.items])},)"
            if kind == MODEL or kinds <= {kind, MODEL} & COMPARED:
                return f"({code} in {items})"
            return f"among({code}, {items})"
        if isinstance(values, m.CallBuiltin) and values.builtin.override is None:
            name, arguments = values.builtin.name, values.arguments
            if name == "..":
                low, high = (self.argument(argument, ctx) for argument in arguments)
                return f"in_interval({code}, {low}, {high})"
            if name == "SUBSET":
                base = self.argument(arguments[0], ctx)
                return self.inclusion([code, base], self.kind(arguments[0], ctx) == SET)
            if name == "UNION" and not isinstance(arguments[0], m.Items):
                return self._member_of_union(code, arguments[0], ctx)
        container = self.value(values, ctx)
        if self.kind(values, ctx) == SET:
            return self.membership(code, kind, container, UNKNOWN, listed=False)
        container = self.atom(container, ctx, values.place)
        if not container.isidentifier():
            return f"contains(a_set({container}), {code})"
        inside = self.membership(code, kind, container, UNKNOWN, listed=True)
        return f"({inside} if {container}.__class__ is frozenset else {code} in a_set({container}))"

    def _member_of_filtered(self, code: str, node: m.Filtered, ctx: Context) -> str:
        """Return code for ``e \\in {x \\in S : P}``: e is in S and P holds of it."""
        assert node.bound.domain is not None, "the grammar asks for a set"
        code = self.atom(code, ctx)
        result = self.fresh("b")
        ctx.put(f"{result} = {self._member_of(code, node.bound.domain, ctx)}", node.place)
        ctx.put(f"if {result}:")
        inside = ctx.deeper()
        inside.env = {**ctx.env, node.bound.parameters[0]: Local(code, lazy=True)}
        inside.put(f"{result} = {self.test(node.body, inside)}", node.body.place)
        return result

    def _member_of_union(self, code: str, sets: m.Argument, ctx: Context) -> str:
        """Return code that tells whether a value is in one of several sets."""
        code = self.atom(code, ctx)
        if isinstance(sets, m.Mapped) and ctx.loops < MOST_LOOPS:
            loop = self.ranging(sets.bounds, ctx)
            result = self.fresh("q")
            ctx.put(f"{result} = False", sets.place)
            ctx.put(f"for {loop.target} in {loop.iterable}:", sets.place)
            inside = ctx.deeper().fork(env=loop.env, loops=ctx.loops + 1)
            inside.put(f"if {self._member_of(code, sets.body, inside)}:", sets.body.place)
            inside.put(f" {result} = True")
            inside.put(" break")
            return result
        listed = self.argument(sets, ctx)
        return f"any([contains(a_set(part), {code}) for part in a_set({listed})])"

    # --- branches --------------------------------------------------------------------------------

    def _branches(
        self, node: m.Branches, ctx: Context, make: Callable[[m.Expression, Context], str]
    ) -> str:
        return self._arms(node, 0, ctx, make)

    def _arms(
        self,
        node: m.Branches,
        position: int,
        ctx: Context,
        make: Callable[[m.Expression, Context], str],
    ) -> str:
        if position == len(node.arms):
            return "no_case()" if node.other is None else make(node.other, ctx)
        guard, value = node.arms[position]
        condition = self.test(guard, ctx)
        if condition == "True":
            return make(value, ctx)
        if condition == "False":
            return self._arms(node, position + 1, ctx, make)
        then, then_block = self.trial(make, value, ctx)

        def otherwise(_node: m.Expression, inside: Context) -> str:
            return self._arms(node, position + 1, inside, make)

        other, other_block = self.trial(otherwise, value, ctx)
        if then_block.is_empty() and other_block.is_empty():
            return f"({then} if {condition} else {other})"
        result = self.fresh("b")
        ctx.put(f"if {condition}:", guard.place)
        self._put_arm(ctx, then_block, f"{result} = {then}", value.place)
        ctx.put("else:")
        self._put_arm(ctx, other_block, f"{result} = {other}", node.place)
        return result

    @staticmethod
    def _put_arm(ctx: Context, block: Block, line: str, place: m.Place) -> None:
        inside = ctx.deeper()
        inside.splice(block)
        inside.put(line, place)

    # --- built-in operators ----------------------------------------------------------------------

    def _builtin_value(self, node: m.CallBuiltin, ctx: Context) -> str:
        builtin, arguments, override = node.builtin, node.arguments, node.builtin.override
        name = library_name(builtin.module, builtin.name)
        if isinstance(override, m.Literal):
            return self.value(override, ctx)
        if override is not None:
            call = m.Call(node.place, override, arguments)
            self._kept.append(call)
            return self.value(call, ctx)
        if name == "'":
            primed = ctx.fork(primed=True)
            primed.known = ctx.known
            return self.argument(arguments[0], primed)
        if name in {":>", "@@"}:
            return self._pairs(node, ctx)
        if name == "UNION" and isinstance(arguments[0], m.Items) and arguments[0].items:
            parts = arguments[0].items
            codes = [self.value(part, ctx) for part in parts]
            known = any(self.kind(part, ctx) == SET for part in parts)
            if len(codes) > 1 and known and not self.fine:
                return f"({' | '.join(codes)})"
            return f"union_all(({', '.join(codes)},))"
        if name in CHECKED:
            codes = [self.argument(argument, ctx) for argument in arguments]
            return self.operation(name, arguments, codes, ctx)
        if name in _VALUES:
            codes = [self.argument(argument, ctx) for argument in arguments]
            return _VALUES[name].format(*(self.as_operands(name, codes) if self.fine else codes))
        if name == "TLCGet" and ctx.primed:
            name = "TLCGetAfter"
        if name in FUNCTIONS:
            return self._library_call(name, arguments, ctx)
        return f"unsupported({name!r})"

    def _pairs(self, node: m.CallBuiltin, ctx: Context) -> str:
        """Return code for ``a :> x @@ f @@ ...``: what stands further left goes first."""
        operands = _merged_operands(node)
        pairs = [pair for pair in map(_as_pair, operands) if pair is not None]
        keys = [self.folded(key) for key, _ in pairs]
        if len(pairs) == len(operands) and all(key is not None for key in keys):
            codes = [self.kept(value, ctx) for _, value in pairs]
            domain = DOMAINS[frozenset(keys)]
            first = {key: codes[n] for n, key in reversed(list(enumerate(keys)))}
            listed = ", ".join(first[key] for key in domain.keys_)
            return f"{self.constant(domain)}[({listed},)]"
        items: list[str] = []
        for operand in operands:
            pair = _as_pair(operand)
            if pair is None:
                code = self.kept(operand, ctx)
                items.append(f"**a_function({code})" if self.fine else f"**{code}")
                continue
            key, value = self.kept(pair[0], ctx), self.kept(pair[1], ctx)
            if len(operands) == 1:
                return f"SINGLE[{key}][({value},)]"
            items.append(f"{key}: {value}")
        return f"function_of({{{', '.join(reversed(items))}}})"

    def _library_call(self, name: str, arguments: tuple[m.Argument, ...], ctx: Context) -> str:
        codes = [self.argument(argument, ctx) for argument in arguments]
        if self.fine:
            shown = name.rpartition("!")[2].partition("After")[0]
            return f"given({', '.join([repr(shown), self._library(name), *codes])})"
        return f"{self._library(name)}({', '.join(codes)})"

    def _library(self, name: str) -> str:
        """Return the Python name of an operator of a standard module."""
        if name.isidentifier():
            return f"lib_{name}"
        return self.constant(FUNCTIONS[name])


def _merged_operands(node: m.Expression) -> list[m.Expression]:
    """Return the operands of a run of ``@@``, left to right."""
    if not isinstance(node, m.CallBuiltin) or node.builtin.name != "@@":
        return [node]
    if node.builtin.override is not None:
        return [node]
    operands: list[m.Expression] = []
    for argument in node.arguments:
        assert not isinstance(argument, m.OperatorValue), "the resolver sees to it"
        operands.extend(_merged_operands(argument))
    return operands


def _names_of(node: m.Changed) -> tuple[str, ...] | None:
    """Return the names if two or more fields are changed, each once and as a whole."""
    names: list[str] = []
    for change in node.changes:
        if len(change.path) != 1 or len(change.path[0]) != 1:
            return None
        key = change.path[0][0]
        if not isinstance(key, m.Literal) or type(key.value) is not str:
            return None
        names.append(key.value)
    return tuple(names) if len(names) == len(set(names)) > 1 else None


def _can_be_compared(left: Value, right: Value) -> bool:
    try:
        equal(left, right)
    except EvaluationError:
        return False
    return True


def _as_pair(node: m.Expression) -> tuple[m.Expression, m.Expression] | None:
    """Return the two sides of ``a :> x``."""
    if not isinstance(node, m.CallBuiltin) or node.builtin.name != ":>":
        return None
    if node.builtin.override is not None:
        return None
    key, value = node.arguments
    assert not isinstance(key, m.OperatorValue), "the resolver sees to it"
    assert not isinstance(value, m.OperatorValue), "the resolver sees to it"
    return key, value
