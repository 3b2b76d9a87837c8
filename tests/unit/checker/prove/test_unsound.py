"""Theorems that are false in TLA+, each by another trick: each is refuted, or is refused."""

from pathlib import Path

import pytest

from speccheck.prove.discharge import Limits, Status
from speccheck.prove.errors import ProofError
from speccheck.prove.run import Task, prove
from speccheck.tla.errors import TlaError

X = "VARIABLES\n\\* @type: Int;\nx\n"
XY = "VARIABLES\n\\* @type: Int;\nx,\n\\* @type: Int;\ny\n"
F = "VARIABLES\n\\* @type: Int -> Int;\nf\n"
SERVERS = "CONSTANTS\n\\* @type: Set(SERVER);\nServer,\n\\* @type: SERVER;\nNobody\n"
QUORUMS = (
    "(* @typeAlias: quorum = Set(SERVER); *)\nCONSTANTS\n\\* @type: Set(SERVER);\nServer,\n"
    "\\* @type: Set($quorum);\nQuorum\n"
)
TIED = "Server # {} /\\ Quorum # {} /\\ Quorum \\subseteq SUBSET Server"
FROM_0 = "Init == x = 0\nSpec == Init /\\ [][Next]_x\n"
BOTH_0 = "Init == x = 0 /\\ y = 0\nSpec == Init /\\ [][Next]_<<x, y>>\n"
TENS = "f == [n \\in 1..3 |-> 0]\ng == [n \\in 1..3 |-> 10]\n"
TRUES = (
    "VARIABLES\n\\* @type: Int -> Bool;\nb\nInit == b = [n \\in 1..3 |-> TRUE]\n"
    "Next == UNCHANGED b\nSpec == Init /\\ [][Next]_b\n"
)
BOOLEANS = "CONSTANT\n\\* @type: Int -> Bool;\nc\nASSUME c \\in [1..3 -> BOOLEAN]\n"
NUMBERS = "CONSTANT\n\\* @type: Int -> Int;\nc\nASSUME c \\in [1..3 -> Int]\n"
ZEROS = "Init == f = [n \\in 1..3 |-> 0]\nSpec == Init /\\ [][Next]_f\n"


