"""Measures speccheck beside TLC with one worker: wall and processor time, start-up included.

    python tests/benchmarks/checker.py [--zookeeper CHECKOUT] [--examples CHECKOUT] [--minutes 8]
        [--only NAME] [--markdown FILE]

The models are those of spec/models that every test run checks, of upstream's Zab.tla,
FastLeaderElection.tla and ZkV3_7_0.tla (a checkout of github.com/apache/zookeeper) and a dozen
public ones (a checkout of github.com/tlaplus/Examples). Both engines run in turns, as processes of
their own, each model once; what is left of the time goes to further rounds, in the other order, of
the models that took least. A row shows the best of its runs; both must find the same distinct
states. Speccheck's run includes what it says of coverage and vacuity, which TLC's does not.

``--markdown`` puts the table between the lines ``<!-- times -->`` and ``<!-- end of times -->`` of
FILE, or makes it the whole file if there are none. The exit code is 1 where the engines differ or
one fails; the other models are measured all the same.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import tomllib
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1] / "interop"))

from zookeeper_specifications import write_models

_ROOT = Path(__file__).parents[2]
_LIMIT_S = 120.0
_SMALL = 20_000
# Small, middling and large ones, of as many styles as there are.
_EXAMPLES = (
    "Chameneos/Chameneos.cfg",
    "CoffeeCan/CoffeeCan100Beans.cfg",
    "DiningPhilosophers/DiningPhilosophers.cfg",
    "Disruptor/Disruptor_SPMC.cfg",
    "ewd840/EWD840.cfg",
    "Prisoners/Prisoners.cfg",
    "allocator/SchedulingAllocator.cfg",
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
    """Yield what is to be measured, those that take least first among the project's own."""
    if arguments.zookeeper is not None:
        for name, module in write_models(arguments.zookeeper, scratch):
            yield Model(f"upstream {name}", module, module.with_suffix(".cfg"))
    if arguments.examples is not None:
        yield from _public_models(arguments.examples)
    yield from _own_models(_ROOT / "spec")


def _own_models(spec: Path) -> Iterator[Model]:
    expected = tomllib.loads((spec / "models" / "expected.toml").read_text("utf-8"))
    for name, entry in sorted(expected.items(), key=lambda item: item[1]["seconds"]):
        if entry["profile"] == "ci" and "behaviours" not in entry:
            module = spec / "models" / f"{entry.get('module', name)}.tla"
            yield Model(name, module, spec / "models" / f"{name}.cfg", (spec,))


def _public_models(checkout: Path) -> Iterator[Model]:
    for manifest in sorted(checkout.glob("specifications/*/manifest.json")):
        for module in json.loads(manifest.read_text("utf-8"))["modules"]:
            for model in module["models"]:
                name = model["path"].removeprefix("specifications/")
                if name in _EXAMPLES:
                    yield Model(name, checkout / module["path"], checkout / model["path"])


def measured(command: list[str], folder: Path) -> tuple[float, float, str]:
    """Run a command; return its wall and processor time in seconds, and what it prints.

    It is ended, with all that it started, after two minutes.
    """
    began = time.perf_counter()
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(
            command, stdout=output, stderr=subprocess.DEVNULL, cwd=folder, start_new_session=True
        )
        timer = threading.Timer(_LIMIT_S, _end, [process.pid])
        timer.start()
        try:
            _, _, usage = os.wait4(process.pid, 0)
        except BaseException:
            _end(process.pid)
            raise
        finally:
            timer.cancel()
        process.returncode = 0  # It was waited for here.
        wall = time.perf_counter() - began
        output.seek(0)
        return wall, usage.ru_utime + usage.ru_stime, output.read()


def _end(group: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)


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
        return Run(wall, processor, _no_result(wall), 0, 0)
    return Run(wall, processor, found["verdict"], found["generated"], found["distinct"])


def _no_result(wall: float) -> str:
    return "no end in time" if wall >= _LIMIT_S else "failed"


_RUN_TLC = """
import resource, sys
from pathlib import Path
from speccheck.tlc import run_tlc
module, config, *folders = map(Path, sys.argv[1:])
result = run_tlc(module, config, folders=folders)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
counts = result.generated, result.distinct
print(result.seconds, used.ru_utime + used.ru_stime, result.verdict, *(n or 0 for n in counts))
"""


def run_tlc(model: Model) -> Run:
    """Run TLC with one worker; the times are those of the Java process alone."""
    paths = map(str, (model.module, model.config, *model.folders))
    command = [sys.executable, "-c", _RUN_TLC, *paths]
    wall, processor, printed = measured(command, model.module.parent)
    try:
        wall_text, processor_text, verdict, generated, distinct = printed.split()
    except ValueError:
        return Run(wall, processor, _no_result(wall), 0, 0)
    return Run(float(wall_text), float(processor_text), verdict, int(generated), int(distinct))


