"""A vacuous model for every kind of vacuity, each with a twin that differs in a word and is not."""

from pathlib import Path

import pytest

from speccheck.explore.config import parse_config
from speccheck.explore.exercise.findings import Exercise
from speccheck.explore.exercise.judge import judge
from speccheck.explore.exercise.vacuity import ask
from speccheck.explore.model import load_model
from speccheck.explore.search import Search
from speccheck.tla.errors import TlaError

BASE = r"""
EXTENDS Naturals, Sequences, FiniteSets
VARIABLES n, log
Server == {"a", "b"}
Init == n = 0 /\ log = [s \in Server |-> <<>>]
Up == n < 4 /\ n' = n + 1 /\ UNCHANGED log
Write(s) == Len(log[s]) < 2 /\ log' = [log EXCEPT ![s] = Append(@, n)] /\ UNCHANGED n
Next == Up \/ \E s \in Server : Write(s)
"""


def exercise(folder: Path, body: str, config: str = "") -> Exercise:
    """Check a model with the invariant Inv and return what it exercised."""
    (folder / "M.tla").write_text(f"---- MODULE M ----\n{BASE}\n{body}\n====\n")
    behaviour = "INIT Init" if " NEXT " in config else "INIT Init NEXT Next"
    if "SPECIFICATION" in config:
        behaviour = ""
    text = f"{behaviour} CHECK_DEADLOCK FALSE {config or 'INVARIANT Inv'}"
    model = load_model(folder / "M.tla", parse_config(text, "M.cfg"))
    search = Search(model)
    result = search.run()
    assert result.verdict == "success", f"{result.verdict} {result.violated} {result.error}"
    return judge(
        model,
        result,
        search.reached,
        initial=search.initial,
        checked=search.checked,
        to_the_end=True,
    )


def vacuous(folder: Path, body: str, config: str = "") -> list[str]:
    """Return message and text of what is vacuous."""
    found = exercise(folder, body, config).vacuous
    lines = (folder / "M.tla").read_text().splitlines()
    shown = []
    for finding in found:
        span = finding.place.span
        text = lines[span.line - 1][span.column - 1 :]
        if span.end_line == span.line:
            text = text[: span.end_column - span.column]
        shown.append(f"{finding.name}: {finding.message}: {text}")
    return shown


ANTECEDENT = "Inv: the antecedent was never true"
RANGE = "Inv: the quantifier always ranged over the empty set"
DISJUNCT = "Inv: this alternative never mattered; with FALSE in its place nothing changes"
CONSEQUENT = "Inv: what is implied never mattered; with FALSE in its place nothing changes"

ITSELF = "Inv: an element met by itself always sufficed; no other was ever needed"

