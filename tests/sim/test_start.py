"""Runs that begin with something on disks: what the judge makes of it, and what is refused."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from speccheck.cli import app
from speckeeper.sim.schedule import read_schedule
from speckeeper.sim.simpler import simpler
from speckeeper.sim.system import SYSTEM

A, B, C, X = ((1, 1, "a"), (1, 2, "b"), (2, 1, "c"), (1, 1, "x"))
Txn = tuple[int, int, str]


def log(*txns: Txn) -> list[dict[str, Any]]:
    return [dict(zip(("epoch", "counter", "value"), txn, strict=True)) for txn in txns]


def disk(accepted: int, current: int, *txns: Txn) -> dict[str, Any]:
    return {"acceptedEpoch": accepted, "currentEpoch": current, "history": log(*txns)}


def violation(start: dict[str, Any], seed: int = 0) -> tuple[str | None, dict[str, float]]:
    result = SYSTEM.run(json.loads(json.dumps(SYSTEM.draw_from(seed, start))), None, None)
    return result["violation"], result["figures"]


AHEAD = [disk(1, 1, A, B), disk(1, 1, A), disk(2, 0, A)]
SYNCED_IN_PART = [disk(2, 2, A, C), disk(2, 1, A, C), disk(1, 1, A, B)]


@pytest.mark.parametrize("seed", [0, 2])
@pytest.mark.parametrize("disks", [AHEAD, SYNCED_IN_PART], ids=["ahead", "synced-in-part"])
def test_what_a_crash_of_all_leaves_is_harmless(disks: list[dict[str, Any]], seed: int) -> None:
    found, figures = violation({"servers": disks, "committed": [log(A)]}, seed)
    assert found is None
    assert figures["committed"] > 10
    assert figures["faults"]


def test_what_is_committed_and_lost_is_found_when_a_leader_serves() -> None:
    """The disk with the latest epoch has not what a quorum has: it is elected, and has the say."""
    disks = [disk(1, 1, A), disk(1, 1, A), disk(2, 2)]
    found, figures = violation({"servers": disks, "committed": [log(A)]})
    assert found is not None
    assert found.startswith("PrimaryIntegrity: leader 3 of epoch 3 has 0x0 ")
    assert figures["virtual_ms"] > 0


def test_what_is_not_committed_may_be_lost() -> None:
    assert violation({"servers": [disk(1, 1, A), disk(1, 1, A), disk(2, 2)]})[0] is None


@pytest.mark.parametrize(
    ("disks", "committed", "said"),
    [
        ([disk(1, 1, A), disk(1, 1, X), disk(1, 1)], [[A], [X]], "Proposal: on the disk of 2"),
        ([disk(1, 1, A), disk(1, 1, A), disk(1, 1)], [[A], [X]], "Proposal: committed before"),
        ([disk(2, 2, A, C), disk(2, 2, C), disk(1, 1)], [], "PrefixConsistency: on the disk of 2"),
        ([disk(1, 1, A), disk(1, 1, A), disk(2, 2, C)], [[A], [C]], "PrefixConsistency: before"),
        ([disk(1, 1, A), disk(1, 1), disk(1, 1)], [[A]], "CommittedIsDurable: 0x100000001 is"),
    ],
)
def test_disks_that_contradict_each_other(
    disks: list[dict[str, Any]], committed: list[list[Txn]], said: str
) -> None:
    found, figures = violation({"servers": disks, "committed": [log(*one) for one in committed]})
    assert found is not None
    assert found.startswith(said)
    assert figures["virtual_ms"] == 0, "no server had to start"


@pytest.mark.parametrize(
    ("start", "said"),
    [
        ({"servers": [disk(1, 2, A)]}, "the disk of server 1 has currentEpoch 2 and acceptedEpoch"),
        ({"servers": [disk(1, 0, A, C)]}, "has a transaction of epoch 2, and acceptedEpoch 1"),
        ({"servers": [disk(1, 1, B)]}, "the disk of server 1 begins with 1.2=b"),
        ({"servers": [disk(2, 2, C, A)]}, "has 1.1=a behind 2.1=c: zxids rise"),
        ({"servers": [disk(1, 1, (0, 1, "q"))]}, "has 0.1=q: epochs and counters begin with 1"),
        ({"servers": [disk(1, 1)], "committed": [log(B)]}, "what is committed begins with 1.2=b"),
        ({"servers": [disk(1, 1, (1, 1, "\ud800"))]}, r"the value '.ud800': it is to be printable"),
        ({"servers": []}, "0 servers: 1 to 9 can be"),
        ({"servers": [{"acceptedEpoch": 1}]}, r"start.servers\[0\].currentEpoch is missing"),
        ([], "start: an object is expected"),
    ],
)
def test_what_no_server_leaves_is_refused_in_a_line(start: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said) as found:
        SYSTEM.draw_from(0, start)
    assert "\n" not in str(found.value)


def test_a_schedule_keeps_its_start() -> None:
    schedule = read_schedule(SYSTEM.draw_from(2, {"servers": [disk(1, 1, A)] * 5}))
    assert read_schedule(schedule.as_plain()) == schedule
    assert "  on the disk of 5: acceptedEpoch 1, currentEpoch 1, log: 1.1=a" in schedule.lines()
    assert {one.options.voters for one in simpler(schedule)} == {5}
    with pytest.raises(ValueError, match="5 disks, and 3 servers vote"):
        read_schedule({**schedule.as_plain(), "options": {"voters": 3}})


def test_a_hunt_begins_with_disks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    disks = [disk(1, 1, A), disk(1, 1, A), disk(2, 2)]
    Path("disks.json").write_text(json.dumps({"servers": disks, "committed": [log(A)]}))
    hunt = ["hunt", "--system", "speckeeper", "--start", "disks.json"]

    found = CliRunner().invoke(app, [*hunt, "--seeds", "1", "--workers", "1", "--shrink", "1"])
    again = CliRunner().invoke(app, ["hunt", "--replay", "hunt-speckeeper-0.json"])
    refused = [
        CliRunner().invoke(app, [*hunt, *other])
        for other in (
            ["--servers", "3"],
            ["--replay", "hunt-speckeeper-0.json"],
            ["--seed", "1", "--histories"],
        )
    ]

    assert found.exit_code == 1
    assert "Violated: PrimaryIntegrity: " in found.stdout
    assert "--seed" not in found.stdout, "a seed alone does not say what is on disks"
    assert again.exit_code == 1
    assert "The same run as the one written down, byte for byte" in again.stdout
    assert [one.exit_code for one in refused] == [2, 2, 2]
    assert all(one.stderr.startswith("--") for one in refused)
