"""Which constants have all values of their type, so that a quantifier over them needs no limit.

TLA+ has no types: that ``Server`` has all values of type SERVER, and that there are any, is true
only where the module's assumptions tie every constant of that type to it.
"""

from collections.abc import Iterator, Mapping

from speccheck.evaluate.analysis import children
from speccheck.prove.module import ProofModule, conjuncts, unfolded
from speccheck.prove.types import AtomType, FunctionType, RecordType, SetType, TupleType, Type
from speccheck.tla import meaning as m


def universes(module: ProofModule) -> frozenset[m.Constant]:
    r"""Return the constants that are sets of all values of a type.

    Such a set is the only one of its type, has elements (``c \in S``, ``S # {}``), and whatever
    else has values of that type is assumed to take them from it (``c \in S``, ``c \subseteq S``,
    ``c \subseteq SUBSET S``), and no definition is annotated to be a set of such sets: it may have
    others, as ``SUBSET Server`` has. There are none with CHOOSE: where there is
    nothing to choose from, what it gives is in no set.
    """
    if any(_chooses(one.body) for one in module.resolved.everything if one.body is not None):
        return frozenset()
    known = list(_assumed(module))
    constants = {
        thing: type_ for thing, type_ in module.types.items() if isinstance(thing, m.Constant)
    }
    defined = [
        part
        for thing, type_ in module.types.items()
        if isinstance(thing, m.Operator)
        for part in parts_of(type_)
    ]
    found: set[m.Constant] = set()
    for constant, type_ in constants.items():
        if not isinstance(type_, SetType) or type_.name:
            continue
        element = type_.element
        is_term = isinstance(element, AtomType) or (isinstance(element, SetType) and element.name)
        made = isinstance(element, SetType) and element in defined
        if is_term and not made and _is_whole(constant, element, constants, known):
            found.add(constant)
    return frozenset(found)


def _chooses(node: m.Argument) -> bool:
    return isinstance(node, m.Chosen) or any(map(_chooses, children(node)))


def _is_whole(
    constant: m.Constant,
    element: Type,
    constants: Mapping[m.Constant, Type],
    known: list[tuple[str, m.Constant, m.Constant | None]],
) -> bool:
    if not any(
        (kind == "/=" and one is constant) or (kind == "\\in" and other is constant)
        for kind, one, other in known
    ):
        return False
    tied = {constant}
    while (
        more := {
            one
            for kind, one, other in known
            if other in tied and one in constants and _ties(kind, constants[one], element)
        }
        - tied
    ):
        tied |= more
    return all(
        other in tied or all(element != part for part in parts_of(type_))
        for other, type_ in constants.items()
    )


def _ties(kind: str, type_: Type, element: Type) -> bool:
    r"""Tell whether ``c \in S``, ``c \subseteq S``, ``c \subseteq SUBSET S`` ties a constant.

    That is, whether all values of the type ``element`` in it are such of S, too. A subset of a
    value is another value, and no element.
    """
    made: set[Type] = set()
    if kind != "\\in":
        made.add(type_)
    if kind == "SUBSET" and isinstance(type_, SetType):
        made.add(type_.element)
    return element not in made


def parts_of(type_: Type) -> Iterator[Type]:
    """Yield the types of what can be got from a value of a type."""
    yield type_
    match type_:
        case SetType(element=element):
            yield from parts_of(element)
        case FunctionType(codomain=codomain):
            yield from parts_of(codomain)
        case TupleType(items=items):
            for item in items:
                yield from parts_of(item)
        case RecordType(fields=fields):
            for _, one in fields:
                yield from parts_of(one)
        case _:
            return


def _assumed(module: ProofModule) -> Iterator[tuple[str, m.Constant, m.Constant | None]]:
    r"""Yield what assumptions say of pairs of constants: how, which, and of which set.

    ``S # {}`` is told with no set; ``SUBSET`` is how for ``\subseteq SUBSET``.
    """
    pending = list(module.resolved.assumptions)
    while pending:
        node = unfolded(pending.pop())
        parts = conjuncts(node)
        if parts:
            pending.extend(parts)
            continue
        if not isinstance(node, m.CallBuiltin) or len(node.arguments) != 2:
            continue
        left, right = node.arguments
        if not isinstance(left, m.UseConstant) or left.arguments:
            continue
        kind = node.builtin.name
        if kind == "/=" and isinstance(right, m.Items) and right.kind == "set" and not right.items:
            yield kind, left.constant, None
            continue
        if kind == "\\subseteq" and isinstance(right, m.CallBuiltin):
            if right.builtin.name != "SUBSET":
                continue
            (right,) = right.arguments
            kind = "SUBSET"
        if (
            kind in {"\\in", "\\subseteq", "SUBSET"}
            and isinstance(right, m.UseConstant)
            and not right.arguments
        ):
            yield kind, left.constant, right.constant
