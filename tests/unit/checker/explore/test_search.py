"""Models on disk, searched: counts, verdicts, shortest counterexamples."""

from pathlib import Path

import pytest

from speccheck.explore.config import parse_config
from speccheck.explore.engines import Settings, engine_for
from speccheck.explore.model import ConfigError, load_model
from speccheck.explore.search import Result, Search
from speccheck.tla.errors import TlaError


def check(folder: Path, body: str, config: str, **others: str) -> Result:
    """Search the model of a module M and a configuration."""
    for name, text in {"M": body, **others}.items():
        (folder / f"{name}.tla").write_text(f"---- MODULE {name} ----\n{text}\n====\n")
    return Search(load_model(folder / "M.tla", parse_config(config, "M.cfg"))).run()


COUNTER = """
EXTENDS Naturals
VARIABLE n
Init == n = 0
Up == n < 5 /\\ n' = n + 1
Reset == n = 5 /\\ n' = 0
Never == n > 9 /\\ n' = 3
Next == Up \\/ Reset \\/ Never
Spec == Init /\\ [][Next]_n /\\ WF_n(Next)
Small == n < 4
Steps == [][n' = n + 1 \\/ n' = 0]_n
OnlyUp == [][n' > n]_n
Eventually == <>(n = 5)
"""


def test_counts_and_coverage(tmp_path: Path) -> None:
    result = check(tmp_path, COUNTER, "SPECIFICATION Spec PROPERTY Steps")
    assert (result.verdict, result.distinct, result.generated, result.depth) == ("success", 6, 7, 6)
    assert result.taken == [("Up", 5, 5), ("Reset", 1, 0), ("Never", 0, 0)]


def test_invariant_has_the_shortest_counterexample(tmp_path: Path) -> None:
    result = check(tmp_path, COUNTER, "INIT Init NEXT Next INVARIANT Small")
    assert (result.verdict, result.violated) == ("invariant", "Small")
    assert [step.state for step in result.trace] == [(n,) for n in range(5)]
    assert [step.action for step in result.trace] == [None, "Up", "Up", "Up", "Up"]


def test_action_property(tmp_path: Path) -> None:
    result = check(tmp_path, COUNTER, "SPECIFICATION Spec PROPERTY OnlyUp")
    assert (result.verdict, result.violated) == ("property", "OnlyUp")
    assert result.trace[-1].action == "Reset"


def test_liveness_needs_fairness(tmp_path: Path) -> None:
    result = check(tmp_path, COUNTER, "SPECIFICATION Spec PROPERTY Eventually")
    assert (result.verdict, result.unchecked) == ("success", [])
    result = check(tmp_path, COUNTER, "INIT Init NEXT Next PROPERTY Eventually")
    assert (result.verdict, result.violated) == ("liveness", "Eventually")
    assert (result.stutters, [step.state for step in result.trace]) == (True, [(0,)])


def test_deadlock(tmp_path: Path) -> None:
    body = "EXTENDS Naturals\nVARIABLE n\nInit == n = 0\nNext == n < 2 /\\ n' = n + 1"
    assert check(tmp_path, body, "INIT Init NEXT Next").verdict == "deadlock"
    config = "INIT Init NEXT Next CHECK_DEADLOCK FALSE"
    assert check(tmp_path, body, config).verdict == "success"


def test_constraint_bounds_the_search(tmp_path: Path) -> None:
    body = "EXTENDS Naturals\nVARIABLE n\nInit == n = 0\nNext == n' = n + 1\nBound == n < 10"
    result = check(tmp_path, body, "INIT Init NEXT Next CONSTRAINT Bound")
    assert (result.distinct, result.depth) == (10, 10)