def statuses(folder: Path, text: str, hints: str = "") -> dict[str, Status]:
    """Return the status of each theorem of a module with this text."""
    path = folder / "Trick.tla"
    path.write_text(f"---- MODULE Trick ----\nEXTENDS Integers\n{text}\n====\n")
    (folder / "Trick.hints.toml").write_text(hints)
    return {one.name: one.status for one in prove(Task(path, limits=Limits(3.0, 3.0)))}


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(
            f"{X}Next == x' = x - 1\n{FROM_0}Rises(v) == v <= v'\n"
            "THEOREM T == Spec => [][Rises(x)]_x",
            id="prime of a parameter",
        ),
        pytest.param(
            f"{X}Next == x' = x - 1\n{FROM_0}Up(v) == v <= v'\nRises(w) == Up(w)\n"
            "THEOREM T == Spec => [][Rises(x)]_x",
            id="prime of a parameter, handed on",
        ),
        pytest.param(
            f"{X}Next == x' = x - 1\n{FROM_0}Up(v) == v <= v'\nOf(Op(_), w) == Op(w)\n"
            "THEOREM T == Spec => [][Of(Up, x)]_x",
            id="prime of a parameter of an operator that is handed on",
        ),
        pytest.param(
            f"{X}Next == x' = x - 1\n{FROM_0}THEOREM T == Spec => [][LET n == x' IN n >= x]_x",
            id="prime in a LET",
        ),
        pytest.param(
            f"{XY}Is(v, w) == v' = w\nNext == x' = x - 1 /\\ Is(y, 5)\n{BOTH_0}"
            "THEOREM T == Spec => [](x >= 0)",
            id="assignment to a parameter",
        ),
        pytest.param(f"{SERVERS}THEOREM T == \\E s \\in Server : TRUE", id="empty set of servers"),
        pytest.param(
            f"{SERVERS}ASSUME Server # {{}}\nTHEOREM T == Nobody \\in Server",
            id="constant of the type only",
        ),
        pytest.param(
            f"{QUORUMS}ASSUME Server # {{}} /\\ Quorum # {{}}\n"
            "THEOREM T == \\A Q \\in Quorum : Q \\subseteq Server",
            id="quorums of strangers",
        ),
        pytest.param("THEOREM T == [n \\in 1..5 |-> 0] \\in [1..3 -> Nat]", id="longer domain"),
        pytest.param("THEOREM T == [n \\in 1..3 |-> 0] = [n \\in 1..5 |-> 0]", id="equal so far"),
        pytest.param("THEOREM T == [n \\in 1..3 |-> 0][7] = 0", id="beyond the domain"),
        pytest.param(
            "THEOREM T == [[n \\in 1..3 |-> 0] EXCEPT ![7] = 1][7] = 1", id="changed beyond it"
        ),
        pytest.param(
            "THEOREM T == \\A b \\in BOOLEAN :\n"
            "DOMAIN (IF b THEN [n \\in 1..3 |-> 0] ELSE [n \\in 1..5 |-> 0]) = 1..3",
            id="domain of a branch",
        ),
        pytest.param(
            f"{F}Next == f' = [n \\in 1..5 |-> 0]\n{ZEROS}"
            "THEOREM T == Spec => [](f \\in [1..3 -> Nat])",
            id="domain grows",
        ),
        pytest.param(
            f"{F}Next == f' = f\nInit == f \\in [1..5 -> Nat]\nSpec == Init /\\ [][Next]_f\n"
            "THEOREM T == Spec => [](f \\in [1..3 -> Nat])",
            id="other domain at the beginning",
        ),
        pytest.param(
            f"{F}Next == f' = [f EXCEPT ![5] = 1]\n{ZEROS}THEOREM T == Spec => [][f'[5] = 1]_f",
            id="step beyond the domain",
        ),
        pytest.param("THEOREM T == (CHOOSE n \\in 1..3 : n > 1) = 1", id="several to choose from"),
        pytest.param("THEOREM T == (CHOOSE n \\in 1..3 : n > 5) \\in 1..3", id="none to choose"),
        pytest.param(
            f"{X}Init == x = 0 /\\ x = 1\nNext == x' = x - 1\nSpec == Init /\\ [][Next]_x\n"
            "THEOREM T == Spec => [](x = 77)",
            id="no beginning",
        ),
        pytest.param(
            f"CONSTANT\n\\* @type: Int;\nN\n{X}ASSUME N > 0 /\\ N < 0\nNext == x' = x - 1\n{FROM_0}"
            "THEOREM T == Spec => [][x' > x]_x",
            id="contradiction assumed, of steps",
        ),
        pytest.param("THEOREM T == \\A n \\in Nat : n < 0 => n = 77", id="of nothing"),
        pytest.param(
            f"{XY}P(Op(_)) == Op(1) > 0\nNext == x' = x - 1 /\\ UNCHANGED y\n{BOTH_0}"
            "THEOREM T == Spec => []P(LAMBDA k : x + k)",
            id="variable within an operator argument",
        ),
        pytest.param(
            f"{XY}Next == x' = x + 1 /\\ y' = y - 1\n{BOTH_0}THEOREM T == Spec => [][y' >= y]_x",
            id="subscript of the theorem",
        ),
        pytest.param(
            f"{X}Next == IF x = 0 THEN x' = 1 ELSE x > 5 /\\ x' = -1\n{FROM_0}"
            "THEOREM T == Spec => [](x >= 0)",
            id="guard within a branch",
        ),
        pytest.param(
            "THEOREM T == (CASE TRUE -> 1 [] TRUE -> 2 [] OTHER -> 3) = 1", id="two arms of a CASE"
        ),
        pytest.param(
            f"{X}Next == CASE x >= 0 -> x' = 0 [] x <= 0 -> x' = 1 [] OTHER -> x' = 2\n{FROM_0}"
            "THEOREM T == Spec => [](x = 0)",
            id="two arms of a CASE of steps",
        ),
        pytest.param(
            "THEOREM T == [n \\in 1..3 |-> 0][7] \\in Int", id="a number beyond the domain"
        ),
        pytest.param(
            f"{TRUES}THEOREM T == Spec => [](b[7] \\in BOOLEAN)",
            id="a boolean of a variable beyond its domain",
        ),
        pytest.param(f"{BOOLEANS}THEOREM T == c[7] \\in BOOLEAN", id="that of a constant"),
        pytest.param(
            f"{BOOLEANS}THEOREM T == c[7] = c[8] \\/ c[8] = c[9] \\/ c[9] = c[7]",
            id="three values beyond the domain, two of them the same",
        ),
        pytest.param(
            f"{BOOLEANS}ASSUME c[7]\nTHEOREM T == c[1] \\in BOOLEAN", id="assumed beyond the domain"
        ),
        pytest.param(
            f"{TRUES}THEOREM T == Spec => [][b[7] \\in BOOLEAN /\\ b'[1]]_b", id="that of a step"
        ),
        pytest.param(
            f"{NUMBERS}THEOREM T == c[7] < 0 \\/ c[7] >= 0",
            id="a number beyond the domain, or no number",
        ),
        pytest.param(
            f"{NUMBERS}THEOREM T == [n \\in 1..9 |-> c[n] < 0 \\/ c[n] >= 0][7]",
            id="beyond the domain, in a function",
        ),
        pytest.param(
            f"{NUMBERS}THEOREM T == \\E n \\in {{k \\in 1..9 : c[k] < 0 \\/ c[k] >= 0}} : n = 9",
            id="beyond the domain, in a set",
        ),
        pytest.param(
            "CONSTANT\n\\* @type: Int -> (Int -> Int);\nc\nASSUME c \\in [1..3 -> [1..3 -> Int]]\n"
            "THEOREM T == DOMAIN c[7] = 1..3",
            id="the domain of what is beyond the domain",
        ),
        pytest.param(
            f"{SERVERS}VARIABLES\n\\* @type: Int -> SERVER;\nf\nASSUME Nobody \\in Server\n"
            "Init == f \\in [1..3 -> Server]\nNext == UNCHANGED f\nSpec == Init /\\ [][Next]_f\n"
            "THEOREM T == Spec => [](f \\in [1..3 -> Server] /\\ f[7] \\in Server)",
            id="a server beyond the domain",
        ),
    ],
)
def test_a_false_theorem_is_refuted(text: str, tmp_path: Path) -> None:
    assert statuses(tmp_path, text)["T"] is Status.REFUTED


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (f"{XY}Next == x' = x + 1 /\\ y' = y\nInit == x = 0 /\\ y = 0\n"
         "Spec == Init /\\ [][Next]_x\nTHEOREM T == Spec => [](y = 0)", "steps that change y only"),
        (f"{XY}Next == x' = y' + 1 /\\ y' = 2\n{BOTH_0}THEOREM T == Spec => [](x >= 0)",
         "y' is used before"),
        (f"{X}Next == \\E n : x' = n\n{FROM_0}THEOREM T == Spec => [](x >= 0)", "without a set"),
        (f"{SERVERS}ASSUME Server # {{}}\nTHEOREM T == 5 \\in Server", "not for values of"),
        (f"{SERVERS}ASSUME Nobody \\in Server\nTHEOREM T == 5 \\in Server", "a number is not of"),
        ("THEOREM T == 5 \\in BOOLEAN", "a number is not of the type"),
        (f"{QUORUMS}ASSUME Quorum # {{}}\nTHEOREM T == {{s \\in Server : FALSE}} \\in Quorum",
         "a set is not of the type"),
        ("THEOREM T == [m \\in 1..2, n \\in 1..2 |-> m][1] = 1", "takes 2 arguments"),
        (f"{F}Next == f' = [f EXCEPT ![5] = 1]\nInit == \\A n \\in 1..3 : f[n] = 0\n"
         "Spec == Init /\\ [][Next]_f\nTHEOREM T == Spec => [](f[1] = 0)", "say neither f = e nor"),
        ("CONSTANT\n\\* @type: Int -> Int;\nc\nTHEOREM T == [c EXCEPT ![1] = 0][1] = 0",
         "domain is not known"),
        ("CONSTANT\n\\* @type: Int -> Int;\nc\nTHEOREM T == c[1] \\in Int \\/ TRUE",
         "domain of this function is not known"),
        (f"{X}Next == x' = x\nInit == x \\notin {{1}}\nSpec == Init /\\ [][Next]_x\n"
         "THEOREM T == Spec => [](x \\in Int)", "say neither x = e nor"),
        (f"{F}Next == f' = [n \\in 1..4 |-> 0]\n{ZEROS}THEOREM T == Spec => [](f[1] = 0)",
         "does not keep the domain of f"),
        ("THEOREM T == 7 \\div 2 = 3", "do not know"),
        (f"{QUORUMS}ASSUME {TIED}\n\\* @type: Set($quorum);\nSets == SUBSET Server\n"
         "THEOREM T == \\A P \\in Sets : P \\in Quorum", "no set of what its annotation says"),
        (f"{QUORUMS}ASSUME {TIED}\n(* @type: Set($quorum); *)\nSets == SUBSET Server\n"
         "ASSUME \\A P, Q \\in Quorum : P \\cap Q # {}\n"
         "THEOREM T == \\A P, Q \\in Sets : P \\cap Q # {}", "no set of what its annotation says"),
        (f"{SERVERS}ASSUME Nobody \\in Server\n"
         "THEOREM T == [n \\in 1..3 |-> Nobody][7] \\in Server", "outside of the domain"),
        (f"{SERVERS}ASSUME Nobody \\in Server\n"
         "THEOREM T == (CHOOSE s \\in Server : FALSE) \\in Server", "nothing to choose"),
        (f"{SERVERS}ASSUME Nobody \\in Server\nVARIABLE\n\\* @type: SERVER;\nv\nInit == TRUE\n"
         "Next == UNCHANGED v\nSpec == Init /\\ [][Next]_v\nTHEOREM T == Spec => [](v \\in Server)",
         "need not be of its type"),
        *((f"{SERVERS}ASSUME Nobody \\in Server\nVARIABLE\n\\* @type: SERVER;\nv\nInit == {says}\n"
           "Next == UNCHANGED v\nSpec == Init /\\ [][Next]_v\n"
           "THEOREM T == Spec => [](v \\in Server)", "need not be of its type")
          for says in ("v = v", "v \\in {v}", "{v} \\subseteq Server")),
        (f"{TENS}THEOREM T == [f EXCEPT ![1] = LET h == @ + 1 IN [g EXCEPT ![1] = h][1]][1] = 11",
         "@ has no meaning"),
        (f"{TENS}Op(F(_)) == [g EXCEPT ![1] = F(1)][1]\n"
         "THEOREM T == [f EXCEPT ![1] = Op(LAMBDA k : @ + k)][1] = 11", "@ has no meaning"),
    ],
)  # fmt: skip
def test_what_cannot_be_judged_is_refused_with_its_place(
    text: str, problem: str, tmp_path: Path
) -> None:
    with pytest.raises(TlaError, match=problem) as caught:
        statuses(tmp_path, text)

    assert caught.value.line > 2


