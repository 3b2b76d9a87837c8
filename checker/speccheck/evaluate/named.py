r"""The named actions of a next-state relation, with arguments that somebody else chooses.

A search wants all steps at once; a test wants one action with one list of arguments. So the loops
of the quantifiers that lead to an action range over what a function picks from their sets, and the
action reports the arguments that it came to be called with. What ``\E`` binds within the action
stays its own: those are the choices of the system, not of who asks it for a step.
"""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, TypeAlias

from speccheck.evaluate.actions import Goal
from speccheck.evaluate.disjuncts import Choices, Disjuncts, State, conjuncts
from speccheck.evaluate.emit import Binding, Context, Local
from speccheck.tla import meaning as m

Values: TypeAlias = tuple[Any, ...]
Pick: TypeAlias = Callable[[int, Iterable[Any]], Iterable[Any]]
Add: TypeAlias = Callable[[State, Values], None]


class NamedAction(NamedTuple):
    """One action by its name: ``step(state, pick, add)`` adds successors with their arguments.

    ``pick(n, values)`` returns what the n-th quantifier on the way to the action ranges over,
    given its set in TLC's order; ``sets`` says what these quantifiers bind, and ``gives`` which of
    the action's parameters that is, None where the action gets something else. ``parameters`` are
    the action's own. Several ways to the same action are several of these.
    """

    name: str
    place: m.Place
    parameters: tuple[str, ...]
    sets: tuple[str, ...]
    gives: tuple[int | None, ...]
    step: Callable[[State, Pick, Add], None]


class Entry(NamedTuple):
    """Where a named action stands: the disjuncts and the number of calls that lead to it."""

    name: str
    place: m.Place
    choices: Choices
    calls: int
    parameters: tuple[m.Parameter, ...]
    arguments: tuple[m.Argument, ...] | None


class Picked(NamedTuple):
    """What a quantifier on the way binds: its names, and the one value if it is one."""

    names: str
    value: Local | None


class Way(NamedTuple):
    """What was met on the way to an action: what is picked, and the action's arguments."""

    picked: list[Picked]
    arguments: list[Binding | None]

    @property
    def sets(self) -> tuple[str, ...]:
        """The names that are bound."""
        return tuple(picked.names for picked in self.picked)

    @property
    def gives(self) -> tuple[int | None, ...]:
        """For each that is picked, the number of the argument that it is."""
        values = [picked.value for picked in self.picked]
        return tuple(
            self.arguments.index(value) if value is not None and value in self.arguments else None
            for value in values
        )


