"""Parses every module of a checkout, prints it and reads that back; says how many lines a second.

    python tests/interop/parse_modules.py CHECKOUT [--rounds 3] [--least 2500]

CHECKOUT is a work tree of github.com/tlaplus/Examples or any folder with .tla files. The speed is
that of the fastest round, by processor time. The exit code is 1 if a module does not parse, does
not survive printing, or if fewer than ``--least`` lines a second are parsed.
"""

import argparse
import sys
import time
from pathlib import Path

from speccheck.tla.errors import TlaError
from speccheck.tla.parse import parse_module
from speccheck.tla.printer import print_module


def main() -> int:
    """Parse, print, measure; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkout", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--least", type=float, default=2500)
    arguments = parser.parse_args()
    texts = {path: path.read_text("utf-8") for path in sorted(arguments.checkout.rglob("*.tla"))}
    lines = sum(text.count("\n") for text in texts.values())
    sys.setrecursionlimit(20_000)
    bad: set[Path] = set()
    fastest = float("inf")
    for round_ in range(arguments.rounds):
        began = time.process_time()
        for path, text in texts.items():
            try:
                module = parse_module(text, str(path))
            except TlaError as error:
                if round_ == 0:
                    print(f"does not parse: {error}")
                bad.add(path)
                continue
            if round_ == 0:
                paused = time.process_time()
                if parse_module(print_module(module), str(path)) != module:
                    print(f"differs when printed and read back: {path}")
                    bad.add(path)
                began += time.process_time() - paused
        fastest = min(fastest, time.process_time() - began)
    speed = lines / fastest
    print(
        f"{len(texts) - len(bad)} of {len(texts)} modules parse; "
        f"{lines:,} lines in {fastest:.2f} s: {speed:,.0f} lines a second"
    )
    return 1 if bad or not texts or speed < arguments.least else 0


if __name__ == "__main__":
    sys.exit(main())
