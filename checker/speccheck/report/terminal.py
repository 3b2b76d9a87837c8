"""What ``speccheck check`` prints: verdict, counterexample, what was exercised.

Lines are :class:`rich.text.Text`; colours are for terminals only, and nothing is said by colour
alone.
"""

from collections.abc import Iterable, Iterator

from rich.console import Console
from rich.text import Text

from speccheck.evaluate.errors import EvaluationError
from speccheck.evaluate.show import show
from speccheck.explore.exercise.findings import Exercise, Finding
from speccheck.explore.model import Model
from speccheck.explore.result import Result
from speccheck.report.coverage import Row, coverage_of
from speccheck.report.sources import excerpt, text_of
from speccheck.report.trace import Step, Trace

_HEADLINES = {
    "success": "No error found",
    "invariant": "Invariant {} is violated",
    "property": "Property {} is violated",
    "liveness": "Property {} is violated",
    "deadlock": "Deadlock: no action is enabled",
    "assumption": "The assumption at {} is false",
    "unfinished": "Stopped before the end; no error so far",
    "interrupted": "Interrupted; no error so far",
    "error": "Evaluation failed",
}
_MOST_FRAMES = 12
_MOST_BRANCHES = 40


def headline(result: Result) -> str:
    """Return the verdict as one line."""
    return _HEADLINES[result.verdict].format(result.violated)


def summary(result: Result) -> str:
    """Return the counts as one line, with the seed that repeats a simulation."""
    rate = result.generated / result.seconds if result.seconds else 0
    seed = "" if result.seed is None else f", {result.traces:,} behaviours, seed {result.seed}"
    return (
        f"{result.generated:,} states generated, {result.distinct:,} distinct, "
        f"depth {result.depth}, {result.seconds:.1f} s, {rate:,.0f} states/s{seed}"
    )


def report(
    console: Console, model: Model, result: Result, trace: Trace, exercise: Exercise | None
) -> None:
    """Print all that is to be said about a run."""
    for line in lines(model, result, trace, exercise):
        console.print(line, soft_wrap=True, markup=False, highlight=False)


def lines(model: Model, result: Result, trace: Trace, exercise: Exercise | None) -> Iterator[Text]:
    """Yield the lines of a report."""
    good = result.verdict in {"success", "unfinished", "interrupted"}
    hollow = exercise is not None and bool(exercise.vacuous)
    text = headline(result)
    if result.verdict == "invariant" and result.violated in model.properties:
        text = f"Property {result.violated} is violated, by what it says of every state"
    if result.verdict == "success" and exercise is not None and hollow:
        count = len(exercise.vacuous)
        text += f", but {count} thing{'s were' if count > 1 else ' was'} never put to the test"
    yield Text(text, style="bold yellow" if hollow else "bold green" if good else "bold red")
    if result.error is not None:
        yield from error_lines(result.error)
    yield from trace_lines(trace)
    yield Text(summary(result))
    yield from (Text(f"Warning: {warning}", style="yellow") for warning in result.warnings)
    for name in result.unchecked:
        yield Text(f"Not checked, it speaks of infinite behaviours: {name}", style="yellow")
    idle = "never enabled" if result.verdict == "success" else "not taken so far"
    yield from coverage_lines(coverage_of(model, result), idle)
    if exercise is not None:
        yield from exercise_lines(exercise, result.verdict == "success")


# --- counterexamples -----------------------------------------------------------------------------


def trace_lines(trace: Trace) -> Iterator[Text]:
    """Yield a counterexample: each step, and under it what it changed."""
    for step in trace.steps:
        yield _step_line(step)
        if step.number == 1:
            for name, value in step.values.items():
                yield Text(f"    {name} = {show(value)}")
        for change in step.changes:
            yield Text(f"    {change}")
        if step.number > 1 and not step.changes:
            yield Text("    (nothing changes)", style="dim")
    if trace.ending is not None:
        yield Text.assemble((f"{len(trace.steps) + 1}: ", "dim"), (trace.ending, "bold"))


