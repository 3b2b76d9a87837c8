"""VectorClocks, of the community modules: logs of several nodes in causal order."""

from collections.abc import Callable
from typing import Any

from speccheck.evaluate.errors import EvaluationError
from speccheck.evaluate.runtime import sequence
from speccheck.evaluate.values import SEQUENCES, Fn, Value

Unary = Callable[[Any], Any]


def _may_precede(first: Value, second: Value) -> bool:
    """Tell whether a clock is before another or concurrent to it: not equal, not after."""
    nodes = {*first, *second}
    return any(first.get(node, 0) < second.get(node, 0) for node in nodes)


def _is_causal(log: Value, clock: Unary) -> bool:
    clocks = [clock(line) for line in sequence(log)]
    return all(_may_precede(clocks[j], clocks[i]) for i in range(len(clocks)) for j in range(i))


def _causal_order(log: Value, clock: Unary, node: Unary, _domain: Unary) -> Fn:
    """Merge the lines of the nodes, each in the order of its own clock.

    A line is due when no line that is left is one that its clock has seen.
    """
    waiting: dict[Value, list[tuple[int, Fn, Value]]] = {}
    for line in sequence(log):
        own, seen = node(line), clock(line)
        waiting.setdefault(own, []).append((seen.get(own, 0), seen, line))
    for lines in waiting.values():
        lines.sort(key=lambda entry: entry[0], reverse=True)
    merged: list[Value] = []
    while waiting:
        heads = {own: lines[-1] for own, lines in waiting.items()}
        due = [
            own
            for own, (_, seen, _) in heads.items()
            if all(seen.get(o, 0) < head[0] for o, head in heads.items() if o != own)
        ]
        if not due:
            raise EvaluationError("the vector clocks of the log contradict each other")
        merged.append(waiting[due[0]].pop()[2])
        if not waiting[due[0]]:
            del waiting[due[0]]
    return SEQUENCES[tuple(merged)]


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "IsCausalOrder": _is_causal,
    "CausalOrder": _causal_order,
}
PREDICATES = ("IsCausalOrder",)
