"""What the process asks of the operating system and of the interpreter before it serves."""

import gc
import resource
import sys
from collections.abc import Callable

# A thread that wants the interpreter (the storage thread, with news of the disk) gets it after this
# long at the latest. The default, 5 ms, is longer than a whole group commit.
SWITCH_INTERVAL_S = 0.0005

# Kept for what is no connection: log, snapshot, listeners, the loop's own, and newcomers that are
# accepted only to be turned away.
RESERVED_DESCRIPTORS = 48

# One HTTP site needs no more; where descriptors are few it gets this part of them.
MOST_HTTP_CONNECTIONS = 100
_HTTP_PART = 8

# How often the garbage collector looks at what is new: at 50 000 creations a second that is half a
# millisecond's work.
COLLECT_S = 0.1
# Survivors are set aside when there are this many more nodes and connections than before ...
_GROWTH = 10_000
# ... and what is not set aside is looked at as a whole this often.
_FULL_EVERY = 600


def raise_descriptor_limit() -> int:
    """Raise the soft limit on open files to the hard one; return how many connections fit.

    Turning the next one away is better than letting the log find no descriptor for its next file.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        except (OSError, ValueError):
            hard = soft  # the system knows why
    return max(hard - RESERVED_DESCRIPTORS, 1)


def share_descriptors(connections: int, sites: int) -> tuple[int, int]:
    """Return how many of ``connections`` clients get, and how many each HTTP site gets."""
    each = min(MOST_HTTP_CONNECTIONS, max(connections // _HTTP_PART, 2))
    return max(connections - sites * each, 1), each


class Collector:
    """Runs the cyclic garbage collector in small steps, and keeps it from walking the tree.

    A million nodes are millions of objects that never form garbage cycles; a full collection of
    them takes longer than a client waits. So the collector does not start by itself; what has been
    loaded is set aside for good, and so is what comes by growth. Cycles, of which only HTTP
    requests and the like make any, are found by the steps.
    """

    def __init__(self, population: Callable[[], int]) -> None:
        """``population``: how many long-lived things (nodes, connections) there are now."""
        self._population = population
        self._set_aside = population()
        self._steps = 0

    def start(self) -> None:
        """Set aside everything there is, and take the collector in hand."""
        gc.collect()
        gc.freeze()
        gc.disable()

    def step(self) -> None:
        """Collect what is new; to be called every :data:`COLLECT_S`."""
        gc.collect(1)
        population = self._population()
        self._steps += 1
        if population - self._set_aside >= _GROWTH:
            self._set_aside = population
            gc.freeze()
        elif population < self._set_aside:
            self._set_aside = population
        if self._steps % _FULL_EVERY == 0:
            gc.collect()


def prompt_threads() -> None:
    """Let the storage thread have the interpreter soon when it asks."""
    sys.setswitchinterval(SWITCH_INTERVAL_S)