PAIRS = [
    pytest.param(
        "Safe(k, l) == k > 9 => l = <<>>\nInv == Safe(n, log)",
        "Safe(k, l) == k > 3 => k = 4\nInv == Safe(n, log)",
        f"{ANTECEDENT}: k > 9",
        id="antecedent in an operator that reads only its arguments",
    ),
    pytest.param(
        "Ok(s) == \\A i \\in 5..s : i = 5\nInv == Ok(n)",
        "Ok(s) == \\A i \\in 4..s : i = 4\nInv == Ok(n)",
        f"{RANGE}: \\A i \\in 5..s : i = 5",
        id="quantifier in an operator that reads only its arguments and is the whole property",
    ),
    pytest.param(
        "Ok(k, l) == k < 5 \\/ l = 7\nInv == \\A s \\in Server : TRUE /\\ Ok(n, Len(log[s]))",
        "Ok(k, l) == k < 4 \\/ k + l > 3\nInv == \\A s \\in Server : TRUE /\\ Ok(n, Len(log[s]))",
        f"{DISJUNCT}: l = 7",
        id="disjunct in such an operator under a quantifier and beside a conjunct",
    ),
    pytest.param(
        "RECURSIVE Fine(_)\nFine(l) == IF Len(l) < 3 THEN TRUE ELSE l[1] = 9 /\\ Fine(Tail(l))\n"
        'Inv == Fine(log["a"])',
        "RECURSIVE Fine(_)\nFine(l) == IF Len(l) < 1 THEN TRUE ELSE l[1] < 9 /\\ Fine(Tail(l))\n"
        'Inv == Fine(log["a"])',
        "Inv: this branch never mattered: l[1] = 9 /\\ Fine(Tail(l))",
        id="recursion on an argument that never goes on",
    ),
    pytest.param(
        "Inv == \\A i \\in 0..n : \\E j \\in 0..n : i <= j",
        "Inv == \\A i \\in 0..n : \\E j \\in 0..n : i = n - j",
        f"{ITSELF}: \\E j \\in 0..n : i <= j",
        id="some pair, met by itself",
    ),
    pytest.param(
        "Inv == \\E i, j \\in 0..n : i <= j",
        "Inv == \\E i, j \\in 0..n : i + j = n",
        f"{ITSELF}: \\E i, j \\in 0..n : i <= j",
        id="some pair of two bound together",
    ),
    pytest.param(
        "Inv == n > 9 => log = <<>>",
        "Inv == n > 3 => n \\in Nat",
        f"{ANTECEDENT}: n > 9",
        id="antecedent",
    ),
    pytest.param(
        "Inv == \\A s \\in Server : \\A i \\in 1..2 : i > Len(log[s]) + 2 => log[s][i] = 9",
        "Inv == \\A s \\in Server : \\A i \\in 1..2 : i <= Len(log[s]) => log[s][i] # 9",
        f"{ANTECEDENT}: i > Len(log[s]) + 2",
        id="antecedent under quantifiers",
    ),
    pytest.param(
        "Inv == \\A s \\in {t \\in Server : Len(log[t]) > 2} : log[s][1] < n",
        "Inv == \\A s \\in {t \\in Server : Len(log[t]) > 1} : log[s][1] <= n",
        f"{RANGE}: \\A s \\in {{t \\in Server : Len(log[t]) > 2}} : log[s][1] < n",
        id="empty range",
    ),
    pytest.param(
        "Inv == ~\\E s \\in {t \\in Server : Len(log[t]) > 2} : log[s][1] > n",
        "Inv == ~\\E s \\in {t \\in Server : Len(log[t]) > 1} : log[s][1] > n",
        f"{RANGE}: \\E s \\in {{t \\in Server : Len(log[t]) > 2}} : log[s][1] > n",
        id="empty range of a negated existential",
    ),
    pytest.param(
        "Inv == \\/ n \\in 0..4\n       \\/ n = 7",
        "Inv == \\/ n \\in 0..3\n       \\/ n = 4",
        f"{DISJUNCT}: n = 7",
        id="disjunct",
    ),
    pytest.param(
        "Inv == IF n > 9 => n = 1 THEN n \\in Nat ELSE FALSE",
        "Inv == IF n > 3 => n = 4 THEN n \\in Nat ELSE FALSE",
        f"{ANTECEDENT}: n > 9",
        id="condition of IF",
    ),
    pytest.param(
        "Ok == n > 9 => n = 1\nInv == CASE ~Ok -> FALSE [] n > 3 -> n = 4 [] OTHER -> n < 4",
        "Ok == n > 3 => n = 4\nInv == CASE ~Ok -> FALSE [] n > 3 -> n = 4 [] OTHER -> n < 4",
        f"{ANTECEDENT}: n > 9",
        id="condition of CASE that leads to FALSE, by a definition",
    ),
    pytest.param(
        "Inv == IF n > 9 THEN n = 10 ELSE n < 5",
        "Inv == IF n > 3 THEN n = 4 ELSE n < 5",
        "Inv: this branch was never reached: n = 10",
        id="branch",
    ),
    pytest.param(
        'Inv == {s \\in Server : Len(log[s]) > 2} \\subseteq {"a"}',
        "Inv == {s \\in Server : Len(log[s]) > 1} \\subseteq Server",
        "Inv: the left side was always the empty set: {s \\in Server : Len(log[s]) > 2}",
        id="subset",
    ),
    pytest.param(
        "Safe(s) == Len(log[s]) > 2 => n = 0\nBoth == n < 5 /\\ \\A s \\in Server : Safe(s)\n"
        "Inv == n >= 0 /\\ Both",
        "Safe(s) == Len(log[s]) > 1 => n \\in Nat\nBoth == n < 5 /\\ \\A s \\in Server : Safe(s)\n"
        "Inv == n >= 0 /\\ Both",
        f"{ANTECEDENT}: Len(log[s]) > 2",
        id="through definitions",
    ),
    pytest.param(
        "Inv == LET ok(s) == Len(log[s]) > 2 => n = 0 IN \\A s \\in Server : ok(s)",
        "Inv == LET ok(s) == Len(log[s]) > 1 => n < 5 IN \\A s \\in Server : ok(s)",
        f"{ANTECEDENT}: Len(log[s]) > 2",
        id="through a LET",
    ),
    pytest.param(
        "Each(P(_)) == \\A s \\in Server : P(s)\nInv == Each(LAMBDA s : Len(log[s]) > 2 => n = 0)",
        "Each(P(_)) == \\A s \\in Server : P(s)\nInv == Each(LAMBDA s : Len(log[s]) > 1 => n < 5)",
        f"{ANTECEDENT}: Len(log[s]) > 2",
        id="through a LAMBDA",
    ),
    pytest.param(
        "Ok(s) == Len(log[s]) > 2 => n = 0\nAll(P(_), S) == \\A s \\in S : P(s)\n"
        "Each(P(_)) == All(P, Server)\nInv == Each(Ok)",
        "Ok(s) == Len(log[s]) > 1 => n < 5\nAll(P(_), S) == \\A s \\in S : P(s)\n"
        "Each(P(_)) == All(P, Server)\nInv == Each(Ok)",
        f"{ANTECEDENT}: Len(log[s]) > 2",
        id="through an operator that is passed on",
    ),
    pytest.param(
        "RECURSIVE Ok(_)\nOk(i) == \\/ i = 0\n         \\/ (n \\in 0..4 \\/ n = 7) /\\ Ok(i - 1)\n"
        "Inv == Ok(2)",
        "RECURSIVE Ok(_)\nOk(i) == \\/ i = 0\n         \\/ (n \\in 0..3 \\/ n = 4) /\\ Ok(i - 1)\n"
        "Inv == Ok(2)",
        f"{DISJUNCT}: n = 7",
        id="through a recursive operator",
    ),
    pytest.param(
        "ok[s \\in Server] == Len(log[s]) > 2 => n = 0\nInv == \\A s \\in Server : ok[s]",
        "ok[s \\in Server] == Len(log[s]) > 1 => n < 5\nInv == \\A s \\in Server : ok[s]",
        f"{ANTECEDENT}: Len(log[s]) > 2",
        id="through a function",
    ),
]


