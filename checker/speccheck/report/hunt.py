"""A hunt on the terminal and as JSON: how far it is, what it found, how to see it again."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from rich.console import Console

from speccheck.hunt.campaign import Plan, Tally
from speccheck.hunt.replay import Replay
from speccheck.hunt.shrink import Shrunk
from speccheck.hunt.system import FAULTS, VIRTUAL_MS
from speccheck.hunt.task import Outcome


def line_of(tally: Tally) -> str:
    """Say how far a campaign is."""
    left = tally.planned - tally.runs
    parts = [
        f"{tally.runs:,} of {tally.planned:,} seeds",
        f"{tally.per_minute:,.0f} a minute",
        f"virtual time {tally.virtual_to_real:,.0f} times real",
        f"{tally.figures[FAULTS]:,} faults",
        _count(len(tally.violations), "violation"),
    ]
    if tally.problems:
        parts.append(f"{len(tally.problems):,} not ended")
    if tally.per_minute and left:
        parts.append(f"at most {_duration(60 * left / tally.per_minute)} left")
    return ", ".join(parts)


def tell_tally(console: Console, plan: Plan, tally: Tally) -> None:
    """Print what a campaign came to."""
    bug = f" with bug {plan.bug}" if plan.bug else ""
    _print(console, f"{plan.system}{bug}: {_summary(tally)}")
    others = {k: v for k, v in tally.figures.items() if k not in (FAULTS, VIRTUAL_MS)}
    _print(console, "In all: " + ", ".join(f"{name} {value:,}" for name, value in others.items()))
    for outcome in tally.problems:
        _print(console, f"Seed {outcome.seed} did not end: {outcome.problem}")
    for outcome in tally.violations:
        _print(console, f"Seed {outcome.seed}: {outcome.violation}")


def tell_story(
    console: Console, story: Iterable[str], outcome: Outcome, expected: Replay | None = None
) -> None:
    """Print a schedule and what came of it, beside what was written down of it."""
    for line in story:
        _print(console, line)
    if outcome.problem is not None:
        _print(console, f"Did not end: {outcome.problem}")
    elif outcome.violation is None:
        _print(console, f"Nothing is violated. {_figures(outcome)}")
    else:
        _print(console, f"Violated: {outcome.violation}")
        if outcome.figures:
            _print(console, _figures(outcome))
    if expected is not None and expected.transcript:
        _print(console, _compare(expected, outcome))


def tell_shrunk(console: Console, shrunk: Shrunk, before: int, seconds: float) -> None:
    """Print how short the schedule became."""
    faults = _count(len(shrunk.schedule["faults"]), "fault")
    end = "" if shrunk.finished else "; time was over, it may become shorter with --shrink"
    runs = _count(shrunk.tried, "run")
    _print(console, f"Shrunk from {before} to {faults} by {runs} in {seconds:.1f} s{end}")


def as_data(
    plan: Plan, tally: Tally, found: Replay | None, shrunk: Shrunk | None, file: Path | None
) -> dict[str, Any]:
    """Return all of it as what JSON has."""
    return {
        "system": plan.system,
        "bug": plan.bug,
        "servers": plan.servers,
        "first": plan.seeds.start,
        "planned": tally.planned,
        "seeds": tally.runs,
        "seconds": round(tally.seconds, 3),
        "processor_seconds": round(tally.processor_s, 3),
        "judging_seconds": round(tally.judging_s, 3),
        "seeds_per_minute": round(tally.per_minute, 1),
        "virtual_to_real": round(tally.virtual_to_real, 1),
        "figures": dict(tally.figures),
        "interrupted": tally.interrupted,
        "violations": [{"seed": o.seed, "violation": o.violation} for o in tally.violations],
        "problems": [{"seed": o.seed, "problem": o.problem} for o in tally.problems],
        "shortest": None if found is None else found._asdict(),
        "shrinking_runs": None if shrunk is None else shrunk.tried,
        "replay": None if file is None else str(file),
    }


def _summary(tally: Tally) -> str:
    interrupted = "interrupted after " if tally.interrupted else ""
    hours = tally.figures[VIRTUAL_MS] / 3_600_000
    judging = f" ({_duration(tally.judging_s)} for judging)" if tally.judging_s else ""
    return (
        f"{interrupted}{_count(tally.runs, 'seed')} in {_duration(tally.seconds)} "
        f"({tally.per_minute:,.0f} a minute), {hours:,.1f} hours of virtual time "
        f"({tally.virtual_to_real:,.0f} times real), "
        f"{_duration(tally.processor_s)} of processors{judging}, "
        f"{_count(tally.figures[FAULTS], 'fault')}, "
        f"{_count(len(tally.violations), 'violation')}"
    )


def _compare(expected: Replay, outcome: Outcome) -> str:
    if outcome.digest == expected.transcript and outcome.violation == expected.violation:
        return "The same run as the one written down, byte for byte"
    if outcome.violation == expected.violation:
        return "The same end as the one written down by another way: the code is not the same"
    was = expected.violation or "nothing violated"
    return f"Another run than the one written down, which had: {was}"


def _figures(outcome: Outcome) -> str:
    return ", ".join(f"{name} {value:,}" for name, value in outcome.figures.items())


def _count(count: float, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.1f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _print(console: Console, line: str) -> None:
    console.print(line, markup=False, highlight=False, soft_wrap=True)
