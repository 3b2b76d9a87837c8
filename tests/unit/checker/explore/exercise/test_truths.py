"""Formulas in the place of a value are asked for their parts; each has a twin where all matters."""

from pathlib import Path

import pytest
from tests.unit.checker.explore.exercise.test_vacuity import vacuous

MORE = "T == INSTANCE TLC\nText == [n |-> n]\n"

# With {} in the place of a formula with an antecedent.
FORMS = [
    "({}) = TRUE",
    "TRUE = ({})",
    "({}) <=> TRUE",
    "({}) # FALSE",
    "~(({}) = FALSE)",
    "~(FALSE <=> ({}))",
    "(~({})) # TRUE",
    "T!TLCEval({})",
    'T!Assert({}, "bad")',
    'T!Print("", {})',
    "LET g[i \\in {{1, 2}}] == i > 0 /\\ ({}) IN g[1]",
    "LET r == [ok |-> ({}), no |-> FALSE] IN r.ok",
    "LET r(k) == [ok |-> k >= 0 /\\ ({})] IN r(n).ok",
    "[ok |-> ({})].ok",
    "[i \\in {{1, 2}} |-> ({})][2]",
    "{{i \\in {{1, 2}} : {}}} = {{1, 2}}",
    "~({{1, 2}} # {{i \\in {{1, 2}} : {}}})",
    "\\A b \\in {{n >= 0, {}}} : b",
    "\\A k \\in 0..n : LET g[i \\in {{1, 2}}] == k >= 0 /\\ ({}) IN g[1]",
    "IF n < 9 THEN T!TLCEval({}) ELSE FALSE",
]


@pytest.mark.parametrize("form", FORMS)
def test_vacuous_and_twin(form: str, tmp_path: Path) -> None:
    (found,) = vacuous(tmp_path, f"{MORE}Inv == {form.format('n > 7 => n = 1')}")
    assert found == "Inv: the antecedent was never true: n > 7"
    assert vacuous(tmp_path, f"{MORE}Inv == {form.format('n > 3 => n = 4')}") == []


def test_a_function_that_is_defined_and_applied_at_a_constant(tmp_path: Path) -> None:
    body = "ok[i \\in {1, 2}] == n > %d => n >= i\nInv == ok[1]"
    assert vacuous(tmp_path, body % 7) == ["Inv: the antecedent was never true: n > 7"]
    assert vacuous(tmp_path, body % 3) == []


@pytest.mark.parametrize(
    "form",
    [
        "(n > 7) = FALSE",
        "(n > 7) # TRUE",
        "(n \\in 0..4) = TRUE",
        "(n > 7 /\\ n = 1) = FALSE",
        "(n < 2) = (n \\in {0, 1})",
        "{i \\in {1, 2} : n > 7} # {1, 2}",
        "{i \\in {1, 2} : n >= 0} = {1, 2}",
        "[a |-> n, b |-> (n > 7 => n = 1)].a \\in Nat",
        "LET g[i \\in 0..4] == IF i = 0 THEN TRUE ELSE g[i - 1] IN g[n]",
        '(IF n > 7 THEN "a" ELSE TRUE) = TRUE',
        "\\A b \\in {n >= 0, n < 9} : b",
        "\\A b \\in BOOLEAN : b \\/ (n >= 0 /\\ ~b)",
    ],
)
def test_what_says_something_is_not_named(form: str, tmp_path: Path) -> None:
    assert vacuous(tmp_path, f"{MORE}Inv == {form}") == []


def test_in_steps_and_behaviours(tmp_path: Path) -> None:
    body = (
        "T == INSTANCE TLC\nSpec == Init /\\ [][Next]_<<n, log>> /\\ WF_<<n, log>>(Next)\n"
        "Live == %s"
    )
    config = "PROPERTY Live SPECIFICATION Spec"
    for form in (
        "[][T!TLCEval(n' > {} => n = 3)]_n",
        "[][(n' > {} => n = 3) = TRUE]_n",
        "<>((n = 4 /\\ (n > {} => n \\in Nat)) = TRUE)",
    ):
        assert vacuous(tmp_path, body % form.format(3), config) == []
        assert len(vacuous(tmp_path, body % form.format(7), config)) == 1
