"""What has to be known of histories before they are judged: two quick passes over the files.

The first finds which zxids belong to a recorded write, how each session ends, and which requests
got lost. The second runs only if something can have happened that nobody was told of (a lost
request, an expired session, a swept container): it collects what Stats and watch events say of
zxids that belong to no recorded write. Memory: a bit for each zxid, and that evidence.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from speccheck.conform.history.reading import HistoryError, read
from speccheck.conform.history.records import (
    Connect,
    End,
    Header,
    Lost,
    Opaque,
    Reply,
    Watch,
    fields,
)  # fmt: skip

WRITES = frozenset(
    {"create", "create2", "createContainer", "createTTL", "delete", "deleteContainer", "setData"}
    | {"setACL", "multi", "closeSession", "reconfig", "check"}
)
"""Requests that become a transaction, which takes a zxid, whatever comes of it."""

SAYS_NOTHING = frozenset(
    {"SessionMoved", "ThrottledOp", "RequestTimeout", "SystemError", "NotReadOnly", "AuthFailed"}
)
"""Answers of the connection or the server, not of the tree."""

_CREATES_SWEPT = frozenset({"createContainer", "createTTL"})
_COUNTER = (1 << 32) - 1
_EARLIEST = (0, 1)


class Zxids:
    """A set of zxids, a bit for each."""

    def __init__(self) -> None:
        self._epochs: dict[int, bytearray] = {}
        self._counts: Counter[int] = Counter()

    def add(self, zxid: int) -> bool:
        """Add a zxid; return whether it was new."""
        bits = self._epochs.setdefault(zxid >> 32, bytearray(1024))
        counter = zxid & _COUNTER
        byte = counter >> 3
        if byte >= len(bits):
            bits.extend(bytes(max(len(bits), byte + 1 - len(bits))))
        mask = 1 << (counter & 7)
        if bits[byte] & mask:
            return False
        bits[byte] |= mask
        self._counts[zxid >> 32] += 1
        return True

    def __contains__(self, zxid: int) -> bool:
        bits = self._epochs.get(zxid >> 32)
        counter = zxid & _COUNTER
        if bits is None or counter >> 3 >= len(bits):
            return False
        return bool(bits[counter >> 3] & 1 << (counter & 7))

    def count(self, epoch: int) -> int:
        """Return how many zxids of an epoch there are."""
        return self._counts[epoch]


class Session(NamedTuple):
    """How a session ends, as far as its client knows."""

    last_zxid: int
    """The highest in a reply that shows that it lived."""
    is_closed: bool
    """closeSession was answered."""
    was_lost: bool
    """It ended some other way, or was cut off."""


class Evidence(NamedTuple):
    """What somebody has seen of a zxid that belongs to no recorded write."""

    kind: str
    """created, changed, children, or the type of a watch event."""
    path: str
    told: tuple[tuple[str, Any], ...] = ()
    """Fields of the Stat, and data, as that transaction left them."""


@dataclass
class Survey:
    """What the passes found."""

    has_local_sessions: bool = False
    """Sessions may be known to one server only; such a one ends without a transaction."""
    owners: set[int] = field(default_factory=set)
    """Sessions that have asked for ephemerals and were answered: these are global."""
    askers: set[int] = field(default_factory=set)
    """Sessions that have asked for ephemerals, whatever became of it."""
    claimed: Zxids = field(default_factory=Zxids)
    sessions: dict[int, Session] = field(default_factory=dict)
    evidence: dict[int, list[Evidence]] = field(default_factory=dict)
    first_zxid: int = 0
    last_zxid: int = 0
    first_is_write: bool = False
    begun: int = 0
    """Sessions that begin in these files."""
    lost: int = 0
    """Writes of which nobody knows whether they were carried out."""
    swept: int = 0
    """Creations of nodes that a server may sweep away."""
    opaque: int = 0
    uses_ttl: bool = False
    records: int = 0
    at_risk: set[str] = field(default_factory=set)
    """Nodes that may have gone without anybody being told."""
    seen_alive: dict[tuple[str, int], int] = field(default_factory=dict)
    """Of these, by path and czxid: the highest zxid at which a Stat shows them."""
    cut: list[Path] = field(default_factory=list)
    """Files that do not end as a recorder ends them."""
    last_of_epoch: dict[int, int] = field(default_factory=dict)
    """Of each epoch the highest counter that a server with a leader has shown: up to there all is
    committed."""
    lost_calls: dict[str, list[int]] = field(default_factory=dict)
    """When writes were asked for that got lost, by clock; sorted once all is read."""
    answered: dict[str, list[int]] = field(default_factory=dict)
    """For each of them, the highest zxid that anybody had been told of by then."""

    def told_before(self, clock: str, call: int) -> int:
        """Return the highest zxid that somebody was told of before a lost write was asked for.

        What is asked for later has a higher one.
        """
        place = bisect_left(self.lost_calls.get(clock, []), call)
        highest = self.answered.get(clock, [])
        return highest[place] if place < len(highest) else 0

    def _settle_answered(self) -> None:
        """Have each lost write know of what was told before those ahead of it too."""
        for highest in self.answered.values():
            highest[:] = accumulate(highest, max)

    def may_be_undone(self, zxid: int) -> bool:
        """Tell whether a server without a leader may know what was never committed by this zxid.

        In read-only mode it serves all of its log. What a leader of the same epoch has committed
        later is behind all of it up to there.
        """
        return zxid & _COUNTER > self.last_of_epoch.get(zxid >> 32, -1)

    def may_be_local(self, session: int) -> bool:
        """Tell whether a session may have ended without a transaction."""
        return self.has_local_sessions and session not in self.owners

    def takes_zxid(self, record: Reply, session: int) -> bool:
        """Tell whether a reply is that of a transaction of its own."""
        if record.type not in WRITES or record.err == "NotReadOnly":
            return False
        return record.type != "closeSession" or not self.may_be_local(session)

    @property
    def unseen(self) -> int:
        """How many zxids up to the last one belong to no recorded write."""
        total = 0
        for epoch, last in self.last_of_epoch.items():
            first = self.first_zxid & _COUNTER if epoch == self.first_zxid >> 32 else 1
            total += last - max(first, 1) + 1 - self.claimed.count(epoch)
        return max(total, 0)

    @property
    def before(self) -> int:
        """How many transactions there were before the first one that was seen."""
        if self.first_zxid >> 32 not in _EARLIEST:
            return self.first_zxid & _COUNTER or 1 << 31
        return (self.first_zxid & _COUNTER) - (1 if self.first_is_write else 0)


def survey(
    files: list[Path], progress: Callable[[int], None], *, has_local_sessions: bool = False
) -> Survey:
    """Make the passes. Raises HistoryError."""
    found = Survey(has_local_sessions=has_local_sessions)
    for path in files:
        _first_pass(path, found, progress)
    if not found.last_zxid:
        return found
    may_be_unseen = (
        found.lost
        or found.swept
        or found.opaque
        or found.cut
        or any(one.was_lost for one in found.sessions.values())
        or found.unseen > found.begun
    )
    if may_be_unseen:
        for clock, calls in found.lost_calls.items():
            calls.sort()
            found.answered[clock] = [0] * len(calls)
        for path in files:
            _second_pass(path, found)
        found._settle_answered()
    return found


def _first_pass(path: Path, found: Survey, progress: Callable[[int], None]) -> None:
    session = last = 0
    clock = ""
    closed = ended = is_read_only = False
    ephemerals: set[str] = set()
    count = 0
    for count, (_, record) in enumerate(read(path), 1):
        if not count & 0x3FFF:
            progress(0x4000)
        if type(record) is Reply:
            zxid = record.zxid
            if zxid <= 0 or is_read_only:
                continue
            if record.type in WRITES:
                if b'"EPHEMERAL' in bytes(record.request):
                    found.askers.add(session)
                    if record.err not in SAYS_NOTHING:
                        found.owners.add(session)
                if found.takes_zxid(record, session):
                    _claim(found, record, ephemerals)
                elif record.type == "closeSession":
                    found.begun += 1  # it may have been a global one after all
                closed = closed or (record.type == "closeSession" and record.err == "Ok")
            found.last_zxid = max(found.last_zxid, zxid)
            epoch, counter = zxid >> 32, zxid & _COUNTER
            if counter > found.last_of_epoch.get(epoch, -1):
                found.last_of_epoch[epoch] = counter
            if not found.first_zxid or zxid < found.first_zxid:
                found.first_zxid, found.first_is_write = zxid, record.type in WRITES
            elif zxid == found.first_zxid and record.type in WRITES:
                found.first_is_write = True
            if record.err not in {"SessionExpired", "SessionMoved"} and not closed:
                last = max(last, zxid)
        elif isinstance(record, Connect):
            if record.err == "Ok":
                session, is_read_only = record.session, record.read_only
                found.begun += not record.resumed
            elif not record.resumed:
                found.begun += 1
        elif isinstance(record, Lost):
            if b'"EPHEMERAL' in bytes(record.request):
                found.askers.add(session)
            if record.type in WRITES:
                found.lost_calls.setdefault(clock, []).append(record.call)
            _lost(found, record, ephemerals)
        elif isinstance(record, Header):
            clock = record.clock
        elif isinstance(record, Opaque):
            found.opaque += 1
        ended = isinstance(record, End)
    progress(count & 0x3FFF)
    found.records += count
    if not closed:
        found.at_risk |= ephemerals
    if session:
        former = found.sessions.get(session)
        if former is not None:
            last, closed = max(last, former.last_zxid), closed or former.is_closed
        found.sessions[session] = Session(last, closed, not closed)
    if not ended:
        found.cut.append(path)


def _claim(found: Survey, record: Reply, ephemerals: set[str]) -> None:
    found.claimed.add(record.zxid)
    if record.err != "Ok":
        return
    request = bytes(record.request)
    if record.type == "createTTL" or b"_WITH_TTL" in request:
        found.uses_ttl = True
    if record.type in _CREATES_SWEPT or b"createContainer" in request:
        found.swept += 1
    if b'"EPHEMERAL' in request:
        reply = fields(bytes(record.reply))
        told = [reply, *reply.get("results", ())]
        ephemerals.update(one["path"] for one in told if "path" in one)


def _lost(found: Survey, record: Lost, ephemerals: set[str]) -> None:
    found.lost += record.type in WRITES
    request = fields(bytes(record.request))
    for one in [request, *(op["record"] for op in request.get("ops", ()))]:
        if "path" in one and "acl" not in one:
            found.at_risk.add(one["path"])
        elif str(one.get("flags")).startswith("EPHEMERAL"):
            ephemerals.add(one["path"])


class _Zxids(msgspec.Struct):
    czxid: int
    mzxid: int
    pzxid: int


class _Shown(msgspec.Struct):
    """A reply with a Stat, as far as it takes to see that it says nothing new."""

    stat: _Zxids


_shown = msgspec.json.Decoder(_Shown).decode


def _second_pass(path: Path, found: Survey) -> None:
    calls: list[int] = []
    highest: list[int] = []
    is_read_only = False
    for number, record in read(path):
        if type(record) is Reply:
            if is_read_only and found.may_be_undone(record.zxid):
                continue
            if calls and record.zxid > 0:
                place = bisect_right(calls, record.return_)
                if place < len(calls) and highest[place] < record.zxid:
                    highest[place] = record.zxid
            if (
                record.err == "Ok"
                and b'"stat"' in bytes(record.reply)
                and not _is_no_news(record, found)
            ):
                try:
                    _stats(record, found)
                except (KeyError, TypeError) as error:
                    raise HistoryError(path, number, f"is no reply: {error!r}") from None
        elif isinstance(record, Header):
            calls = found.lost_calls.get(record.clock, [])
            highest = found.answered.get(record.clock, [])
        elif isinstance(record, Connect):
            is_read_only = record.read_only
        elif isinstance(record, Watch) and record.zxid > 0 and not is_read_only:
            _note(found, record.zxid, Evidence(record.type, record.path))


def _is_no_news(record: Reply, found: Survey) -> bool:
    """Tell whether the one Stat in a reply names zxids of recorded writes only: most do."""
    if found.at_risk or record.type == "multi" or record.type == "multiRead":
        return False
    try:
        stat = _shown(record.reply).stat
    except msgspec.ValidationError:
        return False  # it is told with its place where all is looked at
    claimed = found.claimed
    return (
        stat.czxid in claimed
        and stat.mzxid in claimed
        and (stat.pzxid == stat.czxid or stat.pzxid in claimed)
    )


def _stats(record: Reply, found: Survey) -> None:
    reply = fields(bytes(record.reply))
    request = fields(bytes(record.request))
    if "stat" in reply:
        _stat(found, reply.get("path", request.get("path", "/")), reply, record.zxid)
    if "results" in reply:
        for op, result in zip(request["ops"], reply["results"], strict=False):
            if "stat" in result:
                _stat(found, result.get("path", op["record"]["path"]), result, record.zxid)


def _stat(found: Survey, path: str, told: dict[str, Any], zxid: int) -> None:
    stat = told["stat"]
    if path in found.at_risk:
        life = path, stat["czxid"]
        found.seen_alive[life] = max(found.seen_alive.get(life, 0), zxid)
    czxid, mzxid, pzxid = stat["czxid"], stat["mzxid"], stat["pzxid"]
    data: tuple[tuple[str, Any], ...] = (("dataLength", stat["dataLength"]),)
    if "data" in told:
        data = (*data, ("data", told["data"]))
    if czxid not in found.claimed:
        owner = ("ephemeralOwner", stat["ephemeralOwner"])
        _note(found, czxid, Evidence("created", path, (owner, *(data if mzxid == czxid else ()))))
    if mzxid != czxid and mzxid not in found.claimed:
        _note(found, mzxid, Evidence("changed", path, (("version", stat["version"]), *data)))
    if pzxid != czxid and pzxid not in found.claimed:
        children: tuple[tuple[str, Any], ...] = tuple(
            (name, stat[name]) for name in ("cversion", "numChildren")
        )
        if "children" in told:
            children = (*children, ("children", frozenset(told["children"])))
        _note(found, pzxid, Evidence("children", path, children))


def _note(found: Survey, zxid: int, evidence: Evidence) -> None:
    if zxid <= 0 or zxid in found.claimed:
        return
    known = found.evidence.setdefault(zxid, [])
    if evidence not in known:
        known.append(evidence)
