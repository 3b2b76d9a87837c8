"""What is proved of nothing is not proved, and what only an instance refutes is not refuted."""

from pathlib import Path

import pytest
from tests.unit.checker.prove.test_unsound import FROM_0, QUORUMS, SERVERS, TIED, F, X, statuses

from speccheck.prove.discharge import Limits, Status, Verdict
from speccheck.prove.run import Task, prove
from speccheck.tla.errors import TlaError

NUM = "(* @typeAlias: num = Int; *)\n\\* @type: Set($num);\nNum == Nat\n"
SIZED = "[sizes]\nnum = 3"
G = f"{NUM}CONSTANT\n\\* @type: $num -> Int;\ng\nASSUME g \\in [Num -> Int] /\\ g[0] = 0\n"
RISES = "ASSUME \\A n \\in Num : g[n] < g[n + 1]\n"
UP = f"Next == x' = x + 1\n{FROM_0}"


@pytest.mark.parametrize(
    ("text", "hints"),
    [
        pytest.param(
            f"{NUM}ASSUME \\E n \\in Num : \\A m \\in Num : m <= n\nTHEOREM T == 1 = 2",
            SIZED,
            id="a last number assumed",
        ),
        pytest.param(
            "ASSUME \\E n \\in Nat : \\A m \\in Nat : m <= n\nTHEOREM T == 1 = 2",
            "[sizes]\nint = 2",
            id="a last number without a name for numbers",
        ),
        pytest.param(
            f"{NUM}CONSTANT\n\\* @type: $num;\nMax\n"
            f"ASSUME Max \\in Num /\\ \\A n \\in Num : n <= Max\n{X}{UP}"
            "THEOREM T == Spec => [](x = 0)",
            SIZED,
            id="a last number that has a name",
        ),
        pytest.param(
            f"{NUM}{X}Grow == x' = x + 1\n"
            "Jump == (\\E m \\in Num : \\A n \\in Num : n <= m) /\\ x' = -1\n"
            f"Next == Grow \\/ Jump\n{FROM_0}THEOREM T == Spec => [](x \\in Num)",
            SIZED,
            id="an action that needs a last number",
        ),
        pytest.param(
            f"{NUM}{X}{UP}"
            "THEOREM T == Spec => [](x \\in Num /\\ ((\\A n \\in Num : n <= x) => x = 77))",
            SIZED,
            id="a conjunct that assumes a last number",
        ),
        pytest.param(
            f"{QUORUMS}ASSUME {TIED}\n"
            "ASSUME \\E P, Q \\in Quorum : P # Q /\\ P \\subseteq Q /\\ Q \\subseteq P\n"
            "THEOREM T == 1 = 2",
            "",
            id="two sets with the same elements",
        ),
        pytest.param(
            f"{X}Next == x' = x + 1\nInit == x = 0 /\\ FALSE\nSpec == Init /\\ [][Next]_x\n"
            "THEOREM T == Spec => [][x' > x]_x",
            "",
            id="no beginning, of steps",
        ),
    ],
)
def test_what_holds_of_nothing_is_refuted(text: str, hints: str, tmp_path: Path) -> None:
    assert statuses(tmp_path, text, hints)["T"] is Status.REFUTED


def verdicts(folder: Path, text: str, hints: str = SIZED) -> dict[str, Verdict]:
    """Return the verdicts on a module with this text, by obligation."""
    path = folder / "Trick.tla"
    path.write_text(f"---- MODULE Trick ----\nEXTENDS Integers\n{text}\n====\n")
    (folder / "Trick.hints.toml").write_text(hints)
    found = [v for one in prove(Task(path, limits=Limits(3.0, 3.0))) for v in one.verdicts]
    return {str(one.obligation): one for one in found}


def test_what_is_true_of_all_numbers_is_not_refuted_by_an_instance(tmp_path: Path) -> None:
    found = verdicts(tmp_path, f"{G}{RISES}THEOREM T == \\E m \\in Num : g[m] > 20")

    assert found["T"].status is Status.UNKNOWN
    assert "none where numbers do not end" in found["T"].lines[0]


