"""What a run exercised, put together: actions, branches within them, parts of properties."""

import time
from collections.abc import Iterable, Sequence
from contextlib import suppress

from speccheck.evaluate.compiler import State
from speccheck.explore.config import Tolerance
from speccheck.explore.exercise.behaviours import Behaviours, ask_behaviours
from speccheck.explore.exercise.findings import Exercise, Finding
from speccheck.explore.exercise.vacuity import Tell, ask
from speccheck.explore.graph import Checked
from speccheck.explore.model import Model
from speccheck.explore.result import Result

_SHARE_OF_THE_RUN = 0.1
_LEAST_SECONDS = 0.2


def judge(
    model: Model,
    result: Result,
    states: Sequence[State],
    *,
    initial: Sequence[State] = (),
    checked: Checked | None = None,
    to_the_end: bool = False,
    tell: Tell = lambda _text: None,
) -> Exercise:
    """Return what a run that found nothing wrong has exercised.

    ``initial`` are the states it began in, without which nothing is asked about these alone;
    ``states`` those it reached and kept: where others are gone, with several processes for example,
    nothing is said to be vacuous on the strength of the rest. What mattered in properties
    of behaviours is asked on the graph that they were ``checked`` on. The questions that take
    time get a share of the time that the run took; all they need with ``to_the_end``. ``tell`` is
    told about once a second what is asked.
    """
    exercise = Exercise()
    exercise.findings.extend(_idle(model, result))
    taken = {name for name, steps, _ in result.taken if steps}
    idle = {finding.name for finding in exercise.findings} - taken
    if model.marks is not None:
        marked = model.marks.branches()
        exercise.branches = [branch for branch in marked if branch.kind != "action"]
        exercise.actions = [branch for branch in marked if branch.kind == "action"]
        exercise.findings.extend(
            Finding("action", inner.action, inner.place, _when(result))
            for inner in exercise.actions
            if not inner.taken
        )
        told = {finding.place for finding in exercise.findings}
        taken |= {inner.action for inner in exercise.actions if inner.taken}
        idle = {finding.name for finding in exercise.findings} - taken
        for branch in exercise.branches:
            # Of an action that was never taken, the branches need no word.
            if not branch.taken and branch.action not in idle and branch.place not in told:
                message = f"this {_BRANCHES[branch.kind]} was never taken"
                finding = Finding("branch", branch.action, branch.place, message, is_weak=True)
                exercise.findings.append(finding)
    if model.compiler is not None and states:
        began = time.perf_counter()
        most_seconds = max(_LEAST_SECONDS, result.seconds * _SHARE_OF_THE_RUN)
        ask(
            model.compiler,
            model.probed(),
            states,
            lambda state: _successors(model, state),
            exercise,
            None if to_the_end else most_seconds,
            are_all=len(states) >= result.distinct,
            initial=initial,
            tell=tell,
        )
        left = None if to_the_end else began + most_seconds - time.perf_counter()
        behaviours = Behaviours(checked, model.fairness, model.atoms, model.without)
        ask_behaviours(behaviours, model.temporal(), exercise, left, tell)
    if result.verdict != "success":
        exercise.findings = [found._replace(is_weak=True) for found in exercise.findings]
    exercise.findings = list(_tolerated(exercise.findings, model.tolerances))
    return exercise


_BRANCHES = {"disjunct": "alternative", "branch": "branch"}


def _when(result: Result) -> str:
    return "was never enabled" if result.verdict == "success" else "was not taken so far"


def _idle(model: Model, result: Result) -> Iterable[Finding]:
    for action, (_, steps, _) in zip(model.actions, result.taken, strict=False):
        if not steps:
            yield Finding("action", action.name, action.place, _when(result))


def _successors(model: Model, state: State) -> list[State]:
    """Return the states that steps lead to; an action without a value leads to none.

    Only a state that the run itself did not expand, because it ended early, can have such.
    """
    found: list[State] = []
    for action in model.actions:
        with suppress(Exception):  # Whatever generated code raises.
            action.step(state, found.append)
    return found


def _tolerated(findings: list[Finding], tolerances: list[Tolerance]) -> Iterable[Finding]:
    """Yield the findings, those that the configuration expects with its reason."""
    used: set[Tolerance] = set()
    for finding in findings:
        for tolerance in tolerances:
            if tolerance.covers(finding.name, finding.place.span.line):
                used.add(tolerance)
                finding = finding._replace(reason=tolerance.reason)
        yield finding
    for tolerance in tolerances:
        if tolerance not in used:
            message = "the configuration expects it to be vacuous, and it is not"
            yield Finding("tolerance", tolerance.name, tolerance.place, message, is_weak=True)
