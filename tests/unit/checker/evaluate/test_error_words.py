"""What is said of an expression without a value: where it stands, and the values that it is about.

Generated code is made for speed and often knows neither; the same model compiled finely does.
"""

from pathlib import Path

import pytest

from speccheck.evaluate.compiler import Compiler
from speccheck.evaluate.errors import EvaluationError
from speccheck.explore.config import parse_config
from speccheck.explore.model import load_model
from speccheck.explore.pinpoint import pinpoint
from speccheck.explore.search import Search
from speccheck.tla.modules import Library
from speccheck.tla.parse import parse_module
from speccheck.tla.resolve import resolve

MODULE = """---- MODULE M ----
EXTENDS Naturals, Sequences, TLC, Bags, Randomization, SequencesExt
VARIABLE n
f == [i \\in 1..2 |-> 10]
NoArm == CASE 1 = 2 -> 3
NoGuard == IF 1 THEN 2 ELSE 3
NoSet == CHOOSE v : v = 1
NoElement == CHOOSE v \\in {1} : v = 2
Init == n = 0
Next == n' = n
Same == n
Broken == n[1]
Inv == n # """

OUTSIDE = "which is not in its domain, "


@pytest.mark.parametrize(
    ("text", "message", "place"),
    [
        ("f[3]", f"applied to 3, {OUTSIDE}{{1, 2}}; the function is <<10, 10>>", "13:12"),
        ("f[n]", f"applied to 0, {OUTSIDE}{{1, 2}}; the function is <<10, 10>>", "13:12"),
        ("[a |-> n].b", f'applied to "b", {OUTSIDE}{{"a"}}; the function is [a |-> 0]', "13:12"),
        ("SelectSeq(<<1>>, LAMBDA x : f[x + 2] = 3)", f"applied to 3, {OUTSIDE}", "13:40"),
        ("(1 @@ 2)", "2 is not a function", "13:13"),
        ("Permutations(1)", "Permutations is not defined for 1", "13:12"),
        ("RandomElement({n} \\ {0})", "RandomElement is not defined for {}", "13:12"),
        ("BagIn(n, 5)", "BagIn is not defined for 0, 5", "13:12"),
        ("((n :> 0) (+) (1 :> 1))", "(0 :> 0) is not a bag, as (+) asks for", "13:14"),
        ("BagCardinality(n :> 0)", "(0 :> 0) is not a bag, as BagCardinality asks", "13:12"),
        ("InsertAt(<<n>>, 9, 2)", "SubSeq(<<0>>, 1, 8) reaches beyond the sequence", "13:12"),
        ("NoArm", "no arm of the CASE is true and it has no OTHER", "5:10"),
        ("NoGuard", "1 is neither TRUE nor FALSE", "6:12"),
        ("NoSet", "CHOOSE without a set cannot be evaluated", "7:10"),
        ("NoElement", "no element of {1} satisfies the CHOOSE", "8:14"),
    ],
)
def test_an_error_has_its_place_and_its_values(
    tmp_path: Path, text: str, message: str, place: str
) -> None:
    found = _error(tmp_path, text, "INVARIANT Inv")
    assert message in found.message
    assert str(found.places[0]).endswith(f"M.tla:{place}")


def test_an_error_of_a_view(tmp_path: Path) -> None:
    found = _error(tmp_path, "1", "VIEW Broken")
    assert found.message == "0 is not a function"
    assert str(found.places[0]).endswith("M.tla:12:11")


def _error(folder: Path, text: str, more: str) -> EvaluationError:
    module = folder / "M.tla"
    module.write_text(f"{MODULE}{text}\n====\n")
    config = parse_config(f"INIT Init NEXT Next {more}", "M.cfg")
    result = Search(load_model(module, config)).run()
    assert result.error is not None
    found = pinpoint(result, load_model(module, config, fine=True))
    assert found is not None
    return found


# As SequencesExt of the community modules defines them.
DEFINED = """---- MODULE D ----
EXTENDS Integers, Sequences, SequencesExt
Inserted(s, i, e) == SubSeq(s, 1, i-1) \\o <<e>> \\o SubSeq(s, i, Len(s))
Replaced(s, i, e) == [s EXCEPT ![i] = e]
Removed(s, i) == SubSeq(s, 1, i-1) \\o SubSeq(s, i+1, Len(s))
"""
PAIRS = {
    "InsertAt({s}, {i}, 7)": "Inserted({s}, {i}, 7)",
    "ReplaceAt({s}, {i}, 7)": "Replaced({s}, {i}, 7)",
    "RemoveAt({s}, {i})": "Removed({s}, {i})",
}


def test_positions_beyond_a_sequence_are_as_in_the_definitions() -> None:
    calls = [
        (built_in.format(s=s, i=i), defined.format(s=s, i=i))
        for built_in, defined in PAIRS.items()
        for s in ("<<>>", "<<1>>", "<<1, 2>>")
        for i in range(-2, 6)
    ]
    lines = [f"a{n} == {a}\nb{n} == {b}" for n, (a, b) in enumerate(calls)]
    text = DEFINED + "\n".join(lines) + "\n====\n"
    module = resolve(Library(()), parse_module(text, "D.tla"))
    compiler = Compiler(module.variables)
    values: dict[str, object] = {}
    for operator in module.everything:
        if operator.name[1:].isdigit():
            assert operator.body is not None
            try:
                values[operator.name] = compiler.constant_value(operator.body)
            except EvaluationError:
                values[operator.name] = "an error"
    differ = [
        (*calls[n], values[f"a{n}"], values[f"b{n}"])
        for n in range(len(calls))
        if values[f"a{n}"] != values[f"b{n}"]
    ]
    assert not differ
    assert 20 < list(values.values()).count("an error") < 2 * len(calls) - 20


def test_an_action_that_leaves_a_variable_out_takes_no_step(tmp_path: Path) -> None:
    module = tmp_path / "M.tla"
    module.write_text("---- MODULE M ----\nVARIABLE n\nInit == n = 0\nNext == n = n\n====\n")
    model = load_model(module, parse_config("INIT Init NEXT Next", "M.cfg"))
    # TLC shows such a step in a counterexample.
    assert model.actions[0].arguments((0,), (1,)) is None
