"""What is hunted in: a simulated system, found by its entry point, spoken to in plain data.

A system is an object with the methods of :class:`System`, which a distribution names in the entry
point group ``speccheck.systems``. What goes in and out is what JSON has, so that it can travel to
other processes and other machines, and be kept in a file.

A schedule is an object with at least ``seed``, a number, and ``faults``, a list of objects with a
``number`` each. Whatever else it has is the system's own affair.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any, NamedTuple, Protocol, TypeAlias, cast, runtime_checkable

GROUP = "speccheck.systems"

Schedule: TypeAlias = dict[str, Any]

VIRTUAL_MS = "virtual_ms"
FAULTS = "faults"
"""The two figures that every run has: how long it was in virtual time, how many faults struck."""


class System(Protocol):
    """A simulated system."""

    @property
    def bugs(self) -> Mapping[str, str]:
        """Known mistakes that can be put in on purpose, each with a line about it."""
        ...

    def draw(self, seed: int, servers: int | None) -> Schedule:
        """Return the schedule of a seed, if wanted for so many servers.

        Raises ValueError if it cannot have so many.
        """
        ...

    def run(
        self, schedule: Schedule, bug: str | None, log: Callable[[str], None] | None
    ) -> Mapping[str, Any]:
        """Run a schedule; the same schedule is the same run, to the last line of ``log``.

        Returns ``violation``, a text that begins with the rule's name and a colon, or None; and
        ``figures``, numbers by name, ``virtual_ms`` and ``faults`` among them.
        Raises ValueError for a schedule that is none; any other error is a finding.
        """
        ...

    def simpler(self, schedule: Schedule) -> Iterable[Schedule]:
        """Yield schedules with the same faults or fewer that are easier to think of, best first.

        Going from one to the next must come to an end.
        """
        ...

    def with_chance(self, schedule: Schedule, number: int) -> Schedule:
        """Return the same schedule with what it leaves to chance drawn for another time.

        The number 0 is how it was drawn first. A system that leaves nothing to chance returns it as
        it is.
        """
        ...

    def story(self, schedule: Schedule) -> Iterable[str]:
        """Tell a schedule in lines to be read."""
        ...


@runtime_checkable
class RecordingSystem(Protocol):
    """A system whose servers can record what they do."""

    def record(self, schedule: Schedule, bug: str | None, folder: Path) -> None:
        """Run a schedule, and leave the traces of its servers in a folder. Raises OSError."""
        ...


@runtime_checkable
class ObservedSystem(Protocol):
    """A system that can be run and recorded at once: what its servers do, what its clients see."""

    def observe(
        self,
        schedule: Schedule,
        bug: str | None,
        log: Callable[[str], None] | None,
        *,
        traces: bool,
        histories: Path | None,
    ) -> Mapping[str, Any]:
        """Run a schedule as ``run`` does, the same run, and record it. Raises OSError.

        ``traces``: whether to record servers; ``histories``: the folder in which to leave what
        clients see, None: nowhere. Returns besides ``traces``, by the name of a file the bytes it
        would hold, and ``settings``, those of the servers that change answers, by name; None: of
        this run histories cannot be judged.
        """
        ...


class Finding(NamedTuple):
    """What a judge says of what was recorded: ``violation`` as of a run, and what it looked at."""

    violation: str | None
    figures: Mapping[str, int]


@runtime_checkable
class StartingSystem(Protocol):
    """A system whose servers can begin with something on their disks."""

    def draw_from(self, seed: int, start: Mapping[str, Any]) -> Schedule:
        """Return the schedule of a seed that begins from a start, and has it as ``start``.

        ``start["servers"]`` is a list with the disk of each server: ``acceptedEpoch``,
        ``currentEpoch``, and ``history``, a list of transactions with ``epoch``, ``counter`` and
        ``value``, a text. ``start["committed"]``, if it is there, is a list of such histories that
        count as committed before the run. Raises ValueError for disks that no server can leave.
        """
        ...


class Unusable(Exception):
    """The campaign cannot be run; the text says why and what to do."""


def find_system(name: str | None) -> tuple[str, System]:
    """Return a system by its name, or the only one there is. Raises Unusable."""
    installed = _installed(tuple(sys.path))
    if not installed:
        raise Unusable(f"no installed package has an entry point {GROUP}; install one that has")
    if name is None:
        if len(installed) > 1:
            raise Unusable(f"several systems are installed; say --system {_one_of(installed)}")
        name = next(iter(installed))
    if name not in installed:
        raise Unusable(f"there is no system {name}; installed is {_one_of(installed)}")
    return name, _load(installed[name])


@cache
def _installed(path: tuple[str, ...]) -> dict[str, EntryPoint]:
    """Read which systems there are; it takes longer than many a run does."""
    return {point.name: point for point in entry_points(group=GROUP)}


def check_bug(name: str, system: System, bug: str | None) -> None:
    """Raise Unusable for a bug that the system does not have.

    What a system names in ``strategies`` can be put in as well: other ways to do the same, which
    break nothing. A system need not have any.
    """
    known = {*system.bugs, *strategies_of(system)}
    if bug is not None and bug not in known:
        raise Unusable(f"{name} has no bug {bug}; there is {_one_of(known)}")


def starting(name: str, system: object) -> StartingSystem:
    """Return a system as one that can begin with disks. Raises Unusable."""
    if not isinstance(system, StartingSystem):
        raise Unusable(f"the system {name} cannot begin with disks: it has no draw_from")
    return system


def strategies_of(system: System) -> Mapping[str, str]:
    """Return the strategies of a system, each with a line about it."""
    found: Mapping[str, str] = getattr(system, "strategies", {})
    return found


def costs_of(system: System, strategy: str | None) -> Mapping[str, Mapping[str, float]] | None:
    """Return what things cost in a system, by name; None if it does not know.

    Raises ValueError if it cannot be told with that strategy.
    """
    measure: Callable[[str | None], Mapping[str, Mapping[str, float]]] | None
    measure = getattr(system, "costs", None)
    return None if measure is None else measure(strategy)


def _load(point: EntryPoint) -> System:
    try:
        return cast(System, point.load())
    except (ImportError, AttributeError) as error:
        raise Unusable(
            f"the system {point.name} ({point.value}) cannot be loaded: {error}"
        ) from None


def _one_of(names: Iterable[str]) -> str:
    return " or ".join(sorted(names))
