"""Configuration files: every keyword, spellings, comments, values, and errors with their place."""

from pathlib import Path

import pytest

from speccheck.evaluate.stdlib.tlc import model_value
from speccheck.evaluate.values import FALSE, TRUE
from speccheck.explore.config import Config, Replacement, parse_config, place_in
from speccheck.explore.model import ConfigError, load_model
from speccheck.explore.pinpoint import pinpoint
from speccheck.explore.search import Search
from speccheck.tla.errors import TlaError

WHOLE = """\\* A line comment with "quotes" and (* no begin
SPECIFICATION Spec (* a block (* within a block *) SPECIFICATION Other *)
CONSTANT N = 3
CONSTANTS
    Name = "text"   Flag = TRUE
    Off = FALSE
    p1 = p1
    2b = 2b
    Low = -4
    Servers = {s1, s2, {m_1, "a"}}
    Op <- MyOp
    Nat <- [Naturals] MyNat
    Rate = [Inner] 7
INVARIANT Inv1
INVARIANTS Inv2 Inv3
PROPERTY Prop PROPERTIES Inst!Prop2
CONSTRAINT C1 CONSTRAINTS C2
ACTION_CONSTRAINT A1
ACTION_CONSTRAINTS A2
SYMMETRY Sym1 Sym2
VIEW View
ALIAS Alias
POSTCONDITION Post
CHECK_DEADLOCK FALSE
"""


def test_every_keyword() -> None:
    config = parse_config(WHOLE, "M.cfg")
    expected = Config(
        "M.cfg",
        specification="Spec",
        view="View",
        alias="Alias",
        postcondition="Post",
        check_deadlock=False,
        invariants=["Inv1", "Inv2", "Inv3"],
        properties=["Prop", "Inst!Prop2"],
        constraints=["C1", "C2"],
        action_constraints=["A1", "A2"],
        symmetry=["Sym1", "Sym2"],
        values={
            "N": 3,
            "Name": "text",
            "Flag": TRUE,
            "Off": FALSE,
            "p1": model_value("p1"),
            "2b": model_value("2b"),
            "Low": -4,
            "Servers": frozenset(
                [model_value("s1"), model_value("s2"), frozenset([model_value("m_1"), "a"])]
            ),
        },
        module_values=[("Rate", "Inner", 7)],
        replacements=[Replacement("Op", "MyOp", None), Replacement("Nat", "MyNat", "Naturals")],
    )
    assert config == expected
    place = place_in(config, config.invariants[2])
    assert (place.span.line, place.span.column) == (15, 17)
    assert parse_config("INIT I NEXT N CHECK_DEADLOCK TRUE", "M.cfg").check_deadlock


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("INIT A <- B", "M.cfg:1:8: '<-' cannot stand here; expected a keyword"),
        ("CONSTANT S = 1..3", "M.cfg:1:15: '.' cannot stand here: a value is a number, a string"),
        ("INIT\nNEXT N", "M.cfg:1:1: INIT needs a name"),
        ("INIT A\nINIT B", "M.cfg:2:1: INIT is given twice"),
        ("INVARIANTZ Inv", "M.cfg:1:1: INVARIANTZ is no keyword; there are ACTION_CONSTRAINT"),
        ("SPECIFICATION S INIT I", "M.cfg:1:15: .* either SPECIFICATION or INIT and NEXT"),
        ("(* open (* closed *)\nINIT I", "M.cfg:1:1: this comment has no end"),
        ('CONSTANT A = "open', "M.cfg:1:14: this string has no end"),
        ("CONSTANT A =", "M.cfg:1:13: 'the end of the file' cannot stand here"),
        ("CONSTANT A = {1, }", "M.cfg:1:18: '}' cannot stand here"),
        ("CONSTANT A 3", "M.cfg:1:12: '3' cannot stand here; expected = or <-"),
        ("CHECK_DEADLOCK MAYBE", "M.cfg:1:16: 'MAYBE' cannot stand here"),
        ("TYPE_CONSTRAINT T", "M.cfg:1:1: TYPE_CONSTRAINT is not supported"),
        (
            'INIT I\nCONSTANT P = {p1, "a",\n  3, m_1}',
            'M.cfg:3:3: a set in the value of P: "a" and 3 cannot be compared',
        ),
        ("CONSTANT Q(1) = {{TRUE, 1}}", "M.cfg:1:25: .* Q: TRUE and 1 cannot be compared"),
        ("INIT I;", "M.cfg:1:7: ';' cannot stand here"),
    ],
)
def test_errors_in_the_text(text: str, message: str) -> None:
    with pytest.raises(TlaError, match=message):
        parse_config(text, "M.cfg")


BODY = """
EXTENDS Naturals
CONSTANT C
VARIABLE x
Init == x = 0
Next == x' = 1 - x
Spec == Init /\\ [][Next]_x /\\ WF_x(Next)
Small(n) == x < n
Twice(n) == 2 * n
Live == <>(x = 1)
Inner == INSTANCE Flip WITH bit <- x
Other(y) == INSTANCE Flip WITH bit <- y
"""
FLIP = """
VARIABLE bit
Both == <>(bit = 1)
Never == [](bit = "x")
"""


