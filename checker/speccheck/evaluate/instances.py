"""Variables of instantiated modules, where they are more than what is put in their place."""

from speccheck.evaluate.analysis import actual, children
from speccheck.evaluate.emit import Context, Deferred
from speccheck.tla import meaning as m


def stand_ins(node: m.Expression, ctx: Context) -> list[m.Variable]:
    """Return the variables of instances that an action speaks of, within ENABLED.

    The instance that ENABLED itself stands in counts, and those around that. An instance that is
    made in the same file as ENABLED does not: there, a step of the instance is a step of the
    module's own variables.
    """
    found: dict[m.Variable, None] = {}
    seen: set[m.Operator] = set()

    def of_operator(operator: m.Operator) -> None:
        if operator in seen:
            return
        seen.add(operator)
        if operator.stands_for is not None and operator.instance_path != node.place.path:
            found[operator.stands_for] = None
            return
        real = actual(operator)
        if isinstance(real, m.Operator) and real.body is not None:
            walk(real.body)

    def walk(part: m.Argument) -> None:
        match part:
            case m.Call(operator=operator) | m.OperatorValue(target=m.Operator() as operator):
                of_operator(operator)
            case m.CallBuiltin(builtin=m.Builtin(override=m.Operator() as operator)):
                of_operator(operator)
            case m.UseConstant(constant=m.Constant(definition=m.Operator() as operator)):
                of_operator(operator)
            case m.Use(parameter=parameter):
                bound = ctx.env.get(parameter)
                if isinstance(bound, Deferred):
                    walk(bound.node)
            case m.Where(definitions=definitions):
                for definition in definitions:
                    of_operator(definition)
        for child in children(part):
            walk(child)

    walk(node)
    return list(found)
