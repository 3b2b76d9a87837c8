"""The text that is shown of a part of a specification is all of the part and nothing more."""

from pathlib import Path

import pytest
from tests.unit.checker.explore.exercise.test_vacuity import exercise

from speccheck.report.sources import text_of


@pytest.mark.parametrize(
    ("part", "shown"),
    [
        ("(n = 9 /\\ (n > 7 /\\ n < 3))", "n = 9 /\\ (n > 7 /\\ n < 3)"),
        ("((n > 8) /\\ n > 9)", "(n > 8) /\\ n > 9"),
        ("~(n \\in (0..9))", "~(n \\in (0..9))"),
        ('n = (IF (n > 9) THEN "a(" ELSE (1))', 'n = (IF (n > 9) THEN "a(" ELSE (1))'),
        ("n = (* a ( (* 1) *) *) (9 \\* (\n  + 1)", "n = (9 + 1)"),
        ("/\\ n = 9\n                /\\ n = 8\nOther == 1", "/\\ n = 9 /\\ n = 8"),
        ("/\\ n = 9\n                /\\ n = 8\n\n\\* (\n----\nOther == 1", "/\\ n = 9 /\\ n = 8"),
        ("(/\\ n = 9\n                 /\\ \\/ n = 8\n)\nOther == 1", "/\\ n = 9 /\\ \\/ n = 8"),
    ],
)
def test_text_of_a_part(part: str, shown: str, tmp_path: Path) -> None:
    (found,) = exercise(tmp_path, f"Inv == n < 9 \\/ {part}").vacuous
    assert text_of(found.place) == shown


def test_lists_in_lists_end_with_their_last_item(tmp_path: Path) -> None:
    body = (
        "Inv == /\\ \\/ n < 9\n          \\/ /\\ n = 9\n             /\\ n = 8\n"
        "       /\\ \\/ n < 9\n          \\/ n = 7\n"
    )
    found = exercise(tmp_path, f"{body}Other == 1").vacuous
    assert [text_of(one.place) for one in found] == ["/\\ n = 9 /\\ n = 8", "n = 7"]