def test_a_part_that_matters_only_further_down_matters(tmp_path: Path) -> None:
    """The second alternative is needed at the last depth alone; both are looked at together."""
    body = "RECURSIVE Ok(_)\nOk(i) == IF i = 0 THEN n \\in 0..9 ELSE Ok(i - 1)\nInv == Ok(3)"
    assert vacuous(tmp_path, body) == []


def test_a_recursion_that_cannot_be_seen_whole_is_left_alone(tmp_path: Path) -> None:
    hidden = "RECURSIVE Ok(_)\nOk(i) == i = 0 \\/ n = 77 \\/ (Ok(i - 1) \\in {TRUE})\nInv == Ok(2)"
    assert vacuous(tmp_path, hidden) == []
    mutual = (
        "RECURSIVE Even(_), Odd(_)\nEven(i) == i = 0 \\/ n = 77 \\/ Odd(i - 1)\n"
        "Odd(i) == i # 0 /\\ Even(i - 1)\nInv == Even(4)"
    )
    assert vacuous(tmp_path, mutual) == []
    negated = "RECURSIVE Even(_)\nEven(i) == i = 0 \\/ n = 77 \\/ ~Even(i - 1)\nInv == Even(4)"
    assert vacuous(tmp_path, negated) == []


@pytest.mark.parametrize(("hollow", "sound", "message"), PAIRS)
def test_vacuous_and_twin(tmp_path: Path, hollow: str, sound: str, message: str) -> None:
    assert vacuous(tmp_path, hollow) == [message]
    assert vacuous(tmp_path, sound) == []


# What a published specification of ZAB asked for: some pair of transactions of a primary, where all
# pairs were meant. A transaction makes a pair with itself, so there always is one.
LOCAL_PRIMARY_ORDER = r"""
Sent(s) == {{i \in 1..Len(log[s]) : TRUE}}
Before(s, i, j) == \E k, l \in 1..Len(log[s]) : k = i /\ l = j /\ k < l
Inv == \A s \in Server :
  \/ Cardinality(Sent(s)) < 2
  \/ /\ Cardinality(Sent(s)) >= 2
     /\ {quantifier} i, j \in Sent(s) :
          \/ i = j
          \/ {other}/\ i # j
             /\ i < j
             /\ \A t \in Server :
                  Len(log[t]) >= j /\ j \in 1..Len(log[t]) => Before(t, i, j)
"""


