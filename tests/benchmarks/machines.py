"""How fast the machine of the data model is on each system: examples and steps a second.

    python -m tests.benchmarks.machines [--examples N] [--markdown docs/performance.md]

Processes (Apache ZooKeeper, and ours) are among them with ``--processes``.
"""

import argparse
import os
import platform
import sys
import time
from pathlib import Path
from typing import Any

from tests.mbt.profiles import profile
from tests.mbt.znode.core import WithoutSockets
from tests.mbt.znode.ensemble import Ensemble
from tests.mbt.znode.loopback import Standalone, StandaloneKazoo
from tests.mbt.znode.machines import machine, run
from tests.mbt.znode.tree_adapter import InMemory

_STEPS = 80
_BEGIN, _END = "<!-- machines benchmark: begin -->", "<!-- machines benchmark: end -->"
_SYSTEMS: tuple[tuple[str, type[Any], str], ...] = (
    ("tree in memory, two replicas", InMemory, "MBTZNode"),
    ("server without sockets and disk", WithoutSockets, "MBTOneServer"),
    ("server on loopback, restarts from disk, frames", Standalone, "MBTOneServer"),
    ("the same, clients of kazoo's", StandaloneKazoo, "MBTOneServer"),
    ("simulated ensemble of three", Ensemble, "MBTEnsemble"),
)


def main() -> int:
    """Measure, print, and write the table if asked to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=40)
    parser.add_argument("--processes", action="store_true")
    parser.add_argument("--markdown", type=Path)
    options = parser.parse_args()
    systems = [*_SYSTEMS, *(_processes() if options.processes else ())]
    rows = [_measure(*system, options.examples) for system in systems]
    print("\n".join(rows))
    if options.markdown:
        _write(options.markdown, rows)
    return 0


def _processes() -> list[tuple[str, type[Any], str]]:
    sys.path.insert(0, str(Path(__file__).parents[1] / "interop"))
    from mbt_peer import adapter_for
    from peers import APACHE_39, SPECKEEPER, installed

    return [
        (f"process of {kind.name}", adapter_for(kind), "MBTApache")
        for kind in installed([APACHE_39, SPECKEEPER])
    ]


def _measure(name: str, adapter: type[Any], config: str, examples: int) -> str:
    driven = machine(adapter, config)
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
        f"Measured: cores {os.cpu_count()}; python {platform.python_version()}; steps of an example"
        f" at most {_STEPS}; load {load:.0f}."
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
