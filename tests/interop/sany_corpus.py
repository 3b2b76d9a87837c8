"""Parses SANY's syntax corpus: what SANY accepts must be accepted, what it rejects rejected.

    python tests/interop/sany_corpus.py CHECKOUT

CHECKOUT is a work tree of github.com/tlaplus/tlaplus, or the folder of the corpus itself. Tests
on which the parsers may differ stand in sany_corpus_exceptions.txt, each with its reason. The exit
code is 1 if another test differs, or if one of those no longer does.
"""

import argparse
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from speccheck.tla.errors import TlaError
from speccheck.tla.parse import parse_module

_IN_CHECKOUT = Path("tlatools/org.lamport.tlatools/test/tla2sany/corpus")
_EXCEPTIONS = Path(__file__).with_name("sany_corpus_exceptions.txt")
_TEST = re.compile(
    r"^=+\|\|\|\n(?P<name>[^\n]+)\n(?P<attributes>(?::[^\n]*\n)*)=+\|\|\|\n(?P<text>.*?)^-+\|\|\|\n",
    re.MULTILINE | re.DOTALL,
)


class Case(NamedTuple):
    """One test of the corpus: ``rejected`` says that SANY does not accept the text."""

    name: str
    text: str
    rejected: bool


def cases(folder: Path) -> Iterator[Case]:
    """Yield the tests of a corpus folder; a name is ``file: title``."""
    for path in sorted(folder.rglob("*.txt")):
        for match in _TEST.finditer(path.read_text("utf-8")):
            name = f"{path.relative_to(folder)}: {match['name'].strip()}"
            yield Case(name, match["text"], ":error" in match["attributes"])


def exceptions() -> dict[str, str]:
    """Return the reason for each test, or whole file, on which the parsers may differ.

    A line of the file is ``name of the test | reason``; ``#`` begins a comment.
    """
    found: dict[str, str] = {}
    for line in _EXCEPTIONS.read_text("utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            name, _, reason = line.partition(" | ")
            if not reason.strip():
                raise SystemExit(f"{_EXCEPTIONS.name}: no reason in the line: {line}")
            found[name.strip()] = reason.strip()
    return found


def difference(case: Case) -> str | None:
    """Return how our parser and SANY differ, None if they agree."""
    try:
        parse_module(case.text, case.name)
    except TlaError as error:
        return (
            None if case.rejected else f"rejected at {error.line}:{error.column}: {error.message}"
        )
    return "accepted" if case.rejected else None


def main() -> int:
    """Print what differs and the counts; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkout", type=Path)
    folder = parser.parse_args().checkout
    if (folder / _IN_CHECKOUT).is_dir():
        folder = folder / _IN_CHECKOUT
    found = list(cases(folder))
    if not found:
        raise SystemExit(f"{folder} has no tests of SANY's syntax corpus")
    reasons = exceptions()
    excused: set[str] = set()
    bad = 0
    for case in found:
        differs = difference(case)
        if differs is None:
            continue
        if case.name in reasons:
            excused.add(case.name)
            print(f"known    {case.name} | {reasons[case.name]}")
        else:
            bad += 1
            print(f"DIFFERS  {case.name} | {differs}")
    stale = sorted(set(reasons) - excused)
    for name in stale:
        print(f"STALE    {name} | no longer differs; take it out of {_EXCEPTIONS.name}")
    rejected = sum(case.rejected for case in found)
    print(
        f"{len(found)} tests ({rejected} of them to be rejected): "
        f"{len(found) - bad - len(excused)} as SANY, {len(excused)} known exceptions, "
        f"{bad} differ, {len(stale)} stale exceptions"
    )
    return 1 if bad or stale else 0


if __name__ == "__main__":
    sys.exit(main())
