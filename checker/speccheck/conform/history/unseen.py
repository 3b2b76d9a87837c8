"""What may have happened without anybody being told: the candidates.

A request whose reply was lost, the end of a session that its client did not close, the sweeping of
a container or TTL node. Each took a zxid that belongs to no recorded write. Where somebody has seen
that zxid (in a Stat, in a watch event) its place is known, and so is, mostly, which one it was.
Otherwise it is put in where a reply cannot be explained without it; nobody has seen its zxid then,
so any free one before the reply will do.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from typing import NamedTuple

from speccheck.conform.history.survey import Survey
from speccheck.evaluate.values import SEQUENCES, Fn, Value

_MOST = 1000
_MOST_TAIL = 1 << 16


NEVER_BELOW = 1 << 62


class Candidate(NamedTuple):
    """A write that may have been carried out once, at a zxid between ``above`` and ``below``."""

    above: int
    call: int
    type: str
    session: int
    ids: Fn
    record: Fn
    below: int = NEVER_BELOW


def touched(candidate: Candidate, ephemerals: dict[int, set[Value]]) -> set[Value]:
    """Return the nodes that a candidate may change, and their parents."""
    record = candidate.record
    paths: set[Value] = set()
    if candidate.type == "closeSession":
        paths |= ephemerals.get(candidate.session, set())
    elif "ops" in record:
        paths |= {op["record"]["path"] for op in record["ops"].values_}
    elif "path" in record:
        paths.add(record["path"])
    return with_parents(paths)


def may_be_ephemeral(candidate: Candidate) -> bool:
    """Tell whether a candidate may create an ephemeral node."""
    record = candidate.record
    if "ops" in record:
        return any(_is_ephemeral(op["record"]) for op in record["ops"].values_)
    return _is_ephemeral(record)


def _is_ephemeral(record: Fn) -> bool:
    return "flags" in record and "EPHEMERAL" in str(record["flags"])


def with_parents(paths: set[Value]) -> set[Value]:
    """Return paths, and what they are children of."""
    return paths | {SEQUENCES[path.values_[:-1]] for path in paths if len(path)}


class Candidates:
    """Those that have no place yet, in the order in which they were asked for."""

    def __init__(self) -> None:
        self._all: list[tuple[int, int, Candidate]] = []
        self._number = 0
        self._unbounded: set[int] = set()
        self.dropped = 0
        """Older ones that were given up: too many to try."""

    def __len__(self) -> int:
        return len(self._all)

    def add(self, candidate: Candidate) -> None:
        """Add one."""
        self._number += 1
        self._unbounded.add(candidate.session)
        insort(self._all, (candidate.call, self._number, candidate))
        if len(self._all) > _MOST:
            del self._all[0]
            self.dropped += 1

    def answered(self, session: int, call: int, zxid: int) -> None:
        """A session's write has been answered: what it had asked for before has a lower zxid."""
        if session not in self._unbounded:
            return
        self._unbounded.discard(session)
        for place, (asked, number, one) in enumerate(self._all):
            if one.session == session and one.below > zxid:
                if asked < call:
                    self._all[place] = asked, number, one._replace(below=zxid)
                else:
                    self._unbounded.add(session)

    def at(self, zxid: int) -> list[Candidate]:
        """Return those that may have this zxid."""
        return [one for _, _, one in self._all if one.above < zxid < one.below]

    def upto(self, zxid: int, free: Free) -> list[Candidate]:
        """Return those that may have a zxid up to this one that belongs to nobody."""
        return [
            one
            for _, _, one in self._all
            if one.above < zxid and free.last(one.above, min(zxid, one.below - 1)) is not None
        ]

    def take(self, candidate: Candidate) -> None:
        """Take one out: it has its place."""
        self._all = [entry for entry in self._all if entry[2] is not candidate]


class Free:
    """Zxids that belong to no recorded write and have not been given to a candidate."""

    def __init__(self, survey: Survey) -> None:
        self._claimed = survey.claimed
        self._evident = survey.evidence
        self._ranges: list[tuple[int, int]] = []

    def passed(self, after: int, upto: int) -> None:
        """Note that between two zxids of recorded replies, the second included, some are free."""
        first, last = after + 1, upto - (upto in self._claimed)
        if first >> 32 != upto >> 32:
            # An epoch ended; how far it went nobody has seen.
            self._ranges.append((first, first + _MOST_TAIL))
            first = (upto >> 32 << 32) + 1
        if first <= last:
            self._ranges.append((first, last))
        if len(self._ranges) > 10_000:
            del self._ranges[:5_000]

    def last(self, above: int, upto: int) -> int | None:
        """Return the highest free zxid between two, the second included, None if there is none."""
        start = bisect_right(self._ranges, (upto, 1 << 64))
        for position in range(start - 1, -1, -1):
            first, last = self._ranges[position]
            if last <= above:
                return None
            zxid = min(last, upto)
            while zxid in self._evident and zxid >= first:
                zxid -= 1
            if zxid >= first and zxid > above:
                return zxid
        return None

    def take(self, zxid: int) -> None:
        """Give a zxid away."""
        position = bisect_right(self._ranges, (zxid, 1 << 64)) - 1
        if position < 0:
            return
        first, last = self._ranges[position]
        if not first <= zxid <= last:
            return
        parts = [(first, zxid - 1), (zxid + 1, last)]
        self._ranges[position : position + 1] = [part for part in parts if part[0] <= part[1]]
