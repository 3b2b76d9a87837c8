"""What a command is: its name and synopsis, its flags, and the function that runs it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from speckeeper.ops.shell.errors import ShellError
from speckeeper.ops.shell.flags import Flag, Group, Parsed, parse_flags

if TYPE_CHECKING:
    from speckeeper.ops.shell.shell import Shell

Run = Callable[["Shell", Parsed], None]


@dataclass(frozen=True, slots=True)
class Command:
    """One command of the shell.

    ``synopsis`` is zkCli's own, ``summary`` one sentence of help. ``operands`` is how many operands
    there must be at least and may be at most (None: any number; zkCli ignores what it does not
    need). ``online`` commands need a session that is not closed. ``run`` raises ShellError if it
    fails.
    """

    name: str
    synopsis: str
    summary: str
    run: Run
    flags: tuple[Flag, ...] = ()
    group: Group | None = None
    operands: tuple[int, int | None] = (0, None)
    online: bool = True

    def usage(self) -> str:
        """Return the line that shows how to call it."""
        return f"{self.name} {self.synopsis}"

    def parse(self, words: list[str]) -> Parsed:
        """Read the words behind the name; raise ShellError where they do not fit."""
        parsed = parse_flags(words, self.flags, self.group)
        least, most = self.operands
        count = len(parsed.operands)
        if count < least or (most is not None and count > most):
            raise ShellError(self.usage())
        return parsed

    def help(self) -> str:
        """Return usage, summary and flags."""
        lines = [self.usage(), f"  {self.summary}"]
        for flag in self.flags:
            shown = f"-{flag.name} {flag.value}" if flag.value else f"-{flag.name}"
            lines.append(f"    {shown:<14} {flag.text}")
        return "\n".join(lines)
