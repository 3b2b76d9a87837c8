"""A failing run in a file: the schedule, what it breaks, and the digest of its transcript."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from speccheck.hunt.system import Schedule, Unusable


class Replay(NamedTuple):
    """What the file holds."""

    system: str
    schedule: Schedule
    bug: str | None = None
    violation: str | None = None
    transcript: str = ""
    """The SHA-256 of the transcript; empty if it is not known."""


def write_replay(path: Path, replay: Replay) -> None:
    """Write the file. Raises Unusable."""
    try:
        path.write_text(json.dumps(replay._asdict(), indent=1) + "\n")
    except OSError as error:
        raise Unusable(f"{path} cannot be written: {error.strerror}") from None


def read_replay(path: Path) -> Replay:
    """Read the file. Raises Unusable."""
    return _checked(path, _read(path))


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text())
    except OSError as error:
        raise Unusable(f"{path} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise Unusable(f"{path} is no JSON: {error}") from None


def read_start(path: Path) -> Mapping[str, Any]:
    """Read what is on disks when a run begins (``StartingSystem``). Raises Unusable."""
    data = _read(path)
    if not isinstance(data, dict):
        raise Unusable(f"{path}: an object is expected")
    return data


_TYPES: dict[str, tuple[type, ...]] = {
    "system": (str,),
    "schedule": (dict,),
    "bug": (str, type(None)),
    "violation": (str, type(None)),
    "transcript": (str,),
}


def _checked(path: Path, data: Any) -> Replay:
    if not isinstance(data, dict):
        raise Unusable(f"{path}: an object is expected")
    for name, value in data.items():
        if name not in _TYPES or not isinstance(value, _TYPES[name]):
            raise Unusable(f"{path}: {name} is not what `speccheck hunt` writes")
    for name in ("system", "schedule"):
        if name not in data:
            raise Unusable(f"{path}: {name} is missing")
    seed, faults = (data["schedule"].get(name) for name in ("seed", "faults"))
    if type(seed) is not int or not isinstance(faults, list):
        raise Unusable(
            f"{path}: schedule.seed, a number, and schedule.faults, a list, are expected"
        )
    return Replay(**data)
