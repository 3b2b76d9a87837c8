"""Runs the models and tests of a module on one mutant of it, and says who noticed.

A mutant is killed by a property that it violates, by an error of evaluation, by a test that fails,
or by a count: another number of distinct states or another depth than is recorded. Nothing of this
is in doubt. A mutant on which a model or test came to no end is not decided, unless another kills
it. A mutant that nobody noticed has survived; if moreover each model gives the same graph of
states, it is the same specification within the bounds of the models.

The tests are asked first, then the models in the order of subjects.toml, then by time. The first
that kills ends it, but for a count: the models that take no time may still name a property.
"""

import multiprocessing
import re
import resource
import shutil
import signal
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
# A mutant may compute without end. Seconds of processor time for a model, and for each second
# recorded of it; for the tests of a module; and bytes of memory.
LEAST_SECONDS, SECONDS_PER_SECOND, TEST_SECONDS = 10, 5, 60
MEMORY = 4 << 30

# What the checker says of a text that says nothing about a variable.
NONSENSE = ("gives no value to", "is used before it")

# Models that take no longer are all asked, even if a count has told already.
QUICK_SECONDS = 1

PROPERTIES = frozenset({"invariant", "property", "liveness", "deadlock", "assumption"})


@dataclass(frozen=True)
class Judgement:
    """``outcome`` is property, error, count, test; undecided, survived, same; or invalid.

    ``by`` names the model or test, and what it said.
    """

    outcome: str
    by: str = ""

    @property
    def is_kill(self) -> bool:
        return self.outcome in {"property", "error", "count", "test"}


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


def judge(subject: Subject, edit: Edit, patience: float = 1) -> Judgement:
    """Return who noticed the mutant; ``patience`` multiplies the processor time that each has."""
    with mutated(subject, edit) as folder:
        undecided: Judgement | None = None
        count: Judgement | None = None
        if subject.tests:
            failed = _failing(folder, subject.tests, patience)
            if failed is not None and failed.is_kill:
                return failed
            undecided = failed
        for run in subject.models:
            if count is not None and run.seconds > QUICK_SECONDS:
                break
            judgement = _apart(_judge_model, folder, run, patience)
            if judgement is None:
                continue
            if judgement.outcome == "undecided":
                undecided = undecided or judgement
            elif judgement.outcome == "count":
                count = count or judgement
            else:
                return judgement
        if count is not None or undecided is not None:
            return count or undecided or Judgement("survived")
        if subject.by_graph and all(
            _apart(same_graph, folder, run, patience) is True
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


def same_graph(folder: Path, run: ModelRun) -> bool:
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


def _apart(work, folder: Path, run: ModelRun, patience: float):  # type: ignore[no-untyped-def]
    """Call in a process of its own: a mutant may never end, or recurse too deep."""
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe()
    seconds = patience * (LEAST_SECONDS + SECONDS_PER_SECOND * run.seconds)
    child = context.Process(target=_call, args=(theirs, work, folder, run, seconds))
    child.start()
    theirs.close()
    try:
        return ours.recv()
    except EOFError:
        child.join()
        if child.exitcode == -signal.SIGXCPU:
            return Judgement("undecided", f"{run.name}: no end in {seconds:g} s")
        return Judgement("undecided", f"{run.name}: the process ended with {child.exitcode}")
    finally:
        child.kill()
        child.join()


def _limit(seconds: float, process: int = 0) -> None:
    """Let a process, by default this one, end when it has used so much processor time."""
    resource.prlimit(process, resource.RLIMIT_CPU, (round(seconds), round(seconds) + 5))
    resource.prlimit(process, resource.RLIMIT_AS, (MEMORY, MEMORY))


def _call(  # type: ignore[no-untyped-def]
    pipe: Connection, work, folder: Path, run: ModelRun, seconds: float
) -> None:
    _limit(seconds)
    sys.setrecursionlimit(5000)
    try:
        pipe.send(work(folder, run))
    except RecursionError:
        pipe.send(Judgement("error", f"{run.name}: recursion without end"))
    except MemoryError:
        pipe.send(Judgement("undecided", f"{run.name}: out of memory"))


def _failing(folder: Path, tests: tuple[str, ...], patience: float) -> Judgement | None:
    """Return what the first test that fails says, or None. A test without end does not fail."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider"]
    # The same examples each time; pytest's own limit would be a failure, and by the wall clock.
    command += ["--hypothesis-seed=0", "--timeout=0", *tests]
    seconds = patience * TEST_SECONDS
    with subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as running:
        _limit(seconds, running.pid)
        said, _ = running.communicate()
    if running.returncode == 0:
        return None
    if running.returncode == -signal.SIGXCPU:
        return Judgement("undecided", f"the tests: no end in {seconds:g} s")
    failed = re.search(r"^(?:FAILED|ERROR) (\S+)(.*)", said, re.MULTILINE)
    if running.returncode != 1 or failed is None:
        raise RuntimeError(f"the tests did not run: {said[-4000:]}")
    if "MemoryError" in failed[2]:
        return Judgement("undecided", f"{failed[1]}: out of memory")
    return Judgement("test", failed[1])
