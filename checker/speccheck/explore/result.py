"""What a run of any engine found: verdict, counts, counterexample."""

from dataclasses import dataclass, field
from typing import NamedTuple

from speccheck.evaluate.compiler import State
from speccheck.evaluate.errors import EvaluationError


class TraceStep(NamedTuple):
    """A state of a counterexample and the action that led to it, None for an initial state."""

    action: str | None
    state: State


@dataclass(slots=True)
class Result:
    """What a run found.

    ``verdict`` is "success", "invariant", "property", "liveness", "deadlock", "assumption",
    "error", "unfinished" or "interrupted"; ``violated`` names what is broken. ``taken`` counts for
    each action its steps, and its steps to states not seen before.

    The counterexample of a liveness property is infinite: after the last state of ``trace`` the
    one at index ``loop`` comes again, by the action ``back``. If that is the last state itself and
    ``back`` is None, the behaviour stays there forever: it stutters.

    ``mode`` is "bfs", "dfs" or "simulate"; ``seed`` repeats a simulation, ``traces`` counts the
    behaviours it followed. ``warnings`` say what makes the verdict weaker than it looks.
    ``unchecked`` names properties that the engine could not check; success excludes any.
    """

    verdict: str = "success"
    violated: str = ""
    error: EvaluationError | None = None
    generated: int = 0
    distinct: int = 0
    depth: int = 0
    queued: int = 0
    seconds: float = 0.0
    taken: list[tuple[str, int, int]] = field(default_factory=list)
    trace: list[TraceStep] = field(default_factory=list)
    loop: int | None = None
    back: str | None = None
    mode: str = "bfs"
    workers: int = 1
    seed: int | None = None
    traces: int = 0
    warnings: list[str] = field(default_factory=list)
    unchecked: list[str] = field(default_factory=list)

    @property
    def stutters(self) -> bool:
        """Tell whether the counterexample ends in a state that never changes again."""
        return self.loop is not None and self.back is None and self.loop == len(self.trace) - 1
