"""Runs the tests, models and proofs of a module on one mutant of it, and says who noticed.

A mutant is killed by a test that fails, by a property that it violates, by a theorem that is
refuted, by an error of evaluation, by the vacuity guard, which names an action or a branch that is
no longer taken, or by a count: another number of distinct states or another depth than is recorded.
Nothing of this is in doubt. A mutant on which a model or test came to no end is not decided, unless
another kills it. A mutant that nobody noticed has survived; if moreover each model gives the same
graph of states, it is the same specification within the bounds of the models.

The tests are asked first, then the models in the order of subjects.toml, then by time, then the
proofs. The first that kills ends it, but for a count: all others may still name a property.
"""

import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypeVar

from tests.model.mutation.apart import NoEnd, apart
from tests.model.mutation.edits import Edit
from tests.model.mutation.subjects import MODELS, ROOT, SPEC, ModelRun, Subject

from speccheck.evaluate.compiler import State
from speccheck.evaluate.errors import EvaluationError
from speccheck.explore.config import read_config
from speccheck.explore.exercise.judge import judge as judge_exercise
from speccheck.explore.model import ConfigError, Model, load_model
from speccheck.explore.search import Search
from speccheck.tla.errors import TlaError

_Said = TypeVar("_Said")

# A mutant may reach many more states than the module: this many times as many are looked at.
MORE_STATES = 2
# A mutant may compute without end. Seconds of processor time for a model, and for each second
# recorded of it; for the tests of a module; for its proofs.
LEAST_SECONDS, SECONDS_PER_SECOND, TEST_SECONDS, PROOF_SECONDS = 10, 5, 60, 300
DEEPEST_RECURSION = 5000

# What the checker says of a text that says nothing about a variable.
NONSENSE = ("gives no value to", "is used before it")

# Models that take no longer are asked about the module as it is.
QUICK_SECONDS = 1

KILLS = ("test", "property", "error", "guard", "count")

PROPERTIES = frozenset({"invariant", "property", "liveness", "deadlock", "assumption"})


@dataclass(frozen=True)
class Judgement:
    """``outcome`` is property, error, guard, count, test; undecided, survived, same; or invalid.

    ``by`` names the model or test, and what it said.
    """

    outcome: str
    by: str = ""

    @property
    def is_kill(self) -> bool:
        return self.outcome in KILLS


@contextmanager
def mutated(module: str, edit: Edit | None) -> Iterator[Path]:
    """Give a folder with the mutated module alone, to be searched ahead of spec/."""
    with tempfile.TemporaryDirectory(prefix="mutant-") as name:
        folder = Path(name)
        original = SPEC / f"{module}.tla"
        text = original.read_text("utf-8")
        (folder / original.name).write_text(text if edit is None else edit.apply(text), "utf-8")
        hints = original.with_suffix(".hints.toml")
        if hints.is_file():
            shutil.copy(hints, folder)
        yield folder


def judge(subject: Subject, edit: Edit | None, patience: float = 1) -> Judgement:
    """Return who noticed the mutant; ``patience`` multiplies the processor time that each has.

    Without an edit the module itself is judged, by the tests with examples of their own, the models
    that take no time and the proofs: if any of them notices anything, it can judge no mutant.
    """
    with mutated(subject.module, edit) as folder:
        said: dict[str, Judgement] = {}
        for judgement in _asked(subject, folder, patience, edit):
            if judgement.outcome not in {"undecided", "count", "guard"}:
                return judgement
            said.setdefault(judgement.outcome, judgement)
        for outcome in ("guard", "count", "undecided"):
            if outcome in said:
                return said[outcome]
        if (
            subject.by_graph
            and edit is not None
            and all(
                _ask(same_graph, folder, run, patience) is True
                for run in subject.models
                if run.verdict == "success"
            )
        ):
            return Judgement("same")
    return Judgement("survived")


def _asked(
    subject: Subject, folder: Path, patience: float, edit: Edit | None
) -> Iterator[Judgement]:
    """Yield what those say, one after the other, that notice anything."""
    thoroughly = edit is not None
    if subject.tests:
        said = _ask_tests(folder, subject.tests, patience, drawn=thoroughly)
        if said is not None:
            yield said
    is_named = False
    for run in subject.models if edit is None else _in_order(subject.models, edit):
        if run.seconds > QUICK_SECONDS and not thoroughly:
            continue
        found = _ask(_judge_model, folder, run, patience)
        if isinstance(found, Judgement):
            if found.outcome == "count" and not is_named:
                found = _named(folder, run, patience) or found
                is_named = found.outcome == "guard"
            yield found
    if subject.is_proved:
        from tests.model.mutation.ask_prover import first_refuted

        try:
            refuted = apart(
                patience * PROOF_SECONDS, first_refuted, folder / f"{subject.module}.tla"
            )
        except NoEnd as end:
            yield Judgement("undecided", f"the proofs: {end}")
        else:
            if refuted is not None:
                yield Judgement(*refuted)


