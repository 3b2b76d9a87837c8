"""The parser beside tree-sitter's grammar of TLA+, which somebody else wrote.

Both must accept what the printer prints, with the same operators and lists in it. Of texts with a
token changed, what tree-sitter rejects must be rejected. The other way round there are reasons
to be stricter: tree-sitter takes operators of equal precedence as they come, takes keywords for
names, and knows more names of sub-expressions.
"""

import dataclasses
import warnings
from collections.abc import Iterator

import pytest
import tree_sitter
import tree_sitter_tlaplus
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.checker.tla.random_modules import modules

from speccheck.tla import syntax as ast
from speccheck.tla.errors import TlaError
from speccheck.tla.lexer import KEYWORDS, tokenize
from speccheck.tla.operators import INFIX, POSTFIX, PREFIX, Operator
from speccheck.tla.parse import parse_module
from speccheck.tla.printer import print_module

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    _PARSER = tree_sitter.Parser(tree_sitter.Language(tree_sitter_tlaplus.language()))

_STRICTER = ("conflicting precedence", "sub-expression", "parentheses are needed")
_LISTS = {"conj_list": "list /\\", "disj_list": "list \\/"}
quick = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
quiet = pytest.mark.filterwarnings("ignore:Generating overly large repr")


def judged_by_tree_sitter(text: str) -> tree_sitter.Node:
    return _PARSER.parse(text.encode()).root_node


def _symbol(node: tree_sitter.Node, table: dict) -> str:
    text = node.child_by_field_name("symbol").text.decode()
    return table["-." if table is PREFIX and text == "-" else text].name


def their_skeleton(node: tree_sitter.Node) -> list:
    """Return the operators and lists of a tree-sitter tree, nested as they are there."""
    table = {"bound_infix_op": INFIX, "bound_prefix_op": PREFIX, "bound_postfix_op": POSTFIX}
    if node.type in table:
        operands = [node.child_by_field_name(name) for name in ("lhs", "rhs")]
        inside = [their_skeleton(operand) for operand in operands if operand is not None]
        return [(_symbol(node, table[node.type]), *inside)]
    parts = [their_skeleton(child) for child in node.named_children]
    if node.type in _LISTS:
        return [(_LISTS[node.type], *parts)]
    return [piece for part in parts for piece in part]


def our_skeleton(node: object) -> list:
    """Return the same of one of our trees."""
    if isinstance(node, ast.Apply) and not node.through:
        count = len(node.arguments)
        if node.operator in ({}, {**PREFIX, **POSTFIX}, INFIX)[count if count < 3 else 0]:
            return [(node.operator, *map(our_skeleton, node.arguments))]
    if isinstance(node, ast.Product):
        folded = our_skeleton(node.factors[0])
        for factor in node.factors[1:]:
            folded = [("\\X", folded, our_skeleton(factor))]
        return folded
    parts = [our_skeleton(child) for child in _children(node)]
    if isinstance(node, ast.Junction):
        return [(f"list {node.operator}", *parts)]
    return [piece for part in parts for piece in part]


def _children(node: object) -> Iterator[object]:
    if isinstance(node, ast.Junction):
        yield from node.items
    elif isinstance(node, ast.Apply):
        yield from (*node.through, *node.arguments)
    elif isinstance(node, tuple):
        yield from node
    elif dataclasses.is_dataclass(node):
        yield from (getattr(node, field.name) for field in dataclasses.fields(node))


@quiet
@quick
@given(modules)
def test_both_read_the_same_operators_and_lists(module: ast.Module) -> None:
    text = print_module(module)
    theirs = judged_by_tree_sitter(text)
    assert not theirs.has_error, text
    assert our_skeleton(parse_module(text, "M.tla")) == their_skeleton(theirs), text


def mutated(text: str, draw: st.DataObject) -> str:
    """Return a module's text with a token taken out, put in or replaced."""
    tokens = tokenize(text, "M.tla")[4:-1]
    if not tokens:
        return text
    at, other = draw.draw(st.sampled_from(tokens)), draw.draw(st.sampled_from(tokens))
    new = draw.draw(st.sampled_from(["", f" {other.value} ", f" {at.value} {other.value} "]))
    return text[: at.start_pos] + new + text[at.end_pos :]


@quiet
@quick
@given(modules, st.data())
def test_of_changed_texts_the_same_are_rejected(module: ast.Module, draw: st.DataObject) -> None:
    text = mutated(print_module(module), draw)
    rejected = judged_by_tree_sitter(text).has_error
    reason = _why_refused(text)
    if reason is None:
        assert not rejected, text
    elif not rejected:
        keyword_as_name = any(word in text.split() for word in KEYWORDS if word not in _USED)
        assert keyword_as_name or any(why in reason for why in _STRICTER), text


def _why_refused(text: str) -> str | None:
    try:
        parse_module(text, "M.tla")
    except TlaError as error:
        return str(error)
    return None


# Keywords that the printer itself writes around; one more of them is an error for both.
_USED = {"IF", "THEN", "ELSE", "CASE", "OTHER", "LET", "IN", "CHOOSE", "LAMBDA", "DOMAIN", "UNION"}
_USED |= {"SUBSET", "ENABLED", "UNCHANGED", "EXCEPT"}


def _never_conflict(first: Operator, second: Operator) -> bool:
    same = first.name == second.name and first.left_associative
    return same or first.high < second.low or first.low > second.high


@pytest.mark.parametrize("first", sorted({operator.name for operator in INFIX.values()}))
def test_both_bind_every_pair_of_operators_alike(first: str) -> None:
    others = [other for other in INFIX.values() if _never_conflict(INFIX[first], other)]
    bodies = [f"a {first} b {other.name} c" for other in others]
    bodies += [f"{prefix} a {first} b" for prefix in PREFIX if PREFIX[prefix].name != "-."]
    bodies += [f"a {first} b{postfix}" for postfix in POSTFIX]
    bodies = [body for body in bodies if not _conflicts(body)]
    definitions = "\n".join(f"x{n} == {body}" for n, body in enumerate(bodies))
    text = f"---- MODULE M ----\n{definitions}\n===="
    theirs = judged_by_tree_sitter(text)
    assert not theirs.has_error
    assert our_skeleton(parse_module(text, "M.tla")) == their_skeleton(theirs)


def _conflicts(body: str) -> bool:
    try:
        parse_module(f"---- MODULE M ----\nx == {body}\n====", "M.tla")
    except TlaError as error:
        return "conflicting precedence" in str(error)
    return False


@pytest.mark.parametrize(
    "body",
    [
        "a b",
        "(a",
        "a)",
        "[f EXCEPT ![1]]",
        "{x \\in : P}",
        "\\A x \\in S P",
        "IF a THEN b",
        "+",
        "<>",
    ],
)
def test_both_reject_what_is_no_expression(body: str) -> None:
    text = f"---- MODULE M ----\nx == {body}\n===="
    assert judged_by_tree_sitter(text).has_error
    with pytest.raises(TlaError):
        parse_module(text, "M.tla")
