"""Steps as predicates: what an alternative leaves unchanged is asked before all else of it.

Of the many disjuncts and arguments of a next-state relation, most cannot be the step at hand, and
``UNCHANGED``, which costs nothing to ask, says so; it stands at their ends as a rule. A disjunct
that is FALSE for that reason is not evaluated, so that what has no value in it is no error.
"""

from speccheck.evaluate.analysis import actual
from speccheck.evaluate.emit import Context, Deferred
from speccheck.evaluate.expressions import Expressions
from speccheck.tla import meaning as m

_NOTHING: frozenset[m.Variable] = frozenset()


class Steps(Expressions):
    """Generates code for predicates on two states that are known."""

    def __init__(self) -> None:
        super().__init__()
        self._kept_by: dict[m.Operator, frozenset[m.Variable]] = {}

    def know_both_states(self, ctx: Context) -> None:
        """Take both states of ``ctx`` for known, and put into names which variables stay."""
        same: dict[m.Variable, str] = {}
        hole = ctx.hole()
        for variable, before in ctx.now.items():
            name = same[variable] = self.fresh(f"u_{variable.name}")
            after = ctx.then[variable]
            hole.items.append((0, f"{name} = {before} is {after} or {before} == {after}", None))
        ctx.same = same

    def alternative(self, node: m.Expression, ctx: Context) -> str:
        """Return code for an item of a disjunction."""
        if ctx.same is None or ctx.primed or not self.analyst.facts(node).pure:
            return self.test(node, ctx)
        stays = self._stays(node, ctx) - ctx.settled
        if not stays:
            return self.test(node, ctx)
        names = [name for variable, name in ctx.same.items() if variable in stays]
        inside = ctx.fork(settled=ctx.settled | stays)
        return self._junction_rest("/\\", names, (node,), 0, inside)

    def _unchanged(self, node: m.Argument, ctx: Context) -> str:
        if ctx.same is None or ctx.primed:
            return super()._unchanged(node, ctx)
        primed = ctx.fork(primed=True)
        primed.known = ctx.known
        codes: list[str] = []
        for part in self._parts(node, ctx):
            variable = self._variable_of(part, ctx)
            if variable is None:
                codes.append(f"({self.value(part, ctx)} == {self.value(part, primed)})")
            elif variable not in ctx.settled:
                codes.append(ctx.same[variable])
        return f"({' and '.join(codes)})" if codes else "True"

    def _stays(self, node: m.Argument, ctx: Context) -> frozenset[m.Variable]:
        """Return variables that keep their values in every step that the expression is true of."""
        match node:
            case m.Items(kind="/\\", items=items):
                return _NOTHING.union(*(self._stays(item, ctx) for item in items))
            case m.Items(kind="\\/", items=items):
                return _common([self._stays(item, ctx) for item in items])
            case m.CallBuiltin(builtin=m.Builtin(override=None, name=name), arguments=arguments):
                return self._stays_by(name, arguments, ctx)
            case m.Quantified(kind="\\E", body=body):
                return self._stays(body, ctx)
            case m.Branches(arms=arms, other=other):
                values = [value for _, value in arms] + ([] if other is None else [other])
                return _common([self._stays(value, ctx) for value in values])
            case m.Where(body=body):
                return self._stays(body, ctx.with_env({}))
            case m.Call(operator=called):
                operator = actual(called)
                if isinstance(operator, m.Operator) and operator not in ctx.env:
                    return self._stays_in(operator, ctx)
        return _NOTHING

    def _stays_by(
        self, name: str, arguments: tuple[m.Argument, ...], ctx: Context
    ) -> frozenset[m.Variable]:
        match name:
            case "/\\":
                return _NOTHING.union(*(self._stays(part, ctx) for part in arguments))
            case "\\/":
                return _common([self._stays(part, ctx) for part in arguments])
            case "UNCHANGED":
                found = (self._variable_of(part, ctx) for part in self._parts(arguments[0], ctx))
                return frozenset(variable for variable in found if variable in ctx.now)
        return _NOTHING

    def _stays_in(self, operator: m.Operator, ctx: Context) -> frozenset[m.Variable]:
        """Return what a definition leaves unchanged whatever its arguments are."""
        known = self._kept_by.get(operator)
        if known is None:
            self._kept_by[operator] = _NOTHING  # Where it is met again within itself, it recurs.
            if operator.body is not None and not operator.recursive:
                known = self._stays(operator.body, ctx.with_env({}))
            known = self._kept_by[operator] = known or _NOTHING
        return known

    # --- variables under other names ------------------------------------------------------------

    def _variable_of(self, node: m.Argument, ctx: Context) -> m.Variable | None:
        """Return the variable that a name stands for, through definitions and parameters."""
        if isinstance(node, m.UseVariable):
            return node.variable
        if isinstance(node, m.Use):
            bound = ctx.env.get(node.parameter)
            if isinstance(bound, Deferred):
                return self._variable_of(bound.node, ctx.with_env(bound.env))
        if isinstance(node, m.Call):
            operator = actual(node.operator)
            if isinstance(operator, m.Operator) and operator.body is not None:
                if operator.stands_for in ctx.then:
                    return operator.stands_for
                bound = ctx.env.get(operator)
                if isinstance(bound, Deferred):
                    return self._variable_of(bound.node, ctx.with_env(bound.env))
                if isinstance(operator.body, m.UseVariable):
                    return operator.body.variable
                if isinstance(operator.body, m.Call) and not operator.body.arguments:
                    return self._variable_of(operator.body, ctx)
        return None

    def _parts(self, node: m.Argument, ctx: Context) -> list[m.Expression]:
        """Return the parts of an UNCHANGED tuple, parameters and definitions seen through."""
        found: list[m.Expression] = []
        for part in self.unchanged_parts(node, ctx):
            bound = ctx.env.get(part.parameter) if isinstance(part, m.Use) else None
            if isinstance(part, m.Call):
                bound = ctx.env.get(part.operator)
            if isinstance(bound, Deferred):
                found.extend(self._parts(bound.node, ctx.with_env(bound.env)))
            else:
                found.append(part)
        return found


def _common(parts: list[frozenset[m.Variable]]) -> frozenset[m.Variable]:
    return frozenset.intersection(*parts) if parts else _NOTHING
