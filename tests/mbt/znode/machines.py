"""The machines of the data model: one specification, one adapter for each system."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from hypothesis import settings
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


def run(driven: type[SpecMachine], how: settings) -> Coverage:
    """Run a machine; return what it reached. Raises Disagreement."""
    try:
        run_state_machine_as_test(driven, settings=how)
    except Flaky as error:
        # A process need not go the same way twice, and then only that is told.
        if driven.disagreements:
            raise driven.disagreements[0] from error
        raise
    return driven.coverage


def check_reached(coverage: Coverage, outcomes: str, out_of_reach: Iterable[str] = ()) -> None:
    """Fail on an action or branch that was not reached, or an outcome that was not met.

    ``outcomes`` are notes, divided by semicolons; ``out_of_reach`` begins the text, or the names,
    of branches that a system cannot reach.
    """
    known = tuple(out_of_reach) or ("\n",)
    missing = [
        one
        for one in coverage.missing()
        if " at " not in one or not (_text(one).startswith(known) or one.startswith(known))
    ]
    assert not missing, f"never reached: {missing}\n{coverage}"
    wanted = {one.strip() for one in outcomes.replace("\n", ";").split(";")} - {""}
    unmet = wanted - {*coverage.notes}
    assert not unmet, f"never met: {sorted(unmet)}\n{coverage}"


def _text(missing: str) -> str:
    path, line, column = missing.rsplit(" at ", 1)[1].split(":")
    return Path(path).read_text().splitlines()[int(line) - 1][int(column) - 1 :]
