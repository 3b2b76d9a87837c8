"""`speccheck prove --replay`: a counterexample to induction is a state to check from."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from speccheck.cli import app

SMALL = r"""---- MODULE Small ----
EXTENDS Integers
CONSTANTS
    \* @type: Set(SERVER);
    Server
VARIABLES
    \* @typeAlias: number = Int;
    \* @type: SERVER -> $number;
    count,
    \* @type: Bool;
    frozen
\* @type: Set($number);
Number == Nat
vars == <<count, frozen>>
Init == count = [s \in Server |-> 0] /\ frozen = TRUE
Tick(s) == ~frozen /\ count' = [count EXCEPT ![s] = @ + 1] /\ UNCHANGED frozen
Thaw(s) == FROZEN /\ frozen' = FALSE /\ UNCHANGED count
Next == (\E s \in Server : Tick(s)) \/ (\E s \in Server : Thaw(s))
Spec == Init /\ [][Next]_vars
TypeOK == count \in [Server -> Number] /\ frozen \in BOOLEAN
Small == \A s \in Server : count[s] <= 1
Invariant == TypeOK /\ Small
THEOREM Safe == Spec => []Invariant
SmallOrFrozen == frozen \/ Small
THEOREM Sure == Spec => []SmallOrFrozen
====
"""
HINTS = '[sizes]\nSERVER = 1\nnumber = 2\n[theorems]\nSure = { by = "Safe" }\n'


def replayed(tmp_path: Path, guard: str) -> list[str]:
    path = tmp_path / "Small.tla"
    path.write_text(SMALL.replace("FROZEN", guard))
    (tmp_path / "Small.hints.toml").write_text(HINTS)
    done = CliRunner().invoke(
        app, ["prove", f"{path}!Safe", "--workers", "1", "--replay", str(tmp_path / "cti")]
    )
    assert done.exit_code == 1, done.output
    lines = done.output.splitlines()
    start = next(n for n, line in enumerate(lines) if line.endswith(str(Path("cti") / "01")))
    return [line.strip() for line in lines[start + 1 :]]


def test_a_real_bug_is_reached_from_init(tmp_path: Path) -> None:
    assert replayed(tmp_path, "frozen") == [
        "the checker agrees",
        "what follows breaks SmallOrFrozen too, after 1 step",
        "Init leads to it in 2 steps: the specification is wrong",
    ]
    text = (tmp_path / "cti" / "01" / "Small_cti.tla").read_text()
    assert "EXTENDS Small, TLC" in text
    assert (tmp_path / "cti" / "01" / "reached.cfg").is_file()


def test_a_weak_invariant_is_not(tmp_path: Path) -> None:
    """Nothing ever ticks, as nothing thaws; the invariant does not say why."""
    assert replayed(tmp_path, "frozen /\\ (\\A t \\in Server : count[t] = 1)")[2] == (
        "Init never leads to it, nor to another that breaks Small, in this instance "
        "(Server = {s1}); nor in that of SERVER 2 (Server = {s1, s2}): the invariant is too weak, "
        "as far as this tells; another instance may break it"
    )


def lines_of(tmp_path: Path, text: str, hints: str = "") -> list[str]:
    """Return what is said of the replays of theorem T of a module."""
    path = tmp_path / "Trial.tla"
    path.write_text(f"---- MODULE Trial ----\nEXTENDS Integers\n{text}\n====\n")
    (tmp_path / "Trial.hints.toml").write_text(hints)
    done = CliRunner().invoke(
        app, ["prove", f"{path}!T", "--workers", "1", "--replay", str(tmp_path / "cti")]
    )
    assert done.exit_code == 1, done.output
    lines = [line.strip() for line in done.output.splitlines()]
    return lines[next(n for n, line in enumerate(lines) if line.startswith("Trial: ")) + 1 :]


REACHED = [
    "the checker agrees",
    "no theorem is proved by the invariant: nothing is asked of what follows",
    "Init leads to it in 1 step: the specification is wrong",
]


def test_a_function_is_replayed_on_its_domain(tmp_path: Path) -> None:
    """On all there is of its type it would be no state that Init leads to."""
    text = r"""CONSTANTS
    \* @type: Set(SERVER);
    Server,
    \* @type: Set(SERVER);
    Voter
ASSUME Voter \subseteq Server /\ Voter # {}
VARIABLE
    \* @typeAlias: number = Int;
    \* @type: SERVER -> $number;
    f
\* @type: Set($number);
Number == Nat
Init == f = [s \in Voter |-> 0]
Next == \E s \in Voter : f' = [f EXCEPT ![s] = @ + 1]
Spec == Init /\ [][Next]_f
Small == \A s \in Voter : f[s] <= 1
TypeOK == f \in [Voter -> Number]
THEOREM T == Spec => [](TypeOK /\ Small)"""

    assert lines_of(tmp_path, text, "[sizes]\nnumber = 3\nSERVER = 2\n")[1:] == REACHED


NUMBERS = r"""CONSTANT
    \* @type: Int;
    Step
