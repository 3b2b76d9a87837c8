"""Hunt for every known mistake, and write down how long it takes to find it.

    python -m tests.sim.bug_table --write docs/simulator.md

Each hunt is ``speccheck hunt --bug NAME`` from seed 0. Exit code 1 if one is not found.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from tests.marked import put_between

from speccheck.commands.hunter import Hunter
from speccheck.hunt.campaign import Plan
from speccheck.hunt.runner import Runner
from speccheck.hunt.system import find_system
from speccheck.hunt.workers import LocalProcesses

_BEGIN, _END = "<!-- bugs: begin -->", "<!-- bugs: end -->"


class Row(NamedTuple):
    """How a bug was found, or that it was not."""

    bug: str
    about: str
    seeds: int
    seconds: float
    violation: str | None = None
    faults_drawn: int = 0
    faults_left: int = 0

    def cells(self) -> tuple[str, ...]:
        """Return the cells of its row."""
        about = self.about.rstrip(".")
        if self.violation is None:
            return self.bug, about, f"not in {self.seeds:,}", f"{self.seconds:.2f}", "", ""
        rule = self.violation.partition(":")[0]
        length = f"{self.faults_left} of {self.faults_drawn}"
        return self.bug, about, f"{self.seeds:,}", f"{self.seconds:.2f}", rule, length


def hunt(bug: str, seeds: int, workers: int | None, shrink_s: float) -> Row:
    """Hunt for a bug from seed 0."""
    name, system = find_system("speckeeper")
    plan = Plan(name, range(seeds), bug=bug)
    about = system.bugs[bug]
    with tempfile.TemporaryDirectory() as folder, Runner(LocalProcesses(workers)) as runner:
        hunter = Hunter(plan, system, runner, Console(quiet=True))
        hunter.run(shrink_s, Path(folder, "found.json"))
    data = hunter.data()
    if not data["violations"]:
        return Row(bug, about, data["seeds"], data["processor_seconds"])
    first = data["violations"][0]
    drawn = len(system.draw(first["seed"], None)["faults"])
    left = len(data["shortest"]["schedule"]["faults"])
    seconds = data["processor_seconds"]
    return Row(bug, about, first["seed"] + 1, seconds, first["violation"], drawn, left)


def table(rows: Iterable[Row], command: str) -> Iterator[str]:
    """Yield the lines of the table, and how it was made."""
    yield f"By `{command}`:"
    yield ""
    yield "| bug | what it does | seeds | processor, s | rule | faults left of those drawn |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for row in rows:
        yield f"| {' | '.join(row.cells())} |"


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--seeds", type=int, default=20_000, help="the most for one bug")
    parser.add_argument("--workers", type=int, help="processes; by default one a processor")
    parser.add_argument("--shrink", type=float, default=60.0, help="seconds for one bug")
    parser.add_argument("--bug", action="append", help="this one alone; may be repeated")
    parser.add_argument("--write", type=Path, help="the file to write the table to")
    options = parser.parse_args()
    rows = []
    for bug in options.bug or find_system("speckeeper")[1].bugs:
        rows.append(hunt(bug, options.seeds, options.workers, options.shrink))
        print(" | ".join(rows[-1].cells()), flush=True)
    if options.write is not None:
        command = " ".join(("python -m tests.sim.bug_table", *sys.argv[1:]))
        put_between(options.write, _BEGIN, table(rows, command), _END)
    sys.exit(any(row.violation is None for row in rows))


if __name__ == "__main__":
    main()
