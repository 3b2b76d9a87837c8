"""Known mistakes that few seeds show, each in a story that does; and without it the story holds."""

from collections.abc import Callable
from contextlib import nullcontext

import pytest

from speckeeper.sim.bugs import seeded
from speckeeper.sim.disk import Latency
from speckeeper.sim.judge import Violation
from speckeeper.sim.network import Delays
from speckeeper.sim.options import Options
from speckeeper.sim.schedule import Schedule
from speckeeper.sim.world import World

EVEN = Options(delays=Delays(5, 5, slow_share=0), latency=Latency(2, 2, stall_share=0), writes=0)
PATIENCE_MS = 10_000
SLOW_MS = 56


class Story:
    """A world that is waited for by what servers say."""

    def __init__(self, options: Options = EVEN) -> None:
        self._lines: list[str] = []
        self.world = World(Schedule(1, options), log=self._lines.append)
        self.world.start()
        self.world.settle(PATIENCE_MS)

    def until(self, text: str) -> None:
        """Let time pass until a server says this."""
        clock, said = self.world.clock, len(self._lines)
        assert clock.run_until(
            clock.now_ms + PATIENCE_MS,
            lambda: any(text in line for line in self._lines[said:]),
        ), text

    def crash(self, server_id: int) -> None:
        self.world.crash(self.world.nodes[server_id])

    def start(self, server_id: int) -> None:
        self.world.nodes[server_id].ensure_running()

    def cut(self, server_id: int) -> None:
        for other in self.world.nodes:
            if other != server_id:
                self.world.network.cut(server_id, other)
                self.world.network.cut(other, server_id)


def promises_to_leaders_that_die() -> None:
    """1 promises 3 the epochs 2 and 3; then 2 leads, which has heard of neither."""
    story = Story()
    story.cut(2)
    story.crash(3)
    for epoch in (2, 3):
        story.start(3)
        story.until(f"1 done: PersistAcceptedEpoch {epoch}")
        story.crash(3)
    story.world.heal()
    story.until("2 Serve LEADING")
    story.world.calm()


def acknowledgement_of_an_earlier_connection() -> None:
    """1 acknowledges 1.2 on a slow connection, loses it, and is made to forget 1.2 on a new one."""
    story = Story()
    world = story.world
    world.write()
    world.settle(PATIENCE_MS)
    leader, learner = world.nodes[3], world.nodes[1]
    now_ms = world.clock.now_ms
    for link in leader.ports._links.values():
        # What 1 sends arrives when it has forgotten, what is sent to 2 later than that.
        link.delay(1 if link.other(3) == 1 else 3, now_ms + SLOW_MS)
    world.write()
    story.until("1 -> 3 ACK 1.2")
    for link in [*learner.ports._links.values()]:
        link.hang_up(1)
    story.until("1 done: TruncateLog 1.1")
    world.calm()


STORIES: dict[str, Callable[[], None]] = {
    "old-connection-heard": acknowledgement_of_an_earlier_connection,
    "stale-epoch-accepted": promises_to_leaders_that_die,
}


@pytest.mark.parametrize("bug", STORIES)
@pytest.mark.parametrize("present", [False, True])
def test_story_tells(bug: str, present: bool) -> None:
    with seeded(bug) if present else nullcontext():
        if present:
            with pytest.raises(Violation):
                STORIES[bug]()
        else:
            STORIES[bug]()
