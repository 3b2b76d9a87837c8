"""Every action of the specifications has a handler of its name, and every handler its action."""

import re
from pathlib import Path

import pytest

from speckeeper.zab import peer  # noqa: F401  (its imports fill the table)
from speckeeper.zab.actions import ACTIONS

SPEC = Path(__file__).parents[3] / "spec"
NEXT = {
    "Zab.tla": ("Elections", "Discovery", "SyncStarts", "Synchronization", "Requests", "Broadcast",
                "Shutdowns", "BrokenConnections", "Crashes", "Restarts"),
    "FastLeaderElection.tla": ("Elect", "Disturb"),
}  # fmt: skip
# What happens to a server rather than in it: the driver's part.
OUTSIDE = {"NodeCrash", "NodeStart", "BreakConnection", "OvertakeNotmsg"}
# Zab.tla leaves observers out.
NOT_IN_SPEC = {"ObserverProcessINFORM"}


def snake(name: str) -> str:
    parts = re.findall(r"[A-Z]+(?![a-z])|[A-Z][a-z]+|[a-z]+", name)
    return "_".join(parts).lower()


def actions_of(module: str) -> set[str]:
    text = (SPEC / module).read_text()
    found: set[str] = set()
    for group in NEXT[module]:
        body = re.search(rf"^{group} ==\n?(.*?)\n\n", text, re.S | re.M)
        assert body, f"{module} has no {group}"
        found |= {*re.findall(r"(?<=: )([A-Z]\w+)\(", body[1])}
    return found


@pytest.mark.parametrize("name", sorted(ACTIONS))
def test_handler_is_named_as_its_action(name: str) -> None:
    assert ACTIONS[name].rsplit(".", 1)[1] == snake(name)


def test_every_action_has_a_handler() -> None:
    spec = set().union(*map(actions_of, NEXT))
    assert spec - OUTSIDE == {*ACTIONS} - NOT_IN_SPEC