def test_assumptions_about_all_numbers_are_not_shown_possible_by_an_instance(
    tmp_path: Path,
) -> None:
    found = verdicts(tmp_path, f"{G}{RISES}THEOREM T == g[0] < g[1]")

    assert found["T"].status is Status.PROVED
    possible = found["T: what is assumed can hold"]
    assert possible.status is Status.UNKNOWN
    assert possible.lines[0].startswith("possible in the instance of num 3, and undecided")


def test_what_is_possible_only_in_an_instance_says_so(tmp_path: Path) -> None:
    # That g may rise for ever is for a person to see.
    text = (
        f"{NUM}VARIABLES\n\\* @type: $num -> $num;\nf\nInit == f = [n \\in Num |-> n]\n"
        "Next == \\E n \\in Num : f' = [f EXCEPT ![n] = @]\nSpec == Init /\\ [][Next]_f\n"
        "TypeOK == f \\in [Num -> Num]\nRises == \\A n \\in Num : f[n] < f[n + 1]\n"
        "THEOREM T == Spec => [](TypeOK /\\ Rises)"
    )

    found = verdicts(tmp_path, text)

    assert {one.status for one in found.values()} == {Status.PROVED}
    assert found["T: an initial state: is possible"].within == ""
    assert found["T: Next: can be taken"].within == "num 3"


def test_that_there_is_always_a_later_number_is_proved(tmp_path: Path) -> None:
    later = "\\A n \\in Num : \\E m \\in Num : m > n"
    text = f"{NUM}{X}{UP}THEOREM T == Spec => [](x \\in Nat /\\ {later})"

    assert statuses(tmp_path, text, SIZED)["T"] is Status.PROVED


@pytest.mark.parametrize("hints", ["", "[sizes]\nSERVER = 2\nquorum = 2"])
def test_sets_with_the_same_elements_are_equal(hints: str, tmp_path: Path) -> None:
    text = (
        f"{QUORUMS}ASSUME {TIED}\nTHEOREM T == \\A P, Q \\in Quorum :"
        " (P \\subseteq Q /\\ Q \\subseteq P) => P = Q"
    )

    assert statuses(tmp_path, text, hints)["T"] is Status.PROVED


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("VARIABLE\n\\* @type: Bool;\nb\nTHEOREM T == b \\in BOOLEAN", "about variables"),
        (f"{SERVERS}ASSUME Nobody \\in Server\nVARIABLE\n\\* @type: SERVER;\nv\n"
         "THEOREM T == v \\in Server", "about variables"),
        (f"{X}{UP}THEOREM T == Spec => <>(x > 5)", "about variables"),
        (f"{X}Next == x' > 1\n{FROM_0}THEOREM T == Spec => [](x >= 0)",
         "what becomes of x: write x' = e"),
        ("THEOREM T == [a |-> 1] \\in [a : Nat]", "a set of records"),
        ("(* @typeAlias: SERVER = Set(SERVER); *)\nCONSTANTS\n\\* @type: Set(SERVER);\nServer,\n"
         "\\* @type: $SERVER;\nP\nASSUME Server # {} /\\ P \\subseteq Server\n"
         "THEOREM T == P \\in Server", "is a type and a @typeAlias"),
        (f"{SERVERS}(* @typeAlias: q = Set(SERVER); *)\nASSUME Nobody \\in Server\n"
         "\\* @type: Set($q);\nSets == SUBSET Server\nASSUME \\A P \\in Sets : P # {}\n"
         "THEOREM T == 1 = 2", "no set of what its annotation says"),
    ],
)  # fmt: skip
def test_what_speaks_of_nothing_known_is_refused_with_its_place(
    text: str, problem: str, tmp_path: Path
) -> None:
    with pytest.raises(TlaError, match=problem) as caught:
        statuses(tmp_path, text)

    assert caught.value.line > 2


