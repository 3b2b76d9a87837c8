"""Handlers by the names of the specification's actions, and the one place where steps are told.

A handler that changes protocol state is one action of spec/Zab.tla or spec/FastLeaderElection.tla
and is marked with :func:`action`. With no trace asked for it costs one test more.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import update_wrapper
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

P = ParamSpec("P")

ACTIONS: dict[str, str] = {}
"""The handler of each action of the specification that this package has."""

Trace = Callable[[str, tuple[Any, ...], dict[str, Any]], None]
"""Called with an action, its arguments, and the variables that it changed with their new values."""


class Traced(Protocol):
    """Who has handlers."""

    @property
    def trace(self) -> Trace | None:
        """Where steps are told; None for nowhere."""
        ...

    def variables(self) -> dict[str, Any]:
        """Return this server's variables of the specification by their names there."""
        ...


S = TypeVar("S", bound=Traced)


def action(
    name: str,
) -> Callable[[Callable[Concatenate[S, P], None]], Callable[Concatenate[S, P], None]]:
    """Mark a method as the handler of an action of the specification."""

    def mark(method: Callable[Concatenate[S, P], None]) -> Callable[Concatenate[S, P], None]:
        assert name not in ACTIONS, f"{name} has two handlers"
        ACTIONS[name] = method.__qualname__

        def step(self: S, /, *args: P.args, **kwargs: P.kwargs) -> None:
            trace = self.trace
            if trace is None:
                method(self, *args, **kwargs)
                return
            before = self.variables()
            method(self, *args, **kwargs)
            after = self.variables()
            changed = {k: v for k, v in after.items() if k not in before or before[k] != v}
            trace(name, args, changed)

        update_wrapper(step, method)
        return step

    return mark
