"""The meaning of temporal formulas on lassos, straight from the definition."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias

from speccheck.explore.liveness import formula as f

# ("atom", n), ("not", x), ("and", x, y), ("or", x, y), ("[]", x), ("<>", x), ("~>", x, y)
Raw: TypeAlias = tuple[Any, ...]
Holds: TypeAlias = Callable[[int, int, int], bool]


def satisfies(raw: Raw, walk: Sequence[int], loop: int, holds: Holds) -> bool:
    """Tell whether the behaviour ``walk``, going on at index ``loop`` after its end, satisfies it.

    ``holds(n, i, j)`` is the truth of atom n on the step from state i to state j.
    """
    return _truth(raw, walk, loop, holds)[0]


def _truth(raw: Raw, walk: Sequence[int], loop: int, holds: Holds) -> list[bool]:
    kind, parts = raw[0], raw[1:]
    length = len(walk)
    if kind == "atom":
        return [
            holds(parts[0], walk[n], walk[n + 1] if n + 1 < length else walk[loop])
            for n in range(length)
        ]
    inner = [_truth(part, walk, loop, holds) for part in parts]
    match kind:
        case "not":
            return [not value for value in inner[0]]
        case "and":
            return [a and b for a, b in zip(*inner, strict=True)]
        case "or":
            return [a or b for a, b in zip(*inner, strict=True)]
        case "[]":
            return [all(inner[0][min(n, loop) :]) for n in range(length)]
        case "<>":
            return [any(inner[0][min(n, loop) :]) for n in range(length)]
        case "~>":
            later = [any(inner[1][min(n, loop) :]) for n in range(length)]
            fits = [not a or b for a, b in zip(inner[0], later, strict=True)]
            return [all(fits[min(n, loop) :]) for n in range(length)]
    raise AssertionError(kind)


def built(raw: Raw) -> f.Formula:
    """Return the formula that the checker works with."""
    kind, parts = raw[0], raw[1:]
    if kind == "atom":
        return f.Literal(parts[0])
    inner = [built(part) for part in parts]
    match kind:
        case "not":
            return f.negation(inner[0])
        case "and":
            return f.conjunction(inner)
        case "or":
            return f.disjunction(inner)
        case "[]":
            return f.always(inner[0])
        case "<>":
            return f.eventually(inner[0])
        case "~>":
            return f.leads_to(*inner)
    raise AssertionError(kind)


def lassos(
    successors: Sequence[Sequence[int]], initial: int, longest: int
) -> Iterator[tuple[list[int], int]]:
    """Yield all behaviours with up to ``longest`` states before they repeat, as walk and loop."""

    def grow(walk: list[int]) -> Iterator[tuple[list[int], int]]:
        for loop, state in enumerate(walk):
            if state == walk[-1] or state in successors[walk[-1]]:
                yield walk, loop
        if len(walk) < longest:
            for follower in (walk[-1], *successors[walk[-1]]):
                yield from grow([*walk, follower])

    for state in range(initial):
        yield from grow([state])