@pytest.mark.parametrize(
    "text",
    [
        f"{X}Next == x' = IF x < 3 THEN x + 1 ELSE x\n{FROM_0}THEOREM T == Spec => [][x' > x]_x",
        f"{F}Init == f = [n \\in 1..3 |-> 0]\nNext == \\E n \\in 1..3 : f' = [f EXCEPT ![n] = 1]\n"
        "Spec == Init /\\ [][Next]_f\nTHEOREM T == Spec => [][f' # f]_f",
    ],
)
def test_a_step_that_changes_nothing_need_not_be_one(text: str, tmp_path: Path) -> None:
    assert statuses(tmp_path, text)["T"] is Status.PROVED


def test_a_step_that_changes_something_has_to_be_one(tmp_path: Path) -> None:
    text = f"{X}Next == x' = IF x < 3 THEN x + 1 ELSE x - 1\n{FROM_0}"

    assert statuses(tmp_path, f"{text}THEOREM T == Spec => [][x' > x]_x")["T"] is Status.REFUTED


def test_the_same_choice_is_made_from_the_same(tmp_path: Path) -> None:
    text = (
        "Above(k) == CHOOSE n \\in 1..9 : n > k\n"
        "THEOREM T == \\A a, b \\in 1..3 : a = b => Above(a) = Above(b)\n"
        "THEOREM U == Above(1) = Above(2)\n"
        "Between(a, b) == CHOOSE n \\in 0..9 : n >= a /\\ n + 1 > a /\\ n <= b\n"
        "THEOREM V == \\A a, b \\in 0..3 : a <= b => Between(a, b) \\in a..b\n"
        "THEOREM W == \\A a \\in 0..3 : \\A b \\in 0..3 :\n"
        "a < b => Between(a, b) = (CHOOSE n \\in 0..9 : n <= a /\\ n + 1 > a /\\ n >= b)"
    )

    found = statuses(tmp_path, text)

    assert found == {
        "T": Status.PROVED, "U": Status.UNKNOWN, "V": Status.PROVED, "W": Status.REFUTED
    }  # fmt: skip


def test_what_becomes_of_a_variable_may_stand_on_the_right(tmp_path: Path) -> None:
    text = f"{X}Next == x + 1 = x'\n{FROM_0}"

    assert statuses(tmp_path, f"{text}THEOREM T == Spec => [](x >= 0)")["T"] is Status.PROVED
    assert statuses(tmp_path, f"{text}THEOREM T == Spec => [](x < 3)")["T"] is Status.REFUTED


def test_what_is_said_of_a_value_that_is_known_is_a_guard(tmp_path: Path) -> None:
    text = f"{X}Next == x' = x + 1 /\\ 4 = x'\nInit == x = 3\nSpec == Init /\\ [][Next]_x\n"

    assert statuses(tmp_path, f"{text}THEOREM T == Spec => [](x \\in 3..4)")["T"] is Status.PROVED


@pytest.mark.parametrize(
    ("conjunct", "empty"),
    [
        ("\\A n \\in {m \\in Nat : m < 0} : x = n", True),
        ("\\A n \\in 0..x : \\A k \\in {m \\in 0..n : m > x} : k = 77", True),
        ("\\E n \\in Nat : \\A k \\in (n + 1)..n : k = 77", True),
        ("\\E n \\in Nat : (x < 0 => x = 77)", True),
        ("\\E n \\in Nat : (n < 0 => x = 77)", True),
        ("\\A n \\in 1..x : n <= x", False),  # empty at the beginning only
        ("\\E n \\in Nat : (x = n => x >= n)", False),
    ],
)
def test_what_is_said_of_no_element_is_no_conjunct(
    conjunct: str, empty: bool, tmp_path: Path
) -> None:
    text = f"{X}{UP}Said == {conjunct}\nTHEOREM T == Spec => [](x >= 0 /\\ Said)"

    found = verdicts(tmp_path, text, "")

    assert [name for name, one in found.items() if one.status is not Status.PROVED] == (
        ["T: Said: what is assumed can hold"] if empty else []
    )
