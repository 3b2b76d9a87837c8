"""Values as TLC prints them, read back."""

import re
from collections.abc import Iterator

from speccheck.evaluate.stdlib.tlc import model_value
from speccheck.evaluate.values import FALSE, SEQUENCES, TRUE, Value, force, function_of

_TOKEN = re.compile(
    r'\s*(?P<token>"(?:[^"\\]|\\.)*"|<<|>>|\|->|:>|@@|\.\.|-?\d+(?![A-Za-z0-9_]*[A-Za-z_])'
    r"|[A-Za-z0-9_]+|[\[\]{}(),])",
    re.DOTALL,
)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "f": "\f"}


class UnreadableValue(ValueError):
    """The text is no value."""


def parse_value(text: str) -> Value:
    """Return the value that a text of TLC's stands for. Raises UnreadableValue."""
    reader = _Reader(text)
    value = reader.value()
    reader.end()
    return value


def _tokens(text: str) -> Iterator[str]:
    position, end = 0, len(text.rstrip())
    while position < end:
        match = _TOKEN.match(text, position)
        if match is None:
            raise UnreadableValue(f"{text[position : position + 20]!r} is no value of TLC's")
        yield match["token"]
        position = match.end()


class _Reader:
    def __init__(self, text: str) -> None:
        self._tokens = [*_tokens(text), ""]
        self._at = 0

    def end(self) -> None:
        if self._tokens[self._at]:
            raise UnreadableValue(f"{self._tokens[self._at]!r} after a value")

    def _take(self, wanted: str | None = None) -> str:
        token = self._tokens[self._at]
        if not token or (wanted is not None and token != wanted):
            raise UnreadableValue(f"{wanted or 'a value'} is expected, not {token!r}")
        self._at += 1
        return token

    def _several(self, end: str) -> list[Value]:
        items: list[Value] = []
        while self._tokens[self._at] != end:
            items.append(self.value())
            if self._tokens[self._at] != end:
                self._take(",")
        self._take(end)
        return items

    def value(self) -> Value:
        token = self._take()
        match token:
            case "{":
                return frozenset(map(force, self._several("}")))
            case "<<":
                return SEQUENCES[tuple(map(force, self._several(">>")))]
            case "[":
                return self._record()
            case "(":
                return self._function()
            case "TRUE" | "FALSE":
                return TRUE if token == "TRUE" else FALSE
        if token[0] == '"':
            return re.sub(r"\\(.)", lambda m: _ESCAPES.get(m[1], m[1]), token[1:-1])
        if token.lstrip("-").isdigit():
            return self._number(int(token))
        if token[0].isalnum() or token[0] == "_":
            return model_value(token)
        raise UnreadableValue(f"a value is expected, not {token!r}")

    def _number(self, number: int) -> Value:
        """Return a number, or the interval that begins with it."""
        if self._tokens[self._at] != "..":
            return number
        self._take("..")
        return frozenset(range(number, int(self._take()) + 1))

    def _record(self) -> Value:
        fields: dict[Value, Value] = {}
        while self._tokens[self._at] != "]":
            name = self._take()
            self._take("|->")
            fields[name] = self.value()
            if self._tokens[self._at] != "]":
                self._take(",")
        self._take("]")
        return function_of(fields)

    def _function(self) -> Value:
        pairs: dict[Value, Value] = {}
        while True:
            key = self.value()
            self._take(":>")
            pairs[key] = self.value()
            if self._tokens[self._at] != "@@":
                break
            self._take("@@")
        self._take(")")
        return function_of(pairs)
