"""kill -9 at random moments of a process that logs, takes snapshots, rolls and purges.

SPECKEEPER_CRASH_ROUNDS sets the number of kills per seed (default 6).
"""

import os
import random
import select
import signal
import subprocess
import sys
from pathlib import Path
from time import monotonic

import pytest
from tests.unit.storage.world import settings_in

from speckeeper.storage.recovery import recover

CHILD = Path(__file__).with_name("crash_child.py")
ROUNDS = int(os.environ.get("SPECKEEPER_CRASH_ROUNDS", "6"))
SEEDS = 4
PATIENCE_S = 60


def kill_when_it_has_run(directory: Path, seed: str, seconds: float) -> int:
    """Run the child, kill it that long after its first acknowledgement; return its last one."""
    child = subprocess.Popen(
        [sys.executable, str(CHILD), str(directory), seed], stdout=subprocess.PIPE
    )
    assert child.stdout is not None
    pipe = child.stdout.fileno()
    output = b""
    deadline = monotonic() + PATIENCE_S
    try:
        while b"\n" not in output:
            ready, _, _ = select.select([pipe], [], [], max(0, deadline - monotonic()))
            assert ready, "the child did not start"
            chunk = os.read(pipe, 4096)
            assert chunk, f"the child ended with {child.wait()}"
            output += chunk
        deadline = monotonic() + seconds
        while (left := deadline - monotonic()) > 0:
            if select.select([pipe], [], [], left)[0]:
                chunk = os.read(pipe, 65536)
                assert chunk, f"the child ended with {child.wait()}"
                output += chunk
    finally:
        child.send_signal(signal.SIGKILL)
        output += child.stdout.read()
        child.wait()
        child.stdout.close()
    *lines, unfinished = output.split(b"\n")
    assert unfinished == b"" or unfinished.isdigit()
    return int(lines[-1])


@pytest.mark.parametrize("seed", range(SEEDS))
def test_every_acknowledged_transaction_is_there_after_kill_9(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    settings = settings_in(tmp_path)

    for round_number in range(ROUNDS):
        acknowledged = kill_when_it_has_run(
            tmp_path, f"{seed} {round_number}", rng.random() ** 3 * 0.4
        )
        recovered = recover(settings)
        assert recovered.last_zxid >= acknowledged
        assert recovered.report.digest_mismatches == 0
        present = {path for path in recovered.tree.nodes if path.startswith("/n")}
        assert present == {f"/n{zxid}" for zxid in range(1, recovered.last_zxid + 1)}