def test_existential_with_an_implication(tmp_path: Path) -> None:
    hollow = "Inv == \\E s, t \\in Server : s # t => log[s] = log[t]"
    assert vacuous(tmp_path, hollow) == [
        f"{CONSEQUENT}: log[s] = log[t]",
        f"{ITSELF}: \\E s, t \\in Server : s # t => log[s] = log[t]",
    ]


def test_local_primary_order(tmp_path: Path) -> None:
    hollow = LOCAL_PRIMARY_ORDER.format(quantifier="\\E", other="")
    itself = f"{ITSELF}: \\E i, j \\in Sent(s) :"
    assert vacuous(tmp_path, hollow) == [f"{DISJUNCT}: i = j", f"{DISJUNCT}: /\\ i # j", itself]
    sound = LOCAL_PRIMARY_ORDER.format(quantifier="\\A", other="j < i\n          \\/ ")
    assert vacuous(tmp_path, sound) == []


def test_action_that_is_never_enabled(tmp_path: Path) -> None:
    body = """
Never == n > {} /\\ n' = 0 /\\ UNCHANGED log
Inv == n < 5
Step == Next \\/ Never
"""
    config = "INVARIANT Inv NEXT Step"
    assert vacuous(tmp_path, body.format(9), config) == [
        "Never: was never enabled: n > 9 /\\ n' = 0 /\\ UNCHANGED log"
    ]
    assert vacuous(tmp_path, body.format(3), config) == []


def test_disjuncts_of_one_name_are_told_apart(tmp_path: Path) -> None:
    body = """
Reset == \\/ n = {} /\\ n' = 0 /\\ UNCHANGED log
         \\/ n = 2 /\\ n' = 0 /\\ UNCHANGED log
Inv == n < 5
Step == Next \\/ Reset
"""
    config = "INVARIANT Inv NEXT Step"
    assert vacuous(tmp_path, body.format(9), config) == [
        "Reset: was never enabled: n = 9 /\\ n' = 0 /\\ UNCHANGED log"
    ]
    assert vacuous(tmp_path, body.format(3), config) == []


def test_steps_of_a_property(tmp_path: Path) -> None:
    body = """
Grows == [][n' > n => {} \\in DOMAIN log]_<<n, log>>
Stays == [][{} => log' = log]_n
"""
    config = "PROPERTY Grows Stays"
    hollow = body.format('"a"', "n' > 9")
    assert vacuous(tmp_path, hollow, config) == ["Stays: the antecedent was never true: n' > 9"]
    assert vacuous(tmp_path, body.format('"a"', "n' > 3"), config) == []


def test_step_that_never_changes_anything(tmp_path: Path) -> None:
    config = "PROPERTY Frozen"
    hollow = 'Frozen == [][n\' = n]_(Len(log["a"]) > 2)'
    found = vacuous(tmp_path, hollow, config)
    assert found == ["Frozen: no step ever changed what the subscript names: n' = n"]
    assert vacuous(tmp_path, hollow.replace("> 2", "> 1"), config) == []


@pytest.mark.parametrize(
    "form",
    [
        "Leads == n > {} ~> n = 4",
        "Leads == [](n > {} => <>(n = 4))",
        "Leads == []<>(n > {}) => []<>(n = 4)",
        "Leads == <>(n > {}) => <>(n = 4)",
        "Leads == []<>(n > {} => n = 4)",
        "Leads == ([]<>(n > {}) /\\ []<>(n >= 0)) => <>(n = 4)",
        "Reply(s, k) == (n > k /\\ s = s) ~> n = 4\nLeads == \\A s \\in Server : Reply(s, {})",
    ],
)
def test_temporal_antecedents(tmp_path: Path, form: str) -> None:
    config = "PROPERTY Leads SPECIFICATION Spec"
    body = "Spec == Init /\\ [][Next]_<<n, log>> /\\ WF_n(Up)\n" + form
    (found,) = vacuous(tmp_path, body.replace("{}", "9"), config)
    assert found.startswith("Leads: the antecedent was never true: ")
    assert vacuous(tmp_path, body.replace("{}", "3"), config) == []


def test_nothing_is_vacuous_on_the_strength_of_some_states(tmp_path: Path) -> None:
    (tmp_path / "M.tla").write_text(f"---- MODULE M ----\n{BASE}\nInv == n > 3 => n = 4\n====\n")
    text = "INIT Init NEXT Next CHECK_DEADLOCK FALSE INVARIANT Inv"
    model = load_model(tmp_path / "M.tla", parse_config(text, "M.cfg"))
    search = Search(model)
    result = search.run()
    some = judge(model, result, search.reached[:10], to_the_end=True)
    assert (some.vacuous, some.is_complete) == ([], False)
    assert some.findings[0].message == "the antecedent was never true, on the 10 states looked at"