def load(folder: Path, config: str) -> Search:
    (folder / "M.tla").write_text(f"---- MODULE M ----\n{BODY}\n====\n")
    (folder / "Flip.tla").write_text(f"---- MODULE Flip ----\n{FLIP}\n====\n")
    return Search(load_model(folder / "M.tla", parse_config(config, "M.cfg")))


def test_properties_of_instances_by_name(tmp_path: Path) -> None:
    found = load(tmp_path, "SPECIFICATION Spec CONSTANT C = 1 PROPERTY Inner!Both").run()
    assert found.verdict == "success"
    found = load(tmp_path, "INIT Init NEXT Next CONSTANT C = 1 PROPERTY Inner!Both").run()
    assert (found.verdict, found.violated) == ("liveness", "Inner!Both")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("INVARIANT Small", "M.cfg:3:11: Small takes arguments"),
        ("INVARIANT Next", "M.cfg:3:11: Next has to be a predicate or function of one state"),
        ("ACTION_CONSTRAINT Live", "M.cfg:3:19: Live has to be an action"),
        ("SYMMETRY x", "M.cfg:3:10: x is a variable, not a definition of module M: name"),
        ("SYMMETRY y", "M.cfg:3:10: module M has no y"),
        ("INVARIANT Nat", "M.cfg:3:11: Nat is an operator of Naturals, not a definition of mod"),
        ("INVARIANT Inner", "M.cfg:3:11: Inner is an instance, .* M: Inner!Op names what it def"),
        ("SYMMETRY Init", "M.cfg:3:10: Init has to be a constant"),
        (
            "INVARIANT Init\nFOO Id",
            "M.cfg:4:1: module M has no FOO; if a keyword is meant, .* INIT",
        ),
        ("PROPERTY Inner!None", "M.cfg:3:10: module M has no Inner!None"),
        ("PROPERTY Other!Both", "M.cfg:3:10: module M has no Other!Both"),
        ("CONSTANT Twice <- Init", "M.cfg:3:10: Twice takes 1 arguments, Init 0"),
        ("CONSTANT Lost <- Init", "M.cfg:3:10: module M has no Lost"),
    ],
)
def test_what_does_not_fit_the_module(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load(tmp_path, f"SPECIFICATION Spec\nCONSTANT C = 1\n{text}")


@pytest.mark.parametrize("name", ["Nat", "Int"])
def test_an_operator_of_a_standard_module_stands_for_a_constant(tmp_path: Path, name: str) -> None:
    body = "EXTENDS Integers\nCONSTANT S\nVARIABLE x\nInit == x \\in {-1, 1} /\\ x \\in S\n"
    body += "Next == x' = x"
    (tmp_path / "N.tla").write_text(f"---- MODULE N ----\n{body}\n====\n")
    config = parse_config(f"INIT Init NEXT Next CONSTANT S <- {name} Nat <- Nat", "N.cfg")
    result = Search(load_model(tmp_path / "N.tla", config)).run()
    assert (result.verdict, result.distinct) == ("success", 1 if name == "Nat" else 2)


_SUMS = """---- MODULE M ----
EXTENDS Naturals
CONSTANT F(_), G(_, _)
Half(n) == n \\div 2
VARIABLE x
Init == x = F(1) + F(2) + G(1, "a") + Half(7)
Next == UNCHANGED x
Inv == x = 10 + 20 + 3 + 400
====
"""


def _sums(folder: Path, text: str) -> Search:
    path = folder / "M.tla"
    path.write_text(_SUMS, "utf-8")
    return Search(load_model(path, parse_config(text, "M.cfg")))


def test_an_operator_has_a_value_for_each_list_of_arguments(tmp_path: Path) -> None:
    values = 'CONSTANT F(1) = 10 F(2) = 20 F(2) = 21 G(1, "a") = 3 Half(7) = 400\n'
    result = _sums(tmp_path, f"{values}INIT Init NEXT Next INVARIANT Inv").run()
    assert (result.verdict, result.distinct) == ("success", 1)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ("F(1) = 1 F(1, 2) = 2", "M.cfg:1:19: F takes 1 arguments above, 2 here"),
        ("F(1, 1) = 1 G(1, 1) = 2", "M.cfg:1:10: F takes 1 arguments, the configuration gives 2"),
        ("F(1) <- Nat", "M.cfg:1:15: '<-' cannot stand here"),
        ("Missing(1) = 1", "M.cfg:1:10: module M has no Missing"),
        ("Half(1, 2) = 1", "M.cfg:1:10: Half takes 1 arguments"),
    ],
)
def test_a_value_for_arguments_that_does_not_fit_is_refused(
    tmp_path: Path, values: str, message: str
) -> None:
    with pytest.raises((ConfigError, TlaError), match=message.replace("(", r"\(")):
        _sums(tmp_path, f"CONSTANT {values}\nINIT Init NEXT Next")


