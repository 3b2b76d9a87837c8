"""`speccheck prove --replay`: a counterexample to induction is a state that the checker starts from."""

import re
import tomllib
from pathlib import Path

from typer.testing import CliRunner

from speccheck.cli import app

SPEC = Path(__file__).parents[2] / "spec"

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
HINTS = '[sizes]\nSERVER = 2\nnumber = 2\n[theorems]\nSure = { by = "Safe" }\n'


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
    """The guard is never true: nothing ticks, but the invariant does not say why."""
    assert replayed(tmp_path, "frozen /\\ count # count")[2] == (
        "Init never leads to it in this instance: the invariant is too weak"
    )


def test_a_mistake_in_the_core(tmp_path: Path) -> None:
    """What is delivered though not committed breaks PrefixConsistency, a step later."""
    mistakes = tomllib.loads(Path(__file__).with_name("mistakes.toml").read_text())["mistake"]
    mistake = next(m for m in mistakes if m["name"] == "a server delivers what is not committed")
    text = (SPEC / "ZabCore.tla").read_text()
    for old, new in mistake["changes"]:
        assert text.count(old) == 1
        text = text.replace(old, new)
    # Only what breaks: the rest is proved as in the specification itself.
    head, _, tail = text.partition("Invariant ==\n")
    tail = tail[tail.index("THEOREM Induction") :]
    text = f"{head}Invariant ==\n    /\\ TypeOK\n    /\\ DeliveredIsCommitted\n\n{tail}"
    (tmp_path / "ZabCore.tla").write_text(text)
    hints = (SPEC / "ZabCore.hints.toml").read_text()
    for name, size in {"SERVER": 2, "quorum": 2, "VALUE": 1, "epoch": 1, "index": 1}.items():
        hints = re.sub(rf"^{name} = \d$", f"{name} = {size}", hints, flags=re.MULTILINE)
    hints = re.sub(r"conjuncts = \[.*\]", "conjuncts = []", hints)
    (tmp_path / "ZabCore.hints.toml").write_text(hints)
