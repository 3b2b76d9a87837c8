"""Measures speccheck beside TLC with one worker: wall and processor time, start-up included.

    python tests/benchmarks/checker.py [--zookeeper CHECKOUT] [--examples CHECKOUT] [--rounds 3]
        [--only NAME] [--markdown FILE]

The models are those of spec/models, of upstream's Zab.tla, FastLeaderElection.tla and
ZkV3_7_0.tla (a checkout of github.com/apache/zookeeper) and a dozen public ones (a checkout of
github.com/tlaplus/Examples). Both engines run in turns, as processes of their own. A row shows the
best of the rounds; both must find the same distinct states. Speccheck's run includes what it says
of coverage and vacuity, which TLC's does not.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1] / "interop"))

from zookeeper_specifications import write_models

_ROOT = Path(__file__).parents[2]
# Small, middling and large ones, of as many styles as there are.
_EXAMPLES = (
    "Chameneos/Chameneos.cfg",
    "CoffeeCan/CoffeeCan100Beans.cfg",
    "DiningPhilosophers/DiningPhilosophers.cfg",
    "Disruptor/Disruptor_SPMC.cfg",
    "ewd840/EWD840.cfg",
    "Prisoners/Prisoners.cfg",
    "ewd840/EWD840_json.cfg",
    "byzpaxos/VoteProof.cfg",
    "chang_roberts/MCChangRoberts.cfg",
    "transaction_commit/TwoPhase.cfg",
    "PaxosHowToWinATuringAward/MCPaxosTiny.cfg",
    "TwoPhase/MCTwoPhase.cfg",
)


class Model(NamedTuple):
    """A model: its name in the table, its module and configuration, more folders with modules."""

    name: str
    module: Path
    config: Path
    folders: tuple[Path, ...] = ()


class Run(NamedTuple):
    """One run: seconds on the clock and of the processor, and what was found."""

    wall: float
    processor: float
    verdict: str
    generated: int
    distinct: int


def models(arguments: argparse.Namespace, scratch: Path) -> Iterator[Model]:
    """Yield what is to be measured."""
    spec = _ROOT / "spec"
    for config in sorted((spec / "models").glob("*.cfg")):
        yield Model(config.stem, config.with_suffix(".tla"), config, (spec,))
    if arguments.zookeeper is not None:
        for name, module in write_models(arguments.zookeeper, scratch):
            yield Model(f"upstream {name}", module, module.with_suffix(".cfg"))
    if arguments.examples is not None:
        yield from _public_models(arguments.examples)


def _public_models(checkout: Path) -> Iterator[Model]:
    for manifest in sorted(checkout.glob("specifications/*/manifest.json")):
        for module in json.loads(manifest.read_text("utf-8"))["modules"]:
            for model in module["models"]:
                name = model["path"].removeprefix("specifications/")
                if name in _EXAMPLES:
                    yield Model(name, checkout / module["path"], checkout / model["path"])


def measured(command: list[str], folder: Path) -> tuple[float, float, str]:
    """Run a command; return its wall and processor time in seconds, and what it prints."""
    began = time.perf_counter()
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.DEVNULL, cwd=folder)
        _, _, usage = os.wait4(process.pid, 0)
        process.returncode = 0  # It was waited for here.
        wall = time.perf_counter() - began
        output.seek(0)
        return wall, usage.ru_utime + usage.ru_stime, output.read()


def run_ours(model: Model) -> Run:
    """Run speccheck."""
    command = [sys.executable, "-m", "speccheck.cli", "check", str(model.module), "--json"]
    command += ["--config", str(model.config)]
    for folder in model.folders:
        command += ["--library", str(folder)]
    wall, processor, printed = measured(command, model.module.parent)
    try:
        found = json.loads(printed)
    except json.JSONDecodeError:
        return Run(wall, processor, "refused", 0, 0)
    return Run(wall, processor, found["verdict"], found["generated"], found["distinct"])


_RUN_TLC = """
import sys
from pathlib import Path
from speccheck.tlc import run_tlc
module, config, *folders = map(Path, sys.argv[1:])
result = run_tlc(module, config, folders=folders)
print(result.seconds, result.verdict, result.generated, result.distinct)
"""


def run_tlc(model: Model) -> Run:
    """Run TLC with one worker; its wall time is that of the Java process alone."""
    paths = map(str, (model.module, model.config, *model.folders))
    command = [sys.executable, "-c", _RUN_TLC, *paths]
    _, processor, printed = measured(command, model.module.parent)
    wall, verdict, generated, distinct = printed.split()
    return Run(float(wall), processor, verdict, int(generated), int(distinct))


def row(model: Model, rounds: int) -> str:
    """Measure a model; return its row of the table."""
    ours: list[Run] = []
    theirs: list[Run] = []
    for number in range(rounds):
        for run in (run_ours, run_tlc) if number % 2 == 0 else (run_tlc, run_ours):
            (ours if run is run_ours else theirs).append(run(model))
    best, judge = min(ours, key=lambda r: r.wall), min(theirs, key=lambda r: r.wall)
    processor = min(r.processor for r in ours), min(r.processor for r in theirs)
    agree = (best.verdict, best.distinct) == (judge.verdict, judge.distinct)
    cells = [
        model.name,
        f"{best.distinct:,}",
        f"{best.generated:,}",
        f"{best.wall:.2f}",
        f"{judge.wall:.2f}",
        f"{judge.wall / best.wall:.2f}",
        f"{processor[0]:.2f}",
        f"{processor[1]:.2f}",
        f"{best.generated / best.wall:,.0f}",
        f"{judge.generated / judge.wall:,.0f}",
        best.verdict if agree else f"{best.verdict}, TLC: {judge.verdict} {judge.distinct:,}",
    ]
    return f"| {' | '.join(cells)} |"


_HEAD = (
    "| model | distinct | generated | wall s | TLC wall s | ratio | CPU s | TLC CPU s "
    "| generated/s | TLC generated/s | verdict |\n| --- " + "| --- " * 10 + "|"
)


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--zookeeper", type=Path)
    parser.add_argument("--examples", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default="")
    parser.add_argument("--markdown", type=Path, help="write the table there as well")
    arguments = parser.parse_args()
    load = os.getloadavg()[0]
    head = f"{date.today()}, {os.cpu_count()} cores, load {load:.1f} at the start\n\n{_HEAD}"
    print(head, flush=True)
    rows: list[str] = []
    with tempfile.TemporaryDirectory() as scratch:
        for model in models(arguments, Path(scratch)):
            if arguments.only in model.name:
                rows.append(row(model, arguments.rounds))
                print(rows[-1], flush=True)
    if arguments.markdown is not None:
        arguments.markdown.write_text("\n".join([head, *rows, ""]), "utf-8")


if __name__ == "__main__":
    main()
