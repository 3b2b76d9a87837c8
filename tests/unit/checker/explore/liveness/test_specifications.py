"""Temporal properties of specifications: verdicts with and without fairness, and their lassos.

The verdicts of the table are those of TLC 2.15 too, but for Through and Local: it cannot
handle temporal formulas as arguments.
"""

from itertools import pairwise
from pathlib import Path

import pytest
from tests.unit.checker.explore.liveness.semantics import Raw, satisfies

from speccheck.explore.config import parse_config
from speccheck.explore.liveness.formula import (
    All,
    Always,
    Eventually,
    Formula,
    Literal,
    Often,
    Some,
    conjunction,
    negation,
)
from speccheck.explore.model import Model, load_model
from speccheck.explore.result import Result
from speccheck.explore.search import Search
from speccheck.tla.errors import TlaError

MUTEX = """
EXTENDS Naturals, TLC
CONSTANT P
VARIABLES pc, sem
vars == <<pc, sem>>
Init == pc = [p \\in P |-> "idle"] /\\ sem = 1
Try(p) == pc[p] = "idle" /\\ pc' = [pc EXCEPT ![p] = "want"] /\\ sem' = sem
Enter(p) == pc[p] = "want" /\\ sem = 1 /\\ sem' = 0 /\\ pc' = [pc EXCEPT ![p] = "cs"]
Exit(p) == pc[p] = "cs" /\\ sem' = 1 /\\ pc' = [pc EXCEPT ![p] = "idle"]
Next == \\E p \\in P : Try(p) \\/ Enter(p) \\/ Exit(p)
None == Init /\\ [][Next]_vars
Weak == None /\\ \\A p \\in P : WF_vars(Enter(p)) /\\ WF_vars(Exit(p))
Strong == None /\\ \\A p \\in P : SF_vars(Enter(p)) /\\ WF_vars(Exit(p))
Moves == None /\\ WF_vars(Next)
Live == \\A p \\in P : pc[p] = "want" ~> pc[p] = "cs"
SomeLive == (\\E p \\in P : pc[p] = "want") ~> \\E p \\in P : pc[p] = "cs"
Often == []<>(sem = 1)
Stay == <>[](sem = 1)
Implied == (\\A p \\in P : []<>(pc[p] = "cs")) => \\A p \\in P : []<>(pc[p] = "idle")
Steps == []<><<\\E p \\in P : Exit(p)>>_vars
Tried == \\A p \\in P : []<>ENABLED Enter(p) => []<>(pc[p] = "cs")
Leads(a(_), b(_)) == \\A p \\in P : a(p) ~> b(p)
Through == Leads(LAMBDA p : pc[p] = "cs", LAMBDA p : pc[p] = "idle")
Local == LET at(p, l) == pc[p] = l
             inevitably(F) == <>F
         IN \\A p \\in P : [](at(p, "cs") => inevitably(at(p, "idle")))
Chosen == \\A p, q \\in P : IF p = q THEN TRUE ELSE []<>~(pc[p] = "cs" /\\ pc[q] = "cs")
Nested == [](sem = 0 => <>(sem = 1 /\\ <>[](sem = 1)))
Either == <>[](\\A p \\in P : pc[p] # "cs") \\/ []<>(\\E p \\in P : pc[p] = "cs")
Fair == \\A p \\in P : WF_vars(Exit(p))
Sym == Permutations(P)
Where == pc
"""
SPECS = "None", "Weak", "Strong", "Moves"
# In the order of SPECS: whether the property holds.
TABLE = {
    "Live": "no no yes no",
    "SomeLive": "no yes yes yes",
    "Often": "no yes yes yes",
    "Stay": "no no no no",
    "Implied": "yes yes yes yes",
    "Steps": "no no no yes",
    "Tried": "no no yes no",
    "Through": "no yes yes yes",
    "Local": "no yes yes yes",
    "Chosen": "yes yes yes yes",
    "Nested": "no no no no",
    "Either": "yes yes yes yes",
    "Fair": "no yes yes yes",
}


def load(folder: Path, body: str, config: str, **others: str) -> Model:
    for name, text in {"M": body, **others}.items():
        (folder / f"{name}.tla").write_text(f"---- MODULE {name} ----\n{text}\n====\n")
    return load_model(folder / "M.tla", parse_config(config, "M.cfg"))