def test_condition_that_is_not_needed_is_only_noted(tmp_path: Path) -> None:
    found = exercise(tmp_path, 'Inv == n > 3 /\\ Len(log["a"]) = 2 => n = 4')
    assert found.vacuous == []
    assert [(f.kind, f.message, f.place.span.column) for f in found.findings] == [
        ("condition", "holds without this condition too", 17)
    ]


def test_condition_that_keeps_from_an_error_matters(tmp_path: Path) -> None:
    found = exercise(tmp_path, 'Inv == Len(log["a"]) > 0 => log["a"][1] < 9')
    assert found.findings == []


def test_branches_within_actions(tmp_path: Path) -> None:
    body = """
Turn == /\\ n' = IF n > 9 THEN 0 ELSE n
        /\\ \\/ n = 8 /\\ log' = log
           \\/ n < 2 /\\ log' = [log EXCEPT !["a"] = CASE n = 0 -> <<>> [] OTHER -> <<1>>]
Inv == n < 5
Step == Next \\/ Turn
"""
    found = exercise(tmp_path, body, "INVARIANT Inv NEXT Step")
    assert [(b.action, b.kind, b.place.span.line, b.taken > 0) for b in found.branches] == [
        ("Turn", "branch", 12, False),
        ("Turn", "branch", 12, True),
        ("Turn", "disjunct", 13, False),
        ("Turn", "disjunct", 14, True),
        ("Turn", "branch", 14, True),
        ("Turn", "branch", 14, True),
    ]
    assert found.vacuous == []
    assert [f.kind for f in found.findings] == ["branch", "branch"]


def test_expected_vacuity_has_a_reason(tmp_path: Path) -> None:
    comment = "\\* @vacuous Inv:11 two servers are too few\nINVARIANT Inv"
    found = exercise(tmp_path, "Inv == n > 9 => log = <<>>", f"\n{comment}")
    assert found.vacuous == []
    assert [f.reason for f in found.findings] == ["two servers are too few"]
    found = exercise(tmp_path, "Inv == n > 3 => n = 4", f"\n{comment}")
    assert [f.kind for f in found.findings] == ["tolerance"]
    with pytest.raises(TlaError, match="@vacuous needs a name and a reason"):
        exercise(tmp_path, "Inv == TRUE", "\n\\* @vacuous Inv\nINVARIANT Inv")


def test_time_bounds_the_questions(tmp_path: Path) -> None:
    body = "Inv == (n = 9 => n = 8) /\\ (n > 1 => n < 5)"
    (tmp_path / "M.tla").write_text(f"---- MODULE M ----\n{BASE}\n{body}\n====\n")
    text = "INIT Init NEXT Next CHECK_DEADLOCK FALSE INVARIANT Inv"
    model = load_model(tmp_path / "M.tla", parse_config(text, "M.cfg"))
    search = Search(model)
    search.run()
    assert model.compiler is not None
    assert len(search.reached) > 100
    late, full = Exercise(), Exercise()
    ask(model.compiler, model.probed(), search.reached, lambda _: (), late, most_seconds=0.0)
    ask(model.compiler, model.probed(), search.reached, lambda _: (), full)
    assert (late.is_complete, late.vacuous) == (False, [])
    assert late.findings[0].message == "the antecedent was never true, on the 63 states looked at"
    assert (full.is_complete, [f.message for f in full.vacuous]) == (
        True,
        ["the antecedent was never true"],
    )
    assert (len(full.parts), full.decisive) == (4, 2)
    assert (len(late.parts), late.decisive) == (2, 1)


def test_interrupted_questions_settle_nothing(tmp_path: Path) -> None:
    (tmp_path / "M.tla").write_text(f"---- MODULE M ----\n{BASE}\nInv == n > 9 => n = 4\n====\n")
    text = "INIT Init NEXT Next CHECK_DEADLOCK FALSE INVARIANT Inv"
    model = load_model(tmp_path / "M.tla", parse_config(text, "M.cfg"))
    search = Search(model)
    result = search.run()

    class Interrupted(list[tuple[object, ...]]):
        def __getitem__(self, index: object) -> object:
            raise KeyboardInterrupt

    found = Exercise()
    assert model.compiler is not None
    ask(model.compiler, model.probed(), Interrupted(search.reached), lambda _: (), found)
    assert (found.vacuous, found.is_complete) == ([], False)
    assert result.verdict == "success"