def test_of_a_case_every_arm_whose_guard_holds_is_considered(tmp_path: Path) -> None:
    text = "n == CASE TRUE -> 1 [] TRUE -> 2 [] FALSE -> 4 [] OTHER -> 3\n"

    found = statuses(tmp_path, f"{text}THEOREM T == n \\in 1..2\nTHEOREM U == n = 2")

    assert found == {"T": Status.PROVED, "U": Status.REFUTED}


@pytest.mark.parametrize(
    ("type_", "first", "next_"),
    [
        ("{ a: Int }", "[a |-> 1]", "[a |-> 1, b |-> 2]"),
        ("{ a: Int }", "[a |-> 1]", "[a |-> TRUE]"),
        ("SERVER", "Nobody", "7"),
        ("Int", "0", "TRUE"),
        ("Bool", "TRUE", "7"),
        ("<<Int, Int>>", "<<1, 2>>", "<<1, 2, 3>>"),
        ("Set(Int)", "{1}", "{TRUE}"),
        ("Int -> Int", "[n \\in 1..3 |-> 0]", "[n \\in 1..3 |-> TRUE]"),
    ],
)
def test_what_an_annotation_does_not_allow_is_refused_with_its_place(
    type_: str, first: str, next_: str, tmp_path: Path
) -> None:
    text = (
        f"{SERVERS}VARIABLES\n\\* @type: {type_};\nv\nInit == v = {first}\nNext == v' = {next_}\n"
        "Spec == Init /\\ [][Next]_v\nTHEOREM T == Spec => [](v = v)"
    )
    with pytest.raises(TlaError, match="not of the type that the annotation says") as caught:
        statuses(tmp_path, text)
    assert caught.value.line > 5

    text = text.replace(next_, first).replace(f"Init == v = {first}", f"Init == v = {next_}")
    with pytest.raises(TlaError, match="not of the type that the annotation says"):
        statuses(tmp_path, text)


