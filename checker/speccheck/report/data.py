"""A result as plain data for ``--json``; values are TLA+ text, places ``file:line:column``."""

from typing import Any

from speccheck.evaluate.errors import EvaluationError
from speccheck.evaluate.show import show
from speccheck.explore.exercise.findings import Exercise, Finding
from speccheck.explore.model import Model
from speccheck.explore.result import Result
from speccheck.report.coverage import coverage_of
from speccheck.report.sources import text_of
from speccheck.report.trace import Move, Step, Trace


def as_data(
    model: Model, result: Result, trace: Trace, exercise: Exercise | None = None
) -> dict[str, Any]:
    """Return all that a report says."""
    return {
        "module": model.name,
        "mode": result.mode,
        "verdict": result.verdict,
        "violated": result.violated,
        "error": None if result.error is None else _error(result.error),
        "generated": result.generated,
        "distinct": result.distinct,
        "depth": result.depth,
        "queued": result.queued,
        "seconds": round(result.seconds, 3),
        "seed": result.seed,
        "traces": result.traces,
        "warnings": result.warnings,
        "unchecked": result.unchecked,
        "actions": [
            {"name": row.name, "label": row.label, "place": str(row.place)}
            | {"taken": row.taken, "new": row.new}
            for row in coverage_of(model, result)
        ],
        "exercise": None if exercise is None else _exercise(exercise),
        "trace": [_step(step) for step in trace.steps],
        "loop": trace.loop,
        "back": None if trace.back is None else _move(trace.back),
    }


def _error(error: EvaluationError) -> dict[str, Any]:
    return {
        "message": error.message,
        "frames": [
            {
                "place": str(frame.place),
                "operator": frame.operator,
                "values": {name: show(value) for name, value in frame.values},
            }
            for frame in error.frames
        ],
    }


def _exercise(exercise: Exercise) -> dict[str, Any]:
    return {
        "parts": [
            {"name": part.name, "kind": part.kind, "place": str(part.place)}
            | {"text": text_of(part.place), "decided": part.decided}
            for part in exercise.parts
        ],
        "decisive": exercise.decisive,
        "complete": exercise.is_complete,
        "seconds": round(exercise.seconds, 3),
        "vacuous": len(exercise.vacuous),
        "findings": [_finding(finding) for finding in exercise.findings],
        "branches": [
            {"action": branch.action, "kind": branch.kind, "place": str(branch.place)}
            | {"text": text_of(branch.place), "taken": branch.taken}
            for branch in exercise.branches
        ],
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "kind": finding.kind,
        "name": finding.name,
        "place": str(finding.place),
        "text": text_of(finding.place),
        "message": finding.message,
        "weak": finding.is_weak,
        "reason": finding.reason,
    }


def _move(move: Move) -> dict[str, Any]:
    return {
        "action": move.action,
        "label": move.label,
        "place": None if move.place is None else str(move.place),
        "arguments": {name: show(value) for name, value in (*move.parameters, *move.bound)},
    }


def _step(step: Step) -> dict[str, Any]:
    return {
        **({"action": None} if step.move is None else _move(step.move)),
        "state": {name: show(value) for name, value in step.values.items()},
        "changes": [str(change) for change in step.changes],
    }
