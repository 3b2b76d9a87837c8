"""From runs to a table: medians, ratios to Apache, targets; for the terminal and for Markdown."""

from __future__ import annotations

import datetime
import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

from bulk import Bulk
from rates import Run

BEGIN, END = "<!-- benchmark: begin -->", "<!-- benchmark: end -->"
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


def lines(runs: Sequence[Run], bulk: Bulk | None) -> list[Line]:
    """Make the rows of all that was measured, in the order in which it was."""
    table = []
    for case in dict.fromkeys(run.case for run in runs):
        alone = case.endswith("one connection")
        mine = {r.round: r for r in runs if r.case == case and r.server == OURS}
        other = {r.round: r for r in runs if r.case == case and r.server == THEIRS}
        found = []
        if alone:
            for key, target in (("p50_us", 0.5), ("p99_us", None)):
                found.append(
                    _line(
                        f"{case}, {'median' if key == 'p50_us' else 'p99'}",
                        "µs",
                        {n: getattr(run, key) for n, run in mine.items()},
                        {n: getattr(run, key) for n, run in other.items()},
                        at_most=target,
                    )
                )
        else:
            workload = case.partition(",")[0]
            found.append(
                _line(
                    case,
                    "op/s",
                    {n: run.rate for n, run in mine.items()},
                    {n: run.rate for n, run in other.items()},
                    at_least={"get": 1.5, "set": 1.0, "create": 1.0}.get(workload),
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
                _line(f"memory ({key[:3].upper()}) {words}", "MiB", sizes[0], sizes[1], at_most=1.0)
            )
    starts = [{s.round: s.seconds for s in bulk.starts if s.server == x} for x in (OURS, THEIRS)]
    return [*table, _line("start until the first read", "s", starts[0], starts[1], at_most=1.0)]


def _line(
    name: str,
    unit: str,
    ours: dict[int, float],
    theirs: dict[int, float],
    at_least: float | None = None,
    at_most: float | None = None,
) -> Line:
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
    """Make the section for docs/performance.md, its two marks included."""
    rows = [
        "| " + " | ".join(HEADINGS) + " |",
        "|" + "---|" * len(HEADINGS),
        *("| " + " | ".join(cells(line)) + " |" for line in table),
    ]
    about = "; ".join(f"{key.replace('_', ' ')} {value}" for key, value in facts.items())
    return "\n".join([BEGIN, "", f"Measured: {about}.", "", *rows, "", END])


def put_into(document: Path, section: str) -> None:
    """Replace the marked section of a document. Raises ValueError where it has none."""
    text = document.read_text()
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{document} has no section between {BEGIN} and {END}")
    document.write_text(before + section + after)
