"""Junction lists: turns alignment into brackets.

A bullet (``/\\`` or ``\\/`` where an operand is due) opens a list at its column. The same bullet
at the same column begins the next item. Any other token at that column or left of it ends the
list, and so does whatever closes a construct that was open before the list: a bracket, THEN,
ELSE, IN, a comma, the colon of a quantifier. The tokens ``JUNC_OPEN``, ``JUNC_NEXT`` and
``JUNC_CLOSE`` say so to the grammar.

Source: "Specifying Systems", section 15.2.2; the corner cases are those of SANY's syntax corpus.
"""

from collections.abc import Iterator
from typing import NamedTuple

from lark import Token

from speccheck.tla.operators import POSTFIX

_OPERAND_END = frozenset(
    {"IDENT", "NUMBER", "DECIMAL", "STRING", "AT", "RPAR", "RSQB", "RBRACE", "RANGLE"}
    | {"JUNC_CLOSE", "UNDERSCORE", "DEF"}
)
_BULLETS = {"/\\": "/\\", "\\land": "/\\", "\\/": "\\/", "\\lor": "\\/"}
_OPENERS = {"LPAR": "RPAR", "LSQB": "RSQB", "LBRACE": "RBRACE", "LANGLE": "RANGLE"}
_CLOSERS = frozenset(["RPAR", "RSQB", "RSQB_", "RBRACE", "RANGLE", "RANGLE_"])
_UNITS = frozenset(
    {"DEF", "DEFOP", "THEOREM", "ASSUME", "CONSTANT", "VARIABLE", "RECURSIVE", "LOCAL"}
    | {"INSTANCE", "SEP", "END"}
)
_AHEAD_OF_ASSUMPTION = frozenset(["NEW", "COMMA", "ASSUME"])
_AFTER_ARGUMENT = frozenset(["COMMA", "RPAR"])
_BINDERS = frozenset(["QUANTIFIER", "CHOOSE", "LAMBDA"])


class _Open(NamedTuple):
    """Something open: a junction list ("J", its column and bullet), or a construct by its name."""

    kind: str
    column: int = 0
    bullet: str = ""


def lay_out(tokens: list[Token]) -> Iterator[Token]:
    """Yield the tokens with those of lists set in; a ``[]`` between CASE arms becomes CASE_SEP."""
    layout = _Layout()
    before = ""
    for token, after in zip(tokens, [*tokens[1:], None], strict=True):
        # A symbol that is an argument or follows a ! is the operator, and no bullet.
        named = before == "BANG" or (after is not None and after.type in _AFTER_ARGUMENT)
        yield from layout.feed(token, is_name=named)
        before = token.type


