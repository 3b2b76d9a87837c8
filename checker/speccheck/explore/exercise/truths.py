r"""Formulas in the place of a value: ``f[1]``, ``r.ok``, ``P = TRUE``, ``TLCEval(P)``.

What is asked of parts of a formula is asked of these too, where the form says how the whole depends
on them.
"""

from speccheck.evaluate.analysis import actual, is_boolean
from speccheck.tla import meaning as m


def has_truth_value(node: m.Argument) -> bool:
    """Tell whether the form of an expression says so, that of a recursive definition included."""
    if is_boolean(node):
        return True
    match node:
        case m.CallBuiltin(builtin=m.Builtin(name="TLCEval" | "Print", override=None)):
            return has_truth_value(node.arguments[-1])
        case m.Branches(arms=arms, other=other):
            values = [value for _, value in arms] + ([] if other is None else [other])
            return all(map(has_truth_value, values))
        case m.Where(body=body):
            return has_truth_value(body)
        case m.Call():
            operator = actual(node.operator)
            if isinstance(operator, m.Literal) or operator.body is None:
                return False
            return (is_boolean if operator.recursive else has_truth_value)(operator.body)
        case m.Applied(function=function, arguments=arguments):
            return _is_true_or_false_at(function, arguments)
    return False


def _is_true_or_false_at(function: m.Argument, arguments: tuple[m.Expression, ...]) -> bool:
    match function:
        case m.Function(body=body):
            return has_truth_value(body)
        case m.Fields():
            value = field_of(function, arguments)
            return value is not None and has_truth_value(value)
        case m.Where(body=body):
            return _is_true_or_false_at(body, arguments)
        case m.Call():
            operator = actual(function.operator)
            if isinstance(operator, m.Literal) or operator.body is None or operator.recursive:
                return False
            return _is_true_or_false_at(operator.body, arguments)
    return False


def field_of(node: m.Fields, arguments: tuple[m.Expression, ...]) -> m.Expression | None:
    """Return the field that a record is applied to, None if the form does not say which."""
    match arguments:
        case (m.Literal(value=str() as name),) if node.kind == "record":
            return dict(node.fields).get(name)
    return None


def compared(node: m.CallBuiltin) -> tuple[int, bool] | None:
    """Return which argument a comparison with TRUE or FALSE is about, and whether it affirms it.

    None for what is no such comparison.
    """
    if node.builtin.name not in {"=", "/=", "<=>"}:
        return None
    for side, other in ((0, 1), (1, 0)):
        match node.arguments[other]:
            case m.Literal(value=bool() as value) if has_truth_value(node.arguments[side]):
                return side, value is (node.builtin.name != "/=")
    return None
