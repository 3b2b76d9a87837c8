"""What a run says about what it exercised."""

from dataclasses import dataclass, field
from typing import NamedTuple

from speccheck.tla.meaning import Place


class Finding(NamedTuple):
    """Something that the run did not exercise.

    ``kind`` is "action", "branch" (of an action), "vacuous" or "condition" (of a property), or
    "tolerance"; ``name`` the action or the property; ``place`` where the part stands that had no
    influence. ``is_weak`` if it is worth knowing but no reason to doubt the verdict; ``reason``
    is why the configuration expects it.
    """

    kind: str
    name: str
    place: Place
    message: str
    is_weak: bool = False
    reason: str = ""

    def __str__(self) -> str:
        return f"{self.name}: {self.message} ({self.place})"


class Branch(NamedTuple):
    """A branch within an action, and how often it was taken.

    ``kind`` is "disjunct", "branch", or "action" where the branch is a named action itself.
    """

    action: str
    kind: str
    place: Place
    taken: int


class Part(NamedTuple):
    """A part of a property that was asked for; ``decided`` if the verdict depended on it."""

    name: str
    kind: str
    place: Place
    decided: bool


@dataclass(slots=True)
class Exercise:
    """What was exercised. ``findings`` are what was not.

    ``actions`` are the named actions that stand under a condition, among other alternatives.
    ``parts`` of properties were looked for on up to ``looked_at`` states; ``is_complete`` unless
    there were more states, or too little time, for those that decided nothing. ``seconds`` is the
    time this took.
    """

    findings: list[Finding] = field(default_factory=list)
    branches: list[Branch] = field(default_factory=list)
    actions: list[Branch] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    looked_at: int = 0
    is_complete: bool = True
    seconds: float = 0.0

    @property
    def decisive(self) -> int:
        """The number of parts that decided something."""
        return sum(part.decided for part in self.parts)

    @property
    def vacuous(self) -> list[Finding]:
        """Return the findings that make a success hollow."""
        return [found for found in self.findings if not (found.is_weak or found.reason)]
