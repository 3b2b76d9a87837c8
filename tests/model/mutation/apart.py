"""Calls a function in a process of its own: what a mutant computes may have no end.

The process is forked, so it has all that this one has loaded and read.
"""

import multiprocessing
import resource
import signal
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import ParamSpec, TypeVar

_Result = TypeVar("_Result")
_Given = ParamSpec("_Given")

# Bytes that the process may use.
_MEMORY = 4 << 30


class NoEnd(Exception):
    """The process did not return: it used up its time or its memory. Says which."""


def apart(
    seconds: float, work: Callable[_Given, _Result], *given: _Given.args, **named: _Given.kwargs
) -> _Result:
    """Return what ``work`` returns, within so many seconds of processor time. Raises NoEnd.

    What ``work`` raises becomes a RuntimeError with the same text.
    """
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe()
    child = context.Process(target=_call, args=(theirs, seconds, work, given, named))
    child.start()
    theirs.close()
    try:
        kind, found = ours.recv()
    except EOFError:
        child.join()
        if child.exitcode == -signal.SIGXCPU:
            raise NoEnd(f"no end in {seconds:g} s") from None
        raise NoEnd(f"the process ended with {child.exitcode}") from None
    finally:
        child.kill()
        child.join()
    if kind == "memory":
        raise NoEnd("out of memory")
    if kind == "raised":
        raise RuntimeError(found)
    result: _Result = found
    return result


def _call(
    pipe: Connection,
    seconds: float,
    work: Callable[..., object],
    given: tuple[object, ...],
    named: dict[str, object],
) -> None:
    most = round(seconds)
    resource.setrlimit(resource.RLIMIT_CPU, (most, most + 5))
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    try:
        pipe.send(("returned", work(*given, **named)))
    except MemoryError:
        pipe.send(("memory", None))
    except Exception as error:  # noqa: BLE001 - the other process raises it
        pipe.send(("raised", f"{type(error).__name__}: {error}"))
