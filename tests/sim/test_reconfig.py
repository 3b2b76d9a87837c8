"""Members that change under faults: it holds, and each way to spoil it is seen in a few runs."""

import json
from pathlib import Path

import pytest

from speckeeper.sim.reconfigs import Reconfig
from speckeeper.sim.recording import Recording
from speckeeper.sim.schedule import FIRST_RECONFIGURED, draw_schedule, read_schedule
from speckeeper.sim.world import World
from speckeeper.storage.config_files import ConfigFiles
from speckeeper.wire.quorum_config import QuorumConfig
from speckeeper.zab.membership import Membership
from speckeeper.zab.peer import Peer

SCHEDULE = draw_schedule(FIRST_RECONFIGURED)
_MOST_SEEDS = 10  # of which the first few do


def test_holds_with_a_dozen_reconfigurations() -> None:
    world = World(SCHEDULE)
    report = world.run()
    assert report.violation is None
    assert report.faults["reconfig"] > 5
    made = [version for version in world.judge.configurations if version & 0xFFFFFFFF]
    assert len(made) > 5


def test_only_those_seeds_change_members() -> None:
    below = draw_schedule(FIRST_RECONFIGURED - 1)
    assert not below.options.reconfig
    assert not any(isinstance(fault, Reconfig) for fault in below.faults)
    assert read_schedule(SCHEDULE.as_plain()) == SCHEDULE


def test_traces_end_with_the_first_reconfiguration(tmp_path: Path) -> None:
    """What is recorded is all of one configuration, which is what a trace can be judged by."""
    recording = Recording(tmp_path)
    World(SCHEDULE, recording).run()
    recording.close()
    traces = [path.read_text().splitlines() for path in tmp_path.iterdir()]
    assert len({json.dumps(json.loads(lines[0])["config"]) for lines in traces}) == 1
    assert sum(map(len, traces)) > len(traces)
    assert not any("COMMITANDACTIVATE" in line for lines in traces for line in lines)


def _in_new_only(self: Membership, servers: set[int]) -> bool:
    return self.configs[-1].is_quorum(servers)


def _in_old_only(self: Membership, servers: set[int]) -> bool:
    return self.configs[0].is_quorum(servers)


def _forget(self: object, config: QuorumConfig) -> None:
    """Do nothing where a proposed configuration should be kept."""


@pytest.mark.parametrize(
    ("owner", "name", "spoiled"),
    [
        pytest.param(Membership, "has_all_quorums", _in_new_only, id="new quorum alone"),
        pytest.param(Membership, "has_all_quorums", _in_old_only, id="old quorum alone"),
        pytest.param(ConfigFiles, "set_last_seen", _forget, id="proposal not on the disk"),
        pytest.param(Peer, "set_last_seen_config", _forget, id="proposal not noticed"),
    ],
)
def test_mistakes_are_seen(
    monkeypatch: pytest.MonkeyPatch, owner: type, name: str, spoiled: object
) -> None:
    monkeypatch.setattr(owner, name, spoiled)
    seeds = range(FIRST_RECONFIGURED, FIRST_RECONFIGURED + _MOST_SEEDS)
    assert any(World(draw_schedule(seed)).run().violation for seed in seeds)