ASSUME Step > 0
VARIABLES
    \* @type: Int;
    x,
    \* @type: Int -> Bool;
    f
Init == x = 0 /\ f = [n \in 1..2 |-> FALSE]
Next == x' = x + Step /\ f' = [f EXCEPT ![1] = TRUE]
Spec == Init /\ [][Next]_<<x, f>>
THEOREM T == Spec => [](/\ f \in [1..2 -> BOOLEAN]
                        /\ f[2] \/ ~f[2]
                        /\ \/ x # 2
                           \/ f[2])"""


def test_numbers_need_no_sizes_and_conjuncts_no_name(tmp_path: Path) -> None:
    said = lines_of(tmp_path, NUMBERS)

    assert said[0].startswith("T: Next: T.3: ")
    assert said[1] == "the checker agrees"
    assert "Init" in said[3]
    made = (tmp_path / "cti" / "01" / "Trial_cti.tla").read_text()
    assert "Breaks ==\n" in made


def test_a_replay_that_fails_leaves_the_others(tmp_path: Path) -> None:
    text = NUMBERS.replace("Next ==", "More(n) == x' = x + n /\\ UNCHANGED f\nNext == \\/")
    text = text.replace("Spec ==", "  \\/ \\E n \\in Int : More(n)\nSpec ==")

    said = lines_of(tmp_path, text)

    replays = [n for n, line in enumerate(said) if line.startswith("T: ")]
    assert len(replays) == 2
    assert all(said[n + 1].startswith("cannot be replayed: ") for n in replays)


COUNTER = r"""---- MODULE Counter ----
EXTENDS Integers
\* @typeAlias: num = Int;
\* @type: Set($num);
Num == Nat
VARIABLES
    \* @type: $num;
    x,
    \* @type: Bool;
    b
Init == x = 0 /\ b = FALSE
Up == x' = x + 1 /\ b' = b
Flip == x = FLIPS /\ x' = 0 /\ b' = TRUE
Bad == b /\ x = 1 /\ x' = -1 /\ b' = b
Next == Up \/ Flip \/ Bad
Spec == Init /\ [][Next]_<<x, b>>
Natural == x \in Num
THEOREM T == Spec => []Natural
====
"""


@pytest.mark.parametrize(
    ("flips", "line"),
    [
        (
            "5",
            "Init leads to it in 7 steps, past the numbers of this instance: "
            "the specification is wrong",
        ),
        ("-5", "Init never leads to it within the instance's numbers: unknown beyond"),
    ],
)
def test_init_may_lead_to_a_state_past_the_numbers_of_the_instance(
    flips: str, line: str, tmp_path: Path
) -> None:
    path = tmp_path / "Counter.tla"
    path.write_text(COUNTER.replace("FLIPS", flips))
    (tmp_path / "Counter.hints.toml").write_text("[sizes]\nnum = 3\n")
    arguments = ["--workers", "1", "--replay", str(tmp_path / "cti"), "--replay-states", "500"]

    done = CliRunner().invoke(app, ["prove", str(path), *arguments])

    assert [one.strip() for one in done.output.splitlines()[-3:]] == [
        "the checker agrees",
        "no theorem is proved by the invariant: nothing is asked of what follows",
        line,
    ]


VARIANT = r"""---- MODULE Thawing ----
\* @kind core
\* @redefines MayThaw <- AlwaysThaws
\* @obligation Safe: Tick: Small
EXTENDS Small
AlwaysThaws == frozen
====
"""


def test_a_variant_is_asked_for_the_theorems_of_what_it_changes(tmp_path: Path) -> None:
    text = SMALL.replace("FROZEN", "MayThaw").replace("Tick(s) ==", "MayThaw == FALSE\nTick(s) ==")
    (tmp_path / "variants").mkdir()
    variant = tmp_path / "variants" / "Thawing.tla"
    variant.write_text(VARIANT)
    (tmp_path / "Small.tla").write_text(text)
    (tmp_path / "Small.hints.toml").write_text(HINTS)
    arguments = ["--only", "Safe: Tick: Small", "--replay", str(tmp_path / "cti")]

    done = CliRunner().invoke(app, ["prove", str(variant), "--workers", "1", *arguments])

    assert done.exit_code == 1, done.output
    assert "refuted  of THEOREM Safe: 1 of " in done.output
    assert "proved   " not in done.output
    assert [line.strip() for line in done.output.splitlines()[-3:]] == [
        "the checker agrees",
        "what follows breaks SmallOrFrozen too, after 1 step",
        "Init leads to it in 2 steps: the specification is wrong",
    ]


SCALARS = r"""CONSTANT
    \* @type: Set(SERVER);
    Server
