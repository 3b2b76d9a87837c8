"""What each method says of the properties of a variant: rows of one table."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from speccheck.explore.model import Model
from speccheck.variants.survey import Breach


class Method(StrEnum):
    """How a property was looked at."""

    check = "check"
    simulate = "simulate"
    prove = "prove"
    hunt = "hunt"
    plain = "plain"


class Verdict(StrEnum):
    """What a method says of a property.

    ``holds``: in all states of the model, or proved; ``violated``; ``open``: not violated as far as
    the method went; ``unused``: there is nothing for this method to look at.
    """

    holds = "holds"
    violated = "violated"
    open = "not violated"
    unused = "-"


class Row(NamedTuple):
    """What one method says of one property.

    ``depth``: how far the method went, in steps; ``length``: steps of the counterexample;
    ``amount`` of what, as in "16,119 states" or "3 seeds".
    """

    property: str
    method: Method
    verdict: Verdict
    seconds: float
    where: str = ""
    depth: int | None = None
    amount: str = ""
    length: int | None = None
    note: str = ""


class Counterexample(NamedTuple):
    """A breach with the model that it is of, to be drawn."""

    breach: Breach
    model: Model


class Cost(NamedTuple):
    """What an election or a write takes of something: ``plain``, and with the variant."""

    what: str
    figure: str
    plain: float
    variant: float


@dataclass
class Findings:
    """All that was found of a variant."""

    name: str
    rows: list[Row] = field(default_factory=list)
    shown: list[Counterexample] = field(default_factory=list)
    costs: list[Cost] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def of(self, name: str) -> list[Row]:
        """Return the rows about a property."""
        return [row for row in self.rows if row.property == name]

    def violated(self) -> set[str]:
        """Return the properties that some method finds violated, but for the control."""
        return {
            row.property
            for row in self.rows
            if row.verdict is Verdict.violated and row.method is not Method.plain
        }

    def first(self, name: str) -> Row | None:
        """Return the quickest finding of a violation of a property."""
        found = [
            row
            for row in self.of(name)
            if row.verdict is Verdict.violated and row.method is not Method.plain
        ]
        return min(found, key=lambda row: row.seconds, default=None)
