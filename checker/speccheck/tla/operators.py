"""The operators of TLA+: symbol, synonyms, where it stands, precedence range, associativity.

Source: "Specifying Systems", table 6 on page 271 and the list of ASCII symbols in chapter 15,
with the ranges on the scale of ten that SANY uses, so that ``.`` at 17-17 is (170, 170).
"""

from enum import Enum
from typing import NamedTuple


class Fix(Enum):
    """Where an operator stands relative to its operands."""

    PREFIX = "prefix"
    INFIX = "infix"
    POSTFIX = "postfix"


class Operator(NamedTuple):
    """``name`` is the canonical symbol; a range that is higher binds tighter."""

    name: str
    fix: Fix
    low: int
    high: int
    left_associative: bool = False


def _table(fix: Fix, rows: str) -> dict[str, Operator]:
    """Read rows of ``low high assoc symbol synonym...``; assoc is L (left) or - (none)."""
    found: dict[str, Operator] = {}
    for row in rows.strip().splitlines():
        low, high, associativity, name, *synonyms = row.split()
        operator = Operator(name, fix, int(low), int(high), associativity == "L")
        for symbol in (name, *synonyms):
            found[symbol] = operator
    return found


PREFIX = _table(
    Fix.PREFIX,
    r"""
    40 40 L ~ \lnot \neg
    40 150 - []
    40 150 - <>
    40 150 - ENABLED
    40 150 - UNCHANGED
    100 130 - SUBSET
    100 130 - UNION
    100 130 - DOMAIN
    120 120 - -.
    """,
)

POSTFIX = _table(
    Fix.POSTFIX,
    """
    150 150 - '
    150 150 - ^+
    150 150 - ^*
    150 150 - ^#
    """,
)

INFIX = _table(
    Fix.INFIX,
    r"""
    10 10 - =>
    20 20 - -+->
    20 20 - <=> \equiv
    20 20 - ~>
    30 30 L /\ \land
    30 30 L \/ \lor
    50 50 - =
    50 50 - /= #
    50 50 - :=
    50 50 - ::=
    50 50 - <
    50 50 - >
    50 50 - <= =< \leq
    50 50 - >= \geq
    50 50 - \in
    50 50 - \notin
    50 50 - \approx
    50 50 - \asymp
    50 50 - \cong
    50 50 - \doteq
    50 50 - \gg
    50 50 - \ll
    50 50 - \prec
    50 50 - \preceq
    50 50 - \propto
    50 50 - \sim
    50 50 - \simeq
    50 50 - \sqsubset
    50 50 - \sqsubseteq
    50 50 - \sqsupset
    50 50 - \sqsupseteq
    50 50 - \subset
    50 50 - \subseteq
    50 50 - \succ
    50 50 - \succeq
    50 50 - \supset
    50 50 - \supseteq
    50 50 - |-
    50 50 - |=
    50 50 - -|
    50 50 - =|
    50 140 L \cdot
    60 60 L @@
    70 70 - :>
    70 70 - <:
    80 80 - \
    80 80 L \cap \intersect
    80 80 L \cup \union
    90 90 - ..
    90 90 - ...
    90 130 - !!
    90 130 L ##
    90 130 L $
    90 130 L $$
    90 130 L ??
    90 130 L \sqcap
    90 130 L \sqcup
    90 130 L \uplus
    90 140 - \wr
    100 100 L (+) \oplus
    100 100 L +
    100 100 L ++
    100 110 - %
    100 110 L %%
    100 110 L |
    100 110 L ||
    100 130 L \X \times
    110 110 L (-) \ominus
    110 110 L -
    110 110 L --
    130 130 L &
    130 130 L &&
    130 130 L (.) \odot
    130 130 - (/) \oslash
    130 130 L (\X) \otimes
    130 130 L *
    130 130 L **
    130 130 - /
    130 130 - //
    130 130 L \bigcirc
    130 130 L \bullet
    130 130 - \div
    130 130 L \o \circ
    130 130 L \star
    140 140 - ^
    140 140 - ^^
    """,
)

SYMBOLS = frozenset({*PREFIX, *INFIX, *POSTFIX})