def raw(formula: Formula) -> Raw:
    match formula:
        case Literal(atom, positive):
            return ("atom", atom) if positive else ("not", ("atom", atom))
        case All(parts) | Some(parts):
            kind = "and" if isinstance(formula, All) else "or"
            made: Raw = ("or", ("atom", 0), ("not", ("atom", 0)))
            if kind == "or":
                made = ("not", made)
            for part in parts:
                made = (kind, made, raw(part))
            return made
        case Always(body):
            return ("[]", raw(body))
        case Eventually(body):
            return ("<>", raw(body))
        case Often(body, positive):
            inside: Raw = ("[]", ("<>", raw(body)))
            return inside if positive else ("not", inside)


def assert_is_a_counterexample(model: Model, result: Result) -> None:
    """Each step is one of the specification; fairness holds; the property does not."""
    states = [step.state for step in result.trace]
    assert result.loop is not None
    starts: list[object] = []
    assert model.initial is not None
    model.initial(starts.append)
    assert states[0] in starts
    cycle = [] if result.stutters else [states[result.loop]]
    for before, after in pairwise([*states, *cycle]):
        found: list[object] = []
        for action in model.actions:
            action.step(before, found.append)
        assert after in found

    def holds(atom: int, i: int, j: int) -> bool:
        on_state, on_step = model.atoms[atom].on_state, model.atoms[atom].on_step
        if on_state is not None:
            return on_state(states[i])
        assert on_step is not None
        return on_step(states[i], states[j])

    walk = list(range(len(states)))
    assert any(
        satisfies(
            raw(conjunction([model.fairness, negation(check.formula)])), walk, result.loop, holds
        )
        for check in model.liveness
    )


@pytest.mark.parametrize("name", TABLE)
def test_verdicts_and_lassos(tmp_path: Path, name: str) -> None:
    for spec, holds in zip(SPECS, TABLE[name].split(), strict=True):
        config = f"SPECIFICATION {spec} PROPERTY {name} CONSTANT P = {{p1, p2}}"
        model = load(tmp_path, MUTEX, config)
        result = Search(model).run()
        assert (result.verdict == "success") == (holds == "yes"), (spec, name)
        assert result.unchecked == []
        if holds == "no":
            assert (result.verdict, result.violated) == ("liveness", name)
            assert_is_a_counterexample(model, result)


def test_the_end_of_a_lasso_is_named(tmp_path: Path) -> None:
    config = "SPECIFICATION Weak PROPERTY Live CONSTANT P = {p1, p2}"
    result = Search(load(tmp_path, MUTEX, config)).run()
    assert not result.stutters
    assert result.back in {"Try", "Enter", "Exit"}
    assert result.trace[0].action is None
    result = Search(load(tmp_path, MUTEX, config.replace("Weak", "None"))).run()
    assert result.stutters
    assert result.back is None


def test_an_early_end_still_tells_of_violations(tmp_path: Path) -> None:
    config = "SPECIFICATION None PROPERTY Often CONSTANT P = {p1, p2, p3}"
    assert Search(load(tmp_path, MUTEX, config), 15).run().verdict == "liveness"
    held = config.replace("None", "Strong")
    assert Search(load(tmp_path, MUTEX, held), 15).run().verdict == "unfinished"


def test_symmetry_and_view_come_with_warnings(tmp_path: Path) -> None:
    config = "SPECIFICATION Strong PROPERTY Live CONSTANT P = {p1, p2}"
    with_symmetry = Search(load(tmp_path, MUTEX, f"{config} SYMMETRY Sym")).run()
    assert with_symmetry.verdict == "success"
    assert with_symmetry.distinct == 5
    assert "SYMMETRY is not used" in with_symmetry.warnings[0]
    weak = load(tmp_path, MUTEX, f"{config} SYMMETRY Sym".replace("Strong", "Weak"))
    result = Search(weak).run()
    assert result.verdict == "liveness"
    assert_is_a_counterexample(weak, result)
    assert "VIEW" in Search(load(tmp_path, MUTEX, f"{config} VIEW Where")).run().warnings[0]


LOW = """
EXTENDS Naturals
VARIABLES x
Init == x = 0
Up == x < 5 /\\ x' = x + 1
Back == x = 5 /\\ x' = 0
Next == Up \\/ Back
Free == Init /\\ [][Next]_x
Spec == Free /\\ WF_x(Next)
Partly == Free /\\ WF_x(Up)
High == INSTANCE High WITH bit <- x \\div 3
Refines == High!Spec
FlipsForever == High!Forever
Can == [](ENABLED High!Flip => x = 2 \\/ x = 5)
"""
HIGH = """
EXTENDS Naturals
VARIABLE bit
Init == bit = 0
Flip == bit' = 1 - bit
Spec == Init /\\ [][Flip]_bit /\\ WF_bit(Flip)
Forever == []<><<Flip>>_bit
"""


