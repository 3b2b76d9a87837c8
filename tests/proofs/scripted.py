"""Runs of a copy of ZabCore from Init along a script; see ScriptedRun.tla."""

from collections.abc import Sequence
from pathlib import Path

from tests.model.catalogue import SPEC

from speccheck.explore.config import read_config
from speccheck.explore.model import load_model
from speccheck.explore.result import Result
from speccheck.explore.search import Search
from speccheck.variants.header import Variant

MAJORITIES = "{{s1, s2}, {s1, s3}, {s2, s3}}"

CONFIG = """SPECIFICATION RunSpec
CONSTANTS
    s1 = s1
    s2 = s2
    s3 = s3
    Server = {s1, s2, s3}
    Quorum <- GivenQuorums
    Value = {v1}
    SomeServer = s1
    SomeQuorum <- FirstQuorum
    SomeValue = v1
    Script <- GivenScript
    MaxEpoch = 3
    MaxIndex = 2
    Epoch <- RunEpoch
    Index <- RunIndex
CHECK_DEADLOCK FALSE
"""

INVARIANTS = """
    OneLeaderPerEpoch
    EpochOrder
    EpochGrows
    CommittedInLaterEpochs
    CommittedHistoriesAgree
    PrefixConsistency
    LogHasDelivered
    PrimaryIntegrity
    ZxidsRise
    ZxidUnique
"""

PROPERTIES = """
    EpochsAlwaysRise
    CommitsAlwaysStay
    LogsAlwaysGrow
    PromisesAlwaysStay
"""


def follow(
    script: Sequence[str],
    quorums: str,
    folder: Path,
    variant: Variant | None = None,
    asked: str = "",
) -> Result:
    """Return what the runs along a script come to, of a variant if there is one.

    ``folder`` is for what is written; ``asked`` names the one property that is looked at, by
    default all are.

    A line of a script is an action and the servers that take it, one after another.
    """
    acts = [
        f'[action |-> "{action}", server |-> {server}]'
        for action, *servers in map(str.split, script)
        for server in servers
    ]
    extended = "ScriptedRun" if variant is None else f"ScriptedRun, {variant.name}"
    redefines = () if variant is None else variant.redefines
    (folder / "GivenScript.tla").write_text(
        f"---- MODULE GivenScript ----\nEXTENDS {extended}\nCONSTANTS s1, s2, s3\n"
        f"GivenQuorums == {quorums}\nFirstQuorum == CHOOSE Q \\in GivenQuorums : TRUE\n"
        "GivenScript == <<\n" + ",\n".join(acts) + "\n>>\n====\n"
    )
    config = folder / "GivenScript.cfg"
    lines = [f"    {old} <- {new}" for old, new in redefines]
    lines = ["CONSTANTS", *lines] if lines else []
    of_states = [one for one in INVARIANTS.split() if asked in ("", one)]
    of_steps = [one for one in PROPERTIES.split() if asked in ("", one)]
    assert of_states or of_steps, f"there is no property {asked}"
    for keyword, names in (("INVARIANTS", of_states), ("PROPERTIES", of_steps)):
        lines += [keyword, *(f"    {name}" for name in names)] if names else []
    config.write_text(CONFIG + "\n".join(lines) + "\n")
    folders = [folder, Path(__file__).parent, SPEC, SPEC / "variants"]
    return Search(load_model(folder / "GivenScript.tla", read_config(config), folders)).run()