def test_what_is_chosen_from_nothing_is_no_server(tmp_path: Path) -> None:
    text = "Any == CHOOSE s \\in Server : FALSE\nTHEOREM T == Any \\in Server"

    assert statuses(tmp_path, f"{SERVERS}ASSUME Nobody \\in Server\n{text}")["T"] is Status.REFUTED


TWO_SPECS = (
    f"{X}Add(n) == x' = x + n\nNext == \\E n \\in 1..3 : Add(n)\n{FROM_0}"
    "Wild == \\E n \\in Int : Add(n)\nAny == x = -5\nOther == Any /\\ [][Wild]_x\n"
    "THEOREM A == Spec => [](x >= 0)\nTHEOREM T == Other => [](x >= -1)"
)


def test_an_action_is_that_of_the_theorem_s_own_specification(tmp_path: Path) -> None:
    found = statuses(tmp_path, TWO_SPECS.replace("x = -5", "x = 5"))

    assert found == {"A": Status.PROVED, "T": Status.REFUTED}


@pytest.mark.parametrize(
    ("text", "hints", "problem"),
    [
        (TWO_SPECS, "[theorems]\nT = { by = 'A' }", "about another specification"),
        (
            f"{QUORUMS}ASSUME Server # {{}} /\\ Quorum # {{}}\n"
            "ASSUME Odd == \\A P \\in Quorum : P # Server\nTHEOREM T == \\A P \\in Quorum : P # {}",
            "[witnesses]\nassumption = 'Odd'",
            "of the form S # {}",
        ),
    ],
)
def test_hints_cannot_make_a_theorem_true(
    text: str, hints: str, problem: str, tmp_path: Path
) -> None:
    with pytest.raises(ProofError, match=problem):
        statuses(tmp_path, text, hints)


