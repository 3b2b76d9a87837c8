"""Types of zoo.cfg values: how the text of a key becomes a value, and how the docs name the type.

Each kind has a `label` ("a whole number, 1 to 65535", "true or false") and a `parse` that returns
the value or raises `ValueError` with what is wrong. The label doubles as the remedy of an error
message. Numbers of the first group are read as Java's `Integer.parseInt`, those of the
system-property group as `Integer.decode` (`0xfffff`, `010`).
"""

import re
from typing import Protocol

#: What a key can hold once it is parsed.
Value = bool | int | float | str | tuple[str, ...] | None

INT_MIN, INT_MAX = -(2**31), 2**31 - 1
LONG_MIN, LONG_MAX = -(2**63), 2**63 - 1
_DECIMAL = re.compile(r"[+-]?[0-9]+", re.ASCII)
_DECODED = re.compile(r"([+-]?)(?:(0[xX]|#)([0-9a-fA-F]+)|(0[0-7]+)|([0-9]+))", re.ASCII)
_UNITS_MS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_INTERVAL = re.compile(r"(-?[0-9]+)(ms|s|m|h|d)?", re.ASCII | re.IGNORECASE)


class Kind(Protocol):
    """A type of value."""

    @property
    def label(self) -> str:
        """What a good value looks like, in a few words."""

    def parse(self, text: str) -> Value:
        """Return the value of a trimmed text; raises `ValueError` saying what is wrong with it."""


class Integer:
    """A whole number within bounds.

    `decode` also takes hexadecimal and octal, as java.lang.Integer.decode does.
    """

    def __init__(
        self, low: int = -1, high: int = INT_MAX, *, unit: str = "", decode: bool = False
    ) -> None:
        self.low, self.high, self.decode = low, high, decode
        upper = high not in (INT_MAX, LONG_MAX)
        bounds = f"{low} to {high}" if upper else f"at least {low}"
        noun = f"a whole number of {unit}" if unit else "a whole number"
        unlimited = low in (INT_MIN, LONG_MIN) and not upper
        self.label = noun if unlimited else f"{noun}, {low if low == high else bounds}"

    def parse(self, text: str) -> int:
        """Return the number."""
        match = (_DECODED if self.decode else _DECIMAL).fullmatch(text)
        if not match:
            raise ValueError(f"{text!r} is not a whole number")
        if self.decode:
            sign, _, hexadecimal, octal, decimal = match.groups()
            magnitude = (
                int(hexadecimal, 16) if hexadecimal else int(octal or decimal, 8 if octal else 10)
            )
            value = -magnitude if sign == "-" else magnitude
        else:
            value = int(text)
        if not self.low <= value <= self.high:
            if value > self.high and self.high in (INT_MAX, LONG_MAX):  # the label has others
                raise ValueError(f"{text} is out of range, the largest is {self.high}")
            if self.low == self.high:
                raise ValueError(f"{text} is not available, only {self.low} is")
            raise ValueError(f"{text} is out of range")
        return value


class Decimal:
    """A number with a fraction within bounds."""

    def __init__(self, low: float, high: float) -> None:
        self.low, self.high = low, high
        self.label = f"a number {low:g}..{high:g}"

    def parse(self, text: str) -> float:
        """Return the number."""
        try:
            value = float(text)
        except ValueError:
            raise ValueError(f"{text!r} is not a number") from None
        if not self.low <= value <= self.high:
            raise ValueError(f"{text} is out of range")
        return value


class Flag:
    """A boolean spelled by one of two words: `true` and `false`, or words of the key's own."""

    def __init__(self, true: str = "true", false: str = "false") -> None:
        self.words = {true: True, false: False}
        self.label = f"{true} or {false}"

    def parse(self, text: str) -> bool:
        """Return the truth value; letter case does not matter."""
        try:
            return self.words[text.lower()]
        except KeyError:
            raise ValueError(f"{text!r} is neither {' nor '.join(self.words)}") from None