def test_disjunction_within_a_conjunction(tmp_path: Path) -> None:
    body = """
EXTENDS Naturals
VARIABLES x, y
Init == x \\in 0..1 /\\ (y = 0 \\/ y = 1)
Pick(v) == \\E k \\in {0, 1} : v' = k
Next == /\\ \\/ x' = x
           \\/ Pick(x)
        /\\ y' = x' + y
        /\\ y' < 3
"""
    result = check(tmp_path, body, "INIT Init NEXT Next CHECK_DEADLOCK FALSE")
    assert (result.distinct, result.verdict) == (6, "success")


def test_symmetry_and_model_values(tmp_path: Path) -> None:
    body = """
EXTENDS FiniteSets, TLC
CONSTANT Server
VARIABLE up
Init == up = {}
Next == \\E s \\in Server : up' = up \\cup {s}
Sym == Permutations(Server)
"""
    config = "INIT Init NEXT Next CONSTANT Server = {a, b, c}"
    assert check(tmp_path, body, config).distinct == 8
    assert check(tmp_path, body, f"{config} SYMMETRY Sym").distinct == 4


def test_a_view_is_of_the_state_that_symmetry_chooses(tmp_path: Path) -> None:
    body = """
EXTENDS Naturals, TLC
CONSTANT Node
VARIABLES v, k
Init == v = [n \\in Node |-> 0] /\\ k = 0
Next == \\E n \\in Node : v[n] < 3 /\\ v' = [v EXCEPT ![n] = @ + 1] /\\ k' = k + 1
Sym == Permutations(Node)
View == v
"""
    config = "INIT Init NEXT Next VIEW View CHECK_DEADLOCK FALSE CONSTANT Node = {n1, n2, n3}"
    assert check(tmp_path, body, config).distinct == 64
    assert check(tmp_path, body, f"{config} SYMMETRY Sym").distinct == 20
    for workers in (1, 2):
        model = load_model(tmp_path / "M.tla", parse_config(f"{config} SYMMETRY Sym", "M.cfg"))
        assert engine_for(model, Settings(workers=workers)).run().distinct == 20


def test_an_implication_assigns_what_its_right_side_does(tmp_path: Path) -> None:
    # As TLC does: 6 states generated for each of the two.
    config = "INIT Init NEXT Next CHECK_DEADLOCK FALSE"
    steps = """
EXTENDS Naturals
VARIABLE x
Init == x = 0
Next == (x = 1 => x' = 1) /\\ x' \\in {1, 2}
"""
    result = check(tmp_path, steps, config)
    assert (result.verdict, result.generated, result.distinct) == ("success", 6, 3)
    initial = """
EXTENDS Naturals
VARIABLES x, y
Init == y \\in {0, 1} /\\ (y = 0 => x = 1) /\\ x \\in {1, 2}
Next == UNCHANGED <<x, y>>
"""
    result = check(tmp_path, initial, config)
    assert (result.verdict, result.generated, result.distinct) == ("success", 6, 3)


@pytest.mark.parametrize(
    ("init", "step", "message"),
    [
        ("x = 0 /\\ y = 0", "x' = 1", "the state gives no value to y"),
        ("x = 0", "UNCHANGED <<x, y>>", "the state gives no value to y"),
        ("x = 0 /\\ y = 0", "y' = y /\\ x' \\in {1, {2}}", "cannot be compared"),
        ("y = 0 /\\ x = [i \\in {1, {2}} |-> 1]", "UNCHANGED <<x, y>>", "cannot be compared"),
    ],
)
def test_errors_have_a_place(tmp_path: Path, init: str, step: str, message: str) -> None:
    body = f"VARIABLES x, y\nInit == {init}\nNext == {step}"
    result = check(tmp_path, body, "INIT Init NEXT Next")
    assert result.error is not None
    assert message in result.error.message
    assert "frozenset" not in result.error.message
    assert result.error.places


def test_view(tmp_path: Path) -> None:
    body = """
EXTENDS Naturals
VARIABLES x, clock
Init == x = 0 /\\ clock = 0
Next == x' = (x + 1) % 3 /\\ clock' = clock + 1
View == x
"""
    assert check(tmp_path, body, "INIT Init NEXT Next VIEW View").distinct == 3


