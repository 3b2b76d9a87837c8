"""Runs machines of the data model in this process until one of them notices something."""

import sys
from pathlib import Path

from speccheck.evaluate.errors import EvaluationError
from speccheck.explore.model import ConfigError
from speccheck.tla.errors import TlaError

# As tests/model/mutation has it: what is said of a text that says nothing about a variable.
_NONSENSE = ("gives no value to", "is used before it")
_DEEPEST_RECURSION = 5000

Found = tuple[str, str]
"""How it ended (noticed, invalid, survived), and who said what."""


def first_notice(library: list[Path], effort: int = 1) -> Found:
    """Run the machines, each with ``effort`` times as many examples as the one before says.

    Changes this process: call it in one that was made for it.
    """
    from tests.mbt.profiles import profile
    from tests.mbt.znode.core import WithoutSockets
    from tests.mbt.znode.machines import machine, run
    from tests.mbt.znode.tree_adapter import InMemory

    sys.setrecursionlimit(_DEEPEST_RECURSION)
    campaign = (
        (WithoutSockets, "MBTOneServer", 50 * effort, 80),
        (InMemory, "MBTZNode", 10 * effort, 60),
    )
    for adapter, config, examples, steps in campaign:
        try:
            run(machine(adapter, config, library), profile(examples, steps, shrink=False))
        except (TlaError, ConfigError) as error:
            return "invalid", _first_line(error)
        except EvaluationError as error:
            said = _first_line(error)
            return ("invalid" if any(text in said for text in _NONSENSE) else "noticed"), said
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt | MemoryError):
                raise
            return "noticed", f"{adapter.__name__}: {_last_lines(error)}"
    return "survived", ""


def _first_line(error: BaseException) -> str:
    return str(error).splitlines()[0]


def _last_lines(error: BaseException) -> str:
    """Return where the two sides differ, or what went wrong."""
    lines = str(error).splitlines() or [""]
    differs = [line for line in lines if " differs" in line or "violates" in line]
    return f"{type(error).__name__}: {(differs or lines)[-1][:120]}"
