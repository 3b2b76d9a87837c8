"""Runs the models and tests of a module on one mutant of it, and says who noticed.

A mutant is killed by a property that it violates, by an error of evaluation, by a test that fails,
or by a count: another number of distinct states or another depth than is recorded. Nothing of this
is in doubt. A mutant that nobody noticed has survived; if moreover each model gives the same graph
of states, it is the same specification within the bounds of the models.
"""

import multiprocessing
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from tests.model.mutation.edits import Edit
from tests.model.mutation.subjects import ROOT, SPEC, ModelRun, Subject

from speccheck.evaluate.compiler import State
from speccheck.evaluate.errors import EvaluationError
from speccheck.explore.config import read_config
from speccheck.explore.model import ConfigError, Model, load_model
from speccheck.explore.search import Search
from speccheck.tla.errors import TlaError

# A mutant may reach many more states than the module: this many times as many are looked at.
MORE_STATES = 2
# A mutant may compute without end. Seconds for all models together, and for each second recorded.
LEAST_SECONDS, SECONDS_PER_SECOND = 60, 20

# What the checker says of a text that says nothing about a variable.
NONSENSE = ("gives no value to", "is used before it")

# Models that take no longer are all asked, even if a count has told already.
QUICK_SECONDS = 1

PROPERTIES = frozenset({"invariant", "property", "liveness", "deadlock", "assumption"})


@dataclass(frozen=True)
class Judgement:
    """``outcome`` is property, error, count, test, time; survived, same; or invalid.

    ``by`` names the model or test, and what it said.
    """

    outcome: str
    by: str = ""

    @property
    def is_kill(self) -> bool:
        return self.outcome in {"property", "error", "count", "test", "time"}


@contextmanager
def mutated(subject: Subject, edit: Edit | None) -> Iterator[Path]:
    """Give a copy of spec/ and of the tests that read it, with the edit made."""
    with tempfile.TemporaryDirectory(prefix="mutant-") as name:
        folder = Path(name)
        shutil.copytree(SPEC, folder / "spec")
        if subject.tests:
            shutil.copy(ROOT / "pyproject.toml", folder)
            shutil.copytree(
                ROOT / "tests" / "model",
                folder / "tests" / "model",
                ignore=shutil.ignore_patterns("__pycache__"),
            )
            (folder / "tests" / "unit").symlink_to(ROOT / "tests" / "unit")
        if edit is not None:
            path = folder / "spec" / f"{edit.module}.tla"
            path.write_text(edit.apply(path.read_text("utf-8")), "utf-8")
        yield folder


def judge(subject: Subject, edit: Edit) -> Judgement:
    """Return who noticed the mutant. Of those that take no time a property is named first."""
    with mutated(subject, edit) as folder:
        count: Judgement | None = None
        for run in subject.models:
            if count is not None and run.seconds > QUICK_SECONDS:
                break
            judgement = _apart(_judge_model, folder, run)
            if judgement is None:
                continue
            if judgement.outcome != "count":
                return judgement
            count = count or judgement
        if count is not None:
            return count
        if subject.tests:
            failed = _failing(folder, subject.tests)
            if failed is not None:
                return Judgement("test", failed)
        if subject.by_graph and all(
            _apart(_same_graph, folder, run) is True
            for run in subject.models
            if run.verdict == "success"
        ):
            return Judgement("same")
    return Judgement("survived")


def _load(folder: Path, run: ModelRun) -> Model:
    models = folder / "spec" / "models"
    config = read_config(models / f"{run.name}.cfg")
    return load_model(models / f"{run.module}.tla", config, [folder / "spec"])


def _judge_model(folder: Path, run: ModelRun) -> Judgement | None:
    """Run the model; None if it gives what is recorded."""
    try:
        model = _load(folder, run)
    except (TlaError, ConfigError, EvaluationError) as error:
        return Judgement("invalid", _first_line(error, folder))
    most = None if run.distinct is None else MORE_STATES * run.distinct + 1000
    result = Search(model, most).run()
    if result.verdict == "error":
        said = _first_line(result.error, folder)
        return Judgement("invalid" if any(text in said for text in NONSENSE) else "error", said)
    if result.verdict in PROPERTIES:
        if (result.verdict, result.violated) == (run.verdict, run.violated):
            return None
        name = result.violated or result.verdict
        return Judgement("property", f"{run.name}: {name.replace(f'{folder}/', '')}")
    if result.verdict == "unfinished":
        return Judgement("count", f"{run.name}: more than {most} states")
    if result.verdict != run.verdict:
        return Judgement("count", f"{run.name}: {run.violated} is no longer violated")
    if (result.distinct, result.depth) != (run.distinct, run.depth):
        return Judgement("count", f"{run.name}: {result.distinct} states, depth {result.depth}")
    return None


def _first_line(error: object, folder: Path) -> str:
    return str(error).splitlines()[0].replace(f"{folder}/", "")


def _same_graph(folder: Path, run: ModelRun) -> bool:
    """Tell whether the mutant's model has the graph of states of the model itself.

    It has if both start in the same states, and if from each state that the model reaches both go
    to the same states, under the same constraints.
    """
    ours, theirs = _load(ROOT, run), _load(folder, run)
    search = Search(ours)
    search.run()
    if _initial(ours) != _initial(theirs):
        return False
    for state in search.reached:
        steps = _successors(ours, state)
        if steps != _successors(theirs, state):
            return False
        if [check.holds(state) for check in ours.constraints] != [
            check.holds(state) for check in theirs.constraints
        ]:
            return False
        for one, other in zip(ours.action_constraints, theirs.action_constraints, strict=True):
            if any(one.holds(state, new) != other.holds(state, new) for new in steps):
                return False
    return True


def _initial(model: Model) -> set[State]:
    found: set[State] = set()
    assert model.initial is not None
    model.initial(found.add)
    return found


def _successors(model: Model, state: State) -> set[State]:
    found: set[State] = set()
    for action in model.actions:
        action.step(state, found.add)
    return found


def _apart(work, folder: Path, run: ModelRun):  # type: ignore[no-untyped-def]
    """Call in a process of its own: a mutant may never end, or recurse too deep."""
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe()
    child = context.Process(target=_call, args=(theirs, work, folder, run))
    child.start()
    theirs.close()
    try:
        if not ours.poll(LEAST_SECONDS + SECONDS_PER_SECOND * run.seconds):
            return Judgement("time", f"{run.name}: no end")
        return ours.recv()
    except EOFError:
        return Judgement("error", f"{run.name}: the process ended with {child.exitcode}")
    finally:
        child.kill()
        child.join()


def _call(pipe: Connection, work, folder: Path, run: ModelRun) -> None:  # type: ignore[no-untyped-def]
    sys.setrecursionlimit(5000)
    try:
        pipe.send(work(folder, run))
    except RecursionError:
        pipe.send(Judgement("error", f"{run.name}: recursion without end"))


def _failing(folder: Path, tests: tuple[str, ...]) -> str | None:
    """Return the name of the first test that fails, or None."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return None
    failed = re.search(r"^(?:FAILED|ERROR) (\S+)", done.stdout, re.MULTILINE)
    if done.returncode != 1 or failed is None:
        raise RuntimeError(f"the tests did not run: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    return failed[1]
