"""The implementation under faults, run as a variant has it: seeds until one breaks a rule."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from speccheck.hunt.runner import Runner
from speccheck.hunt.system import (
    RecordingSystem,
    System,
    Unusable,
    check_bug,
    costs_of,
    find_system,
)
from speccheck.hunt.task import Task
from speccheck.hunt.workers import LocalProcesses
from speccheck.variants.findings import Cost, Findings, Method, Row, Verdict
from speccheck.variants.header import Variant, VariantError

_LIMIT_S = 30.0

CONFORMANCE = "Conformance"
"""As a property: what the implementation does with the strategy is what the variant allows."""


class Judged(NamedTuple):
    """What the specification of a variant says of a recorded run; ``fault`` is empty if nothing."""

    events: int
    fault: str


# Judges the traces in a folder by a variant's own specification.
Judge = Callable[[Variant, Path], Judged]


def hunt(
    variant: Variant, findings: Findings, *, processor_s: float, seeds: int, workers: int
) -> None:
    """Run seeds of the simulated system with the variant's strategy. Raises VariantError.

    The first violation ends it, or the time: seconds of processors, of all workers together.
    """
    if not variant.strategy:
        return
    spent = 0.0
    runs = 0
    found: tuple[int, str] | None = None
    name, _ = _system(variant)
    try:

        def tasks() -> Iterator[Task]:
            for seed in range(seeds):
                if found is not None or spent > processor_s:
                    return
                yield Task(name, seed, _LIMIT_S, bug=variant.strategy, number=seed)

        with Runner(LocalProcesses(workers)) as runner:
            for outcome in runner.outcomes(tasks()):
                runs += 1
                spent += outcome.processor_s
                if outcome.problem is not None:
                    findings.problems.append(f"seed {outcome.seed}: {outcome.problem}")
                if outcome.violation is not None and (found is None or outcome.seed < found[0]):
                    found = outcome.seed, outcome.violation
    except Unusable as error:
        raise VariantError(f"{variant.path}: {error}") from None
    where = f"--bug {variant.strategy}"
    seconds = round(spent, 2)
    if found is None:
        amount = f"{runs:,} seeds"
        findings.rows.append(
            Row("every rule", Method.hunt, Verdict.open, seconds, where, None, amount)
        )
        return
    seed, text = found
    rule = text.partition(":")[0]
    findings.rows.append(
        Row(rule, Method.hunt, Verdict.violated, seconds, where, None, f"seed {seed}", None, text)
    )


def conformance(variant: Variant, findings: Findings, *, judge: Judge, seeds: int) -> None:
    """Judge recorded runs with the variant's strategy by the variant's own specification.

    Raises VariantError.
    """
    if not variant.strategy:
        return
    name, system = _system(variant)
    if not isinstance(system, RecordingSystem):
        findings.notes.append(f"{name} records nothing that could be judged")
        return
    began = time.process_time()
    events = runs = 0
    fault = ""
    while runs < seeds and not fault:
        with TemporaryDirectory(prefix="variant-") as folder:
            system.record(system.draw(runs, None), variant.strategy, Path(folder))
            found = judge(variant, Path(folder))
        events += found.events
        fault = found.fault and f"seed {runs}: {found.fault}"
        runs += 1
    seconds = round(time.process_time() - began, 2)
    verdict = Verdict.violated if fault else Verdict.open
    amount = f"{events:,} events"
    where = f"--bug {variant.strategy}"
    findings.rows.append(
        Row(CONFORMANCE, Method.hunt, verdict, seconds, where, None, amount, None, fault)
    )


def _system(variant: Variant) -> tuple[str, System]:
    try:
        name, system = find_system(None)
        check_bug(name, system, variant.strategy)
    except Unusable as error:
        raise VariantError(f"{variant.path}: {error}") from None
    return name, system


def costs(variant: Variant, findings: Findings) -> None:
    """Measure what the implementation does with the variant's strategy, and without.

    Raises VariantError.
    """
    if not variant.strategy:
        return
    _, system = _system(variant)
    plain = costs_of(system, None)
    if plain is None:
        return
    try:
        own = costs_of(system, variant.strategy)
    except ValueError as error:
        findings.notes.append(f"no cost with {variant.strategy}: {error}")
        return
    assert own is not None, "it has told them before"
    for what, figures in plain.items():
        for figure, value in figures.items():
            findings.costs.append(Cost(what, figure, value, own[what][figure]))
