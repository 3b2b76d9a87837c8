r"""Which parts of a formula can only come out one way, whatever the state: FALSE, or an error.

``[] OTHER -> FALSE`` says that the other arms are all there are: to come to it would violate the
formula. That no state does so is what the formula claims, no sign that it claims nothing.
"""

from collections.abc import Sequence

from speccheck.evaluate.analysis import actual
from speccheck.evaluate.values import FALSE, TRUE, Boolean
from speccheck.explore.exercise.trees import expression, junction_items
from speccheck.tla import meaning as m

# As a module has them, and as a configuration gives them.
_VALUES = {False: FALSE, True: TRUE}


def can_only_be(node: m.Expression, value: bool) -> bool:
    """Tell whether the form of a formula says that it has no other value; it may have none at all.

    False where the form does not say so. Definitions are followed, recursive ones excepted.
    """
    for kind, decisive in (("/\\", False), ("\\/", True)):
        items = junction_items(node, kind)
        if items is not None:
            some_or_all = any if decisive is value else all
            return some_or_all(can_only_be(item, value) for item in items)
    match node:
        case m.Literal(value=found):
            is_boolean = isinstance(found, bool | Boolean)
            return not is_boolean or found is value or found is _VALUES[value]
        case m.CallBuiltin(builtin=m.Builtin(override=None) as builtin):
            return _builtin(builtin, [*node.arguments], value)
        case m.Quantified(kind=kind, body=body):
            return kind == ("\\A" if value else "\\E") and can_only_be(body, value)
        case m.Branches(arms=arms, other=other):
            values = [found for _, found in arms] + ([] if other is None else [other])
            return all(can_only_be(found, value) for found in values)
        case m.Where(body=body):
            return can_only_be(body, value)
        case m.Call():
            operator = actual(node.operator)
            if isinstance(operator, m.Literal):
                return can_only_be(operator, value)
            if operator.body is None or operator.recursive:
                return False
            return can_only_be(operator.body, value)
    return False


def _builtin(builtin: m.Builtin, arguments: Sequence[m.Argument], value: bool) -> bool:
    match builtin.name:
        case "~":
            return can_only_be(expression(arguments[0]), not value)
        case "=>":
            left, right = map(expression, arguments)
            known = can_only_be(left, not value), can_only_be(right, value)
            return any(known) if value else all(known)
        case "[]" | "<>" | "TLCEval":
            return can_only_be(expression(arguments[0]), value)
        case "Assert":  # It is TRUE, or an error.
            return value or can_only_be(expression(arguments[0]), False)
        case "PrintT":
            return value
        case "Print":
            return can_only_be(expression(arguments[1]), value)
    return False