@pytest.mark.parametrize(
    ("spec", "high", "verdict"),
    [
        ("Spec", HIGH, "success"),
        ("Free", HIGH, "liveness"),
        ("Partly", HIGH, "liveness"),
        ("Spec", HIGH.replace("bit' = 1 - bit", "bit' = bit + 1"), "property"),
        ("Spec", HIGH.replace("Init == bit = 0", "Init == bit = 1"), "property"),
        ("Partly", HIGH.replace("WF_bit(Flip)", "WF_bit(bit = 0 /\\ Flip)"), "success"),
        # Enabled in the abstract module, though no step of the concrete one does it.
        ("Spec", HIGH.replace("WF_bit(Flip)", "WF_bit(bit = 1 /\\ bit' = 7)"), "success"),
        ("Partly", HIGH.replace("WF_bit(Flip)", "WF_bit(bit = 1 /\\ bit' = 7)"), "liveness"),
    ],
)
def test_refinement(tmp_path: Path, spec: str, high: str, verdict: str) -> None:
    config = f"SPECIFICATION {spec} PROPERTY Refines CHECK_DEADLOCK FALSE"
    model = load(tmp_path, LOW, config, High=high)
    result = Search(model).run()
    assert (result.verdict, result.violated) == (verdict, "Refines" if verdict != "success" else "")
    if verdict == "liveness":
        assert_is_a_counterexample(model, result)


def test_refinement_through_an_instance_with_parameters(tmp_path: Path) -> None:
    low = LOW.replace("High == INSTANCE High WITH bit <- x \\div 3", "High(bit) == INSTANCE High")
    low = low.replace("High!", "High(x \\div 3)!")
    assert low.count("High(") == 4
    config = "SPECIFICATION {} PROPERTY Refines CHECK_DEADLOCK FALSE"
    for spec, verdict in [("Spec", "success"), ("Free", "liveness")]:
        model = load(tmp_path, low, config.format(spec), High=HIGH)
        assert Search(model).run().verdict == verdict


def test_actions_of_an_instance(tmp_path: Path) -> None:
    config = "SPECIFICATION Spec PROPERTIES FlipsForever CHECK_DEADLOCK FALSE"
    assert Search(load(tmp_path, LOW, config, High=HIGH)).run().verdict == "success"
    stopped = config.replace("Spec ", "Free ")
    assert Search(load(tmp_path, LOW, stopped, High=HIGH)).run().verdict == "liveness"


@pytest.mark.parametrize(
    ("formula", "message"),
    [
        ("\\EE y : [](y = x)", r"M.tla:16:8: this temporal formula cannot be checked"),
        ("[](x' > x)", "has to be of the form \\[A\\]_v"),
        ("<>(x' > x)", "has to be of the form <<A>>_v"),
        ("(x = 1) ~> (x' = 2)", "an action cannot be an operand of ~>"),
        ("\\A y \\in {x} : <>(x = y)", "quantified only over a constant set"),
        ("\\A y : <>(x = y)", "has to range over a set"),
        ("[](x = 0) -+-> [](x = 1)", "the operator -\\+-> cannot be checked"),
        ("(<>(x = 1)) \\in BOOLEAN", "an operand of \\\\in has to be"),
    ],
)
def test_what_cannot_be_checked_is_refused(tmp_path: Path, formula: str, message: str) -> None:
    body = LOW + f"Odd == {formula}\n"
    with pytest.raises(TlaError, match=message):
        load(tmp_path, body, "SPECIFICATION Spec PROPERTY Odd", High=HIGH)


def test_an_error_in_a_liveness_predicate_has_its_state(tmp_path: Path) -> None:
    body = LOW + "Odd == <>[](<<1, 2>>[x + 1] = 1)\n"
    result = Search(load(tmp_path, body, "SPECIFICATION Spec PROPERTY Odd", High=HIGH)).run()
    assert result.verdict == "error"
    assert "a function is applied to" in str(result.error)
    assert result.trace[0].state[0] >= 2


def test_a_disjunction_in_the_specification(tmp_path: Path) -> None:
    body = LOW + "Either == Free /\\ ([]<>(x = 5) \\/ <>[](x = 3))\nEnds == <>[](x = 3)\n"
    body += "Mixed == []<>(x = 5) \\/ <>[](x = 3)\n"
    config = "SPECIFICATION Either PROPERTY Mixed"
    assert Search(load(tmp_path, body, config, High=HIGH)).run().verdict == "success"
    config = "SPECIFICATION Either PROPERTY Ends"
    model = load(tmp_path, body, config, High=HIGH)
    result = Search(model).run()
    assert result.verdict == "liveness"
    assert_is_a_counterexample(model, result)
