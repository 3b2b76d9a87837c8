"""How fast the machines of the specification are on each system: examples and steps a second.

    python -m tests.benchmarks.machines [--examples N] [--markdown docs/performance.md]

Processes (Apache ZooKeeper, and ours) are among them with ``--processes``.
"""

import argparse
import os
import platform
import sys
import time
from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path

from tests.mbt.profiles import profile
from tests.mbt.spec_mutants import DRIVEN, SPEC
from tests.mbt.zab.core_adapter import Cores
from tests.mbt.zab.test_cores import machine as cores_machine
from tests.mbt.zab.test_world import Whole
from tests.mbt.znode.core import WithoutSockets
from tests.mbt.znode.ensemble import Ensemble
from tests.mbt.znode.loopback import Standalone, StandaloneKazoo
from tests.mbt.znode.machines import machine, run
from tests.mbt.znode.tree_adapter import InMemory

from speccheck.mbt.machine import SpecMachine, machine_from_spec

_STEPS = 80
_BEGIN, _END = "<!-- machines benchmark: begin -->", "<!-- machines benchmark: end -->"
Make = Callable[[], type[SpecMachine]]
_SYSTEMS: tuple[tuple[str, Make], ...] = (
    ("ZNode: tree in memory, two replicas", partial(machine, InMemory, "MBTZNode")),
    ("ZNode: server without sockets and disk", partial(machine, WithoutSockets, "MBTOneServer")),
    (
        "ZNode: server on loopback, restarts from disk, frames",
        partial(machine, Standalone, "MBTOneServer"),
    ),
    ("ZNode: the same, clients of kazoo's", partial(machine, StandaloneKazoo, "MBTOneServer")),
    ("ZNode: simulated ensemble of three", partial(machine, Ensemble, "MBTEnsemble")),
    ("Zab: three cores", partial(cores_machine, Cores)),
    ("Zab: three whole servers of the simulated world", partial(cores_machine, Whole)),
    (
        "FastLeaderElection: three voters and an observer",
        lambda: machine_from_spec(*DRIVEN["FastLeaderElection"], library=[SPEC]),
    ),
)


def main() -> int:
    """Measure, print, and write the table if asked to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=40)
    parser.add_argument("--processes", action="store_true")
    parser.add_argument("--markdown", type=Path)
    options = parser.parse_args()
    systems = [*_SYSTEMS, *(_processes() if options.processes else ())]
    rows = [_measure(name, make, options.examples) for name, make in systems]
    print("\n".join(rows))
    if options.markdown:
        _write(options.markdown, rows)
    return 0


def _processes() -> list[tuple[str, Make]]:
    sys.path.insert(0, str(Path(__file__).parents[1] / "interop"))
    from mbt_peer import adapter_for
    from peers import APACHE_39, SPECKEEPER, installed

    return [
        (f"ZNode: process of {kind.name}", partial(machine, adapter_for(kind), "MBTApache"))
        for kind in installed([APACHE_39, SPECKEEPER])
    ]


def _measure(name: str, make: Make, examples: int) -> str:
    driven = make()
    wall, processor = time.monotonic(), time.process_time()
    coverage = run(driven, profile(examples, _STEPS))
    wall, processor = time.monotonic() - wall, time.process_time() - processor
    done, steps = coverage.examples, coverage.steps
    return (
        f"| {name} | {done} | {steps} | {done / wall:.1f} | {steps / wall:,.0f} |"
        f" {1000 * processor / steps:.1f} ms |"
    )


def _write(path: Path, rows: list[str]) -> None:
    text = path.read_text("utf-8")
    head, _, rest = text.partition(_BEGIN)
    _, _, tail = rest.partition(_END)
    load = os.getloadavg()[0]
    measured = (
        f"Measured: date {date.today()}; cores {os.cpu_count()}; python"
        f" {platform.python_version()}; steps of an example at most {_STEPS}; load {load:.0f}."
    )
    table = [
        "| system | examples | steps | examples a second | steps a second | processor a step |",
        "| --- | --: | --: | --: | --: | --: |",
        *rows,
    ]
    body = "\n".join([_BEGIN, "", measured, "", *table, "", _END])
    path.write_text(head + body + tail, "utf-8")


if __name__ == "__main__":
    sys.exit(main())
