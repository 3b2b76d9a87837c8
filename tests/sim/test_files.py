"""What a power failure leaves of files in memory."""

from pathlib import Path
from random import Random

import pytest

from speckeeper.sim.files import PowerLost, SimFiles

DIRECTORY = Path("/d")
FILE, OTHER = DIRECTORY / "file", DIRECTORY / "other"


def written(content: bytes) -> tuple[SimFiles, int]:
    """A file that is durable with its name."""
    files = SimFiles()
    handle = files.create(FILE, exclusive=True)
    files.write(handle, content, 0, sync=True)
    files.sync_directory(DIRECTORY)
    return files, handle


def after_crash(files: SimFiles, seed: int) -> bytes | None:
    files.crash(Random(seed))
    return files.read(FILE) if files.exists(FILE) else None


def test_what_is_synced_stays() -> None:
    for seed in range(20):
        files, _ = written(b"synced")
        assert after_crash(files, seed) == b"synced"


def test_of_what_is_not_synced_a_beginning_may_stay() -> None:
    left = set()
    for seed in range(200):
        files, handle = written(b"one")
        files.write(handle, b"TWO", 3, sync=False)
        files.write(handle, b"x", 1, sync=False)
        left.add(after_crash(files, seed))
    torn = {b"one\0\0\0", b"oneT\0\0", b"oneTW\0"}  # the size is there, the content is not
    assert left == {b"one", *torn, b"oneTWO", b"oxeTWO"}


def test_sizes_come_back() -> None:
    left = set()
    for seed in range(100):
        files, handle = written(b"content")
        files.resize(handle, 3)
        files.resize(handle, 5)
        left.add(after_crash(files, seed))
    assert left == {b"content", b"con", b"con\0\0"}


def test_names_that_are_not_synced_stay_in_order() -> None:
    left = set()
    for seed in range(100):
        files, _ = written(b"old")
        handle = files.create(OTHER, exclusive=True)
        files.write(handle, b"new", 0, sync=True)
        files.rename(OTHER, FILE)
        files.crash(Random(seed))
        left.add((files.exists(OTHER), files.read(FILE)))
    assert left == {(False, b"old"), (True, b"old"), (False, b"new")}


def test_a_removed_file_may_come_back() -> None:
    left = set()
    for seed in range(50):
        files, _ = written(b"there")
        files.remove(FILE)
        left.add(after_crash(files, seed))
    assert left == {None, b"there"}


def test_power_fails_after_so_many_steps() -> None:
    files, handle = written(b"a")
    files.steps_left = 2
    files.write(handle, b"b", 1, sync=False)
    files.sync(handle)
    with pytest.raises(PowerLost):
        files.write(handle, b"c", 2, sync=False)
    assert after_crash(files, 1) == b"ab"


def test_a_broken_disk_says_so() -> None:
    files, handle = written(b"a")
    files.broken = True
    with pytest.raises(OSError, match="Input/output error"):
        files.write(handle, b"b", 1, sync=True)
    assert files.read(FILE) == b"a"
