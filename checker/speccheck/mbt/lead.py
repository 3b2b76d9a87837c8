"""How far a system followed a trace of the checker, and where it went another way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from speccheck.evaluate.show import show
from speccheck.hunt.stepping import Course
from speccheck.mbt.story import difference
from speccheck.report.itf import ItfState, ItfTrace, decode, encode


@dataclass(slots=True)
class Following:
    """``taken`` steps were followed, of ``steps``. ``why``: what the next one came to instead."""

    steps: list[str]
    taken: int = 0
    why: list[str] = field(default_factory=list)
    unseen: list[str] = field(default_factory=list)
    """Variables of the trace that the system does not show."""
    remarks: list[str] = field(default_factory=list)
    """What else the system has to say of the way."""

    @property
    def is_complete(self) -> bool:
        """Whether the system followed to the end."""
        return not self.why


def follow_trace(trace: ItfTrace, course: Course) -> Following:
    """Lead a system through a trace. Raises ValueError where the trace is none for this system."""
    if not trace.states:
        raise ValueError("the trace has no states")
    labels = [_label(state) for state in trace.states[1:]]
    found = Following(labels)
    found.why = _compare(trace, trace.states[0], course.observe(), found)
    for state in trace.states[1:]:
        if found.why:
            break
        if state.action is None:
            raise ValueError("the trace does not say which actions it takes")
        arguments = {name: encode(value) for name, value in state.arguments.items()}
        after = {name: encode(value) for name, value in state.values.items()}
        try:
            course.take(state.stands_for or state.action, arguments, after)
            seen = course.observe()
        except ValueError:
            raise
        except Exception as error:  # noqa: BLE001  # Whatever the system raises is what it does.
            found.why = [str(error) or type(error).__name__]
            break
        found.why = _compare(trace, state, seen, found)
        if not found.why:
            found.taken += 1
    found.remarks = [*course.remarks()]
    return found


def _compare(
    trace: ItfTrace, state: ItfState, seen: Mapping[str, Any], found: Following
) -> list[str]:
    shown = {name: decode(value) for name, value in seen.items() if name in state.values}
    found.unseen = [name for name in trace.variables if name not in shown]
    if all(state.values[name] == value for name, value in shown.items()):
        return []
    values = tuple(state.values[name] for name in trace.variables)
    return difference(trace.variables, [values], shown).splitlines()


def _label(state: ItfState) -> str:
    words = ", ".join(map(show, state.arguments.values()))
    return f"{state.action}({words})" if words else str(state.action)