@pytest.mark.parametrize("body", ["TRUE", "1 + 1 = 2", "Cardinality(Server) = 2"])
def test_an_invariant_that_reads_no_variable_is_named(tmp_path: Path, body: str) -> None:
    message = "reads no variable, so that it says nothing of the states"
    assert vacuous(tmp_path, f"Inv == {body}") == [f"Inv: {message}: Inv == {body}"]
    assert vacuous(tmp_path, f"Inv == n >= 0 /\\ {body}") == []
    assert vacuous(tmp_path, f"Inv == {body}", "PROPERTY Inv") == [f"Inv: {message}: Inv == {body}"]
    assert vacuous(tmp_path, f"Inv == n = 0 /\\ {body}", "PROPERTY Inv") == []
    text = f"Inv == []({body})"
    assert vacuous(tmp_path, text, "PROPERTY Inv") == [f"Inv: {message}: {body}"]


@pytest.mark.parametrize("body", ["<>TRUE", "[]<>(1 < 2)", "[]<>TRUE ~> <>(1 < 2)"])
def test_a_temporal_formula_that_reads_no_variable_is_named(tmp_path: Path, body: str) -> None:
    found = vacuous(tmp_path, f"Inv == {body}", "PROPERTY Inv")
    assert len(found) == 1
    assert "reads no variable, so that it says nothing of the states" in found[0]
    assert vacuous(tmp_path, "Inv == []<>(n >= 0)", "PROPERTY Inv") == []
    assert (
        vacuous(tmp_path, "Inv == \\A s \\in Server : []<>(Len(log[s]) <= n + 9)", "PROPERTY Inv")
        == []
    )


def test_a_forbidden_state_of_which_a_part_never_was_is_no_failure(tmp_path: Path) -> None:
    assert vacuous(tmp_path, 'Inv == ~(n > 5 /\\ log["a"] = <<>>)') == []


def test_an_invariant_on_the_level_of_a_state_is_not_constant(tmp_path: Path) -> None:
    assert vacuous(tmp_path, 'T == INSTANCE TLC\nInv == T!TLCGet("level") < 99') == []


@pytest.mark.parametrize(
    ("fairness", "named"),
    [
        ("WF_n(Never)", 1),
        ("SF_n(Never)", 1),
        ("\\A s \\in Server : WF_<<n, log>>(Never /\\ log[s] = <<>>)", 1),
        ("WF_n(Up)", 0),
        ("\\A s \\in Server : SF_log(Write(s))", 0),
    ],
)
def test_fairness_of_what_is_never_enabled_asks_nothing(
    tmp_path: Path, fairness: str, named: int
) -> None:
    body = (
        "Never == n > 9 /\\ n' = 0 /\\ UNCHANGED log\n"
        "Live == WF_<<n, log>>(Next)\nSpec == Init /\\ [][Next]_<<n, log>> /\\ Live\n"
        f"Inv == {fairness}"
    )
    found = exercise(tmp_path, body, "SPECIFICATION Spec PROPERTY Inv")
    messages = [finding.message for finding in found.vacuous if finding.name == "Inv"]
    assert messages == ["the action was never enabled, so that fairness asks nothing of it"] * named


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        ("Inv == \\A k \\in {} : n = k", f"{RANGE}: \\A k \\in {{}} : n = k"),
        ("Inv == \\A k \\in {0} : n = k", ""),
        # True of states to come does not help it.
        ("Inv == (n > 2 => n = 1) /\\ [](n < 5)", f"{ANTECEDENT}: n > 2"),
        ("Inv == (n = 0 => log # <<>>) /\\ [](n < 5)", ""),
        # A specification may begin in some of the states only.
        ("Inv == (n = 0 \\/ n = 1) /\\ (IF n > 3 THEN n = 4 ELSE n = 0)", ""),
    ],
)
def test_what_a_property_says_of_initial_states(tmp_path: Path, body: str, shown: str) -> None:
    assert vacuous(tmp_path, body, "PROPERTY Inv") == ([shown] if shown else [])


def test_a_condition_of_if_that_does_not_matter_is_no_failure(tmp_path: Path) -> None:
    """What it guards holds in any case, as with an implication."""
    found = exercise(tmp_path, "Inv == IF \\E i \\in 0..n : i = 2 THEN n < 5 ELSE TRUE")
    assert found.vacuous == []
    assert [finding.kind for finding in found.findings] == ["condition"]
