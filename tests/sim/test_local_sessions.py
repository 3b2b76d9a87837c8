"""Local sessions under faults: what the judge asks of all sessions holds once they are global."""

import pytest

from speckeeper.sim.schedule import Schedule, draw_schedule, read_schedule
from speckeeper.sim.world import World


def schedule_of(seed: int) -> Schedule:
    drawn = draw_schedule(seed)
    return drawn._replace(options=drawn.options._replace(local_sessions=True))


@pytest.mark.parametrize("seed", range(4))
def test_seed_holds(seed: int) -> None:
    world = World(schedule_of(seed))
    report = world.run()
    assert report.violation is None, f"seed {seed}: {report.violation}"
    assert world.judge.facts.opened, "no session became global"


def test_option_is_kept_in_a_file() -> None:
    schedule = schedule_of(1)
    assert read_schedule(schedule.as_plain()) == schedule
