"""Small modules: what is proved, refuted, unknown, refused; each way in which a proof can fail."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from speccheck.cli import app
from speccheck.prove.discharge import Limits, Verdict
from speccheck.prove.errors import ProofError
from speccheck.prove.run import Task, prove
from speccheck.report.questions import write_questions
from speccheck.tla.errors import TlaError

HEAD = r"""---- MODULE Small ----
EXTENDS Integers
CONSTANTS
    \* @type: Set(SERVER);
    Server,
    \* @type: SERVER;
    Boss
ASSUME Somebody == Boss \in Server
VARIABLES
    \* @type: SERVER -> Int;
    count,
    \* @type: SERVER -> (SERVER -> Bool);
    seen,
    \* @type: { at: SERVER, n: Int };
    last
vars == <<count, seen, last>>
Init ==
    /\ count = [s \in Server |-> 0]
    /\ seen = [s \in Server |-> [t \in Server |-> FALSE]]
    /\ last = [at |-> Boss, n |-> 0]
Tick(s) ==
    /\ count' = [count EXCEPT ![s] = @ + 1]
    /\ last' = [last EXCEPT !.at = s, !.n = IF s = Boss THEN count[s] + 1 ELSE @]
    /\ UNCHANGED seen
See(s, t) ==
    /\ s # t
    /\ seen' = [seen EXCEPT ![s][t] = TRUE]
    /\ UNCHANGED <<count, last>>
