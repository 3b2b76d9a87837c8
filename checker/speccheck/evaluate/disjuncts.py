"""A next-state relation as the actions that it is the disjunction of, with their arguments."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, TypeAlias

from speccheck.evaluate.actions import Actions, Goal
from speccheck.evaluate.analysis import ACTION, actual
from speccheck.evaluate.emit import Context
from speccheck.tla import meaning as m

State: TypeAlias = tuple[Any, ...]
Choices: TypeAlias = tuple[int, ...]
Arguments: TypeAlias = tuple[Any, ...]


class Action(NamedTuple):
    """One action of a next-state relation: ``step(state, add)`` adds every successor.

    ``parameters`` are those of the operator that it is named after, ``given`` where the arguments
    for them stand, ``bound`` the names that ``\\E`` binds within it.
    ``arguments(state, successor)`` returns the values of both for a way from one to the other,
    None if there is none.
    """

    name: str
    place: m.Place
    step: Callable[[State, Callable[[State], None]], None]
    parameters: tuple[str, ...] = ()
    bound: tuple[str, ...] = ()
    given: tuple[m.Place, ...] = ()
    arguments: Callable[[State, State], Arguments | None] = lambda _state, _successor: None


class Leaf(NamedTuple):
    """Where an action stands: ``choices`` say which disjuncts lead to it.

    ``is_alternative`` if it is one of several in the operator that it is named after.
    """

    name: str
    place: m.Place
    choices: Choices
    parameters: tuple[m.Parameter, ...]
    bound: tuple[m.Parameter, ...]
    is_alternative: bool = False
    given: tuple[m.Place, ...] = ()


class Disjuncts(Actions):
    """Finds the disjuncts of a next-state relation and generates code for one of them."""

    def leaves(self, node: m.Expression, label: str) -> list[Leaf]:
        """Return the actions of a next-state relation; ``label`` names what has no name."""
        return self._leaves(node, Leaf(label, node.place, (), (), ()))

    def _leaves(self, node: m.Expression, found: Leaf) -> list[Leaf]:
        match node:
            case m.Items(kind="\\/", items=items):
                return self._alternatives(items, found)
            case m.CallBuiltin(builtin=m.Builtin(name="\\/"), arguments=items):
                return self._alternatives(items, found)
            case m.Quantified(kind="\\E", body=body):
                names = [p for bound in node.bounds for p in bound.parameters]
                return self._leaves(body, found._replace(bound=(*found.bound, *names)))
            case m.Where(body=body):
                return self._leaves(body, found)
            case m.Call():
                operator = self.followed(node)
                if operator is not None and operator.body is not None:
                    own = [p for p in operator.parameters if p not in operator.implicit]
                    values = tuple(p for p in own if not p.arity)
                    given = dict(zip(operator.parameters, node.arguments, strict=True))
                    named = found._replace(
                        name=operator.name,
                        parameters=values,
                        bound=(),
                        is_alternative=False,
                        given=tuple(given[parameter].place for parameter in values),
                    )
                    return self._leaves(operator.body, named)
        name = found.name
        if found.is_alternative and not found.parameters:
            name = self._conjoined(node, name)
        return [found._replace(name=name, place=node.place)]

    def _conjoined(self, node: m.Expression, otherwise: str) -> str:
        """Return the name of the one action that a conjunction consists of beside plain formulas.

        That is how a model adds bookkeeping to the actions of a specification, as in
        ``Crash(i) /\\ crashes' = crashes + 1``. It is asked for disjuncts of a next-state relation
        only: an action with a name of its own that calls another for its bookkeeping keeps it.
        """
        called = [
            operator.name
            for conjunct in conjuncts(node)
            if isinstance(conjunct, m.Call) and (operator := self.followed(conjunct)) is not None
        ]
        return called[0] if len(called) == 1 else otherwise

    def followed(self, node: m.Call) -> m.Operator | None:
        """Return the operator that is called if it is an action on its own."""
        operator = actual(node.operator)
        if isinstance(operator, m.Literal) or operator.body is None or operator.recursive:
            return None
        return operator if self.analyst.operator(operator).level == ACTION else None

    def _alternatives(self, items: Sequence[m.Argument], found: Leaf) -> list[Leaf]:
        leaves: list[Leaf] = []
        for position, item in enumerate(items):
            assert not isinstance(item, m.OperatorValue), "the resolver sees to it"
            choices = (*found.choices, position)
            inside = found._replace(choices=choices, is_alternative=True)
            leaves.extend(self._leaves(item, inside))
        return leaves

    def put_chosen(self, node: m.Expression, choices: Choices, ctx: Context, goal: Goal) -> None:
        """Put one action of a disjunction."""
        if choices:
            self._put_way(node, choices, ctx, goal, to_the_end=False)
        else:
            self.put_action(node, ctx, goal)

    def put_labelled(self, node: m.Expression, leaf: Leaf, ctx: Context, add: Goal) -> None:
        """Put one action; where its paths end, the names of ``leaf`` are bound."""
        self._put_way(node, leaf.choices, ctx, add, to_the_end=True)

    def _put_way(
        self, node: m.Expression, choices: Choices, ctx: Context, goal: Goal, *, to_the_end: bool
    ) -> None:
        """Follow the disjuncts of ``choices``, and with ``to_the_end`` all that _leaves does."""
        if not choices and not to_the_end:
            self.put_action(node, ctx, goal)
            return
        match node:
            case (
                m.Items(kind="\\/", items=items)
                | m.CallBuiltin(builtin=m.Builtin(name="\\/"), arguments=items)
            ):
                item = items[choices[0]]
                assert not isinstance(item, m.OperatorValue), "the resolver sees to it"
                self._put_way(item, choices[1:], ctx, goal, to_the_end=to_the_end)
            case m.Quantified(kind="\\E"):
                if any(bound.domain is None for bound in node.bounds):
                    ctx.put("unsupported('an unbounded quantifier')", node.place)
                    return
                loop = self.ranging(node.bounds, ctx)
                ctx.put(f"for {loop.target} in {loop.iterable}:", node.place)
                inside = ctx.fork(env=loop.env, loops=ctx.loops + 1, indent=ctx.indent + 1)
                self._put_way(node.body, choices, inside, goal, to_the_end=to_the_end)
                inside.put("pass")
            case m.Where():
                inside = self.where(node, ctx)
                self._put_way(node.body, choices, inside, goal, to_the_end=to_the_end)
            case m.Call() if self.followed(node) is not None:
                operator = self.followed(node)
                assert operator is not None, "just seen"
                assert operator.body is not None, "seen by followed"
                env = self.bind(operator, node.arguments, ctx, dict(ctx.env))
                inside = ctx.called(operator.name, node.place, env)
                self._put_way(operator.body, choices, inside, goal, to_the_end=to_the_end)
            case _:
                env = ctx.env

                def rest(there: Context) -> None:
                    goal.rest(there.with_env({**there.env, **env}))

                self.put_action(node, ctx, Goal(rest, is_end=goal.is_end))


def conjuncts(node: m.Argument) -> Iterator[m.Argument]:
    """Yield the conjuncts of a formula, at any depth."""
    match node:
        case (
            m.Items(kind="/\\", items=items)
            | m.CallBuiltin(builtin=m.Builtin(name="/\\"), arguments=items)
        ):
            for item in items:
                yield from conjuncts(item)
        case _:
            yield node
