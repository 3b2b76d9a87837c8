"""Names to meanings: modules on disk, instances, and the errors for names that mean nothing."""

from pathlib import Path

import pytest

from speccheck.tla import meaning as m
from speccheck.tla.errors import TlaError
from speccheck.tla.modules import Library
from speccheck.tla.resolve import resolve


def resolved(folder: Path, **modules: str) -> m.ResolvedModule:
    """Write the modules and resolve the first."""
    for name, body in modules.items():
        (folder / f"{name}.tla").write_text(f"---- MODULE {name} ----\n{body}\n====\n")
    library = Library()
    return resolve(library, library.main(folder / f"{next(iter(modules))}.tla"))


def test_extends_shows_all_but_local_names(tmp_path: Path) -> None:
    module = resolved(
        tmp_path, Main="EXTENDS Other\na == x + y", Other="EXTENDS Naturals\nVARIABLES x, y\nz == x"
    )
    assert [v.name for v in module.variables] == ["x", "y"]
    with pytest.raises(TlaError, match="secret is not known here"):
        resolved(tmp_path, Main="EXTENDS Other\na == secret", Other="LOCAL secret == 1")


def test_a_standard_module_passes_on_what_it_extends_only(tmp_path: Path) -> None:
    """Statistics extends Naturals; SVG has what it needs in LOCAL instances."""
    assert resolved(tmp_path, Main="EXTENDS Statistics\na == 1 + 2").operators["a"].body
    with pytest.raises(TlaError, match="is not known here"):
        resolved(tmp_path, Main="EXTENDS SVG\na == Len(<<>>)")


def test_substitution_replaces_variables_of_an_instance(tmp_path: Path) -> None:
    module = resolved(
        tmp_path,
        Main="VARIABLE y\nI == INSTANCE Other WITH x <- <<y>>\na == I!b",
        Other="VARIABLE x\nb == x",
    )
    call = module.operators["a"].body
    assert isinstance(call, m.Call)
    substituted = call.operator.body
    assert isinstance(substituted, m.Call)
    assert substituted.operator.stands_for is not None
    given = substituted.operator.body
    assert isinstance(given, m.Call)
    assert isinstance(given.operator.body, m.Items)
    assert [v.name for v in module.variables] == ["y"]


def test_parameters_of_an_instance_come_first(tmp_path: Path) -> None:
    module = resolved(
        tmp_path,
        Main="I(n) == INSTANCE Other WITH C <- n\na == I(3)!b(4)",
        Other="CONSTANT C\nb(k) == <<C, k>>",
    )
    call = module.operators["a"].body
    assert isinstance(call, m.Call)
    assert [a.value for a in call.arguments if isinstance(a, m.Literal)] == [3, 4]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("Server == {1}\na == Servr", r"Main.tla:3:6: Servr is not known here; did you mean Serv"),
        ("f(x) == x\na == f(1, 2)", "f takes 1 argument, not 2"),
        ("f(g(_)) == g(1)\nh == 2\na == f(h)", "an operator of 1 parameter is expected"),
        ("EXTENDS Nowhere", "there is no module Nowhere"),
        ("a == 1\na == 2", "a is defined at .*: it cannot be given"),
        ("a == LAMBDA x : x", "a LAMBDA can only be an argument"),
        ("I == INSTANCE Other\n", "the instance of Other says nothing of its C"),
        ("EXTENDS Naturals\na == @ + 1", "@ has no meaning outside of EXCEPT"),
    ],
)
def test_errors_name_the_place_and_the_remedy(tmp_path: Path, body: str, message: str) -> None:
    with pytest.raises(TlaError, match=message):
        resolved(tmp_path, Main=body, Other="CONSTANT C\nb == C")


def test_recursive_operators_and_parts_of_a_definition(tmp_path: Path) -> None:
    module = resolved(
        tmp_path,
        Main="EXTENDS Naturals\nRECURSIVE f(_)\nf(n) == IF n = 0 THEN 0 ELSE f(n - 1)\n"
        "a == /\\ TRUE\n     /\\ 1 = 2\nb == a!2",
    )
    assert module.operators["f"].recursive
    part = module.operators["b"].body
    assert isinstance(part, m.CallBuiltin)
    assert part.builtin.name == "="


def test_several_modules_in_one_file(tmp_path: Path) -> None:
    body = "EXTENDS Second\na == b\n====\n---- MODULE Second ----\nb == 1\nc == d"
    with pytest.raises(TlaError, match=r"Main.tla:7:6: d is not known here"):
        resolved(tmp_path, Main=body)
    module = resolved(tmp_path, Main=body.removesuffix("\nc == d"))
    assert isinstance(module.operators["a"].body, m.Call)


@pytest.mark.parametrize(
    ("body", "place", "message"),
    [
        ("I == INSTANCE Other WITH c <- 1, w <- v, typo <- 3", "3:42", "typo is no constant or"),
        ("I(n) == INSTANCE Other WITH c <- n, w <- v, typo <- 3", "3:45", "typo is no constant"),
        ("INSTANCE Other WITH c <- 1, w <- v, typo <- 3", "3:37", "typo is no constant or"),
        ("LOCAL INSTANCE Other WITH c <- 1, typo <- 3", "3:35", "typo is no constant or"),
        ("a == LET I == INSTANCE Other WITH typo <- 3 IN I!b", "3:35", "typo is no constant"),
        ("I == INSTANCE Other WITH c <- 1, v <- v", "3:34", "v is no .* variable of Other"),
        ("I == INSTANCE Other WITH c <- 1, b <- 2", "3:34", "b is no constant or variable"),
        (
            "I == INSTANCE Other WITH count <- 1",
            "3:26",
            "count is .* of Other; did you mean counts[?]",
        ),
        ("I == INSTANCE Sequences WITH c <- 1", "3:30", "c is no constant or variable of Seq"),
        ("I == INSTANCE Other WITH c <- 1, c <- 2", "3:34", "c is substituted twice"),
        ("LOCAL INSTANCE Other WITH c <- 1, c <- 1", "3:35", "c is substituted twice"),
        (
            "---- MODULE In ----\nCONSTANT k\n====\nI == INSTANCE In WITH v <- 1",
            "6:23",
            "v is no constant or variable of In",
        ),
    ],
)
def test_only_what_a_module_declares_is_substituted(
    tmp_path: Path, body: str, place: str, message: str
) -> None:
    with pytest.raises(TlaError, match=f"Main.tla:{place}: {message}"):
        resolved(
            tmp_path,
            Main=f"VARIABLE v\n{body}",
            Other="EXTENDS Third\nCONSTANT c, counts\nb == c",
            Third="VARIABLE w",
        )


def test_what_extended_and_inner_modules_declare_is_substituted(tmp_path: Path) -> None:
    module = resolved(
        tmp_path,
        Main="VARIABLE v\nI == INSTANCE Other WITH c <- 1, w <- v\n"
        "---- MODULE Below ----\nCONSTANT k\n====\n"
        "---- MODULE In ----\nEXTENDS Below\nl == k\n====\nJ == INSTANCE In WITH k <- 1\n"
        "a == I!b\nd == J!l",
        Other="EXTENDS Third\nCONSTANT c\nb == <<c, w>>",
        Third="VARIABLE w",
    )
    assert {"a", "d"} <= module.operators.keys()
