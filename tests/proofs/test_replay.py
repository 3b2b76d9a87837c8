"""`speccheck prove --replay`: a counterexample to induction is a state to check from."""

from pathlib import Path

from typer.testing import CliRunner

from speccheck.cli import app

SMALL = r"""---- MODULE Small ----
EXTENDS Integers
CONSTANTS
    \* @type: Set(SERVER);
    Server
VARIABLES
    \* @typeAlias: number = Int;
    \* @type: SERVER -> $number;
    count,
    \* @type: Bool;
    frozen
\* @type: Set($number);
Number == Nat
vars == <<count, frozen>>
Init == count = [s \in Server |-> 0] /\ frozen = TRUE
Tick(s) == ~frozen /\ count' = [count EXCEPT ![s] = @ + 1] /\ UNCHANGED frozen
Thaw(s) == FROZEN /\ frozen' = FALSE /\ UNCHANGED count
Next == (\E s \in Server : Tick(s)) \/ (\E s \in Server : Thaw(s))
Spec == Init /\ [][Next]_vars
TypeOK == count \in [Server -> Number] /\ frozen \in BOOLEAN
Small == \A s \in Server : count[s] <= 1
Invariant == TypeOK /\ Small
THEOREM Safe == Spec => []Invariant
SmallOrFrozen == frozen \/ Small
THEOREM Sure == Spec => []SmallOrFrozen
====
"""
HINTS = '[sizes]\nSERVER = 1\nnumber = 2\n[theorems]\nSure = { by = "Safe" }\n'


def replayed(tmp_path: Path, guard: str) -> list[str]:
    path = tmp_path / "Small.tla"
    path.write_text(SMALL.replace("FROZEN", guard))
    (tmp_path / "Small.hints.toml").write_text(HINTS)
    done = CliRunner().invoke(
        app, ["prove", f"{path}!Safe", "--workers", "1", "--replay", str(tmp_path / "cti")]
    )
    assert done.exit_code == 1, done.output
    lines = done.output.splitlines()
    start = next(n for n, line in enumerate(lines) if line.endswith(str(Path("cti") / "01")))
    return [line.strip() for line in lines[start + 1 :]]


def test_a_real_bug_is_reached_from_init(tmp_path: Path) -> None:
    assert replayed(tmp_path, "frozen") == [
        "the checker agrees",
        "what follows breaks SmallOrFrozen too, after 1 step",
        "Init leads to it in 2 steps: the specification is wrong",
    ]
    text = (tmp_path / "cti" / "01" / "Small_cti.tla").read_text()
    assert "EXTENDS Small, TLC" in text
    assert (tmp_path / "cti" / "01" / "reached.cfg").is_file()


def test_a_weak_invariant_is_not(tmp_path: Path) -> None:
    """Nothing ever ticks, as nothing thaws; the invariant does not say why."""
    assert replayed(tmp_path, "frozen /\\ (\\A t \\in Server : count[t] = 1)")[2] == (
        "Init never leads to it in this instance: the invariant is too weak"
    )
