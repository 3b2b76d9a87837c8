"""Histories that are compressed as they are written."""

import json
import shutil
import subprocess
from pathlib import Path

import cramjam
import pytest

from speccheck.conform.history.reading import HistoryError, files_of, read
from speckeeper.history.files import HistoryFolder
from speckeeper.history.records import Watch

SESSION = 7


def write(folder: Path, count: int) -> Path:
    files = HistoryFolder(folder, "a test", compress=True)
    for number in range(count):
        files.write(SESSION, Watch("NodeDataChanged", f"/node/{number}", number))
        if number % 100 == 99:
            files.flush()
    files.close(count)
    (path,) = files_of([folder])
    assert path.name == f"history-{SESSION:016x}.ndjson.zst"
    return path


def paths_in(path: Path) -> list[str]:
    return [record.path for _, record in read(path) if hasattr(record, "path")]


def test_what_was_written_is_read(tmp_path: Path) -> None:
    path = write(tmp_path, 1000)
    assert paths_in(path) == [f"/node/{number}" for number in range(1000)]
    assert [number for number, _ in read(path)] == [*range(1, 1003)]
    assert path.stat().st_size < 20_000


def test_any_torn_end_is_left_out(tmp_path: Path) -> None:
    path = write(tmp_path, 300)
    whole = path.read_bytes()
    every = paths_in(path)
    assert len(every) == 300
    lengths = set()
    for cut in range(1, len(whole) // 4):
        path.write_bytes(whole[:-cut])
        left = paths_in(path)
        assert left == every[: len(left)]
        lengths.add(len(left))
    assert lengths == {200, 300}, "a frame is there or not"


def test_files_of_another_make(tmp_path: Path) -> None:
    path = write(tmp_path, 10)
    plain = b"".join(
        json.dumps({"event": "watch", "type": "NodeDeleted", "path": "/a", "return": n}).encode()
        + b"\n"
        for n in range(5)
    )
    head = b'{"event":"history","version":1,"recorder":"x","clock":"y"}\n'
    path.write_bytes(bytes(cramjam.zstd.compress(head + plain)))
    assert paths_in(path) == ["/a"] * 5
    path.write_bytes(b"this is no zstd, and longer than a head")
    with pytest.raises(HistoryError, match="is not compressed by zstd"):
        paths_in(path)


@pytest.mark.skipif(shutil.which("zstd") is None, reason="there is no zstd here")
def test_zstd_itself_unpacks_them(tmp_path: Path) -> None:
    path = write(tmp_path, 1000)
    done = subprocess.run(["zstd", "-dc", path], capture_output=True, check=True)
    assert len(done.stdout.splitlines()) == 1002
