"""The machines of the data model: one specification, one adapter for each system."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from hypothesis import seed, settings
from hypothesis.errors import Flaky
from hypothesis.stateful import run_state_machine_as_test

from speccheck.mbt.coverage import Coverage
from speccheck.mbt.machine import SpecMachine, machine_from_spec

SPEC = Path(__file__).parents[3] / "spec"
FOLDER = Path(__file__).parent


def machine(
    adapter: type[Any], config: str = "MBTZNode", library: Iterable[Path] = ()
) -> type[SpecMachine]:
    """Return the machine that drives a system; ``library`` is searched ahead of spec/."""
    return machine_from_spec(
        FOLDER / "MBTZNode.tla",
        adapter,
        config=FOLDER / f"{config}.cfg",
        library=[*library, SPEC, SPEC / "models"],
    )


def run(driven: type[SpecMachine], how: settings, number: int | None = None) -> Coverage:
    """Run a machine; return what it reached so far. Raises Disagreement.

    ``number`` begins other examples than those that the text of the machine leads to.
    """
    if number is not None:
        seed(number)(driven)
    try:
        run_state_machine_as_test(driven, settings=how)
    except Flaky as error:
        # A process need not go the same way twice, and then only that is told.
        if driven.disagreements:
            raise driven.disagreements[0] from error
        raise
    return driven.coverage


def run_until_reached(
    driven: type[SpecMachine],
    how: settings,
    outcomes: str,
    out_of_reach: Iterable[str] = (),
    *,
    rounds: int = 4,
) -> Coverage:
    """Run a machine, and again with other examples, until all is reached that is to be.

    What is seldom met would else hang on a single draw. Prints what was reached. Fails if something
    was not reached in so many ``rounds``: an action, a branch, an outcome; and raises Disagreement.
    What ``outcomes`` and ``out_of_reach`` are: see :func:`unreached`.
    """
    coverage = run(driven, how)
    for number in range(1, rounds):
        if not unreached(coverage, outcomes, out_of_reach):
            break
        run(driven, how, number)
    missing = unreached(coverage, outcomes, out_of_reach)
    assert not missing, f"never reached: {missing}\n{coverage}"
    print(coverage)
    return coverage


def unreached(coverage: Coverage, outcomes: str, out_of_reach: Iterable[str] = ()) -> list[str]:
    """Return the actions, branches and outcomes that were not reached.

    ``outcomes`` are notes, divided by semicolons; ``out_of_reach`` begins the text, or the names,
    of branches that a system cannot reach.
    """
    known = tuple(out_of_reach) or ("\n",)
    missing = [
        one
        for one in coverage.missing()
        if " at " not in one or not (_text(one).startswith(known) or one.startswith(known))
    ]
    wanted = {one.strip() for one in outcomes.replace("\n", ";").split(";")} - {""}
    return missing + sorted(wanted - {*coverage.notes})


def _text(missing: str) -> str:
    path, line, column = missing.rsplit(" at ", 1)[1].split(":")
    return Path(path).read_text().splitlines()[int(line) - 1][int(column) - 1 :]
