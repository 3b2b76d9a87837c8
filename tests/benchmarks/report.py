"""From runs to a table: medians, ratios to Apache, targets; for the terminal and for Markdown."""

from __future__ import annotations

import datetime
import os
import platform
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

from bulk import Bulk
from rates import Run
from rich.console import Console
from rich.table import Table

OURS, THEIRS = "speckeeper", "apache"


@dataclass(frozen=True)
class Line:
    """A row of the table: two medians, the ratio ours / theirs, its range, and its target."""

    name: str
    unit: str
    ours: float
    theirs: float
    ratio: float
    lowest: float
    highest: float
    target: str
    met: bool | None
    ours_cpu_us: float | None = None
    """Processor time of the server for an operation; `theirs_cpu_us` the same of the other."""
    theirs_cpu_us: float | None = None


@dataclass(frozen=True)
class Targets:
    """What ratios are to be reached: rates at least, by workload; latencies at most, likewise."""

    rates: Mapping[str, float]
    latencies: Mapping[str, float]


SERVER = Targets({"get": 1.5, "set": 1.0, "create": 1.0}, {"get": 0.5, "set": 0.5})


def lines(runs: Sequence[Run], bulk: Bulk | None, targets: Targets = SERVER) -> list[Line]:
    """Make the rows of all that was measured, in the order in which it was."""
    table = []
    for case in dict.fromkeys(run.case for run in runs):
        alone = "one connection" in case
        workload = case.partition(",")[0]
        mine = {r.round: r for r in runs if r.case == case and r.server == OURS}
        other = {r.round: r for r in runs if r.case == case and r.server == THEIRS}
        found = []
        if alone:
            target = targets.latencies.get(workload)
            for key, at_most in (("p50_us", target), ("p99_us", None)):
                found.append(
                    line(
                        f"{case}, {'median' if key == 'p50_us' else 'p99'}",
                        "µs",
                        {n: getattr(run, key) for n, run in mine.items()},
                        {n: getattr(run, key) for n, run in other.items()},
                        at_most=at_most,
                    )
                )
        else:
            found.append(
                line(
                    case,
                    "op/s",
                    {n: run.rate for n, run in mine.items()},
                    {n: run.rate for n, run in other.items()},
                    at_least=targets.rates.get(workload),
                )
            )
        found[0] = replace(
            found[0],
            ours_cpu_us=median(run.server_cpu_us for run in mine.values()),
            theirs_cpu_us=median(run.server_cpu_us for run in other.values()),
        )
        table += found
    return table + (_bulk_lines(bulk) if bulk is not None else [])


def _bulk_lines(bulk: Bulk) -> list[Line]:
    table = []
    for when, words in (
        ("filled", "after creating them"),
        ("started", "after a start with them"),
        ("loaded", "after gets and sets"),
    ):
        for key in ("rss_kib", "pss_kib"):
            sizes = [
                {
                    w.round: getattr(w, key) / 1024
                    for w in bulk.weights
                    if (w.server, w.when) == each
                }
                for each in ((OURS, when), (THEIRS, when))
            ]
            table.append(
                line(f"memory ({key[:3].upper()}) {words}", "MiB", sizes[0], sizes[1], at_most=1.0)
            )
    starts = [{s.round: s.seconds for s in bulk.starts if s.server == x} for x in (OURS, THEIRS)]
    return [*table, line("start until the first read", "s", starts[0], starts[1], at_most=1.0)]


def line(
    name: str,
    unit: str,
    ours: dict[int, float],
    theirs: dict[int, float],
    at_least: float | None = None,
    at_most: float | None = None,
) -> Line:
    """Make one row of the figures of both servers, by round."""
    ratios = [ours[number] / theirs[number] for number in ours]
    ratio = median(ratios)
    target, met = "", None
    if at_least is not None:
        target, met = f"≥ {at_least}", ratio >= at_least
    elif at_most is not None:
        target, met = f"≤ {at_most}", ratio <= at_most
    values = median(ours.values()), median(theirs.values())
    return Line(name, unit, *values, ratio, min(ratios), max(ratios), target, met)


def number(value: float) -> str:
    """Print a figure with three or four significant digits."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def cells(line: Line) -> tuple[str, ...]:
    """Print a row."""
    met = {True: "yes", False: "no", None: ""}[line.met]
    cpu = ""
    if line.ours_cpu_us is not None and line.theirs_cpu_us is not None:
        cpu = f"{line.ours_cpu_us:.0f} : {line.theirs_cpu_us:.0f} µs"
    return (
        line.name,
        f"{number(line.ours)} {line.unit}",
        f"{number(line.theirs)} {line.unit}",
        f"{line.ratio:.2f}",
        f"{line.lowest:.2f} - {line.highest:.2f}",
        line.target,
        met,
        cpu,
    )


HEADINGS = ("", "SpecKeeper", "Apache", "ratio", "of rounds", "target", "met", "processor")


def machine() -> dict[str, object]:
    """Describe the machine."""
    model = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    ]
    return {
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "cores": os.cpu_count(),
        "processor": model[0] if model else platform.machine(),
        "kernel": platform.release(),
        "python": platform.python_version(),
    }


def markdown(facts: dict[str, object], table: Sequence[Line]) -> str:
    """Make the section for docs/performance.md."""
    rows = [
        "| " + " | ".join(HEADINGS) + " |",
        "|" + "---|" * len(HEADINGS),
        *("| " + " | ".join(cells(each)) + " |" for each in table),
    ]
    about = "; ".join(f"{key.replace('_', ' ')} {value}" for key, value in facts.items())
    return "\n".join([f"Measured: {about}.", "", *rows])


def put_into(document: Path, name: str, section: str) -> None:
    """Replace the section of a document between the marks of a name.

    Raises ValueError where it has none.
    """
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    text = document.read_text()
    before, found, rest = text.partition(begin)
    _, ended, after = rest.partition(end)
    if not found or not ended:
        raise ValueError(f"{document} has no section between {begin} and {end}")
    document.write_text(f"{before}{begin}\n\n{section}\n\n{end}{after}")


def show(console: Console, table: Iterable[Line]) -> None:
    """Print the table."""
    shown = Table(*HEADINGS)
    for each in table:
        shown.add_row(*cells(each))
    console.print(shown)


def say_run(console: Console, run: Run, rounds: int) -> None:
    """Print a line about a run."""
    console.print(
        f"{run.round + 1}/{rounds} {run.case:32} {run.server:10} {run.rate:10,.0f}/s "
        f"p50 {run.p50_us:7.0f} µs p99 {run.p99_us:7.0f} µs, server {run.server_cpu_us:6.1f} "
        f"µs/op, others {run.other_cpu:.0%}",
        highlight=False,
    )
