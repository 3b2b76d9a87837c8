"""How many mutants of a protocol's specification are noticed when real cores are beside them.

``python -m tests.mbt.spec_mutants Zab --sample 50 --seed 1``: one edit of the module at a time (the
edits of ``tests/model/mutation``); cores run by themselves against the mutant, then are driven by
it. Says which survive, and which of these are known to mean the same.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from hypothesis.stateful import run_state_machine_as_test
from tests.mbt.election.election_adapter import Electors
from tests.mbt.election.free_elections import FreeElections
from tests.mbt.profiles import profile
from tests.mbt.zab.core_adapter import Cores
from tests.mbt.zab.free_runs import SPEC, FreeRuns
from tests.model.mutation.__main__ import sample_of
from tests.model.mutation.apart import NoEnd, apart
from tests.model.mutation.edits import Edit
from tests.model.mutation.subjects import read_subjects
from tests.model.mutation.survivors import explained

from speccheck.mbt.machine import machine_from_spec

RUNS: dict[str, tuple[Callable[[tuple[Path, ...]], FreeRuns | FreeElections], int, int]] = {
    "Zab": (FreeRuns, 25, 400),
    "FastLeaderElection": (FreeElections, 25, 300),
}
"""For each module who runs against it, how many runs, and how long each is."""

DRIVEN: dict[str, tuple[Path, type[object]]] = {
    "Zab": (Path(__file__).parent / "zab" / "MBTZab.tla", Cores),
    "FastLeaderElection": (Path(__file__).parent / "election" / "MBTElection.tla", Electors),
}
"""For each module the machine that drives by it, and its system."""

EXAMPLES, STEPS = 60, 80
_SECONDS = 120


def noticed(module: str, edit: Edit) -> str | None:
    """Return what the runs say of a mutant, in a line; None if they all fit it."""
    make, runs, events = RUNS[module]
    text = (SPEC / f"{module}.tla").read_text("utf-8")
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / f"{module}.tla").write_text(edit.apply(text), "utf-8")
        folders = (Path(folder), SPEC)
        try:
            against = make(folders)
            for seed in range(runs):
                against.run(seed, events)
            driven = machine_from_spec(*DRIVEN[module], library=folders)
            run_state_machine_as_test(driven, settings=profile(EXAMPLES, STEPS, shrink=False))
        except OSError:
            raise  # That is no word about the mutant.
        except Exception as error:  # noqa: BLE001  # Also what cannot be evaluated is noticed.
            return (
                f"{type(error).__name__}: {str(error).splitlines()[-1][:80] if str(error) else ''}"
            )
    return None


def main() -> int:
    """Judge a sample; return 1 if a mutant that is not known to be equivalent survives."""
    parser = argparse.ArgumentParser(prog="python -m tests.mbt.spec_mutants", description=__doc__)
    parser.add_argument("module", choices=RUNS)
    parser.add_argument("--sample", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    edits = sample_of(read_subjects()[options.module], options.sample, options.seed)
    survivors: list[Edit] = []
    for number, edit in enumerate(edits, 1):
        try:
            said = apart(_SECONDS, noticed, options.module, edit)
        except NoEnd as end:
            said = str(end)
        if said is None:
            survivors.append(edit)
        mark = " " if said is not None else "+" if explained(edit) else "*"
        told = said or "survived"
        print(f"{mark} {number}/{len(edits)} {edit.place} {edit.name[:60]}: {told}", flush=True)
    left = [edit for edit in survivors if not explained(edit)]
    counted = len(edits) - (len(survivors) - len(left))
    print(f"{options.module}: {counted - len(left)} of {counted} noticed", flush=True)
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main())
