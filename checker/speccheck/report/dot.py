"""State graphs and counterexamples for Graphviz."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import pairwise

from speccheck.evaluate.compiler import State
from speccheck.evaluate.show import show
from speccheck.explore.model import Model
from speccheck.report.trace import Trace

MOST_STATES = 5_000


class DotError(Exception):
    """The graph is too large to be drawn."""


def write_dot(model: Model, reached: Sequence[State], trace: Trace) -> str:
    """Return the graph of the states reached, the counterexample highlighted in it.

    Raises DotError where there are more than :data:`MOST_STATES`.
    """
    if len(reached) > MOST_STATES:
        raise DotError(
            f"a graph of {len(reached):,} states cannot be read; the most are {MOST_STATES:,}"
        )
    return "\n".join(_lines(model, reached, trace)) + "\n"


def _lines(model: Model, reached: Sequence[State], trace: Trace) -> Iterator[str]:
    states = list(dict.fromkeys([*reached, *(step.state for step in trace.steps)]))
    numbers = {state: number for number, state in enumerate(states)}
    path = [numbers[step.state] for step in trace.steps]
    steps = set(pairwise(path))
    if trace.loop is not None:
        steps.add((path[-1], path[trace.loop]))
    yield f"digraph {_quoted(model.name)} {{"
    yield "  node [shape=box, fontname=monospace, fontsize=10];"
    yield "  edge [fontname=monospace, fontsize=9];"
    initial: set[State] = set()
    if model.initial is not None:
        with suppress(Exception):  # What fails here has failed in the run, and is told there.
            model.initial(initial.add)
    for state, number in numbers.items():
        text = "\n".join(
            f"{name} = {show(value)}" for name, value in zip(model.variables, state, strict=True)
        )
        looks = [f"label={_quoted(text, left=True)}"]
        if state in initial:
            looks.append("style=bold")
        if number in path:
            looks += ["color=red", "penwidth=2"]
        if path and number == path[-1]:
            looks.append("peripheries=2")
        yield f"  s{number} [{', '.join(looks)}];"
    for state in states:
        yield from _edges(model, state, numbers, steps)
    yield "}"


def _edges(
    model: Model, state: State, numbers: dict[State, int], steps: set[tuple[int, int]]
) -> Iterator[str]:
    origin = numbers[state]
    labels: dict[int, dict[str, None]] = {}
    for action in model.actions:
        successors: list[State] = []
        with suppress(Exception):  # What fails here has failed in the run, and is told there.
            action.step(state, successors.append)
        for successor in successors:
            target = numbers.get(successor)
            if target is not None:  # Others are beyond a constraint, or were not come to.
                labels.setdefault(target, {})[action.name] = None
    for target, names in labels.items():
        looks = [f"label={_quoted(', '.join(names))}"]
        if (origin, target) in steps:
            looks += ["color=red", "penwidth=2", "fontcolor=red"]
        yield f"  s{origin} -> s{target} [{', '.join(looks)}];"


def _quoted(text: str, *, left: bool = False) -> str:
    """Return a DOT string; with ``left``, its lines are aligned to the left."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    ending = "\\l" if left else "\\n"
    return '"' + escaped.replace("\n", ending) + ("\\l" if left else "") + '"'
