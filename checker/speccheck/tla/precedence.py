"""A flat run of operands and operator symbols becomes a tree, by the precedence ranges of
operators.py.

Two operators whose ranges overlap need parentheses between them, unless both are the same left-
associative one; anything else is an error, as in SANY.

Source: "Specifying Systems", section 15.2.1.
"""

from typing import NamedTuple

from lark import Token

from speccheck.tla import syntax as ast
from speccheck.tla.errors import Refuse, Span
from speccheck.tla.lexer import BASES
from speccheck.tla.operators import INFIX, POSTFIX, PREFIX, Fix, Operator


def span_of(token: Token) -> Span:
    """Return where a token stands."""
    line, column = token.line or 0, token.column or 0
    return Span(line, column, token.end_line or line, token.end_column or column)


class _Pending(NamedTuple):
    """A prefix or infix operator that waits for its right operand."""

    operator: Operator
    symbol: Token
    left: ast.Expression | None


class PrecedenceParser:
    """Takes operands and symbols in text order; :meth:`finish` gives the tree.

    ``refuse`` makes the error that is raised, from a message and a place.
    """

    def __init__(self, refuse: Refuse) -> None:
        self._refuse = refuse
        self._pending: list[_Pending] = []
        self._operand: ast.Expression | None = None
        self._open_product: ast.Expression | None = None

    @property
    def operand(self) -> ast.Expression | None:
        """The complete operand just read, None where one is due."""
        return self._operand

    @operand.setter
    def operand(self, operand: ast.Expression) -> None:
        self._operand = operand

    @property
    def last_pending(self) -> Operator | None:
        """The operator that waits for the operand that is due, None if there is none."""
        return self._pending[-1].operator if self._pending else None

    def put_operand(self, operand: ast.Expression) -> None:
        """Take the next operand. Raises where an operator is due."""
        if self._operand is not None:
            raise self._refuse("an operator is missing before this", operand.span)
        self._operand = operand

    def put_symbol(self, symbol: Token) -> None:
        """Take the next operator symbol. Raises where it cannot stand."""
        if self._operand is None:
            prefix = PREFIX.get("-." if symbol == "-" else symbol.value)
            if prefix is None:
                # It may be meant to begin a number in binary or hexadecimal, or in octal.
                hint = f"; if a number is meant, {BASES}" if symbol in {"\\", "\\o"} else ""
                raise self._refuse(f"{symbol} lacks its left operand{hint}", span_of(symbol))
            self._pending.append(_Pending(prefix, symbol, None))
            return
        operator = POSTFIX.get(symbol.value) or INFIX.get(symbol.value)
        if operator is None:
            raise self._refuse(f"{symbol} cannot follow an operand", span_of(symbol))
        self._reduce_before(operator, symbol)
        operand = self._operand
        if operator.fix is Fix.POSTFIX:
            span = operand.span.to(span_of(symbol))
            self._operand = ast.Apply(span, operator.name, (operand,))
        else:
            self._pending.append(_Pending(operator, symbol, operand))
            self._operand = None

    def finish(self, end: Span) -> ast.Expression:
        """Return the tree of all that was put. Raises if the last operator lacks an operand."""
        if self._operand is None:
            last = self._pending[-1].symbol
            raise self._refuse(f"{last} lacks its right operand", end)
        while self._pending:
            self._reduce()
        return self._operand

    def _reduce_before(self, new: Operator, symbol: Token) -> None:
        """Build what binds tighter than ``new``, which stands to the right of it."""
        while self._pending:
            old = self._pending[-1].operator
            if old.high < new.low:
                return
            same = old.name == new.name and old.left_associative and old.fix is new.fix
            if not (old.low > new.high or same):
                place = span_of(symbol)
                raise self._refuse(
                    f"{self._pending[-1].symbol} and {symbol} have conflicting precedence; "
                    "parentheses are needed",
                    place,
                )
            self._reduce()

    def _reduce(self) -> None:
        pending = self._pending.pop()
        right = self._operand
        assert right is not None, "an operator is reduced after its right operand"
        name = pending.operator.name
        if pending.left is None:
            span = span_of(pending.symbol).to(right.span)
            self._operand = ast.Apply(span, name, (right,))
            return
        left = pending.left
        span = left.span.to(right.span)
        if name == "\\X":
            # A \\X B \\X C is one product; (A \\X B) \\X C is not.
            if isinstance(left, ast.Product) and left is self._open_product:
                earlier = left.factors
            else:
                earlier = (left,)
            self._operand = self._open_product = ast.Product(span, (*earlier, right))
        else:
            self._operand = ast.Apply(span, name, (left, right))
