"""Measure SpecKeeper beside Apache ZooKeeper (Debian) on this machine, alternating, in one run.

python tests/benchmarks/server.py [--quick] [--json FILE] [--markdown docs/performance.md]

README.md in this folder says what is measured and how to read it. With the defaults it takes about
ten minutes.
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

import bulk
import rates
import report
from generator import GeneratorError, build
from rich.console import Console
from servers import Server, ServerError, java_version, version

NAMES = ("speckeeper", "apache")


def options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=11, help="rounds of every case (default 11)")
    parser.add_argument("--seconds", type=float, default=1.0, help="seconds a run (default 1)")
    parser.add_argument("--warm-up", type=float, default=20.0, help="seconds of load before")
    parser.add_argument("--quick", action="store_true", help="5 rounds of 0.5 s, 100 000 nodes")
    parser.add_argument("--connections", type=int, default=50, help="connections (default 50)")
    parser.add_argument("--nodes", type=int, default=1_000_000, help="nodes for memory and start")
    parser.add_argument("--only", default="", help="cases whose name has this text in it")
    parser.add_argument("--no-bulk", action="store_true", help="leave memory and start out")
    parser.add_argument("--no-rates", action="store_true", help="memory and start alone")
    parser.add_argument(
        "--earlier", type=Path, nargs="+", default=[], help="files of --json to put in as well"
    )
    parser.add_argument("--bulk-rounds", type=int, default=2, help="starts of each server")
    parser.add_argument(
        "--folder", type=Path, help="where the data goes (default: a temporary one)"
    )
    parser.add_argument("--json", type=Path, help="write every single run to this file")
    parser.add_argument("--markdown", type=Path, help="put the table into this document")
    asked = parser.parse_args()
    if asked.quick:
        asked.rounds, asked.seconds, asked.nodes, asked.bulk_rounds = 5, 0.5, 100_000, 1
    return asked


def measure_rates(asked: argparse.Namespace, folder: Path, console: Console) -> list[rates.Run]:
    """Start both servers, warm them up, and measure the cases that were asked for."""
    wanted = [each for each in rates.cases(asked.connections) if asked.only in each.name]
    if asked.no_rates or not wanted:
        return []
    pair = [Server(name, folder / name) for name in NAMES]

    def note(run: rates.Run) -> None:
        report.say_run(console, run, asked.rounds)

    try:
        for server in pair:
            server.start()
            rates.prepare(server)
            rates.warm(server, asked.warm_up)
        return rates.compare(pair, wanted, asked.rounds, asked.seconds, note)
    finally:
        for server in pair:
            server.stop()


def read_earlier(files: Sequence[Path]) -> tuple[list[rates.Run], bulk.Bulk]:
    """Read what --json wrote. Raises OSError, ValueError."""
    runs, weights = [], bulk.Bulk([], [])
    for file in files:
        found = json.loads(file.read_text())
        runs += [rates.Run(**run) for run in found["runs"]]
        weights.weights += [bulk.Weight(**weight) for weight in found["weights"]]
        weights.starts += [bulk.Start(**start) for start in found["starts"]]
    return runs, weights


def main() -> int:
    """Run the whole benchmark; 0 unless something could not be measured."""
    asked = options()
    console = Console()
    folder = Path(tempfile.mkdtemp(prefix="speckeeper-benchmark-", dir=asked.folder))
    try:
        build()
        facts = {
            **report.machine(),
            "speckeeper": version("speckeeper"),
            "apache": version("apache"),
            "java": java_version(),
            "connections": asked.connections,
            "rounds": asked.rounds,
            "seconds": asked.seconds,
        }
        runs, weights = read_earlier(asked.earlier)
        runs += measure_rates(asked, folder, console)
        if not asked.no_bulk:
            measured = bulk.measure(folder, NAMES, asked.nodes, asked.bulk_rounds, console.print)
            weights.weights += measured.weights
            weights.starts += measured.starts
        facts["nodes"] = asked.nodes if weights.starts else 0
        if runs:
            facts["other processes"] = f"{median(run.other_cpu for run in runs):.0%} of the machine"
        table = report.lines(runs, weights if weights.starts else None)
        report.show(console, table)
        if asked.json is not None:
            everything = {
                "facts": facts,
                "runs": [run.as_json() for run in runs],
                "weights": [w.as_json() for w in weights.weights],
                "starts": [s.as_json() for s in weights.starts],
                "table": [asdict(line) for line in table],
            }
            asked.json.write_text(json.dumps(everything, indent=1) + "\n")
        if asked.markdown is not None:
            report.put_into(asked.markdown, "benchmark", report.markdown(facts, table))
    except (GeneratorError, ServerError, OSError, ValueError) as error:
        print(f"benchmark: {error}", file=sys.stderr)
        return 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