def test_conjuncts_of_the_same_name_are_all_proved(tmp_path: Path) -> None:
    (tmp_path / "Sign.tla").write_text(
        "---- MODULE Sign ----\nEXTENDS Integers\nVARIABLES\n\\* @type: Int;\nv\n"
        "Positive == v >= 0\nUp == v' >= v\n====\n"
    )
    text = (
        f"{XY}A == INSTANCE Sign WITH v <- x\nB == INSTANCE Sign WITH v <- y\n"
        f"Next == x' = x + 1 /\\ y' = y - 1\n{BOTH_0}Base == x >= 0\nTHEOREM I == Spec => []Base\n"
        "THEOREM J == Spec => [](B!Positive /\\ A!Positive)\n"
        "THEOREM K == Spec => [](B!Positive /\\ A!Positive)\n"
        "THEOREM L == Spec => [][B!Up /\\ A!Up]_<<x, y>>"
    )

    found = statuses(tmp_path, text, "[theorems]\nK = { by = 'I' }")

    assert found == {"I": Status.PROVED} | dict.fromkeys("JKL", Status.REFUTED)


def test_a_function_may_be_applied_where_its_argument_is_known_to_be_in_the_domain(
    tmp_path: Path,
) -> None:
    text = (
        f"{BOOLEANS}Of(n) == c[n] \\in BOOLEAN\n"
        "THEOREM T == \\A n \\in Int : n \\in 1..3 => Of(n)\n"
        "THEOREM U == \\A n \\in Int : n \\notin 1..3 \\/ Of(n)\n"
        "THEOREM V == \\A n \\in Int : IF n > 3 \\/ n < 1 THEN TRUE ELSE Of(n)\n"
        "THEOREM W == \\A n \\in Int : Of(n) \\/ n \\notin 1..3"
    )

    found = statuses(tmp_path, text)

    assert found == dict.fromkeys("TUV", Status.PROVED) | {"W": Status.REFUTED}


