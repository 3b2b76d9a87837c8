"""Put every known mistake in, judge traces and histories alone, and write down what named it.

    python -m tests.sim.trace_table --write docs/simulator.md

The simulator's own judge sleeps. Seeds are run from 0 on until the trace is rejected; for a mistake
that only clients can see, until the history is, and some more. Exit code 1 if neither is.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from tests.marked import put_between
from tests.sim.alone import run_alone

from speccheck.conform.history.verdict import Divergence
from speccheck.conform.judge import Fault
from speckeeper.sim.bugs import BUGS

BEGIN, END = "<!-- traces: begin -->", "<!-- traces: end -->"
WHY_NOT = {
    "read-only-unasked": (
        "ZNode.tla leaves the read-only mode out, and a history does not say whether a client "
        "asked for it"
    ),
    "read-only-writes": (
        "ZNode.tla leaves the read-only mode out; what a server without a leader answers is "
        "compared only where it is known to be committed, and it changes nothing"
    ),
    "vote-without-epoch": (
        "any server may win an election in Zab.tla, and the wrong one is refused as it should be: "
        "followers with a later history tell it so in ACKEPOCH. That no leader comes about is no "
        "step"
    ),
}
"""Of those that neither shows, why."""


class Row(NamedTuple):
    """What showed a bug, and in which seed."""

    bug: str
    seeds: int
    trace: tuple[int, str, str] | None = None
    history: tuple[int, str, str] | None = None

    def cells(self) -> tuple[str, ...]:
        """Return the cells of its row."""
        if self.trace is not None:
            return self.bug, str(self.trace[0]), self.trace[1], self.trace[2]
        if self.history is not None:
            seed, operator, reason = self.history
            return self.bug, str(seed), f"history: {operator}", reason
        why = WHY_NOT.get(self.bug, "")
        return self.bug, f"not in {self.seeds}", "", why


def look_for(bug: str, seeds: int, more: int) -> Row:
    """Run seeds with a bug. ``more``: how many for the trace where the history is rejected."""
    row = Row(bug, 0)
    for seed in range(seeds):
        found = run_alone(seed, bug)
        row = row._replace(seeds=seed + 1)
        if found.trace is not None:
            return row._replace(trace=(seed, *_of_fault(found.trace)))
        if found.history is not None and row.history is None:
            row = row._replace(history=(seed, *_of_divergence(found.history)))
        if row.history is not None and seed >= more:
            break
    return row


def _of_fault(fault: Fault) -> tuple[str, str]:
    what = f"invariant {fault.violated}" if fault.violated else fault.event.action
    conjunct = fault.conjunct
    if conjunct is None:
        return what, _cell(fault.reason)
    place = f"{Path(conjunct.place.path).name}:{conjunct.place.span.line}"
    return what, f"`{_cell(conjunct.text)}`, {place}"


def _of_divergence(divergence: Divergence) -> tuple[str, str]:
    place = f"{Path(divergence.module).name}:{divergence.spec_line}"
    return f"{divergence.operator}, {place}", _cell(f"{divergence.operation}: {divergence.reason}")


def _cell(text: str) -> str:
    text = " ".join(text.split()).replace("|", "\\|")
    return text if len(text) <= 140 else f"{text[:139]}\u2026"


def table(rows: Iterable[Row], command: str) -> Iterator[str]:
    """Yield the lines of the table, and how it was made."""
    yield f"By `{command}`:"
    yield ""
    yield "| bug | seed | action, invariant or promise | what does not hold |"
    yield "| --- | --- | --- | --- |"
    for row in rows:
        yield f"| {' | '.join(row.cells())} |"


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--seeds", type=int, default=300, help="the most for one bug")
    parser.add_argument("--more", type=int, default=20, help="where the history shows it")
    parser.add_argument("--bug", action="append", help="this one alone; may be repeated")
    parser.add_argument("--write", type=Path, help="the file to write the table to")
    options = parser.parse_args()
    rows = []
    for bug in options.bug or BUGS:
        rows.append(look_for(bug, options.seeds, options.more))
        print(" | ".join(rows[-1].cells()), flush=True)
    if options.write is not None:
        command = " ".join(("python -m tests.sim.trace_table", *sys.argv[1:]))
        put_between(options.write, BEGIN, table(rows, command), END)
    sys.exit(any(row.trace is None and row.history is None for row in rows))


if __name__ == "__main__":
    main()
