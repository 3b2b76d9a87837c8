"""The flags of a command: declared as data, read as zkCli reads them.

Short flags of one letter may be written together (``-sw``), a value may be attached (``-v3``,
``-v=3``), flags and operands may come in any order, ``--`` ends the flags, and a negative number is
an operand or a value, not a flag. The texts of the errors are those of the parser that zkCli uses.

Source: Apache Commons CLI ``DefaultParser``, as ZooKeeper's ``CliCommand`` classes use it.
"""

from collections.abc import Sequence
from typing import NamedTuple

from speckeeper.ops.shell.errors import ShellError


class Flag(NamedTuple):
    """One flag, without its dash; ``value`` is its value's name, None if it takes none."""

    name: str
    text: str
    value: str | None = None


class Group(NamedTuple):
    """Flags of which at most one may be given; exactly one if ``required``."""

    names: tuple[str, ...]
    required: bool = False


class Parsed(NamedTuple):
    """What the user gave: flags with their values (None for a flag without one), and operands."""

    flags: dict[str, str | None]
    operands: list[str]

    def has(self, name: str) -> bool:
        """Tell whether the flag was given."""
        return name in self.flags

    def value(self, name: str) -> str | None:
        """Return the value of a flag that takes one, None if it was not given."""
        return self.flags.get(name)

    def number(self, name: str, default: int, bits: int = 32) -> int:
        """Return a flag's value as a signed number of so many bits; ShellError if it is none."""
        text = self.value(name)
        if text is None:
            return default
        number = to_number(text, bits)
        if number is None:
            kind = "an int" if bits == 32 else "a long"
            raise ShellError(f"-{name} argument must be {kind} value")
        return number


def to_number(text: str, bits: int, base: int = 10) -> int | None:
    """Read a signed number as Java's ``parseLong`` does; None if it is none or does not fit."""
    digits = text[1:] if text[:1] in ("-", "+") else text
    if not digits.isascii() or not digits.isalnum():
        return None
    try:
        number = int(text, base)
    except ValueError:
        return None
    return number if -(1 << bits - 1) <= number < 1 << bits - 1 else None


def parse_flags(words: Sequence[str], flags: Sequence[Flag], group: Group | None = None) -> Parsed:
    """Sort ``words`` (without the command's name) into flags and operands.

    Raises :class:`ShellError` for an unknown flag, a missing value, two flags of one group, or none
    of a required group.
    """
    return _Parser(flags, group).parse(words)


class _Parser:
    """The state of one parse: what was found, and the flag that waits for its value."""

    def __init__(self, flags: Sequence[Flag], group: Group | None) -> None:
        self.known = {flag.name: flag for flag in flags}
        self.group = group
        self.chosen: str | None = None
        self.waiting: str | None = None
        self.found = Parsed({}, [])

    def parse(self, words: Sequence[str]) -> Parsed:
        for position, word in enumerate(words):
            if word == "--":
                # It ends the flags even where a value is due, which is then missing.
                self.found.operands.extend(words[position + 1 :])
                break
            if self.waiting is not None and (not self._is_flag(word) or _is_number(word)):
                self._take_value(word)
            elif word.startswith("-") and len(word) > 1:
                self._take_flags(word)
            else:
                self.found.operands.append(word)
        self._check_nothing_waits()
        if self.group is not None and self.group.required and self.chosen is None:
            names = ", ".join(f"-{name} {self.known[name].text}" for name in self.group.names)
            raise ShellError(f"Missing required option: [{names}]")
        return self.found

    def _is_flag(self, word: str) -> bool:
        if not word.startswith("-") or len(word) == 1:
            return False
        name = word[1:].split("=", 1)[0]
        return name in self.known or name[:1] in self.known

    def _take_flags(self, word: str) -> None:
        """Take a word that starts with a dash: a flag, a flag and its value, or many letters."""
        if word.startswith("--"):
            raise self._unknown(word)
        name, equals, value = word[1:].partition("=")
        if equals:
            if self.known.get(name, _NO_FLAG).value is None:
                raise self._unknown(word)
            self._take_flag(name)
            self._take_value(value)
        elif name in self.known:
            self._take_flag(name)
        else:
            for position, letter in enumerate(name, start=1):
                if letter not in self.known:
                    if position == 1 and _is_number(word):
                        self.found.operands.append(word)
                        return
                    raise self._unknown(word)
                self._take_flag(letter)
                if self.waiting is not None and position < len(name):
                    self._take_value(name[position:])
                    return

    def _take_flag(self, name: str) -> None:
        self._check_nothing_waits()
        if self.group is not None and name in self.group.names:
            if self.chosen not in (None, name):
                raise ShellError(
                    f"The option '{name}' was specified but an option from this group has already"
                    f" been selected: '{self.chosen}'"
                )
            self.chosen = name
        self.found.flags.setdefault(name, None)
        if self.known[name].value is not None:
            self.waiting = name

    def _take_value(self, value: str) -> None:
        # Given twice, a flag keeps its first value.
        if self.waiting is not None and self.found.flags[self.waiting] is None:
            self.found.flags[self.waiting] = value
        self.waiting = None

    def _check_nothing_waits(self) -> None:
        if self.waiting is not None:
            raise ShellError(f"Missing argument for option: {self.waiting}")

    @staticmethod
    def _unknown(word: str) -> ShellError:
        return ShellError(f"Unrecognized option: {word}")


_NO_FLAG = Flag("", "")


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True