class _Layout:
    def __init__(self) -> None:
        self._open: list[_Open] = []
        self._operand_done = False
        self._before = ""
        self._last: Token | None = None

    def feed(self, token: Token, *, is_name: bool = False) -> list[Token]:
        out: list[Token] = []
        bullet = _BULLETS.get(token.value, "") if token.type == "OP" and not is_name else ""
        column: int = token.column or 0
        while (innermost := self._innermost_junction()) >= 0:
            junction = self._open[innermost]
            if column > junction.column:
                break
            if bullet == junction.bullet and column == junction.column:
                del self._open[innermost + 1 :]
                out.append(self._synthetic("JUNC_NEXT", token))
                self._operand_done = False
                self._last = token
                return out
            del self._open[innermost:]
            out.append(self._synthetic("JUNC_CLOSE", token))
            self._operand_done = True
        self._close_constructs(token, out)
        if bullet and not self._operand_done:
            self._open.append(_Open("J", column, bullet))
            self._last = token
            opened = Token.new_borrow_pos("JUNC_OPEN", bullet, token)
            out.append(opened)
            return out
        if token.type == "OP" and token.value == "[]" and self._operand_done:
            token = Token.new_borrow_pos("CASE_SEP", token.value, token)
        out.append(token)
        names_statement = token.type == "COLON" and self._before == "BANG"  # Thm!:
        self._note(token)
        if names_statement or (is_name and token.value in _BULLETS):
            self._operand_done = True
        return out

    def _innermost_junction(self) -> int:
        for index in range(len(self._open) - 1, -1, -1):
            if self._open[index].kind == "J":
                return index
        return -1

    def _synthetic(self, kind: str, before: Token) -> Token:
        """Return a token that stands ahead of another; what it closes ended with the last one."""
        made = Token.new_borrow_pos(kind, "", before)
        if self._last is not None:
            made.end_line, made.end_column = self._last.end_line, self._last.end_column
            made.end_pos = self._last.end_pos
        return made

    def _close_to(self, kinds: frozenset[str] | set[str], out: list[Token], token: Token) -> bool:
        """Close what is open above the innermost of ``kinds``; False (nothing closed) if none is.

        Only soft things may be closed on the way: a comma does not reach through a bracket.
        """
        for index in range(len(self._open) - 1, -1, -1):
            kind = self._open[index].kind
            if kind in kinds:
                for entry in reversed(self._open[index + 1 :]):
                    if entry.kind == "J":
                        out.append(self._synthetic("JUNC_CLOSE", token))
                        self._operand_done = True
                del self._open[index + 1 :]
                return True
            if kind in _OPENERS:
                return False
        return False

    def _close_constructs(self, token: Token, out: list[Token]) -> None:
        """Close the lists that ``token`` ends because it belongs to something outside them."""
        kind = token.type
        if kind in _CLOSERS:
            wanted = kind.rstrip("_")
            opener = {o for o, c in _OPENERS.items() if c == wanted}
            if self._close_to(opener, out, token):
                self._open.pop()
        elif kind == "COMMA":
            self._close_to({*_OPENERS, "BINDER", "LIST"}, out, token)
        elif kind == "COLON" and self._before != "BANG":
            kinds = {"BINDER", "LBRACE", "LSQB"}
            if self._close_to(kinds, out, token) and self._open[-1].kind == "BINDER":
                self._open.pop()
        elif kind == "THEN":
            if self._close_to({"IF"}, out, token):
                self._open[-1] = _Open("THEN")
        elif kind == "ELSE":
            if self._close_to({"THEN"}, out, token):
                self._open.pop()
        elif kind == "IN":
            if self._close_to({"LET"}, out, token):
                self._open.pop()
        elif kind == "ARROW":
            self._close_to({"CASE", *_OPENERS}, out, token)
        elif kind == "OP" and token.value == "[]" and self._operand_done:
            self._close_to({"CASE"}, out, token)
        elif kind in {"MAPSTO", "EXCEPT"}:
            self._close_to(set(_OPENERS), out, token)
        elif kind == "PROVE":
            self._close_to({"LIST"}, out, token)
        elif kind in _UNITS and self._before in _AHEAD_OF_ASSUMPTION:
            pass  # CONSTANT and VARIABLE in ASSUME NEW CONSTANT c, VARIABLE x begin no unit.
        elif kind in _UNITS and not self._close_to({"LET"}, out, token):
            self._close_all(out, token)

    def _close_all(self, out: list[Token], token: Token) -> None:
        lists = sum(entry.kind == "J" for entry in self._open)
        out.extend(self._synthetic("JUNC_CLOSE", token) for _ in range(lists))
        self._open.clear()

    def _note(self, token: Token) -> None:
        """Remember what ``token`` opens, and whether an operand is complete after it."""
        kind = self._before = token.type
        self._last = token
        if kind in _OPENERS:
            self._open.append(_Open(kind))
        elif kind in _BINDERS:
            self._open.append(_Open("BINDER"))
        elif kind in {"IF", "LET", "CASE"}:
            self._open.append(_Open(kind))
        elif kind in {"ASSUME", "WITH"}:
            self._open.append(_Open("LIST"))
        self._operand_done = kind in _OPERAND_END or (kind == "OP" and token.value in POSTFIX)
