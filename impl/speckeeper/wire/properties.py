r"""Java properties text, as `java.util.Properties.load` reads it and therefore as ZooKeeper reads
zoo.cfg.

Natural lines end with \n, \r or \r\n; a line whose end is an odd run of backslashes goes on in the
next one, whose leading blanks do not count; `#` and `!` start a comment line; the key ends at the
first unescaped `=`, `:` or blank; `\t \n \r \f \uXXXX` are escapes and a backslash before anything
else disappears. Files are ISO 8859-1.
"""

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

_BLANKS = " \t\f"
_LINE_END = re.compile(r"\r\n|\r|\n")
_KEY_END = re.compile(r"(?:\\.|[^\\=: \t\f])*", re.DOTALL)
_SEPARATOR = re.compile(r"[ \t\f]*[=:]?[ \t\f]*")
_ESCAPE = re.compile(r"\\(u.{0,4}|.)?", re.DOTALL)
_LETTERS = {"t": "\t", "n": "\n", "r": "\r", "f": "\f"}


class PropertiesError(ValueError):
    r"""A malformed \uXXXX escape; `line` is where the property starts, counted from 1."""

    def __init__(self, line: int, text: str) -> None:
        super().__init__(text)
        self.line = line
        self.text = text


class Property(NamedTuple):
    """One assignment: the line on which it starts (from 1), the key and the value, unescaped."""

    line: int
    key: str
    value: str


def parse_properties(text: str) -> list[Property]:
    """Return all assignments in the order of the text, duplicates included (the last one counts).

    Raises `PropertiesError` for a malformed unicode escape, as Properties.load does.
    """
    return [_split(line, logical) for line, _, logical in _logical_lines(text)]


def without(text: str, unwanted: Callable[[str], bool]) -> str:
    """Return a text without the assignments of unwanted keys; all else stays as it is written."""
    lines = re.split(r"(?<=\n)|(?<=\r)(?!\n)", text)
    for first, end, logical in reversed([*_logical_lines(text)]):
        if unwanted(_split(first, logical).key):
            del lines[first - 1 : end]
    return "".join(lines)


def _logical_lines(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield each assignment with its first and its last natural line."""
    lines = _LINE_END.split(text)
    number = 0
    while number < len(lines):
        start = number
        line = lines[number].lstrip(_BLANKS)
        number += 1
        if not line or line[0] in "#!":
            continue
        while _continues(line):
            line = line[:-1]
            # Java forgets a line that holds nothing but its backslash: what follows may be a
            # comment again.
            if not line or number == len(lines):
                break
            line += lines[number].lstrip(_BLANKS)
            number += 1
        if line:
            yield start + 1, number, line


def _continues(line: str) -> bool:
    return (len(line) - len(line.rstrip("\\"))) % 2 == 1


def _split(line: int, logical: str) -> Property:
    key_end = _KEY_END.match(logical).end()  # type: ignore[union-attr]  # an empty match is a match
    value_start = _SEPARATOR.match(logical, key_end).end()  # type: ignore[union-attr]  # likewise
    return Property(
        line, _unescape(line, logical[:key_end]), _unescape(line, logical[value_start:])
    )


def _unescape(line: int, text: str) -> str:
    if "\\" not in text:
        return text

    def replace(match: re.Match[str]) -> str:
        escape = match.group(1) or ""
        if not escape.startswith("u"):
            return _LETTERS.get(escape, escape)
        if not re.fullmatch(r"u[0-9a-fA-F]{4}", escape):
            raise PropertiesError(line, f"malformed escape \\{escape}")
        return chr(int(escape[1:], 16))

    return _ESCAPE.sub(replace, text)
