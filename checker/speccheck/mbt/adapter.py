"""What a system under test has to offer: a method for each action, and what can be seen of it."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar, Protocol

from speccheck.evaluate.values import Value


class Adapter(Protocol):
    """One system, from its start to its end; a fresh one is made for each example.

    For an action ``LeaderProcessACK(i, j)`` of the specification it has a method of that name or
    of the name ``leader_process_ack``, called with the arguments as TLA+ values; the method
    returns when the system has taken the step, or raises NotAsked, having done nothing. What it
    cannot be told to do stands in ``internal``: the system takes these steps by itself, at times of
    its own. ``left_out`` has the actions that are not tried, each with the reason; ``often`` has
    those that others wait for, such as the delivery of what was sent, and that are therefore to be
    taken more often than others.
    ``weights`` says so by numbers: above 1 for those to be taken more often than others, below 1
    for those that put an end to something.

    ``usual`` tells of the values of a parameter, by its name or as ``Action.name`` for one action,
    which ones are ordinary; they are drawn two times out of three, so that what is wrong with the
    others does not hide the rest.

    It may have ``existing``: parameters, as ``Action.name``, that are to name mostly what is there,
    which is what a function of the state is defined for; ``disturbing``: actions that undo what
    others have built, such as a crash; and ``swarm`` False where few steps are possible at a time:
    no example then does without some. ``deterministic`` True says that a step has one outcome: a
    specification that allows several allows one that never comes.
    """

    internal: ClassVar[frozenset[str]]
    left_out: ClassVar[Mapping[str, str]]
    often: ClassVar[frozenset[str]]
    weights: ClassVar[Mapping[str, float]]
    usual: ClassVar[Mapping[str, Callable[[Value], bool]]]

    def start(self, state: Mapping[str, Value]) -> None:
        """Start the system in an initial state of the specification."""

    def observe(self) -> Mapping[str, Value]:
        """Return the variables of the specification that can be seen, with their values."""

    def notes(self) -> Iterable[str]:
        """Return what happened since the last time and is worth counting, such as error codes."""

    def close(self) -> None:
        """Stop the system. Called once, also after a failure."""


class NotAsked(Exception):
    """Raised by a method of an adapter that has done nothing: this system cannot be asked that."""


class AdapterError(Exception):
    """An adapter does not fit the specification."""


_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z]|$)|[A-Z][a-z0-9]*|[a-z0-9]+|[A-Z]+")


_NO_ACTIONS = frozenset(
    {"start", "observe", "notes", "close"}
)  # An action Close needs a method Close.


def snake_case(name: str) -> str:
    """Return the name of an action as that of a handler.

    ``LeaderProcessACK`` gives ``leader_process_ack``.
    """
    return "_".join(word.lower() for word in _WORD.findall(name))


def method_of(adapter: type[Any], action: str) -> Callable[..., object] | None:
    """Return the function of an adapter for an action, None if there is none."""
    for name in (action, snake_case(action)):
        found = getattr(adapter, name, None)
        if callable(found) and name not in _NO_ACTIONS:
            return found  # type: ignore[no-any-return]
    return None


def sort_actions(adapter: type[Any], actions: list[str]) -> tuple[list[str], list[str]]:
    """Return the actions that are told and those that the system takes by itself.

    Raises AdapterError for an action of which the adapter says nothing, or a name that is none.
    """
    internal, left_out = adapter.internal, adapter.left_out
    for name in (
        *internal,
        *left_out,
        *adapter.often,
        *adapter.weights,
        *getattr(adapter, "disturbing", ()),
    ):
        if name not in actions:
            raise AdapterError(f"{adapter.__name__} names {name}, which is no action of the module")
    by_itself = [name for name in actions if name in internal]
    told = [name for name in actions if name not in internal and name not in left_out]
    for name in told:
        if method_of(adapter, name) is None:
            raise AdapterError(
                f"{adapter.__name__} has no method for the action {name}: write {name} or"
                f" {snake_case(name)}, or name it in internal or, with the reason, in left_out"
            )
    return told, by_itself
