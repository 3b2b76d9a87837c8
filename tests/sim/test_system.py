"""The simulated ensemble behind ``speccheck hunt``: found by its entry point, plain data only."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from speccheck.cli import app
from speccheck.hunt.system import find_system
from speckeeper.sim.bugs import BUGS
from speckeeper.sim.fault import KINDS
from speckeeper.sim.schedule import draw_schedule, read_schedule
from speckeeper.sim.simpler import simpler
from speckeeper.sim.system import SYSTEM


def test_it_is_installed() -> None:
    assert find_system("speckeeper") == ("speckeeper", SYSTEM)


def test_what_goes_in_and_out_is_plain() -> None:
    schedule = SYSTEM.draw(3, None)
    result = SYSTEM.run(json.loads(json.dumps(schedule)), None, None)
    assert json.loads(json.dumps(result)) == result
    assert result["violation"] is None
    figures = result["figures"]
    assert figures["faults"] == sum(figures.get(kind, 0) for kind in KINDS) > 0
    assert all(number["number"] for number in schedule["faults"])


def test_every_bug_has_a_line() -> None:
    assert {*SYSTEM.bugs} == {*BUGS}
    assert all(text.endswith(".") for text in SYSTEM.bugs.values())


@pytest.mark.parametrize("servers", [0, 10])
def test_sizes_that_cannot_be_simulated(servers: int) -> None:
    with pytest.raises(ValueError, match=f"{servers} voters: 1 to 9 can be simulated"):
        SYSTEM.draw(1, servers)


def test_simpler_schedules_come_to_an_end() -> None:
    schedule = draw_schedule(6)
    steps = 0
    while (better := next(simpler(schedule), None)) is not None:
        assert better != schedule
        schedule, steps = better, steps + 1
    assert steps < 300
    assert schedule.options.voters == 3


def hunt(*arguments: str) -> tuple[int, dict[str, Any]]:
    result = CliRunner().invoke(app, ["hunt", "--workers", "1", *arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.exit_code, json.loads(result.stdout) if "--json" in arguments else {}


def test_bug_is_found_shrunk_and_seen_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    where = ["--system", "speckeeper", "--bug", "ack-before-durable"]
    code, data = hunt(*where, "--seeds", "40", "--shrink", "5", "--json")
    assert code == 1
    drawn = SYSTEM.draw(data["violations"][0]["seed"], None)
    shortest = data["shortest"]
    assert len(shortest["schedule"]["faults"]) < len(drawn["faults"])
    assert read_schedule(shortest["schedule"])

    result = CliRunner().invoke(app, ["hunt", "--replay", data["replay"]])
    assert result.exit_code == 1
    assert f"Violated: {shortest['violation']}\n" in result.stdout
    assert "The same run as the one written down, byte for byte" in result.stdout
