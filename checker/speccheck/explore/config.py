"""TLC's configuration files: which module names are the model's parts, what constants are.

Source: "Specifying Systems", section 14.7.1; the keywords added to TLC since.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from speccheck.evaluate.stdlib.tlc import model_value
from speccheck.evaluate.values import Value, as_boolean
from speccheck.tla.errors import Span, TlaError, read_text
from speccheck.tla.meaning import Place

_TOKEN = re.compile(
    r"""
    (?P<SKIP>\s+|\\\*[^\n]*|\(\*.*?\*\))
    | (?P<STRING>"[^"\n]*")
    | (?P<NUMBER>-?\d+)
    | (?P<NAME>[A-Za-z0-9_!]*[A-Za-z_][A-Za-z0-9_!]*)
    | (?P<SYMBOL><-|[={},\[\]])
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
_LISTS = frozenset(["invariants", "properties", "constraints", "action_constraints", "symmetry"])


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

    ``module_values`` are of the form ``name = [module] value``.
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
        self._tokens = [
            _Token(match.lastgroup or "", match.group(), match.start())
            for match in _TOKEN.finditer(text)
            if match.lastgroup != "SKIP"
        ]
        self._index = 0

    def error(self, message: str, token: _Token) -> TlaError:
        line = self._text.count("\n", 0, token.position) + 1
        column = token.position - (self._text.rfind("\n", 0, token.position) + 1) + 1
        return TlaError(message, path=self._path, text=self._text, line=line, column=column)

    def peek(self) -> _Token:
        if self._index < len(self._tokens):
            return self._tokens[self._index]
        return _Token("END", "the end of the file", len(self._text))

    def take(self, *kinds: str) -> _Token:
        token = self.peek()
        if kinds and token.kind not in kinds and token.text not in kinds:
            raise self.error(f"{token.text!r} cannot stand here", token)
        self._index += 1
        return token

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
        while self.peek().text != "}":
            items.append(self.value())
            if self.peek().text != "}":
                self.take(",")
        self.take("}")
        return frozenset(items)


def parse_config(text: str, path: str) -> Config:
    """Return the configuration that a text is. Raises TlaError."""
    reader = _Reader(text, path)
    config = Config(path, tolerances=_tolerances(text, path))
    section = ""
    while (token := reader.peek()).kind != "END":
        if token.text in _SECTIONS:
            section = _SECTIONS[reader.take().text]
            if section == "check_deadlock":
                config.check_deadlock = reader.take("TRUE", "FALSE").text == "TRUE"
            continue
        name = reader.take("NAME").text
        if section == "constants":
            _constant(reader, config, name)
        elif section in _LISTS:
            getattr(config, section).append(name)
        elif section and section != "check_deadlock":
            setattr(config, section, name)
        else:
            known = ", ".join(sorted(_SECTIONS))
            raise reader.error(f"{name} is no keyword; there are {known}", token)
    return config


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


def _constant(reader: _Reader, config: Config, name: str) -> None:
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
    config.replacements.append(Replacement(name, reader.take("NAME").text, module))


def read_config(path: Path) -> Config:
    """Return the configuration in a file. Raises TlaError, OSError."""
    return parse_config(read_text(path), str(path))
