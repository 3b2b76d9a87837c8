"""The tests of the server's code that have their expectations from spec/*.tla, cheapest first."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from functools import partial
from os import devnull
from pathlib import Path

from tests.mbt.mutation.noticed import Found, first, first_notice, first_notice_of_cores

_MODEL = Path(__file__).parents[2] / "model"
_OF_TREES = ("test_znode_prepare_apply.py", "test_znode_reads.py", "test_znode_watches.py")
_OF_QUORUMS = {"quorums", "quorum_sizes", "voting"}
_OF_ELECTIONS = {*_OF_QUORUMS, "election", "membership"}
# Of the schedules of tests/sim/test_histories.py, and those from here on have reconfigurations.
_SEEDS = (3, 4, 5, 7, 9, 13, 16, *range(1_000_000, 1_000_007))
_FEWEST_ANSWERS = 10

Way = tuple[str, Callable[[], object]]


def first_notice_in_tree(effort: int) -> Found:
    """Judge a module of speckeeper.tree that this process has loaded with a mistake."""
    found = first_notice([], effort)
    return (
        found
        if found[0] != "survived"
        else first([*(each for name in _OF_TREES for each in _compared(name)), *_ensemble()])
    )


def first_notice_in_zab(stem: str, effort: int) -> Found:
    """The same for a module of speckeeper.zab."""
    if stem in _OF_QUORUMS:
        found = first(_compared("test_quorums.py"))
        if found[0] != "survived":
            return found
    modules = ("FastLeaderElection", "Zab") if stem in _OF_ELECTIONS else ("Zab",)
    found = first_notice_of_cores([], effort, modules)
    if found[0] != "survived":
        return found
    return first([*_histories(), *_whole_servers(), *_ensemble()])


def _compared(name: str) -> Iterator[Way]:
    """Operators, evaluated from the text, beside the functions of the server."""
    yield name, partial(_pytest, _MODEL / name)


def _pytest(path: Path) -> None:
    import pytest

    # Each comparison is for its verdict alone, and some plugins are loaded already.
    options = ["-x", "-q", "-p", "no:cacheprovider", "-p", "no:warnings", "--assert=plain"]
    with open(devnull, "w") as nowhere, redirect_stdout(nowhere):
        code = pytest.main([*options, "-W", "ignore", "-m", "not models and not long", str(path)])
    assert code == 0, "a comparison fails"


def _whole_servers() -> Iterator[Way]:
    """Servers of the simulated world, driven by spec/Zab.tla."""

    def drive() -> None:
        from hypothesis.stateful import run_state_machine_as_test
        from tests.mbt.profiles import profile
        from tests.mbt.zab.test_cores import machine
        from tests.mbt.zab.test_world import Whole

        run_state_machine_as_test(machine(Whole), settings=profile(20, 80, shrink=False))

    yield "Zab, whole servers", drive


def _ensemble() -> Iterator[Way]:
    """A simulated ensemble, driven by spec/ZNode.tla."""

    def drive() -> None:
        from tests.mbt.profiles import profile
        from tests.mbt.znode.ensemble import Ensemble
        from tests.mbt.znode.machines import machine, run

        run(machine(Ensemble, "MBTEnsemble"), profile(20, 80, shrink=False), 1)

    yield "Ensemble", drive


def _histories() -> Iterator[Way]:
    """Histories of clients of drawn ensembles, beside spec/ZNode.tla."""

    def watch(seed: int) -> None:
        from tests.sim.test_histories import judged, run

        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            verdict = judged(folder, has_local_sessions=run(seed, folder))
        assert verdict.divergence is None, verdict.divergence
        assert verdict.total > _FEWEST_ANSWERS, "hardly any client is answered"

    for seed in _SEEDS:
        yield f"history of {seed}", partial(watch, seed)
