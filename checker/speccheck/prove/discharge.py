"""Asks Z3: proved, refuted with a counterexample, or unknown."""

import hashlib
import re
import time
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import count
from typing import NamedTuple

import z3

from speccheck.prove.conditions import Condition, Conditions
from speccheck.prove.counterexample import Counterexample, counterexample
from speccheck.prove.errors import outside
from speccheck.prove.extend import Extensions
from speccheck.prove.hints import Hints, hints_path
from speccheck.prove.module import ProofModule
from speccheck.prove.obligations import INIT, Kind, Obligation, framed
from speccheck.prove.values import Unfit
from speccheck.prove.world import World
from speccheck.tla.cache import kept

# Millions of steps for what is asked again without an end of numbers: it is decided soon, or never.
_ALL_NUMBERS = 0.2
_CHOICE = (
    "what breaks it does with some values of CHOOSE, not with all: TLA+ does not say which it has"
)
_NUMBERED = re.compile(r"!\d+")


class Status(StrEnum):
    """How an obligation ended."""

    PROVED = "proved"
    REFUTED = "refuted"
    UNKNOWN = "unknown"


class Limits(NamedTuple):
    """How much one question to Z3 may take, of any size and in the finite instance.

    In millions of Z3's own steps (``rlimit``), not in seconds: a verdict does not depend on how
    busy the machine is.
    """

    steps: float = 100.0
    finite: float = 1000.0


@dataclass(slots=True)
class Verdict:
    """What came of an obligation.

    ``seconds`` are those of Z3 and of making the condition; ``unchanged``: proved by the frame
    rule, or, of what is to be defined, since nothing in it needs a proof; ``remembered``: proved in
    an earlier run; ``within``: the instance in which alone, as its numbers end, it was shown to be
    possible. ``lines`` tell the counterexample, or why nothing is known.
    """

    obligation: Obligation
    status: Status
    seconds: float
    unchanged: bool = False
    remembered: bool = False
    within: str = ""
    lines: list[str] = field(default_factory=list)
    counterexample: Counterexample | None = None


