r"""What formulas assume: the left sides of ``=>`` and sets of ``\A``, with all that is around them.

A formula ``A => B`` whose A never holds says nothing, nor does ``\A x \in S : B`` if S is always
empty. So each A, and that there is an x, is shown to be possible, under ``\E``, too. What is said
of all elements without a ``\A``, as by ``S \subseteq T``, is not looked at.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import TypeAlias

from speccheck.evaluate.analysis import actual
from speccheck.prove.context import Context, Meaning
from speccheck.prove.module import conjuncts
from speccheck.prove.translate import Translator
from speccheck.prove.values import Term, Value
from speccheck.tla import meaning as m

# What stands around a formula, outermost first: the bounds of a quantifier, a call, the left side
# of a =>.
Path: TypeAlias = tuple[tuple[m.Bound, ...] | m.Call | m.Expression, ...]


def antecedents(node: m.Expression) -> tuple[Path, ...]:
    r"""Return the paths down to what a formula assumes, in the order of the text.

    The last step of each is the left side of a ``=>``, or the bounds of a ``\A`` with no path
    below it.
    """
    return tuple(_paths(node, ()))


def _paths(node: m.Expression, path: Path) -> Iterator[Path]:
    for part in conjuncts(node):
        yield from _paths(part, path)
    match node:
        case m.Quantified(kind="\\A"):
            below = tuple(_paths(node.body, (*path, node.bounds)))
            yield from below or [(*path, node.bounds)]
        case m.Quantified(kind="\\E"):
            yield from _paths(node.body, (*path, node.bounds))
        case m.Where():
            yield from _paths(node.body, path)
        case m.Call():
            operator = actual(node.operator)
            if isinstance(operator, m.Operator) and operator.body and not operator.recursive:
                yield from _paths(operator.body, (*path, node))
        case m.CallBuiltin(builtin=m.Builtin(name="=>"), arguments=(left, right)):
            if not isinstance(left, m.OperatorValue) and not isinstance(right, m.OperatorValue):
                yield (*path, left)
                yield from _paths(right, (*path, left))


def assumed(
    path: Path, translator: Translator, context: Context
) -> tuple[list[Term], dict[str, Value]]:
    """Return what holds at the end of a path, and the constants for the names bound on it.

    Raises TlaError, Unfit.
    """
    terms: list[Term] = []
    names: dict[str, Value] = {}
    for step in path:
        match step:
            case tuple():
                for bound in step:
                    for parameter, domain in translator.bind(bound, context):
                        made, limit = translator.world.within(parameter.name, domain)
                        terms.append(limit)
                        names.setdefault(parameter.name, made.value)
                        context = context.binding({parameter: made.value})
            case m.Call() if step is not path[-1]:
                operator = actual(step.operator)
                assert isinstance(operator, m.Operator), "it has a body"
                given: dict[m.Parameter, Meaning] = {
                    parameter: translator.argument(argument, context, step.operator)
                    for parameter, argument in zip(operator.parameters, step.arguments, strict=True)
                }
                context = replace(context, old=None).binding(given)
            case _:
                terms.append(translator.holds(step, context))
    return terms, names