def _step_line(step: Step) -> Text:
    line = Text.assemble((f"{step.number}: ", "dim"), (step.label, "bold"))
    if step.move is not None and step.move.place is not None:
        line.append(f"  {step.move.place}", "dim")
    return line


# --- errors --------------------------------------------------------------------------------------


def error_lines(error: EvaluationError) -> Iterator[Text]:
    """Yield an evaluation error: the place with its line, then the calls that lead there."""
    if not error.frames:
        yield Text(error.message)
        return
    yield Text(f"{error.frames[0].place}: {error.message}")
    yield from (Text(f"  {line}", style="red") for line in excerpt(error.frames[0].place))
    for frame in error.frames[:_MOST_FRAMES]:
        where = f"in {frame.operator}" if frame.operator else "in the formula"
        line = Text(f"  {where}, {frame.place}", style="dim")
        if frame.values:
            known = ", ".join(f"{name} = {show(value)}" for name, value in frame.values)
            line.append(f"  with {known}")
        yield line
    left = len(error.frames) - _MOST_FRAMES
    if left > 0:
        yield Text(f"  ... and {left} more", style="dim")


# --- what was exercised --------------------------------------------------------------------------


def coverage_lines(rows: list[Row], idle: str = "never enabled") -> Iterator[Text]:
    """Yield for each action how often it was taken, and how often to a new state.

    ``idle`` is said of one that was not taken.
    """
    if not rows:
        return
    width = max(len("Action"), *(len(row.label) for row in rows))
    yield Text(f"{'Action':{width}}  {'taken':>12}  {'new states':>12}", style="dim")
    for row in rows:
        style = "" if row.taken else "yellow"
        new = "" if row.new is None else f"{row.new:,}"
        line = Text(f"{row.label:{width}}  {row.taken:>12,}  {new:>12}", style=style)
        line.append(f"  {row.place}", "dim")
        if not row.taken:
            line.append(f"  {idle}", "yellow")
        yield line


def exercise_lines(exercise: Exercise, to_the_end: bool = True) -> Iterator[Text]:
    """Yield what a run did not exercise, and how much was asked.

    Of a run that did not go ``to_the_end``, what actions have not done so far is not listed.
    """
    branches = [found for found in exercise.findings if found.kind == "branch" and to_the_end]
    if exercise.branches:
        taken = sum(1 for branch in exercise.branches if branch.taken)
        yield Text(f"Branches within actions: {taken} of {len(exercise.branches)} taken")
        yield from _findings(branches[:_MOST_BRANCHES], "  never taken: ", "dim")
        if len(branches) > _MOST_BRANCHES:
            yield Text(f"  ... and {len(branches) - _MOST_BRANCHES} more; --json has all")
    if exercise.parts:
        note = "" if exercise.is_complete else "; not settled for the rest, see docs/checker.md"
        counts = f"{exercise.decisive} of {len(exercise.parts)}"
        yield Text(f"Parts of properties: {counts} made a difference{note}")
    hidden = {"branch"} if to_the_end else {"branch", "action"}
    others = [found for found in exercise.findings if found.kind not in hidden]
    yield from _findings(exercise.vacuous, "Vacuous: ", "yellow")
    yield from _findings([f for f in others if f.is_weak and not f.reason], "Note: ", "dim")
    for found in others:
        if found.reason:
            yield Text(f"Expected ({found.reason}): {_said(found)}", style="dim")


def _findings(findings: Iterable[Finding], lead: str, style: str) -> Iterator[Text]:
    for found in findings:
        yield Text(f"{lead}{_said(found)}", style=style)


def _said(found: Finding) -> str:
    shown = text_of(found.place) if found.kind in {"vacuous", "condition", "branch"} else ""
    quoted = f": {shown}" if shown else ""
    return f"{found.name}, {found.message} at {found.place}{quoted}"