class NamedActions(Disjuncts):
    """Finds named actions and generates code for each."""

    def entries(self, node: m.Expression, label: str) -> list[Entry]:
        """Return where the named actions of a relation are; ``label`` names what has no name."""
        return self._entries(node, Entry(label, node.place, (), 0, (), ()))

    def _entries(self, node: m.Expression, found: Entry) -> list[Entry]:
        match node:
            case (
                m.Items(kind="\\/", items=items)
                | m.CallBuiltin(builtin=m.Builtin(name="\\/"), arguments=items)
            ):
                made: list[Entry] = []
                for position, item in enumerate(items):
                    assert not isinstance(item, m.OperatorValue), "the resolver sees to it"
                    inside = found._replace(choices=(*found.choices, position))
                    made.extend(self._entries(item, inside))
                return made
            case m.Quantified(kind="\\E", body=body) | m.Where(body=body):
                return self._entries(body, found)
            case m.Call():
                operator = self.followed(node)
                if operator is not None and operator.body is not None:
                    named = self._entry_of(node, operator, found)
                    if named.parameters and isinstance(_behind_let(operator.body), m.Call):
                        return [named]  # ``Create(c, path) == Write(c, "create", path)``
                    within = self._entries(operator.body, named._replace(calls=found.calls + 1))
                    # What only leads to other actions is no action; what is one is taken whole.
                    leads_on = any(entry.name != operator.name for entry in within)
                    return within if leads_on else [named]
        called = [
            (conjunct, operator)
            for conjunct in conjuncts(node)
            if isinstance(conjunct, m.Call) and (operator := self.followed(conjunct)) is not None
        ]
        if len(called) == 1 and not found.parameters:
            # ``Crash(i) /\\ crashes' = crashes + 1``: a model adds bookkeeping to an action.
            return [self._entry_of(*called[0], found)._replace(place=node.place)]
        return [found._replace(place=node.place, arguments=None)]

    def _entry_of(self, call: m.Call, operator: m.Operator, found: Entry) -> Entry:
        given = zip(operator.parameters, call.arguments, strict=True)
        own = [(p, a) for p, a in given if p not in operator.implicit and not p.arity]
        return found._replace(
            name=operator.name,
            place=call.place if operator.body is None else operator.body.place,
            parameters=tuple(p for p, _ in own),
            arguments=tuple(a for _, a in own),
        )

    def put_named(self, node: m.Expression, entry: Entry, ctx: Context, add: Goal) -> Way:
        """Put one action, with ``pick`` for its quantifiers; return what was met on the way.

        Where its paths end, ``given_0``, ``given_1``, ... hold its arguments.
        """
        way = Way([], [])
        self._put_on_the_way(node, entry, ctx, add, way)
        return way

    def _put_on_the_way(
        self, node: m.Expression, entry: Entry, ctx: Context, add: Goal, way: Way
    ) -> None:
        match node:
            case (
                m.Items(kind="\\/", items=items)
                | m.CallBuiltin(builtin=m.Builtin(name="\\/"), arguments=items)
            ) if entry.choices:
                item = items[entry.choices[0]]
                assert not isinstance(item, m.OperatorValue), "the resolver sees to it"
                rest = entry._replace(choices=entry.choices[1:])
                self._put_on_the_way(item, rest, ctx, add, way)
            case m.Quantified(kind="\\E"):
                if any(one.domain is None for one in node.bounds):
                    ctx.put("unsupported('an unbounded quantifier')", node.place)
                    return
                inside = self._put_picked(node, ctx, way)
                self._put_on_the_way(node.body, entry, inside, add, way)
                inside.put("pass")
            case m.Where():
                self._put_on_the_way(node.body, entry, self.where(node, ctx), add, way)
            case m.Call() if entry.calls:
                operator = self.followed(node)
                assert operator is not None, "found on the way to the entry"
                assert operator.body is not None, "followed"
                env = self.bind(operator, node.arguments, ctx, dict(ctx.env))
                inside = ctx.called(operator.name, node.place, env)
                rest = entry._replace(calls=entry.calls - 1)
                self._put_on_the_way(operator.body, rest, inside, add, way)
            case _:
                self._put_whole(node, entry, ctx, add, way)

    def _put_picked(self, node: m.Quantified, ctx: Context, way: Way) -> Context:
        """Put one loop for each name, over what is picked for it."""
        one_by_one = [
            m.Bound((parameter,), one.domain)
            for one in node.bounds
            if not one.is_tuple
            for parameter in one.parameters
        ] + [one for one in node.bounds if one.is_tuple]
        for one in one_by_one:
            assert one.domain is not None, "the caller has looked"
            iterable = f"pick({len(way.picked)}, {self.iterable(one.domain, ctx)})"
            names = [self.fresh(f"x_{parameter.name}") for parameter in one.parameters]
            values = [Local(name) for name in names]
            env = dict(ctx.env)
            env.update(zip(one.parameters, values, strict=True))
            bound = ", ".join(parameter.name for parameter in one.parameters)
            way.picked.append(Picked(bound, None if one.is_tuple else values[0]))
            if one.is_tuple:
                iterable = f"tuples({iterable}, {len(names)})"
            target = f"({names[0]},)" if one.is_tuple and len(names) == 1 else ", ".join(names)
            ctx.put(f"for {target} in {iterable}:", node.place)
            ctx = ctx.fork(env=env, loops=ctx.loops + 1, indent=ctx.indent + 1)
        return ctx

    def _put_whole(
        self, node: m.Expression, entry: Entry, ctx: Context, add: Goal, way: Way
    ) -> None:
        arguments = entry.arguments
        if arguments is None:
            arguments = tuple(m.Use(entry.place, parameter) for parameter in entry.parameters)
        for position, argument in enumerate(arguments):
            assert not isinstance(argument, m.OperatorValue), "left out by _entry_of"
            used = argument.parameter if isinstance(argument, m.Use) else None
            way.arguments.append(None if used is None else ctx.env.get(used))
            ctx.put(f"given_{position} = {self.value(argument, ctx)}", entry.place)
        self.put_action(node, ctx, add)


def _behind_let(node: m.Expression) -> m.Expression:
    while isinstance(node, m.Where):
        node = node.body
    return node
