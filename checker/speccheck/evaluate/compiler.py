"""A specification as Python functions: initial states, actions, predicates on states and steps."""

from collections.abc import Callable, Sequence
from typing import Any

from speccheck.evaluate.actions import Goal
from speccheck.evaluate.disjuncts import Action, Arguments, Leaf, State
from speccheck.evaluate.emit import Block, Context, Environment, Local, Tally
from speccheck.evaluate.named import Entry, NamedAction, NamedActions
from speccheck.evaluate.values import Value, force
from speccheck.tla import meaning as m

__all__ = ["Action", "Compiler", "State"]


_OPERATIONS = (m.Applied, m.Branches, m.Call, m.CallBuiltin, m.Changed, m.Chosen)


class Compiler(NamedActions):
    """Compiles expressions over ``variables``; a state is the tuple of their values.

    With ``fine``, each operation gets a line of its own, so that errors have an exact place.
    """

    def __init__(self, variables: Sequence[m.Variable], *, fine: bool = False) -> None:
        super().__init__()
        self.variables = tuple(variables)
        self.fine = fine

    def value(self, node: m.Expression, ctx: Context) -> str:
        """Return Python code for the value of an expression; may put statements first."""
        code = super().value(node, ctx)
        return self._on_its_line(code, node, ctx) if self.fine else code

    def test(self, node: m.Expression, ctx: Context) -> str:
        """Return code for a boolean expression, with a Python bool as its value."""
        code = super().test(node, ctx)
        return self._on_its_line(code, node, ctx) if self.fine else code

    def _on_its_line(self, code: str, node: m.Expression, ctx: Context) -> str:
        if not isinstance(node, _OPERATIONS):
            return code
        return self.atom(code, ctx, node.place)

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

    def stateless_predicate(self, node: m.Expression) -> Callable[[], bool]:
        """Return a predicate asked where there is no state: to read a variable is an error."""
        nothing: dict[m.Variable, str | None] = dict.fromkeys(self.variables)
        ctx = self._context(nothing, nothing)
        ctx.put(f"return {self.test(node, ctx)}", node.place)
        return self.define(self.fresh("stateless"), "", ctx.block)

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

        def test(node: m.Expression, ctx: Context) -> str:
            self.know_both_states(ctx)
            return self.alternative(node, ctx)

        return self._on_step(node, test, "step")

    def _on_step(
        self, node: m.Expression, make: Callable[[m.Expression, Context], str], stem: str
    ) -> Callable[..., Any]:
        now, then = self._names("v"), self._names("w")
        ctx = self._context(dict(now), dict(then))
        self._unpack(now, ctx, "state")
        self._unpack(then, ctx, "successor")
        ctx.put(f"return {make(node, ctx)}", node.place)
        return self.define(self.fresh(stem), "state, successor", ctx.block)

    def step_value(self, node: m.Expression) -> Callable[[State, State], Value]:
        """Return a function of two states; lazy values are listed."""
        value = self._on_step(node, self.value, "function")
        return lambda state, successor: force(value(state, successor))

    def probed_predicate(
        self,
        node: m.Expression,
        *,
        on_steps: bool,
        chosen: m.Parameter,
        hit: m.Parameter,
        hits: list[int],
    ) -> Callable[..., bool]:
        """Return a predicate that has two names more than the module gives it.

        The function takes a state, with ``on_steps`` a successor too, and the value of ``chosen``;
        ``hit`` stands for an operator of a number that is TRUE and counts in ``hits``.
        """
        now, then = self._names("v"), self._names("w")
        ctx = self._context(dict(now), dict(then) if on_steps else dict.fromkeys(now))
        ctx.env = {chosen: Local("chosen"), hit: Tally(self.constant(hits))}
        self._unpack(now, ctx, "state")
        if on_steps:
            self._unpack(then, ctx, "successor")
        ctx.put(f"return {self.test(node, ctx)}", node.place)
        parameters = "state, successor, chosen" if on_steps else "state, chosen"
        return self.define(self.fresh("probed"), parameters, ctx.block)

    def initial(self, node: m.Expression) -> Callable[[Callable[[State], None]], None]:
        """Return a function that adds every state that satisfies an initial predicate."""
        ctx = self._context(dict.fromkeys(self.variables), dict.fromkeys(self.variables))
        ctx.assigning = "now"
        self.put_action(node, ctx, Goal(self._add_at(node.place), is_end=True))
        ctx.put("return")
        return self.define(self.fresh("initial"), "add", ctx.block)

    def _add_at(self, place: m.Place) -> Callable[[Context], None]:
        """Return what ends a path of the formula at a place."""
        return lambda ctx: self._add(ctx, place=place)

    def _add(self, ctx: Context, more: str = "", place: m.Place | None = None) -> None:
        values = self.given(ctx)
        missing = [v.name for v in self.variables if values[v] is None]
        if missing:
            ctx.put(f"incomplete({', '.join(missing)!r})", place)
            return
        ctx.put(f"add(({', '.join(str(values[v]) for v in self.variables)},){more})")

    def actions(
        self,
        node: m.Expression,
        name: str = "Next",
        probes: tuple[m.Parameter, list[int]] | None = None,
    ) -> list[Action]:
        """Return the actions that a next-state relation is the disjunction of.

        ``probes`` are a name that the relation has beside those of the module, for an operator of
        a number that is TRUE, and the list in which it counts.
        """
        return [self._action(node, leaf, probes) for leaf in self.leaves(node, name)]

    def _action(
        self,
        node: m.Expression,
        leaf: Leaf,
        probes: tuple[m.Parameter, list[int]] | None,
    ) -> Action:
        now = self._names("v")
        ctx = self._context(dict(now), dict.fromkeys(now))
        if probes is not None:
            ctx.env = {probes[0]: Tally(self.constant(probes[1]))}
        ctx.assigning = "then"
        self._unpack(now, ctx, "state")
        end = Goal(self._add_at(leaf.place), is_end=True)
        self.put_chosen(node, leaf.choices, ctx, end)
        ctx.put("return")
        step = self.define(self.fresh("next"), "state, add", ctx.block)
        return Action(
            leaf.name,
            leaf.place,
            step,
            tuple(p.name for p in leaf.parameters),
            tuple(p.name for p in leaf.bound),
            leaf.given,
            self._arguments_function(node, leaf, ctx.env),
        )

    def _arguments_function(
        self, node: m.Expression, leaf: Leaf, env: Environment
    ) -> Callable[[State, State], Arguments | None]:
        """Return the function ``arguments`` of an action; it is compiled at its first call."""
        compiled: list[Callable[..., Any]] = []

        def arguments(state: State, successor: State) -> Arguments | None:
            if not compiled:
                compiled.append(self._labelled(node, leaf, env))
            found: list[Arguments] = []

            def add(reached: State, values: Arguments) -> None:
                if not found and reached == successor:
                    found.append(tuple(map(force, values)))

            try:
                compiled[0](state, add)
            except Exception as error:
                if self.explain(error).places or found:
                    return found[0] if found else None
                raise
            return found[0] if found else None

        return arguments

    def _labelled(self, node: m.Expression, leaf: Leaf, env: Environment) -> Callable[..., Any]:
        """Return a function that adds successors together with the arguments of the action."""
        now = self._names("v")
        ctx = self._context(dict(now), dict.fromkeys(now))
        ctx.env = env
        ctx.assigning = "then"
        self._unpack(now, ctx, "state")

        def add(inside: Context) -> None:
            names = [*leaf.parameters, *leaf.bound]
            codes = [self.value(m.Use(leaf.place, name), inside) for name in names]
            listed = "".join(f"{code}, " for code in codes)
            self._add(inside, f", ({listed})", leaf.place)

        self.put_labelled(node, leaf, ctx, Goal(add, is_end=True))
        ctx.put("return")
        return self.define(self.fresh("labelled"), "state, add", ctx.block)

    def named_actions(
        self,
        node: m.Expression,
        name: str = "Next",
        probes: tuple[m.Parameter, list[int]] | None = None,
    ) -> list[NamedAction]:
        """Return the actions of a next-state relation by their names, for one step at a time.

        ``name`` and ``probes`` are as for :meth:`actions`.
        """
        return [self._named_action(node, entry, probes) for entry in self.entries(node, name)]

    def _named_action(
        self, node: m.Expression, entry: Entry, probes: tuple[m.Parameter, list[int]] | None
    ) -> NamedAction:
        now = self._names("v")
        ctx = self._context(dict(now), dict.fromkeys(now))
        if probes is not None:
            ctx.env = {probes[0]: Tally(self.constant(probes[1]))}
        ctx.assigning = "then"
        self._unpack(now, ctx, "state")
        given = "".join(f"given_{position}, " for position in range(len(entry.parameters)))
        end = Goal(lambda inside: self._add(inside, f", ({given})", entry.place), is_end=True)
        way = self.put_named(node, entry, ctx, end)
        ctx.put("return")
        step = self.define(self.fresh("named"), "state, pick, add", ctx.block)
        parameters = tuple(parameter.name for parameter in entry.parameters)
        return NamedAction(entry.name, entry.place, parameters, way.sets, way.gives, step)