class Choice:
    """One of a few words; letter case does not matter and the listed spelling is returned."""

    def __init__(self, *words: str) -> None:
        self.words = {word.lower(): word for word in words}
        self.label = " or ".join(word or "empty" for word in words)

    def parse(self, text: str) -> str:
        """Return the word."""
        try:
            return self.words[text.lower()]
        except KeyError:
            raise ValueError(f"{text!r} is not known here") from None


class Text:
    """Any text that is not empty, named by what it is (`a path`, `a host name or address`)."""

    def __init__(self, label: str = "text", *, empty: bool = False) -> None:
        self.label = label
        self.empty = empty

    def parse(self, text: str) -> str:
        """Return the text."""
        if not text and not self.empty:
            raise ValueError("the value is empty")
        return text


class Host:
    """A host name or an address; IPv6 may stand in brackets, which are taken off.

    ``empty`` is what an empty value stands for, None if it is an error.
    """

    label = "a host name or address"

    def __init__(self, empty: str | None = None) -> None:
        self.empty = empty

    def parse(self, text: str) -> str:
        """Return the name or address without brackets."""
        if text.startswith("[") and text.endswith("]") and ":" in text:
            text = text[1:-1]
        if not text:
            if self.empty is None:
                raise ValueError("the value is empty")
            return self.empty
        return text


class Words:
    """A comma-separated list; blanks around the words and empty words do not count."""

    def __init__(self, label: str) -> None:
        self.label = f"a comma-separated list of {label}"

    def parse(self, text: str) -> tuple[str, ...]:
        """Return the words in order."""
        return tuple(word for part in text.split(",") if (word := part.strip()))


class Places(Words):
    """A comma-separated list of servers' addresses, each `N=host:port`."""

    _FORM = re.compile(r"[0-9]{1,3}=(?:[^\s:/?#@\[\]]+|\[[0-9A-Fa-f:.%]+\]):[0-9]{1,5}", re.ASCII)

    def parse(self, text: str) -> tuple[str, ...]:
        """Return the entries in order."""
        words = super().parse(text)
        for word in words:
            if not self._FORM.fullmatch(word):
                raise ValueError(f"{word!r} is not N=host:port")
        return words


class Interval:
    """A time span: a number of `bare_unit`, or with a suffix ms, s, m, h, d (ZooKeeper Time)."""

    def __init__(self, bare_unit: str, name: str) -> None:
        self.bare_unit = bare_unit
        self.label = f"a number of {name}, or with a unit as in 90m, 12h, 1d"

    def parse(self, text: str) -> int:
        """Return milliseconds."""
        match = _INTERVAL.fullmatch(text)
        if not match:
            raise ValueError(f"{text!r} is not a time span")
        value = int(match.group(1)) * _UNITS_MS[(match.group(2) or self.bare_unit).lower()]
        if value > INT_MAX:
            raise ValueError(f"{text} is out of range, the largest is {INT_MAX} ms")
        return value


def make_digest(algorithm: str) -> str:
    """Return the shell command that makes the hash of a digest id by openssl's name of a hash."""
    return f"`echo -n user:password | openssl dgst -{algorithm} -binary | base64 -w0`"


class Digest:
    """A superuser digest `user:base64(SHA1("user:password"))`; what the hash must be like depends
    on another key, see `rules`.
    """

    label = "user:hash, the hash made by " + make_digest("sha1")

    def parse(self, text: str) -> str:
        """Return the text."""
        user, colon, digest = text.partition(":")
        if not (user and colon and digest):
            raise ValueError(f"{text!r} is not user:hash")
        return text


PORT = Integer(1, 65535)
TRUE_FALSE = Flag()
PATH = Text("a path")
HOST = Host()
#: As InetAddress.getByName reads it: an empty text is the loopback address.
BOUND_HOST = Host("127.0.0.1")
