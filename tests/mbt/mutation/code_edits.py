"""The mistakes that one can make in Python code: small edits, found in its syntax tree."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_COMPARISONS: dict[type[ast.cmpop], str] = {
    ast.Eq: "!=",
    ast.NotEq: "==",
    ast.Lt: "<=",
    ast.LtE: "<",
    ast.Gt: ">=",
    ast.GtE: ">",
    ast.In: "not in",
    ast.NotIn: "in",
    ast.Is: "is not",
    ast.IsNot: "is",
}
_OPERATORS: dict[type[ast.operator], str] = {
    ast.Add: "-",
    ast.Sub: "+",
    ast.Mult: "+",
    ast.BitAnd: "|",
    ast.BitOr: "&",
    ast.LShift: ">>",
    ast.RShift: "<<",
}


@dataclass(frozen=True)
class CodeEdit:
    """What stands at ``begin:end`` of a file, in bytes, becomes ``new``."""

    path: Path
    line: int
    begin: int
    end: int
    old: str
    new: str

    @property
    def name(self) -> str:
        """The edit in one line."""
        old, new = (" ".join(text.split())[:60] for text in (self.old, self.new))
        place = f"{self.path.parent.name}/{self.path.name}:{self.line}"
        return f"{place}: {old} -> {new or 'nothing'}"

    def apply(self) -> str:
        """Return the text of the mutant."""
        raw = self.path.read_bytes()
        return (raw[: self.begin] + self.new.encode() + raw[self.end :]).decode()


def edits_of(path: Path) -> list[CodeEdit]:
    """Return all edits of a file, in the order of the text."""
    raw = path.read_bytes()
    found = list(_Walk(path, raw).edits(ast.parse(raw)))
    return sorted(found, key=lambda edit: (edit.begin, edit.end, edit.new))


class _Walk:
    def __init__(self, path: Path, raw: bytes) -> None:
        self._path = path
        self._raw = raw
        self._starts = [0]
        for line in raw.splitlines(keepends=True):
            self._starts.append(self._starts[-1] + len(line))

    def edits(self, tree: ast.AST) -> Iterator[CodeEdit]:
        """Yield the edits of a node and of what is within it; annotations are left alone."""
        yield from self._here(tree)
        for name, value in ast.iter_fields(tree):
            if name in {"annotation", "returns", "decorator_list", "type_params"}:
                continue
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST):
                    yield from self.edits(child)

    def _here(self, node: ast.AST) -> Iterator[CodeEdit]:
        match node:
            case ast.Compare(ops=[op], left=left, comparators=[right]):
                yield self._between(left, right, _COMPARISONS[type(op)])
            case ast.BoolOp(op=op, values=[first, second, *_]):
                yield self._between(first, second, "or" if isinstance(op, ast.And) else "and")
            case ast.BinOp(op=op, left=left, right=right) if type(op) in _OPERATORS:
                yield self._between(left, right, _OPERATORS[type(op)])
            case ast.UnaryOp(op=ast.Not(), operand=inner):
                yield self._replace(node, f"({self._text(inner)})")
            case ast.Constant(value=bool(value)):
                yield self._replace(node, str(not value))
            case ast.Constant(value=int(value)):
                yield self._replace(node, str(value + 1))
            case ast.If(test=test) | ast.IfExp(test=test) | ast.While(test=test):
                yield self._replace(test, f"(not ({self._text(test)}))")
            case ast.Assign() | ast.AugAssign() | ast.Expr(value=ast.Call()):
                if not self._is_outside(node):
                    yield self._replace(node, "pass")
            case ast.Return(value=ast.expr() as value) if not isinstance(value, ast.Constant):
                yield self._replace(value, "None")

    def _is_outside(self, node: ast.stmt) -> bool:
        """Whether a statement is not within a function, so that all else would not load."""
        return node.col_offset < 8  # a method's body is indented by 8, a function's by 4

    def _at(self, line: int, column: int) -> int:
        return self._starts[line - 1] + column

    def _ends(self, node: ast.expr | ast.stmt) -> tuple[int, int]:
        assert node.end_lineno is not None, "the parser has noted it"
        assert node.end_col_offset is not None, "the parser has noted it"
        return (
            self._at(node.lineno, node.col_offset),
            self._at(node.end_lineno, node.end_col_offset),
        )

    def _text(self, node: ast.expr | ast.stmt) -> str:
        begin, end = self._ends(node)
        return self._raw[begin:end].decode()

    def _replace(self, node: ast.expr | ast.stmt, new: str) -> CodeEdit:
        begin, end = self._ends(node)
        old = self._raw[begin:end].decode()
        return CodeEdit(self._path, node.lineno, begin, end, old, new)

    def _between(self, left: ast.expr, right: ast.expr, new: str) -> CodeEdit:
        """Replace what stands between two operands, but for parentheses."""
        begin, end = self._ends(left)[1], self._ends(right)[0]
        between = self._raw[begin:end].decode()
        core = between.strip(" \n()\t")
        at = begin + between.index(core)
        old = self._raw[at : at + len(core)].decode()
        return CodeEdit(self._path, left.lineno, at, at + len(core.encode()), old, new)
