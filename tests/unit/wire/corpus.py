"""The recorded files of Apache ZooKeeper 3.8.0 in data/ (see record_corpus.py)."""

import gzip
import json
import pathlib
from typing import NamedTuple

DATA = pathlib.Path(__file__).parent / "data"

LOGS = ("log-default", "log-no-digest", "log-reconfig")
SNAPSHOTS = ("snapshot-default", "snapshot-no-digest")


class Frame(NamedTuple):
    """A request (empty for a watch event) and what the server sent back, without length words."""

    op: int
    request: bytes
    reply: bytes


def load(name: str) -> bytes:
    """Return the content of a recorded file."""
    return gzip.decompress((DATA / f"{name}.gz").read_bytes())


def frames() -> list[Frame]:
    """Return the recorded conversation; the handshake is operation 0, a watch event -1."""
    lines = [json.loads(line) for line in load("frames.jsonl").splitlines()]
    return [
        Frame(line["op"], bytes.fromhex(line["request"]), bytes.fromhex(line["reply"]))
        for line in lines
    ]
