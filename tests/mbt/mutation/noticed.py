"""Runs machines in this process until one of them notices something."""

import sys
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

from hypothesis.stateful import run_state_machine_as_test

from speccheck.evaluate.errors import EvaluationError
from speccheck.explore.model import ConfigError
from speccheck.mbt.machine import machine_from_spec
from speccheck.tla.errors import TlaError

# As tests/model/mutation has it: what is said of a text that says nothing about a variable.
_NONSENSE = ("gives no value to", "is used before it")
_DEEPEST_RECURSION = 5000
_ROUNDS = 2

Found = tuple[str, str]
"""How it ended (noticed, invalid, survived), and who said what."""


def first_notice(library: list[Path], effort: int = 1) -> Found:
    """Run the machines of the data model, ``effort`` times as long as by default.

    Changes this process: call it in one that was made for it.
    """
    from tests.mbt.profiles import profile
    from tests.mbt.znode.core import OrdinaryCore, WithoutSockets
    from tests.mbt.znode.machines import machine, run
    from tests.mbt.znode.tree_adapter import InMemory

    sys.setrecursionlimit(_DEEPEST_RECURSION)
    campaign: tuple[tuple[type[Any], str, int, int], ...] = (
        (WithoutSockets, "MBTOneServer", 25, 80),
        (WithoutSockets, "MBTRare", 25, 80),
        (InMemory, "MBTZNode", 12, 60),
        (OrdinaryCore, "MBTOrdinary", 20, 80),
    )
    # Each round begins other examples: what is seldom is found by beginning again.
    for number in range(1, 1 + _ROUNDS * effort):
        for adapter, config, examples, steps in campaign:
            how = profile(examples, steps, shrink=False)
            found = _said(lambda: run(machine(adapter, config, library), how, number))  # noqa: B023
            if found is not None:
                return found[0], f"{adapter.__name__}: {found[1]}"
    return "survived", ""


def first_notice_of_cores(
    library: list[Path], effort: int = 1, modules: tuple[str, ...] = ("Zab", "FastLeaderElection")
) -> Found:
    """Run cores by themselves against modules of the protocol, then drive them by these.

    Changes this process, too.
    """
    from tests.mbt.profiles import profile
    from tests.mbt.spec_mutants import DRIVEN, EXAMPLES, RUNS, SPEC, STEPS

    sys.setrecursionlimit(_DEEPEST_RECURSION)
    folders = (*library, SPEC)

    def free(module: str) -> None:
        make, runs, events = RUNS[module]
        against = make(folders)
        for number in range(runs * effort):
            against.run(number, events)

    def driven(module: str) -> None:
        made = machine_from_spec(*DRIVEN[module], library=folders)
        run_state_machine_as_test(made, settings=profile(EXAMPLES * effort, STEPS, shrink=False))

    return first(
        (f"{module}, {way.__name__}", partial(way, module))
        for way in (free, driven)
        for module in modules
    )


def first(ways: Iterable[tuple[str, Callable[[], object]]]) -> Found:
    """Return what the first of some runs has to say."""
    for name, way in ways:
        found = _said(way)
        if found is not None:
            return found[0], f"{name}: {found[1]}"
    return "survived", ""


def _said(work: Callable[[], object]) -> Found | None:
    """Return what a run says of a mutant; None if nothing."""
    try:
        work()
    except (TlaError, ConfigError) as error:
        return "invalid", _first_line(error)
    except EvaluationError as error:
        said = _first_line(error)
        return ("invalid" if any(text in said for text in _NONSENSE) else "noticed"), said
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt | MemoryError | OSError):
            raise
        return "noticed", _last_lines(error)
    return None


def _first_line(error: BaseException) -> str:
    return str(error).splitlines()[0]


def _last_lines(error: BaseException) -> str:
    """Return where the two sides differ, or what went wrong."""
    lines = str(error).splitlines() or [""]
    differs = [line for line in lines if " differs" in line or "violates" in line]
    return f"{type(error).__name__}: {(differs or lines)[-1][:120]}"
