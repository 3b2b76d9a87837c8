r"""Each family of models puts everything to the test: actions, branches, parts of properties.

A property that holds because nothing could break it says nothing. A published specification of ZAB
asked in LocalPrimaryOrder for some pair of transactions where it meant all; it held in billions of
states. Such a property, put into a copy of the specification, is noticed here.
"""

import shutil
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.model.catalogue import (
    FAMILIES,
    JOINED,
    OWN_FILES,
    SPEC,
    Expected,
    Run,
    expected_models,
    explore,
    explored,
)

from speccheck.report.suite import Suite, Thing

MODELS = expected_models()


@dataclass(frozen=True)
class Idle:
    """An entry of idle.toml."""

    family: str
    kind: str
    name: str
    text: str
    reason: str

    def covers(self, thing: Thing, text: str) -> bool:
        return (thing.kind, thing.name) == (self.kind, self.name) and text.startswith(self.text)


IDLE = [
    Idle(**table)
    for table in tomllib.loads(Path(__file__).with_name("idle.toml").read_text())["idle"]
]


# Properties that hold a model's steps to Next. Their parts are its actions and their branches,
# which are counted as such.
STEPS_OF_NEXT = "TakesStepsOf"


def family_of(name: str) -> list[Expected]:
    return [
        model
        for model in MODELS.values()
        if model.family() == name and model.profile == "ci" and model.verdict == "success"
    ]


def suite_of(runs: Iterable[Run]) -> Suite:
    suite = Suite()
    for run in runs:
        suite.add(run.data, run.data["module"])
    return suite


# All models of a family: more than a test usually may take on a busy machine.
@pytest.mark.timeout(1200)
@pytest.mark.parametrize(
    "family",
    [
        pytest.param(name, marks=pytest.mark.xdist_group(name))
        for name in FAMILIES
        if name not in JOINED
    ],
)
def test_a_family_exercises_everything(family: str) -> None:
    suite = suite_of(map(explored, family_of(family)))

    entries = [entry for entry in IDLE if entry.family == family]
    used: set[Idle] = set()
    left = []
    own = OWN_FILES.get(family, ("",))
    for thing in suite.idle:
        if thing.name.startswith(STEPS_OF_NEXT) or not thing.place.startswith(own):
            continue
        text = suite.texts[thing]
        reasons = [entry for entry in entries if entry.covers(thing, text)]
        used.update(reasons)
        if not reasons:
            left.append(f"{thing}: {text}")
    assert left == []
    assert set(entries) == used, "an entry of idle.toml is not needed"
    assert suite.counts


@dataclass(frozen=True)
class Vacuous:
    """A property that says nothing: what to replace in a copy of the specification.

    The models put all of the property to the test as it stands.
    """

    module: str
    name: str
    old: str
    new: str
    models: tuple[str, ...]


VACUOUS = {
    "some pair in place of every pair": Vacuous(
        "Zab",
        "LocalPrimaryOrder",
        "    \\A p, q \\in proposalMsgsLog :\n        /\\ p.source = q.source",
        "    \\E p, q \\in proposalMsgsLog :\n        /\\ p.source = q.source",
        ("MCZabHeaviest",),
    ),
    "no transaction is ahead of itself": Vacuous(
        "Zab",
        "LocalPrimaryOrder",
        "ZxidLess(p.txn.zxid, q.txn.zxid)\n        =>",
        "ZxidLess(p.txn.zxid, p.txn.zxid)\n        =>",
        ("MCZabHeaviest",),
    ),
    "no node has such an owner": Vacuous(
        "ZNode",
        "EphemeralsHaveNoChildren",
        "IsEphemeral(one.nodes[path]) => one.nodes[path].children",
        'one.nodes[path].ephemeralOwner.type = "" => one.nodes[path].children',
        ("MCZNodeMulti",),
    ),
    "nobody joins and is on its own": Vacuous(
        "FastLeaderElection",
        "JoinsOnlyLeading",
        "Joins(i) /\\ ~waitNotmsg[i] /\\ l # i =>",
        "Joins(i) /\\ ~waitNotmsg[i] /\\ l # l =>",
        ("MCElectionJoin", "MCElectionJoinTimeout"),
    ),
}


# In the family's group, where the models have been explored as they stand.
@pytest.mark.parametrize(
    "seeded",
    [
        pytest.param(
            seeded, marks=pytest.mark.xdist_group(MODELS[seeded.models[0]].family()), id=name
        )
        for name, seeded in VACUOUS.items()
    ],
)
def test_a_vacuous_property_is_noticed(seeded: Vacuous, tmp_path: Path) -> None:
    shutil.copytree(SPEC, tmp_path / "spec")
    path = tmp_path / "spec" / f"{seeded.module}.tla"
    text = path.read_text()
    assert text.count(seeded.old) == 1
    path.write_text(text.replace(seeded.old, seeded.new))

    ours = suite_of(explored(MODELS[model]) for model in seeded.models)
    theirs = suite_of(
        explore(MODELS[model], tmp_path / "spec", seeded.name) for model in seeded.models
    )

    assert [thing for thing in ours.idle if thing.name == seeded.name] == []
    assert [thing for thing in theirs.idle if thing.name == seeded.name] != []
