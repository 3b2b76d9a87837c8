"""A @typeAlias has one meaning in a module and all that it extends."""

from pathlib import Path

import pytest
from tests.unit.checker.prove.test_unsound import statuses

from speccheck.prove.errors import ProofError
from speccheck.prove.module import load
from speccheck.tla.errors import TlaError


def module(folder: Path, name: str, extends: str, alias: str, more: str = "") -> Path:
    path = folder / f"{name}.tla"
    path.write_text(
        f"---- MODULE {name} ----\nEXTENDS {extends}\n\\* @typeAlias: t = {alias};\n{more}"
        f"VARIABLE\n\\* @type: $t;\n{name.lower()}\n===="
    )
    return path


def test_two_modules_may_say_the_same(tmp_path: Path) -> None:
    module(tmp_path, "A", "Integers", "Set(Int)")

    loaded = load(module(tmp_path, "B", "A", "Set(Int) "))

    assert len(set(loaded.types.values())) == 1


def test_two_modules_may_not_say_different_things(tmp_path: Path) -> None:
    first = module(tmp_path, "A", "Integers", "Int")

    with pytest.raises(ProofError) as caught:
        load(module(tmp_path, "B", "A", "Bool"))

    said = str(caught.value)
    for part in ("@typeAlias t is", "give one another name", str(first), str(tmp_path / "B.tla")):
        assert part in said


def test_one_module_may_not_say_different_things(tmp_path: Path) -> None:
    more = "\\* @typeAlias: t = Bool;\n"

    with pytest.raises(ProofError, match="t is Int, and Bool further down"):
        load(module(tmp_path, "A", "Integers", "Int", more))


def test_a_domain_that_depends_on_the_state_is_told_as_such(tmp_path: Path) -> None:
    text = (
        "VARIABLES\n\\* @type: Int;\nn,\n\\* @type: Int -> Int;\nf\n"
        "Init == n = 1 /\\ f = [k \\in 1..1 |-> 0]\n"
        "Next == n' = n + 1 /\\ f' = [k \\in 1..(n + 1) |-> 0]\n"
        "Spec == Init /\\ [][Next]_<<n, f>>\n"
        "THEOREM T == Spec => [](n \\in Nat /\\ f \\in [1..n -> Nat])"
    )

    with pytest.raises(TlaError, match="with an S that depends on constants only"):
        statuses(tmp_path, text)
