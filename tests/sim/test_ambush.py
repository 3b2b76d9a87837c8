"""What waits for a moment of the protocol, and what is done to whom when it has come."""

import json
from collections.abc import Callable
from functools import partial
from typing import get_args

import pytest

from speckeeper.sim.ambush import Ambush
from speckeeper.sim.clock import Clock
from speckeeper.sim.deeds import Deed, What, Whom
from speckeeper.sim.disk import Disk, Latency, Thread, Work
from speckeeper.sim.link import Link
from speckeeper.sim.moments import MomentName
from speckeeper.sim.network import Delays, Network
from speckeeper.sim.options import Options
from speckeeper.sim.schedule import Schedule, draw_schedule, read_schedule
from speckeeper.sim.world import World

QUIET = Options(
    trouble_ms=6000, delays=Delays(slow_share=0), latency=Latency(stall_share=0), writes=10
)


def run(ambush: Ambush, options: Options = QUIET) -> list[str]:
    lines: list[str] = []
    world = World(Schedule(1, options, (ambush,)), log=lines.append)
    assert world.run().violation is None
    return lines


def ambush(moment: MomentName, what: What, whom: Whom, leads: bool = False) -> Ambush:
    deed = Deed(what, whom, 0, 400)
    return Ambush(at_ms=2000, number=1, leads=leads, moment=moment, deeds=(deed,))


def times_of(lines: list[str], said: Callable[[str], bool]) -> list[int]:
    return [int(line.split()[0]) for line in lines if said(line)]


def test_a_leader_crashes_when_a_learner_has_acknowledged() -> None:
    lines = run(ambush("sends ACK", "crash", "partner"))
    moment = next(t for t in times_of(lines, lambda line: "-> 3 ACK 1." in line) if t >= 2000)
    assert times_of(lines, lambda line: line.endswith(" 3 Start"))[1] == moment + 400


def test_the_others_stand_still_when_a_leader_proposes() -> None:
    lines = run(ambush("sends PROPOSAL", "stop", "others", leads=True))
    proposals = [line for line in lines if " 3 -> " in line and "PROPOSAL" in line]
    sent = next(line for line in proposals if int(line.split()[0]) >= 2000)
    moment, partner = int(sent.split()[0]), sent.split()[3]
    of_other = times_of(lines, lambda line: line.split()[1] == ("1" if partner == "2" else "2"))
    assert not [time for time in of_other if moment < time < moment + 400]
    assert moment + 400 in of_other


def test_who_loses_a_connection_comes_back_and_what_it_had_sent_comes_late() -> None:
    options = QUIET._replace(slow_disk=3, slow_disk_ms=600)
    lines = run(ambush("lacks a quorum", "part", "partner", leads=True), options)
    gone = times_of(lines, lambda line: "Disconnected" in line and line.split()[1] != "3")
    assert gone
    again = times_of(lines, lambda line: "3 LearnerConnected" in line)
    assert [time for time in again if time > gone[0]]


def test_it_happens_as_often_as_it_says() -> None:
    once = ambush("BROADCAST", "crash", "itself", leads=True)
    lines = run(Ambush(**{**vars(once), "at_ms": 0, "times": 2}))
    assert len(times_of(lines, lambda line: "Serve LEADING" in line)) == 3


def test_every_moment_and_deed_is_drawn_and_told() -> None:
    drawn = [draw_schedule(seed) for seed in range(150)]
    found = [f for schedule in drawn for f in schedule.faults if isinstance(f, Ambush)]
    assert {f.moment for f in found} == {*get_args(MomentName)}
    deeds = [deed for f in found for deed in f.deeds]
    assert {(d.what, d.whom) for d in deeds} >= {(w, "partner") for w in get_args(What)}
    assert all(f.moment in f.text() and "{" not in f.text() for f in found)


def test_a_moment_that_there_is_not_is_refused() -> None:
    plain = Schedule(1, QUIET, (ambush("sends ACK", "lag", "itself"),)).as_plain()
    assert read_schedule(json.loads(json.dumps(plain))).as_plain() == plain
    plain["faults"][0]["moment"] = "sends ack"
    with pytest.raises(ValueError, match=r"faults\[0\]\.moment: 'sends ack' is no "):
        read_schedule(plain)


def test_what_is_held_comes_late_and_in_order() -> None:
    clock = Clock()
    link = Link(Network(clock, 1, Delays(5, 50, slow_share=0)), (1, 2), (lambda: None,) * 2)
    came: list[tuple[int, int]] = []

    def arrive(number: int) -> None:
        came.append((number, clock.now_ms))

    for number in range(20):
        link.send(1, partial(arrive, number))
        clock.run_until(clock.now_ms + 3)
        if number == 10:
            link.hold(1, 200)
    clock.run_until(1000)
    assert [number for number, _ in came] == [*range(20)]
    assert {time for _, time in came if time > 33} == {200}


def test_a_disk_that_stalls_ends_nothing_meanwhile() -> None:
    clock = Clock()
    disk = Disk(clock, "disk", Latency(2, 2, stall_share=0))
    ended: list[int] = []
    disk.do(Thread.LOG, Work(lambda: None, lambda _: ended.append(clock.now_ms)))
    disk.do(Thread.LOG, Work(lambda: None, lambda _: ended.append(clock.now_ms)))
    disk.stall_for(300)
    clock.run_until(1000)
    assert ended == [300, 302]
