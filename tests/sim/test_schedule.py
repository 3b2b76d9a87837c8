"""Schedules: drawn from a seed, written and read, and what is left of one when a fault is out."""

import json
from dataclasses import replace

import pytest

from speckeeper.sim.fault import KINDS, Fault
from speckeeper.sim.faults import Crash, Cut
from speckeeper.sim.options import Options
from speckeeper.sim.plain import PlainError
from speckeeper.sim.schedule import FIRST_RECONFIGURED, Schedule, draw_schedule, read_schedule
from speckeeper.sim.world import World


def test_json_round_trip() -> None:
    drawn = [draw_schedule(seed) for seed in (*range(50), FIRST_RECONFIGURED)]
    for schedule in drawn:
        assert read_schedule(json.loads(json.dumps(schedule.as_plain()))) == schedule
    assert {fault.kind for schedule in drawn for fault in schedule.faults} == {*KINDS}


def test_same_seed_is_the_same_schedule() -> None:
    assert draw_schedule(3) == draw_schedule(3)
    assert draw_schedule(3) != draw_schedule(4)


def test_chance_changes_delays_alone() -> None:
    schedule = draw_schedule(3)
    other = schedule._replace(chance=1)
    assert other.faults == schedule.faults
    assert log_of(other) != log_of(schedule)
    assert read_schedule(other.as_plain()) == other


def test_number_of_voters_can_be_given() -> None:
    assert {draw_schedule(seed, voters=5).options.voters for seed in range(10)} == {5}
    assert {draw_schedule(seed).options.voters for seed in range(20)} == {3, 5}


@pytest.mark.parametrize(("data", "message"), [
    ([], "schedule: an object with a number 'seed' is expected"),
    ({"seed": 1, "options": {"voter": 3}}, "options.voter: there is no such field; there are"),
    ({"seed": 1, "options": {"voters": "3"}}, "options.voters: '3' is no int"),
    ({"seed": 1, "options": {"delays": 3}}, "options.delays: an object is expected"),
    ({"seed": 1, "faults": {}}, "faults: a list is expected"),
    ({"seed": 1, "faults": [{"kind": "flood"}]}, "faults[0]: an object with a 'kind'"),
    ({"seed": 1, "faults": [{"kind": "crash", "at_ms": 5}]}, "faults[0].servers is missing"),
    ({"seed": 1, "faults": [{"kind": "crash", "at_ms": 5, "outage_ms": 1, "servers": [True]}]},
     "faults[0].servers[0]: True is no int or 'leader' or 'follower'"),
])  # fmt: skip
def test_what_is_no_schedule_is_refused(data: object, message: str) -> None:
    with pytest.raises(PlainError) as caught:
        read_schedule(data)
    assert str(caught.value).startswith(message)


def log_of(schedule: Schedule) -> list[str]:
    lines: list[str] = []
    World(schedule, log=lines.append).run()
    return lines


def test_what_precedes_a_fault_does_not_depend_on_it() -> None:
    schedule = draw_schedule(3)
    left_out = schedule.faults[len(schedule.faults) // 2]
    others = tuple(fault for fault in schedule.faults if fault is not left_out)
    before = [line for line in log_of(schedule) if int(line.split()[0]) < left_out.at_ms]
    without = log_of(schedule._replace(faults=others))
    assert len(before) > 100
    assert without[: len(before)] == before


def test_a_role_is_a_server_at_the_time() -> None:
    quiet = Options(trouble_ms=8000, writes=5)
    crash = Crash(at_ms=3000, number=1, servers=("leader",), outage_ms=500)
    lines = log_of(Schedule(1, quiet, (crash, replace(crash, at_ms=6000, number=2))))
    served = [line for line in lines if " Serve LEADING " in line]
    assert [line.split()[1] for line in served] == ["3", "2", "3"]


def test_faults_that_meet_nobody_are_not_counted() -> None:
    cut = Cut(at_ms=0, server="leader", others=(), direction="both", outage_ms=100)
    world = World(Schedule(1, Options(trouble_ms=1000), (cut,)))
    assert world.run().faults == {}


def smallest_first(fault: Fault) -> list[Fault]:
    return [*fault.smaller()]


def test_smaller_faults_differ_and_end() -> None:
    """Taking the first smaller fault again and again comes to an end."""
    for fault in draw_schedule(3).faults:
        steps = 0
        current = fault
        while smaller := smallest_first(current):
            assert current not in smaller
            current = smaller[0]
            steps += 1
        assert steps < 20


def test_story_names_every_fault() -> None:
    schedule = draw_schedule(3)
    story = "\n".join(schedule.lines())
    assert story.startswith("Seed 3: ")
    for fault in schedule.faults:
        assert f"{fault.number:>4}  {fault.at_ms / 1000:>7.3f} s  {fault.text()}" in story
