"""What is outside of the fragment is refused in one line, which names what is and where."""

from pathlib import Path

import pytest
from tests.unit.checker.prove.test_unsound import statuses

from speccheck.tla.errors import TlaError

TWO = "CONSTANTS\n\\* @type: Set(SERVER);\nS,\n\\* @type: Set(OTHER);\nR,\n\\* @type: OTHER;\no\n"


@pytest.mark.parametrize(
    "theorem",
    ["S \\cap R = {}", "S \\ R = S", "\\A x \\in S : x \\notin R", "S \\subseteq R", "o \\in S"],
)
def test_sets_of_other_types_are_not_for_a_value(theorem: str, tmp_path: Path) -> None:
    """TLA+ does not say that the values of two types differ."""
    with pytest.raises(TlaError, match=r"is not for values of this type, a value of type"):
        statuses(tmp_path, f"{TWO}THEOREM T == {theorem}")
