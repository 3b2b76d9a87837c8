"""Actions to Python: what has a prime is given a value, left to right, as TLC does it.

An action becomes nested statements. A conjunction is one statement inside the other, a disjunction
one after the other, ``\\E`` a loop; ``x' = e`` binds a name where x' has no value yet and compares
where it has. Where several paths lead to the rest of a conjunction, the rest is a function. The
same serves for initial states, with variables in the place of primed ones.

Source: "Specifying Systems", section 14.2.6.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from speccheck.evaluate.analysis import ACTION, STATE, actual
from speccheck.evaluate.emit import (
    MOST_INDENT,
    MOST_LOOPS,
    Block,
    Closure,
    Context,
    Deferred,
    Environment,
    Local,
)
from speccheck.evaluate.instances import stand_ins
from speccheck.evaluate.steps import Steps
from speccheck.tla import meaning as m

_NAME = re.compile(r"[^\W\d]\w*")

Rest: TypeAlias = Callable[[Context], None]


@dataclass(slots=True)
class Goal:
    """Where paths through an action lead: ``rest`` puts what follows.

    ``is_end`` says that this is short, so that it may be put at the end of every path.
    """

    rest: Rest
    is_end: bool


def conjoined(node: m.Expression) -> bool:
    """Tell whether the expression is a conjunction."""
    if isinstance(node, m.Items):
        return node.kind == "/\\"
    return isinstance(node, m.CallBuiltin) and node.builtin.name == "/\\"


class Actions(Steps):
    """Generates code for actions and initial predicates."""

    def given(self, ctx: Context) -> dict[m.Variable, str | None]:
        """Return the names of the values being given."""
        return ctx.now if ctx.assigning == "now" else ctx.then

    def _assigns(self, node: m.Argument, ctx: Context) -> bool:
        """Tell whether an expression speaks of what is being given values."""
        facts = self.analyst.facts(node)
        wanted = STATE if ctx.assigning == "now" else ACTION
        if facts.level >= wanted:
            return True
        return any(self._parameter_assigns(p, ctx, wanted) for p in facts.free)

    def _parameter_assigns(self, parameter: m.Parameter, ctx: Context, wanted: int) -> bool:
        binding = ctx.env.get(parameter)
        if isinstance(binding, Deferred):
            inside = ctx.with_env(binding.env)
            return binding.node is not None and self._assigns(binding.node, inside)
        if isinstance(binding, Closure) and isinstance(binding.target, m.Operator):
            return self.analyst.operator(binding.target).level >= wanted
        return False

    def put_action(self, node: m.Expression, ctx: Context, goal: Goal) -> None:
        """Put the statements of an action; each path through it goes on to ``goal``."""
        if ctx.indent > MOST_INDENT or ctx.loops > MOST_LOOPS:
            self._put_outlined(ctx, lambda inside: self.put_action(node, inside, goal))
            return
        if not self._assigns(node, ctx):
            self._put_guard(node, ctx, goal)
            return
        if not isinstance(node, m.Call | m.Where) and not conjoined(node):
            ctx.leaving = None
        match node:
            case m.Items(kind="/\\", items=items):
                self._put_all(items, 0, ctx, goal)
            case m.Items(kind="\\/", items=items):
                self._put_any(items, ctx, goal)
            case m.CallBuiltin(builtin=builtin) if builtin.override is None:
                self._put_builtin(node, ctx, goal)
            case m.Quantified(kind="\\E"):
                self._put_exists(node, ctx, goal)
            case m.Quantified(kind="\\A") if self._gives(node.body, ctx):
                self._put_forall(node, ctx, goal)
            case m.Branches():
                self._put_branches(node, 0, ctx, self._joined(goal, ctx))
            case m.Where():
                self.put_action(node.body, self.where(node, ctx), goal)
            case m.Call():
                self._put_call(node, ctx, goal)
            case m.UseConstant(constant=m.Constant(definition=m.Operator() as definition)):
                call = m.Call(node.place, definition, node.arguments)
                self._kept.append(call)
                self._put_call(call, ctx, goal)
            case m.CallParameter() if isinstance(ctx.env.get(node.parameter), Closure):
                binding = ctx.env[node.parameter]
                assert isinstance(binding, Closure), "just seen"
                applied, inside = self._applied_closure(binding, node, ctx)
                self.put_action(applied, inside, goal)
            case m.Use(parameter=parameter) if isinstance(ctx.env.get(parameter), Deferred):
                bound = ctx.env[parameter]
                assert isinstance(bound, Deferred), "just seen"
                self.put_action(bound.node, ctx.with_env(bound.env), goal)
            case m.Step(kind="box" | "angle"):
                self._put_step(node, ctx, goal)
            case _:
                self._put_guard(node, ctx, goal)

    def _put_guard(self, node: m.Expression, ctx: Context, goal: Goal) -> None:
        condition = self.test(node, ctx)
        if condition == "True":
            goal.rest(ctx)
            return
        leaves = ctx.leaving is not None and not self._depends(node, ctx.env, ctx.leaving)
        if not leaves:
            ctx.leaving = None
        ctx.put(f"if {condition}:", node.place)
        inside = ctx.deeper()
        goal.rest(inside)
        inside.put("pass")
        if leaves:  # What is FALSE of one element is so of the others.
            ctx.put("else: break")

    def _depends(self, node: m.Expression, env: Environment, names: frozenset[str]) -> bool:
        """Tell whether the value of an expression may depend on Python names, or have effects."""
        facts = self.analyst.facts(node)
        if not facts.pure or facts.random:
            return True
        for parameter in facts.free:
            match env.get(parameter):
                case Local(code=code):
                    if not names.isdisjoint(_NAME.findall(code)):
                        return True
                case Deferred(node=bound, env=around):
                    if self._depends(bound, around, names):
                        return True
                case _:
                    return True
        return False

    def _put_outlined(self, ctx: Context, put: Rest) -> None:
        """Put a function around statements that would be nested too deep."""
        name = self.fresh("k")
        block = Block()
        inside = ctx.fork(block=block, indent=0, function=self.new_function(), loops=0)
        inside.leaving = None
        put(inside)
        inside.put("pass")
        # The body goes to a shallow place: ahead of the whole function, where names are not yet
        # bound, it could not see them; so it is defined here, and Python allows the depth.
        ctx.put(f"def {name}():")
        ctx.deeper().splice(block)
        self._put_call_of(name, "", ctx)

    @staticmethod
    def _put_call_of(name: str, arguments: str, ctx: Context) -> None:
        if ctx.stops:
            ctx.put(f"if {name}({arguments}):")
            ctx.put(" return True")
        else:
            ctx.put(f"{name}({arguments})")

    def _put_all(
        self, items: tuple[m.Argument, ...], position: int, ctx: Context, goal: Goal
    ) -> None:
        item = items[position]
        assert not isinstance(item, m.OperatorValue), "the resolver sees to it"
        if position == len(items) - 1:
            self.put_action(item, ctx, goal)
            return
        env, primed, calls = ctx.env, ctx.primed, ctx.calls

        def rest(inside: Context) -> None:
            here = inside.with_env(env)
            here.primed, here.calls = primed, calls
            self._put_all(items, position + 1, here, goal)

        self.put_action(item, ctx, Goal(rest, is_end=False))

    def _joined(self, goal: Goal, ctx: Context) -> Goal:
        """Return a goal that may be put several times: the rest becomes a function."""
        if goal.is_end:
            return goal
        hole = ctx.hole()
        made: dict[frozenset[m.Variable], str] = {}
        before = self._path(ctx)
        before.leaving = None
        entry = dict(self.given(ctx))

        def rest(inside: Context) -> None:
            values = self.given(inside)
            new = [v for v in values if values[v] is not None and entry[v] is None]
            key = frozenset(new)
            name = made.get(key)
            if name is None:
                name = made[key] = self.fresh("k")
                names = {v: self.fresh(f"n_{v.name}") for v in new}
                block = Block()
                there = before.fork(block=block, indent=1, function=self.new_function(), loops=0)
                there.now, there.then = dict(before.now), dict(before.then)
                self.given(there).update(names)
                goal.rest(there)
                there.put("pass")
                hole.items.append((0, f"def {name}({', '.join(names.values())}):", None))
                hole.items.append((0, block, None))
            self._put_call_of(name, ", ".join(str(values[v]) for v in new), inside)

        return Goal(rest, is_end=True)

    def _put_any(self, items: tuple[m.Argument, ...], ctx: Context, goal: Goal) -> None:
        joined = self._joined(goal, ctx)
        for item in items:
            assert not isinstance(item, m.OperatorValue), "the resolver sees to it"
            self.put_action(item, self._path(ctx), joined)

    @staticmethod
    def _path(ctx: Context, **changes: object) -> Context:
        made = ctx.fork(**changes)
        made.now, made.then = dict(ctx.now), dict(ctx.then)
        return made

    def _put_exists(self, node: m.Quantified, ctx: Context, goal: Goal) -> None:
        if any(bound.domain is None for bound in node.bounds):
            ctx.put("unsupported('an unbounded quantifier')", node.place)
            return
        loop = self.ranging(node.bounds, ctx)
        ctx.put(f"for {loop.target} in {loop.iterable}:", node.place)
        inside = self._path(ctx, env=loop.env, loops=ctx.loops + 1, indent=ctx.indent + 1)
        inside.leaving = frozenset(_NAME.findall(loop.target))
        self.put_action(node.body, inside, goal)
        inside.put("pass")

    def _gives(self, node: m.Expression, ctx: Context) -> bool:
        """Tell whether an expression speaks of a variable that has yet to be given its value."""
        facts = self.analyst.facts(node)
        given = self.given(ctx)
        spoken_of = facts.reads if ctx.assigning == "now" else facts.reads_next
        return any(given.get(variable, "") is None for variable in spoken_of)

    def _put_forall(self, node: m.Quantified, ctx: Context, goal: Goal) -> None:
        """Put the conjunction of the body for all elements: the first gives values, as in TLC.

        What the first has given is compared for the others; they give nothing new.
        """
        if any(bound.domain is None for bound in node.bounds):
            ctx.put("unsupported('an unbounded quantifier')", node.place)
            return
        joined = self._joined(goal, ctx)
        loop, elements, env = self.ranging(node.bounds, ctx), self.fresh("s"), ctx.env
        ctx.put(f"{elements} = [*{loop.iterable}]", node.place)
        ctx.put(f"if not {elements}:")
        nothing = self._path(ctx, indent=ctx.indent + 1)
        joined.rest(nothing)
        nothing.put("pass")

        def others(inside: Context) -> None:
            again = self.ranging(node.bounds, inside.with_env(env))
            result = self.fresh("q")
            inside.put(f"{result} = True")
            inside.put(f"for {again.target} in {elements}[1:]:", node.place)
            there = inside.deeper().fork(env=again.env, loops=inside.loops + 1)
            there.put(f"if not {self.test(node.body, there)}:", node.body.place)
            there.put(f" {result} = False")
            there.put(" break")
            inside.put(f"if {result}:")
            last = inside.deeper().with_env(env)
            joined.rest(last)
            last.put("pass")

        ctx.put(f"for {loop.target} in {elements}[:1]:", node.place)
        first = self._path(ctx, env=loop.env, loops=ctx.loops + 1, indent=ctx.indent + 1)
        self.put_action(node.body, first, Goal(others, is_end=False))
        first.put("pass")

    def _put_branches(self, node: m.Branches, position: int, ctx: Context, goal: Goal) -> None:
        if position == len(node.arms):
            if node.other is None:
                ctx.put("no_case()", node.place)
            else:
                self.put_action(node.other, ctx, goal)
            return
        guard, value = node.arms[position]
        ctx.put(f"if {self.test(guard, ctx)}:", guard.place)
        inside = self._path(ctx, indent=ctx.indent + 1)
        self.put_action(value, inside, goal)
        inside.put("pass")
        ctx.put("else:")
        inside = self._path(ctx, indent=ctx.indent + 1)
        self._put_branches(node, position + 1, inside, goal)
        inside.put("pass")

    def _put_call(self, node: m.Call, ctx: Context, goal: Goal) -> None:
        operator = actual(node.operator)
        if isinstance(operator, m.Literal) or operator.body is None:
            self._put_guard(node, ctx, goal)
            return
        bound = ctx.env.get(operator)
        if isinstance(bound, Deferred):
            self.put_action(bound.node, ctx.with_env(bound.env), goal)
        elif operator.recursive:
            self._put_guard(node, ctx, goal)
        else:
            base = bound.env if isinstance(bound, Closure) else {}
            if bound is None and self.analyst.operator(operator).free:
                base = ctx.env
            env = self.bind(operator, node.arguments, ctx, base)
            self.put_action(operator.body, ctx.called(operator.name, node.place, env), goal)

    def _put_step(self, node: m.Step, ctx: Context, goal: Goal) -> None:
        place = node.place
        stays = m.CallBuiltin(place, m.Builtin("UNCHANGED", (0,)), (node.subscript,))
        moves = m.CallBuiltin(place, m.Builtin("~", (0,)), (stays,))
        self._kept += [stays, moves]
        if node.kind == "box":
            self._put_any((node.action, stays), ctx, goal)
        else:
            self._put_all((node.action, moves), 0, ctx, goal)

    def _put_builtin(self, node: m.CallBuiltin, ctx: Context, goal: Goal) -> None:
        name, arguments = node.builtin.name, node.arguments
        match name:
            case "/\\":
                self._put_all(arguments, 0, ctx, goal)
            case "\\/":
                self._put_any(arguments, ctx, goal)
            case "=>":
                self._put_branches(self._as_branches(node), 0, ctx, self._joined(goal, ctx))
            case "=" | "\\in":
                target = self._target(arguments[0], ctx)
                if target is None:
                    self._put_guard(node, ctx, goal)
                else:
                    self._put_assignment(name, target, arguments[1], ctx, goal, node.place)
            case "UNCHANGED" if ctx.assigning == "then":
                self._put_unchanged(self._parts(arguments[0], ctx), ctx, goal, node.place)
            case "\\cdot" if ctx.assigning == "then":
                self._put_composition(arguments, ctx, goal)
            case _:
                self._put_guard(node, ctx, goal)

    def _as_branches(self, node: m.CallBuiltin) -> m.Branches:
        """Return A => B as IF A THEN B ELSE TRUE, which it is where TLC looks for states."""
        condition, then = node.arguments
        assert not isinstance(condition, m.OperatorValue), "the resolver sees to it"
        assert not isinstance(then, m.OperatorValue), "the resolver sees to it"
        made = m.Branches(node.place, ((condition, then),), m.Literal(node.place, True))
        self._kept.append(made)
        return made

    def _put_composition(self, arguments: tuple[m.Argument, ...], ctx: Context, goal: Goal) -> None:
        """Put A \\cdot B: a step of A to a state between, and a step of B from there.

        What A leaves open of the state between may be anything, so it has to be known only where B
        looks at it; a variable that the whole step has given its value already has stayed, then.
        """
        first, second = arguments
        assert not isinstance(first, m.OperatorValue), "the resolver sees to it"
        assert not isinstance(second, m.OperatorValue), "the resolver sees to it"
        env, given = ctx.env, dict(ctx.then)
        # A name that B takes from around it has the value that it had there, as in TLC.
        looked_at = self.analyst.facts(second).reads

        def finish(inside: Context) -> None:
            back = inside.fork(now=ctx.now, function=ctx.function)
            back.known = dict(ctx.known)
            goal.rest(back)

        def between(inside: Context) -> None:
            middle = {v: ctx.now[v] if n is None else n for v, n in inside.then.items()}
            is_open = (v for v, n in inside.then.items() if n is None and given[v] is None)
            missing = [v.name for v in is_open if v in looked_at]
            if missing:
                inside.put(f"incomplete({', '.join(missing)!r})", first.place)
                return
            there = inside.fork(env=env, now=middle, then=dict(given), function=self.new_function())
            there.known = {}  # What was evaluated before the state between is of no use after it.
            self.put_action(second, there, Goal(finish, is_end=goal.is_end))

        start = ctx.fork(then=dict.fromkeys(ctx.then))
        self.put_action(first, start, Goal(between, is_end=False))

    def _put_assignment(
        self,
        symbol: str,
        target: m.Variable,
        right: m.Argument,
        ctx: Context,
        goal: Goal,
        place: m.Place,
    ) -> None:
        assert not isinstance(right, m.OperatorValue), "the resolver sees to it"
        name = self.fresh(f"n_{target.name}")
        if symbol == "=":
            ctx.put(f"{name} = {self.kept(right, ctx)}", place)
            self.given(ctx)[target] = name
            goal.rest(ctx)
            return
        source = self.iterable(right, ctx)
        ctx.put(f"for {name} in {source}:", place)
        inside = self._path(ctx, indent=ctx.indent + 1, loops=ctx.loops + 1)
        self.given(inside)[target] = name
        goal.rest(inside)
        inside.put("pass")

    def _target(self, node: m.Argument, ctx: Context) -> m.Variable | None:
        """Return the variable that ``node`` is, if it is to be given a value and has none yet."""
        primed = ctx.primed
        while isinstance(node, m.Use):
            bound = ctx.env.get(node.parameter)
            if not isinstance(bound, Deferred):
                break
            node, ctx = bound.node, ctx.with_env(bound.env)
        if isinstance(node, m.CallBuiltin) and node.builtin.name == "'":
            node, primed = node.arguments[0], True
        if primed != (ctx.assigning == "then"):
            return None
        variable = self._variable_of(node, ctx)
        if variable is None or self.given(ctx).get(variable, "") is not None:
            return None
        return variable

    def _put_unchanged(
        self, parts: list[m.Expression], ctx: Context, goal: Goal, place: m.Place
    ) -> None:
        conditions: list[str] = []
        for part in parts:
            variable = self._variable_of(part, ctx)
            if variable is not None and ctx.then.get(variable, "") is None:
                if variable in ctx.now:
                    ctx.then[variable] = ctx.now[variable]
                else:
                    name = self.fresh(f"n_{variable.name}")
                    ctx.put(f"{name} = {self.kept(part, ctx)}", place)
                    ctx.then[variable] = name
                continue
            primed = ctx.fork(primed=True)
            primed.known = ctx.known
            conditions.append(f"{self.value(part, ctx)} == {self.value(part, primed)}")
        if not conditions:
            goal.rest(ctx)
            return
        ctx.put(f"if {' and '.join(conditions)}:", place)
        inside = ctx.deeper()
        goal.rest(inside)
        inside.put("pass")

    def enabled(self, node: m.Argument, ctx: Context) -> str:
        """Return code for ENABLED: a function that stops at the first step.

        In an instance, the variables that ENABLED speaks of are those of the instantiated module:
        it asks for any values of them, not for values that some step of this module gives to what
        is put in their place. Source: "Specifying Systems", section 17.8.
        """
        assert not isinstance(node, m.OperatorValue), "the resolver sees to it"
        name = self.fresh("f")
        ctx.put(f"def {name}():", node.place)
        inside = ctx.deeper().fork(function=self.new_function(), loops=0, primed=False)
        before = ctx.then if ctx.primed else ctx.now
        inside.now = {variable: before[variable] for variable in ctx.now}
        inside.then = dict.fromkeys([*ctx.now, *stand_ins(node, ctx)])
        inside.assigning, inside.stops = "then", True
        inside.known = {}  # What is known of other successors says nothing about this one.
        inside.same = inside.leaving = None

        def rest(there: Context) -> None:
            there.put("return True")

        self.put_action(node, inside, Goal(rest, is_end=True))
        inside.put("return False")
        return f"{name}()"

    def composed(self, arguments: tuple[m.Argument, ...], ctx: Context) -> str:
        """Return code for A \\cdot B as a predicate: whether B leads on from a step of A."""
        first, second = arguments
        assert not isinstance(first, m.OperatorValue), "the resolver sees to it"
        assert not isinstance(second, m.OperatorValue), "the resolver sees to it"
        name = self.fresh("f")
        ctx.put(f"def {name}():", first.place)
        inside = ctx.deeper().fork(function=self.new_function(), loops=0)
        inside.then = dict.fromkeys(ctx.now)
        inside.assigning, inside.stops = "then", True
        inside.known = {}
        inside.same = inside.leaving = None
        env, last = ctx.env, dict(ctx.then)
        looked_at = self._looked_at(second, env)

        def between(there: Context) -> None:
            # What A leaves open may be anything: it has to be known only where B looks at it.
            missing = [v.name for v, name in there.then.items() if name is None and v in looked_at]
            if missing:
                there.put(f"incomplete({', '.join(missing)!r})", first.place)
                return
            after = there.fork(
                env=env,
                now={v: ctx.now[v] if n is None else n for v, n in there.then.items()},
                then=last,
                function=self.new_function(),
                assigning="",
                stops=False,
            )
            after.known = {}
            after.put(f"if {self.test(second, after)}:", second.place)
            after.put(" return True")

        self.put_action(first, inside, Goal(between, is_end=True))
        inside.put("return False")
        return f"{name}()"

    def _looked_at(self, node: m.Expression, env: Environment) -> frozenset[m.Variable]:
        """Return the variables whose values before a step an action may ask for."""
        facts = self.analyst.facts(node)
        found = facts.reads
        for parameter in facts.free:
            binding = env.get(parameter)
            if isinstance(binding, Deferred):
                found |= self._looked_at(binding.node, binding.env)
        return found
