"""What a run consists of, drawn in advance: a seed, options, and a list of timed faults.

A schedule can be written as JSON and read again; a fault can be left out of it. All that remains
to chance in a run (how long each message travels, how long each disk takes) comes from the seed by
a generator for each link and disk, so that what is left does what it did, as far as it can.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from random import Random
from typing import Any, NamedTuple

import speckeeper.sim.ambush
import speckeeper.sim.client_faults
import speckeeper.sim.faults
import speckeeper.sim.machine_faults
import speckeeper.sim.reconfigs  # noqa: F401 (these enter the kinds)
from speckeeper.sim.fault import KINDS, OUTAGES_MS, Fault, Frame, seconds
from speckeeper.sim.options import DEFAULT_OPTIONS, Options, draw_options
from speckeeper.sim.plain import PlainError, from_plain, to_plain
from speckeeper.sim.reconfigs import Reconfig
from speckeeper.sim.start import Start, read_start

FIRST_RECONFIGURED = 1_000_000
"""From this seed on members change while the ensemble serves; all else is drawn as for others."""


class Schedule(NamedTuple):
    """A run. ``faults`` are in the order of time.

    ``chance`` is drawn anew with every number: delays and the like, but no fault. ``start``: what
    the disks hold when it begins, None: nothing.
    """

    seed: int
    options: Options = DEFAULT_OPTIONS
    faults: tuple[Fault, ...] = ()
    chance: int = 0
    start: Start | None = None

    @property
    def chance_seed(self) -> int:
        """What the generators of a run are seeded with."""
        return self.seed + (self.chance << 40)

    def as_plain(self) -> dict[str, Any]:
        """Return it as what JSON has."""
        told = [{"kind": fault.kind, **to_plain(fault)} for fault in self.faults]
        plain = {
            "seed": self.seed,
            "options": to_plain(self.options),
            "faults": told,
            "chance": self.chance,
        }
        return plain if self.start is None else {**plain, "start": to_plain(self.start)}

    def lines(self) -> Iterator[str]:
        """Tell it as a story: what there is, then what happens when."""
        options = self.options
        yield f"Seed {self.seed}: {_sizes(options)}, {options.writes:g} writes a second"
        for name in ("delays", "latency"):
            values = getattr(options, name)._asdict().items()
            yield f"  {name}: " + ", ".join(f"{key} {value:g}" for key, value in values)
        yield f"  committed log of {options.commit_log_count}, a tick of {options.tick_time_ms} ms"
        yield (
            f"  {options.clients} clients with sessions of {options.session_ms} ms that rest "
            f"{options.rest_ms} ms, clocks wrong by up to {options.drift / 10:g} %"
        )
        yield from _unlike_others(options)
        if self.start is not None:
            yield from self.start.lines()
        for fault in self.faults:
            yield f"  {fault.number:>4}  {seconds(fault.at_ms):>9}  {fault.text()}"
        yield f"        {seconds(options.trouble_ms):>9}  calm: all is healed"


def draw_schedule(seed: int, voters: int | None = None) -> Schedule:
    """Draw options and faults; one more kind of fault would leave the other kinds as they are."""
    rng = Random(f"schedule {seed}")
    options = draw_options(rng, voters)
    if seed >= FIRST_RECONFIGURED:
        options = options._replace(reconfig=True)
    frame = Frame(options, longest_outage_ms=rng.choice(OUTAGES_MS))
    drawn: list[Fault] = []
    for name, cls in KINDS.items():
        if name == Reconfig.kind and not options.reconfig:
            continue
        own = Random(f"schedule {seed} {name}")
        rate = own.choice(cls.rates)
        at_ms = 0
        while rate:
            at_ms += max(int(own.expovariate(rate) * 1000), 1)
            if at_ms >= options.trouble_ms:
                break
            drawn.append(cls.draw(own, at_ms, frame))
    drawn.sort(key=lambda fault: fault.at_ms)
    numbered = (replace(fault, number=number) for number, fault in enumerate(drawn, 1))
    return Schedule(seed, options, tuple(numbered))


def read_schedule(data: object) -> Schedule:
    """Read what :meth:`Schedule.as_plain` gave. Raises PlainError."""
    if not isinstance(data, Mapping) or type(data.get("seed")) is not int:
        raise PlainError("schedule: an object with a number 'seed' is expected")
    options = from_plain(Options, data.get("options", {}), "options")
    listed = data.get("faults", [])
    if not isinstance(listed, list):
        raise PlainError("faults: a list is expected")
    faults = [_read_fault(fault, f"faults[{index}]") for index, fault in enumerate(listed)]
    chance = data.get("chance", 0)
    if type(chance) is not int or chance < 0:
        raise PlainError(f"chance: {chance!r} is no number from 0 on")
    faults.sort(key=lambda fault: fault.at_ms)
    start = None if data.get("start") is None else read_start(data["start"])
    if start is not None and len(start.servers) != options.voters:
        raise PlainError(f"start: {len(start.servers)} disks, and {options.voters} servers vote")
    return Schedule(data["seed"], options, tuple(faults), chance, start)


def _read_fault(data: object, where: str) -> Fault:
    if not isinstance(data, Mapping) or data.get("kind") not in KINDS:
        raise PlainError(f"{where}: an object with a 'kind' is expected, one of {', '.join(KINDS)}")
    rest = {name: value for name, value in data.items() if name != "kind"}
    return from_plain(KINDS[data["kind"]], rest, where)


def _unlike_others(options: Options) -> Iterator[str]:
    if options.reconfig:
        yield "  members change while the ensemble serves"
    if options.local_sessions:
        yield "  sessions are local until they need to be global"
    if options.read_only:
        yield "  servers without a leader serve half of the clients, to read only"
    if options.slow_disk:
        yield f"  the disk of {options.slow_disk} takes up to {options.slow_disk_ms} ms longer"
    if options.far_server:
        yield f"  {options.far_server} is far away, by {options.far_ms} ms each way"


def _sizes(options: Options) -> str:
    count = options.observers
    observers = f", {count} observer{'s' * (count > 1)}" if count else ""
    if count and not options.observers_log:
        observers += " without a log"
    return f"{options.voters} voters{observers}"
