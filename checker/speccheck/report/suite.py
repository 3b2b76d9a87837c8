"""What several runs exercised together: of what one model is too small for, another may see more.

The runs are what ``speccheck check --json`` printed. An action, a branch or a part of a property
is the same in two runs if it has the same name, and the same place in a file of the same name.
"""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Any, NamedTuple


class SuiteError(Exception):
    """A file is not the result of a run; the message says which and why."""


class Thing(NamedTuple):
    """Something that runs can exercise; ``kind`` is "action", "branch" or that of a part."""

    kind: str
    name: str
    place: str

    def __str__(self) -> str:
        what = "action" if self.kind == "action" else f"{self.kind} in"
        return f"{what} {self.name} at {self.place}"


@dataclass(slots=True)
class Suite:
    """How many runs exercised each thing, and its text. Conditions of implications do not count."""

    runs: int = 0
    counts: dict[Thing, int] = field(default_factory=dict)
    texts: dict[Thing, str] = field(default_factory=dict)

    @property
    def idle(self) -> list[Thing]:
        """Return what no run exercised."""
        return [thing for thing, count in self.counts.items() if not count]

    def add(self, data: Any, source: str) -> None:
        """Add a run, as plain data. Raises SuiteError; ``source`` names it there."""
        try:
            for thing, count, text in _things(data):
                self.counts[thing] = self.counts.get(thing, 0) + bool(count)
                self.texts[thing] = text
        except (KeyError, TypeError, AttributeError):
            raise SuiteError(f"{source} is no result of speccheck check --json") from None
        self.runs += 1


def read_suite(paths: Iterable[Path]) -> Suite:
    """Return what the runs in some files exercised. Raises SuiteError."""
    suite = Suite()
    for path in paths:
        try:
            data = json.loads(path.read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise SuiteError(f"{path} cannot be read: {error}") from None
        suite.add(data, str(path))
    return suite


def _things(data: Any) -> Iterable[tuple[Thing, int, str]]:
    shared = Counter((row["name"], row["place"]) for row in data["actions"])
    for row in data["actions"]:
        # With other arguments, an action at the same place is another thing.
        name = row["label"] if shared[row["name"], row["place"]] > 1 else row["name"]
        yield Thing("action", name, _short(row["place"])), row["taken"], row["label"]
    exercise = data["exercise"] or {"branches": [], "parts": []}
    for row in exercise["branches"]:
        yield Thing("branch", row["action"], _short(row["place"])), row["taken"], row["text"]
    for row in exercise["parts"]:
        if row["kind"] != "condition":  # These are but notes.
            yield Thing(row["kind"], row["name"], _short(row["place"])), row["decided"], row["text"]


def _short(place: str) -> str:
    return PurePath(place).name
