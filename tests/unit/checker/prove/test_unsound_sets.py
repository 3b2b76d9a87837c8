"""What is no quorum, and what is chosen from nothing, is taken for no value of their type."""

from pathlib import Path

import pytest
from tests.unit.checker.prove.test_unsound import QUORUMS, SERVERS, TIED, XY, X, statuses

from speccheck.prove.discharge import Status
from speccheck.tla.errors import TlaError

ONE = QUORUMS.rstrip() + ",\n\\* @type: $quorum;\nY,\n"
SUBSET_OF_ONE = (
    f"{ONE}\\* @type: $quorum;\nX\n"
    "ASSUME Server # {} /\\ Quorum \\subseteq SUBSET Server /\\ Y \\in Quorum /\\ X \\subseteq Y\n"
)
VW = "VARIABLES\n\\* @type: $quorum;\nv,\n\\* @type: $quorum;\nw\n"
KEPT = "Next == UNCHANGED v\nSpec == Init /\\ [][Next]_v\n"
BOTH_KEPT = "Next == UNCHANGED <<v, w>>\nSpec == Init /\\ [][Next]_<<v, w>>\n"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(f"{SUBSET_OF_ONE}THEOREM T == X \\in Quorum", id="a subset of a quorum"),
        pytest.param(
            f"{SUBSET_OF_ONE}ASSUME \\A P, R \\in Quorum : P \\cap R # {{}}\n"
            "THEOREM T == X \\cap Y # {}",
            id="it meets that quorum",
        ),
        pytest.param(
            f"{SUBSET_OF_ONE}ASSUME \\A P \\in Quorum : P # {{}}\nTHEOREM T == X # {{}}",
            id="it is not empty",
        ),
        pytest.param(
            f"{ONE}\\* @type: $quorum;\nSmall\nASSUME Some == Server # {{}} /\\ Y \\in Quorum /\\ "
            "Small \\subseteq Y\nASSUME Quorum \\subseteq SUBSET Server\n"
            "ASSUME \\A P, R \\in Quorum : P \\cap R # {}\n"
            "THEOREM T == \\E s \\in Server : s \\in Small",
            id="it has a server",
        ),
        pytest.param(
            f"{ONE}\\* @type: Set($quorum);\nZ\nASSUME Server # {{}} /\\ Y \\in Quorum /\\ "
            "Quorum \\subseteq SUBSET Server /\\ Z \\subseteq SUBSET Y\n"
            "THEOREM T == Z \\subseteq Quorum",
            id="subsets of a quorum",
        ),
        pytest.param(
            "THEOREM T == (CHOOSE b \\in BOOLEAN : FALSE) \\in BOOLEAN", id="no boolean to choose"
        ),
        pytest.param(
            "D == CHOOSE n \\in 1..0 : TRUE\nTHEOREM T == \\E k \\in Int : k = D",
            id="no number to choose",
        ),
        pytest.param(
            "THEOREM T == \\E k \\in Int : k = (CHOOSE p \\in {<<1, 2>>} : FALSE)[1]",
            id="no pair to choose",
        ),
        pytest.param(
            f"{X}D == CHOOSE n \\in 1..0 : TRUE\nNext == x' = D\nInit == x = 0\n"
            "Spec == Init /\\ [][Next]_x\nTHEOREM T == Spec => [](\\E k \\in Int : x = k)",
            id="nothing to choose in a step",
        ),
        pytest.param(
            f"{XY}Next == x' = x + 1 /\\ y' = (CHOOSE n \\in 1..x : TRUE)\n"
            "Init == x = 0 /\\ y = 0\nSpec == Init /\\ [][Next]_<<x, y>>\n"
            "THEOREM T == Spec => [](\\E k \\in Int : y = k)",
            id="nothing to choose in one state",
        ),
        pytest.param(
            "THEOREM T == \\A n \\in 0..3 : (CHOOSE k \\in 1..n : TRUE) \\in Int",
            id="nothing to choose for one number",
        ),
    ],
)
def test_a_false_theorem_is_refuted(text: str, tmp_path: Path) -> None:
    assert statuses(tmp_path, text)["T"] is Status.REFUTED


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(
            f"{QUORUMS}ASSUME {TIED}\n{VW}Init == v \\in Quorum /\\ w \\subseteq v\n{BOTH_KEPT}"
            "THEOREM T == Spec => [](w \\in Quorum)",
            id="a subset of a quorum at the beginning",
        ),
        pytest.param(
            f"{ONE.rstrip().rstrip(',')}\nASSUME Server # {{}} /\\ Y \\in Quorum /\\ "
            "Quorum \\subseteq SUBSET Server\nVARIABLE\n\\* @type: $quorum;\nv\n"
            f"Init == v \\in SUBSET Y\n{KEPT}THEOREM T == Spec => [](v \\in Quorum)",
            id="an element of its subsets",
        ),
        pytest.param(
            f"{QUORUMS}ASSUME {TIED}\nVARIABLE\n\\* @type: $quorum;\nv\n"
            f"Init == v \\in Quorum \\cup SUBSET Server\n{KEPT}THEOREM T == Spec => [](v = v)",
            id="a quorum or a subset",
        ),
        pytest.param(
            f"{QUORUMS}ASSUME {TIED}\nVARIABLE\n\\* @type: SERVER -> $quorum;\nv\n"
            f"Init == v \\in [Server -> SUBSET Server]\n{KEPT}"
            "THEOREM T == Spec => [](v \\in [Server -> Quorum])",
            id="subsets by server",
        ),
        pytest.param(
            f"{QUORUMS}ASSUME {TIED}\nVARIABLES\n\\* @type: $quorum;\nv,\n"
            "\\* @type: Set(SERVER);\nw\nInit == v = w /\\ w = {s \\in Server : FALSE}\n"
            f"{BOTH_KEPT}THEOREM T == Spec => [](v \\in Quorum)",
            id="another set, told later",
        ),
    ],
)
def test_a_beginning_with_what_is_not_of_the_type_is_refused(text: str, tmp_path: Path) -> None:
    with pytest.raises(TlaError, match=r"need not be of its type|of different types") as caught:
        statuses(tmp_path, text)

    assert caught.value.line > 2


