"""``speccheck replay``: lead a system through what the checker has found."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from speccheck.commands.refusal import refuse
from speccheck.hunt.stepping import Stepped, stepped
from speccheck.hunt.system import System, Unusable, check_bug, find_system
from speccheck.mbt.lead import Following, follow_trace
from speccheck.report.itf import ItfError, ItfTrace, encode, read_itf

_DEPARTED = 1
_AHEAD = 3


def replay(
    trace: Annotated[
        Path, typer.Argument(help="A trace as ITF JSON, such as `check --itf` writes.")
    ],
    system: Annotated[
        str | None,
        typer.Option(help="What to lead through it; by default the only system installed."),
    ] = None,
    course: Annotated[
        str | None,
        typer.Option(
            help="Which part of the system, by default all one after the other; 'list' lists them."
        ),
    ] = None,
    bug: Annotated[str | None, typer.Option(help="A known mistake to put in.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Print all steps.")] = False,
) -> None:
    """Lead a system through a trace of the checker, and say where it goes another way.

    The system takes the steps of TRACE one by one, and after each of them its variables are
    compared with the trace's. A counterexample of a mistaken specification cannot be followed by a
    system without the mistake.

    Exit codes:

    - 0: the system followed to the end, each part of it
    - 1: one did something else, or could not take a step
    - 2: the trace cannot be read, or the system cannot be led
    """
    try:
        name, found = find_system(system)
        led = stepped(name, found)
        if course == "list":
            for each, about in led.courses.items():
                typer.echo(f"{each}: {about}")
            return
        _lead_all(trace, name, found, [course] if course else [*led.courses], bug, every)
    except (Unusable, ItfError, ValueError) as error:
        refuse(f"{trace}: {error}" if isinstance(error, ItfError | ValueError) else str(error))
    except OSError as error:
        refuse(f"{trace} cannot be read: {error.strerror}")


def _lead_all(
    path: Path, name: str, system: System, courses: list[str], bug: str | None, every: bool
) -> None:
    led = stepped(name, system)
    for course in courses:
        if course not in led.courses:
            raise Unusable(f"{name} has no {course}; there is {' or '.join(led.courses)}")
    check_bug(name, system, bug)
    trace = read_itf(path.read_text("utf-8"))
    if not trace.states:
        raise ItfError("the trace has no states")
    departs = False
    for course in courses:
        found = _lead(trace, led, course, bug)
        what = f"{name} ({course}{f', with {bug}' if bug else ''})"
        for line in _told(found, what, every and course == courses[0]):
            typer.echo(line)
        departs |= not found.is_complete
    if departs:
        raise typer.Exit(_DEPARTED)


def _lead(trace: ItfTrace, led: Stepped, course: str, bug: str | None) -> Following:
    first = {key: encode(value) for key, value in trace.states[0].values.items()}
    way = led.begin(course, first, bug)
    try:
        return follow_trace(trace, way)
    finally:
        way.close()


def _told(found: Following, what: str, every: bool) -> list[str]:
    total = len(found.steps)
    lines = [f"{number:4}. {label}" for number, label in enumerate(found.steps, 1)]
    if found.is_complete:
        unseen = f"; not seen: {', '.join(found.unseen)}" if found.unseen else ""
        end = f"{what} followed all {total} steps{unseen}"
        return [*(lines if every else ()), end, *_remarked(found)]
    number = found.taken + 1
    shown = lines[:number] if every else lines[max(0, number - _AHEAD - 1) : number]
    where = "the initial state" if not total else f"step {number} of {total}"
    why = [f"      {line}" for line in found.why]
    return [*shown, *why, f"{what} departs at {where}", *_remarked(found)]


def _remarked(found: Following) -> list[str]:
    return [f"  {line}" for line in found.remarks]
