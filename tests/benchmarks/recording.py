"""What recording costs: the writes a second of an ensemble with it and of one without.

    python tests/benchmarks/recording.py [--rounds 7] [--seconds 1]

Two ensembles of three real servers, alike but for `trace.dir`, are put under the same load in
turns, the first of a round changing. A line of JSON for each case: the rates of both, and the
median of the ratios of the rounds. On a busy machine run it in front of everything else
(`chrt -f 1`).
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from statistics import median

import generator

from speckeeper.testing import Ensemble

CASES = {"set, 1 connection": (1, 1), "set, 50 connections": (50, 1), "set, 10 x 20": (10, 20)}
KEYS = 1000


def ports(ensemble: Ensemble) -> list[int]:
    """Return the client ports."""
    return [int(one.rpartition(":")[2]) for one in ensemble.hosts.split(",")]


def rate(ensemble: Ensemble, connections: int, depth: int, seconds: float) -> float:
    """Return writes a second."""
    return generator.run(
        ports(ensemble), "set", connections=connections, depth=depth, seconds=seconds
    ).rate


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=1.0)
    options = parser.parse_args()
    generator.build()
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary)
        plain = Ensemble(root / "plain", config={"tickTime": 2000})
        traced = Ensemble(root / "traced", config={"tickTime": 2000, "trace.dir": root / "trace"})
        with plain, traced:
            for ensemble in (plain, traced):
                generator.run(ports(ensemble), "create", connections=10, count=KEYS)
            for case, (connections, depth) in CASES.items():
                rates: dict[str, list[float]] = {"plain": [], "traced": []}
                for number in range(options.rounds):
                    turn = [("plain", plain), ("traced", traced)]
                    for name, ensemble in turn if number % 2 else reversed(turn):
                        rates[name].append(rate(ensemble, connections, depth, options.seconds))
                pairs = zip(rates["traced"], rates["plain"], strict=True)
                figures = {
                    "case": case,
                    "plain": round(median(rates["plain"])),
                    "traced": round(median(rates["traced"])),
                    "ratio": round(median(a / b for a, b in pairs), 2),
                }
                print(json.dumps(figures), flush=True)


if __name__ == "__main__":
    main()