Next == (\E s \in Server : Tick(s)) \/ (\E s, t \in Server : See(s, t))
Spec == Init /\ [][Next]_vars
"""


def verdicts(tmp_path: Path, text: str, hints: str = "") -> dict[str, Verdict]:
    path = tmp_path / "Small.tla"
    path.write_text(f"{HEAD}{text}\n====\n")
    (tmp_path / "Small.hints.toml").write_text(hints)
    results = prove(Task(path, limits=Limits(5.0, 50.0)))
    return {str(v.obligation): v for result in results for v in result.verdicts}


def statuses(tmp_path: Path, text: str, hints: str = "") -> dict[str, str]:
    return {name: v.status.value for name, v in verdicts(tmp_path, text, hints).items()}


def test_an_inductive_invariant_is_proved_conjunct_by_conjunct(tmp_path: Path) -> None:
    found = verdicts(
        tmp_path,
        "Counts == \\A s \\in Server : count[s] >= 0\n"
        "Irreflexive == \\A s \\in Server : ~seen[s][s]\n"
        "Inv == Counts /\\ Irreflexive\nTHEOREM Safe == Spec => []Inv",
    )

    assert {name: (v.status.value, v.unchanged) for name, v in found.items()} == {
        "Safe: Init: Counts": ("proved", False),
        "Safe: Init: Irreflexive": ("proved", False),
        "Safe: Tick: Counts": ("proved", False),
        "Safe: Tick: Irreflexive": ("proved", True),
        "Safe: See: Counts": ("proved", True),
        "Safe: See: Irreflexive": ("proved", False),
        "Safe: Counts: what is assumed can hold": ("proved", False),
        "Safe: Irreflexive: what is assumed can hold": ("proved", False),
        "Safe: an initial state: is possible": ("proved", False),
        "Safe: Tick: can be taken": ("proved", False),
        "Safe: See: can be taken": ("proved", False),
        **{
            f"Safe: {one}: is defined": ("proved", True)
            for one in ("the beginning", "Tick", "See", "Counts", "Irreflexive")
        },
    }


def test_what_an_action_breaks_is_refuted_with_both_states(tmp_path: Path) -> None:
    found = verdicts(
        tmp_path,
        "Few == \\A s \\in Server : count[s] <= 2\nTHEOREM Safe == Spec => []Few",
        "[sizes]\nSERVER = 2\n",
    )

    verdict = found["Safe: Tick: Few"]
    assert found["Safe: Init: Few"].status.value == "proved"
    assert found["Safe: Tick: can be taken"].status.value == "proved"
    assert verdict.status.value == "refuted"
    assert verdict.lines[0].startswith("with s = s")
    lines = [line.strip() for line in verdict.lines]
    assert any(line.startswith("/\\ count = (s1 :> ") for line in lines)
    assert any(line.startswith("/\\ last' = [at |-> s") for line in lines)
    assert any(line.startswith("/\\ count' = (s1 :> ") and "3" in line for line in lines)


def test_an_action_that_no_state_of_the_invariant_allows_is_told(tmp_path: Path) -> None:
    found = statuses(
        tmp_path,
        "One == \\A s, t \\in Server : s = t\nTHEOREM Safe == Spec => []One",
        "[sizes]\nSERVER = 1\n",
    )

    assert found["Safe: See: can be taken"] == "refuted"


def test_theorems_rest_on_an_invariant_and_speak_of_steps(tmp_path: Path) -> None:
    found = statuses(
        tmp_path,
        "Counts == \\A s \\in Server : count[s] >= 0\nTHEOREM Safe == Spec => []Counts\n"
        "THEOREM More == Spec => [](\\A s \\in Server : count[s] + 1 > 0)\n"
        "THEOREM Rises == Spec => [][\\A s \\in Server : count[s] <= count'[s]]_vars\n"
        "THEOREM Falls == Spec => [][\\A s \\in Server : count[s] >= count'[s]]_vars\n"
        "THEOREM Fact == \\A n \\in Nat : n + 1 > 0\n"
        "THEOREM NoFact == \\A n \\in Int : n + 1 > 0",
        "[sizes]\nSERVER = 2\n[theorems]\nMore = { by = 'Safe' }\nRises = { by = 'Safe' }\n",
    )

    assert found["More"] == "proved"
    assert found["Rises: Tick"] == "proved"
    assert found["Falls: Tick"] == "refuted"
    assert found["Falls: See"] == "proved"
    assert (found["Fact"], found["NoFact"]) == ("proved", "refuted")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("THEOREM T == \\A s \\in Server : {s} = {s} \\X {s}", "products of sets"),
        ("THEOREM T == (CHOOSE s : s = Boss) = Boss", "do not know this construct"),
        ("THEOREM T == \\A f \\in [Server -> Server] : TRUE", "can be terms"),
        ("THEOREM T == Boss = 1", "is compared with"),
        ("THEOREM T == \\A s : s = s", "without a set"),
        ("THEOREM T == Spec => [](count' = count)", "an invariant of states"),
        ("Odd == Init /\\ [](Boss = Boss)\nTHEOREM T == Odd => []TRUE", "of the form Init"),
    ],
)
def test_what_is_outside_is_refused_with_its_place(text: str, problem: str, tmp_path: Path) -> None:
    with pytest.raises(TlaError, match=problem) as caught:
        verdicts(tmp_path, text)

    assert caught.value.line > HEAD.count("\n")


def test_an_action_has_to_determine_every_variable_once(tmp_path: Path) -> None:
    more = (
        "Bad == count' = count /\\ UNCHANGED seen\nBadSpec == Init /\\ [][Bad]_vars\n"
        "THEOREM T == BadSpec => [](Boss = Boss)"
    )
    with pytest.raises(TlaError, match="what becomes of last"):
        verdicts(tmp_path, more)
    with pytest.raises(TlaError, match="determined twice"):
        verdicts(tmp_path, more.replace("UNCHANGED seen", "UNCHANGED vars"))


@pytest.mark.parametrize(
    ("hints", "problem"),
    [
        ("[theorems]\nT = { by = 'Nobody' }", "Nobody, which is no other theorem"),
        ("[theorems]\nT = { from = 'Safe' }", "not how hints are written"),
        ("[surprises]\n", "unknown: surprises"),
        ("[witnesses]\nassumption = 'Gone'\n", "there is no assumption Gone"),
        (
            "[actions]\nTick = { lemmas = [{ theorem = 'T', with = [] }] }",
            "is no lemma",
        ),
    ],
)
def test_hints_that_do_not_fit_are_refused(hints: str, problem: str, tmp_path: Path) -> None:
    text = "THEOREM T == Spec => [](\\A s \\in Server : count[s] >= 0)"
    with pytest.raises(ProofError, match=problem):
        verdicts(tmp_path, text, hints)


def test_choose_is_the_one_there_is(tmp_path: Path) -> None:
    text = (
        "Mine(s) == CHOOSE t \\in Server : seen[s][t]\n"
        "Nobody == \\A s, t \\in Server : ~seen[s][t]\n"
        "Found == \\A s, t \\in Server : UNIQUE seen[s][t] => t = Mine(s)\n"
        "THEOREM Safe == Spec => []Found"
    )
    only = "(\\A u \\in Server : seen[s][u] => u = t) /\\"

    assert statuses(tmp_path, text.replace("UNIQUE", only))["Safe: See: Found"] == "proved"
    assert statuses(tmp_path, text.replace("UNIQUE", ""))["Safe: See: Found"] != "proved"


def test_choose_says_nothing_where_there_is_none(tmp_path: Path) -> None:
    text = (
        "Mine(s) == CHOOSE t \\in Server : seen[s][t]\n"
        "Found == \\A s \\in Server : seen[s][Mine(s)]\n"
        "THEOREM Safe == Spec => []Found"
    )
    assert statuses(tmp_path, text)["Safe: Init: Found"] != "proved"


def test_what_is_proved_of_nothing_is_noticed_without_an_instance_too(tmp_path: Path) -> None:
    text = (
        "Alone == \\A s, t \\in Server : s = t\n"
        "Inv == Alone /\\ \\A s \\in Server : ~seen[s][s]\nTHEOREM Safe == Spec => []Inv"
    )
    found = verdicts(tmp_path, text)
    assert found["Safe: See: can be taken"].status.value == "refuted"
    assert found["Safe: See: can be taken"].lines[0] == (
        "no state of the invariant allows this action: what is proved of it is proved of nothing"
    )
    assert found["Safe: Tick: can be taken"].status.value == "proved"


def test_assumptions_that_contradict_each_other_are_noticed(tmp_path: Path) -> None:
    text = "ASSUME A == Server = {}\nTHEOREM T == Boss # Boss"
    found = verdicts(tmp_path, text)
    assert found["T"].status.value == "proved"
    assert found["T: what is assumed can hold"].status.value == "refuted"


def test_patterns_are_given_to_z3(tmp_path: Path) -> None:
    text = (
        "One == \\A s, t \\in Server : seen[s][t] => seen[t][s]\n"
        "THEOREM Safe == Spec => []One\n"
        "Both == \\A s, t \\in Server : seen[s][t] = seen[t][s]\nTHEOREM Same == Spec => []Both"
    )
    hints = (
        '[theorems]\nSame = { by = "Safe" }\n'
        '[conjuncts]\nOne = { patterns = ["seen[s][t]", "count[s]"] }\n'
    )

    assert statuses(tmp_path, text, hints)["Same: Both"] == "proved"
    write_questions(Task(tmp_path / "Small.tla", theorems=("Same",)), tmp_path / "smt2")
    question = "".join(path.read_text() for path in (tmp_path / "smt2").glob("*.smt2"))
    assert re.search(r":pattern \( \(seen s!\d+ t!\d+\) \(count s!\d+\) \)", question)


@pytest.mark.parametrize("pattern", ["seen[s][Boss]", "{s}"])
def test_a_pattern_that_is_none_is_refused(pattern: str, tmp_path: Path) -> None:
    text = (
        "Stays == \\A s, t \\in Server : seen[s][t] => seen[t][s]\nTHEOREM Safe == Spec => []Stays"
    )
    hints = f'[conjuncts]\nStays = {{ patterns = ["{pattern}"] }}\n'
    with pytest.raises(ProofError, match="is no pattern"):
        verdicts(tmp_path, text, hints)


def test_all_modules_with_named_theorems_are_proved_by_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "spec").mkdir()
    for name, text in {
        "One": "THEOREM Fine == 1 + 1 = 2",
        "Two": "THEOREM 1 = 1",
        "Three": "THEOREM Wrong == 1 + 1 = 3",
    }.items():
        head = f"---- MODULE {name} ----\nEXTENDS Integers\n"
        (tmp_path / "spec" / f"{name}.tla").write_text(f"{head}{text}\n====\n")
    monkeypatch.chdir(tmp_path)

    done = CliRunner().invoke(app, ["prove"])

    assert done.exit_code == 1
    assert "One: 1 of 1 theorems proved" in done.output
    assert "Three: 0 of 1 theorems proved" in done.output
    assert "not asked for: spec/Two.tla has theorems, 1, none with a name" in done.output


def test_where_there_is_nothing_to_prove_that_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    done = CliRunner().invoke(app, ["prove"])

    assert done.exit_code == 2
    assert done.output == "spec is no folder; say which .tla file to prove\n"


def test_instances_are_unfolded_like_definitions(tmp_path: Path) -> None:
    (tmp_path / "Order.tla").write_text(
        "---- MODULE Order ----\nEXTENDS Integers\nCONSTANTS Members, Rank(_)\n"
        "Least(n) == \\A x \\in Members : Rank(x) >= n\n====\n"
    )
    text = (
        "CountOf(s) == count[s]\n"
        "Counts == INSTANCE Order WITH Members <- Server, Rank <- CountOf\n"
        "Natural == Counts!Least(0)\nTHEOREM Safe == Spec => []Natural\n"
        "Positive == Counts!Least(1)\nTHEOREM False == Spec => []Positive"
    )

    found = statuses(tmp_path, text)

    assert found["Safe: Tick: Natural"] == "proved"
    assert found["False: Init: Positive"] != "proved"
