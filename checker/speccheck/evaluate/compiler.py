"""A specification as Python functions: initial states, actions, predicates on states and steps."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeAlias

from speccheck.evaluate.actions import Actions, Goal
from speccheck.evaluate.analysis import ACTION, actual
from speccheck.evaluate.emit import Block, Context
from speccheck.evaluate.values import Value, force
from speccheck.tla import meaning as m

State: TypeAlias = tuple[Any, ...]
Choices: TypeAlias = tuple[int, ...]


class Action(NamedTuple):
    """One action of a next-state relation: ``step(state, add)`` adds every successor."""

    name: str
    place: m.Place
    step: Callable[[State, Callable[[State], None]], None]


class Compiler(Actions):
    """Compiles expressions over ``variables``; a state is the tuple of their values."""

    def __init__(self, variables: Sequence[m.Variable]) -> None:
        super().__init__()
        self.variables = tuple(variables)

    def evaluate_now(self, node: m.Expression) -> Value:
        """Return the value of a constant expression. Raises what evaluation raises."""
        ctx = self._context({}, {})
        facts = self.analyst.facts(node)
        assert not facts.free, "a constant expression has no free names"
        name = self.fresh("constant")
        ctx.put(f"return {self._unfolded(node, ctx)}", node.place)
        return self.define(name, "", ctx.block)()

    def _unfolded(self, node: m.Expression, ctx: Context) -> str:
        """Return code for a value, itself not taken for a constant: that is being found out."""
        self._folded[id(node)] = None
        return self.value(node, ctx)

    def constant_value(self, node: m.Expression) -> Value:
        """Return the value of a constant expression. Raises EvaluationError."""
        try:
            return self.evaluate_now(node)
        except Exception as error:
            raise self.explain(error) from error

    def _context(
        self, now: dict[m.Variable, str | None], then: dict[m.Variable, str | None]
    ) -> Context:
        return Context(Block(), 0, {}, now, then, {}, self.new_function())

    def _names(self, stem: str) -> dict[m.Variable, str]:
        return {v: f"{stem}_{v.name}" for v in self.variables}

    def _unpack(
        self,
        names: dict[m.Variable, str],
        ctx: Context,
        state: str,
        used: frozenset[m.Variable] | None = None,
    ) -> None:
        """Put the values of a state into names; of the ``used`` variables only, if given."""
        if used is not None and 2 * len(used) < len(names):
            for position, variable in enumerate(self.variables):
                if variable in used:
                    ctx.put(f"{names[variable]} = {state}[{position}]")
        elif names:
            ctx.put(f"({', '.join(names.values())},) = {state}")

    def state_predicate(self, node: m.Expression) -> Callable[[State], bool]:
        """Return a state predicate as a function."""
        return self._on_state(node, self.test, "predicate")

    def state_value(self, node: m.Expression) -> Callable[[State], Value]:
        """Return a state function as a function; lazy values are listed."""
        value = self._on_state(node, self.value, "function")
        return lambda state: force(value(state))

    def _on_state(
        self, node: m.Expression, make: Callable[[m.Expression, Context], str], stem: str
    ) -> Callable[..., Any]:
        now = self._names("v")
        ctx = self._context(dict(now), dict.fromkeys(now))
        self._unpack(now, ctx, "state", self.analyst.facts(node).reads)
        ctx.put(f"return {make(node, ctx)}", node.place)
        return self.define(self.fresh(stem), "state", ctx.block)

    def step_predicate(self, node: m.Expression) -> Callable[[State, State], bool]:
        """Return an action as a predicate on two states."""
        now, then = self._names("v"), self._names("w")
        ctx = self._context(dict(now), dict(then))
        self._unpack(now, ctx, "state")
        self._unpack(then, ctx, "successor")
        ctx.put(f"return {self.test(node, ctx)}", node.place)
        return self.define(self.fresh("step"), "state, successor", ctx.block)

    def initial(self, node: m.Expression) -> Callable[[Callable[[State], None]], None]:
        """Return a function that adds every state that satisfies an initial predicate."""
        ctx = self._context(dict.fromkeys(self.variables), dict.fromkeys(self.variables))
        ctx.assigning = "now"
        self.put_action(node, ctx, Goal(self._add, is_end=True))
        ctx.put("return")
        return self.define(self.fresh("initial"), "add", ctx.block)

    def _add(self, ctx: Context) -> None:
        values = self.given(ctx)
        missing = [v.name for v in self.variables if values[v] is None]
        if missing:
            ctx.put(f"incomplete({', '.join(missing)!r})")
            return
        ctx.put(f"add(({', '.join(str(values[v]) for v in self.variables)},))")

    def actions(self, node: m.Expression, name: str = "Next") -> list[Action]:
        """Return the actions that a next-state relation is the disjunction of."""
        made: list[Action] = []
        for label, place, choices in self._leaves(node, name):
            now = self._names("v")
            ctx = self._context(dict(now), dict.fromkeys(now))
            ctx.assigning = "then"
            self._unpack(now, ctx, "state")
            self._put_chosen(node, choices, ctx)
            ctx.put("return")
            step = self.define(self.fresh("next"), "state, add", ctx.block)
            made.append(Action(label, place, step))
        return made

    def _leaves(self, node: m.Expression, label: str) -> list[tuple[str, m.Place, Choices]]:
        """Return the name, place and way to each action; a way says which disjuncts to take."""
        match node:
            case m.Items(kind="\\/", items=items):
                return self._alternatives(items, label)
            case m.CallBuiltin(builtin=m.Builtin(name="\\/"), arguments=items):
                return self._alternatives(items, label)
            case m.Quantified(kind="\\E", body=body):
                return self._leaves(body, label)
            case m.Where(body=body):
                return self._leaves(body, label)
            case m.Call():
                operator = actual(node.operator)
                if isinstance(operator, m.Operator) and operator.body is not None:
                    level = self.analyst.operator(operator).level
                    if not operator.recursive and level == ACTION:
                        return self._leaves(operator.body, operator.name)
        return [(label, node.place, ())]

    def _alternatives(
        self, items: Sequence[m.Argument], label: str
    ) -> list[tuple[str, m.Place, Choices]]:
        found: list[tuple[str, m.Place, Choices]] = []
        for position, item in enumerate(items):
            assert not isinstance(item, m.OperatorValue), "the resolver sees to it"
            for name, place, choices in self._leaves(item, label):
                found.append((name, place, (position, *choices)))
        return found

    def _put_chosen(self, node: m.Expression, choices: Choices, ctx: Context) -> None:
        """Put one action of a disjunction."""
        goal = Goal(self._add, is_end=True)
        if not choices:
            self.put_action(node, ctx, goal)
            return
        match node:
            case m.Items(items=items) | m.CallBuiltin(arguments=items):
                item = items[choices[0]]
                assert not isinstance(item, m.OperatorValue), "the resolver sees to it"
                self._put_chosen(item, choices[1:], ctx)
            case m.Quantified():
                if any(bound.domain is None for bound in node.bounds):
                    ctx.put("unsupported('an unbounded quantifier')", node.place)
                    return
                loop = self.ranging(node.bounds, ctx)
                ctx.put(f"for {loop.target} in {loop.iterable}:", node.place)
                inside = ctx.fork(env=loop.env, loops=ctx.loops + 1, indent=ctx.indent + 1)
                self._put_chosen(node.body, choices, inside)
                inside.put("pass")
            case m.Where():
                self._put_chosen(node.body, choices, self.where(node, ctx))
            case m.Call():
                operator = actual(node.operator)
                assert isinstance(operator, m.Operator), "seen by _leaves"
                assert operator.body is not None, "seen by _leaves"
                env = self.bind(operator, node.arguments, ctx, dict(ctx.env))
                self._put_chosen(operator.body, choices, ctx.with_env(env))