ASSUME Server # {}
VARIABLES
    \* @type: Int;
    x,
    \* @type: SERVER;
    s1,
    \* @type: SERVER -> Int;
    f
Init == x = 0 /\ s1 \in Server /\ f = [s \in Server |-> 0]
Up == x' = x + 1 /\ UNCHANGED <<s1, f>>
Move == \E n \in Server : s1' = n /\ f' = [f EXCEPT ![s1] = x] /\ x' = x
Next == Up \/ Move
Spec == Init /\ [][Next]_<<x, s1, f>>
TypeOK == x \in Nat /\ s1 \in Server /\ f \in [Server -> Nat]
Small == f[s1] < 3
THEOREM T == Spec => [](TypeOK /\ Small)"""


@pytest.mark.parametrize("hints", ["", "[sizes]\nSERVER = 2\n"])
def test_a_variable_may_have_the_name_that_a_model_value_would_have(
    hints: str, tmp_path: Path
) -> None:
    said = lines_of(tmp_path, SCALARS, hints)

    assert said[1] == "the checker agrees"
    assert said[3].startswith("Init leads to ")


EACH = r"""CONSTANTS
    \* @type: Set(P);
    Proc,
    \* @type: P;
    P0
ASSUME P0 \in Proc
VARIABLES
    \* @type: P -> Int;
    pc,
    \* @type: Int;
    x
Init == pc = [p \in Proc |-> 0] /\ x = 0
Go(p) == pc[p] = 0 /\ pc' = [pc EXCEPT ![p] = 1] /\ x' = x + 1
Next == \E p \in Proc : Go(p)
Spec == Init /\ [][Next]_<<pc, x>>
TypeOK == pc \in [Proc -> 0..1] /\ x \in Nat
Small == x <= 2
THEOREM T == Spec => [](TypeOK /\ Small)"""


@pytest.mark.parametrize(
    ("size", "said"),
    [
        (4, "Init leads to another state, which breaks Small, in 3 steps: "
         "the specification is wrong"),
        (2, "Init never leads to it, nor to another that breaks Small, in this instance "
         "(Proc = {p1, p2}); but to a "
         "state which breaks it in 3 steps, in that of P 3 (Proc = {p1, p2, p3}): "
         "the specification is wrong"),
        (1, "Init never leads to it, nor to another that breaks Small, in this instance "
         "(Proc = {p1}); nor in that of P 2 (Proc = {p1, p2}): the invariant is too weak, "
         "as far as this tells; another instance may break it"),
    ],
)  # fmt: skip
def test_another_state_may_break_the_conjunct(size: int, said: str, tmp_path: Path) -> None:
    """The state of the counterexample has counted two though nobody has gone."""
    assert lines_of(tmp_path, EACH, f"[sizes]\nP = {size}\nint = 4\n")[-1] == said


@pytest.mark.parametrize(
    ("size", "said"),
    [
        ("[sizes]\nP = 2\nint = 4\n",
         "; but to a state which breaks it in 3 steps, in that of P 3 (Proc = {p1, p2, p3}): "
         "the specification is wrong"),
        ("", ": the invariant is too weak, as far as this tells; another instance may break it"),
    ],
)  # fmt: skip
def test_the_larger_instance_has_all_that_its_sizes_allow(
    size: str, said: str, tmp_path: Path
) -> None:
    """The solver may choose sets as small as it likes; so Init leads to nothing that breaks."""
    text = EACH.replace("ASSUME P0 \\in Proc", "").replace(
        "Proc,\n    \\* @type: P;\n    P0", "Proc"
    )

    line = lines_of(tmp_path, text, size)[-1]

    assert line.startswith("Init never leads to it, nor to another that breaks Small, in this")
    assert "(Proc = {" in line
    assert line.endswith(said)


COUNTING = r"""\* @typeAlias: n = Int;
VARIABLE
    \* @type: $n;
    x
Init == x = 0
Up == x' = x + 1
Next == Up
Spec == Init /\ [][Next]_x
THEOREM T == Spec => [](x \in Nat /\ x # LIMIT)"""


@pytest.mark.parametrize(
    ("limit", "said"),
    [
        ("9", "the state goes past the numbers of [sizes]: unknown; give larger ones"),
        ("4", "a step from the state goes past the numbers of [sizes]: unknown; give larger ones"),
    ],
)
def test_a_state_past_the_sizes_is_told(limit: str, said: str, tmp_path: Path) -> None:
    assert lines_of(tmp_path, COUNTING.replace("LIMIT", limit), "[sizes]\nn = 3\n")[-1] == said
