"""Systems that can be led through a behaviour of a specification, one step at a time.

A system of the entry point group ``speccheck.systems`` that has ``courses`` and ``begin`` can be
told what to do by the names of a specification's actions. Values go in and out as the data of ITF,
Apalache's trace format.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

from speccheck.hunt.system import Unusable


class Course(Protocol):
    """A system on its way through a behaviour."""

    def take(self, action: str, arguments: Mapping[str, Any], after: Mapping[str, Any]) -> None:
        """Take a step. ``after`` is what it is to come to, for choices that no argument names.

        Raises ValueError for what is no step of this system. Any other error, and a system that
        cannot take the step, is a finding: its text says why.
        """
        ...

    def observe(self) -> Mapping[str, Any]:
        """Return the variables that can be seen, with their values."""
        ...

    def remarks(self) -> Sequence[str]:
        """Return what else there is to say of the way, a line each; rules that it broke, say."""
        ...

    def close(self) -> None:
        """Stop."""
        ...


@runtime_checkable
class Stepped(Protocol):
    """A system that can be led."""

    @property
    def courses(self) -> Mapping[str, str]:
        """What can be led, each with a line about it; all are led where none is named."""
        ...

    def begin(self, course: str, initial: Mapping[str, Any], bug: str | None) -> Course:
        """Return a system in an initial state. Raises ValueError if it has no such state."""
        ...


def stepped(name: str, system: object) -> Stepped:
    """Return a system as one that can be led. Raises Unusable."""
    if not isinstance(system, Stepped):
        raise Unusable(f"the system {name} cannot be led step by step: it has no courses and begin")
    return system
