"""What was not put to the test in properties of behaviours: each with a twin where it was."""

from pathlib import Path

import pytest
from tests.unit.checker.explore.exercise.test_vacuity import exercise, vacuous

from speccheck.explore.config import parse_config
from speccheck.explore.exercise.judge import judge
from speccheck.explore.model import load_model
from speccheck.explore.search import Search

CONFIG = "PROPERTY Live SPECIFICATION Spec"
SPEC = r"""
Has(s) == Len(log[s]) = 2
Never == n > 9 /\ n' = 0 /\ UNCHANGED log
LeadsTo(p, q) == p ~> q
Each(P(_)) == \A s \in Server : <>P(s)
Spec == Init /\ [][Next]_<<n, log>> /\ WF_<<n, log>>(Next)
"""

ANTECEDENT = "the antecedent was never true"
RANGE = "the quantifier always ranged over the empty set"
DISJUNCT = "this alternative never mattered; with FALSE in its place nothing changes"
STEPS = "these steps never mattered; with FALSE in their place nothing changes"

PAIRS = [
    pytest.param(
        "\\A s \\in {} : <>(n = s)",
        "\\A s \\in {4} : <>(n = s)",
        f"{RANGE}: \\A s \\in {{}} : <>(n = s)",
        id="quantifier over behaviours",
    ),
    pytest.param(
        "[]<>(\\A k \\in 9..n : k = 9)",
        "[]<>(\\A k \\in 4..n : k = 4)",
        f"{RANGE}: \\A k \\in 9..n : k = 9",
        id="quantifier over a set that changes, below []<>",
    ),
    pytest.param(
        "[](n < 4 => (n = 9 => <>(n = 8)))",
        "[](n < 4 => (n = 3 => <>(n = 4)))",
        f"{ANTECEDENT}: n = 9",
        id="nested antecedent",
    ),
    pytest.param(
        'LeadsTo([]<>(n = 9), <>Has("a"))',
        'LeadsTo([]<>(n = 4), <>Has("a"))',
        f"{ANTECEDENT}: n = 9",
        id="temporal antecedent given to a definition",
    ),
    pytest.param(
        "<>(n = 4 \\/ n = 7)",
        "<>(n = 4)",
        f"{DISJUNCT}: n = 7",
        id="disjunct of a state",
    ),
    pytest.param(
        "\\A s \\in Server : []~Has(s) \\/ <>[]Has(s)",
        "\\A s \\in Server : ~Has(s) /\\ <>[]Has(s)",
        f"{DISJUNCT}: []~Has(s)",
        id="disjuncts of behaviours",
    ),
    pytest.param(
        "LeadsTo(n = 1, n = 4 \\/ n = 7)",
        "LeadsTo(n = 1, n = 4)",
        f"{DISJUNCT}: n = 7",
        id="disjunct given to a definition",
    ),
    pytest.param(
        "Each(LAMBDA s : Has(s) \\/ n > 4)",
        "Each(LAMBDA s : Has(s) /\\ n < 5)",
        f"{DISJUNCT}: n > 4",
        id="disjunct in a LAMBDA",
    ),
    pytest.param(
        "[](n > 3 => [][n' = 9]_n)",
        "[](n > 2 => [][n' = 4]_n)",
        f"{STEPS}: n' = 9",
        id="steps below an implication",
    ),
    pytest.param(
        "\\A s \\in Server : WF_<<n, log>>(Never)",
        "\\A s \\in Server : WF_<<n, log>>(Up)",
        "the action was never enabled, so that fairness asks nothing of it: WF_<<n, log>>(Never)",
        id="fairness of an action that is never enabled",
    ),
    pytest.param(
        "(<>(n = 3) => TRUE) /\\ [](<>TRUE \\/ n = 9)",
        "<>(IF n > 3 THEN n = 4 ELSE FALSE)",
        "is true of every behaviour, whatever the specification says: "
        "<>(n = 3) => TRUE|is true of every behaviour, whatever the specification says: []",
        id="formulas that nothing can violate",
    ),
]


@pytest.mark.parametrize(("hollow", "sound", "messages"), PAIRS)
def test_vacuous_and_twin(tmp_path: Path, hollow: str, sound: str, messages: str) -> None:
    found = vacuous(tmp_path, f"{SPEC}\nLive == {hollow}", CONFIG)
    wanted = messages.split("|")
    assert len(found) == len(wanted)
    for one, message in zip(found, wanted, strict=True):
        assert one.startswith(f"Live: {message}")
    assert vacuous(tmp_path, f"{SPEC}\nLive == {sound}", CONFIG) == []


@pytest.mark.parametrize(
    "live",
    [
        "\\A s \\in Server : ~Has(s) ~> Has(s)",
        "\\A <<s, t>> \\in Server \\X Server : s # t => <>(Has(s) /\\ Has(t))",
        "([]<>(n = 4) <=> <>[](n = 4)) /\\ ~([]<>(n = 3 /\\ n = 2))",
        '(\\A s \\in Server : SF_<<n, log>>(Write(s))) => <>Has("a")',
        "ENABLED Up ~> ~ENABLED Up",
        "<>({s \\in Server : ~Has(s)} \\subseteq {})",
        "\\E k \\in 3..5 : <>[](n = k)",
    ],
)
def test_what_matters_is_not_named(tmp_path: Path, live: str) -> None:
    assert vacuous(tmp_path, f"{SPEC}\nLive == {live}", CONFIG) == []


def test_too_little_time_leaves_parts_open(tmp_path: Path) -> None:
    body = f"{SPEC}\nLive == <>(n = 4 \\/ n = 7)"
    assert exercise(tmp_path, body, CONFIG).is_complete
    model = load_model(tmp_path / "M.tla", parse_config(f"{CONFIG} CHECK_DEADLOCK FALSE", "M.cfg"))
    search = Search(model)
    result = search.run()
    assert search.checked is not None
    slow = search.checked._replace(seconds=1000.0)
    found = judge(model, result, search.reached, checked=slow)
    assert not found.is_complete
    assert not found.vacuous
