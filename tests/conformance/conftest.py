"""What the tests of traces share: one simulated run, recorded, and ways to tamper with it."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from speccheck.conform.judge import Plan, Verdict, judge_tracks
from speccheck.conform.reading import read_tracks
from speccheck.conform.specification import specification_of
from speccheck.explore.model import Model
from speckeeper.sim.recording import Recording
from speckeeper.sim.schedule import draw_schedule
from speckeeper.sim.world import World

ROOT = Path(__file__).parents[2]
SPEC, CONFIG = ROOT / "spec" / "Zab.tla", ROOT / "spec" / "traces" / "Zab.cfg"

Line = dict[str, Any]
_models: dict[str, Model] = {}


def record(seed: int, folder: Path, voters: int | None = None) -> Path:
    """Run a seed of the simulator, and leave its traces in a folder."""
    recording = Recording(folder)
    report = World(draw_schedule(seed, voters), recording).run()
    recording.close()
    assert report.violation is None
    return folder


def verdict_on(*paths: Path, **plan: Any) -> Verdict:
    """Judge files; the model of a configuration is made once."""
    tracks = read_tracks(paths)
    header = tracks[0].parts[0].header
    key = json.dumps(header.config)
    if key not in _models:
        _models[key] = specification_of(header, SPEC, CONFIG)
    return judge_tracks(tracks, _models[key], Plan(SPEC, CONFIG, **plan))


@pytest.fixture(scope="session")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The traces of a run with elections, crashes and synchronizations of all three kinds."""
    return record(3, tmp_path_factory.mktemp("simulated") / "traces")


@pytest.fixture
def traces(simulated: Path, tmp_path: Path) -> Path:
    """A copy of them to tamper with."""
    return Path(shutil.copytree(simulated, tmp_path / "traces"))


def change(folder: Path, wanted: Callable[[Line], bool], edit: Callable[[Line], None]) -> str:
    """Change the first event that is wanted; return its place."""
    for path in sorted(folder.iterdir()):
        lines = path.read_text().splitlines()
        for number, text in enumerate(lines[1:], 2):
            event = json.loads(text)
            if wanted(event):
                edit(event)
                lines[number - 1] = json.dumps(event)
                path.write_text("\n".join(lines) + "\n")
                return f"{path}:{number}"
    raise AssertionError("no event is wanted")
