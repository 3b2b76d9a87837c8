"""What a campaign reached: actions, branches within them, and what the adapter noted."""

from collections import Counter
from collections.abc import Iterable

from speccheck.explore.exercise.actions import Marks
from speccheck.explore.exercise.findings import Branch


class Coverage:
    """Counts over all examples of a machine.

    ``notes`` are what adapters call out, such as the error codes of a protocol; ``given_up`` counts
    examples that ended early, because too many states fitted.
    """

    def __init__(self, actions: Iterable[str], marks: Marks, left_out: Iterable[str] = ()) -> None:
        self.actions: Counter[str] = Counter(dict.fromkeys(actions, 0))
        self.notes: Counter[str] = Counter()
        self.examples = 0
        self.given_up = 0
        self.steps = 0
        self._marks = marks
        self._left_out = frozenset(left_out)

    @property
    def branches(self) -> list[Branch]:
        """The branches within actions, with how often each was taken."""
        found = self._marks.branches()
        return [branch for branch in found if branch.action not in self._left_out]

    def missing(self) -> list[str]:
        """Return the actions and branches that were never reached, each with its place."""
        return [name for name, count in self.actions.items() if not count] + [
            f"{branch.action}, {branch.kind} at {branch.place}"
            for branch in self.branches
            if not branch.taken
        ]

    def __str__(self) -> str:
        rows = [f"{count:8}  {name}" for name, count in self.actions.items()]
        rows += [
            f"{branch.taken:8}  {branch.action}, {branch.kind} at {branch.place}"
            for branch in self.branches
        ]
        rows += [f"{count:8}  {note}" for note, count in sorted(self.notes.items())]
        given_up = f", {self.given_up} examples given up" if self.given_up else ""
        return f"{self.examples} examples, {self.steps} steps{given_up}\n" + "\n".join(rows)
