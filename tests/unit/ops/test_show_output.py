"""`speckeeper log show` when its output cannot be written."""

import subprocess
import sys
from pathlib import Path

from tests.unit.storage.world import history, settings_in

from speckeeper.storage.seed import write_data_dir


def show(tmp_path: Path, tail: str) -> subprocess.CompletedProcess[str]:
    settings = settings_in(tmp_path)
    write_data_dir(settings, history(3000), snapshot_every=10_000)
    file = max(settings.log_directory.glob("log.*"), key=lambda path: path.stat().st_size)
    command = (
        f"{sys.executable} -c 'from speckeeper.ops.cli import main; main()' log show {file} {tail}"
    )
    return subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, timeout=60, check=False
    )


def test_a_reader_that_has_seen_enough_ends_it_quietly(tmp_path: Path) -> None:
    done = show(tmp_path, "| head -1; exit ${PIPESTATUS[0]}")
    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout.splitlines()) == 1


def test_a_full_disk_is_not_the_fault_of_the_file(tmp_path: Path) -> None:
    done = show(tmp_path, "> /dev/full")
    assert done.returncode == 1
    assert done.stderr == (
        "speckeeper: standard output: no space left on device; send it where there is room\n"
    )
