"""Campaigns: what is run, when they end, and what becomes of a run that does not."""

import itertools
import time

import pytest

from speccheck.hunt.campaign import Plan, Tally, campaign
from speccheck.hunt.limit import Limit
from speccheck.hunt.runner import Runner
from speccheck.hunt.system import Unusable, check_bug, find_system
from speccheck.hunt.task import Outcome, Task, draw, run, with_only
from speccheck.hunt.workers import LocalProcesses, place


def run_plan(plan: Plan, workers: int = 2, grace_s: float = 30.0) -> Tally:
    with Runner(LocalProcesses(workers), grace_s) as runner:
        return campaign(plan, runner, lambda tally, outcome: None)


def test_all_seeds_are_run_and_counted(toy: str) -> None:
    tally = run_plan(Plan(toy, range(20, 60)))
    assert (tally.runs, tally.violations, tally.problems) == (40, [], [])
    assert tally.figures == {"virtual_ms": 40_000, "faults": 480, "moves": 80}
    assert tally.per_minute == pytest.approx(60 * 40 / tally.seconds)
    assert 0 < tally.processor_s < 40
    assert tally.virtual_to_real == pytest.approx(40 / tally.seconds)


@pytest.mark.parametrize("workers", [1, 3])
def test_first_violation_ends_it(toy: str, workers: int) -> None:
    tally = run_plan(Plan(toy, range(11, 100), bug="eager"), workers)
    assert tally.violations[0].seed == 20
    assert tally.violations[0].violation == "Toyness: seed 20 fell"
    assert tally.runs < 20


def test_keep_going_finds_all(toy: str) -> None:
    tally = run_plan(Plan(toy, range(11, 41), bug="eager", keep_going=True))
    assert [outcome.seed for outcome in tally.violations] == [20, 30, 40]
    assert tally.runs == 30


def test_a_machine_that_is_too_busy_is_told_from_a_run_that_hangs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now_s = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now_s[0])
    monkeypatch.setattr(time, "process_time", lambda: now_s[0] / 100)
    busy = Limit(2)
    now_s[0] += 19
    assert not busy.is_over
    now_s[0] += 2
    assert busy.is_over
    assert busy.text() == "had the processor for 0.2 s in 21 s: this machine is too busy"
    now_s[0] += 200
    assert busy.text() == "took more than 2 s of the processor"


def test_run_that_hangs_is_reported_with_its_place(toy: str) -> None:
    tally = run_plan(Plan(toy, range(1000, 1002), limit_s=0.3))
    (problem,) = tally.problems
    assert problem.seed == 1001
    assert problem.problem is not None
    assert problem.problem.startswith("took more than 0.3 s of the processor, at toy_system.py:")
    assert tally.runs == 2


def test_worker_that_dies_is_reported_and_the_rest_is_run(toy: str) -> None:
    tally = run_plan(Plan(toy, range(990, 1000), keep_going=True))
    assert tally.runs == 10
    with Runner(LocalProcesses(2)) as runner:
        seeds = [*range(995, 1001), 1002, *range(1005, 1010)]
        outcomes = {o.seed: o for o in runner.outcomes(Task(toy, seed, 60) for seed in seeds)}
    assert [*sorted(outcomes)] == seeds
    assert {seed for seed, outcome in outcomes.items() if outcome.problem} == {1002}
    assert "died" in str(outcomes[1002].problem)


def test_worker_that_says_nothing_is_given_up(toy: str) -> None:
    """A call that hangs outside of Python: its time limit cannot reach it."""
    with Runner(LocalProcesses(2), grace_s=0.5) as runner:
        (silent,) = runner.outcomes([Task(toy, 1004, 0.1)])
        (answered,) = runner.outcomes([Task(toy, 7, 60)])
    assert "no answer in 1.5 s" in str(silent.problem)
    assert answered.problem is None


def test_error_within_the_system_is_a_violation(toy: str) -> None:
    outcome = run(Task(toy, 1003, 10))
    assert outcome.rule == "RuntimeError"
    assert outcome.violation is not None
    assert outcome.violation.startswith("RuntimeError: the toy is broken (toy_system.py:")


def test_interrupt_ends_it_with_what_was_done(toy: str) -> None:
    def interrupt(tally: Tally, outcome: Outcome) -> None:
        if tally.runs == 5:
            raise KeyboardInterrupt

    with Runner(LocalProcesses(1)) as runner:
        tally = campaign(Plan(toy, range(100)), runner, interrupt)
    assert tally.interrupted
    assert tally.runs == 5


def test_limit_does_not_reach_what_follows(toy: str) -> None:
    """A run that ends just when its time is over is not interrupted later."""
    for step in itertools.count():
        began = time.monotonic()
        run(Task(toy, 7, 0.0001))
        if time.monotonic() - began > 1 or step == 200:
            break
    assert step == 200


def test_faults_can_be_picked(toy: str) -> None:
    schedule = draw(Task(toy, 5, 10))
    assert [fault["number"] for fault in with_only(schedule, {7, 3})["faults"]] == [3, 7]
    with pytest.raises(Unusable, match="there is no fault 13, 14 in the schedule"):
        with_only(schedule, {3, 13, 14})


def test_what_cannot_be_used_is_refused(toy: str) -> None:
    with pytest.raises(Unusable, match="there is no system bull; installed is speckeeper or toy"):
        find_system("bull")
    with pytest.raises(Unusable, match="several systems are installed; say --system"):
        find_system(None)
    with pytest.raises(Unusable, match="toy has no bug lazy; there is eager"):
        check_bug(toy, find_system(toy)[1], "lazy")
    with pytest.raises(Unusable, match="4 servers"):
        draw(Task(toy, 5, 10, servers=4))
    with pytest.raises(Unusable, match="only dask://HOST:PORT is known"):
        place("ray://here", None)
