"""What happened in an example, told: the operations, what the specification says, what was seen."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from speccheck.evaluate.disjuncts import State
from speccheck.evaluate.named import Values
from speccheck.evaluate.show import show
from speccheck.evaluate.values import Value
from speccheck.report.differences import Change, changes

_MOST_CHANGES = 6
_MOST_OF_ONE = 2
_LONGEST = 240


@dataclass(slots=True)
class Step:
    """One operation, with what it changed according to the specification."""

    label: str
    told: list[str] = field(default_factory=list)


class Story:
    """An example, step by step."""

    def __init__(self, variables: Sequence[str]) -> None:
        self._variables = tuple(variables)
        self._steps: list[Step] = []

    def begin(self, action: str, arguments: Values) -> None:
        """Add an operation; whatever goes wrong now goes wrong in it."""
        words = ", ".join(map(show, arguments))
        self._steps.append(Step(f"{action}({words})" if words else action))

    def forget(self) -> None:
        """Take the last operation back: it was not asked for."""
        self._steps.pop()

    def changed(self, before: State, after: State, seen: Iterable[str]) -> None:
        """Say what the operation changed, of what can be seen."""
        wanted = set(seen)
        for name, old, new in zip(self._variables, before, after, strict=True):
            if name in wanted:
                told = [_short(str(change)) for change in changes(name, old, new)]
                more = len(told) - _MOST_OF_ONE
                if more > 1:
                    told[_MOST_OF_ONE:] = [f"and {more} more of {name}"]
                self._steps[-1].told.extend(told)

    def __str__(self) -> str:
        lines: list[str] = []
        for number, step in enumerate(self._steps, 1):
            lines.append(f"{number:3}. {step.label}")
            lines.extend(f"       {told}" for told in step.told)
        return "\n".join(lines)


def difference(
    variables: Sequence[str], candidates: Sequence[State], seen: Mapping[str, Value]
) -> str:
    """Return how what was seen differs from the closest of the specification's states.

    The first differing variable in the order of the module comes with all its differing parts.
    """
    closest = dict(zip(variables, candidates[0], strict=True))
    differing = [name for name in variables if name in seen and seen[name] != closest[name]]
    first = differing[0]
    parts: list[Change] = list(changes(first, closest[first], seen[first]))
    lines = [
        f"{first} differs" + (f", and so does {', '.join(differing[1:])}" * bool(differing[1:]))
    ]
    for part in parts[:_MOST_CHANGES]:
        lines += [f"  {part.path}", *_sides(part)]
    if len(candidates) > 1:
        lines.append(
            f"This is the closest of {len(candidates)} states that the specification allows."
        )
    return "\n".join(lines)


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 4]} ..."


def _sides(part: Change) -> list[str]:
    if part.kind == "added":
        return [f"    the system has besides: {', '.join(map(show, part.items))}"]
    if part.kind == "removed":
        return [f"    the system lacks: {', '.join(map(show, part.items))}"]
    return [f"    the specification: {show(part.old)}", f"    the system:        {show(part.new)}"]


def open_outcome(action: str, outcomes: int) -> str:
    """Say that a step may come to several states, though the system has one outcome for it."""
    return (
        f"The specification lets {action} come to {outcomes} states with the same arguments;"
        f" the system comes to one, always the same."
    )
