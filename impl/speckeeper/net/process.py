"""What the process asks of the operating system and of the interpreter before it serves."""

import gc
import resource
import sys

# A thread that wants the interpreter (the storage thread, with news of the disk) gets it after this
# long at the latest. The default, 5 ms, is longer than a whole group commit.
SWITCH_INTERVAL_S = 0.0005

# Kept for what is no client connection: log, snapshot, listeners, HTTP, the loop's own.
RESERVED_DESCRIPTORS = 48

# Young objects are looked at every so many allocations; hardly any are garbage in cycles. The old
# generation is left alone (see quiet_collector).
_YOUNG_THRESHOLD = 20_000
_MIDDLE_THRESHOLD = 50
_NEVER = 1_000_000


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


def quiet_collector() -> None:
    """Keep the cyclic garbage collector from walking the tree.

    A million nodes are millions of objects that never form garbage cycles; a full collection of
    them takes longer than a client waits. What is there now is set aside for good.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG_THRESHOLD, _MIDDLE_THRESHOLD, _NEVER)


def set_aside_survivors() -> None:
    """Set aside what has survived since; to be called now and then. Costs microseconds."""
    gc.freeze()


def prompt_threads() -> None:
    """Let the storage thread have the interpreter soon when it asks."""
    sys.setswitchinterval(SWITCH_INTERVAL_S)
