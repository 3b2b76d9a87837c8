"""Servers without a leader, and clients of both kinds: readers, and those who want more."""

import pytest

from speckeeper.sim.bugs import seeded
from speckeeper.sim.disk import Latency
from speckeeper.sim.network import Delays
from speckeeper.sim.options import Options
from speckeeper.sim.schedule import Schedule, draw_schedule, read_schedule
from speckeeper.sim.violation import Violation
from speckeeper.sim.world import World

QUIET = Options(
    delays=Delays(slow_share=0),
    latency=Latency(stall_share=0),
    writes=2,
    clients=2,
    rest_ms=20,
    local_sessions=True,
    read_only=True,
)
WANTS_ALL, READER = 101, 102


class Divided:
    """Server 1 and both clients, cut off from the others; only one client asks to read only."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.world = World(Schedule(1, QUIET), log=self.lines.append)
        self.world.start()
        self.world.settle(10_000)
        network = self.world.network
        for one in (1, WANTS_ALL, READER):
            for other in (2, 3):
                network.cut(one, other)
                network.cut(other, one)
        for client in self.world.clients:
            client.start()

    def pass_ms(self, time_ms: int) -> None:
        self.world.clock.run_until(self.world.clock.now_ms + time_ms)

    @property
    def answers(self) -> dict[int, int]:
        return {client.id: client.answers for client in self.world.clients}


def test_readers_are_served_without_a_leader_and_others_are_not() -> None:
    divided = Divided()
    divided.pass_ms(5000)
    answers = divided.answers
    assert answers[READER] > 20
    assert answers[WANTS_ALL] == 0
    assert any(f"client {READER} gets" in x and "NOT_READ_ONLY" in x for x in divided.lines)
    assert divided.world.nodes[1].part.read_only

    divided.world.calm()
    assert all(answers[each] < divided.answers[each] for each in (READER, WANTS_ALL))
    assert not any(node.part.read_only for node in divided.world.nodes.values())


@pytest.mark.parametrize(
    ("bug", "rule"),
    [("read-only-unasked", "ReadOnlyIsAsked"), ("read-only-writes", "ReadOnlyRefuses")],
)
def test_mistakes_are_seen(bug: str, rule: str) -> None:
    with seeded(bug), pytest.raises(Violation, match=f"^{rule}: "):
        Divided().pass_ms(5000)


def test_it_is_drawn_with_local_sessions_and_kept_in_a_file() -> None:
    drawn = [draw_schedule(seed) for seed in range(60)]
    with_readers = [schedule for schedule in drawn if schedule.options.read_only]
    assert 3 < len(with_readers) < 30
    assert all(schedule.options.local_sessions for schedule in with_readers)
    assert read_schedule(with_readers[0].as_plain()) == with_readers[0]
