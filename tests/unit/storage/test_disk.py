"""The real file system where it must not be taken at its word."""

import os
from pathlib import Path

import pytest

from speckeeper.storage import disk
from speckeeper.storage.disk import Disk


def test_a_log_is_mapped_up_to_its_last_byte_and_its_hole_is_left_alone(tmp_path: Path) -> None:
    """A hole that a full tmpfs cannot fill would end the process with SIGBUS when touched."""
    path = tmp_path / "log.1"
    written = b"ZKLG" + bytes(3_000_000) + b"B"
    path.write_bytes(written)
    os.truncate(path, 64 << 20)

    with Disk().map_log(path) as content:
        assert len(content) == len(written)
        assert content[:4] == b"ZKLG"
        assert content[-1:] == b"B"


def test_a_log_of_nothing_but_zeros_is_empty(tmp_path: Path) -> None:
    path = tmp_path / "log.1"
    path.touch()
    os.truncate(path, 1 << 20)
    with Disk().map_log(path) as content:
        assert content == b""


def test_the_ends_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "snapshot.0"
    path.write_bytes(b"abcdef")
    assert Disk().read_ends(path, 2) == (b"ab", b"ef")
    assert Disk().read_ends(path, 9) == (b"abcdef", b"abcdef")


@pytest.mark.parametrize("sync", [False, True])
def test_what_the_kernel_does_not_take_at_once_is_written_after_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sync: bool
) -> None:
    monkeypatch.setattr(disk, "MOST_AT_ONCE", 4)
    path = tmp_path / "log.1"
    handle = Disk().create(path, exclusive=True)
    try:
        assert Disk().write(handle, b"0123456789", 2, sync) == 10
    finally:
        os.close(handle)
    assert path.read_bytes() == b"\0\0" + b"0123456789"
