"""TLC's configuration files: which module names are the model's parts, what constants are.

Source: "Specifying Systems", section 14.7.1; the keywords added to TLC since.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from speccheck.evaluate.show import show
from speccheck.evaluate.stdlib.tlc import model_value
from speccheck.evaluate.values import ModelValue, Value, as_boolean
from speccheck.tla.errors import Span, TlaError, read_text
from speccheck.tla.meaning import Place

_TOKEN = re.compile(
    r"""
    (?P<SKIP>\s+|\\\*[^\n]*)
    | (?P<COMMENT>\(\*)
    | (?P<STRING>"[^"\n]*")
    | (?P<NAME>[A-Za-z0-9_!]*[A-Za-z_][A-Za-z0-9_!]*)
    | (?P<NUMBER>-?\d+)
    | (?P<SYMBOL><-|[={},\[\]()])
    | (?P<BAD>.)
    """,
    re.VERBOSE | re.DOTALL,
)

_TOLERANCE = re.compile(
    r"\\\*.*@vacuous\b\s*(?P<name>[\w!]*)(?::(?P<line>\d+))?[ \t]*(?P<reason>.*?)\s*$"
)

_SECTIONS = {
    "CONSTANT": "constants",
    "CONSTANTS": "constants",
    "INIT": "init",
    "NEXT": "next",
    "SPECIFICATION": "specification",
    "INVARIANT": "invariants",
    "INVARIANTS": "invariants",
    "PROPERTY": "properties",
    "PROPERTIES": "properties",
    "CONSTRAINT": "constraints",
    "CONSTRAINTS": "constraints",
    "ACTION_CONSTRAINT": "action_constraints",
    "ACTION_CONSTRAINTS": "action_constraints",
    "SYMMETRY": "symmetry",
    "VIEW": "view",
    "ALIAS": "alias",
    "POSTCONDITION": "postcondition",
    "CHECK_DEADLOCK": "check_deadlock",
}
KEYWORDS = ", ".join(sorted(_SECTIONS))
_UNSUPPORTED = frozenset(["TYPE", "TYPE_CONSTRAINT", "_PERIODIC", "_RL_REWARD"])
_VALUES = (
    "a value is a number, a string, TRUE, FALSE, a name, or a set of them in braces; "
    "NAME <- DEFINITION takes any other from the module"
)
_READABLE = {"NAME": "a name", "NUMBER": "a number", "STRING": "a string"}
_COMMENT_EDGE = re.compile(r"\(\*|\*\)")
_LISTS = frozenset(["invariants", "properties", "constraints", "action_constraints", "symmetry"])


class Name(str):
    """A name in a configuration, and where it stands."""

    __slots__ = ("place",)

    place: Place


class Replacement(NamedTuple):
    """``name <- by``, or ``name <- [module] by``: only where ``module`` defines the name."""

    name: str
    by: str
    module: str | None


class Tolerance(NamedTuple):
    r"""A comment ``\* @vacuous NAME reason``: the model is not meant to exercise it.

    NAME is an action or a property, with ``:LINE`` after it only what stands in that line.
    """

    name: str
    line: int | None
    reason: str
    place: Place

    def covers(self, name: str, line: int) -> bool:
        """Tell whether a finding about ``name``, in ``line`` of the module, is expected."""
        return name == self.name and self.line in {None, line}


@dataclass(slots=True)
class Config:
    """What a configuration says; names that it does not give are None.

    ``module_values`` are of the form ``name = [module] value``, ``operator_values`` of the form
    ``name(argument, ...) = value``. A name of the module is a :class:`Name`.
    """

    path: str
    init: str | None = None
    next: str | None = None
    specification: str | None = None
    view: str | None = None
    alias: str | None = None
    postcondition: str | None = None
    check_deadlock: bool = True
    invariants: list[str] = field(default_factory=list)
    properties: list[str] = field(default_factory=list)
    constraints: list[str] = field(default_factory=list)
    action_constraints: list[str] = field(default_factory=list)
    symmetry: list[str] = field(default_factory=list)
    values: dict[str, Value] = field(default_factory=dict)
    module_values: list[tuple[str, str, Value]] = field(default_factory=list)
    operator_values: dict[str, list[tuple[tuple[Value, ...], Value]]] = field(default_factory=dict)
    replacements: list[Replacement] = field(default_factory=list)
    tolerances: list[Tolerance] = field(default_factory=list)


class _Token(NamedTuple):
    kind: str
    text: str
    position: int


class _Reader:
    def __init__(self, text: str, path: str) -> None:
        self._text = text
        self._path = path
        self._tokens = list(self._scanned())
        self._index = 0
        self.name = ""  # of the constant that is read

    def _scanned(self) -> Iterator[_Token]:
        position = 0
        while match := _TOKEN.match(self._text, position):
            token = _Token(match.lastgroup or "", match.group(), match.start())
            position = match.end()
            if token.kind == "COMMENT":
                position = self._end_of_comment(token)
            elif token.text == '"':
                raise self.error("this string has no end on its line", token)
            elif token.kind == "BAD":
                why = f": {_VALUES}" if self._text.startswith("..", token.position) else ""
                raise self.error(f"{token.text!r} cannot stand here{why}", token)
            elif token.kind != "SKIP":
                yield token

    def _end_of_comment(self, start: _Token) -> int:
        depth = 1
        for edge in _COMMENT_EDGE.finditer(self._text, start.position + 2):
            depth += 1 if edge.group() == "(*" else -1
            if not depth:
                return edge.end()
        raise self.error("this comment has no end", start)

    def _line_and_column(self, token: _Token) -> tuple[int, int]:
        line = self._text.count("\n", 0, token.position) + 1
        return line, token.position - self._text.rfind("\n", 0, token.position)

    def error(self, message: str, token: _Token) -> TlaError:
        """Return an error at a token."""
        line, column = self._line_and_column(token)
        return TlaError(message, path=self._path, text=self._text, line=line, column=column)

    def place(self, token: _Token) -> Place:
        """Return the place of a token."""
        line, column = self._line_and_column(token)
        return Place(self._path, Span(line, column, line, column + len(token.text)))

    def peek(self) -> _Token:
        if self._index < len(self._tokens):
            return self._tokens[self._index]
        return _Token("END", "the end of the file", len(self._text))

    def take(self, *kinds: str) -> _Token:
        token = self.peek()
        if kinds and token.kind not in kinds and token.text not in kinds:
            expected = " or ".join(_READABLE.get(kind, kind) for kind in kinds)
            raise self.error(f"{token.text!r} cannot stand here; expected {expected}", token)
        self._index += 1
        return token

    def is_at_a_name(self) -> bool:
        """Tell whether a name comes next that is no keyword."""
        token = self.peek()
        return token.kind == "NAME" and token.text not in _SECTIONS.keys() | _UNSUPPORTED

    def value(self) -> Value:
        """Read a value: a number, a string, TRUE, FALSE, a set of values, or a model value."""
        token = self.take("NUMBER", "STRING", "NAME", "{")
        if token.kind == "NUMBER":
            return int(token.text)
        if token.kind == "STRING":
            return token.text[1:-1]
        if token.kind == "NAME":
            if token.text in {"TRUE", "FALSE"}:
                return as_boolean(token.text == "TRUE")
            return model_value(token.text)
        items: list[Value] = []
        if self.peek().text != "}":
            items.append(self._element(items))
        while self.take(",", "}").text == ",":
            items.append(self._element(items))
        return frozenset(items)

    def _element(self, before: list[Value]) -> Value:
        """Read an element of a set; as in TLC, all that are no model values are of one type."""
        token = self.peek()
        value = self.value()
        other = next((item for item in before if not isinstance(item, ModelValue)), value)
        if type(other) is not type(value) and not isinstance(value, ModelValue):
            what = f"{show(other)} and {show(value)} cannot be compared"
            raise self.error(f"a set in the value of {self.name}: {what}", token)
        return value


def parse_config(text: str, path: str) -> Config:
    """Return the configuration that a text is. Raises TlaError."""
    reader = _Reader(text, path)
    config = Config(path, tolerances=_tolerances(text, path))
    while (token := reader.peek()).kind != "END":
        section = _SECTIONS.get(token.text)
        if token.text in _UNSUPPORTED:
            raise reader.error(f"{token.text} is not supported", token)
        if section is None and token.kind != "NAME":
            raise reader.error(f"{token.text!r} cannot stand here; expected a keyword", token)
        if section is None:
            raise reader.error(f"{token.text} is no keyword; there are {KEYWORDS}", token)
        reader.take()
        if section == "check_deadlock":
            config.check_deadlock = reader.take("TRUE", "FALSE").text == "TRUE"
        elif section == "constants":
            while reader.is_at_a_name():
                _constant(reader, config, reader.take())
        elif section in _LISTS:
            while reader.is_at_a_name():
                getattr(config, section).append(_named(reader, reader.take("NAME")))
        else:
            if not reader.is_at_a_name():
                raise reader.error(f"{token.text} needs a name", token)
            if getattr(config, section) is not None:
                raise reader.error(f"{token.text} is given twice", token)
            setattr(config, section, _named(reader, reader.take("NAME")))
    if config.specification is not None and (config.init or config.next):
        place = place_in(config, config.specification)
        message = "a configuration names either SPECIFICATION or INIT and NEXT"
        line, column = place.span.line, place.span.column
        raise TlaError(message, path=path, text=text, line=line, column=column)
    return config


def place_in(config: Config, name: str) -> Place:
    """Return where a name of a configuration stands, the file if it is none of its own."""
    return name.place if isinstance(name, Name) else Place(config.path, Span(1, 1, 1, 1))


def _named(reader: _Reader, token: _Token) -> Name:
    name = Name(token.text)
    name.place = reader.place(token)
    return name


def _operator_value(reader: _Reader, config: Config, token: _Token) -> None:
    """Read the value of an operator for some arguments, ``(1, 2) = 3``."""
    reader.take("(")
    arguments = [reader.value()]
    while reader.take(",", ")").text == ",":
        arguments.append(reader.value())
    lines = config.operator_values.setdefault(_named(reader, token), [])
    if lines and len(lines[0][0]) != len(arguments):
        what = f"{token.text} takes {len(lines[0][0])} arguments above, {len(arguments)} here"
        raise reader.error(what, token)
    reader.take("=")
    lines.append((tuple(arguments), reader.value()))


def _tolerances(text: str, path: str) -> list[Tolerance]:
    found: list[Tolerance] = []
    for number, line in enumerate(text.splitlines(), 1):
        match = _TOLERANCE.search(line)
        if match is None:
            continue
        column = match.start() + 1
        if not match["reason"]:
            message = "@vacuous needs a name and a reason"
            raise TlaError(message, path=path, text=text, line=number, column=column)
        span = Span(number, column, number, len(line) + 1)
        named = int(match["line"]) if match["line"] else None
        found.append(Tolerance(match["name"], named, match["reason"], Place(path, span)))
    return found


def _constant(reader: _Reader, config: Config, token: _Token) -> None:
    name = _named(reader, token)
    reader.name = name
    if reader.peek().text == "(":
        _operator_value(reader, config, token)
        return
    symbol = reader.take("=", "<-")
    module = None
    if reader.peek().text == "[":
        reader.take()
        module = reader.take("NAME").text
        reader.take("]")
    if symbol.text == "=":
        if module is None:
            config.values[name] = reader.value()
        else:
            config.module_values.append((name, module, reader.value()))
        return
    by = _named(reader, reader.take("NAME"))
    config.replacements.append(Replacement(name, by, module))


def read_config(path: Path) -> Config:
    """Return the configuration in a file. Raises TlaError, OSError."""
    return parse_config(read_text(path), str(path))
