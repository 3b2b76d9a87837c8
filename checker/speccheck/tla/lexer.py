"""Text to tokens. Comments (with them PlusCal algorithms) and the text around a module
are no tokens.

Token types: a keyword is its own type, an operator symbol is ``OP`` (but ``=`` is ``EQ``),
brackets and punctuation have names, an identifier is ``IDENT``. Line and column are 1-based; a
tab reaches to the next multiple of eight, as in SANY, so that lists align as the author saw them.

Source: "Specifying Systems", chapter 15; "TLA+ version 2" for proofs, RECURSIVE and LAMBDA.
"""

import re

from lark import Token

from speccheck.tla import unicode
from speccheck.tla.errors import TAB_SIZE, TlaError
from speccheck.tla.operators import SYMBOLS

KEYWORDS = {
    "ACTION": "ACTION",
    "ASSUME": "ASSUME",
    "ASSUMPTION": "ASSUME",
    "AXIOM": "ASSUME",
    "BY": "BY",
    "CASE": "CASE",
    "CHOOSE": "CHOOSE",
    "CONSTANT": "CONSTANT",
    "CONSTANTS": "CONSTANT",
    "COROLLARY": "THEOREM",
    "DEF": "DEFS",
    "DEFINE": "DEFINE",
    "DEFS": "DEFS",
    "ELSE": "ELSE",
    "EXCEPT": "EXCEPT",
    "EXTENDS": "EXTENDS",
    "HAVE": "HAVE",
    "HIDE": "USE",
    "IF": "IF",
    "IN": "IN",
    "INSTANCE": "INSTANCE",
    "LAMBDA": "LAMBDA",
    "LEMMA": "THEOREM",
    "LET": "LET",
    "LOCAL": "LOCAL",
    "MODULE": "MODULE",
    "NEW": "NEW",
    "OBVIOUS": "OBVIOUS",
    "OMITTED": "OMITTED",
    "ONLY": "ONLY",
    "OTHER": "OTHER",
    "PICK": "PICK",
    "PROOF": "PROOF",
    "PROPOSITION": "THEOREM",
    "PROVE": "PROVE",
    "QED": "QED",
    "RECURSIVE": "RECURSIVE",
    "STATE": "STATE",
    "SUFFICES": "SUFFICES",
    "TAKE": "TAKE",
    "TEMPORAL": "TEMPORAL",
    "THEN": "THEN",
    "THEOREM": "THEOREM",
    "USE": "USE",
    "VARIABLE": "VARIABLE",
    "VARIABLES": "VARIABLE",
    "WITH": "WITH",
    "WITNESS": "WITNESS",
    "DOMAIN": "OP",
    "ENABLED": "OP",
    "SUBSET": "OP",
    "UNCHANGED": "OP",
    "UNION": "OP",
}

PUNCTUATION = {
    "(": "LPAR",
    ")": "RPAR",
    "[": "LSQB",
    "]": "RSQB",
    "]_": "RSQB_",
    "{": "LBRACE",
    "}": "RBRACE",
    "<<": "LANGLE",
    ">>": "RANGLE",
    ">>_": "RANGLE_",
    ",": "COMMA",
    ":": "COLON",
    "::": "COLONCOLON",
    "|->": "MAPSTO",
    "->": "ARROW",
    "<-": "GETS",
    "==": "DEFEQ",
    "!": "BANG",
    ".": "DOT",
    "@": "AT",
    "_": "UNDERSCORE",
    "=": "EQ",
    "\\A": "QUANTIFIER",
    "\\E": "QUANTIFIER",
    "\\AA": "QUANTIFIER",
    "\\EE": "QUANTIFIER",
    "\\forall": "QUANTIFIER",
    "\\exists": "QUANTIFIER",
}

# Words with a backslash are found whole (\\in is not \\i and n); other symbols longest first.
_SYMBOLIC = sorted(
    (s for s in {*SYMBOLS, *PUNCTUATION} if not re.fullmatch(r"\\?[A-Za-z_]+", s)),
    key=len,
    reverse=True,
)

_TOKEN = re.compile(
    r"""
      (?P<SPACE>\s+)
    | (?P<LINE_COMMENT>\\\*[^\n]*)
    | (?P<COMMENT>\(\*)
    | (?P<STRING>"(?:[^"\\\n]|\\[^\n])*")
    | (?P<STEP><(?:\d+|[*+])>[A-Za-z0-9_]*\.*)
    | (?P<FAIRNESS>(?:WF|SF)_)
    | (?P<IDENT>[0-9_]*[A-Za-z][A-Za-z0-9_]*)
    | (?P<DECIMAL>\d+\.\d+)
    | (?P<NUMBER>\d+|\\[oO][0-7]+|\\[bB][01]+|\\[hH][0-9a-fA-F]+)
    | (?P<END>={4,})
    | (?P<SEP>-{4,})
    | (?P<WORD>\\[A-Za-z]+)
    | (?P<SYMBOL>!(?=!!)|"""
    + "|".join(map(re.escape, _SYMBOLIC))
    + r"""|_)
    | (?P<UNICODE>"""
    + "|".join(sorted([*unicode.SYMBOLS, *unicode.NAMES], key=len, reverse=True))
    + r""")
    | (?P<BAD>.)
    """,
    re.VERBOSE | re.DOTALL,
)