def test_a_name_that_is_used_twice_is_reported_where_it_is_wrong(tmp_path: Path) -> None:
    values = "CONSTANT F(1) = 1 G(1, 1) = 2\nINIT Init NEXT Next"
    text = f"{values}\nINVARIANT F\nCONSTRAINT Inv\nALIAS Inv VIEW F"
    with pytest.raises(ConfigError, match=r"M\.cfg:3:11: F takes arguments"):
        _sums(tmp_path, text)


BEGINS = """---- MODULE Begins ----
VARIABLE x
Start == x = 0
Init == Start
Next == UNCHANGED x
====
"""


def test_a_replaced_definition_is_replaced_in_instances_too(tmp_path: Path) -> None:
    """As in TLC: a trace specification replaces what the specification begins with, and then asks
    whether it refines an instance of it.
    """
    (tmp_path / "Begins.tla").write_text(BEGINS)
    path = tmp_path / "T.tla"
    path.write_text(
        "---- MODULE T ----\nEXTENDS Begins, Naturals\nLater == x = 1\n"
        "Whole == INSTANCE Begins\nSpec == Whole!Init /\\ [][Whole!Next]_x\n====\n"
    )
    config = "INIT Init NEXT Next PROPERTY Spec"
    replaced = f"{config} CONSTANT Start <- Later"
    assert Search(load_model(path, parse_config(config, "T.cfg"))).run().verdict == "success"
    result = Search(load_model(path, parse_config(replaced, "T.cfg"))).run()
    assert (result.verdict, result.distinct) == ("success", 1)
    # An instance that begins as it is: not what the replaced one allows.
    path.write_text(path.read_text().replace("INSTANCE Begins", "INSTANCE Begins WITH x <- 1 - x"))
    assert Search(load_model(path, parse_config(config, "T.cfg"))).run().verdict == "property"


TAKES = """---- MODULE M ----
EXTENDS Naturals, Sequences, TLC
CONSTANTS Op(_), K, Set
VARIABLE x
Three == 3
Id(a) == a
Plus(a, b) == a + b
Init == x = 0
Next == x' = 1 - x
Nats == {}
Numbers == {1, 2}
Strings == Permutations({"a", "b"})
Constant == {[one \\in Set |-> CHOOSE each \\in Set : TRUE]}
====
"""


@pytest.mark.parametrize(
    ("constants", "said"),
    [
        ("Op <- Three K = 1", "1:22: Op takes 1 arguments, Three 0"),
        ("Op <- Plus K = 1", "1:22: Op takes 1 arguments, Plus 2"),
        ("Op <- Id K <- Plus", "1:31: K takes 0 arguments, Plus 2"),
        ("Op <- Id K = 1 Id <- [Naturals]Three", "1:37: module Naturals defines no Id"),
        ("Op <- Id K = 1 Id <- [M]Three", "1:37: Id takes 1 arguments, Three 0"),
        ("Op <- Id K = 1 SYMMETRY Numbers", "SYMMETRY Numbers: 1 is not a permutation"),
        ("Op <- Id K = 1 SYMMETRY Strings", 'moves "a", which is no model value'),
        ("Op <- Id K = 1 SYMMETRY Constant", "is not a permutation: two values become one"),
        ("Op <- Id K = 1 CONSTANT Nats <- Nat SYMMETRY Nats", "is not a finite set of permut"),
    ],
)
def test_what_a_constant_or_symmetry_cannot_be(tmp_path: Path, constants: str, said: str) -> None:
    module = tmp_path / "M.tla"
    module.write_text(TAKES)
    config = parse_config(f"CONSTANTS Set={{s, t}} {constants} INIT Init NEXT Next", "M.cfg")
    with pytest.raises(ConfigError) as error:
        load_model(module, config)
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("after", "message", "place"),
    [
        ("1 \\div 0", "division by zero", "M.tla:4:9"),
        ("n = {}", "n has no value where it is read: there is no such state", "M.tla:4:9"),
        ("Head(<<>>) = 1", "Head of the empty sequence", "M.tla:4:9"),
    ],
)
def test_a_postcondition_without_a_value(
    tmp_path: Path, after: str, message: str, place: str
) -> None:
    module = tmp_path / "M.tla"
    head = "---- MODULE M ----\nEXTENDS Naturals, Sequences\nVARIABLE n\nPost == "
    module.write_text(f"{head}{after}\nInit == n = 0\nNext == n' = 1 - n\n====\n")
    config = parse_config("INIT Init NEXT Next POSTCONDITION Post", "M.cfg")
    result = Search(load_model(module, config)).run()
    assert result.verdict == "error"
    assert result.error is not None
    assert not result.trace
    exact = pinpoint(result, load_model(module, config, fine=True))
    assert exact is not None
    assert exact.message == message
    assert str(exact.places[0]).endswith(place)
