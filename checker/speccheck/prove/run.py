"""Proves theorems of a module, obligations in several processes, and tells what comes of each."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field, replace
from multiprocessing import get_context
from pathlib import Path

from speccheck.prove.conditions import Conditions
from speccheck.prove.discharge import Limits, Prover, Status, Verdict
from speccheck.prove.errors import ProofError
from speccheck.prove.hints import Hints, extra, hints_path, read_hints
from speccheck.prove.module import ProofModule, load
from speccheck.prove.obligations import Obligation, obligations
from speccheck.prove.world import World


@dataclass(slots=True)
class TheoremResult:
    """A theorem with the verdicts on its obligations; ``by`` are the theorems it rests on."""

    name: str
    by: tuple[str, ...]
    verdicts: list[Verdict] = field(default_factory=list)

    @property
    def status(self) -> Status:
        """Return the worst status of an obligation."""
        found = {verdict.status for verdict in self.verdicts}
        for status in (Status.REFUTED, Status.UNKNOWN):
            if status in found:
                return status
        return Status.PROVED


@dataclass(slots=True)
class Task:
    """What to prove: a module, and the names of its theorems, none for all of them.

    A variant has the theorems and hints of the module ``base`` that it extends, with some of its
    definitions replaced (see ``load``). ``sizes`` replace those of the hints.
    """

    path: Path
    folders: tuple[Path, ...] = ()
    theorems: tuple[str, ...] = ()
    workers: int = 1
    limits: Limits = field(default_factory=Limits)
    base: Path | None = None
    redefines: tuple[tuple[str, str], ...] = ()
    sizes: Mapping[str, int] = field(default_factory=dict)

    def module(self) -> ProofModule:
        """Read the module. Raises TlaError, ProofError, OSError."""
        base = "" if self.base is None else self.base.stem
        return load(self.path, self.folders, base, self.redefines)

    def hints(self) -> Hints:
        """Read the hints. Raises ProofError, OSError."""
        hints = read_hints(hints_path(self.base or self.path))
        return replace(hints, sizes={**hints.sizes, **self.sizes}) if self.sizes else hints


@dataclass(slots=True)
class Plan:
    """The obligations of a task; ``unproved`` theorems have none: where, why, what helps.

    ``annotated`` is what is assumed of constants as annotations say it.
    """

    module: str
    theorems: list[TheoremResult]
    obligations: list[Obligation]
    unproved: list[str]
    annotated: list[str]


def standing(results: Iterable[TheoremResult]) -> dict[str, tuple[Status, str]]:
    """Return how each theorem stands, and the theorem it rests on that is not proved, if any.

    A theorem whose own obligations are proved is unknown if one that it rests on is not.
    """
    by_name = {result.name: result for result in results}
    found: dict[str, tuple[Status, str]] = {}
    for name, result in by_name.items():
        below = [one for one in _below(by_name, name) if by_name[one].status is not Status.PROVED]
        if result.status is Status.PROVED and below:
            found[name] = Status.UNKNOWN, below[0]
        else:
            found[name] = result.status, ""
    return found


def _below(by_name: Mapping[str, TheoremResult], name: str) -> list[str]:
    """Return the theorems that one rests on, also by way of others, as far as they are there."""
    found: list[str] = []
    pending = [name]
    while pending:
        more = [one for one in by_name[pending.pop()].by if one in by_name]
        pending += [one for one in more if one not in found]
        found += [one for one in more if one not in found]
    return [one for one in found if one != name]


def with_what_they_rest_on(task: Task) -> Plan:
    """Return the plan for theorems of a task and for all that these are proved by.

    Changes the task's ``theorems``. Raises TlaError, ProofError, OSError.
    """
    while True:
        planned = plan(task)
        asked = {result.name for result in planned.theorems}
        more = dict.fromkeys(name for result in planned.theorems for name in result.by)
        left = tuple(name for name in more if name not in asked)
        if not task.theorems or not left:
            return planned
        task.theorems += left


def plan(task: Task) -> Plan:
    """Return what there is to prove. Raises TlaError, ProofError, OSError."""
    module = task.module()
    hints = task.hints()
    conditions = Conditions(module, hints, World())
    names = task.theorems or tuple(theorem.name for theorem in module.theorems)
    if not names:
        raise ProofError("\n".join(module.unproved) or f"{task.path}: there is no theorem")
    results: list[TheoremResult] = []
    listed: list[Obligation] = []
    for name in names:
        goal = conditions.goal(name)
        lemmas = (
            lemma.theorem
            for leaf in (goal.behaviour.leaves if goal.behaviour is not None else ())
            if goal.inductive or goal.on_steps
            for lemma in extra(hints.actions, leaf.name).lemmas
        )
        rests = dict.fromkeys([goal.by, *lemmas] if goal.by else lemmas)
        results.append(TheoremResult(name, tuple(rests)))
        listed.extend(obligations(module, goal))
    unproved = [] if task.theorems else module.unproved
    return Plan(module.name, results, listed, unproved, module.annotated)


def selected(planned: Plan, only: Callable[[Obligation], bool]) -> list[Obligation]:
    """Return some of the obligations. Raises ProofError where there are none of them."""
    wanted = [one for one in planned.obligations if only(one)]
    if not wanted and planned.obligations:
        some = ", ".join(f"'{one}'" for one in planned.obligations[:3])
        raise ProofError(f"{planned.module}: there is no such obligation; {some}, ... are some")
    return wanted


def prove(
    task: Task,
    tell: Callable[[Verdict], None] = lambda _: None,
    planned: Plan | None = None,
    only: Callable[[Obligation], bool] = lambda _: True,
) -> list[TheoremResult]:
    """Return the results of all theorems of a task, in order.

    ``tell`` hears of each verdict as it comes; ``only`` selects obligations. Raises TlaError,
    ProofError, OSError.
    """
    planned = planned or plan(task)
    wanted = selected(planned, only)
    by_name = {result.name: result for result in planned.theorems}
    for verdict in _verdicts(task, wanted):
        by_name[verdict.obligation.theorem].verdicts.append(verdict)
        tell(verdict)
    order = {obligation: number for number, obligation in enumerate(wanted)}
    for result in planned.theorems:
        result.verdicts.sort(key=lambda verdict: order[verdict.obligation])
    return planned.theorems


def _verdicts(task: Task, wanted: list[Obligation]) -> Iterator[Verdict]:
    if task.workers == 1:
        prover = _prover(task)
        for obligation in wanted:
            yield prover.prove(obligation)
        return
    pool = ProcessPoolExecutor(
        task.workers, mp_context=get_context("spawn"), initializer=_begin, initargs=(task,)
    )
    try:
        futures = [pool.submit(_prove_one, obligation) for obligation in _longest_first(wanted)]
        for future in as_completed(futures):
            yield future.result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _longest_first(wanted: Iterable[Obligation]) -> list[Obligation]:
    """Return obligations such that no worker ends alone with the long ones: facts come last."""
    return sorted(wanted, key=lambda one: not one.action)


_prover_here: Prover | None = None


def _prover(task: Task) -> Prover:
    return Prover(task.module(), task.hints(), task.limits)


def _begin(task: Task) -> None:
    global _prover_here  # One prover a process, made once.
    _prover_here = _prover(task)


def _prove_one(obligation: Obligation) -> Verdict:
    assert _prover_here is not None, "the process has begun"
    return _prover_here.prove(obligation)