@dataclass
class Pair:
    """The runs of a model in both engines."""

    model: Model
    ours: list[Run] = field(default_factory=list)
    theirs: list[Run] = field(default_factory=list)
    seconds: float = 0.0

    def measure(self) -> None:
        """Run both once more, in the other order than the last time."""
        began = time.monotonic()
        turns: list[tuple[list[Run], Callable[[Model], Run]]]
        turns = [(self.ours, run_ours), (self.theirs, run_tlc)]
        for runs, run in turns if len(self.ours) % 2 == 0 else reversed(turns):
            runs.append(run(self.model))
        self.seconds = time.monotonic() - began

    @property
    def best(self) -> tuple[Run, Run]:
        """The quickest run of each."""
        return min(self.ours, key=lambda r: r.wall), min(self.theirs, key=lambda r: r.wall)

    @property
    def ratio(self) -> float:
        """TLC's wall time in those of speccheck."""
        best, judge = self.best
        return judge.wall / best.wall

    @property
    def agree(self) -> bool:
        """Tell whether both give one verdict, and of one that is a success the same states."""
        best, judge = self.best
        states = best.distinct == judge.distinct or best.verdict != "success"
        ended = best.verdict not in {"failed", "no end in time", "error"}
        return ended and best.verdict == judge.verdict and states

    def row(self) -> str:
        """Return the row of the table."""
        best, judge = self.best
        cells = [
            self.model.name,
            f"{best.distinct:,}",
            f"{best.generated:,}",
            f"{best.wall:.2f}",
            f"{judge.wall:.2f}",
            f"{self.ratio:.2f}",
            f"{min(r.processor for r in self.ours):.2f}",
            f"{min(r.processor for r in self.theirs):.2f}",
            f"{best.generated / best.wall:,.0f}",
            f"{judge.generated / judge.wall:,.0f}",
            str(len(self.ours)),
            best.verdict
            if self.agree
            else f"{best.verdict}, TLC: {judge.verdict} {judge.distinct:,}",
        ]
        return f"| {' | '.join(cells)} |"


_HEAD = (
    "| model | distinct | generated | wall s | TLC wall s | ratio | CPU s | TLC CPU s "
    "| generated/s | TLC generated/s | runs | verdict |\n| --- " + "| --- " * 11 + "|"
)
_BEGIN, _END_MARK = "<!-- times -->", "<!-- end of times -->"


def summary(pairs: list[Pair]) -> list[str]:
    """Say what of the targets is reached, and by which models it is not."""
    ended = [pair for pair in pairs if pair.agree]
    small = [pair for pair in ended if pair.best[0].distinct < _SMALL]
    slower = [f"{pair.model.name} ({pair.ratio:.2f})" for pair in small if pair.ratio < 1]
    zab = [pair for pair in ended if "Zab" in pair.model.name or "MCZk" in pair.model.name]
    lines = [
        f"Of {len(small)} models under {_SMALL:,} states, {len(small) - len(slower)} take no more "
        f"wall time than in TLC{'; the others: ' + ', '.join(slower) if slower else ''}."
    ]
    if zab:
        worst = min(zab, key=lambda pair: pair.ratio)
        lines.append(
            f"On {len(zab)} models of ZAB speccheck generates at least {worst.ratio:.2f} times as "
            f"many states a second as TLC ({worst.model.name})."
        )
    lines += [f"No comparison: {pair.model.name}." for pair in pairs if not pair.agree]
    return lines


def write(path: Path, text: str) -> None:
    """Put the text between the marks in a file, or make it the file."""
    old = path.read_text("utf-8") if path.is_file() else ""
    before, found, rest = old.partition(_BEGIN)
    _, ended, after = rest.partition(_END_MARK)
    if found and ended:
        text = f"{before}{_BEGIN}\n{text}\n{_END_MARK}{after}"
    path.write_text(text, "utf-8")


def main() -> int:
    """Measure and print the table; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--zookeeper", type=Path)
    parser.add_argument("--examples", type=Path)
    parser.add_argument("--minutes", type=float, default=8.0, help="begin no run after so long")
    parser.add_argument("--only", default="")
    parser.add_argument("--markdown", type=Path, help="write the table there as well")
    arguments = parser.parse_args()
    for name in ("zookeeper", "examples"):
        if getattr(arguments, name) is not None:
            setattr(arguments, name, getattr(arguments, name).resolve())
    end = time.monotonic() + 60 * arguments.minutes
    load = os.getloadavg()[0]
    head = f"Measured on {date.today()}, {os.cpu_count()} cores, load {load:.1f} at the start."
    print(f"{head}\n\n{_HEAD}", flush=True)
    pairs: list[Pair] = []
    left: list[str] = []
    with tempfile.TemporaryDirectory() as scratch:
        for model in models(arguments, Path(scratch)):
            if arguments.only not in model.name:
                continue
            if time.monotonic() > end:
                left.append(model.name)
                continue
            pairs.append(Pair(model))
            pairs[-1].measure()
            print(pairs[-1].row(), flush=True)
        while waiting := [p for p in pairs if p.agree and time.monotonic() + p.seconds < end]:
            again = min(waiting, key=lambda p: (len(p.ours), p.seconds))
            if len(again.ours) == 5:
                break
            again.measure()
    said = summary(pairs)
    if left:
        said.append(f"Not measured, for the time was over: {', '.join(left)}.")
    table = "\n".join([head, "", _HEAD, *(pair.row() for pair in pairs), "", "\n".join(said)])
    print(f"\nAfter all rounds:\n\n{table}")
    if arguments.markdown is not None:
        write(arguments.markdown, table)
    return 0 if all(pair.agree for pair in pairs) and not left else 1


if __name__ == "__main__":
    sys.exit(main())
