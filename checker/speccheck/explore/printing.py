"""Results for people and for programs: the lines of a terminal, and plain data for JSON."""

from collections.abc import Iterator, Sequence
from typing import Any

from speccheck.evaluate.show import show
from speccheck.explore.model import Model
from speccheck.explore.result import Result, TraceStep

_HEADLINES = {
    "success": "No error found",
    "invariant": "Invariant {} is violated",
    "property": "Property {} is violated",
    "liveness": "Property {} is violated by a behaviour that goes on forever",
    "deadlock": "Deadlock: no action is enabled",
    "assumption": "The assumption at {} is false",
    "unfinished": "Stopped before the end; no error so far",
}


def headline(result: Result) -> str:
    """Return the verdict as one line."""
    if result.verdict == "error":
        return f"Evaluation failed: {result.error}"
    return _HEADLINES[result.verdict].format(result.violated)


def summary(result: Result) -> str:
    """Return the counts as one line."""
    rate = result.generated / result.seconds if result.seconds else 0
    return (
        f"{result.generated:,} states generated, {result.distinct:,} distinct, "
        f"depth {result.depth}, {result.seconds:.1f} s, {rate:,.0f} states/s"
    )


def trace_lines(variables: Sequence[str], trace: Sequence[TraceStep]) -> Iterator[str]:
    """Yield a counterexample, each step with the variables that it changed."""
    before: tuple[Any, ...] | None = None
    for number, step in enumerate(trace, 1):
        yield f"{number}: {step.action or 'initial state'}"
        for position, name in enumerate(variables):
            value = step.state[position]
            if before is None or before[position] != value:
                yield f"    {name} = {show(value)}"
        before = step.state


def loop_line(result: Result) -> str | None:
    """Return how an infinite counterexample goes on after its last state; None for a finite one."""
    if result.loop is None:
        return None
    if result.stutters:
        return f"{len(result.trace) + 1}: stuttering"
    return f"{len(result.trace) + 1}: back to state {result.loop + 1} by {result.back}"


def idle_actions(result: Result) -> list[str]:
    """Return the names of actions that were never taken in a search that went to its end."""
    taken: dict[str, int] = {}
    for name, steps, _ in result.taken:
        taken[name] = taken.get(name, 0) + steps
    return [name for name, steps in taken.items() if not steps]


def coverage_lines(result: Result) -> Iterator[str]:
    """Yield for each action how often it was taken, and how often to a new state."""
    width = max((len(name) for name, _, _ in result.taken), default=0)
    for name, steps, new in result.taken:
        note = "" if steps else "  never enabled"
        yield f"  {name:{width}}  {steps:>12,}  {new:>12,}{note}"


def as_data(model: Model, result: Result) -> dict[str, Any]:
    """Return the result as plain data; values are TLA+ text."""
    return {
        "module": model.name,
        "verdict": result.verdict,
        "violated": result.violated,
        "error": None if result.error is None else str(result.error),
        "generated": result.generated,
        "distinct": result.distinct,
        "depth": result.depth,
        "seconds": round(result.seconds, 3),
        "actions": [
            {"name": name, "taken": steps, "new": new} for name, steps, new in result.taken
        ],
        "mode": result.mode,
        "workers": result.workers,
        "seed": result.seed,
        "traces": result.traces,
        "warnings": result.warnings,
        "unchecked": result.unchecked,
        "loop": result.loop,
        "back": result.back,
        "trace": [
            {
                "action": step.action,
                "state": dict(zip(model.variables, map(show, step.state), strict=True)),
            }
            for step in result.trace
        ],
    }
