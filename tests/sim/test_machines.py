"""Servers whose disk fails or who stand still; clients who go on with their session elsewhere."""

from itertools import pairwise

from speckeeper.sim.clock import Clock, LocalClock
from speckeeper.sim.disk import Latency
from speckeeper.sim.machine_faults import DiskFault, Slow, Stop
from speckeeper.sim.network import Delays
from speckeeper.sim.options import Options
from speckeeper.sim.schedule import Schedule
from speckeeper.sim.world import World

QUIET = Options(
    trouble_ms=4000,
    delays=Delays(slow_share=0),
    latency=Latency(stall_share=0),
    clients=2,
    rest_ms=20,
)


def run(schedule: Schedule) -> tuple[World, list[str]]:
    lines: list[str] = []
    world = World(schedule, log=lines.append)
    report = world.run()
    assert report.violation is None
    return world, lines


def test_a_disk_that_fails_stops_its_server_with_a_message() -> None:
    fault = DiskFault(at_ms=1500, number=1, server=1, outage_ms=600)
    _, lines = run(Schedule(2, QUIET, (fault,)))
    stops = [line for line in lines if " 1 stops: " in line]
    assert len(stops) == 1
    assert "Input/output error; check the disk and its free space" in stops[0]
    starts = [int(line.split()[0]) for line in lines if line.endswith(" 1 Start")]
    assert starts[1:] == [2100]


def test_a_server_that_stands_still_takes_what_has_come_later() -> None:
    stop = Stop(at_ms=2000, number=1, server="follower", outage_ms=300)
    _, lines = run(Schedule(3, QUIET, (stop,)))
    times = [int(line.split()[0]) for line in lines if line.split()[1] == "1"]
    assert not [time for time in times if 2000 < time < 2300]
    assert times.count(2300) > 3


def test_a_slow_server_is_slow() -> None:
    slow = Slow(at_ms=1000, number=1, server=1, step_ms=20, outage_ms=500)
    _, lines = run(Schedule(3, QUIET, (slow,)))
    times = {int(line.split()[0]) for line in lines if line.split()[1] == "1" and "<-" in line}
    within = sorted(time for time in times if 1020 < time < 1500)
    assert len(within) > 3
    assert all(after - before >= 20 for before, after in pairwise(within))


def test_clients_go_on_with_their_session_when_their_server_is_gone() -> None:
    world = World(Schedule(5, QUIET))
    world.start()
    for client in world.clients:
        client.start()
    clock = world.clock
    assert clock.run_until(5000, lambda: all(client.answers > 5 for client in world.clients))
    sessions = [client.judged.session for client in world.clients]
    leader = world.leader()
    assert leader is not None
    world.crash(leader)
    answers = [client.answers for client in world.clients]
    assert clock.run_until(
        clock.now_ms + 5000,
        lambda: all(c.answers > before for c, before in zip(world.clients, answers, strict=True)),
    )
    assert [client.judged.session for client in world.clients] == sessions


def test_clocks_drift() -> None:
    clock = Clock()
    fast, slow = LocalClock(clock, 1100, 50), LocalClock(clock, 900)
    rung: list[tuple[str, int]] = []
    fast.at(50 + 1100, lambda: rung.append(("fast", clock.now_ms)))
    slow.at(1000, lambda: rung.append(("slow", clock.now_ms)))
    clock.run_until(2000)
    assert rung == [("fast", 1000), ("slow", 1112)]
    assert (fast.now_ms, slow.now_ms) == (2250, 1800)
