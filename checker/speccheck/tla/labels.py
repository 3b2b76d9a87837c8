"""Parts of definitions with a name, ``lab(x):: e``, or a number, ``Op(e)!2``.

Source: Lamport, "TLA+ Version 2", section 6, "Naming subexpressions"; SANY's Generator.
"""

from speccheck.tla import meaning as m


class Labels:
    """The labels of a definition, or below one of its labels; ``bound`` names are their parameters.

    ``found`` gives for each its parameters, what it stands at, and the labels below it.
    """

    def __init__(self) -> None:
        self.found: dict[str, tuple[tuple[m.Parameter, ...], m.Expression, Labels]] = {}
        self.bound: list[str] = []

    def operators(self, parameters: tuple[m.Parameter, ...]) -> dict[str, m.Operator]:
        """Return what the labels stand for, as operators that take some parameters first."""
        made: dict[str, m.Operator] = {}
        for name, (own, body, below) in self.found.items():
            taken = (*parameters, *own)
            operator = m.Operator(name, taken, body.place, body, implicit=parameters)
            operator.labels = below.operators(taken)
            made[name] = operator
        return made


def parts_of(node: m.Argument) -> tuple[m.Argument, ...]:
    """Return the parts of an expression that a number can select."""
    match node:
        case m.Items(items=items):
            return items
        case m.CallBuiltin() | m.Call() | m.CallParameter() | m.UseConstant():
            return node.arguments
        case m.Applied():
            return (node.function, *node.arguments)
        case m.Changed():
            return (node.function,)
        case m.Branches(arms=((guard, value),), other=other) if other is not None:
            return (guard, value, other)
        case m.Quantified() | m.Mapped() | m.Function():
            return tuple(bound.domain for bound in node.bounds if bound.domain is not None)
        case m.Chosen() | m.Filtered():
            return () if node.bound.domain is None else (node.bound.domain,)
        case m.Where():
            return (node.body,)
        case _:
            return ()
