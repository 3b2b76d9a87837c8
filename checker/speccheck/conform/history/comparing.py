"""Compares answers. The time of a write is known only when somebody has seen it in a Stat.

Until then it is the zxid with a minus sign. The first who sees the node tells the time; from then
on it is known.
"""

from __future__ import annotations

from speccheck.conform.history import values as v
from speccheck.conform.history.answers import Answers
from speccheck.evaluate.values import Fn, Value


def agree(expected: Fn, seen: Fn, answers: Answers) -> bool:
    """Tell whether two answers are the same, apart from times that are not known yet."""
    if expected is seen:
        return True
    if expected.domain is not seen.domain:
        return False
    return all(_field(name, expected[name], seen[name], answers) for name in expected)


def _field(name: str, expected: Value, seen: Value, answers: Answers) -> bool:
    if expected is seen:
        return True
    if name == "stat":
        return isinstance(seen, Fn) and _times_filled_in(expected, seen) is seen
    if name == "results":
        return len(expected) == len(seen) and all(
            agree(part_of(one, answers), other, answers)
            for one, other in zip(expected.values_, seen.values_, strict=True)
        )
    return bool(expected == seen)


def part_of(result: Fn, answers: Answers) -> Fn:
    """Return a result of a multi or multiRead as a client is told it."""
    if "type" not in result:
        return result
    if result["type"] == "error":
        return v.record({"err": result["err"]})
    return answers.part(result)


def _times_filled_in(expected: Fn, seen: Fn) -> Fn:
    """Return a Stat with the times that are not known taken from another."""
    if expected.domain is not seen.domain:
        return expected
    filled = dict(expected)
    for name in ("ctime", "mtime"):
        if filled[name] < 0:
            filled[name] = seen[name]
    return v.record(filled)


def with_times(node: Fn, stat: Fn) -> Fn:
    """Return a node with the times that a Stat of it tells."""
    if node["ctime"] >= 0 and node["mtime"] >= 0:
        return node
    filled = dict(node)
    for name in ("ctime", "mtime"):
        if filled[name] < 0:
            filled[name] = stat[name]
    return v.record(filled)
