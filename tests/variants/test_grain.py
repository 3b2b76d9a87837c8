"""What actions touch, and that a specification of mixed grain keeps what others can see.

The second is only worth something if a coarse module that does not is refused.
"""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from speccheck.cli import app
from speccheck.variants.checks import check
from speccheck.variants.findings import Findings, Verdict
from speccheck.variants.grain import grain_of
from speccheck.variants.header import read_variant
from speccheck.variants.mixed import Mixed, mix

SPEC = Path(__file__).parents[2] / "spec"
FOLDER = SPEC / "variants"


@pytest.fixture(autouse=True)
def deep_recursion() -> Iterator[None]:
    usual = sys.getrecursionlimit()
    sys.setrecursionlimit(20_000)
    yield
    sys.setrecursionlimit(usual)


def changed(folder: Path, old: str, new: str) -> Mixed:
    """Return what composing a changed copy of CoarseElection comes to."""
    shutil.copytree(SPEC, folder / "spec")
    path = folder / "spec" / "variants" / "CoarseElection.tla"
    text = path.read_text()
    assert text.count(old) == 1, f"it stands {text.count(old)} times: {old}"
    path.write_text(text.replace(old, new))
    variant = read_variant(path)
    return mix(variant, variant.models[0])


def test_footprints_are_those_of_the_text() -> None:
    grain = grain_of(SPEC / "Zab.tla")
    actions = {action.name: action for module in grain.modules for action in module.actions}

    promise = actions["FollowerPersistAcceptedEpoch"]
    assert promise.writes == {"acceptedEpoch", "learnerStage", "zabState", "msgs"}
    assert promise.reads >= {"state", "learnerStage", "newEpoch", "history", "currentEpoch"}
    assert "queuedRequests" not in promise.reads | promise.writes
    assert actions["NodeStart"].writes == {"status"}
    assert actions["NodeStart"].reads == {"status"}
    assert [module.name for module in grain.modules][:2] == ["Elections", "Discovery"]
    assert len(actions) == 31


def test_what_a_module_keeps_to_itself_is_read_by_no_other() -> None:
    grain = grain_of(SPEC / "Zab.tla")

    assert grain.internal(["Requests"]) == {"proposalMsgsLog"}
    assert "cepochRecv" in grain.internal(["Elections", "Discovery"])
    assert "handler" not in grain.internal(["Elections", "Discovery"])


def test_coarse_elections_keep_what_others_see() -> None:
    variant = read_variant(FOLDER / "CoarseElection.tla")

    mixed = mix(variant, variant.models[0])

    assert mixed.is_preserved
    assert mixed.coarse_steps > 0
    assert mixed.at_rest > 500
    assert mixed.mixed_states < mixed.fine_states / 2
    assert mixed.violated == ()


@pytest.mark.parametrize(
    ("old", "new", "lost"),
    [
        # Who has not promised counts as one that has.
        ("[ackeRecv EXCEPT ![i] = P]", "[ackeRecv EXCEPT ![i] = Server]", "unmatched"),
        # A leader that thinks to know where the other's log ends.
        (
            "    /\\ peerLastZxid' = [peerLastZxid EXCEPT ![j][i] = LastZxid(history[i])]\n",
            "    /\\ peerLastZxid' = [peerLastZxid EXCEPT ![j][i] = <<1, 1>>]\n",
            "unmatched",
        ),
        # Nobody joins later.
        (
            "    /\\ ElectionFinished(j)\n    /\\ acceptedEpoch",
            "    /\\ FALSE\n    /\\ acceptedEpoch",
            "missed",
        ),
    ],
    ids=["promises-of-others", "wrong-zxid", "nobody-joins"],
)
def test_a_coarse_module_that_does_not_is_refused(
    tmp_path: Path, old: str, new: str, lost: str
) -> None:
    mixed = changed(tmp_path, old, new)

    assert not mixed.is_preserved
    assert getattr(mixed, lost)


def test_a_bug_of_the_broadcast_is_found_with_fewer_states() -> None:
    findings = Findings("")
    check(read_variant(FOLDER / "Zk4394Coarsely.tla"), findings, processor_s=60.0, to_the_end=False)

    (found,) = (row for row in findings.rows if row.verdict is Verdict.violated)
    assert found.property == "CommitsMatch"
    states = int(found.amount.split()[0].replace(",", ""))
    assert states < 11_774, "what Zk4394 takes"


def test_the_commands_say_it() -> None:
    result = CliRunner().invoke(app, ["grain", str(SPEC / "Zab.tla")])
    assert result.exit_code == 0
    assert "FollowerPersistAcceptedEpoch" in result.output

    result = CliRunner().invoke(app, ["compose", "CoarseElection", "--folder", str(FOLDER)])
    assert result.exit_code == 0, result.output
    assert "the interaction is preserved" in result.output

    result = CliRunner().invoke(app, ["compose", "Zk4394", "--folder", str(FOLDER)])
    assert result.exit_code == 2
    assert "@replaces" in result.output
