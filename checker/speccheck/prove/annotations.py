r"""The ``\* @type: ...;`` and ``@typeAlias`` comments of modules, by what they are said of.

A type is said of the name that comes next in the syntax tree: the comment stands directly ahead of
it, or ahead of the keyword before it (``VARIABLE``), with other comments between at most. It begins
on a line of the comment and is the last thing in it, so that neither prose nor a declaration that
has been commented out says a type; nor does a line comment behind a name, which seems to speak of
that one. An alias may be said in any comment of a module.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from lark import Token

from speccheck.prove.types import TypeSyntaxError
from speccheck.tla import syntax as ast
from speccheck.tla.lexer import tokenize

_ALIAS = re.compile(r"@typeAlias:\s*([A-Za-z_][A-Za-z0-9_]*)\s*=\s*([^;]*);")
_TYPE = re.compile(r"^[ \t*]*@type:\s*([^;]*);([\s*]*\Z)?", re.MULTILINE)
_DECLARES = {"CONSTANT", "VARIABLE"}


@dataclass(slots=True)
class Annotations:
    """What the comments of modules in one file say: the aliases, and by line and column of what is
    declared the texts of its types, the nearest first."""

    aliases: dict[str, str] = field(default_factory=dict)
    texts: dict[tuple[int, int], list[str]] = field(default_factory=dict)

    def text_at(self, line: int, column: int) -> str | None:
        """Return the type of what is declared there, None where nothing is said of it.

        Raises TypeSyntaxError where two things are said.
        """
        found = self.texts.get((line, column), [])
        if len({"".join(text.split()) for text in found}) > 1:
            both = " and ".join(text.strip() for text in found)
            raise TypeSyntaxError(f"it is annotated as {both}; leave one of these")
        return found[0] if found else None


def annotations(text: str, modules: Iterable[ast.Module]) -> Annotations:
    """Return the annotations of the modules that were read from a file with this text.

    Raises TypeSyntaxError where an alias has two meanings, and TlaError.
    """
    found = Annotations()
    for module in modules:
        # Only what the module was read from: other text of the file says nothing.
        above = module.span.line - 1
        lines = text.split("\n")
        source = "\n" * above + "\n".join(lines[above:])
        comments: list[Token] = []
        tokens = tokenize(source, module.path, comments)
        _take(found, tokens, comments)
    return found


def _take(found: Annotations, tokens: list[Token], comments: list[Token]) -> None:
    """Add what some comments say."""
    pending = comments[::-1]
    before = tokens[0]
    ahead: list[Token] = []  # the comments ahead of a keyword that declares, if one has just been
    for token in tokens:
        here: list[Token] = []
        while pending and _start(pending[-1]) < _start(token):
            here.append(pending.pop())
        _take_aliases(found, here)
        here = [comment for comment in here if not _ends_line(comment, before)]
        before = token
        if token.type in _DECLARES:
            ahead = here
            continue
        said = [text for comment in [*ahead, *here] for text in _types_in(comment)]
        if said:
            found.texts[(token.line or 0, token.column or 0)] = said[::-1]
        ahead = []


def _start(token: Token) -> int:
    assert token.start_pos is not None, "the lexer says it"
    return token.start_pos


def _ends_line(comment: Token, before: Token) -> bool:
    """Tell whether a comment ends the line of what is before it, of which it seems to speak."""
    on_line = comment.type == "LINE_COMMENT" and comment.line == before.end_line
    return on_line and before.type not in _DECLARES


def _inside(comment: Token) -> str:
    return comment[2:-2] if comment.type == "COMMENT" else comment[2:]


def _types_in(comment: Token) -> list[str]:
    """Return what a comment says, in order: nothing if it goes on after the last type."""
    found = list(_TYPE.finditer(_inside(comment)))
    return [one[1] for one in found] if found and found[-1][2] is not None else []


def _take_aliases(found: Annotations, comments: list[Token]) -> None:
    """Add the aliases that adjacent comments say; one may go on from comment to comment."""
    for alias in _ALIAS.finditer("\n".join(map(_inside, comments))):
        before = found.aliases.setdefault(alias[1], alias[2])
        if before.split() != alias[2].split():
            message = f"the @typeAlias {alias[1]} is {before}, and {alias[2]} further down"
            raise TypeSyntaxError(f"{message}; give one another name")
