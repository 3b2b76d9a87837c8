"""What a run says about what it exercised."""

from dataclasses import dataclass, field
from typing import NamedTuple

from speccheck.tla.meaning import Place


class Finding(NamedTuple):
    """Something that the run did not exercise.

    ``name`` is the action, the property or the constraint; ``place`` is where the part stands that
    had no influence; ``is_weak`` if it is worth knowing but no reason to doubt the verdict.
    """

    kind: str
    name: str
    place: Place
    message: str
    is_weak: bool = False

    def __str__(self) -> str:
        return f"{self.name}: {self.message} ({self.place})"


class Branch(NamedTuple):
    """A branch within an action, and how often it was taken."""

    action: str
    kind: str
    place: Place
    count: int


@dataclass(slots=True)
class Exercise:
    """What was exercised. ``findings`` are what was not.

    Of the ``probes`` that ask whether a part of a property could decide its verdict, ``decisive``
    did, on one of ``looked_at`` states; ``is_complete`` unless time ran out before all states were
    looked at for those that did not.
    """

    findings: list[Finding] = field(default_factory=list)
    branches: list[Branch] = field(default_factory=list)
    probes: int = 0
    decisive: int = 0
    looked_at: int = 0
    is_complete: bool = True
    seconds: float = 0.0

    @property
    def vacuous(self) -> list[Finding]:
        """Return the findings that make a success hollow."""
        return [finding for finding in self.findings if not finding.is_weak]
