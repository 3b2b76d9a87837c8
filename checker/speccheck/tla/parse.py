"""Text to module: the passes of the front end in order.

``parse_module`` is the entry; everything else in this package is one step of it.
"""

import io
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from importlib.resources import files
from typing import Any

from lark import Lark, Token
from lark import __version__ as lark_version
from lark.exceptions import UnexpectedToken
from lark.lexer import Lexer

from speccheck.tla import syntax as ast
from speccheck.tla.cache import kept
from speccheck.tla.errors import Span, TlaError
from speccheck.tla.expressions import Parsed, unescape
from speccheck.tla.heads import drop_proofs, mark_definitions
from speccheck.tla.layout import lay_out
from speccheck.tla.lexer import tokenize
from speccheck.tla.operators import POSTFIX
from speccheck.tla.units import UnitBuilder

_READABLE = {
    "AT": "@",
    "ARROW": "->",
    "BANG": "!",
    "COLON": ":",
    "COMMA": ",",
    "DEFEQ": "==",
    "DOT": ".",
    "EQ": "=",
    "END": "====",
    "GETS": "<-",
    "JUNC_CLOSE": "the end of the list",
    "JUNC_NEXT": "the next item",
    "JUNC_OPEN": "a list",
    "LANGLE": "<<",
    "LBRACE": "{",
    "LPAR": "(",
    "LSQB": "[",
    "MAPSTO": "|->",
    "OP": "an operator",
    "RANGLE": ">>",
    "RANGLE_": ">>_",
    "RBRACE": "}",
    "RPAR": ")",
    "RSQB": "]",
    "RSQB_": "]_",
    "SEP": "----",
    "UNDERSCORE": "_",
    "IDENT": "a name",
    "DEF": "a definition",
    "DEFOP": "a definition",
    "NUMBER": "a number",
    "EXPRESSION": "an expression",
    "UNIT": "a definition or declaration",
}
_BEGINS_EXPRESSION = {"IDENT", "NUMBER", "LPAR"}
_BESIDES_EXPRESSION = {"INSTANCE", "RBRACE", "RANGLE", "RPAR"}
# In a run of operands and operators, what the grammar takes at any place.
_OF_EXPRESSION = frozenset(
    [
        "AT",
        "BANG",
        "CASE",
        "CHOOSE",
        "COLONCOLON",
        "DECIMAL",
        "DOT",
        "EQ",
        "FAIRNESS",
        "IDENT",
        "IF",
        "JUNC_OPEN",
        "LAMBDA",
        "LANGLE",
        "LBRACE",
        "LET",
        "LPAR",
        "LSQB",
        "NUMBER",
        "QUANTIFIER",
        "STRING",
    ]
)
_ENDS_OPERAND = frozenset(
    ["AT", "DECIMAL", "IDENT", "NUMBER", "RANGLE", "RBRACE", "RPAR", "RSQB", "STRING"]
)
_UNITS = frozenset(
    [
        "ASSUME",
        "CONSTANT",
        "DEF",
        "DEFOP",
        "INSTANCE",
        "LOCAL",
        "RECURSIVE",
        "SEP",
        "THEOREM",
        "VARIABLE",
    ]
)
_MOST_EXPECTED = 6


class _TokenList(Lexer):
    """Hands Lark the tokens that the passes have made."""

    def __init__(self, _configuration: Any) -> None:
        pass

    def lex(self, lexer_state: Any, parser_state: Any = None) -> Iterator[Token]:
        """Yield the tokens."""
        return iter(lexer_state)


@cache
def _parser() -> Lark:
    grammar = files("speccheck.tla").joinpath("grammar.lark").read_text("utf-8")

    def tables() -> bytes:
        made = Lark(
            grammar,
            parser="lalr",
            lexer=_TokenList,
            start="module",
            propagate_positions=True,
            maybe_placeholders=False,
        )
        saved = io.BytesIO()
        made.save(saved)
        return saved.getvalue()

    return Lark.load(io.BytesIO(kept("tables", lark_version + grammar, tables)))


def parse_module(text: str, path: str) -> ast.Module:
    """Return the first module in ``text``; ``path`` names the text in errors.

    Raises TlaError with the place and, for a syntax error, what could have stood there.
    """

    def refuse(message: str, span: Span) -> TlaError:
        return TlaError(message, path=path, text=text, line=span.line, column=span.column)

    read = tokenize(text, path)
    tokens = drop_proofs(mark_definitions(read))
    try:
        tree: Parsed = _parser().parse(lay_out(tokens))
    except UnexpectedToken as error:
        raise _syntax_error(error, tokens, text, path) from None
    return replace(
        UnitBuilder(refuse, path).module(tree),
        words=tuple(dict.fromkeys(t.value for t in read if t.type == "IDENT")),
        texts=tuple(dict.fromkeys(unescape(t.value) for t in read if t.type == "STRING")),
    )


def _next(tokens: list[Token], token: Token) -> Token:
    """Return the token that follows; the last one follows itself."""
    places = [(each.line, each.column) for each in tokens]
    at = places.index((token.line, token.column)) + 1
    return tokens[min(at, len(tokens) - 1)]


def _syntax_error(error: UnexpectedToken, tokens: list[Token], text: str, path: str) -> TlaError:
    found = error.token
    line, column = found.line, found.column
    if found.type == "$END":
        last = tokens[-1]
        line, column = last.end_line, last.end_column
        what = "the module does not end"
    elif found.type == "JUNC_CLOSE":
        what = "the list ends here too early"
    else:
        what = f"{found.value or found.type!r} cannot stand here"
    if found.type == "EXTENDS":
        what = "EXTENDS cannot stand here: it comes first in a module"
        return TlaError(what, path=path, text=text, line=line or 1, column=column or 1)
    kinds = set(error.accepts or error.expected or ())
    if "DEF" in kinds and found.type == "IDENT" and _next(tokens, found).type == "EQ":
        what += ": a definition has ==, not ="
    before = [token for token in tokens if (token.line, token.column) < (line, column)]
    if before and before[-1].type in {"OP", "EQ"} and before[-1].value not in POSTFIX:
        kinds = {"EXPRESSION"}  # The grammar takes operators as they come.
    elif kinds >= _BEGINS_EXPRESSION and before and before[-1].type in _ENDS_OPERAND:
        kinds = {"OP"} | (kinds - _OF_EXPRESSION)
    elif kinds >= _BEGINS_EXPRESSION:
        kinds = {"EXPRESSION"} | (kinds & _BESIDES_EXPRESSION)
    if kinds >= _UNITS:
        kinds = {"UNIT"} | (kinds - _UNITS)
    names = sorted({_READABLE.get(kind, kind) for kind in kinds})
    shown = tuple(names) if len(names) <= _MOST_EXPECTED else ()
    return TlaError(what, path=path, text=text, line=line or 1, column=column or 1, expected=shown)
