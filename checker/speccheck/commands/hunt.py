"""``speccheck hunt``: many seeds of a simulated system, and the shortest way to what breaks it."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from speccheck.commands.hunter import BROKEN, INTERRUPTED, Hunter, tell_run
from speccheck.conform.hunted import HISTORIES, TRACES, missing_spec
from speccheck.hunt.campaign import Plan
from speccheck.hunt.replay import read_replay, read_start
from speccheck.hunt.runner import Runner
from speccheck.hunt.system import (
    ObservedSystem,
    RecordingSystem,
    System,
    Unusable,
    check_bug,
    find_system,
)
from speccheck.hunt.task import Task, draw, with_only
from speccheck.hunt.workers import place
from speccheck.report.pipes import Terminal

_WHERE = "Where runs are made"
_FOUND = "What is done with a violation"
_JUDGED = "What is judged beside what the system itself does"


def hunt(
    seeds: Annotated[int, typer.Option(help="How many seeds to run.", min=1)] = 1000,
    first: Annotated[int, typer.Option(help="The first of them.", min=0)] = 0,
    system: Annotated[
        str | None,
        typer.Option(help="What to hunt in; by default the only system that is installed."),
    ] = None,
    servers: Annotated[
        int | None, typer.Option(help="How many servers have a vote; by default as drawn.", min=1)
    ] = None,
    bug: Annotated[
        str | None, typer.Option(help="A known mistake to put in; 'list' lists them.")
    ] = None,
    start: Annotated[
        Path | None,
        typer.Option(help="A file of what is on disks when a run begins; by default nothing is."),
    ] = None,
    keep_going: Annotated[
        bool, typer.Option("--keep-going", help="Run all seeds, whatever is violated.")
    ] = False,
    limit: Annotated[
        float, typer.Option(help="Seconds of the processor that one seed may take.", min=0.1)
    ] = 30.0,
    workers: Annotated[
        int | None,
        typer.Option(
            help="Processes; by default one for each processor.", min=1, rich_help_panel=_WHERE
        ),
    ] = None,
    executor: Annotated[
        str | None,
        typer.Option(help="dask://HOST:PORT, a Dask scheduler.", rich_help_panel=_WHERE),
    ] = None,
    shrink: Annotated[
        float,
        typer.Option(
            help="Seconds to look for a short schedule; 0 for none.", min=0, rich_help_panel=_FOUND
        ),
    ] = 60.0,
    out: Annotated[
        Path | None,
        typer.Option(
            help="The file to write it to; hunt-SYSTEM-SEED.json by default.",
            rich_help_panel=_FOUND,
        ),
    ] = None,
    replay: Annotated[
        Path | None, typer.Option(help="Run what such a file holds.", rich_help_panel=_FOUND)
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="Run this seed and tell it.", min=0, rich_help_panel=_FOUND)
    ] = None,
    only: Annotated[
        str | None,
        typer.Option(
            help="With --seed: with these of its faults alone, as in 3,7,12.",
            rich_help_panel=_FOUND,
        ),
    ] = None,
    transcript: Annotated[
        Path | None,
        typer.Option(
            help="With --seed or --replay: write down what happens.", rich_help_panel=_FOUND
        ),
    ] = None,
    trace: Annotated[
        Path | None,
        typer.Option(
            help="With --seed or --replay: record what the servers do, for speccheck trace.",
            rich_help_panel=_FOUND,
        ),
    ] = None,
    traces: Annotated[
        bool | None,
        typer.Option(
            "--traces/--no-traces",
            help="Judge what the servers of each run do by spec/Zab.tla, too; the default, "
            "but with --bug and --start.",
            rich_help_panel=_JUDGED,
        ),
    ] = None,
    histories: Annotated[
        bool | None,
        typer.Option(
            "--histories/--no-histories",
            help="The same of what clients see, by spec/ZNode.tla.",
            rich_help_panel=_JUDGED,
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Run a simulated system under faults, from many seeds.

    A system is found by the entry point group speccheck.systems. What it records of each run is
    judged by the specifications, as speccheck trace and speccheck history do. The first violation
    ends the campaign; its schedule is shrunk, told, and written to a file for --replay.

    Exit codes:

    - 0: nothing is violated
    - 1: something is
    - 2: there is nothing to run, or a run did not come to an end
    - 130: interrupted
    """
    out_console = Terminal(quiet=as_json)
    asked = _Asked(traces, histories)
    try:
        if replay is not None and start is not None:
            raise Unusable("--start: goes without --replay, whose file says what is on disks")
        if replay is not None:
            code = _replay(out_console, replay, limit, transcript, trace, asked)
            raise typer.Exit(code)
        name, found = find_system(system)
        if start is not None and servers is not None:
            raise Unusable("--servers: with --start there are as many as have a disk in the file")
        disks = None if start is None else read_start(start)
        if bug == "list":
            code = _list_bugs(out_console, found)
        elif seed is not None:
            check_bug(name, found, bug)
            task = Task(name, seed, limit, servers, bug, start=disks)
            task = asked.put_in(task, found, disks)
            code = _one(out_console, task, only, transcript, trace)
        elif only is not None or transcript is not None or trace is not None:
            raise Unusable(
                "--only goes with --seed, --transcript and --trace with --seed or --replay"
            )
        else:
            check_bug(name, found, bug)
            range_ = range(first, first + seeds)
            judges = asked.judges(found, bug, disks)
            plan = Plan(name, range_, limit, servers, bug, keep_going, *judges, disks)
            with _ended_by_sigterm(), Runner(place(executor, workers)) as runner:
                hunter = Hunter(plan, found, runner, out_console)
                code = hunter.run(shrink, out)
            if as_json:
                typer.echo(json.dumps(hunter.data(), indent=2))
    except Unusable as error:
        typer.echo(str(error), err=True)
        code = BROKEN
    except KeyboardInterrupt:
        typer.echo("Interrupted", err=True)
        code = INTERRUPTED
    if code:
        raise typer.Exit(code)


