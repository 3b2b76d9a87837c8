"""Traces that were tampered with are noticed."""

from pathlib import Path

from tests.conformance.mutants import run

COUNT = 80
# A leader need not notice that a connection is gone, a follower need not connect before it gives
# up, and of a synchronization nobody need read anything: without these steps, where nothing comes
# of them, the specification allows the rest.
UNSEEN = ("LeaderRemoveLearner", "ConnectAndFollowerSendFOLLOWERINFO", "LeaderSyncFollower")


def test_mutants_are_noticed_or_are_behaviours_too(simulated: Path) -> None:
    counted = missed = 0
    for mutant in run(simulated, COUNT, 1):
        if mutant.last and mutant.kind == "drop":
            continue  # a trace that ends earlier is a trace
        if mutant.kind == "swap" and not mutant.noticed:
            continue  # two steps that commute
        if mutant.kind == "drop" and any(name in mutant.what for name in UNSEEN):
            continue
        if mutant.kind == "duplicate" and "FollowerTakeSnapshot" in mutant.what:
            continue  # the same tree once more: the specification allows it
        counted += 1
        missed += not mutant.noticed
    assert counted > COUNT / 2
    assert missed <= counted / 100
