"""A part of a property that would violate it, were it come to, is no vacuity; its twin is one."""

from pathlib import Path

import pytest
from tests.unit.checker.explore.exercise.test_vacuity import vacuous

MORE = 'T == INSTANCE TLC\nNo == n # n /\\ FALSE\nNever(k) == ~TRUE /\\ k > 0\nText == "no"\n'

AND = " /\\ "

FORBIDDEN = [
    "FALSE",
    "~TRUE",
    'T!Assert(FALSE, "bad")',
    'T!Assert(n < 0 /\\ FALSE, "bad")',
    '(T!PrintT("bad") /\\ FALSE)',
    'T!Print("bad", FALSE)',
    "T!TLCEval(FALSE)",
    "No",
    "Never(n)",
    "Text",
    "(TRUE => FALSE)",
    "(FALSE \\/ FALSE)",
    "(\\E s \\in Server : FALSE)",
    "(LET l == n IN l > 9 /\\ FALSE)",
    "(IF n = 8 THEN FALSE ELSE No)",
]


FORMS = [
    "IF n <= 4 THEN TRUE ELSE {}",
    "CASE n < 2 -> n >= 0 [] n \\in 2..4 -> TRUE [] OTHER -> {}",
    "~(IF n <= 4 THEN FALSE ELSE ~{})",
    "n > 4 => {}",
    "n <= 4 \\/ {}",
    "\\A k \\in 5..n : {}",
]


def test_what_is_forbidden_was_rightly_never_reached(tmp_path: Path) -> None:
    parts = [f"({form.format(never)})" for form in FORMS for never in FORBIDDEN]
    assert vacuous(tmp_path, f"{MORE}Inv == {AND.join(parts)}") == []


ALLOWED = [
    "TRUE",
    "n > 9",
    'T!PrintT("fine")',
    'T!Assert(n > 4, "bad")',
    "(\\A s \\in Server : FALSE \\/ n > 4)",
    "(IF n = 8 THEN FALSE ELSE TRUE)",
    "(FALSE \\/ n = 7)",
]


def test_what_is_allowed_and_never_reached_is_named(tmp_path: Path) -> None:
    parts = [f"(IF n <= 4 THEN n >= 0 ELSE {allowed})" for allowed in ALLOWED]
    found = vacuous(tmp_path, f"{MORE}Inv == {AND.join(parts)}")
    assert len(found) == len(ALLOWED)
    assert all(one.startswith("Inv: this branch was never reached: ") for one in found)


@pytest.mark.parametrize(
    ("live", "named"),
    [
        ("[][CASE n < 4 -> n' = n + 1 [] OTHER -> {}]_n", "FALSE TRUE"),
        ("<>(CASE n < 4 -> FALSE [] n = 4 -> TRUE [] OTHER -> {})", "FALSE TRUE"),
        ("[](n > 4 => <>({}))", "FALSE n>4"),
        ("[]<>(n > 4) => {}", "FALSE n>4"),
        ("(n > 4) ~> {}", "FALSE n>4"),
        ("Leads(n > 4, {})", "FALSE n>4"),
    ],
)
def test_properties_of_behaviours(live: str, named: str, tmp_path: Path) -> None:
    body = "Spec == Init /\\ [][Next]_<<n, log>> /\\ WF_<<n, log>>(Next)\nLeads(p, q) == p ~> q\n"
    config = "PROPERTY Live SPECIFICATION Spec"
    forbidden, allowed = named.split()
    assert vacuous(tmp_path, f"{body}Live == {live.format(forbidden)}", config) == []
    assert vacuous(tmp_path, f"{body}Live == {live.format(allowed)}", config) != []
