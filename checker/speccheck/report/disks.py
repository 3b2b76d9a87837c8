"""Counterexamples to induction, given to simulated servers: do their disks do harm?"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from rich.console import Console

from speccheck.evaluate.compiler import State
from speccheck.evaluate.errors import EvaluationError
from speccheck.evaluate.order import ordered
from speccheck.evaluate.show import show
from speccheck.evaluate.values import FALSE, SEQUENCES, TRUE, Fn, ModelValue, Value, force
from speccheck.explore.model import Model
from speccheck.hunt.replay import Replay, write_replay
from speccheck.hunt.system import FAULTS, VIRTUAL_MS, Unusable, find_system, starting
from speccheck.hunt.task import Outcome, Task, draw, run
from speccheck.report.progress import Progress

_LIMIT_S = 30.0


class Ensemble(NamedTuple):
    """The servers to be simulated: a system by its name, and from how many seeds."""

    system: str
    seeds: int

    def check(self) -> None:
        """Raise Unusable if it cannot begin with disks."""
        starting(*find_system(self.system))


def runs_from_disks(
    model: Model, states: Sequence[State], place: Path, ensemble: Ensemble
) -> Iterator[str]:
    """Yield a line on what becomes of servers with the disks of a state, and after its step.

    ``model`` has an alias: a start in the words of the specification. What is on the disks and what
    violates a rule is written into ``place``. Raises EvaluationError, Unusable, OSError.
    """
    told: list[Any] = []
    for name, which, state in (
        ("disks", "the disks of this state", states[0]),
        ("disks-after", "the disks after the step", states[-1]),
    ):
        start = plain(_start(model, state))
        if start in told:
            continue
        told.append(start)
        (place / f"{name}.json").write_text(json.dumps(start, indent=1) + "\n")
        yield _verdict(start, which, place / f"{name}-violation.json", ensemble)


def plain(value: Value) -> Any:
    """Return a value as what JSON has; a function is a list in the order of its domain.

    Raises EvaluationError.
    """
    value = force(value)
    if value is TRUE or value is FALSE:
        return value is TRUE
    if isinstance(value, int | str):
        return value
    if isinstance(value, ModelValue):
        return value.name
    if isinstance(value, frozenset):
        return [plain(item) for item in ordered(value)]
    if isinstance(value, Fn):
        if value.table is SEQUENCES:
            return [plain(item) for item in value.values_]
        keys = ordered(frozenset(value.domain.keys_))
        if all(isinstance(key, ModelValue) for key in keys):
            keys = (*sorted(keys, key=repr),)  # s1, s2, ..., whatever else has been read before
        if keys and all(isinstance(key, str) for key in keys):
            return {key: plain(value[key]) for key in keys}
        return [plain(value[key]) for key in keys]
    raise EvaluationError(f"Start has {show(value)}, which cannot be on a disk")


def _start(model: Model, state: State) -> Value:
    assert model.alias is not None, "the configuration names one"
    try:
        return model.alias(state, state)
    except Exception as error:  # noqa: BLE001 (whatever evaluation raises, the model explains it)
        raise model.explain(error) from None


def _verdict(start: Mapping[str, Any], which: str, file: Path, ensemble: Ensemble) -> str:
    system, seeds = ensemble
    tasks = [Task(system, seed, _LIMIT_S, start=start) for seed in range(seeds)]
    runs = 0
    with Progress(Console(stderr=True)) as progress:
        for task in tasks:
            try:
                drawn = draw(task)
            except Unusable as error:
                return f"    {system} cannot begin with {which}: {error}"
            for schedule in ({**drawn, FAULTS: []}, drawn):
                outcome = run(task._replace(schedule=schedule))
                runs += 1
                progress.say(f"{runs} of {2 * seeds} runs of {system} from {which}")
                if outcome.problem is not None:
                    return f"    from {which}, seed {task.seed} did not end: {outcome.problem}"
                if outcome.violation is not None:
                    return _violated(task._replace(schedule=schedule), outcome, which, file)
    return (
        f"    from {which}, {runs} runs of {system} violate nothing: unless Init leads to the "
        "state, the lemma is likely to be false, or too weak; strengthen it"
    )


def _violated(task: Task, outcome: Outcome, which: str, file: Path) -> str:
    """Keep a run that violates a rule; return the line on it."""
    assert task.schedule is not None, "it has been run"
    again = run(task._replace(logged=True))
    kept = Replay(task.system, task.schedule, task.bug, again.violation, again.digest)
    write_replay(file, kept)
    what = f"from {which}, seed {task.seed} of {task.system} violates {outcome.violation}"
    if outcome.figures.get(VIRTUAL_MS) == 0:
        what = f"{which} violate, before a server starts, {outcome.violation}"
    return f"    {what}; speccheck hunt --replay {shlex.quote(str(file))}"
