"""Two passes over the tokens that spare the grammar unbounded lookahead: definition heads, and
proofs.

- The name that a definition defines becomes ``DEF`` (``DEFOP`` for a prefix operator), so that
  the grammar can tell ``A == x`` followed by ``B == y`` from ``x B``.
- Proofs, USE and HIDE are dropped: they say how a theorem is proved, and nothing here reads that.
"""

from collections.abc import Sequence

from lark import Token

from speccheck.tla.operators import INFIX, POSTFIX, PREFIX

_OPENER = {"RPAR": "LPAR", "RSQB": "LSQB"}
_UNIT_START = frozenset(
    {"DEF", "DEFOP", "THEOREM", "ASSUME", "CONSTANT", "VARIABLE", "RECURSIVE", "LOCAL"}
    | {"INSTANCE", "USE", "SEP", "END"}
)
_PROOF_START = frozenset(["PROOF", "BY", "OBVIOUS", "OMITTED", "STEP"])


def _retyped(token: Token, kind: str) -> Token:
    return Token.new_borrow_pos(kind, token.value, token)


def _matching(tokens: Sequence[Token], position: int) -> int:
    """Return where the bracket that ``tokens[position]`` closes was opened, or -1."""
    closer = tokens[position].type
    opener = _OPENER[closer]
    depth = 0
    for index in range(position, -1, -1):
        kind = tokens[index].type.rstrip("_")
        if kind == closer:
            depth += 1
        elif kind == opener:
            depth -= 1
            if depth == 0:
                return index
    return -1


def mark_definitions(tokens: list[Token]) -> list[Token]:
    """Return the tokens with the head of every ``==`` marked."""
    marked = list(tokens)
    for index, token in enumerate(tokens):
        if token.type == "DEFEQ" and index > 1:
            _mark_head(marked, index - 1)
    return marked


def _mark_head(tokens: list[Token], last: int) -> None:
    """Mark the name of the definition whose left side ends at ``last``."""
    token = tokens[last]
    if token.type in _OPENER:
        head = _matching(tokens, last) - 1
        if head >= 0 and tokens[head].type == "IDENT":
            tokens[head] = _retyped(tokens[head], "DEF")
        return
    if token.type == "OP" and token.value in POSTFIX and tokens[last - 1].type == "IDENT":
        tokens[last - 1] = _retyped(tokens[last - 1], "DEF")
        return
    if token.type != "IDENT":
        return
    before = tokens[last - 1]
    if before.type in {"OP", "EQ", "DOT"} and before.value not in POSTFIX:
        if before.value in INFIX and last >= 2 and tokens[last - 2].type == "IDENT":
            tokens[last - 2] = _retyped(tokens[last - 2], "DEF")
            return
        if before.value in PREFIX:
            tokens[last - 1] = _retyped(before, "DEFOP")
            return
    tokens[last] = _retyped(token, "DEF")


def drop_proofs(tokens: list[Token]) -> list[Token]:
    """Return the tokens without proofs, USE and HIDE; expects marked definitions."""
    kept: list[Token] = []
    index = 0
    while index < len(tokens):
        kind = tokens[index].type
        if kind in _PROOF_START:
            index = _after_proof(tokens, index)
        elif kind == "USE":
            index = _after_leaf(tokens, index + 1)
        elif kind == "IDENT" and _labels_assumption(tokens, index):
            index += 2
        else:
            kept.append(tokens[index])
            index += 1
    return kept


def _labels_assumption(tokens: list[Token], index: int) -> bool:
    """Tell whether ``name :: ASSUME`` stands at ``index``; the label means nothing."""
    following = [token.type for token in tokens[index + 1 : index + 3]]
    return following == ["COLONCOLON", "ASSUME"]


def _after_leaf(tokens: list[Token], index: int) -> int:
    """Return where the list of facts that begins at ``index`` ends."""
    while index < len(tokens) and tokens[index].type not in _UNIT_START:
        if tokens[index].type == "STEP" and tokens[index - 1].type not in {"COMMA", "BY", "USE"}:
            break  # A step of the proof, and not one that is cited.
        index += 1
    return index


def _after_proof(tokens: list[Token], index: int) -> int:
    """Return where the proof that begins at ``index`` ends: after its QED step, or its leaf."""
    levels: list[int] = []
    opened = False
    while index < len(tokens):
        kind = tokens[index].type
        if kind == "PROOF":
            opened = True
            index += 1
        elif kind in {"OBVIOUS", "OMITTED"}:
            index += 1
            if not levels:
                return index
        elif kind == "BY":
            index = _after_leaf(tokens, index + 1)
            if not levels:
                return index
        elif kind == "STEP":
            level = _level(tokens[index].value, levels, opened)
            opened = False
            if not levels or level > levels[-1]:
                levels.append(level)
            while levels[-1] > level and len(levels) > 1:
                levels.pop()
            index += 1
            if index < len(tokens) and tokens[index].type == "QED":
                index += 1
                levels.pop()
                if not levels and not _proof_follows(tokens, index, level):
                    return index
        elif kind == "END":
            return index
        else:
            index += 1
    return index


def _level(step: str, levels: list[int], opened: bool) -> int:
    """Return the level of a step such as ``<2>1.``; ``<*>`` stays, ``<+>`` goes one deeper."""
    name = step[1 : step.index(">")]
    top = levels[-1] if levels else 0
    if name == "+" or (name == "*" and (opened or not levels)):
        return top + 1
    return top if name == "*" else int(name)


def _proof_follows(tokens: list[Token], index: int, level: int) -> bool:
    """Tell whether the QED step of ``level`` has a proof of its own at ``index``."""
    if index >= len(tokens) or tokens[index].type not in _PROOF_START:
        return False
    if tokens[index].type != "STEP":
        return True
    return _level(tokens[index].value, [level], opened=False) > level
