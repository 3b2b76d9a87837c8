"""The load generator: `load.c`, compiled on first use, and what one run of it reports.

Why C: the generator shares two cores with the server under test. A Python generator at depth 1
costs more per operation than the servers do, and then the figure is the generator's. README.md says
what this one can do.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
CACHE = HERE / ".cache"
SOURCE = HERE / "load.c"


class GeneratorError(Exception):
    """The generator cannot be built, or a reply was not what it had to be."""


@dataclass(frozen=True)
class Load:
    """What one run reports. Latencies in microseconds; `operations` fall into `seconds`."""

    operations: int
    seconds: float
    created: int
    cpu_seconds: float
    wall_seconds: float
    p50_us: float
    p90_us: float
    p99_us: float
    max_us: float

    @property
    def rate(self) -> float:
        """Operations a second."""
        return self.operations / self.seconds


def build() -> Path:
    """Compile `load.c` unless that was done since it changed; return the executable."""
    program = CACHE / "load"
    if program.exists() and program.stat().st_mtime >= SOURCE.stat().st_mtime:
        return program
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        raise GeneratorError("no C compiler: apt-get install gcc libc6-dev")
    CACHE.mkdir(exist_ok=True)
    command = [compiler, "-O2", "-Wall", "-Wextra", "-o", str(program), str(SOURCE)]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    if built.returncode != 0:
        raise GeneratorError(f"{' '.join(command)}: {built.stderr.strip()}")
    return program


def run(
    ports: int | Sequence[int],
    workload: str,
    *,
    connections: int = 50,
    depth: int = 1,
    seconds: float = 5.0,
    warm_up: float = 0.0,
    count: int = 0,
    keys: int = 1000,
    value_size: int = 100,
    fan_out: int = 0,
    prefix: str = "/bench",
) -> Load:
    """Load the server at a port of 127.0.0.1, or several with the connections spread over them.

    `workload`: get, set, mixed (10 % sets), create, delete. The first three work on the nodes
    `prefix`/0000000000 .. `keys`, chosen evenly at random, and last `warm_up` + `seconds`; so does
    create, unless `count` says how many. With `fan_out` that many nodes share a parent.
    Raises GeneratorError where any reply is missing, out of order, refused or of the wrong size.
    """
    where = ",".join(map(str, [ports] if isinstance(ports, int) else ports))
    command: list[object] = [build(), "-p", where, "-w", workload, "-c", connections, "-d", depth]
    command += ["-s", seconds, "-u", warm_up, "-n", count, "-k", keys, "-v", value_size]
    command += ["-f", fan_out, "-P", prefix]
    limit = None if count else warm_up + seconds + 120
    done = subprocess.run(
        [str(word) for word in command], capture_output=True, text=True, check=False, timeout=limit
    )
    if done.returncode != 0:
        raise GeneratorError(f"{workload} on port {where}: {done.stderr.strip()}")
    return Load(**json.loads(done.stdout))
