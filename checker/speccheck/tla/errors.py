"""What the front end raises: one error class that shows the place in the text."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, TypeAlias

TAB_SIZE = 8


class Span(NamedTuple):
    """A stretch of text: 1-based lines and columns, the end column just past the last character."""

    line: int
    column: int
    end_line: int
    end_column: int

    def to(self, other: "Span") -> "Span":
        """Return the stretch from the start of this one to the end of ``other``."""
        return Span(self.line, self.column, other.end_line, other.end_column)


# Makes the error for a message and a place.
Refuse: TypeAlias = "Callable[[str, Span], Exception]"


class TlaError(Exception):
    """The text is not TLA+; ``str()`` gives ``file:line:column: message``, the line and a caret.

    ``message`` says what is wrong; ``expected``, where known, what could have stood there. Line 0
    means the file as a whole.
    """

    def __init__(
        self,
        message: str,
        *,
        path: str,
        text: str,
        line: int,
        column: int,
        expected: tuple[str, ...] = (),
    ) -> None:
        super().__init__(message)
        self.message = message
        self.path = path
        self.line = line
        self.column = column
        self.expected = expected
        lines = text.splitlines()
        self.source_line = lines[line - 1].expandtabs(TAB_SIZE) if 0 < line <= len(lines) else ""

    def __str__(self) -> str:
        gutter = " " * min(self.column - 1, len(self.source_line))
        place = f"{self.path}:{self.line}:{self.column}" if self.line else self.path
        shown = f"{place}: {self.message}"
        if self.expected:
            shown += f"; expected {' or '.join(self.expected)}"
        if not self.source_line.strip():
            return shown
        return f"{shown}\n  {self.source_line}\n  {gutter}^"


def read_text(path: Path) -> str:
    """Return the text of a file. Raises TlaError where it is not UTF-8, OSError."""
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError as error:
        message = f"this is not UTF-8 text: byte {error.object[error.start]:#04x} at {error.start}"
        raise TlaError(message, path=str(path), text="", line=0, column=0) from None