def test_what_there_is_to_choose_is_of_its_set(tmp_path: Path) -> None:
    text = "THEOREM T == \\A n \\in 1..3 : (CHOOSE k \\in 1..n : k > 0) \\in 1..3"

    assert statuses(tmp_path, text) == {"T": Status.PROVED}


def test_numbers_are_known_for_such_in_functions_of_servers(tmp_path: Path) -> None:
    text = (
        "CONSTANT\n\\* @type: Set(SERVER);\nServer\nVARIABLE\n\\* @type: SERVER -> Int;\nf\n"
        "Init == f = [s \\in Server |-> 0]\n"
        "Next == \\E s \\in Server : f' = [f EXCEPT ![s] = @ + 1]\nSpec == Init /\\ [][Next]_f\n"
        "THEOREM T == Spec => [](f \\in [Server -> Int])"
    )

    assert statuses(tmp_path, text) == {"T": Status.PROVED}


def test_a_variable_may_become_the_empty_set(tmp_path: Path) -> None:
    text = (
        f"{SERVERS}ASSUME Server # {{}}\nVARIABLE\n\\* @type: Set(SERVER);\nv\nInit == v = {{}}\n"
        "Add == \\E s \\in Server : v' = v \\cup {s}\nReset == v' = {}\nNext == Add \\/ Reset\n"
        "Spec == Init /\\ [][Next]_v\nTHEOREM T == Spec => [](v \\subseteq Server)\n"
        "THEOREM U == Spec => [](v = {})"
    )

    assert statuses(tmp_path, text) == {"T": Status.PROVED, "U": Status.REFUTED}
