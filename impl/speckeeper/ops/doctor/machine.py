"""The machine: open files, swapping, memory, and the clock."""

import ctypes
import resource
from collections.abc import Iterator
from pathlib import Path

from speckeeper.ops.config.zoo_cfg import Config
from speckeeper.ops.doctor.finding import Finding, ok, warning

_LEAST_FILES = 4096
_CLOCK_NOT_SET = 5  # TIME_ERROR of adjtimex(2)
_TIMEX_BYTES = 512  # struct timex has 208; the kernel writes no more than that


def check_machine(config: Config) -> Iterator[Finding]:
    """Look at limits, memory and clock."""
    yield _open_files(config)
    swap = _swap()
    if swap is not None:
        yield swap
    clock = _clock()
    if clock is not None:
        yield clock


def _open_files(config: Config) -> Finding:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard == resource.RLIM_INFINITY:
        return ok("open files", "no limit")
    told = f"at most {hard}: about {max(hard - 64, 0)} clients"
    if hard < _LEAST_FILES:
        return warning("open files", told, "raise it (ulimit -Hn, LimitNOFILE= of systemd)")
    most = config.number("maxCnxns")
    if most > hard:
        return warning("open files", f"{told}, and maxCnxns is {most}", "raise it, or lower that")
    return ok("open files", told)


def _swap() -> Finding | None:
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        found = {line.split(":")[0]: int(line.split()[1]) for line in lines if ":" in line}
    except (OSError, ValueError, IndexError):
        return None
    used = found.get("SwapTotal", 0) - found.get("SwapFree", 0)
    free = found.get("MemAvailable", 0)
    told = f"{free // 1024} MiB available, {used // 1024} MiB swapped out"
    if used > found.get("MemTotal", 0) // 10:
        return warning(
            "memory", told, "give it more: a server that is swapped out misses its ticks"
        )
    return ok("memory", told)


def _clock() -> Finding | None:
    """Ask the kernel whether somebody keeps the clock right."""
    try:
        state = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES))
    except (OSError, AttributeError):
        return None
    if state < 0:
        return None
    if state == _CLOCK_NOT_SET:
        text = "nobody sets it (adjtimex says that it is not synchronized)"
        remedy = "run chrony or systemd-timesyncd: times of nodes and TTLs come of it"
        return warning("clock", text, remedy)
    return ok("clock", "it is kept right")
