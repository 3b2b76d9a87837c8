"""The front end as a whole: text in, syntax tree or a placed error out."""

import pytest

from speccheck.tla import syntax as ast
from speccheck.tla.errors import TlaError
from speccheck.tla.lexer import KEYWORDS
from speccheck.tla.parse import parse_module


def expression(text: str) -> ast.Expression:
    """Return the tree of one expression."""
    lines = "\n".join("  " + line for line in text.splitlines())
    module = parse_module(f"---- MODULE M ----\nx ==\n{lines}\n====", "M.tla")
    (unit,) = module.units
    assert isinstance(unit, ast.OperatorDefinition)
    return unit.body


def shape(node: ast.Expression) -> object:
    """Return applications and lists as nested tuples, everything else by its class."""
    if isinstance(node, ast.Apply):
        return (node.operator, *map(shape, node.arguments)) if node.arguments else node.operator
    if isinstance(node, ast.Junction):
        return ("list " + node.operator, *map(shape, node.items))
    if isinstance(node, ast.Number):
        return node.value
    return type(node).__name__


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("a + b * c", ("+", "a", ("*", "b", "c"))),
        ("a - b - c", ("-", ("-", "a", "b"), "c")),
        ("~ a = b /\\ c", ("/\\", ("~", ("=", "a", "b")), "c")),
        ("-a + b", ("+", ("-.", "a"), "b")),
        ("f' = g /\\ UNCHANGED h", ("/\\", ("=", ("'", "f"), "g"), ("UNCHANGED", "h"))),
        ("a \\cup b \\subseteq c", ("\\subseteq", ("\\cup", "a", "b"), "c")),
        ("S \\T", ("\\", "S", "T")),
        ("1..n", ("..", 1, "n")),
        ("[]<>a => b", ("=>", ("[]", ("<>", "a")), "b")),
        ("\\b101 + \\o17 + \\hFf", ("+", ("+", 5, 15), 255)),
    ],
)
def test_operators_bind_by_precedence(text: str, tree: object) -> None:
    assert shape(expression(text)) == tree


@pytest.mark.parametrize("text", ["a = b = c", "a /\\ b \\/ c", "a => b => c", "a \\cap b \\cup c"])
def test_conflicting_precedence_is_refused(text: str) -> None:
    with pytest.raises(TlaError, match="conflicting precedence"):
        expression(text)


def test_alignment_makes_the_list() -> None:
    nested = "/\\ a\n/\\ \\/ b\n   \\/ c\n/\\ d"
    assert shape(expression(nested)) == ("list /\\", "a", ("list \\/", "b", "c"), "d")
    left_shifted = " /\\ a\n/\\ b"
    assert shape(expression(left_shifted)) == ("/\\", ("list /\\", "a"), "b")
    right_shifted = "/\\ a\n /\\ b"
    assert shape(expression(right_shifted)) == ("list /\\", ("/\\", "a", "b"))


def test_a_product_chain_is_one_product_and_parentheses_nest() -> None:
    flat = expression("A \\X B \\X C")
    assert isinstance(flat, ast.Product)
    assert len(flat.factors) == 3
    nested = expression("(A \\X B) \\X C")
    assert isinstance(nested, ast.Product)
    assert len(nested.factors) == 2


def test_an_error_names_the_place_and_shows_the_line() -> None:
    with pytest.raises(TlaError) as caught:
        parse_module("---- MODULE M ----\nx == 1 +\ny == 2\n====", "M.tla")
    assert str(caught.value).startswith("M.tla:2:8: + lacks its right operand")
    assert str(caught.value).endswith("  x == 1 +\n         ^")


def test_a_case_has_a_condition() -> None:
    with pytest.raises(TlaError, match="a CASE has an arm besides OTHER"):
        parse_module("---- MODULE M ----\nx == CASE OTHER -> 1\n====", "M.tla")


def test_proofs_and_algorithms_are_skipped() -> None:
    module = parse_module(
        "\n".join(
            [
                "text before",
                "---- MODULE M ----",
                "(* --algorithm a begin skip; end algorithm (* nested *) *)",
                "THEOREM T == 1 = 1",
                "<1>1. 1 = 1",
                "  <2>1. QED BY DEF T",
                "<1> DEFINE y == 2",
                "<1>2. QED",
                "  PROOF OBVIOUS",
                "z == 3",
                "====",
                "text after",
            ]
        ),
        "M.tla",
    )
    kinds = [type(unit).__name__ for unit in module.units]
    assert kinds == ["Theorem", "OperatorDefinition"]


@pytest.mark.parametrize(
    "body",
    [
        "F(/\\, \\/)",  # a bullet that is an argument
        "A!B!/\\(a, b)",
        "A!B!!!(a, b)",
        "\\o (a, b)",
        "[A]_M(S)!vars",
        "{x \\in\n     /\\ A\n     /\\ B\n   : C}",
        "Thm!: \\/ a",
    ],
)
def test_symbols_stand_where_sany_takes_them(body: str) -> None:
    expression(body)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("x == LET LOCAL y == 1 IN y", "LOCAL"),
        ("x == \\A <<>> \\in S : TRUE", "at least one name"),
        ("x == +", "cannot stand|lacks"),
        ("x == a + lab :: b + c", "label"),
    ],
)
def test_what_sany_rejects_is_refused(text: str, why: str) -> None:
    with pytest.raises(TlaError, match=why):
        parse_module(f"---- MODULE M ----\n{text}\n====", "M.tla")


@pytest.mark.parametrize("name", [*sorted(KEYWORDS), "WF_", "SF_", "_"])
def test_a_field_may_have_a_reserved_name(name: str) -> None:
    """Where SANY takes one, and where not: probed with it, each word in each place."""
    field = expression(f"r.{name}")
    assert isinstance(field, ast.Field)
    assert field.name == name
    record = expression(f"[{name} |-> 1, other |-> 2]")
    assert isinstance(record, ast.Record)
    assert [field for field, _ in record.fields] == [name, "other"]
    assert shape(expression(f"[r EXCEPT !.{name} = 1, !.x.{name} = 2]")) == "Except"
    assert shape(expression(f"IF r.{name} THEN s.{name}.x ELSE 2")) == "If"

    for refused in (f"[other |-> 1, {name} |-> 2]", f"[{name} : S]", f"[x : S, {name} : S]"):
        with pytest.raises(TlaError):
            expression(refused)


def test_a_tab_reaches_to_the_next_multiple_of_eight() -> None:
    text = "---- MODULE M ----\nx ==\n\t/\\ a\n        /\\ b\n===="
    (unit,) = parse_module(text, "M.tla").units
    assert isinstance(unit, ast.OperatorDefinition)
    assert shape(unit.body) == ("list /\\", "a", "b")


def test_unicode_spells_the_same_symbols() -> None:
    assert expression("∀ x ∈ S : x ≠ 1 ∧ ⟨x⟩ ∉ T") == expression(
        "\\A x \\in S : x /= 1 /\\ <<x>> \\notin T"
    )
    assert shape(expression("∧ a\n∧ b")) == ("list /\\", "a", "b")
