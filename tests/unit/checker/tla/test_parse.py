"""The front end as a whole: text in, syntax tree or a placed error out."""

import pytest

from speccheck.tla import syntax as ast
from speccheck.tla.errors import TlaError
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
