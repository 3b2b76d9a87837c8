"""`speccheck prove --replay DIR --system NAME`: counterexamples as the disks of real servers."""

import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from speccheck.cli import app
from speccheck.explore.config import read_config
from speccheck.explore.model import load_model
from speccheck.explore.simulate import Simulation
from speccheck.prove.discharge import Status
from speccheck.prove.run import Task, prove
from speccheck.report.disks import Ensemble, plain
from speccheck.report.replays import Wanted, replay_all
from speckeeper.sim.system import SYSTEM

SPEC = Path(__file__).parents[2] / "spec"

TRIAL = r"""---- MODULE Trial ----
EXTENDS Integers
CONSTANT
    \* @type: Set(SERVER);
    Server
ASSUME \E a, b, c \in Server : a # b /\ b # c /\ c # a
VARIABLE
    \* @typeAlias: index = Int;
    \* @type: SERVER -> $index;
    logLength
\* @type: Set($index);
Index == Nat
Init == logLength = [s \in Server |-> 0]
Append(s) == logLength' = [logLength EXCEPT ![s] = @ + 1]
Next == \E s \in Server : Append(s)
Spec == Init /\ [][Next]_logLength
TypeOK == logLength \in [Server -> Index]
Short == \A s \in Server : logLength[s] <= 1
THEOREM T == Spec => [](TypeOK /\ Short)
====
"""
START = r"""---- MODULE TrialStart ----
EXTENDS Trial
Txn(i, v) == [epoch |-> 1, counter |-> i, value |-> v]
Start ==
    [servers |-> [s \in Server |->
        [acceptedEpoch |-> 1, currentEpoch |-> CURRENT,
         history |-> [i \in 1..logLength[s] |-> Txn(i, "a")]]],
     committed |-> COMMITTED]
====
"""
HINTS = 'start = "TrialStart"\n[sizes]\nSERVER = 3\nindex = 2\n'
NO_RULE = (
    "violate nothing: unless Init leads to the state, the lemma is likely to be false, or too "
    "weak; strengthen it"
)


def lines_of(folder: Path, current: str = "1", committed: str = "{}", hints: str = HINTS) -> str:
    """Return what is said of servers with the disks of a counterexample."""
    (folder / "Trial.tla").write_text(TRIAL)
    start = START.replace("CURRENT", current).replace("COMMITTED", committed)
    (folder / "TrialStart.tla").write_text(start)
    (folder / "Trial.hints.toml").write_text(hints)
    arguments = ["prove", f"{folder / 'Trial.tla'}!T", "--workers", "1"]
    replays = ["--replay", str(folder / "cti"), "--system", "speckeeper", "--replay-seeds", "2"]
    done = CliRunner().invoke(app, [*arguments, *replays])
    assert done.exit_code == 1, done.output
    said, found, rest = done.stdout.partition("the specification is wrong\n")
    assert found, done.stdout
    assert "the checker agrees" in said
    return rest


def test_harmless_disks(tmp_path: Path) -> None:
    assert lines_of(tmp_path) == (
        f"    from the disks of this state, 4 runs of speckeeper {NO_RULE}\n"
        f"    from the disks after the step, 4 runs of speckeeper {NO_RULE}\n"
    )
    assert (tmp_path / "cti" / "01" / "disks.json").is_file()


def test_disks_that_contradict_what_is_committed(tmp_path: Path) -> None:
    said = lines_of(tmp_path, committed='{<<Txn(1, "a")>>, <<Txn(1, "b")>>}')
    line, _ = said.splitlines()
    assert line.startswith("    the disks of this state violate, before a server starts, Proposal:")

    kept = line.rpartition(" ")[2]
    again = CliRunner().invoke(app, ["hunt", "--replay", kept])

    assert again.exit_code == 1
    assert "The same run as the one written down, byte for byte" in again.stdout


def test_disks_that_no_server_leaves(tmp_path: Path) -> None:
    line, _ = lines_of(tmp_path, current="2").splitlines()
    assert line == (
        "    speckeeper cannot begin with the disks of this state: the disk of server 1 has "
        "currentEpoch 2 and acceptedEpoch 1: 0 <= currentEpoch <= acceptedEpoch <= 2147483647 "
        "holds on any disk"
    )


def test_what_is_on_disks_has_to_be_said(tmp_path: Path) -> None:
    unsaid = lines_of(tmp_path, hints=HINTS.partition("\n")[2])
    assert unsaid.startswith("    nothing says what is on disks; name a module as start in ")


@pytest.mark.parametrize("current", ["logLength[", "CHOOSE n \\in 1..2 : n > 2", "1..2, {"])
def test_disks_that_cannot_be_told(current: str, tmp_path: Path) -> None:
    said = lines_of(tmp_path, current=current)
    assert said.startswith("    what is on disks cannot be told: ")
    assert said.count("\n") == 1