class Prover:
    """Proves the obligations of one module, one after another."""

    def __init__(self, module: ProofModule, hints: Hints, limits: Limits) -> None:
        self.module = module
        self._hints = hints
        self._limits = limits
        self.conditions = Conditions(module, hints, World())
        self._finite: Conditions | None = None
        self._numbered: Conditions | None = None
        self._assumed: bool | None = None
        self._extensions = Extensions()
        self._contradicting: list[str] | None = None

    @property
    def finite(self) -> Conditions:
        """Return the conditions of the finite instance."""
        if self._finite is None:
            self._finite = Conditions(self.module, self._hints, World(self._hints.sizes))
        return self._finite

    @property
    def numbered(self) -> Conditions:
        """Return the conditions of the finite instance, but with all numbers."""
        if self._numbered is None:
            world = World(self._hints.sizes, all_numbers=True)
            self._numbered = Conditions(self.module, self._hints, world)
        return self._numbered

    @property
    def _assume_numbers(self) -> bool:
        if self._assumed is None:
            self._assumed = self.finite.assume_numbers()
        return self._assumed

    @property
    def smallest(self) -> Conditions:
        """Return the conditions where a solution is found most easily."""
        return self.finite if self._hints.sizes else self.conditions

    def prove(self, obligation: Obligation) -> Verdict:
        """Return what comes of an obligation. Raises TlaError, ProofError."""
        started = time.monotonic()
        try:
            if obligation.kind is Kind.POSSIBLE:
                verdict = self._possible(obligation)
            else:
                verdict = self._proved(obligation)
        except Unfit as error:  # from a counterexample that is written out
            place = self.conditions.goal(obligation.theorem).theorem.place
            raise outside(place, f"{obligation}: {error}") from None
        verdict.seconds = time.monotonic() - started
        return verdict

    def _proved(self, obligation: Obligation) -> Verdict:
        if self._unchanged(obligation):
            return Verdict(obligation, Status.PROVED, 0.0, unchanged=True)
        condition = self.conditions.of(obligation)
        if obligation.kind is Kind.DEFINED and not condition.uses:
            return Verdict(obligation, Status.PROVED, 0.0, unchanged=True)
        return self._asked(obligation, condition)

    def _asked(self, obligation: Obligation, condition: Condition) -> Verdict:
        solver = _solver(condition, self._limits.steps)
        asked: list[str] = []

        def ask() -> bool:
            asked.append(str(solver.check()))
            if asked[0] != "unsat":
                raise _NotProved
            return True

        try:
            kept("proof", _key(solver), ask)
        except _NotProved:
            if condition.moved:
                condition.hypotheses += condition.moved
                condition.moved = []
                return self._asked(obligation, condition)
            return self._refuted(obligation, condition, solver, asked[0])
        return Verdict(obligation, Status.PROVED, 0.0, remembered=not asked)

    def question(self, obligation: Obligation) -> str | None:
        """Return what Z3 is asked about an obligation in SMT-LIB 2, None if it is not asked.

        To be answered by ``unsat``; where an action is to be possible, by ``sat``. Raises TlaError,
        ProofError.
        """
        if obligation.kind is Kind.POSSIBLE:
            return str(_solver(self.smallest.of(obligation), 0).to_smt2())
        if self._unchanged(obligation):
            return None
        condition = self.conditions.of(obligation)
        if obligation.kind is Kind.DEFINED and not condition.uses:
            return None
        return str(_solver(condition, 0).to_smt2())

    def _unchanged(self, obligation: Obligation) -> bool:
        if not obligation.action or obligation.kind is Kind.DEFINED:
            return False
        goal = self.conditions.goal(obligation.theorem)
        step = self.conditions.step(goal, obligation.action)
        return framed(self.module, goal, obligation, step.changed)

    def _refuted(
        self, obligation: Obligation, condition: Condition, solver: z3.Solver, answer: str
    ) -> Verdict:
        if answer == "sat" and not condition.selected and not self._hints.sizes:
            more = self._extensional(condition, self.conditions)
            if more is not None and more[0] == "unsat":
                return Verdict(obligation, Status.PROVED, 0.0)
            model = more[1].model() if more is not None and more[0] == "sat" else solver.model()
            if _another_choice(condition, self.conditions.world, model):
                return Verdict(obligation, Status.UNKNOWN, 0.0, lines=[_CHOICE])
            found = counterexample(self.conditions, condition, model)
            found.lines.extend(_outside(condition, model))
            start = found if found.is_written_out else None
            return Verdict(obligation, Status.REFUTED, 0.0, lines=found.lines, counterexample=start)
        if not self._hints.sizes:
            reason = solver.reason_unknown() if answer == "unknown" else "no finite instance"
            return Verdict(obligation, Status.UNKNOWN, 0.0, lines=[f"Z3 says: {reason}"])
        small = self.finite.of(obligation)
        finite = _solver(small, self._limits.finite)
        answer = str(finite.check())
        limit = f"{self._limits.steps:g} million steps of Z3"
        if answer == "sat":
            if _another_choice(small, self.finite.world, finite.model()):
                return Verdict(obligation, Status.UNKNOWN, 0.0, lines=[_CHOICE])
            found = counterexample(self.finite, small, finite.model())
            found.lines.extend(_outside(small, finite.model()))
            if self.finite.world.cut and self._only_where_numbers_end(obligation):
                line = f"no proof in {limit}; the instance of {self._sizes()} has a counterexample"
                more_ = "that is none where numbers do not end, as far as can be told"
                return Verdict(obligation, Status.UNKNOWN, 0.0, lines=[f"{line} {more_}"])
            return Verdict(obligation, Status.REFUTED, 0.0, lines=found.lines, counterexample=found)
        more = self._extensional(condition, self.conditions) if answer == "unsat" else None
        if more is not None and more[0] == "unsat":
            return Verdict(obligation, Status.PROVED, 0.0)
        said = "has no counterexample" if answer == "unsat" else "was not decided"
        line = f"no proof in {limit}; the instance of {self._sizes()} {said}"
        return Verdict(obligation, Status.UNKNOWN, 0.0, lines=[line])

    def _sizes(self) -> str:
        return ", ".join(f"{name} {size}" for name, size in self._hints.sizes.items())

    def _only_where_numbers_end(self, obligation: Obligation) -> bool:
        """Tell whether a counterexample may be one only since the instance lacks numbers."""
        condition = self.numbered.of(obligation)
        answer = str(_solver(condition, _ALL_NUMBERS).check())
        if answer == "unknown":
            return self._assume_numbers and not self._extends(condition)
        return answer == "unsat"

    def _extends(self, condition: Condition) -> bool:
        """Tell whether a question has a solution with all numbers; False says nothing."""
        formulas = [*condition.hypotheses, condition.negated]
        return self._extensions.has_solution(formulas, self.numbered.world.numbers)

    def _extensional(
        self, condition: Condition, conditions: Conditions
    ) -> tuple[str, z3.Solver] | None:
        """Return the answer where sets of the same elements are equal; None if there are none."""
        more = conditions.extensionality()
        if not more:
            return None
        hypotheses = [*condition.hypotheses, *more]
        solver = _solver(replace(condition, hypotheses=hypotheses), _ALL_NUMBERS)
        return str(solver.check()), solver

    def _impossible(self, obligation: Obligation) -> str:
        where = " in the finite instance" if self._hints.sizes else ""
        if obligation.action == INIT:
            return f"no state is an initial one{where}: what is proved is proved of nothing"
        if obligation.action:
            what = f"no state of the invariant allows this action{where}"
            return f"{what}: what is proved of it is proved of nothing"
        return f"what it assumes never holds{where}: it says nothing"

    def _contradiction(self) -> list[str]:
        """Return a line where assumptions contradict each other, with the places of these."""
        if self._contradicting is None:
            solver = z3.Solver()
            solver.set("rlimit", int(_ALL_NUMBERS * 1_000_000))
            places: dict[str, str] = {}
            for number, (place, term) in enumerate(self.conditions.assumptions()):
                places[f"assumption {number}"] = f"{place.path}:{place.span.line}"
                solver.assert_and_track(term, f"assumption {number}")
            self._contradicting = []
            if solver.check() == z3.unsat:
                core = sorted({str(one) for one in solver.unsat_core()})
                where = ", ".join(places[one] for one in core)
                types = "; ".join(self.module.annotated)
                given = f", with what annotations assume ({types})" if types else ""
                line = f"what is assumed cannot hold ({where}){given}: all is proved of nothing"
                self._contradicting = [line]
        return self._contradicting

    def _possible(self, obligation: Obligation) -> Verdict:
        answer = "unknown"
        if self._hints.sizes:
            question = self.numbered.of(obligation)
            possible = self._extends(question)
            answer = "sat" if possible else str(_solver(question, _ALL_NUMBERS).check())
        numbered = answer != "unknown"
        if not numbered:
            condition = self.smallest.of(obligation)
            answer = str(_solver(condition, self._limits.finite).check())
        cut = self._hints.sizes and self.finite.world.cut
        if answer == "sat" and not self._hints.sizes:
            more = self._extensional(condition, self.conditions)
            answer = "unsat" if more is not None and more[0] == "unsat" else answer
        status = {"sat": Status.PROVED, "unsat": Status.REFUTED}.get(answer, Status.UNKNOWN)
        lines = []
        within = ""
        if status is Status.PROVED and cut and not numbered:
            within = self._sizes()
            if self._assume_numbers:
                status = Status.UNKNOWN
                lines = [
                    f"possible in the instance of {within}, and undecided where numbers do not"
                ]
                lines.append("end: the assumptions may contradict each other")
        elif status is Status.REFUTED:
            lines = self._contradiction() or [self._impossible(obligation)]
        elif status is Status.UNKNOWN and not self._hints.sizes:
            lines = [f"no example was found; give [sizes] in {hints_path(self.module.path)}"]
        return Verdict(obligation, status, 0.0, lines=lines, within=within)


