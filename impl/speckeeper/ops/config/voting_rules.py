"""Rules of the `group.N` and `weight.N` lines: quorums can form, and any two share a server.

Apache ZooKeeper starts with weights below 0 and with sums of weights that wrap around, in which
two quorums without a common server may exist: two leaders could serve at once.
"""

import re
from collections.abc import Mapping, Set

from speckeeper.zab.quorum_sizes import fatal_failures
from speckeeper.zab.voting import Undecided, Voting, disjoint_quorums, voting

# As Long.parseLong reads it: no blanks, no underscores.
_ID = re.compile(r"[+-]?[0-9]+", re.ASCII)
_ONE_GROUP = "give each participant one group and a weight"
_NATURAL = "give every server a weight of 0 or more"
_SMALLER = "give smaller weights"


class VotingError(ValueError):
    """Why no server starts with a configuration: the key it is about, what, and what to do."""

    def __init__(self, name: str, text: str, remedy: str) -> None:
        super().__init__(f"{text}; {remedy}")
        self.name, self.text, self.remedy = name, text, remedy


def voting_of(given: Mapping[str, str], voters: Set[int]) -> Voting:
    """Return how votes count by the lines of a configuration; raises VotingError."""
    groups: dict[int, list[int]] = {}
    weights: dict[int, int] = {}
    for name, text in given.items():
        kind, _, number = name.partition(".")
        if kind == "group":
            if int(number) in groups:
                raise VotingError(name, f"{name} stands for a group that is there", "keep one")
            groups[int(number)] = _ids(name, text)
        elif kind == "weight":
            weights[int(number)] = int(text)
    if weights and not groups:
        name = next(name for name in given if name.startswith("weight."))
        text = f"no quorum can form: {name} and no group.N, so nobody is in a group"
        raise VotingError(name, text, "add group.N lines, or remove weight.N for a majority")
    try:
        return voting(voters, groups, weights)
    except ValueError as error:
        name = next(name for name in given if name.startswith("group."))
        raise VotingError(name, f"votes cannot be counted: {error}", _ONE_GROUP) from None


def _ids(name: str, text: str) -> list[int]:
    parts = text.split(":")
    if not all(map(_ID.fullmatch, parts)):
        message = f"{name}: {text!r} does not list servers"
        raise VotingError(name, message, "write ids as in 1:2:3")
    return [int(part) for part in parts]


def idle_weights(given: Mapping[str, str], voters: Set[int]) -> list[str]:
    """Return the `weight.N` lines of servers that are no participants, nor in a group."""
    groups = (text for name, text in given.items() if name.startswith("group."))
    parts = (part for text in groups for part in text.split(":"))
    listed = {int(part) for part in parts if _ID.fullmatch(part)} | voters
    weights = (name for name in given if name.startswith("weight."))
    return [name for name in weights if int(name.partition(".")[2]) not in listed]


def refusal(counted: Voting, given: Mapping[str, str]) -> VotingError | None:
    """Return why no server starts with this way of counting, None if it may."""
    names = sorted(given, key=lambda name: not name.startswith("weight."))
    place = next((name for name in names if name.startswith(("weight.", "group."))), names[0])
    remedy = _NATURAL if counted.negative else _SMALLER
    try:
        disjoint = disjoint_quorums(counted)
    except Undecided:
        disjoint = None
    if disjoint is not None:
        one, other = map(_named, disjoint)
        text = f"{one} can decide without {other}, and {other} without {one}"
        return VotingError(place, f"{text}: two leaders could serve at once", remedy)
    if counted.negative:
        name = f"weight.{counted.negative[0]}"
        return VotingError(name if name in given else place, f"{name} is below 0", remedy)
    if counted.overflowing:
        text = f"the weights of group {counted.overflowing[0]} are more than a Java long holds"
        return VotingError(place, text, remedy)
    if fatal_failures(counted) is None:
        return VotingError(place, f"no quorum can form: {_why_none(counted)}", _ONE_GROUP)
    return None


def _named(servers: list[int]) -> str:
    return f"server{'' if len(servers) == 1 else 's'} {' '.join(map(str, servers))}"


def _why_none(counted: Voting) -> str:
    if not any(weight for group in counted.groups for weight, _ in group.votes):
        return "no server has a vote"
    return "servers that do not vote have too much of the weight"
