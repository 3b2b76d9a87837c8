"""Measure three members of SpecKeeper beside three of Apache ZooKeeper (Debian), in one run.

python tests/benchmarks/ensemble.py [--quick] [--json FILE] [--markdown docs/performance.md]

README.md in this folder says what is measured and how to read it. With the defaults it takes about
twelve minutes.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import median

import members
import rates
import report
from bulk import Weight
from generator import GeneratorError, build
from members import Ensemble, Failover
from probe import ProbeError
from rich.console import Console
from servers import ServerError, java_version, version

NAMES = ("speckeeper", "apache")
TARGETS = report.Targets({"get": 1.5, "set": 1.2, "create": 1.2}, {"set": 0.6})
MOST_FAILOVER, MOST_MEMORY = 1.0, 0.5


def options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=11, help="rounds of every case (default 11)")
    parser.add_argument("--seconds", type=float, default=1.0, help="seconds a run (default 1)")
    parser.add_argument("--warm-up", type=float, default=20.0, help="seconds of load before")
    parser.add_argument("--quick", action="store_true", help="3 rounds of 0.5 s, 20 000 nodes")
    parser.add_argument("--connections", type=int, default=50, help="connections (default 50)")
    parser.add_argument("--nodes", type=int, default=200_000, help="nodes for memory; 0: none")
    parser.add_argument("--failovers", type=int, default=9, help="leaders to kill; 0: none")
    parser.add_argument("--only", default="", help="cases whose name has this text in it")
    parser.add_argument(
        "--folder", type=Path, help="where the data goes (default: a temporary one)"
    )
    parser.add_argument("--json", type=Path, help="write every single run to this file")
    parser.add_argument("--markdown", type=Path, help="put the table into this document")
    asked = parser.parse_args()
    if asked.quick:
        asked.rounds, asked.seconds, asked.warm_up = 3, 0.5, 10.0
        asked.nodes, asked.failovers = 20_000, 3
    return asked


def measure(
    asked: argparse.Namespace, folder: Path, console: Console
) -> tuple[list[rates.Run], list[Failover]]:
    """Start both ensembles, warm them up, measure the cases, then kill leaders."""
    wanted = [each for each in rates.ensemble_cases(asked.connections) if asked.only in each.name]
    pair = [Ensemble(name, folder / name) for name in NAMES]

    def note(run: rates.Run) -> None:
        report.say_run(console, run, asked.rounds)

    failovers = []
    try:
        for ensemble in pair:
            ensemble.start()
            rates.prepare(ensemble)
            rates.warm(ensemble, asked.warm_up)
        runs = rates.compare(pair, wanted, asked.rounds, asked.seconds, note)
        for number in range(asked.failovers):
            for ensemble in pair if number % 2 == 0 else reversed(pair):
                failover = members.fail_over(ensemble, number)
                console.print(f"{ensemble.name}: a write {failover.seconds:.3f} s after the kill")
                failovers.append(failover)
        return runs, failovers
    finally:
        for ensemble in pair:
            ensemble.stop()


def rows(failovers: Sequence[Failover], weights: Sequence[Weight]) -> list[report.Line]:
    """Make the rows of what only ensembles have."""
    table = []
    if failovers:
        ours, theirs = ({f.round: f.seconds for f in failovers if f.server == x} for x in NAMES)
        name = "kill -9 of the leader until a write"
        table.append(report.line(name, "s", ours, theirs, at_most=MOST_FAILOVER))
    for key in ("rss_kib", "pss_kib") if weights else ():
        ours, theirs = (
            {w.round: getattr(w, key) / 1024 for w in weights if w.server == name} for name in NAMES
        )
        name = f"memory ({key[:3].upper()}) of a server"
        table.append(report.line(name, "MiB", ours, theirs, at_most=MOST_MEMORY))
    return table


def main() -> int:
    """Run the whole benchmark; 0 unless something could not be measured."""
    asked = options()
    console = Console()
    folder = Path(tempfile.mkdtemp(prefix="speckeeper-benchmark-", dir=asked.folder))
    try:
        build()
        facts: dict[str, object] = {
            **report.machine(),
            "speckeeper": version("speckeeper"),
            "apache": version("apache"),
            "java": java_version(),
            "servers": members.SIZE,
            "connections": asked.connections,
            "rounds": asked.rounds,
            "seconds": asked.seconds,
            "nodes for memory": asked.nodes,
            "failovers": asked.failovers,
        }
        runs, failovers = measure(asked, folder, console)
        weights: list[Weight] = []
        if asked.nodes:
            weights = members.weigh_members(folder, NAMES, asked.nodes, console.print)
        if runs:
            others = median(run.other_cpu for run in runs)
            facts["other processes"] = f"{others:.0%} of the machine"
        table = report.lines(runs, None, TARGETS) + rows(failovers, weights)
        report.show(console, table)
        if asked.json is not None:
            everything = {
                "facts": facts,
                "runs": [run.as_json() for run in runs],
                "failovers": [failover.as_json() for failover in failovers],
                "weights": [weight.as_json() for weight in weights],
                "table": [asdict(line) for line in table],
            }
            asked.json.write_text(json.dumps(everything, indent=1) + "\n")
        if asked.markdown is not None:
            report.put_into(asked.markdown, "ensemble benchmark", report.markdown(facts, table))
    except (GeneratorError, ServerError, ProbeError, ValueError) as error:
        print(f"benchmark: {error}", file=sys.stderr)
        return 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
