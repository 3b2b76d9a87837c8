"""Play cases and seeds of the differential test one by one, and shorten what fails.

    python tests/interop/run_differential.py [--judge apache-3.9.3] [--subject speckeeper]
        [--shrink] [--verbose] [--coverage] (CASE | all | SEED | FIRST-LAST)...

With the judge as the subject too it shows whether a script is fit to judge by.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from cases import CASES, case_steps
from differential import UNTESTABLE, Coverage, Differential, Divergence, Step, names_concerning
from peers import KINDS, Kind, Peer
from scripts import Traits, script
from test_differential import PROPERTIES, SETTINGS


class Runner:
    """Plays scripts on one pair of servers, and on a fresh pair after each difference."""

    def __init__(self, judge: Kind, subject: Kind, folder: Path) -> None:
        self.kinds = (judge, subject)
        self.folder = folder
        self.coverage = Coverage()
        self._differential: Differential | None = None
        self._count = 0

    def play(self, steps: list[Step]) -> Divergence | str | None:
        """The first difference; a text if a server went away; None if there is no difference."""
        if self._differential is None:
            self._count += 1
            peers = [
                Peer(
                    kind,
                    self.folder / f"{self._count}-{side}-{kind.name}",
                    SETTINGS,
                    PROPERTIES,
                ).start()
                for side, kind in enumerate(self.kinds)
            ]
            self._differential = Differential(peers[0], peers[1], self.coverage)
        result: Divergence | str | None
        try:
            result = self._differential.play(steps)
        except ConnectionRefusedError:
            lanes = (self._differential.judge, self._differential.subject)
            tails = "\n".join(f"{lane.peer.kind.name}:\n{lane.peer.log_tail()}" for lane in lanes)
            history = "\n".join(self._differential.history[-10:])
            result = f"a server is gone after\n{history}\n{tails}"
        if result is not None:
            self.close()
        return result

    def close(self) -> None:
        if self._differential is not None:
            self._differential.close()
            for lane in (self._differential.judge, self._differential.subject):
                lane.peer.kill()
            self._differential = None

    def shrink(self, steps: list[Step], tries: int = 60) -> list[Step]:
        """A shorter script that still differs: parts are left out as long as that holds."""
        part = max(1, len(steps) // 2)
        while tries > 0:
            start = 0
            while start < len(steps) and tries > 0:
                shorter = steps[:start] + steps[start + part :]
                tries -= 1
                if self.play(shorter) is not None:
                    steps = shorter
                else:
                    start += part
            if part == 1:
                break
            part //= 2
        return steps


def _scripts(words: list[str], traits: Traits) -> dict[str, list[Step]]:
    chosen: dict[str, list[Step]] = {}
    for word in words:
        names = list(CASES) if word == "all" else [word] if word in CASES else []
        chosen.update({name: case_steps(name, traits) for name in names})
        if not names:
            first, _, last = word.partition("-")
            seeds = range(int(first), int(last or int(first)) + 1)
            chosen.update({f"seed {seed}": script(seed, traits=traits) for seed in seeds})
    return chosen


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("scripts", nargs="+", help="case names, seeds, ranges of seeds, or all")
    parser.add_argument("--judge", choices=KINDS, default="apache-3.9.3")
    parser.add_argument("--subject", choices=KINDS, default="speckeeper")
    parser.add_argument("--shrink", action="store_true", help="shorten each script that differs")
    parser.add_argument("--verbose", action="store_true", help="name scripts as they are played")
    parser.add_argument("--coverage", action="store_true", help="print what the judge answered")
    arguments = parser.parse_args()
    judge, subject = KINDS[arguments.judge], KINDS[arguments.subject]
    untestable = names_concerning(UNTESTABLE, judge.version or (9, 9, 9))
    traits = Traits("exists-needs-read" not in untestable, "older-rules" not in untestable)
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        runner = Runner(judge, subject, Path(folder))
        try:
            for name, steps in _scripts(arguments.scripts, traits).items():
                started = time.monotonic()
                difference = runner.play(steps)
                if arguments.verbose:
                    print(f"{name}: {len(steps)} steps, {time.monotonic() - started:.2f} s")
                if difference is None:
                    continue
                failed += 1
                if arguments.shrink:
                    difference = runner.play(runner.shrink(steps)) or difference
                print(f"== {name}\n{difference}\n", flush=True)
        finally:
            runner.close()
        if arguments.coverage:
            print(runner.coverage.table())
    print(f"{failed} scripts differ")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