def test_what_a_conjunct_or_a_step_assumes_can_hold(tmp_path: Path) -> None:
    """Else it says nothing, and its proof shows nothing."""
    text = (
        f"{X}Next == x' = x + 1\n{FROM_0}Natural == x >= 0\nFar == x < 0 => x = 77\n"
        "THEOREM T == Spec => [](Natural /\\ Far)\n"
        "THEOREM U == Spec => [](Natural /\\ (x > 3 => x > 2))\n"
        "Falls == x' < x => x = 77\nTHEOREM V == Spec => [][Falls]_x\n"
        "Jumps(n) == n > 3 => (x' = x + n => x' > 3)\n"
        "THEOREM W == Spec => [][\\A n \\in Nat : Jumps(n)]_x"
    )
    by = "V = { by = 'U' }\nW = { by = 'U' }"

    path = tmp_path / "Vacuous.tla"
    path.write_text(f"---- MODULE Vacuous ----\nEXTENDS Integers\n{text}\n====\n")
    path.with_suffix(".hints.toml").write_text(f"[theorems]\n{by}")
    verdicts = [v for one in prove(Task(path, limits=Limits(3.0, 3.0))) for v in one.verdicts]

    assert [str(v.obligation) for v in verdicts if v.status is not Status.PROVED] == [
        "T: Far: what is assumed can hold",
        "V: Falls: what is assumed can hold",
        "W: what is assumed can hold (2)",
    ]
    assert all(v.status is Status.REFUTED for v in verdicts if v.status is not Status.PROVED)


@pytest.mark.parametrize("init", ["x = x + 1 /\\ y = 0", "x = y /\\ y = x + 1"])
def test_initial_states_that_say_nothing_are_refused(init: str, tmp_path: Path) -> None:
    text = f"{XY}Next == x' = x /\\ y' = y\nInit == {init}\n"
    text += "Spec == Init /\\ [][Next]_<<x, y>>\nTHEOREM T == Spec => [](y = y)"

    with pytest.raises(TlaError, match="say neither x = e nor"):
        statuses(tmp_path, text)


def test_initial_states_that_contradict_themselves_are_seen(tmp_path: Path) -> None:
    text = f"{XY}Next == x' = x /\\ y' = y\nInit == x \\in {{y}} /\\ y = 0 /\\ x = y + 1\n"
    text += "Spec == Init /\\ [][Next]_<<x, y>>\nTHEOREM T == Spec => [](y = y)"

    assert statuses(tmp_path, text)["T"] is Status.REFUTED


def test_an_initial_value_may_be_told_by_one_that_comes_later(tmp_path: Path) -> None:
    text = f"{XY}Next == x' = x /\\ y' = y\nInit == x = y + 1 /\\ y = 4\n"
    text += "Spec == Init /\\ [][Next]_<<x, y>>\n"

    assert statuses(tmp_path, f"{text}THEOREM T == Spec => [](x = 5)")["T"] is Status.PROVED
