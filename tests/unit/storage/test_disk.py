"""The real file system where it must not be taken at its word."""

import os
from pathlib import Path

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
