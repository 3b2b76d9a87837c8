"""One run, as it is sent to a worker, and what comes back."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Set
from contextlib import ExitStack
from hashlib import sha256
from pathlib import Path
from pkgutil import resolve_name
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Any, NamedTuple

from speccheck.hunt.limit import Limit, TooLong, limited, place_of
from speccheck.hunt.system import (
    Finding,
    ObservedSystem,
    Schedule,
    System,
    Unusable,
    find_system,
    starting,
)


class Task(NamedTuple):
    """A run to be made: of a seed, or of a schedule if there is one."""

    system: str
    seed: int
    limit_s: float
    servers: int | None = None
    bug: str | None = None
    schedule: Schedule | None = None
    logged: bool = False
    """Whether the digest of the transcript is wanted; it makes a run slower."""
    number: int = 0
    """Which one it is of several with the same seed."""
    traces: str | None = None
    """``module:function`` that judges the traces of a run, as ``ObservedSystem`` returns them.

    By name, so that it reaches every worker. It returns a ``Finding``; None: nobody judges.
    """
    histories: str | None = None
    """The same of histories; it gets their folder and the settings of the servers."""
    start: Mapping[str, Any] | None = None
    """What is on disks when the run begins (``StartingSystem``), None: nothing."""


class Outcome(NamedTuple):
    """What became of a run. ``problem``: it did not come to an end, and why."""

    seed: int
    violation: str | None = None
    problem: str | None = None
    figures: Mapping[str, float] = MappingProxyType({})
    processor_s: float = 0.0
    judging_s: float = 0.0
    """Of these, what the judges of traces and histories took."""
    digest: str = ""
    number: int = 0

    @property
    def rule(self) -> str:
        """The name of the rule that does not hold; empty if all do."""
        return (self.violation or "").partition(":")[0]


def lost(task: Task, problem: str) -> Outcome:
    """Return the outcome of a task that did not come to an end."""
    return Outcome(task.seed, problem=problem, number=task.number)


# A bug is put into the whole process: where several threads share one, they take turns.
_turn = threading.Lock()


def draw(task: Task) -> Schedule:
    """Return the schedule of a task's seed. Raises Unusable."""
    name, system = find_system(task.system)
    try:
        if task.start is not None:
            return starting(name, system).draw_from(task.seed, task.start)
        return system.draw(task.seed, task.servers)
    except ValueError as error:
        raise Unusable(str(error)) from None


def with_only(schedule: Schedule, numbers: Set[int]) -> Schedule:
    """Return a schedule with some of its faults. Raises Unusable for numbers that none has."""
    kept = [fault for fault in schedule["faults"] if fault["number"] in numbers]
    missing = numbers - {fault["number"] for fault in kept}
    if missing:
        raise Unusable(f"there is no fault {', '.join(map(str, sorted(missing)))} in the schedule")
    return {**schedule, "faults": kept}


def _made(
    system: System, task: Task, schedule: Schedule, log: Callable[[str], None] | None
) -> Mapping[str, Any]:
    """Make a run, and have what it recorded judged if nothing else is wrong. Raises Unusable."""
    if task.traces is None and task.histories is None:
        return system.run(schedule, task.bug, log)
    if schedule.get("start") is not None:
        raise Unusable(
            "--traces, --histories: they are judged from empty disks on; leave out --start"
        )
    if not isinstance(system, ObservedSystem):
        raise Unusable(f"--traces, --histories: {task.system} records neither")
    with ExitStack() as stack:
        folder: Path | None = None
        if task.histories is not None:
            folder = Path(stack.enter_context(TemporaryDirectory(prefix="speccheck-hunt-")))
        found = system.observe(
            schedule, task.bug, log, traces=task.traces is not None, histories=folder
        )
        return found if found["violation"] is not None else _judged(task, found, folder)


def _judged(task: Task, found: Mapping[str, Any], folder: Path | None) -> Mapping[str, Any]:
    """Return what a run came to with what the judges say of it; the first that rejects ends it."""
    began_s = time.process_time()
    violation, figures = None, dict(found["figures"])
    if task.traces is not None:
        finding: Finding = resolve_name(task.traces)(found["traces"])
        violation = finding.violation
        figures |= finding.figures
    if task.histories is not None and violation is None and found["settings"] is not None:
        finding = resolve_name(task.histories)(folder, found["settings"])
        violation = finding.violation
        figures |= finding.figures
    judging_s = time.process_time() - began_s
    return {"violation": violation, "figures": figures, "judging_s": judging_s}


def run(task: Task, transcript: Path | None = None) -> Outcome:
    """Make a run; write its transcript to a file if one is given.

    An error within the system counts as a violation. Raises Unusable.
    """
    _, system = find_system(task.system)
    schedule = task.schedule or draw(task)
    lines: list[str] | None = [] if task.logged or transcript is not None else None
    violation = problem = None
    figures: dict[str, float] = {}
    judging_s = 0.0
    with _turn:
        began_s = time.process_time()
        limit = Limit(task.limit_s)
        try:
            with limited(task.limit_s) as limit:
                found = _made(system, task, schedule, None if lines is None else lines.append)
            violation, figures = found["violation"], dict(found["figures"])
            judging_s = found.get("judging_s", 0.0)
        except Unusable:
            raise
        except TooLong as error:
            problem = f"{limit.text()}, at {place_of(error)}"
        except Exception as error:  # noqa: BLE001 (whatever it is, it is what was looked for)
            violation = f"{type(error).__name__}: {error} ({place_of(error)})"
        processor_s = time.process_time() - began_s
    digest = ""
    if lines is not None:
        text = "".join(f"{line}\n" for line in lines)
        digest = sha256(text.encode()).hexdigest()
        if transcript is not None:
            transcript.write_text(text)
    return Outcome(
        task.seed, violation, problem, figures, processor_s, judging_s, digest, task.number
    )
