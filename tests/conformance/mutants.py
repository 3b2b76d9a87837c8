"""Traces that were tampered with at random: how many of them are noticed.

    python -m tests.conformance.mutants FOLDER --count 1000 --seed 0

A mutant is one change to one event: it is left out, told twice, exchanged with the next of its
server, or one of its values is another. Events are numbered anew behind it, so that it is not the
number that gives it away.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from tests.conformance.conftest import Line, verdict_on

from speccheck.conform.reading import Unusable


class Mutant(NamedTuple):
    """What was changed where, and whether that was noticed. ``last``: the last event of a run."""

    kind: str
    what: str
    noticed: bool
    last: bool


def read(folder: Path) -> dict[str, list[Line]]:
    """Return the lines of all files."""
    return {
        path.name: [json.loads(line) for line in path.read_text().splitlines()]
        for path in sorted(folder.iterdir())
    }


def write(folder: Path, files: dict[str, list[Line]]) -> None:
    """Write files with their events numbered anew."""
    for name, (header, *events) in files.items():
        for n, event in enumerate(events, header["first"]):
            event["n"] = n
        text = "".join(f"{json.dumps(line)}\n" for line in (header, *events))
        (folder / name).write_text(text)


def mutate(files: dict[str, list[Line]], rng: Random) -> tuple[str, str, bool]:
    """Change one thing; return the kind, what it was, and whether it was the last event."""
    while True:
        name = rng.choice([name for name, lines in files.items() if len(lines) > 3])
        lines = files[name]
        at = rng.randrange(2, len(lines))  # the first event is a start
        last = at >= len(lines) - 1
        event = lines[at]
        kind = rng.choice(("drop", "duplicate", "swap", "change"))
        what = f"{name}:{at + 1} {event['action']}"
        if kind == "drop":
            del lines[at]
        elif kind == "duplicate":
            lines.insert(at, json.loads(json.dumps(event)))
        elif kind == "swap":
            if last:
                continue
            what += f" and {lines[at + 1]['action']}"
            lines[at], lines[at + 1] = lines[at + 1], event
        else:
            leaves = [*_leaves({key: event[key] for key in _TOLD if key in event}, ())]
            if not leaves:
                continue
            path, old = rng.choice(leaves)
            new = _other(old, rng)
            what += f": {'.'.join(map(str, path))} {old!r} -> {new!r}"
            _put(event, path, new)
        return kind, what, last


_TOLD = ("action", "args", "recv", "vars")


def _leaves(data: Any, path: tuple[Any, ...]) -> Iterator[tuple[tuple[Any, ...], Any]]:
    if isinstance(data, dict):
        for key, value in data.items():
            yield from _leaves(value, (*path, key))
    elif isinstance(data, list):
        for index, value in enumerate(data):
            if path == ("recv",) and index == 0:
                continue  # the name of a connection
            yield from _leaves(value, (*path, index))
    elif data is not None and type(data) is not bool:
        yield path, data


def _put(event: Any, path: tuple[Any, ...], value: Any) -> None:
    *inside, key = path
    for step in inside:
        event = event[step]
    event[key] = value


def _other(old: Any, rng: Random) -> Any:
    if isinstance(old, int):
        return old + rng.choice((-1, 1, 2, 1000))
    return rng.choice([word for word in _WORDS if word != old])


_WORDS = (
    *("LOOKING", "FOLLOWING", "LEADING", "DIFF", "TRUNC", "SNAP", "ACK", "COMMIT", "UPTODATE"),
    *("NONE", "DISCOVERY", "BROADCAST", "LeaderProcessACK", "FollowerProcessCOMMIT"),
)


def run(folder: Path, count: int, seed: int) -> Iterator[Mutant]:
    """Yield so many mutants of the traces in a folder."""
    original = read(folder)
    for number in range(count):
        files = json.loads(json.dumps(original))
        kind, what, last = mutate(files, Random(f"mutant {seed} {number}"))
        with tempfile.TemporaryDirectory() as place:
            write(Path(place), files)
            try:
                noticed = not verdict_on(Path(place)).conforms
            except Unusable:
                noticed = True
        yield Mutant(kind, what, noticed, last)


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    made: Counter[str] = Counter()
    missed: Counter[str] = Counter()
    for mutant in run(options.folder, options.count, options.seed):
        made[mutant.kind] += 1
        if not mutant.noticed:
            missed[mutant.kind] += 1
            print(
                f"{mutant.kind}: {mutant.what}{' (last event)' if mutant.last else ''}", flush=True
            )
    for kind, count in sorted(made.items()):
        print(f"{kind}: {count - missed[kind]} of {count} noticed")
    sys.exit(0)


if __name__ == "__main__":
    main()