class _Asked(NamedTuple):
    """Whether traces and histories are to be judged; None: where they can be."""

    traces: bool | None
    histories: bool | None

    def judges(
        self, system: System, bug: str | None, start: object
    ) -> tuple[str | None, str | None]:
        """Return the judges of both, None where nobody judges. Raises Unusable.

        Where a mistake is put in, it is for the system's own judge to find, if nobody says
        otherwise; and where disks have something on them at first, the specifications know nothing
        of it.
        """
        can_be = isinstance(system, ObservedSystem) and bug is None and start is None
        return self._judge(self.traces, TRACES, can_be), self._judge(
            self.histories, HISTORIES, can_be
        )

    @staticmethod
    def _judge(asked: bool | None, judge: str, can_be: bool) -> str | None:
        if asked is False or (asked is None and not can_be):
            return None
        missing = missing_spec(judge)
        if missing is None:
            return judge
        if asked:
            raise Unusable(missing)
        typer.echo(f"Not judged by it: {missing.partition(';')[0]}", err=True)
        return None

    def put_in(self, task: Task, system: System, start: object) -> Task:
        """Return a task with the judges."""
        traces, histories = self.judges(system, task.bug, start)
        return task._replace(traces=traces, histories=histories)


@contextmanager
def _ended_by_sigterm() -> Iterator[None]:
    """Let SIGTERM do what Ctrl-C does: a campaign may run where there is no terminal."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _list_bugs(console: Terminal, system: System) -> int:
    for name, about in system.bugs.items():
        console.print(f"{name}: {about}", markup=False, highlight=False, soft_wrap=True)
    return 0


def _one(
    console: Terminal, task: Task, only: str | None, transcript: Path | None, trace: Path | None
) -> int:
    """Run one seed, or a part of its schedule."""
    schedule = draw(task)
    if only is not None:
        schedule = with_only(schedule, _numbers(only))
    code = tell_run(console, task._replace(schedule=schedule), transcript)
    _record(console, task._replace(schedule=schedule), trace)
    return code


def _record(console: Terminal, task: Task, folder: Path | None) -> None:
    """Make the same run once more, recorded. Raises Unusable."""
    if folder is None:
        return
    _, system = find_system(task.system)
    if not isinstance(system, RecordingSystem):
        raise Unusable(f"--trace: the servers of {task.system} record nothing")
    assert task.schedule is not None, "drawn or read"
    try:
        system.record(task.schedule, task.bug, folder)
    except OSError as error:
        raise Unusable(f"--trace {folder}: {(error.strerror or str(error)).lower()}") from None
    console.print(f"Recorded; check it by: speccheck trace {folder}", soft_wrap=True)


def _numbers(text: str) -> set[int]:
    try:
        return {int(part) for part in text.split(",") if part.strip()}
    except ValueError:
        raise Unusable(f"--only {text}: numbers with commas between are expected") from None


def _replay(
    console: Terminal,
    path: Path,
    limit_s: float,
    transcript: Path | None,
    trace: Path | None,
    asked: _Asked,
) -> int:
    """Run what a file holds."""
    kept = read_replay(path)
    name, system = find_system(kept.system)
    check_bug(name, system, kept.bug)
    task = Task(name, kept.schedule["seed"], limit_s, bug=kept.bug, schedule=kept.schedule)
    task = asked.put_in(task, system, kept.schedule.get("start"))
    code = tell_run(console, task, transcript, kept)
    _record(console, task, trace)
    return code
