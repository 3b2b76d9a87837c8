"""`speckeeper quorum FILE`: whether a configuration's quorums share a server, what it survives, and
which quorums are the smallest.
"""

import json
import sys
from itertools import islice
from typing import NamedTuple

from speckeeper.ops.config.error import ConfigError
from speckeeper.ops.config.voting_rules import VotingError, refusal, voting_of
from speckeeper.ops.config.zoo_cfg import QuorumLines, read_quorum_lines
from speckeeper.ops.exit_codes import ExitCode
from speckeeper.zab.quorum_sizes import count_smallest_quorums, fatal_failures, smallest_quorums
from speckeeper.zab.voting import Undecided, Voting, disjoint_quorums, has_no_quorum


class Findings(NamedTuple):
    """What there is to say of a configuration; what does not apply is None or empty.

    ``meet``: any two quorums share a server, None if that could not be found out. ``refused``: why
    no server starts with it. ``survives``: so many failures, whichever servers fail; ``fatal`` are
    too many. ``quorums`` are some of the ``in_all`` smallest, ``in_all`` None if they are beyond
    counting.
    """

    lines: QuorumLines
    voting: Voting
    meet: bool | None
    disjoint: tuple[list[int], list[int]] | None
    refused: str
    survives: int | None
    fatal: list[int]
    quorums: list[list[int]]
    in_all: int | None


def findings(path: str, most: int) -> Findings:
    """Return what there is to say of a file, with no more quorums than asked for.

    Raises ConfigError for a file that cannot be read, and for lines that say no way of counting.
    """
    lines = read_quorum_lines(path)
    given = {} if lines.standalone else lines.given
    try:
        counted = voting_of(given, lines.voters)
    except VotingError as error:
        raise lines.fail(error.name, error.text, error.remedy) from None
    refused = refusal(counted, lines.given)
    text = "" if refused is None else str(lines.fail(refused.name, refused.text, refused.remedy))
    disjoint: tuple[list[int], list[int]] | None = None
    meet: bool | None = None
    try:
        disjoint = disjoint_quorums(counted)
        meet = disjoint is None
    except Undecided:
        pass
    if counted.negative or counted.overflowing:
        in_all = 0 if has_no_quorum(counted) else None
        return Findings(lines, counted, meet, disjoint, text, None, [], [], in_all)
    fatal = fatal_failures(counted)
    if fatal is None:
        return Findings(lines, counted, meet, disjoint, text, None, [], [], 0)
    some = list(islice(smallest_quorums(counted), most))
    count = count_smallest_quorums(counted)
    return Findings(lines, counted, meet, disjoint, text, len(fatal) - 1, fatal, some, count)


def run(path: str, as_json: bool, most: int) -> int:
    """Print what there is to say of a file; return the exit code. Raises ConfigError.

    Lines of it that say nothing are told on stderr.
    """
    try:
        found = findings(path, most)
    except ConfigError as error:
        if as_json:
            print(json.dumps({"refused": str(error)}, indent=2))
        raise
    for warning in found.lines.warnings:
        print(f"speckeeper: {warning}", file=sys.stderr)
    if as_json:
        print(json.dumps(_data(found), indent=2))
    else:
        for line in _text(found):
            print(line)
    return int(ExitCode.UNEXPECTED if found.refused or not found.meet else ExitCode.OK)


def _text(found: Findings) -> list[str]:
    lines, counted = found.lines, found.voting
    how = f"votes in {_some(len(counted.groups), 'group')}" if counted.by_groups else "majority"
    voters = _some(len(lines.voters), "participant")
    said = [f"{voters}, {_some(len(lines.observers), 'observer')}; {how}"]
    if found.disjoint is not None:
        one, other = (_is_one(quorum) for quorum in found.disjoint)
        said.append(f"Quorums need not meet: {one} and {other}")
    elif found.meet is None:
        said.append("It could not be found out whether any two quorums share a server")
    elif found.in_all != 0:
        said.append("Any two quorums share a server")
    else:
        said.append("No set of servers is a quorum")
    if found.refused:
        said.append(f"No server starts with this: {found.refused}")
    if found.survives is not None:
        lost = _servers(found.fatal)
        failures = "no failure" if not found.survives else _some(found.survives, "failure")
        whichever = "" if not found.survives else ", whichever servers fail"
        said.append(f"Survives {failures}{whichever}; not the loss of {lost}")
    if found.quorums:
        size = _some(len(found.quorums[0]), "server")
        many = "more than can be counted" if found.in_all is None else f"{found.in_all:,}"
        said.append(f"Smallest quorums, {size}: {many}")
        said += [f"  {_servers(quorum)}" for quorum in found.quorums]
        if found.in_all != len(found.quorums):
            said.append("  ...")
    if counted.idle:
        said.append(f"Without a vote, as their weight is 0: {_servers(counted.idle)}")
    if lines.standalone:
        said.append("It serves alone, as a standalone server: standaloneEnabled is true")
    if lines.oracle:
        said.append(
            "oraclePath: with Apache ZooKeeper, either of the two may decide alone; not here"
        )
    return said


def _data(found: Findings) -> dict[str, object]:
    return {
        "participants": sorted(found.lines.voters),
        "observers": sorted(found.lines.observers),
        "by": "groups" if found.voting.by_groups else "majority",
        "quorumsMeet": found.meet,
        "disjoint": found.disjoint,
        "refused": found.refused or None,
        "survives": found.survives,
        "fatal": found.fatal,
        "smallestQuorums": found.quorums,
        "smallestQuorumsInAll": found.in_all,
        "weightZero": found.voting.idle,
        "standalone": found.lines.standalone,
        "oracle": found.lines.oracle,
        "warnings": list(found.lines.warnings),
    }


def _some(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _servers(ids: list[int]) -> str:
    noun = "server" if len(ids) == 1 else "servers"
    return f"{noun} {', '.join(map(str, ids))}"


def _is_one(ids: list[int]) -> str:
    return f"{_servers(ids)} {'is' if len(ids) == 1 else 'are'} one"