BASES = r"one is written 10, \b1010, \o12 or \hA"
_ESCAPES = r"\" \\ \n \t \f \r"
_DIGITS = re.compile(r"\w+", re.ASCII)
_ESCAPE = re.compile(r"\\.")
_COMMENT_EDGE = re.compile(r"\(\*|\*\)")
_MODULE = re.compile(r"-{4,}[ \t]*MODULE\b")


def tokenize(text: str, path: str, comments: list[Token] | None = None) -> list[Token]:
    """Return the tokens of the first module of ``text``, its header and closing line included.

    The comments within it are added to ``comments``, each with its place. Raises TlaError where a
    character, string or comment is malformed, or where no module begins.
    """
    text = text.expandtabs(TAB_SIZE)
    begin = _MODULE.search(text)
    if begin is None:
        raise TlaError("no module begins here", path=path, text=text, line=1, column=1)
    position = begin.start()
    line = text.count("\n", 0, position) + 1
    line_start = text.rfind("\n", 0, position) + 1
    tokens: list[Token] = []
    depth = 0
    size = len(text)
    match_at = _TOKEN.match
    while position < size:
        match = match_at(text, position)
        assert match is not None, "the last alternative takes any character"
        kind, end = match.lastgroup or "", match.end()
        if kind == "SPACE":
            newlines = text.count("\n", position, end)
            if newlines:
                line += newlines
                line_start = text.rfind("\n", position, end) + 1
            position = end
            continue
        column = position - line_start + 1
        if kind in {"LINE_COMMENT", "COMMENT"}:
            if kind == "COMMENT":
                end = _skip_comment(text, position, path, line, column)
            if comments is not None:
                comments.append(Token(kind, text[position:end], position, line, column))
            newlines = text.count("\n", position, end)
            if newlines:
                line += newlines
                line_start = text.rfind("\n", position, end) + 1
            position = end
            continue
        value = match.group()
        if kind == "IDENT":
            kind = KEYWORDS.get(value, "IDENT")
        elif kind == "SYMBOL":
            kind = PUNCTUATION.get(value, "OP")
        elif kind == "WORD":
            if value in PUNCTUATION:
                kind = PUNCTUATION[value]
            elif value in SYMBOLS:
                kind = "OP"
            else:
                # A backslash before a name is set difference: S \T.
                value, kind = "\\", "OP"
                end = position + 1
        elif kind == "UNICODE":
            kind, value = _spelt_in_ascii(value)
        elif kind == "STRING":
            unknown = _unknown_escape(value) if "\\" in value else None
            if unknown is not None:
                what = f"{unknown.group()} cannot stand in a string; there are {_ESCAPES}"
                at = column + unknown.start()
                raise TlaError(what, path=path, text=text, line=line, column=at)
        elif kind == "NUMBER" and value[0] == "\\" and (rest := _DIGITS.match(text, end)):
            what = f"{value}{rest.group()} is no number: {BASES}"
            raise TlaError(what, path=path, text=text, line=line, column=column)
        elif kind == "BAD":
            what = "string without end" if value == '"' else f"unexpected character {value!r}"
            raise TlaError(what, path=path, text=text, line=line, column=column)
        if tokens and tokens[-1].type == "DOT" and _is_reserved(kind, value):
            kind = "IDENT"  # A field may be named so: r.UNION, !.IF
        elif kind == "MAPSTO" and len(tokens) > 1 and tokens[-2].type == "LSQB":
            _name_the_first_field(tokens)
        token = Token(kind, value, position, line, column, line, column + end - position, end)
        tokens.append(token)
        position = end
        if kind == "MODULE":
            depth += 1
        elif kind == "END":
            depth -= 1
            if depth <= 0:
                return tokens
    return tokens


def _unknown_escape(literal: str) -> re.Match[str] | None:
    """Return the first escape in a string that SANY refuses."""
    escapes = _ESCAPE.finditer(literal)
    return next((found for found in escapes if found.group() not in _ESCAPES.split()), None)


def _is_reserved(kind: str, value: str) -> bool:
    return value in KEYWORDS or kind in {"FAIRNESS", "UNDERSCORE"}


def _name_the_first_field(tokens: list[Token]) -> None:
    """Let the last token be a name if it is reserved: [IF |-> 1], as SANY has it.

    Only the first field of a record may be named so, and none in a set of records.
    """
    if _is_reserved(tokens[-1].type, tokens[-1].value):
        tokens[-1] = tokens[-1].update(type="IDENT")


def _spelt_in_ascii(symbol: str) -> tuple[str, str]:
    """Return the token type and the ASCII spelling of a Unicode symbol."""
    name = unicode.NAMES.get(symbol)
    if name is not None:
        return "IDENT", name
    value = unicode.SYMBOLS[symbol]
    return PUNCTUATION.get(value, "OP"), value


def _skip_comment(text: str, position: int, path: str, line: int, column: int) -> int:
    """Return where the comment that begins at ``position`` ends; comments nest."""
    depth = 0
    for edge in _COMMENT_EDGE.finditer(text, position):
        depth += 1 if edge.group() == "(*" else -1
        if depth == 0:
            return edge.end()
    raise TlaError("comment without end", path=path, text=text, line=line, column=column)