def test_refinement_through_an_instance(tmp_path: Path) -> None:
    low = """
EXTENDS Naturals
VARIABLES hi, lo
Init == hi = 0 /\\ lo = 0
Next == \\/ lo = 0 /\\ lo' = 1 /\\ hi' = hi
        \\/ lo = 1 /\\ lo' = 0 /\\ hi' = 1 - hi
Spec == Init /\\ [][Next]_<<hi, lo>>
Abstract == INSTANCE High WITH bit <- hi
Refines == Abstract!Spec
"""
    high = "EXTENDS Naturals\nVARIABLE bit\nSpec == bit = 0 /\\ [][bit' = 1 - bit]_bit"
    config = "SPECIFICATION Spec PROPERTY Refines"
    assert check(tmp_path, low, config, High=high).verdict == "success"
    frozen = high.replace("bit' = 1 - bit", "FALSE")
    assert check(tmp_path, low, config, High=frozen).verdict == "property"


def test_enabled_and_unchanged(tmp_path: Path) -> None:
    body = """
EXTENDS Naturals
VARIABLES x, y
vars == <<x, y>>
Init == x = 0 /\\ y = 0
Up == x < 2 /\\ x' = x + 1 /\\ UNCHANGED y
Mark == ~ENABLED Up /\\ y' = 1 /\\ UNCHANGED <<x>>
Next == Up \\/ Mark
Inv == y = 1 => x = 2
"""
    result = check(tmp_path, body, "INIT Init NEXT Next INVARIANT Inv CHECK_DEADLOCK FALSE")
    assert (result.verdict, result.distinct) == ("success", 4)


def test_evaluation_error_has_place_and_trace(tmp_path: Path) -> None:
    body = "EXTENDS Naturals\nVARIABLE f\nInit == f = <<1>>\nNext == f' = <<f[2]>>"
    result = check(tmp_path, body, "INIT Init NEXT Next")
    assert result.verdict == "error"
    assert "M.tla:5:9: a function is applied to 2" in str(result.error)
    assert len(result.trace) == 1


def test_incomplete_next_state(tmp_path: Path) -> None:
    body = "VARIABLES x, y\nInit == x = 1 /\\ y = 1\nNext == x' = 2"
    result = check(tmp_path, body, "INIT Init NEXT Next")
    assert "gives no value to y" in str(result.error)


def test_assumptions_and_replacements(tmp_path: Path) -> None:
    body = """
EXTENDS Naturals
CONSTANTS Limit, Op(_)
ASSUME Limit > 0
VARIABLE n
Mine == 3
Double(k) == 2 * k
Init == n \\in Nat
Next == n' = Op(n) % Limit
MyNat == 0..1
"""
    config = "INIT Init NEXT Next CONSTANT Limit <- Mine Op <- Double Nat <- MyNat"
    assert check(tmp_path, body, config).distinct == 3
    bad = config.replace("Limit <- Mine", "Limit = 0")
    assert check(tmp_path, body, bad).verdict == "assumption"


def test_configuration_errors(tmp_path: Path) -> None:
    with pytest.raises(TlaError, match=r"M.cfg:1:8: '<-' cannot stand here"):
        check(tmp_path, COUNTER, "INIT A <- B")
    with pytest.raises(ConfigError, match=r"M.cfg:1:6: module M has no Nothing"):
        check(tmp_path, COUNTER, "INIT Nothing NEXT Next")
    with pytest.raises(TlaError, match="gives no value to the constant C"):
        check(tmp_path, "CONSTANT C", "")


