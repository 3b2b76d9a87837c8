"""Trace files: runs, parts, what a kill leaves, what is compressed."""

import json
from pathlib import Path

import cramjam
import pytest

from speckeeper.trace.files import TraceError, TraceFile


def head(run: int, part: int, first: int) -> str:
    return json.dumps({"run": run, "part": part, "first": first})


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_each_start_of_a_server_is_a_run_of_its_own(tmp_path: Path) -> None:
    for server in (1, 1, 2):
        TraceFile(tmp_path, server, head).close()
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "server-1.1.1.ndjson",
        "server-1.2.1.ndjson",
        "server-2.1.1.ndjson",
    ]
    assert lines(tmp_path / "server-1.2.1.ndjson")[0]["run"] == 2


def test_what_was_flushed_is_in_the_file_and_nothing_else(tmp_path: Path) -> None:
    file = TraceFile(tmp_path, 1, head)
    file.write('{"n":1}')
    file.flush()
    file.write('{"n":2}')
    assert [line.get("n") for line in lines(tmp_path / "server-1.1.1.ndjson")] == [None, 1]
    file.close()
    assert [line.get("n") for line in lines(tmp_path / "server-1.1.1.ndjson")] == [None, 1, 2]


def test_a_full_part_is_followed_by_another_that_counts_on(tmp_path: Path) -> None:
    file = TraceFile(tmp_path, 1, head, most_bytes=100)
    for n in range(1, 31):
        file.write(json.dumps({"n": n}))
        file.flush()
    file.close()
    count = len([*tmp_path.iterdir()])
    assert count > 2
    parts = [lines(tmp_path / f"server-1.1.{part}.ndjson") for part in range(1, count + 1)]
    told = [line["n"] for part in parts for line in part[1:]]
    assert told == [*range(1, 31)]
    for number, (header, *rest) in enumerate(parts, 1):
        assert header["part"] == number
        assert not rest or rest[0]["n"] == header["first"]


def test_full_parts_are_compressed_and_the_last_is_not(tmp_path: Path) -> None:
    file = TraceFile(tmp_path, 1, head, most_bytes=100, compress=True)
    for n in range(1, 16):
        file.write(json.dumps({"n": n}))
        file.flush()
    file.close()
    *full, last = sorted(tmp_path.iterdir())
    assert full
    assert {path.suffix for path in full} == {".zst"}
    assert last.suffix == ".ndjson"
    text = bytes(cramjam.zstd.decompress(full[0].read_bytes())).decode()
    first = [json.loads(line).get("n") for line in text.splitlines()]
    assert first == [None, *range(1, len(first))]


def test_a_folder_that_is_none_is_named_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(TraceError, match=r"trace.dir .*file: .* name a folder that can be written"):
        TraceFile(tmp_path / "file", 1, head)
