"""Schedules that are easier to think of than another one: smaller, shorter, quieter."""

from __future__ import annotations

from collections.abc import Iterator

from speckeeper.sim.fault import shorter_times
from speckeeper.sim.options import DEFAULT_OPTIONS, Options
from speckeeper.sim.schedule import Schedule


def simpler(schedule: Schedule) -> Iterator[Schedule]:
    """Yield them, the best first; each has a smaller size, a shorter time or a default more."""
    for options in _simpler_options(schedule.options):
        if schedule.start is None or options.voters == len(schedule.start.servers):
            yield schedule._replace(options=options)
    faults = schedule.faults
    for index, fault in enumerate(faults):
        for smaller in fault.smaller():
            yield schedule._replace(faults=(*faults[:index], smaller, *faults[index + 1 :]))


def _simpler_options(options: Options) -> Iterator[Options]:
    if options.observers:
        yield options._replace(observers=options.observers - 1)
    if options.voters > 3:
        yield options._replace(voters=options.voters - 2)
    for clients in (0, 1, 3):
        if clients < options.clients:
            yield options._replace(clients=clients)
    for name in (
        "slow_disk",
        "far_server",
        "observers_log",
        "drift",
        "snap_count",
        "commit_log_count",
        "delays",
        "latency",
    ):
        usual = getattr(DEFAULT_OPTIONS, name)
        if getattr(options, name) != usual:
            yield options._replace(**{name: usual})
    if options.read_only:
        yield options._replace(read_only=False)
    elif options.local_sessions:
        yield options._replace(local_sessions=False)
    for writes in (0, 2, 20):
        if writes < options.writes:
            yield options._replace(writes=writes)
    for trouble_ms in shorter_times(options.trouble_ms):
        yield options._replace(trouble_ms=trouble_ms)