def test_a_system_needs_replays(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["prove", str(tmp_path / "T.tla"), "--system", "speckeeper"])
    assert done.exit_code == 2
    assert done.stderr == "--system: goes with --replay DIR\n"


# Of a state in which two servers have what is committed, and the one in a later epoch has not.
LOST = r"""
    /\ \A e \in Epoch : initialLength[e] = 0 /\ committedLength[e] = IF e = 1 THEN 1 ELSE 0
    /\ creator[1][1] = 1
    /\ \E s \in Server :
           /\ acceptedEpoch[s] = 2 /\ currentEpoch[s] = 2 /\ logEpoch[s] = 2 /\ logLength[s] = 0
           /\ \A t \in Server \ {s} : /\ acceptedEpoch[t] = 1 /\ currentEpoch[t] = 1
                                      /\ logEpoch[t] = 1 /\ logLength[t] = 1"""
# The same without the loss: in epoch 2 nobody has anything yet.
KEPT = (
    LOST.replace(
        "currentEpoch[s] = 2 /\\ logEpoch[s] = 2 /\\ logLength[s] = 0", "currentEpoch[s] = 1"
    )
    + r"""
           /\ logEpoch[s] = 1 /\ logLength[s] = 1"""
)


@pytest.mark.parametrize(("state", "harm"), [(LOST, "PrimaryIntegrity"), (KEPT, "")])
def test_a_lemma_about_the_core(state: str, harm: str, tmp_path: Path) -> None:
    """That nobody has delivered is no invariant; does it matter in this state?"""
    path = tmp_path / "Lemma.tla"
    path.write_text(
        f"---- MODULE Lemma ----\nEXTENDS ZabCore\nGiven == {state}\n"
        "Nobody == \\A s \\in Server : lastCommitted[s] = 0\n"
        "THEOREM T == Spec => [](TypeOK /\\ Given /\\ Nobody)\n====\n"
    )
    hints = (SPEC / "ZabCore.hints.toml").read_text()
    sizes = hints[hints.index("[sizes]") : hints.index("[actions")]
    path.with_suffix(".hints.toml").write_text(f'start = "ZabCoreStart"\n{sizes}')
    (result,) = prove(
        Task(path, (SPEC,), ("T",)),
        only=lambda one: (one.action, one.conjunct) == ("Deliver", "Nobody"),
    )
    (verdict,) = result.verdicts
    assert verdict.status is Status.REFUTED

    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(20_000)
    try:
        wanted = Wanted(tmp_path / "cti", 50, Ensemble("speckeeper", 2))
        said = replay_all(Task(path, (SPEC,)), [verdict], wanted)
    finally:
        sys.setrecursionlimit(limit)

    assert said[1] == "    the checker agrees"
    (line,) = said[4:]  # What is on disks is the same after Deliver.
    if harm:
        assert f"from the disks of this state, seed 0 of speckeeper violates {harm}: " in line
    else:
        assert line.endswith(NO_RULE)


def test_what_a_run_of_the_core_leaves_on_disks_is_harmless(tmp_path: Path) -> None:
    """Neither refused nor violated: what the disks hold is what servers leave in such a state."""
    module = tmp_path / "Reach.tla"
    module.write_text(
        "---- MODULE Reach ----\nEXTENDS MCZabCoreRuns, ZabCoreStart\n"
        "NothingLater == ~\\E c, e \\in Epoch : c < e /\\ committedLength[c] > 0\n"
        "                    /\\ committedLength[e] > initialLength[e]\n====\n"
    )
    campaign = (SPEC / "campaigns" / "MCZabCoreRuns.cfg").read_text()
    head = campaign[: campaign.index("INVARIANTS")].replace("Value = {v1}", "Value = {v1, v2}")
    config = tmp_path / "Reach.cfg"
    config.write_text(f"{head}INVARIANT NothingLater\nALIAS Start\n")
    model = load_model(module, read_config(config), [SPEC, SPEC / "campaigns"])
    assert model.alias is not None
    result = Simulation(model, traces=2000, depth=70, seed=1).run()
    assert result.violated == "NothingLater", "transactions of two epochs are committed"

    starts = []
    for step in result.trace:
        start = plain(model.alias(step.state, step.state))
        if start not in starts:
            starts.append(start)

    assert len(starts) > 20
    assert len(starts[-1]["committed"]) > 1
    for seed, start in enumerate(starts[::-3]):
        schedule = SYSTEM.draw_from(seed, start)
        faults = schedule["faults"] if seed % 2 else []
        assert SYSTEM.run({**schedule, "faults": faults}, None, None)["violation"] is None
