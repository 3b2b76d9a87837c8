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

Trace = Callable[[str, tuple[Any, ...]], None]
"""Called with an action that has just been taken, and the arguments of its handler."""


class Traced(Protocol):
    """Who has handlers."""

    @property
    def trace(self) -> Trace | None:
        """Where steps are told; None for nowhere."""
        ...


S = TypeVar("S", bound=Traced)


def action(
    name: str,
) -> Callable[[Callable[Concatenate[S, P], None]], Callable[Concatenate[S, P], None]]:
    """Mark a method as the handler of an action of the specification."""

    def mark(method: Callable[Concatenate[S, P], None]) -> Callable[Concatenate[S, P], None]:
        assert name not in ACTIONS, f"{name} has two handlers"
        ACTIONS[name] = method.__qualname__
        return told_as(name, method)

    return mark


def told_as(
    name: str, method: Callable[Concatenate[S, P], None]
) -> Callable[Concatenate[S, P], None]:
    """Return a method that tells of the action when it is done."""

    def step(self: S, /, *args: P.args, **kwargs: P.kwargs) -> None:
        method(self, *args, **kwargs)
        trace = self.trace
        if trace is not None:
            trace(name, args)

    update_wrapper(step, method)
    return step
