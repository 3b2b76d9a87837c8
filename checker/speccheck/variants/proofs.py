"""The obligations of a variant of ZabCore.tla: which the prover refutes, at any size."""

import time
from dataclasses import replace
from pathlib import Path

from speccheck.prove.discharge import Limits, Status
from speccheck.prove.discharge import Verdict as Answer
from speccheck.prove.module import theorems_from
from speccheck.prove.obligations import Kind, Obligation
from speccheck.prove.run import Task, plan, prove
from speccheck.variants.findings import Findings, Method, Row, Verdict
from speccheck.variants.header import Variant, VariantError, is_variant, read_variant

_VERDICTS = {
    Status.PROVED: Verdict.holds,
    Status.REFUTED: Verdict.violated,
    Status.UNKNOWN: Verdict.open,
}
# Millions of Z3's steps: refuting needs few at any size, then many in a finite instance.
_LIMITS = Limits(0.2, 5000.0)


def task_of(variant: Variant, workers: int = 1) -> Task:
    """Return what there is to prove of a variant of a module with theorems."""
    folder = variant.path.parent
    base = next(
        (
            path
            for path in (folder / f"{variant.base}.tla", folder.parent / f"{variant.base}.tla")
            if path.is_file()
        ),
        None,
    )
    if base is None:
        raise VariantError(f"{variant.path}: there is no {variant.base}.tla beside it or above")
    return Task(
        variant.path,
        (folder.parent,),
        workers=workers,
        limits=_LIMITS,
        base=base,
        redefines=variant.redefines,
        sizes=dict(variant.sizes),
    )


def proofs_of(
    path: Path, folders: tuple[Path, ...], theorems: tuple[str, ...], limits: Limits
) -> Task:
    """Return what there is to prove of a module; of a variant, the theorems of what it changes.

    Raises VariantError, TlaError, ProofError, OSError.
    """
    if path.is_file() and is_variant(path):
        task = task_of(read_variant(path))
        folders = (*task.folders, *folders)
        return replace(task, folders=folders, theorems=theorems, limits=limits)
    return Task(
        path, folders, theorems, limits=limits, base=theorems_from(path, (path.parent, *folders))
    )


def core_of(variant: Variant) -> Variant | None:
    """Return the variant that the prover looks at. Raises VariantError, OSError."""
    if variant.kind == "core":
        return variant
    if not variant.core:
        return None
    return read_variant(Path(variant.path.parent, f"{variant.core}.tla"))


def refute(variant: Variant, findings: Findings) -> list[Answer]:
    """Ask for the obligation that the variant is said to break; a row for it.

    Raises VariantError, TlaError, ProofError, OSError.
    """
    core = core_of(variant)
    if core is None or not core.obligation:
        return []
    task = task_of(core)
    planned = plan(task)

    def wanted(one: Obligation) -> bool:
        return one.kind not in {Kind.POSSIBLE, Kind.DEFINED} and str(one).startswith(
            core.obligation
        )

    if not any(map(wanted, planned.obligations)):
        raise VariantError(f"{core.path}: there is no obligation {core.obligation}")
    began = time.process_time()
    answers = [
        answer for result in prove(task, planned=planned, only=wanted) for answer in result.verdicts
    ]
    for answer in answers:
        findings.rows.append(
            Row(
                answer.obligation.conjunct,
                Method.prove,
                _VERDICTS[answer.status],
                time.process_time() - began,
                f"{core.name}, {answer.obligation.action or answer.obligation.theorem}",
                None,
                "any size",
                1 if answer.status is Status.REFUTED else None,
                "\n".join(answer.lines),
            )
        )
    return answers
