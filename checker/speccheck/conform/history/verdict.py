"""What comes of judging histories."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass
class Divergence:
    """The first thing that the specification does not allow."""

    reason: str
    file: Path
    line: int
    session: int
    operation: str
    request: Any
    zxid: int
    operator: str
    module: str
    spec_line: int
    expected: Any = None
    seen: Any = None
    closest: int | None = None
    """A zxid at which the reply would have been right."""


@dataclass
class Verdict:
    """``divergence`` None: as far as it was checked, the specification allows it all."""

    divergence: Divergence | None = None
    files: int = 0
    sessions: int = 0
    records: int = 0
    first_zxid: int = 0
    last_zxid: int = 0
    checked: Counter[str] = field(default_factory=Counter)
    """How many of each operation were compared, by ``type: err``; events by their type."""
    unchecked: Counter[str] = field(default_factory=Counter)
    """What was not compared, by the reason."""
    notes: list[str] = field(default_factory=list)
    """What is not known, and what was supposed for it."""

    @property
    def total(self) -> int:
        """How many replies and events were compared."""
        return self.checked.total()


class Diverged(Exception):
    """Ends the judging."""

    def __init__(self, divergence: Divergence) -> None:
        super().__init__(divergence.reason)
        self.divergence = divergence
