"""Asks every probe of a model's properties on the states that a run has reached.

A probe is asked on one state after the other until the formula without the part is false once; then
the parts within it are asked. A part within another cannot matter where the other does not, so none
is asked in vain. Most probes are settled by the first few hundred states: these are taken from all
over the run.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence

from speccheck.evaluate.compiler import Compiler, State
from speccheck.explore.exercise.findings import Exercise, Finding, Part
from speccheck.explore.exercise.formulas import Probe, ProbedFormula

_STATES_FIRST = 512
_STATES_BETWEEN_CLOCKS = 64

Steps = Callable[[State], Iterable[State]]
Tell = Callable[[str], None]

MESSAGES = {
    "disjunct": "this alternative never mattered; with FALSE in its place nothing changes",
    "branch": "this branch never mattered",
    "consequent": "what is implied never mattered; with FALSE in its place nothing changes",
    "condition": "holds without this condition too",
    "range": "what is quantified never mattered; with FALSE in its place nothing changes",
    "diagonal": "an element met by itself always sufficed; no other was ever needed",
    "subset": "the left side was always the empty set",
    "antecedent": "the antecedent was never true",
    "domain": "the quantifier always ranged over the empty set",
    "fairness": "the action was never enabled, so that fairness asks nothing of it",
    "constant": "reads no variable, so that it says nothing of the states",
    "step": "no step ever changed what the subscript names",
}
UNASKED = {
    "branch": "this branch was never reached",
    "consequent": "the antecedent was never true",
    "range": "the quantifier always ranged over the empty set",
}


def ask(
    compiler: Compiler,
    formulas: Sequence[ProbedFormula],
    states: Sequence[State],
    steps: Steps,
    exercise: Exercise,
    most_seconds: float | None = None,
    *,
    are_all: bool = True,
    initial: Sequence[State] = (),
    tell: Tell = lambda _text: None,
) -> None:
    """Ask the probes of ``formulas`` and write to ``exercise`` what they say.

    Those that speak of ``initial`` states alone are asked of these.

    ``steps(state)`` gives the successors of a state. ``most_seconds`` bounds the time: what did not
    matter until then is reported as such, and the exercise is not complete. So it is if there are
    more states than ``states``, with ``are_all`` false, or if the user interrupts. ``tell`` is told
    about once a second what is asked. Then it is not asked
    which conditions of implications were needed: where one was not, the property holds for more
    than it says, which is no reason for doubt.
    """
    began = time.perf_counter()
    for position, formula in enumerate(formulas):
        deadline = None
        if most_seconds is not None:
            now = time.perf_counter()
            deadline = now + (began + most_seconds - now) / (len(formulas) - position)
        questions = _Questions(compiler, formula, exercise, deadline)
        try:
            if not formula.at_first:
                questions.ask(states, steps, are_all, tell)
            elif initial:
                questions.ask(initial, steps, True, tell)
        except KeyboardInterrupt:
            exercise.is_complete = False
            break
    exercise.seconds += time.perf_counter() - began


def scattered(states: Sequence[State]) -> Iterator[State]:
    """Yield all states, and first some from all over."""
    stride = max(1, len(states) // _STATES_FIRST)
    for offset in range(stride):
        for index in range(offset, len(states), stride):
            yield states[index]


class _Questions:
    def __init__(
        self,
        compiler: Compiler,
        formula: ProbedFormula,
        exercise: Exercise,
        deadline: float | None,
    ) -> None:
        self._formula = formula
        self._exercise = exercise
        self._deadline = deadline
        self._hits = [0] * formula.names.marks
        self._holds = compiler.probed_predicate(
            formula.node,
            on_steps=formula.on_steps,
            chosen=formula.names.chosen,
            hit=formula.names.hit,
            hits=self._hits,
        )
        self._asked = self._wanted(formula.probes)

    def _wanted(self, probes: Iterable[Probe]) -> list[Probe]:
        return [p for p in probes if self._deadline is None or p.kind != "condition"]

    def ask(self, states: Sequence[State], steps: Steps, are_all: bool, tell: Tell) -> None:
        exercise = self._exercise
        told = time.monotonic()
        count = 0
        for state in scattered(states):
            if not self._asked:
                break
            count += 1
            if not count % _STATES_BETWEEN_CLOCKS:
                if self._is_late():
                    exercise.is_complete = False
                    self._report(self._asked, count - 1)
                    break
                if time.monotonic() - told > 1:
                    told = time.monotonic()
                    name = self._formula.name
                    tell(f"What mattered in {name}: {count:,} of {len(states):,} states")
            if self._formula.on_steps:
                for successor in steps(state):
                    self._look((state, successor))
            else:
                self._look((state,))
        else:
            exercise.is_complete &= are_all or not self._asked
            self._report(self._asked, None if are_all else count)
        exercise.looked_at = max(exercise.looked_at, count)
        idle = frozenset(_all(self._asked))
        for probe in self._all_wanted(self._formula.probes):
            made = Part(self._formula.name, probe.kind, probe.place, probe not in idle)
            exercise.parts.append(made)

    def _all_wanted(self, probes: Iterable[Probe]) -> Iterator[Probe]:
        for probe in self._wanted(probes):
            yield probe
            yield from self._all_wanted(probe.parts)

    def _is_late(self) -> bool:
        return self._deadline is not None and time.perf_counter() > self._deadline

    def _look(self, at: tuple[State, ...]) -> None:
        """Ask what is open on a state or step; the parts of what is settled come after it."""
        asked = self._asked
        position = 0
        while position < len(asked):
            probe = asked[position]
            if self._stands(at, probe.number):
                position += 1
                continue
            asked[position : position + 1] = self._wanted(probe.parts)

    def _stands(self, at: tuple[State, ...], number: int) -> bool:
        """Tell whether the formula holds without a part; an error says that it was needed."""
        try:
            return self._holds(*at, number)
        except Exception:  # noqa: BLE001  # Whatever generated code raises.
            return False

    def _report(self, probes: Iterable[Probe], most: int | None = None) -> None:
        """Report what did not matter; on the first ``most`` states only, if that is given."""
        so_far = "" if most is None else f", on the {most:,} states looked at"
        for probe in probes:
            is_unasked = probe.mark is not None and not self._hits[probe.mark]
            messages = UNASKED if is_unasked else MESSAGES
            place = probe.about if probe.kind in {"consequent", "range"} else probe.place
            if not is_unasked and probe.kind == "consequent":
                place = probe.place
            self._exercise.findings.append(
                Finding(
                    "condition" if probe.kind == "condition" else "vacuous",
                    self._formula.name,
                    place,
                    messages[probe.kind] + so_far,
                    is_weak=probe.kind == "condition" or most is not None,
                )
            )


def _all(probes: Iterable[Probe]) -> Iterator[Probe]:
    for probe in probes:
        yield probe
        yield from _all(probe.parts)
