"""Servers that are led through a behaviour of spec/Zab.tla, which somebody else has found."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from inspect import signature

from speckeeper.sim.bugs import seeded
from speckeeper.sim.stepwise.ensemble import Ensemble
from speckeeper.sim.stepwise.names import Names, Plain, pairs

_NEEDED = {"acceptedEpoch", "currentEpoch", "history", "state", "leader"}


class LedCourse:
    """Servers that are led. ``bug``: a known mistake that they have."""

    def __init__(
        self, make: Callable[[Names], Ensemble], initial: Mapping[str, Plain], bug: str | None
    ) -> None:
        """Raises ValueError for a state that is none of Zab, or not of servers just started."""
        missing = sorted(_NEEDED - {*initial})
        if missing:
            raise ValueError(f"this is no behaviour of Zab: it has no {', '.join(missing)}")
        if any(state != "LOOKING" for _, state in pairs(initial["state"])):
            raise ValueError("the behaviour has to begin where all servers have just been started")
        servers = [name for name, _ in pairs(initial["state"])]
        names = Names(dict(enumerate(servers, 1)), pairs(initial["leader"])[0][1])
        self._stack = ExitStack()
        if bug is not None:
            self._stack.enter_context(seeded(bug))
        try:
            self._ensemble = make(names)
            self._ensemble.start(initial)
        except BaseException:
            self.close()
            raise

    def take(self, action: str, arguments: Mapping[str, Plain], after: Mapping[str, Plain]) -> None:
        """Take a step; what a client writes is found in the state after it."""
        step = self._ensemble.actions.get(action)
        if step is None:
            raise ValueError(f"{action} is no action of Zab")
        given = {**arguments}
        wanted = signature(step).parameters
        if "v" in wanted and "v" not in given:
            proposals = dict(map(_keyed, pairs(after["outstandingProposals"])))
            given["v"] = proposals[str(given["i"])][-1]["txn"]["value"]
        missing = [name for name in wanted if name not in given]
        if missing:
            raise ValueError(f"{action} is taken without its argument {', '.join(missing)}")
        self._ensemble.take(action, {name: given[name] for name in wanted})

    def observe(self) -> Mapping[str, Plain]:
        """Return what is seen of the variables of Zab."""
        return self._ensemble.observe()

    def remarks(self) -> list[str]:
        """Return what whoever looked on has to say."""
        return self._ensemble.remarks()

    def close(self) -> None:
        """Take the mistake out again."""
        self._stack.close()


def _keyed(pair: tuple[Plain, Plain]) -> tuple[str, Plain]:
    return str(pair[0]), pair[1]