def test_composed_actions(tmp_path: Path) -> None:
    body = """
EXTENDS Naturals
VARIABLES x, y
Init == x = 0 /\\ y = 0
Up == x < 3 /\\ x' = x + 1 /\\ y' = y
Copy == y' = x /\\ x' = x
Next == Up \\cdot Copy
Equal == x = y
"""
    result = check(tmp_path, body, "INIT Init NEXT Next INVARIANT Equal CHECK_DEADLOCK FALSE")
    assert (result.verdict, result.distinct, result.depth) == ("success", 4, 4)


def test_definitions_in_loops_are_evaluated_anew(tmp_path: Path) -> None:
    body = """
EXTENDS Naturals, Sequences
VARIABLES q, r
Init == q = <<1, 2, 3>> /\\ r = 0
Next == \\E i \\in DOMAIN q :
            LET double == q[i] * 2
                big == double > 2
                next == r'
            IN  /\\ IF big THEN r' = double ELSE r' = 0 - double
                /\\ next # 4
                /\\ q' = SelectSeq(q, LAMBDA e : e # next)
"""
    result = check(tmp_path, body, "INIT Init NEXT Next CHECK_DEADLOCK FALSE")
    assert (result.verdict, result.distinct) == ("success", 3)


def test_enabled_of_the_successor(tmp_path: Path) -> None:
    body = """
EXTENDS Naturals
VARIABLE x
Init == x = 0
Up == LET next == x + 1 IN next < 3 /\\ x' = next
Next == Up
Falls == [][LET more == x + 1 IN more = x' /\\ (x' = 2 => ~(ENABLED Up)')]_x
"""
    config = "INIT Init NEXT Next PROPERTY Falls CHECK_DEADLOCK FALSE"
    assert check(tmp_path, body, config).verdict == "success"
    result = check(tmp_path, body.replace("x' = 2 =>", "x' = 1 =>"), config)
    assert (result.verdict, len(result.trace)) == ("property", 2)


_MANY_WAYS = """EXTENDS Integers, TLC
VARIABLE x
Init == x = 0 /\\ TLCSet(1, 0)
Next == \\E y \\in 1..5 : x < 3 /\\ x' = x + 1 + 0 * y
Count == TLCSet(1, TLCGet(1) + 1)
Fifteen == TLCGet(1) = 15
Grows == [][x' > x]_x
"""


def test_every_way_to_a_state_counts_where_a_constraint_has_an_effect(tmp_path: Path) -> None:
    config = "INIT Init NEXT Next ACTION_CONSTRAINT Count POSTCONDITION Fifteen PROPERTY Grows"
    result = check(tmp_path, _MANY_WAYS, f"{config} CHECK_DEADLOCK FALSE")
    assert (result.verdict, result.generated, result.distinct) == ("success", 16, 4)


# Long enough for a function of its own, asked of both states of every step.
_LONG = """EXTENDS Integers
VARIABLES x, y
Init == x = 0 /\\ y = 1
Next == (x < 4 /\\ x' = x + 1 /\\ UNCHANGED y) \\/ (y < 3 /\\ y' = y + 1 /\\ UNCHANGED x)
Sum == LET a == x + x + x + x + x + x + x + x + x + x + x + x IN
       IF x > y THEN a + y + y + y + y + y + y + y + y + y ELSE a + 9 * y + 0 * (x + y + x + y)
Right == Sum = 12 * x + 9 * y
Steps == [][Sum' - Sum = IF x' = x THEN 9 ELSE 12]_<<x, y>>
Wrong == [][\\E z \\in 1..3 : Sum' - Sum = 9 + z]_<<x, y>>
"""


def test_a_definition_asked_of_both_states_of_a_step_keeps_them_apart(tmp_path: Path) -> None:
    config = "INIT Init NEXT Next INVARIANT Right PROPERTY Steps CHECK_DEADLOCK FALSE"
    assert check(tmp_path, _LONG, config).verdict == "success"
    assert check(tmp_path, _LONG, f"{config} PROPERTY Wrong").violated == "Wrong"