def _ask_tests(
    folder: Path, tests: tuple[str, ...], patience: float, *, drawn: bool
) -> Judgement | None:
    from tests.model.mutation.ask_tests import first_failure

    try:
        failed = apart(patience * TEST_SECONDS, first_failure, folder, tests, drawn=drawn)
    except NoEnd as end:
        return Judgement("undecided", f"the tests: {end}")
    return None if failed is None else Judgement("test", failed)


def _ask(
    work: Callable[[Path, ModelRun], _Said],
    folder: Path,
    run: ModelRun,
    patience: float,
) -> _Said | Judgement:
    """Call in a process of its own: a mutant may never end, or recurse too deep."""
    seconds = patience * (LEAST_SECONDS + SECONDS_PER_SECOND * run.seconds)
    try:
        return apart(seconds, work, folder, run)
    except NoEnd as end:
        return Judgement("undecided", f"{run.name}: {end}")


def _named(folder: Path, run: ModelRun, patience: float) -> Judgement | None:
    """Return what the vacuity guard names of the mutant and not of the module, if anything."""
    ours, theirs = _never_taken_by_the_module(run), _ask(never_taken, folder, run, patience)
    if isinstance(ours, frozenset) and isinstance(theirs, frozenset) and theirs - ours:
        return Judgement("guard", f"{run.name}: {min(theirs - ours)}")
    return None


def _in_order(runs: tuple[ModelRun, ...], edit: Edit) -> list[ModelRun]:
    """Return the models, those last that never come to what is mutated, as far as they say so."""
    action = f"{edit.within}: was never enabled"
    line = f" (line {edit.span.line})"

    def is_idle(run: ModelRun) -> bool:
        idle = _never_taken_by_the_module(run)
        return isinstance(idle, frozenset) and any(
            found.removeprefix("MC").startswith(action) or found.endswith(line) for found in idle
        )

    return sorted(runs, key=is_idle)


@cache
def _never_taken_by_the_module(run: ModelRun) -> frozenset[str] | Judgement:
    return _ask(never_taken, SPEC, run, 10)


def never_taken(folder: Path, run: ModelRun) -> frozenset[str]:
    """Return the actions, and branches within actions, that a run to its end never took.

    The places are lines: columns move with an edit.
    """
    sys.setrecursionlimit(DEEPEST_RECURSION)
    model = _load(folder, run)
    result = Search(model, _most(run)).run()
    if result.verdict != "success":
        return frozenset()
    return frozenset(
        f"{found.name}: {found.message} (line {found.place.span.line})"
        for found in judge_exercise(model, result, []).findings
        if found.kind in {"action", "branch"}
    )


def _load(folder: Path, run: ModelRun) -> Model:
    config = read_config(MODELS / f"{run.name}.cfg")
    return load_model(MODELS / f"{run.module}.tla", config, [folder, SPEC])


def _judge_model(folder: Path, run: ModelRun) -> Judgement | None:
    """Run the model; None if it gives what is recorded."""
    sys.setrecursionlimit(DEEPEST_RECURSION)
    try:
        return _judgement(folder, run)
    except RecursionError:
        return Judgement("error", f"{run.name}: recursion without end")


def _judgement(folder: Path, run: ModelRun) -> Judgement | None:
    try:
        model = _load(folder, run)
    except (TlaError, ConfigError, EvaluationError) as error:
        return Judgement("invalid", _first_line(error, folder))
    most = _most(run)
    result = Search(model, most).run()
    if result.verdict == "error":
        said = _first_line(result.error, folder)
        return Judgement("invalid" if any(text in said for text in NONSENSE) else "error", said)
    if result.verdict in PROPERTIES:
        if (result.verdict, result.violated) == (run.verdict, run.violated):
            return None
        name = _first_line(result.violated or result.verdict, folder)
        return Judgement("property", f"{run.name}: {name}")
    if result.verdict == "unfinished":
        return Judgement("count", f"{run.name}: more than {most} states")
    if result.verdict != run.verdict:
        return Judgement("count", f"{run.name}: {run.violated} is no longer violated")
    if (result.distinct, result.depth) != (run.distinct, run.depth):
        return Judgement("count", f"{run.name}: {result.distinct} states, depth {result.depth}")
    return None


def _most(run: ModelRun) -> int | None:
    return None if run.distinct is None else MORE_STATES * run.distinct + 1000


def _first_line(error: object, folder: Path) -> str:
    return str(error).splitlines()[0].replace(f"{folder}/", "").replace(f"{ROOT}/", "")


def same_graph(folder: Path, run: ModelRun) -> bool:
    """Tell whether the mutant's model has the graph of states of the model itself.

    It has if both start in the same states, and if from each state that the model reaches both go
    to the same states, under the same constraints.
    """
    ours, theirs = _load(SPEC, run), _load(folder, run)
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
