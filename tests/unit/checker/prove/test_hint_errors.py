"""Hints that do not fit: one line with the place in the file, what is wrong and what helps."""

from pathlib import Path

import pytest

from speccheck.prove.discharge import Limits, Status
from speccheck.prove.errors import ProofError
from speccheck.prove.run import Task, prove

MODULE = r"""---- MODULE Counting ----
EXTENDS Integers
CONSTANT
    \* @type: Set(SERVER);
    Server
ASSUME Some == Server # {}
VARIABLE
    \* @type: Int;
    x
Init == x = 0
Add(n) == x' = x + n
Next == \E n \in Nat : Add(n)
Spec == Init /\ [][Next]_x
Natural == \A n \in Nat : x + n >= 0
THEOREM Inv == Spec => []Natural
Two == x >= 0 /\ x >= -1
THEOREM Lemma == Spec => []Two
One == \A n \in Nat : x + n >= 0
THEOREM Other == Spec => []One
====
"""
INSTANCES = "[instances]\nconjuncts = ['Natural']\n"
BY = "Lemma = { by = 'Inv' }\nOther = { by = 'Inv' }\n"


def run(folder: Path, hints: str) -> dict[str, Status]:
    path = folder / "Counting.tla"
    path.write_text(MODULE)
    path.with_suffix(".hints.toml").write_text(hints)
    return {one.name: one.status for one in prove(Task(path, limits=Limits(1.0, 1.0)))}


@pytest.mark.parametrize(
    ("hints", "line", "problem"),
    [
        (f"{INSTANCES}[conjuncts]\nNatural = {{ terms = {{ int = ['x > 0'] }} }}", 4,
         "x > 0 is a boolean, and no term of the type int"),
        (f"{INSTANCES}[conjuncts]\nNatural = {{ terms = {{ SERVER = ['x'] }} }}", 4,
         "x is a number, and no term of the type SERVER"),
        (f"{INSTANCES}[conjuncts]\nNatural = {{ terms = {{ itn = ['x'] }} }}", 4,
         "there is no type itn for terms; there are: int, SERVER"),
        (f"{INSTANCES}[conjuncts]\nNatural = {{ terms = {{ int = ['Server'] }} }}", 4,
         "Server is a set, and no term of the type int"),
        (f"{INSTANCES}[conjuncts]\nNatural = {{ terms = {{ int = ['x +'] }} }}", 4,
         "x + is no expression of TLA+"),
        (f"{INSTANCES}[conjuncts]\nNatural = {{ terms = {{ int = ['x + m'] }} }}", 4,
         "x + m speaks of m, which is not there; there are: n"),
        (f"{INSTANCES}[conjuncts]\nNatural = {{ terms = {{ int = ['x + TRUE'] }} }}", 4,
         "a number is expected here"),
        (f"[theorems]\n{BY}[actions.Add]\nlemmas = [{{ theorem = 'Lemma', with = [] }}]", 5,
         "the lemma Lemma has 2 conjuncts; make a theorem of each"),
        (f"[theorems]\n{BY}[actions.Add]\nlemmas = [{{ theorem = 'Other', with = [] }}]", 5,
         "the lemma Other takes 1 values (n), not 0"),
        (f"[theorems]\n{BY}[actions.Add]\nlemmas = [{{ theorem = 'Other', with = ['Server'] }}]", 5,
         "Server is no n of the lemma Other"),
        ("[actions.Add]\nlemmas = [{ theorem = 'Other', with = ['n'] }]", 2,
         "Other is no lemma here; let [theorems] prove it by Inv"),
        ("[theorems]\nLemma = { by = 'Ivn' }", 2, "Ivn, which is no other theorem; Inv, Other are"),
        ("[theorems]\nLemma = { by = 'Other' }\nOther = { by = 'Lemma' }", 2,
         "Lemma is proved by Other, which is not proved by induction itself"),
        ("[witnesses]\nassumption = 'Smoe'", 2, "there is no assumption Smoe"),
        ("[witnesses]\nassumption = 'Natural'", 2, "Natural is no assumption"),
        ("[conjuncts]\nNatural = { patterns = ['x'] }", 2, "x is no pattern of Natural"),
    ],
)  # fmt: skip
def test_a_hint_that_does_not_fit_is_refused_with_its_line(
    hints: str, line: int, problem: str, tmp_path: Path
) -> None:
    with pytest.raises(ProofError) as caught:
        run(tmp_path, hints)

    assert str(caught.value).startswith(f"{tmp_path / 'Counting.hints.toml'}:{line}: ")
    assert problem in str(caught.value)
    assert "\n" not in str(caught.value)


def test_hints_that_fit_prove_what_they_are_for(tmp_path: Path) -> None:
    hints = f"{INSTANCES}terms = {{ int = ['int + x'] }}\n[theorems]\n{BY}"

    found = run(tmp_path, hints)

    assert found["Other"] is Status.PROVED
