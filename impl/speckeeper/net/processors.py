"""How many processors this process may use.

As many as it may run on, and no more than its control groups give it the time of: in a container
with the quota of one processor, a loop that never sleeps would spend what the kernel needs to sync
the log, and then stand still until the quota's next period.

Source: Linux Documentation/admin-guide/cgroup-v2.rst ("cpu.max"), scheduler/sched-bwc.rst.
"""

from __future__ import annotations

import math
import os
from contextlib import suppress
from pathlib import Path

_MEMBERSHIP = Path("/proc/self/cgroup")
_GROUPS = Path("/sys/fs/cgroup")


def processors(membership: Path = _MEMBERSHIP, groups: Path = _GROUPS) -> int:
    """Return how many whole processors this process may use, at least 1."""
    if hasattr(os, "sched_getaffinity"):
        there_are = len(os.sched_getaffinity(0))
    else:
        there_are = os.cpu_count() or 1
    quota = _smallest_quota(membership, groups)
    return max(1, there_are if quota >= there_are else int(quota))


def _smallest_quota(membership: Path, groups: Path) -> float:
    """Return what the process's groups and those above them allow, in processors."""
    quota = math.inf
    with suppress(OSError):
        for line in membership.read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            if controllers and "cpu" not in controllers.split(","):
                continue
            top = groups / controllers
            group = top / path.lstrip("/")
            for each in (group, *group.parents):
                quota = min(quota, _quota_of(each))
                if each == top:
                    break
    return quota


def _quota_of(group: Path) -> float:
    """Return the quota of one group; boundless where it has none or cannot be read."""
    with suppress(OSError, ValueError):  # version 2
        time_us, period_us = (group / "cpu.max").read_text().split()
        return math.inf if time_us == "max" else int(time_us) / int(period_us)
    with suppress(OSError, ValueError):  # version 1
        quota_us = int((group / "cpu.cfs_quota_us").read_text())
        return (
            math.inf if quota_us <= 0 else quota_us / int((group / "cpu.cfs_period_us").read_text())
        )
    return math.inf
