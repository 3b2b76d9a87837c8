"""The mistakes that one can make in a module: small edits of its text, found in its syntax tree.

An edit changes one operator, comparison, constant, quantifier, conjunct or assignment. What it
replaces is a stretch of the text, so a mutant is the module with one edit, line for line.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from pathlib import Path

from speccheck.tla import syntax as ast
from speccheck.tla.errors import Span
from speccheck.tla.parse import parse_module

# A binary operator and what may be put in its place by mistake.
OPERATORS = {
    "=": ("#",),
    "#": ("=",),
    "<": ("<=",),
    "<=": ("<",),
    ">": (">=",),
    ">=": (">",),
    "+": ("-",),
    "-": ("+",),
    "*": ("+",),
    "/\\": ("\\/",),
    "\\/": ("/\\",),
    "=>": ("<=>",),
    "\\in": ("\\notin",),
    "\\notin": ("\\in",),
    "\\cup": ("\\cap",),
    "\\cap": ("\\cup",),
    "\\": ("\\cap",),
    "\\subseteq": ("=",),
}
# How the text may spell an operator of the tree.
SPELLINGS = {
    "#": ("#", "/="),
    "<=": ("<=", "=<", "\\leq"),
    ">=": (">=", "\\geq"),
    "\\cup": ("\\cup", "\\union"),
    "\\cap": ("\\cap", "\\intersect"),
    "/\\": ("/\\", "\\land"),
    "\\/": ("\\/", "\\lor"),
}


@dataclass(frozen=True)
class Edit:
    """``old`` at ``span`` becomes ``new``, in the definition ``within``.

    ``ordinal`` counts the edits of the same definition with the same old and new text, so that
    an edit keeps its name while the text around it changes.
    """

    module: str
    within: str
    kind: str
    span: Span
    old: str
    new: str
    ordinal: int = 1

    @property
    def name(self) -> str:
        """The edit in one line, without its place in the file."""
        ordinal = f" ({self.ordinal})" if self.ordinal > 1 else ""
        return f"{self.within}: {_brief(self.old)} -> {_brief(self.new)}{ordinal}"

    @property
    def place(self) -> str:
        return f"{self.module}.tla:{self.span.line}:{self.span.column}"

    def apply(self, text: str) -> str:
        begin, end = offsets(text, self.span)
        assert text[begin:end] == self.old
        return text[:begin] + self.new + text[end:]


def _brief(text: str) -> str:
    return " ".join(re.sub(r"\\\*[^\n]*", "", text).split())


def offsets(text: str, span: Span) -> tuple[int, int]:
    """Return where the stretch begins and ends in the text."""
    starts = [0]
    for line in text.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    return starts[span.line - 1] + span.column - 1, starts[span.end_line - 1] + span.end_column - 1


def stretch(node: ast.Node) -> Span:
    """Return where the text of a node stands; the span of a list by alignment goes on beyond it,
    to whatever ends the list.
    """
    children = list(_children(node))
    last = max(children, key=lambda child: child.span[2:], default=None)
    if last is None or (not isinstance(node, ast.Junction) and last.span[2:] != node.span[2:]):
        return node.span
    return node.span.to(stretch(last))


@cache
def edits_of(path: Path, until: str | None = None, leave: tuple[str, ...] = ()) -> tuple[Edit, ...]:
    """Return all edits of a module, in the order of the text.

    Definitions from ``until`` on, and those of ``leave``, are left alone: they state properties,
    and a property that says less is no mistake that another check could find.
    """
    text = path.read_text("utf-8")
    module = parse_module(text, str(path))
    found: list[Edit] = []
    for unit in module.units:
        if isinstance(unit, ast.OperatorDefinition | ast.FunctionDefinition):
            if unit.name == until:
                break
            if unit.name in leave:
                continue
            walk = _Walk(text, module.name, unit.name)
            found += sorted(walk.edits(unit.body), key=lambda edit: edit.span)
    assert until is None or any(getattr(u, "name", None) == until for u in module.units), until
    return tuple(_numbered(found))


def _numbered(edits: list[Edit]) -> Iterator[Edit]:
    met: dict[tuple[str, str, str], int] = {}
    for edit in edits:
        key = (edit.within, _brief(edit.old), _brief(edit.new))
        met[key] = met.get(key, 0) + 1
        yield Edit(edit.module, edit.within, edit.kind, edit.span, edit.old, edit.new, met[key])


class _Walk:
    def __init__(self, text: str, module: str, within: str) -> None:
        self._text = text
        self._module = module
        self._within = within

    def _source(self, node: ast.Node) -> str:
        begin, end = offsets(self._text, self._whole(node))
        return self._text[begin:end]

    def _whole(self, node: ast.Node) -> Span:
        """Return where a node stands, with the parentheses that its span leaves out at its ends."""
        span = stretch(node)
        begin, end = offsets(self._text, span)
        missing = _unclosed(self._text[begin:end])
        line, column, end_line, end_column = span
        lines = self._text.splitlines()
        while missing > 0 and lines[end_line - 1][end_column - 1 :].lstrip().startswith(")"):
            end_column = lines[end_line - 1].index(")", end_column - 1) + 2
            missing -= 1
        while missing < 0 and lines[line - 1][: column - 1].rstrip().endswith("("):
            column = lines[line - 1].rindex("(", 0, column - 1) + 1
            missing += 1
        return Span(line, column, end_line, end_column)

    def _edit(self, kind: str, span: Span, new: str) -> Edit:
        begin, end = offsets(self._text, span)
        return Edit(self._module, self._within, kind, span, self._text[begin:end], new)

    def edits(self, node: ast.Node) -> Iterator[Edit]:
        yield from self._here(node)
        for child in _children(node):
            yield from self.edits(child)

    def _here(self, node: ast.Node) -> Iterator[Edit]:
        match node:
            case ast.Apply(
                operator="=", arguments=(ast.Apply(operator="'"), ast.Except(updates=(_,)))
            ):
                pass  # To drop the one update is to drop the assignment.
            case ast.Apply(operator="=", arguments=(ast.Apply(operator="'") as left, right)):
                yield self._edit("assignment", self._whole(right), self._source(left.arguments[0]))
            case ast.Apply(operator="~", arguments=(inner,)):
                yield self._edit("negation", self._whole(node), f"({self._source(inner)})")
            case ast.Apply(operator="TRUE" | "FALSE" as value):
                yield self._edit("constant", node.span, "FALSE" if value == "TRUE" else "TRUE")
            case ast.Apply(arguments=(left, right), through=()) if node.operator in OPERATORS:
                span = self._symbol(node.operator, stretch(left), right.span)
                if span is not None:
                    for other in OPERATORS[node.operator]:
                        yield self._edit("operator", span, other)
            case ast.Number(value=value):
                yield self._edit("constant", node.span, str(value + 1))
                if value > 0:
                    yield self._edit("constant", node.span, str(value - 1))
            case ast.Quantifier(kind="\\A" | "\\E" as kind):
                span = Span(*node.span[:2], node.span.line, node.span.column + 2)
                yield self._edit("quantifier", span, "\\E" if kind == "\\A" else "\\A")
            case ast.Junction(operator=operator, items=items):
                unit = "TRUE" if operator == "/\\" else "FALSE"
                for item in items:
                    if not self._changes(item):
                        yield self._edit("conjunct", self._whole(item), unit)
            case ast.If(condition=condition) if not _is_negation(condition):
                yield self._edit(
                    "condition", self._whole(condition), f"~({self._source(condition)})"
                )
            case ast.SetFilter(condition=condition):
                yield self._edit("filter", self._whole(condition), "TRUE")
            case ast.Update(value=value) if not isinstance(value, ast.At):
                yield self._edit("assignment", self._whole(value), "@")

    def _symbol(self, operator: str, left: Span, right: Span) -> Span | None:
        """Return where the symbol between two operands stands; None if it is not plain."""
        begin, _ = offsets(self._text, Span(left.end_line, left.end_column, *left[2:]))
        end, _ = offsets(self._text, right)
        between = self._text[begin:end]
        symbol = between.strip(" \n()")
        if symbol not in SPELLINGS.get(operator, (operator,)):
            return None
        at = between.index(symbol)
        line = left.end_line + between.count("\n", 0, at)
        last = between.rfind("\n", 0, at)
        column = at - last if last >= 0 else left.end_column + at
        return Span(line, column, line, column + len(symbol))

    def _changes(self, node: ast.Node) -> bool:
        """Tell whether a conjunct says what variables become: without it a step says nothing."""
        if isinstance(node, ast.Apply) and node.operator in {"'", "UNCHANGED"}:
            return True
        return any(self._changes(child) for child in _children(node))


def _unclosed(text: str) -> int:
    """Return how many parentheses are opened and not closed, or if below zero the other way."""
    plain = re.sub(r"\\\*[^\n]*|\"[^\"\n]*\"", "", text)
    return plain.count("(") - plain.count(")")


def _is_negation(node: ast.Node) -> bool:
    return isinstance(node, ast.Apply) and node.operator == "~"


def _children(node: ast.Node) -> Iterator[ast.Node]:
    for field in fields(node):
        yield from _nodes(getattr(node, field.name))


def _nodes(value: object) -> Iterator[ast.Node]:
    if isinstance(value, ast.Node) and is_dataclass(value):
        yield value
    elif isinstance(value, tuple) and not isinstance(value, Span):
        for item in value:
            yield from _nodes(item)