def solution(
    conditions: Conditions, obligation: Obligation, steps: float, *, whole: bool = False
) -> Counterexample | None:
    """Return a state that an obligation's question allows, None if none is found in ``steps``.

    With ``whole`` each constant that is a set of atoms has all of its type. Raises TlaError,
    ProofError.
    """
    condition = conditions.of(obligation)
    solver = _solver(condition, steps)
    if whole:
        solver.add(conditions.whole())
    if solver.check() != z3.sat:
        return None
    return counterexample(conditions, condition, solver.model())


def _another_choice(condition: Condition, world: World, model: z3.ModelRef) -> bool:
    """Tell whether a solution may be none where CHOOSE gives another value, all else the same."""
    formulas = [*condition.hypotheses, condition.negated]
    choices = world.choices_in(formulas)
    if not choices:
        return False
    solver = z3.Solver()
    solver.set("rlimit", int(_ALL_NUMBERS * 1_000_000))
    solver.add([*condition.hypotheses, z3.Not(condition.negated)])
    for sort in model.sorts():
        solver.add(z3.Distinct(*model.get_universe(sort)))
    for symbol in model.decls():
        if symbol.name() in choices:
            continue
        value = model[symbol]
        if symbol.arity() == 0:
            solver.add(symbol() == value)
            continue
        for number in range(value.num_entries()):
            entry = value.entry(number)
            given = [entry.arg_value(n) for n in range(entry.num_args())]
            solver.add(symbol(*given) == entry.value())
    return bool(solver.check() != z3.unsat)


def _outside(condition: Condition, model: z3.ModelRef) -> list[str]:
    """Return what need not be defined, and where it stands."""
    false = [use for use in condition.uses if not z3.is_true(model.eval(use.inside))]
    lines = (
        f"{use.why} at {use.place.path}:{use.place.span.line}:{use.place.span.column}"
        for use in false
    )
    return list(dict.fromkeys(lines))


class _NotProved(Exception):
    pass


def _solver(condition: Condition, steps: float) -> z3.Solver:
    """Return a solver with a question; no limit where ``steps`` is 0."""
    solver = z3.Solver()
    solver.set("rlimit", int(steps * 1_000_000))
    solver.set("random_seed", 0)
    solver.add([*condition.hypotheses, condition.negated])
    return solver


def _key(solver: z3.Solver) -> str:
    """Return a digest of the question: fresh names are numbered anew, as their numbers vary."""
    numbers: dict[str, str] = {}
    fresh = count()

    def renumber(found: "re.Match[str]") -> str:
        return numbers.setdefault(found[0], f"!{next(fresh)}")

    text = _NUMBERED.sub(renumber, solver.sexpr())
    return f"{z3.get_version_string()} {hashlib.sha256(text.encode()).hexdigest()}"
