r"""The domains of functions, as predicates say them: ``f \in [S -> T]`` with a constant S.

Where no predicate says it, the domain of a variable is that of its initial value, if this does not
depend on anything and every action keeps it.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeAlias

from speccheck.evaluate.analysis import CONSTANT
from speccheck.prove.context import Context
from speccheck.prove.module import ProofModule, named_conjuncts
from speccheck.prove.translate import Translator
from speccheck.prove.values import FunctionValue, Unfit, Value
from speccheck.prove.world import Shape, World, shape_of
from speccheck.tla import meaning as m

Shapes: TypeAlias = Mapping[m.Variable | m.Constant, Shape]


def shapes(
    module: ProofModule, translator: Translator, predicates: Iterable[m.Expression]
) -> Iterator[tuple[m.Variable | m.Constant, Shape]]:
    """Yield what conjuncts say of the domains of variables and constants. Raises TlaError."""
    for predicate in predicates:
        for _, node in named_conjuncts(predicate, ""):
            if not isinstance(node, m.CallBuiltin) or node.builtin.name != "\\in":
                continue
            left, right = node.arguments
            facts = module.analyst.facts(right)
            if facts.level != CONSTANT or facts.free or isinstance(left, m.OperatorValue):
                continue
            about: m.Variable | m.Constant | None = None
            if isinstance(left, m.UseVariable):
                about = left.variable
            elif isinstance(left, m.UseConstant) and not left.arguments:
                about = left.constant
            if about is None or not isinstance(right, m.Functions):
                continue
            shape = shape_of(translator.set_(right, Context(now={})))
            if shape is not None:
                yield about, shape


def shapes_of(
    module: ProofModule, world: World, state: Mapping[m.Variable, Value]
) -> dict[m.Variable | m.Constant, Shape]:
    """Return the domains of the functions of a state that depend on constants only."""
    constants = {constant.name for constant in module.resolved.constants}
    found: dict[m.Variable | m.Constant, Shape] = {}
    for variable, value in state.items():
        try:
            shape = _shape(world, constants, value)
        except Unfit:
            continue
        if shape is not None:
            found[variable] = shape
    return found


def _shape(world: World, constants: set[str], value: Value) -> Shape | None:
    if not isinstance(value, FunctionValue):
        return None
    if value.domain is None:
        raise Unfit("a function without a known domain")
    made, limit = world.within("x", value.domain)
    own = {constant.get_id() for constant in made.constants}
    if not world.names_in(limit, own) <= constants:
        raise Unfit("a domain that depends on the state, or on where it is")
    return Shape(value.domain, _shape(world, constants, value.at(made.value)))


def same_shape(world: World, one: Shape, other: Shape | None) -> bool:
    """Tell whether domains are the same by their texts."""
    if other is None or (one.inside is None) != (other.inside is None):
        return False
    made = world.bound("x", one.domain.type).value
    if not one.domain.has(made).eq(other.domain.has(made)):
        return False
    return one.inside is None or same_shape(world, one.inside, other.inside)
