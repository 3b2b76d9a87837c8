r"""A type is said of a declaration by the comment directly ahead of it, and by no other text."""

from pathlib import Path

import pytest
from tests.unit.checker.prove.test_unsound import statuses

from speccheck.prove.discharge import Limits, Status
from speccheck.prove.module import load
from speccheck.prove.run import Task, prove
from speccheck.prove.types import type_text
from speccheck.tla.errors import TlaError

B = "CONSTANT\n\\* @type: Bool;\nb\n"
N = "CONSTANT\n\\* @type: Int;\nN\n"


def types(folder: Path, text: str, above: str = "", below: str = "") -> dict[str, str]:
    """Return the types of constants and variables by name."""
    path = folder / "M.tla"
    path.write_text(f"{above}---- MODULE M ----\nEXTENDS Integers\n{text}\n====\n{below}")
    return {getattr(one, "name", ""): type_text(type_) for one, type_ in load(path).types.items()}


def test_an_annotation_belongs_to_the_name_after_it(tmp_path: Path) -> None:
    text = (
        "(* @typeAlias: epoch = Int; *)\nCONSTANTS\n"
        "  \\* @type: Set(SERVER);\n  Server, \\* members\n"
        "  \\* @type: Int;\n  Max\n(* @type: SERVER; *) VARIABLE \\* who leads\n leader\n"
        "VARIABLE\n (* @type: $epoch\n -> Int; *) \\* it only grows\n\n now, "
        "(* @type: Bool; *) up\n"
        "\tLOCAL Two == 2\n\t\\* @type: Set(Int);\n\tLOCAL Some == {1}\n"
    )
    assert types(tmp_path, text) == {
        "Server": "Set(SERVER)",
        "Max": "Int",
        "leader": "SERVER",
        "now": "Int -> Int",
        "up": "Bool",
        "Some": "Set(Int)",
    }


def test_an_alias_may_go_on_in_the_next_comment(tmp_path: Path) -> None:
    text = (
        "(* @typeAlias: vote = { leader: Int,  *)\n(*    round: Int }; *)\n"
        "VARIABLE\n\\* @type: $vote;\nv"
    )
    assert types(tmp_path, text) == {"v": "{ leader: Int, round: Int }"}


FORMERLY = "(* Formerly:\nCONSTANT\n{}@type: Set(Int);\nS\n*)\n"
S = "CONSTANT\n\\* @type: Set(SERVER);\nS\n"
INNER = "---- MODULE Inner ----\nCONSTANT\n\\* @type: Bool;\nN\n====\n"


@pytest.mark.parametrize(
    ("above", "text", "theorem"),
    [
        pytest.param("", "D == LET \\* @type: Bool;\n N == TRUE\n IN N\n" + N, "N \\in BOOLEAN",
                     id="name in LET"),
        pytest.param("As in \\* @type: Bool; N == TRUE\n", N, "N = TRUE \\/ N = FALSE",
                     id="text above the module"),
        pytest.param("\\* @type: Bool;\nN\n", N, "N = TRUE \\/ N = FALSE",
                     id="comment above the module"),
        pytest.param("", INNER + N, "N = TRUE \\/ N = FALSE", id="module within"),
        pytest.param("", FORMERLY.format("\\* ") + S, "S \\subseteq Int", id="commented out"),
        pytest.param("", FORMERLY.format("") + S, "S \\subseteq Int", id="commented out, bare"),
        pytest.param("", "Two(x) == x = \"\\\\* @type: Bool;\"\n" + N,
                     "N \\in BOOLEAN", id="string"),
        pytest.param("", N + "ASSUME (* @type: Bool; *) N \\in Int\n", "N \\in BOOLEAN", id="use"),
    ],
)  # fmt: skip
def test_other_text_says_no_type(above: str, text: str, theorem: str, tmp_path: Path) -> None:
    path = tmp_path / "M.tla"
    path.write_text(
        f"{above}---- MODULE M ----\nEXTENDS Integers\n{text}THEOREM T == {theorem}\n===="
    )

    with pytest.raises(TlaError, match=r"a number is (not of|compared|expected here)"):
        prove(Task(path, limits=Limits(3.0, 3.0)))


def test_a_module_after_the_first_has_annotations_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "M.tla"
    path.write_text(
        f"---- MODULE M ----\nEXTENDS Integers, Other\nTHEOREM T == b \\in BOOLEAN\n====\n"
        f'\\* @type: Int;\nb "\n---- MODULE Other ----\n{B}===='
    )

    (result,) = prove(Task(path, limits=Limits(3.0, 3.0)))

    assert result.status is Status.PROVED


@pytest.mark.parametrize(
    "text",
    [
        "CONSTANT\n\\* @type: Set(Int);\n\\* @type: Set(SERVER);\nS",
        "\\* @type: Set(Int);\nCONSTANT\n\\* @type: Set(SERVER);\nS",
        "CONSTANT\n(* @type: Set(Int);\n   @type: Set(SERVER); *)\nS",
    ],
)
def test_two_annotations_are_refused(text: str, tmp_path: Path) -> None:
    with pytest.raises(TlaError, match=r"the type of S: it is annotated as Set\(SERVER\) and "):
        types(tmp_path, text)


def test_the_same_may_be_said_twice(tmp_path: Path) -> None:
    text = "\\* @type: Set( Int );\nCONSTANT\n\\* @type: Set(Int);\nS"

    assert types(tmp_path, text) == {"S": "Set(Int)"}


@pytest.mark.parametrize(
    "declared",
    [
        "CONSTANTS\n\\* @type: Int;\nN,\nM",
        "CONSTANTS\n\\* @type: Int;\nN, \\* @type: Int;\nM",
        "CONSTANTS\n\\* @type: Int;\nN \\* @type: Int;\n, M",
        "CONSTANTS\n\\* @type: Int;\nN,\n\\* Formerly \\* @type: Int;\nM",
        "CONSTANTS\n\\* @type: Int;\nN,\n\\* @type: Int; or so\nM",
    ],
)
def test_what_has_no_annotation_ahead_of_it_is_refused(declared: str, tmp_path: Path) -> None:
    with pytest.raises(TlaError, match=r"the constant M needs a .* comment right ahead of it"):
        statuses(tmp_path, f"{declared}\nTHEOREM T == N + M \\in Int")
