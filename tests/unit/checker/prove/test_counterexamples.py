"""Counterexamples are told as values of TLA+, whatever Z3 calls them."""

from pathlib import Path

from speccheck.prove.discharge import Limits, Status
from speccheck.prove.run import Task, prove

TEXT = r"""---- MODULE Shown ----
EXTENDS Integers
(* @typeAlias: quorum = Set(SERVER); *)
CONSTANTS
\* @type: Set(SERVER);
Server,
\* @type: Set($quorum);
Quorum
VARIABLES
\* @type: Int -> Int;
f,
\* @type: Int -> (Int -> Int);
g,
\* @type: Set(Int);
x,
\* @type: Set(Int);
far,
\* @type: SERVER -> $quorum;
q
ASSUME Server # {} /\ Quorum # {} /\ Quorum \subseteq SUBSET Server
ASSUME \A P \in Quorum : P # {}
Init == /\ f = [n \in Nat |-> 0] /\ g = [n \in Nat |-> [m \in 1..2 |-> n]] /\ x = {} /\ far = Nat
        /\ q \in [Server -> Quorum]
Set(n) == /\ f' = [f EXCEPT ![n] = f[n] + n] /\ x' = x \cup {n} /\ far' = far \ {n}
          /\ UNCHANGED <<g, q>>
s1 == 1
Next == \E n \in Nat : Set(n)
Spec == Init /\ [][Next]_<<f, g, x, far, q>>
TypeOK == /\ f \in [Nat -> Nat] /\ g \in [Nat -> [1..2 -> Nat]] /\ x \subseteq Nat
          /\ far \subseteq Nat /\ q \in [Server -> Quorum]
Few == x = {} /\ (\A n \in Nat : n \in far) /\ \A n \in Nat : f[n] = 0
One == \A s \in Server : q[s] = Server
Inv == TypeOK /\ One /\ Few
Small == f[7] < 3
THEOREM T == Spec => [](Inv /\ Small)
====
"""


def told(tmp_path: Path, hints: str = "") -> list[str]:
    path = tmp_path / "Shown.tla"
    path.write_text(TEXT)
    (tmp_path / "Shown.hints.toml").write_text(hints)
    (result,) = prove(Task(path, limits=Limits(3.0, 3.0)))
    (verdict,) = (v for v in result.verdicts if str(v.obligation) == "T: Set: Small")
    assert verdict.status is Status.REFUTED
    return [line.strip() for line in verdict.lines]


def test_numbers_without_an_end(tmp_path: Path) -> None:
    lines = told(tmp_path)

    assert "with n = 7" in lines
    assert "/\\ f = [i \\in Nat |-> 0]" in lines
    assert any(line.startswith("/\\ g = [i \\in Nat |-> (1 :> ") for line in lines)
    assert "/\\ f' = [i \\in Nat |-> IF i = 7 THEN 7 ELSE 0]" in lines
    assert "/\\ x' = {7}" in lines
    assert any(line.startswith("/\\ far = ") for line in lines)
    assert not any(odd in line for line in lines for odd in "!?")


def test_model_values_have_names_that_nothing_else_has(tmp_path: Path) -> None:
    """s1 is a definition here."""
    lines = told(tmp_path, "[sizes]\nSERVER = 1\nquorum = 1")

    assert "Server = {se1}" in lines
    assert "Quorum = {{se1}}" in lines
    assert "/\\ q = (se1 :> {se1})" in lines
