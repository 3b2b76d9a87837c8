"""cvc5 gives no other answer than Z3 to any question that the proofs ask; what it cannot decide is
counted.

Run with ``pytest -m long tests/proofs``: minutes. That a contradiction would be seen is tested
always.
"""

from collections import Counter
from pathlib import Path

import pytest

from speccheck.prove.run import Task
from speccheck.report.questions import write_questions

cvc5 = pytest.importorskip("cvc5", reason="the second solver: install the extra dev")

SPEC = Path(__file__).parents[2] / "spec"

# cvc5's own steps for one question: its answer does not depend on how busy the machine is.
LIMIT = "300000"

SMALL = [("QuorumSum", 35), ("QuorumJoint", 4), ("Zxids", 40)]

# What it cannot decide, as docs/proofs.md lists it: by the names of the files.
UNDECIDED = {
    "Induction-StartEpoch-LogHas",
    "Induction-StartEpoch-PromiseHas",
    "Induction-StartEpoch-Choosable",
    "Induction-StartEpoch-NothingOlder",
    "Induction-Propose-PromiseHas",
    "Induction-Propose-ZxidsRise",
    "PrimaryHasAll-PrimaryIntegrity",
}


def answer(path: Path) -> str:
    """Return what cvc5 answers to a file: sat, unsat or unknown."""
    solver = cvc5.Solver(cvc5.TermManager())
    solver.setOption("rlimit-per", LIMIT)
    parser = cvc5.InputParser(solver)
    parser.setFileInput(cvc5.InputLanguage.SMT_LIB_2_6, str(path))
    said = ""
    while not (command := parser.nextCommand()).isNull():
        said += command.invoke(solver, parser.getSymbolManager())
    return said.split()[0]  # "unknown" comes with a reason


def expected(path: Path) -> str:
    """Return what a file says that its answer is."""
    text = path.read_text()
    (status,) = (status for status in ("unsat", "sat") if f"(set-info :status {status})" in text)
    return status


def compare(module: str, folder: Path) -> "Counter[tuple[str, str]]":
    """Return how many files are to be answered by what, and are; fails on a contradiction."""
    written, _ = write_questions(Task(SPEC / f"{module}.tla"), folder)
    files = sorted(folder.glob("*.smt2"))
    assert len(files) == written
    found: Counter[tuple[str, str]] = Counter()
    undecided: set[str] = set()
    for path in files:
        right, said = expected(path), answer(path)
        assert said in {right, "unknown"}, f"{path.name}: cvc5 says {said}"
        found[right, said] += 1
        if said != right == "unsat":
            undecided.add(path.stem.removeprefix(f"{module}-"))
    told = ", ".join(f"{count} {said} for {right}" for (right, said), count in found.items())
    print(f"{module}: cvc5 says {told}")
    assert undecided <= UNDECIDED
    return found


@pytest.mark.parametrize(("module", "proofs"), SMALL)
def test_cvc5_confirms_every_proof_of_a_small_module(
    module: str, proofs: int, tmp_path: Path
) -> None:
    found = compare(module, tmp_path)

    assert found["unsat", "unsat"] == proofs
    assert found["unsat", "unknown"] == 0


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_cvc5_never_contradicts_the_proofs_of_the_core(tmp_path: Path) -> None:
    found = compare("ZabCore", tmp_path)

    assert found["unsat", "unsat"] + found["unsat", "unknown"] == 324
    assert found["unsat", "unsat"] >= 324 - len(UNDECIDED)
    # Each of the 15 actions, the initial states, and what conjuncts and theorems assume (47).
    assert found["sat", "sat"] == 63


def test_a_contradiction_would_be_seen(tmp_path: Path) -> None:
    write_questions(Task(SPEC / "QuorumJoint.tla", theorems=("JointMeetsOld",)), tmp_path)
    path = tmp_path / "QuorumJoint-JointMeetsOld.smt2"
    text = path.read_text()
    path.write_text(text[: text.index("(assert")] + "(check-sat)\n")
    assert answer(path) != expected(path) == "unsat"
